"""Lists of Word documents: the marker of each numbered paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from ingest.counting import written

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"


def value(element: etree._Element | None, path: str, name: str = "val") -> str | None:
    """The attribute w:`name` of the element at `path`, None where it is not there."""
    if element is None:
        return None
    found = element.find(path)
    return None if found is None else found.get(f"{W}{name}")


def number(element: etree._Element | None, path: str) -> int | None:
    """The whole number that the element at `path` states, or None."""
    text = value(element, path)
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: its form, the number it starts with, its text ("%1.%2"), the
    paragraph style that it belongs to, and whether it shows outer levels in digits."""

    form: str
    start: int
    text: str
    style: str = ""
    digits: bool = False

    @staticmethod
    def of(item: etree._Element) -> Level:
        """The level that a w:lvl defines."""
        start = number(item, f"{W}start")
        return Level(
            value(item, f"{W}numFmt") or "decimal",
            1 if start is None else start,
            value(item, f"{W}lvlText") or "",
            value(item, f"{W}pStyle") or "",
            item.find(f"{W}isLgl") is not None,
        )


@dataclass
class Numbering:
    """The lists of a document, and how far each has been counted."""

    levels: dict[tuple[str, int], Level] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    started: set[tuple[str, int]] = field(default_factory=set)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)
    own_levels: dict[tuple[str, int], Level] = field(default_factory=dict)

    @staticmethod
    def of(root: etree._Element | None) -> Numbering:
        """The lists that a numbering part defines."""
        lists = Numbering()
        if root is None:
            return lists
        styled: dict[str, str] = {}  # list style -> the definition that it stands for
        linked: dict[str, str] = {}  # definition -> the list style that it refers to
        for definition in root.findall(f"{W}abstractNum"):
            name = definition.get(f"{W}abstractNumId") or ""
            if style := value(definition, f"{W}styleLink"):
                styled[style] = name
            if style := value(definition, f"{W}numStyleLink"):
                linked[name] = style
            for item in definition.findall(f"{W}lvl"):
                lists.levels[name, _depth(item)] = Level.of(item)
        for instance in root.findall(f"{W}num"):
            name = instance.get(f"{W}numId") or ""
            definition_name = value(instance, f"{W}abstractNumId") or ""
            definition_name = styled.get(linked.get(definition_name, ""), definition_name)
            lists.abstract[name] = definition_name
            for override in instance.findall(f"{W}lvlOverride"):
                start = number(override, f"{W}startOverride")
                depth = _depth(override)
                if start is not None:
                    lists.restarts[name, depth] = start
                own = override.find(f"{W}lvl")
                if own is not None:
                    lists.own_levels[name, depth] = Level.of(own)
        return lists

    def level(self, name: str, depth: int) -> Level | None:
        """The level of list `name` at `depth`, its own or that of its definition."""
        key = self.abstract.get(name, name)
        return self.own_levels.get((name, depth)) or self.levels.get((key, depth))

    def depth_of_style(self, name: str, style: str) -> int:
        """The depth at which list `name` counts paragraphs of a style, 0 where it names none."""
        key = self.abstract.get(name, name)
        found = [d for (n, d), level in self.levels.items() if n == key and level.style == style]
        return min(found, default=0) if style else 0

    def marker(self, name: str, depth: int) -> str:
        """Count one more paragraph of list `name` at `depth` (from 0); its marker with a space
        after it: "- " for bullets, "" where the list shows none."""
        key = self.abstract.get(name, name)
        level = self.level(name, depth)
        if level is None or level.form == "bullet":
            return "- "
        counts = self.counts.setdefault(key, {})
        restart = self.restarts.get((name, depth))
        if restart is not None and (name, depth) not in self.started:
            counts[depth] = restart
        else:
            counts[depth] = counts.get(depth, level.start - 1) + 1
        self.started.add((name, depth))
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        if level.form == "none":
            return ""

        def shown(match: re.Match[str]) -> str:
            at = int(match.group(1)) - 1
            other = self.level(name, at) or level
            form = "decimal" if level.digits and at != depth else other.form
            return written(counts.get(at, other.start), form)

        text = re.sub(r"%([1-9])", shown, level.text).strip()
        return f"{text} " if text else ""


def _depth(item: etree._Element) -> int:
    text = item.get(f"{W}ilvl") or "0"
    return int(text) if text.isdecimal() and len(text) < 3 else 0
