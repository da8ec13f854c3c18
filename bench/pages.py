"""How long a page image takes: `python bench/pages.py FILE.pdf [PAGES]`, drawn as the service does
it, in a process of its own, each page for the first time."""

from __future__ import annotations

import hashlib
import statistics
import sys
import time
from pathlib import Path

from api.originals import File, Pages
from ingest.contract import Box


def main() -> None:
    path = Path(sys.argv[1])
    wanted = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    file = File(path, digest, path.name, "application/pdf", 10_000, path.name)
    pages = Pages()
    try:
        taken, sizes = [], []
        for page in range(1, wanted + 1):
            begun = time.perf_counter()
            png = pages.png(file, page, 96, (Box(page, 72, 72, 300, 120),))
            taken.append(1000 * (time.perf_counter() - begun))
            sizes.append(len(png))
        begun = time.perf_counter()
        pages.png(file, 1, 96, (Box(1, 72, 72, 300, 120),))
        again = 1000 * (time.perf_counter() - begun)
    finally:
        pages.close()
    rest = sorted(taken[1:])
    late = rest[int(0.95 * len(rest))]
    print(
        f"{path.name}: first page {taken[0]:.0f} ms (the process starts), the next {len(rest)} "
        f"median {statistics.median(rest):.0f} ms, 95 % within {late:.0f} ms; "
        f"the same page again {again:.2f} ms; {statistics.mean(sizes) / 1024:.0f} KB a page"
    )


if __name__ == "__main__":
    main()
