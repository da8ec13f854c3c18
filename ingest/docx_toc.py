"""Tables of contents and indexes in Word documents: paragraphs that are no text of their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from lxml import etree

from ingest.docx_numbering import W, value
from ingest.docx_styles import Styles
from ingest.docx_tables import paragraphs_in
from ingest.docx_text import raw_text

_LISTING = re.compile(r"\s*(?:TOC|TOA|INDEX)\b", re.I)
_ENTRY = re.compile(r"\S.*?(?:\t|\.{4,}|…{2,}|·{4,}|_{4,})\s*(?:\d{1,4}|[ivxlc]{1,6})\s*$", re.I)
_HEADING = re.compile(
    r"(?:目\s*[录錄次]|(?:图|表|插图|表格|附图|附表)+目[录錄]|(?:table of )?contents|"
    r"list of (?:figures|tables)|index|索\s*引|inhaltsverzeichnis|table des matières)",
    re.I,
)
_LEAST_ENTRIES = 3


def listing_paragraphs(body: etree._Element, styles: Styles) -> set[etree._Element]:
    """The paragraphs of tables of contents, lists of figures and indexes: in their fields and
    content controls, in their styles, or drawn by hand with dots or tabs before page numbers;
    and the headings over them."""
    paragraphs = list(paragraphs_in(body))
    found = _in_fields(paragraphs) | _in_controls(body)
    found |= {p for p in paragraphs if styles.is_listing(p)}
    found |= _by_hand(paragraphs)
    for before, after in pairwise(paragraphs):
        if after in found and _HEADING.fullmatch(raw_text(before).strip()):
            found.add(before)
    return found


def _in_fields(paragraphs: Sequence[etree._Element]) -> set[etree._Element]:
    """Paragraphs that a field of the kind covers. One that is never closed covers none."""
    found: set[etree._Element] = set()
    open_fields: list[tuple[int, list[str]]] = []
    for place, paragraph in enumerate(paragraphs):
        for element in paragraph.iter(f"{W}fldChar", f"{W}instrText"):
            kind = element.get(f"{W}fldCharType")
            if kind == "begin":
                open_fields.append((place, []))
            elif kind == "end" and open_fields:
                start, code = open_fields.pop()
                if _LISTING.match("".join(code)):
                    found.update(paragraphs[start : place + 1])
            elif element.tag == f"{W}instrText" and open_fields:
                open_fields[-1][1].append(element.text or "")
        for element in paragraph.iter(f"{W}fldSimple"):
            if _LISTING.match(element.get(f"{W}instr") or ""):
                found.add(paragraph)
    return found


def _in_controls(body: etree._Element) -> set[etree._Element]:
    found: set[etree._Element] = set()
    for control in body.iter(f"{W}sdt"):
        gallery = value(control, f"{W}sdtPr/{W}docPartObj/{W}docPartGallery") or ""
        if gallery.lower() in ("table of contents", "table of figures", "目录"):
            found.update(paragraphs_in(control))
    return found


def _by_hand(paragraphs: Sequence[etree._Element]) -> set[etree._Element]:
    """Runs of lines that end in dots or a tab and a page number."""
    found: set[etree._Element] = set()
    run: list[etree._Element] = []
    for paragraph in [*paragraphs, None]:
        text = raw_text(paragraph).strip() if paragraph is not None else "x"
        if paragraph is not None and len(text) < 200 and _ENTRY.fullmatch(text):
            run.append(paragraph)
        elif text:
            if len(run) >= _LEAST_ENTRIES:
                found.update(run)
            run = []
    return found
