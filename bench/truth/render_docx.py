"""A truth document as a Word file, with styles or with bold and size alone."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_BREAK, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Cm, Pt
from PIL import Image, ImageDraw

from bench.truth.model import (
    Break,
    Code,
    Content,
    Figure,
    Grid,
    Heading,
    Item,
    Para,
)

_FONT = {"zh": ("Liberation Serif", "Noto Serif CJK SC"), "en": ("Liberation Serif", "")}
_NUMBER = re.compile(r"^(?:[一二三四五六七八九十]+、|（[一二三四五六七八九十]+）|\d+(?:\.\d+)* )")
_SIZES = {1: 16, 2: 14, 3: 12.5, 4: 11.5}


def write_docx(
    content: Content, path: Path, *, styled: bool = True, pages: Mapping[str, int] | None = None,
    numbered: bool = False,
) -> None:  # fmt: skip
    """Writes the file. `pages` maps a heading to its page in the table of contents. Where
    `numbered`, Word numbers the headings: their text holds no number."""
    writer = _Writer(content, styled, pages or {}, numbered)
    writer.run().save(str(path))


@dataclass
class _Writer:
    content: Content
    styled: bool
    pages: Mapping[str, int]
    numbered: bool = False
    notes: list[str] = field(default_factory=list)
    document: Any = field(default_factory=Document)

    def run(self) -> Any:
        document, content = self.document, self.content
        document.core_properties.title = content.title if self.styled else ""
        document.core_properties.author = content.author
        self._fonts()
        if self.numbered:
            _number_headings(document, content.language)
        section = document.sections[0]
        section.page_width, section.page_height = Cm(21), Cm(29.7)
        section.left_margin = section.right_margin = Cm(2.6)
        self._running(section)
        self._title()
        if content.contents and self.styled:
            self._contents()
        if content.columns > 1:
            section = document.add_section(WD_SECTION.CONTINUOUS)
            columns = section._sectPr.find(qn("w:cols"))
            if columns is None:
                columns = OxmlElement("w:cols")
                section._sectPr.append(columns)
            columns.set(qn("w:num"), str(content.columns))
            columns.set(qn("w:space"), "500")
        for piece in content.pieces:
            self._piece(piece)
        if self.notes:
            self._footnotes_part()
        return document

    def _fonts(self) -> None:
        latin, asian = _FONT[self.content.language]
        for style in self.document.styles:
            if getattr(style, "font", None) is None or not hasattr(style.element, "get_or_add_rPr"):
                continue
            style.font.name = latin
            if asian:
                fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
                for name in list(fonts.attrib):
                    if name.endswith("Theme"):
                        del fonts.attrib[name]
                fonts.set(qn("w:eastAsia"), asian)
        self.document.styles["Normal"].font.size = Pt(11)

    def _title(self) -> None:
        if self.styled:
            self.document.add_paragraph(self.content.title, style="Title")
            return
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        run = paragraph.add_run(self.content.title)
        run.bold, run.font.size = True, Pt(20)

    def _contents(self) -> None:
        document, content = self.document, self.content
        styles = document.styles
        paragraph = document.add_paragraph()
        run = paragraph.add_run(content.contents)
        run.bold, run.font.size = True, Pt(15)
        for piece in content.pieces:
            if not isinstance(piece, Heading) or piece.level > 3:
                continue
            name = f"toc {piece.level}"
            if name not in styles:
                style = styles.add_style(name, 1)
                style.base_style = styles["Normal"]
                style.paragraph_format.left_indent = Cm(0.6 * (piece.level - 1))
                style.paragraph_format.tab_stops.add_tab_stop(
                    Cm(15.6), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
                )
            document.add_paragraph(f"{piece.text}\t{self.pages.get(piece.text, 1)}", style=name)
        document.paragraphs[-1].add_run().add_break(WD_BREAK.PAGE)

    def _running(self, section: Any) -> None:
        content = self.content
        if content.header:
            paragraph = section.header.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.add_run(content.header).font.size = Pt(9)
        if content.watermark:
            section.header.paragraphs[0].add_run()._r.append(_watermark(content.watermark))
        if content.footer:
            paragraph = section.footer.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            rest = content.footer.replace("{pages}", "\0NUMPAGES\0").replace("{page}", "\0PAGE\0")
            for part in rest.split("\0"):
                if part in ("PAGE", "NUMPAGES"):
                    _field(paragraph, part)
                elif part:
                    paragraph.add_run(part)

    def _piece(self, piece: object) -> None:
        document = self.document
        if isinstance(piece, Heading):
            self._heading(piece)
        elif isinstance(piece, Para):
            paragraph = document.add_paragraph(piece.text)
            if self.content.language == "zh":
                paragraph.paragraph_format.first_line_indent = Pt(22)
            if piece.note:
                self._note(paragraph, piece.note)
        elif isinstance(piece, Item):
            self._item(piece)
        elif isinstance(piece, Grid):
            self._grid(piece)
        elif isinstance(piece, Code):
            for line in piece.text.split("\n"):
                paragraph = document.add_paragraph()
                paragraph.paragraph_format.space_after = Pt(0)
                run = paragraph.add_run(line)
                run.font.name = "Liberation Mono"
                run.font.size = Pt(9.5)
        elif isinstance(piece, Figure):
            picture = document.add_paragraph()
            picture.alignment = WD_ALIGN_PARAGRAPH.CENTER
            width = Cm(6 if self.content.columns > 1 else 9)
            picture.add_run().add_picture(io.BytesIO(chart()), width=width)
            self._caption(piece.caption)
        elif isinstance(piece, Break):
            document.add_page_break()

    def _heading(self, piece: Heading) -> None:
        if self.styled:
            text = _NUMBER.sub("", piece.text) if self.numbered else piece.text
            self.document.add_heading(text, piece.level)
            return
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.keep_with_next = True
        run = paragraph.add_run(piece.text)
        run.bold, run.font.size = True, Pt(_SIZES[piece.level])

    def _item(self, piece: Item) -> None:
        if self.styled and piece.mark in ("", "1.", "2.", "3."):
            base = "List Number" if piece.mark else "List Bullet"
            style = base if piece.level == 1 else f"{base} {piece.level}"
            self.document.add_paragraph(piece.text, style=style)
            return
        glue = "" if piece.mark.endswith("）") else " "
        paragraph = self.document.add_paragraph(f"{piece.mark or '•'}{glue}{piece.text}")
        paragraph.paragraph_format.left_indent = Cm(0.8 * piece.level)

    def _grid(self, piece: Grid) -> None:
        if piece.caption:
            self._caption(piece.caption)
        rows, columns = len(piece.rows), len(piece.rows[0])
        table = self.document.add_table(rows, columns)
        if not piece.borderless:
            table.style = "Table Grid"
        if self.content.columns > 1:
            for column in table.columns:
                column.width = Cm(15 / self.content.columns / columns)
        covered = piece.covered()
        for r, row in enumerate(piece.rows):
            cells = table.rows[r].cells
            for c, text in enumerate(row):
                if (r, c) not in covered:
                    run = cells[c].paragraphs[0].add_run(text)
                    run.font.size = Pt(9.5)
                    run.bold = r < piece.header_rows
            if r < piece.header_rows and self.styled:
                properties = table.rows[r]._tr.get_or_add_trPr()
                properties.append(OxmlElement("w:tblHeader"))
        for row, column, height, width in piece.merges:
            first = table.cell(row, column)
            first.merge(table.cell(row + height - 1, column + width - 1))
            for paragraph in first.paragraphs[1:]:
                paragraph._p.getparent().remove(paragraph._p)
        self.document.add_paragraph().paragraph_format.space_after = Pt(0)

    def _caption(self, text: str) -> None:
        if self.styled:
            self.document.add_paragraph(text, style="Caption")
            return
        paragraph = self.document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.add_run(text).font.size = Pt(9)

    def _note(self, paragraph: Any, text: str) -> None:
        self.notes.append(text)
        run = paragraph.add_run()
        run.font.superscript = True
        reference = OxmlElement("w:footnoteReference")
        reference.set(qn("w:id"), str(len(self.notes)))
        run._r.append(reference)

    def _footnotes_part(self) -> None:
        notes = "".join(
            f'<w:footnote w:id="{n}"><w:p><w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr>'
            f'<w:footnoteRef/></w:r><w:r><w:rPr><w:sz w:val="18"/></w:rPr>'
            f'<w:t xml:space="preserve"> {text}</w:t></w:r></w:p></w:footnote>'
            for n, text in enumerate(self.notes, start=1)
        )
        rules = (
            '<w:footnote w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p>'
            '</w:footnote><w:footnote w:type="continuationSeparator" w:id="0"><w:p><w:r>'
            "<w:continuationSeparator/></w:r></w:p></w:footnote>"
        )
        xml = (
            '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
            f"<w:footnotes {nsdecls('w')}>{rules}{notes}</w:footnotes>"
        )
        part = Part(
            PackURI("/word/footnotes.xml"),
            "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml",
            xml.encode(),
            self.document.part.package,
        )
        self.document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


def _number_headings(document: Any, language: str) -> None:
    """Ties the heading styles to a list of several levels: 一、 and （一）, or 1 and 1.1."""
    if language == "zh":
        levels = [("chineseCountingThousand", "%1、"), ("chineseCountingThousand", "（%2）"),
                  ("decimal", "%3."), ("decimal", "%3.%4")]  # fmt: skip
    else:
        levels = [("decimal", ".".join(f"%{n}" for n in range(1, k + 1))) for k in range(1, 5)]
    after = "nothing" if language == "zh" else "space"
    made = "".join(
        f'<w:lvl w:ilvl="{n}"><w:start w:val="1"/><w:numFmt w:val="{kind}"/>'
        f'<w:pStyle w:val="Heading{n + 1}"/><w:suff w:val="{after}"/>'
        f'<w:lvlText w:val="{text}"/><w:lvlJc w:val="left"/></w:lvl>'
        for n, (kind, text) in enumerate(levels)
    )
    numbering = document.part.numbering_part.element
    abstract = parse_xml(
        f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">'
        f'<w:multiLevelType w:val="multilevel"/>{made}</w:abstractNum>'
    )
    numbering.insert(0, abstract)
    numbering.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>')
    )
    for n in range(len(levels)):
        properties = document.styles[f"Heading {n + 1}"].element.get_or_add_pPr()
        properties.append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{n}"/><w:numId w:val="90"/></w:numPr>'
            )
        )


def _field(paragraph: Any, code: str) -> None:
    """A field with the result "1", as a program that does not lay out pages leaves it."""
    for kind in ("begin", None, "separate", "1", "end"):
        run = paragraph.add_run()
        if kind is None:
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = code
            run._r.append(instruction)
        elif kind == "1":
            run.text = "1"
        else:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            run._r.append(mark)


def _watermark(text: str) -> Any:
    return parse_xml(
        f'<w:pict {nsdecls("w")} xmlns:v="urn:schemas-microsoft-com:vml" '
        'xmlns:o="urn:schemas-microsoft-com:office:office">'
        '<v:shapetype id="_x0000_t136" coordsize="21600,21600" o:spt="136" adj="10800" '
        'path="m@7,l@8,m@5,21600l@6,21600e"><v:path textpathok="t" o:connecttype="rect"/>'
        '<v:textpath on="t" fitshape="t"/></v:shapetype>'
        '<v:shape id="PowerPlusWaterMarkObject1" o:spid="_x0000_s2049" type="#_x0000_t136" '
        'style="position:absolute;margin-left:0;margin-top:0;width:380pt;height:150pt;'
        "rotation:315;z-index:-251658752;mso-position-horizontal:center;"
        "mso-position-horizontal-relative:margin;mso-position-vertical:center;"
        'mso-position-vertical-relative:margin" fillcolor="#d8d8d8" stroked="f">'
        f'<v:fill opacity=".5"/><v:textpath style="font-family:&quot;Noto Sans CJK SC&quot;;'
        f'font-size:1pt" string="{text}"/></v:shape></w:pict>'
    )


def chart() -> bytes:
    """A bar chart without a word in it, as PNG."""
    picture = Image.new("L", (360, 160), 255)
    draw = ImageDraw.Draw(picture)
    draw.line([(20, 10), (20, 145), (350, 145)], fill=0, width=2)
    for index, height in enumerate((40, 75, 60, 95, 110, 88, 120)):
        draw.rectangle([40 + index * 44, 145 - height, 66 + index * 44, 144], fill=120)
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue()
