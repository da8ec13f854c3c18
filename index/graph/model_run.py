"""One run over chunks that a language model is asked about, by several threads.

An answer is stored before it is used: killed at any moment, a run that is begun again asks nothing
that was answered. The facts of a chunk are stored at once, when all has been asked about it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from index.graph.model_budget import Meter, Usage
from index.graph.model_dialogue import Dialogue, Findings
from index.graph.model_prompts import Asking, storable
from index.graph.model_store import ModelStore
from ingest.contract import Chunk, Completion, Unavailable

if TYPE_CHECKING:
    from index.graph.model_extraction import ModelExtraction

_READ = 64
"""So many chunks are read at once."""
_LONGEST_PAUSE_S = 30.0
_GIVEN_UP = 3
"""So many chunks in a row that no answer could be had about end the run."""

BUDGET, CANCELLED, UNAVAILABLE = "budget", "cancelled", "unavailable"


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a run has done: of `chunks` that were due it has `done` so many, and so many are
    `left`, of which it has `given_up` some; `cached` answers had been given before. `stopped` is
    "budget", "cancelled" or "unavailable", empty where it went to its end, and `reason` says what
    happened, where, and what to do."""

    chunks: int
    done: int
    left: int
    given_up: int
    cached: int
    usage: Usage
    price: float
    seconds: float
    findings: Findings = field(default_factory=Findings)
    stopped: str = ""
    reason: str = ""


class _Stopped(Exception):
    """The run has come to its end before the chunk has."""


class _GivenUp(Exception):
    """No answer can be had about the chunk."""


@dataclass
class Run:
    """Asks about the chunks of these keys. `progress` is called with how many are done, of how
    many."""

    extraction: ModelExtraction
    store: ModelStore
    meter: Meter
    keys: Sequence[int]
    progress: Callable[[int, int | None], None]
    cancel: threading.Event
    _stop: threading.Event = field(default_factory=threading.Event)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0
    _gone: int = 0
    _cached: int = 0
    _given_up: int = 0
    _given_up_in_a_row: int = 0
    _findings: Findings = field(default_factory=Findings)
    _stopped: str = ""
    _reason: str = ""

    def work(self, workers: int) -> BuildReport:
        """The run. Errors that are no fault of the model (a full disk, a defect) come through,
        after the calls under way have ended."""
        started = time.monotonic()
        self.progress(0, len(self.keys))
        chunks = self._chunks()
        threads = max(1, min(workers, len(self.keys)))
        with ThreadPoolExecutor(threads, "braid-extract") as pool:
            try:
                futures = [pool.submit(self._take_turns, chunks) for _ in range(threads)]
                for future in futures:
                    future.result()
            finally:
                self._stop.set()
        left = len(self.keys) - self._done - self._gone
        if not self._stopped and self._given_up:
            self._reason = f"{self._given_up} chunks were given up: {self._reason}"
        return BuildReport(
            chunks=len(self.keys),
            done=self._done,
            left=left,
            given_up=self._given_up,
            cached=self._cached,
            usage=self.meter.usage,
            price=self.meter.price,
            seconds=time.monotonic() - started,
            findings=self._findings,
            stopped=self._stopped,
            reason=self._reason,
        )

    def _chunks(self) -> Iterator[tuple[int, Chunk]]:
        waiting = deque(self.keys)
        while waiting:
            batch = [waiting.popleft() for _ in range(min(_READ, len(waiting)))]
            held = self.store.chunks(batch)
            self._gone += len(batch) - len(held)
            yield from held.items()

    def _take_turns(self, chunks: Iterator[tuple[int, Chunk]]) -> None:
        """The work of one thread: a chunk after the other, for as long as there are any."""
        try:
            while not self._is_over():
                with self._guard:
                    item = next(chunks, None)
                if item is None:
                    return
                self._extract(*item)
        except _Stopped:
            return
        except BaseException:
            self._stop.set()
            raise

    def _extract(self, key: int, chunk: Chunk) -> None:
        extraction = self.extraction
        is_chinese = Asking(chunk, extraction.types).is_chinese

        def ask(message: str) -> Completion:
            return self._answer(key, message, is_chinese)

        try:
            facts, findings = Dialogue(chunk, extraction.types, extraction.gleanings, ask).facts()
        except _GivenUp as error:
            self._give_up(str(error))
            return
        self.store.put_facts(key, extraction.fingerprint, facts)
        with self._guard:
            self._done += 1
            self._findings = self._findings.plus(findings)
            self.progress(self._done, len(self.keys))

    def _answer(self, key: int, message: str, is_chinese: bool) -> Completion:
        extraction = self.extraction
        held = extraction.held(self.store, key, message)
        if held is not None:
            with self._guard:
                self._cached += 1
            return held
        counted = extraction.count([message])[0]
        pause_s, fault = extraction.backoff_s, ""
        for attempt in range(extraction.attempts):
            if self._is_over() or (attempt and self._pause(pause_s * 2 ** (attempt - 1))):
                raise _Stopped
            reserved = self.meter.reserve(is_chinese, counted, extraction.max_tokens)
            if reserved is None:
                self._end(BUDGET, "the budget is used up: give a larger one to go on from here")
                raise _Stopped
            try:
                answer = extraction.model.complete(
                    message, extraction.max_tokens, extraction.timeout_s
                )
            except Unavailable as error:
                self.meter.lose(reserved)
                fault = str(error)
                continue
            except BaseException:
                self.meter.lose(reserved)
                raise
            answer = replace(answer, text=storable(answer.text))
            answer = self.meter.settle(reserved, answer, self._written(answer))
            self.store.put_answer(key, extraction.hash_of(message), answer)
            with self._guard:
                self._given_up_in_a_row = 0
            return answer
        raise _GivenUp(fault)

    def _written(self, answer: Completion) -> int:
        """Tokens of an answer as the embedder counts them, where the server does not."""
        if answer.completion_tokens is not None or not answer.text:
            return 0
        return self.extraction.count([answer.text])[0]

    def _pause(self, seconds: float) -> bool:
        """Waits; whether the run has ended meanwhile."""
        until = time.monotonic() + min(seconds, _LONGEST_PAUSE_S)
        while (left := until - time.monotonic()) > 0:
            if self._is_over() or self._stop.wait(min(left, 0.2)):
                return True
        return self._is_over()

    def _is_over(self) -> bool:
        if self.cancel.is_set() and not self._stop.is_set():
            self._end(CANCELLED, "it was stopped; the same command goes on from here")
        return self._stop.is_set()

    def _give_up(self, fault: str) -> None:
        with self._guard:
            self._given_up += 1
            self._given_up_in_a_row += 1
            self._reason = self._reason or fault
            is_down = self._given_up_in_a_row >= _GIVEN_UP
        if is_down:
            self._end(UNAVAILABLE, f"{fault}; the same command goes on from here")

    def _end(self, stopped: str, reason: str) -> None:
        with self._guard:
            if not self._stopped:
                self._stopped, self._reason = stopped, reason
        self._stop.set()
