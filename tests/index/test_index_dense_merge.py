"""The main part of the FAISS index: how it is chosen, built, grown, shared and stopped."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_index_dense import NOTHING, QUERY, WIDTH, add, exact, put, same, span, vectors_for

from index.contract import DenseChanges
from index.dense.faiss import FaissIndex
from index.faiss_make import CODES, Make, choose
from ingest.contract import BadInput

AUTO = Make("auto", "auto", 24, 200)
MB = 2**20


def open_index(path: Path, **options: Any) -> FaissIndex:
    return FaissIndex(path, WIDTH, **options)


@pytest.mark.parametrize(
    ("size", "memory_mb", "kind", "codes"),
    [
        (0, 1024, "flat", "fp32"),
        (10_000, 1024, "flat", "fp32"),
        (10_001, 1024, "ivfpq", "pq"),
        (1_000_000, 1024, "ivfpq", "pq"),
        (40_000_000, 1024, "ivfpq", "pq"),
        (1_000_000, 10, "ivfpq", "pq"),
        (9_000, 1, "ivfpq", "pq"),
    ],
)
def test_auto_goes_by_size_and_memory(size: int, memory_mb: int, kind: str, codes: str) -> None:
    made = choose(AUTO, size, 384, memory_mb * MB)
    assert (made.kind, made.codes) == (kind, codes)


@pytest.mark.parametrize(
    ("size", "memory_mb", "kind"),
    [(9_000, 1024, "flat"), (100_000, 1024, "hnsw"), (2_000_000, 1024, "ivfpq")],
)
def test_codes_that_are_set_go_with_a_graph(size: int, memory_mb: int, kind: str) -> None:
    made = choose(Make("auto", "fp16", 24, 200), size, 384, memory_mb * MB)
    assert (made.kind, made.codes) == (kind, "pq" if kind == "ivfpq" else "fp16")


@pytest.mark.parametrize("kind", ["flat", "hnsw", "ivf"])
@pytest.mark.parametrize("codes", CODES)
def test_what_is_set_is_kept_to(kind: str, codes: str) -> None:
    assert choose(Make(kind, codes, 8, 40), 5_000_000, 384, MB) == Make(kind, codes, 8, 40)


def test_wrong_options_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="unknown codes 'int4'"):
        open_index(tmp_path, codes="int4")
    with pytest.raises(BadInput, match="codes of its own"):
        open_index(tmp_path, kind="ivfpq", codes="sq8")


def pointer_of(path: Path) -> dict[str, Any]:
    pointer: dict[str, Any] = json.loads((path / "current.json").read_text().splitlines()[0])
    return pointer


def made_of(path: Path) -> tuple[str, str]:
    kind, codes, *_ = pointer_of(path)["make"]
    return kind, codes


def test_a_collection_moves_from_one_kind_to_the_next_as_it_grows(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d")
    put(index, add(1, span(1, 1_500)))
    assert made_of(tmp_path / "d") == ("flat", "fp32")
    put(index, add(2, span(1_501, 11_000)))
    assert made_of(tmp_path / "d") == ("ivfpq", "pq")
    gone = tuple(range(1, 10_000))
    put(index, DenseChanges(3, NOTHING, vectors_for(NOTHING), gone))
    assert made_of(tmp_path / "d") == ("flat", "fp32")
    same(index.reader().search(QUERY, 20), exact(span(10_000, 11_000), QUERY, 20))


@pytest.mark.parametrize("kind", ["hnsw", "ivf", "ivfpq", "flat"])
def test_a_main_part_grows_by_what_came_after_it(kind: str, tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind=kind)
    put(index, add(1, span(1, 1_200)))
    before = pointer_of(tmp_path / "d")
    put(index, add(2, span(1_201, 2_500), (5, 6)))
    after = pointer_of(tmp_path / "d")
    assert (before["built"], after["built"]) == (1_200, 1_200)
    assert before["folder"] != after["folder"]
    assert [f.name for f in (tmp_path / "d").glob("main-*")] == [after["folder"]]
    again = open_index(tmp_path / "d", kind=kind)
    held = np.concatenate([span(1, 4), span(7, 2_500)])
    assert again.generation == 2
    assert again.reader().keys().tolist() == held.tolist()
    wanted = exact(held, QUERY, 10).keys
    assert len(np.intersect1d(again.reader().search(QUERY, 10).keys, wanted)) >= 7
    same(again.reader().search(QUERY, 10, span(1, 500)), exact(held[held <= 500], QUERY, 10))


def test_it_is_built_afresh_where_keys_come_before_its_own(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind="hnsw")
    put(index, add(1, span(2_001, 3_500)))
    put(index, add(2, span(1, 1_100)))
    assert pointer_of(tmp_path / "d")["built"] == 2_600
    assert index.reader().keys().tolist() == [*range(1, 1_101), *range(2_001, 3_501)]


def test_the_same_vector_again_changes_nothing(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind="flat")
    put(index, add(1, span(1, 1_300)))
    put(index, add(2, span(1_301, 1_310)))
    put(index, add(3, span(1, 1_310)))
    state = index.reader().state  # type: ignore[attr-defined]
    assert (index.generation, state.alive_count, len(state.delta_keys)) == (3, 1_300, 10)


def test_writes_go_on_while_a_main_part_is_built(tmp_path: Path) -> None:
    """What is added, replaced and deleted in the meantime holds over the new part."""
    index = open_index(tmp_path / "d", kind="hnsw")
    index.apply(add(1, span(1, 4_000)), owner=True)
    index.apply(add(2, span(4_001, 4_050), (1, 2, 3)), owner=True)
    index.apply(add(3, span(10, 12), seed=5), owner=True)
    assert not (tmp_path / "d" / "current.json").exists()
    reader = index.reader()
    index.settle()
    assert index.reader() is not reader
    assert index.reader() is index.reader()
    pointer = pointer_of(tmp_path / "d")
    assert (pointer["generation"], index.generation) == (1, 3)
    for view in (reader, index.reader()):
        assert view.keys().tolist() == list(range(4, 4_051))
        scores = view.score(QUERY, span(10, 12))
        assert scores == pytest.approx(vectors_for(span(10, 12), 5) @ QUERY, abs=1e-5)
        assert np.isnan(view.score(QUERY, span(1, 3))).all()


def test_closing_gives_up_what_is_being_built(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind="hnsw", hnsw_build_breadth=2_000)
    index.apply(add(1, span(1, 20_000)), owner=True)
    index.close()
    left = [path.name for path in (tmp_path / "d").iterdir() if path.name != "merge.lock"]
    assert left == []
    assert open_index(tmp_path / "d").generation == 0


def test_another_process_takes_on_the_new_main_part(tmp_path: Path) -> None:
    writer, other = open_index(tmp_path / "d", kind="flat"), open_index(tmp_path / "d", kind="flat")
    put(other, add(1, span(1, 1_100)), owner=False)
    put(writer, add(1, span(1, 1_100)))
    put(other, add(2, span(1_101, 1_110), (4,)), owner=False)
    before = other.reader()
    other.refresh()
    assert other.generation == 1
    put(other, add(2, span(1_101, 1_110), (4,)), owner=False)
    state = other.reader().state  # type: ignore[attr-defined]
    assert (other.generation, state.alive_count, len(state.delta_keys)) == (2, 1_099, 10)
    assert other.reader().keys().tolist() == before.keys().tolist()


def test_two_that_merge_at_once_do_not_spoil_each_other(tmp_path: Path) -> None:
    indexes = [open_index(tmp_path / "d", kind="hnsw") for _ in range(3)]
    threads = [
        threading.Thread(target=put, args=(index, add(1, span(1, 1_500)))) for index in indexes
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(list((tmp_path / "d").glob("main-*"))) == 1
    for index in (*indexes, open_index(tmp_path / "d")):
        assert index.reader().keys().tolist() == list(range(1, 1_501))


def test_a_merge_that_fails_leaves_everything_to_be_found(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    index = open_index(tmp_path / "c" / "d", kind="flat")
    put(index, add(1, span(1, 1_500)), owner=False)
    (tmp_path / "c").write_text("a file where the folder should be")
    put(index, add(2, span(1_501, 1_510)))
    assert "could not be merged" in caplog.text
    assert index.reader().keys().tolist() == list(range(1, 1_511))
    (tmp_path / "c").unlink()
    put(index, add(3, span(1_511, 9_000)))
    assert open_index(tmp_path / "c" / "d").generation == 3


@pytest.mark.parametrize("share", [0.5, 0.1, 0.01, 0.001])
@pytest.mark.parametrize("kind", ["hnsw", "ivf"])
def test_a_filter_loses_nothing_however_narrow(kind: str, share: float, tmp_path: Path) -> None:
    """Over vectors with the structure that texts have: a few directions and noise."""
    draw = np.random.default_rng(4)
    size = 6_000
    topics = draw.standard_normal((60, 8)) @ draw.standard_normal((8, WIDTH))
    rows = topics[draw.integers(0, 60, size + 40)] + 0.5 * draw.standard_normal((size + 40, WIDTH))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    index = open_index(tmp_path / "d", kind=kind, codes="sq8")
    put(index, DenseChanges(1, span(1, size), rows[:size]))
    allowed = np.flatnonzero(draw.random(size) < share) + 1
    hits = total = 0
    for query in rows[size:]:
        wanted = exact_of(rows, allowed, query)
        found = index.reader().search(query, 10, allowed)
        assert len(found.keys) == min(10, len(allowed))
        hits += len(np.intersect1d(found.keys, wanted))
        total += len(wanted)
    assert hits >= 0.95 * total


def exact_of(rows: np.ndarray[Any, Any], allowed: np.ndarray[Any, Any], query: Any) -> Any:
    return allowed[np.argsort(-(rows[allowed - 1] @ query), kind="stable")[:10]]


def test_a_filter_is_worked_out_once(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind="flat")
    put(index, add(1, span(1, 1_500)))
    state = index.reader().state  # type: ignore[attr-defined]
    allowed = span(3, 900)
    assert state.selection(allowed) is state.selection(allowed)
    for first in range(20):
        assert state.selection(span(first + 1, 30)).count == 30 - first
    assert len(state._filters) <= 8


def test_damage_is_named(tmp_path: Path) -> None:
    index = open_index(tmp_path / "d", kind="ivf")
    put(index, add(1, span(1, 1_500)))
    index.close()
    files = sorted(p for p in (tmp_path / "d").rglob("*") if p.is_file() and "lock" not in p.name)
    assert {p.name for p in files} == {
        "current.json", "index.faiss", "keys.npy", "alive.npy", "rows.npy",
    }  # fmt: skip
    for file in files:
        whole = file.read_bytes()
        middle = len(whole) // 2
        for spoilt in (b"", whole[:middle], bytes(len(whole)), flipped(whole, middle)):
            file.write_bytes(spoilt)
            with pytest.raises((ValueError, OSError)):
                open_index(tmp_path / "d", kind="ivf").reader()
        file.write_bytes(whole)
    assert len(open_index(tmp_path / "d", kind="ivf").reader()) == 1_500


def flipped(data: bytes, place: int) -> bytes:
    spoilt = bytearray(data)
    spoilt[place] ^= 0x40
    return bytes(spoilt)


def test_readers_are_not_blocked_by_a_build(tmp_path: Path) -> None:
    """Searches are answered while the thread is at work, all of them rightly."""
    index = open_index(tmp_path / "d", kind="hnsw", hnsw_build_breadth=400)
    index.apply(add(1, span(1, 3_000)), owner=True)
    wanted = exact(span(1, 3_000), QUERY, 5).keys.tolist()
    answered = 0
    while not (tmp_path / "d" / "current.json").exists():
        assert index.reader().search(QUERY, 5).keys.tolist() == wanted
        answered += 1
        time.sleep(0.001)
    index.settle()
    assert answered > 10


def test_nothing_is_written_into_what_took_its_place(tmp_path: Path) -> None:
    """The collection's folder was replaced by another before the merge began."""
    home = tmp_path / "c"
    home.mkdir()
    index = open_index(home / "dense", kind="flat")
    assert index.generation == 0
    home.rename(tmp_path / "old")
    home.mkdir()
    keys = np.arange(1, 3_001, dtype=np.int64)
    vectors = np.random.default_rng(1).standard_normal((len(keys), WIDTH)).astype(np.float32)
    index.apply(DenseChanges(1, keys, vectors), owner=True)
    index.settle()
    assert list(home.iterdir()) == []
    assert len(index.reader()) == len(keys)
    index.close()
