"""braid eval gate: planted regressions are found and named by stage, and nothing else is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli_fixtures import Braid
from planted_systems import (
    Misjudging,
    PlantedBraid,
    a_system,
    plant_parser,
    spoiling,
    without_last_sentence,
    without_tables,
)

from api.evaluation_gate import Wanted, measured
from eval.contract import Stage
from eval.pipeline import stages

PARTS = (
    "gasket", "washer", "spring", "bracket", "hose", "clamp", "filter", "nozzle", "bearing",
    "valve", "gauge", "lever",
)  # fmt: skip
WEIGHT = "BRAID_RETRIEVAL__COSINE_WEIGHT"


@pytest.fixture(autouse=True)
def lean(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes long and is not needed is switched off."""
    monkeypatch.setenv("BRAID_GRAPH__EXTRACTOR", "off")
    monkeypatch.setenv("BRAID_RETRIEVAL__TUNE", "false")
    monkeypatch.setenv("BRAID_RETRIEVAL__TRANSLATE", "false")
    monkeypatch.setenv("BRAID_INGEST__WORKERS", "0")


def _lines(path: Path, rows: list[dict[str, object]]) -> None:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Passages of many codes, which meaning cannot tell apart, and words can."""
    folder = tmp_path_factory.mktemp("gate") / "codes"
    (folder / "qrels").mkdir(parents=True)
    shelves = [
        [f"{1000 + (number * 37 + place * 211) % 9000}-{100 + (number + place * 7) % 900}"
         for place in range(24)]
        for number in range(24)
    ]  # fmt: skip
    _lines(folder / "corpus.jsonl", [
        {"_id": f"d{number}", "title": "", "text": f"A shelf with the parts {', '.join(codes)}."}
        for number, codes in enumerate(shelves)
    ])  # fmt: skip
    _lines(folder / "queries.jsonl", [
        {"_id": f"q{number}", "text": f"On which shelf does part {codes[number % 24]} lie?"}
        for number, codes in enumerate(shelves)
    ])  # fmt: skip
    judged = "".join(f"q{number}\td{number}\t1\n" for number in range(24))
    (folder / "qrels" / "test.tsv").write_text(
        "query-id\tcorpus-id\tscore\n" + judged, encoding="utf-8"
    )
    return folder


MANUAL = """# Pump {number}

## Starting

Before pump {number} is started, its casing has to be filled with {liquid} up to the red mark. The
valve on the pressure side stays closed until the motor has reached its full speed of {speed} turns.
Then it is opened slowly, while the needle of the gauge is watched by a second person. Nobody stands
before the coupling as long as the guard of pump {number} is not bolted down with all four screws.
"""
LIQUIDS = ("clean water", "thin oil", "cold brine", "boiled milk")
TABLE = """<html><head><title>Prices {number}</title></head><body><main><h1>Prices {number}</h1>
<p>The prices of list {number} hold for a year, and do not include carriage or packing.</p>
<table><tr><th>Part</th><th>Price</th></tr>{rows}</table></main></body></html>"""


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Questions about sixteen manuals, each answered by a sentence."""
    folder = tmp_path / "corpus"
    folder.mkdir()
    rows: list[dict[str, object]] = []
    for number in range(1, 17):
        text = MANUAL.format(number=number, liquid=LIQUIDS[number % 4], speed=1000 + 37 * number)
        (folder / f"pump-{number}.md").write_text(text, encoding="utf-8")
        rows.append({
            "id": f"p{number}",
            "text": f"Who may stand before the coupling of pump {number}?",
            "document": f"pump-{number}.md",
            "answer": f"the guard of pump {number} is not bolted down",
        })  # fmt: skip
    _lines(tmp_path / "asked.jsonl", rows)
    return tmp_path / "asked.jsonl"


@pytest.fixture
def truths(tmp_path: Path) -> Path:
    """Twelve web pages with a table, and what they hold."""
    folder = tmp_path / "truths"
    folder.mkdir()
    for number in range(12):
        cells = [
            (part, f"{number * 100 + place + 7} euros") for place, part in enumerate(PARTS[:4])
        ]
        rows = "".join(f"<tr><td>{one}</td><td>{two}</td></tr>" for one, two in cells)
        page = TABLE.format(number=number, rows=rows)
        (folder / f"{number}.html").write_text(page, encoding="utf-8")
        table = [["Part", "Price"], *map(list, cells)]
        blocks = [
            {"kind": "title", "text": f"Prices {number}"},
            {"kind": "paragraph", "text": f"The prices of list {number} hold for a year, and do "
             "not include carriage or packing."},
            {"kind": "table", "text": "\n".join(" ".join(row) for row in table),
             "table": {"rows": table, "header_rows": 1}},
        ]  # fmt: skip
        truth = {"language": "en", "title": f"Prices {number}", "blocks": blocks}
        (folder / f"{number}.html.truth.json").write_text(json.dumps(truth), encoding="utf-8")
    return folder


