"""Renders `examples/sources` into `examples/corpus`.

Markdown sources become PDF, DOCX or HTML, as the `output` line of their front matter says; text
sources are written in the encodings of TEXT_FILES. The Markdown documents of the corpus are
their own sources and stay as they are. It needs the packages of pyproject.toml and nothing
else; the same versions of these give the same bytes.

    python examples/build_corpus.py [FOLDER]
"""

from __future__ import annotations

import html
import io
import re
import sys
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

HERE = Path(__file__).resolve().parent
CREATED = datetime(2025, 6, 2, 9, 0, 0)  # fixed, so that building again gives the same bytes
COMPANY = {"en": "Aldervane Fluid Systems", "zh": "奥德梵流体技术（苏州）有限公司"}
TEXT_FILES = {
    "差旅费管理规定.txt": "gb18030",
    "来料检验规程.txt": "gb18030",
    "經銷商通告.txt": "utf-16-le",
}

PDF_CSS = """
body { font-family: sans-serif; font-size: 10.5pt; line-height: 1.5; color: #1c2126; }
h1 { font-size: 21pt; line-height: 1.25; color: #0f4c6e; margin: 0 0 8pt 0; }
h2 { font-size: 15pt; color: #0f4c6e; margin: 16pt 0 5pt 0; }
h3 { font-size: 12pt; color: #0f4c6e; margin: 11pt 0 4pt 0; }
p { margin: 0 0 6pt 0; }
ul, ol { margin: 0 0 6pt 0; }
li { margin: 0 0 3pt 0; }
table { width: 100%; border-collapse: collapse; margin: 5pt 0 10pt 0; }
th { border: 0.6pt solid #8aa2b2; padding: 4pt 5pt; color: #0f4c6e; font-weight: bold;
     text-align: left; font-size: 9pt; line-height: 1.35; }
td { border: 0.6pt solid #8aa2b2; padding: 3pt 5pt; font-size: 9pt; line-height: 1.35; }
"""
LAST_LINES = 78  # points that a heading needs below it: a line of text, or two rows of a table
RUNNING_CSS = "p { font-family: sans-serif; font-size: 8pt; color: #6b7780; margin: 0; }"


@dataclass(frozen=True, slots=True)
class SourcePage:
    """A Markdown source: what its front matter says, and its body."""

    front: dict[str, str]
    body: str

    @staticmethod
    def read(path: Path) -> SourcePage:
        """Raises ValueError where there is no front matter."""
        match = re.fullmatch(r"---\n(.*?)\n---\n(.*)", path.read_text("utf-8"), re.DOTALL)
        if match is None:
            raise ValueError(f"{path.name}: no front matter between two lines of ---")
        pairs = (line.partition(": ") for line in match[1].splitlines())
        return SourcePage({key: value for key, _, value in pairs}, match[2])


def markdown() -> MarkdownIt:
    """The Markdown that the sources use: CommonMark and tables."""
    return MarkdownIt("commonmark").enable("table")


# --- PDF ---


def render_pdf(page: SourcePage) -> bytes:
    """A4 pages with a running header, a footer with page numbers, and an outline."""
    pymupdf: Any = import_module("pymupdf")
    sheet = pymupdf.paper_rect("a4")
    body_area = pymupdf.Rect(58, 66, sheet.x1 - 58, sheet.y1 - 62)
    html_body, headings = paginated(keep_short_cells(markdown().render(page.body)), body_area)
    total = headings[-1].total
    outline = [[heading.level, heading.text, heading.page] for heading in headings]

    story = pymupdf.Story(html=html_body, user_css=PDF_CSS)
    buffer = io.BytesIO()
    writer = pymupdf.DocumentWriter(buffer)
    for number in range(1, total + 1):
        device = writer.begin_page(sheet)
        place_running(device, page.front["header"], pymupdf.Rect(58, 28, 537, 52))
        story.place(body_area)
        story.draw(device)
        place_running(device, footer_text(page, number, total), pymupdf.Rect(58, 796, 537, 820))
        writer.end_page()
    writer.close()
    return finish_pdf(buffer.getvalue(), page, outline)


@dataclass(frozen=True, slots=True)
class PlacedHeading:
    """Where a heading came to stand; `total` is the number of pages of its document."""

    level: int
    text: str
    page: int
    bottom: float
    total: int


def keep_short_cells(body: str) -> str:
    """Part numbers and single words of a table are not broken over lines."""
    return re.sub(
        r"<(t[dh])>([^\s<]{1,6}|[A-Z0-9-]{5,14})</",
        r'<\1 style="white-space: nowrap">\2</',
        body,
    )


