"""Sources into a collection: batches, failures, states, metadata."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from api.compose import Braid
from api.ingestion import Ingested, State, Summary
from api.settings import Settings
from index.contract import Locked
from index.pipeline import Collection
from ingest.contract import Document, Failure, Json, Source
from ingest.pipeline import document_from_text
from retrieve.contract import Query


@pytest.fixture
def braid(tmp_path: Path) -> Braid:
    return Braid(Settings(data_dir=tmp_path / "data"))


@pytest.fixture
def papers(braid: Braid) -> Collection:
    return braid.store.create("papers")


def source(
    name: str, text: str, metadata: Mapping[str, Json] | None = None
) -> Callable[[], Source | Document]:
    made = Source(name, text.encode(), name, metadata or {})
    return lambda: made


def states(events: list[Ingested]) -> list[tuple[str, State]]:
    return [(event.document_id, event.state) for event in events]


def test_failures_do_not_stop_the_others(braid: Braid, papers: Collection) -> None:
    def gone() -> Source:
        from ingest.contract import NotFound

        raise NotFound("there is no file any more")

    given: list[Callable[[], Source | Document] | Failure] = [
        source("a.txt", "The red valve opens."),
        source("b.txt", ""),
        Failure("c.txt", "no permission"),
        gone,
        source("d.txt", "The blue valve closes."),
    ]
    events = list(braid.ingestor.ingest(papers, given))
    summary = Summary()
    for event in events:
        summary.add(event)
    assert (summary.states[State.ADDED], summary.states[State.FAILED]) == (2, 3)
    assert [f.reason for f in summary.failures if f.document_id == "c.txt"] == ["no permission"]
    assert [record.id for record in papers.records()] == ["a.txt", "d.txt"]
    assert papers.check() == []


def test_a_defect_of_a_source_is_no_failure_of_its_file(braid: Braid, papers: Collection) -> None:
    def broken() -> Source:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        list(braid.ingestor.ingest(papers, [broken]))
    assert states(list(braid.ingestor.ingest(papers, [source("a.txt", "A valve.")]))) == [
        ("a.txt", State.ADDED)
    ]


@pytest.mark.parametrize("workers", [0, 1])
def test_batches_are_durable_before_their_events(
    braid: Braid, papers: Collection, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    monkeypatch.setattr("api.ingestion._BATCH_CHUNKS", 2)
    loaded: list[str] = []

    def load(name: str) -> Callable[[], Source | Document]:
        def now() -> Source:
            loaded.append(name)
            return Source(name, f"Valve {name} opens.".encode(), name)

        return now

    ingestor = replace(braid.ingestor, workers=workers)
    events = ingestor.ingest(papers, [load(f"{n}.txt") for n in range(5)])
    for count, event in enumerate(events, start=1):
        assert papers.record(event.document_id).chunk_count == event.chunks == 1
        # The other one of the batch, and with each worker one in hand and one waiting.
        assert len(loaded) <= count + 1 + 2 * workers
    assert papers.stats().documents == 5


def test_states_over_runs(braid: Braid, papers: Collection) -> None:
    def run(*texts: str) -> list[tuple[str, State]]:
        given = [source(f"{n}.txt", text) for n, text in enumerate(texts)]
        return states(list(braid.ingestor.ingest(papers, given)))

    assert run("One valve.", "Two valves.") == [("0.txt", State.ADDED), ("1.txt", State.ADDED)]
    assert run("One valve.", "Three valves.") == [
        ("0.txt", State.UNCHANGED), ("1.txt", State.UPDATED)
    ]  # fmt: skip
    # What cannot be read any more leaves what is stored as it is.
    assert run("", "Three valves.") == [("0.txt", State.FAILED), ("1.txt", State.UNCHANGED)]
    assert papers.record("0.txt").chunk_count == 1


def test_metadata_is_kept_and_its_change_embeds_nothing(braid: Braid, papers: Collection) -> None:
    def run(metadata: Mapping[str, Json]) -> Ingested:
        (event,) = braid.ingestor.ingest(papers, [source("a.txt", "A valve opens.", metadata)])
        return event

    assert run({"year": 2024, "tags": ["x"]}).embedded == 1
    assert papers.record("a.txt").metadata["year"] == 2024
    assert run({"year": 2024, "tags": ["x"]}).state is State.UNCHANGED
    changed = run({"year": 2025})
    assert (changed.state, changed.chunks, changed.embedded) == (State.UPDATED, 1, 0)

    def found(year: int) -> int:
        return len(braid.search(papers, Query("valve", filter={"year": year})).hits)

    assert (found(2025), found(2024)) == (1, 0)


def test_a_document_named_twice_is_as_it_was_named_last(braid: Braid, papers: Collection) -> None:
    first, second = source("a.txt", "The red valve."), source("a.txt", "The blue valve.")
    events = list(braid.ingestor.ingest(papers, [first, second]))
    assert states(events) == [("a.txt", State.ADDED), ("a.txt", State.UPDATED)]
    assert papers.document_chunks("a.txt")[0].text == "The blue valve."
    list(braid.ingestor.ingest(papers, [first, second]))
    assert papers.document_chunks("a.txt")[0].text == "The blue valve."
    list(braid.ingestor.ingest(papers, [first, second, first]))
    assert papers.document_chunks("a.txt")[0].text == "The red valve."
    assert papers.check() == []


def test_a_document_that_was_handed_in(braid: Braid, papers: Collection) -> None:
    def run(title: str) -> Ingested:
        document = document_from_text("notes/1", title, "A valve opens at nine bar.")
        (event,) = braid.ingestor.ingest(papers, [lambda: document])
        return event

    assert run("Valves").state is State.ADDED
    assert run("Valves").state is State.UNCHANGED
    assert run("Pumps").state is State.UPDATED
    assert papers.record("notes/1").title == "Pumps"


def test_a_collection_that_is_written_to_is_refused_before_anything(
    braid: Braid, papers: Collection, tmp_path: Path
) -> None:
    other = Braid(Settings(data_dir=tmp_path / "data"))
    with papers.writer(), pytest.raises(Locked):
        next(other.ingestor.ingest(other.store.get("papers"), [source("a.txt", "A valve.")]))
    other.close()
    assert papers.records() == []
