"""A truth document as slides or as a workbook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from pptx import Presentation
from pptx.util import Inches, Pt

from bench.truth.model import Break, Content, Grid, Heading, Item, Para, Piece


def slide_groups(content: Content) -> list[list[Piece]]:
    """The pieces of each slide (of each sheet)."""
    groups: list[list[Piece]] = [[]]
    for piece in content.pieces:
        if isinstance(piece, Break):
            groups.append([])
        else:
            groups[-1].append(piece)
    return groups


def write_pptx(content: Content, path: Path) -> None:
    """A title slide and one slide for each group, with footers in text boxes; paragraphs are the
    speaker's notes."""
    deck = Presentation()
    deck.core_properties.author = content.author
    deck.core_properties.title = content.title
    first = deck.slides.add_slide(deck.slide_layouts[0])
    first.shapes.title.text = content.title
    first.placeholders[1].text = f"{content.author} {content.date}"
    for number, group in enumerate(slide_groups(content), start=2):
        has_grid = any(isinstance(piece, Grid) for piece in group)
        slide = deck.slides.add_slide(deck.slide_layouts[5 if has_grid else 1])
        for piece in group:
            if isinstance(piece, Heading):
                slide.shapes.title.text = piece.text
            elif isinstance(piece, Grid):
                _table(slide, piece)
            elif isinstance(piece, Para):
                slide.notes_slide.notes_text_frame.text = piece.text
        items = [piece for piece in group if isinstance(piece, Item)]
        if items and not has_grid:
            _points(slide.placeholders[1].text_frame, items)
        box = slide.shapes.add_textbox(Inches(0.5), Inches(7.05), Inches(9), Inches(0.35))
        run = box.text_frame.paragraphs[0].add_run()
        run.text = content.footer.replace("{page}", str(number))
        run.font.size = Pt(10)
    deck.save(str(path))


def _points(frame: Any, items: list[Item]) -> None:
    for index, item in enumerate(items):
        paragraph = frame.paragraphs[0] if index == 0 else frame.add_paragraph()
        paragraph.level = item.level - 1
        run = paragraph.add_run()
        run.text = item.text
        run.font.size = Pt(18 if item.level == 1 else 15)


def _table(slide: Any, grid: Grid) -> None:
    rows, columns = len(grid.rows), len(grid.rows[0])
    shape = slide.shapes.add_table(rows, columns, Inches(0.7), Inches(1.8), Inches(8.6), Inches(2))
    for r, row in enumerate(grid.rows):
        for c, text in enumerate(row):
            shape.table.cell(r, c).text = text


def write_xlsx(content: Content, path: Path) -> None:
    """A sheet for each group, named by its heading; numbers are stored as numbers. A sheet with
    more than one table starts in the second column and has empty rows between its parts."""
    book = Workbook()
    book.properties.creator = content.author or "Braid"
    book.remove(book.active)
    for group in slide_groups(content):
        name = next(piece.text for piece in group if isinstance(piece, Heading))
        sheet = book.create_sheet(name)
        grids = sum(isinstance(piece, Grid) for piece in group)
        left, at = (2, 2) if grids > 1 else (1, 1)
        for piece in group:
            if isinstance(piece, Para):
                _value(sheet.cell(at, left), piece.text, header=True)
                at += 2
            elif isinstance(piece, Grid):
                _area(sheet, piece, at, left)
                at += len(piece.rows) + 1
    book.save(str(path))


def _area(sheet: Any, grid: Grid, top: int, left: int) -> None:
    covered = grid.covered()
    for r, row in enumerate(grid.rows):
        for c, text in enumerate(row):
            if (r, c) not in covered and text:
                _value(sheet.cell(top + r, left + c), text, header=r < grid.header_rows)
    for r, c, high, wide in grid.merges:
        sheet.merge_cells(
            start_row=top + r, start_column=left + c,
            end_row=top + r + high - 1, end_column=left + c + wide - 1,
        )  # fmt: skip


def _value(cell: Any, text: str, *, header: bool) -> None:
    bare = text.replace(",", "")
    if not header and bare.replace(".", "", 1).isdigit() and not bare.startswith("0"):
        cell.value = float(bare) if "." in bare else int(bare)
        if "," in text:
            cell.number_format = "#,##0.00" if "." in bare else "#,##0"
        elif "." in bare:
            cell.number_format = "0.00"
    else:
        cell.value = text
    cell.font = Font(bold=header)
