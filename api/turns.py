"""Files in their turn: unchanged ones passed over, the others read ahead in worker processes,
and what is packed in them taken in before them.

What comes out is in the order of what went in, however long each reading took. Only so much is
read ahead as the workers need to be busy, so memory does not grow with the number of files.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from concurrent.futures import Future, wait
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

from api.events import Ingested, State, Stopping, Watch, unwatched
from index.contract import DocumentRecord, DocumentState, Origin, Status
from index.pipeline import Ledger, tags_of, with_tags
from ingest.contract import (
    ACCESS,
    BraidError,
    Document,
    Failure,
    Json,
    NotFound,
    Source,
    UnreadableFile,
)
from ingest.pipeline import (
    Barred,
    FileSource,
    Found,
    Reading,
    StoredSource,
    Task,
    Workers,
    is_container,
    is_of_type,
    read_file,
)

_T = TypeVar("_T")
_Loads: TypeAlias = Callable[[], Source | Document]
Given: TypeAlias = _Loads | Failure
"""What is handed in: a call that loads it, or why it cannot be."""

_AHEAD_BYTES = 256 * 2**20
"""Files that are read ahead come to so many bytes at the most, or are one."""
_OF_THE_BYTES = ("modified", "size")
"""Metadata that do not make a document another one while its bytes are the same."""
_POLL_S = 0.25
_NOWHERE = Origin()


@dataclass(frozen=True, slots=True)
class Settled:
    """The event of a document that needs nothing more but to be recorded: with its origin, or
    not at all where that is None."""

    event: Ingested
    origin: Origin | None


@dataclass(frozen=True, slots=True)
class Ready:
    """A document to be chunked and stored."""

    document: Document
    origin: Origin


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be read, were this no dry run."""

    document_id: str
    container: str


@dataclass(frozen=True, slots=True)
class Unpacked:
    """The end of a container: all that was found in it has come out before. `gone` are the ids
    of what was in it formerly. `is_document` says that it has an event of its own."""

    document_id: str
    origin: Origin
    gone: Sequence[str]
    is_document: bool


Outcome: TypeAlias = Settled | Ready | Planned | Unpacked


@dataclass(frozen=True, slots=True)
class Reader:
    """How files are read. `parser_options` are options by media type, as in ingest.pipeline.Task;
    `passwords` are tried on what is encrypted; `pipeline_of` names the way in which files of a
    type are read and cut, `is_plan` leaves all texts unread, and `watch` is told what is read."""

    workers: Workers
    pipeline_of: Callable[[str], str]
    parser_options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    passwords: Sequence[str] = field(default=(), repr=False)
    is_plan: bool = False
    watch: Watch = unwatched


@dataclass(frozen=True, slots=True)
class _Started:
    """A file whose turn has begun: the outcome, where that is plain, or the reading under way.
    `is_stored` says that its own text is stored already, as it is."""

    document_id: str
    origin: Origin
    size: int = 0
    outcome: Outcome | None = None
    reading: Future[Reading] | None = None
    folder: Path | None = None
    is_stored: bool = False


@dataclass(frozen=True, slots=True)
class _Loaded:
    """A source whose bytes are at hand."""

    source: Source

    def __call__(self) -> Source:
        return self.source


class Stopped(Exception):
    """Asked to stop while something was read."""


