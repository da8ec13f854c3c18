"""The plain body of a mail as blocks: what is new, what is quoted, the signature.

Text is set aside as quoted only where that is certain: it carries `>` under a line that names
its author, or stands under a mark that mail programs put over the message replied to. What is
forwarded is kept.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from ingest.contract import Block, BlockKind
from ingest.lines import ends_sentence, join_lines, tidy

_REPLY = re.compile(
    r"\s*(?:re|aw|sv|antw|回复|答复|回覆|答覆|返信)\s*(?:\[\d+\])?\s*[:：]", re.IGNORECASE
)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|转发|轉寄|转寄)\s*[:：]", re.IGNORECASE)
_FORWARDED = re.compile(
    r"\s*(?:[-_]{2,}\s*(?:Forwarded (?:message|by)\b.*|转发(?:的)?(?:邮件|信息|邮件信息))\s*[-_]*|"
    r"Begin forwarded message:)\s*",
    re.IGNORECASE,
)
_ORIGINAL = re.compile(
    r"\s*[-_]{2,}\s*(?:Original (?:Message|Appointment)|原始邮件|原邮件|原始訊息|原始郵件|"
    r"回复的原邮件|Reply (?:message|Original)|Ursprüngliche Nachricht)\s*[-_]{2,}\s*",
    re.IGNORECASE,
)
_FIELD = re.compile(
    r"[ \t>*]*(From|Sent|Date|To|Subject|Cc|发件人|发送时间|发送日期|日期|时间|收件人|主题|抄送|"
    r"寄件者|寄件日期|收件者|主旨)\**\s*[:：]",
    re.IGNORECASE,
)
_FROM_FIELDS = {"from", "发件人", "寄件者"}
_QUOTED = re.compile(r"[ ]{0,2}>")
_SIGNATURE = re.compile(r"-- ?|—— ?")
_SENT_FROM = re.compile(
    r"\s*(?:Sent from (?:my |Mail for )\S.{0,40}|Get Outlook for \w+.{0,60}|发自我的.{1,20}|"
    r"从.{0,10}发送的邮件|发自.{1,12}(?:手机|邮箱|iPhone|iPad).{0,10}|来自我的.{1,20})\s*"
)
_BULLET = re.compile(
    r"\s*(?:[-*+•·◦▪●○■□–]\s+|(?=(?:\d{1,3}[.)、）]|[(（]\d{1,3}[)）])\s*\S))(?=\S)"
)
_RULE = re.compile(r"\s*[-=*_~#—─]{3,}\s*")
_LONG = 50
_SHORT_QUOTE = 5
_LONGEST_SIGNATURE = 12


def is_reply_subject(subject: str) -> bool:
    """Whether the subject says that this is a reply and no forwarding."""
    return _REPLY.match(subject) is not None and _FORWARD.match(subject) is None


def is_forward_subject(subject: str) -> bool:
    """Whether the subject says that this is a forwarded message."""
    return _FORWARD.match(subject) is not None


def plain_blocks(text: str, *, reply: bool, forward: bool) -> list[Block]:
    """The blocks of a plain body. `reply` and `forward` are what the header says."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "").split("\n")
    kinds = _kinds(lines, reply=reply, forward=forward)
    if all(kind is BlockKind.FURNITURE or not line.strip() for kind, line in kinds):
        kinds = [(BlockKind.PARAGRAPH, line) for line in lines]
    blocks: list[Block] = []
    start = 0
    for end in range(1, len(kinds) + 1):
        if end < len(kinds) and kinds[end][0] is kinds[start][0]:
            continue
        run = [line for _, line in kinds[start:end]]
        if kinds[start][0] is BlockKind.FURNITURE:
            shown = join_paragraph(run)
            blocks.extend([Block(BlockKind.FURNITURE, shown)] if shown else [])
        else:
            blocks.extend(paragraphs(run))
        start = end
    return blocks


def _kinds(lines: Sequence[str], *, reply: bool, forward: bool) -> list[tuple[BlockKind, str]]:
    """For each line whether it is new text or FURNITURE."""
    aside = [False] * len(lines)
    end = _signature(lines, aside)
    cut = _quoted_below(lines[:end], reply=reply, forward=forward)
    for number in range(cut, end):
        aside[number] = True
    _quoted_by_marks(lines[:cut], aside, reply=reply)
    return [
        (BlockKind.FURNITURE if out else BlockKind.PARAGRAPH, line)
        for line, out in zip(lines, aside, strict=True)
    ]


def _signature(lines: Sequence[str], aside: list[bool]) -> int:
    """Where the text ends before a signature at its very end, which is set aside."""
    for number, line in enumerate(lines):
        if len(line) < 120 and _SENT_FROM.fullmatch(line):
            aside[number] = True
    below = 0
    for number in range(len(lines) - 1, 0, -1):
        line = lines[number]
        if below > _LONGEST_SIGNATURE or _QUOTED.match(line):
            break
        if _SIGNATURE.fullmatch(line):
            aside[number:] = [True] * (len(lines) - number)
            return number
        below += bool(line.strip())
    return len(lines)


def _quoted_below(lines: Sequence[str], *, reply: bool, forward: bool) -> int:
    """Where the message replied to begins, given whole and without `>`; the number of lines
    where there is none."""
    is_below_text = False
    for number, line in enumerate(lines):
        if _FORWARDED.fullmatch(line[:200]):
            break
        if reply and is_below_text and not forward:
            if _ORIGINAL.fullmatch(line[:200]) or _is_header(lines[number : number + 8]):
                return number
            if _attributed(lines, number) and not _is_above_quoted(lines, number):
                return number
        is_below_text = is_below_text or bool(line.strip())
    return len(lines)


