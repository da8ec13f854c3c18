"""The attachments of an e-mail message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.attachments import attached_sources
from ingest.bounds import MAX_MEMBERS
from ingest.contract import Failure, Source
from ingest.mail import read_mail


@dataclass(frozen=True)
class MailUnpacker:
    """Lists the attachments of message/rfc822, attached messages among them."""

    max_members: int = MAX_MEMBERS

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """The attachments in order, equal names numbered. Small pictures within the text are
        left out. Raises UnreadableFile where the parts are nested too deeply or too many."""
        del media_type
        yield from attached_sources(read_mail(source.data), source, self.max_members)
