"""Heading levels over a whole document: by its outline, by section numbers, by looks."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import TypeAlias

from ingest.contract import BlockKind
from ingest.lines import ends_sentence
from ingest.numbering import Numbering, numbering, rank, scheme_levels
from ingest.pdf_blocks import Draft

Outline: TypeAlias = Sequence[tuple[int, str, int]]
"""Entries as (level from 1, title, page from 1)."""

_Style: TypeAlias = tuple[float, bool, bool, bool]
DEEPEST = 6
_LEAST_CHAIN = 4
_NAMED = (BlockKind.HEADING, BlockKind.PARAGRAPH, BlockKind.LIST_ITEM)


def set_levels(drafts: Sequence[Draft], outline: Outline) -> None:
    """Give every heading its level (1 to DEEPEST), the same for the same look and scheme."""
    headings = [draft for draft in drafts if draft.kind is BlockKind.HEADING]
    by_outline = _match(headings, outline)
    schemes = _schemes(headings)
    styles = _styles(headings)
    top = 1 if by_outline else 1 + _towered_over(headings, styles, schemes)
    levels = _numbered_levels(by_outline, schemes, top)
    anchored = {**{i: levels[scheme] for i, scheme in schemes.items()}, **by_outline}
    cover = set(styles) - {s for s, h in zip(styles, headings, strict=True) if h.page > 1}
    looks = _style_levels(
        styles, anchored, cover if headings[-1:] and headings[-1].page > 1 else ()
    )
    for index, heading in enumerate(headings):
        level = heading.told or anchored.get(index, looks[styles[index]])
        heading.level = max(1, min(DEEPEST, level))


def _schemes(headings: Sequence[Draft]) -> dict[int, str]:
    """The numbering scheme of each numbered heading. Bare numbers that do not start from 1 are
    no section numbers (`14 CFR Part 39`)."""
    found = {index: numbering(heading.text) for index, heading in enumerate(headings)}
    numbered = {index: number for index, number in found.items() if number is not None}
    single = {
        number.number.strip(".．、 ") for number in numbered.values() if number.scheme == "dec1"
    }
    counts = bool(single & {"1", "2", "１"})
    return {i: n.scheme for i, n in numbered.items() if n.scheme != "dec1" or counts}


_HEAD_SCHEMES = (
    "cn-part", "cn-chapter", "cn-section", "cn-article", "cn-list", "cn-paren", "part", "chapter",
    "appendix", "section", "article", "dec1", "dec2", "dec3", "dec4",
)  # fmt: skip

_BARE_SCHEMES = _HEAD_SCHEMES[:4] + _HEAD_SCHEMES[6:11]
"""Whose numbers stand as headings without a title, too."""


def promote_numbered(drafts: Sequence[Draft]) -> None:
    """Short numbered texts that look like the body become headings where most texts with such
    numbers stand alone over running text, as headings do and the items of a list do not."""
    body = [draft for draft in drafts if draft.kind is not BlockKind.FURNITURE]
    for scheme in ("dec", "subsection"):
        for draft in _decimal_outline(body, scheme):
            draft.kind = BlockKind.HEADING
    found: dict[tuple[str, str], list[tuple[Draft, bool, bool]]] = {}
    for draft, below in zip(body, [*body[1:], None], strict=True):
        number = numbering(draft.text)
        if number is None or number.scheme not in _HEAD_SCHEMES:
            continue
        end = unicodedata.normalize("NFKC", number.number[-1:])
        form = (number.scheme, "" if end.isalnum() else end)
        if draft.kind is BlockKind.HEADING:
            found.setdefault(form, []).append((draft, True, True))
        elif draft.kind in (BlockKind.PARAGRAPH, BlockKind.LIST_ITEM):
            over = below is not None and _is_running_text(below, number.scheme)
            name = _is_name(draft, number)
            found.setdefault(form, []).append((draft, name and over, name))
    for group in found.values():
        heads = sum(is_head for _, is_head, _ in group)
        if heads * 5 >= len(group) * 4 and heads >= 2:
            for draft, _, is_name in group:
                if is_name:
                    draft.kind = BlockKind.HEADING


def _is_name(draft: Draft, number: Numbering) -> bool:
    """Whether what follows a number is short and no sentence."""
    short = len(number.title) <= (24 if not number.title.isascii() else 60)
    titled = bool(number.title) or number.scheme in _BARE_SCHEMES
    ends = ends_sentence(draft.text) or draft.text.rstrip().endswith((",", "，", "、", ";", "；"))
    return short and titled and not ends and not re.search("[\n，。；]", number.title)


def _decimal_outline(body: Sequence[Draft], scheme: str) -> list[Draft]:
    """The names whose decimal numbers follow each other through the whole document as those of
    an outline do: 1, 2, 2.1, 2.1.1, 2.2, 3. Whatever they look like, that is no accident once
    several are on more than one level."""
    chain: list[tuple[tuple[int, ...], Draft]] = []
    for draft in body:
        number = numbering(draft.text) if draft.kind in _NAMED else None
        if number is None or not number.scheme.startswith(scheme) or not _is_name(draft, number):
            continue
        parts = tuple(int(part) for part in re.findall(r"\d+", number.number))
        if _follows(chain[-1][0] if chain else (), parts):
            chain.append((parts, draft))
    numbers = {parts for parts, _ in chain}
    nested = sum(parts[:-1] in numbers for parts in numbers if len(parts) > 1)
    deep = sum(len(parts) > 1 for parts in numbers)
    if len(chain) < _LEAST_CHAIN or max(nested, deep // 2) < 2:
        return []
    return [draft for _, draft in chain]


def _follows(last: tuple[int, ...], parts: tuple[int, ...]) -> bool:
    """Whether a number comes next in an outline: its first child, or the next one on its level
    or an outer one. Chapters may be numbered otherwise (1.3 before 2.1)."""
    if not last:
        return parts in ((1,), (1, 1))
    if parts == (*last, 1):
        return True
    depth = len(parts)
    if depth <= len(last) and parts[:-1] == last[: depth - 1] and parts[-1] == last[depth - 1] + 1:
        return True
    return depth == 2 <= len(last) and parts == (last[0] + 1, 1)


def _is_running_text(draft: Draft, scheme: str) -> bool:
    number = numbering(draft.text)
    if number is not None and number.scheme == scheme:
        return False
    if draft.kind in (BlockKind.HEADING, BlockKind.CAPTION) or draft.table is not None:
        return True
    if number is not None and rank(number.scheme) > rank(scheme):
        return scheme not in ("dec1", "cn-paren") or draft.kind is not BlockKind.LIST_ITEM
    if draft.kind is BlockKind.LIST_ITEM:
        return number is None and scheme.startswith("cn-")  # bullets
    return draft.kind is BlockKind.PARAGRAPH and ends_sentence(draft.text)


def title_of(drafts: Sequence[Draft], stated: str) -> str:
    """The title that the file states where it is a real one, else the largest heading on the
    first page that has any (nothing past page 3); "" where there is none."""
    cleaned = " ".join(stated.split())
    if is_real_title(cleaned):
        return cleaned
    for page in (1, 2, 3):
        heads = [d for d in drafts if d.kind is BlockKind.HEADING and d.page == page]
        marked = [d for d in heads if d.layout_kind in ("title", "section-header")]
        titles = [d for d in marked if d.layout_kind == "title"] or marked or heads
        if titles:
            best = max(titles, key=lambda d: d.size)
            return best.text if len(best.text) <= 200 else ""
    return ""


def is_real_title(title: str) -> bool:
    """False for what programs put there by themselves: file names, program names, numbers."""
    if len(title) < 3 or len(title) > 300 or not re.search(r"[^\W\d_]{2}", title):
        return False
    if _FILE_NAME.search(title):
        return False
    return _BY_PROGRAM.match(title) is None


_FILE_NAME = re.compile(
    r"\.(?:docx?|pdf|pptx?|xlsx?|indd|tex|dvi|qxd|rtf|txt|html?|wpd|png|jpe?g|tiff?|gif|bmp|heic|webp)$",
    re.IGNORECASE,
)
_BY_PROGRAM = re.compile(
    r"(?:Microsoft|untitled|无标题|未命名|文档\s*\d|Document\s*\d|Slide\s*\d|PowerPoint|PDF|Print|"
    r"about:blank|https?://|file:)",
    re.IGNORECASE,
)


def plain(text: str) -> str:
    """Letters and digits only, folded, for comparing an outline's title with a heading."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text)).casefold()


