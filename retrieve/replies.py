"""What a language model wrote, as texts that can be searched: small models talk around things."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from index.pipeline import script_of
from retrieve.prompts import NONE

Terms: TypeAlias = Callable[[str], Sequence[str]]

_SLACK_CHARS = 160
_GROWTH = 3
"""A wording of a question may be so much longer, or so many times as long."""
_PASSAGE_CHARS = 1_200

_FENCE = re.compile(r"^\s*```\w*\s*$", re.MULTILINE)
_BULLET = re.compile(
    r"^\s*(?:[-*•·–—>#]+\s+|\(?\d{1,2}[.)、](?!\d)\s*|\[\d{1,2}\]\s*|（\d{1,2}）\s*|[①-⑨]\s*)+"
)
_LABEL = re.compile(
    r"^(?:(?:(?:rewritten|rephrased|reworded|new|next|general|standalone|step-?back|alternative|"
    r"sub|simple)[ -]?){0,2}(?:rewrites?|rephrasing|rewording|wording|questions?|query|passage|"
    r"answer|version|option|q)\s*\d{0,2}|"
    r"(?:改写后的?|更?一般的?|新的?|独立的?|子){0,2}(?:问题|说法|改写|提问|查询|段落|问|答)\d{0,2})"
    r"\s*[:：]\s*",
    re.IGNORECASE,
)
_LEAD_IN = re.compile(
    r"^(?:(?:sure|certainly|of course|okay|sorry|unfortunately)\b|here (?:are|is)\b|"
    r"i(?:['’]m| am) (?:sorry|unable|not able|an? (?:ai|language model))|"
    r"i (?:can['’]t|cannot|can not) (?:help|assist|provide|answer)|as an ai\b|"
    r"(?:以下|下面)(?:是|为)|(?:好的|当然|当然可以|抱歉|对不起|很抱歉)[,，。!！:：]|"
    r"作为(?:一个|一名)?(?:AI|人工智能|语言模型)|我(?:无法|不能)(?:回答|提供))",
    re.IGNORECASE,
)
_BROKEN = "\ufffd"
"""Stands for a character that the model was stopped in the middle of."""
_QUOTES = "\"'“”‘’「」『』*_` "
_CODE = re.compile(r"[A-Za-z]*\d[A-Za-z0-9]*(?:[-._/][A-Za-z0-9]+)*")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Reply:
    """The texts that can be used, and how many others were left out."""

    texts: Sequence[str]
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads what a model wrote about a question. `terms` cuts text into index terms, and `common`
    are those which say nothing about a subject."""

    question: str
    terms: Terms
    common: frozenset[str]

    def wordings(self, text: str, limit: int = 3) -> Reply:
        """Other wordings: those that have all numbers and codes of the question, no others, and
        a word of it."""
        return self._kept(text, limit, lambda item: self._is_close(item) and self._has_all(item))

    def parts(self, text: str, limit: int = 4) -> Reply:
        """Questions for parts of it: those that have a word of it, and no number or code that is
        not in it."""
        return self._kept(text, limit, self._is_close)

    def general(self, text: str) -> Reply:
        """A more general question: one that has a word of it, and no number or code that is not
        in it."""
        return self._kept(text, 1, self._is_close)

    def passage(self, text: str) -> Reply:
        """The passage, without what leads up to it."""
        lines = [line for line in map(_bare, _unfenced(text).splitlines()) if line]
        while len(lines) > 1 and (lines[0].endswith((":", "：")) or _LEAD_IN.match(lines[0])):
            lines = lines[1:]
        passage = " ".join(lines)[:_PASSAGE_CHARS]
        if not passage or _LEAD_IN.match(passage) or not self._same_script(passage):
            return Reply((), int(bool(passage)))
        return Reply((passage,))

    def standalone(self, text: str, said: str) -> Reply:
        """The question made to stand by itself after what was `said`: it keeps the question's
        numbers, codes and a word of it, and says little that was not said."""
        known = set(self.terms(f"{said}\n{self.question}"))

        def holds(item: str) -> bool:
            if _missing(self.question, item) or _missing(item, f"{said}\n{self.question}"):
                return False
            subjects = self._subjects(item)
            return 2 * len(subjects & known) >= len(subjects) and self._shares(item)

        return self._kept(text, 1, holds, is_same_good=True, room=len(said))

    def _kept(
        self,
        text: str,
        limit: int,
        holds: Callable[[str], bool],
        *,
        is_same_good: bool = False,
        room: int = 0,
    ) -> Reply:
        items = [item for item in _items(text) if item.strip(".。 ").upper() != NONE]
        seen = set() if is_same_good else {_normal(self.question)}
        longest = max(_GROWTH * len(self.question), len(self.question) + _SLACK_CHARS)
        longest += min(room, _SLACK_CHARS)
        kept: list[str] = []
        for item in items:
            form = _normal(item)
            if (
                len(kept) < limit
                and form
                and form not in seen
                and len(item) <= longest
                and _BROKEN not in item
                and self._same_script(item)
                and not _LEAD_IN.match(item)
                and holds(item)
            ):
                seen.add(form)
                kept.append(item)
        return Reply(tuple(kept), len(items) - len(kept))

    def _is_close(self, item: str) -> bool:
        return not _missing(item, self.question) and self._shares(item)

    def _shares(self, item: str) -> bool:
        """Whether it has something of what the question is about, where that is about anything."""
        own = set(self.terms(self.question)) - self.common
        return not self._subjects(self.question) or bool(own & set(self.terms(item)))

    def _has_all(self, item: str) -> bool:
        return not _missing(self.question, item)

    def _subjects(self, text: str) -> set[str]:
        """Words that say what a text is about; not the marked terms for pairs of characters and
        for identifiers, which repeat them."""
        return {term for term in self.terms(text) if term[0].isalnum()} - self.common

    def _same_script(self, item: str) -> bool:
        wanted = script_of(self.question)
        return not wanted or script_of(item) == wanted


