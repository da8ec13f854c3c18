"""Citation marks as models write them: [1], [1][2], [1, 2], [1-3], 【1】, [^1], [Passage 1]."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_NUMBERS = r"\d{1,3}(?:\s*[,，、;；–—-]\s*\d{1,3})*"
_LEAD = r"(?:\^|(?:passages?|sources?|documents?|docs?|段落|资料|来源|文档)\s*)?"
_MARK = re.compile(
    rf"(?:[\[［]\s*{_LEAD}(?P<square>{_NUMBERS})\s*[\]］](?:\([^()\s]*\))?"
    rf"|【\s*{_LEAD}(?P<lens>{_NUMBERS})\s*(?:†[^】\n]*)?】)",
    re.IGNORECASE,
)
_CODE = re.compile(r"```.*?(?:```|\Z)|`[^`\n]+`", re.DOTALL)
_RANGE = re.compile(r"(\d{1,3})\s*[–—-]\s*(\d{1,3})")
_WIDEST_RANGE = 10  # a wider one is not a list of sources


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark at text[start:end] that points to these passages, in order, without repeats."""

    start: int
    end: int
    numbers: tuple[int, ...]


def marks(text: str) -> list[Mark]:
    """Every mark outside code, in order."""
    code = [match.span() for match in _CODE.finditer(text)]
    found = []
    for match in _MARK.finditer(text):
        if not any(start <= match.start() < end for start, end in code):
            written = match["square"] or match["lens"]
            found.append(Mark(match.start(), match.end(), _numbers(written)))
    return found


def blank(text: str, found: Sequence[Mark]) -> str:
    """The text with spaces where the marks were, so that offsets stay as they are."""
    pieces = []
    at = 0
    for mark in found:
        pieces.append(text[at : mark.start])
        pieces.append(" " * (mark.end - mark.start))
        at = mark.end
    return "".join(pieces) + text[at:]


def rewrite(text: str, found: Sequence[Mark], keep: Callable[[Mark], Sequence[int]]) -> str:
    """The text with each mark in plain form, `[1][2]`, for the numbers that `keep` returns; a
    mark that keeps none goes, and the space before it too.
    """
    out = ""
    at = 0
    for mark in found:
        out += text[at : mark.start]
        at = mark.end
        kept = keep(mark)
        if kept:
            out += "".join(f"[{number}]" for number in kept)
            continue
        out = out.rstrip(" \t")
        if not out or out.endswith("\n"):
            at += len(text[at:]) - len(text[at:].lstrip(" \t"))
        elif _glued(out[-1], text[at : at + 1]):
            out += " "
    return out + text[at:]


def _glued(left: str, right: str) -> bool:
    """Whether two Latin words would run into each other."""
    return left.isascii() and right.isascii() and right.isalnum() and not left.isspace()


def _numbers(written: str) -> tuple[int, ...]:
    numbers: list[int] = []

    def expand(match: re.Match[str]) -> str:
        first, last = int(match[1]), int(match[2])
        if first < last <= first + _WIDEST_RANGE:
            return ",".join(map(str, range(first, last + 1)))
        return f"{first},{last}"

    for part in re.findall(r"\d+", _RANGE.sub(expand, written)):
        if int(part) not in numbers:
            numbers.append(int(part))
    return tuple(numbers)
