"""The processes of a server: those that answer requests, on one socket, and one that carries out
jobs and stands back for the others. One that dies is replaced.

They are started anew rather than forked: what is loaded (OpenVINO, torch, OpenMP) has threads,
which a fork leaves behind in whatever state they were. So each has the models for itself.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from ctypes import c_double
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import FrameType

import structlog

from api.rest.giving_way import GivingWay
from api.rest.lanes import cores
from api.rest.logs import log_to_stderr
from api.rest.service import Neighbour, Service
from api.settings import Settings
from ingest.contract import Unavailable

_YOUNG_S = 10.0
"""A process that dies before this age has died of its start."""
_MOST_STARTS = 5
"""So often in a row one may die of its start before the server gives up."""
_END_S = 30.0
"""What a process has, beyond `server.drain_s`, to end; for a job, the document in hand."""
_MALLOC = {"MALLOC_ARENA_MAX": "2", "MALLOC_MMAP_THRESHOLD_": str(2**20)}
"""For glibc: each new state of a collection brings new arrays, from many threads. Left to itself it
keeps a heap for each of them, and arrays of up to 32 MB among what is smaller, so that little of
it can be given back."""
_log = structlog.get_logger("braid.serve")


@dataclass
class _Member:
    """One process, and how it is started again."""

    name: str
    start: Callable[[bool], SpawnProcess]
    process: SpawnProcess | None = None
    born: float = 0.0
    starts: int = field(default=0)

    def begin(self) -> None:
        """Starts it, or starts it again."""
        self.process = self.start(self.starts == 0)
        self.born = time.monotonic()
        self.starts += 1


def supervise(settings: Settings, listener: socket.socket) -> None:
    """Runs the processes until SIGINT or SIGTERM, then lets each of them end in order. Raises
    Unavailable where one cannot be started."""
    server = settings.server
    # Requests bring the threads; those of libraries would only wait for each other.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, cores() // server.workers)))
    for name, value in _MALLOC.items():
        os.environ.setdefault(name, value)
    spawn = multiprocessing.get_context("spawn")
    heard, bell = spawn.Pipe(duplex=False)
    last = spawn.RawValue(c_double, 0.0)  # when a search last came
    crew = [_Member("jobs", lambda _: spawn.Process(target=_work, args=(settings, heard, last)))]
    for number in range(server.workers):

        def worker(is_first: bool, number: int = number) -> SpawnProcess:
            announced = is_first and number == 0
            return spawn.Process(target=_answer, args=(settings, listener, bell, last, announced))

        crew.append(_Member(f"worker {number + 1}", worker))
    stopping = threading.Event()
    before = {sig: signal.signal(sig, _setter(stopping)) for sig in (signal.SIGINT, signal.SIGTERM)}
    try:
        for member in crew:
            _begin(member)
        _watch(crew, stopping)
    finally:
        _end(crew, server.drain_s)
        for sig, handler in before.items():
            signal.signal(sig, handler)


def _setter(event: threading.Event) -> Callable[[int, FrameType | None], None]:
    return lambda _, __: event.set()


def _begin(member: _Member) -> None:
    member.begin()
    assert member.process is not None
    member.process.start()


def _watch(crew: list[_Member], stopping: threading.Event) -> None:
    deaths = 0
    while not stopping.is_set():
        alive = {member.process.sentinel: member for member in crew if member.process is not None}
        for sentinel in wait(list(alive), timeout=0.2):
            member = alive[sentinel]  # type: ignore[index]
            assert member.process is not None
            if stopping.is_set():
                return
            member.process.join()  # its pipe closes a moment before it can be waited for
            is_young = time.monotonic() - member.born < _YOUNG_S
            deaths = deaths + 1 if is_young else 1
            _log.error("process died", name=member.name, exit_code=member.process.exitcode)
            if deaths > _MOST_STARTS:
                raise Unavailable(
                    f"the process '{member.name}' of the server dies whenever it is started "
                    f"(exit code {member.process.exitcode}): its last words are above"
                )
            stopping.wait(0.1 * 2**deaths if is_young else 0.0)
            member.process.close()
            member.process = None
            if not stopping.is_set():
                _begin(member)


def _end(crew: list[_Member], drain_s: float) -> None:
    """Tells all to end, and kills what does not."""
    left = [m.process for m in crew if m.process is not None and m.process.pid is not None]
    for process in left:
        process.terminate()
    end = time.monotonic() + drain_s + _END_S
    for process in left:
        process.join(max(0.0, end - time.monotonic()))
        if process.exitcode is None:
            process.kill()
            process.join()


def _with_parent() -> None:
    """Ends this process when the one that started it has died: the next server needs its port
    and its locks."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def follow() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=follow, name="braid-parent", daemon=True).start()


def _answer(
    settings: Settings,
    listener: socket.socket,
    bell: Connection,
    last: c_double,
    announced: bool,
) -> None:
    """What a process does that answers requests."""
    from api.rest.server import answer

    _with_parent()
    log_to_stderr(settings.server.log_format, settings.server.log_level)
    os.set_blocking(bell.fileno(), False)

    def ring(job: str, request_id: str) -> None:
        with suppress(BlockingIOError):  # it is full: somebody is about to look
            os.write(bell.fileno(), f"{job} {request_id}\n".encode())

    def tell() -> None:
        last.value = time.monotonic()

    answer(settings, listener, Neighbour(ring, tell), announced)


def _work(settings: Settings, heard: Connection, last: c_double) -> None:
    """What the process does that carries out jobs."""
    from api.rest.app import watched
    from api.rest.metrics import Metrics
    from api.rest.tracing import tracing_of

    _with_parent()
    log_to_stderr(settings.server.log_format, settings.server.log_level)
    with suppress(OSError):  # it may be nicer already
        os.nice(settings.server.jobs_nice)
    way = GivingWay(last, settings.server.workers)
    stopping = threading.Event()
    signal.signal(signal.SIGTERM, _setter(stopping))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one that started it says when
    metrics = Metrics(settings.answer.model or "extractive")
    tracing = tracing_of(settings.telemetry)
    service = Service(settings, watched(settings, metrics, tracing))
    service.start()
    rest = b""
    while not stopping.is_set():
        way.look()
        if heard.poll(0.2):
            *lines, rest = (rest + os.read(heard.fileno(), 4096)).split(b"\n")
            for line in lines:
                service.notify(*line.decode().split(" "))
    service.stop()
    if tracing is not None:
        tracing.close()
