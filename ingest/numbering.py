"""Section numbers of headings: `1.2.3`, `第一章`, `（二）`, `Article 4`, `Appendix B`.

Each scheme has a rank; a smaller rank encloses a larger one. Which level a scheme has in a
document depends on which others occur there (see `scheme_levels`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

_CN = "〇零一二三四五六七八九十百千两"
_ANY = f"[{_CN}\\d０-９]+"
_SEP = r"(?=[\s　:：、.．—-]|$|[\u3400-\u9fff“《（(])"

_SCHEMES: tuple[tuple[str, int, re.Pattern[str]], ...] = tuple(
    (name, rank, re.compile(pattern))
    for name, rank, pattern in (
        ("cn-part", 10, rf"第\s*{_ANY}\s*(?:编|部分|篇|卷|編){_SEP}"),
        ("part", 10, r"(?:PART|Part)\s+(?:[IVXLC]+|\d+)\b"),
        ("cn-chapter", 20, rf"第\s*{_ANY}\s*章{_SEP}"),
        ("chapter", 20, r"(?:CHAPTER|Chapter)\s+(?:[IVXLC]+|\d+)\b"),
        (
            "appendix",
            20,
            r"(?:APPENDIX|Appendix|ANNEX|Annex)\s+[A-Z\dIVX]+\b|附[录錄件]\s*[A-Z\d]*",
        ),
        ("item", 20, r"(?:ITEM|Item)\s+\d+[A-Z]?\b\s*[.:]?"),
        ("cn-section", 30, rf"第\s*{_ANY}\s*[节節]{_SEP}"),
        ("subsection", 37, r"(?:SECTION|Section|§)\s*\d+(?:\.\d+)+\b"),
        ("section", 30, r"(?:SECTION|Section|§)\s*\d+(?:\.\d+)*\b"),
        ("cn-article", 35, rf"第\s*{_ANY}\s*[条條]{_SEP}"),
        ("article", 35, r"(?:ARTICLE|Article)\s+(?:[IVXLC]+|\d+)\b"),
        ("cn-list", 40, rf"[{_CN}]+\s*[、．.]"),
        ("cn-paren", 50, rf"[（(]\s*[{_CN}]+\s*[）)]"),
        ("dec4", 68, r"\d{1,2}(?:[.．]\d{1,2}){3,5}[.．]?(?=[\s　]|[\u3400-\u9fff])"),
        ("dec3", 66, r"\d{1,2}(?:[.．]\d{1,2}){2}[.．]?(?=[\s　]|[\u3400-\u9fff])"),
        ("dec2", 64, r"\d{1,2}[.．]\d{1,2}[.．]?(?=[\s　]|[\u3400-\u9fff])"),
        (
            "dec1",
            62,
            r"\d{1,2}(?:[.．、](?=[\s　\u3400-\u9fffA-Z])|"
            r"(?=[\s　]+(?:[A-Z][a-z]{2}|[A-Z]{5}|[\u3400-\u9fff]{2})))",
        ),
        ("roman", 61, r"[IVX]{1,5}\.(?=\s)"),
        ("paren", 70, r"[（(]\d{1,2}[）)]|\d{1,2}[)）]"),
        ("circled", 80, r"[①-⑳]"),
    )
)

_LONGEST_KNOWN = 200  # of texts that are looked up many times; longer ones would fill the memory
_RANKS: Mapping[str, int] = {name: rank for name, rank, _ in _SCHEMES}


@dataclass(frozen=True, slots=True)
class Numbering:
    """The section number at the head of a text: its scheme, the number as written, the rest."""

    scheme: str
    number: str
    title: str


def numbering(text: str) -> Numbering | None:
    """The section number that the text begins with, or None."""
    return _known(text) if len(text) <= _LONGEST_KNOWN else _find(text)


@lru_cache(maxsize=4096)
def _known(text: str) -> Numbering | None:
    return _find(text)


def _find(text: str) -> Numbering | None:
    head = text.lstrip()
    for name, _, pattern in _SCHEMES:
        match = pattern.match(head)
        if match:
            return Numbering(name, match.group().strip(), head[match.end() :].strip(" 　:：—-.、"))
    return None


def rank(scheme: str) -> int:
    """How deep a scheme lies: a smaller rank encloses a larger one."""
    return _RANKS[scheme]


def scheme_levels(
    schemes: Iterable[str], known: Mapping[str, int] | None = None, top: int = 1
) -> dict[str, int]:
    """A heading level for each scheme that occurs, outermost first, counting from `top`.

    `known` gives the level of schemes that are settled otherwise (by an outline); the others
    follow below the next enclosing one. Schemes of one rank share a level.
    """
    settled = known or {}
    levels: dict[str, int] = {}
    previous_rank, level = -1, top - 1
    for scheme in sorted(set(schemes), key=lambda name: (_RANKS[name], name)):
        rank = _RANKS[scheme]
        if scheme in settled:
            level = settled[scheme]
        elif rank != previous_rank:
            level += 1
        levels[scheme] = max(1, level)
        previous_rank = rank
    return levels
