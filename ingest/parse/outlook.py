"""Outlook messages: who wrote what to whom, without what they quote."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.mail_blocks import parsed_mail
from ingest.outlook import read_message


@dataclass(frozen=True)
class OutlookParser:
    """Reads application/vnd.ms-outlook as `ingest.parse.mail` reads other messages."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The header and the body of the message. Raises UnreadableFile where it is damaged."""
        del media_type
        return parsed_mail(read_message(source.data))
