"""The cells of a table from the rules that a layout model found and the words on the page."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from ingest.contract import Table
from ingest.lines import is_spaceless, join_lines
from ingest.pdf_layout import Bounds, Grid, Line, Places, Region, Span, visual_lines

_Place: TypeAlias = tuple[int, int]

_NUMBER = re.compile(
    r"[-−–+(]?\s*[$€£¥￥]?\s*[-−(]?\d[\d,.\s]*(?:%|％|万元|亿元|元|万|亿|bps|x)?\s*[)）]?\s*%?|[-—–]|N/?A",
    re.IGNORECASE,
)
_YEAR = re.compile(
    r"(?:FY\s*)?(?:19|20)\d\d(?:\s*年(?:\s*\d{1,2}\s*月.*)?)?[EA]?|Q[1-4].*|\d{4}-\d{4}"
)
_CURRENCY_GAP = re.compile(r"([$€£¥￥])\s+(?=[\d(])")
_TAIL, _HEAD = re.compile(r"[!-~×·]*\d$"), re.compile(r"\d[!-~×·]*")
_LETTERED = re.compile(r"[^\W\d_]{2}|[\u3400-\u9fff]")
_LEADER = re.compile(r"(?:\.\s?){4,}|…{2,}|(?:·\s?){4,}")


def table_of(region: Region) -> Table | None:
    """The table in the region, or None where its grid is of no use (no rules found, or a single
    row or column): its lines are then all there is."""
    grid = region.grid
    if grid is None or not region.lines:
        return None
    columns, rows = len(grid.columns) + 1, len(grid.rows) + 1
    if columns < 2 or rows < 2:
        return None
    places: dict[_Place, list[Line]] = {}
    words = [word for line in region.lines for word in _words(line)]
    phrases = [p for p in grid.phrases if _is_wording(p[0], words)]
    for word in words:
        for place in _places_of(word, grid, phrases):
            places.setdefault(place, []).append(Line((word,)))
    owner = _owners(grid, words)
    for place, lines in list(places.items()):
        if owner.get(place, place) != place:
            places.setdefault(owner[place], []).extend(lines)
    texts = {place: _cell_text(lines) for place, lines in places.items()}
    filled = [
        [texts.get(owner.get((row, column), (row, column)), "") for column in range(columns)]
        for row in range(rows)
    ]
    return _without_blanks(filled, _bold_rows(places, rows))


def _places_of(word: Span, grid: Grid, phrases: Sequence[tuple[Bounds, Places]]) -> list[_Place]:
    """Where a word belongs: its own place; with the rest of its phrase to the row's label; or,
    as part of a phrase over several column headers, under each of them."""
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    for box, (row0, row1, column0, column1) in phrases:
        if row0 == row1 and _inside(x, y, box):
            if column0 == 0:
                return [(row0, 0)]
            if row0 <= 1:
                return [(row0, column) for column in range(column0, column1 + 1)]
    return [_place_of(word, grid)]


def _place_of(word: Span, grid: Grid) -> _Place:
    x, y = (word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2
    return bisect_right(grid.rows, y), bisect_right(grid.columns, x)


def _inside(x: float, y: float, box: Bounds) -> bool:
    return box[0] - 1 <= x <= box[2] + 1 and box[1] - 1 <= y <= box[3] + 1


def _is_wording(box: Bounds, words: Sequence[Span]) -> bool:
    """Whether a phrase reads as a label and is not values of two columns run together."""
    texts = [
        word.text.strip()
        for word in words
        if _inside((word.box[0] + word.box[2]) / 2, (word.box[1] + word.box[3]) / 2, box)
    ]
    lettered = sum(_LETTERED.search(text) is not None for text in texts)
    return lettered * 2 >= len(texts) > 0 and not any(_is_date(text) for text in texts)


def is_contents(lines: Sequence[str]) -> bool:
    """Whether the lines are a table of contents: most lead by dots to a page number."""
    led = sum(
        _LEADER.search(line) is not None and re.search(r"[\divxlc]+\s*$", line) is not None
        for line in lines
    )
    return led >= 3 and led * 2 > len(lines)


def count_header_rows(rows: Sequence[Sequence[str]]) -> int:
    """How many of the first rows are column headers; 0 where the first row is data."""
    if len(rows) < 2:
        return 0
    if _is_data(rows[0]) and _is_data(rows[1]):
        return 0
    count = 1
    while count < min(4, len(rows) - 1):
        row, above = rows[count], rows[count - 1]
        filled = [cell for cell in row if cell]
        open_above = any(not cell for cell in above[1:]) or len(set(above)) < len(above)
        alone = len(set(filled)) < 2
        data_below = any(_holds_number(later) for later in rows[count + 1 :])
        if alone or _holds_number(row) or not open_above or not data_below:
            break
        count += 1
    return count


def _is_data(row: Sequence[str]) -> bool:
    filled = [cell for cell in row if cell]
    numbers = sum(_is_number(cell) or _is_date(cell) for cell in filled)
    return numbers * 5 >= len(filled) * 2 and numbers > 0


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None and _YEAR.fullmatch(cell) is None


def _is_date(cell: str) -> bool:
    return re.fullmatch(r"\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}", cell) is not None


def holds_value(cell: str) -> bool:
    """Whether a cell is a value and no label: a number, a date, a currency sign, a dash."""
    return bool(cell) and (
        _is_number(cell)
        or _is_date(cell)
        or _YEAR.fullmatch(cell) is not None
        or cell in "$€£¥￥%)"
    )


def _holds_number(row: Sequence[str]) -> bool:
    return any(_is_number(cell) for cell in row[1:])


def _words(line: Line) -> list[Span]:
    """The line cut at blanks, spans one by one: what a cell holds or does not hold whole."""
    words: list[Span] = []
    for span in line.spans:
        length = max(1, len(span.text))
        width = (span.box[2] - span.box[0]) / length
        for match in re.finditer(r"\S+", span.text):
            box = (
                span.box[0] + match.start() * width,
                span.box[1],
                span.box[0] + match.end() * width,
                span.box[3],
            )
            words.append(Span(match.group(), box, span.size, span.bold, span.italic, span.mono))
    return words


def _owners(grid: Grid, words: Sequence[Span]) -> dict[_Place, _Place]:
    """For each place under a merged cell the place that stands for it. What holds a value for
    each of its columns is no merged cell."""
    texts: dict[_Place, list[str]] = {}
    for word in words if grid.merged else ():
        texts.setdefault(_place_of(word, grid), []).append(word.text.strip())
    owner: dict[_Place, _Place] = {}
    last_row, last_column = len(grid.rows), len(grid.columns)
    for row0, row1, column0, column1 in sorted(grid.merged):
        if row1 > last_row or column1 > last_column or row0 < 0 or column0 < 0:
            continue
        covered = [(r, c) for r in range(row0, row1 + 1) for c in range(column0, column1 + 1)]
        if any(place in owner for place in covered) or _are_values(
            [texts[place] for place in covered if place in texts]
        ):
            continue
        for place in covered:
            owner[place] = (row0, column0)
    return owner


def _are_values(places: Sequence[Sequence[str]]) -> bool:
    return len(places) > 1 and all(holds_value(text) for texts in places for text in texts)


def _cell_text(lines: Sequence[Line]) -> str:
    texts: list[str] = []
    for line in visual_lines(lines):
        out = ""
        for before, span in zip((None, *line.spans), line.spans, strict=False):
            tight = before is not None and span.box[0] - before.box[2] < 0.12 * span.size
            han = bool(out) and is_spaceless(out[-1]) and is_spaceless(span.text[0])
            out += span.text if not out or tight or han else f" {span.text}"
        texts.append(out)
    return _CURRENCY_GAP.sub(r"\1", join_lines(_with_whole_numbers(texts)))


def _with_whole_numbers(texts: Sequence[str]) -> list[str]:
    """The lines of a cell, those joined between which a number had to be parted since it is
    longer than the cell is wide."""
    out: list[str] = []
    widest = max(map(len, texts), default=0)
    for text in texts:
        tail, head = _TAIL.search(out[-1]) if out else None, _HEAD.match(text)
        if tail and head and len(tail[0]) + len(head[0]) > widest:
            out[-1] += text
        else:
            out.append(text)
    return out


def _bold_rows(places: Mapping[_Place, Sequence[Line]], rows: int) -> list[bool]:
    """For each row whether all of its text is bold."""
    bold = [True] * rows
    for (row, _), lines in places.items():
        if not all(span.bold for line in lines for span in line.spans):
            bold[row] = False
    return bold


def _without_blanks(rows: Sequence[Sequence[str]], bold: Sequence[bool]) -> Table | None:
    looks = [flag for flag, row in zip(bold, rows, strict=True) if any(row)]
    moved = [_currency_home(row) for row in rows if any(row)]
    if not moved:
        return None
    kept = [c for c in range(len(moved[0])) if any(row[c] for row in moved)]
    headers = count_header_rows([[row[c] for c in kept] for row in moved])
    standing_out = next((i for i, flag in enumerate(looks) if not flag), 0)
    if 0 < standing_out <= 4 and not any(_is_data(row) for row in moved[:standing_out]):
        alone = any(len(set(filter(None, row))) < 2 for row in moved[headers:standing_out])
        headers = headers if alone else max(headers, standing_out)
    return without_repeats(moved, headers)


def without_repeats(moved: Sequence[Sequence[str]], headers: int) -> Table | None:
    """The table of the rows without empty columns; None where no two rows and columns are
    left."""
    kept = [c for c in range(len(moved[0])) if any(row[c] for row in moved)]
    kept = [c for c in kept if not _only_repeats(moved, c, headers)]
    if len(kept) < 2 or len(moved) < 2:
        return None
    named = _with_names([[row[c] for c in kept] for row in moved], headers)
    return Table(tuple(map(tuple, named)), headers) if len(named[0]) > 1 else None


def _with_names(rows: Sequence[Sequence[str]], headers: int) -> list[list[str]]:
    """The rows, a column without a name put together with a named one beside it where no row
    fills both: its cells are set to another side than the others, or than the name. A first
    column needs no name."""
    out = [list(row) for row in rows]
    column = 1
    while column < len(out[0]) and headers:
        one, other = [row[column - 1] for row in out], [row[column] for row in out]
        named = [any(one[:headers]), any(other[:headers])]
        apart = not any(a and b for a, b in zip(one, other, strict=True))
        if apart and sum(named) == 1 and (column > 1 or named[0]):
            for row in out:
                row[column - 1] = row[column - 1] or row[column]
                del row[column]
        else:
            column += 1
    return out


def _currency_home(row: Sequence[str]) -> list[str]:
    """A currency sign at the end of a cell belongs to the amount in the next one."""
    cells = list(row)
    for column in range(len(cells) - 1):
        match = re.search(r"(?:^|\s)([$€£¥￥])$", cells[column])
        if match and re.match(r"[\d(—–-]", cells[column + 1]):
            cells[column] = cells[column][: match.start()].rstrip()
            cells[column + 1] = match[1] + cells[column + 1]
    return cells


def _only_repeats(rows: Sequence[Sequence[str]], column: int, headers: int) -> bool:
    """Whether a column is empty under a header that its neighbour's header repeats."""
    if not headers or any(row[column] for row in rows[headers:]):
        return False
    neighbours = [c for c in (column - 1, column + 1) if 0 <= c < len(rows[0])]
    return any(
        all(row[column] in row[other] for row in rows[:headers])
        for other in neighbours
        if any(row[other] for row in rows[headers:])
    )
