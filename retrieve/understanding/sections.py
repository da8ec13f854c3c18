"""Sections that a question asks about: “第二章里…”, "in section 3.2", “附录A中”."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ingest.pipeline import section_number

_CN = "〇零一二三四五六七八九十百千两"
_HAN_UNIT = "章节節条條篇编編卷"
_SURE_UNITS = ("章", "节", "節", None)
"""At the beginning of a question they need no word after them, as “第三条” does (“第三条路”)."""
_HAN_SECTION = (
    rf"第\s?(?P<number>[{_CN}]+|\d+(?:\.\d+)*)\s?(?P<unit>[{_HAN_UNIT}]|部分)(?P<between>之[一二三四五六七八九十]+)?"
    rf"|(?P<decimal>\d+(?:\.\d+)+)\s?[节節]"
    rf"|附(?P<appendix>[录錄件])\s?(?P<letter>[A-Za-z](?![A-Za-z])|[{_CN}]+|\d+)"
)
_NUMBERS = {
    word: str(number)
    for number, word in enumerate(
        [
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
            "twenty",
        ],
        start=1,
    )
}
_LATIN_SECTION = (
    r"(?:the )?(?P<kind>chapters?|sections?|sec\.|articles?|art\.|clauses?|appendix|annex|part|§)\s?"
    r"(?P<value>\d+[A-Za-z]?(?:\.\d+)*|[IVXLC]+\b|[A-Z]\b|(?:" + "|".join(_NUMBERS) + r")\b)(?!\w)"
)
_HAN = re.compile(_HAN_SECTION)
_LATIN = re.compile(_LATIN_SECTION, re.IGNORECASE)

_BEFORE_HAN = re.compile(
    r"(?:^|[,，;；。?？、\s》）)]|在|那|那么|还有|看|查|按|按照|根据|依据|依照|参照|见|以及|和|请问|关于|其中|的"
    r"|手册|指南|规范|制度|办法|条例|合同|协议|报告|说明书|规定|规程|章程|细则|法|书|文件|文档)$"
)
_AFTER_HAN = re.compile(
    r"\s?(?P<mark>呢(?=[?？]?$)|里面|里边|裡面|里|裡|中的?|内|內|当中|之中|下|的|[:：，,]|(?=规定|規定|讲|講|说|說|写|寫|提到|提及"
    r"|介绍|内容|主要|关于|是怎|是如何|怎么|怎样|如何|有哪些|有什么|是什么|约定|要求|描述|涉及)|(?=[?？]?$))"
)
_NOT_AFTER_HAN = re.compile(r"\s?(?:没|沒|也|都|还没|不|就|才|学|课)")
_BEFORE_LATIN = re.compile(
    r"(?:^|\b(?:in|under|of|per|see|from|by|to|within|according to|does|do|did|is|are|and|on|about)"
    r"(?: the)?|[,;:(]) ?$",
    re.IGNORECASE,
)
_LEAD_LATIN = re.compile(
    r"(?:\b(?:as (?:described|defined|stated) in|according to|in|under|per|see|from|within|of)"
    r"(?: the)? ?)$",
    re.IGNORECASE,
)
_LEAD_HAN = re.compile(r"(?:在|按照|根据|依据|依照|参照|见)$")
_AFTER_LATIN = re.compile(r"(?: of(?= the\b| this\b| our\b)|[,:;]| says?\b(?= that))?")


@dataclass(frozen=True)
class Asked:
    """A section as it is asked for: `written`, and its place in the text with what belongs to it;
    its names as headings number it, and, where no chunk has one, other `names_else`."""

    written: str
    start: int
    end: int
    names: tuple[str, ...]
    names_else: tuple[str, ...] = ()


def sections_asked(text: str) -> list[Asked]:
    """The sections that a text asks about, outermost first; none where it merely mentions some."""
    han = _group(text, list(_HAN.finditer(text)), latin=False)
    return han or _group(text, list(_LATIN.finditer(text)), latin=True)


def without(text: str, sections: Sequence[Asked]) -> str:
    """The text without what asks for the sections."""
    for asked in sorted(sections, key=lambda one: -one.start):
        before, after = text[: asked.start].rstrip(), text[asked.end :].lstrip()
        gap = " " if before and after and before[-1].isascii() and after[0].isascii() else ""
        text = before + gap + after
    return text.strip(" ,，:：;；、")


def _group(text: str, matches: Sequence[re.Match[str]], *, latin: bool) -> list[Asked]:
    """Neighbours ("第二章第三条") are one within the other."""
    found: list[Asked] = []
    for match in matches:
        follows = bool(found) and not text[found[-1].end : match.start()].strip(" ，,的里中")
        head = text[: match.start()]
        tail = text[match.end() :]
        if latin:
            named = _latin_names(match)
            if not (follows or _BEFORE_LATIN.search(head)):
                continue
            lead, mark = _LEAD_LATIN.search(head), _AFTER_LATIN.match(tail)
        else:
            named = _han_names(match)
            goes_on = _HAN.match(tail.lstrip())
            mark = _AFTER_HAN.match(tail)
            begins = not head.strip() and (match["decimal"] or match["unit"] in _SURE_UNITS)
            if _NOT_AFTER_HAN.match(tail) or not (goes_on or mark or begins):
                continue
            if not (follows or _BEFORE_HAN.search(head)):
                continue
            lead = _LEAD_HAN.search(head)
        if not named[0]:
            continue
        start = lead.start() if lead else match.start()
        end = match.end() + (mark.end() if mark else 0)
        found.append(Asked(match.group().strip(), start, end, *named))
    return found[:3]


def _han_names(match: re.Match[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if match["appendix"]:
        return _named(f"附{match['appendix']}{match['letter'].upper()}"), ()
    written = match["decimal"] or match["number"]
    if "." in written:
        return (*_named(f"Section {written}"), f"decimal:{_plain(written)}"), ()
    unit = match["unit"]
    names = _named(f"第{written}{unit}{match['between'] or ''}")
    number = names[0].partition(":")[2] if names else ""
    decimal = (f"decimal:{number}",) if number.isdigit() else ()
    return names, decimal if unit in "章节節" else ()


def _latin_names(match: re.Match[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    kind = match["kind"].casefold().rstrip("s.").replace("§", "section")
    kind = {"sec": "section", "art": "article"}.get(kind, kind)
    value = _NUMBERS.get(match["value"].casefold(), match["value"].upper())
    if kind in ("appendix", "annex"):
        return _named(f"{kind.title()} {value}"), ()
    if len(value) == 1 and value.isalpha() and value not in "IVX":
        return (), ()
    decimal = (f"decimal:{_plain(value)}",) if value[0].isdigit() and value[-1].isdigit() else ()
    if kind == "section":
        return (*_named(f"Section {value}"), *decimal), ()
    if kind == "clause":
        return (*_named(f"Article {value}"), *_named(f"Section {value}"), *decimal), ()
    return _named(f"{kind.title()} {value}"), decimal if kind == "chapter" else ()


def _plain(written: str) -> str:
    return ".".join(str(int(part)) for part in written.split("."))


def _named(heading: str) -> tuple[str, ...]:
    name = section_number(heading)
    return (name,) if name and ":" in name else ()
