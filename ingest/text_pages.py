"""Text with form feeds: what repeats at the edges of its pages, and paragraphs across them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from ingest.lines import ends_sentence, is_spaceless
from ingest.numbering import numbering

_NUMBER = re.compile(
    r"\W*(?:page|p\.|第)?\s*(?:\d{1,5}|[ivxlc]{1,7})\s*(?:页)?"
    r"(?:\s*(?:of|/|共|，共)\s*\d{1,5}\s*页?)?\W*",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d+")
_EDGE = 2
_LEAST_PAGES = 3


def join_pages(text: str) -> tuple[str, list[str]]:
    """The text as one page, and the running headers and footers that were taken out of it (each
    once, in order of their first place). Text without form feeds is given back as it is."""
    if "\x0c" not in text:
        return text, []
    pages = [page.split("\n") for page in text.split("\x0c")]
    pages = [page for page in pages if any(line.strip() for line in page)]
    repeated = _repeated(pages)
    furniture: dict[str, None] = {}
    out: list[str] = []
    for page in pages:
        edges = set(_edges(page))
        kept = [
            line
            for number, line in enumerate(page)
            if not (number in edges and _is_furniture(line, repeated))
        ]
        gone = (page[n].strip() for n in sorted(edges) if _is_furniture(page[n], repeated))
        furniture.update(dict.fromkeys(gone))
        while kept and not kept[0].strip():
            kept.pop(0)
        while kept and not kept[-1].strip():
            kept.pop()
        if kept and out and not _goes_on(out[-1], kept[0]):
            out.append("")
        out += kept
    return "\n".join(out), list(furniture)


def _edges(page: Sequence[str]) -> list[int]:
    """The first and last lines of a page that are not blank."""
    filled = [number for number, line in enumerate(page) if line.strip()]
    return [*filled[:_EDGE], *filled[-_EDGE:]] if len(filled) > _EDGE else filled[:1]


def _key(line: str) -> str:
    return _DIGITS.sub("#", " ".join(line.split()))


def _repeated(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """The lines, numbers aside, that stand at the edge of two pages in five."""
    if len(pages) < _LEAST_PAGES:
        return frozenset()
    counts = Counter(
        key for page in pages for key in {_key(page[number]) for number in _edges(page)}
    )
    least = max(_LEAST_PAGES - 1, len(pages) * 2 // 5)
    return frozenset(key for key, count in counts.items() if count >= least)


def _is_furniture(line: str, repeated: frozenset[str]) -> bool:
    text = line.strip()
    return _key(line) in repeated or (len(text) <= 24 and _NUMBER.fullmatch(text) is not None)


def _goes_on(before: str, after: str) -> bool:
    """Whether a paragraph goes on over the end of a page."""
    if not before.strip() or ends_sentence(before) or numbering(after) is not None:
        return False
    first = after.lstrip()[:1]
    if first.islower():
        return True
    return len(before.strip()) > 12 and is_spaceless(before.strip()[-1]) and after[:1] == first
