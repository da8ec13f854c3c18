"""`braid bench search` and `braid bench query` measure real searches, and say what failed."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from cli_fixtures import Braid, Said
from rest_server import running

from api.benchmark_query import QueryPlan, bench_query
from api.settings import Settings
from ingest.contract import NotFound, Unavailable

QUESTIONS = ["How long is the warranty on seals?", "电机的质保期是多久？"]


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """A BEIR file of queries."""
    path = tmp_path / "queries.jsonl"
    lines = [json.dumps({"_id": str(n), "text": text}) for n, text in enumerate(QUESTIONS)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def filled(braid: Braid, tmp_path: Path) -> Braid:
    """A command line over a collection of one note."""
    (tmp_path / "note.md").write_text("# Seals\n\nThe warranty on seals is two years.\n")
    assert braid("ingest", tmp_path / "note.md").code == 0
    return braid


def printed(said: Said) -> Any:
    """The JSON that a command printed after the lines that a server of this process logged."""
    out = f"\n{said.out}"
    return json.loads(out[out.index("\n{\n") :])


def test_bench_search(filled: Braid, questions: Path) -> None:
    said = filled(
        "bench", "search", "default", "--queries", questions, "--threads", "1,3", "--fusions",
        "rrf,sparse", "--searches", "7", "--busy", "--json",
    )  # fmt: skip
    assert said.code == 0, said
    rows = said.json["results"]
    assert [(row["fusion"], row["threads"]) for row in rows] == [
        ("rrf", 1), ("rrf", 3), ("sparse", 1), ("sparse", 3)
    ]  # fmt: skip
    for row in rows:
        assert row["searches"] == 7
        assert 0 < row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"] <= row["max_ms"]
        assert sum(row["stages_ms"].values()) <= row["max_ms"]
        # What embedding costs is not in it: the model needs some milliseconds, a look-up none.
        assert row["stages_ms"].get("embed", 0.0) < 1.0
    assert "dense" in rows[0]["stages_ms"]


def test_bench_search_refuses(filled: Braid, questions: Path, tmp_path: Path) -> None:
    assert "no collection" in filled.refused(
        "bench", "search", "other", "--queries", questions, code=1
    )
    assert "no fusion" in filled.refused(
        "bench", "search", "default", "--queries", questions, "--fusions", "best", code=2
    )
    (tmp_path / "empty.txt").write_text("\n\n")
    assert "no query" in filled.refused(
        "bench", "search", "default", "--queries", tmp_path / "empty.txt", code=2
    )


def test_bench_query(filled: Braid, questions: Path) -> None:
    with running(Settings(data_dir=filled.data)) as client:
        url = str(client.base_url)
        asked: list[str | Path] = [
            "bench",
            "query",
            url,
            "--queries",
            questions,
            "--seconds",
            "1",
            "--json",
        ]
        busy = filled(*asked, "--warm-up", "0.1", "--clients", "3", "--stages")
        assert busy.code == 0, busy
        found = printed(busy)
        assert found["errors"] == {}
        assert found["answered"] > 3
        assert 0 < found["p50_ms"] <= found["p95_ms"] <= found["max_ms"]
        assert {"sparse", "dense", "load"} <= found["stages_ms"].keys()
        even = printed(filled(*asked, "--warm-up", "0", "--rate", "20"))
        assert even["answered"] == 20
        assert even["stages_ms"] == {}
        with pytest.raises(NotFound, match="no collection"):
            bench_query(QueryPlan(url, "other", QUESTIONS))


def test_errors_of_a_service_are_counted_by_kind(filled: Braid, questions: Path) -> None:
    with running(Settings(data_dir=filled.data)) as client:
        url = str(client.base_url)
        questions.write_text('{"text": "seals"}\n{"text": "%s"}\n' % ("long " * 5_000))
        said = filled(
            "bench", "query", url, "--queries", questions, "--seconds", "1", "--warm-up", "0",
            "--rate", "10", "--fusion", "sparse", "--json",
        )  # fmt: skip
    assert said.code == 1
    assert printed(said)["errors"] == {"HTTP 422": 5}
    assert printed(said)["answered"] == 5


def test_bench_query_says_that_nobody_answers(braid: Braid, questions: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        with pytest.raises(Unavailable, match="braid serve"):
            bench_query(QueryPlan(url, "default", QUESTIONS))
        assert "no answer" in braid.refused("bench", "query", url, "--queries", questions, code=1)
    assert "is no address" in braid.refused(
        "bench", "query", "localhost:8000", "--queries", questions, code=2
    )
