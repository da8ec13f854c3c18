"""braid eval make and trec."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_fixtures import Braid
from scripted_server import reply, scripted

RAIL = """# 广茂铁路

广茂铁路建于1978年，全长365公里。线路连接广州和茂名，沿途共有42个车站。
"""
PUMPS = """# Pump handbook

## Starting and stopping pumps

The centrifugal pump has to be filled before it is started, and its valve has to be closed. Once
the motor has reached its speed, the valve is opened slowly. The pump is stopped the other way
round.

## Makers

Karlsruhe Pump Company was founded in 1931 by the engineer Otto Meyer. To remove the old seal, lift
the cover and pull the seal off the shaft.

| Model | Rated power | Delivery height |
| --- | --- | --- |
| Delta Seven | 12 kW | 40 m |
| Gamma Three | 7.5 kW | 25 m |
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "rail.md").write_text(RAIL, encoding="utf-8")
    (folder / "pumps.md").write_text(PUMPS, encoding="utf-8")
    return folder


def test_a_set_is_made_twice_alike_measured_with_and_reviewed(
    cached: Braid, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "made.jsonl"
    said = cached("eval", "make", folder, "--out", out, "--json")
    assert said.code == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    asked = {row["text"]: row for row in rows}
    assert said.json["questions"] == len(rows) >= 5
    assert said.json["documents"] == 2
    assert said.json["by_model"] == 0
    when = asked["When was Karlsruhe Pump Company founded by the engineer Otto Meyer?"]
    assert (when["document"], when["heading"]) == ("pumps.md", "Makers")
    assert when["answer"] == "1931"
    assert "Otto Meyer" in when["chunk"]
    before = out.read_bytes()
    with scripted(reply(lambda message: "no JSON")) as server:
        env = {"BRAID_ANSWER__MODEL": "m", "BRAID_ANSWER__BASE_URL": server.base_url}
        again = cached("eval", "make", folder, "--out", out, "--model", "--json", env=env)
    assert again.code == 0
    assert out.read_bytes() == before
    assert again.json["usage"]["calls"] == again.json["questions"]
    assert "stayed as the rules made them" in again.json["notes"][-1]

    measured = cached(
        "eval", "run", out, "--corpus", folder, "--legs", "default", "--json"
    ).json  # fmt: skip
    assert measured["legs"]["default"]["Success@3"] == 1.0

    review = tmp_path / "made.review.md"
    text = review.read_text("utf-8").replace(f"## [keep] {when['id']}", f"## [drop] {when['id']}")
    review.write_text(text, encoding="utf-8")
    taken = cached("eval", "make", "--reviewed", review, "--json").json
    assert (taken["kept"], taken["edited"], taken["dropped"]) == (len(rows) - 1, 0, 1)
    assert when["id"] not in out.read_text("utf-8")


def test_a_set_is_made_of_a_collection(cached: Braid, folder: Path, tmp_path: Path) -> None:
    cached("ingest", folder, "--collection", "handbooks")
    out = tmp_path / "made.jsonl"
    said = cached("eval", "make", "handbooks", "--out", out, "--count", "3")
    assert said.code == 0
    assert said.out.startswith("3 questions on 2 documents")
    line = cached.refused("eval", "make", "absent", code=1)
    assert "no folder absent, nor a collection of that name (handbooks)" in line
    run = cached("eval", "run", out, "--corpus", "handbooks", "--legs", "sparse", "--json")
    assert run.json["queries"] == 3


def test_flags_that_do_not_belong_together_are_refused(
    cached: Braid, folder: Path, tmp_path: Path
) -> None:
    cached.refused("eval", "make", code=2)
    cached.refused("eval", "make", folder, "--reviewed", tmp_path / "x.review.md", code=2)
    cached.refused("eval", "make", folder, "--budget", "100", code=2)
    assert "answer.model" in cached.refused("eval", "make", folder, "--model", code=2)
    absent = tmp_path / "x.review.md"
    assert "name the one that was reviewed" in cached.refused(
        "eval", "make", "--reviewed", absent, code=1
    )


def test_runs_are_measured_without_a_collection(cached: Braid, tmp_path: Path) -> None:
    qrels, page = tmp_path / "qrels.txt", tmp_path / "report.html"
    qrels.write_text("1 0 a 1\n2 0 b 1\n", encoding="utf-8")
    for name, line in (("left", "1 Q0 a 1 3.0 left\n"), ("right", "2 Q0 c 1 3.0 right\n")):
        (tmp_path / f"{name}.run").write_text(line, encoding="utf-8")
    runs = [tmp_path / "left.run", tmp_path / "right.run"]
    said = cached("eval", "trec", qrels, *runs, "--report", page, "--json")
    assert said.json["legs"]["left"]["nDCG@10"] == 0.5
    assert said.json["legs"]["right"]["nDCG@10"] == 0.0
    assert "left" in page.read_text("utf-8")
    (tmp_path / "report.json").write_text(said.out, encoding="utf-8")
    compared = cached("eval", "compare", tmp_path / "report.json", tmp_path / "report.json")
    assert compared.code == 0
    assert cached("eval", "trec", qrels, *runs, "--measures", "RR@10,AP").code == 0
    cached.refused("eval", "trec", qrels, qrels, code=2)


def test_a_trec_folder_is_run(cached: Braid, tmp_path: Path) -> None:
    folder = tmp_path / "track"
    folder.mkdir()
    (folder / "topics.xml").write_text(
        '<topics><topic number="1"><query>seal of the pump</query></topic></topics>', "utf-8"
    )
    (folder / "qrels.txt").write_text("1 0 D1 1\n", encoding="utf-8")
    (folder / "corpus.sgml").write_text(
        "<DOC><DOCNO>D1</DOCNO><TEXT>The seal is in the pump.</TEXT></DOC>\n"
        "<DOC><DOCNO>D2</DOCNO><TEXT>Leave is paid.</TEXT></DOC>\n",
        encoding="utf-8",
    )
    said = cached("eval", "run", folder, "--legs", "sparse", "--json")
    assert (said.json["dataset"], said.json["legs"]["sparse"]["nDCG@10"]) == ("track", 1.0)
    corpus, topics, qrels = folder / "corpus.sgml", folder / "topics.xml", folder / "qrels.txt"
    files = cached(
        "eval", "run", corpus, "--topics", topics, "--qrels", qrels, "--legs", "sparse", "--json"
    )
    assert files.json["legs"]["sparse"]["nDCG@10"] == 1.0
    cached.refused("eval", "run", corpus, "--topics", topics, code=2)
