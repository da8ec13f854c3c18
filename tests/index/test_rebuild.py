"""Building a collection anew beside the old one: what is written meanwhile, stopping, killing."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import (
    PIPELINE,
    WordSumEmbedder,
    assert_same_answers,
    assert_sound,
    make_document,
    make_parts,
    texts_of,
)
from rebuilding_child import EMBEDDER, chunked

from index.contract import FingerprintMismatch, Locked, Origin, Status, UserWord
from index.jobs import JobDocument, JobState
from index.pipeline import Store
from index.rebuild import Rebuild
from ingest.contract import NotFound, Unavailable

HERE = Path(__file__).parent


class Stopped(Exception):
    """What ends a rebuilding before its time."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store with a collection of 40 documents."""
    store = Store(tmp_path, make_parts(kind="flat"))
    with store.create("c").writer() as writer:
        writer.put([make_document(f"d{n:02}", [f"alpha {n}", "beta"]) for n in range(40)], "old")
    yield store
    store.close()


def other_parts(root: Path) -> tuple[Store, WordSumEmbedder]:
    embedder = WordSumEmbedder(EMBEDDER)
    return Store(root, make_parts(embedder, kind="flat")), embedder


def take(rebuild: Rebuild, stop_after: int = -1) -> list[str]:
    """Stores what there is to take over, and gives the ids in order."""
    taken: list[str] = []
    for document in rebuild.documents():
        if len(taken) == stop_after:
            raise Stopped
        rebuild.writer.put([chunked(document)], PIPELINE)
        rebuild.stored()
        taken.append(document.id)
    return taken


def rebuild(store: Store, pipeline: str = PIPELINE, stop_after: int = -1) -> list[str]:
    with store.rebuilding("c", pipeline) as under_way:
        return take(under_way, stop_after)


def test_it_takes_other_parts_and_the_old_place(store: Store, tmp_path: Path) -> None:
    old = store.get("c")
    before = texts_of(old)
    for number in range(100):  # more transactions than the new one will have had
        old._catalog.set_meta({"number": str(number)})
    other, embedder = other_parts(tmp_path)
    with pytest.raises(FingerprintMismatch):
        other.get("c")
    assert rebuild(other) == sorted(before)
    assert len(embedder.embedded) == 41, "each text once"
    new = other.get("c")
    assert texts_of(new) == before
    assert_sound(new)
    assert {record.pipeline for record in new.records()} == {PIPELINE}
    assert [path.name for path in tmp_path.iterdir()] == ["c"]
    with pytest.raises(FingerprintMismatch):
        store.get("c")
    assert texts_of(old) == before, "those who have the old one read it on"
    other.close()


def test_vectors_of_the_same_embedder_are_taken_over(store: Store, tmp_path: Path) -> None:
    embedder = WordSumEmbedder()
    same = Store(tmp_path, make_parts(embedder, sparse="rank-bm25"))
    rebuild(same)
    assert embedder.embedded == []
    assert_same_answers(store.get("c"), same.get("c"))
    same.close()


def test_what_is_written_meanwhile_is_followed(store: Store, tmp_path: Path) -> None:
    other, _ = other_parts(tmp_path)
    old = store.get("c")
    with other.rebuilding("c", PIPELINE) as under_way:
        for number, document in enumerate(under_way.documents()):
            under_way.writer.put([chunked(document)], PIPELINE)
            under_way.stored()
            # Before and after what has been taken over; at last it is locked.
            with suppress(Locked), old.writer() as writer:
                if number < 60 and number % 2:
                    writer.delete([f"d{(number * 7) % 40:02}"])
                    name = f"d{(number * 3) % 40:02}" if number % 3 else f"new{number}"
                    writer.put([make_document(name, [f"gamma {number}"])], "old")
        assert texts_of(old) == texts_of(store.get("c"))
        with pytest.raises(Locked), old.writer():
            pass
    assert texts_of(other.get("c")) == texts_of(old)
    assert {"new3", "new27"} <= texts_of(other.get("c")).keys()
    assert_sound(other.get("c"))
    other.close()


