"""braid ingest and braid sync: dry runs, retries, metadata, passwords, archives, interruptions."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pymupdf
import pytest
from cli_fixtures import Braid, write_folder
from ingestion_room import write, write_zip
from typer.testing import CliRunner

import api.cli.ingesting
import api.cli.output
from api.cli.app import app
from ingest.contract import BadInput

SECRET = "开门 sesame"
ROOT = Path(__file__).resolve().parent.parent.parent


def locked_pdf(text: str) -> bytes:
    with pymupdf.open() as document:  # type: ignore[no-untyped-call]
        document.new_page().insert_text((72, 72), text)
        data: bytes = document.tobytes(
            encryption=pymupdf.mupdf.PDF_ENCRYPT_AES_256, user_pw=SECRET, owner_pw="other"
        )
    return data


def locked_docx(text: str) -> bytes:
    import docx
    from msoffcrypto.format.ooxml import OOXMLFile

    plain, locked = io.BytesIO(), io.BytesIO()
    document = docx.Document()
    document.add_paragraph(text)
    document.save(plain)
    OOXMLFile(plain).encrypt(SECRET, locked)
    return locked.getvalue()


def test_a_dry_run_says_what_would_be_done_and_loads_no_model(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    write(folder, {".hidden": "x", "photo.xyz": bytes(range(256)) * 4, "pump.txt.meta.json": "{}"})
    write_zip(folder / "z.zip", {"m.txt": "A grey valve."})
    program = (
        "import sys\n"
        "from api.cli.app import app\n"
        f"try:\n    app(['ingest', {str(folder)!r}, '--dry-run', '--json'])\n"
        "except SystemExit as end:\n    assert end.code == 3, end.code\n"
        "heavy = {'torch', 'transformers', 'faiss', 'pymupdf'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    data = tmp_path / "data"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT,
        env={**os.environ, "BRAID_DATA_DIR": str(data)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["dry_run"] is True
    assert {row["document_id"]: row["state"] for row in said["documents"]} == {
        ".hidden": "skipped", "pump.txt.meta.json": "skipped", "photo.xyz": "skipped",
        "a/warranty.md": "added", "leave.html": "added", "pump.txt": "added",
        "z.zip/m.txt": "added", "z.zip": "unpacked",
    }  # fmt: skip
    assert all(row["reason"] for row in said["documents"] if row["state"] == "skipped")
    assert not list(data.rglob("*.sqlite"))


def test_a_dry_run_over_what_is_stored(braid: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    assert braid("ingest", folder).code == 0
    write(folder, {"leave.html": "<p>Leave was done away with.</p>", "new.txt": "A valve."})
    (folder / "pump.txt").unlink()
    planned = braid("ingest", folder, "--dry-run")
    assert planned.code == 0
    assert planned.out.splitlines() == [
        "updated  leave.html", "added    new.txt", "default: 1 added, 1 updated, 1 unchanged"
    ]  # fmt: skip
    in_step = braid("sync", folder, "--dry-run").out
    assert "deleted  pump.txt" in in_step
    assert len(braid("list").out.splitlines()) == 3
    done = braid("sync", folder)
    assert done.out.startswith("default: 1 added, 1 updated, 1 unchanged, 1 deleted; ")
    assert braid("sync", folder, "--json").json["summary"]["unchanged"] == 3


def test_failures_are_listed_tried_again_and_forgotten(braid: Braid, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", {"a.txt": "", "b.txt": "", "c.txt": "A good valve."})
    assert braid("ingest", folder).code == 3
    assert braid("ingest", "--retry-failed").code == 3
    rows = braid("list", "--state", "failed", "--json").json["documents"]
    assert [(r["document_id"], r["stage"], r["attempts"]) for r in rows] == [
        ("a.txt", "read", 2), ("b.txt", "read", 2)
    ]  # fmt: skip
    assert "read: the file is empty" in braid("list", "--state", "failed").out
    write(folder, {"a.txt": "A red valve.", "b.txt": "A blue valve."})
    one = braid("ingest", "--retry-failed", folder / "a.txt", "--json").json
    assert [row["document_id"] for row in one["documents"]] == ["a.txt"]
    assert braid("ingest", "--retry-failed").out.startswith("default: 1 added; ")
    assert braid("list", "--state", "failed").out == ""
    assert len(braid("list", "--state", "ok").out.splitlines()) == 3
    assert braid("ingest", "--retry-failed").out.startswith("default: no files found")

    write(folder, {"d.txt": ""})
    assert braid("ingest", folder).code == 3
    assert braid("delete", "d.txt", "--json").json["receipt"]["documents"] == 0
    assert braid("list", "--state", "failed").out == ""
    assert "PATHS" not in braid.refused("ingest", code=2)


def test_metadata_are_given_by_flags(braid: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    given = ("year=2024", "team=北 a=b", 'tags=["x", "y"]', "empty=", "ok=true", "nan=NaN")
    flags = [part for item in given for part in ("--metadata", item)]
    assert braid("ingest", folder, *flags).code == 0
    row = braid("list", "--json").json["documents"][0]["metadata"]
    assert {key: row[key] for key in ("year", "team", "tags", "empty", "ok", "nan")} == {
        "year": 2024, "team": "北 a=b", "tags": ["x", "y"], "empty": "", "ok": True, "nan": "NaN"
    }  # fmt: skip
    hits = braid("search", "leave", "--filter", '{"tags": {"$in": ["y", "z"]}}', "--json").json
    assert hits["hits"]
    assert not braid("search", "leave", "--filter", '{"tags": "z"}', "--json").json["hits"]
    for wrong in ("year", "=2024", ""):
        assert "key=value" in braid.refused("ingest", folder, "--metadata", wrong, code=2)


def test_archives_are_taken_in_and_deleted_with_what_they_pack(
    braid: Braid, tmp_path: Path
) -> None:
    write_zip(tmp_path / "p.zip", {"a.txt": "The red valve opens.", "b/c.txt": "The pump runs."})
    assert braid("ingest", tmp_path / "p.zip").out.startswith("default: 2 added, 1 unpacked; ")
    assert braid("list", "--state", "unpacked").out == "p.zip\n"
    assert braid("delete", "p.zip", "--json").json["receipt"]["documents"] == 2
    assert braid("list").out == ""
    assert "'p.zip'" in braid.refused("delete", "p.zip", code=1)


@pytest.mark.parametrize(
    ("name", "make"), [("locked.pdf", locked_pdf), ("locked.docx", locked_docx)]
)
def test_passwords_open_files_and_are_kept_nowhere(
    braid: Braid, tmp_path: Path, name: str, make: Callable[[str], bytes]
) -> None:
    write(tmp_path / "in", {name: make("The secret valve is red."), "open.txt": "A pump."})
    folder = tmp_path / "in"
    locked = braid("ingest", folder, "--json")
    assert locked.code == 3
    (row,) = [row for row in locked.json["documents"] if row["state"] == "failed"]
    assert (row["document_id"], row["needs_password"]) == (name, True)
    wrong = braid("ingest", folder, "--password", "wrong-guess")
    assert "check the password" in wrong.err
    assert "wrong-guess" not in wrong.err + wrong.out
    right = braid("ingest", folder, "--password", "wrong-guess", "--password", SECRET, "--json")
    assert right.code == 0
    assert SECRET not in right.out
    hit = braid("search", "secret valve", "-k", "1", "--json").json["hits"][0]
    assert hit["chunk"]["document_id"] == name
    assert braid("ingest", folder).out.startswith("default: 2 unchanged; ")
    kept = b"".join(path.read_bytes() for path in braid.data.rglob("*") if path.is_file())
    assert SECRET.encode() not in kept
    assert b"wrong-guess" not in kept


def test_a_password_is_asked_for_on_a_terminal(
    braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "in", {"locked.pdf": locked_pdf("The secret valve is red.")})
    monkeypatch.setattr(api.cli.ingesting, "is_terminal", lambda: True)
    monkeypatch.setenv("BRAID_DATA_DIR", str(braid.data))

    def typed(*lines: str) -> tuple[int, str]:
        given = "".join(f"{line}\n" for line in lines)
        done = CliRunner().invoke(app, ["ingest", str(tmp_path / "in")], input=given)
        assert SECRET not in done.output
        return done.exit_code, done.stdout

    assert typed("")[0] == 3
    code, out = typed("wrong", SECRET)
    assert (code, "default: 1 added; " in out) == (0, True)


def test_fast_reads_pdfs_without_the_layout_model(braid: Braid, tmp_path: Path) -> None:
    with pymupdf.open() as document:  # type: ignore[no-untyped-call]
        document.new_page().insert_text((72, 72), "The plain valve opens at nine bar.")
        data: bytes = document.tobytes()
    folder = write(tmp_path / "in", {"a.pdf": data, "b.txt": "A pump."})
    assert braid("ingest", folder, "--fast").out.startswith("default: 2 added; ")
    assert braid("ingest", folder, "--fast").out.startswith("default: 2 unchanged; ")
    # With the layout model, PDFs are read again, and nothing else is.
    assert braid("ingest", folder).out.startswith("default: 1 updated, 1 unchanged; ")


def test_a_run_that_is_interrupted_goes_on_where_it_was(braid: Braid, tmp_path: Path) -> None:
    texts = {f"{number:03}.txt": f"Valve {number} opens at {number} bar." for number in range(300)}
    folder = write(tmp_path / "in", texts)
    program = "from api.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", program, "ingest", str(folder), "--json"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT,
        env={**os.environ, "BRAID_DATA_DIR": str(braid.data)},
    ) as run:  # fmt: skip
        log = braid.data / "collections" / "default" / "catalog.sqlite-wal"
        while run.poll() is None and not (log.exists() and log.stat().st_size > 300_000):
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        assert run.stderr is not None
        said = run.stderr.read().decode()
    assert run.returncode in (0, 130), said
    before = len(braid("list", "--state", "ok", "--json").json["documents"])
    assert before > 0
    summary = braid("ingest", folder, "--json").json["summary"]
    assert (summary["unchanged"], summary["added"]) == (before, 300 - before)


def test_what_a_flag_may_hold(braid: Braid, tmp_path: Path) -> None:
    write(tmp_path / "in", {"a.txt": "A valve."})
    for flags in (["--workers", "-1"], ["--timeout", "0"]):
        assert braid("ingest", tmp_path / "in", *flags).code == 2
    assert braid("ingest", tmp_path / "in", "--workers", "0", "--timeout", "9").code == 0
    assert "nothing was changed" in braid.refused("sync", tmp_path / "absent", code=1)
    with pytest.raises(BadInput, match="key=value"):
        api.cli.ingesting._metadata_of(["nothing"])


def test_a_bar_and_a_table_are_for_terminals(capsys: pytest.CaptureFixture[str]) -> None:
    api.cli.output.print_table("papers", {"added": 1200, "failed": 0})
    shown = capsys.readouterr().out
    assert "1,200" in shown
    assert "failed" not in shown
