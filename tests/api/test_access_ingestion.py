"""Access tags of what is read: given with files and never by them, and kept when they are read
again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_fixtures import Braid
from ingestion_room import MAX_BYTES, a_collection, ingest, make_ingestor, write, write_zip

from api.sources import Files
from api.sync import sync
from index.pipeline import Collection, tags_of
from ingest.contract import ACCESS, Document
from ingest.pipeline import document_from_text

CLAIMS = "---\ntitle: Pumps\naccess: [everyone]\nauthor: Li\n---\n\nPumps are checked monthly.\n"
HTML = (
    '<html><head><title>Leave</title><meta name="access" content="everyone"></head>'
    "<body><main><p>Employees have twenty-five days of paid leave a year.</p></main></body></html>"
)


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Collection]:
    with a_collection(tmp_path / "papers") as collection:
        yield collection


def tags(collection: Collection) -> dict[str, list[str]]:
    """Of every document, stored or not, as its state has them; a stored one has the same."""
    found = {}
    for state in collection.ledger.states.every():
        found[state.document_id] = sorted(tags_of(state.origin.given))
    for record in collection.records():
        assert sorted(tags_of(record.metadata)) == found[record.id]
    return found


def test_no_file_has_a_say_in_who_sees_it(papers: Collection, tmp_path: Path) -> None:
    claims = json.dumps({"access": ["everyone"], "year": 2024})
    folder = write(
        tmp_path / "in",
        {"a.md": CLAIMS, "b.html": HTML, "c.txt": "A plain text.", "c.txt.meta.json": claims},
    )
    write_zip(folder / "d.zip", {"m.md": CLAIMS, "n.txt": "A valve.", "n.txt.meta.json": claims})
    names = ["a.md", "b.html", "c.txt", "d.zip", "d.zip/m.md", "d.zip/n.txt"]
    ingest(papers, folder)
    assert tags(papers) == {name: [] for name in names}
    assert papers.record("c.txt").metadata["year"] == 2024
    assert papers.record("a.md").metadata["author"] == "Li"
    ingest(papers, folder, access=["hr"])
    assert tags(papers) == {name: ["hr"] for name in names}
    assert papers.view(frozenset(["everyone"])).records() == []


def test_tags_stay_until_others_are_given(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "One text.", "b.txt": "Another text."})
    write_zip(folder / "z.zip", {"m.txt": "A grey valve.", "broken.pdf": b"%PDF-1.7 nothing"})
    packed = ["z.zip", "z.zip/broken.pdf", "z.zip/m.txt"]

    def in_step() -> dict[str, str]:
        files = Files(MAX_BYTES)
        events = sync(make_ingestor(), papers, files, folder)
        return {event.document_id: event.state.value for event in events}

    in_step()
    with papers.writer() as writer:
        writer.describe(["a.txt", "z.zip"], tags=["hr"])
    wanted = {"a.txt": ["hr"], "b.txt": []} | {name: ["hr"] for name in packed}
    assert tags(papers) == wanted
    again = in_step()
    assert {again["a.txt"], again["z.zip/m.txt"]} == {"unchanged"}
    assert tags(papers) == wanted
    write(folder, {"a.txt": "One text that was changed.", "c.txt": "A new one."})
    write_zip(folder / "z.zip", {"m.txt": "A red valve.", "n.txt": "New in the archive."})
    again = in_step()
    assert (again["a.txt"], again["z.zip/m.txt"], again["z.zip/n.txt"]) == (
        "updated", "updated", "added",
    )  # fmt: skip
    assert tags(papers) == {
        "a.txt": ["hr"], "b.txt": [], "c.txt": [], "z.zip": ["hr"], "z.zip/m.txt": ["hr"],
        "z.zip/n.txt": ["hr"],
    }  # fmt: skip
    ingest(papers, folder / "a.txt", folder / "z.zip", access=[])
    assert set(map(len, tags(papers).values())) == {0}


def test_what_fails_is_hidden_too_and_keeps_its_tags(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"bad.pdf": b"%PDF-1.7 nothing", "shut.txt": "Shut."})
    (folder / "shut.txt").chmod(0)
    ingest(papers, folder, access=["hr"])
    assert tags(papers)["bad.pdf"] == ["hr"]
    assert papers.view(frozenset()).states() == []
    if "shut.txt" in tags(papers):  # root may read it all the same
        assert tags(papers)["shut.txt"] == ["hr"]
    (folder / "bad.pdf").write_bytes(b"A text after all.")
    failed = list(Files(MAX_BYTES).failed(papers.ledger, []))
    assert [source.document_id for source in failed if source.document_id == "bad.pdf"]
    list(make_ingestor().ingest(papers, failed))
    assert tags(papers)["bad.pdf"] == ["hr"] and papers.record("bad.pdf")
    (folder / "bad.pdf").unlink()
    list(make_ingestor().ingest(papers, failed))
    assert tags(papers)["bad.pdf"] == ["hr"]


def test_whatever_loads_a_document_it_keeps_its_tags(papers: Collection) -> None:
    """Also a source that does not say what is told of it."""

    def load() -> Document:
        return document_from_text("t.txt", "T", "A text.", {})

    def load_tagged() -> Document:
        return document_from_text("t.txt", "T", "A text.", {ACCESS: ["law", "hr"]})

    list(make_ingestor().ingest(papers, [load_tagged]))
    assert tags(papers) == {"t.txt": ["hr", "law"]}
    (event,) = make_ingestor().ingest(papers, [load])
    assert (event.state.value, tags(papers)) == ("unchanged", {"t.txt": ["hr", "law"]})


def test_tags_by_command(braid: Braid, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "One text.", "b.txt": "Another text."})

    def told() -> dict[str, list[str]]:
        listed = braid("list", "--json").json["documents"]
        return {one["id"]: one["metadata"].get("access", []) for one in listed}

    braid("ingest", str(folder), "--access", "hr", "--access", "law")
    assert told() == {"a.txt": ["hr", "law"], "b.txt": ["hr", "law"]}
    braid("access", "set", "a.txt", "--tag", "ops")
    assert braid("access", "set", "b.txt", "--public", "--json").json["access"] == []
    braid("sync", str(folder))
    assert told() == {"a.txt": ["ops"], "b.txt": []}
    for wrong in (
        ["ingest", str(folder), "--access", "two words"],
        ["ingest", str(folder), "--metadata", 'access=["hr"]'],
        ["access", "set", "a.txt"],
        ["access", "set", "a.txt", "--tag", "x", "--public"],
    ):
        braid.refused(*wrong, code=2)
    assert "no.txt" in braid.refused("access", "set", "a.txt", "no.txt", "--tag", "x", code=1)
    assert told() == {"a.txt": ["ops"], "b.txt": []}
