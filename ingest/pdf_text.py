"""The text of a PDF page as lines of spans, and where the file is tagged, what holds each line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from ingest.pdf_layout import Bounds, Line, Span, union

Path: TypeAlias = tuple[int, ...]
"""Where an element stands in the structure tree: its place among the children of each parent."""

_MONO_FONT = re.compile(r"Courier|Mono|Consol|Menlo|Typewriter|CMTT|LetterGothic", re.IGNORECASE)
_BOLD_FONT = re.compile(r"bold|black|heavy|SimHei|MSHei|STHeiti|[-_ ]demi", re.IGNORECASE)
_HAN_FONT = re.compile(r"CJK|Hei|Song|Ming", re.IGNORECASE)
_COMMON_WORDS = re.compile(r"\b(?:the|of|and|to|in|is|for|on|or|as|by|with|that|our)\b")
_MONOSPACED, _BOLD, _ITALIC = 8, 16, 2
_STROKED = 8


@dataclass(frozen=True, slots=True)
class Tagged:
    """A line and the elements that it lies in, outermost first: their roles (`H1`, `P`, `TD`,
    or the name of a paragraph's style where the file maps it to a role) and its path. Both are
    empty for what is no part of the structure: running heads, ornaments."""

    line: Line
    roles: tuple[str, ...]
    names: tuple[str, ...]
    path: Path


def page_lines(pymupdf: Any, page: Any, how: str = "dict") -> list[Line]:
    """The text of the page; with "rawdict" every word is a span of its own with its exact box."""
    flags = pymupdf.TEXT_PRESERVE_WHITESPACE | pymupdf.TEXT_MEDIABOX_CLIP
    lines: list[Line] = []
    for number, block in enumerate(page.get_text(how, flags=flags)["blocks"]):
        lines.extend(_lines_of(block, number))
    return lines


def tagged_lines(pymupdf: Any, page: Any) -> list[Tagged]:
    """The text of a page of a tagged file, in the order of the page's content."""
    flags = (
        pymupdf.TEXT_PRESERVE_WHITESPACE
        | pymupdf.TEXT_MEDIABOX_CLIP
        | pymupdf.TEXT_COLLECT_STRUCTURE
    )
    found: list[Tagged] = []
    blocks = page.get_text("dict", flags=flags)["blocks"]
    # Trees can be nested as deep as a hostile file likes: a stack, not recursion.
    pending: list[tuple[Any, tuple[str, ...], tuple[str, ...], Path]] = [
        (block, (), (), ()) for block in reversed(blocks)
    ]
    number = 0
    while pending:
        block, roles, names, path = pending.pop()
        if block["type"] == 2:
            if len(path) < 64:
                role, name = str(block.get("std") or ""), str(block.get("raw") or "")
                inner = ((*roles, role), (*names, name), (*path, int(block["index"])))
                pending.extend((child, *inner) for child in reversed(block["blocks"]))
            continue
        number += 1
        found.extend(Tagged(line, roles, names, path) for line in _lines_of(block, number))
    return found


def _lines_of(block: Mapping[str, Any], number: int) -> Iterator[Line]:
    for line in block.get("lines", ()):
        spans: list[Span] = []
        for raw in line["spans"]:
            pieces = _words(raw) if "chars" in raw else ((raw["text"], tuple(raw["bbox"])),)
            bold, italic, mono = _style(raw["font"], raw["flags"], raw.get("char_flags", 0))
            size = raw["size"]
            for text, box in pieces:
                spans.append(Span(repaired(text), box, size, bold, italic, mono))
        if any(span.text and not span.text.isspace() for span in spans):
            direction = (float(line["dir"][0]), float(line["dir"][1]))
            yield Line(tuple(spans), number, direction)


@lru_cache(maxsize=1024)
def _style(font: str, flags: int, char_flags: int) -> tuple[bool, bool, bool]:
    """Whether text is bold, italic, in a font for code."""
    bold = bool(flags & _BOLD or char_flags & _STROKED) or _BOLD_FONT.search(font) is not None
    mono = bool(flags & _MONOSPACED) or _MONO_FONT.search(font) is not None
    return bold, bool(flags & _ITALIC), mono and _HAN_FONT.search(font) is None


def _words(raw: Mapping[str, Any]) -> Iterator[tuple[str, Bounds]]:
    """The characters of a span put together to words; a blank stays at the end of its word."""
    text = ""
    boxes: list[Bounds] = []
    for char in raw["chars"]:
        box = char["bbox"]
        far = bool(boxes) and box[0] - boxes[-1][2] > 0.6 * raw["size"]
        if text and (far or (text[-1].isspace() and not char["c"].isspace())):
            yield text, union(boxes)
            text, boxes = "", []
        text += char["c"]
        if not char["c"].isspace() or not boxes:
            boxes.append(box)
    if text:
        yield text, union(boxes)


def repaired(text: str) -> str:
    """Ligatures of Latin letters as letters; control characters out."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROL.sub("", text.translate(_LIGATURES))


_LIGATURES = str.maketrans(
    {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st", "\t": " "}
)
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def is_plainly_text(lines: Sequence[Line]) -> bool:
    """Whether a page of text shows at a glance that its characters are right: nearly all ASCII,
    with the commonest words of English among them. Says nothing where it is False."""
    text = " ".join(span.text for line in lines for span in line.spans)
    if len(text) < 400 or len(text.encode("ascii", "ignore")) < 0.93 * len(text):
        return False
    return len(_COMMON_WORDS.findall(text)) * 150 > len(text)
