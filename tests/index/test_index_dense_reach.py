"""How far searches of the dense index go: measured where it is built, and enough."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_index_dense import put
from test_index_dense_merge import open_index, pointer_of

from index import faiss_lists, faiss_make, faiss_reach
from index.contract import DenseChanges, Keys, Vectors
from index.dense.faiss import FaissIndex
from index.faiss_reach import Questions, Reach

WIDTH = 24
SIZE = 12_000


def structured(count: int, seed: int = 4) -> Vectors:
    """Unit vectors with the structure that texts have: a cone, topics, a few directions, noise."""
    draw = np.random.default_rng(seed)
    topics = np.random.default_rng(0).standard_normal((80, WIDTH)) + 1.5
    rows = topics[draw.integers(0, 80, count)] + 0.7 * draw.standard_normal((count, WIDTH))
    unit: Vectors = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return unit


ROWS, ASKED = structured(SIZE), structured(150, 5)


@pytest.fixture(params=["whole", "in lists"])
def scanned(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How the codes of product quantisation are scanned: that of few vectors, and that of many."""
    chosen: str = request.param
    if chosen == "in lists":
        monkeypatch.setattr(faiss_make, "_WHOLE", 0)
    return chosen


@pytest.fixture(scope="module")
def built() -> dict[str, FaissIndex]:
    return {}


@pytest.fixture
def index(
    scanned: str, built: dict[str, FaissIndex], tmp_path_factory: pytest.TempPathFactory
) -> FaissIndex:
    """All rows, as they are indexed by default; built once, for those who change nothing."""
    if scanned not in built:
        built[scanned] = filled(tmp_path_factory.mktemp("built") / "d")
    return built[scanned]


def filled(path: Path, rows: Vectors = ROWS, **options: Any) -> FaissIndex:
    index = open_index(path, **options)
    put(index, DenseChanges(1, keys_of(rows), rows))
    return index


def keys_of(rows: Vectors) -> Keys:
    return np.arange(1, len(rows) + 1, dtype=np.int64)


def recall(index: FaissIndex, rows: Vectors, k: int, allowed: Keys | None = None) -> float:
    keys = keys_of(rows) if allowed is None else allowed
    hits = 0
    for query in ASKED:
        best = keys[np.argsort(-(rows[keys - 1] @ query), kind="stable")[:k]]
        found = index.reader().search(query, k, allowed)
        assert found.scores == pytest.approx(rows[found.keys - 1] @ query, abs=1e-5)
        hits += len(np.intersect1d(found.keys, best))
    return hits / (k * len(ASKED))


@pytest.mark.parametrize(
    ("kind", "scanned"),
    [("ivfpq", "whole"), ("ivfpq", "in lists"), ("ivf", "whole"), ("hnsw", "whole")],
    indirect=["scanned"],
)
def test_what_is_set_is_found(kind: str, scanned: str, tmp_path: Path) -> None:
    index = filled(tmp_path / "d", kind=kind, hnsw_neighbours=8, hnsw_build_breadth=40)
    assert recall(index, ROWS, 10) >= 0.985
    assert recall(index, ROWS, 100) >= 0.94


@pytest.mark.parametrize(
    ("kind", "scanned"),
    [("ivfpq", "whole"), ("ivfpq", "in lists"), ("hnsw", "whole")],
    indirect=["scanned"],
)
def test_less_is_looked_at_where_less_is_to_be_found(
    kind: str, scanned: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"kind": kind, "hnsw_neighbours": 8, "hnsw_build_breadth": 40}
    low = reach_of(filled(tmp_path / "low", recall=0.6, **options))
    high = reach_of(filled(tmp_path / "high", recall=0.999, **options))
    if kind == "ivfpq" and scanned == "whole":
        assert max(*low.breadths, *high.breadths) == 0
        assert low.depths[0] < high.depths[0]
    else:
        assert low.breadths[0] < high.breadths[0]
        assert low.depths[0] <= high.depths[0]


def reach_of(index: FaissIndex) -> Reach:
    reach: Reach = index.reader().state.main.reach  # type: ignore[attr-defined]
    return reach


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
def test_product_quantisation_finds_under_a_filter(share: float, index: FaissIndex) -> None:
    chosen = np.random.default_rng(2).random(SIZE) < share
    assert recall(index, ROWS, min(10, int(chosen.sum())), keys_of(ROWS)[chosen]) >= 0.98


@pytest.mark.parametrize("share", [0.7, 0.4, 0.15])
def test_what_a_filter_leaves_on_one_side_is_found(share: float, index: FaissIndex) -> None:
    """Next to many questions there is nothing that counts, as with a filter by subject."""
    side = ROWS @ np.random.default_rng(8).standard_normal(WIDTH)
    allowed = keys_of(ROWS)[side < np.quantile(side, share)]
    assert recall(index, ROWS, 10, allowed) >= 0.98