def test_it_waits_for_a_writer(store: Store, tmp_path: Path) -> None:
    other, _ = other_parts(tmp_path)
    writing, taken = threading.Event(), threading.Event()

    def write() -> None:
        with store.get("c").writer() as writer:
            writing.set()
            taken.wait(30)
            writer.put([make_document("late", ["omega"])], PIPELINE)

    thread = threading.Thread(target=write)
    thread.start()
    writing.wait(30)
    with other.rebuilding("c", PIPELINE) as under_way:
        ids = []
        for document in under_way.documents():
            under_way.writer.put([chunked(document)], PIPELINE)
            under_way.stored()
            ids.append(document.id)
            if len(ids) == 40:
                taken.set()
    thread.join()
    assert ids[40:] == ["late"]
    assert "late" in texts_of(other.get("c"))
    other.close()


def test_what_was_stopped_goes_on_where_it_was(store: Store, tmp_path: Path) -> None:
    other, embedder = other_parts(tmp_path)
    with pytest.raises(Stopped):
        rebuild(other, stop_after=25)
    assert texts_of(store.get("c")).keys() == {f"d{n:02}" for n in range(40)}
    assert other.names() == ["c"]
    other.close()
    with store.get("c").writer() as writer:
        writer.delete(["d03", "d30"])
        writer.put([make_document("d05", ["alpha 5", "changed"])], "old")
    embedder.embedded.clear()
    other = Store(tmp_path, make_parts(embedder, kind="flat"))
    with other.rebuilding("c", PIPELINE) as under_way:
        assert (under_way.is_resumed, under_way.is_discarded, under_way.done) == (True, False, 25)
        assert take(under_way) == [*(f"d{n}" for n in range(25, 40) if n != 30), "d05"]
    assert len(embedder.embedded) == 14 + 1
    assert texts_of(other.get("c")) == texts_of(store._open["c"])
    assert_sound(other.get("c"))
    other.close()


def test_what_was_left_for_another_goal_is_thrown_away(store: Store, tmp_path: Path) -> None:
    other, _ = other_parts(tmp_path)
    with pytest.raises(Stopped):
        rebuild(other, stop_after=25)
    with pytest.raises(Stopped), store.rebuilding("c", PIPELINE) as under_way:
        assert (under_way.is_resumed, under_way.is_discarded) == (False, True)
        take(under_way, 3)  # the parts are others
    with pytest.raises(Stopped), store.rebuilding("c", "finer") as under_way:
        assert (under_way.is_resumed, under_way.is_discarded) == (False, True)
        take(under_way, 3)
    store.backup("c", tmp_path / "backup", braid="1")
    store.restore(tmp_path / "backup", force=True)
    with store.rebuilding("c", "finer") as under_way:
        assert (under_way.is_resumed, under_way.is_discarded) == (False, True)
        assert len(take(under_way)) == 40
    with pytest.raises(Stopped):
        rebuild(store, stop_after=3)
    store.delete("c")
    assert [path.name for path in tmp_path.iterdir()] == ["backup"]
    with pytest.raises(NotFound):
        rebuild(store)
    other.close()


def test_one_at_a_time_and_none_of_what_was_replaced(store: Store, tmp_path: Path) -> None:
    store.backup("c", tmp_path / "backup", braid="1")
    other, _ = other_parts(tmp_path)
    with pytest.raises(Unavailable, match="replaced"), other.rebuilding("c", PIPELINE) as it:
        with pytest.raises(Locked):
            rebuild(store)
        store.restore(tmp_path / "backup", force=True)
        take(it)
    assert len(texts_of(store.get("c"))) == 40
    other.close()


def test_one_that_is_not_finished_changes_nothing(store: Store) -> None:
    old = store.get("c")
    with store.rebuilding("c", PIPELINE) as under_way:
        next(under_way.documents())
    assert old.is_in_place


