"""BM25 over inverted files whose postings are weighed beforehand.

What is added becomes a segment, and the last segments become one as they grow alike, so that
there are few; what is deleted is marked. All that a commit changes are new files, and then the
one that names those that count, with their hashes: it is replaced as a whole. Readers keep what
they were made with. Another process takes on what was written when it next looks.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import RLock
from typing import Any, TypeAlias

import numpy as np

from index.array_file import Arrays, read_arrays, write_arrays
from index.contract import SPARSE_FIELDS, SparseChanges, SparseReader
from index.file_hash import check_sha256, sha256_of
from index.impact_formula import Formula
from index.impact_scores import Part
from index.impact_search import ImpactReader
from index.impact_segment import MOST_CHUNKS, Mask, Segment, built, merged
from index.pointer import point, pointed
from ingest.contract import BadInput

_FORMAT = 1
_POINTER = "current.json"
_ALIKE = 4
"""A segment is merged with the ones after it unless it has so many times their chunks."""
_MOST_DEAD = 0.25
"""A segment of which more is dead is written anew without it."""
_TRIES = 5

Living: TypeAlias = tuple[Segment, Mask]
"""A segment, and what of it is alive."""


@dataclass(frozen=True)
class ImpactIndex:
    """`path` is a folder of its own, made when something is written. The weights multiply the
    BM25 of the fields; `k1` says how soon a term has been said often enough, `b` how far long
    chunks count less. Raises BadInput for a wrong option; ValueError or OSError where the folder
    holds something else or damaged: it is then to be deleted and filled again."""

    path: Path
    title_weight: float = 0.2
    headings_weight: float = 0.2
    body_weight: float = 0.5
    window_weight: float = 0.5
    identifiers_weight: float = 1.0
    k1: float = 1.2
    b: float = 0.75
    _held: _Held = field(default_factory=lambda: _Held(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.k1 > 0:
            raise BadInput(f"k1 must be over 0, not {self.k1}")
        if not 0 <= self.b <= 1:
            raise BadInput(f"b must be from 0 to 1, not {self.b}")

    @property
    def generation(self) -> int:
        return self._current().generation

    @property
    def in_memory(self) -> bool:
        return False

    def reader(self) -> SparseReader:
        return self._current().reader

    def apply(self, changes: SparseChanges) -> None:
        held = self._held
        with held.lock:
            state = self._current()
            added = {entry.key: entry for entry in changes.added}
            gone = np.unique(np.array([*changes.deleted, *added], dtype=np.int64))
            living = [_without(segment, alive, gone) for segment, alive in state.living]
            entries = [added[key] for key in sorted(added)]
            for start in range(0, len(entries), MOST_CHUNKS):
                segment = built(entries[start : start + MOST_CHUNKS])
                living.append((segment, np.ones(len(segment), dtype=bool)))
            self._write(state, changes.generation, _tidied(living))

    def close(self) -> None:
        """Releases files and memory."""
        with self._held.lock:
            self._held.state = None

    # --- files -------------------------------------------------------------------------------

    def _current(self) -> _State:
        """What the folder holds now, by this process or another."""
        held, tries = self._held, _TRIES
        while True:
            state = held.state
            if state is not None and state.stamp == _stamp(self.path / _POINTER):
                return state
            with held.lock:
                if held.state is not state:
                    continue
                try:
                    held.state = self._load(state)
                except FileNotFoundError:
                    # Another process may be putting other files in their place.
                    tries -= 1
                    if not tries:
                        raise

    def _load(self, known: _State | None) -> _State:
        stamp = _stamp(self.path / _POINTER)
        facts = pointed(self.path / _POINTER, _FORMAT)
        if facts is None:
            return self._state(stamp, 0, 1, [], {})
        held = {} if known is None else known.files
        files: dict[str, _File] = {}
        living = []
        for entry in facts["segments"]:
            name = str(entry["name"])
            files[name] = held.get(name) or self._opened(name, entry["sha256"])
            segment = Segment.of(files[name].arrays, name)
            living.append((segment, _unpacked(entry["dead"], len(segment))))
            name = str(entry["impacts"])
            files[name] = held.get(name) or self._opened(name, entry["impacts_sha256"])
        return self._state(stamp, int(facts["generation"]), int(facts["next"]), living, files)

    def _opened(self, name: str, wanted: str) -> _File:
        check_sha256(self.path / name, wanted)
        return _File(wanted, read_arrays(self.path / name))

    def _written(self, name: str, arrays: Arrays) -> _File:
        path = self.path / name
        write_arrays(path, arrays)
        return _File(sha256_of(path), read_arrays(path))

    def _state(
        self,
        stamp: _Stamp,
        generation: int,
        number: int,
        living: Sequence[Living],
        files: dict[str, _File],
    ) -> _State:
        """Impacts that are not among the files, as after a change of settings, are worked out
        in memory, until the next write."""
        formula = Formula.over(self.k1, self.b, living)
        parts = []
        for segment, alive in sorted(living, key=lambda one: -len(one[0])):
            known = files.get(_impacts_name(segment, formula))
            impacts = formula.impacts(segment) if known is None else known.arrays
            parts.append(Part(segment, alive, impacts["codes"], impacts["ceilings"], formula.step))
        weights = [getattr(self, f"{name}_weight") for name in SPARSE_FIELDS]
        return _State(
            stamp, generation, number, living, files, ImpactReader(parts, weights, formula)
        )

    def _write(self, state: _State, generation: int, living: Sequence[Living]) -> None:
        """New files, then the pointer to them, then old ones go."""
        self.path.mkdir(parents=True, exist_ok=True)
        number, files = state.number, dict(state.files)
        named = []
        for segment, alive in living:
            if not segment.name:
                name = f"{number}.segment"
                number += 1
                files[name] = self._written(name, segment.arrays)
                segment = Segment.of(files[name].arrays, name)
            named.append((segment, alive))
        formula = Formula.over(self.k1, self.b, named)
        entries = []
        for segment, alive in named:
            name = _impacts_name(segment, formula)
            if name not in files:
                files[name] = self._written(name, formula.impacts(segment))
            entries.append(
                {
                    "name": segment.name,
                    "sha256": files[segment.name].sha256,
                    "impacts": name,
                    "impacts_sha256": files[name].sha256,
                    "dead": _packed(~alive),
                }
            )
        facts = {
            "format": _FORMAT, "generation": generation, "next": number, "segments": entries
        }  # fmt: skip
        point(self.path / _POINTER, facts)
        kept = {entry[kind] for entry in entries for kind in ("name", "impacts")}
        files = {name: file for name, file in files.items() if name in kept}
        stamp = _stamp(self.path / _POINTER)
        self._held.state = self._state(stamp, generation, number, named, files)
        for path in self.path.iterdir():
            if path.name not in {*kept, _POINTER} and path.is_file():
                path.unlink(missing_ok=True)


_Stamp: TypeAlias = tuple[int, ...] | None


@dataclass(frozen=True)
class _File:
    sha256: str
    arrays: Arrays


@dataclass(frozen=True)
class _State:
    """What the pointer of that stamp names. `number` is that of the next segment."""

    stamp: _Stamp
    generation: int
    number: int
    living: Sequence[Living]
    files: dict[str, _File]
    reader: ImpactReader


@dataclass
class _Held:
    """What changes in an index. The lock is held while it is written; who reads needs it only
    where another process has written."""

    state: _State | None = None
    lock: Any = field(default_factory=RLock)


def _impacts_name(segment: Segment, formula: Formula) -> str:
    return f"{segment.name}-{formula.name}"


def _stamp(path: Path) -> _Stamp:
    """Changes with each file put at that place; None where there is none."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _without(segment: Segment, alive: Mask, gone: Any) -> Living:
    places = segment.places(gone)
    if not alive[places].any():
        return segment, alive
    alive = alive.copy()
    alive[places] = False
    return segment, alive


