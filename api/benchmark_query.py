"""What `braid bench query` measures: a running service under concurrent clients.

Without a rate, every client asks anew as soon as it is answered (a closed loop). With a rate,
requests are due at even intervals whatever the service does (an open loop), and a latency counts
from the moment when the request was due: a service that stalls is not spared the requests that it
kept from being sent. Clients share the machine with the service if they run on it.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from eval.pipeline import summarize
from ingest.contract import BadInput, NotFound, Unavailable

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class QueryPlan:
    """What is asked of the service at `url`. The first `warm_up_s` are not counted; `rate` is in
    requests a second, all clients together; `stages` asks for the service's own timings."""

    url: str
    collection: str
    queries: Sequence[str]
    clients: int = 4
    seconds: float = 10.0
    warm_up_s: float = 2.0
    rate: float | None = None
    k: int = 10
    fusion: str = "default"
    stages: bool = False
    key: str = ""
    timeout_s: float = 30.0


@dataclass(frozen=True, slots=True)
class QueryLoad:
    """What came of it: requests answered and answered in a second, milliseconds of an answer,
    errors by kind ("HTTP 503", "ReadTimeout"), and what the stages of a search took on average
    where the service told."""

    answered: int
    per_s: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    errors: Mapping[str, int]
    stages_ms: Mapping[str, float]


@dataclass
class _Tally:
    """What clients have seen after the warm-up. Lists and counters of one client each."""

    latencies_ms: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    stages: Counter[str] = field(default_factory=Counter)
    explained: int = 0
    last: float = 0.0


def bench_query(plan: QueryPlan) -> QueryLoad:
    """Asks for as long as the plan says. Raises Unavailable, NotFound or BadInput where the
    service does not answer the first query."""
    _check(plan)
    begun = time.perf_counter()
    counted = begun + plan.warm_up_s
    end = counted + plan.seconds
    tickets = count()
    tallies = [_Tally() for _ in range(plan.clients)]
    clients = [
        threading.Thread(target=_ask, args=(plan, tally, _due(plan, tickets, begun, end), counted))
        for tally in tallies
    ]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    return _summed(tallies, counted)


def _summed(tallies: Sequence[_Tally], counted: float) -> QueryLoad:
    errors: Counter[str] = Counter()
    stages: Counter[str] = Counter()
    for tally in tallies:
        errors.update(tally.errors)
        stages.update(tally.stages)
    latency = summarize([ms for tally in tallies for ms in tally.latencies_ms])
    explained = sum(tally.explained for tally in tallies)
    took = max(tally.last for tally in tallies) - counted
    return QueryLoad(
        latency.count,
        latency.count / took if latency.count else 0.0,
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        latency.max_ms,
        dict(errors),
        {stage: total / explained for stage, total in stages.items()},
    )


def _due(
    plan: QueryPlan, tickets: Iterator[int], begun: float, end: float
) -> Iterator[tuple[int, float]]:
    """For one client: the number of its next request, and when that is due. Sleeps until then."""
    while True:
        ticket = next(tickets)  # atomic: clients share the counter
        now = time.perf_counter()
        due = now if plan.rate is None else begun + ticket / plan.rate
        if due >= end:
            return
        if due > now:
            time.sleep(due - now)
        yield ticket, due


def _ask(plan: QueryPlan, tally: _Tally, due: Iterator[tuple[int, float]], counted: float) -> None:
    import httpx

    with _client(plan) as client:
        for ticket, at in due:
            text = plan.queries[ticket % len(plan.queries)]
            try:
                response = _search(client, plan, text)
                error = "" if response.is_success else f"HTTP {response.status_code}"
            except httpx.HTTPError as failure:
                error = type(failure).__name__
            done = time.perf_counter()
            if at < counted:
                continue
            tally.last = done
            if error:
                tally.errors[error] += 1
                continue
            tally.latencies_ms.append((done - at) * 1000)
            if plan.stages:
                tally.stages.update(response.json()["explanation"]["timings_ms"])
                tally.explained += 1


def _client(plan: QueryPlan) -> httpx.Client:
    import httpx

    headers = {"Authorization": f"Bearer {plan.key}"} if plan.key else {}
    return httpx.Client(base_url=plan.url, headers=headers, timeout=plan.timeout_s)


def _search(client: httpx.Client, plan: QueryPlan, text: str) -> httpx.Response:
    address = f"/v1/collections/{quote(plan.collection, safe='')}/search"
    asked = {"query": text, "k": plan.k, "fusion": plan.fusion, "explain": plan.stages}
    return client.post(address, json=asked)


def _check(plan: QueryPlan) -> None:
    """One query, so that a wrong address is told at once."""
    import httpx

    try:
        with _client(plan) as client:
            response = _search(client, plan, plan.queries[0])
    except (httpx.UnsupportedProtocol, httpx.InvalidURL) as error:
        raise BadInput(f"{plan.url!r} is no address: give http://HOST:PORT") from error
    except httpx.HTTPError as error:
        raise Unavailable(
            f"no answer from {plan.url} ({error}): start it with 'braid serve'"
        ) from error
    if response.is_success:
        return
    kinds: dict[int, Callable[[str], Exception]] = {404: NotFound, 400: BadInput, 422: BadInput}
    raise kinds.get(response.status_code, Unavailable)(
        f"{plan.url} answered {response.status_code}: {_detail(response)}"
    )


def _detail(response: httpx.Response) -> str:
    try:
        told: Any = response.json()
    except ValueError:
        return response.text[:200]
    return str(told.get("detail", told)) if isinstance(told, dict) else str(told)