def test_lists_are_visited_until_there_is_enough(scanned: str, tmp_path: Path) -> None:
    index = filled(tmp_path / "d", recall=0.3)
    for query in ASKED[:20]:
        assert len(index.reader().search(query, 900).keys) == 900


def test_what_is_deleted_is_not_found_and_what_is_left_is(scanned: str, tmp_path: Path) -> None:
    index = filled(tmp_path / "d")
    kept = keys_of(ROWS)[np.random.default_rng(3).random(SIZE) < 0.8]
    gone = np.setdiff1d(keys_of(ROWS), kept)
    none = np.empty((0, WIDTH), dtype=np.float32)
    index.apply(DenseChanges(2, gone[:0], none, tuple(gone.tolist())), owner=False)
    reader = index.reader()
    hits = 0
    for query in ASKED:
        best = kept[np.argsort(-(ROWS[kept - 1] @ query), kind="stable")[:10]]
        found = reader.search(query, 10).keys
        assert not len(np.intersect1d(found, gone))
        hits += len(np.intersect1d(found, best))
    assert hits >= 0.98 * 10 * len(ASKED)


def test_what_grew_finds_as_much_as_what_is_built_afresh(scanned: str, tmp_path: Path) -> None:
    """The lists stay; the reach is measured anew once there is a quarter more."""
    first = 10_500
    grown = open_index(tmp_path / "d")
    put(grown, DenseChanges(1, keys_of(ROWS)[:first], ROWS[:first]))
    before = reach_of(grown)
    for generation, last in ((2, 13_200), (3, 16_600)):
        rows = structured(last)
        put(grown, DenseChanges(generation, keys_of(rows)[first:], rows[first:]))
        first = last
    assert pointer_of(tmp_path / "d")["built"] == 10_500
    assert (before.size, reach_of(grown).size) == (10_500, 16_600)
    rows = np.concatenate([ROWS[:10_500], structured(13_200)[10_500:], structured(16_600)[13_200:]])
    afresh = filled(tmp_path / "e", rows)
    assert pointer_of(tmp_path / "e")["built"] == 16_600
    assert recall(grown, rows, 10) >= recall(afresh, rows, 10) - 0.01


def test_it_is_measured_again_for_another_recall(scanned: str, tmp_path: Path) -> None:
    filled(tmp_path / "d", recall=0.9).close()
    again = open_index(tmp_path / "d", recall=0.99)
    assert reach_of(again).target == 0.9
    more = structured(4_000, 9)
    put(again, DenseChanges(2, np.arange(SIZE + 1, SIZE + 4_001), more))
    assert reach_of(again).target == 0.99
    assert reach_of(open_index(tmp_path / "d", recall=0.99)) == reach_of(again)


def test_the_nearest_to_each_question_are_those_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faiss_reach, "_BLOCK", 700)
    rows = ROWS[:3_000]
    asked = Questions.of(rows, lambda: None)
    for at in range(0, len(asked.vectors), 40):
        scores = rows @ asked.vectors[at]
        scores[asked.origins[at]] = -1
        assert asked.nearest[at].tolist() == np.argsort(-scores)[:100].tolist()
        found = np.concatenate([asked.nearest[at][:3], [asked.origins[at]], asked.nearest[at][20:]])
        assert asked.hits(at, found, 10)[:4].tolist() == [1, 2, 3, 3]


def test_breadth_and_depth_grow_with_what_is_asked_for() -> None:
    reach = Reach(0.99, 1_000, (0.1, 0.3), 0.2, (50, 400))
    assert [reach.breadth(k) for k in (1, 10, 100)] == pytest.approx([0.1, 0.1, 0.3])
    assert reach.breadth(10, 100) == pytest.approx(0.5)
    assert [reach.depth(k) for k in (1, 10, 100, 200)] == [50, 50, 400, 800]
    assert reach.holds(0.99, 1_250) and not reach.holds(0.99, 1_251) and not reach.holds(0.9, 9)


def test_lists_part_vectors_by_what_is_nearest() -> None:
    count = faiss_lists.count_for(SIZE)
    centres = faiss_lists.centres_of(ROWS, count, lambda: None)
    places = faiss_lists.nearest(ROWS, centres)
    assert count == 219 and centres.shape == (count, WIDTH)
    assert np.linalg.norm(centres, axis=1) == pytest.approx(1, abs=1e-5)
    assert places.tolist() == (ROWS @ centres.T).argmax(axis=1).tolist()
    drawn = ROWS[np.random.default_rng(1).choice(SIZE, count, replace=False)]
    assert (ROWS @ centres.T).max(axis=1).mean() > (ROWS @ drawn.T).max(axis=1).mean()
    assert (faiss_lists.centres_of(ROWS, count, lambda: None) == centres).all()


def test_twins_leave_no_list_without_a_centre() -> None:
    rows = np.repeat(structured(3), 400, axis=0)
    centres = faiss_lists.centres_of(rows, 20, lambda: None)
    assert np.isfinite(centres).all()
    assert np.linalg.norm(centres, axis=1) == pytest.approx(1, abs=1e-5)
