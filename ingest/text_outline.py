"""Which numbered lines of a plain text are items of a list rather than headings."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = ("dec1", "roman")
_INSIDE = ("dec1", "dec2", "dec3", "dec4", "roman", "cn-paren")
_ROMAN = {"I": 1, "V": 5, "X": 10}


def list_items(lines: Sequence[tuple[str, str] | None]) -> set[int]:
    """The positions of what are items. Each line is the scheme and the number of a heading, or
    None for any other block.

    Headings that are numbered 1, 2, 3 follow each other over the text, or over the part under a
    heading of a higher rank: a number out of turn is that of an item. So are two in a row with
    nothing between them.
    """
    items: set[int] = set()
    last: dict[str, int] = {}
    for position, line in enumerate(lines):
        if line is None:
            continue
        scheme, number = line
        if scheme not in _INSIDE:
            last.clear()
        if scheme not in _PLAIN:
            continue
        value = _value(scheme, number)
        previous = lines[position - 1] if position else None
        follower = lines[position + 1] if position + 1 < len(lines) else None
        beside = any(
            other is not None and other[0] == scheme and _value(*other) == value + step
            for other, step in ((previous, -1), (follower, 1))
        )
        if beside or (scheme in last and value != last[scheme] + 1):
            items.add(position)
        else:
            last[scheme] = value
    return items


def _value(scheme: str, number: str) -> int:
    if scheme == "roman":
        digits = [_ROMAN.get(char, 0) for char in number]
        pairs = zip(digits, [*digits[1:], 0], strict=True)
        return sum(-digit if digit < after else digit for digit, after in pairs)
    match = re.search(r"\d+", number)
    return int(match.group()) if match else 0
