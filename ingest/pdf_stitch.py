"""Tables that run over pages put together: one block with a box on every page, its header once;
and tables of contents taken out of the text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz import fuzz

from ingest.contract import BlockKind, Table
from ingest.lines import ends_sentence, is_spaceless, join_pair
from ingest.pdf_blocks import Draft
from ingest.pdf_tables import count_header_rows, holds_value
from ingest.tables import to_markdown

_ALIKE = 90
_PASSED_OVER = (BlockKind.FURNITURE, BlockKind.FOOTNOTE)
_CONTINUED = re.compile(
    r"\((?:continued|cont[.'’]?d?\.?)\)|[（(]?[续續][）)]?\s*$|[续續]表", re.IGNORECASE
)
_LEADERS = re.compile(r"(?:(?:\.\s?){4,}|…{2,}|(?:·\s?){4,})\s*[\divxlc]+", re.IGNORECASE)
_LED = re.compile(rf"{_LEADERS.pattern}\s*$", re.IGNORECASE)
_CONTENTS = re.compile(r"(?:table of )?contents|目\s*[录錄]|目\s*次|index", re.IGNORECASE)


def stitch_tables(drafts: Sequence[Draft]) -> list[Draft]:
    """The drafts with each table that goes on at the top of the next page joined to its
    beginning. Rows of its header that are repeated there go, and so does a caption that only
    says that the table is continued."""
    out: list[Draft] = []
    last: Draft | None = None
    captions: list[Draft] = []
    for draft in drafts:
        if draft.kind in _PASSED_OVER:
            out.append(draft)
            continue
        if last is not None and draft.table is not None:
            joined = _joined(last, draft)
            if joined is not None:
                last.table, last.text = joined, to_markdown(joined)
                last.boxes.extend(draft.boxes)
                last.column = draft.column
                for caption in captions:
                    caption.kind = BlockKind.FURNITURE
                captions = []
                continue
        short = len(draft.text) < 200 and draft.table is None
        if last is not None and short and not captions and _CONTINUED.search(draft.text):
            captions.append(draft)
        else:
            last, captions = (draft if draft.table is not None else None), []
        out.append(draft)
    return out


def mark_repeated_heads(drafts: Sequence[Draft]) -> None:
    """Texts at the top of a page that say what the header of a table that goes on there says
    become furniture: files with tags leave repeated headers outside of the table."""
    heads: dict[int, list[str]] = {}
    for draft in drafts:
        if draft.table is not None:
            head = draft.table.rows[: draft.table.header_rows]
            letters = _letters("".join(cell for row in head for cell in dict.fromkeys(row)))
            for box in draft.boxes[1:]:
                heads.setdefault(box.page, []).append(letters)
    for draft in drafts:
        if draft.table is None and _letters(draft.text) in heads.get(draft.page, ()):
            draft.kind = BlockKind.FURNITURE


def _letters(text: str) -> str:
    """The letters of a text in the order of the alphabet: the lines of cells are read across."""
    return "".join(sorted(_folded(text)))


def _joined(first: Draft, second: Draft) -> Table | None:
    """Both parts as one table; None where the second is a table of its own."""
    above, below = first.table, second.table
    assert above is not None and below is not None
    if second.page != first.boxes[-1].page + 1 or second.told < 0:
        return None
    if len(above.rows[0]) != len(below.rows[0]):
        return None
    heads = above.rows[: above.header_rows]
    repeated = 0
    while repeated < min(len(heads), len(below.rows)) and _same(
        heads[repeated], below.rows[repeated]
    ):
        repeated += 1
    rows = list(below.rows[repeated:])
    whole = repeated == len(heads) > 0
    # Columns as wide as what stands in them differ from page to page.
    if not whole and not _in_line(first, second):
        return None
    if not whole and (first.boxes[-1].y1 < 0.5 * first.page_height or _has_own_head(above, below)):
        return None
    body = list(above.rows)
    if rows and len(body) > above.header_rows and _goes_on(body[-1], rows[0]):
        body[-1] = tuple(
            join_pair(one, other) if other else one
            for one, other in zip(body[-1], rows[0], strict=True)
        )
        rows = rows[1:]
    joined = (*body, *_with_merged(body, rows))
    heads_count = above.header_rows or count_header_rows(joined)
    return Table(joined, heads_count)


def _with_merged(
    body: Sequence[tuple[str, ...]], rows: Sequence[tuple[str, ...]]
) -> list[tuple[str, ...]]:
    """The rows of the next page, the text of a cell that covers rows of both pages repeated:
    blanks at the top of a column in which cells cover several rows."""
    out = [list(row) for row in rows]
    for column in range(len(body[-1]) if body else 0):
        last = body[-1][column]
        covers = any(
            one[column] == other[column] != "" and not holds_value(one[column])
            for one, other in pairwise(body)
        )
        if not covers or not last or holds_value(last):
            continue
        for row in out:
            if row[column] or not any(row):
                break
            row[column] = last
    return [tuple(row) for row in out]


def _in_line(first: Draft, second: Draft) -> bool:
    """Whether the columns of both parts part at the same places."""
    same = (
        abs(first.column[0] - second.column[0]) < 15
        and abs(first.column[2] - second.column[2]) < 25
    )
    if first.edges and len(first.edges) == len(second.edges):
        near = sum(abs(a - b) < 9 for a, b in zip(first.edges, second.edges, strict=True))
        same = near * 3 >= 2 * len(first.edges)
    return same


def _same(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether both rows say the same, a misread character in a long cell aside."""
    return all(
        fuzz.ratio(_folded(a), _folded(b)) >= _ALIKE for a, b in zip(one, other, strict=True)
    )


