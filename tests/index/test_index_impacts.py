"""What the sparse index of weighed postings does beside what every one must."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import impact_kernels, impact_scores
from index.array_file import read_arrays, write_arrays
from index.contract import (
    IDENTIFIER_MARK,
    SPARSE_FIELDS,
    AnyOf,
    Ranking,
    SparseChanges,
    SparseEntry,
)
from index.impact_segment import built, hash_of, merged
from index.sparse import impacts
from index.sparse.impacts import ImpactIndex

WORDS = [f"w{i}" for i in range(40)]
NOTION = AnyOf((("w1",), ("w2", "w3"), ("nowhere",)), 0.5)


def entry(key: int, draw: random.Random) -> SparseEntry:
    words = draw.choices(WORDS, [1 / (i + 1) for i in range(40)], k=draw.randint(0, 30))
    more = draw.choices(WORDS, k=draw.randint(0, 20))
    marked = [IDENTIFIER_MARK + word for word in words[:2]]
    return SparseEntry(key, words[:2], words[2:4], words, [*words, *more], marked)


def entries(first: int, count: int, seed: int = 0) -> list[SparseEntry]:
    draw = random.Random(seed)
    return [entry(key, draw) for key in range(first, first + count)]


def queries(count: int) -> list[list[str | AnyOf]]:
    draw = random.Random(9)
    asked: list[str | AnyOf] = [*WORDS, NOTION, IDENTIFIER_MARK + "w0", "nowhere"]
    return [draw.choices(asked, k=draw.randint(1, 8)) for _ in range(count)]


def same(found: Ranking, wanted: Ranking) -> bool:
    pairs = [list(zip(r.keys.tolist(), r.scores.tolist(), strict=True)) for r in (found, wanted)]
    return pairs[0] == pairs[1]


def fresh(path: Path, held: Sequence[SparseEntry]) -> ImpactIndex:
    index = ImpactIndex(path)
    index.apply(SparseChanges(1, held))
    return index


CHANGES = st.lists(
    st.tuples(
        st.lists(st.integers(1, 40), max_size=12, unique=True),
        st.lists(st.integers(1, 40), max_size=12),
        st.booleans(),
    ),
    max_size=12,
)


@settings(max_examples=40, deadline=None)
@given(changes=CHANGES, most=st.sampled_from([7, 1 << 16]))
def test_it_is_as_if_built_afresh(
    changes: list[tuple[list[int], list[int], bool]],
    most: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """To the last digit of a score, whatever was added, replaced and deleted in which order,
    and wherever it was closed and opened; with segments of few chunks, too."""
    root = tmp_path_factory.mktemp("impacts")
    index, held = ImpactIndex(root / "grown"), dict[int, SparseEntry]()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(impacts, "MOST_CHUNKS", most)
        for generation, (added, deleted, is_closed) in enumerate(changes, start=1):
            draw = random.Random(generation)
            new = [entry(key, draw) for key in added]
            index.apply(SparseChanges(generation, new, deleted))
            held = {key: one for key, one in held.items() if key not in deleted}
            held.update((one.key, one) for one in new)
            if is_closed:
                index.close()
    wanted, found = fresh(root / "fresh", list(held.values())).reader(), index.reader()
    assert found.keys().tolist() == sorted(held)
    for query in queries(12):
        for k in (3, 50):
            assert same(found.search(query, k), wanted.search(query, k))


@pytest.mark.parametrize("size", [300, 2_000])
def test_what_is_left_out_changes_nothing(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores by the terms that count most first are those by all."""
    monkeypatch.setattr(impacts, "MOST_CHUNKS", 500)
    index = ImpactIndex(tmp_path / "sparse")
    index.apply(SparseChanges(1, entries(1, size), []))
    index.apply(SparseChanges(2, [], list(range(1, size, 9))))
    allowed = np.arange(1, size, 3, dtype=np.int64)
    monkeypatch.setattr("index.impact_search._FEW", 50)
    asked = [
        (query, k, some)
        for query in queries(40)
        for k in (1, 10, 100)
        for some in (None, allowed, allowed[:40])
    ]
    wanted = [index.reader().search(*one) for one in asked]
    monkeypatch.setattr(impact_scores, "_ALL_AT_ONCE", 0)
    left: list[int] = []
    pruned = impact_kernels.pruned

    def watched(*given: Any) -> Any:
        """Counts the chunks of which it found out that they need no whole score."""
        docs, codes, ranges, factors, _, scores, _ = given
        whole = scores.copy()
        impact_kernels.add_up(docs, codes, ranges, factors, whole)
        found = pruned(*given)
        left.append(int((whole > scores * 1.001).sum()))
        return found

    monkeypatch.setattr(impact_scores, "pruned", watched)
    index.close()
    for one, was in zip(asked, wanted, strict=True):
        found = index.reader().search(*one)
        assert found.keys.tolist() == was.keys.tolist()
        assert found.scores.tolist() == pytest.approx(was.scores.tolist(), rel=1e-4)
    assert max(left) > 50


