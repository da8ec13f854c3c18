"""Ingesting, searching, asking, listing and deleting by the command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from cli_fixtures import BEARINGS, Braid, write_folder

STATES = ("added", "updated", "unchanged", "unpacked", "deleted", "skipped", "failed")


def test_a_folder_of_good_and_bad_files(braid: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    (folder / "broken.pdf").write_bytes(b"%PDF-1.7\n1 0 obj\n<<")
    (folder / "empty.txt").write_bytes(b"")
    (folder / "picture.pdf").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    (folder / "a" / "loop").symlink_to("..")

    first = braid("ingest", folder)
    assert first.code == 3
    failed = {line.split(":")[0].split()[1]: line for line in first.err.splitlines()}
    assert sorted(failed) == ["broken.pdf", "empty.txt", "picture.pdf"]
    assert "damaged" in failed["broken.pdf"]
    assert "empty" in failed["empty.txt"]
    assert "image" in failed["picture.pdf"]
    assert first.out.startswith("default: 3 added, 3 failed; ")
    assert first.out.count("\n") == 1

    again = braid("ingest", folder, "--json")
    assert again.code == 3
    assert again.err == ""
    states = {row["document_id"]: row["state"] for row in again.json["documents"]}
    assert states == {
        "a/warranty.md": "unchanged",
        "broken.pdf": "failed",
        "empty.txt": "failed",
        "leave.html": "unchanged",
        "picture.pdf": "failed",
        "pump.txt": "unchanged",
    }
    assert again.json["summary"] == {
        **dict.fromkeys(STATES, 0), "unchanged": 3, "failed": 3, "chunks": 0, "embedded": 0
    }  # fmt: skip
    assert all(bool(row["reason"]) == (row["state"] == "failed") for row in again.json["documents"])


def test_one_edited_paragraph_embeds_its_chunks_alone(braid: Braid, tmp_path: Path) -> None:
    small = {"BRAID_CHUNKER__MIN_TOKENS": "8"}
    folder = write_folder(tmp_path / "in")
    first = braid("ingest", folder, "--json", env=small).json["summary"]
    assert first["added"] == 3
    assert first["embedded"] == first["chunks"] > 4
    write_folder(folder, bearings=BEARINGS.replace("eighteen", "thirty"))
    second = braid("ingest", folder, "--json", env=small).json["summary"]
    assert (second["updated"], second["unchanged"], second["embedded"]) == (1, 2, 1)
    assert second["chunks"] > 1
    found = braid("search", "thirty months", "-k", "1", "--json", env=small).json["hits"][0]
    assert "thirty" in found["chunk"]["text"]
    assert not [
        hit
        for hit in braid("search", "eighteen months", "--json", env=small).json["hits"]
        if "eighteen" in hit["chunk"]["text"]
    ]


def test_the_same_relative_name_in_two_folders_is_refused(braid: Braid, tmp_path: Path) -> None:
    for folder, text in (("x", "The red valve opens first."), ("y", "The blue valve closes.")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.txt").write_text(text)
    said = braid("ingest", tmp_path / "x", tmp_path / "y")
    assert said.code == 3
    assert "same id" in said.err
    assert "common folder" in said.err
    hits = braid("search", "valve", "--json").json["hits"]
    assert [hit["chunk"]["text"] for hit in hits] == ["The red valve opens first."]


def test_a_folder_without_files(braid: Braid, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    said = braid("ingest", tmp_path / "nothing")
    assert (said.code, said.out) == (0, "default: no files found; 0 chunks, 0 embedded\n")
    assert braid("search", "anything").out == "nothing found\n"
    answer = braid("ask", "What is the warranty?", "--json").json["answer"]
    assert answer["known"] is False
    assert answer["citations"] == []


def test_a_text_of_one_long_line(braid: Braid, tmp_path: Path) -> None:
    line = "".join(f"The valve {number} opens at {number * 7} bar. " for number in range(300))
    (tmp_path / "line.txt").write_text(line + "x" * 20_000)
    summary = braid("ingest", tmp_path / "line.txt", "--json").json["summary"]
    assert summary["added"] == 1
    assert summary["chunks"] > 20
    top = braid("search", "valve 137", "-k", "3", "--json").json["hits"]
    assert any("valve 137 opens at 959 bar" in hit["chunk"]["text"] for hit in top)


def test_search_prints_places_and_passages(filled: Braid) -> None:
    said = filled("search", "paid leave", "-k", "1", "--explain")
    assert said.code == 0
    place, passage, legs = said.out.splitlines()
    assert place.startswith("1. leave.html")
    assert "twenty-five days" in passage
    assert "sparse: rank 1" in legs
    assert "dense: rank 1" in legs


def test_search_as_json(filled: Braid) -> None:
    result = filled("search", "电机 额定电流", "-k", "2", "--json").json
    assert sorted(result) == [
        "chains", "explanation", "generation", "hits", "is_relevant", "overview", "query",
        "question", "themes"
    ]  # fmt: skip
    best = result["hits"][0]
    assert best["rank"] == 1
    assert best["chunk"]["document_id"] == "pump.txt"
    assert best["legs"]["sparse"]["rank"] == 1
    assert best["metadata"]["language"] == "zh"


@pytest.mark.parametrize("fusion", ["default", "convex", "rrf", "sparse", "dense"])
def test_every_fusion_finds(filled: Braid, fusion: str) -> None:
    hits = filled("search", "额定电流", "--fusion", fusion, "--json").json["hits"]
    assert hits[0]["chunk"]["document_id"] == "pump.txt"


def test_a_filter_keeps_to_its_documents(filled: Braid) -> None:
    said = filled("search", "warranty", "--filter", '{"document_id": "leave.html"}', "--json")
    assert {hit["chunk"]["document_id"] for hit in said.json["hits"]} == {"leave.html"}


def test_ask_cites_where_it_stands(filled: Braid) -> None:
    said = filled("ask", "How long is the warranty on seals?")
    assert said.code == 0
    assert "two years" in said.out
    assert "[1] a/warranty.md" in said.out
    given = filled("ask", "How long is the warranty on seals?", "--json").json
    assert sorted(given) == ["answer", "chains", "generation", "hits", "themes"]
    assert given["answer"]["citations"][0]["chunk"]["document_id"] == "a/warranty.md"


def test_list_names_documents_and_collections(filled: Braid) -> None:
    assert [line.split(":")[0] for line in filled("list").out.splitlines()] == [
        "a/warranty.md", "leave.html", "pump.txt"
    ]  # fmt: skip
    assert [row["id"] for row in filled("list", "--json").json["documents"]] == [
        "a/warranty.md", "leave.html", "pump.txt"
    ]  # fmt: skip
    stats = filled("list", "-c", "", "--json").json["collections"]
    assert [(row["name"], row["documents"]) for row in stats] == [("default", 3)]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["search", ""], 2, "empty"),
        (["ask", " \n "], 2, "empty"),
        (["search", "a" * 100_000], 2, "100,000 characters"),
        (["ask", "泵" * 100_000], 2, "100,000 characters"),
        (["search", "x", "-k", "0"], 2, "k must be"),
        (["search", "x", "-k", "-3"], 2, "k must be"),
        (["search", "x", "-k", "99999999999"], 2, "k must be"),
        (["search", "x", "--fusion", "best"], 2, "no fusion 'best'"),
        (["search", "x", "--filter", '{"a"'], 2, "not JSON"),
        (["search", "x", "--filter", "[1]"], 2, "object"),
        (["search", "x", "--filter", '{"a": {"$near": 1}}'], 2, "$near"),
        (["search", "x", "-c", "absent"], 1, "'absent'"),
        (["ask", "x", "-c", "absent"], 1, "'absent'"),
        (["list", "-c", "absent"], 1, "'absent'"),
        (["reindex", "absent"], 1, "'absent'"),
        (["search", "x", "-c", "../up"], 2, "name of a collection"),
        (["delete", "absent.txt"], 1, "'absent.txt'"),
        (["delete"], 2, "--all"),
        (["delete", "leave.html", "--all"], 2, "--all"),
        (["ingest", "absent-folder"], 1, "absent-folder"),
        (["eval", "run", "absent-folder"], 2, "absent-folder"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_in_a_line(
    filled: Braid, arguments: list[str], code: int, words: str
) -> None:
    assert words in filled.refused(*arguments, code=code)


def test_wrong_use_of_options_ends_with_2(filled: Braid) -> None:
    for arguments in (["search"], ["search", "x", "-k", "many"], ["nothing"], ["list", "--no"]):
        said = filled(*arguments)
        assert (said.code, said.out) == (2, "")
        assert "Error" in said.err


def test_a_data_folder_that_cannot_be_is_said_in_a_line(braid: Braid, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    (tmp_path / "a.txt").write_text("A valve.")
    line = braid.refused(
        "ingest", tmp_path / "a.txt", code=1, env={"BRAID_DATA_DIR": str(tmp_path / "file")}
    )
    assert str(tmp_path / "file") in line


def test_deleting_leaves_nothing(braid: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    chunks = braid("ingest", folder, "--json").json["summary"]["chunks"]
    one = braid("delete", "leave.html", "--json").json["receipt"]
    assert [one[store] for store in ("documents", "chunks", "vectors", "sparse", "dense")] == [
        1
    ] * 5
    rest = braid("delete", "--all")
    assert rest.code == 0
    assert rest.out.startswith(f"deleted 2 documents, {chunks - 1} chunks, ")
    stats = braid("list", "-c", "", "--json").json["collections"][0]
    for store in ("documents", "chunks", "vectors", "sparse", "dense"):
        assert stats[store] == 0, store
    for fusion in ("default", "sparse", "dense"):
        assert braid("search", "warranty", "--fusion", fusion, "--json").json["hits"] == []
    assert braid("doctor").code == 0
    anew = braid("ingest", folder, "--json").json["summary"]
    assert (anew["added"], anew["embedded"]) == (3, chunks)


def test_help_loads_nothing_heavy() -> None:
    program = (
        "import sys\n"
        "from api.cli.app import app\n"
        "try:\n    app(['--help'])\nexcept SystemExit as end:\n    assert not end.code\n"
        "heavy = {'torch', 'transformers', 'faiss', 'tantivy', 'pymupdf', 'jieba', 'fastapi',"
        " 'numpy', 'pydantic'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "ingest" in done.stdout