def _match(headings: Sequence[Draft], outline: Outline) -> dict[int, int]:
    """Levels of the headings that the outline names, on its page or the next to it."""
    entries: dict[str, list[tuple[int, int]]] = {}
    for level, title, page in outline:
        entries.setdefault(plain(title), []).append((page, level))
    found: dict[int, int] = {}
    for index, heading in enumerate(headings):
        key = plain(heading.text)
        number = numbering(heading.text)
        for candidate in (key, plain(number.title) if number else ""):
            near = [e for e in entries.get(candidate, ()) if abs(e[0] - heading.page) <= 1]
            if candidate and near:
                found[index] = min(near, key=lambda e: abs(e[0] - heading.page))[1]
                break
    return found


def _towered_over(
    headings: Sequence[Draft], styles: Sequence[_Style], schemes: Mapping[int, str]
) -> bool:
    """Whether headings without a number, the title aside, are larger than all numbered ones:
    chapters whose number stands elsewhere."""
    if not schemes:
        return False
    largest = max(styles[index][0] for index in schemes)
    return any(
        styles[index][0] > largest + 0.75 and heading.page != headings[0].page
        for index, heading in enumerate(headings)
        if index not in schemes
    )


def _numbered_levels(
    by_outline: Mapping[int, int], schemes: Mapping[int, str], top: int
) -> dict[str, int]:
    votes: dict[str, Counter[int]] = {}
    for index, scheme in schemes.items():
        if index in by_outline:
            votes.setdefault(scheme, Counter())[by_outline[index]] += 1
    settled = {scheme: _winner(counter) for scheme, counter in votes.items()}
    return scheme_levels(schemes.values(), settled, top)


