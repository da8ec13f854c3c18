"""Functions carried out in processes of their own, with limits of time and memory.

What reads files is mostly C code, and files are made by anyone: a crash, a hang or a want of
memory must end with the file that it comes from. Each worker is a plain Python process that is
started when it is first needed, takes one call after another over a pipe, and is replaced after
a number of them. (The pools of `multiprocessing`, and those built on it, run the caller's main
module again in each process, which a script without a guard does not survive.)
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import IO, Any, TypeVar

from ingest.contract import UnreadableFile

_Given = TypeVar("_Given")
_Result = TypeVar("_Result")

_BOOT = """
import os, pickle, sys
calls = os.fdopen(os.dup(0), "rb")
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
sys.path[:] = pickle.load(calls)
from ingest.workers import serve
serve(calls)
"""
"""What a worker runs. Programs that it starts must not read its calls."""

_HEADER_BYTES = 8
_START_S = 120.0
"""What a worker has to begin."""
_GRACE_S = 10.0
"""What a worker has over its time before it ends itself, where nobody has ended it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one call: its time, as much again for each MB of its file (scans of many pages take
    long), and the memory of its process. After `recycle_after` calls a process is replaced, so
    that what a library leaks stays bounded."""

    timeout_s: float = 600.0
    memory_mb: int = 4096
    recycle_after: int = 500

    def seconds(self, size: int) -> float:
        """The time for a file of so many bytes."""
        return self.timeout_s * (1 + size // 2**20)


class Workers:
    """As many processes as `count`, each started when there is work for it; with 0, calls are
    carried out at once, in this process and without limits. A context manager; usable from many
    threads."""

    def __init__(self, count: int, limits: Limits | None = None) -> None:
        self.count = count
        self._limits = limits or Limits()
        self._threads = ThreadPoolExecutor(max(count, 1), thread_name_prefix="braid-worker")
        self._own = threading.local()
        self._alive: set[_Process] = set()
        self._guard = threading.Lock()
        self._closed = False

    def submit(
        self, function: Callable[[_Given], _Result], given: _Given, size: int = 0
    ) -> Future[_Result]:
        """Carries out a function of a module on a value; both, and the result, go through
        pickle. What the function raises comes out of the future. A crash, a timeout and a want
        of memory come out as UnreadableFile. `size` is that of the file in bytes."""
        if self.count:
            return self._threads.submit(self._carry_out, function, given, size)
        done: Future[_Result] = Future()
        try:
            done.set_result(function(given))
        except Exception as error:
            done.set_exception(error)
        return done

    def close(self) -> None:
        """Ends every process, busy or not. What was not done is cancelled."""
        with self._guard:
            self._closed = True
            for process in self._alive:
                process.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)
        for process in self._alive:
            process.close()
        self._alive.clear()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _carry_out(
        self, function: Callable[[_Given], _Result], given: _Given, size: int
    ) -> _Result:
        seconds = self._limits.seconds(size)
        call = pickle.dumps((seconds, function, given), pickle.HIGHEST_PROTOCOL)
        process = self._process(function.__module__)
        worn = process.calls > 0
        try:
            succeeded, value, last = process.call(call, seconds)
        except _Ended as ended:
            self._retire(process)
            # What an earlier file has done to the process is not this one's fault.
            if not (worn and ended.is_crash) or self._closed:
                raise UnreadableFile(str(ended)) from None
            process = self._process(function.__module__)
            try:
                succeeded, value, last = process.call(call, seconds)
            except _Ended as again:
                self._retire(process)
                raise UnreadableFile(str(again)) from None
        if last or process.calls >= self._limits.recycle_after:
            self._retire(process)
        if not succeeded:
            raise value
        result: _Result = value
        return result

    def _process(self, module: str) -> _Process:
        """The process of this thread; a new one has loaded the module."""
        process: _Process | None = getattr(self._own, "process", None)
        if process is None:
            with self._guard:
                if self._closed:
                    raise UnreadableFile("the reading was stopped")
                process = _Process(self._limits, module)
                self._alive.add(process)
            self._own.process = process
        return process

    def _retire(self, process: _Process) -> None:
        self._own.process = None
        with self._guard:
            self._alive.discard(process)
        process.kill()
        process.close()


class _Ended(Exception):
    """A process ended before its call did."""

    def __init__(self, message: str, *, is_crash: bool) -> None:
        super().__init__(message)
        self.is_crash = is_crash


class _Process:
    """One worker, spoken to by one thread."""

    def __init__(self, limits: Limits, module: str) -> None:
        self.calls = 0
        self._is_ready = False
        self._limits = limits
        self._overdue = False
        self._child = subprocess.Popen(
            [sys.executable, "-c", _BOOT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C is for the parent, which ends its workers
        )
        with contextlib.suppress(OSError):  # ended already: the first call will tell
            self._stdin.write(pickle.dumps(sys.path) + pickle.dumps((limits, module)))
            self._stdin.flush()

    @property
    def _stdin(self) -> IO[bytes]:
        assert self._child.stdin is not None
        return self._child.stdin

    def call(self, call: bytes, seconds: float) -> tuple[bool, Any, bool]:
        """Whether the function returned; what it returned or raised; whether the process asks
        to be replaced. Raises _Ended, once so many seconds have passed, too."""
        self.calls += 1
        reply: bytes | None = b""
        if not self._is_ready:  # what it takes to begin is no time of the file's
            reply = self._reply(b"", _START_S)
            self._is_ready = True
        if reply is not None:
            reply = self._reply(call, seconds)
        if reply is None:
            raise self._ended(seconds)
        succeeded, value, last = pickle.loads(reply)
        return succeeded, value, last or self._overdue

    def _reply(self, call: bytes, timeout_s: float) -> bytes | None:
        """The answer to a call, or to none; None where the process ended, or had to."""
        watchdog = threading.Timer(timeout_s, self._stop_overdue)
        watchdog.daemon = True
        watchdog.start()
        assert self._child.stdout is not None
        try:
            if call:
                _write_frame(self._stdin, call)
            return _read_frame(self._child.stdout)
        except OSError:
            return None
        finally:
            watchdog.cancel()

    def _stop_overdue(self) -> None:
        self._overdue = True
        self.kill()

    def _ended(self, seconds: float) -> _Ended:
        code = self._child.wait()
        if self._overdue:
            return _Ended(
                f"reading took longer than {seconds:g} s and was stopped: split "
                "the file, or raise ingest.timeout_s (--timeout)",
                is_crash=False,
            )
        if code == -getattr(signal, "SIGKILL", 9):
            return _Ended(
                "its reader was killed by the system, most likely for want of memory: split the "
                "file, or lower ingest.workers",
                is_crash=True,
            )
        try:
            how = signal.Signals(-code).name
        except ValueError:
            how = f"code {code}"
        return _Ended(
            f"its reader crashed ({how}): the file is damaged, or made to do this; save it anew "
            "with the program that made it",
            is_crash=True,
        )

    def kill(self) -> None:
        """Ends the process, and what it has started."""
        if self._child.poll() is not None:
            return
        with contextlib.suppress(OSError):
            if hasattr(os, "killpg"):
                os.killpg(self._child.pid, signal.SIGKILL)
            else:
                self._child.kill()

    def close(self) -> None:
        """Waits for the end of a process that was killed."""
        self._child.wait()
        for pipe in (self._child.stdin, self._child.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


def serve(calls: IO[bytes]) -> None:
    """The life of a worker: limits, then one call after another until the pipe ends."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not be taken for a reply
    limits, module = pickle.load(calls)
    _limit_memory(limits)
    import_module(module)
    # Grown by so much, the next file would lack what this one took.
    large = _resident() + limits.memory_mb * 2**20 // 3
    _write_frame(replies, b"ready")
    while (call := _read_frame(calls)) is not None:
        _set_alarm(limits.timeout_s + _GRACE_S)
        try:
            seconds, function, given = pickle.loads(call)
            _set_alarm(seconds + _GRACE_S)
            outcome = (True, function(given))
        except MemoryError:
            outcome = (False, UnreadableFile(_out_of_memory(limits)))
        except Exception as error:
            outcome = (False, _portable(error))
        try:
            reply = pickle.dumps((*outcome, _resident() > large), pickle.HIGHEST_PROTOCOL)
        except MemoryError:
            reply = pickle.dumps((False, UnreadableFile(_out_of_memory(limits)), True))
        del call, outcome
        _set_alarm(0)
        try:
            _write_frame(replies, reply)
        except OSError:
            return  # nobody waits for it any more


