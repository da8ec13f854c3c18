"""Token vectors: packed and back, kept beside a chunk's vector, and gone with it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import PIPELINE, WordSumEmbedder, by_key, fill, make_document, make_parts

from index.catalog import Catalog
from index.collection import CATALOG, Collection
from index.contract import Vectors
from index.token_codes import TokenRows, pack, unpack
from index.token_kernels import AT_ONCE  # compiled here, where no example waits for it


@given(
    rows=st.integers(0, 9),
    dimension=st.integers(1, 33),
    size=st.sampled_from([1e-3, 1.0, 1e3]),
    seed=st.integers(0, 99),
)
def test_tokens_come_back_to_within_half_a_step(
    rows: int, dimension: int, size: float, seed: int
) -> None:
    drawn = np.random.default_rng(seed).standard_normal((rows, dimension)) * size
    tokens = drawn.astype(np.float32)
    packed = pack(tokens)
    assert len(packed) == rows * (2 + (dimension + 1) // 2)
    back = unpack(packed, dimension)
    assert back.shape == tokens.shape
    step = np.abs(tokens).max(axis=1, keepdims=True, initial=0) / 7
    assert (np.abs(back - tokens) <= step * 0.52).all()


def test_a_row_of_nothing_stays_nothing() -> None:
    assert (unpack(pack(np.zeros((2, 5), dtype=np.float32)), 5) == 0).all()


def test_bytes_that_are_no_whole_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="reshape"):
        unpack(pack(np.ones((2, 8), dtype=np.float32))[:-1], 8)


@given(
    sizes=st.lists(st.integers(1, 5), max_size=4),
    dimension=st.integers(1, 33),
    vectors=st.integers(0, 2 * AT_ONCE + 1),
    seed=st.integers(0, 99),
)
def test_products_are_those_of_what_is_unpacked(
    sizes: list[int], dimension: int, vectors: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    packed = pack(draw.standard_normal((sum(sizes), dimension)).astype(np.float32))
    asked = draw.standard_normal((vectors, dimension)).astype(np.float32)
    starts = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])[:-1].astype(np.int64)
    found = TokenRows(np.arange(len(sizes)), starts, packed, dimension).max_products(asked)
    assert found.shape == (len(sizes), vectors)
    products = unpack(packed, dimension) @ asked.T
    for best, start, size in zip(found, starts, sizes, strict=True):
        assert best == pytest.approx(products[start : start + size].max(axis=0), abs=1e-4)


def test_rows_of_several_chunks_follow_each_other(tmp_path: Path) -> None:
    """In the order that is asked in; what has none, or is gone, has no place."""
    texts = ["a b c", "…", "d e"]
    documents = [make_document(f"d{i}", [text], title="") for i, text in enumerate(texts)]
    collection = fill(tmp_path / "c", make_parts(), documents)
    snapshot = collection.snapshot()
    keys = snapshot.dense.keys()[::-1]
    asked = np.concatenate([[999_999], keys])
    found = snapshot.tokens(asked)
    alone = [snapshot.tokens(keys[place : place + 1]).vectors for place in range(3)]
    assert [len(rows) > 0 for rows in alone] == [True, False, True]
    assert found.places.tolist() == [1, 3]
    assert found.starts.tolist() == [0, len(alone[0])]
    assert (found.vectors == np.concatenate(alone)).all()
    none = snapshot.tokens(asked[:1])
    assert (len(none.places), len(none.starts), len(none.vectors)) == (0, 0, 0)
    collection.close()


def tokens_of(collection: Collection) -> dict[str, Vectors]:
    snapshot = collection.snapshot()
    keys = snapshot.dense.keys()
    stored = snapshot.chunks(keys.tolist())
    return {stored[key].chunk.text: rows for key, rows in by_key(snapshot.tokens(keys), keys)}


def test_tokens_are_kept_with_each_chunk_used_again_and_deleted(tmp_path: Path) -> None:
    embedder = WordSumEmbedder()
    document = make_document("d", ["rivers and boats", "engines"])
    collection = fill(tmp_path / "c", make_parts(embedder), [document])
    found = tokens_of(collection)
    for chunk in document[1]:
        wanted = embedder.embed_with_tokens([chunk.embedding_text]).tokens[0]
        cosines = (found[chunk.text] * wanted).sum(axis=1)
        assert cosines == pytest.approx(np.ones(len(wanted)), abs=0.05)

    before = len(embedder.embedded)
    twin = make_document("twin", ["rivers and boats"], title=document[0].title)
    with collection.writer() as writer:
        writer.put([twin], PIPELINE)
    assert len(embedder.embedded) == before
    assert len(collection.snapshot().tokens(collection.snapshot().dense.keys()).places) == 3
    with collection.writer() as writer:
        writer.delete(["d", "twin"])
    collection.close()
    catalog = Catalog(tmp_path / "c" / CATALOG)
    assert catalog.counts()[2] == 0
    catalog.close()
