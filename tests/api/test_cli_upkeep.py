"""The command line over settings, faults and other settings than a collection was built with."""

from __future__ import annotations

from pathlib import Path

import pytest
from cli_fixtures import Braid, write_folder

from api.benchmark import _start
from api.settings import load_settings
from index.database import connect
from ingest.contract import BadInput

FRENCH = {"BRAID_ANALYZER__STEMMER": "french"}


def test_doctor_on_nothing_and_on_a_sound_collection(braid: Braid, filled: Braid) -> None:
    nothing = braid("doctor")
    assert nothing.code == 0
    assert "none yet" in nothing.out
    sound = filled("doctor", "--json").json
    assert sound["ok"] is True
    assert {row["subject"]: row["fault"] for row in sound["findings"]} == {
        "settings": False, "model": False, "dictionary": False, "collection default": False
    }  # fmt: skip


def test_doctor_finds_a_damaged_catalog(braid: Braid, tmp_path: Path) -> None:
    assert braid("ingest", write_folder(tmp_path / "in")).code == 0
    catalog = connect(braid.data / "collections" / "default" / "catalog.sqlite")
    catalog.execute("DELETE FROM documents WHERE id = 'leave.html'")
    catalog.close()
    said = braid("doctor")
    assert said.code == 1
    assert "FAULT collection default: catalog" in said.out
    assert braid("doctor", "--json").json["ok"] is False


def test_doctor_repairs(braid: Braid, tmp_path: Path) -> None:
    """A damaged page, then lost caches; what cannot be saved stays a fault."""
    assert braid("ingest", write_folder(tmp_path / "in")).code == 0
    assert braid("doctor", "--repair", "--json").json["repairs"] == []
    folder = braid.data / "collections" / "default"
    page = 4096
    data = bytearray((folder / "catalog.sqlite").read_bytes())
    for place in range(len(data) - 2 * page, len(data), page):
        data[place + 2_000] ^= 1
    (folder / "catalog.sqlite").write_bytes(data)
    assert braid("doctor").code == 1
    said = braid("doctor", "--repair")
    assert said.code == 0, said
    assert "did   collection default: saved " in said.out
    assert (folder / "damaged-1" / "catalog.sqlite").read_bytes() == data
    assert braid("doctor").code == 0
    (folder / "catalog.sqlite").write_bytes(b"")
    said = braid("doctor", "--repair")
    assert said.code == 1
    assert "FAULT collection default: not mended: nothing can be saved" in said.out


def test_doctor_names_a_catalog_that_is_no_database(braid: Braid, tmp_path: Path) -> None:
    assert braid("ingest", write_folder(tmp_path / "in")).code == 0
    folder = braid.data / "collections" / "default"
    for leftover in folder.glob("catalog.sqlite-*"):
        leftover.unlink()
    (folder / "catalog.sqlite").write_bytes(b"not a database at all" * 500)
    said = braid("doctor")
    assert said.code == 1
    assert "FAULT collection default" in said.out
    braid.refused("search", "seals", code=1)


def test_other_settings_are_refused_and_reindex_mends_it(braid: Braid, tmp_path: Path) -> None:
    assert braid("ingest", write_folder(tmp_path / "in")).code == 0
    line = braid.refused("search", "seals", code=1, env=FRENCH)
    assert "'braid reindex default'" in line
    assert braid("doctor", env=FRENCH).code == 1
    mended = braid("reindex", "default", env=FRENCH)
    assert mended.code == 0
    assert mended.out.startswith("default: 3 documents, ")
    assert mended.out.endswith("; 0 embedded\n"), "the embedder is the same"
    assert braid("search", "seals", "--json", env=FRENCH).json["hits"]
    assert braid("doctor", env=FRENCH).code == 0
    assert braid("ingest", tmp_path / "in", env=FRENCH).out.startswith("default: 3 unchanged; ")
    assert "french" in braid.refused("search", "seals", code=1)


def test_another_chunker_reads_again_and_reindex_cuts_anew(braid: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "in")
    large = braid("ingest", folder, "--json").json["summary"]["chunks"]
    finer = {"BRAID_CHUNKER__MAX_TOKENS": "48", "BRAID_CHUNKER__MIN_TOKENS": "8"}
    stats = braid("reindex", "--json", env=finer).json
    assert (stats["resumed"], 0 < stats["embedded"] <= stats["chunks"]) == (False, True)
    assert stats["chunks"] == stats["vectors"] == stats["sparse"] == stats["dense"] > large
    assert braid("ingest", folder, env=finer).out.startswith("default: 3 unchanged; ")
    back = braid("ingest", folder, "--json").json["summary"]
    assert (back["updated"], back["chunks"]) == (3, large)


def test_backup_and_restore(filled: Braid, braid: Braid, tmp_path: Path) -> None:
    file = tmp_path / "default.backup"
    said = filled("backup", file)
    assert said.code == 0
    assert said.out.startswith("default: 3 documents, ")
    assert "--force" in filled.refused("backup", "default", file, code=1)
    assert filled("backup", file, "--force", "--json").json["manifest"]["documents"] == 3
    assert braid("restore", file).out.startswith("default: 3 documents, ")
    assert (
        braid("search", "seals", "--json").json["hits"]
        == (filled("search", "seals", "--json").json["hits"])
    )
    assert "--force" in braid.refused("restore", file, code=1)
    assert braid("restore", file, "--as", "copy", "--json").json["name"] == "copy"
    other = braid("restore", file, "--force", env=FRENCH)
    assert (other.code, other.err.count("'braid reindex default'")) == (0, 1)
    file.write_bytes(file.read_bytes()[:-100])
    assert "cut off" in braid.refused("restore", file, "--as", "cut", code=2)
    braid.refused("restore", tmp_path / "absent", code=1)
    braid.refused("backup", "a", "b", "c", code=2)