def paginated(body: str, area: Any) -> tuple[str, list[PlacedHeading]]:
    """The HTML with a page break before every heading that would else end its page, and its
    headings. A heading right under another one takes that one along."""
    while True:
        headings = placed_headings(body, area)
        starts = [match.start() for match in re.finditer(r"<h[1-3]", body)]
        late = [index for index, head in enumerate(headings) if head.bottom > area.y1 - LAST_LINES]
        if not late:
            return body, headings
        first = late[0]
        while re.fullmatch(r"<h\d[^>]*>[^<]*</h\d>\s*", body[starts[first - 1] : starts[first]]):
            first -= 1
        at = starts[first] + len("<h2")
        body = f'{body[:at]} style="page-break-before: always"{body[at:]}'


def placed_headings(body: str, area: Any) -> list[PlacedHeading]:
    """Lays the document out without drawing it."""
    pymupdf: Any = import_module("pymupdf")
    texts = iter(re.findall(r"<h[1-3][^>]*>(.*?)</h", body))
    seen: list[tuple[int, str, int, float]] = []

    def note(position: Any) -> None:
        if position.heading and position.open_close & 1:
            # position.text has no space where the line breaks
            text = html.unescape(next(texts))
            seen.append((position.heading, text, position.page_number, position.rect[3]))

    story = pymupdf.Story(html=body, user_css=PDF_CSS)
    total, more = 0, 1
    while more:
        total += 1
        more, _ = story.place(area)
        story.element_positions(note, {"page_number": total})
        story.draw(None)  # draws nothing; the next call places the next page
    return [PlacedHeading(*heading, total) for heading in seen]


def footer_text(page: SourcePage, number: int, total: int) -> str:
    """The footer line with the page number."""
    chinese = page.front["lang"] == "zh"
    counter = f"第 {number} 页，共 {total} 页" if chinese else f"Page {number} of {total}"
    return f"{page.front['footer']}　　{counter}"


def place_running(device: Any, text: str, area: Any) -> None:
    """Draws one line of furniture."""
    pymupdf: Any = import_module("pymupdf")
    story = pymupdf.Story(html=f"<p>{html.escape(text)}</p>", user_css=RUNNING_CSS)
    if story.place(area)[0]:
        raise ValueError(f"header or footer does not fit on its line: {text}")
    story.draw(device)


def finish_pdf(data: bytes, page: SourcePage, outline: list[list[Any]]) -> bytes:
    """Adds outline and metadata, and cuts the fonts down to the glyphs in use."""
    pymupdf: Any = import_module("pymupdf")
    stamp = CREATED.strftime("D:%Y%m%d%H%M%SZ")
    with pymupdf.open(stream=data, filetype="pdf") as document:
        document.subset_fonts()
        document.set_toc(outline)
        document.set_metadata(
            {
                "title": page.front["title"],
                "author": COMPANY[page.front["lang"]],
                "creationDate": stamp,
                "modDate": stamp,
            }
        )
        return bytes(document.tobytes(garbage=4, deflate=True, use_objstms=1, no_new_id=True))


# --- DOCX ---


def render_docx(page: SourcePage) -> bytes:
    """A Word file with real heading, list and table styles, a header and page numbers."""
    docx: Any = import_module("docx")
    document = docx.Document()
    set_fonts(document)
    section = document.sections[0]
    section.header.paragraphs[0].text = page.front["header"]
    footer = section.footer.paragraphs[0]
    footer.text = page.front["footer"] + "　　"
    add_page_field(footer)
    for node in SyntaxTreeNode(markdown().parse(page.body)).children:
        add_block(document, node)
    properties = document.core_properties
    properties.title = page.front["title"]
    properties.author = COMPANY[page.front["lang"]]
    properties.comments = ""
    properties.created = properties.modified = CREATED
    relations = document.part.package.rels  # the template's preview picture is not ours
    for name in [name for name, relation in relations.items() if "thumbnail" in relation.reltype]:
        del relations[name]
    buffer = io.BytesIO()
    document.save(buffer)
    return with_fixed_dates(buffer.getvalue())


def set_fonts(document: Any) -> None:
    """Fonts for Latin and for Chinese text; without the second, Word takes what it likes."""
    from docx.oxml.ns import qn
    from docx.shared import Pt

    document.styles["Normal"].font.size = Pt(10.5)
    for style in document.styles:
        if style.name in ("Normal", "Title", "Heading 1", "Heading 2"):
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for attribute in [key for key in fonts.attrib if key.endswith("Theme")]:
                del fonts.attrib[attribute]
            fonts.set(qn("w:ascii"), "Calibri")
            fonts.set(qn("w:hAnsi"), "Calibri")
            fonts.set(qn("w:eastAsia"), "Microsoft YaHei")


