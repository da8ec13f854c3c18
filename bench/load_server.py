"""The server of a load test as a real process, and who asks it: searchers and an uploader."""

from __future__ import annotations

import hashlib
import http.client
import json
import math
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import psutil

ROOT = Path(__file__).resolve().parent.parent
COLLECTION = "load"
ANSWER_S = 120.0
_START_S = 180.0


class Down(Exception):
    """The server took no connection, or broke one off."""


class Downtime(threading.Event):
    """Set while the server is known to be down."""

    def __init__(self) -> None:
        super().__init__()
        self._ended = -math.inf

    def clear(self) -> None:
        """It is back."""
        self._ended = time.monotonic()
        super().clear()

    def since(self, moment: float) -> bool:
        """Whether it has been down since then: a connection that is kept open is dead after that,
        and tells so when it is next used."""
        return self.is_set() or self._ended > moment


def free_port() -> int:
    """A port that nobody has, so that a server can have the same one again."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """`braid serve` over a folder, started again on the same port."""

    data: Path
    port: int
    log: Path
    flags: Sequence[str] = ()
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Seconds until it could be searched."""
        begun = time.monotonic()
        program = "from api.cli import main; main()"
        given = ["serve", "--port", str(self.port), "--data-dir", str(self.data), *self.flags]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **self.environment}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", program, *given],
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=environment,
                cwd=self.data,
            )
        while time.monotonic() - begun < _START_S:
            if self.process.poll() is not None:
                raise SystemExit(f"the server ended with {self.process.returncode}: see {self.log}")
            try:
                with Connection(self.port) as connection:
                    status, found = connection.json("GET", "/health")
            except Down:
                time.sleep(0.05)
                continue
            if status == 200 and found["status"] == "ok":
                return time.monotonic() - begun
            time.sleep(0.05)
        raise SystemExit(f"the server was not ready in {_START_S:.0f} s: see {self.log}")

    def kill(self) -> None:
        """With -9, the process that was started; its children have to notice by themselves."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> float:
        """Seconds that an orderly end takes."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        return time.monotonic() - begun

    def memory_mb(self) -> dict[str, float]:
        """Resident memory of the processes that serve, and of all, readers of files included."""
        assert self.process is not None
        try:
            main = psutil.Process(self.process.pid)
            family = [main, *main.children(recursive=True)]
        except psutil.NoSuchProcess:
            return {}
        serving = total = 0.0
        for one in family:
            try:
                held, command = one.memory_info().rss / 1e6, " ".join(one.cmdline())
            except psutil.Error:
                continue
            total += held
            serving += 0.0 if "ingest.workers" in command else held
        return {"serving": serving, "all": total}