def _out_of_memory(limits: Limits) -> str:
    return (
        f"the file needs more than {limits.memory_mb:,} MB of memory: split it, or raise "
        "ingest.memory_mb"
    )


def _portable(error: Exception) -> Exception:
    """The error with its traceback as a note; another in its place where it does not survive
    the journey."""
    error.add_note("".join(traceback.format_exception(error)))
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        return RuntimeError("".join(traceback.format_exception(error)))
    return error


def _limit_memory(limits: Limits) -> None:
    """Of what the process allocates; code and files that are mapped do not count."""
    if sys.platform == "win32":
        return
    import resource

    size = limits.memory_mb * 2**20
    with contextlib.suppress(OSError, ValueError):  # a lower limit is in force already
        resource.setrlimit(resource.RLIMIT_DATA, (size, size))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _resident() -> int:
    """Bytes of memory that the process holds; 0 where the system does not say. (The peak that
    getrusage gives may be that of the parent, before this process became another program.)"""
    try:
        with open("/proc/self/statm", encoding="ascii") as status:  # noqa: PTH123 - it is no file
            return int(status.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _set_alarm(seconds: float) -> None:
    """Ends this process after so long, whatever it does then, should its parent be gone; with
    0, not any more."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


def _write_frame(pipe: IO[bytes], data: bytes) -> None:
    pipe.write(len(data).to_bytes(_HEADER_BYTES, "big"))
    pipe.write(data)
    pipe.flush()


def _read_frame(pipe: IO[bytes]) -> bytes | None:
    """None at the end of the pipe."""
    header = pipe.read(_HEADER_BYTES)
    if len(header) < _HEADER_BYTES:
        return None
    size = int.from_bytes(header, "big")
    data = pipe.read(size)
    return data if len(data) == size else None
