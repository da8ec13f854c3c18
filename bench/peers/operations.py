"""Whether a system keeps what it says it has: deletions, additions, threads, kill -9."""

from __future__ import annotations

import random
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.peers.process import Died, Refused, System
from bench.peers.searches import TOP, Case

CHANGED = 100
"""Documents deleted, and as many added."""
KILLS = 5
THREADS = 4
_THREADED = 50
_WRITTEN = 4
"""Documents in each write of those that are killed."""
_MOST_WRITES = 10
_KEPT = 20
"""Documents looked for after a kill, of those that were there all along."""
_SEED = 5
_PATIENCE_S = 60.0


def measured(system: System, case: Case) -> dict[str, Any]:
    """All of it, each with what went wrong in its `error`."""
    draw = random.Random(_SEED)
    changed = draw.sample(_findable(case), 2 * CHANGED)
    gone, later = changed[:CHANGED], changed[CHANGED:]
    base = [name for name in case.documents if name not in set(later)]
    result = _changes(system, base, gone, later)
    if "error" in result:
        return result
    kept = draw.sample([name for name in base if name not in set(gone)], _KEPT)
    before = system.folder.with_name(f"{system.folder.name}-before")
    shutil.copytree(system.folder, before)
    try:
        result["reopened"] = _attempted(_reopened, system, gone, later)
        result["threads"] = _attempted(_threads, system, case.queries[:_THREADED])
        result["kills"] = [
            _attempted(_killed, _over(system, before, kill), gone, kept, draw)
            for kill in range(KILLS)
        ]
    finally:
        shutil.rmtree(before)
    return result


def _findable(case: Case) -> list[str]:
    """Documents of at most two passages whose beginning no other document has."""
    probes: dict[str, list[str]] = {}
    for name in case.documents:
        probes.setdefault(case.given.query(f"d:{name}"), []).append(name)
    alone = [names[0] for names in probes.values() if len(names) == 1]
    if len(alone) < 2 * CHANGED + _KEPT:
        raise Refused(f"{case.dataset.name} has only {len(alone)} documents that can be told apart")
    return alone


def _attempted(step: Any, *given: Any) -> dict[str, Any]:
    try:
        found: dict[str, Any] = step(*given)
    except (Died, Refused) as error:
        return {"error": str(error)}
    return found


def _found(system: System, documents: Sequence[str]) -> int:
    """How many of the documents are found by their own beginning."""
    asked = [f"d:{name}" for name in documents]
    rows = system.ask("search", queries=asked, k=TOP)["found"]
    return sum(
        any(name == found for found, _ in row) for name, row in zip(documents, rows, strict=True)
    )


def _changes(
    system: System, base: Sequence[str], gone: Sequence[str], later: Sequence[str]
) -> dict[str, Any]:
    """Deletes and adds in a process that goes on searching."""
    result: dict[str, Any] = {"base": len(base)}
    with system:
        try:
            opened = system.ask("open")
            result["versions"], result["notes"] = opened["versions"], opened["notes"]
            system.ask("add", documents=base)
            system.ask("settle")
            result["found_before"] = _found(system, gone)
            result["delete_s"] = system.ask("delete", documents=gone)["seconds"]
            result["deleted_found"] = _found(system, gone)
            begun = time.monotonic()
            system.ask("add", documents=later)
            while not _found(system, later[-1:]) and time.monotonic() - begun < _PATIENCE_S:
                time.sleep(0.02)
            result["until_found_s"] = time.monotonic() - begun
            result["added_found"] = _found(system, later)
            system.close()
        except (Died, Refused) as error:
            result["error"] = str(error)
    return result


def _reopened(system: System, gone: Sequence[str], later: Sequence[str]) -> dict[str, Any]:
    with system:
        opened = system.ask("open")
        return {
            "open_s": opened["seconds"],
            "deleted_found": _found(system, gone),
            "added_found": _found(system, later),
        }


def _threads(system: System, queries: Sequence[str]) -> dict[str, Any]:
    """The same searches from one thread and from several: faults, and results that differ."""
    with system:
        system.ask("open")
        system.ask("search", queries=queries[:3], k=TOP)
        alone = system.ask("search", queries=queries, k=TOP)
        many = system.ask("search", queries=queries, k=TOP, threads=THREADS)
    right = [[name for name, _ in row] for row in alone["found"]]
    unlike = sum(
        [name for name, _ in row] != right[place] for place, row in enumerate(many["found"])
    )
    return {
        "faults": many["fault_count"],
        "fault": (many["faults"] or [""])[0],
        "unlike": many["unlike"] + unlike,
        "per_s": THREADS * len(queries) / many["seconds"],
        "alone_per_s": len(queries) / alone["seconds"],
    }


def _over(system: System, before: Path, kill: int) -> System:
    """The system over a copy of what was there before."""
    folder = system.folder.with_name(f"{system.folder.name}-kill")
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(before, folder)
    return replace(system, folder=folder)


def _killed(
    system: System, written: Sequence[str], kept: Sequence[str], draw: random.Random
) -> dict[str, Any]:
    """Writes, is killed in the middle of a write, and is opened again."""
    batches = [written[at : at + _WRITTEN] for at in range(0, len(written), _WRITTEN)]
    acknowledged: list[str] = []
    writes = draw.randrange(2, _MOST_WRITES)
    share = draw.random()
    with system:
        system.ask("open")
        begun = time.monotonic()
        for batch in batches[:writes]:
            system.ask("add", documents=batch)
            acknowledged += batch
        usual = (time.monotonic() - begun) / writes
        system.send("add", documents=batches[writes])
        time.sleep(share * usual)
        system.kill()
    result: dict[str, Any] = {"acknowledged": len(acknowledged)}
    try:
        with replace(system) as again:
            again.ask("open")
            result["opened"] = True
            result["lost"] = len(acknowledged) - _found(again, acknowledged)
            result["kept_lost"] = len(kept) - _found(again, kept)
    except (Died, Refused) as error:
        result.setdefault("opened", False)
        result["error"] = str(error)
    finally:
        shutil.rmtree(system.folder, ignore_errors=True)
    return result
