"""What is packed in archives and mails: documents of their own, as long as they are in there."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest
from ingestion_room import a_collection, ingest, make_ingestor, states, write, write_zip

from api.events import State
from index.contract import Status
from index.pipeline import Collection

RED, BLUE, GREEN = (
    f"The {colour} valve opens at nine bar and closes at two."
    for colour in ("red", "blue", "green")
)


@pytest.fixture
def papers(tmp_path: Path) -> Iterator[Collection]:
    with a_collection(tmp_path / "papers") as collection:
        yield collection


def stored(collection: Collection) -> list[str]:
    return [record.id for record in collection.records()]


def mail(subject: str, text: str, **attachments: str) -> bytes:
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = subject, "a@example.org", "b@example.org"
    message["Date"] = "Wed, 01 May 2024 08:00:00 +0000"
    message.set_content(text)
    for name, content in attachments.items():
        message.add_attachment(
            content.encode(), maintype="text", subtype="plain", filename=f"{name}.txt"
        )
    return message.as_bytes()


@pytest.mark.parametrize("workers", [0, 2])
def test_members_come_change_and_go(tmp_path: Path, workers: int) -> None:
    ingestor = make_ingestor(workers=workers)
    folder = write(tmp_path / "in", {"a.txt": RED})
    pack = write_zip(folder / "pack.zip", {"one.txt": BLUE, "d/two.md": f"# T\n\n{GREEN}"})
    with a_collection(tmp_path / "papers") as papers:
        assert states(ingest(papers, folder, ingestor=ingestor)) == [
            ("a.txt", State.ADDED), ("pack.zip/one.txt", State.ADDED),
            ("pack.zip/d/two.md", State.ADDED), ("pack.zip", State.UNPACKED),
        ]  # fmt: skip
        assert papers.record("pack.zip/one.txt").metadata["container"] == "pack.zip"
        state = papers.ledger.states.get("pack.zip/one.txt")
        assert state is not None
        assert state.origin.path == pack
        assert (state.origin.root, state.origin.container) == (folder.resolve(), "pack.zip")
        archive = papers.ledger.states.get("pack.zip")
        assert archive is not None
        assert archive.status is Status.UNPACKED

        again = ingest(papers, folder, ingestor=ingestor)
        assert [(e.state, e.embedded) for e in again if e.state is not State.UNPACKED] == [
            (State.UNCHANGED, 0)
        ] * 3

        write_zip(pack, {"d/two.md": f"# T\n\n{GREEN}", "three.txt": RED})
        changed = ingest(papers, folder, ingestor=ingestor)
        assert states(changed) == [
            ("a.txt", State.UNCHANGED), ("pack.zip/d/two.md", State.UNCHANGED),
            ("pack.zip/three.txt", State.ADDED), ("pack.zip/one.txt", State.DELETED),
            ("pack.zip", State.UNPACKED),
        ]  # fmt: skip
        assert stored(papers) == ["a.txt", "pack.zip/d/two.md", "pack.zip/three.txt"]

        # A copy that is cut off leaves what is stored as it is.
        pack.write_bytes(pack.read_bytes()[:60])
        (failed,) = (e for e in ingest(papers, folder, ingestor=ingestor) if e.reason)
        assert (failed.document_id, failed.stage) == ("pack.zip", "read")
        assert stored(papers) == ["a.txt", "pack.zip/d/two.md", "pack.zip/three.txt"]

        with papers.writer() as writer:
            receipt = writer.delete(["pack.zip"])
        assert (receipt.documents, receipt.chunks) == (2, receipt.vectors)
        assert stored(papers) == ["a.txt"]
        assert papers.ledger.states.counts() == {Status.OK: 1}
        assert papers.check() == []


def test_a_folder_of_the_same_name_is_no_container(papers: Collection, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.zip/b.txt": RED, "a.zip0": BLUE})
    ingest(papers, folder)
    with papers.writer() as writer:
        assert writer.delete(["a.zip"]).documents == 0
    assert len(stored(papers)) == 2


def test_what_fails_inside_is_a_failure_of_its_own(papers: Collection, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    write_zip(folder / "p.zip", {"bad.pdf": b"%PDF-1.7\nno more", "good.txt": RED, "e.txt": b""})
    events = {e.document_id: e for e in ingest(papers, folder)}
    assert events["p.zip/good.txt"].state is State.ADDED
    assert events["p.zip/bad.pdf"].state is State.FAILED
    assert "empty" in events["p.zip/e.txt"].reason
    failed = papers.ledger.states.of(Status.FAILED)
    assert {s.document_id: s.origin.container for s in failed} == {
        "p.zip/bad.pdf": "p.zip", "p.zip/e.txt": "p.zip"
    }  # fmt: skip
    write_zip(folder / "p.zip", {"good.txt": RED})
    ingest(papers, folder)
    assert papers.ledger.states.of(Status.FAILED) == []


def test_archives_in_archives(papers: Collection, tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("deep.txt", GREEN)
    pack = write_zip(tmp_path / "in" / "o.zip", {"i.zip": inner.getvalue(), "a.txt": RED})
    ingest(papers, pack)
    assert stored(papers) == ["o.zip/a.txt", "o.zip/i.zip/deep.txt"]
    # The one inside is damaged in the next copy: what came of it stays.
    write_zip(pack, {"i.zip": inner.getvalue()[:40], "a.txt": RED})
    ingest(papers, pack)
    assert stored(papers) == ["o.zip/a.txt", "o.zip/i.zip/deep.txt"]
    write_zip(pack, {"a.txt": RED})
    ingest(papers, pack)
    assert stored(papers) == ["o.zip/a.txt"]


def test_a_mail_is_a_document_beside_its_attachments(papers: Collection, tmp_path: Path) -> None:
    path = tmp_path / "m.eml"
    path.write_bytes(mail("Valves", RED, note=BLUE))
    events = ingest(papers, path)
    assert [e.document_id for e in events if e.state is State.ADDED] == ["m.eml/note.txt", "m.eml"]
    assert {e.state for e in ingest(papers, path)} == {State.UNCHANGED}
    path.write_bytes(mail("Valves", RED, other=GREEN))
    ingest(papers, path)
    assert stored(papers) == ["m.eml", "m.eml/other.txt"]
    with papers.writer() as writer:
        assert writer.delete(["m.eml"]).documents == 2


def test_a_file_that_was_a_container_and_one_that_becomes_one(
    papers: Collection, tmp_path: Path
) -> None:
    path = tmp_path / "x"
    path.write_text(RED)
    ingest(papers, path)
    write_zip(path, {"a.txt": BLUE})
    ingest(papers, path)
    assert stored(papers) == ["x/a.txt"]
    path.write_text(RED)
    ingest(papers, path)
    assert stored(papers) == ["x"]


def test_metadata_of_a_container_hold_for_what_it_packs(papers: Collection, tmp_path: Path) -> None:
    pack = write_zip(
        tmp_path / "p.zip",
        {"a.txt": RED, "b.txt": BLUE, "b.txt.meta.json": '{"year": 2020}', "c.txt": GREEN,
         "c.txt.meta.json": "{"},
    )  # fmt: skip
    (tmp_path / "p.zip.meta.json").write_text(json.dumps({"year": 2024, "site": "鹿特丹"}))
    events = {e.document_id: e for e in ingest(papers, pack, team="x")}
    one, two = (papers.record(f"p.zip/{name}.txt").metadata for name in ("a", "b"))
    assert (one["year"], one["site"], one["team"]) == (2024, "鹿特丹", "x")
    assert (two["year"], two["site"], two["size"]) == (2020, "鹿特丹", len(BLUE))
    assert one["file_name"] == "a.txt"
    assert "not valid JSON" in events["p.zip/c.txt"].reason
