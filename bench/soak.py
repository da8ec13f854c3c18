"""Readers and a writer on one collection for minutes: errors, stale reads, lost documents, memory.

    python -m bench.soak [--seconds 600] [--threads 16] [--processes 4] [--documents 300]

One process holds the writer, which adds, updates and deletes documents without a pause, and the
reader threads; the reader processes follow it from outside. Every document has a word of its own
and the number of its version. A reader asks for the word of a document and looks which version it
is shown: by words among all documents, by meaning or by the default fusion under a filter that
leaves this document. Met is: no error; nothing that was replaced or deleted, and nothing missing,
over 2 s after the write was acknowledged; never two versions of a document in one result; and no
growth of memory after the warm-up (a quarter of the time), which takes runs of two minutes or more
to be judged. Ends with 1 where that is not met.

Texts are embedded by a cheap stand-in: the model is not what is tried here.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import psutil

from api.benchmark_history import STALE_S, Follower, Journal, Verdict
from api.compose import Braid
from api.settings import load_settings
from index.contract import Embeddings, QueryEmbedding, Vectors
from index.pipeline import Collection, Parts, Writer
from ingest.contract import Block, BlockKind, Chunk, Document, chunk_id
from retrieve.contract import Query
from retrieve.pipeline import Retriever

DIMENSION = 64
WORDS = ("泵", "阀", "轴承", "密封", "压力", "温度", "valve", "pump", "seal", "bearing", "pressure")
WAYS = ("sparse", "dense", "default")
LEAST_SECONDS = 120.0
"""Shorter runs say nothing about memory: caches and allocators are still filling."""

GROWTH_MB, GROWTH_SHARE = 16.0, 0.05
"""What a process may grow by after the warm-up, whichever is more: allocators round and wander."""

LOCK_S = 60.0


@dataclass(frozen=True)
class WordEmbedder:
    """The sum of a fixed direction for each word."""

    fingerprint: str = "soak/1"
    dimension: int = DIMENSION
    max_tokens: int = 512

    def count(self, texts: Sequence[str]) -> list[int]:
        return [2 + len(text.split()) for text in texts]

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([sum(map(_direction, text.split())) for text in texts], dtype=np.float32)
        rows = rows.reshape(len(texts), DIMENSION)
        rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-6)
        return rows

    def embed_with_tokens(self, texts: Sequence[str]) -> Embeddings:
        vectors = self.embed_passages(texts)
        return Embeddings(vectors, [vectors[:0]] * len(texts))

    def embed_tokens(self, texts: Sequence[str]) -> Sequence[Vectors]:
        return self.embed_with_tokens(texts).tokens

    def embed_query(self, text: str) -> QueryEmbedding:
        vector = self.embed_passages([text])
        return QueryEmbedding(vector[0], vector[:0])


@lru_cache(maxsize=1024)
def _direction(word: str) -> Vectors:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:8], "big")
    return np.random.default_rng(seed).standard_normal(DIMENSION).astype(np.float32)


def parts() -> Parts:
    """Analyzer and indexes as they are set, and the cheap embedder."""
    return replace(Braid(load_settings()).parts, embedder=WordEmbedder())


def word_of(number: int) -> str:
    """The word that no other document has."""
    return f"unit{number:06}"


def document(number: int, version: int, dice: random.Random) -> tuple[Document, list[Chunk]]:
    """A document of three chunks: the first has its word and version, the last never changes."""
    texts = [
        f"{word_of(number)} version {version} " + " ".join(dice.choices(WORDS, k=20)),
        " ".join(dice.choices(WORDS, k=40)),
        f"remark {number} " + " ".join(WORDS),
    ]
    blocks = tuple(Block(BlockKind.PARAGRAPH, text) for text in texts)
    name = f"doc{number:06}"
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()
    made = Document(name, name, "text/plain", digest, blocks, metadata={"number": number})
    chunks = [
        Chunk(chunk_id(name, (), text, 0), name, at, BlockKind.PARAGRAPH, name, (), text, span)
        for at, (text, span) in enumerate(zip(texts, made.block_spans(), strict=True))
    ]
    return made, chunks


@dataclass
class Seen:
    """What one reader, or all of a process, came across."""

    looks: int = 0
    stale_s: float = 0.0
    faults: list[str] = field(default_factory=list)

    def add(self, other: Seen) -> None:
        """Counts another reader's in."""
        self.looks += other.looks
        self.stale_s = max(self.stale_s, other.stale_s)
        self.faults += other.faults


