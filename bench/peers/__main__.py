"""Measures Braid beside its peers.

    python -m bench.peers SETS... --out FILE.json [--questions 100] [--operations SET...]
        [--systems NAME...] [--venvs FOLDER] [--work FOLDER] [--lock FILE] [--again]

SETS are BEIR folders. A cell is one system in one set-up on one set; those that FILE has already
are passed over, so a run that was stopped goes on where it was. `--operations` names the sets on
which deletions, additions, threads and kills are tried, too (by default the first of them). A
system without a venv is passed over, and said. `--lock` is a file that is locked while cells are
measured, for machines on which others measure, too; it is let go between two cells, before HOLD_S.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import shutil
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.benchmark_child import machine
from api.compose import Braid
from api.settings import load_settings
from api.version import version
from bench.peers import operations, searches
from bench.peers.data import SPEED, is_prepared, prepare, sampled
from bench.peers.install import default_venvs, is_installed, program_of
from bench.peers.process import Died, Refused, System
from bench.peers.protocol import OUT_OF_THE_BOX, Given
from bench.peers.results import OPERATIONS, SEARCHES, Cell, Results, key_of
from bench.peers.searches import Case
from bench.peers.systems import BRAID, PEERS, SHOWN, stands

HOLD_S = 230.0
"""So long the lock is held at the most, as far as can be said beforehand."""


class Turn:
    """Alone on the machine, as far as others keep to the lock; without a lock it is always our
    turn."""

    def __init__(self, lock: Path | None) -> None:
        self._file = lock.open("a") if lock is not None else None
        self._since: float | None = None

    def take(self, wanted_s: float) -> None:
        """Waits for our turn, unless it is, and so many seconds are left of it."""
        if self._since is not None and time.monotonic() - self._since + wanted_s > HOLD_S:
            self.give()
            time.sleep(1.0)  # so that one who waits gets it
        if self._since is None:
            if self._file is not None:
                fcntl.flock(self._file, fcntl.LOCK_EX)
            self._since = time.monotonic()

    def give(self) -> None:
        """Ends our turn."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._since = None


@dataclass(frozen=True)
class Run:
    """Where things lie, and what every cell has in common."""

    results: Results
    work: Path
    venvs: Path
    turn: Turn
    again: bool

    def cells(self, path: Path, asked: argparse.Namespace) -> None:
        """Measures one set by every system."""
        dataset = sampled(path, asked.questions)
        data = self.work / "data" / f"{dataset.name}-{len(dataset.queries)}"
        if not is_prepared(data):
            self.turn.take(HOLD_S)
            braid = Braid(load_settings())
            prepare(braid, dataset, data)
            braid.close()
        case = Case(dataset, Given(data))
        self.results.describe_set(dataset.name, described(case))
        parts = [SEARCHES]
        if dataset.name in (asked.operations or [asked.sets[0].name]):
            parts.append(OPERATIONS)
        for part in parts:
            for name, set_up in stands(asked.systems or list(SHOWN)):
                if part == OPERATIONS and name in PEERS and set_up == OUT_OF_THE_BOX:
                    continue  # words change nothing here
                self._cell(case, name, set_up, part)

    def _cell(self, case: Case, name: str, set_up: str, part: str) -> None:
        key = key_of(case.dataset.name, name, set_up, part)
        if self.results.has(key) and not self.again:
            return
        if name in PEERS and not is_installed(name, self.venvs):
            print(f"{key}: not installed (python -m bench.peers.install {name})", file=sys.stderr)
            return
        folder = self.work / "cells" / f"{os.getpid()}-{name}"
        python = Path(sys.executable) if name == BRAID else program_of(name, self.venvs)
        system = System(name, set_up, python, folder / "store", case.given.folder)
        measure = searches.measured if part == SEARCHES else operations.measured
        self.turn.take(_guessed_s(len(case.given.entries), part))
        begun = time.monotonic()
        cell: Cell = {"load": os.getloadavg()[0]}
        try:
            cell.update(measure(system, case))
        except (Died, Refused) as error:
            cell["error"] = str(error)
        cell["cell_s"] = time.monotonic() - begun
        shutil.rmtree(folder, ignore_errors=True)
        self.results.keep(key, cell)
        told = cell.get("error") or cell.get("measures") or "done"
        print(f"{key}: {cell['cell_s']:.0f} s, {told}", flush=True)


def _guessed_s(entries: int, part: str) -> float:
    """How long a cell may take: more for operations, which start a dozen processes."""
    return (15 if part == SEARCHES else 70) + 0.015 * entries


def described(case: Case) -> dict[str, Any]:
    """What there is to know of a set."""
    return {
        "questions": len(case.dataset.queries),
        "documents": len(case.documents),
        "entries": len(case.given.entries),
        "sources": dict(case.dataset.sources),
        **json.loads((case.given.folder / SPEED).read_text(encoding="utf-8")),
    }


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser("bench.peers", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("sets", type=Path, nargs="+", metavar="set")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--questions", type=int, default=100)
    parser.add_argument("--operations", nargs="+", metavar="set")
    parser.add_argument("--systems", nargs="+", choices=list(SHOWN))
    parser.add_argument("--venvs", type=Path)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--lock", type=Path)
    parser.add_argument("--again", action="store_true")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measures what is missing."""
    asked = parsed(arguments)
    results = Results(asked.out)
    work = asked.work or load_settings().cache_dir / "peers"
    results.describe(
        {
            "questions": asked.questions,
            "braid": version(),
            "machine": machine(),
        }
    )
    run = Run(results, work, asked.venvs or default_venvs(), Turn(asked.lock), asked.again)
    for path in asked.sets:
        run.cells(path, asked)
    run.turn.give()


if __name__ == "__main__":
    main()