def add_page_field(paragraph: Any) -> None:
    """The field that Word shows as the page number."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    field = OxmlElement("w:fldSimple")
    field.set(qn("w:instr"), "PAGE")
    paragraph._p.append(field)


def add_block(document: Any, node: SyntaxTreeNode) -> None:
    """One block of Markdown. The first level of headings is the title of the document."""
    match node.type:
        case "heading":
            document.add_heading(plain(node), level=int(node.tag[1]) - 1)
        case "paragraph":
            add_runs(document.add_paragraph(), node)
        case "bullet_list":
            for item in node.children:
                add_runs(document.add_paragraph(style="List Bullet"), item.children[0])
        case "ordered_list":
            number = new_numbering(document)
            for item in node.children:
                paragraph = document.add_paragraph(style="List Number")
                paragraph._p.get_or_add_pPr().get_or_add_numPr().get_or_add_numId().val = number
                add_runs(paragraph, item.children[0])
        case "table":
            add_table(document, node)
        case other:
            raise ValueError(f"no rendering of {other} in Word files")


def new_numbering(document: Any) -> int:
    """A numbering that starts at 1; the style alone would count on from the last list."""
    numbering = document.part.numbering_part.element
    style = document.styles["List Number"].element.pPr.numPr.numId.val
    abstract = numbering.num_having_numId(style).abstractNumId.val
    number = numbering.add_num(abstract)
    number.add_lvlOverride(ilvl=0).add_startOverride(1)
    return int(number.numId)


def add_table(document: Any, node: SyntaxTreeNode) -> None:
    """A table whose first row is marked as the header that every page repeats."""
    from docx.oxml import OxmlElement

    rows = [row for part in node.children for row in part.children]
    table = document.add_table(len(rows), len(rows[0].children), style="Light Grid Accent 1")
    for row, cells in zip(rows, table.rows, strict=True):
        for cell, target in zip(row.children, cells.cells, strict=True):
            add_runs(target.paragraphs[0], cell)
    table.rows[0]._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph()


def add_runs(paragraph: Any, node: SyntaxTreeNode) -> None:
    """The text of a block, with bold and italic kept."""
    for child in node.walk():
        if child.type == "text":
            run = paragraph.add_run(child.content)
            kinds = {child.parent.type} if child.parent else set()
            run.bold = "strong" in kinds or None
            run.italic = "em" in kinds or None
        elif child.type == "softbreak":
            paragraph.add_run(" ")


def plain(node: SyntaxTreeNode) -> str:
    """The text of a node without its marks."""
    return "".join(child.content for child in node.walk() if child.type == "text")


def with_fixed_dates(data: bytes) -> bytes:
    """The same ZIP archive with every date set to CREATED."""
    buffer = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(data)) as old,
        zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            entry = zipfile.ZipInfo(name, CREATED.timetuple()[:6])
            new.writestr(entry, old.read(name), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


# --- HTML ---


def render_html(page: SourcePage) -> bytes:
    """A web page with what surrounds content on the web: navigation, notices, footer."""
    template = (HERE / "sources" / f"page-{page.front['lang']}.html").read_text("utf-8")
    entries = "\n".join(
        f'      <li><a href="#">{html.escape(entry)}</a></li>'
        for entry in page.front["nav"].split(" | ")
    )
    filled = template.replace("@TITLE@", html.escape(page.front["title"]))
    filled = filled.replace("@NAV@", entries).replace("@CONTENT@", markdown().render(page.body))
    return filled.encode("utf-8")


RENDERERS: dict[str, Callable[[SourcePage], bytes]] = {
    ".pdf": render_pdf,
    ".docx": render_docx,
    ".html": render_html,
}


def build(target: Path) -> list[Path]:
    """Renders every source into the folder and returns the files written."""
    target.mkdir(parents=True, exist_ok=True)
    written = []
    for path in sorted((HERE / "sources").glob("*.md")):
        page = SourcePage.read(path)
        output = target / page.front["output"]
        output.write_bytes(RENDERERS[output.suffix](page))
        written.append(output)
    for name, encoding in TEXT_FILES.items():
        text = (HERE / "sources" / name).read_text("utf-8")
        output = target / name
        mark = "\ufeff" if encoding.startswith("utf-16") else ""
        output.write_bytes((mark + text.replace("\n", "\r\n")).encode(encoding))
        written.append(output)
    return written


if __name__ == "__main__":
    for file in build(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE / "corpus"):
        print(f"{file.stat().st_size:>8}  {file.name}")