class Reader:
    """Looks at documents until `end`, in one thread."""

    def __init__(self, collection: Collection, follower: Follower, seed: int) -> None:
        self.seen = Seen()
        self._collection = collection
        self._follower = follower
        self._dice = random.Random(seed)
        self._retriever = Retriever()

    def run(self, end: float) -> None:
        """A fault or an error is noted, and does not stop the others."""
        while time.monotonic() < end:
            try:
                verdict = self._look()
            except Exception as error:
                verdict = Verdict(f"{type(error).__name__}: {error}")
            self.seen.looks += 1
            self.seen.stale_s = max(self.seen.stale_s, verdict.stale_s)
            if verdict.fault:
                self.seen.faults.append(verdict.fault)

    def _look(self) -> Verdict:
        number, way = self._dice.choice(self._follower.numbers()), self._dice.choice(WAYS)
        only = None if way == "sparse" else {"number": number}
        asked = time.monotonic()
        query = Query(word_of(number), 10, way, only)
        hits = self._retriever.search(self._collection.snapshot(), query).hits
        own = [hit.chunk.text.split() for hit in hits if hit.chunk.text.startswith(query.text)]
        versions = {int(words[2]) for words in own}
        if len(versions) > 1:
            return Verdict(f"document {number} shows versions {sorted(versions)} at once")
        verdict = self._follower.judge(number, max(versions, default=None), asked)
        return replace(verdict, fault=f"{verdict.fault} ({way})") if verdict.fault else verdict


class Author:
    """Adds, updates and deletes, about as many of each, and keeps the number of documents."""

    def __init__(self, collection: Collection, journal: Journal, documents: int) -> None:
        self.writes = 0
        self.fault = ""
        self._collection = collection
        self._journal = journal
        self._size = documents
        self._alive: dict[int, None] = {}
        self._version = 0
        self._next = 0
        self._dice = random.Random(0)

    def fill(self) -> None:
        """The first documents, before anybody reads."""
        with self._collection.writer() as writer:
            for _ in range(self._size):
                self._put(writer, self._new())

    def run(self, end: float) -> None:
        """The lock is given back now and then, so that readers may catch up as its owners."""
        try:
            while time.monotonic() < end:
                with self._collection.writer(LOCK_S) as writer:
                    for _ in range(self._dice.randint(1, 8)):
                        self._write(writer)
        except Exception as error:
            self.fault = f"the writer stopped: {type(error).__name__}: {error}"

    def _write(self, writer: Writer) -> None:
        chance = self._dice.random()
        wanted = 1 / 3 * self._size / max(len(self._alive), 1)
        if chance < wanted:
            self._put(writer, self._new())
        elif chance < 2 / 3:
            self._put(writer, self._dice.choice(list(self._alive)))
        else:
            self._delete(writer, self._dice.choice(list(self._alive)))
        self.writes += 1

    def _new(self) -> int:
        """A number never used, or, now and then, one that was deleted."""
        gone = [n for n in range(max(0, self._next - 20), self._next) if n not in self._alive]
        if gone and self._dice.random() < 0.3:
            return self._dice.choice(gone)
        self._next += 1
        return self._next - 1

    def _put(self, writer: Writer, number: int) -> None:
        self._version += 1
        made = document(number, self._version, self._dice)
        self._journal.begin(number, self._version, deletes=False)
        writer.put([made], "soak")
        self._journal.acknowledge(number, self._version)
        self._alive[number] = None

    def _delete(self, writer: Writer, number: int) -> None:
        self._version += 1
        self._journal.begin(number, self._version, deletes=True)
        writer.delete([f"doc{number:06}"])
        self._journal.acknowledge(number, self._version)
        del self._alive[number]


@dataclass(frozen=True)
class Memory:
    """Of one process after the warm-up: MB at its end, and what it grew by (least squares)."""

    name: str
    mb: float
    growth_mb: float
    met: bool


