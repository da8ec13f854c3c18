"""What every dense index must do, in each kind that it has."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.components import DENSE
from index.contract import DenseChanges, DenseIndex, Keys, Ranking, Vectors
from index.faiss_make import CODES
from ingest.contract import BadInput, load_component

WIDTH = 24
VARIANTS = [
    *[{"kind": kind, "codes": code} for kind in ("flat", "hnsw", "ivf") for code in CODES],
    {"kind": "ivfpq"},
]
KINDS = [*[(name, {}) for name in sorted(DENSE)], *[("faiss", variant) for variant in VARIANTS]]


def make(choice: tuple[str, dict[str, Any]], path: Path) -> DenseIndex:
    name, options = choice
    index: DenseIndex = load_component(DENSE, name, path=path, dimension=WIDTH, **options)
    return index


@pytest.fixture(params=KINDS, ids=lambda choice: "-".join((choice[0], *choice[1].values())))
def choice(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    chosen: tuple[str, dict[str, Any]] = request.param
    return chosen


@pytest.fixture
def index(choice: tuple[str, dict[str, Any]], tmp_path: Path) -> DenseIndex:
    return make(choice, tmp_path / "dense")


def put(index: DenseIndex, changes: DenseChanges, *, owner: bool = True) -> None:
    """Applies changes, and waits until what they lead to has been written."""
    index.apply(changes, owner=owner)
    index.settle()


def vectors_for(keys: Keys, seed: int = 0) -> Vectors:
    """A fixed unit vector for each key."""
    rows = np.array([drawn(seed, key) for key in keys.tolist()])
    rows = rows.reshape(len(keys), WIDTH).astype(np.float32)
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit


@cache
def drawn(seed: int, key: int) -> list[float]:
    numbers: list[float] = np.random.default_rng([seed, key]).standard_normal(WIDTH).tolist()
    return numbers


def span(first: int, last: int) -> Keys:
    return np.arange(first, last + 1, dtype=np.int64)


def add(generation: int, keys: Keys, deleted: tuple[int, ...] = (), seed: int = 0) -> DenseChanges:
    return DenseChanges(generation, keys, vectors_for(keys, seed), deleted)


def exact(keys: Keys, vector: Vectors, k: int, seed: int = 0) -> Ranking:
    return Ranking.of(keys, vectors_for(keys, seed) @ vector).head(k)


def same(found: Ranking, wanted: Ranking) -> None:
    assert found.keys.tolist() == wanted.keys.tolist()
    assert found.scores == pytest.approx(wanted.scores, abs=1e-5)


LEAST_RECALL = {"hnsw": 0.9, "ivf": 0.5, "ivfpq": 0.4}
"""Of vectors without any structure, which lists do worst with."""
QUERY = vectors_for(np.array([987_654_321]))[0]
NOTHING = np.empty(0, dtype=np.int64)


def test_an_empty_index_finds_nothing(index: DenseIndex) -> None:
    reader = index.reader()
    assert (index.generation, len(reader)) == (0, 0)
    assert reader.keys().tolist() == []
    assert reader.search(QUERY, 5).keys.tolist() == []
    assert reader.search(QUERY, 5, span(1, 3)).keys.tolist() == []
    assert np.isnan(reader.score(QUERY, span(1, 3))).all()


@pytest.mark.parametrize("size", [1, 40, 1_500])
def test_the_nearest_are_found_best_first(index: DenseIndex, size: int) -> None:
    put(index, add(3, span(1, size)))
    reader = index.reader()
    assert (index.generation, len(reader)) == (3, size)
    assert reader.keys().tolist() == list(range(1, size + 1))
    same(reader.search(QUERY, 1), exact(span(1, size), QUERY, 1))
    found, wanted = reader.search(QUERY, 30), exact(span(1, size), QUERY, 30)
    overlap = np.intersect1d(found.keys, wanted.keys)
    assert len(found.keys) == min(30, size)
    assert len(overlap) >= 0.8 * len(wanted.keys)
    assert (np.diff(found.scores) <= 0).all()
    assert found.scores == pytest.approx(reader.score(QUERY, found.keys), abs=1e-5)
    assert reader.search(QUERY, 0).keys.tolist() == []


def test_everything_is_found_when_everything_is_asked_for(index: DenseIndex) -> None:
    put(index, add(1, span(1, 1_200)))
    put(index, add(2, span(1_201, 1_300), tuple(range(1, 200))))
    same(index.reader().search(QUERY, 5_000), exact(span(200, 1_300), QUERY, 5_000))


def test_keys_come_in_any_order(index: DenseIndex) -> None:
    keys = np.random.default_rng(1).permutation(span(1, 1_100))
    put(index, add(1, keys[:50]))
    put(index, add(2, keys[50:]))
    assert index.reader().keys().tolist() == list(range(1, 1_101))
    some = np.array([900, 3, 77_777, 512])
    scores = index.reader().score(QUERY, some)
    assert np.isnan(scores).tolist() == [False, False, True, False]
    kept = ~np.isnan(scores)
    assert scores[kept] == pytest.approx(vectors_for(some[kept]) @ QUERY, abs=1e-5)


@pytest.mark.parametrize("size", [20, 1_500])
def test_a_key_is_replaced_and_deleted(index: DenseIndex, size: int) -> None:
    put(index, add(1, span(1, size)))
    put(index, add(2, span(5, 9), (1, 2, 99_999), seed=7))
    reader = index.reader()
    assert reader.keys().tolist() == list(range(3, size + 1))
    assert reader.score(QUERY, span(5, 9)) == pytest.approx(
        vectors_for(span(5, 9), 7) @ QUERY, abs=1e-5
    )
    assert not set(reader.search(QUERY, size).keys.tolist()) & {1, 2}
    put(index, DenseChanges(3, NOTHING, vectors_for(NOTHING), range(1, size + 1)))
    assert len(index.reader()) == 0
    assert index.reader().search(QUERY, 3).keys.tolist() == []


@pytest.mark.parametrize("size", [10, 1_200])
def test_applying_twice_changes_nothing(index: DenseIndex, size: int) -> None:
    put(index, add(1, span(1, size)))
    changes = add(2, span(size + 1, size + 20), (4, 5))
    put(index, changes)
    before = index.reader().search(QUERY, 15)
    put(index, changes)
    assert index.reader().search(QUERY, 15).keys.tolist() == before.keys.tolist()
    assert len(index.reader()) == size + 18
    assert index.generation == 2


def test_equal_vectors_are_ordered_by_key(index: DenseIndex) -> None:
    keys = np.concatenate([span(31, 60), span(1, 30)])
    one = np.repeat(QUERY[None], len(keys), axis=0)
    put(index, DenseChanges(1, keys, one))
    found = index.reader().search(QUERY, 60)
    for score in set(found.scores.tolist()):
        tied = found.keys[found.scores == score]
        assert (np.diff(tied) > 0).all()


def test_filters_equal_brute_force(index: DenseIndex) -> None:
    """Small sets are scanned and large ones walked under a selector: a graph or a list may
    miss some of those, an exact index none."""
    put(index, add(1, span(1, 2_300)))
    put(index, add(2, span(2_301, 2_400), tuple(range(1, 50))))
    reader = index.reader()
    for size in (0, 1, 40, 1_999, 2_200):
        chosen = np.random.default_rng(size).choice(span(1, 2_500), size, replace=False)
        allowed = np.sort(chosen).astype(np.int64)
        held = allowed[(allowed >= 50) & (allowed <= 2_400)]
        found, wanted = reader.search(QUERY, 20, allowed), exact(held, QUERY, 20)
        assert np.isin(found.keys, held).all(), size
        assert len(found.keys) == min(20, len(held)), size
        share = 1.0 if size <= 1_000 else LEAST_RECALL.get(getattr(index, "kind", ""), 1.0)
        if share == 1.0:
            same(found, wanted)
        hits = len(np.intersect1d(found.keys, wanted.keys))
        assert hits >= share * len(wanted.keys), size


def test_a_disjoint_filter_leaves_nothing(index: DenseIndex) -> None:
    put(index, add(1, span(1, 1_500)))
    assert index.reader().search(QUERY, 5, span(9_000, 9_100)).keys.tolist() == []
    assert index.reader().search(QUERY, 5, span(9_000, 19_000)).keys.tolist() == []


def test_a_reader_stays_as_it_was_while_the_index_changes(index: DenseIndex) -> None:
    put(index, add(1, span(1, 1_200)))
    put(index, add(2, span(1_201, 1_220)))
    reader = index.reader()
    before = reader.search(QUERY, 25)
    faults: list[str] = []
    stop = threading.Event()

    def read() -> None:
        while not stop.is_set():
            found = reader.search(QUERY, 25)
            if found.keys.tolist() != before.keys.tolist() or len(reader) != 1_220:
                faults.append(str(found))

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for generation in range(3, 7):
        first = generation * 1_000
        gone = tuple(range((generation - 3) * 400, (generation - 2) * 400))
        put(index, add(generation, span(first, first + 500), gone))
    stop.set()
    for thread in threads:
        thread.join()
    assert faults == []
    assert reader.search(QUERY, 25).scores.tolist() == before.scores.tolist()
    assert reader.keys().tolist() == list(range(1, 1_221))
    wanted = np.concatenate([[1_600], *[span(g * 1_000, g * 1_000 + 500) for g in range(3, 7)]])
    assert set(index.reader().keys().tolist()) == set(wanted[1:].tolist())


def test_it_opens_again_at_a_generation_that_it_held(
    choice: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    index = make(choice, tmp_path / "dense")
    put(index, add(4, span(1, 1_200)))
    put(index, add(5, span(1_201, 1_210), (7,)))
    index.close()
    again = make(choice, tmp_path / "dense")
    assert again.generation == 4
    assert again.reader().keys().tolist() == list(range(1, 1_201))
    put(again, add(5, span(1_201, 1_210), (7,)))
    assert again.generation == 5
    assert again.reader().keys().tolist() == [*range(1, 7), *range(8, 1_211)]


def test_who_does_not_own_it_writes_nothing(
    choice: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    index = make(choice, tmp_path / "dense")
    put(index, add(1, span(1, 1_300)), owner=False)
    assert len(index.reader()) == 1_300
    assert not (tmp_path / "dense").exists()


def test_the_same_changes_give_the_same_ranking(
    choice: tuple[str, dict[str, Any]], tmp_path: Path
) -> None:
    rankings = []
    for name in ("one", "two"):
        index = make(choice, tmp_path / name)
        put(index, add(1, span(1, 1_500)))
        put(index, add(2, span(1_501, 1_600), (3, 4)))
        found = index.reader().search(QUERY, 50)
        rankings.append((found.keys.tolist(), found.scores.tolist()))
    assert rankings[0] == rankings[1]


def test_an_unknown_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown kind 'tree'"):
        make(("faiss", {"kind": "tree"}), tmp_path)


@settings(max_examples=20, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sets(st.integers(1, 60), max_size=15), st.sets(st.integers(1, 70))),
        max_size=6,
    ),
    allowed=st.none() | st.sets(st.integers(1, 80)),
    k=st.integers(1, 30),
)
@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
def test_any_history_equals_brute_force(
    kind: str,
    steps: list[tuple[set[int], set[int]]],
    allowed: set[int] | None,
    k: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """At these sizes all kinds are exact: nothing has been merged into a main part yet."""
    index = make(("faiss", {"kind": kind}), tmp_path_factory.mktemp("history"))
    held: dict[int, int] = {}
    for generation, (added, deleted) in enumerate(steps, start=1):
        keys = np.array(sorted(added), dtype=np.int64)
        put(index, add(generation, keys, tuple(sorted(deleted)), seed=generation))
        held = {key: seed for key, seed in held.items() if key not in deleted}
        held.update(dict.fromkeys(added, generation))
    inside = [key for key in sorted(held) if allowed is None or key in allowed]
    rows = [vectors_for(np.array([key]), held[key])[0] for key in inside]
    wanted = Ranking.of(inside, np.array(rows).reshape(-1, WIDTH) @ QUERY).head(k)
    limit = None if allowed is None else np.array(sorted(allowed), dtype=np.int64)
    same(index.reader().search(QUERY, k, limit), wanted)
    assert index.reader().keys().tolist() == sorted(held)


MAIN = vectors_for(span(1, 1_100))


@settings(max_examples=15, deadline=None)
@given(
    steps=st.lists(
        st.tuples(st.sets(st.integers(1, 60), max_size=8), st.sets(st.integers(1, 70))),
        min_size=1,
        max_size=4,
    ),
    allowed=st.sets(st.integers(1, 80)),
)
@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
def test_any_history_over_a_main_part_equals_brute_force(
    kind: str,
    steps: list[tuple[set[int], set[int]]],
    allowed: set[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Under a small filter every kind is exact, whatever has been replaced or deleted."""
    index = make(("faiss", {"kind": kind}), tmp_path_factory.mktemp("history"))
    put(index, DenseChanges(1, span(1, 1_100), MAIN), owner=False)
    held = {key: MAIN[key - 1] for key in range(1, 1_101)}
    for generation, (added, deleted) in enumerate(steps, start=2):
        keys = np.array(sorted(added), dtype=np.int64)
        changes = add(generation, keys, tuple(sorted(deleted)), seed=generation)
        put(index, changes, owner=False)
        held = {key: vector for key, vector in held.items() if key not in deleted}
        held.update(zip(keys.tolist(), changes.vectors, strict=True))
    inside = [key for key in sorted(allowed) if key in held]
    rows = np.array([held[key] for key in inside]).reshape(-1, WIDTH)
    limit = np.array(sorted(allowed), dtype=np.int64)
    same(index.reader().search(QUERY, 30, limit), Ranking.of(inside, rows @ QUERY).head(30))
    everything = index.reader().search(QUERY, 5_000)
    assert sorted(everything.keys.tolist()) == index.reader().keys().tolist() == sorted(held)


def test_hnsw_finds_what_an_exact_search_finds(tmp_path: Path) -> None:
    index = make(("faiss", {"kind": "hnsw"}), tmp_path)
    size = 3_000
    everything = vectors_for(span(1, size))
    put(index, DenseChanges(1, span(1, size), everything), owner=False)
    reader = index.reader()
    hits = 0
    for query in vectors_for(span(50_001, 50_040)):
        wanted = Ranking.of(span(1, size), everything @ query).head(10)
        hits += len(np.intersect1d(reader.search(query, 10).keys, wanted.keys))
    assert hits >= 0.98 * 400
