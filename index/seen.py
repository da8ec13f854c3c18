"""What is worked out of the documents that readers with some access tags see: words and titles."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from index.access import Sight
from index.catalog import Catalog
from index.contents import Contents
from index.contract import Keys
from index.database import batched, marks
from index.titles import Titles
from index.vocabulary import Vocabulary

_ALL = 5_000
"""Above so many chunks the table is read as a whole."""
_NO_KEYS = np.empty(0, dtype=np.int64)


class Seen:
    """As index.contents.Contents, of what the holders of one set of tags see. Each is made when it
    is first asked for, and follows what they see; safe to use from many threads."""

    def __init__(self, catalog: Catalog, contents: Contents) -> None:
        self._catalog = catalog
        self._contents = contents
        self._guard = threading.Lock()
        self._words: tuple[Keys, Vocabulary] = _NO_KEYS, Vocabulary()
        self._titles: tuple[Sight | None, Titles] = None, Titles()

    def vocabulary(self, sight: Sight) -> Vocabulary:
        """The words in Latin letters of the texts that are seen. Where one that was seen is hidden
        now, all are counted again; words that went with their chunks may still be here."""
        with self._guard:
            counted, words = self._words
            if counted is not sight.keys:
                lost = np.setdiff1d(counted, sight.keys, assume_unique=True)
                if len(self._contents.documents().of(lost)[0]):
                    counted, words = _NO_KEYS, Vocabulary()
                new = np.setdiff1d(sight.keys, counted, assume_unique=True)
                texts = ("\n".join(row[1:]) for row in self._texts(new))
                self._words = sight.keys, words.changed(sight.generation, texts)
            return self._words[1]

    def titles(self, sight: Sight, normal: Callable[[str], str]) -> Titles:
        """The names of the documents that are seen; `normal` is the analyzer's."""
        with self._guard:
            if self._titles[0] is not sight:
                rows = self._catalog.read("SELECT id, title, media_type FROM documents ORDER BY id")
                named = ((r[0], r[1], r[2]) for r in rows if r[0] not in sight.hidden)
                self._titles = sight, Titles.of(sight.generation, named, normal)
            return self._titles[1]

    def _texts(self, keys: Keys) -> Iterator[tuple[Any, ...]]:
        columns = "key, text, title, heading_path"
        if len(keys) > _ALL:
            wanted = set(keys.tolist())
            rows = self._catalog.tuples(f"SELECT {columns} FROM chunks", ())
            yield from (row for row in rows if row[0] in wanted)
            return
        for batch in batched(keys.tolist()):
            sql = f"SELECT {columns} FROM chunks WHERE key IN ({marks(batch)})"
            yield from self._catalog.tuples(sql, batch)
