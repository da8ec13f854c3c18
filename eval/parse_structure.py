"""Structure: headings and their paths, reading order, pages, what stays whole over a page."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from eval.contract import Finding, Tally, Truth, TruthBlock
from eval.parse_characters import Measured, likeness_of
from eval.parse_chunks import Reading
from eval.parse_locate import Place, holds, locate
from eval.parse_text import letters, same_heading

_BODY = ("paragraph", "list_item", "table", "code")
_ROWS_TOGETHER = 0.95


def headings(truth: Truth, reading: Reading) -> tuple[dict[str, Tally], list[Finding]]:
    """Recall and precision of headings, matched one to one. The title counts neither way."""
    wanted = [block.text for block in truth.blocks if block.kind == "heading"]
    left = [text for text in reading.headings if not _alike(text, truth.title)]
    total = len(left)
    missed: list[Finding] = []
    for text in wanted:
        match = next((n for n, found in enumerate(left) if _alike(found, text)), None)
        if match is None:
            missed.append(Finding("headings_recall", text))
        else:
            left.pop(match)
    right = len(wanted) - len(missed)
    tallies = {
        "headings_recall": Tally(right, len(wanted)),
        "headings_precision": Tally(right if wanted else 0, total),
    }
    return tallies, missed + [Finding("headings_precision", text) for text in left]


def _alike(one: str, two: str) -> bool:
    """The same heading, up to a misread letter in ten."""
    if same_heading(one, two):
        return True
    from rapidfuzz import fuzz

    first, second = letters(one), letters(two)
    return min(len(first), len(second)) >= 4 and fuzz.ratio(first, second) >= 90


def heading_path(truth: Truth, reading: Reading, places: Sequence[Place | None]) -> Measured:
    """For how many blocks the chunk that holds them stands under the true headings."""
    wrong: list[Finding] = []
    total = 0
    for block, place in zip(truth.blocks, places, strict=True):
        if block.kind not in _BODY:
            continue
        total += 1
        if place is None:
            wrong.append(Finding("heading_path", f"not found: {_short(block)}"))
            continue
        chunk = reading.chunks[reading.chunk_stream.holder(place)]
        path = list(chunk.heading_path)
        if path and _alike(path[0], truth.title):
            path = path[1:]
        right = len(path) == len(block.heading_path) and all(
            _alike(one, two) for one, two in zip(path, block.heading_path, strict=True)
        )
        if not right:
            said = f"{' > '.join(path) or '-'} | {_short(block)} | {' > '.join(block.heading_path)}"
            wrong.append(Finding("heading_path", said))
    return Tally(total - len(wrong), total), wrong


def order(truth: Truth, places: Sequence[Place | None]) -> Measured:
    """How many neighbours of the truth, among the blocks that were found, come in its order."""
    found = [
        (block, place)
        for block, place in zip(truth.blocks, places, strict=True)
        if place is not None and block.kind in _BODY
    ]
    wrong = [
        Finding("order", f"{_short(one)} | {_short(two)}")
        for (one, before), (two, after) in pairwise(found)
        if after.start <= before.start
    ]
    return Tally(max(len(found) - 1, 0) - len(wrong), max(len(found) - 1, 0)), wrong


def pages(truth: Truth, reading: Reading) -> Measured:
    """For how many of the found blocks the block and the chunk that hold them name the page on
    which they begin, and that on which they end."""
    stream = reading.block_stream
    chunk_places = locate(truth.blocks, reading.chunk_stream)
    wrong: list[Finding] = []
    total = 0
    rows = zip(truth.blocks, locate(truth.blocks, stream), chunk_places, strict=True)
    for block, place, in_chunks in rows:
        if block.page is None or block.kind in ("title", "heading", "footnote") or place is None:
            continue
        total += 1
        ends = {block.page, block.last_page or block.page}
        first, last = stream.part_at(place.start), stream.part_at(place.end - 1)
        holding = [reading.document.blocks[reading.body[n]] for n in range(first, last + 1)]
        named = {box.page for held in holding for box in held.boxes}
        right = not named or ends <= named
        if in_chunks is not None:
            one = reading.chunks[reading.chunk_stream.part_at(in_chunks.start)].pages
            two = reading.chunks[reading.chunk_stream.part_at(in_chunks.end - 1)].pages
            right = right and one is not None and one[0] <= block.page <= one[1]
            right = right and two is not None and two[0] <= max(ends) <= two[1]
        if not right:
            said = f"{sorted(named)} for {sorted(ends)}: {_short(block)}"
            wrong.append(Finding("pages", said))
    return Tally(total - len(wrong), total), wrong


def whole_over_pages(truth: Truth, reading: Reading) -> tuple[dict[str, Tally], list[Finding]]:
    """How many of the paragraphs, and of the tables, that run over a page are one block."""
    least = likeness_of(truth)
    texts = reading.block_stream.parts
    tables = [block.table.rows for block in reading.document.blocks if block.table is not None]
    rows = [{letters("".join(row)) for row in table} for table in tables]
    tallies = {"paragraphs_whole": Tally(), "tables_whole": Tally()}
    broken: list[Finding] = []
    for block in truth.blocks:
        if not block.crosses or block.kind not in ("paragraph", "list_item", "table"):
            continue
        if block.kind == "table":
            name = "tables_whole"
            whole = any(_together(block, known) for known in rows)
        else:
            name = "paragraphs_whole"
            whole = any(holds(text, letters(block.text), least) for text in texts)
        tallies[name] += Tally(int(whole), 1)
        if not whole:
            broken.append(Finding(name, _short(block)))
    return tallies, broken


def _together(block: TruthBlock, known: set[str]) -> bool:
    body = [letters("".join(row)) for row in block.rows[block.header_rows :]]
    return sum(row in known for row in body) >= _ROWS_TOGETHER * len(body)


def _short(block: TruthBlock) -> str:
    text = " ".join(block.text.split())
    return text if len(text) <= 48 else text[:47] + "…"
