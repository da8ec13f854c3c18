"""Tables drawn in plain text: with a grid of lines, with pipes, with tabs, or by columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from ingest.contract import Table
from ingest.tables import make_table

_BORDER = re.compile(r"\s*[+|┌├└┏┣┗╔╠╚][-=+|:\s─┬┼┴┐┤┘━┳╋┻┓┫┛═╦╬╩╗╣╝]*[+|┐┤┘┓┫┛╗╣╝]\s*")
_PIPE_RULE = re.compile(r"\s*\|?[\s:]*-{2,}[\s:]*(?:[|+][\s:]*-{2,}[\s:]*)+\|?\s*")
_DASHES = re.compile(r"\s*[-=]{2,}(?:\s+[-=]{2,})+\s*")
_NUMBER = re.compile(r"[-+(]?[$¥€£]?\s?\d[\d,.]*\s?%?\)?")
_WALLS = str.maketrans("│┃║", "|||")
_MOST_ROWS = 20_000
_LONG_CELL = 60


def read_text_table(lines: Sequence[str]) -> Table | None:
    """The table that the lines draw, None where they are none. The row above the first rule is
    the header, else the first row."""
    if not 2 <= len(lines) <= _MOST_ROWS:
        return None
    plain = [line.translate(_WALLS).expandtabs(8) if "\t" not in line else line for line in lines]
    for read in (_grid, _pipes, _tabs, _dashed, _columns):
        rows, header = read(plain)
        if rows:
            table = make_table(rows, header)
            if len(table.rows) > 1 and len(table.rows[0]) > 1:
                return table
    return None


def _split(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _grid(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """Cells between lines of +---+; a cell may go over several lines."""
    borders = [_BORDER.fullmatch(line) is not None and "-" in _dash(line) for line in lines]
    if sum(borders) < 2 or not borders[0]:
        return [], 0
    rows: list[list[str]] = []
    header = 0
    open_row: list[str] = []
    for line, border in zip(lines, borders, strict=True):
        if border:
            if open_row:
                rows.append(open_row)
                open_row = []
            if "=" in line or "═" in line:
                header = header or len(rows)
        elif "|" in line:
            cells = _split(line)
            width = max(len(cells), len(open_row))
            cells += [""] * (width - len(cells))
            open_row += [""] * (width - len(open_row))
            open_row = [f"{a} {b}".strip() for a, b in zip(open_row, cells, strict=True)]
        else:
            return [], 0
    if open_row:
        rows.append(open_row)
    if sum(borders) <= 3 and len(rows) <= 2:
        # Rules around the header and the whole, none between the rows.
        body = [_split(line) for line, border in zip(lines, borders, strict=True) if not border]
        if len(body) > len(rows) and all(all(cells[:1]) for cells in body):
            return body, 1
    return rows, header or 1


def _dash(line: str) -> str:
    return line.translate(str.maketrans("=─━═", "----"))


def _pipes(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """Cells between pipes, the same number in every line."""
    rules = [n for n, line in enumerate(lines) if _PIPE_RULE.fullmatch(line)]
    rows = [_split(line) for n, line in enumerate(lines) if n not in rules and "|" in line]
    if len(rows) + len(rules) != len(lines) or len({len(row) for row in rows}) != 1:
        return [], 0
    framed = all(line.strip().startswith("|") and line.strip().endswith("|") for line in lines)
    if not rules and not (framed and len(rows) > 1):
        return [], 0
    return rows, rules[0] if rules and rules[0] else 1


def _tabs(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """Cells parted by tabs, the same number in every line."""
    rows = [re.split(r"\t+", line.strip()) for line in lines]
    if len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return [], 0
    if len(rows) < 3 and len(rows[0]) < 3:
        return [], 0
    return ([], 0) if _mean(rows) > _LONG_CELL else (rows, 1)


def _dashed(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """Columns under a header that is underlined piece by piece."""
    rules = [n for n, line in enumerate(lines) if _DASHES.fullmatch(line)]
    if not rules or rules[0] > 3 or len(lines) - len(rules) < 2:
        return [], 0
    starts = [match.start() for match in re.finditer(r"[-=]+", lines[rules[0]])]
    edges = [0, *starts[1:], 10_000]
    wide = [_widened(line) for n, line in enumerate(lines) if n not in rules]
    rows = [[_cell(line[a:b]) for a, b in pairwise(edges)] for line in wide]
    for line in wide:
        if any(0 < edge < len(line) and line[edge - 1] not in " \0" for edge in starts[1:]):
            return [], 0
    header = rules[0] if rules[0] else (rules[1] - 1 if len(rules) > 1 else 0)
    return rows, header or 1


def _columns(lines: Sequence[str]) -> tuple[list[list[str]], int]:
    """Columns that two blanks part in every line; some column is of numbers, or there are more
    than two."""
    if len(lines) < 3:
        return [], 0
    wide = [_widened(line) for line in lines]
    length = max(map(len, wide))
    if length > 400:
        return [], 0
    blank = [all(at >= len(line) or line[at] == " " for line in wide) for at in range(length)]
    starts = (at for at in range(2, length) if blank[at - 1] and blank[at - 2] and not blank[at])
    edges = [0, *starts]
    if blank[0] and len(edges) > 1:
        edges.pop(0)
    edges.append(length)
    rows = [[_cell(line[a:b]) for a, b in pairwise(edges)] for line in wide]
    columns = len(edges) - 1
    if columns < 2 or _mean(rows) > _LONG_CELL / 2:
        return [], 0
    if any(sum(map(bool, row)) < 2 for row in rows):
        return [], 0
    numeric = any(
        all(_NUMBER.fullmatch(row[c]) or not row[c] for row in rows[1:]) for c in range(columns)
    )
    return (rows, 1) if numeric or columns > 2 else ([], 0)


def _mean(rows: Sequence[Sequence[str]]) -> float:
    lengths = [len(cell) for row in rows for cell in row]
    return sum(lengths) / max(len(lengths), 1)


def _widened(line: str) -> str:
    """The line with a filler after every character that takes two columns."""
    if line.isascii():
        return line
    return "".join(
        char + "\0" if unicodedata.east_asian_width(char) in "WF" else char for char in line
    ).replace("\u3000\0", "  ")


def _cell(text: str) -> str:
    return text.replace("\0", "").strip()
