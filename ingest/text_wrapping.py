"""Lines that a program wrapped to a width: how wide, and which of them go on in the next."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from ingest.lines import is_spaceless, unbreakable
from ingest.numbering import numbering

_SLACK = 4
_LEAST_UNMEASURED = 40
_ARTICLES = ("cn-article", "article")
_PAUSE = re.compile(r"[，；,;](?=\s*\S)")
_STOP = re.compile(r"[。！？](?=\s*[^\s”’」』）)])|[a-z]{2}[.!?] +[A-Z]")


@dataclass(frozen=True, slots=True)
class Wrap:
    """How the text is wrapped: to a width in columns, or not at all (width 0)."""

    width: int


def columns(line: str) -> int:
    """The width of a line in terminal columns: Han and full-width characters take two."""
    if line.isascii():
        return len(line)
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in line)


def first_word(start: str) -> int:
    """How many columns the first word of a line takes, with the blank before it: what did not
    fit the line above."""
    if not is_spaceless(start[0]):
        return columns(start.split(None, 1)[0]) + (not _joins(start))
    return 2


def _joins(start: str) -> bool:
    """Whether the first word is one between Han characters, with no blank around it."""
    length = unbreakable(start)
    return length < len(start) and is_spaceless(start[length])


def is_running(line: str, follower: str) -> bool:
    """Whether a numbered line holds what no heading does: a full stop within it, a comma within
    an article, or a next line that begins in small letters. The next line is no longer."""
    number = numbering(line)
    if number is None or not follower or columns(follower) > columns(line) + _SLACK:
        return False
    if follower.lstrip()[:1].islower() or _STOP.search(number.title):
        return True
    return number.scheme in _ARTICLES and _PAUSE.search(number.title) is not None


def runs_on(line: str, follower: str, wrap: Wrap) -> bool:
    """Whether a numbered line is the first of a paragraph that goes on in the next: it is as full
    as wrapped lines are, and the next line is no wider. A next line that is set in is the first
    of a paragraph where the text is Chinese."""
    start = follower.lstrip()
    if not start or follower[:1] == "\u3000":
        return False
    small = start[:1].islower()
    if not wrap.width:
        return small and columns(line) >= _LEAST_UNMEASURED
    indent, before = len(follower) - len(start), len(line) - len(line.lstrip())
    if indent >= before + 2 and is_spaceless(start[0]):
        return False
    if columns(follower) > wrap.width + 2 * _SLACK:
        return False
    return columns(line) + first_word(start) + _SLACK > wrap.width
