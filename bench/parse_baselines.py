"""Braid's reading and chunking beside that of well-known libraries, by the same measures.

    pip install pymupdf4llm markitdown[all] rapidocr onnxruntime   # no dependency of Braid
    python -m bench.parse_baselines tests/truth --report parse.html

Three stacks, each a callable `path -> (Document, chunks)` as Braid itself is:

- `pymupdf4llm`: its Markdown (by default it reads scans with rapidocr, where that is installed),
  cut by a recursive splitter of 1,000 characters with 100 of overlap;
- `markitdown`: its Markdown, cut by the same splitter;
- `careful`: pymupdf4llm for PDFs with text, rapidocr for pictures, markitdown for the rest; lines
  that repeat on most pages dropped, chunks cut under their headings, tables by rows with the header
  repeated.

A stack's document is its Markdown as Braid's Markdown parser reads it, so headings and tables are
counted alike. What a stack cannot read counts as failed: without the extras of markitdown, that is
all of Word, Excel and PDF.
"""

from __future__ import annotations

import argparse
import io
import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from api.compose import Braid
from api.evaluation import Evaluation
from api.settings import load_settings
from eval.contract import ParseReport
from eval.pipeline import (
    load_truths,
    measure_files,
    parse_html,
    parse_json,
    parse_table,
    shown_findings,
)
from ingest.contract import Block, BlockKind, Box, Chunk, Document, Source, UnreadableFile, chunk_id
from ingest.pipeline import read

CHUNK_CHARS = 1_000
OVERLAP = 100
SEPARATORS = ("\n\n", "\n", " ", "")
_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*#*$", re.MULTILINE)
_PICTURES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp"}
_REPEATED_SHARE = 0.5

Pages = list[str]
"""Markdown page by page; one entry where the format has no pages."""


# -- the recursive splitter, as LangChain's RecursiveCharacterTextSplitter does it


def recursive(text: str, separators: Sequence[str] = SEPARATORS) -> list[str]:
    """Cuts at the first separator that occurs, and what is still too long at the next ones; then
    joins neighbours up to the size, with an overlap of whole pieces."""
    separator, *finer = next(
        (separators[n:] for n, sign in enumerate(separators) if not sign or sign in text),
        separators[-1:],
    )
    parts = text.split(separator) if separator else list(text)
    pieces = [parts[0], *(separator + part for part in parts[1:])] if separator else parts
    out: list[str] = []
    good: list[str] = []
    for piece in (piece for piece in pieces if piece):
        if len(piece) < CHUNK_CHARS:
            good.append(piece)
            continue
        out += _merged(good)
        good = []
        out += recursive(piece, finer) if finer else [piece]
    return [piece.strip() for piece in out + _merged(good) if piece.strip()]


def _merged(pieces: Sequence[str]) -> list[str]:
    out: list[str] = []
    current: list[str] = []
    total = 0
    for piece in pieces:
        if total + len(piece) > CHUNK_CHARS and current:
            out.append("".join(current))
            while total > OVERLAP or (total + len(piece) > CHUNK_CHARS and total > 0):
                total -= len(current.pop(0))
        current.append(piece)
        total += len(piece)
    return [*out, "".join(current)] if current else out


# -- Markdown to a document and chunks


def as_document(path: Path, pages: Pages, paged: bool) -> Document:
    """The Markdown as Braid's Markdown parser reads it, page by page."""
    blocks: list[Block] = []
    title = ""
    for number, page in enumerate(pages, start=1):
        if not page.strip():
            continue
        try:
            part = read(Source(path.name, page.encode(), "page.md"))
        except UnreadableFile:
            continue
        box = (Box(number, 0, 0, 1, 1),) if paged else ()
        blocks += [replace(block, boxes=box) for block in part.blocks]
    if not blocks:
        raise UnreadableFile("no text came out of it")
    headings = [block.text for block in blocks if block.kind is BlockKind.HEADING]
    title = headings[0] if headings else path.stem
    count = len(pages) if paged else 0
    return Document(path.name, title, "text/markdown", "", tuple(blocks), count)


