"""The TOML file of an experiment: what it means, and what is refused before anything runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from eval.contract import System
from eval.experiments.plan import Experiment, Known, Racing
from eval.experiments.spec import read_experiment
from ingest.contract import BadInput, Json, NotFound

DEFAULTS: dict[str, Json] = {
    "retrieval.depth": 100,
    "retrieval.weight": 1.0,
    "rerank.rerankers": ["late"],
    "chunker.depth": 2,
}


def resolve(system: System) -> Mapping[str, Json]:
    depth = system.settings.get("retrieval.depth", 100)
    if not isinstance(depth, int):
        raise BadInput(f"retrieval.depth = {depth!r}: give a whole number")
    return {**DEFAULTS, **system.settings}


KNOWN = Known(
    settings=list(DEFAULTS),
    legs=("sparse", "dense", "default"),
    resolve=resolve,
    judge=lambda: "openai:judge",
    refused={"answer.api_key": "set BRAID_ANSWER__API_KEY in the environment"},
)
HEAD = 'name = "try"\ndatasets = ["set"]\n'
SYSTEM = "[systems.a]\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "set" / "qrels").mkdir(parents=True)
    (tmp_path / "corpus").mkdir()
    (tmp_path / "asked.jsonl").write_text("{}")
    return tmp_path


def read(folder: Path, text: str) -> Experiment:
    file = folder / "try.toml"
    file.write_text(text, encoding="utf-8")
    return read_experiment(file, KNOWN)


def test_all_of_a_file_is_read(folder: Path) -> None:
    found = read(
        folder,
        """
name = "try"
baseline = "b"
measures = ["nDCG@10", "R@5"]
k = 20
limit = 50
seed = 7
answers = true
stop_when_worse = {queries = 30}
datasets = [
    {path = "set", split = "dev"},
    {path = "asked.jsonl", name = "ours", corpus = "corpus"},
]
[systems.a.settings]
retrieval.depth = 50
[systems.b]
leg = "sparse"
""",
    )
    assert [(e.name, e.path.name, e.split) for e in found.datasets] == [
        ("set-dev", "set", "dev"),
        ("ours", "asked.jsonl", ""),
    ]
    assert [e.has_questions for e in found.datasets] == [False, True]
    assert found.systems == [
        System("a", {"retrieval.depth": 50}),
        System("b", {}, "sparse"),
    ]
    assert (found.baseline, found.k, found.limit, found.seed) == ("b", 20, 50, 7)
    assert (found.measures, found.answers, found.racing) == (["nDCG@10", "R@5"], True, Racing(30))
    assert found.in_force["a"]["retrieval.depth"] == 50
    assert found.in_force["b"]["retrieval.depth"] == 100


def test_what_is_not_said_is_usual(folder: Path) -> None:
    found = read(folder, HEAD + SYSTEM)
    assert (found.baseline, found.k, found.limit, found.answers) == ("a", None, None, False)
    assert found.racing is None
    assert found.datasets[0].name == "set"


def names(experiment: Experiment) -> list[str]:
    return [system.name for system in experiment.systems]


def test_a_grid_is_every_combination(folder: Path) -> None:
    found = read(
        folder,
        HEAD
        + SYSTEM
        + """
[[vary]]
[vary.settings]
retrieval.depth = [50, 100]
rerank.rerankers = [[], ["late"]]
""",
    )
    assert names(found) == [
        "a",
        "a depth=50 rerankers=none",
        "a depth=50 rerankers=late",
        "a depth=100 rerankers=none",
    ]
    assert found.systems[1].settings == {"retrieval.depth": 50, "rerank.rerankers": []}
    # The last combination is what holds anyway.
    assert found.notes == ["a depth=100 rerankers=late is the same as a, and left out"]


def test_an_ablation_changes_one_thing_at_a_time(folder: Path) -> None:
    found = read(
        folder,
        HEAD
        + "[systems.a]\n[systems.a.settings]\nretrieval.weight = 3.0\n"
        + """
