"""Who keeps the processes of a server going."""

from __future__ import annotations

import multiprocessing
import os
import threading
import time

from api.rest.processes import _Member, _watch


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
