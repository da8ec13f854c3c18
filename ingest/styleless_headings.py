"""Headings of documents that have no heading styles: by their number and their look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ingest.contract import Block, BlockKind
from ingest.lines import ends_sentence
from ingest.numbering import Numbering, numbering, scheme_levels

_LONGEST = 60
_LONGEST_WORDS = 100
_SURE = frozenset(("cn-part", "part", "cn-chapter", "chapter", "cn-section", "appendix"))
_BY_LOOK = frozenset(
    ("cn-list", "cn-paren", "cn-article", "dec1", "dec2", "dec3", "dec4", "roman", "section",
     "subsection", "article", "item")
)  # fmt: skip
_LARGER = 0.9
_DEEPEST = 6


@dataclass(frozen=True, slots=True)
class Look:
    """How a paragraph is set: its font in points, whether all of it is bold, whether it is
    centered, and the name of its font ("" where unknown)."""

    size: float
    bold: bool
    centered: bool
    font: str = ""


def with_headings(blocks: Sequence[Block], looks: Mapping[int, Look]) -> tuple[list[Block], str]:
    """The blocks with headings made of the paragraphs that look like some, and the title.
    `looks` gives the look of paragraphs and list items by their index. A document that has two
    headings by its styles stays as it is."""
    if sum(block.kind is BlockKind.HEADING for block in blocks) > 1:
        return list(blocks), ""
    body = _body(blocks, looks)
    schemes: dict[int, str] = {}
    plain: dict[int, float] = {}
    for index, look in looks.items():
        text = blocks[index].text
        if not _may_be(text):
            continue
        number = numbering(text)
        stands_out = _stands_out(look, body)
        if number is not None and (
            (number.scheme in _SURE and (_is_sure(number) or stands_out))
            or (number.scheme in _BY_LOOK and stands_out and number.title)
        ):
            schemes[index] = number.scheme
        elif number is None and ((look.bold and not body.bold) or look.size > body.size + _LARGER):
            plain[index] = look.size
    if len(schemes) + len(plain) > len(looks) * 2 // 3:
        return list(blocks), ""  # a form or a poster, where all is set large
    title = _title(blocks, looks, body, plain, schemes)
    levels = scheme_levels(schemes.values())
    largest = max((looks[i].size for i, s in schemes.items() if levels[s] == 1), default=0.0)
    sizes = sorted({size for index, size in plain.items() if index != title}, reverse=True)
    out = list(blocks)
    for index, scheme in schemes.items():
        out[index] = replace(out[index], kind=BlockKind.HEADING, level=levels[scheme])
    for index, size in plain.items():
        level = sizes.index(size) + 1 if size in sizes else 1
        if schemes and index != title:
            level = 1 if size > largest else max(levels.values()) + 1
        out[index] = replace(out[index], kind=BlockKind.HEADING, level=min(level, _DEEPEST))
    return out, blocks[title].text if title is not None else ""


def _is_sure(number: Numbering) -> bool:
    """Whether a number makes a heading whatever it looks like; `附件：` leads to a file."""
    counted = number.scheme != "appendix" or number.number[-1:] not in "件錄录"
    return bool(number.title) and counted


def _may_be(text: str) -> bool:
    wide = sum(char > "\u2e7f" for char in text)
    longest = _LONGEST if wide * 2 > len(text) else _LONGEST_WORDS
    return (
        len(text) <= longest
        and "\n" not in text
        and not ends_sentence(text)
        and not text.endswith(("，", ",", "、"))
        and any(char.isalpha() for char in text)
    )


def _body(blocks: Sequence[Block], looks: Mapping[int, Look]) -> Look:
    """The look of most of the text."""
    weights: Counter[Look] = Counter()
    for index, look in looks.items():
        weights[replace(look, centered=False)] += len(blocks[index].text)
    return weights.most_common(1)[0][0] if weights else Look(0.0, bold=False, centered=False)


def _stands_out(look: Look, body: Look) -> bool:
    return (
        (look.bold and not body.bold)
        or look.size > body.size + _LARGER
        or (look.font != body.font and bool(look.font))
    )


def _title(
    blocks: Sequence[Block],
    looks: Mapping[int, Look],
    body: Look,
    plain: Mapping[int, float],
    schemes: Mapping[int, str],
) -> int | None:
    """The index of the title: larger than all other text, before every numbered heading."""
    if any(block.kind is BlockKind.HEADING for block in blocks) or not plain:
        return None
    first = min(plain)
    largest = max(look.size for look in looks.values())
    before = min(schemes, default=len(blocks))
    if first > 3 or first > before or looks[first].size < largest:
        return None
    same = [index for index, size in plain.items() if size == largest]
    if len(same) > 1 and not looks[first].centered:
        return None
    return first if largest > body.size + _LARGER or looks[first].centered else None
