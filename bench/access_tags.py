"""What access tags cost a search, on a copy of a collection.

    python -m bench.access_tags FOLDER [--collection NAME] [--rounds 40] [--share 0.3]

FOLDER is a data folder of Braid; its collection is copied, for the documents of the copy get tags:
`share` of them one that the reader does not hold. The same questions (sentences of the collection)
are asked in turn by readers of all sorts, so that all meet the same load, and what is printed are
times by themselves and as ratios: of a reader without tags; of one with tags where nothing is
tagged; then, with the tags there, of one who sees all; of one who sees the rest; and of one who
sees all and filters by metadata that leave the same documents.
"""

from __future__ import annotations

import argparse
import random
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from api.compose import Braid
from api.settings import load_settings
from index.pipeline import Collection
from retrieve.contract import MIX, Query

_SENTENCE = re.compile(r"[^。！？.!?\n]{12,60}")
_SEED = 7
HIDDEN, HELD = "bench-hidden", "bench-held"


def questions_of(collection: Collection, count: int, draw: random.Random) -> list[str]:
    """Sentences of the collection, so that something is found."""
    records = collection.records(limit=100_000)
    found: list[str] = []
    while len(found) < count:
        chunks = collection.document_chunks(draw.choice(records).id)
        found += _SENTENCE.findall(draw.choice(chunks).text)[:1] if chunks else []
    return found


def measured(
    readers: dict[str, Callable[[str], object]], questions: Sequence[str], seconds: float
) -> dict[str, list[float]]:
    """Milliseconds of each reader; they take turns, and none asks what another has just asked. The
    questions are embedded before: that is the same for all."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    number = 0
    for ask in readers.values():
        for question in questions:  # what is made when it is first needed
            ask(question)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for place, (name, ask) in enumerate(readers.items()):
            question = questions[(number + place * 13) % len(questions)]
            begun = time.perf_counter()
            ask(question)
            times[name].append((time.perf_counter() - begun) * 1000)
        number += 1
    return times


def shown(times: dict[str, list[float]], by: str) -> None:
    """Prints medians, and ratios to one of them."""
    base = statistics.median(times[by])
    for name, values in times.items():
        middle = statistics.median(values)
        print(f"  {name:34} {middle:7.2f} ms  x {middle / base:.2f}  ({len(values)} searches)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--collection")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--share", type=float, default=0.3)
    parser.add_argument("--mode", default=MIX)
    given = parser.parse_args()
    draw = random.Random(_SEED)
    with tempfile.TemporaryDirectory(prefix="braid-access-") as place:
        folder = Path(place) / "data"
        shutil.copytree(given.folder, folder)
        braid = Braid(load_settings(data_dir=folder))
        collection = braid.store.get(given.collection or braid.store.names()[0])
        braid.prepare(collection)
        questions = questions_of(collection, 40, draw)

        def reader(tags: frozenset[str] | None, **more: object) -> Callable[[str], object]:
            def ask(text: str) -> object:
                query = Query(text, mode=given.mode, **more)  # type: ignore[arg-type]
                return braid.search(collection, query, tags)

            return ask

        held = frozenset([HELD])
        print(f"{collection.stats().chunks} chunks, nothing tagged")
        plain = {"no tags": reader(None), "tags": reader(held)}
        shown(measured(plain, questions, given.seconds), "no tags")
        ids = [record.id for record in collection.records(limit=1_000_000)]
        hidden = draw.sample(ids, int(len(ids) * given.share))
        with collection.writer() as writer:
            begun = time.perf_counter()
            writer.describe(hidden, {"bench": 1}, [HIDDEN])
            print(f"{len(hidden)} documents tagged in {time.perf_counter() - begun:.2f} s")
        begun = time.perf_counter()
        snapshot = collection.snapshot(held)
        print(f"first restricted snapshot {(time.perf_counter() - begun) * 1000:.0f} ms")
        begun = time.perf_counter()
        collection.snapshot().words_like("zzzqqq", 1)
        print(f"words of all {(time.perf_counter() - begun) * 1000:.0f} ms")
        begun = time.perf_counter()
        snapshot.words_like("zzzqqq", 1)
        print(f"words of what is seen {(time.perf_counter() - begun) * 1000:.0f} ms")
        begun = time.perf_counter()
        collection.graph(held)
        print(f"graph of what is seen {(time.perf_counter() - begun) * 1000:.0f} ms")
        rest = {"bench": {"$exists": False}}
        readers = {
            "no tags": reader(None),
            "tags, 30 % hidden": reader(held),
            "no tags, filter leaving the same": reader(None, filter=rest),
        }
        shown(measured(readers, questions, given.seconds), "no tags")
        braid.close()


if __name__ == "__main__":
    main()
