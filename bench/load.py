"""People who search while documents come in, and a kill -9 in the middle of it.

    python -m bench.load [--corpus FOLDER]... [--clients 32] [--rate 16] [--seconds 600]
                         [--workers 1] [--kills 1] [--json FILE]

A corpus is a BEIR folder (its texts are indexed, its queries asked), or a folder of files; the
sample documents with their questions, if none is named. The server is the real one, in a process
of its own, over a folder that goes afterwards.

0. Warmed up: as many documents come in as the collection will have, and once more as many: it no
   longer grows then, and batches of all sizes have been embedded (each size takes some memory).
1. Unloaded: one searcher, nothing else. Its p50 is the measure of the rest.
2. Loaded: `clients` people, each of whom searches, reads for a while (exponentially distributed,
   so that all of them together come to about `rate` searches a second), and searches again;
   documents are uploaded so that ingestion never rests. Wanted: no error, p95 of at most 6 times
   the unloaded p50, and memory that does not grow after the warm-up (a quarter of the time).
3. Saturated (with `--saturate`): the same people without a pause, which is as many searches as
   the machine can do. By Little's law latency is then clients / throughput, whatever a server
   does: the line is there for the throughput.
4. Killed: the same load; the server is killed with -9 while a job runs, started again, and all
   that it acknowledged has to be there in the end. Only refused or broken connections are let
   pass, and only while it is down.

Ends with 1 where anything wanted is not met.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from bench.load_server import (
    COLLECTION,
    ROOT,
    Connection,
    Downtime,
    Searcher,
    Server,
    Tally,
    Uploader,
    free_port,
    multipart,
)

MOST_RATIO = 6.0
GROWTH_MB_PER_MIN = 2.0
"""What memory may grow by after the warm-up: over ten minutes, less than a tenth of a process."""
LEAST_SECONDS = 240.0
"""Shorter runs say nothing about memory: caches and allocators are still filling."""
_SETTLE_S = 600.0


@dataclass(frozen=True)
class Corpus:
    """What is indexed before anybody searches, what is asked, and what uploads are made of."""

    texts: dict[str, str]
    files: dict[str, bytes]
    queries: list[str]

    @property
    def paragraphs(self) -> list[str]:
        """Texts that uploads are put together from."""
        found = list(self.texts.values())
        for name, data in self.files.items():
            if name.endswith((".md", ".txt")):
                with suppress(UnicodeDecodeError):  # some are in other encodings, to be read so
                    found += data.decode("utf-8").split("\n\n")
        return [text.strip() for text in found if len(text.strip()) > 80]


def corpus_of(folders: Sequence[Path]) -> Corpus:
    """The corpus of some folders; the samples, where there are none."""
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    queries: list[str] = []
    for folder in folders:
        if (folder / "corpus.jsonl").is_file():
            rows = _lines(folder / "corpus.jsonl")
            texts |= {f"{folder.name}/{row['_id']}": row["text"] for row in rows}
            queries += [row["text"] for row in _lines(folder / "queries.jsonl")]
        else:
            files |= {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}
    if not queries:
        queries = [row["text"] for row in _lines(ROOT / "examples" / "questions.jsonl")]
    if not texts and not files:
        corpus = ROOT / "examples" / "corpus"
        files = {p.name: p.read_bytes() for p in sorted(corpus.iterdir()) if p.is_file()}
    return Corpus(texts, files, queries)


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def fill(port: int, corpus: Corpus) -> int:
    """Makes the collection; chunks that it has."""
    base = f"/v1/collections/{COLLECTION}"
    with Connection(port) as connection:
        _expect(connection.json("POST", "/v1/collections", {"name": COLLECTION}), 201)
        rows = [{"id": name, "text": text} for name, text in corpus.texts.items()]
        for start in range(0, len(rows), 100):
            body = {"documents": rows[start : start + 100]}
            _expect(connection.json("POST", f"{base}/documents/text", body), 202)
        if corpus.files:
            sent, kind = multipart(corpus.files)
            _expect(connection.send("POST", f"{base}/documents", sent, kind), 202)
    settle(port)
    with Connection(port) as connection:
        return int(_expect(connection.json("GET", base), 200)["chunks"])


def settle(port: int) -> None:
    """Waits until no job is left."""
    end = time.monotonic() + _SETTLE_S
    with Connection(port) as connection:
        while time.monotonic() < end:
            path = f"/v1/collections/{COLLECTION}/jobs?limit=50"
            jobs = _expect(connection.json("GET", path), 200)["jobs"]
            if all(job["state"] in ("done", "failed") for job in jobs):
                return
            time.sleep(0.2)
    raise SystemExit(f"jobs were left after {_SETTLE_S:.0f} s")


def _expect(answer: tuple[int, Any], status: int) -> Any:
    if answer[0] != status:
        raise SystemExit(f"{answer[0]} in place of {status}: {answer[1]}")
    return answer[1]


@dataclass
class Phase:
    """What came of a stretch of time."""

    name: str
    seconds: float
    searches: int = 0
    per_second: float = 0.0
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    p99_ms: float = 0.0
    max_ms: float = 0.0
    uploads: int = 0
    documents: int = 0
    refused: int = 0
    errors: list[str] = field(default_factory=list)
    memory_mb: float = 0.0
    memory_peak_mb: float = 0.0
    memory_mb_per_min: float | None = None

    def told(self) -> str:
        """In a line."""
        grown = ""
        if self.memory_mb_per_min is not None:
            grown = f", {self.memory_mb_per_min:+.2f} MB/min"
        return (
            f"{self.name:10}{self.searches:>7} searches, {self.per_second:6.1f}/s  "
            f"p50 {self.p50_ms:7.1f}  p95 {self.p95_ms:7.1f}  p99 {self.p99_ms:7.1f}  "
            f"max {self.max_ms:7.1f} ms; {self.uploads} uploads of {self.documents} documents; "
            f"{self.refused} refused, {len(self.errors)} errors; {self.memory_mb:.0f} MB "
            f"(peak {self.memory_peak_mb:.0f}){grown}"
        )


@dataclass
class Load:
    """A run over one server."""

    server: Server
    corpus: Corpus
    may_be_down: Downtime = field(default_factory=Downtime)

    def phase(
        self, name: str, seconds: float, clients: int, think_s: float, uploader: Uploader | None
    ) -> Phase:
        """Searchers, and an uploader where one is given, for some seconds."""
        stop, tally = threading.Event(), Tally()
        people = [
            Searcher(self.server.port, self.corpus.queries, think_s, n, tally, self.may_be_down)
            for n in range(clients)
        ]
        tasks = [threading.Thread(target=one.run, args=(stop,)) for one in people]
        before = (0, 0) if uploader is None else (uploader.uploads, uploader.number)
        if uploader is not None:
            tasks.append(threading.Thread(target=uploader.run, args=(stop,)))
        begun = time.monotonic()
        for task in tasks:
            task.start()
        samples = self._watch(begun + seconds)
        stop.set()
        for task in tasks:
            task.join()
        found = _phase(name, time.monotonic() - begun, tally, samples)
        if uploader is not None:
            found.uploads = uploader.uploads - before[0]
            found.documents = uploader.number - before[1]
            found.errors += uploader.errors
            uploader.errors = []
        return found

    def warmed_up(self, uploader: Uploader, documents: int) -> None:
        """Uploads until so many documents have been handed in, and all of them are indexed."""
        stop = threading.Event()
        task = threading.Thread(target=uploader.run, args=(stop,))
        task.start()
        while uploader.number < documents and not uploader.errors:
            time.sleep(0.1)
        stop.set()
        task.join()
        settle(self.server.port)

    def _watch(self, end: float) -> list[tuple[float, float, float]]:
        samples = []
        while (now := time.monotonic()) < end:
            held = self.server.memory_mb()
            if held:
                samples.append((now, held["serving"], held["all"]))
            time.sleep(min(1.0, max(0.0, end - now)))
        return samples

    def killed(self, seconds: float, clients: int, think_s: float) -> tuple[Phase, dict[str, Any]]:
        """The load with a kill in the middle of a job; the phase, and what was lost."""
        uploader = Uploader(self.server.port, self.corpus.paragraphs, None, self.may_be_down)
        told: dict[str, Any] = {}

        def kill() -> None:
            time.sleep(seconds / 3)
            self._await_job()
            told["unfinished_jobs"] = len(uploader.jobs) - self._ended(uploader.jobs)
            self.may_be_down.set()
            self.server.kill()
            time.sleep(0.5)
            told["restart_s"] = round(self.server.start(), 2)
            self.may_be_down.clear()

        killer = threading.Thread(target=kill)
        killer.start()
        found = self.phase("killed", seconds, clients, think_s, uploader)
        killer.join()
        settle(self.server.port)
        told |= self._missing(uploader)
        return found, told

    def _await_job(self) -> None:
        """Until a job runs: a kill between two would prove little."""
        path = f"/v1/collections/{COLLECTION}/jobs?limit=5"
        end = time.monotonic() + 20
        with Connection(self.server.port) as connection:
            while time.monotonic() < end:
                jobs = connection.json("GET", path)[1]["jobs"]
                if any(job["state"] == "running" for job in jobs):
                    return
                time.sleep(0.01)

    def _ended(self, jobs: Sequence[str]) -> int:
        with Connection(self.server.port) as connection:
            found = [connection.json("GET", f"/v1/jobs/{job}")[1] for job in list(jobs)]
        return sum(job["state"] in ("done", "failed") for job in found)

    def _missing(self, uploader: Uploader) -> dict[str, Any]:
        """Acknowledged uploads that did not become documents: those that are gone without a word
        are lost, those that failed have a reason."""
        lost: list[str] = []
        failed: list[str] = []
        with Connection(self.server.port) as connection:
            for name, digest in uploader.acknowledged.items():
                path = f"/v1/collections/{COLLECTION}/documents/{quote(name)}"
                status, found = connection.json("GET", path)
                if status == 200 and found["content_hash"] == digest:
                    continue
                told = found.get("error") if status == 200 else None
                (failed if told else lost).append(f"{name}: {told or status}")
            jobs = [connection.json("GET", f"/v1/jobs/{job}") for job in uploader.jobs]
        ended = [found["state"] for status, found in jobs if status == 200]
        return {
            "acknowledged_documents": len(uploader.acknowledged),
            "acknowledged_jobs": len(uploader.jobs),
            "jobs_done": ended.count("done"),
            "lost": lost,
            "failed": failed,
        }


def _phase(
    name: str, seconds: float, tally: Tally, samples: Sequence[tuple[float, float, float]]
) -> Phase:
    found = Phase(name, round(seconds, 1), refused=tally.refused, errors=list(tally.errors))
    took = np.array([ms for _, ms in tally.answers])
    if len(took):
        found.searches, found.per_second = len(took), round(len(took) / seconds, 2)
        points = np.percentile(took, [50, 95, 99])
        found.p50_ms, found.p95_ms, found.p99_ms = (round(float(p), 2) for p in points)
        found.max_ms = round(float(took.max()), 2)
    if samples:
        moments, serving, everything = np.array(samples).T
        found.memory_mb = round(float(serving[-1]), 1)
        found.memory_peak_mb = round(float(everything.max()), 1)
        late = moments >= moments[0] + seconds / 4
        if seconds >= LEAST_SECONDS:
            slope = np.polyfit(moments[late], serving[late], 1)[0]
            found.memory_mb_per_min = round(float(slope) * 60, 3)
    return found


def run(given: argparse.Namespace, work: Path) -> dict[str, Any]:
    """The whole test; what came of it."""
    corpus, phases, killed = corpus_of(given.corpus), list[Phase](), list[dict[str, Any]]()
    flags = ["--workers", str(given.workers)] if given.workers > 1 else []
    server = Server(work, free_port(), work / "server.log", [*flags, *given.flag])
    started = server.start()

    def keep(phase: Phase) -> None:
        phases.append(phase)
        print(phase.told(), *phase.errors[:5], sep="\n    ", flush=True)

    try:
        chunks = fill(server.port, corpus)
        load = Load(server, corpus)
        uploader = Uploader(server.port, corpus.paragraphs, given.pool, load.may_be_down)
        load.warmed_up(uploader, 2 * given.pool)
        load.phase("warm-up", given.warm_up, 1, 0.0, None)
        keep(load.phase("unloaded", given.unloaded, 1, 0.0, None))
        for rate in given.rate:
            think = given.clients / rate
            name = "loaded" if len(given.rate) == 1 else f"at {rate:g}/s"
            keep(load.phase(name, given.seconds, given.clients, think, uploader))
        if given.saturate:
            keep(load.phase("saturated", given.saturate, given.clients, 0.0, uploader))
        for _ in range(given.kills):
            think = given.clients / given.rate[0]
            phase, lost = load.killed(given.kill_seconds, given.clients, think)
            keep(phase)
            killed.append(lost)
        stopped = server.stop()
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
    found = {
        "clients": given.clients,
        "rate": given.rate,
        "workers": given.workers,
        "chunks": chunks,
        "start_s": round(started, 2),
        "stop_s": round(stopped, 2),
        "phases": [asdict(phase) for phase in phases],
        "kills": killed,
    }
    return {**found, **verdict(phases, killed)}


def verdict(phases: Sequence[Phase], killed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What was wanted, and whether it was met."""
    unloaded, loaded = phases[0].p50_ms, phases[1]
    ratio = round(loaded.p95_ms / unloaded, 2) if unloaded else None
    slope = loaded.memory_mb_per_min
    errors = [error for phase in phases for error in phase.errors]
    wanted = {
        "no_errors": not errors,
        "ratio": ratio is not None and ratio <= MOST_RATIO,
        "memory_flat": slope is None or slope <= GROWTH_MB_PER_MIN,
        "nothing_lost": all(not one["lost"] for one in killed),
        "jobs_resumed": all(one["jobs_done"] == one["acknowledged_jobs"] for one in killed),
    }
    return {"p95_over_unloaded_p50": ratio, "wanted": wanted, "met": all(wanted.values())}


