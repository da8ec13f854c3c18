"""Mailboxes of many messages in one file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.bounds import MAX_MEMBER_BYTES, MAX_MEMBERS, check_count, check_member
from ingest.contract import Failure, Source, UnreadableFile

_ENVELOPE = re.compile(
    rb"^From [^\r\n]{1,300}\d\d:\d\d[^\r\n]{0,60}\d{4}[^\r\n]{0,60}\r?\n(?=[!-9;-~]+:|>?From )",
    re.MULTILINE,
)
_STUFFED = re.compile(rb"^>(>*From )", re.MULTILINE)


@dataclass(frozen=True)
class MboxUnpacker:
    """Lists the messages of application/mbox (mboxo and mboxrd), each a message/rfc822."""

    max_members: int = MAX_MEMBERS
    max_member_bytes: int = MAX_MEMBER_BYTES

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """The messages in order, named by number. Raises UnreadableFile where there is none or
        there are too many."""
        del media_type
        starts = [match.span() for match in _ENVELOPE.finditer(source.data)]
        if not starts:
            raise UnreadableFile("the mailbox holds no message that begins as one should")
        check_count(len(starts), self.max_members)
        digits = len(str(len(starts)))
        for number, (begin, body) in enumerate(starts, 1):
            del begin
            end = starts[number][0] if number < len(starts) else len(source.data)
            name = f"message {number:0{digits}}.eml"
            identifier = f"{source.document_id}/{name}"
            try:
                check_member(end - body, self.max_member_bytes)
            except UnreadableFile as error:
                yield Failure(identifier, str(error))
                continue
            data = _STUFFED.sub(rb"\1", source.data[body:end])
            yield Source(identifier, data, name)