def memory_of(name: str, samples: Sequence[tuple[float, float]]) -> Memory:
    """From (second, MB) after the warm-up."""
    times, sizes = np.array(samples).T
    slope = float(np.polyfit(times, sizes, 1)[0])
    growth = slope * float(times[-1] - times[0])
    met = growth <= max(GROWTH_MB, GROWTH_SHARE * float(sizes[0]))
    return Memory(name, round(float(sizes[-1]), 1), round(growth, 1), met)


def read_alone(folder: Path, journal: Path, seed: int, end: float) -> Seen:
    """What a reader process does."""
    collection = Collection.open(folder, parts())
    follower = Follower(journal)
    reader = Reader(collection, follower, seed)
    reader.run(end)
    follower.close()
    collection.close()
    return reader.seen


def watch(processes: dict[str, int], end: float) -> dict[str, list[tuple[float, float]]]:
    """Memory of the processes, once a second, until the end."""
    samples: dict[str, list[tuple[float, float]]] = {name: [] for name in processes}
    while (now := time.monotonic()) < end:
        for name, pid in processes.items():
            try:
                held = psutil.Process(pid).memory_info().rss
            except psutil.NoSuchProcess:
                continue
            samples[name].append((now, held / 1e6))
        time.sleep(min(1.0, max(0.0, end - now)))
    return samples


def soak(work: Path, given: argparse.Namespace) -> dict[str, object]:
    """The whole run; what came of it."""
    folder, path = work / "collection", work / "journal"
    collection = Collection.create(folder, parts())
    journal = Journal(path)
    author = Author(collection, journal, given.documents)
    author.fill()
    end = time.monotonic() + given.seconds
    command = [sys.executable, "-m", "bench.soak", "--read", str(folder), str(path)]
    children = [
        subprocess.Popen([*command, str(1000 + n), repr(end)], stdout=subprocess.PIPE, text=True)
        for n in range(given.processes)
    ]
    follower = Follower(path)
    readers = [Reader(collection, follower, n) for n in range(given.threads)]
    runs = [author.run, *(reader.run for reader in readers)]
    tasks = [threading.Thread(target=run, args=(end,)) for run in runs]
    for task in tasks:
        task.start()
    pids = {"writer and threads": psutil.Process().pid}
    pids |= {f"reader process {n}": child.pid for n, child in enumerate(children)}
    samples = watch(pids, end)
    for task in tasks:
        task.join()
    seen = Seen()
    for reader in readers:
        seen.add(reader.seen)
    for child in children:
        told, _ = child.communicate()
        seen.add(Seen(**json.loads(told)) if child.returncode == 0 else Seen(faults=["no report"]))
    follower.close()
    journal.close()
    faults = [*collection.check(), *seen.faults, *([author.fault] if author.fault else [])]
    collection.close()
    counted = end - given.seconds * 3 / 4
    late = {name: [s for s in taken if s[0] >= counted] for name, taken in samples.items()}
    judged = given.seconds >= LEAST_SECONDS
    memory = [memory_of(name, taken) for name, taken in late.items()] if judged else []
    return {
        "met": not faults and all(one.met for one in memory),
        "seconds": given.seconds,
        "writes": author.writes,
        "looks": seen.looks,
        "stalest_read_s": round(seen.stale_s, 3),
        "faults": len(faults),
        "first_faults": faults[:10],
        "memory": [asdict(one) for one in memory] or "too short a run to judge",
    }


def main() -> None:
    """Prints the verdict as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--threads", type=int, default=16)
    parser.add_argument("--processes", type=int, default=4)
    parser.add_argument("--documents", type=int, default=300)
    parser.add_argument("--read", nargs=4, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        folder, journal, seed, end = given.read
        print(json.dumps(asdict(read_alone(Path(folder), Path(journal), int(seed), float(end)))))
        return
    with tempfile.TemporaryDirectory(prefix="braid-soak-") as work:
        verdict = soak(Path(work), given)
    print(json.dumps({**verdict, "stale_limit_s": STALE_S}, indent=2))
    sys.exit(0 if verdict["met"] else 1)


if __name__ == "__main__":
    main()
