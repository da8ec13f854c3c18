"""Tables of delimited values (CSV, TSV and their kin)."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.contract import Json, Parsed, Source, UnreadableFile
from ingest.encodings import decode
from ingest.sheets import Marked, Row, sheet_blocks
from ingest.tables import clean_cell

MAX_CELLS = 3_000_000
_DELIMITERS = (",", ";", "\t", "|")
_SAMPLE_CHARS = 64_000
_SAMPLE_ROWS = 200
_SEP_LINE = re.compile(r"sep=(.)\r?\n", re.I)
_FIELD_CHARS = 10_000_000
_RULE = re.compile(r"[\s|+:=-]+")


@dataclass(frozen=True)
class DelimitedParser:
    """Reads CSV and TSV as one table or several with blank lines between. `delimiter` is the
    sign between the values; "" finds it out (comma, semicolon, tabulator or bar)."""

    delimiter: str = ""

    def __post_init__(self) -> None:
        if len(self.delimiter) > 1:
            raise ValueError("delimiter is one character, or empty to find it out")

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the file. Raises UnreadableFile where it has more than MAX_CELLS
        values."""
        decoded = decode(source.data)
        text = decoded.text.removeprefix("\ufeff").replace("\x00", "")
        delimiter = self.delimiter
        stated = _SEP_LINE.match(text)
        if stated:
            text = text[stated.end() :]
            delimiter = delimiter or stated[1]
        if not delimiter:
            delimiter = sniff_delimiter(
                text, "\t" if media_type.endswith("separated-values") else ","
            )
        rows = list(_rows(text, delimiter, source.name))
        blocks = sheet_blocks(rows, Marked(columns_part=False), level=1)
        metadata: dict[str, Json] = {"encoding": decoded.encoding}
        if decoded.replaced:
            metadata["undecodable_characters"] = decoded.replaced
        return Parsed(tuple(blocks), "", 0, metadata)


def sniff_delimiter(text: str, expected: str = ",") -> str:
    """The delimiter with which the most lines of the head fall into the same number of values,
    two at least; `expected` where none does, and in a draw."""
    head = text[:_SAMPLE_CHARS]
    if len(text) > len(head):
        head = head[: head.rfind("\n") + 1] or head
    order = (expected, *(sign for sign in _DELIMITERS if sign != expected))
    scores = {sign: _regularity(head, sign) for sign in order}
    best = max(order, key=lambda sign: scores[sign])
    return best if scores[best] > 0 else expected


def _regularity(head: str, delimiter: str) -> float:
    """How much of the head is rows of the commonest length: from 0 to 1, and a little more for
    more columns."""
    widths: Counter[int] = Counter()
    for row in _read(head, delimiter):
        if any(value.strip() for value in row):
            widths[len(row)] += 1
        if sum(widths.values()) >= _SAMPLE_ROWS:
            break
    tables = [(count, width) for width, count in widths.items() if width > 1]
    if not tables:
        return 0.0
    count, width = max(tables)
    return count / sum(widths.values()) + min(width, 50) / 10_000


def _read(text: str, delimiter: str) -> Iterator[list[str]]:
    """The rows of the text. What the strict reader gives up on is split at line ends."""
    csv.field_size_limit(_FIELD_CHARS)
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            continue
        yield row


def _rows(text: str, delimiter: str, name: str) -> Iterator[Row]:
    """The filled cells of each row. A quote that is never closed would swallow the rest of the
    file: such a text is read without quotes."""
    cells = 0
    unbalanced = text.count('"') % 2 == 1
    source: Iterator[list[str]] = (
        _unquoted(text, delimiter) if unbalanced else _read(text, delimiter)
    )
    if delimiter == "|":
        source = (_without_frame(row) for row in source if not _is_rule(row))
    for number, row in enumerate(source, start=1):
        filled = {
            column: shown
            for column, value in enumerate(row, start=1)
            if (shown := clean_cell(value))
        }
        cells += len(filled)
        if cells > MAX_CELLS:
            raise UnreadableFile(
                f"{name}: it has more than the {MAX_CELLS:,} values that are read; split the file"
            )
        yield number, filled


def _unquoted(text: str, delimiter: str) -> Iterator[list[str]]:
    """Rows line by line, a quoted value unwrapped where it closes on its line."""
    for line in text.splitlines():
        if line.count('"') % 2:
            yield [value.strip().strip('"') for value in line.split(delimiter)]
        elif line and '"' not in line:
            yield line.split(delimiter)
        else:
            yield from _read(line, delimiter)


def _is_rule(row: list[str]) -> bool:
    """Whether the row is a line of a table drawn with bars."""
    return "-" in "".join(row) and all(_RULE.fullmatch(value) or not value for value in row)


def _without_frame(row: list[str]) -> list[str]:
    """A row of a table drawn with bars, without the bars at its ends."""
    if len(row) > 2 and not row[0].strip() and not row[-1].strip():
        return row[1:-1]
    return row
