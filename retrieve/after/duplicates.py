"""Passages that say what a better-ranked one has said already.

Two passages say the same where their texts differ in case, width, punctuation and a few words that
carry nothing ("the", "的"), and in nothing else: a number, a sign, a date, a name, a "not" or the
order of the words keeps them apart, for versions of a contract differ in just these. A passage
whose sentences stand one after the other in a better-ranked one is a copy of it, too. Of code,
tables and formulas only the spaces do not count.

Where the titles and headings of two passages differ in a word of the query, both are kept: the
warranty of two products may be put in the same words, and the query asks for one of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from index.contract import IDENTIFIER_MARK, AnyOf
from index.pipeline import normalize
from ingest.contract import BlockKind, Chunk, cached_property

_LEAST_CONTAINED = 24
"""A text of fewer bytes stands in many others without being said by them: a heading, a name."""
_MOST_CONTAINING = 100
"""Only in so many, the best, is looked for what stands whole in another."""
_LEAST_TERM = 2
_MARKS = re.compile(
    r"[-−–+±~≈<>≤≥=≠×÷/$€£¥#^]?\d+(?:[.,:/\-−–~]\d+)*(?:\s?[%‰°])?|[±<>≤≥=≠≈$€£¥#+×÷%‰°]"
)
"""Numbers as they are written, and the signs that say something about one."""
_SENTENCE_END = re.compile(r"\.(?=\s|$)|[。!?;\n]")
"""In a text of normal width."""
_BETWEEN = re.compile(r"[\W_]+")
_LETTERS = re.compile(r"[^\W_]+")
_EMPTY = re.compile(r" (?:(?:an|the|that) )+|[的了]")
_EMPTY_ANYWHERE = tuple(word.encode() for word in ("that", "the", "an", "的", "了"))
_SPACES_AND_MARKS = bytes(code for code in range(128) if not chr(code).isalnum())
_HAS_OTHER_FORM = re.compile(
    "[\u00aa\u00b2\u00b3\u00b5\u00b9\u00ba\u00bc-\u00be\u0300-\u036f\u2070-\u209f\u2100-\u218f\u2460-\u24ff\u2f00-\u2fdf"
    "\u3200-\u33ff\uf900-\ufaff\ufb00-\ufb4f\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uffdc]"
)
"""Letters and digits that are not as NFKC writes them: normalising takes five times as long as all
else that is done to a Chinese text."""
_VERBATIM = frozenset({BlockKind.CODE, BlockKind.TABLE, BlockKind.FORMULA})


@dataclass(frozen=True)
class Said:
    """A passage in the forms in which it is compared, each made when it is first needed."""

    chunk: Chunk
    terms: Collection[str]

    @cached_property
    def letters(self) -> bytes:
        """Letters and digits alone: texts that say the same have the same, but for empty words.
        Made ten times as fast as the other forms, which few texts are compared by."""
        text = self.chunk.text
        if text.isascii():
            return text.lower().encode().translate(None, _SPACES_AND_MARKS)
        if _HAS_OTHER_FORM.search(text):
            text = unicodedata.normalize("NFKC", text)
        return "".join(_LETTERS.findall(text.casefold())).encode("utf-8", "surrogatepass")

    @cached_property
    def key(self) -> bytes:
        """The same for texts that may say the same."""
        key = self.letters
        for word in _EMPTY_ANYWHERE:
            key = key.replace(word, b"")
        return key

    @cached_property
    def asked(self) -> frozenset[str]:
        """The query's terms that stand in the title and the headings."""
        above = _BETWEEN.sub("", normalize(self.chunk.context))
        return frozenset(term for term in self.terms if term in above)

    @cached_property
    def normal(self) -> str:
        if self.chunk.kind in _VERBATIM:
            return self.chunk.text
        return normalize(self.chunk.text)

    @cached_property
    def words(self) -> str:
        """What stands between punctuation and spaces, with a space before and after each."""
        if self.chunk.kind in _VERBATIM:
            return f" {' '.join(self.normal.split())} "
        return f" {_BETWEEN.sub(' ', self.normal).strip()} "

    @cached_property
    def core(self) -> str:
        """The words that carry something, as one."""
        if self.chunk.kind in _VERBATIM:
            return self.words
        return _EMPTY.sub(" ", self.words).replace(" ", "")

    @cached_property
    def marks(self) -> list[str]:
        return ["".join(mark.split()) for mark in _MARKS.findall(self.normal)]

    def equals(self, other: Said) -> bool:
        """Whether both say the same."""
        if self.core != other.core or self.marks != other.marks or self.asked != other.asked:
            return False
        return bool(self.core) or self.words == other.words

    @cached_property
    def sentences(self) -> str:
        """The words, with a bar at the start, at the end and between sentences and lines."""
        if self.chunk.kind in _VERBATIM:
            lines = (" ".join(line.split()) for line in self.normal.split("\n"))
        else:
            lines = (_BETWEEN.sub(" ", part).strip() for part in _SENTENCE_END.split(self.normal))
        return f"|{'|'.join(line for line in lines if line)}|"

    def stands_in(self, other: Said) -> bool:
        """Whether the other, which is longer, has all its sentences, one after the other."""
        if len(self.words) >= len(other.words) or self.sentences not in other.sentences:
            return False
        return _runs_in(self.marks, other.marks) and self.asked == other.asked


class Copies:
    """Collects hits, best first, with the copies of each. `terms` are those of the query."""

    def __init__(self, terms: Sequence[str | AnyOf]) -> None:
        self._terms = _plain(terms)
        self._kept: list[Said] = []
        self._by_key: dict[bytes, list[int]] = {}
        self._containing = b""

    def said(self, chunk: Chunk) -> Said:
        """A chunk to be compared."""
        return Said(chunk, self._terms)

    def repeated(self, said: Said) -> int | None:
        """The place, from 0, of the best of the kept ones that the passage repeats."""
        for place in self._by_key.get(said.key, ()):
            if said.equals(self._kept[place]):
                return place
        if self._is_contained(said.letters):
            for place, other in enumerate(self._kept[:_MOST_CONTAINING]):
                if said.letters in other.letters and said.stands_in(other):
                    return place
        return None

    def _is_contained(self, letters: bytes) -> bool:
        """Whether they stand in one of the best; their beginning is looked for first, which takes
        a tenth of the time."""
        return (
            len(letters) >= _LEAST_CONTAINED
            and letters[:_LEAST_CONTAINED] in self._containing
            and letters in self._containing
        )

    def keep(self, said: Said) -> None:
        """The passage takes the next place."""
        self._by_key.setdefault(said.key, []).append(len(self._kept))
        if len(self._kept) < _MOST_CONTAINING:
            self._containing += said.letters + b"\x00"
        self._kept.append(said)


def _plain(terms: Sequence[str | AnyOf]) -> Collection[str]:
    """The query's terms, every wording of those that have several, as letters and digits."""
    found = set()
    for term in terms:
        for phrase in [term] if isinstance(term, str) else term.phrases:
            found.add(_BETWEEN.sub("", phrase.replace(IDENTIFIER_MARK, "")))
    return {term for term in found if len(term) >= _LEAST_TERM}


def _runs_in(part: Sequence[str], whole: Sequence[str]) -> bool:
    """Whether the marks follow each other in the whole."""
    size = len(part)
    starts = range(len(whole) - size + 1)
    return any(whole[start : start + size] == part for start in starts)