@dataclass
class Chunks:
    """Collects chunks of one document."""

    name: str
    title: str
    paged: bool

    def __post_init__(self) -> None:
        self.found: list[Chunk] = []

    def add(self, text: str, path: Sequence[str], page: int, last: int) -> None:
        """One more chunk."""
        number = len(self.found)
        kind = BlockKind.TABLE if text.lstrip().startswith("|") else BlockKind.PARAGRAPH
        self.found.append(
            Chunk(
                id=chunk_id(self.name, path, text, number), document_id=self.name, ordinal=number,
                kind=kind, title=self.title, heading_path=tuple(path), text=text,
                span=(0, len(text)), pages=(page, last) if self.paged else None,
            )
        )  # fmt: skip


def plain_chunks(document: Document, pages: Pages) -> list[Chunk]:
    """Chunks of a recursive splitter; the heading path is the one in force where a chunk begins,
    headings at its very start included."""
    text = "\n\n".join(pages)
    starts = [0]
    for page in pages:
        starts.append(starts[-1] + len(page) + 2)
    chunks = Chunks(document.id, document.title, document.page_count > 0)
    at = 0
    for piece in recursive(text):
        found = text.find(piece, max(at - OVERLAP - len(piece), 0) if at else 0)
        found = text.find(piece[:200], max(at - OVERLAP - 50, 0)) if found < 0 else found
        at = max(found, 0)
        lead = re.match(r"(?:\s*#{1,6}\s+.*(?:\n|$))+", piece)
        path = path_at(text, at + (lead.end() if lead else 0))
        first = sum(start <= at for start in starts[:-1])
        last = sum(start <= at + len(piece) - 1 for start in starts[:-1])
        chunks.add(piece, path, first, max(first, last))
        at += len(piece)
    return chunks.found


def path_at(text: str, position: int) -> list[str]:
    """The Markdown headings in force at a position."""
    path: list[tuple[int, str]] = []
    for match in _HEADING.finditer(text, 0, position):
        while path and path[-1][0] >= len(match[1]):
            path.pop()
        path.append((len(match[1]), match[2].strip("*_ ")))
    return [name for _, name in path]


def careful_chunks(document: Document, pages: Pages) -> list[Chunk]:
    """Chunks under their headings: text by the recursive splitter, tables by rows under their
    repeated header."""
    chunks = Chunks(document.id, document.title, document.page_count > 0)
    path: list[tuple[int, str]] = []
    for number, page in enumerate(pages, start=1):
        for section in re.split(r"(?=^#{1,6}\s)", page, flags=re.MULTILINE):
            match = _HEADING.match(section)
            body = section
            if match:
                while path and path[-1][0] >= len(match[1]):
                    path.pop()
                path.append((len(match[1]), match[2].strip("*_ ")))
                body = section[match.end() :]
            for piece in _parts(body):
                chunks.add(piece, [name for _, name in path], number, number)
    return chunks.found


def _parts(body: str) -> Iterator[str]:
    for part in re.split(r"((?:^\|.*\n?)+)", body, flags=re.MULTILINE):
        if not part.strip():
            continue
        if part.startswith("|") and len(part) > CHUNK_CHARS:
            yield from _table_parts(part.strip().split("\n"))
        else:
            yield from recursive(part)


def _table_parts(lines: Sequence[str]) -> Iterator[str]:
    head, rows = list(lines[:2]), lines[2:]
    current: list[str] = []
    for row in rows:
        if current and sum(map(len, [*head, *current, row])) > CHUNK_CHARS:
            yield "\n".join([*head, *current])
            current = []
        current.append(row)
    yield "\n".join([*head, *current])


# -- the libraries


def pymupdf4llm_pages(path: Path) -> Pages:
    """pymupdf4llm's Markdown of each page."""
    import pymupdf
    import pymupdf4llm

    with pymupdf.open(str(path)) as document:
        made: Any = pymupdf4llm.to_markdown(document, page_chunks=True)
    return [page["text"] for page in made]


def markitdown_pages(path: Path) -> Pages:
    """The Markdown that markitdown makes of the whole file."""
    return [_markitdown().convert(str(path)).text_content]


@cache
def _markitdown() -> Any:
    from markitdown import MarkItDown

    return MarkItDown()


