"""A slide show as blocks: one page a slide, its title a heading, its notes below it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from ingest.contract import Block, BlockKind, Box, Json, Parsed
from ingest.language import language_of
from ingest.lines import join_lines
from ingest.properties import stated_title
from ingest.slide_order import Rectangle, reading_order

_GOES_ON = re.compile(
    r"\s*(?:[(（\[【]\s*(?:cont(?:inued|'d|’d|d|\.)?|续|續|接上页|接上頁|[续續]?\s*[\d一二三四五六七八九十]+|"
    r"\d+\s*[/／]\s*\d+|\d+ of \d+|[ivx]+)\s*[)）\]】]|"
    r"[-–—:,，]?\s*(?:continued|cont['’]d|cont\.)|[-–—]\s*[续續]\s*\d*|[-–—]?\s*\d+\s*/\s*\d+)$",
    re.I,
)
_UNNAMED = re.compile(
    r"\s*(?:(?:default|untitled|summary) section|默认节|无标题节|未命名节|預設章節|未命名的章節)?"
    r"\s*\d*",
    re.I,
)
_FURNITURE_SLIDES = 3
_TITLE_CHARS = 90
_TITLE_FROM_TOP = 0.3
_LEAST_TITLE_SIZE = 20.0


class Role(StrEnum):
    """What a shape is on its slide."""

    TITLE = "title"
    SUBTITLE = "subtitle"
    SHAPE = "shape"
    FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape with content: its blocks (without places), its rectangle on the slide, its role,
    and its largest font in points (0 where unknown)."""

    blocks: tuple[Block, ...]
    place: Rectangle
    role: Role = Role.SHAPE
    size: float = 0.0

    @property
    def text(self) -> str:
        """The text of its blocks, one to a line."""
        return "\n".join(block.text for block in self.blocks)


@dataclass
class Slide:
    """A slide: its number from 1, width and height in points, its shapes in the file's order,
    the paragraphs of its notes, and the name of the section that begins with it."""

    number: int
    width: float
    height: float
    shapes: list[Shape] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    section: str | None = None
    hidden: bool = False
    opens_part: bool = False


def parsed_deck(
    slides: Sequence[Slide], stated: str, metadata: dict[str, Json], furniture: Sequence[str] = ()
) -> Parsed:
    """The blocks of a slide show. `stated` is the title in the file's properties, `furniture`
    what its masters repeat.

    The title of the first slide, where it is a title slide, wins over the stated title, which
    often is that of the deck this one was made from.
    """
    repeated = _repeated(slides)
    texts = [shape.text for slide in slides for shape in slide.shapes]
    notes_label = {"zh": "备注：", "mixed": "备注："}.get(language_of(texts), "Notes: ")
    state = _Levels(any(slide.section and not _unnamed(slide.section) for slide in slides))
    blocks: list[Block] = []
    title = ""
    for slide in slides:
        shapes = [
            replace(shape, role=Role.FURNITURE) if _key(shape, slide) in repeated else shape
            for shape in slide.shapes
        ]
        heading = _title(shapes, slide)
        if heading is not None and slide is slides[0] and _is_title_slide(slide, shapes, heading):
            title = _line(shapes[heading].text)
        blocks += _slide_blocks(slide, shapes, heading, state)
        for n, paragraph in enumerate(slide.notes):
            label = notes_label if not n else ""
            blocks.append(Block(BlockKind.PARAGRAPH, label + paragraph, boxes=(_whole(slide),)))
    blocks += [Block(BlockKind.FURNITURE, text) for text in dict.fromkeys(furniture)]
    hidden = tuple(slide.number for slide in slides if slide.hidden)
    if hidden:
        metadata = {**metadata, "hidden_slides": hidden}
    return Parsed(tuple(blocks), title or stated_title(stated), len(slides), metadata)


@dataclass
class _Levels:
    """Where in the deck's outline the reading stands."""

    sectioned: bool
    inside: bool = False
    last: str = ""


