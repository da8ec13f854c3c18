"""Sheets as blocks: the tables that lie on a sheet, their titles, headers and notes.

A sheet is given by its filled cells alone, so its stated dimensions cost nothing. Tables are
told apart by blank rows and columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from ingest.contract import Block, BlockKind
from ingest.header_rows import header_rows, is_value, title_above
from ingest.tables import MAX_COLUMNS, make_table, table_block

GROUP_ROWS = 200
"""Body rows of one table block; a longer table goes on in the next one, under its header."""

_MAX_MERGED = 2_000_000
_ROUNDS = 12
_MOST_TITLES = 4
_TITLE_CHARS = 120
_LIST_CHARS = 60
_FORM_LABEL = (":", "：")

Row = tuple[int, dict[int, str]]
"""The number of a row and the text of its filled cells by column, both from 1."""
Area = tuple[int, int, int, int]
"""Top row, left column, bottom row, right column, inclusive."""


@dataclass(frozen=True, slots=True)
class Marked:
    """What a file says of a sheet beside its cells: the areas that it names as tables with
    their count of header rows and their name, the rows frozen at the top, whether blank columns
    part tables, whether equal neighbours may be one merged cell, and notes on cells ((row,
    column) -> texts)."""

    tables: tuple[tuple[Area, int, str], ...] = ()
    frozen: int = 0
    columns_part: bool = True
    merged: bool = False
    notes: dict[tuple[int, int], list[str]] = field(default_factory=dict)


@dataclass
class _Region:
    """Neighbouring filled cells, and the table that they are read as."""

    rows: list[Row]
    left: int
    right: int
    titles: list[str] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    cells: list[list[str]] = field(default_factory=list)
    header: int = 0
    named: bool = False

    @property
    def top(self) -> int:
        return self.rows[0][0]

    @property
    def bottom(self) -> int:
        return self.rows[-1][0]


def sheet_blocks(rows: Sequence[Row], marked: Marked | None = None, level: int = 2) -> list[Block]:
    """The blocks of a sheet. Titles of tables are headings of `level`."""
    marked = marked or Marked()
    regions = [_read(region, marked) for region in _regions(rows, marked)]
    blocks: list[Block] = []
    pending = dict(marked.notes)
    for region in _joined(regions):
        blocks += _region_blocks(region, level)
        for place in sorted(pending):
            row, column = place
            if region.top <= row <= region.bottom and region.left <= column <= region.right:
                blocks += _notes(place, pending.pop(place))
    for place in sorted(pending):
        blocks += _notes(place, pending[place])
    return blocks


def column_letters(column: int) -> str:
    """`A` for 1, `AB` for 28."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _notes(place: tuple[int, int], texts: Sequence[str]) -> Iterator[Block]:
    for text in texts:
        where = f"{column_letters(place[1])}{place[0]}"
        yield Block(BlockKind.FOOTNOTE, f"{where}: {text}")


def _regions(rows: Sequence[Row], marked: Marked) -> list[_Region]:
    """The sheet cut at blank rows and columns, in turn, until nothing is left to cut; from the
    top down, and from left to right."""
    filled = [row for row in rows if row[1]]
    regions = [_Region(list(filled), 0, 0)] if filled else []
    for _ in range(_ROUNDS):
        finer = [
            part
            for region in regions
            for band in _by_rows(region, marked)
            for part in (_by_columns(band) if marked.columns_part else [_whole(band)])
        ]
        if len(finer) == len(regions):
            return finer
        regions = finer
    return regions


def _by_rows(region: _Region, marked: Marked) -> list[list[Row]]:
    edges = {area[0] for area, _, _ in marked.tables} | {a[2] + 1 for a, _, _ in marked.tables}
    bands: list[list[Row]] = []
    for row in region.rows:
        if not bands or row[0] > bands[-1][-1][0] + 1 or row[0] in edges:
            bands.append([row])
        else:
            bands[-1].append(row)
    return bands


def _whole(rows: list[Row]) -> _Region:
    columns = [column for _, cells in rows for column in cells]
    return _Region(rows, min(columns), max(columns))


def _by_columns(rows: list[Row]) -> list[_Region]:
    columns = sorted({column for _, cells in rows for column in cells})
    runs: list[list[int]] = []
    for column in columns:
        if runs and column == runs[-1][1] + 1:
            runs[-1][1] = column
        else:
            runs.append([column, column])
    if len(runs) == 1:
        return [_Region(rows, runs[0][0], runs[0][1])]
    home = {column: n for n, (a, b) in enumerate(runs) for column in range(a, b + 1)}
    parts: list[list[Row]] = [[] for _ in runs]
    for number, cells in rows:
        split: dict[int, dict[int, str]] = {}
        for column, text in cells.items():
            split.setdefault(home[column], {})[column] = text
        for n, own in split.items():
            parts[n].append((number, own))
    return [_Region(part, a, b) for part, (a, b) in zip(parts, runs, strict=True)]


def _read(region: _Region, marked: Marked) -> _Region:
    """The region with its titles, notes, cells and header rows told apart."""
    rows = list(region.rows)
    table = next(
        (t for t in marked.tables if t[0][0] == region.top and _covers(t[0], region)), None
    )
    width = region.right - region.left + 1
    if table is None and width > 1:
        rows, region.titles = _without_titles(rows, region, merged=marked.merged)
        rows, region.after = _without_notes(rows)
    last = min(region.right, region.left + MAX_COLUMNS - 1)
    cells = [[row.get(c, "") for c in range(region.left, last + 1)] for _, row in rows]
    if table is None and marked.merged:
        title, count = title_above(cells)
        region.titles += title.split("\n") if title else []
        rows, cells = rows[count:], cells[count:]
    region.cells = cells
    if table is not None:
        region.header, region.named = min(table[1], len(cells)), True
        region.titles += [table[2]] if table[2] else []
        return region
    frozen = marked.frozen - rows[0][0] + 1 if rows else 0
    least = frozen if 0 < frozen <= _MOST_TITLES and frozen < len(cells) else 0
    region.header = 0 if _is_form(cells) else header_rows(cells, at_least=least)
    return region