def test_there_are_few_segments_and_no_leftovers(tmp_path: Path) -> None:
    index = ImpactIndex(tmp_path)
    for generation in range(1, 300):
        index.apply(SparseChanges(generation, entries(generation, 1)))
        names = {path.name for path in tmp_path.iterdir()}
        segments = {name for name in names if name.endswith(".segment")}
        assert len(segments) <= 6
        assert len(names) == 2 * len(segments) + 1
    index.apply(SparseChanges(300, [], list(range(1, 280))))
    assert len(index.reader()) == 20
    index.apply(SparseChanges(301, [], list(range(280, 300))))
    assert len(index.reader()) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["current.json"]


def test_what_a_kill_left_is_written_over(tmp_path: Path) -> None:
    index = fresh(tmp_path, entries(1, 5))
    pointer = (tmp_path / "current.json").read_bytes()
    index.apply(SparseChanges(2, entries(6, 50, seed=1)))
    wanted = index.reader().search(["w0", "w1"], 10)
    index.close()
    (tmp_path / "current.json").write_bytes(pointer)
    (tmp_path / "1.segment").write_bytes(b"half")
    with pytest.raises(ValueError, match=r"1\.segment is damaged"):
        _ = index.generation
    again = fresh(tmp_path / "again", entries(1, 5))
    (tmp_path / "again" / "2.segment").write_bytes(b"half")
    again.apply(SparseChanges(2, entries(6, 50, seed=1)))
    again.close()
    assert same(again.reader().search(["w0", "w1"], 10), wanted)


def test_another_object_sees_what_was_written(tmp_path: Path) -> None:
    """As another process does; a reader that it had stays as it was."""
    mine, other = ImpactIndex(tmp_path), ImpactIndex(tmp_path)
    assert other.generation == 0
    mine.apply(SparseChanges(1, entries(1, 20)))
    reader = other.reader()
    assert (other.generation, len(reader)) == (1, 20)
    before = reader.search(["w0"], 20)
    assert reader is other.reader()
    mine.apply(SparseChanges(2, entries(21, 400), [1, 2]))
    assert (other.generation, len(other.reader())) == (2, 418)
    reader._asked.clear()  # type: ignore[attr-defined]
    assert same(reader.search(["w0"], 20), before)
    assert same(other.reader().search(["w0"], 20), mine.reader().search(["w0"], 20))


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_takes_no_writes_is_read(tmp_path: Path) -> None:
    index = fresh(tmp_path / "sparse", entries(1, 9))
    index.close()
    (tmp_path / "sparse").chmod(0o555)
    assert len(ImpactIndex(tmp_path / "sparse", k1=2.0).reader()) == 9
    (tmp_path / "sparse").chmod(0o755)


