"""Processes that carry out calls within limits: what ends them, and what that leaves alone."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ingest.contract import BadInput, UnreadableFile
from ingest.workers import Limits, Workers

ROOT = Path(__file__).resolve().parent.parent.parent
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")


def square(number: int) -> int:
    return number * number


def pid(_: int) -> int:
    return os.getpid()


def crash(number: int) -> int:
    """Ends the process that it runs in, by the signal of that number."""
    os.kill(os.getpid(), number)
    time.sleep(10)
    return number


def nap(seconds: float) -> float:
    time.sleep(seconds)
    return seconds


def hang(seconds: float) -> None:
    """Sleeps in C code, which no exception of Python's reaches."""
    ctypes.CDLL(None).usleep(int(seconds * 1e6))
    ctypes.CDLL(None).usleep(int(seconds * 1e6))


def spawn_and_hang(path: str) -> None:
    """Starts a program that outlives its parent, and hangs."""
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    Path(path).write_text(str(child.pid))
    child.wait()


def fill(megabytes: int) -> int:
    return len(bytes(megabytes * 2**20))


def refuse(reason: str) -> None:
    raise BadInput(reason)


def fall(_: int) -> None:
    raise ZeroDivisionError


def shout(text: str) -> str:
    print(text, flush=True)
    os.write(1, text.encode())
    sys.stdin.read()
    return text


class Unportable(Exception):
    def __init__(self, one: int, two: int) -> None:
        super().__init__(f"{one} and {two}")


def raise_unportable(_: int) -> None:
    raise Unportable(1, 2)


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    with Path(f"/proc/{process}/stat").open() as status:  # a dead child that nobody waited for
        return status.read().rsplit(")", 1)[1].split()[0] != "Z"


def ends(process: int) -> bool:
    """Whether a process ends within seconds."""
    for _ in range(200):
        if not is_alive(process):
            return True
        time.sleep(0.05)
    return False


def test_results_and_errors_come_back() -> None:
    with Workers(2) as workers:
        numbers = [workers.submit(square, number) for number in range(20)]
        refused = workers.submit(refuse, "not this one")
        assert [future.result() for future in numbers] == [n * n for n in range(20)]
        with pytest.raises(BadInput, match="not this one"):
            refused.result()
        with pytest.raises(ZeroDivisionError) as caught:
            workers.submit(fall, 0).result()
        assert "in fall" in caught.value.__notes__[0]
        with pytest.raises(RuntimeError, match="1 and 2"):
            workers.submit(raise_unportable, 0).result()
        assert workers.submit(shout, "to be kept out of the replies").result()


def test_in_the_process_itself() -> None:
    with Workers(0) as workers:
        assert workers.submit(pid, 0).result() == os.getpid()
        with pytest.raises(ZeroDivisionError):
            workers.submit(fall, 0).result()


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_crash_ends_its_call_alone(number: int) -> None:
    with Workers(1) as workers:
        before = workers.submit(square, 2)
        crashed = workers.submit(crash, int(number))
        after = workers.submit(square, 3)
        assert (before.result(), after.result()) == (4, 9)
        word = "memory" if number == signal.SIGKILL else signal.Signals(number).name
        with pytest.raises(UnreadableFile, match=word) as caught:
            crashed.result()
        assert "\n" not in str(caught.value)


def test_a_hang_ends_its_call_and_what_that_has_started(tmp_path: Path) -> None:
    with Workers(1, Limits(timeout_s=2.0)) as workers:
        hung = workers.submit(hang, 30.0)
        spawned = workers.submit(spawn_and_hang, str(tmp_path / "pid"))
        after = workers.submit(square, 3)
        for future in (hung, spawned):
            with pytest.raises(UnreadableFile, match="longer than 2 s"):
                future.result()
        assert after.result() == 9
    assert ends(int((tmp_path / "pid").read_text()))


def test_large_files_have_more_time() -> None:
    with Workers(2, Limits(timeout_s=1.0)) as workers:
        large = workers.submit(nap, 2.5, size=4 * 2**20)
        small = workers.submit(nap, 30.0, size=2**20 - 1)
        assert large.result() == 2.5
        with pytest.raises(UnreadableFile, match="longer than 1 s"):
            small.result()


def test_memory_is_bounded() -> None:
    with Workers(1, Limits(memory_mb=256)) as workers:
        assert workers.submit(fill, 64).result() == 64 * 2**20
        with pytest.raises(UnreadableFile, match="more than 256 MB"):
            workers.submit(fill, 400).result()
        assert workers.submit(square, 3).result() == 9


def test_processes_are_replaced_after_their_number_of_calls() -> None:
    with Workers(1, Limits(recycle_after=3)) as workers:
        seen = [workers.submit(pid, 0).result() for _ in range(7)]
    assert len(set(seen)) == 3
    assert seen[:3] == [seen[0]] * 3
    assert seen[3:6] == [seen[3]] * 3
    assert not any(map(is_alive, seen))


def grow(megabytes: int) -> int:
    _kept.append(bytearray(b"x") * (megabytes * 2**20))
    return os.getpid()


_kept: list[bytearray] = []


def test_a_process_that_has_grown_is_replaced_whatever_its_parent_holds() -> None:
    held = bytearray(b"x") * (300 * 2**20)
    with Workers(1, Limits(memory_mb=600)) as workers:
        small = {workers.submit(pid, 0).result() for _ in range(3)}
        grown = {workers.submit(grow, 250).result(), workers.submit(pid, 0).result()}
    assert len(held) == 300 * 2**20
    assert len(small) == 1
    assert len(grown) == 2


def test_closing_ends_what_is_going_on() -> None:
    workers = Workers(2)
    busy = workers.submit(hang, 60.0)
    waiting = [workers.submit(square, number) for number in range(4)]
    while not busy.running():
        time.sleep(0.01)
    workers.close()
    assert busy.done()
    assert all(future.done() for future in waiting)


def test_a_script_without_a_guard_may_use_them(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            import os, ingest.workers
            print("begun")
            with ingest.workers.Workers(2) as workers:
                print(workers.submit(abs, -4).result())
            """
        )
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("begun\n4\n", "")


def test_workers_end_with_a_parent_that_was_killed(tmp_path: Path) -> None:
    script = (
        "import os, time, ingest.workers\n"
        "workers = ingest.workers.Workers(1)\n"
        "print(workers.submit(eval, \"__import__('os').getpid()\").result(), flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as parent:
        assert parent.stdout is not None
        worker = int(parent.stdout.readline())
        assert is_alive(worker)
        parent.kill()
    assert ends(worker)
