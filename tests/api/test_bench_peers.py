"""Braid beside its peers: the protocol, the driver over Braid itself, and the tables. No peer is
installed here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from beir_folder import write_beir
from cli_fixtures import Braid

from bench.peers import table
from bench.peers.__main__ import main
from bench.peers.install import REQUIREMENTS
from bench.peers.process import Died, System
from bench.peers.protocol import Given, ranked_documents
from bench.peers.results import Results
from bench.peers.systems import PEERS, stands
from bench.peers.words import spaced, words

CORPUS = {
    "pump": "The centrifugal pump has to be filled before it is started.",
    "leave": "Employees have twenty-five days of paid leave a year.",
    "泵": "电机的额定电流为十二安培。",
}
QUERIES = {"q1": ("pump filled before start", "pump"), "q2": ("额定电流", "泵")}


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_beir(tmp_path / "tiny", CORPUS, QUERIES)


def test_a_run_measures_keeps_and_goes_on(cached: Braid, dataset: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "out.json", tmp_path / "work"
    asked = [str(dataset), "--out", str(out), "--work", str(work), "--systems", "braid"]
    main(asked)
    cells = Results(out).read()["cells"]
    found = cells["tiny/braid/out of the box/searches"]
    assert found["measures"] == {"nDCG@10": 1.0, "R@5": 1.0, "R@100": 1.0}
    assert list(found["per_query"]["R@5"]) == ["q1", "q2"]
    assert (found["documents"], found["entries"], found["faults"]) == (3, 3, 0)
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert found["memory_mb"] > 50
    assert found["disk_mb"] > 0
    # Too few documents to delete a hundred: said, and no other cell suffers from it.
    assert "only 3 documents" in cells["tiny/braid/out of the box/operations"]["error"]
    assert not list((work / "cells").iterdir())

    (given,) = (work / "data").iterdir()
    held = Given(given)
    assert {entry.document for entry in held.entries} == set(CORPUS)
    assert held.query("q:q2") == "额定电流"
    assert held.query_vectors[held.query("d:pump")] @ held.passage_vectors[
        CORPUS["pump"]
    ] == pytest.approx(1.0, abs=1e-5)

    before = out.read_bytes()
    main(asked)
    assert out.read_bytes() == before

    page = "# Q\n\n<!-- peers: {0} -->\nold\n<!-- peers: end -->\n\nrest\n"
    for name, file in table.PAGES.items():
        (tmp_path / file).write_text(page.format(name), encoding="utf-8")
    table.main([str(out), str(tmp_path)])
    written = (tmp_path / "quality.md").read_text(encoding="utf-8")
    assert "| tiny (2) | **1.000** | – | – | – | – | – |" in written
    assert "old" not in written
    assert written.endswith("<!-- peers: end -->\n\nrest\n")
    assert "Passages indexed a second" in (tmp_path / "performance.md").read_text("utf-8")


def _cell(values: list[float]) -> dict[str, Any]:
    names = [f"q{place}" for place in range(len(values))]
    return {
        "measures": {"nDCG@10": sum(values) / len(values)},
        "per_query": {"nDCG@10": dict(zip(names, values, strict=True))},
    }


def test_a_difference_is_marked_where_it_is_sure() -> None:
    cells = {
        "one/braid/out of the box/searches": _cell([1.0] * 40),
        "one/txtai/tuned/searches": _cell([0.5] * 40),
        "one/langchain/tuned/searches": _cell([1.0] * 39 + [0.96]),
        "one/milvus/tuned/searches": {"error": "ended with -11"},
    }
    shown = table.Table({"sets": {"one": {"questions": 40}}, "cells": cells}).quality()
    assert "| one (40) | **1.000** | 0.500 ▾ | 0.999 | – | – | – |" in shown
    assert "| **ahead / even / behind** |  | 1 / 0 / 0 | 0 / 1 / 0 | – | – | – |" in shown


def test_operations_are_told_with_what_went_wrong() -> None:
    cell = {
        "delete_s": 0.25,
        "deleted_found": 0,
        "until_found_s": 1.5,
        "added_found": 100,
        "reopened": {"open_s": 0.5, "deleted_found": 3, "added_found": 99},
        "threads": {"error": "ended with -11: `fault`"},
        "kills": [
            {"opened": True, "acknowledged": 20, "lost": 1, "kept_lost": 0},
            {"opened": False, "acknowledged": 8, "error": "EOFError: "},
        ],
    }
    held = {
        "sets": {"one": {"questions": 1, "entries": 9, "passages_per_s": 9, "query_p50_ms": 1}},
        "cells": {"one/txtai/tuned/operations": cell},
    }
    shown = table.Table(held).rates()
    for line in (
        "| of them found again, at once | – | 0 | – | – | – | – |",
        "| faults from 4 threads | – | the process died | – | – | – | – |",
        "| killed 5 times: opens again | – | 1 | – | – | – | – |",
        "| acknowledged and lost | – | 1 of 20 | – | – | – | – |",
        "- txtai, threads: `ended with -11: 'fault'`.",
        "- txtai, after a kill: `EOFError:`.",
    ):
        assert line in shown


def test_a_process_that_ends_is_told(tmp_path: Path) -> None:
    with (
        System("braid", "tuned", Path("/bin/false"), tmp_path / "store", tmp_path) as system,
        pytest.raises(Died, match="ended with 1"),
    ):
        system.ask("open")


def test_documents_stand_at_their_best_entry() -> None:
    document_of = {"a1": "a", "a2": "a", "b1": "b"}
    found = ranked_documents([("b1", 3.0), ("a2", 2.0), ("a1", 1.0)], document_of)
    assert found == [("b", 3.0), ("a", 2.0)]


def test_words() -> None:
    assert words("Seals, 2 Years") == ["seals", "2", "years"]
    assert words("电机的额定电流。") == ["电机", "的", "额定电流"]
    assert spaced("Seals, 2 Years") == "Seals, 2 Years"
    assert spaced("电机 X1") == "电机 x1"


def test_every_peer_has_pinned_requirements() -> None:
    for peer in PEERS:
        lines = (REQUIREMENTS / f"{peer}.txt").read_text(encoding="utf-8").split()
        assert lines
        assert all("==" in line for line in lines)
    assert stands(["milvus", "braid"]) == [
        ("braid", "out of the box"), ("milvus", "out of the box"), ("milvus", "tuned")
    ]  # fmt: skip


def test_a_page_without_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="peers: rates"):
        table.put("# Page\n", "rates", "text")
