"""What needs all pages: furniture by repetition, paragraphs over page and column breaks, list
nesting, headers of tables that go on; then the blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from statistics import median

from ingest.contract import Block, BlockKind
from ingest.lines import ends_sentence, is_spaceless, join_pair, unbreakable
from ingest.numbering import numbering
from ingest.pdf_blocks import Draft
from ingest.pdf_headings import plain
from ingest.pdf_layout import is_page_number

_PASSED_OVER = (BlockKind.FURNITURE, BlockKind.FOOTNOTE)
_EDGE = 0.1
_PAGED = re.compile(
    r"(?:^|[\s|·•–—-])(?:page\s+\d+(?:\s+(?:of|/)\s+\d+)?|第\s*\d+\s*页(?:\s*[/／,，]?\s*共\s*\d+\s*页)?)"
    r"\s*[|·•–—-]?\s*$",
    re.IGNORECASE,
)
_LONG_HEAD = 40
_TITLE = 1.4
_PAGE_BESIDE = re.compile(r"^\s*\d{1,4}\s+(?=\D)|(?<=\D)\s+\d{1,4}\s*$")


def mark_page_numbers(drafts: Sequence[Draft]) -> None:
    """Page numbers near the edges, and numbers that come first or last on their page and count
    up with the pages, become furniture."""
    for draft in drafts:
        numbered = is_page_number(draft.text) or _PAGED.search(draft.text) is not None
        if draft.table is None and draft.page_height > 0 and numbered and len(draft.text) < 100:
            box = draft.boxes[0]
            if box.y1 < draft.page_height * _EDGE or box.y0 > draft.page_height * (1 - _EDGE):
                draft.kind = BlockKind.FURNITURE
    _mark_counted_pages(drafts)


def mark_chapter_names(drafts: Sequence[Draft]) -> None:
    """Names of chapters that run over their pages become furniture: small print at the top or
    the bottom that says what a larger heading says, or what any heading says beside the number
    of the page."""
    sizes: dict[str, float] = {}
    for draft in drafts:
        if draft.kind is BlockKind.HEADING:
            number = numbering(draft.text)
            for key in {plain(draft.text), plain(number.title if number else "")}:
                sizes[key] = max(sizes.get(key, 0.0), draft.size)
    for draft in drafts:
        if draft.kind not in (BlockKind.HEADING, BlockKind.PARAGRAPH) or not draft.page_height:
            continue
        box = draft.boxes[0]
        if max(draft.page_height - box.y0, box.y1) < draft.page_height * (1 - _EDGE):
            continue
        bare = _PAGE_BESIDE.sub("", draft.text)
        number = numbering(bare)
        names = {plain(bare), plain(number.title if number else "")} - {""}
        beside = bare != draft.text and draft.kind is BlockKind.PARAGRAPH
        least = 0.0 if beside else draft.size * 1.15
        if any(sizes.get(name, 0.0) > least for name in names):
            draft.kind = BlockKind.FURNITURE


def _mark_counted_pages(drafts: Sequence[Draft]) -> None:
    """Numbers that come first or last on their page and count up with the pages."""
    ends: dict[int, list[Draft]] = {}
    for draft in drafts:
        ends.setdefault(draft.page, []).append(draft)
    numbered: dict[int, list[Draft]] = {}
    for page, found in ends.items():
        for draft in {id(d): d for d in (found[0], found[-1])}.values():
            if re.fullmatch(r"\d{1,4}", draft.text.strip()):
                numbered.setdefault(int(draft.text) - page, []).append(draft)
    for group in numbered.values():
        if len(group) >= 3:
            for draft in group:
                draft.kind = BlockKind.FURNITURE


def join_titles(drafts: Sequence[Draft]) -> list[Draft]:
    """Headings that go on in the next line become one: close below, in the same large print."""
    texts = [
        d for d in drafts if d.kind is BlockKind.PARAGRAPH for _ in range(len(d.text) // 40 + 1)
    ]
    body = median(d.size for d in texts) if texts else 0.0
    return _put_together(drafts, lambda a, b: body > 0 and _is_next_line(a, b, body), ())


def _put_together(
    drafts: Sequence[Draft],
    belongs: Callable[[Draft, Draft], bool],
    passed_over: Collection[BlockKind] = _PASSED_OVER,
) -> list[Draft]:
    """The drafts, each that belongs to the one before it put to its end; kinds that are passed
    over may stand in between."""
    out: list[Draft] = []
    last: Draft | None = None
    for draft in drafts:
        if last is not None and belongs(last, draft):
            last.text = join_pair(last.text, draft.text)
            last.boxes.extend(draft.boxes)
            last.last_x, last.column = draft.last_x, draft.column
            if last.kind is BlockKind.HEADING:
                last.kind, last.size, last.bold = draft.kind, draft.size, draft.bold
            continue
        out.append(draft)
        if draft.kind not in passed_over:
            last = draft
    return out


def _is_next_line(head: Draft, below: Draft, body: float) -> bool:
    both = head.kind is below.kind is BlockKind.HEADING and head.page == below.page
    if not both or below.size < _TITLE * body or abs(head.size - below.size) > 0.5:
        return False
    one, other = head.boxes[-1], below.boxes[0]
    middles = abs((one.x0 + one.x1) - (other.x0 + other.x1)) / 2
    in_line = min(abs(one.x0 - other.x0), middles) < below.size
    close = -0.2 * below.size < other.y0 - one.y1 < 0.75 * below.size
    same = head.bold == below.bold and head.told == below.told
    return in_line and close and same and numbering(below.text) is None


def demote_cut_sentences(drafts: Sequence[Draft]) -> list[Draft]:
    """Long headings without a number whose sentence goes on in small letters below become the
    first line of that paragraph."""
    return _put_together(drafts, _is_cut_sentence)


def _is_cut_sentence(head: Draft, below: Draft) -> bool:
    if head.kind is not BlockKind.HEADING or below.kind is not BlockKind.PARAGRAPH:
        return False
    goes_on = below.text[:1].islower() and not ends_sentence(head.text)
    return goes_on and len(head.text) > _LONG_HEAD and numbering(head.text) is None


def join_paragraphs(drafts: Sequence[Draft]) -> list[Draft]:
    """Paragraphs and list items that a page or column break cut become one again, with the
    boxes of both parts. Furniture and footnotes in between are passed over."""
    return _put_together(drafts, _goes_on)


def _goes_on(first: Draft, second: Draft) -> bool:
    kinds = (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)
    if first.kind not in kinds or second.kind is not BlockKind.PARAGRAPH:
        return False
    before, after = first.boxes[-1], second.boxes[0]
    next_page = after.page == before.page + 1
    next_column = after.page == before.page and after.x0 > before.x1 - 5 and after.y0 < before.y1
    if not (next_page or next_column):
        return False
    if "\n" in first.text or "\n" in second.text or abs(first.size - second.size) > 0.75:
        return False
    if ends_sentence(first.text):
        return _ends_full(first, second)
    head, tail = second.text[0], first.text[-1]
    if head.islower() or tail in ",，、(（“‘":
        return True
    if tail == "-" and head.isalpha():
        return True
    if numbering(second.text) is not None:
        return False
    if is_spaceless(head) or is_spaceless(tail):
        room = max(first.size, 1) * (2.5 + 0.6 * unbreakable(second.text))
        full = first.last_x >= first.column[2] - room
        indented = second.first_x > second.column[0] + 1.2 * max(second.size, 1)
        return full and not indented
    return head.isdigit() and tail.isalpha() and tail.islower()


def _ends_full(first: Draft, second: Draft) -> bool:
    """Whether a text that ends a sentence at the end of a page goes on all the same: its last
    line is full, so that the first word of the next page had no room, as few last lines of
    paragraphs are, and that word stands at the margin."""
    if first.text.rstrip().endswith((":", "：", ";", "；")) or first.told < 0:
        return False
    size = max(second.size, 1)
    start, head = second.text.strip(), second.text.strip()[:1]
    if numbering(start) is not None or not head or not (head.isalnum() or is_spaceless(head)):
        return False
    if second.bold != first.bold or second.first_x > second.column[0] + 0.8 * size:
        return False
    room = first.column[2] - first.last_x
    wide = first.column[2] - first.column[0] > 12 * size
    lines = first.boxes[-1].y1 - first.boxes[-1].y0 > 1.8 * size
    if is_spaceless(head):
        return wide and lines and room < 0.9 * size
    return wide and lines and room < 0.45 * size * len(start.split(None, 1)[0])


def nest_lists(drafts: Sequence[Draft]) -> None:
    """The depth of list items from how far they are indented within their run."""
    indents: list[float] = []
    last: Draft | None = None
    told = any(draft.told > 1 and draft.kind is BlockKind.LIST_ITEM for draft in drafts)
    for draft in drafts:
        if draft.kind in _PASSED_OVER:
            continue
        if draft.kind is not BlockKind.LIST_ITEM:
            indents, last = [], None
            continue
        if told:
            draft.level = max(1, draft.told)
            continue
        x = draft.first_x
        if last is not None and (draft.page != last.page or draft.column[0] > last.column[2]):
            # Another page or column has another margin: the level goes on from the last one's.
            shift = x - last.first_x
            if abs(shift) > 60:
                indents = [indent + shift for indent in indents]
        while indents and indents[-1] > x + 5:
            indents.pop()
        if not indents or x > indents[-1] + 5:
            indents.append(x)
        draft.level = len(indents)
        last = draft


def finished(drafts: Sequence[Draft]) -> Iterator[Block]:
    """The blocks, empty ones left out."""
    for draft in drafts:
        if draft.text.strip():
            level = draft.level if draft.kind in (BlockKind.HEADING, BlockKind.LIST_ITEM) else 0
            table = draft.table if draft.kind is BlockKind.TABLE else None
            yield Block(draft.kind, draft.text, level, tuple(draft.boxes), table)
