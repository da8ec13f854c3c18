"""Kills -9 a process that adds, updates and deletes, at random moments; counts what was lost.

    python -m bench.crash [--kills 200] [--documents 60] [--paragraphs 30] [--seed 1]

The process acknowledges each operation when it is durable. After each kill the collection is
opened and compared with what was acknowledged: zero documents lost, zero half-visible, zero failed
opens, zero deleted ones back, and catalog and indexes agree. With 60 documents of 30 chunks, the
dense index is merged and the segments of the sparse one are compacted every few dozen operations.
Exit code 1 where anything is wrong.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests" / "index"))

from killing import Truth, Writers


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--paragraphs", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw = random.Random(given.seed)
    begun = time.monotonic()
    merges: set[tuple[str, ...]] = set()
    with tempfile.TemporaryDirectory() as scratch, Writers() as writers:
        folder = Path(scratch) / "collection"
        truth = Truth(folder, given.paragraphs)
        for kill in range(given.kills):
            seed = draw.randrange(2**31)
            child = writers.start(folder, given.documents, given.paragraphs, seed, 10**6)
            # Every tenth while it starts, opens and catches up; the others after some operations,
            # however slow the machine is, so that merges are met too.
            lines = 0 if kill % 10 == 0 else draw.randrange(1, 40)
            child.wait_for(lines)
            time.sleep(draw.uniform(0.0, 0.3 if lines else 0.1))
            child.kill()
            truth.judge(child.lines)
            merges.add(tuple(sorted(path.name for path in (folder / "dense").glob("*"))))
            if sys.stderr.isatty():
                print(f"\r{kill + 1}/{given.kills}", end="", file=sys.stderr)
    counted = Counter(fault.partition(":")[0] for fault in truth.faults)
    print(f"kills                {given.kills}")
    print(f"acknowledged         {truth.acknowledged} operations")
    print(f"states of the dense index on disk  {len(merges)}")
    for kind in ("lost", "half-visible or lost", "deleted and back", "failed open", "unsound"):
        print(f"{kind:21}{counted[kind]}")
    print(f"seconds              {time.monotonic() - begun:.0f}")
    for fault in truth.faults[:20]:
        print(fault)
    sys.exit(bool(truth.faults))


if __name__ == "__main__":
    main()
