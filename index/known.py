"""Vectors by what was embedded: nothing is embedded twice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from index import rows
from index.catalog import Catalog
from index.contract import Embedder


def known_or_embedded(
    texts: Mapping[bytes, str], catalogs: Sequence[Catalog], embedder: Embedder
) -> tuple[dict[bytes, rows.StoredVectors], set[bytes]]:
    """What is stored of each text, by its `rows.embedding_hash`: as the first of the catalogs has
    it that does, else embedded now; and the hashes of those that were."""
    vectors: dict[bytes, rows.StoredVectors] = {}
    for catalog in catalogs:
        vectors.update(catalog.known_vectors([mark for mark in texts if mark not in vectors]))
    fresh = {mark: text for mark, text in texts.items() if mark not in vectors}
    embedded = embedder.embed_with_tokens(list(fresh.values()))
    vectors.update(zip(fresh, rows.stored_vectors(embedded), strict=True))
    return vectors, set(fresh)