def _winner(counter: Counter[int]) -> int:
    return min(counter, key=lambda level: (-counter[level], level))


def _styles(headings: Sequence[Draft]) -> list[_Style]:
    """The look of each heading; sizes that differ by less than 0.75 points are one."""
    merged: dict[float, float] = {}
    anchor = 0.0
    for size in sorted({heading.size for heading in headings}, reverse=True):
        if not merged or anchor - size > 0.75:
            anchor = size
        merged[size] = anchor
    return [(merged[h.size], h.bold, _shouts(h.text), h.italic and not h.bold) for h in headings]


def _shouts(text: str) -> bool:
    """All in capitals, and not a mere abbreviation."""
    return text.isupper() and (len(text) > 10 or numbering(text) is not None)


def _weight(style: _Style) -> tuple[float, bool, bool, bool]:
    """Sorts styles from the most to the least prominent."""
    size, bold, capitals, italic = style
    return (-size, not capitals, not bold, italic)


def _style_levels(
    styles: Sequence[_Style], anchored: Mapping[int, int], cover: Collection[_Style]
) -> dict[_Style, int]:
    """A level for each look: that of most anchored headings of this look, else one below the
    next more prominent look that has a level. The looks of a cover push nothing down, but for
    the most prominent, the title's."""
    votes: dict[_Style, Counter[int]] = {}
    for index, level in anchored.items():
        votes.setdefault(styles[index], Counter())[level] += 1
    # A few numbered ones among many do not decide for a look.
    common = Counter(styles)
    settled = {
        style: _winner(counter)
        for style, counter in votes.items()
        if counter.total() * 7 >= common[style]
    }
    levels: dict[_Style, int] = {}
    above = 0
    for style in sorted(set(styles), key=_weight):
        if style in settled:
            level = settled[style]
        else:
            smaller = [lv for other, lv in settled.items() if other[0] < style[0] - 0.5]
            level = max(1, min([above + 1, *smaller]))
        levels[style] = level
        if style not in cover or above == 0:
            above = level
    return levels
