"""Faults of a collection under load are told from what is allowed: the soak can fail."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.benchmark_history import STALE_S, Follower, History, Journal, Write

ROOT = Path(__file__).resolve().parent.parent.parent
WRITES = st.lists(st.tuples(st.booleans(), st.floats(0.1, 3), st.floats(0.01, 1)), min_size=1)
"""Whether a write deletes, the pause before it, and how long it takes."""


def made(plan: list[tuple[bool, float, float]]) -> tuple[History, list[Write]]:
    """A history of one document, the last writes of the plan, and those writes."""
    history, clock = History(), 0.0
    writes = []
    for version, (deletes, pause, took) in enumerate(plan[-10:], start=1):
        writes.append(Write(version, deletes and version > 1, clock + pause))
        clock += pause + took
        history.begin(7, writes[-1])
        history.acknowledge(7, version, clock)
    return history, writes


def state_at(writes: list[Write], moment: float) -> int | None:
    """The version that was there, as the writes were acknowledged."""
    shown = None
    for write in writes:
        assert write.done is not None
        if write.done <= moment:
            shown = None if write.deletes else write.version
    return shown


@given(plan=WRITES, after=st.floats(0, 5), delay=st.floats(0, 5))
def test_a_reader_that_is_late_is_at_fault_from_the_limit_on(
    plan: list[tuple[bool, float, float]], after: float, delay: float
) -> None:
    history, writes = made(plan)
    last = writes[-1].done
    assert last is not None
    asked = last + after
    seen = state_at(writes, asked - delay)
    verdict = history.judge(7, seen, asked)
    if delay <= STALE_S or seen == state_at(writes, asked):
        assert not verdict.fault
    assert verdict.stale_s <= delay + 1e-9
    if seen != state_at(writes, asked) and after > STALE_S:
        assert verdict.fault
        assert verdict.stale_s > STALE_S


@given(plan=WRITES, wait=st.floats(STALE_S + 0.1, 10))
def test_what_was_deleted_or_lost_is_a_fault(
    plan: list[tuple[bool, float, float]], wait: float
) -> None:
    history, writes = made([*plan, (True, 1.0, 0.1)])
    done = writes[-1].done
    assert done is not None
    asked = done + wait
    if writes[-1].deletes:
        for write in writes:
            if not write.deletes:
                assert history.judge(7, write.version, asked).fault
    history.begin(7, Write(99, False, asked - 0.5))
    assert not history.judge(7, None, asked).fault
    assert not history.judge(7, 99, asked).fault
    history.acknowledge(7, 99, asked - 0.4)
    assert history.judge(7, None, asked + STALE_S).fault
    assert history.judge(7, 100, asked).fault


def test_a_journal_is_followed_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    journal = Journal(path)
    follower = Follower(path)
    journal.begin(3, 1, deletes=False)
    assert follower.numbers() == [3]
    journal.acknowledge(3, 1)
    with path.open("a") as cut:
        cut.write("delete 3 2 0.")
        cut.flush()
        assert follower.judge(3, 1, 1e12).fault == ""
        cut.write("5\ndone 3 2 0.75\n")
    assert follower.judge(3, 1, 10.0).stale_s == pytest.approx(9.25)
    follower.close()
    journal.close()


def test_a_short_soak_finds_no_fault() -> None:
    command = "bench.soak --seconds 2 --threads 3 --processes 1 --documents 12"
    done = subprocess.run(
        [sys.executable, "-m", *command.split()],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert '"met": true' in done.stdout
