"""Questions about what stands under a heading, and about lists."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from eval.making.choosing import place_of
from eval.making.material import HAN, Draft, Reader
from ingest.contract import BlockKind, Chunk

_HAN = re.compile(f"[{HAN}]")
_NUMBER = re.compile(
    r"^(?:(?:[A-Z]\.)?\d+(?:\.\d+)*\.?\)?|[(（]?[0-9一二三四五六七八九十百]+[)）]|第[0-9一二三四五六七八九十百]+[章节条编部]"
    r"|[一二三四五六七八九十]+、|[IVX]+\.|[A-Z]\.|(?:Chapter|Section|Part|Article|Item|Note)\s[\dA-Z.]+\s?[.:–-]?)\s*",
    re.IGNORECASE,
)
_PLAIN_HEADINGS_WRITTEN = (
    "introduction abstract summary conclusion conclusions references bibliography contents "
    "index notes appendix glossary overview background preface foreword acknowledgements "
    "authors see also discussion results methods citations sources miscellaneous definitions "
    "general other others purpose scope findings "
    "前言 摘要 引言 目录 参考文献 附录 结论 总结 概述 背景 总则 附则 简介 其他 其它 说明 备注 致谢"
)
_PLAIN_HEADINGS = frozenset(_PLAIN_HEADINGS_WRITTEN.split())
_ASKED = re.compile(r"[?？]$")
_ITEM = re.compile(
    r"^\s*(?:[-•*◦▪–]|\(?\d{1,2}[.)、]|\(?[a-z][.)]|[（(][一二三四五六七八九十\d]+[）)])\s+"
)
_FOLLOWING = re.compile(
    r"^The following (?P<what>[a-z][\w\s-]{2,50}?) "
    r"(?P<verb>(?:can|may|must|should|will|are|were|is)\b[^:;.?]{6,110})"
)
_INCLUDES = re.compile(
    r"^(?P<subject>[A-Z][^:;.?]{4,90}?) "
    r"(?P<verb>includes?|contains?|requires?|supports?|provides?|comprises?)"
    r"(?: (?:all|any|one or more))?(?: of)?(?: the following)?(?: [a-z]+)?$"
)
_ZH_INCLUDES = re.compile(
    "^(?P<what>[^，。；]{3,40}?)(?:主要)?(?P<verb>包括|包含|分为|有|需要|提供|涵盖)(?:以下|如下|下列)?(?P<kind>[^，。；]{0,10}?)$"
)
_ZH_AS_FOLLOWS = re.compile("^(?P<what>[^，。；]{4,40}?)(?:主要)?(?:分别)?如下$")
_POINTS_AWAY = re.compile(
    r"\b(?:this|these|those|our|we|us|your|you|they|it|its|their|such|above|below|I|my)\b|[其该此这本我您]|上述|前述",
    re.IGNORECASE,
)
_STATE = re.compile("(?:情况|概况|流程|过程|方法|方式|现状|结构|特点|原理)$")
_SENTENCE = re.compile(
    r"\b(?:means?|has|have|is|are|shall|must|said|other|certain)\b", re.IGNORECASE
)
_SHORTEST_BODY = 160
_PASSAGE = 420
_MOST_ITEMS = 12


def list_drafts(chunk: Chunk, reader: Reader) -> Iterator[Draft]:
    """What a list names: asked by the line that leads to it."""
    lines = [line.strip() for line in chunk.text.split("\n") if line.strip()]
    for place, line in enumerate(lines[:-2]):
        if not line.endswith((":", "：")) or _ITEM.match(line):
            continue
        items: list[str] = []
        for below in lines[place + 1 :]:
            if not _ITEM.match(below) and not (items == [] and chunk.kind is BlockKind.LIST_ITEM):
                break
            items.append(_ITEM.sub("", below).strip(" ;；.。,，"))
        items = [item for item in items if item]
        if not 2 <= len(items) <= _MOST_ITEMS or any(len(item) > 160 for item in items):
            continue
        text = _asked(line[:-1].strip())
        if text is not None and not _POINTS_AWAY.search(text):
            passage = "\n".join(lines[place : place + 1 + len(items)])
            yield Draft(
                "list", text, items[0], chunk, passage, "; ".join(items), tuple(items), False, 0.9
            )  # fmt: skip


def _asked(line: str) -> str | None:
    if _HAN.search(line):
        match = _ZH_INCLUDES.match(line)
        if match is not None:
            return f"{match['what']}{match['verb']}哪些{match['kind'] or '内容'}？"
        follows = _ZH_AS_FOLLOWS.match(line)
        return f"{follows['what']}有哪些？" if follows else None
    match = _FOLLOWING.match(line)
    if match is not None:
        return f"Which {match['what']} {match['verb']}?"
    match = _INCLUDES.match(line)
    if match is None:
        return None
    subject, verb = match["subject"], match["verb"]
    helper = "does" if verb.endswith("s") else "do"
    plain = verb[:-1] if verb.endswith("s") else verb
    subject = (
        subject[0].lower() + subject[1:] if subject.split()[0] in ("The", "A", "An") else subject
    )
    return f"What {helper} {subject} {plain}?"


def heading_drafts(chunks: Sequence[Chunk], reader: Reader) -> Iterator[Draft]:
    """What the section under a heading says, asked by the heading: of headings that say what they
    are about, that stand once, and whose section is one chunk."""
    sections: Mapping[tuple[str, str], list[Chunk]] = defaultdict(list)
    for chunk in chunks:
        if chunk.heading_path:
            sections[chunk.document_id, chunk.heading_path[-1]].append(chunk)
    for (_, heading), held in sections.items():
        chunk = held[0]
        title = " ".join(_NUMBER.sub("", heading).split()).strip(" .:：*")
        if (
            len(held) > 1
            or chunk.kind is not BlockKind.PARAGRAPH
            or len(chunk.text) < _shortest(chunk)
        ):
            continue
        text = _of_heading(title, place_of(chunk), reader)
        if text is None:
            continue
        is_open = not text.startswith("What does")
        strength = 0.9 if _ASKED.search(title) else 0.5
        begin, said = _begin(chunk.text), _first(chunk.text)
        if begin.endswith((":", "：")):
            continue  # What it says stands elsewhere.
        yield Draft("heading", text, "", chunk, begin, said, (), is_open, strength)


def _shortest(chunk: Chunk) -> int:
    return _SHORTEST_BODY // 2 if _HAN.search(chunk.text) else _SHORTEST_BODY


def _of_heading(title: str, place: str, reader: Reader) -> str | None:
    folded = title.lower()
    if all(word in _PLAIN_HEADINGS | {"and", "of", "the"} for word in folded.split()):
        return None
    if re.search(r"[|*=<>_~^\\/@#“”\"]|\.{2}|\d{3,}|^\W", title):
        return None
    if _HAN.search(title):
        if (
            not 4 <= len(title) <= 24
            or re.search("[，。；、：]", title)
            or _POINTS_AWAY.search(title)
        ):
            return None
        if title.endswith(("?", "？")):
            return title.replace("?", "？")
        return f"{title}是怎样的？" if _STATE.search(title) else f"对{title}有哪些说明？"
    words = re.findall(r"[A-Za-z][\w'’-]*", title)
    if _ASKED.search(title):
        title = re.sub(r"^(?:Q|A|FAQ)\s*[:.]\s*", "", title)
        return title if 5 <= len(words) <= 20 and not _POINTS_AWAY.search(title) else None
    if not 2 <= len(words) <= 9 or _POINTS_AWAY.search(title) or ":" in title:
        return None
    if not all(reader.is_word(w.lower()) or w[0].isupper() for w in words):
        return None
    if re.search(
        r"\b(?:means?|has|have|is|are|shall|must|said|other|certain)\b", title, re.IGNORECASE
    ):
        return None
    shown = _lowered(title.title() if title.isupper() and len(words) > 1 else title, reader)
    return f"What does “{place}” say about {shown}?" if place else None


def _lowered(title: str, reader: Reader) -> str:
    """A heading in title case as it stands within a sentence."""
    parts = []
    for word in title.split():
        is_plain = word[1:] == word[1:].lower() and reader.is_word(word.strip(",’'").lower())
        parts.append(word.lower() if is_plain else word)
    return " ".join(parts)


def _begin(text: str) -> str:
    """Whole paragraphs from the beginning, or a long one cut at the end of a sentence."""
    if len(text) <= _PASSAGE:
        return text.strip()
    cut = text[:_PASSAGE]
    ends = [match.end() for match in re.finditer(r"[.!?](?=\s)|[。！？]|\n\n", cut)]
    return cut[: ends[-1]].strip() if ends else cut.strip()


def _first(text: str) -> str:
    match = re.search(r"^.{20,400}?(?:[.!?](?=\s|$)|[。！？])", text.replace("\n", " "))
    return match.group().strip() if match else text[:200].strip()