def order_of(text: str, count: int) -> list[int]:
    """The numbers from 1 to `count` that a model wrote as an order, each once."""
    bracketed = re.findall(r"\[(\d{1,3})\]", text)
    found = bracketed or re.findall(r"(?<![\d.])\d{1,3}(?![\d.]*\d)", text)
    return [n for n in dict.fromkeys(map(int, found)) if 1 <= n <= count]


def _items(text: str) -> Iterator[str]:
    """What a list holds: JSON, or lines."""
    plain = _unfenced(text)
    listed = _from_json(plain)
    for line in plain.splitlines() if listed is None else listed:
        bare = _bare(line)
        if bare and not bare.endswith((":", "：")):
            yield bare


def _from_json(text: str) -> list[str] | None:
    """The strings of the array or object that the text holds; None where it holds none."""
    for opening, closing in ("[]", "{}"):
        start, end = text.find(opening), text.rfind(closing)
        if 0 <= start < end:
            try:
                found = list(_strings(json.loads(text[start : end + 1])))
            except (ValueError, RecursionError):
                continue
            if found:
                return found
    return None


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _strings(inner)


def _unfenced(text: str) -> str:
    return _FENCE.sub("", text)


def _bare(line: str) -> str:
    """A line without bullet, label and quotation marks around it."""
    bare = _BULLET.sub("", line).strip()
    bare = _LABEL.sub("", bare.strip("*_ ")).strip("*_ ")
    if len(bare) > 1 and bare[0] in _QUOTES and bare[-1] in _QUOTES:
        bare = bare.strip(_QUOTES)
    return " ".join(bare.split())


def _normal(text: str) -> str:
    return "".join(_WORD.findall(unicodedata.normalize("NFKC", text).casefold()))


def _missing(of: str, text: str) -> list[str]:
    """Numbers and codes of the one that are not in the other."""
    there = set(_codes(text))
    return [code for code in _codes(of) if code not in there]


def _codes(text: str) -> list[str]:
    plain = re.sub(r"(?<=\d),(?=\d{3})", "", unicodedata.normalize("NFKC", text))
    return [code.casefold() for code in _CODE.findall(plain)]
