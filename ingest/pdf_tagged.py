"""Drafts of blocks from the pages of a tagged file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ingest.contract import BlockKind, Box
from ingest.lines import ends_sentence, join_lines, join_pair, tidy
from ingest.pdf_blocks import Draft, can_head, draft_of, drafts_of, without_bullet
from ingest.pdf_layout import Line, PageLayout, Region, union, visual_lines
from ingest.pdf_paragraphs import Setting, text_regions
from ingest.pdf_survey import Survey, take_running
from ingest.pdf_tables import count_header_rows, without_repeats
from ingest.pdf_tag_gaps import Reach, with_gaps
from ingest.pdf_tags import CellPlace, Element, Tree, element_of
from ingest.pdf_text import Path, Tagged
from ingest.tables import Cell, expand, to_markdown

_KINDS = {
    "H": BlockKind.HEADING,
    "P": BlockKind.PARAGRAPH,
    "LI": BlockKind.LIST_ITEM,
    "Table": BlockKind.TABLE,
    "Note": BlockKind.FOOTNOTE,
    "Caption": BlockKind.CAPTION,
    "TOC": BlockKind.FURNITURE,
    "Figure": BlockKind.PARAGRAPH,
    "Formula": BlockKind.FORMULA,
    "Code": BlockKind.CODE,
}


@dataclass(slots=True)
class TaggedBlocks:
    """Drafts gathered page by page; an element that goes on over a page break stays one draft.
    Call `finish` when all pages are in."""

    tree: Tree
    survey: Survey
    drafts: list[Draft] = field(default_factory=list)
    _open: dict[Path, Draft] = field(default_factory=dict)
    _cells: dict[Path, dict[Path, str]] = field(default_factory=dict)
    _reach: dict[Path, Reach] = field(default_factory=dict)

    def add(self, number: int, size: tuple[float, float], page: Sequence[Tagged]) -> None:
        """Take in a page of that number (from 1), width and height."""
        width, height = size
        running, _ = take_running(self.survey, number, height, [t.line for t in page])
        elements: dict[Path, tuple[Element, list[tuple[Path, Line]]]] = {}
        loose: list[Line] = []
        for tagged in page:
            if self.survey.runs(number, tagged.line, height):
                continue
            element = element_of(tagged)
            if element is None:
                loose.append(tagged.line)
                continue
            elements.setdefault(element.path, (element, []))[1].append((element.cell, tagged.line))
        layout = PageLayout(number, width, height, ())
        drafts = list(drafts_of(PageLayout(number, width, height, tuple(running)), 10.0))
        for draft in drafts:
            draft.kind = BlockKind.FURNITURE
        told = [
            draft
            for path in sorted(elements)
            for draft in self._element(*elements[path], layout=layout)
        ]
        regions: tuple[Region, ...] = ()
        if loose:
            box = union(line.box for line in loose)
            regions = tuple(text_regions(loose, (box[0], box[2]), Setting(self.survey, ())))
        for draft in drafts_of(PageLayout(number, width, height, regions), self.survey.body_size):
            _insert(told, draft, height, bool(elements))
        self.drafts.extend([*drafts, *told])

    def _element(
        self, element: Element, lines: Sequence[tuple[Path, Line]], layout: PageLayout
    ) -> Iterator[Draft]:
        if element.role == "Table":
            yield from self._table(element, lines, layout)
            return
        text = ""
        boxes: list[Box] = []
        first: Draft | None = None
        for part in _falling([line for _, line in lines]):
            row = visual_lines(part)
            box = union(line.box for line in row)
            draft = draft_of(_KINDS[element.role], "", Region("tagged", box, row), row, layout)
            texts = [tidy(line.text) for line in row]
            if element.role == "Code":
                text += ("\n" if text else "") + "\n".join(line.text.rstrip() for line in row)
            else:
                text = join_pair(text, join_lines(texts)) if text else join_lines(texts)
            boxes.extend(draft.boxes)
            first = first or draft
        if first is None or not text:
            return
        if element.role == "LI":
            text = without_bullet(text)
        known = self._open.get(element.path)
        if known is not None and known.kind is first.kind:
            known.text = join_pair(known.text, text)
            known.boxes.extend(boxes)
            return
        first.text, first.boxes, first.told = text, boxes, element.level
        self._open[element.path] = first
        yield first

    def _table(
        self, element: Element, lines: Sequence[tuple[Path, Line]], layout: PageLayout
    ) -> Iterator[Draft]:
        cells: dict[Path, list[Line]] = {}
        for cell, line in lines:
            cells.setdefault(cell, []).append(line)
        known = self._cells.setdefault(element.path, {})
        for cell, inside in cells.items():
            text = join_lines(tidy(line.text) for line in visual_lines(inside))
            box = union(line.box for line in inside)
            before = self._reach.get(cell, (box[0], box[2]))
            self._reach[cell] = (min(before[0], box[0]), max(before[1], box[2]))
            # A header that is repeated on each page bears the path of the first.
            if known.get(cell) != text:
                known[cell] = join_pair(known[cell], text) if cell in known else text
        every = [line for _, line in lines]
        region = Region("tagged", union(line.box for line in every), every)
        draft = draft_of(BlockKind.TABLE, "", region, every, layout)
        first = self._open.get(element.path)
        if first is not None:
            first.boxes.extend(draft.boxes)
            return
        draft.text = "\n"
        self._open[element.path] = draft
        yield draft

    def finish(self) -> list[Draft]:
        """The drafts of the document; headings by their looks where no element is one."""
        for path, texts in self._cells.items():
            rows = with_gaps([row for row in self.tree.rows(path) if row], self._reach)
            _fill(self._open[path], rows, texts)
        if not any(draft.kind is BlockKind.HEADING for draft in self.drafts):
            for draft in self.drafts:
                if draft.kind is BlockKind.PARAGRAPH and _looks_like_heading(draft, self.survey):
                    draft.kind = BlockKind.HEADING
        return self.drafts


def _falling(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """The lines of an element, cut where they go back up: there a column ends."""
    part: list[Line] = []
    for line in lines:
        if part and line.box[3] < part[-1].box[1] - 2 * line.size:
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _insert(drafts: list[Draft], draft: Draft, height: float, any_told: bool) -> None:
    """Put what no element holds where it stands on the page; above or below all elements, close
    to the edge, it is furniture."""
    box = draft.boxes[0]
    tops = [d.boxes[0].y0 for d in drafts if d.told >= 0 and d.layout_kind == "tagged"]
    bottoms = [d.boxes[-1].y1 for d in drafts if d.layout_kind == "tagged"]
    edge = box.y1 < 0.08 * height or box.y0 > 0.92 * height
    outside = bool(tops) and (box.y1 <= min(tops) or box.y0 >= max(bottoms))
    if any_told and edge and outside:
        draft.kind = BlockKind.FURNITURE
    for index, other in enumerate(drafts):
        if other.boxes[0].y0 >= box.y1 - 1:
            drafts.insert(index, draft)
            return
    drafts.append(draft)


def _fill(draft: Draft, rows: Sequence[Sequence[CellPlace]], texts: dict[Path, str]) -> None:
    """Make the draft the table of the cells; one row or column is no table but its texts."""
    grid = expand(
        [[Cell(texts.get(cell.path, ""), cell.columns, cell.rows) for cell in row] for row in rows]
    )
    width = max((len(row) for row in grid), default=0)
    full = [[*row, *[""] * (width - len(row))] for row in grid]
    heads = 0
    for row, line in zip(rows, full, strict=True):
        if not all(cell.header for cell in row) or heads >= len(full) - 1:
            break
        heads += bool(any(line))
    full = [row for row in full if any(row)]
    table = without_repeats(full, heads or count_header_rows(full)) if full else None
    if table is None:
        draft.kind = BlockKind.PARAGRAPH
        draft.text = "\n".join(text for _, text in sorted(texts.items()) if text)
        return
    draft.table, draft.text = table, to_markdown(table)


def _looks_like_heading(draft: Draft, survey: Survey) -> bool:
    if not can_head(draft.text) or len(draft.text) > 150 or ends_sentence(draft.text):
        return False
    if re.match(r"[\d\W_]+$", draft.text):
        return False
    larger = draft.size > 1.12 * survey.body_size
    bold = draft.bold and not survey.body_bold and draft.size >= 0.95 * survey.body_size
    return larger or bold
