"""Writes the truth set: `python -m bench.truth.make TARGET [NAME ...]`.

LibreOffice, Chromium and poppler have to be installed. NAMEs are parts of file names; without
them everything is written.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.truth import (
    content_long,
    content_short,
    render_html,
    render_office,
    render_text,
    scan,
)  # fmt: skip
from bench.truth.convert import chromium, letters, office, page_texts
from bench.truth.model import Content, Heading
from bench.truth.render_docx import write_docx
from bench.truth.truth import Look, Pager, blocks, furniture, truth

CONTENTS: dict[str, Callable[[str], Content]] = {
    "report": content_long.report, "regulation": content_long.regulation,
    "manual": content_long.manual, "paper": content_long.paper,
    "prices": content_short.price_list, "minutes": content_short.minutes,
    "slides": content_short.slides, "mail": content_short.mail,
    "workbook": content_short.workbook, "notebook": content_short.notebook,
}  # fmt: skip


class Maker:
    """Writes files and their truths into one folder."""

    def __init__(self, target: Path, scratch: Path, wanted: Sequence[str]):
        self.target = target
        self.scratch = scratch
        self.wanted = wanted
        target.mkdir(parents=True, exist_ok=True)

    def wants(self, name: str) -> bool:
        """Whether the file is to be written."""
        return not self.wanted or any(part in name for part in self.wanted)

    def save(self, name: str, made: dict[str, Any]) -> None:
        """Writes the truth beside the file."""
        text = json.dumps(made, ensure_ascii=False, indent=1)
        (self.target / f"{name}.truth.json").write_text(text + "\n", encoding="utf-8")
        print(f"{name}: {(self.target / name).stat().st_size:,} bytes", file=sys.stderr)

    def flow(
        self, name: str, content: Content, look: Look, around: Sequence[dict[str, Any]] = ()
    ) -> None:
        """The truth of a file without pages, which has been written already."""
        kind = name.rsplit(".", 1)[1]
        self.save(name, truth(content, look, kind=kind, producer="python", around=around))

    # -- Word, and what LibreOffice makes of it

    def docx(self, content: Content, *, styled: bool = True, numbered: bool = False) -> None:
        """A Word file. Its table of contents has the pages that LibreOffice finds."""
        variant = "-numbered" if numbered else "" if styled else "-unstyled"
        name = f"{content.name}{variant}.docx"
        if not self.wants(name):
            return
        toc = self._toc(content, styled)
        write_docx(content, self.target / name, styled=styled, pages=toc, numbered=numbered)
        self.flow(name, content, Look(), furniture(content, 1, toc))

    def _toc(self, content: Content, styled: bool) -> dict[str, int]:
        """The pages of headings, from a first rendering."""
        if not content.contents or not styled:
            return {}
        draft, pdf = self.scratch / "draft.docx", self.scratch / "draft.pdf"
        write_docx(content, draft)
        office(draft, pdf)
        return _heading_pages(content, page_texts(pdf))

    def office_pdf(self, content: Content, *, styled: bool = True) -> Path:
        """A PDF that LibreOffice made of a Word file."""
        name = f"{content.name}-{'writer' if styled else 'unstyled'}.pdf"
        path = self.target / name
        if self.wants(name):
            source = self.scratch / f"{content.name}.docx"
            toc = self._toc(content, styled)
            write_docx(content, source, styled=styled, pages=toc)
            office(source, path)
            self.paged(name, content, Look(), "libreoffice", toc)
        return path

    def converted(self, content: Content, suffix: str) -> None:
        """RTF or ODT, from the Word file."""
        name = f"{content.name}.{suffix}"
        if self.wants(name):
            plain = replace(content, contents="", watermark="")
            source = self.scratch / f"{content.name}.docx"
            write_docx(plain, source)
            office(source, self.target / name)
            made = truth(plain, Look(), kind=suffix, producer="libreoffice",
                         around=furniture(plain, 1))  # fmt: skip
            self.save(name, made)

    # -- HTML

    def web(self, content: Content) -> None:
        """A web page; what stands around the content is furniture."""
        name = f"{content.name}.html"
        if self.wants(name):
            (self.target / name).write_text(render_html.web_page(content), encoding="utf-8")
            around = [{"kind": "navigation", "text": text} for text in content.boilerplate]
            self.flow(name, content, Look(), around)

    def chromium_pdf(self, content: Content, *, tagged: bool = True) -> Path:
        """A PDF that Chromium printed."""
        name = f"{content.name}-{'chromium' if tagged else 'untagged'}.pdf"
        path = self.target / name
        if self.wants(name):
            toc: dict[str, int] = {}
            if content.contents:
                draft = self.scratch / "draft.pdf"
                chromium(render_html.print_page(content), draft)
                toc = _heading_pages(content, page_texts(draft))
            chromium(render_html.print_page(content, toc), path, tagged=tagged)
            self.paged(name, content, Look(), "chromium", toc)
        return path

    def soup(self, content: Content, around: tuple[str, ...]) -> None:
        """A page of an old site."""
        name = f"{content.name}-soup.html"
        if self.wants(name):
            page = render_html.soup_page(content, around)
            (self.target / name).write_text(page, encoding="utf-8")
            self.flow(name, content, Look(), [{"kind": "navigation", "text": t} for t in around])

    # -- text, and text in containers

    def text(self, name: str, content: Content, data: str | bytes, look: Look) -> None:
        """A file that is made in memory."""
        if self.wants(name):
            made = data.encode() if isinstance(data, str) else data
            (self.target / name).write_bytes(made)
            self.flow(name, content, look)

    def epub(self, content: Content) -> None:
        """An e-book."""
        name = f"{content.name}.epub"
        if self.wants(name):
            render_text.epub(content, self.target / name)
            self.flow(name, content, Look())

    # -- slides and workbooks

    def slides(self, content: Content, suffix: str) -> None:
        """Slides, or what LibreOffice makes of them. The last line of each slide is furniture."""
        name = f"{content.name}.{suffix}"
        if not self.wants(name):
            return
        look = Look(optional=(f"{content.author} {content.date}",))
        source = self.scratch / f"{content.name}.pptx"
        render_office.write_pptx(content, source)
        if suffix == "pptx":
            shutil.copy(source, self.target / name)
        else:
            office(source, self.target / name)
        if suffix == "pdf":
            self.paged(name, content, look, "libreoffice", {})
            return
        count = 1 + len(render_office.slide_groups(content))
        around = furniture(content, count)[1:]  # the first slide has no footer
        placed = blocks(content, look)
        page = 1
        for block in placed:
            page += block["kind"] == "heading"
            block["page"] = page
        producer = "python" if suffix == "pptx" else "libreoffice"
        self.save(name, truth(content, look, kind=suffix, producer=producer, around=around,
                              found=placed, pages=count))  # fmt: skip

    def workbook(self, content: Content, suffix: str) -> None:
        """A workbook; its title is in no cell."""
        name = f"{content.name}.{suffix}"
        if not self.wants(name):
            return
        source = self.scratch / f"{content.name}.xlsx"
        render_office.write_xlsx(content, source)
        if suffix == "xlsx":
            shutil.copy(source, self.target / name)
        else:
            office(source, self.target / name)
        self.flow(name, content, Look(title=False, captions=False))

    # -- scans

    def scan(
        self, name: str, content: Content, pages: int, *, rotation: int = 0, skew: float = 0.0,
        printer: str = "libreoffice", worn: bool = False,
    ) -> None:  # fmt: skip
        """The first pages of a content, printed and scanned at 200 dpi."""
        if not self.wants(name):
            return
        source = self.scratch / f"{content.name}-{printer}.pdf"
        if printer == "chromium":
            chromium(render_html.print_page(replace(content, contents="")), source)
        else:
            draft = self.scratch / "scan.docx"
            write_docx(replace(content, contents=""), draft)
            office(draft, self.scratch / "scan.pdf")
            shutil.move(self.scratch / "scan.pdf", source)
        path = self.target / name
        noise = 7.0 if worn else 3.0
        images = scan.pictures(
            source, range(1, pages + 1), rotation=rotation, skew=skew, noise=noise, worn=worn
        )
        if path.suffix == ".pdf":
            scan.to_pdf(images, path)
        else:
            scan.to_picture(images, path)
        texts = page_texts(source)
        placed = Pager(texts).locate(blocks(content, Look()))
        whole: list[dict[str, Any]] = []
        begun: list[str] = []
        for block in (block for block in placed if block["page"] <= pages):
            if block.get("last_page", block["page"]) <= pages:
                whole.append(block)
            elif block["kind"] == "table":
                whole.append(cut_rows(block, texts[:pages]))
            else:
                begun.append(block["text"])
        around = furniture(content, len(texts))
        seen = {letters(text) for text in texts[:pages]}
        around = [item for item in around if any(letters(item["text"]) in page for page in seen)]
        look = Look(optional=tuple(begun))
        how = {"dpi": 200, "rotation": rotation, "skew": skew, "noise": noise,
               "worn": float(worn)}  # fmt: skip
        self.save(name, truth(content, look, kind=path.suffix[1:], producer=printer, around=around,
                              found=whole, scan=how, pages=pages))  # fmt: skip

    def paged(
        self, name: str, content: Content, look: Look, producer: str, toc: dict[str, int]
    ) -> None:
        """The truth of a PDF, with the pages that poppler finds."""
        pages = page_texts(self.target / name)
        placed = Pager(pages).locate(blocks(content, look), skip=1 if toc else 0)
        around = furniture(content, len(pages), toc)
        made = truth(content, look, kind="pdf", producer=producer, around=around, found=placed,
                     pages=len(pages))  # fmt: skip
        self.save(name, made)


def cut_rows(block: dict[str, Any], pages: Sequence[str]) -> dict[str, Any]:
    """A table without merged cells, with the rows alone that stand on these pages."""
    shown = letters("".join(pages))
    table = block["table"]
    rows = [row for row in table["rows"] if letters("".join(row)) in shown]
    text = "\n".join("\t".join(row) for row in rows)
    return {**block, "text": text, "last_page": len(pages), "table": {**table, "rows": rows}}


def _heading_pages(content: Content, pages: Sequence[str]) -> dict[str, int]:
    placed = Pager(pages).locate(blocks(content, Look()), skip=1)
    levels = {piece.text: piece.level for piece in content.pieces if isinstance(piece, Heading)}
    return {
        block["text"]: block["page"]
        for block in placed
        if block["kind"] == "heading" and levels[block["text"]] <= 3
    }


def main() -> None:
    """Writes what the command line asks for."""
    from bench.truth.renditions import render_all

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("target", type=Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        render_all(Maker(arguments.target, Path(folder), arguments.names))


if __name__ == "__main__":
    main()
