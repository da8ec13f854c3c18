"""braid eval experiment, history, runs and compare, on small sets."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from beir_folder import write_beir
from cli_fixtures import Braid, write_folder
from scripted_server import reply, scripted

from api.settings import load_settings

ROOT = Path(__file__).resolve().parents[2]
TEXTS = {
    "pump": "The centrifugal pump has to be filled before it is started.",
    "leave": "Employees have twenty-five days of paid leave a year.",
    "泵": "电机的额定电流为十二安培，启动电流不得超过额定电流的六倍。",
    "seal": "The warranty on seals is two years from delivery.",
    "grease": "Bearings have to be greased every quarter with lithium grease.",
    "rain": "It rained on nine days in April, and on eleven days in May.",
}
QUERIES = {
    "q1": ("pump filled before start", "pump"),
    "q2": ("额定电流", "泵"),
    "q3": ("how long is the warranty of seals", "seal"),
    "q4": ("which grease for bearings", "grease"),
}
FILE = """
name = "tries"
baseline = "default"
measures = ["RR@10", "nDCG@10"]
k = 10
datasets = ["large", "small"]

[systems.default]
[systems.words]
leg = "sparse"
[systems.shallow.settings]
retrieval.depth = 5
[systems.cut.settings]
chunker.name = "fixed"
"""


def write_set(folder: Path, more: int = 0) -> Path:
    """A BEIR folder, with so many documents more that nobody asks for."""
    others = {f"more{n}": f"Note {n} is about nothing at all." for n in range(more)}
    return write_beir(folder, {**TEXTS, **others}, QUERIES)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an experiment beside its sets. Collections do not ask themselves, which takes
    longer here than all the rest."""
    monkeypatch.setenv("BRAID_RETRIEVAL__TUNE", "false")
    write_set(tmp_path / "small")
    write_set(tmp_path / "large", more=4)
    file = tmp_path / "tries.toml"
    file.write_text(FILE, encoding="utf-8")
    return file


def kept(data: Path) -> list[Path]:
    return sorted((data / "runs").glob("*/*.run.jsonl"), key=lambda path: path.name)


def heads(data: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text("utf-8").splitlines()[0]) for path in kept(data)]


def cells(data: Path) -> list[tuple[str, str]]:
    return [(head["dataset"], head["system"]["name"]) for head in heads(data)]


