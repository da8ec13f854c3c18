"""braid tune, and tuning after ingesting."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_fixtures import Braid

TEXTS = {
    "pump.txt": "The pump needs oil every month. Its motor is rated at 4.2 A.",
    "valve.txt": "The valve is made of brass. It closes within two seconds.",
}


def filled(braid: Braid, folder: Path) -> None:
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    braid("ingest", str(folder))


def beir(folder: Path, document: str) -> Path:
    (folder / "qrels").mkdir(parents=True)
    corpus = {"_id": document, "title": "", "text": TEXTS["pump.txt"]}
    (folder / "corpus.jsonl").write_text(json.dumps(corpus) + "\n", encoding="utf-8")
    question = {"_id": "q", "text": "When does the pump need oil?"}
    (folder / "queries.jsonl").write_text(json.dumps(question) + "\n", encoding="utf-8")
    rows = f"query-id\tcorpus-id\tscore\nq\t{document}\t1\n"
    (folder / "qrels" / "test.tsv").write_text(rows, encoding="utf-8")
    return folder


def test_a_collection_is_tuned_when_it_is_filled(braid: Braid, tmp_path: Path) -> None:
    filled(braid, tmp_path / "in")
    foreign = braid("search", "How do I fold a paper crane?", "--json").json
    assert foreign["is_relevant"] is False
    assert foreign["hits"]
    assert "nothing here seems to answer" in braid("search", "How do I fold a paper crane?").err
    assert braid("search", "When does the pump need oil?", "--json").json["is_relevant"]


def test_what_was_learned_is_shown_forgotten_and_learned_again(
    braid: Braid, tmp_path: Path
) -> None:
    filled(braid, tmp_path / "in")
    assert "forgotten" in braid("tune", "--reset").out
    assert braid("search", "How do I fold a paper crane?", "--json").json["is_relevant"]
    shown = braid("tune", "--dry-run", "--json").json
    assert (shown["tuning"]["source"], shown["fit"]["ratio"]) == ("size", 1.0)
    assert braid("search", "How do I fold a paper crane?", "--json").json["is_relevant"]
    assert "too small to learn weights from" in braid("tune").out
    assert not braid("search", "How do I fold a paper crane?", "--json").json["is_relevant"]


def test_sentences_that_find_nothing_are_said_to_tell_nothing(
    braid: Braid, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form filled in again and again: its sentences tell nobody which of the copies is meant."""
    folder = tmp_path / "in"
    folder.mkdir()
    form = "The pump was looked at. Nothing was found. The oil was changed. The valve was shut."
    for number in range(60):
        (folder / f"{number}.txt").write_text(f"{form} {number}.", encoding="utf-8")
    braid("ingest", str(folder))
    monkeypatch.setattr("retrieve.tuning.tune._LEAST_CHUNKS", 50)
    done = braid("tune")
    assert "the weights stay as they are: its own sentences" in done.out
    assert braid("tune", "--json").json["fit"]["trusted"] is False


def test_judged_questions(braid: Braid, tmp_path: Path) -> None:
    filled(braid, tmp_path / "in")
    said = braid("tune", "--qrels", str(beir(tmp_path / "right", "pump.txt")))
    assert "the weights stay as they are, by 1 judged questions" in said.out
    wrong = str(beir(tmp_path / "wrong", "other.txt"))
    assert "need the same ids" in braid.refused("tune", "--qrels", wrong, code=2)