class Turns:
    """The files of one run. `ledger` is what is stored so far (None: nothing), `scratch` a folder
    for what is unpacked. `waiting` counts the documents, by id, that have come out and are not
    stored: of those the ledger does not know yet how they will be."""

    def __init__(
        self,
        reader: Reader,
        ledger: Ledger | None,
        scratch: Path,
        stopping: Stopping | None = None,
    ) -> None:
        self.waiting: Counter[str] = Counter()
        self._reader = reader
        self._ledger = ledger
        self._scratch = scratch
        self._stopping = stopping
        self._numbers = count()
        # One in hand and one waiting for each process.
        self._ahead = max(2 * reader.workers.count, 1)

    def outcomes(self, given: Iterable[Given], within: Origin = _NOWHERE) -> Iterator[Outcome]:
        """What becomes of each, in order; what is packed in a file comes before it. `within` is
        where members come from, their container named. Raises Stopped."""
        pending = iter(given)
        started: deque[_Started] = deque()
        while True:
            while self._has_room(started) and (item := next(pending, None)) is not None:
                started.append(self._start(item, within))
            if not started:
                return
            yield from self._finish(started.popleft(), within.container)

    def _has_room(self, started: Sequence[_Started]) -> bool:
        if not started:
            return True
        return len(started) < self._ahead and sum(s.size for s in started) < _AHEAD_BYTES

    def _start(self, given: Given, within: Origin) -> _Started:
        if isinstance(given, Failure):
            return _barred(given, within)
        name = getattr(given, "document_id", "")
        origin = _origin_of_file(given.found) if isinstance(given, FileSource) else within
        container = within.container
        given = self._tagged(given, name, within)
        origin = replace(origin, given=_tags_alone(getattr(given, "metadata", {})))
        try:
            loaded = given()
        except BraidError as error:
            return _failed(name, origin, "load", str(error))
        name = loaded.id if isinstance(loaded, Document) else loaded.document_id
        loaded = self._tagged(loaded, name, within)
        try:
            handed_in = with_tags(_plain(loaded.metadata), tags_of(loaded.metadata))
        except (TypeError, ValueError) as error:
            return _failed(name, origin, "load", f"its metadata cannot be stored: {error}")
        origin = replace(origin, given=handed_in)
        record = self._unchanged(name, loaded, handed_in)
        if record is not None and not (is_container(record.media_type) and not container):
            event = Ingested(name, State.UNCHANGED, container=container)
            return _Started(name, origin, outcome=Settled(event, origin))
        self.waiting[name] += 1
        if isinstance(loaded, Document):
            plan = Planned(name, container) if self._reader.is_plan else Ready(loaded, origin)
            return _Started(name, origin, outcome=plan)
        # A file of the disk is loaded again where it is read: that is less work than to send it.
        load = given if isinstance(given, FileSource | StoredSource) else _Loaded(loaded)
        return self._submit(load, _Started(name, origin, len(loaded.data)), record is not None)

    def _tagged(self, given: _T, name: str, within: Origin) -> _T:
        """What is handed in without a word about access tags, with those that it has already, or
        those of what packs it; as it is where it does not say what is told of it."""
        metadata: Mapping[str, Json] | None = getattr(given, "metadata", None)
        if metadata is None or ACCESS in metadata:
            return given
        tags = self._tags_before(name) or tags_of(within.given)
        told: Any = given
        return replace(told, metadata=with_tags(metadata, tags)) if tags else given

    def _tags_before(self, name: str) -> frozenset[str]:
        if self._ledger is None:
            return frozenset()
        try:
            return tags_of(self._ledger.record(name).metadata)
        except NotFound:
            state = self._ledger.states.get(name)
            return frozenset() if state is None else tags_of(state.origin.given)

    def _submit(
        self, load: Callable[[], Source | Document], started: _Started, is_stored: bool
    ) -> _Started:
        folder = None
        if not started.origin.container:  # what is in a member comes out of its container
            folder = self._scratch / str(next(self._numbers))
        task = Task(
            load,
            text=not is_stored and not self._reader.is_plan,
            folder=folder,
            parser_options=self._reader.parser_options,
            passwords=tuple(self._reader.passwords),
        )
        reading = self._reader.workers.submit(read_file, task, started.size)
        return replace(started, reading=reading, folder=folder, is_stored=is_stored)

    def _finish(self, started: _Started, container: str) -> Iterator[Outcome]:
        if started.reading is None:
            assert started.outcome is not None
            yield started.outcome
            return
        self._reader.watch(started.document_id, "read")
        reading = self._result(started.reading)
        name, origin = started.document_id, started.origin
        barred: list[str] = []
        if reading.members:
            packed = replace(origin, container=name, given=_tags_alone(origin.given))
            for outcome in self.outcomes(reading.members, packed):
                if isinstance(outcome, Settled) and outcome.event.state is State.FAILED:
                    barred.append(outcome.event.document_id)
                yield outcome
        if started.folder is not None:
            shutil.rmtree(started.folder, ignore_errors=True)
        if reading.document is None:
            self.waiting[name] -= 1
        if reading.failure:
            yield _failed_outcome(name, origin, reading)
        elif reading.document is not None:
            yield Ready(reading.document, origin)
        elif started.is_stored:
            event = Ingested(name, State.UNCHANGED, container=container)
            yield Settled(event, origin)
        elif self._reader.is_plan and reading.has_text:
            yield Planned(name, container)
        gone: Sequence[str] = []
        if not container and reading.is_whole and (reading.is_container or not reading.failure):
            gone = self._gone(name, {m.document_id for m in reading.members}, barred)
        if gone or (reading.is_container and not reading.has_text and not reading.failure):
            is_document = reading.has_text or bool(reading.failure)
            yield Unpacked(name, origin, gone, is_document)

    def _gone(self, container: str, found: Set[str], barred: Sequence[str]) -> list[str]:
        """What was packed in the file formerly and is not any more; not what was packed in
        something that could not be looked into this time."""
        if self._ledger is None:
            return []
        inside = tuple(f"{name}/" for name in barred)
        formerly = self._ledger.states.members(container)
        return [n for n in formerly if n not in found and not n.startswith(inside)]

    def _result(self, reading: Future[Reading]) -> Reading:
        while self._stopping is not None and not reading.done():
            if self._stopping.is_set():
                raise Stopped
            wait([reading], _POLL_S)
        try:
            return reading.result()
        except UnreadableFile as error:  # it took its process with it
            return Reading(failure=str(error), stage="read", is_whole=False)

    def _unchanged(
        self, name: str, loaded: Source | Document, handed_in: Mapping[str, Json]
    ) -> DocumentRecord | None:
        """The document, where it is stored as it would be again."""
        if self._ledger is None or self.waiting[name]:
            return None
        try:
            record = self._ledger.record(name)
        except NotFound:
            return None
        state = self._ledger.states.get(name) or DocumentState(name, Status.OK)
        same = (
            record.content_hash == loaded.content_hash
            and record.pipeline == self._reader.pipeline_of(record.media_type)
            and state.origin.given == handed_in
            and (
                # Its bytes have been told the type of before; by now it may be another.
                is_of_type(loaded, record.media_type)
                if isinstance(loaded, Source)
                else loaded.title == record.title
            )
        )
        return record if same else None


