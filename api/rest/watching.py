"""Who is told of the work of the service: metrics, traces, and the notes of the request that asked
for it, which its log line shows.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from api.events import Ingested
from api.observer import Observer
from generate.contract import Answer
from retrieve.contract import SearchResult

SLOW_STAGE_MS = 1000.0
"""Stages that take longer are named in the log."""

_MAX_QUESTION = 500

_notes: ContextVar[dict[str, Any] | None] = ContextVar("request_notes", default=None)


class Watcher(Observer, Protocol):
    """An Observer of the gateway who is told of jobs, too. What it does is to be quick, and to
    raise nothing."""

    def on_job_begin(self, collection: str, job: str, documents: int) -> None:
        """A job is being worked on, in this thread, by this process."""
        ...

    def on_document(self, event: Ingested) -> None:
        """A document of the job in hand has had its turn."""
        ...

    def on_stage(self, stage: str, seconds: float) -> None:
        """A stage of the job in hand took so long: `read`, `chunk`, `embed` or `store`."""
        ...

    def on_job_end(self, state: str) -> None:
        """The job in hand has ended (`done`, `failed` and so on), or waits again (`queued`)."""
        ...


@dataclass(frozen=True)
class Watchers:
    """Several as one."""

    all: Sequence[Watcher]

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """Told to each."""
        for one in self.all:
            one.on_search(result, seconds)

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """Told to each."""
        for one in self.all:
            one.on_answer(answer, seconds)

    def on_cache(self, hit: bool) -> None:
        """Told to each."""
        for one in self.all:
            one.on_cache(hit)

    def on_job_begin(self, collection: str, job: str, documents: int) -> None:
        """Told to each."""
        for one in self.all:
            one.on_job_begin(collection, job, documents)

    def on_document(self, event: Ingested) -> None:
        """Told to each."""
        for one in self.all:
            one.on_document(event)

    def on_stage(self, stage: str, seconds: float) -> None:
        """Told to each."""
        for one in self.all:
            one.on_stage(stage, seconds)

    def on_job_end(self, state: str) -> None:
        """Told to each."""
        for one in self.all:
            one.on_job_end(state)


@dataclass(frozen=True)
class Notes:
    """Writes down, for the log line of a request, what was done for it. Questions only where
    `with_questions` says so."""

    with_questions: bool = False

    def on_search(self, result: SearchResult, seconds: float) -> None:
        """The generation, and the stages that took long."""
        slow = {
            stage: round(ms)
            for stage, ms in result.explanation.timings_ms.items()
            if ms > SLOW_STAGE_MS
        }
        note(generation=result.generation, **({"slow_stages_ms": slow} if slow else {}))
        if self.with_questions:
            note(question=result.query.text[:_MAX_QUESTION])

    def on_answer(self, answer: Answer, seconds: float) -> None:
        """What wrote it."""
        note(writer=answer.generator, known=answer.known, answer_ms=round(seconds * 1000, 1))

    def on_cache(self, hit: bool) -> None:
        """Whether the answer was kept from before."""
        if hit:
            note(cached=True)

    def on_job_begin(self, collection: str, job: str, documents: int) -> None:
        """Nothing: jobs have log lines of their own."""

    def on_document(self, event: Ingested) -> None:
        """Nothing."""

    def on_stage(self, stage: str, seconds: float) -> None:
        """Nothing."""

    def on_job_end(self, state: str) -> None:
        """Nothing."""


def begin_notes() -> dict[str, Any]:
    """An empty page for the request that this context is of; the threads that work for it write on
    the same."""
    page: dict[str, Any] = {}
    _notes.set(page)
    return page


def note(**values: Any) -> None:
    """Writes something down for the log line of the request in hand, if there is one."""
    page = _notes.get()
    if page is not None:
        page.update(values)


def request_id() -> str:
    """The id of the request in hand; empty where there is none."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))