def _is_above_quoted(lines: Sequence[str], number: int) -> bool:
    """Whether lines with `>` follow, the second line of an attribution and blanks aside."""
    return any(_QUOTED.match(line) for line in lines[number + 1 : number + 6])


def _is_header(lines: Sequence[str]) -> bool:
    """Whether a message's header is written out here, as some programs do over a quotation."""
    first = _FIELD.match(lines[0][:200]) if lines else None
    if first is None or first[1].lower() not in _FROM_FIELDS:
        return False
    fields = [match for line in lines if line.strip() and (match := _FIELD.match(line[:200]))]
    return len({match[1].lower() for match in fields}) >= 3


def _attributed(lines: Sequence[str], number: int) -> bool:
    """Whether the line says who wrote what follows, alone or with the line after it."""
    line = lines[number].strip()
    if _names_author(line):
        return True
    follower = lines[number + 1].strip() if number + 1 < len(lines) else ""
    if not line or not follower or not line.startswith(("On ", "Am ", "Le ", "在")):
        return False
    return _names_author(f"{line} {follower}")


def _names_author(line: str) -> bool:
    """`On 3 May 2024 Ann wrote:` and its like in other languages."""
    if not 6 <= len(line) <= 400 or line[-1] not in ":：":
        return False
    told = line.rstrip(":： ").lower()
    dated = any(char.isdigit() for char in told) or "@" in told
    if told.endswith("wrote"):
        return dated and (told.startswith("on ") or "<" in told)
    if told.endswith("写道"):
        return dated
    return dated and (
        (told.startswith("am ") and " schrieb" in told)
        or (told.startswith("le ") and told.endswith("a écrit"))
    )


def _quoted_by_marks(lines: Sequence[str], aside: list[bool], *, reply: bool) -> None:
    """Sets aside runs of lines with `>`: those that are long, or with no new text below. Short
    ones between the answers to them stay: they are what is answered."""
    last = max(
        (n for n, line in enumerate(lines) if line.strip() and not _QUOTED.match(line)), default=-1
    )
    number, above = 0, -1
    while number < len(lines):
        if not _QUOTED.match(lines[number]):
            above = number if lines[number].strip() else above
            number += 1
            continue
        end = number
        while end < len(lines) and (_QUOTED.match(lines[end]) or not lines[end].strip()):
            end += 1
        wrapped = (
            above >= 1
            and not _names_author(lines[above - 1].strip())
            and _attributed(lines, above - 1)
        )
        named = above >= 0 and _attributed(lines, above)
        length = sum(bool(line.strip()) for line in lines[number:end])
        if (named or wrapped or reply) and (length > _SHORT_QUOTE or end > last):
            start = above - 1 if wrapped else above if named else number
            aside[start:end] = [True] * (end - start)
        number = end


def unflowed(text: str, *, delsp: bool) -> str:
    """The text of format=flowed with its soft line breaks taken out. Source: RFC 3676."""
    result: list[str] = []
    open_depth = -1
    for raw in text.replace("\r\n", "\n").split("\n"):
        content = raw.lstrip(">")
        depth = len(raw) - len(content)
        content = content.removeprefix(" ")
        soft = content.endswith(" ") and content != "-- "
        piece = content[:-1] if soft and delsp else content
        if depth == open_depth and content != "-- " and result:
            result[-1] += piece
        else:
            result.append(("> " if depth else "") + piece)
        open_depth = depth if soft else -1
    return "\n".join(line.rstrip() if line != "-- " else line for line in result)


def paragraphs(lines: Sequence[str]) -> Iterator[Block]:
    """Paragraphs and list items of new text."""
    group: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            group.append(line)
            continue
        yield from _group(group)
        group = []


def _group(group: Sequence[str]) -> Iterator[Block]:
    current: list[str] = []
    level = 0
    is_numbered = _numbered(group) > 1
    for line in group:
        if _RULE.fullmatch(line[:200]):
            continue
        bullet = _BULLET.match(line[:40])
        if bullet and (bullet[0].strip() or is_numbered):
            yield from _block(current, level)
            indent = len(line) - len(line.lstrip())
            current, level = [line[bullet.end() :]], 1 + min(indent // 2, 5)
        elif level and not line.startswith((" ", "\t", "\u3000")) and ends_sentence(current[-1]):
            yield from _block(current, level)
            current, level = [line], 0
        else:
            current.append(line)
    yield from _block(current, level)


def _numbered(group: Sequence[str]) -> int:
    """How many lines begin with a number as items do."""
    found = (_BULLET.match(line[:40]) for line in group)
    return sum(match is not None and not match[0].strip() for match in found)


def _block(lines: Sequence[str], level: int) -> Iterator[Block]:
    text = join_lines(lines) if level else join_paragraph(lines)
    if text:
        yield Block(BlockKind.LIST_ITEM if level else BlockKind.PARAGRAPH, text, level)


def join_paragraph(lines: Sequence[str]) -> str:
    """The lines as one text: where a long line goes on in the next, as running text; short
    lines (an address, a greeting) stay lines."""
    result: list[str] = []
    current: list[str] = []
    for line in lines:
        if current and not (_columns(current[-1]) >= _LONG and line.strip()):
            result.append(join_lines(current))
            current = []
        if tidy(line):
            current.append(line)
    result.append(join_lines(current))
    return "\n".join(line for line in result if line)


def _columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line[:200].strip())