class Connection:
    """A connection that is kept open and made anew where it was broken off."""

    def __init__(self, port: int) -> None:
        self._client = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_S)

    def json(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """The status and what the body says. Raises Down."""
        data = None if body is None else json.dumps(body).encode()
        return self.send(method, path, data, "application/json")

    def send(self, method: str, path: str, data: bytes | None, kind: str) -> tuple[int, Any]:
        """As `json`, of any body."""
        try:
            self._client.request(method, path, data, {"Content-Type": kind} if data else {})
            answer = self._client.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._client.close()
            raise Down(f"{type(error).__name__}: {error}") from error
        try:
            return answer.status, json.loads(text) if text else None
        except ValueError:
            return answer.status, text.decode(errors="replace")[:200]

    def close(self) -> None:
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@dataclass
class Tally:
    """What searchers saw: (moment, milliseconds) of each answer, errors, and connections that
    were refused or broken off."""

    answers: list[tuple[float, float]] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    refused: int = 0
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def answered(self, begun: float, status: int, found: Any) -> None:
        """Counts an answer in."""
        took = (time.monotonic() - begun) * 1000
        with self._guard:
            if status == 200 and found["hits"]:
                self.answers.append((begun, took))
            else:
                self.errors.append(f"search {status}: {str(found)[:300]}")

    def was_refused(self, error: Down, expected: bool) -> None:
        """Counts a connection that came to nothing."""
        with self._guard:
            if expected:
                self.refused += 1
            else:
                self.errors.append(str(error))


@dataclass
class Searcher:
    """One person: a search, then some seconds of reading, drawn anew each time (`think_s` is
    their mean; 0 asks again at once)."""

    port: int
    queries: Sequence[str]
    think_s: float
    seed: int
    tally: Tally
    may_be_down: Downtime

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        dice = random.Random(self.seed)
        if self.think_s and stop.wait(dice.uniform(0, self.think_s)):
            return
        used = time.monotonic()
        with Connection(self.port) as connection:
            while not stop.is_set():
                body = {"query": dice.choice(self.queries), "k": 10}
                begun = time.monotonic()
                try:
                    found = connection.json("POST", f"/v1/collections/{COLLECTION}/search", body)
                    self.tally.answered(begun, *found)
                    used = time.monotonic()
                except Down as error:
                    self.tally.was_refused(error, self.may_be_down.since(used))
                    stop.wait(0.2)
                if self.think_s and stop.wait(dice.expovariate(1 / self.think_s)):
                    return


@dataclass
class Uploader:
    """Hands in documents so that there is always a job at work and one that waits. Each is made
    of paragraphs of the corpus, drawn anew; ids come round again after `pool` documents, so that
    the collection stays of one size (None: each id is new)."""

    port: int
    paragraphs: Sequence[str]
    pool: int | None
    may_be_down: Downtime
    batch: int = 8
    acknowledged: dict[str, str] = field(default_factory=dict)
    """SHA-256 of what was last acknowledged, by id."""
    unsure: set[str] = field(default_factory=set)
    """Ids whose last upload was broken off: they may hold it, or what was there before."""
    jobs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    number: int = 0
    uploads: int = 0

    def run(self, stop: threading.Event) -> None:
        """Until `stop` is set."""
        dice, used = random.Random(7), time.monotonic()
        with Connection(self.port) as connection:
            while not stop.is_set():
                try:
                    is_short = self._backlog(connection) < 2
                    used = time.monotonic()
                    if is_short:
                        self._upload(connection, dice)
                        continue
                except Down as error:
                    if not self.may_be_down.since(used):
                        self.errors.append(str(error))
                stop.wait(0.1)

    def _backlog(self, connection: Connection) -> int:
        path = f"/v1/collections/{COLLECTION}/jobs?limit=5"
        status, found = connection.json("GET", path)
        if status != 200:
            self.errors.append(f"jobs {status}: {found}")
            return 2
        return sum(job["state"] in ("queued", "running") for job in found["jobs"])

    def _upload(self, connection: Connection, dice: random.Random) -> None:
        files: dict[str, bytes] = {}
        for _ in range(self.batch):
            place = self.number if self.pool is None else self.number % self.pool
            text = "\n\n".join(dice.choices(self.paragraphs, k=6))
            files[f"load/{place:06}.md"] = f"# Upload {self.number}\n\n{text}\n".encode()
            self.number += 1
        self.unsure |= files.keys()
        body, kind = multipart(files)
        path = f"/v1/collections/{COLLECTION}/documents"
        status, found = connection.send("POST", path, body, kind)
        if status != 202:
            self.errors.append(f"upload {status}: {str(found)[:300]}")
            return
        self.uploads += 1
        self.jobs.append(found["id"])
        for name, data in files.items():
            self.acknowledged[name] = hashlib.sha256(data).hexdigest()
            self.unsure.discard(name)


def multipart(files: dict[str, bytes]) -> tuple[bytes, str]:
    """The body of an upload, and its content type."""
    mark = "braid-load-5b1f0c"
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n'
        f"Content-Type: application/octet-stream\r\n\r\n".encode()
        + data
        + b"\r\n"
        for name, data in files.items()
    ]
    return b"".join([*parts, f"--{mark}--\r\n".encode()]), f"multipart/form-data; boundary={mark}"
