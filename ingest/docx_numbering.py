"""Lists of Word documents: the marker of each numbered paragraph."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"

_CN_DIGITS = "〇一二三四五六七八九"
_CHINESE = frozenset(
    (
        "chineseCounting",
        "chineseCountingThousand",
        "taiwaneseCounting",
        "japaneseCounting",
        "ideographDigital",
        "taiwaneseCountingThousand",
    )
)
_ROMAN = (
    (1000, "m"),
    (900, "cm"),
    (500, "d"),
    (400, "cd"),
    (100, "c"),
    (90, "xc"),
    (50, "l"),
    (40, "xl"),
    (10, "x"),
    (9, "ix"),
    (5, "v"),
    (4, "iv"),
    (1, "i"),
)


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


def written(count: int, form: str) -> str:
    """A number in one of Word's forms; decimal for those not known."""
    if form in ("lowerLetter", "upperLetter") and count > 0:
        letter = chr(ord("a") + (count - 1) % 26) * min((count - 1) // 26 + 1, 9)
        return letter.upper() if form == "upperLetter" else letter
    if form in ("lowerRoman", "upperRoman") and 0 < count < 4000:
        roman = ""
        for size, sign in _ROMAN:
            roman += sign * (count // size)
            count %= size
        return roman.upper() if form == "upperRoman" else roman
    if form in _CHINESE and 0 < count < 100:
        tens, ones = divmod(count, 10)
        head = "" if not tens else ("十" if tens == 1 else _CN_DIGITS[tens] + "十")
        return head + (_CN_DIGITS[ones] if ones else "")
    return f"{count:02d}" if form == "decimalZero" else str(count)


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a list: its form, the number it starts with, and its text ("%1.%2")."""

    form: str
    start: int
    text: str


@dataclass
class Numbering:
    """The lists of a document, and how far each has been counted."""

    levels: dict[tuple[str, int], Level] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)
    started: set[tuple[str, int]] = field(default_factory=set)
    restarts: dict[tuple[str, int], int] = field(default_factory=dict)

    @staticmethod
    def of(root: etree._Element | None) -> Numbering:
        """The lists that a numbering part defines."""
        lists = Numbering()
        if root is None:
            return lists
        for definition in root.findall(f"{W}abstractNum"):
            name = definition.get(f"{W}abstractNumId") or ""
            for item in definition.findall(f"{W}lvl"):
                depth = item.get(f"{W}ilvl") or "0"
                start = number(item, f"{W}start")
                lists.levels[name, int(depth) if depth.isdecimal() else 0] = Level(
                    value(item, f"{W}numFmt") or "decimal",
                    1 if start is None else start,
                    value(item, f"{W}lvlText") or "",
                )
        for instance in root.findall(f"{W}num"):
            name = instance.get(f"{W}numId") or ""
            lists.abstract[name] = value(instance, f"{W}abstractNumId") or ""
            for override in instance.findall(f"{W}lvlOverride"):
                start = number(override, f"{W}startOverride")
                depth = override.get(f"{W}ilvl") or "0"
                if start is not None and depth.isdecimal():
                    lists.restarts[name, int(depth)] = start
        return lists

    def marker(self, name: str, depth: int) -> str:
        """Count one more paragraph of list `name` at `depth` (from 0); its marker with a space
        after it: "- " for bullets, "" where the list shows none."""
        key = self.abstract.get(name, name)
        level = self.levels.get((key, depth))
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
            other = self.levels.get((key, at), level)
            return written(counts.get(at, other.start), other.form)

        text = re.sub(r"%([1-9])", shown, level.text).strip()
        return f"{text} " if text else ""
