"""The attachments of an Outlook message."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ingest.attachments import attached_sources
from ingest.bounds import MAX_MEMBERS
from ingest.contract import Failure, Source
from ingest.outlook import read_message


@dataclass(frozen=True)
class OutlookUnpacker:
    """Lists the attachments of application/vnd.ms-outlook; an attached message comes out as
    message/rfc822."""

    max_members: int = MAX_MEMBERS

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """The attachments in order, equal names numbered. Raises UnreadableFile where the
        message is damaged."""
        del media_type
        yield from attached_sources(read_message(source.data), source, self.max_members)
