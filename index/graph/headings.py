"""What titles and headings name."""

from __future__ import annotations

import re
from collections.abc import Iterator

from index.graph.spans import word_set

_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")
_PARENTHESIS = re.compile(r"\s*[（(][^（()）]{1,60}[)）]\s*$")
_NUMBER = re.compile(
    r"\s*(?:第[0-9零〇一二三四五六七八九十百千]+[章节節条條部篇编編卷款][\s:：、.]*|[0-9]+(?:\.[0-9]+)*[.、)）:：]?\s+|[0-9]+(?:\.[0-9]+)+\s*"
    r"|[（(]?[一二三四五六七八九十]+[)）、.]\s*|(?:Chapter|Section|Part|Appendix|Article)\s+[0-9A-Z]+(?:\.[0-9]+)*[.:]?\s*|[IVX]+\.\s+|[（(][0-9]+[)）]\s*)",
    re.IGNORECASE,
)
_EDGES = " \t\r\n.。:：,，;；-–—*#_·《》“”\"'「」『』"
_LONGEST_HAN, _MOST_WORDS = 24, 10
_GENERIC = word_set("""
    introduction conclusion conclusions references abstract summary contents appendix overview
    background discussion results methods method notes history acknowledgements acknowledgments
    bibliography index preface glossary examples example description general definitions scope
    purpose usage faq other others see-also external-links 引言 前言 概述 简介 介绍 总结 结论 摘要
    目录 附录 参考文献 背景 说明 总则 附则 致谢 概要 概况 历史 其他 其它 备注 定义 目的 范围 正文 序言
    結論 總結 簡介 概況 歷史 參考文獻 附錄 目錄
    """)


def own_name(heading: str, *, is_title: bool = False) -> tuple[int, int] | None:
    """Where in a heading its name stands: without its number, and in a title without a file's
    suffix and without what tells it apart in parentheses. None where it names nothing."""
    start, end = 0, len(heading)
    if is_title:
        suffix = _SUFFIX.search(heading)
        end = suffix.start() if suffix else end
        parenthesis = _PARENTHESIS.search(heading, 0, end)
        end = parenthesis.start() if parenthesis and parenthesis.start() else end
    else:
        number = _NUMBER.match(heading)
        start = number.end() if number else 0
    while start < end and heading[start] in _EDGES:
        start += 1
    while start < end and heading[end - 1] in _EDGES:
        end -= 1
    name = heading[start:end]
    if not any(c.isalpha() for c in name) or "\n" in name or len(name) < 2:
        return None
    if name.casefold() in _GENERIC or len(name.split()) > _MOST_WORDS:
        return None
    is_long = not name.isascii() and len(name) > _LONGEST_HAN and len(name.split()) < 4
    return None if is_long else (start, end)


def parenthesis_of(title: str) -> str:
    """What tells a title apart: "2017 film"; empty where there is nothing."""
    suffix = _SUFFIX.search(title)
    match = _PARENTHESIS.search(title, 0, suffix.start() if suffix else len(title))
    return match.group().strip().strip("（()）") if match and match.start() else ""


def occurrences(name: str, text: str) -> Iterator[tuple[int, int]]:
    """Where a name stands in a text, not within a longer word."""
    place = text.find(name)
    while place >= 0:
        end = place + len(name)
        before, after = text[place - 1 : place], text[end : end + 1]
        if not (_joins(before, name[0]) or _joins(after, name[-1])):
            yield place, end
        place = text.find(name, end)


def _joins(outside: str, edge: str) -> bool:
    """Whether two characters that meet are of one word: letters of an alphabet, or digits."""
    return outside.isalnum() and edge.isalnum() and outside < "\u2e80" and edge < "\u2e80"