def _tidied(living: Sequence[Living]) -> list[Living]:
    """Without empty segments; the last ones as one where they are alike in size; without what
    is dead where that is much."""
    kept = [(segment, alive) for segment, alive in living if alive.any()]
    counts = [int(alive.sum()) for _, alive in kept]
    first, total = len(kept) - 1, counts[-1] if counts else 0
    while first > 0 and counts[first - 1] < _ALIKE * total:
        total += counts[first - 1]
        if total > MOST_CHUNKS:
            break
        first -= 1
    if len(kept) - first > 1 and first >= 0:
        kept[first:] = [_whole(merged(kept[first:]))]
    return [
        _whole(merged([(segment, alive)])) if alive.mean() < 1 - _MOST_DEAD else (segment, alive)
        for segment, alive in kept
    ]


def _whole(segment: Segment) -> Living:
    return segment, np.ones(len(segment), dtype=bool)


def _packed(dead: Mask) -> str:
    if not dead.any():
        return ""
    return base64.b64encode(zlib.compress(np.packbits(dead).tobytes())).decode()


def _unpacked(text: str, size: int) -> Mask:
    """What is alive."""
    if not text:
        return np.ones(size, dtype=bool)
    bits = np.frombuffer(zlib.decompress(base64.b64decode(text)), dtype=np.uint8)
    return ~np.unpackbits(bits, count=size).astype(bool)