def test_an_experiment_from_end_to_end(cached: Braid, file: Path, tmp_path: Path) -> None:
    planned = cached("eval", "experiment", file, "--dry-run", "--json").json["cells"]
    assert [(row["dataset"], row["system"], row["state"]) for row in planned] == [
        (dataset, system, "indexed" if system in ("words", "shallow") else "to be indexed")
        for dataset in ("small", "large")
        for system in ("default", "words", "shallow", "cut")
    ]
    assert {row["seconds"] for row in planned} == {None}
    assert kept(cached.data) == []

    page, table = tmp_path / "report.html", tmp_path / "report.md"
    said = cached("eval", "experiment", file, "--json", "--report", page, "--report", table)
    assert said.code == 0
    found = said.json
    assert (found["study"], found["baseline"]) == ("tries", "default")
    assert [report["dataset"] for report in found["reports"]] == ["large", "small"]
    for report in found["reports"]:
        assert list(report["legs"]) == ["default", "words", "shallow", "cut"]
        assert report["legs"]["default"]["RR@10"] == 1.0
        assert set(report["found"]) == set(report["legs"])
    for text in (page.read_text("utf-8"), table.read_text("utf-8")):
        assert all(name in text for name in ("tries", "small", "large", "shallow"))
    compared = {(v["dataset"], v["difference"]["right"]): v["compared"] for v in found["verdicts"]}
    assert compared == {(d, s): 3 for d in ("large", "small") for s in ("words", "shallow", "cut")}
    assert {row["system"] for row in found["overall"]} == {"words", "shallow", "cut"}

    # The small set first, the baseline first; every cell once, with what made it.
    assert [cell[0] for cell in cells(cached.data)] == ["small"] * 4 + ["large"] * 4
    assert [cell[1] for cell in cells(cached.data)[::4]] == ["default", "default"]
    assert len(set(cells(cached.data))) == 8
    stored = {(head["dataset"], head["system"]["name"]): head for head in heads(cached.data)}
    shallow = stored["small", "shallow"]
    assert shallow["system"]["settings"] == {"retrieval.depth": 5}
    assert json.loads(shallow["settings"]["settings in force"])["retrieval.depth"] == 5
    assert shallow["versions"]["braid"]
    assert shallow["machine"]["cores"]
    assert float(shallow["machine"]["probe_ms"]) > 0
    assert shallow["costs"]["index_s"] > 0  # as it was told when the collection was made
    assert "sha256 of corpus.jsonl" in shallow["settings"]

    # Systems that differ in retrieval alone share a collection; another chunker has its own.
    own = {name: stored["small", name]["settings"]["collection"] for name in
           ("default", "words", "shallow", "cut")}  # fmt: skip
    assert own["default"] == own["words"] == own["shallow"] != own["cut"]
    made = [path.name for path in (load_settings().cache_dir / "eval").glob("small-*")]
    assert sorted(made) == sorted(set(own.values()))

    # What has been measured is not measured again, unless that is asked for.
    before = kept(cached.data)
    again = cached("eval", "experiment", file, "--json").json
    assert (again["runs"], kept(cached.data)) == (found["runs"], before)
    planned = cached("eval", "experiment", file, "--dry-run", "--again", "--json").json["cells"]
    assert all(row["state"] == "indexed" and row["seconds"] > 0 for row in planned)
    text = cached("eval", "experiment", file, "--again").out
    assert len(kept(cached.data)) == 16
    assert "over all datasets, RR@10, against default:" in text
    assert "the same searches of the baseline took" in text

    trends = cached("eval", "history", "small", "--system", "words", "--json").json["trends"]
    assert [(t["measure"], len(t["points"])) for t in trends] == [("RR@10", 2), ("nDCG@10", 2)]
    assert trends[0]["points"][1]["changes"] == []
    lines = cached("eval", "history", "--measure", "RR@10", "--report", page).out
    assert lines.count("small, ") == 4
    assert "nDCG" not in lines
    assert "small" in page.read_text("utf-8")

    ids = {head["system"]["name"]: head["run"] for head in heads(cached.data)[:4]}
    said = cached("eval", "compare", ids["default"], ids["words"][:6], "--queries", "1", "--json")
    rows = said.json["differences"]
    assert [(r["left"], r["right"], r["measure"]) for r in rows] == [
        ("default", "words", "RR@10"), ("default", "words", "nDCG@10")
    ]  # fmt: skip
    assert "words" in cached("eval", "compare", ids["default"], ids["words"]).out
    cached.refused("eval", "compare", ids["default"], "ffffffff", code=2)

    assert len(cached("eval", "runs", "--json").json["runs"]) == 16
    assert len(cached("eval", "runs", "small", "--prune", "1", "--json").json["runs"]) == 4
    assert len(kept(cached.data)) == 12
    assert "words" in cached("eval", "runs", "large", "--system", "words").out