def _slide_blocks(
    slide: Slide, shapes: Sequence[Shape], heading: int | None, state: _Levels
) -> list[Block]:
    blocks: list[Block] = []
    text = _line(shapes[heading].text) if heading is not None else ""
    top = slide.opens_part and not state.sectioned
    if slide.section is not None:
        state.inside = not _unnamed(slide.section)
        name = " ".join(slide.section.split())
        if state.inside and name.casefold() != text.casefold():
            blocks.append(Block(BlockKind.HEADING, name, 1, (_whole(slide),)))
        elif state.inside:
            top = True
    state.inside = state.inside or top
    if heading is not None:
        place = (_box(slide, shapes[heading]),)
        bare = _GOES_ON.sub("", text)
        goes_on = bare != text and bare.casefold() == state.last.casefold()
        level = 2 if state.inside and not top else 1
        if goes_on:
            blocks.append(Block(BlockKind.FURNITURE, text, boxes=place))
        else:
            blocks.append(Block(BlockKind.HEADING, text, level, place))
        state.last = bare
    body = [s for n, s in enumerate(shapes) if n != heading and s.role is not Role.FURNITURE]
    subtitles = [shape for shape in body if shape.role is Role.SUBTITLE]
    rest = [shape for shape in body if shape.role is not Role.SUBTITLE]
    ordered = [rest[i] for i in reading_order([shape.place for shape in rest])]
    for shape in (*subtitles, *ordered):
        blocks += [replace(block, boxes=(_box(slide, shape),)) for block in shape.blocks]
    for shape in shapes:
        if shape.role is Role.FURNITURE and shape.text.strip():
            blocks.append(
                Block(BlockKind.FURNITURE, _line(shape.text), boxes=(_box(slide, shape),))
            )
    return blocks


def _title(shapes: Sequence[Shape], slide: Slide) -> int | None:
    """The index of the slide's title: its title placeholder, else a short text near the top in
    a font larger than all others."""
    for n, shape in enumerate(shapes):
        if shape.role is Role.TITLE and shape.text.strip():
            return n
    texts = [
        n
        for n, shape in enumerate(shapes)
        if shape.role is Role.SHAPE
        and shape.blocks
        and all(block.kind is BlockKind.PARAGRAPH for block in shape.blocks)
    ]
    if not texts:
        return None
    best = min(texts, key=lambda n: (-shapes[n].size, shapes[n].place[1], n))
    shape = shapes[best]
    others = [shapes[n].size for n in texts if n != best]
    if (
        shape.size < max(_LEAST_TITLE_SIZE, *(size * 1.15 for size in others), 0)
        or len(shape.text) > _TITLE_CHARS
        or len(shape.blocks) > 2
        or shape.place[1] > slide.height * (_TITLE_FROM_TOP if slide.number > 1 else 0.6)
    ):
        return None
    return best


def _is_title_slide(slide: Slide, shapes: Sequence[Shape], heading: int) -> bool:
    """A slide that has no running content beside its title: a few short lines at most."""
    if any(shape.role is Role.SUBTITLE for shape in shapes):
        return True
    rest = [
        block
        for n, shape in enumerate(shapes)
        if n != heading and shape.role is not Role.FURNITURE
        for block in shape.blocks
    ]
    return len(rest) <= 4 and all(
        block.kind is BlockKind.PARAGRAPH and len(block.text) <= _TITLE_CHARS for block in rest
    )


def _repeated(slides: Sequence[Slide]) -> set[tuple[str, int, int]]:
    """Texts that stand at the same place on most slides: furniture that was copied there."""
    seen: Counter[tuple[str, int, int]] = Counter()
    for slide in slides:
        seen.update({_key(shape, slide) for shape in slide.shapes if shape.role is Role.SHAPE})
    least = max(_FURNITURE_SLIDES, (len(slides) + 1) // 2)
    return {key for key, count in seen.items() if count >= least and key[0] and len(key[0]) <= 120}


def _key(shape: Shape, slide: Slide) -> tuple[str, int, int]:
    """The text and the place of a shape, the slide's own number in it left open."""
    text = re.sub(rf"(?<!\d){slide.number}(?!\d)", "#", shape.text.strip())
    return text, round(shape.place[0] / 4), round(shape.place[1] / 4)


def _unnamed(section: str) -> bool:
    return _UNNAMED.fullmatch(section) is not None


def _line(text: str) -> str:
    return join_lines(text.split("\n"))


def _box(slide: Slide, shape: Shape) -> Box:
    x0, y0, x1, y1 = shape.place
    return Box(slide.number, round(x0, 2), round(y0, 2), round(x1, 2), round(y1, 2))


def _whole(slide: Slide) -> Box:
    return Box(slide.number, 0.0, 0.0, round(slide.width, 2), round(slide.height, 2))
