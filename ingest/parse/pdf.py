"""PDF by pymupdf: one page at a time, text from the file, or from OCR where that has none.

A tagged file is read by its tags where they can be trusted; else each page is laid out by what is
printed and drawn on it, and where that leaves doubt, by pymupdf's layout model.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

from ingest.contract import (
    BlockKind,
    Json,
    Parsed,
    PasswordNeeded,
    Source,
    Unavailable,
    UnreadableFile,
)
from ingest.ocr_page import MUPDF, PageReader
from ingest.ocr_pdf import Scans
from ingest.pdf_blocks import Draft, drafts_of
from ingest.pdf_flow import (
    demote_cut_sentences,
    finished,
    join_paragraphs,
    join_titles,
    mark_chapter_names,
    mark_page_numbers,
    nest_lists,
)
from ingest.pdf_headings import Outline, plain, promote_numbered, set_levels, title_of
from ingest.pdf_layout import Line, PageLayout, lay_out
from ingest.pdf_model import model_regions
from ingest.pdf_own import OwnLayout, own_layout
from ingest.pdf_rules import Drawn, drawn_on
from ingest.pdf_stitch import mark_contents, mark_repeated_heads, stitch_tables
from ingest.pdf_survey import Survey, survey, take_running
from ingest.pdf_tagged import TaggedBlocks
from ingest.pdf_tags import Tree, is_tagged, trustworthy
from ingest.pdf_text import is_plainly_text, page_lines, tagged_lines
from ingest.pdf_turn import turn_of, turned_drawings, turned_lines

_DOUBT = 3
"""From this doubt on a page is shown to the layout model."""
_SAMPLE = 12


@dataclass(frozen=True)
class PdfParser:
    """Reads application/pdf.

    `layout` False never asks the layout model, which takes about a second a page: tables without
    rules and figures come out less well. `password` opens an encrypted file. `ocr` reads pages
    that have no text layer to be believed; without it they are left out.
    """

    layout: bool = True
    password: str = ""
    ocr: PageReader | None = None

    def parse(self, source: Source, media_type: str) -> Parsed:
        with MUPDF:
            return _parse(source, self.layout, self.password, self.ocr)


@dataclass(slots=True)
class _Reading:
    """An open document while it is read: what all pages share, and what went wrong."""

    pymupdf: Any
    document: Any
    layout: bool
    survey: Survey
    titles: dict[int, set[str]]
    failed: dict[int, str]
    scans: Scans


def _parse(source: Source, layout: bool, password: str, ocr: PageReader | None) -> Parsed:
    pymupdf = _pymupdf()
    document = _open(pymupdf, source.data, password)
    try:
        outline = _outline(document)
        titles: dict[int, set[str]] = {}
        for _, title, page in outline:
            titles.setdefault(page, set()).add(plain(title))
        scans = Scans(pymupdf, ocr)
        reading = _Reading(pymupdf, document, layout, survey(pymupdf, document), titles, {}, scans)
        without_text: list[int] = []
        if is_tagged(document) and _trusts_tags(reading):
            drafts = _read_tagged(reading, without_text)
        else:
            drafts = _read_untagged(reading, without_text)
        drafts = scans.merged(drafts)
        if not drafts:
            raise UnreadableFile(_why_no_text(reading))
        return _assemble(reading, drafts, outline, without_text)
    finally:
        document.close()
        pymupdf.TOOLS.store_shrink(100)


def _pymupdf() -> Any:
    """The library, with its printing to the terminal turned off."""
    library: Any = import_module("pymupdf")
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    return library


def _open(pymupdf: Any, data: bytes, password: str) -> Any:
    """The document; an empty password is tried, as every reader does.

    Raises UnreadableFile where it is locked, damaged beyond repair, or has no pages.
    """
    try:
        document = pymupdf.open(stream=data, filetype="pdf")
        locked = bool(document.needs_pass) and not (
            document.authenticate("") or (password and document.authenticate(password))
        )
        pages = 0 if locked else document.page_count
    except Exception as error:  # pymupdf has its own error types beside RuntimeError and ValueError
        raise UnreadableFile(
            f"the PDF is damaged or cut off and could not be opened ({error}): get a whole copy"
        ) from error
    if locked:
        document.close()
        raise PasswordNeeded(
            "the PDF is encrypted and the password given does not open it: check the password"
            if password
            else "the PDF is encrypted; it needs its password: give it, or save a copy without"
        )
    if pages == 0:
        document.close()
        raise UnreadableFile("the PDF is damaged or cut off: no page of it can be found")
    return document


def _why_no_text(reading: _Reading) -> str:
    pages, failed = reading.document.page_count, reading.failed
    if len(failed) == pages:
        return f"no page of the PDF could be read; page 1: {failed.get(1, 'unknown')}"
    what = "1 page" if pages == 1 else f"{pages} pages"
    return f"the PDF has no text layer ({what}, most likely scanned): {reading.scans.advice}"


def _read_untagged(reading: _Reading, without_text: list[int]) -> list[Draft]:
    drafts: list[Draft] = []
    for index in range(reading.document.page_count):
        try:
            page = _read_page(reading, index)
        except Unavailable:
            raise
        except Exception as error:  # MuPDF raises many kinds on a damaged page
            reading.failed[index + 1] = f"{type(error).__name__}: {error}"
            continue
        if page.regions:
            drafts.extend(drafts_of(page, reading.survey.body_size))
        elif index + 1 not in reading.scans.drafts:
            without_text.append(index + 1)
    return drafts


def _read_page(reading: _Reading, index: int) -> PageLayout:
    """The page by its own layout, or where that leaves doubt by the model's."""
    page = reading.document.load_page(index)
    if page.rotation:
        page.remove_rotation()
    size = (float(page.rect.width), float(page.rect.height))
    lines = reading.survey.lines.pop(index + 1, None)
    if lines is None:
        lines = page_lines(reading.pymupdf, page)
    scanned = not is_plainly_text(lines) and reading.scans.takes(page, index + 1, lines)
    if scanned or not lines:
        return PageLayout(index + 1, *size, ())
    own = _own(reading, page, index + 1, lines)
    if reading.layout and own.doubt >= _DOUBT and not own.page.turn:
        try:
            regions = model_regions(page)
        except Exception as error:  # the runtime can raise anything; the text is still there
            reading.failed[index + 1] = f"layout: {type(error).__name__}: {error}"
        else:
            if any(region.kind == "table" for region in regions):
                lines = page_lines(reading.pymupdf, page, "rawdict")
            running, left = take_running(reading.survey, index + 1, size[1], lines)
            found = lay_out(index + 1, *size, regions, left)
            return replace(found, regions=(*running, *found.regions))
    if own.words:
        own = _own(reading, page, index + 1, page_lines(reading.pymupdf, page, "rawdict"))
    return own.page