def parsed(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--corpus", type=Path, action="append", default=[])
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--rate", type=float, nargs="+", default=[16.0], help="searches a second")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--unloaded", type=float, default=20.0)
    parser.add_argument("--warm-up", type=float, default=5.0)
    parser.add_argument("--saturate", type=float, default=0.0, help="seconds of it")
    parser.add_argument("--kills", type=int, default=1)
    parser.add_argument("--kill-seconds", type=float, default=30.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--pool", type=int, default=200, help="documents that uploads replace")
    parser.add_argument("--flag", action="append", default=[], help="of braid serve")
    parser.add_argument("--json", type=Path, help="write all of it here")
    return parser.parse_args(arguments)


def main() -> None:
    """Prints the figures; ends with 1 where they are not as wanted."""
    given = parsed()
    with tempfile.TemporaryDirectory(prefix="braid-load-") as work:
        found = run(given, Path(work))
    if given.json:
        given.json.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    for killed in found["kills"]:
        print(json.dumps({**killed, "lost": killed["lost"][:5], "failed": killed["failed"][:5]}))
    print(f"p95 under load / unloaded p50: {found['p95_over_unloaded_p50']}")
    print(json.dumps(found["wanted"]), "met" if found["met"] else "NOT MET")
    sys.exit(0 if found["met"] else 1)


if __name__ == "__main__":
    main()
