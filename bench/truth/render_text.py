"""A truth document in the formats that are text, or text in a container."""

from __future__ import annotations

import csv
import io
import json
from email.message import EmailMessage
from html import escape
from pathlib import Path

from bench.truth.model import Code, Content, Grid, Heading, Item, Para
from bench.truth.render_html import body_html


def markdown(content: Content) -> str:
    """Markdown with front matter, fenced code and pipe tables."""
    parts = [f"---\nauthor: {content.author}\ndate: {content.date}\n---", f"# {content.title}"]
    notes: list[str] = []
    items: list[str] = []

    def flush() -> None:
        if items:
            parts.append("\n".join(items))
            items.clear()

    for piece in content.pieces:
        if isinstance(piece, Item):
            mark = piece.mark if piece.mark in ("1.", "2.", "3.") else "-"
            text = (
                piece.text if mark == piece.mark or not piece.mark else f"{piece.mark} {piece.text}"
            )
            items.append(f"{'   ' * (piece.level - 1)}{mark} {text}")
            continue
        flush()
        if isinstance(piece, Heading):
            parts.append(f"{'#' * (piece.level + 1)} {piece.text}")
        elif isinstance(piece, Para):
            mark = ""
            if piece.note:
                notes.append(piece.note)
                mark = f"[^{len(notes)}]"
            parts.append(piece.text + mark)
        elif isinstance(piece, Grid):
            if piece.caption:
                parts.append(piece.caption)
            lines = ["| " + " | ".join(row) + " |" for row in piece.rows]
            lines.insert(1, "|" + " --- |" * len(piece.rows[0]))
            parts.append("\n".join(lines))
        elif isinstance(piece, Code):
            parts.append(f"```{piece.language}\n{piece.text}\n```")
    flush()
    parts += [f"[^{n}]: {text}" for n, text in enumerate(notes, 1)]
    return "\n\n".join(parts) + "\n"


def rst(content: Content) -> str:
    """RST with simple list tables and literal blocks."""
    parts = [_under(content.title, "=", over=True)]
    for piece in content.pieces:
        if isinstance(piece, Heading):
            parts.append(_under(piece.text, '-~^"'[piece.level - 1]))
        elif isinstance(piece, Para):
            parts.append(piece.text)
        elif isinstance(piece, Item):
            pad = "   " * (piece.level - 1)
            parts.append(f"{pad}{piece.mark or '-'} {piece.text}")
        elif isinstance(piece, Code):
            code = "\n".join(f"   {line}" if line else "" for line in piece.text.split("\n"))
            parts.append(f".. code-block:: {piece.language}\n\n{code}")
        elif isinstance(piece, Grid):
            rows = "\n".join(
                "\n".join(f"   {'* -' if c == 0 else '  -'} {cell}" for c, cell in enumerate(row))
                for row in piece.rows
            )
            head = f".. list-table:: {piece.caption}".rstrip()
            parts.append(f"{head}\n   :header-rows: {piece.header_rows}\n\n{rows}")
    return "\n\n".join(parts) + "\n"


def _under(text: str, mark: str, *, over: bool = False) -> str:
    line = mark * (sum(2 if ord(c) > 0x2E80 else 1 for c in text) + 2)
    return f"{line}\n{text}\n{line}" if over else f"{text}\n{line}"


def plain(content: Content) -> str:
    """Plain text: blank lines between blocks, tables with tabs."""
    parts = [content.title]
    for piece in content.pieces:
        if isinstance(piece, Heading | Para):
            parts.append(piece.text)
        elif isinstance(piece, Item):
            glue = "" if piece.mark.endswith("）") else " "
            parts.append(f"{'  ' * (piece.level - 1)}{piece.mark or '-'}{glue}{piece.text}")
        elif isinstance(piece, Grid):
            parts.append("\n".join("\t".join(row) for row in piece.rows))
        elif isinstance(piece, Code):
            parts.append(piece.text)
    return "\n\n".join(parts) + "\n"


def table_csv(grid: Grid) -> str:
    """One table, with commas."""
    out = io.StringIO()
    csv.writer(out).writerows(grid.rows)
    return out.getvalue()


def notebook(content: Content) -> str:
    """A Jupyter notebook: prose in Markdown cells, programs in code cells."""
    cells: list[dict[str, object]] = [_cell("markdown", f"# {content.title}")]
    for piece in content.pieces:
        if isinstance(piece, Code):
            cells.append({**_cell("code", piece.text), "execution_count": 1, "outputs": []})
        elif isinstance(piece, Heading):
            cells.append(_cell("markdown", f"{'#' * (piece.level + 1)} {piece.text}"))
        elif isinstance(piece, Para):
            cells.append(_cell("markdown", piece.text))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"},
              "language_info": {"name": "python"}}  # fmt: skip
    book = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 4}
    return json.dumps(book, ensure_ascii=False, indent=1)


def _cell(kind: str, text: str) -> dict[str, object]:
    return {"cell_type": kind, "metadata": {}, "source": text.splitlines(keepends=True)}


def mail(content: Content, *, html: bool) -> bytes:
    """A message, with an HTML part beside the plain one where asked for."""
    message = EmailMessage()
    message["Subject"] = content.title
    message["From"] = f"{content.author} <sender@example.com>"
    message["To"] = "staff@example.com"
    message["Date"] = "Wed, 22 Oct 2025 09:12:00 +0800"
    message["Message-ID"] = f"<{content.name}@example.com>"
    text = "\n\n".join(
        f"- {piece.text}" if isinstance(piece, Item) else piece.text
        for piece in content.pieces
        if isinstance(piece, Item | Para)
    )
    message.set_content(text + "\n", charset="utf-8")
    if html:
        page = f"<html><body>{body_html(content)}</body></html>"
        message.add_alternative(page, subtype="html", charset="utf-8")
        message.set_boundary("=====truth=====")
    return message.as_bytes()


def epub(content: Content, path: Path) -> None:
    """An e-book; each heading of level 1 begins a chapter."""
    from dataclasses import replace

    from ebooklib import epub as library

    book = library.EpubBook()
    book.set_identifier(content.name)
    book.set_title(content.title)
    book.set_language(content.language)
    book.add_author(content.author)
    groups: list[list[object]] = [[]]
    for piece in content.pieces:
        if isinstance(piece, Heading) and piece.level == 1:
            groups.append([])
        groups[-1].append(piece)
    chapters = []
    for number, group in enumerate(groups):
        part = replace(content, pieces=tuple(group))  # type: ignore[arg-type]
        first = group[0].text if group and isinstance(group[0], Heading) else content.title
        head = f"<h1>{escape(content.title)}</h1>" if number == 0 else ""
        chapter = library.EpubHtml(title=first, file_name=f"c{number}.xhtml", lang=content.language)
        chapter.content = f"<html><body>{head}{body_html(part)}</body></html>"
        book.add_item(chapter)
        chapters.append(chapter)
    book.toc = tuple(chapters)
    book.add_item(library.EpubNcx())
    book.add_item(library.EpubNav())
    book.spine = ["nav", *chapters]
    library.write_epub(str(path), book)


def json_records(content: Content) -> str:
    """The rows of the first table as JSON records."""
    grid = next(piece for piece in content.pieces if isinstance(piece, Grid))
    head, *rows = grid.rows
    records = [dict(zip(head, row, strict=True)) for row in rows]
    return json.dumps(records, ensure_ascii=False, indent=1)
