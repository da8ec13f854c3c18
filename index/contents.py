"""What is worked out of a catalog to understand queries: sections, words, titles, synonyms.

Each is made when it is first asked for, and brought to the newest generation when it is asked for
again; the vocabulary and the sections by what has changed since.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from index.catalog import Catalog
from index.chunk_column import ChunkColumn
from index.database import batched, marks
from index.sections import Sections
from index.synonyms import SynonymRules, Synonyms
from index.titles import Titles
from index.vocabulary import Vocabulary

_ALL = 5_000
"""Above so many new chunks a table is read as a whole."""


class Contents:
    """Of the collection of a catalog. Safe to use from many threads."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._guard = threading.Lock()
        self._sections = Sections()
        self._documents = ChunkColumn()
        self._vocabulary = Vocabulary()
        self._titles = Titles()
        self._synonyms = Synonyms(catalog)

    def sections(self) -> Sections:
        """The numbered sections that chunks stand in."""
        with self._guard:
            held = self._sections.generation
            if held != self._catalog.generation:
                changes = self._catalog.since(held)
                rows = self._columns("key, sections", changes.added, held)
                self._sections = self._sections.changed(
                    changes.generation, [(row[0], row[1]) for row in rows], changes.deleted
                )
            return self._sections

    def documents(self) -> ChunkColumn:
        """The id of the document that each chunk is of."""
        with self._guard:
            held = self._documents.generation
            if held != self._catalog.generation:
                changes = self._catalog.since(held)
                rows = self._columns("key, document_id", changes.added, held)
                self._documents = self._documents.changed(
                    changes.generation, [(row[0], row[1]) for row in rows], changes.deleted
                )
            return self._documents

    def vocabulary(self) -> Vocabulary:
        """The words in Latin letters."""
        with self._guard:
            held = self._vocabulary.generation
            if held != self._catalog.generation:
                changes = self._catalog.since(held)
                rows = self._columns("text, title, heading_path", changes.added, held)
                self._vocabulary = self._vocabulary.changed(
                    changes.generation, ("\n".join(row) for row in rows)
                )
            return self._vocabulary

    def titles(self, normal: Callable[[str], str]) -> Titles:
        """The names of documents; `normal` is the analyzer's."""
        with self._guard:
            generation = self._catalog.generation
            if self._titles.generation != generation:
                rows = self._catalog.read("SELECT id, title, media_type FROM documents ORDER BY id")
                named = ((row[0], row[1], row[2]) for row in rows)
                self._titles = Titles.of(generation, named, normal)
            return self._titles

    def synonyms(self) -> SynonymRules:
        """As they are at this moment; the same object for as long as they do not change."""
        return self._synonyms.rules()

    def _columns(self, columns: str, keys: Sequence[int], held: int) -> Iterator[tuple[Any, ...]]:
        """These columns of the chunks of those keys, which are all that came after a
        generation."""
        if held < 0 or len(keys) > _ALL:
            sql = f"SELECT {columns} FROM chunks WHERE generation > ?"
            yield from self._catalog.tuples(sql, (held,))
            return
        for batch in batched(list(keys)):
            sql = f"SELECT {columns} FROM chunks WHERE key IN ({marks(batch)})"
            yield from self._catalog.tuples(sql, batch)