def _folded(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).casefold()


def _has_own_head(above: Table, below: Table) -> bool:
    """Whether the second table begins with other column names: words over values where the
    first has values in most columns."""
    if not below.header_rows or len(below.rows) < 2:
        return False
    head, body = below.rows[0], below.rows[below.header_rows :]
    valued = [
        column
        for column in range(1, len(head))
        if body and sum(holds_value(row[column]) for row in body) * 2 > len(body)
    ]
    words = [column for column in valued if head[column] and not _is_value(head[column])]
    return bool(valued) and len(words) * 2 > len(valued)


def _is_value(cell: str) -> bool:
    return holds_value(cell) and re.fullmatch(r"(?:19|20)\d\d年?", cell) is None


def _goes_on(last: Sequence[str], first: Sequence[str]) -> bool:
    """Whether the first row of a page is the rest of the last row of the page before."""
    filled = [c for c, cell in enumerate(first) if cell]
    if not filled or first[0] or any(not last[c] for c in filled):
        return False
    return all(
        not holds_value(first[c])
        and not ends_sentence(last[c])
        and (first[c][0].islower() or is_spaceless(first[c][0]))
        for c in filled
    )


def mark_contents(drafts: Sequence[Draft]) -> None:
    """Tables of contents become furniture: runs of entries that lead by dots to a page number,
    with the heading over them, and tables whose rows name headings and their pages."""
    body = [d for d in drafts if d.kind is not BlockKind.FURNITURE or _entries(d)]
    titles = {_folded(d.text) for d in drafts if d.kind is BlockKind.HEADING}
    run: list[int] = []
    for index, draft in enumerate([*body, None]):
        if draft is not None and _entries(draft):
            run.append(index)
            continue
        if sum(_entries(body[i]) for i in run) >= 3:
            _take(body, run)
        run = []
    before: Draft | None = None
    for draft in drafts:
        if draft.kind is not BlockKind.FURNITURE:
            before = draft
        elif before is not None and _entries(draft) >= 3:
            _unhead(before)
    for index, draft in enumerate(body):
        if draft.table is not None and _lists_pages(draft.table, titles):
            _take(body, [index])


def _entries(draft: Draft) -> int:
    """How many entries of a table of contents the text consists of: with dots before a number."""
    if draft.table is not None or not _LED.search(draft.text):
        return 0
    return len(_LEADERS.findall(draft.text))


def _take(body: Sequence[Draft], run: Sequence[int]) -> None:
    for index in run:
        body[index].kind = BlockKind.FURNITURE
        body[index].table = None
    if run[0]:
        _unhead(body[run[0] - 1])


def _unhead(draft: Draft) -> None:
    """The heading over a table of contents goes with it."""
    if _CONTENTS.fullmatch(draft.text.strip()):
        draft.kind = BlockKind.FURNITURE


def _lists_pages(table: Table, titles: set[str]) -> bool:
    """Whether the last column counts up as page numbers do and the rows name headings."""
    numbers: list[int] = []
    named = 0
    for row in table.rows:
        if re.fullmatch(r"\d{1,4}", row[-1].strip()):
            numbers.append(int(row[-1]))
            text = _folded("".join(row[:-1]))
            named += text in titles or any(_folded(cell) in titles for cell in row[:-1] if cell)
    if len(numbers) < 5 or len(numbers) * 3 < len(table.rows) * 2:
        return False
    rising = sum(a <= b for a, b in pairwise(numbers))
    return rising >= len(numbers) - 2 and named * 2 >= len(numbers)
