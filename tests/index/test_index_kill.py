"""A process that is killed while it writes loses nothing that it acknowledged."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

from index_room import assert_sound, keys_of, texts_of
from ingesting_child import collection_at, ingestor, source

from api.ingestion import State
from index.collection import CATALOG
from ingest.pipeline import read

HERE = Path(__file__).parent
KILLS = 20
DOCUMENTS = 40


class Child:
    """The ingesting process, and what it has acknowledged so far."""

    def __init__(self, folder: Path) -> None:
        self.acknowledged: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "ingesting_child.py"), str(folder), str(DOCUMENTS)],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self._output = self.process.stdout
        assert self._output.readline() == "ready\n"
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self._output:
            self.acknowledged.append(line.split()[0])

    def wait_for(self, count: int) -> None:
        """Until so many documents have been acknowledged, or the process has ended."""
        while len(self.acknowledged) < count and self.process.poll() is None:
            time.sleep(0.001)

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.end()

    def end(self) -> int:
        code = self.process.wait(timeout=60)
        self._reader.join()
        self._output.close()
        return code


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """Killed at 20 moments, from its very start to its last document, and continued each time;
    what was acknowledged before any of the kills is there, whole, after each."""
    draw = random.Random(20)
    folder = tmp_path / "collection"
    acknowledged: set[str] = set()
    for number in range(KILLS):
        child = Child(folder)
        child.wait_for(min(len(acknowledged) + draw.choice([1, 2, 3]), DOCUMENTS))
        time.sleep(draw.uniform(0.0, 0.06) if number else 0.0)
        child.kill()
        acknowledged.update(child.acknowledged)
        if not (folder / CATALOG).is_file():
            continue
        collection = collection_at(folder)
        assert_sound(collection)
        stored = texts_of(collection)
        assert set(acknowledged) <= set(stored)
        for name, texts in stored.items():
            assert texts == _chunks(name), name
        collection.close()
    assert len(acknowledged) > DOCUMENTS // 2

    last = Child(folder)
    assert last.end() == 0
    collection = collection_at(folder)
    assert_sound(collection)
    everything = {source(number).document_id for number in range(DOCUMENTS)}
    assert {name: _chunks(name) for name in everything} == texts_of(collection)
    assert len(keys_of(collection)[0]) == sum(len(_chunks(name)) for name in everything)
    worker = ingestor()
    loads = [partial(source, number) for number in range(DOCUMENTS)]
    events = list(worker.ingest(collection, loads))
    assert {event.state for event in events} == {State.UNCHANGED}
    with collection.writer() as writer:
        gone = writer.delete(sorted(everything))
    assert (gone.documents, gone.chunks) == (DOCUMENTS, gone.vectors)
    assert keys_of(collection) == ([], [], [])
    collection.close()


def _chunks(name: str) -> list[str]:
    """The chunks that a document has when it is whole."""
    worker = ingestor()
    document = read(source(int(name[3:5])))
    return [chunk.text for chunk in worker.chunker.chunk(document, worker.counter)]
