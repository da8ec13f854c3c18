"""Text of Word paragraphs: what a reader of the final version sees."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from ingest.docx_numbering import W, value
from ingest.omml import linear
from ingest.ooxml import MC, M

# Tracked deletions, the older twin of a drawing, field codes, phonetic guides, and text boxes
# (read apart).
_SKIPPED = frozenset(
    f"{W}{name}"
    for name in ("del", "moveFrom", "delText", "instrText", "txbxContent", "pPr", "rPr", "rt")
) | {f"{MC}Fallback"}
OMITTED = frozenset((f"{W}del", f"{W}moveFrom", f"{MC}Fallback"))
"""What is not read, and nothing in it: tracked deletions, the older twin of a drawing."""
_MONOSPACE = re.compile(
    r"courier|consolas|monaco|menlo|mono|lucida console|source code|fira code|cascadia", re.I
)
_BLANKS = re.compile(r"[^\S\n\t]+")


def visible(element: etree._Element) -> Iterator[etree._Element]:
    """The elements below in order, without those that a reader does not see."""
    stack = list(reversed(element))
    while stack:
        node = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _SKIPPED:
            continue
        if node.tag == f"{W}r" and _is_hidden(node):
            continue
        yield node
        stack.extend(reversed(node))


def _is_hidden(run: etree._Element) -> bool:
    found = run.find(f"{W}rPr/{W}vanish")
    return found is not None and found.get(f"{W}val", "1") not in ("0", "false", "off")


def raw_text(paragraph: etree._Element) -> str:
    """The paragraph's text as it stands, line breaks and tabs kept."""
    parts: list[str] = []
    for node in visible(paragraph):
        if node.tag == f"{W}t":
            parts.append(node.text or "")
        elif node.tag == f"{M}oMath":
            parts.append(linear(node))
        elif node.tag == f"{W}tab":
            parts.append("\t")
        elif node.tag in (f"{W}br", f"{W}cr"):
            page = node.get(f"{W}type") in ("page", "column")
            parts.append(" " if page else "\n")
        elif node.tag == f"{W}noBreakHyphen":
            parts.append("-")
        elif node.tag == f"{W}sym":
            parts.append(_symbol(node))
    return "".join(parts)


def _symbol(node: etree._Element) -> str:
    """A symbol; those in the private range of a font have no meaning without it."""
    code = node.get(f"{W}char") or ""
    try:
        point = int(code, 16)
    except ValueError:
        return ""
    return chr(point) if 0x20 < point < 0xD800 else ""


def text_of(paragraph: etree._Element) -> str:
    """The paragraph's text, runs of blanks as one."""
    lines = (_BLANKS.sub(" ", line).strip() for line in raw_text(paragraph).split("\n"))
    return "\n".join(line for line in lines if line).replace("\t", " ")


def is_monospaced(paragraph: etree._Element) -> bool:
    """Whether every run with text is set in a monospaced font."""
    fonts: set[bool] = set()
    for run in (node for node in visible(paragraph) if node.tag == f"{W}r"):
        if not any((t.text or "").strip() for t in run.iter(f"{W}t")):
            continue
        font = value(run, f"{W}rPr/{W}rFonts", "ascii") or ""
        fonts.add(_MONOSPACE.search(font) is not None)
    return fonts == {True}


def is_formula(paragraph: etree._Element) -> bool:
    """Whether the paragraph is a formula set on a line of its own."""
    return paragraph.find(f"{M}oMathPara") is not None and not any(
        (node.text or "").strip() for node in visible(paragraph) if node.tag == f"{W}t"
    )


def text_boxes(paragraph: etree._Element) -> list[etree._Element]:
    """The contents of text boxes anchored in the paragraph, outermost ones, each once."""
    found: list[etree._Element] = []
    stack = list(reversed(paragraph))
    while stack:
        node = stack.pop()
        if node.tag in OMITTED:
            continue
        if node.tag == f"{W}txbxContent":
            found.append(node)
        else:
            stack.extend(reversed(node))
    return found


def footnote_ids(paragraph: etree._Element) -> list[tuple[str, str]]:
    """The notes referred to: ("footnote" or "endnote", id)."""
    return [
        (str(node.tag)[len(W) :].removesuffix("Reference"), node.get(f"{W}id") or "")
        for node in visible(paragraph)
        if node.tag in (f"{W}footnoteReference", f"{W}endnoteReference")
    ]