def test_a_broken_weight_is_found_and_the_fusion_named(
    cached: Braid, dataset: Path, tmp_path: Path
) -> None:
    baseline, page, notes = (tmp_path / name for name in ("b.json", "gate.html", "gate.md"))
    assert cached("eval", "gate", dataset, "--write-baseline", baseline).code == 0
    again = cached("eval", "gate", dataset, "--baseline", baseline)
    assert again.code == 0, again.out
    assert again.out.splitlines()[-1].startswith("passed: none of ")

    broken = {WEIGHT: "1000000"}
    said = cached(
        "eval", "gate", dataset, "--baseline", baseline, "--json", "--report", page, "--report",
        notes, env=broken,
    )  # fmt: skip
    assert said.code == 1, said.out
    found = said.json
    assert (found["passed"], found["stage"]) == (False, "fusion")
    assert found["measures"]["RR@10"]["fell"]
    assert found["stages"]["fusion"] >= 0.8 * len(found["worse"]) > 0
    assert any("cosine_weight" in note for note in found["notes"])
    verdict = found["verdict"]
    summary = notes.read_text(encoding="utf-8").partition("\n## ")[2]
    assert summary.split("\n")[2].strip("*") == verdict[0].upper() + verdict[1:]
    assert re.search(rf"\b{len(found['worse'])} of \d+ queries got worse", summary)
    assert "did not find" not in summary and "as before" in summary
    assert f'<p class="headline">{verdict[0].upper()}' in page.read_text(encoding="utf-8")
    lines = cached("eval", "gate", dataset, "--baseline", baseline, env=broken).out.splitlines()
    assert lines[-1].startswith("failed: ")
    assert "questions that got worse were lost there" in lines[-1]

    # A plain report does as a baseline, if one knows less of it.
    plain = tmp_path / "plain.json"
    plain.write_text(cached("eval", "run", dataset, "--json").out, encoding="utf-8")
    said = cached("eval", "gate", dataset, "--baseline", plain, "--json", env=broken)
    assert (said.code, said.json["stage"]) == (1, "fusion")
    assert any("chunks were not compared" in note for note in said.json["notes"])


@pytest.fixture
def sound(real_cache: Path) -> Iterator[PlantedBraid]:
    braid = a_system(real_cache)
    yield braid
    braid.close()


def _baseline(braid: PlantedBraid, wanted: Wanted, path: Path) -> stages.Baseline:
    """The baseline that a system writes."""
    with measured(braid, wanted, "test") as found:
        data = stages.baseline_json(found.traced(), found.corpus)
    path.write_text(json.dumps(data), encoding="utf-8")
    return stages.read_baseline(path)


def _result(braid: PlantedBraid, wanted: Wanted, baseline: stages.Baseline) -> stages.GateResult:
    """What the gate finds in a system."""
    with measured(braid, wanted, "test") as found:
        return stages.compare_runs(baseline, found.rerun(), stages.Options())[0]


def test_the_same_system_passes_twenty_times(
    sound: PlantedBraid, dataset: Path, tmp_path: Path
) -> None:
    baseline = _baseline(sound, Wanted(dataset), tmp_path / "b.json")
    for number in range(20):
        result = _result(sound, Wanted(dataset, is_fresh=number < 2), baseline)
        assert result.passed, stages.gate_lines(result)


def test_a_reranker_that_misjudges_is_named(
    sound: PlantedBraid, dataset: Path, real_cache: Path, tmp_path: Path
) -> None:
    baseline = _baseline(sound, Wanted(dataset), tmp_path / "b.json")
    broken = a_system(real_cache, rerankers={"misjudging": Misjudging()})
    result = _result(broken, Wanted(dataset), baseline)
    broken.close()
    assert (result.passed, result.stage) == (False, Stage.RERANKING)


