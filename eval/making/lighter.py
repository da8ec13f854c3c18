"""The same question in fewer of its passage's words.

A question that repeats its passage is found by its words, whatever a search is worth, and a set of
such questions ranks searches by words alone. So what a question does not need to be understood is
left out of it: in Chinese the time and place that stand around what is asked ("1981年", "在该届比赛
中"), in English what the clause began with, adverbs, and the last phrase behind a preposition.
Whether what is left still singles out the passage is for the caller to see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from eval.making.material import HAN, Reader, Tagged

_HAN = re.compile(f"[{HAN}]")
_ASKS = re.compile("[谁哪]|什么|多少|第几")
_LEAD = re.compile(
    "^(?:在|于|自|从|截至)?(?:公元前?)?[0-9]{3,4}\\s?年(?:[0-9]{1,2}月(?:[0-9]{1,2}[日号])?)?，?"
    "(?=\\S{6})"
)
_LEAD_CLAUSE = re.compile("^(?:在|于|根据|按照)[^，谁哪什多]{2,20}，(?=\\S{6})")
_AROUND = ("在", "于", "从", "向", "根据", "通过", "自", "经过")
_GROUP_TAGS = "n m q t f a uj b r eng x s j l i c k z"
_GROUP = tuple(_GROUP_TAGS.split())
_PREPOSITION = re.compile(
    r"\s(?:with|from|for|by|in|on|at|through|between|during|under|after|before|within|against|upon"
    r"|as part of|because of|across|among|into|over|per)\s"
)
_ADVERB = re.compile(
    r"\s(?:also|then|only|already|still|currently|generally|typically|primarily"
    r"|commonly|usually|often|mainly|first|subsequently|ultimately|successfully)(?=\s)"
)
_LAST_NOUNS = ("NN", "NNS", "NNP", "NNPS", "CD")
_STILL_WITHIN = re.compile("期间|时|后|前|的|之|中|下|过程")
_MOST_GONE = 6
_LEAST_WORDS, _LEAST_HAN = 6, 9


def lighter(text: str, reader: Reader) -> Iterator[str]:
    """The question in fewer words, the fewest first; the text itself is not among them."""
    steps = _chinese if _HAN.search(text) else _english
    forms: list[str] = []
    now = text
    for _ in range(3):
        shorter = steps(now, reader)
        if shorter is None:
            break
        forms.append(shorter)
        now = shorter
    yield from reversed(forms)


def _english(text: str, reader: Reader) -> str | None:
    """Without an adverb, else without the last phrase behind a preposition."""
    if "“" in text or not text.endswith("?"):
        return None
    body = text.rstrip("?")
    plain = _ADVERB.sub("", body, count=1)
    if plain != body:
        return f"{plain}?"
    found = list(_PREPOSITION.finditer(body))
    if not found:
        return None
    left = body[: found[-1].start()].rstrip(" ,")
    gone = body[found[-1].start() :]
    if re.search(r"\d", gone) or len(gone.split()) > _MOST_GONE or not re.search(r"\s[A-Z]", left):
        return None
    words = list(reader.english(left))
    if len(words) < _LEAST_WORDS or words[-1].tag not in _LAST_NOUNS:
        return None
    if re.search(r"\b(?:that|which|who|whether|if|when|and|or)\b", left[len(left) // 2 :]):
        return None
    return f"{left}?"


def _chinese(text: str, reader: Reader) -> str | None:
    """Without the time that it begins with, else without a phrase around what is done."""
    if text.startswith("《") and "》中，" in text:
        return None
    for pattern in (_LEAD_CLAUSE, _LEAD):
        match = pattern.match(text)
        if match is not None and len(text) - match.end() >= _LEAST_HAN:
            return text[match.end() :]
    words = list(reader.chinese(text))
    for place, word in enumerate(words):
        if place and word.tag == "p" and word.text in _AROUND:
            end = _group_end(words, place + 1)
            span = _span(words, place, end, text)
            if span is not None:
                return text[: span[0]] + text[span[1] :]
    return None


def _group_end(words: list[Tagged], place: int) -> int:
    """Where the words of a phrase end: at the first verb, adverb or preposition."""
    while place < len(words) and words[place].tag.startswith(_GROUP):
        place += 1
    return place


def _span(words: list[Tagged], place: int, end: int, text: str) -> tuple[int, int] | None:
    """What can go: a phrase before a verb that has nothing that is asked in it."""
    if not place + 1 < end < len(words) or not words[end].tag.startswith(("v", "d")):
        return None
    start, stop = words[place].start, words[end].start
    if _STILL_WITHIN.match(text[words[end].end :]):
        return None
    if _ASKS.search(text[start:stop]) or text[start:stop].endswith("的"):
        return None
    return (start, stop) if len(text) - (stop - start) >= _LEAST_HAN else None
