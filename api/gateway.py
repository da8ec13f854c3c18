"""What every door goes through (REST, the compatible doors, MCP): who may see what, and the work.

A door reads a request in its own words, asks here, and writes the answer in its own words. No door
reaches a collection another way, so none can show what its caller may not see.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from api.access import Caller, Role
from api.answer_cache import AnswerCache, key_of, may_be_kept
from api.compose import Braid
from api.conversations import Conversations, KeptTurn, OpenTurn, history_of, latest
from api.observer import Observer, Unobserved
from api.service_store import ServiceStore
from generate.contract import Answer, Event, Outline, TextDelta
from generate.pipeline import Stop, Stopped
from index.pipeline import View
from ingest.contract import BadInput, BraidError, NotFound, cached_property
from retrieve.contract import Query, SearchResult, Turn


@dataclass
class Asked:
    """An answer on its way: what it rests on is found, and to go through this makes it, event by
    event; the last is the Answer. `conversation` is the id of the one that it is a turn of (empty:
    none), and `cached` says that it was kept from before. `stop` and `close` may be called from any
    thread, also while another waits for the next event, which then ends soon."""

    result: SearchResult
    conversation: str
    cached: bool
    _events: Iterator[Event]
    _turn: OpenTurn | None = None
    _stop: Stop = field(default_factory=Stop)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        """The next event. Raises StopIteration after the last, and once this is stopped."""
        with self._guard:
            if self._stop.is_set:
                raise StopIteration
            try:
                with self._stop.in_force():
                    event = next(self._events)
            except Stopped as error:
                raise StopIteration from error
            if isinstance(event, Answer) and self._turn is not None:
                self._turn.end(event)
                self._turn = None
            return event

    def stop(self) -> None:
        """Nobody wants the rest: wakes who waits for a language model."""
        self._stop.set()

    def close(self) -> None:
        """Stops, and waits until nothing is under way. A turn without an answer by then was never
        asked."""
        self._stop.set()
        with self._guard:
            close = getattr(self._events, "close", None)
            if close is not None:
                close()
            if self._turn is not None:
                self._turn.drop()
                self._turn = None

    def answer(self) -> Answer:
        """The Answer, when it is there."""
        try:
            for event in self:
                if isinstance(event, Answer):
                    return event
        finally:
            self.close()
        raise AssertionError("a stream of events ends with an Answer")


@dataclass(frozen=True)
class Gateway:
    """The collections, for callers. One serves a whole process."""

    braid: Braid
    store: ServiceStore
    observer: Observer = field(default_factory=Unobserved)

    @cached_property
    def conversations(self) -> Conversations:
        """Those of all callers."""
        return Conversations(self.store, self.braid.settings.conversations)

    @cached_property
    def cache(self) -> AnswerCache:
        """The answers that are kept."""
        return AnswerCache(self.braid.settings.answer_cache.max_mb * 2**20)

    def names(self, caller: Caller) -> list[str]:
        """The collections that the caller may read, in order."""
        return [name for name in self.braid.store.names() if caller.may(Role.READ, name)]

    def collection(self, caller: Caller, name: str, role: Role = Role.READ) -> View:
        """The collection as the caller may see it. Raises Denied before it is looked whether there
        is such a collection; then NotFound."""
        caller.check(role, name)
        return self.braid.store.get(name).view(caller.tags)

    def collections(self, caller: Caller) -> Iterator[View]:
        """Those that the caller may read, in order, and that can be opened."""
        for name in self.names(caller):
            try:
                yield self.collection(caller, name)
            except BraidError:
                continue

    def search(self, caller: Caller, collection: View, query: Query) -> SearchResult:
        """Hits in what the caller may see."""
        begun = time.perf_counter()
        result = self.braid.search(collection, query, caller.tags)
        self.observer.on_search(result, time.perf_counter() - begun)
        return result

    def ask(
        self,
        caller: Caller,
        collection: View,
        query: Query,
        conversation: str = "",
        *,
        cached: bool = True,
    ) -> Asked:
        """An answer from what the caller may see, as a turn of a conversation where an id is given
        (or "new"); one that is kept, where that may be. Raises NotFound for a conversation that is
        not the caller's, BadInput where turns are given besides."""
        if not conversation:
            return self._asked(caller, collection, query, None, cached)
        if query.history:
            raise BadInput("give either `conversation` or `history`: the one has the other")
        turn = self.conversations.begin(caller.id, collection.name, conversation, query.text)
        try:
            before = self.turns(collection, turn.conversation, turn.number)
            asked = replace(query, history=self.latest(history_of(before)))
            return self._asked(caller, collection, asked, turn, cached)
        except BaseException:
            turn.drop()
            raise

    def latest(self, turns: Sequence[Turn]) -> list[Turn]:
        """As many of the last turns as a question is read with."""
        return latest(turns, self.conversations.limits, self.braid.parts.embedder.count)

    def turns(
        self, collection: View, conversation: str, before: int | None = None
    ) -> list[KeptTurn]:
        """The turns of a conversation of the caller's. An answer that cites a document which has
        been deleted since, or which the caller may see no longer, is left out with its
        citations."""
        turns = self.conversations.turns(conversation, before)
        cited = {document for turn in turns for document in turn.documents}
        gone = {document for document in cited if not _is_there(collection, document)}
        return [
            replace(turn, answer=None, citations=()) if gone.intersection(turn.documents) else turn
            for turn in turns
        ]

    def _asked(
        self,
        caller: Caller,
        collection: View,
        query: Query,
        turn: OpenTurn | None,
        cached: bool,
    ) -> Asked:
        name = turn.conversation if turn else ""
        key = key_of(collection, query, caller.tags) if cached and self.cache.is_on else ""
        kept = self.cache.get(key) if key else None
        if key:
            self.observer.on_cache(kept is not None)
        if kept is not None:
            answer, result = kept
            return Asked(replace(result, query=query), name, True, _told_again(answer), turn)
        generation = collection.version()[2]
        begun = time.perf_counter()
        events, result = self.braid.answer_events(collection, query, caller.tags)
        self.observer.on_search(result, time.perf_counter() - begun)
        if result.generation < generation:
            key = ""  # a snapshot of before: the next one who asks is to see what was written
        return Asked(result, name, False, self._followed(events, result, key), turn)

    def _followed(self, events: Iterator[Event], result: SearchResult, key: str) -> Iterator[Event]:
        """The events; the Answer is told to the observer, and kept under the key."""
        begun = time.perf_counter()
        for event in events:
            if isinstance(event, Answer):
                self.observer.on_answer(event, time.perf_counter() - begun)
                writer = self.braid.answers.generator.name
                if key and may_be_kept(event, result, writer):
                    self.cache.put(key, event, result)
            yield event


def _is_there(collection: View, document: str) -> bool:
    try:
        collection.record(document)
    except NotFound:
        return False
    return True


def _told_again(answer: Answer) -> Iterator[Event]:
    if answer.outline:
        yield Outline(tuple(answer.outline))
    yield TextDelta(answer.text)
    yield answer
