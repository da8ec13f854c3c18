"""One generation of a collection, for reading: all of it, or what some readers may see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

from index.caches import Parts
from index.catalog import Catalog
from index.chunk_column import Codes
from index.contents import Contents
from index.contract import DenseReader, Keys, SparseReader, StoredChunk, Vectors
from index.filters import compile_filter
from index.graph.contract import Graph
from index.graph.graphs import Graphs
from index.scripts import Scripts
from index.synonyms import SynonymRules
from index.token_codes import TokenRows
from index.tuning import Tuning, Tunings
from ingest.contract import Chunk, Json


@dataclass(frozen=True)
class Snapshot:
    """One generation of a collection, for reading. Chunks deleted after it was taken are
    missing from `chunks`, never wrong. The analyzer among `parts` knows the collection's own
    words; `languages` are those of its texts, as far as they are known."""

    generation: int
    sparse: SparseReader
    dense: DenseReader
    scripts: Scripts
    parts: Parts
    languages: frozenset[str]
    _contents: Contents
    _graphs: Graphs
    _catalog: Catalog

    @property
    def visible(self) -> Keys | None:
        """Keys of the chunks that the reader may see, ascending; None where these are all. No
        method shows any other, so nobody who reads here has to look at it."""
        return None

    def graph(self) -> Graph | None:
        """The entity graph, of this or an earlier generation; None where there is none, or where
        that of a large collection is still being made (see `Collection.graph`)."""
        return None if self.parts.extractor is None else self._graphs.ready()

    def allowed(self, expression: Mapping[str, Json]) -> Keys:
        """Keys that a filter leaves, ascending. Raises BadInput for a wrong filter."""
        return self._catalog.matching(compile_filter(expression))

    def chunks(self, keys: Sequence[int]) -> dict[int, StoredChunk]:
        """The chunks of those keys that are still there."""
        return self._catalog.chunks(keys)

    def in_sections(self, path: Sequence[Set[str]]) -> Keys:
        """Keys of the chunks that stand in these numbered sections, ascending. Each section has
        one or more names ("chapter:2"), and stands within the one before it; what is below a
        section is in it."""
        return self._contents.sections().keys_in(path)

    def documents_of(self, keys: Keys) -> tuple[Keys, Codes]:
        """Those of the keys (ascending) that are still there, and the number of the document of
        each: chunks of one document have the same."""
        return self._contents.documents().of(keys)

    def documents_called(self, name: str) -> tuple[str, ...]:
        """Ids of the documents that have this title or file name, as people write it."""
        return self._contents.titles(self.parts.analyzer.normal).called(name)

    @property
    def media_types(self) -> Mapping[str, int]:
        """How many documents there are of each."""
        return self._contents.titles(self.parts.analyzer.normal).media_types

    def words_like(self, word: str, edits: int) -> list[tuple[str, int, int]]:
        """Words in Latin letters of the collection's texts that are so few edits away, nearest
        first, each with the edits and how often it is written."""
        return self._contents.vocabulary().like(word, edits)

    @property
    def synonyms(self) -> SynonymRules:
        """The collection's own; the same object for as long as they do not change."""
        return self._contents.synonyms()

    def around(self, chunks: Sequence[Chunk], reach: int) -> list[Chunk]:
        """Those chunks with up to `reach` before and after each in its document, in order."""
        return self._catalog.around(chunks, reach)

    def vectors(self, keys: Keys) -> tuple[Keys, Vectors]:
        """Those of the keys that are still there, ascending, with their exact unit vectors, row
        by row."""
        return self._catalog.vectors(keys.tolist(), self.parts.embedder.dimension)

    @property
    def tuning(self) -> Tuning:
        """What the collection is tuned to at this moment."""
        return Tunings(self._catalog).get()

    def tokens(self, keys: Keys) -> TokenRows:
        """The token vectors of the chunks of those keys that are there and have some."""
        return self._catalog.tokens(keys.tolist(), self.parts.embedder.dimension)

    def computed_tokens(self, keys: Keys) -> TokenRows:
        """The same, of the chunks' text as it is now, stored or not: milliseconds for each chunk
        that was not asked for lately."""
        parts = self.parts
        stored = self.chunks(keys.tolist())
        texts = {key: one.chunk.embedding_text for key, one in stored.items()}
        packed = dict(
            zip(texts, parts.passage_tokens.of(parts.embedder, list(texts.values())), strict=True)
        )
        rows = [packed.get(key, b"") for key in keys.tolist()]
        return TokenRows.of(rows, parts.embedder.dimension)