[[vary]]
system = "a"
by = "one"
leg = ["sparse", "default"]
[vary.settings]
retrieval.depth = [50]
chunker.depth = [1, 2]
""",
    )
    # Two settings are called depth: their names tell them apart.
    assert names(found) == ["a", "a retrieval.depth=50", "a chunker.depth=1", "a leg=sparse"]
    assert found.systems[1].settings == {"retrieval.weight": 3.0, "retrieval.depth": 50}
    assert found.systems[3] == System("a leg=sparse", {"retrieval.weight": 3.0}, "sparse")
    assert len(found.notes) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("datasets = ['set']\n[systems.a]", ["try.toml", "name is missing"]),
        ("name = 'x'\n[systems.a]", ["no dataset", "[[datasets]]"]),
        ("name = 'x'\ndatasets = ['none']\n[systems.a]", ["[[datasets]] 1", "path", "none"]),
        ("name = 'x'\ndatasets = ['set', 'set']\n[systems.a]", ["[[datasets]] 2", "'set'", "name"]),
        (
            "name = 'x'\ndatasets = [{path = 'asked.jsonl', corpus = 'nowhere'}]\n[systems.a]",
            ["[[datasets]] 1", "corpus", "nowhere"],
        ),
        (
            "name = 'x'\ndatasets = [{path = 'set', spilt = 'dev'}]\n[systems.a]",
            ["[[datasets]] 1", "'spilt'", "did you mean split"],
        ),
        (HEAD, ["no system", "[systems.NAME]"]),
        (HEAD + "basline = 'a'\n" + SYSTEM, ["'basline'", "did you mean baseline"]),
        (HEAD + "baseline = 'aa'\n[systems.a1]", ["baseline", "'aa'", "a1"]),
        (HEAD + "k = 0\n" + SYSTEM, ["k has to be", "0"]),
        (HEAD + "limit = true\n" + SYSTEM, ["limit has to be", "True"]),
        (HEAD + "measures = 'nDCG@10'\n" + SYSTEM, ["measures has to be a list"]),
        (HEAD + "answers = true\n" + SYSTEM, ["answers", ".jsonl"]),
        (HEAD + "stop_when_worse = 3\n" + SYSTEM, ["stop_when_worse", "3"]),
        (HEAD + "stop_when_worse = {querys = 3}\n" + SYSTEM, ["'querys'", "queries"]),
        (
            HEAD + "[systems.a.settings]\nretrieval.detph = 3",
            ["[systems.a.settings]", "'retrieval.detph'", "did you mean retrieval.depth"],
        ),
        (HEAD + "[systems.a.settings]\nretrieval.depth = 'x'", ["[systems.a]", "retrieval.depth"]),
        (HEAD + "[systems.a.settings]\nanswer.api_key = 'x'", ["BRAID_ANSWER__API_KEY"]),
        (HEAD + "[systems.a]\nleg = 'spare'", ["[systems.a]", "leg", "did you mean sparse"]),
        (HEAD + "[systems.a]\nsetings = {}", ["[systems.a]", "'setings'", "settings"]),
        (HEAD + SYSTEM + "[[vary]]\nsystem = 'b'", ["[[vary]] 1", "system", "'b'"]),
        (HEAD + SYSTEM + "[[vary]]\nby = 'two'", ["[[vary]] 1", "by", "product, one"]),
        (HEAD + SYSTEM + "[[vary]]", ["[[vary]] 1", "nothing is varied"]),
        (
            HEAD + SYSTEM + "[[vary]]\nsettings = {retrieval.depth = 5}",
            ["[[vary]] 1", "retrieval.depth has to be a list"],
        ),
        (
            HEAD + SYSTEM + "[[vary]]\nsettings = {retrieval.depth = [5, 'x']}",
            ["[[vary]] 1", "a depth=x", "retrieval.depth"],
        ),
        (
            HEAD + SYSTEM + "[[vary]]\nsettings = {retrieval.depth = [5, 5]}",
            ["[[vary]] 1", "'a depth=5'", "taken"],
        ),
        (HEAD + "[systems.a\n", ["try.toml", "TOML", "line 3"]),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder: Path, text: str, said: list[str]) -> None:
    with pytest.raises(BadInput) as caught:
        read(folder, text)
    for part in said:
        assert part in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"none\.toml"):
        read_experiment(tmp_path / "none.toml", KNOWN)


def test_a_grid_may_not_be_endless(folder: Path) -> None:
    values = list(range(2, 40))
    grid = f"[[vary]]\nsettings = {{retrieval.depth = {values}, chunker.depth = {values}}}"
    with pytest.raises(BadInput, match="more than 500 systems"):
        read(folder, HEAD + SYSTEM + grid)


def test_trec_sets_and_a_judge(folder: Path) -> None:
    for name in ("topics", "qrels", "docs.sgml"):
        (folder / name).write_text("x")
    trec = '{path = "docs.sgml", topics = "topics", qrels = "qrels", topic_field = "desc"}'
    head = f'name = "try"\ndatasets = [{trec}, "asked.jsonl"]\n'
    found = read(folder, head + "answers = true\njudge = true\n" + SYSTEM)
    entry, asked = found.datasets
    assert (entry.name, entry.searched, entry.topic_field) == ("docs", "docs", "desc")
    assert (entry.topics, entry.qrels) == (folder / "topics", folder / "qrels")
    assert not entry.has_questions
    assert asked.has_questions
    assert (entry.files, asked.files) == (None, folder / "corpus")
    assert found.judge == "openai:judge"
    assert read(folder, head + SYSTEM).judge == ""
    with pytest.raises(BadInput, match="set answers = true, too"):
        read(folder, head + "judge = true\n" + SYSTEM)
    (folder / "qrels").unlink()
    with pytest.raises(BadInput, match="qrels: there is no"):
        read(folder, head + SYSTEM)
