"""Keeps the facts that rules find in step with the chunks and the words of a collection."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from index import rows
from index.catalog import Catalog
from index.contract import UserWord
from index.dictionary import Dictionary
from index.graph.contract import ALIASES, RULES, Decision, Extractor
from index.graph.store import FactStore, Made, made
from index.graph.user_names import folded_name
from ingest.contract import Chunk

_BATCH = 256
"""So many chunks' facts are stored at once."""
_STEP = "facts_words"
"""The name in the catalog's meta of the mark of the words that the facts are in step with."""
_NAME = "nz"
"""The tag of names of which nothing else is known."""


@dataclass(frozen=True)
class Extraction:
    """Of a catalog, by an extractor, for whoever holds the writer's lock."""

    catalog: Catalog
    extractor: Extractor

    @property
    def _store(self) -> FactStore:
        return FactStore(self.catalog)

    def facts_of(self, document_id: str, chunks: Sequence[Chunk]) -> dict[bytes, Made]:
        """The facts of those chunks of a document that have none yet, by their
        `rows.embedding_hash`."""
        held = self._store.having(document_id, self.extractor.fingerprint)
        marks = [rows.embedding_hash(chunk) for chunk in chunks]
        words = self.words()
        return {
            mark: self._made(chunk, words)
            for chunk, mark in zip(chunks, marks, strict=True)
            if (chunk.id, mark) not in held
        }

    def catch_up(self) -> Iterator[int]:
        """Finds and stores the facts of chunks that have none made by this extractor; gives the
        number of them that are left, first all."""
        pending = self._store.pending(RULES, self.extractor.fingerprint)
        yield len(pending)
        for place in range(0, len(pending), _BATCH):
            self._renew(pending[place : place + _BATCH])
            yield max(len(pending) - place - _BATCH, 0)

    def follow(self, before: Sequence[UserWord]) -> None:
        """After the words were changed: the facts of chunks that hold one that came, went or has
        another tag."""
        marks = [{(word.word, word.tag) for word in words} for words in (before, self.words())]
        changed = {folded_name(word) for word, _ in marks[0] ^ marks[1]}
        keys = self._with_facts() if changed else []
        for place in range(0, len(keys), _BATCH):
            stored = self.catalog.chunks(keys[place : place + _BATCH])
            texts = {key: folded_name(one.chunk.embedding_text) for key, one in stored.items()}
            self._renew([k for k, text in texts.items() if any(word in text for word in changed)])
        self._in_step()

    def mend(self) -> None:
        """Where words were changed and a kill kept the facts from following, all do."""
        if (self.catalog.meta(_STEP) or _mark(())) == _mark(self.words()):
            return
        keys = self._with_facts()
        for place in range(0, len(keys), _BATCH):
            self._renew(keys[place : place + _BATCH])
        self._in_step()

    def _in_step(self) -> None:
        self.catalog.set_meta({_STEP: _mark(self.words())})

    def words(self) -> tuple[UserWord, ...]:
        """Those that are always found: the words of the collection's dictionary, and the names in
        its alias file, which nothing else may know."""
        return words_of(self.catalog)

    def _with_facts(self) -> list[int]:
        sql = "SELECT key FROM facts WHERE source = ? ORDER BY key"
        return [row[0] for row in self.catalog.read(sql, (RULES,))]

    def _renew(self, keys: Sequence[int]) -> None:
        words = self.words()
        stored = self.catalog.chunks(keys)
        found = {key: self._made(one.chunk, words) for key, one in sorted(stored.items())}
        if found:
            self._store.put(RULES, found)

    def _made(self, chunk: Chunk, words: Sequence[UserWord]) -> Made:
        return made(self.extractor, self.extractor.extract(chunk, words))


def words_of(catalog: Catalog) -> tuple[UserWord, ...]:
    """See `Extraction.words`; the same object for as long as they are the same."""
    return _with_names(Dictionary(catalog).words(), FactStore(catalog).decisions())


@lru_cache(maxsize=16)
def _with_names(
    words: tuple[UserWord, ...], decisions: tuple[Decision, ...]
) -> tuple[UserWord, ...]:
    known = {word.word for word in words}
    names = dict.fromkeys(
        name for one in decisions if one.by == ALIASES for name in one.names if name not in known
    )
    return (*words, *(UserWord(name, tag=_NAME) for name in names))


@lru_cache(maxsize=16)
def _mark(words: tuple[UserWord, ...]) -> str:
    text = repr(sorted((word.word, word.tag) for word in words))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
