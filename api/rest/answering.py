"""Answers on their way to clients that may go away: whoever is not there any more is not answered,
and what was under way for them ends at once, the call of a language model too. So does what takes
too long, and, when the server is stopped, what does not end in time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing

import anyio
from anyio import CancelScope, create_task_group, to_thread
from fastapi import Request
from sse_starlette import EventSourceResponse, ServerSentEvent

from api.gateway import Asked
from api.rest.service import Service, service_in
from generate.contract import Answer, Event

_LAST_WORDS_S = 1.0
"""What a stream has to say that it ends, of the time that requests have when the server stops."""


def events_of(
    request: Request, asked: Asked, stop: asyncio.Event | None = None, total_s: float | None = None
) -> AsyncGenerator[Event, None]:
    """The events, each made in a thread. Closing this, or cancelling who waits for the next one,
    ends what is under way. Raises as `Lane.steps`."""
    return service_in(request).lanes.answers.steps(asked, stop, total_s)


async def answer_of(request: Request, asked: Asked, total_s: float | None = None) -> Answer | None:
    """The Answer, within `total_s`; None where the client went away before it was there."""
    found: list[Answer] = []
    faults: list[Exception] = []

    async def written() -> None:
        try:
            async with aclosing(events_of(request, asked, total_s=total_s)) as events:
                found.extend([event async for event in events if isinstance(event, Answer)])
        except Exception as error:
            faults.append(error)  # outside of the group it is raised as it is
        group.cancel_scope.cancel()

    async with create_task_group() as group:
        group.start_soon(written)
        while (await request.receive())["type"] != "http.disconnect":
            pass
        group.cancel_scope.cancel()
    for fault in faults:
        raise fault
    return found[0] if found else None


def streamed(
    service: Service,
    events: Callable[[asyncio.Event], AsyncIterator[ServerSentEvent]],
    asked: Asked | None = None,
    *,
    is_endless: bool = False,
) -> EventSourceResponse:
    """Events as a response, with a comment now and then, so that no proxy takes silence for the
    end. What makes them is given an event that is set when they are to end soon, as the server is
    being stopped: at once where what is told of goes on by itself (`is_endless`). `asked` is closed
    also where the client is gone before the first event."""
    server = service.settings.server
    closing, cut = anyio.Event(), asyncio.Event()

    async def gone(_: object) -> None:
        if asked is not None:
            with CancelScope(shield=True):
                await to_thread.run_sync(asked.close)

    async def watch() -> None:
        await closing.wait()
        if not is_endless:
            await asyncio.sleep(max(0.0, server.drain_s - 2 * _LAST_WORDS_S))
        cut.set()

    async def sent() -> AsyncIterator[ServerSentEvent]:
        watching = asyncio.create_task(watch())
        try:
            async for event in events(cut):
                yield event
        finally:
            watching.cancel()

    return EventSourceResponse(
        sent(),
        sep="\n",
        ping=server.heartbeat_s,
        ping_message_factory=lambda: ServerSentEvent(comment="still here", sep="\n"),
        client_close_handler_callable=gone,
        shutdown_event=closing,
        shutdown_grace_period=max(0.0, server.drain_s - _LAST_WORDS_S),
    )