def test_a_changed_file_is_measured_anew(cached: Braid, file: Path, tmp_path: Path) -> None:
    file.write_text(FILE.replace('["large", "small"]', '["small"]') + "\n", encoding="utf-8")
    assert cached("eval", "experiment", file).code == 0
    assert len(kept(cached.data)) == 4

    # Another name is no other system, and another measure does not have to be searched for twice.
    renamed = file.read_text("utf-8").replace("systems.words", "systems.terms")
    file.write_text(renamed.replace('"RR@10", "nDCG@10"', '"nDCG@10"'), encoding="utf-8")
    found = cached("eval", "experiment", file, "--stored", "--json").json
    assert list(found["reports"][0]["legs"]) == ["default", "terms", "shallow", "cut"]
    assert "RR@10" not in found["reports"][0]["legs"]["terms"]
    assert len(kept(cached.data)) == 4

    # A package that has another version since is told.
    for path in kept(cached.data):
        older = re.sub(r'("faiss-cpu": )"[^"]+"', r'\1"0.1"', path.read_text("utf-8"))
        path.write_text(older, encoding="utf-8")
    assert "with faiss-cpu 0.1: --again" in cached("eval", "experiment", file, "--stored").out

    judged = tmp_path / "small" / "qrels" / "test.tsv"
    judged.write_text(judged.read_text("utf-8").replace("q4\tgrease", "q4\train"), "utf-8")
    line = cached.refused("eval", "experiment", file, "--stored", code=2)
    assert "nothing of tries" in line
    done = cached("eval", "experiment", file, "--minutes", "0", "--json")
    assert done.code == 2
    found = cached("eval", "experiment", file, "--json").json
    assert found["reports"][0]["legs"]["default"]["nDCG@10"] < 1.0
    assert len(kept(cached.data)) == 8
    trend = cached("eval", "history", "small", "--system", "default", "--json").json["trends"]
    changes = trend[-1]["points"][-1]["changes"]
    assert [line.partition(" → ")[0] for line in changes] == [
        "faiss-cpu: 0.1", "data: qrels/test.tsv"
    ]  # fmt: skip


def test_what_is_wrong_is_said_before_anything_is_measured(
    cached: Braid, file: Path, tmp_path: Path
) -> None:
    def refused(old: str, new: str, *flags: str) -> str:
        wrong = tmp_path / "wrong.toml"
        wrong.write_text(FILE.replace(old, new, 1), encoding="utf-8")
        return cached.refused("eval", "experiment", wrong, *flags, code=2)

    assert "retrieval.depth" in refused("retrieval.depth = 5", "retrieval.dept = 5")
    assert "[systems.shallow]" in refused("retrieval.depth = 5", "retrieval.depth = 0")
    assert "20 results" in refused('"nDCG@10"', '"nDCG@20"')
    assert "overlap_tokens" in refused('chunker.name = "fixed"', "chunker.overlap_tokens = 3")
    assert "BRAID_ANSWER__API_KEY" in refused("retrieval.depth = 5", 'answer.api_key = "x"')
    assert "needs a language model" in refused("retrieval.depth = 5", "retrieval.steps.hyde = true")
    (tmp_path / "small" / "queries.jsonl").write_text("{", encoding="utf-8")
    assert "queries.jsonl, line 1" in refused("k = 10", "k = 10")
    assert kept(cached.data) == []
    assert not (load_settings().cache_dir / "eval").exists()


