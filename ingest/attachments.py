"""The attachments of a message as sources."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from ingest.bounds import check_count, check_member
from ingest.contract import Failure, Source, UnreadableFile
from ingest.mail import Mail
from ingest.member_names import numbered, shown_in_id

_TNEF = "application/ms-tnef"
_SIGNATURES = (
    "application/pgp-signature",
    "application/pkcs7-signature",
    "application/x-pkcs7-signature",
)


def attached_sources(mail: Mail, container: Source, max_members: int) -> Iterator[Source | Failure]:
    """A source for each attachment; signatures are passed over. What an attachment is called
    is only a name: nothing of it is a path."""
    check_count(len(mail.attachments), max_members)
    seen: dict[str, int] = {}
    for item in mail.attachments:
        if item.media_type in _SIGNATURES:
            continue
        name = PurePosixPath(shown_in_id(item.name)).name
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            name = numbered(name, seen[name])
        identifier = f"{container.document_id}/{name}"
        if item.media_type == _TNEF:
            yield Failure(
                identifier,
                "it is in Outlook's own format (winmail.dat), which is not read: ask the sender "
                "for the message as HTML or plain text",
            )
            continue
        data = item.data
        try:
            check_member(len(data))
        except UnreadableFile as error:
            yield Failure(identifier, str(error))
            continue
        yield Source(identifier, data, name)
