"""One writer: whoever comes second is told who the first is, whatever became of the note; and
no clock decides anything."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from index_room import PIPELINE, assert_sound, fill, make_document, make_parts, texts_of

from index.collection import Collection
from index.contract import Locked, Status
from index.jobs import JobDocument, JobState
from index.lock import writer_lock

HOLD = """
import sys
from pathlib import Path
from index.lock import writer_lock
with writer_lock(Path(sys.argv[1])):
    print("holding", flush=True)
    sys.stdin.readline()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "holding\n"
    return child


def end(child: subprocess.Popen[str]) -> None:
    child.kill()
    child.wait(timeout=30)
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.close()
    child.stdout.close()


def test_a_holder_that_was_killed_holds_no_more(tmp_path: Path) -> None:
    child = holder(tmp_path)
    with pytest.raises(Locked, match=f"process {child.pid} on"), writer_lock(tmp_path):
        pass
    end(child)
    assert json.loads((tmp_path / "writer.json").read_text())["pid"] == child.pid  # stale
    with writer_lock(tmp_path):
        assert json.loads((tmp_path / "writer.json").read_text())["pid"] == os.getpid()


NOTES = [b"", b"\0" * 60, b"\xff\xfe", b"[1, 2]", b"17", b'{"pid": 1', b"{}", b'"text"']


@pytest.mark.parametrize("note", NOTES)
def test_a_note_that_is_damaged_does_no_harm(note: bytes, tmp_path: Path) -> None:
    child = holder(tmp_path)
    (tmp_path / "writer.json").write_bytes(note)
    with pytest.raises(Locked, match="another process"), writer_lock(tmp_path):
        pass
    end(child)
    with writer_lock(tmp_path):
        assert json.loads((tmp_path / "writer.json").read_text())["pid"] == os.getpid()


def test_of_many_threads_one_writes_at_a_time(tmp_path: Path) -> None:
    inside: list[int] = []
    most: list[int] = []
    refused: list[str] = []

    def work(patience_s: float) -> None:
        try:
            with writer_lock(tmp_path, patience_s):
                inside.append(1)
                most.append(len(inside))
                inside.pop()
        except Locked as error:
            refused.append(str(error))

    threads = [threading.Thread(target=work, args=(30.0,)) for _ in range(8)]
    with writer_lock(tmp_path):
        work(0.0)
        for thread in threads:
            thread.start()
    for thread in threads:
        thread.join()
    assert (len(most), max(most)) == (8, 1)
    assert len(refused) == 1
    assert f"process {os.getpid()} on" in refused[0]


def test_a_clock_that_jumps_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step is a year before the last: what came later still comes later."""

    class Clock(datetime):
        steps = 0

        @classmethod
        def now(cls, tz: object = None) -> Clock:
            cls.steps += 1
            return cls(2026, 1, 1, tzinfo=UTC) - timedelta(days=365 * cls.steps)

    for module in ("index.moments", "index.lock"):
        monkeypatch.setattr(f"{module}.datetime", Clock)
    monkeypatch.setattr("time.time", lambda: 0.0)
    collection = fill(tmp_path / "c", make_parts(), [make_document("a", ["one"])])
    with collection.writer() as writer:
        writer.put([make_document("a", ["two"])], PIPELINE)
        writer.put([make_document("b", ["three"])], PIPELINE)
        writer.delete(["b"])
    collection.close()
    collection = Collection.open(tmp_path / "c", make_parts())
    assert texts_of(collection) == {"a": ["two"]}
    assert_sound(collection)
    jobs, ids = collection.jobs, []
    for number in range(3):
        folder = jobs.new_folder()
        (folder / "0").write_bytes(b"text")
        ids.append(jobs.submit(folder, [JobDocument(0, f"d{number}")]).id)
    jobs.sweep()
    assert [job.id for job in jobs.newest()] == ids[::-1]
    for job_id in ids:
        found = jobs.next()
        assert found is not None
        assert found.id == job_id
        assert jobs.path(job_id, 0).exists()
        jobs.start(job_id)
        jobs.finish(job_id, JobState.DONE)
    assert jobs.next() is None
    for _ in range(2):
        collection.ledger.states.fail("a", "read", "no", None)
    state = collection.ledger.states.get("a")
    assert state is not None
    assert (state.status, state.attempts) == (Status.FAILED, 2)
    assert Clock.steps > 10
    collection.close()
