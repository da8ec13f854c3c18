"""What `braid bench parse` measures: files to chunks, in a process of its own."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from api.benchmark_child import peak_mb, run_child
from ingest.contract import BraidError, Unavailable
from ingest.pipeline import load, read

_FAST = {"application/pdf": {"layout": False}}


@dataclass(frozen=True, slots=True)
class ParseSpeed:
    """One file: its pages (0 where the format has none) and chunks; the seconds that reading and
    chunking took, pages per second over both, and the seconds of one core (`cpu_s`); the most
    memory that the process held, in MB, and what it held of that before (`idle_mb`). `reason`
    tells why a file could not be read."""

    file: str
    pages: int = 0
    chunks: int = 0
    parse_s: float = 0.0
    chunk_s: float = 0.0
    pages_per_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    idle_mb: float = 0.0
    reason: str = ""


def bench_parse(path: Path, fast: bool) -> ParseSpeed:
    """Reads and chunks the file in a new process, so that its peak of memory is its own. The
    tokenizer is loaded before the clock starts. A file that cannot be read gives its reason."""
    try:
        found = run_child("api.benchmark_parse", str(path), *(["--fast"] if fast else []))
    except Unavailable as error:
        return ParseSpeed(str(path), reason=str(error))
    return ParseSpeed(**found)


def measure(path: Path, fast: bool) -> ParseSpeed:
    """The same, in this process."""
    from api.compose import Braid
    from api.settings import Settings

    ingestor = Braid(Settings()).ingestor
    ingestor.counter.count(["warm"])
    idle = peak_mb()
    worked = time.process_time()
    begun = time.perf_counter()
    try:
        document = read(load(path), _FAST if fast else None)
    except BraidError as error:
        return ParseSpeed(str(path), reason=str(error))
    between = time.perf_counter()
    chunks = ingestor.chunker.chunk(document, ingestor.counter)
    ended = time.perf_counter()
    return ParseSpeed(
        str(path),
        document.page_count,
        len(chunks),
        round(between - begun, 3),
        round(ended - between, 3),
        round(document.page_count / (ended - begun), 2),
        round(time.process_time() - worked, 3),
        round(peak_mb(), 1),
        round(idle, 1),
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure(Path(sys.argv[1]), "--fast" in sys.argv[2:]))))