def ocr_pages(path: Path) -> Pages:
    """The lines of each page that rapidocr finds, from top to bottom."""
    import numpy as np
    import pymupdf
    from PIL import Image, ImageSequence

    pictures: list[Any] = []
    if path.suffix == ".pdf":
        with pymupdf.open(str(path)) as document:
            for page in document:
                data = page.get_pixmap(dpi=200).tobytes("png")
                pictures.append(Image.open(io.BytesIO(data)))
    else:
        pictures = [frame.copy() for frame in ImageSequence.Iterator(Image.open(path))]
    pages: Pages = []
    for picture in pictures:
        found = _rapidocr()(np.asarray(picture.convert("RGB")))
        pages.append("\n".join(found.txts or ()))
    return pages


@cache
def _rapidocr() -> Any:
    import logging

    from rapidocr import RapidOCR

    engine = RapidOCR()
    logging.getLogger("RapidOCR").setLevel(logging.ERROR)
    return engine


def careful_pages(path: Path) -> Pages:
    """The library that suits the file, with lines dropped that repeat on most pages."""
    import pymupdf

    if path.suffix in _PICTURES:
        return ocr_pages(path)
    if path.suffix != ".pdf":
        return markitdown_pages(path)
    with pymupdf.open(str(path)) as document:
        letters = sum(len(page.get_text().strip()) for page in document)
        count = len(document)
    pages = pymupdf4llm_pages(path) if letters > 50 * count else ocr_pages(path)
    return without_repeats(pages)


def without_repeats(pages: Pages) -> Pages:
    """Pages without the lines that stand, numbers apart, on more than half of them."""
    if len(pages) < 2:
        return pages
    seen = Counter(
        form for page in pages for form in {_form(line) for line in page.split("\n")} if form
    )
    often = {form for form, n in seen.items() if n > _REPEATED_SHARE * len(pages)}
    return [
        "\n".join(line for line in page.split("\n") if _form(line) not in often) for page in pages
    ]


def _form(line: str) -> str:
    bare = line.strip(" *_#")
    return "" if line.startswith("|") else re.sub(r"\d+", "0", bare)


STACKS: dict[str, tuple[Callable[[Path], Pages], Callable[[Document, Pages], list[Chunk]]]] = {
    "pymupdf4llm": (pymupdf4llm_pages, plain_chunks),
    "markitdown": (markitdown_pages, plain_chunks),
    "careful": (careful_pages, careful_chunks),
}


def stack(name: str) -> Callable[[Path], tuple[Document, list[Chunk]]]:
    """The reader of that name."""
    to_pages, cut = STACKS[name]

    def run(path: Path) -> tuple[Document, list[Chunk]]:
        try:
            pages = to_pages(path)
        except UnreadableFile:
            raise
        except Exception as error:  # what a library raises is its own affair
            raise UnreadableFile(f"{type(error).__name__}: {error}"[:200]) from error
        paged = path.suffix in {".pdf", *_PICTURES} and to_pages is not markitdown_pages
        document = as_document(path, pages, paged)
        return document, cut(document, pages)

    return run


def main() -> None:
    """Measures Braid and the stacks, and prints one table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("truth", type=Path)
    parser.add_argument("--format", action="append", default=[])
    parser.add_argument("--only", action="append", default=[], help="these readers alone")
    parser.add_argument("--report", type=Path)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    truths = load_truths(arguments.truth, arguments.format)
    braid = Braid(load_settings())
    evaluation = Evaluation(braid)
    readers = {"braid": evaluation.document_reader(), **{name: stack(name) for name in STACKS}}
    count = braid.parts.embedder.count
    measured = {}
    for name, reader in readers.items():
        if not arguments.only or name in arguments.only:
            print(f"{name} …", file=sys.stderr)
            measured[name] = measure_files(truths, reader, count)
    command = f"python -m bench.parse_baselines {arguments.truth.name}"
    report = ParseReport(measured, evaluation.described(command))
    if arguments.report:
        arguments.report.write_text(parse_html(report), encoding="utf-8")
    if arguments.json:
        text = json.dumps(parse_json(report), ensure_ascii=False, indent=1)
        arguments.json.write_text(text, encoding="utf-8")
    print("\n".join(parse_table(measured)))
    for name, files in measured.items():
        for file in files:
            lines = [f"failed: {file.failure}"] if file.failure else shown_findings(file, 1)
            print(f"{name} {file.name}: {' ; '.join(lines) or 'nothing wrong'}")


if __name__ == "__main__":
    main()
