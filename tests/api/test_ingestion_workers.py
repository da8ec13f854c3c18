"""Files that do harm to what reads them, and runs that are broken off."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from index_room import WordSumEmbedder, make_parts
from ingestion_room import (
    MAX_BYTES,
    a_collection,
    ingest,
    make_ingestor,
    states,
    write,
)
from odd_sources import HarmfulFile

from api.events import State
from api.sources import Files
from index.contract import Status, Vectors
from index.pipeline import Collection, Store
from ingest.contract import Failure, Unavailable
from ingest.pipeline import FileSource, Found, Limits, discover


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Collection]:
    with a_collection(tmp_path / "papers") as collection:
        yield collection


def harmful(root: Path) -> Iterator[HarmfulFile]:
    for found in discover([root]):
        assert isinstance(found, Found)
        yield HarmfulFile(found)


def test_a_harmful_file_is_a_failure_of_its_own(papers: Collection, tmp_path: Path) -> None:
    names = ("a.txt", "crash.txt", "fill.txt", "hang.txt", "late.txt", "z.txt")
    folder = write(tmp_path / "in", {name: f"The valve of {name} opens." for name in names})
    ingestor = make_ingestor(workers=2, limits=Limits(timeout_s=10.0, memory_mb=512))
    events = list(ingestor.ingest(papers, harmful(folder)))
    reasons = {e.document_id: e.reason for e in events if e.state is State.FAILED}
    assert sorted(reasons) == ["crash.txt", "fill.txt", "hang.txt"]
    assert "SIGSEGV" in reasons["crash.txt"]
    assert "memory" in reasons["fill.txt"]
    assert "longer than 10 s" in reasons["hang.txt"]
    assert not any("\n" in reason for reason in reasons.values())
    assert [r.id for r in papers.records()] == ["a.txt", "late.txt", "z.txt"]
    assert papers.check() == []

    failed = papers.ledger.states.of(Status.FAILED)
    assert [(s.document_id, s.stage, s.attempts) for s in failed] == [
        (name, "read", 1) for name in sorted(reasons)
    ]
    assert failed[0].origin.path == folder / "crash.txt"
    assert papers.ledger.states.counts() == {Status.OK: 3, Status.FAILED: 3}

    again = list(ingestor.ingest(papers, harmful(folder)))
    assert {e.document_id for e in again if e.state is State.UNCHANGED} == {
        "a.txt", "late.txt", "z.txt"
    }  # fmt: skip
    assert {s.attempts for s in papers.ledger.states.of(Status.FAILED)} == {2}

    files = Files(MAX_BYTES)
    retried = ingestor.ingest(papers, list(files.failed(papers.ledger, [folder / "crash.txt"])))
    assert states(list(retried)) == [("crash.txt", State.ADDED)]
    rest = list(ingestor.ingest(papers, list(files.failed(papers.ledger, []))))
    assert states(rest) == [("fill.txt", State.ADDED), ("hang.txt", State.ADDED)]
    assert papers.ledger.states.of(Status.FAILED) == []
    assert list(files.failed(papers.ledger, [])) == []


def test_the_order_of_events_is_that_of_the_files(papers: Collection, tmp_path: Path) -> None:
    names = ["b.txt", "late1.txt", "late2.txt", *(f"x{number}.txt" for number in range(9))]
    folder = write(tmp_path / "in", {name: f"The valve of {name} opens." for name in names})
    ingestor = make_ingestor(workers=3)
    events = list(ingestor.ingest(papers, harmful(folder)))
    assert [event.document_id for event in events] == names


def test_the_same_comes_out_of_this_process_and_of_others(tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        {
            "a.md": "# Valves\n\nThe red valve opens.\n\n| a | b |\n| - | - |\n| 1 | 2 |\n",
            "b.html": "<html><body><h1>Pumps</h1><p>A pump runs.</p></body></html>",
            "c.txt": "水泵的质保期为三年。".encode("gbk"),
            "d.pdf": b"%PDF-1.7 and no more",
        },
    )
    stored = []
    for workers in (0, 2):
        with a_collection(tmp_path / f"with{workers}") as collection:
            ingest(collection, folder, ingestor=make_ingestor(workers=workers))
            stored.append(
                (
                    [(r.id, r.title, r.metadata, r.pipeline) for r in collection.records()],
                    [s.error for s in collection.ledger.states.of(Status.FAILED)],
                    [c for r in collection.records() for c in collection.document_chunks(r.id)],
                )
            )
    assert stored[0] == stored[1]
    assert len(stored[0][0]) == 3


def test_a_run_that_is_stopped_does_not_wait_and_goes_on_later(
    papers: Collection, tmp_path: Path
) -> None:
    names = ("a.txt", "b.txt", "hang.txt", "z.txt")
    folder = write(tmp_path / "in", {name: f"The valve of {name} opens." for name in names})
    stopping = threading.Event()
    ingestor = make_ingestor(workers=1)

    def stop() -> None:
        while not folder.with_suffix(".hangs").exists():
            time.sleep(0.05)
        stopping.set()

    threading.Thread(target=stop, daemon=True).start()
    events = list(ingestor.ingest(papers, harmful(folder), stopping))
    assert states(events) == [("a.txt", State.ADDED), ("b.txt", State.ADDED)]
    assert states(ingest(papers, folder)) == [
        ("a.txt", State.UNCHANGED), ("b.txt", State.UNCHANGED),
        ("hang.txt", State.ADDED), ("z.txt", State.ADDED),
    ]  # fmt: skip


def test_leaving_a_run_ends_it(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "A valve.", "hang.txt": "A pump.", "b.txt": ""})
    events = make_ingestor(workers=2).ingest(papers, [Failure("x", "no file"), *harmful(folder)])
    assert next(iter(events)).document_id == "x"
    events.close()  # type: ignore[attr-defined]
    with papers.writer():
        pass
    assert not (tmp_path / "papers" / "scratch").exists()


def test_no_file_is_lost_or_read_twice_in_a_window(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {f"{n:02}.txt": f"Valve {n} opens." for n in range(40)})
    loaded: list[str] = []

    def counting() -> Iterator[FileSource]:
        for source in Files(MAX_BYTES).under([folder]):
            assert isinstance(source, FileSource)
            loaded.append(source.document_id)
            yield source

    events = make_ingestor(workers=2).ingest(papers, counting())
    first = next(iter(events))
    assert first.document_id == "00.txt"
    rest = list(events)
    assert [e.document_id for e in (first, *rest)] == loaded == sorted(loaded)
    assert len(loaded) == 40


class BrokenEmbedder(WordSumEmbedder):
    """Fails on one word, where it counts tokens or where it embeds."""

    def count(self, texts: Sequence[str]) -> list[int]:
        if any("uncountable" in text for text in texts):
            raise Unavailable("the tokenizer is gone")
        return super().count(texts)

    def embed_passages(self, texts: Sequence[str]) -> Vectors:
        if any("unembeddable" in text for text in texts):
            raise Unavailable("the model is gone")
        return super().embed_passages(texts)


def test_the_stage_of_a_failure_is_kept_through_a_reindex(tmp_path: Path) -> None:
    embedder = BrokenEmbedder()
    store = Store(tmp_path / "data", make_parts(embedder, kind="flat"))
    papers = store.create("papers")
    ingestor = make_ingestor(counter=embedder)
    folder = write(
        tmp_path / "in",
        {"a.txt": "A valve.", "chunk.txt": "An uncountable valve.", "load.txt.meta.json": "{",
         "load.txt": "A pump.", "read.txt": ""},
    )  # fmt: skip
    ingest(papers, folder, ingestor=ingestor)
    write(tmp_path / "more", {"embed.txt": "An unembeddable valve."})
    with pytest.raises(Unavailable, match="model is gone"):
        ingest(papers, tmp_path / "more", ingestor=ingestor)

    def stages(collection: Collection) -> dict[str, tuple[str, str]]:
        failed = collection.ledger.states.of(Status.FAILED)
        return {state.document_id: (state.stage, state.error) for state in failed}

    wanted = stages(papers)
    assert {name: stage for name, (stage, _) in wanted.items()} == {
        "chunk.txt": "chunk", "embed.txt": "embed", "load.txt": "load", "read.txt": "read"
    }  # fmt: skip
    assert wanted["embed.txt"][1] == "the model is gone"
    with store.rebuilding("papers", ingestor.pipeline) as rebuild:
        assert len(list(ingestor.store(rebuild.writer, rebuild.documents()))) == 1
    anew = store.get("papers")
    assert stages(anew) == wanted
    state = anew.ledger.states.get("a.txt")
    assert state is not None
    assert (state.status, state.origin.root) == (Status.OK, folder.resolve())
    assert states(ingest(anew, folder / "a.txt", ingestor=ingestor)) == [("a.txt", State.UNCHANGED)]
    store.close()
