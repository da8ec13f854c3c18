"""Running text without a layout model: lines to paragraphs, and what each of them is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ingest.lines import ends_sentence, is_spaceless, unbreakable
from ingest.numbering import numbering
from ingest.pdf_blocks import CHAPTERS, can_head, is_caption
from ingest.pdf_headings import plain
from ingest.pdf_layout import Line, Region, union, visual_lines
from ingest.pdf_survey import Survey

_BULLET = re.compile(
    "(?:[•◦‣⁃▪▫●○■□◆◇➢➤✓✔❖·\ufffd\uf000-\uf0ff\u2219\u2043]|[-–—*]\\s|o\\s+(?=[A-Z]))"
)
_ENUMERATED = re.compile(
    r"(?:\d{1,3}[.)）、](?!\d)|[a-zA-Z][.)](?=\s)|[ivx]{1,5}[.)](?=\s)|"
    r"[(（](?:\d{1,3}|[a-zA-Z]|[ivx]{1,5}|[一二三四五六七八九十]{1,3})[)）]|[①-⑳])"
)
_TITLE_STEP = 1.75  # sizes of its print, from line to line
_OWN_LINE = (*CHAPTERS, "cn-article")
_UNIT = re.compile(
    r"[（(]?\s*(?:(?:金额)?单位\s*[：:]|"
    r"(?:amounts? |dollars? )?in (?:thousands|millions|billions))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Setting:
    """What the page is judged against: the survey, the right edge of its text, the titles that
    the outline names on it (folded), the height of its footnote rule (infinite where none)."""

    survey: Survey
    titles: Collection[str]
    notes_from: float = float("inf")


def text_regions(
    lines: Sequence[Line], edges: tuple[float, float], setting: Setting
) -> list[Region]:
    """The lines of a column as regions: headings, paragraphs, list items, captions, footnotes.
    `edges` are the places where lines begin and end at most."""
    regions: list[Region] = []
    for group in _paragraphs(visual_lines(lines), edges, setting):
        box = union(line.box for line in group)
        kind = _kind(group, setting)
        # Where the lines could have ended is needed to join paragraphs over breaks.
        column = (edges[0], box[1], edges[1], box[3])
        regions.append(Region(kind, column if kind in ("text", "list-item") else box, group))
    return regions


def _paragraphs(
    lines: Sequence[Line], edges: tuple[float, float], setting: Setting
) -> Iterator[list[Line]]:
    group: list[Line] = []
    for index, line in enumerate(lines):
        following = lines[index + 1] if index + 1 < len(lines) else None
        if group and _begins(group, line, following, edges, setting):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _begins(
    group: Sequence[Line],
    line: Line,
    following: Line | None,
    edges: tuple[float, float],
    setting: Setting,
) -> bool:
    """Whether a line begins a new paragraph below the group."""
    before = group[-1]
    size = max(line.size, 1.0)
    if abs(before.size - line.size) > max(0.6, 0.06 * size):
        return True
    if (before.box[3] <= setting.notes_from) != (line.box[3] <= setting.notes_from):
        return True
    step = (line.box[3] - before.box[3]) / size
    if _is_title(group) and size > 1.3 * setting.survey.body_size and 0.3 <= step <= _TITLE_STEP:
        return numbering(line.text) is not None  # a title that breaks where it likes
    usual = _usual(group, setting)
    if step > usual * 1.22 + 0.08 or step < 0.3:
        return True
    short = _is_short(before, line, edges)
    text = line.text.strip()
    if is_bold(before) != is_bold(line):
        if is_bold(before) and _is_title(group) and all(map(is_bold, group)):
            return True
        if is_bold(line) and (short or ends_sentence(before.text)):
            return True
    if _BULLET.match(text) or _is_numbered_name(line, edges):
        return True
    if _ENUMERATED.match(text) and (short or ends_sentence(before.text)):
        return True
    return short or _is_indented(group, line, following, size)


def _usual(group: Sequence[Line], setting: Setting) -> float:
    if len(group) < 2:
        return max(setting.survey.pitch, 1.15)
    return (group[-1].box[3] - group[-2].box[3]) / max(group[-1].size, 1.0)


def _is_indented(group: Sequence[Line], line: Line, following: Line | None, size: float) -> bool:
    """Whether a line begins further in than the lines around it."""
    before = group[-1]
    margin = before.box[0] if len(group) > 1 else min(before.box[0], line.box[0])
    deep = line.box[0] - margin
    if not 0.9 * size < deep < 6 * size:
        return False
    if len(group) > 1:
        return following is None or following.box[0] < line.box[0] - 0.5 * size or len(group) > 2
    return False


def _is_short(before: Line, line: Line, edges: tuple[float, float]) -> bool:
    """Whether the line before ends although the first word of the next one had room on it."""
    room = edges[1] - before.box[2]
    first = line.text.strip()
    size = max(line.size, 1.0)
    if not first:
        return False
    if is_spaceless(first[0]) or is_spaceless(before.text.strip()[-1:]):
        # What may not be parted goes to the next line whole; a paragraph ends with its sentence.
        least = 2.6 * size + 0.6 * size * unbreakable(first)
        whole = ends_sentence(before.text) or before.text.rstrip()[-1:] in "）)”’】"
        return room > (least if whole else max(least, 0.35 * (edges[1] - edges[0])))
    span = next(span for span in line.spans if span.text.strip())
    word = first.split(None, 1)[0]
    each = (span.box[2] - span.box[0]) / max(1, len(span.text))
    return room > len(word) * each * 1.1 + 0.6 * size


def _is_numbered_name(line: Line, edges: tuple[float, float]) -> bool:
    """Whether a line is a Chinese section number and a name, and ends well before the margin."""
    text = line.text.strip()
    number = numbering(text)
    if number is None or number.scheme not in _OWN_LINE or len(number.title) > 24:
        return False
    room = edges[1] - line.box[2] > 0.3 * (edges[1] - edges[0])
    return room and not ends_sentence(text) and not text.endswith(("，", "、", "；", ","))


def is_bold(line: Line) -> bool:
    """Whether all of a line is bold, blanks aside."""
    return all(span.bold for span in line.spans if span.text.strip())


def _is_title(group: Sequence[Line]) -> bool:
    """Whether the group can be a heading by its length."""
    return len(group) <= 3 and sum(len(line.text) for line in group) <= 160


def _kind(group: Sequence[Line], setting: Setting) -> str:
    survey = setting.survey
    text = " ".join(line.text.strip() for line in group)
    size = max(line.size for line in group)
    if plain(text) in setting.titles:
        return "section-header"
    if group[0].box[1] >= setting.notes_from - 1 and size <= 0.96 * survey.body_size:
        return "footnote"
    if is_caption(text) and not _tells(text):
        return "caption"
    if _BULLET.match(text) and len(text) > 1:
        return "list-item"
    if _heads(group, text, size, survey):
        return "section-header"
    if _ENUMERATED.match(text):
        return "list-item"
    return "text"


def _heads(group: Sequence[Line], text: str, size: float, survey: Survey) -> bool:
    if len(group) > 3 or len(text) > 160 or not can_head(text) or _UNIT.match(text):
        return False
    if min(line.size for line in group) > 1.12 * survey.body_size:
        return not (ends_sentence(text) and len(text) > 60)
    bold = all(map(is_bold, group)) and not survey.body_bold
    return bold and size >= 0.93 * survey.body_size and not text.endswith((".", "。", ",", "，"))


def _tells(text: str) -> bool:
    """Whether a text that begins like a caption is a sentence about the figure or table."""
    return (
        re.match(
            r"(?:\w+\.?\s*[\d.]+(?:\([a-z]\))?\s+(?:shows?|lists?|presents?|gives?|is|are|was|were|"
            r"summari[sz]es|describes|provides|illustrates|compares|sets)\b)|"
            r"[图表]\s*[\d.\-—]+\s*(?:为|是|显示|列出|给出|说明|中)",
            text,
        )
        is not None
    )