def _own(reading: _Reading, page: Any, number: int, lines: list[Line]) -> OwnLayout:
    """The page without the model, turned where its text stands on its side."""
    size = (float(page.rect.width), float(page.rect.height))
    try:
        drawn = drawn_on(page)
    except Exception:  # drawings that cannot be read are no reason to lose the text
        drawn = Drawn()
    titles = reading.titles.get(number, set())
    turn = turn_of(lines)
    if not turn:
        return own_layout(number, size, lines, drawn, reading.survey, titles)
    found = own_layout(
        number,
        (size[1], size[0]),
        turned_lines(lines, turn, size),
        turned_drawings(drawn, turn, size),
        Survey(reading.survey.body_size, reading.survey.body_bold, reading.survey.pitch),
        titles,
    )
    return replace(found, page=replace(found.page, turn=turn))


def _trusts_tags(reading: _Reading) -> bool:
    count = reading.document.page_count
    step = max(1, count // _SAMPLE)
    try:
        return trustworthy(
            [
                tagged_lines(reading.pymupdf, reading.document.load_page(index))
                for index in range(0, count, step)
            ]
        )
    except Exception:  # the untagged way reads damaged pages as far as it goes
        return False


def _read_tagged(reading: _Reading, without_text: list[int]) -> list[Draft]:
    blocks = TaggedBlocks(Tree(reading.document), reading.survey)
    for index in range(reading.document.page_count):
        try:
            page = reading.document.load_page(index)
            if page.rotation:
                page.remove_rotation()
            lines = tagged_lines(reading.pymupdf, page)
            if reading.scans.takes(page, index + 1, [tagged.line for tagged in lines]):
                continue
            if lines:
                blocks.add(index + 1, (float(page.rect.width), float(page.rect.height)), lines)
            else:
                without_text.append(index + 1)
        except Unavailable:
            raise
        except Exception as error:  # MuPDF raises many kinds on a damaged page
            reading.failed[index + 1] = f"{type(error).__name__}: {error}"
    return blocks.finish()


def _assemble(
    reading: _Reading, drafts: list[Draft], outline: Outline, without_text: list[int]
) -> Parsed:
    document, failed = reading.document, reading.failed
    mark_page_numbers(drafts)
    mark_chapter_names(drafts)
    mark_contents(drafts)
    drafts = stitch_tables(drafts)
    mark_repeated_heads(drafts)
    promote_numbered(drafts)
    drafts = join_titles(demote_cut_sentences(drafts))
    set_levels(drafts, outline)
    nest_lists(drafts)
    stated = document.metadata or {}
    title = title_of(drafts, stated.get("title") or "")
    blocks = tuple(reading.scans.confident(finished(join_paragraphs(drafts))))
    metadata: dict[str, Json] = dict(reading.scans.metadata)
    if stated.get("author"):
        metadata["author"] = stated["author"].strip()
    if created := _date(stated.get("creationDate") or ""):
        metadata["created"] = created
    if without_text:
        metadata["pages_without_text"] = tuple(without_text)
    if failed:
        metadata["page_errors"] = tuple(f"page {page}: {why}" for page, why in failed.items())
    if not any(block.kind is not BlockKind.FURNITURE for block in blocks):
        raise UnreadableFile(
            "the PDF holds page headers and numbers only, its pages are most likely scanned: "
            + reading.scans.advice
        )
    return Parsed(blocks, title, document.page_count, metadata)


def _outline(document: Any) -> Outline:
    try:
        return [(level, title, page) for level, title, page, *_ in document.get_toc(simple=True)]
    except Exception:  # a broken outline is no reason to lose the text
        return []


def _date(stated: str) -> str:
    """`D:20220224171056-05'00'` as `2022-02-24`; "" where it is no date."""
    match = re.match(r"D?:?(\d{4})(\d\d)?(\d\d)?", stated)
    if not match or not 1980 <= int(match[1]) <= 2100:
        return ""
    return "-".join(part for part in match.groups() if part)