def test_a_chunker_that_cuts_sentences_is_found_and_named(
    cached: Braid, questions: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "b.json"
    made = cached("eval", "gate", questions, "--write-baseline", baseline)
    assert made.code == 0, made
    assert cached("eval", "gate", questions, "--baseline", baseline).code == 0
    cutting = {"BRAID_CHUNKER__NAME": "fixed", "BRAID_CHUNKER__MAX_TOKENS": "32"}
    said = cached("eval", "gate", questions, "--baseline", baseline, "--json", env=cutting)
    assert said.code == 1, said.out
    assert said.json["stage"] == "chunking"
    assert said.json["measures"]["sentences whole"]["fell"]
    # Chunks alone are enough: so many cut sentences are seen also where they are found.
    only = ("--measure", "sentences whole")
    said = cached("eval", "gate", questions, "--baseline", baseline, *only, "--json", env=cutting)
    assert (said.code, said.json["stage"]) == (1, "chunking")


def test_a_chunker_that_drops_text_is_told_from_a_parser_that_does(
    sound: PlantedBraid, questions: Path, real_cache: Path, tmp_path: Path
) -> None:
    baseline = _baseline(sound, Wanted(questions), tmp_path / "b.json")
    dropping = a_system(real_cache, chunker=spoiling(without_last_sentence))
    result = _result(dropping, Wanted(questions), baseline)
    dropping.close()
    assert (result.passed, result.stage) == (False, Stage.CHUNKING)
    assert {thing.stage for thing in result.things} == {Stage.CHUNKING}


def test_a_parser_that_loses_tables_is_found_and_named(
    cached: Braid, truths: Path, tmp_path: Path
) -> None:
    baseline = tmp_path / "parse.json"
    baseline.write_text(cached("eval", "parse", truths, "--json").out, encoding="utf-8")
    assert cached("eval", "gate", truths, "--baseline", baseline).code == 0
    with pytest.MonkeyPatch.context() as patch:
        plant_parser(patch, "text/html", without_tables)
        said = cached("eval", "gate", truths, "--baseline", baseline, "--json")
    assert said.code == 1, said.out
    assert said.json["stage"] == "parsing"
    assert said.json["measures"]["cells"]["fell"]
    assert {thing["stage"] for thing in said.json["things"]} == {"parsing"}

    # One page of twelve that lost its table is not enough, unless it is strict.
    page = truths / "3.html"
    page.write_text(page.read_text("utf-8").replace("table>", "div>"), encoding="utf-8")
    said = cached("eval", "gate", truths, "--baseline", baseline, "--allow-changed-data")
    assert said.code == 0, said.out
    strict = ("--allow-changed-data", "--strict")
    said = cached("eval", "gate", truths, "--baseline", baseline, *strict, "--json")
    assert (said.code, said.json["stage"]) == (1, "parsing")


def test_wrong_use_ends_with_two(
    cached: Braid, dataset: Path, questions: Path, truths: Path, tmp_path: Path
) -> None:
    cached.refused("eval", "gate", dataset, code=2)
    absent = tmp_path / "absent.json"
    cached.refused("eval", "gate", dataset, "--baseline", absent, code=2)
    cached.refused("eval", "gate", truths, "--baseline", absent, code=2)
    baseline = tmp_path / "b.json"
    assert cached("eval", "gate", dataset, "--write-baseline", baseline, "--json").json == {
        "written": str(baseline)
    }
    for flags in (
        ("--tolerance", "2"), ("--max-slowdown", "0"), ("--measure", "P@99"), ("--leg", "rrf"),
        ("--report", tmp_path / "absent" / "gate.html"), ("--report", "gate.doc"),
    ):  # fmt: skip
        cached.refused("eval", "gate", dataset, "--baseline", baseline, *flags, code=2)
    cached.refused("eval", "gate", questions, "--baseline", baseline, code=2)


def test_data_that_changed_are_refused(cached: Braid, questions: Path, tmp_path: Path) -> None:
    baseline = tmp_path / "b.json"
    assert cached("eval", "gate", questions, "--write-baseline", baseline).code == 0
    (tmp_path / "corpus" / "more.txt").write_text("One more file.", encoding="utf-8")
    said = cached.refused("eval", "gate", questions, "--baseline", baseline, code=2)
    assert "the corpus was not the same" in said
    allowed = cached("eval", "gate", questions, "--baseline", baseline, "--allow-changed-data")
    assert allowed.code == 0
    assert "note: the corpus was not the same" in allowed.out


def test_a_sample_is_the_same_each_time(dataset: Path) -> None:
    ids = [f"q{number}" for number in range(50)]
    few, more = (set(Wanted(dataset, sample=count).takes(ids)) for count in (10, 20))
    assert (len(few), len(more)) == (10, 20)
    assert few < more


def test_a_run_says_which_stage_lost_what(cached: Braid, questions: Path) -> None:
    cutting = {"BRAID_CHUNKER__NAME": "fixed", "BRAID_CHUNKER__MAX_TOKENS": "16"}
    said = cached("eval", "run", questions, "--legs", "default", "--stages", env=cutting)
    assert said.code == 0
    table = [line.split() for line in said.out.splitlines()]
    counts = {row[0]: int(row[1]) for row in table if len(row) == 2 and row[1].isdigit()}
    assert counts["chunking"] >= 8
    assert "no single chunk holds it" in said.out
    every = cached("eval", "run", questions, "--legs", "default", "--all-stages", "--json")
    assert len(every.json["traces"]["default"]) == 16
    assert every.json["traces"]["default"]["p3"]["ranks"]["fusion"] >= 1