def test_states_settings_and_jobs_go_with_it(store: Store, tmp_path: Path) -> None:
    old = store.get("c")
    with old.writer() as writer:
        writer.set_words([UserWord("向量")])
    old.ledger.states.fail("bad.pdf", "read", "no text", Origin(Path("/in/bad.pdf")))

    def hand_in(name: str) -> str:
        folder = old.jobs.new_folder()
        (folder / "0").write_bytes(name.encode())
        return old.jobs.submit(folder, [JobDocument(0, name, name)]).id

    ended, running = hand_in("ended"), hand_in("running")
    old.jobs.finish(ended, JobState.DONE)
    old.jobs.start(running)
    under_way_upload = old.jobs.new_folder()
    with store.rebuilding("c", PIPELINE) as under_way:
        take(under_way)
        late = hand_in("late")
    new = store.get("c")
    assert new is not old
    assert [job.id for job in new.jobs.newest()] == [late, running, ended]
    for job_id, name in ((running, "running"), (late, "late")):
        job = new.jobs.get(job_id)
        assert (job.state, job.attempts) == (JobState.QUEUED, 0)
        assert new.jobs.path(job_id, 0).read_text() == name
    with pytest.raises(Unavailable, match="replaced"):
        old.jobs.finish(running, JobState.DONE)
    with pytest.raises(Unavailable):
        old.jobs.submit(under_way_upload, [])
    assert new.jobs.path(running, 0).exists()
    assert new.ledger.dictionary.words() == (UserWord("向量"),)
    states = new.ledger.states
    assert states.counts() == {Status.OK: 40, Status.FAILED: 1}
    assert states.get("bad.pdf") == old.ledger.states.get("bad.pdf")


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["put", "put", "delete", "stop"]),
        st.sampled_from("abcdef"),
        st.lists(st.sampled_from(["alpha", "beta", "gamma", "x"]), max_size=3),
    ),
    max_size=12,
)


@settings(max_examples=10, deadline=None)
@given(before=STEPS, meanwhile=STEPS)
def test_any_history_ends_like_the_old_one(
    before: list[tuple[str, str, list[str]]],
    meanwhile: list[tuple[str, str, list[str]]],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Writes, deletes and stops between any two documents that are taken over."""
    root = tmp_path_factory.mktemp("rebuild")
    store = Store(root, make_parts(kind="flat"))
    old = store.create("c")
    other, _ = other_parts(root)
    steps = list(meanwhile)

    def step(kind: str, name: str, texts: list[str]) -> None:
        if kind == "stop":
            raise Stopped
        with suppress(Locked), old.writer() as writer:
            if kind == "put":
                writer.put([make_document(name, texts)], "old")
            else:
                writer.delete([name])

    for one in before:
        if one[0] != "stop":
            step(*one)
    while True:
        try:
            with other.rebuilding("c", PIPELINE) as under_way:
                for document in under_way.documents():
                    under_way.writer.put([chunked(document)], PIPELINE)
                    under_way.stored()
                    if steps:
                        step(*steps.pop(0))
            break
        except Stopped:
            continue
    assert texts_of(other.get("c")) == texts_of(old)
    assert_sound(other.get("c"))
    store.close()
    other.close()


def test_a_killed_process_is_taken_up(store: Store, tmp_path: Path) -> None:
    before = texts_of(store.get("c"))
    with subprocess.Popen(
        [sys.executable, str(HERE / "rebuilding_child.py"), str(tmp_path), "c"],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        stored = [child.stdout.readline().strip() for _ in range(30)]
        child.kill()
        child.wait()
    assert stored == sorted(before)[:30]
    assert texts_of(store.get("c")) == before
    other, embedder = other_parts(tmp_path)
    assert len(rebuild(other)) < 40
    assert len(embedder.embedded) <= 10 + 1
    assert texts_of(other.get("c")) == before
    assert_sound(other.get("c"))
    other.close()
