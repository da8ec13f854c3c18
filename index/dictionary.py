"""The user's dictionary of a collection, as its catalog keeps it.

It stands in the table `meta`, with the generation at which it last changed: what an index of
words took in before that has to be cut anew.
"""

from __future__ import annotations

from collections.abc import Iterable

from index.contract import UserWord
from index.database import Database, first
from index.schema import COUNT_UP
from index.user_words import line_of, merged, parse_words

_WORDS, _CHANGED = "words", "words_generation"
_META = "SELECT value FROM meta WHERE key = ?"


class Dictionary:
    """The words in a catalog."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    @property
    def generation(self) -> int:
        """The write that last changed the words; 0 where none has."""
        row = self._catalog.first(_META, (_CHANGED,))
        return 0 if row is None else int(row[0])

    def words(self) -> tuple[UserWord, ...]:
        """The words, in order."""
        row = self._catalog.one(_META, (_WORDS,))
        return () if row is None else tuple(parse_words(row[0].splitlines(), "the catalog"))

    def replace(self, words: Iterable[UserWord]) -> None:
        """Keeps these words and no others, in one transaction, which raises the generation unless
        they are what is there. Raises BadInput where there are too many."""
        lines = "\n".join(line_of(word) for word in merged(words))
        with self._catalog.transaction() as connection:
            before = first(connection, _META, (_WORDS,))
            if lines == ("" if before is None else before[0]):
                return
            generation = str(first(connection, COUNT_UP, ("generation",))[0])
            connection.executemany(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                [(_WORDS, lines), (_CHANGED, generation)],
            )
