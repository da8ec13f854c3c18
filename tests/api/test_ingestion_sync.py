"""A collection kept in step with a folder, and what its documents can be filtered by."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ingestion_room import (
    MAX_BYTES,
    a_collection,
    ingest,
    make_ingestor,
    states,
    write,
    write_zip,
)

from api.events import Ingested, State
from api.sources import Files
from api.sync import plan_sync, sync
from index.pipeline import Collection
from ingest.contract import NotFound, Source, UnreadableFile

RED, BLUE = "# Valves\n\nThe red valve opens.", "# Pumps\n\nThe blue pump runs."


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Collection]:
    with a_collection(tmp_path / "papers") as collection:
        yield collection


def step(collection: Collection, folder: Path) -> list[Ingested]:
    return list(sync(make_ingestor(), collection, Files(MAX_BYTES), folder))


def plan(collection: Collection, folder: Path) -> list[Ingested]:
    scratch = folder.parent / "scratch"
    files = Files(MAX_BYTES)
    return list(plan_sync(make_ingestor(), collection.ledger, files, folder, scratch))


def stored(collection: Collection) -> list[str]:
    return [record.id for record in collection.records()]


def test_the_folder_is_matched_and_nothing_else_is_touched(
    papers: Collection, tmp_path: Path
) -> None:
    handed_in = Source("up.txt", b"The green valve.", "up.txt", {})
    list(make_ingestor().ingest(papers, [lambda: handed_in]))
    ingest(papers, write(tmp_path / "other", {"elsewhere.md": RED}))
    folder = write(tmp_path / "in", {"a.md": RED, "b/c.md": BLUE})
    write_zip(folder / "z.zip", {"m.txt": "A grey valve."})
    step(papers, folder)
    everything = ["a.md", "b/c.md", "elsewhere.md", "up.txt", "z.zip/m.txt"]
    assert stored(papers) == everything
    assert not [e for e in step(papers, folder) if e.state in (State.ADDED, State.UPDATED)]

    shutil.rmtree(folder / "b")
    (folder / "z.zip").unlink()
    write(folder, {"a.md": RED + " It closes too."})
    expected = [
        ("a.md", State.UPDATED), ("b/c.md", State.DELETED),
        ("z.zip", State.DELETED), ("z.zip/m.txt", State.DELETED),
    ]  # fmt: skip
    assert states(plan(papers, folder)) == expected
    assert stored(papers) == everything
    assert states(step(papers, folder)) == expected
    assert stored(papers) == ["a.md", "elsewhere.md", "up.txt"]
    assert papers.check() == []


def test_a_renamed_file_embeds_nothing(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.md": RED})
    step(papers, folder)
    (folder / "a.md").rename(folder / "z.md")
    events = step(papers, folder)
    assert states(events) == [("z.md", State.ADDED), ("a.md", State.DELETED)]
    assert [event.embedded for event in events] == [0, 0]
    assert events[0].chunks == 1


def test_a_folder_that_is_not_there_deletes_nothing(
    papers: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "in", {"a.md": RED, "shut/b.md": BLUE, "shut.md": RED})
    step(papers, folder)
    folder.rename(tmp_path / "away")
    with pytest.raises(NotFound, match="nothing was changed"):
        step(papers, folder)
    folder.write_text("a file")
    with pytest.raises(NotFound):
        step(papers, folder)
    folder.unlink()
    (tmp_path / "away").rename(folder)

    def refuse(path: object) -> None:
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr("api.sync.os.scandir", refuse)
        with pytest.raises(UnreadableFile, match="nothing was changed"):
            step(papers, folder)
    assert len(stored(papers)) == 3

    # A part that cannot be looked at keeps what came from it.
    really = Path.iterdir

    def iterdir(self: Path) -> Iterator[Path]:
        if self.name == "shut":
            raise PermissionError(13, "Permission denied")
        return really(self)

    (folder / "shut.md").unlink()
    monkeypatch.setattr(Path, "iterdir", iterdir)
    events = step(papers, folder)
    assert [e.document_id for e in events if e.state is State.DELETED] == ["shut.md"]
    assert stored(papers) == ["a.md", "shut/b.md"]


def test_an_id_from_elsewhere_is_not_taken(papers: Collection, tmp_path: Path) -> None:
    handed_in = Source("a.md", b"The green valve.", "a.md", {})
    list(make_ingestor().ingest(papers, [lambda: handed_in]))
    ingest(papers, write(tmp_path / "other", {"b.md": RED}))
    folder = write(tmp_path / "in", {"a.md": RED, "b.md": BLUE, "c.md": BLUE})
    reasons = {e.document_id: e.reason for e in step(papers, folder)}
    assert "was handed in" in reasons["a.md"]
    assert "other" in reasons["b.md"]
    assert not reasons["c.md"]
    shutil.rmtree(folder)
    folder.mkdir()
    step(papers, folder)
    assert stored(papers) == ["a.md", "b.md"]
    # A folder that was moved is the same folder.
    (tmp_path / "other").rename(tmp_path / "moved")
    assert states(step(papers, tmp_path / "moved")) == [("b.md", State.UNCHANGED)]
    (tmp_path / "moved" / "b.md").unlink()
    step(papers, tmp_path / "moved")
    assert stored(papers) == ["a.md"]


def test_what_was_ingested_from_the_folder_is_matched_too(
    papers: Collection, tmp_path: Path
) -> None:
    folder = write(tmp_path / "in", {"a.md": RED, "b.md": BLUE})
    ingest(papers, folder)
    ingest(papers, folder / "b.md")
    (folder / "a.md").unlink()
    assert ("a.md", State.DELETED) in states(step(papers, folder))


names = st.sampled_from(["a.md", "b.md", "d/a.md", "d/e/c.md", "p.zip"])
contents = st.sampled_from([RED, BLUE, ""])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.dictionaries(names, contents, max_size=4), min_size=2, max_size=3))
def test_after_any_change_the_collection_is_as_one_made_anew(
    tmp_path_factory: pytest.TempPathFactory, folders: list[Mapping[str, str]]
) -> None:
    root = tmp_path_factory.mktemp("sync")
    with a_collection(root / "kept") as kept, a_collection(root / "new") as new:
        for files in folders:
            shutil.rmtree(root / "in", ignore_errors=True)
            (root / "in").mkdir()
            for name, text in files.items():
                if name.endswith(".zip"):
                    write_zip(root / "in" / name, {"x.md": text, "y/z.md": RED})
                else:
                    write(root / "in", {name: text})
            step(kept, root / "in")
        step(new, root / "in")
        # What fails leaves what is stored from before: only then may there be more.
        failed = {s.document_id for s in new.ledger.states.of() if s.error}
        assert set(stored(new)) <= set(stored(kept))
        assert set(stored(kept)) - set(stored(new)) <= failed
        assert kept.check() == []


def found(collection: Collection, expression: Mapping[str, Any]) -> set[str]:
    keys = collection.snapshot().allowed(expression).tolist()
    return {s.chunk.document_id for s in collection.snapshot().chunks(keys).values()}


def test_every_kind_of_metadata_can_be_filtered_by(papers: Collection, tmp_path: Path) -> None:
    folder = write(
        tmp_path / "in",
        {
            "r/a.md": "---\ntitle: Valve book\ntags: [valve, 泵]\nauthor: Li\n---\n\n" + RED,
            "b.txt": "水泵的质保期为三年，期满以后必须更换密封。",
            "b.txt.meta.json": json.dumps({"tags": ["泵", "seal"], "year": 2024, "ok": True}),
            "c.txt": "The grey pump runs.",
        },
    )
    ingest(papers, folder, project="north")
    query = partial(found, papers)
    everything = {"r/a.md", "b.txt", "c.txt"}
    assert query({"tags": "泵"}) == {"r/a.md", "b.txt"}
    assert query({"tags": {"$in": ["seal", "none"]}}) == {"b.txt"}
    assert query({"tags": {"$in": ["seal", "valve"]}}) == {"r/a.md", "b.txt"}
    assert query({"tags": {"$nin": ["seal"]}}) == {"r/a.md", "c.txt"}
    assert query({"tags": {"$ne": "valve"}}) == {"b.txt", "c.txt"}
    assert query({"source": "r/a.md"}) == query({"file_name": "a.md"}) == {"r/a.md"}
    assert query({"title": "Valve book"}) == {"r/a.md"}
    assert query({"language": "zh"}) == {"b.txt"}
    assert query({"size": {"$gt": 30}}) >= {"r/a.md"}
    assert query({"modified": {"$gte": "2020-01-01"}}) == everything
    assert query({"modified": {"$lt": "2020-01-01"}}) == set()
    assert query({"page_count": 0}) == everything
    assert query({"year": {"$gte": 2023}, "ok": True}) == {"b.txt"}
    assert query({"project": "north"}) == everything

    # Metadata that are gone are gone from the documents too.
    (folder / "b.txt.meta.json").unlink()
    assert ("b.txt", State.UPDATED) in states(ingest(papers, folder, project="north"))
    assert query({"year": {"$exists": True}}) == set()
