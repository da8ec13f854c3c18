"""A system as the driver sees it: a process to ask, to measure and to kill."""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parents[2]
_LOG_TAIL = 600


class Died(Exception):
    """The process ended, or did not answer in time; says how, and what it wrote last."""


class Refused(Exception):
    """The system could not do what it was asked; says why."""


@dataclass
class System:
    """One system in one set-up over one folder. Use it in a `with` block: nothing that it started
    outlives the block."""

    name: str
    set_up: str
    python: Path
    folder: Path
    data: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    timeout_s: float = 600.0
    peak_mb: float = 0.0

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._log = (self.folder.parent / f"{self.folder.name}.log").open("ab")
        # One thread for sums: OpenMP on few cores that others use, too, costs a factor of ten.
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONHASHSEED": "0",
            "OMP_NUM_THREADS": "1",
            "HF_HUB_OFFLINE": "1",
            "TOKENIZERS_PARALLELISM": "false",
            "HAYSTACK_TELEMETRY_ENABLED": "False",
            "ANONYMIZED_TELEMETRY": "False",
            "LANGSMITH_TRACING": "false",
            **self.environment,
        }
        program = [str(self.python), "-m", "bench.peers.serve"]
        self._process = subprocess.Popen(
            [*program, self.name, self.set_up, str(self.folder), str(self.data)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=ROOT,
            env=environment,
            text=True,
            encoding="utf-8",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._listener.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):  # what was not sent yet
                pipe.close()
        self._log.close()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def ask(self, do: str, **given: Any) -> dict[str, Any]:
        """The answer. Raises Died and Refused."""
        self.send(do, **given)
        return self.answer()

    def send(self, do: str, **given: Any) -> None:
        """Asks without waiting for the answer. Raises Died."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": do, **given}) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise Died(self._how()) from error

    def answer(self) -> dict[str, Any]:
        """The answer to what was sent. Raises Died and Refused."""
        end = time.monotonic() + self.timeout_s
        while True:
            try:
                line = self._lines.get(timeout=0.25)
                break
            except queue.Empty:
                self._measure()
                if time.monotonic() > end:
                    self.kill()
                    raise Died(f"no answer in {self.timeout_s:.0f} s") from None
        self._measure()
        if not line:
            raise Died(self._how())
        found: dict[str, Any] = json.loads(line)
        if not found["ok"]:
            raise Refused(found["error"])
        return found

    def _how(self) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        self._log.flush()
        said = Path(self._log.name).read_text(encoding="utf-8", errors="replace")
        return f"ended with {self._process.returncode}: {said[-_LOG_TAIL:].strip()}"

    def _measure(self) -> None:
        """The peak of resident memory of the process, with those it started, as the kernel keeps
        it."""
        total = 0.0
        for one in self._family():
            with contextlib.suppress(OSError, ValueError, IndexError):
                status = Path(f"/proc/{one.pid}/status").read_text()
                total += int(status.partition("VmHWM:")[2].split()[0]) / 1024
        self.peak_mb = max(self.peak_mb, total)

    def _family(self) -> Sequence[psutil.Process]:
        try:
            main = psutil.Process(self._process.pid)
            return [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return []

    def close(self) -> None:
        """Ends it in good order. Raises Died and Refused."""
        self.ask("close")
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(30)

    def kill(self) -> None:
        """With -9, and all that it started."""
        for one in self._family():
            with contextlib.suppress(psutil.Error):
                one.kill()
        self._process.wait()


def folder_mb(folder: Path) -> float:
    """What the files below a folder take, in megabytes of 10^6 bytes."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
