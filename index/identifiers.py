"""Identifiers, numbers with their units, versions and dates, each as one term.

Their parts are words like others (`PPR-9087` has the words `ppr` and `9087`); that the parts stand
together is what the terms made here say, in a form that does not depend on how they are written:

- a code is joined: `PPR-9087`, `PPR_9087`, `ppr.9087`, `PPR/9087` and `PPR9087` are `ppr9087`. It
  has letters and digits. Upper-case letters before a number belong to it over a space (`GB 50016`).
  A code has its beginnings, too, so that `AV-200` is found in `AV-200-X`;
- a number with a unit is joined, too: `12 V` is `12v`;
- a version or a number with a fraction keeps its dots, and has its beginning: `3.11.2`, `3.11`;
- a date is year-month-day, and has its month: `2024-03-05`, `2024-03`.

Each is marked, so that it meets no other word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.contract import IDENTIFIER_MARK
from index.words import folded

_LETTER = "A-Za-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"
_JOINT = "-\u2010\u2212_./"
_MOST_PIECES, _LONGEST = 6, 40
_HAS_DIGIT = re.compile(r"\d")
_TOKEN = re.compile(
    f"(?<![{_LETTER}0-9])(?=[{_LETTER}{_JOINT}]*[0-9])[{_LETTER}0-9]+(?:[{_JOINT}][{_LETTER}0-9]+)*"
)
_PIECE = re.compile(f"[0-9]+(?:\\.[0-9]+)*|[{_LETTER}]+")
_NUMBER = re.compile(r"[vV]?([0-9]+(?:\.[0-9]+){1,4})")

_CODE_AND_SPACE = re.compile(f"(?<![{_LETTER}0-9])([A-Z]{{2,6}}(?:/[A-Z])?) (?=[0-9])")
_WORD_AND_SPACE = re.compile(f"(?<![{_LETTER}0-9])([{_LETTER}]{{1,8}}(?:/[{_LETTER}])?) (?=[0-9])")

_UNITS = (
    "% ‰ °c °f a ma v mv kv kva w mw kw kwh wh ah mah hz khz mhz ghz db dba rpm r/min n nm kn pa "
    "kpa mpa bar mbar psi kg mg g μg t lb oz km cm mm μm m m2 m3 ml l l/s l/min l/h m3/h m3/s m/s "
    "km/h ms min h s kb mb gb tb kib mib gib ppm lx lm cd k j kj mj cal kcal ω kω mω"
)
_NO_UNIT = frozenset("a")
"""Not over a space unless it is in upper case: "12 a day"."""
_UNIT = re.compile(
    r"(?<![0-9.])([0-9]+(?:\.[0-9]+)?) ?("
    + "|".join(sorted(map(re.escape, _UNITS.split()), key=len, reverse=True))
    + f")(?![{_LETTER}0-9])",
    re.IGNORECASE,
)

_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec"
_MONTH = (
    r"\b(jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b"
)
_YEAR, _DAY = r"(1[5-9][0-9]{2}|2[01][0-9]{2})(?![0-9])", r"(0?[1-9]|[12][0-9]|3[01])"
_MONTH_NUMBER, _TIME = "(0?[1-9]|1[0-2])", "(?:T[0-9]{2}(?::[0-9]{2}){1,2})?"
_DATES = (
    (
        re.compile(f"(?<![0-9.]){_YEAR}([-/.]){_MONTH_NUMBER}\\2{_DAY}(?![0-9]){_TIME}"),
        (1, 3, 4),
    ),
    (re.compile(f"(?<![0-9]){_YEAR} ?年 ?{_MONTH_NUMBER} ?月(?: ?{_DAY} ?[日号])?"), (1, 2, 3)),
)
_NAMED_MONTH = re.compile(_MONTH, re.IGNORECASE)
_NAMED_DATES = (
    (re.compile(f"{_MONTH}\\.? {_DAY}(?:st|nd|rd|th)?,? {_YEAR}", re.IGNORECASE), (3, 1, 2)),
    (
        re.compile(
            f"(?<![0-9]){_DAY}(?:st|nd|rd|th)?(?: of)? {_MONTH}\\.?,? {_YEAR}", re.IGNORECASE
        ),
        (3, 2, 1),
    ),
    (re.compile(f"{_MONTH}\\.?,? {_YEAR}", re.IGNORECASE), (2, 1, 0)),
)
"""Ways to write a date, with the groups of year, month and day (0: none)."""


def identifiers(text: str, *, in_query: bool = False) -> list[str]:
    """The marked terms of a text, in order of their ends, with repeats. In a query any short
    word may belong to the number after it, whatever its case: `ppr 9087`."""
    if not _HAS_DIGIT.search(text):
        return []
    plain = folded(text)
    found: dict[tuple[int, str], None] = {}
    named = _NAMED_DATES if _NAMED_MONTH.search(plain) else ()
    for pattern, groups in (*_DATES, *named):
        plain = pattern.sub(lambda match, g=groups: _date(match, g, found), plain)
    joined = (_WORD_AND_SPACE if in_query else _CODE_AND_SPACE).sub(r"\1-", plain)
    for written in {plain, joined}:
        for match in _TOKEN.finditer(written):
            for term in _whole(match.group()):
                found[match.end(), term] = None
    for match in _UNIT.finditer(plain):
        number, unit = match.groups()
        if unit not in _NO_UNIT:
            found[match.end(), number + unit.casefold()] = None
    return [IDENTIFIER_MARK + term for _, term in sorted(found)]


def _date(
    match: re.Match[str], groups: tuple[int, int, int], found: dict[tuple[int, str], None]
) -> str:
    """Takes the date out of the text: its numbers are no codes."""
    year, month, day = (match.group(group) if group else None for group in groups)
    assert month is not None
    number = int(month) if month.isdigit() else _MONTHS.split().index(month[:3].casefold()) + 1
    found[match.end(), f"{year}-{number:02}"] = None
    if day is not None:
        found[match.end(), f"{year}-{number:02}-{int(day):02}"] = None
    return " " * len(match.group())


def _whole(token: str) -> Iterator[str]:
    """What stands between two spaces, if it is a code, a version or a broken number: its
    beginnings, the longest last."""
    number = _NUMBER.fullmatch(token)
    if number:
        parts = number.group(1).split(".")
        for count in range(2, len(parts) + 1):
            yield ".".join(parts[:count])
        return
    pieces = _PIECE.findall(token)
    if not 2 <= len(pieces) <= _MOST_PIECES or len(token) > _LONGEST:
        return
    joined, digits, letters = "", False, False
    for piece in pieces:
        digits |= piece[0].isdigit()
        letters |= not piece[0].isdigit()
        joined += piece.casefold()
        if digits and letters:
            yield joined
