"""What the entity graph of a collection costs.

    python -m bench.graph FOLDER [--added 100]

FOLDER is a collection's own (…/collections/NAME). It is copied aside; the facts of all its chunks
are found anew there and stored, the graph is derived and cut into communities. Then the last
chunks are taken out and put back as if they were new, and the graph brought up to date: what one
more upload costs.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.catalog import CATALOG, Catalog
from index.graph.contract import RULES
from index.graph.extraction import Extraction
from index.graph.graphs import Graphs
from index.graph.pipeline import build_extractor


@contextmanager
def timed(name: str, chunks: int) -> Iterator[None]:
    begun, worked = time.perf_counter(), time.process_time()
    yield
    took, work = time.perf_counter() - begun, time.process_time() - worked
    print(
        f"{name:<24}{took:8.2f} s {work:8.2f} s of work {chunks / max(took, 1e-9):10,.0f} chunks/s"
    )


def forget(catalog: Catalog, keys: list[int]) -> None:
    """Takes away the facts of chunks, as if those were gone."""
    with catalog.transaction() as connection:
        connection.executemany("DELETE FROM facts WHERE key = ?", [(key,) for key in keys])


def measure(folder: Path, added: int) -> None:
    with tempfile.TemporaryDirectory() as aside:
        shutil.copytree(folder, Path(aside) / "c")
        catalog = Catalog(Path(aside) / "c" / CATALOG)
        keys = [row[0] for row in catalog.read("SELECT key FROM chunks ORDER BY key")]
        forget(catalog, keys)
        extraction = Extraction(catalog, build_extractor("rules"))
        print(f"{len(keys):,} chunks")
        with timed("find and store facts", len(keys)):
            for _ in extraction.catch_up():
                pass
        graphs = Graphs(catalog)
        with timed("read and derive", len(keys)):
            graph = graphs.newest()
        with timed("cut into communities", len(keys)):
            graph.communities()
        last = keys[-added:]
        forget(catalog, last)
        with timed(f"{len(last)} more: facts", len(last)):
            for _ in extraction.catch_up():
                pass
        with timed(f"{len(last)} more: graph", len(last)):
            graph = graphs.newest()
        stats, stored = graph.stats(), catalog.read("SELECT sum(length(facts)) FROM facts")[0][0]
        print(f"{stats}\n{stored / len(keys):.0f} bytes of facts a chunk ({RULES})")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(f"peak {peak:.0f} MB")
        catalog.close()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--added", type=int, default=100)
    given = parser.parse_args()
    measure(given.folder, given.added)
