"""Which documents and chunks of a collection a reader who holds some access tags may see, and which
of them answers are written from."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from index import withholding
from index.chunk_column import ChunkColumn
from index.contract import DocumentRecord, Keys, StoredChunk
from index.duplicates import DUPLICATE_OF, DUPLICATE_SIMILARITY
from index.filters import Condition
from index.tagging import FIELD, may_see, tags_of, with_tags
from ingest.contract import ACCESS, Json

if TYPE_CHECKING:
    from index.database import Database

_KEPT = 8
"""So many sets of tags are kept with what they let see."""

Reader: TypeAlias = tuple[frozenset[str] | None, bool]
"""The tags that are held (None: all is seen), and whether only what is trusted is looked at."""

_TAGGED = f"SELECT id, {FIELD} FROM documents WHERE {FIELD} IS NOT NULL"
_MATCHING = f"""
WITH hidden (id) AS MATERIALIZED (SELECT value FROM json_each(?)),
plain AS (
    SELECT id, title, media_type, page_count,
        CASE WHEN metadata ->> '$.{DUPLICATE_OF}' IN (SELECT id FROM hidden)
        THEN json_remove(metadata, '$.{DUPLICATE_OF}', '$.{DUPLICATE_SIMILARITY}')
        ELSE metadata END AS metadata
    FROM main.documents WHERE id NOT IN (SELECT id FROM hidden)
),
documents AS (
    SELECT id, title, media_type, page_count,
        CASE WHEN json_type(metadata, '$.{ACCESS}') = 'array' AND ? IS NOT NULL
        THEN json_set(metadata, '$.{ACCESS}', json((
            SELECT json_group_array(value) FROM json_each(plain.metadata, '$.{ACCESS}')
            WHERE value IN (SELECT value FROM json_each(?))
        )))
        ELSE metadata END AS metadata
    FROM plain
)
SELECT chunks.key FROM chunks JOIN documents ON documents.id = chunks.document_id
WHERE """


@dataclass(frozen=True, eq=False)
class Sight:
    """What readers who hold `tags` (None: all) see of a collection at one generation, where that
    is not all: not the `hidden` documents, and of the chunks those with these `keys`, ascending.
    `has_other_tags` says that documents have tags that these readers do not hold, which they are
    not told. Where it is only of what is trusted (see `index.withholding`), `untrusting` is what
    the same readers see of all."""

    generation: int
    tags: frozenset[str] | None
    hidden: frozenset[str]
    keys: Keys
    has_other_tags: bool = True
    is_trusting: bool = False
    untrusting: Sight | None = None

    @property
    def reader(self) -> Reader:
        """Whose it is."""
        return self.tags, self.is_trusting

    @property
    def of_graph(self) -> Sight | None:
        """What the graph is seen by: what is not trusted says nothing in it."""
        return self.untrusting if self.is_trusting else self

    def of(self, keys: Keys) -> Keys:
        """Those of the keys, ascending, that are seen; the same array where all are."""
        if keys is self.keys or not len(keys):
            return keys
        seen = self.sees_each(keys)
        return keys if seen.all() else keys[seen]

    def sees_each(self, keys: Keys) -> Any:
        """For each key, in whatever order, whether it is seen."""
        if not len(self.keys):
            return np.zeros(len(keys), dtype=bool)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return self.keys[places] == keys

    def metadata(self, metadata: Mapping[str, Json]) -> Mapping[str, Json]:
        """A document's metadata as they are shown: they name no hidden document, and no tag that
        the reader does not hold."""
        if metadata.get(DUPLICATE_OF) in self.hidden:
            marks = (DUPLICATE_OF, DUPLICATE_SIMILARITY)
            metadata = {key: value for key, value in metadata.items() if key not in marks}
        if ACCESS in metadata and self.tags is not None:
            metadata = with_tags(metadata, tags_of(metadata) & self.tags)
        return metadata

    def record(self, record: DocumentRecord) -> DocumentRecord:
        """What is shown of a document that is seen."""
        return replace(record, metadata=self.metadata(record.metadata))

    def chunk(self, stored: StoredChunk) -> StoredChunk:
        """The same of a chunk."""
        return stored._replace(metadata=self.metadata(stored.metadata))

    def matching(self, database: Database, condition: Condition) -> Keys:
        """Keys of the chunks of the documents that meet a filter as they are shown, ascending."""
        hidden = json.dumps(sorted(self.hidden))
        tags = None if self.tags is None else json.dumps(sorted(self.tags))
        sql = f"{_MATCHING}{condition.sql} ORDER BY chunks.key"
        found = database.read(sql, (hidden, tags, tags, *condition.values))
        return self.of(np.array([row[0] for row in found], dtype=np.int64))


class Sights:
    """Of a catalog. `documents` gives the document of each chunk, as it is now. Safe to use from
    many threads."""

    def __init__(self, catalog: Database, documents: Callable[[], ChunkColumn]) -> None:
        self._catalog = catalog
        self._documents = documents
        self._guard = threading.Lock()
        self._state: tuple[int, ChunkColumn, Mapping[str, frozenset[str]]] = -1, ChunkColumn(), {}
        self._known: OrderedDict[Reader, Sight | None] = OrderedDict()

    def of(self, tags: frozenset[str] | None, *, trusting: bool = False) -> Sight | None:
        """What readers who hold these tags see, of what is trusted alone where they are
        `trusting`; None where that is all of the collection. The same object for as long as
        nothing is written."""
        if tags is None and not trusting:
            return None
        with self._guard:
            generation = self._generation()
            if self._state[0] != generation:
                # The chunks first: what is tagged in between is hidden, and never the other way.
                column = self._documents()
                self._state = generation, column, self._all_tagged()
                self._known.clear()
            plain = self._kept((tags, False), lambda: self._made(tags))
            if not trusting:
                return plain
            return self._kept((tags, True), lambda: self._trusted(tags, plain))

    def _kept(self, reader: Reader, make: Callable[[], Sight | None]) -> Sight | None:
        if reader not in self._known:
            self._known[reader] = make()
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        self._known.move_to_end(reader)
        return self._known[reader]

    def _made(self, tags: frozenset[str] | None) -> Sight | None:
        generation, column, tagged = self._state
        if tags is None or not tagged:
            return None
        hidden = frozenset(name for name, own in tagged.items() if not may_see(tags, own))
        is_hidden = np.fromiter((name in hidden for name in column.values), bool)
        keys = column.keys[~is_hidden[column.codes]] if len(column.keys) else column.keys
        others = not all(own <= tags for own in tagged.values())
        return Sight(generation, tags, hidden, keys, others) if hidden or others else None

    def _trusted(self, tags: frozenset[str] | None, plain: Sight | None) -> Sight | None:
        """The same without what is withheld; documents all chunks of which are, are hidden."""
        generation, column, _ = self._state
        rows = self._catalog.read(withholding.KEYS)
        withheld = np.array([row[0] for row in rows], dtype=np.int64)
        keys = column.keys if plain is None else plain.keys
        is_kept = ~np.isin(keys, withheld, assume_unique=True)
        if is_kept.all():
            return plain
        hidden = frozenset() if plain is None else plain.hidden
        left = set(column.of(keys[is_kept])[1].tolist())
        silent = {column.values[code] for code in column.of(keys)[1].tolist() if code not in left}
        others = plain is not None and plain.has_other_tags
        hidden |= silent
        return Sight(generation, tags, hidden, keys[is_kept], others, True, plain)

    def _all_tagged(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for row in self._catalog.read(_TAGGED):
            tags = tags_of({ACCESS: _json_of(row[1])})
            if tags:
                found[row[0]] = tags
        return found

    def _generation(self) -> int:
        row = self._catalog.first("SELECT value FROM meta WHERE key = 'generation'")
        return int(row[0]) if row else 0


def _json_of(text: str) -> Json:
    try:
        value: Json = json.loads(text)
    except ValueError:  # a text that a file said of itself before there were tags
        return None
    return value


def shown_keys(sight: Sight | None, keys: Sequence[int]) -> Sequence[int]:
    """Those of the keys, in their order, that are seen."""
    if sight is None or not len(keys):
        return keys
    asked = np.asarray(keys, dtype=np.int64)
    found: list[int] = asked[sight.sees_each(asked)].tolist()
    return found
