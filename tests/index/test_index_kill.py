"""A process that is killed while it writes loses nothing that it acknowledged."""

from __future__ import annotations

import random
import time
from pathlib import Path

from index_room import assert_sound, keys_of, texts_of
from ingesting_child import chunks_of, collection_at
from killing import Truth, Writers

KILLS, DOCUMENTS, PARAGRAPHS = 20, 30, 8


def test_a_kill_at_any_moment_loses_nothing(tmp_path: Path) -> None:
    """Killed at 20 moments, from its very start on, and continued each time; after each, all that
    was acknowledged before any of the kills is there, whole, and what was deleted is not."""
    draw = random.Random(20)
    folder = tmp_path / "collection"
    truth = Truth(folder, PARAGRAPHS)
    with Writers() as writers:
        for number in range(KILLS):
            child = writers.start(folder, DOCUMENTS, PARAGRAPHS, number, 1_000)
            child.wait_for(draw.choice([2, 3, 4, 5, 6, 7]) if number else 0)
            time.sleep(draw.uniform(0.0, 0.06) if number else 0.0)
            child.kill()
            truth.judge(child.lines)
            assert truth.faults == []
        assert truth.acknowledged > KILLS

        last = writers.start(folder, DOCUMENTS, PARAGRAPHS, KILLS, 15)
        assert last.end() == 0
    truth.judge(last.lines)
    assert truth.faults == []
    collection = collection_at(folder)
    assert_sound(collection)
    held = {name: version for name, version in truth.versions.items() if version}
    assert texts_of(collection) == {n: chunks_of(n, v, PARAGRAPHS) for n, v in held.items()}
    with collection.writer() as writer:
        gone = writer.delete(sorted(held))
    assert (gone.documents, gone.chunks) == (len(held), gone.vectors)
    assert keys_of(collection) == ([], [], [])
    collection.close()
