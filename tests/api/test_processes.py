"""Who keeps the processes of a server going."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from ctypes import c_double

import pytest

from api.rest.giving_way import GivingWay
from api.rest.lanes import Lanes
from api.rest.processes import _Member, _watch
from api.settings_server import ServerSettings


def lets_go_and_dies() -> None:
    """As a killed process does: what it held open is closed before it can be waited for."""
    os.closerange(3, 64)
    time.sleep(0.3)
    os._exit(9)


def test_a_process_that_still_dies_is_waited_for_and_replaced() -> None:
    spawn = multiprocessing.get_context("spawn")
    stopping = threading.Event()
    kept = spawn.Event()

    def start(is_first: bool) -> multiprocessing.context.SpawnProcess:
        if is_first:
            return spawn.Process(target=lets_go_and_dies)
        stopping.set()
        return spawn.Process(target=kept.wait)

    member = _Member("worker", start)
    member.begin()
    assert member.process is not None
    member.process.start()
    _watch([member], stopping)
    kept.set()
    assert member.starts == 2
    member.process.join()
    assert member.process.exitcode == 0


@pytest.mark.skipif(
    not hasattr(os, "sched_getaffinity") or len(os.sched_getaffinity(0)) < 2,
    reason="needs two cores, on a system that lends them out",
)
def test_a_core_is_left_while_somebody_searches() -> None:
    cores, last, stop = os.sched_getaffinity(0), c_double(0.0), threading.Event()
    thread = threading.Thread(target=stop.wait)
    thread.start()
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    assert thread.native_id is not None
    tasks = (threading.get_native_id(), thread.native_id, child.pid)
    try:
        way = GivingWay(last, workers=1)
        way.look()
        assert all(os.sched_getaffinity(task) == cores for task in tasks)
        last.value = time.monotonic()
        way.look()
        assert all(os.sched_getaffinity(task) == cores - {min(cores)} for task in tasks)
        last.value = time.monotonic() - 60.0
        way.look()
        assert all(os.sched_getaffinity(task) == cores for task in tasks)
    finally:
        stop.set()
        thread.join()
        child.communicate(b"\n")


def test_who_searches_is_noticed() -> None:
    came: list[str] = []

    async def scene() -> None:
        lanes = Lanes.of(ServerSettings(), lambda: came.append("one"))
        await lanes.searches.run(lambda: None)
        async for _ in lanes.answers.steps(iter([1, 2])):
            pass

    asyncio.run(scene())
    assert came == ["one", "one"]
