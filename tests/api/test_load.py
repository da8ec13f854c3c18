"""Real servers under load: several processes, uploads while people search, a kill -9 in the middle,
a process that dies, an orderly end."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from bench.load import Corpus, Load, corpus_of, fill, settle
from bench.load_server import COLLECTION, Connection, Down, Server, free_port

BASE = f"/v1/collections/{COLLECTION}"
AT_ONCE = {"BRAID_SERVER__JOBS_NICE": "0"}
"""Other tests may want the cores at the same time."""

FILLED = {"documents": [{"id": "a.txt", "text": "The warranty of the pump lasts 24 months."}]}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    found = Server(tmp_path, free_port(), tmp_path / "server.log", environment=AT_ONCE)
    found.start()
    yield found
    if found.process is not None and found.process.poll() is None:
        found.kill()


def test_nothing_acknowledged_is_lost_by_a_kill_under_load(server: Server) -> None:
    load = Load(server, texts_of(corpus_of([])))
    assert fill(server.port, load.corpus) > 50
    server.flags = ["--workers", "2"]  # when it is started again
    family = psutil.Process(server.process.pid).children() if server.process else []
    phase, lost = load.killed(5.0, 8, 0.5)
    assert phase.errors == []
    assert phase.searches > 0
    assert (lost["lost"], lost["failed"]) == ([], [])
    assert lost["acknowledged_jobs"] == lost["jobs_done"] > 0
    assert lost["unfinished_jobs"] > 0, "it was killed while there was nothing to do"
    assert not any(one.is_running() for one in family), "those of the killed server go with it"

    # Every process finds what the one that carries out jobs has written.
    with Connection(server.port) as connection:
        connection.json("POST", f"{BASE}/documents/text", FILLED)
    settle(server.port)
    for _ in range(12):  # a connection goes to either of the two
        with Connection(server.port) as connection:
            body = {"query": "How many months does the warranty last?", "k": 1}
            status, found = connection.json("POST", f"{BASE}/search", body)
        assert (status, found["hits"][0]["document_id"]) == (200, "a.txt")
    a_dead_process_is_replaced(server)
    assert server.stop() < 60
    with pytest.raises(Down), Connection(server.port) as connection:
        connection.json("GET", "/health")


def texts_of(corpus: Corpus) -> Corpus:
    """The files that are read in no time."""
    files = {name: data for name, data in corpus.files.items() if name.endswith((".md", ".html"))}
    return replace(corpus, files=files)


def a_dead_process_is_replaced(server: Server) -> None:
    assert server.process is not None
    before = {one.pid for one in processes(server)}
    victim = min(before)
    psutil.Process(victim).send_signal(signal.SIGKILL)
    end = time.monotonic() + 120
    while time.monotonic() < end:
        now = {one.pid for one in processes(server)}
        if victim not in now and len(now) == len(before):
            return
        threading.Event().wait(0.05)
    raise AssertionError("nobody took the place of the process that died")


def processes(server: Server) -> list[psutil.Process]:
    """Those that the server started and that are alive, but for the tracker of multiprocessing."""
    assert server.process is not None
    return [
        one
        for one in psutil.Process(server.process.pid).children()
        if one.status() != psutil.STATUS_ZOMBIE and "spawn_main" in " ".join(one.cmdline())
    ]
