"""Tables: whether a cell can be read under the name of its column, and a row with its header."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from eval.contract import Finding, Tally, Truth, TruthBlock
from eval.parse_chunks import Reading
from eval.parse_text import fold, letters, visible
from ingest.contract import Chunk

_PIPE = re.compile(r"(?<!\\)\|")
_RULE = re.compile(r"^[|\s:-]*-{2,}[|\s:-]*$")
_LEAST_CELLS = 0.5
_ROW_WHOLE = 0.9


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a pipe table in a chunk. `above` are the rows over it, from the top."""

    chunk: int
    cells: Sequence[str]
    above: Sequence[Sequence[str]]


def pipe_rows(number: int, text: str) -> list[Row]:
    """The rows of the pipe tables in a chunk's text, cells in their visible form."""
    rows: list[Row] = []
    above: list[Sequence[str]] = []
    for line in text.split("\n"):
        bare = line.strip()
        if bare.count("|") < 2 and not (bare.startswith("|") or bare.endswith("|")):
            above = []
            continue
        if _RULE.match(bare):
            continue
        inner = bare.removeprefix("|")
        inner = inner[:-1] if inner.endswith("|") and not inner.endswith("\\|") else inner
        cells = [cell_form(cell) for cell in _PIPE.split(inner)]
        rows.append(Row(number, cells, tuple(above)))
        above.append(cells)
    return rows


def cell_form(text: str) -> str:
    """A cell as it is compared."""
    return visible(re.sub(r"<br\s*/?>", " ", text))


def cells(truth: Truth, reading: Reading) -> tuple[dict[str, Tally], list[Finding]]:
    """`cells`: how many data cells stand in their row and under their column's header (every row
    of it) within a chunk. `rows`: how many data rows lie in one chunk with the whole header."""
    known = [row for n, chunk in enumerate(reading.chunks) for row in pipe_rows(n, chunk.text)]
    plain = [letters(chunk.text) for chunk in reading.chunks]
    in_cells, in_rows = Tally(), Tally()
    wrong: list[Finding] = []
    for block in truth.blocks:
        if not block.rows:
            continue
        for row in block.rows[block.header_rows :]:
            right, total, chunk = _judge(block, row, known, reading.chunks, bool(truth.scan))
            headed = chunk is not None and _headed(block, row, plain[chunk])
            in_cells += Tally(right, total)
            in_rows += Tally(int(headed), 1)
            if right < total:
                wrong.append(Finding("cells", f"{right}/{total}: {' | '.join(row)}"))
    return {"cells": in_cells, "rows": in_rows}, wrong


def _judge(
    block: TruthBlock, row: Sequence[str], known: Sequence[Row], chunks: Sequence[Chunk], scan: bool
) -> tuple[int, int, int | None]:
    """Cells that are right, cells in all, and the chunk that shows the row best."""
    wanted = [(c, cell_form(text)) for c, text in enumerate(row) if cell_form(text)]
    heads = [_names(block, c) for c, _ in wanted]
    best: tuple[int, int, int | None] = (0, 0, None)
    for found in known:
        there = sum(any(_same(text, cell, scan) for cell in found.cells) for _, text in wanted)
        if there < max(_LEAST_CELLS * len(wanted), best[1]):
            continue
        right = sum(
            any(
                _same(text, cell, scan) and _under(names, found, column, block.header_rows, scan)
                for column, cell in enumerate(found.cells)
            )
            for (_, text), names in zip(wanted, heads, strict=True)
        )
        best = max(best, (right, there, found.chunk), key=lambda item: (item[1], item[0]))
    if best[2] is None:
        best = _labelled(wanted, heads, chunks)
    return best[0], len(wanted), best[2]


def _names(block: TruthBlock, column: int) -> list[str]:
    """The header cells over a column, from the top, repeats left out."""
    texts = [cell_form(block.rows[r][column]) for r in range(block.header_rows)]
    return [text for text in dict.fromkeys(texts) if text]


def _same(wanted: str, found: str, scan: bool) -> bool:
    if wanted == found:
        return True
    if not scan or len(wanted) < 3:
        return False
    from rapidfuzz import fuzz

    return fuzz.ratio(wanted, found) >= 80


def _under(names: Sequence[str], row: Row, column: int, header_rows: int, scan: bool) -> bool:
    """Whether every name stands over the column, among the first rows of the table."""
    over = [cells[column] for cells in row.above[: header_rows + 1] if column < len(cells)]
    return all(any(name in text or _same(name, text, scan) for text in over) for name in names)


def _labelled(
    wanted: Sequence[tuple[int, str]], heads: Sequence[Sequence[str]], chunks: Sequence[Chunk]
) -> tuple[int, int, int | None]:
    """As `_judge`, for rows that are written as "name: cell"."""
    best: tuple[int, int, int | None] = (0, 0, None)
    for number, chunk in enumerate(chunks):
        for part in re.split(r"\n\s*\n", chunk.text):
            text = re.sub(r"[\s\"'*_`|]", "", fold(part))
            there = sum(cell in text for _, cell in wanted)
            if there < max(len(wanted), 1):
                continue
            right = sum(
                not names or any(f"{names[-1]}{sign}{cell}" in text for sign in ":=,")
                for (_, cell), names in zip(wanted, heads, strict=True)
            )
            best = max(best, (right, there, number), key=lambda item: item[:2])
    return best


def _headed(block: TruthBlock, row: Sequence[str], plain: str) -> bool:
    heads = {letters(text) for line in block.rows[: block.header_rows] for text in line}
    own = [letters(text) for text in row if letters(text)]
    there = sum(text in plain for text in own)
    return all(head in plain for head in heads) and there >= _ROW_WHOLE * len(own)
