"""Cosine search by FAISS: a frozen main part and a small exact delta.

What is added goes into the delta, which is searched exactly; what is deleted is marked in a
bitmap over the main part. When the delta has grown enough, a thread builds both into a new main
part, aside, while searches and writes go on, and puts it in place by renaming one small file
that holds the hash of every other. Readers keep the state that they were made with: each state
is one value, replaced as a whole. Another process that reads the collection takes the new main
part on when it next looks.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import astuple, dataclass, field
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

from index import faiss_build, faiss_main
from index.contract import DenseChanges, DenseReader
from index.faiss_main import Main
from index.faiss_make import CODES, KINDS, Make, choose
from index.faiss_reach import Reach
from index.faiss_state import FaissReader, State
from index.file_hash import check_sha256, sha256_of
from index.pointer import point, pointed
from ingest.contract import BadInput

_log = logging.getLogger(__name__)

_POINTER, _LOCK = "current.json", "merge.lock"
_FORMAT = 3


@dataclass(frozen=True)
class FaissIndex:
    """`path` is a folder of its own. `kind` is one of KINDS and `codes` one of CODES, or "auto":
    by size, within `memory_mb` for the collection. Searches go so far that they find the share
    `recall` of what is nearest, as measured whenever a main part is built. `hnsw_neighbours` and
    `hnsw_build_breadth` are HNSW's M and efConstruction. Raises BadInput for a wrong option;
    ValueError or OSError where the folder is damaged: it is then to be deleted and filled
    again."""

    path: Path
    dimension: int
    kind: str = "auto"
    codes: str = "auto"
    memory_mb: int = 1024
    hnsw_neighbours: int = 24
    hnsw_build_breadth: int = 200
    recall: float = 0.99
    _held: _Held = field(default_factory=lambda: _Held(), init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value, known in (("kind", self.kind, KINDS), ("codes", self.codes, CODES)):
            if value != "auto" and value not in known:
                raise BadInput(
                    f"unknown {name} {value!r} of FAISS index; one of auto, {', '.join(known)}"
                )
        if self.kind == "ivfpq" and self.codes != "auto":
            raise BadInput(
                "a FAISS index of the kind 'ivfpq' has codes of its own: leave codes out"
            )

    @property
    def _state(self) -> State:
        state = self._held.state
        if state is None:
            with self._held.lock:
                state = self._held.state = self._held.state or self._load()
        return state

    def _change(self, change: Callable[[State], State]) -> None:
        """Changes the state; worked out without the lock, so that no reader waits for it."""
        while True:
            before = self._state
            after = change(before)
            with self._held.lock:
                if self._held.state is before:
                    self._held.state = after
                    return

    @property
    def generation(self) -> int:
        return self._state.generation

    def refresh(self) -> None:
        pointer = self._pointer()
        if pointer is not None and pointer["folder"] != self._state.folder_name:
            self._change(lambda _: self._load())

    def apply(self, changes: DenseChanges, *, owner: bool) -> None:
        self._change(lambda state: state.changed(changes))
        if owner:
            self._merge_if_due()

    def settle(self) -> None:
        while (worker := self._held.worker) is not None:
            worker.join()
            self._merge_if_due()

    def reader(self) -> DenseReader:
        state, known = self._state, self._held.reader
        if known is None or known.state is not state:
            known = FaissReader(state)
            self._held.reader = known
        return known

    def close(self) -> None:
        held = self._held
        held.stop.set()
        if held.worker is not None:
            held.worker.join()
        with held.lock:
            held.state, held.worker, held.reader = None, None, None
            held.stop.clear()

    # --- merging -----------------------------------------------------------------------------

    def _wanted(self, state: State) -> Make:
        make = Make(self.kind, self.codes, self.hnsw_neighbours, self.hnsw_build_breadth)
        return choose(make, len(state), self.dimension, self.memory_mb * 2.0**20)

    def _merge_if_due(self) -> None:
        held = self._held
        with held.lock:
            state = held.state
            if state is None or held.stop.is_set() or not state.is_crowded(held.patience):
                idle = held.worker is not None and not held.worker.is_alive()
                held.worker = None if idle else held.worker
                return
            if held.worker is None or not held.worker.is_alive():
                held.worker = Thread(target=self._merge, args=(state,), name="faiss-merge")
                held.worker.start()

    def _merge(self, state: State) -> None:
        """Builds a new main part out of a state and puts it in place. What goes wrong leaves the
        delta as it is: it is searched all the same."""
        from filelock import FileLock, Timeout

        held = self._held
        try:
            self._check_home()
            self.path.mkdir(parents=True, exist_ok=True)
            with FileLock(str(self.path / _LOCK), timeout=0):
                main = self._written(state)
            self._change(lambda now: now.over(main))
            held.patience = 1
        except (Timeout, _Outrun):  # another process is at it, or was: `refresh` takes it on
            held.patience *= 4
        except _Stopped:
            pass
        except (OSError, ValueError, RuntimeError) as error:
            held.patience *= 4
            _log.warning("the dense index at %s could not be merged: %s", self.path, error)

    def _written(self, state: State) -> Main:
        pointer = self._pointer()
        if pointer is not None and pointer["folder"] != state.folder_name:
            raise _Outrun
        name = f"main-{1 + int(state.folder_name.rpartition('-')[2] or 0)}"
        draft = self.path / f".{name}"
        for leftover in self.path.glob(".main-*"):
            faiss_main.remove(leftover)
        draft.mkdir()
        try:
            main = self._built(state, draft)
            hashes = {file.name: sha256_of(file) for file in sorted(draft.iterdir())}
            faiss_main.remove(self.path / name)
            draft.rename(self.path / name)
        except BaseException:
            faiss_main.remove(draft)
            raise
        point(
            self.path / _POINTER,
            {
                "format": _FORMAT,
                "folder": name,
                "generation": state.generation,
                "make": list(astuple(main.make)),
                "built": main.built,
                "reach": main.reach and list(astuple(main.reach)),
                "sha256": hashes,
            },
        )
        for other in self.path.glob("main-*"):
            if other.name != name:
                faiss_main.remove(other)
        return self._loaded(name, main.make, main.built, main.reach)

    def _loaded(self, name: str, make: Make, built: int, reach: Reach | None) -> Main:
        return faiss_main.load(self.path / name, make, built, reach, self.dimension)

    def _built(self, state: State, draft: Path) -> Main:
        """Out of the old main part where it can grow, else afresh, in the folder `draft`."""
        make, main, stop = self._wanted(state), state.main, self._held.stop

        def go_on() -> None:
            if stop.is_set():
                raise _Stopped

        if main is not None and state.can_grow(make):
            added = state.delta_keys, state.delta_vectors
            faiss_build.extend(draft, main.folder, state.alive, *added, go_on)
            after = self._loaded(draft.name, make, main.built, main.reach)
            if main.reach is None or main.reach.holds(self.recall, len(after.keys)):
                return after
        else:
            keys = state.keys()
            faiss_build.build(draft, make, keys, lambda at: state.vectors(keys[at]), go_on)
            after = self._loaded(draft.name, make, len(keys), None)
        return after.measured(self.recall, go_on)

    def _pointer(self) -> dict[str, Any] | None:
        return pointed(self.path / _POINTER, _FORMAT)

    def _check_home(self) -> None:
        """Raises OSError where the path leads to another collection by now, or to none."""
        home = self._held.home
        if home is not None and self.path.parent.stat().st_ino != home:
            raise FileNotFoundError(f"{self.path.parent} was replaced meanwhile")

    def _load(self) -> State:
        parent = self.path.parent
        self._held.home = parent.stat().st_ino if parent.is_dir() else None
        pointer = self._pointer()
        if pointer is None:
            return State.empty(self.dimension)
        folder = self.path / pointer["folder"]
        for file, wanted in pointer["sha256"].items():
            check_sha256(folder / file, wanted)
        reach = pointer["reach"] and Reach.of(pointer["reach"])
        main = self._loaded(folder.name, Make(*pointer["make"]), pointer["built"], reach)
        return State.of(main, pointer["generation"])


class _Outrun(Exception):
    """Another process has written a main part in the meantime."""


class _Stopped(Exception):
    """The index is being closed: what is built is not wanted any more."""


@dataclass
class _Held:
    """What changes in an index. `patience` multiplies how much is merged at the earliest: it
    doubles where that fails. `home` is the folder that it lies in, which another process may put
    another in the place of; None where there was none when it was opened."""

    state: State | None = None
    reader: FaissReader | None = None
    worker: Thread | None = None
    patience: int = 1
    home: int | None = None
    lock: Lock = field(default_factory=Lock)
    stop: Event = field(default_factory=Event)