def test_other_settings_take_effect_at_once(tmp_path: Path) -> None:
    fresh(tmp_path / "sparse", entries(1, 90)).close()
    wanted = ImpactIndex(tmp_path / "wanted", k1=2.0, b=0.2, title_weight=1.0, body_weight=0.0)
    wanted.apply(SparseChanges(1, entries(1, 90)))
    index = ImpactIndex(tmp_path / "sparse", k1=2.0, b=0.2, title_weight=1.0, body_weight=0.0)
    files = sorted(path.name for path in (tmp_path / "sparse").iterdir())
    for query in queries(20):
        found = index.reader().search(query, 20)
        assert same(found, wanted.reader().search(query, 20))
    assert sorted(path.name for path in (tmp_path / "sparse").iterdir()) == files
    index.apply(SparseChanges(2))
    assert len(files) == len(list((tmp_path / "sparse").iterdir()))
    assert files != sorted(path.name for path in (tmp_path / "sparse").iterdir())


def test_terms_are_counted_up_to_255(tmp_path: Path) -> None:
    index = fresh(tmp_path, [SparseEntry(1, (), (), ["a"] * 300), SparseEntry(2, (), (), ["b"])])
    segment = index._current().living[0][0]
    assert segment.counts().tolist() == [255, 1] or segment.counts().tolist() == [1, 255]
    assert segment.lengths[SPARSE_FIELDS.index("body")].tolist() == [300, 1]
    assert index.reader().search(["a"], 5).keys.tolist() == [1]


def test_a_merge_of_many_blocks_is_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    some = entries(1, 200)
    halves = [built(some[:120]), built(some[120:])]
    parts = [(half, np.ones(len(half), dtype=bool)) for half in halves]
    for block in (1 << 22, 50, 1):
        monkeypatch.setattr("index.impact_segment._BLOCK", block)
        one = merged(parts)
        for name, array in built(some).arrays.items():
            assert one.arrays[name].tolist() == array.tolist(), name


def test_hashes_are_the_same_on_every_machine() -> None:
    assert hash_of("检索") == 1451553875452578080
    assert hash_of("\udc80") != hash_of("\udc81")


def test_files_of_arrays(tmp_path: Path) -> None:
    path = tmp_path / "file"
    arrays: dict[str, npt.NDArray[Any]] = {
        "bytes": np.arange(3, dtype=np.uint8),
        "none": np.empty(0, dtype=np.uint64),
        "table": np.arange(6, dtype=np.float32).reshape(2, 3),
        "keys": np.array([-1, 2**62], dtype=np.int64),
    }
    write_arrays(path, arrays)
    found = read_arrays(path)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        assert found[name].tolist() == array.tolist()
    with pytest.raises(ValueError, match="read-only"):
        found["bytes"][0] = 9
    mine = read_arrays(path, writeable=True)
    mine["bytes"][0] = 9
    assert read_arrays(path)["bytes"][0] == 0
    path.write_bytes(b"\xff" * 20)
    with pytest.raises(ValueError, match="no file of arrays"):
        read_arrays(path)


@settings(max_examples=60, deadline=None)
@given(
    size=st.sampled_from([0, 1, 63, 64, 65, 128, 200]),
    places=st.dictionaries(st.integers(0, 199), st.integers(1, 9)),
    hidden=st.sets(st.integers(0, 199)),
    k=st.integers(1, 12),
    is_masked=st.booleans(),
)
def test_the_best_of_scores_are_those_of_a_full_sort(
    size: int, places: dict[int, int], hidden: set[int], k: int, is_masked: bool
) -> None:
    """Blocks in which no score is over the bound are passed over: it shows nowhere."""
    scores = np.zeros(size, dtype=np.float32)
    for place, score in places.items():
        scores[place % size if size else 0 : place % size + 1 if size else 0] = score
    mask = np.array([place not in hidden for place in range(size)], dtype=bool)
    seen = scores if not is_masked else np.where(mask, scores, np.float32(0))
    best = np.zeros(k, dtype=np.float32)
    found = impact_kernels.chosen(scores, mask if is_masked else mask[:0], best)
    wanted = np.sort(seen)[::-1][:k]
    assert sorted(best.tolist(), reverse=True) == [*wanted.tolist(), *[0.0] * (k - len(wanted))]
    least = wanted[-1] if len(wanted) == k else 0.0
    assert found.tolist() == np.flatnonzero((seen >= least) & (seen > 0)).tolist()
