"""Two names of one thing, by the text's own words: in parentheses, or after "also known as"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from index.graph.contract import EntityType
from index.graph.en_tokens import Token
from index.graph.reading import Reading, Span
from index.graph.spans import PAIRED, NameSpan

ACRONYM, TRANSLATION, PARENTHESES = "acronym", "translation", "parentheses"
DEFINED, KNOWN_AS = "defined", "also known as"

_GROUP = re.compile("[（(]([^（()）\n]{1,120})[）)]")
_PARTS = re.compile("\\s*[，,；;、/]\\s*")
_SHORT_FOR = (
    "(?:以下|下称|以下统称|后文)?(?:简称|统称)为?|下称|缩写为?|全称为?"
    "|(?:hereinafter|hereafter)(?: referred to as)?|abbreviated(?: as| to)?|abbr\\.|short for"
)
_AKA = (
    "又称为?|又名|亦称为?|亦作|别称|别名|也称为?|也叫|俗称|旧称|旧名|原名|本名|或称|曾用名|(?:also |better |formerly |previously |commonly |"
    "originally |professionally |now )+(?:known|called|named)(?: professionally)?(?: as)?|"
    "known (?:professionally|simply|locally|mononymously) as|formerly|originally|a\\.k\\.a\\.?|aka|née?"
)
_LANGUAGE = (
    "(?:英语|英文|法语|德语|日语|俄语|拉丁语|拉丁文|西班牙语|意大利语|葡萄牙语|荷兰语|韩语|学名|外文)名?(?:称)?"
    "|(?:English|Chinese|French|German|Japanese|Latin|Spanish|Italian)"
)
_LABEL = re.compile(
    f"(?:(?P<short>{_SHORT_FOR})|(?P<aka>{_AKA})|(?:{_LANGUAGE})(?=\\s*[:：])|or|the)\\s*[:：]?\\s*",
    re.I,
)
_SAID = re.compile(
    f"(?:[，,]|\\b(?:is|was|are|were))\\s*(?:(?P<short>{_SHORT_FOR})|(?P<aka>{_AKA}))\\s*[:：]?\\s*",
    re.I,
)
_QUOTES = "“”\"'‘’「」『』《》"
_SHORT = re.compile(r"[A-Z][A-Za-z0-9&/-]{1,9}")
_CODE = re.compile(r"(?=(?:\D*\d){3})[A-Za-z0-9./_-]+")
"""What is no other name but the number of something: INC-2023-064, but not COVID-19."""
_LATIN = re.compile("[A-Za-z]")
_HAN = re.compile("[\u3400-\u9fff]")
_HAN_NAME = re.compile(
    '[“"「『]?([\u3400-\u9fff·A-Za-z0-9]{2,20}?)(?=[”"」』，,。；;、（(）)和及与或]|等|$)'
)
_MOST = 5


class Pair(NamedTuple):
    """Two places that name one thing, and how one knows."""

    first: NameSpan
    second: NameSpan
    reason: str


def other_names(
    reading: Reading, ends: Mapping[int, NameSpan], starts: Mapping[int, NameSpan]
) -> Iterator[Pair]:
    """`ends` and `starts` are the longest names by where they end and begin."""
    text = reading.plain
    if "(" in text or "（" in text:
        for match in _GROUP.finditer(text):
            outer_end = reading.before_spaces(match.start())
            for inner, reason in _parts(text, match):
                pair = _pair(reading, outer_end, inner, reason, ends)
                if pair is not None:
                    yield pair
    for match in _SAID.finditer(text):
        reason = DEFINED if match["short"] else KNOWN_AS
        first = _subject(reading, reading.before_spaces(match.start()), ends)
        for second in _listed(reading, match.end(), starts) if first is not None else ():
            assert first is not None
            if second.start >= first.end:
                kind = second.type if first.type == EntityType.TERM else first.type
                yield Pair(first._replace(rank=PAIRED), second._replace(type=kind), reason)


def _subject(reading: Reading, end: int, ends: Mapping[int, NameSpan]) -> NameSpan | None:
    """The name that ends at a place, or before a parenthesis that ends there."""
    text = reading.plain
    if end and text[end - 1] in ")）":
        opening = max(
            text.rfind("(", max(0, end - 120), end), text.rfind("（", max(0, end - 120), end)
        )
        end = reading.before_spaces(opening) if opening > 0 else end
    if end and text[end - 1] in _QUOTES:
        end -= 1
    return ends.get(end)


def _listed(reading: Reading, start: int, starts: Mapping[int, NameSpan]) -> Iterator[NameSpan]:
    """The names that begin at a place and after the commas of a list."""
    text = reading.plain
    for _ in range(_MOST):
        while start < len(text) and (text[start] in _QUOTES or text[start].isspace()):
            start += 1
        han = (
            _HAN_NAME.match(text, start) if start < len(text) and _HAN.match(text[start]) else None
        )
        if han is not None:
            span = NameSpan(*han.span(1), EntityType.TERM, PAIRED)
        else:
            if text.startswith(("the ", "The "), start):
                start += 4
            found = starts.get(start)
            if found is None or found.type == EntityType.TERM:
                return
            span = found._replace(rank=PAIRED)
        yield span
        start = span.end
        while start < len(text) and text[start] in _QUOTES:
            start += 1
        if han is None or text[start : start + 1] != "、":
            return
        start += 1


def _parts(text: str, match: re.Match[str]) -> Iterator[tuple[Span, str]]:
    """The names in parentheses, without what announces them and without quotes, and what they are
    announced as."""
    start = match.start(1)
    stops = [m.span() for m in _PARTS.finditer(text, start, match.end(1))]
    for stop, after in [*stops, (match.end(1), match.end(1))][:4]:
        label = _LABEL.match(text, start, stop)
        reason = ""
        low, high = start, stop
        if label is not None and label.end() < stop:
            low = label.end()
            reason = DEFINED if label["short"] else KNOWN_AS if label["aka"] else ""
        while low < high and (text[low].isspace() or text[low] in _QUOTES):
            low += 1
        while low < high and (text[high - 1].isspace() or text[high - 1] in _QUOTES):
            high -= 1
        if low < high:
            yield (low, high), reason
        start = after


def _pair(
    reading: Reading, outer_end: int, inner: Span, reason: str, ends: Mapping[int, NameSpan]
) -> Pair | None:
    text = reading.plain
    inside = text[inner[0] : inner[1]]
    if outer_end == 0 or not inside[0].isalpha() or len(inside) < 2 or len(inside.split()) > 8:
        return None
    if not reason and _CODE.fullmatch(inside):
        return None
    is_han, has_han = _HAN.match(text[outer_end - 1]) is not None, _HAN.search(inside) is not None
    if not reason and is_han == has_han:
        return None if is_han else _acronym(reading, outer_end, inner)
    if not reason and has_han and _LATIN.search(inside):
        return None
    quoted = text[outer_end - 1] in _QUOTES
    outer = ends.get(outer_end - 1 if quoted else outer_end)
    run = None if quoted or not is_han else reading.noun_run(outer_end)
    if outer is None or (
        run is not None and run.start < outer.start and outer.type == EntityType.TERM
    ):
        outer = run
    if outer is None:
        return None
    is_short = _SHORT.fullmatch(inside) is not None and inside[:2].isupper()
    why = reason or (ACRONYM if is_short else TRANSLATION)
    return Pair(outer._replace(rank=PAIRED), NameSpan(*inner, outer.type, PAIRED), why)


def _acronym(reading: Reading, outer_end: int, inner: Span) -> Pair | None:
    """Both ways: the short form in parentheses, or before them."""
    text = reading.text
    inside = text[inner[0] : inner[1]]
    if _SHORT.fullmatch(inside) and sum(map(str.isupper, inside)) > 1:
        tokens = reading.tokens_in(max(0, outer_end - 120), outer_end)
        start = expansion_start(tokens, inside)
        if start is None:
            return None
        return _of_terms((start, outer_end), inner, ACRONYM)
    tokens = reading.tokens_in(max(0, outer_end - 12), outer_end)
    last = tokens[-1] if tokens else None
    if (
        last is not None
        and last.end == outer_end
        and _SHORT.fullmatch(last.text)
        and last.text[:2].isupper()
    ):
        start = expansion_start(reading.tokens_in(*inner), last.text)
        if start == inner[0]:
            return _of_terms((last.start, last.end), inner, ACRONYM)
    return None


def _of_terms(first: Span, second: Span, reason: str) -> Pair:
    kind = EntityType.TERM
    return Pair(NameSpan(*first, kind, PAIRED), NameSpan(*second, kind, PAIRED), reason)


def expansion_start(tokens: Sequence[Token], short: str) -> int | None:
    """Where the words begin whose initials the short form is made of, up to the last of them
    (after Schwartz and Hearst 2003, "A simple algorithm for identifying abbreviation
    definitions"). Small words may be left out; the plural's "s" may stand behind."""
    letters = [c.lower() for c in short if c.isalnum()]
    if letters[-1] == "s" and short[-1] == "s":
        letters.pop()
    place = len(letters) - 1
    for token in reversed(tokens[-2 * len(letters) - 2 :]):
        before = place
        for part in reversed(token.text.lower().split("-")):
            if place >= 0 and part[:1] == letters[place]:
                place -= 1
        if place < 0:
            return token.start
        if before == place and len(token.text) > 4 and place != len(letters) - 1:
            return None
    return None
