"""Jobs of a collection that another process builds anew."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from index_room import make_parts, texts_of
from ingestion_room import MAX_BYTES, make_ingestor

from api.rest.worker import Worker
from index.pipeline import Collection, JobDocument, JobState, Store
from ingest.contract import Unavailable


def hand_in(collection: Collection, name: str) -> str:
    folder = collection.jobs.new_folder()
    (folder / "0").write_bytes(f"The {name} opens.".encode())
    return collection.jobs.submit(folder, [JobDocument(0, name, title=name)]).id


def test_a_worker_goes_on_in_the_new_collection(tmp_path: Path) -> None:
    """The one it had in hand was replaced between two of its jobs."""
    store, other = (Store(tmp_path, make_parts(kind="flat")) for _ in range(2))
    ingestor = make_ingestor()
    worker = Worker(store, ingestor, MAX_BYTES, poll_s=0.05)
    old = store.create("c")
    first = hand_in(old, "valve")
    assert worker._work(old) is False
    assert old.jobs.get(first).state is JobState.DONE
    second = hand_in(old, "pump")
    old.jobs.start(second)
    with other.rebuilding("c", ingestor.pipeline) as rebuild:
        for _ in ingestor.store(rebuild.writer, rebuild.documents()):
            rebuild.stored()
    with pytest.raises(Unavailable):
        hand_in(old, "seal")
    assert worker._work(old) is True, "it is to look again at once"
    worker.start()
    try:
        for _ in range(600):
            if store.get("c").jobs.get(second).state is JobState.DONE:
                break
            time.sleep(0.05)
    finally:
        worker.stop()
    assert texts_of(other.get("c")) == {"pump": ["The pump opens."], "valve": ["The valve opens."]}
    job = store.get("c").jobs.get(second)
    assert (job.attempts, job.documents[0].state) == (1, "added")
    store.close()
    other.close()
