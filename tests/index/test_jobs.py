from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.carried import waiting_jobs
from index.catalog import Catalog
from index.contract import Locked
from index.jobs import SPOOL, JobDocument, Jobs, JobState
from ingest.contract import NotFound

DOCUMENTS = (
    JobDocument(0, "年报/2024.pdf", "2024.pdf", metadata={"year": 2024, "tags": ["财务"]}),
    JobDocument(1, "note", title="A note"),
)


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    yield catalog
    catalog.close()


@pytest.fixture
def jobs(catalog: Catalog, tmp_path: Path) -> Jobs:
    return Jobs(catalog, tmp_path)


def handed_in(jobs: Jobs, documents: tuple[JobDocument, ...] = DOCUMENTS) -> str:
    folder = jobs.new_folder()
    for document in documents:
        (folder / str(document.number)).write_bytes(b"bytes of %d" % document.number)
    return jobs.submit(folder, documents).id


def test_a_job_is_given_back_as_it_was_handed_in(jobs: Jobs, tmp_path: Path) -> None:
    job = jobs.get(handed_in(jobs))
    assert job.state is JobState.QUEUED
    assert tuple(job.documents) == DOCUMENTS
    assert (job.note, job.attempts, job.started_at, job.finished_at) == ("", 0, None, None)
    assert jobs.path(job.id, 1).read_bytes() == b"bytes of 1"
    assert jobs.path(job.id, 1).is_relative_to(tmp_path / SPOOL)


def test_it_goes_from_queued_to_done_and_leaves_what_failed(jobs: Jobs) -> None:
    job_id = handed_in(jobs)
    jobs.start(job_id)
    assert jobs.get(job_id).state is JobState.RUNNING
    jobs.record(job_id, replace(DOCUMENTS[0], state="added", chunks=7, embedded=5))
    jobs.record(job_id, replace(DOCUMENTS[1], state="failed", reason="空文件"))
    jobs.finish(job_id, JobState.DONE)
    job = jobs.get(job_id)
    assert job.state is JobState.DONE
    assert job.created_at <= (job.started_at or "") <= (job.finished_at or "")
    assert [(d.state, d.reason, d.chunks, d.embedded) for d in job.documents] == [
        ("added", "", 7, 5),
        ("failed", "空文件", 0, 0),
    ]
    assert not jobs.path(job_id, 0).exists()
    assert jobs.path(job_id, 1).exists(), "what failed can be tried again"
    jobs.sweep(kept_days=0)
    assert not jobs.path(job_id, 1).parent.exists()
    assert jobs.next() is None


def test_jobs_are_taken_in_the_order_they_came(jobs: Jobs) -> None:
    first, second = handed_in(jobs), handed_in(jobs)
    assert len({first, second}) == 2
    taken = jobs.next()
    assert taken is not None and taken.id == first
    jobs.start(first)
    again = jobs.next()
    assert again is not None and again.id == first, "one that was cut off comes first"
    jobs.finish(first, JobState.FAILED, "why")
    after = jobs.next()
    assert after is not None and after.id == second
    assert [job.id for job in jobs.newest()] == [second, first]
    assert [job.id for job in jobs.newest(limit=1)] == [second]
    assert [job.id for job in jobs.newest(before=second)] == [first]


def test_waiting_is_no_attempt_but_being_cut_off_is(jobs: Jobs) -> None:
    job_id = handed_in(jobs)
    jobs.start(job_id)
    jobs.wait(job_id, "locked by process 7")
    job = jobs.get(job_id)
    assert (job.state, job.note, job.attempts) == (JobState.QUEUED, "locked by process 7", 0)
    jobs.start(job_id)
    jobs.start(job_id)
    assert (jobs.get(job_id).attempts, jobs.get(job_id).note) == (2, "")


def test_an_unknown_job_is_not_found(jobs: Jobs) -> None:
    with pytest.raises(NotFound):
        jobs.get("0" * 32)


def test_one_at_a_time_may_work(jobs: Jobs) -> None:
    outcome: list[str] = []

    def other() -> None:
        try:
            with jobs.claim():
                outcome.append("claimed")
        except Locked:
            outcome.append("locked")

    with jobs.claim():
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    with jobs.claim():
        outcome.append("free again")
    assert outcome == ["locked", "free again"]


def test_a_claim_ends_with_its_process(jobs: Jobs, tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from index.catalog import Catalog; from index.jobs import Jobs\n"
        "folder = Path(sys.argv[1]); jobs = Jobs(Catalog(folder / 'catalog.sqlite'), folder)\n"
        "with jobs.claim():\n    print('claimed', flush=True); time.sleep(60)\n"
    )
    root = Path(__file__).parents[2]
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=root
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"claimed\n"
        with pytest.raises(Locked), jobs.claim():
            pass
        process.kill()
        process.wait()
    with jobs.claim():
        pass


def test_sweeping_spares_what_is_still_wanted(jobs: Jobs, tmp_path: Path) -> None:
    queued = handed_in(jobs)
    ended = handed_in(jobs)
    for document in DOCUMENTS:
        jobs.record(ended, replace(document, state="added"))
    jobs.finish(ended, JobState.DONE)
    leftover = tmp_path / SPOOL / ended
    leftover.mkdir()
    jobs.path(ended, 0).write_bytes(b"left by a kill")
    under_way = jobs.new_folder()
    os.utime(under_way, (0, 0))  # the clock says nothing
    script = (
        "import os, sys, pathlib; from index.catalog import Catalog; from index.jobs import Jobs; "
        "folder = pathlib.Path(sys.argv[1]); catalog = Catalog(folder / 'catalog.sqlite'); "
        "print(Jobs(catalog, folder).new_folder(), flush=True); os._exit(9)"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    abandoned = Path(killed.stdout.strip())
    assert abandoned.is_dir()
    jobs.sweep()
    assert jobs.path(queued, 0).exists()
    assert under_way.exists()
    assert not leftover.exists()
    assert not abandoned.exists()


def test_old_ended_jobs_are_forgotten(jobs: Jobs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.jobs._KEPT", 2)
    ids = [handed_in(jobs) for _ in range(2)]
    jobs.finish(ids[0], JobState.DONE)
    ids += [handed_in(jobs) for _ in range(3)]
    left = {job.id for job in jobs.newest()}
    assert left == set(ids[1:]), "only what has ended may be forgotten"


@settings(max_examples=25, deadline=None)
@given(
    names=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1), unique=True
    ),
    metadata=st.dictionaries(
        st.text(st.characters(codec="utf-8")),
        st.one_of(st.integers(-(2**62), 2**62), st.booleans(), st.none(), st.text("ab中\"'")),
    ),
)
def test_any_name_and_metadata_survive(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], metadata: dict[str, str | int]
) -> None:
    folder = tmp_path_factory.mktemp("jobs")
    catalog = Catalog(folder / "catalog.sqlite", create=True)
    documents = tuple(
        JobDocument(number, name, name, metadata=metadata) for number, name in enumerate(names)
    )
    jobs = Jobs(catalog, folder)
    try:
        job = jobs.get(handed_in(jobs, documents))
    finally:
        catalog.close()
    assert tuple(job.documents) == documents


def test_jobs_that_have_not_ended_are_told(jobs: Jobs, catalog: Catalog) -> None:
    assert waiting_jobs(catalog) == []
    first, second = handed_in(jobs), handed_in(jobs)
    jobs.start(first)
    assert waiting_jobs(catalog) == [first, second]
    jobs.finish(first, JobState.DONE)
    assert waiting_jobs(catalog) == [second]