def _tags_alone(metadata: Mapping[str, Json]) -> dict[str, Json]:
    """Of what is handed in, the access tags."""
    return with_tags({}, tags_of(metadata))


def _origin_of_file(found: Found) -> Origin:
    return Origin(found.path.absolute(), found.root)


def _barred(failure: Failure, within: Origin) -> _Started:
    """A failure stands in the catalog where it is of a file, which may be read some day."""
    origin = within if within.container else None
    if isinstance(failure, Barred) and failure.found is not None:
        origin = replace(_origin_of_file(failure.found), given=_tags_alone(failure.metadata))
    started = _failed(failure.document_id, within, "load", failure.reason)
    assert isinstance(started.outcome, Settled)
    return replace(started, outcome=replace(started.outcome, origin=origin))


def _plain(metadata: Mapping[str, Json]) -> dict[str, Json]:
    """What is compared of metadata, as it comes back from the catalog. Raises ValueError and
    TypeError for what the catalog cannot hold."""
    text = json.dumps(dict(metadata), ensure_ascii=False, allow_nan=False)
    text.encode()
    found: dict[str, Json] = json.loads(text)
    return {key: value for key, value in found.items() if key not in _OF_THE_BYTES}


def _failed(name: str, origin: Origin, stage: str, reason: str) -> _Started:
    event = Ingested(name, State.FAILED, reason=reason, stage=stage, container=origin.container)
    return _Started(name, origin, outcome=Settled(event, origin))


def _failed_outcome(name: str, origin: Origin, reading: Reading) -> Settled:
    event = Ingested(
        name,
        State.FAILED,
        reason=reading.failure,
        stage=reading.stage,
        container=origin.container,
        needs_password=reading.needs_password,
    )
    return Settled(event, origin)
