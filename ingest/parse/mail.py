"""E-mail messages: who wrote what to whom, without what they quote."""

from __future__ import annotations

from dataclasses import dataclass

from ingest.contract import Parsed, Source
from ingest.mail import read_mail
from ingest.mail_blocks import parsed_mail


@dataclass(frozen=True)
class MailParser:
    """Reads message/rfc822, and web pages saved as MHTML. Attachments are documents of their
    own (`ingest.unpack.mail`)."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """A heading with the subject, a paragraph with the header, and the better of the plain
        and the HTML body. The message replied to and signatures are FURNITURE where they are
        certain; a forwarded message is kept. Raises UnreadableFile where the parts are nested too
        deeply or too many."""
        del media_type
        return parsed_mail(read_mail(source.data))
