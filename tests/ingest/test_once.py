"""What an object works out when it is first asked."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Barrier

import pytest

from ingest.contract import cached_property

_LONG_S = 60


@dataclass(frozen=True)
class Meeting:
    """Its value is there when as many are worked out at once as the barrier waits for."""

    barrier: Barrier

    @cached_property
    def place(self) -> int:
        return self.barrier.wait(_LONG_S)


@dataclass(frozen=True)
class Counted:
    calls: list[int] = field(default_factory=list)
    fails: list[str] = field(default_factory=list)

    @cached_property
    def value(self) -> object:
        """A value of its own each time that it is worked out."""
        self.calls.append(len(self.calls))
        if self.fails:
            raise ValueError(self.fails.pop())
        return object()


def test_two_objects_work_at_the_same_time() -> None:
    barrier = Barrier(2)
    with ThreadPoolExecutor(2) as threads:
        found = threads.map(lambda one: one.place, [Meeting(barrier), Meeting(barrier)])
        assert sorted(found) == [0, 1]


def test_an_object_works_once_for_many_threads() -> None:
    for _ in range(50):
        counted, start = Counted(), Barrier(4)

        def value(asked: Counted = counted, start: Barrier = start) -> object:
            start.wait(_LONG_S)
            return asked.value

        with ThreadPoolExecutor(4) as threads:
            found = [job.result() for job in [threads.submit(value) for _ in range(4)]]
        assert set(found) == {counted.value}
        assert counted.calls == [0]


def test_what_failed_is_tried_again() -> None:
    counted = Counted(fails=["not yet"])
    with pytest.raises(ValueError, match="not yet"):
        _ = counted.value
    assert counted.value is counted.value
    assert counted.calls == [0, 1]


def test_what_is_worked_out_can_be_sent_and_forgotten() -> None:
    counted = Counted()
    first = counted.value
    assert vars(pickle.loads(pickle.dumps(counted))).keys() == {"calls", "fails", "value"}
    del vars(counted)["value"]
    assert counted.value is not first


def test_it_tells_what_it_is() -> None:
    assert Counted.value.__doc__ == "A value of its own each time that it is worked out."