def test_export_and_import(filled: Braid, braid: Braid, tmp_path: Path) -> None:
    out, file = tmp_path / "out", tmp_path / "out.zip"
    assert filled("export", out).out.startswith("default: 3 documents, ")
    assert filled("export", "default", file, "--json").json["manifest"]["has_vectors"] is True
    assert "--force" in filled.refused("export", out, code=1)
    said = braid("import", out, "--collection", "copy")
    assert (said.code, said.out.endswith("; 0 embedded\n")) == (0, True)
    hits = filled("search", "seals", "--json").json["hits"]
    assert braid("search", "seals", "-c", "copy", "--json").json["hits"] == hits
    assert braid("import", file, "--json").json["embedded"] == 0
    assert "--force" in braid.refused("import", file, code=1)
    assert filled("export", out, "--no-vectors", "--force").code == 0
    imported = braid("import", out, "--force", "--json").json
    assert imported["embedded"] == imported["manifest"]["chunks"] > 0
    with (out / "chunks.jsonl").open("a", encoding="utf-8") as handle:
        handle.write("{}\n")
    line = braid.refused("import", out, "-c", "bad", code=2)
    assert f"chunks.jsonl, line {imported['manifest']['chunks'] + 1}: id is missing" in line
    assert "bad" not in braid("list", "-c", "").out


def test_flags_over_environment_over_file_over_defaults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("BRAID_CONFIG", raising=False)
    monkeypatch.delenv("BRAID_COLLECTION", raising=False)
    assert load_settings().collection == "default"
    Path("braid.toml").write_text('collection = "filed"\n[retrieval]\ndepth = 7\nrrf_k = 9\n')
    assert load_settings().collection == "filed"
    monkeypatch.setenv("BRAID_COLLECTION", "environment")
    monkeypatch.setenv("BRAID_RETRIEVAL__DEPTH", "8")
    assert load_settings().collection == "environment"
    assert (load_settings().retrieval.depth, load_settings().retrieval.rrf_k) == (8, 9)
    assert load_settings(collection="flag", data_dir=None).collection == "flag"
    other = tmp_path / "other.toml"
    other.write_text("[retrieval]\nrrf_k = 11\n")
    monkeypatch.setenv("BRAID_CONFIG", str(other))
    assert load_settings().retrieval.rrf_k == 11


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("BRAID_NOPE", "1", "BRAID_NOPE"),
        ("BRAID_CHUNKR__MAX_TOKENS", "1", "BRAID_CHUNKR__MAX_TOKENS"),
        ("BRAID_CHUNKER__NOPE", "1", "chunker.nope"),
        ("BRAID_CHUNKER__MAX_TOKENS", "many", "chunker.max_tokens"),
        ("BRAID_SERVER__PORT", "70000", "server.port"),
        ("BRAID_SPARSE__BACKEND", "elastic", "sparse.backend"),
    ],
)
def test_wrong_settings_in_the_environment_are_named(
    braid: Braid, name: str, value: str, words: str
) -> None:
    assert words in braid.refused("list", code=2, env={name: value})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nope = 1", "nope"),
        ("[chunker]\nnope = 1", "chunker.nope"),
        ("nope = ", "braid.toml"),
        ("\x00", "braid.toml"),
    ],
)
def test_wrong_settings_in_the_file_are_named(braid: Braid, text: str, words: str) -> None:
    Path("braid.toml").write_text(text)
    assert words in braid.refused("list", code=2)


def test_a_key_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRAID_ANSWER__API_KEY", "sesame")
    assert "sesame" not in repr(load_settings())
    monkeypatch.setenv("BRAID_ANSWER__API_KEI", "sesame")
    with pytest.raises(BadInput) as caught:
        load_settings()
    assert "sesame" not in str(caught.value)


def test_bench_parse(filled: Braid, tmp_path: Path) -> None:
    note = tmp_path / "note.md"
    note.write_text("# Pumps\n\nThe pump has a seal.\n", encoding="utf-8")
    broken = tmp_path / "broken.pdf"
    broken.write_bytes(b"%PDF-1.7\n")
    done = filled("bench", "parse", note, broken, "--fast", "--json")
    assert done.code == 3
    read, refused = done.json
    assert (read["pages"], read["chunks"], read["reason"]) == (0, 1, "")
    assert read["peak_mb"] >= read["idle_mb"] > 1
    assert "damaged or cut off" in refused["reason"]


def test_bench_embed(filled: Braid) -> None:
    result = filled("bench", "embed", "--passages", "8", "--starts", "0", "--json").json
    assert sorted(result) == [
        "baseline", "baseline_per_s", "braid", "braid_per_s", "cosine", "mean_tokens", "passages",
        "ratio",
    ]  # fmt: skip
    for way in ("braid", "baseline"):
        assert result[way]["query_p95_ms"] >= result[way]["query_p50_ms"] > 0
        assert result[way]["start_s"] is None
    assert _start("braid") > 0
    assert result["passages"] == 8
    assert result["cosine"] > 0.999
    assert result["ratio"] == pytest.approx(result["braid_per_s"] / result["baseline_per_s"])
