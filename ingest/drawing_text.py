"""Text of DrawingML shapes: paragraphs, their levels, bullets and numbers, inherited ones too."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from ingest.bullets import without_bullet
from ingest.contract import Block, BlockKind
from ingest.counting import written
from ingest.omml import linear
from ingest.ooxml import MC, A, M, chosen, whole

_BLANKS = re.compile(r"[^\S\n]+")
_AUTO = re.compile(
    r"(arabic|romanLc|romanUc|alphaLc|alphaUc|ea1Chs|ea1Cht|ea1Jpn|circleNum)\w*?"
    r"(Period|ParenR|ParenBoth|Plain|Minus)$"
)
_FORMS = {
    "arabic": "decimal",
    "romanLc": "lowerRoman",
    "romanUc": "upperRoman",
    "alphaLc": "lowerLetter",
    "alphaUc": "upperLetter",
    "ea1Chs": "chineseCounting",
    "ea1Cht": "chineseCounting",
    "ea1Jpn": "chineseCounting",
    "circleNum": "decimalEnclosedCircle",
}
_SHAPES = {"Period": "{}.", "ParenR": "{})", "ParenBoth": "({})", "Plain": "{}", "Minus": "{}-"}


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A paragraph of a shape. `level` counts from 0; `bullet` is "" for none, "char" for a sign,
    else the scheme of an automatic number that begins at `start`; `size` is the largest font
    in points that is stated, 0 where none is."""

    text: str
    level: int = 0
    bullet: str = ""
    start: int = 1
    size: float = 0.0


@dataclass
class Markers:
    """Counts the automatic numbers of one shape."""

    counts: dict[int, tuple[str, int]] = field(default_factory=dict)

    def next(self, paragraph: Paragraph) -> str:
        """The marker of the paragraph with a space after it, "" where it has none."""
        for deeper in [level for level in self.counts if level > paragraph.level]:
            del self.counts[deeper]
        if paragraph.bullet in ("", "char"):
            self.counts.pop(paragraph.level, None)
            return "- " if paragraph.bullet else ""
        scheme, count = self.counts.get(paragraph.level, ("", 0))
        count = count + 1 if scheme == paragraph.bullet else paragraph.start
        self.counts[paragraph.level] = (paragraph.bullet, count)
        match = _AUTO.match(paragraph.bullet)
        if match is None:
            return f"{count}. "
        return _SHAPES[match[2]].format(written(count, _FORMS[match[1]])) + " "


def paragraphs(
    body: etree._Element | None, styles: Sequence[etree._Element] = ()
) -> list[Paragraph]:
    """The paragraphs of a text body that hold text. `styles` are list styles (a:lstStyle and
    its like) that it inherits from, nearest first."""
    found: list[Paragraph] = []
    if body is None:
        return found
    own = body.find(f"{A}lstStyle")
    chain = [*([own] if own is not None else []), *styles]
    for element in body.iter(f"{A}p"):
        text = text_of(element)
        if not text:
            continue
        settings = element.find(f"{A}pPr")
        level = min(max(whole(settings.get("lvl") if settings is not None else None), 0), 8)
        inherited = [
            style for place in chain if (style := place.find(f"{A}lvl{level + 1}pPr")) is not None
        ]
        bullet, start = _bullet([*([settings] if settings is not None else []), *inherited])
        found.append(Paragraph(text, level, bullet, start, _size(element, inherited)))
    return found


def text_blocks(found: Iterable[Paragraph]) -> list[Block]:
    """The paragraphs as blocks: those with a bullet or number are list items."""
    markers = Markers()
    blocks: list[Block] = []
    for paragraph in found:
        marker = markers.next(paragraph)
        listed = None if marker else without_bullet(paragraph.text)
        if listed is not None:
            blocks.append(Block(BlockKind.LIST_ITEM, f"- {listed}", paragraph.level + 1))
        elif marker:
            blocks.append(Block(BlockKind.LIST_ITEM, marker + paragraph.text, paragraph.level + 1))
        else:
            blocks.append(Block(BlockKind.PARAGRAPH, paragraph.text))
    return blocks


def text_of(paragraph: etree._Element) -> str:
    """The paragraph's text, runs of blanks as one, its own line breaks kept."""
    raw = "".join(_parts(paragraph))
    lines = (_BLANKS.sub(" ", line).strip() for line in raw.split("\n"))
    return "\n".join(line for line in lines if line)


def _parts(paragraph: etree._Element) -> Iterator[str]:
    stack = list(reversed(paragraph))
    while stack:
        node = stack.pop()
        if node.tag == f"{A}t":
            yield node.text or ""
        elif node.tag == f"{M}oMath":
            yield linear(node)
        elif node.tag == f"{A}br":
            yield "\n"
        elif node.tag == f"{A}tab":
            yield "\t"
        elif node.tag == f"{MC}AlternateContent":
            branch = chosen(node)
            stack.extend(reversed(branch) if branch is not None else ())
        else:
            stack.extend(reversed(node))


def _bullet(chain: Sequence[etree._Element]) -> tuple[str, int]:
    for settings in chain:
        for element in settings:
            if element.tag == f"{A}buNone":
                return "", 1
            if element.tag in (f"{A}buChar", f"{A}buBlip"):
                return "char", 1
            if element.tag == f"{A}buAutoNum":
                return element.get("type") or "arabicPeriod", whole(element.get("startAt"), 1)
    return "", 1


def _size(paragraph: etree._Element, inherited: Sequence[etree._Element]) -> float:
    sizes = [whole(run.get("sz")) for run in paragraph.iter(f"{A}rPr") if run.get("sz")]
    if sizes:
        return max(sizes) / 100
    for style in inherited:
        stated = style.find(f"{A}defRPr")
        if stated is not None and stated.get("sz"):
            return whole(stated.get("sz")) / 100
    return 0.0