def test_a_killed_experiment_goes_on_where_it_stopped(cached: Braid, file: Path) -> None:
    """Killed as soon as it has kept some runs, with no chance to tidy up."""
    grid = '[[vary]]\nby = "one"\n[vary.settings]\nretrieval.depth = [2, 3, 4, 5, 6]\n'
    file.write_text(f'name = "grid"\ndatasets = ["small"]\n[systems.default]\n{grid}')
    program = "from api.cli import main; main()"
    killed = subprocess.Popen(
        [sys.executable, "-c", program, "eval", "experiment", str(file)],
        env={**os.environ, "BRAID_DATA_DIR": str(cached.data), "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while len(kept(cached.data)) < 2:
            assert killed.poll() is None, "it ended before it was killed"
            time.sleep(0.002)
    finally:
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    before = {path: path.read_bytes() for path in kept(cached.data)}
    assert 2 <= len(before) < 6
    found = cached("eval", "experiment", file, "--json")
    assert found.code == 0
    assert len(kept(cached.data)) == len(set(cells(cached.data))) == 6
    assert {path: path.read_bytes() for path in before} == before
    assert all(len(report["legs"]) == 6 for report in found.json["reports"])


def test_questions_about_files_are_answered_too(cached: Braid, tmp_path: Path) -> None:
    write_folder(tmp_path / "corpus")
    asked = [
        {"id": "1", "text": "How long are bearings covered?", "document": "a/warranty.md",
         "heading": "Bearings", "reference": "Bearings are covered for eighteen months."},
        {"id": "2", "text": "How many days of paid leave?", "document": "leave.html",
         "answer": "twenty-five days"},
    ]  # fmt: skip
    lines = [json.dumps(row, ensure_ascii=False) + "\n" for row in asked]
    (tmp_path / "asked.jsonl").write_text("".join(lines), encoding="utf-8")
    systems = '[systems.default]\n[systems.words]\nleg = "sparse"\n'
    text = f'name = "ours"\ndatasets = ["asked.jsonl"]\n{systems}'
    file = tmp_path / "ours.toml"
    file.write_text(text, encoding="utf-8")
    plain = cached("eval", "experiment", file, "--json").json["reports"][0]
    assert plain["legs"]["default"]["Success@3"] == 1.0

    file.write_text(text.replace("[systems.d", "answers = true\n[systems.d"), encoding="utf-8")
    answered = cached("eval", "experiment", file, "--json").json["reports"][0]
    more = answered["legs"]["default"].keys() - plain["legs"]["default"].keys()
    assert more
    assert answered["per_query"]["default"].keys() > plain["per_query"]["default"].keys()
    assert len(kept(cached.data)) == 4
    assert cached("eval", "experiment", file, "--stored", "--json").json["reports"] == [answered]
    assert len(kept(cached.data)) == 4


def test_a_model_that_is_down_fails_its_systems_alone(cached: Braid, file: Path) -> None:
    """The other systems are measured, and the same command measures what failed once it is up."""
    systems = """
name = "down"
datasets = ["small"]
measures = ["RR@10"]
[systems.default]
[systems.hyde.settings]
answer.model = "writer"
answer.max_retries = 0
answer.base_url = "ADDRESS"
retrieval.steps.hyde = true
[systems.far.settings]
embedder.backend = "openai"
embedder.model = "far"
embedder.dimension = 8
embedder.max_retries = 0
embedder.base_url = "http://127.0.0.1:9/v1"
[systems.words]
leg = "sparse"
"""
    with scripted(reply(lambda message: "Bearings are greased with lithium grease.")) as server:
        address = server.base_url
    file.write_text(systems.replace("ADDRESS", address), encoding="utf-8")
    said = cached("eval", "experiment", file)
    assert said.code == 3
    assert "failed: hyde on small: the step hyde was left out" in said.out
    assert "failed: far on small: " in said.out
    assert "the same command measures it" in said.out
    assert "not measured yet" not in said.out
    assert said.err.count("failed: ") == 2
    assert cells(cached.data) == [("small", "default"), ("small", "words")]

    with scripted(reply(lambda message: "Bearings are greased with lithium grease.")) as server:
        file.write_text(systems.replace("ADDRESS", server.base_url), encoding="utf-8")
        again = cached("eval", "experiment", file, "--json")
    assert again.code == 3
    assert [(one["dataset"], one["system"]) for one in again.json["failed"]] == [("small", "far")]
    assert cells(cached.data)[2:] == [("small", "hyde")]
    assert list(again.json["reports"][0]["legs"]) == ["default", "hyde", "words"]
    assert again.json["reports"][0]["settings"]["not measured: far"].startswith("failed: ")


def test_a_trec_set_and_answers_that_are_judged(cached: Braid, file: Path, tmp_path: Path) -> None:
    folder = tmp_path / "trec"
    folder.mkdir()
    documents = "".join(
        f"<DOC><DOCNO>{name}</DOCNO><TEXT>{text}</TEXT></DOC>" for name, text in TEXTS.items()
    )
    (folder / "corpus.sgml").write_text(documents, encoding="utf-8")
    (folder / "topics.tsv").write_text("".join(f"{n}\t{q}\n" for n, (q, _) in QUERIES.items()))
    (folder / "qrels.txt").write_text("".join(f"{n} 0 {d} 1\n" for n, (_, d) in QUERIES.items()))
    row = {"id": "1", "text": "which grease for bearings", "document": "grease",
           "answer": "lithium grease"}  # fmt: skip
    (tmp_path / "made.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    corpus = "trec/corpus.sgml"
    parts = f'path = "{corpus}", topics = "trec/topics.tsv", qrels = "trec/qrels.txt"'
    asked = '{path = "made.jsonl", corpus = "small"}'
    file.write_text(
        f'name = "t"\ndatasets = ["trec", {{{parts}}}, {asked}]\nanswers = true\njudge = true\n'
        '[systems.default]\n[systems.words]\nleg = "sparse"\n',
        encoding="utf-8",
    )
    assert "set judge.model" in cached.refused("eval", "experiment", file, code=2)
    with scripted(reply(lambda message: '{"verdict": "partly"}')) as server:
        env = {"BRAID_JUDGE__MODEL": "judge", "BRAID_JUDGE__BASE_URL": server.base_url}
        found = cached("eval", "experiment", file, "--json", env=env).json["reports"]
        assert len(server.requests) == 2
        assert cached("eval", "experiment", file, "--json", env=env).json["reports"] == found
        assert len(server.requests) == 2
        other = {**env, "BRAID_JUDGE__MODEL": "another"}
        cached("eval", "experiment", file, "--json", env=other)
        assert len(server.requests) == 4
    assert [report["dataset"] for report in found] == ["trec", "corpus", "made"]
    assert [report["documents"] for report in found] == [6, 6, 6]
    assert found[0]["legs"]["default"]["nDCG@10"] == found[1]["legs"]["default"]["nDCG@10"] == 1.0
    assert found[2]["legs"]["words"]["Correct"] == 0.5
    assert found[2]["settings"]["judge"] == "openai:judge"


def test_questions_about_the_passages_of_a_set(cached: Braid, file: Path, tmp_path: Path) -> None:
    """They share the collection of the set itself, which is that of `braid eval run`, too."""
    row = {"id": "1", "text": "which grease for bearings", "document": "grease"}
    (tmp_path / "made.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    sets = 'datasets = ["small", {path = "made.jsonl", corpus = "small"}]'
    file.write_text(f'name = "made"\nmeasures = ["RR@10"]\n{sets}\n[systems.default]\n')
    found = cached("eval", "experiment", file, "--json").json["reports"]
    assert [(report["dataset"], report["documents"]) for report in found] == [
        ("small", 6), ("made", 6)
    ]  # fmt: skip
    assert found[1]["legs"]["default"]["RR@10"] == 1.0
    assert len({head["settings"]["collection"] for head in heads(cached.data)}) == 1
    run = cached("eval", "run", tmp_path / "small", "--legs", "default", "--measures", "RR@10",
                 "--json").json  # fmt: skip
    assert run["per_query"] == found[0]["per_query"]
    assert run["found"] == found[0]["found"]
    assert len(list((load_settings().cache_dir / "eval").glob("small-*"))) == 1


def test_the_example_stands_in_the_documentation(cached: Braid) -> None:
    example = (ROOT / "examples" / "experiment.toml").read_text("utf-8")
    _, _, told = example.partition("\n")  # without how to run it
    assert told in (ROOT / "docs" / "evaluating.md").read_text("utf-8")
    rows = cached(
        "eval", "experiment", ROOT / "examples" / "experiment.toml", "--dry-run", "--json"
    )
    assert [(row["dataset"], row["system"], row["queries"]) for row in rows.json["cells"]] == [
        ("questions", "default", 20), ("questions", "words", 20),
        ("questions", "default rerankers=none", 20),
    ]  # fmt: skip
