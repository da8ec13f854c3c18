"""Where requests wait for their turn."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator

import httpx
import pytest
from rest_server import finished, problem, running

from api.rest.lanes import Busy, Lane, Stopping, TooSlow
from api.settings import Settings
from api.settings_server import ServerSettings


def lane(places: int = 1, line: int = 1, timeout_s: float = 20.0) -> Lane:
    return Lane("searches", places, line, timeout_s)


def test_so_many_at_once_and_a_line_that_ends() -> None:
    freed, most, now = threading.Event(), 0, 0
    guard = threading.Lock()

    def work() -> str:
        nonlocal most, now
        with guard:
            now += 1
            most = max(most, now)
        freed.wait(20)
        with guard:
            now -= 1
        return "done"

    async def scene() -> list[object]:
        narrow = lane(places=2, line=3)
        tasks = [asyncio.create_task(narrow.run(work)) for _ in range(5)]
        while narrow.waiting < 3 or now < 2:
            await asyncio.sleep(0.01)
        with pytest.raises(Busy, match="3 searches wait already"):
            await narrow.run(work)
        freed.set()
        found: list[object] = list(await asyncio.gather(*tasks))
        assert (narrow.running, narrow.waiting) == (0, 0)
        return found

    assert asyncio.run(scene()) == ["done"] * 5
    assert most == 2


def test_what_is_too_slow_is_given_up_and_what_it_raises_comes_out() -> None:
    freed = threading.Event()

    async def scene() -> None:
        with pytest.raises(TooSlow, match=r"longer than 0\.05 s"):
            await lane(timeout_s=0.05).run(lambda: freed.wait(20))
        freed.set()
        with pytest.raises(ZeroDivisionError):
            await lane().run(lambda: 1 // 0)

    asyncio.run(scene())


class Steps(Iterator[int]):
    """Numbers, each as slow as it is told; knows whether it was closed."""

    def __init__(self, *waits_s: float) -> None:
        self.waits_s = list(waits_s)
        self.closed = threading.Event()
        self.stopped = threading.Event()

    def __next__(self) -> int:
        if not self.waits_s:
            raise StopIteration
        self.stopped.wait(self.waits_s.pop(0))
        return len(self.waits_s)

    def stop(self) -> None:
        self.stopped.set()

    def close(self) -> None:
        self.closed.set()


def test_steps_come_one_by_one_and_are_closed() -> None:
    async def scene() -> list[int]:
        return [item async for item in lane().steps(steps)]

    steps = Steps(0, 0, 0)
    assert asyncio.run(scene()) == [2, 1, 0]
    assert steps.closed.is_set()


@pytest.mark.parametrize(("timeout_s", "total_s"), [(0.05, None), (20.0, 0.05)])
def test_a_step_that_takes_too_long_is_stopped(timeout_s: float, total_s: float | None) -> None:
    async def scene() -> None:
        with pytest.raises(TooSlow):
            async for _ in lane(timeout_s=timeout_s).steps(steps, total_s=total_s):
                pass

    steps = Steps(0, 30)
    asyncio.run(scene())
    assert steps.stopped.is_set()
    assert steps.closed.wait(10), "the thread that was within it closes it"


def test_steps_end_when_the_server_stops() -> None:
    async def scene() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().call_later(0.05, stop.set)
        with pytest.raises(Stopping):
            async for _ in lane().steps(steps, stop):
                pass

    steps = Steps(0, 30)
    asyncio.run(scene())
    assert steps.closed.wait(10)


@pytest.fixture(scope="module")
def hurried(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A server that gives nothing any time."""
    """A server that gives nothing any time."""
    server = ServerSettings(request_timeout_s=1e-9)
    with running(Settings(data_dir=tmp_path_factory.mktemp("hurried"), server=server)) as client:
        client.post("/v1/collections", json={"name": "slow"})
        documents = [{"id": "a", "text": "The pump stands in the hall."}]
        job = client.post("/v1/collections/slow/documents/text", json={"documents": documents})
        finished(client, job.headers["Location"])
        yield client


@pytest.mark.parametrize("path", ["search", "query"])
def test_a_request_that_takes_too_long_is_told_so(hurried: httpx.Client, path: str) -> None:
    refused = hurried.post(f"/v1/collections/slow/{path}", json={"query": "where is the pump?"})
    found = problem(refused, 504)
    assert "server.request_timeout_s" in found["detail"]
    assert refused.headers["Retry-After"]
