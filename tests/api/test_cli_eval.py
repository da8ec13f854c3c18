"""braid eval run and compare, on a dataset and on questions about files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from beir_folder import write_beir
from cli_fixtures import Braid, write_folder
from scripted_server import reply, scripted

from api.settings import load_settings

CORPUS = {
    "pump": "The centrifugal pump has to be filled before it is started.",
    "leave": "Employees have twenty-five days of paid leave a year.",
    "泵": "电机的额定电流为十二安培。",
    "blank": "   ",
}
QUERIES = {"q1": ("pump filled before start", "pump"), "q2": ("额定电流", "泵")}
MEASURES = ["nDCG@10", "RR@10", "R@5", "R@10", "R@100", "Success@1", "p50_ms", "p95_ms"]


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    return write_beir(tmp_path / "tiny", CORPUS, QUERIES)


def _collections() -> list[str]:
    return sorted(path.name for path in (load_settings().cache_dir / "eval").glob("tiny-*"))


def test_a_dataset_is_measured_by_every_leg(cached: Braid, dataset: Path, tmp_path: Path) -> None:
    page, runs = tmp_path / "report.html", tmp_path / "runs"
    table = tmp_path / "report.queries.csv"
    said = cached(
        "eval", "run", dataset, "--json", "--report", page, "--report", table, "--language", "zh",
        "--runs", runs,
    )  # fmt: skip
    assert said.code == 0
    report = said.json
    assert report["dataset"] == "tiny"
    assert (report["queries"], report["documents"]) == (2, 4)
    assert list(report["legs"]) == ["sparse", "dense", "rrf", "convex", "default"]
    for leg in report["legs"].values():
        assert list(leg) == MEASURES
    assert report["legs"]["sparse"]["nDCG@10"] == 1.0
    assert report["legs"]["default"]["Success@1"] == 1.0
    assert report["legs"]["dense"]["p50_ms"] > 0
    assert "评测报告：tiny" in page.read_text(encoding="utf-8")
    assert len(table.read_text(encoding="utf-8").splitlines()) == 1 + 5 * 2
    for leg in report["legs"]:
        rows = [line.split() for line in (runs / f"{leg}.trec").read_text("utf-8").splitlines()]
        assert {row[0] for row in rows} == set(QUERIES)
        assert all(len(row) == 6 and row[1] == "Q0" for row in rows)
        assert [row[2] for row in rows if row[3] in ("0", "1")][:1] == ["pump"]

    costs = report["costs"]["dense"]
    assert costs["index_s"] > 0 and costs["index_mb"] > 0 and costs["memory_mb"] > 1

    before = _collections()
    assert len(before) == 1
    again = cached("eval", "run", dataset, "--legs", "sparse", "--json")
    assert again.json["legs"]["sparse"]["nDCG@10"] == 1.0
    assert "index_s" not in again.json["costs"]["sparse"]
    assert _collections() == before
    assert (tmp_path / "cache" / "runs" / "tiny" / "sparse.trec").is_file()

    lines = cached("eval", "run", dataset, "--legs", "sparse").out.splitlines()
    assert lines[0] == "tiny: 2 queries, 4 documents"
    assert lines[2].startswith("sparse")


def test_two_reports_are_compared(cached: Braid, dataset: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        said = cached("eval", "run", dataset, "--legs", "sparse,default", "--json")
        (tmp_path / f"{name}.json").write_text(said.out, encoding="utf-8")
    said = cached("eval", "compare", tmp_path / "a.json", tmp_path / "b.json")
    assert said.code == 0
    assert "nDCG@10" in said.out
    compared = cached("eval", "compare", tmp_path / "a.json", tmp_path / "b.json", "--json").json
    assert sorted(compared) == ["differences", "warnings"]
    assert compared["warnings"] == []
    assert {(row["left"], row["difference"]) for row in compared["differences"]} == {
        ("sparse", 0.0), ("default", 0.0)
    }  # fmt: skip
    (tmp_path / "c.json").write_text("{}")
    cached.refused("eval", "compare", tmp_path / "a.json", tmp_path / "c.json", code=2)
    cached.refused("eval", "compare", tmp_path / "a.json", tmp_path / "absent", code=2)


def test_questions_about_files(cached: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "files")
    rows = [
        {"id": "1", "text": "How long are bearings covered?", "document": "a/warranty.md",
         "heading": "Bearings"},
        {"id": "2", "text": "How many days of paid leave?", "document": "leave.html"},
        {"id": "3", "text": "额定电流是多少？", "document": "pump.txt"},
    ]  # fmt: skip
    questions = tmp_path / "asked.jsonl"
    questions.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    cached.refused("eval", "run", questions, code=1)
    said = cached("eval", "run", questions, "--corpus", folder, "--legs", "default", "--json")
    assert said.code == 0
    assert (said.json["dataset"], said.json["queries"], said.json["documents"]) == ("asked", 3, 3)
    assert said.json["legs"]["default"]["Success@3"] == 1.0

    (folder / "leave.html").unlink()
    after = cached("eval", "run", questions, "--corpus", folder, "--legs", "default", "--json")
    assert after.json["documents"] == 2
    assert after.json["legs"]["default"]["Success@3"] == pytest.approx(2 / 3)


def test_measures_threads_and_sizes_can_be_chosen(cached: Braid, dataset: Path) -> None:
    chosen = ("--legs", "sparse", "--measures", "AP, P@5,nDCG@5", "--json")
    said = cached("eval", "run", dataset, *chosen, "--threads", "2", "--sizes", "4,3")
    assert [report["documents"] for report in said.json["reports"]] == [3, 4]
    for report in said.json["reports"]:
        assert list(report["legs"]["sparse"])[:3] == ["AP", "P@5", "nDCG@5"]
        assert report["costs"]["sparse"]["searches_per_s_2"] > 0
    first, second = said.json["reports"]
    assert first["texts"] == second["texts"]
    assert len(first["texts"]) == 1


def judged(message: str) -> str:
    """Finds nothing correct but what has eighteen months in it, and prefers what comes second."""
    answer = message.partition("<answer>")[2].partition("</answer>")[0]
    verdict = "correct" if "eighteen months" in answer else "wrong"
    return json.dumps({"verdict": verdict, "better": "second"})


def test_answers_are_measured_and_judged(cached: Braid, tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "files")
    rows: list[dict[str, object]] = [
        {"id": "1", "text": "How long are bearings covered?", "document": "a/warranty.md",
         "heading": "Bearings", "answer": "eighteen months", "points": ["eighteen months"]},
        {"id": "2", "text": "电机的额定电流是多少？", "document": "pump.txt", "answer": "十二安培"},
        {"id": "3", "text": "Who won the football world cup?", "answerable": False},
    ]  # fmt: skip
    questions, lines = tmp_path / "asked.jsonl", tmp_path / "answers.jsonl"
    questions.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    asked = ("eval", "run", questions, "--corpus", folder)
    report = cached(*asked, "--answers", "--answers-to", lines, "--json").json
    assert list(report["legs"]) == ["default"]
    leg = report["legs"]["default"]
    for name in ("Answered", "Refused", "AnswerHit", "Points", "CitationR", "Supported"):
        assert leg[name] == 1.0, name
    assert 0 < leg["F1"] < 1
    assert report["per_query"]["default"]["Refused"] == {"3": 1.0}
    assert report["per_query"]["default"]["RR@10"].keys() == {"1", "2"}
    assert report["costs"]["default"]["tokens"] == 0
    assert report["costs"]["default"]["answer_p95_ms"] > 0
    written = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert [(line["id"], line["known"]) for line in written] == [
        ("1", True), ("2", True), ("3", False)
    ]  # fmt: skip
    assert "eighteen months" in written[0]["answer"]
    assert any("a/warranty.md" in place for place in written[0]["cited"])

    legs = ("--legs", "sparse,dense", "--judge")
    assert "judge.model" in cached.refused(*asked, *legs, code=2)
    with scripted(reply(judged)) as server:
        endpoint = {"BRAID_JUDGE__MODEL": "judge", "BRAID_JUDGE__BASE_URL": server.base_url}
        said = cached(*asked, *legs, env=endpoint)
    assert said.code == 0
    lines_said = said.out.splitlines()
    assert lines_said[0] == "asked: 3 queries, 3 documents"
    assert "judge: openai:judge" in lines_said
    assert any(line.startswith("judge, sparse or dense: 0 to 0, 2 ties") for line in lines_said)
    assert any("Correct" in line for line in lines_said)
    assert any("Preferred" in line for line in lines_said)
    cached.refused("eval", "run", folder, "--answers", code=2)
    cached.refused(*asked, "--sizes", "2", code=2)
    cached.refused(*asked, "--threads", "none", code=2)
    cached.refused(*asked, "--measures", "R@100", code=2)


def test_wrong_legs_and_splits_are_refused(cached: Braid, dataset: Path) -> None:
    assert "'best'" in cached.refused("eval", "run", dataset, "--legs", "best", code=2)
    cached.refused("eval", "run", dataset, "--legs", ",", code=2)
    cached.refused("eval", "run", dataset, "--split", "dev", code=2)


def test_a_report_that_cannot_be_written_is_said_in_a_line(
    cached: Braid, dataset: Path, tmp_path: Path
) -> None:
    absent = tmp_path / "absent" / "report.html"
    line = cached.refused(
        "eval", "run", dataset, "--legs", "sparse", "--report", absent, code=1
    )  # fmt: skip
    assert str(absent.parent) in line
