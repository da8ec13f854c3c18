"""How many rows at the top of a table are column headers, where the file does not say so."""

from __future__ import annotations

import re
from collections.abc import Sequence

MOST = 4
_SAMPLE = 200
_NUMBER = re.compile(
    r"[(（]?\s*[-+−–]?\s*(?:[A-Z]{0,3}[$€£¥￥₩₹]|RMB|CNY|USD|EUR)?\s*[-+−–]?"
    r"(?:\d[\d,，' \u00a0\u202f]*(?:[.．]\d+)?|[.．]\d+)(?:[eE][-+]?\d+)?\s*"
    r"(?:%|％|‰|元|万元|亿元|[$€£¥￥])?\s*[)）]?"
)
_MOMENT = re.compile(
    r"(?:\d{1,4}[-/.年]\d{1,2}(?:[-/.月]\d{1,4}日?|月)?(?:[T ]?\d{1,2}:\d{2}(?::\d{2})?)?|"
    r"\d{1,2}:\d{2}(?::\d{2})?(?: ?[AP]M)?)",
    re.I,
)
_YEAR = re.compile(r"(?:FY\s?)?(?:19|20)\d{2}\s*(?:年|A|E)?")


def is_value(text: str) -> bool:
    """Whether the cell is a number, an amount, a share, a date or a time."""
    text = text.strip()
    return bool(text) and bool(_NUMBER.fullmatch(text) or _MOMENT.fullmatch(text))


def header_rows(rows: Sequence[Sequence[str]], *, at_least: int = 0) -> int:
    """The number of header rows of a table whose merged cells repeat their text.

    A first row of data (values over values, in a column that has nothing but values) makes 0,
    unless `at_least` says otherwise. A row belongs to the headers above it where it names what
    a cell over several columns comprises.
    """
    if not rows:
        return 0
    if len(rows) == 1:
        return at_least
    count = at_least or (0 if _is_data(rows) else 1)
    while 0 < count < min(MOST, len(rows) - 1) and _goes_on(rows, count):
        count += 1
    return count


def _is_data(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row is of a kind with those below it: where a column is all values, its
    first cell is one too. Years make good headers of numbers."""
    first, below = rows[0], rows[1:_SAMPLE]
    if not any(cell.strip() for cell in first):
        return False
    same = other = 0
    for column, cell in enumerate(first):
        filled = [row[column] for row in below if column < len(row) and row[column].strip()]
        if not filled or sum(map(is_value, filled)) * 5 < len(filled) * 4:
            continue
        if not cell.strip():
            continue
        years_below = sum(_YEAR.fullmatch(text.strip()) is not None for text in filled)
        if is_value(cell) and (not _YEAR.fullmatch(cell.strip()) or years_below == len(filled)):
            same += 1
        else:
            other += 1
    return same > other


def _goes_on(rows: Sequence[Sequence[str]], at: int) -> bool:
    """Whether row `at` names parts of what the header row above it names."""
    above, row = rows[at - 1], rows[at]
    width = min(len(above), len(row))
    wide = _wide(above, width)
    if not wide or (len(wide) == width and len({above[c] for c in wide}) == 1):
        return False
    columns = sorted(wide)
    parts = [row[c] for c in columns]
    if any(is_value(text) and not _YEAR.fullmatch(text.strip()) for text in parts):
        return False
    if not any(row[c].strip() and row[c] != above[c] for c in columns):
        return False
    rest = [c for c in range(width) if c not in wide]
    if rest:
        return all(_settled(above[c], row[c]) for c in rest)
    # Every column stands under a wide cell: the parts are names where they come again under
    # the next one, or where what is below them is values.
    names = [text for text in parts if text.strip()]
    if len(set(names)) < len(names):
        return True
    below = [text for later in rows[at + 1 : at + 20] for text in later[:width] if text.strip()]
    return bool(below) and sum(map(is_value, below)) * 2 >= len(below)


def _settled(above: str, cell: str) -> bool:
    """Whether a column has one name in both rows: a cell over both, or one of them blank."""
    return above == cell or not cell.strip() or not above.strip()


def _wide(row: Sequence[str], width: int) -> set[int]:
    """The columns of cells that cover more than one."""
    found: set[int] = set()
    for column in range(1, width):
        if row[column].strip() and row[column] == row[column - 1]:
            found |= {column - 1, column}
    return found


def title_above(rows: Sequence[Sequence[str]]) -> tuple[str, int]:
    """The text of leading rows that are one cell over the whole width, and how many they are:
    the title of the table. ("", 0) where there are none, or nothing but such rows."""
    titles: list[str] = []
    for row in rows:
        if len(row) < 2 or not row[0].strip() or len(set(row)) > 1:
            break
        titles.append(" ".join(row[0].split()))
    if not titles or len(rows) - len(titles) < 2 or len(titles) > 3:
        return "", 0
    return "\n".join(dict.fromkeys(titles)), len(titles)