def _covers(area: Area, region: _Region) -> bool:
    return area[1] <= region.right and area[3] >= region.left


def _without_titles(
    rows: list[Row], region: _Region, *, merged: bool
) -> tuple[list[Row], list[str]]:
    """The rows without leading ones of a single cell, or of one that is merged over most of
    the width, above rows of more; and their texts."""
    titles: list[str] = []
    width = region.right - region.left + 1
    while len(rows) > 1 and len(titles) < _MOST_TITLES:
        first = rows[0][1]
        text = next(iter(first.values()))
        wide = merged and region.left in first and len(first) * 3 >= width * 2
        if len(set(first.values())) > 1 or not (len(first) == 1 or wide) or is_value(text):
            break
        if not any(len(cells) > 1 for _, cells in rows[1 : _MOST_TITLES + 2]):
            break
        titles.append(text)
        rows = rows[1:]
    return rows, titles


def _without_notes(rows: list[Row]) -> tuple[list[Row], list[str]]:
    """The rows without trailing ones of a single long text, and those texts."""
    notes: list[str] = []
    while len(rows) > 1 and len(rows[-1][1]) == 1:
        text = next(iter(rows[-1][1].values()))
        if len(text) < 20 and not text.startswith(("注", "备注", "来源", "Note", "Source", "*")):
            break
        notes.insert(0, text)
        rows = rows[:-1]
    return rows, notes


def _is_form(cells: Sequence[Sequence[str]]) -> bool:
    """Whether the first column labels what stands beside it: `Name:`, `日期：`."""
    labels = [row[0] for row in cells if row[0].strip()]
    marked = sum(label.rstrip().endswith(_FORM_LABEL) for label in labels)
    return len(cells) > 1 and marked * 2 > len(cells)


def _joined(regions: Sequence[_Region]) -> list[_Region]:
    """The regions; what goes on with a table after a blank row or two is put to it."""
    out: list[_Region] = []
    for region in regions:
        above = next((r for r in reversed(out) if r.left <= region.left <= r.right), None)
        if (
            above is not None
            and above.header
            and not region.header
            and not region.named
            and not region.titles
            and region.cells
            and not above.after
            and region.right <= above.right
            and region.right > region.left
            and 1 < region.top - above.bottom <= 3
        ):
            width = above.right - above.left + 1
            lead = region.left - above.left
            above.cells += [
                [*[""] * lead, *row, *[""] * (width - lead - len(row))] for row in region.cells
            ]
            above.rows += region.rows
            above.after += region.after
            continue
        out.append(region)
    return out


def _region_blocks(region: _Region, level: int) -> Iterator[Block]:
    for n, title in enumerate(region.titles):
        short = len(title) <= _TITLE_CHARS
        if n == 0 and short:
            yield Block(BlockKind.HEADING, title, level)
        else:
            yield Block(BlockKind.CAPTION if short else BlockKind.PARAGRAPH, title)
    if region.right == region.left and not region.named:
        yield from _column(region)
    else:
        yield from table_groups(region.cells, region.header)
    for text in region.after:
        yield Block(BlockKind.PARAGRAPH, text)


def _column(region: _Region) -> Iterator[Block]:
    """Cells one below the other: a list with a header, or running text."""
    texts = [row[0] for row in region.cells]
    if len(texts) > 2 and all(len(text) <= _LIST_CHARS for text in texts):
        yield from table_groups(region.cells, region.header)
        return
    for text in texts:
        if text.strip():
            yield Block(BlockKind.PARAGRAPH, text)


def table_groups(cells: Sequence[Sequence[str]], header: int) -> Iterator[Block]:
    """A table as blocks of GROUP_ROWS body rows, the header rows at the top of each."""
    whole = make_table(cells, header)
    if not whole.rows:
        return
    head, body = whole.rows[: whole.header_rows], whole.rows[whole.header_rows :]
    if len(body) <= GROUP_ROWS + GROUP_ROWS // 4:
        yield table_block(whole)
        return
    for start in range(0, len(body), GROUP_ROWS):
        yield table_block(replace(whole, rows=(*head, *body[start : start + GROUP_ROWS])))


def fill_merged(rows: dict[int, dict[int, str]], merged: list[Area]) -> None:
    """Repeat the text of merged cells in each cell that they cover, as far as the sheet has
    filled rows and columns."""
    if not rows or not merged:
        return
    last_row = max(rows)
    last_column = max(max(cells) for cells in rows.values())
    left = _MAX_MERGED
    for top, first, bottom, last in merged:
        text = rows.get(top, {}).get(first, "")
        if not text:
            continue
        # A title that is merged beyond the table under it does not make the table wider.
        bottom, last = min(bottom, last_row), min(last, max(last_column, first))
        left -= (bottom - top + 1) * (last - first + 1)
        if left < 0:
            return
        for row in range(top, bottom + 1):
            cells = rows.setdefault(row, {})
            for column in range(first, last + 1):
                cells[column] = text
    for row in [number for number, cells in rows.items() if not cells]:
        del rows[row]
