"""Thirty failures planted in a real pipeline, five in each stage: who is blamed for each?"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from planted_corpus import QUESTIONS, write_corpus
from planted_systems import (
    BlindEmbedder,
    Digitless,
    Headlong,
    Misjudging,
    PlantedBraid,
    QuotingLast,
    Refusing,
    Vague,
    a_system,
    first_sentence,
    garbled,
    header_alone,
    plant_parser,
    spoiling,
    without_heading_path,
    without_headings,
    without_last_pages,
    without_pages,
    without_tables,
)

from api.evaluation import Evaluation
from api.evaluation_stages import Tracing, question_tracing
from eval.contract import QuestionSet, Stage, Trace
from generate.contract import Answer
from ingest.components import PPTX
from ingest.contract import Parsed
from retrieve.contract import Query

K = 3
NO_RERANKING: Mapping[str, Any] = {"rerank": {"rerankers": []}}
PLAIN = {"feedback": False, "verbatim": False}


@dataclass(frozen=True)
class Plant:
    """What is broken, and which question it costs, in which stage."""

    stage: Stage
    question: str
    system: Mapping[str, Any] = field(default_factory=dict)
    parser: tuple[str, Callable[[Parsed], Parsed]] | None = None


def _weighed(weight: float) -> Mapping[str, Any]:
    retrieval = {"cosine_weight": weight, "steps": PLAIN}
    return {"settings": {**NO_RERANKING, "retrieval": retrieval}}


BLIND = {
    "embedder": BlindEmbedder,
    "settings": {**NO_RERANKING, "retrieval": {"translate": False, "steps": PLAIN}},
}
INVERTED = {"rerankers": {"misjudging": Misjudging()}}
LONG = {"rerankers": {"misjudging": Misjudging(long=True)}}

PLANTS = (
    Plant(Stage.PARSING, "table", parser=("text/html", without_tables)),
    Plant(Stage.PARSING, "slide", parser=(PPTX, without_last_pages)),
    Plant(Stage.PARSING, "garbled", parser=("text/plain", garbled)),
    Plant(Stage.PARSING, "broken"),
    Plant(Stage.PARSING, "heading", parser=("text/markdown", without_headings)),
    Plant(Stage.CHUNKING, "cut", {"settings": {"chunker": {"name": "fixed", "max_tokens": 24}}}),
    Plant(Stage.CHUNKING, "second", {"chunker": spoiling(first_sentence)}),
    Plant(Stage.CHUNKING, "path", {"chunker": spoiling(without_heading_path)}),
    Plant(Stage.CHUNKING, "page", {"chunker": spoiling(without_pages)}),
    Plant(Stage.CHUNKING, "row", {"chunker": spoiling(header_alone)}),
    Plant(Stage.CANDIDATES, "filtered"),
    Plant(Stage.CANDIDATES, "crossed", BLIND),
    Plant(Stage.CANDIDATES, "crossed-back", BLIND),
    Plant(Stage.CANDIDATES, "reworded", BLIND),
    Plant(Stage.CANDIDATES, "runes"),
    Plant(Stage.FUSION, "words", _weighed(0.001)),
    Plant(Stage.FUSION, "midday", _weighed(0.001)),
    Plant(Stage.FUSION, "吃饭", _weighed(0.001)),
    Plant(Stage.FUSION, "code-2", _weighed(1e6)),
    Plant(Stage.FUSION, "code-5", _weighed(1e6)),
    Plant(Stage.RERANKING, "badge", INVERTED),
    Plant(Stage.RERANKING, "bus", INVERTED),
    Plant(Stage.RERANKING, "shoes", INVERTED),
    Plant(Stage.RERANKING, "travel", LONG),
    Plant(Stage.RERANKING, "books", LONG),
    Plant(Stage.ANSWER, "refused", {"generator": Refusing}),
    Plant(Stage.ANSWER, "wrong", {"generator": QuotingLast}),
    Plant(Stage.ANSWER, "vague", {"generator": Vague}),
    Plant(Stage.ANSWER, "headlong", {"generator": Headlong}),
    Plant(Stage.ANSWER, "digits", {"generator": Digitless}),
)
ANSWERED = {plant.question for plant in PLANTS if plant.stage is Stage.ANSWER}
FAIL_BY_THEMSELVES = {"broken", "filtered", "runes"}
"""Nothing need be broken for these."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_corpus(tmp_path_factory.mktemp("planted") / "files")


@pytest.fixture
def built(real_cache: Path) -> Iterator[Callable[[Plant], PlantedBraid]]:
    """Builds systems, each with a cache of its own, and closes them."""
    made: list[PlantedBraid] = []

    def build(plant: Plant) -> PlantedBraid:
        made.append(a_system(real_cache, **plant.system))
        return made[-1]

    yield build
    for braid in made:
        braid.close()


def _traced(braid: PlantedBraid, corpus: Path, folder: Path, names: list[str]) -> dict[str, Trace]:
    """The traces of the questions, with answers where it is those that are broken."""
    evaluation = Evaluation(braid, folder)
    collection = evaluation.corpus_collection(corpus)
    questions = QuestionSet("planted", [QUESTIONS[name] for name in names], 0)
    tracing: Tracing = question_tracing(braid, collection, questions)

    def answered(name: str) -> Answer | None:
        if name not in ANSWERED:
            return None
        return braid.answer(collection, Query(QUESTIONS[name].text, K))[0]

    traces = tracing.traces(names, K, answered)
    evaluation.close()
    return traces


def test_thirty_planted_failures_are_blamed_on_their_stage(
    built: Callable[[Plant], PlantedBraid],
    corpus: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert {plant.question for plant in PLANTS} == set(QUESTIONS)
    sound = _traced(built(Plant(Stage.ANSWER, "")), corpus, tmp_path / "sound", list(QUESTIONS))
    lost = {name for name, trace in sound.items() if trace.lost is not None}
    assert lost == FAIL_BY_THEMSELVES, {name: sound[name] for name in lost}

    few = _few(corpus, tmp_path / "few")
    wrong: dict[str, Trace] = {}
    for number, plant in enumerate(PLANTS):
        is_stored = plant.stage in (Stage.PARSING, Stage.CHUNKING)
        files, folder = (few, str(number)) if is_stored else (corpus, "sound")
        with monkeypatch.context() as patch:
            if plant.parser is not None:
                plant_parser(patch, *plant.parser)
            traces = _traced(built(plant), files, tmp_path / folder, [plant.question])
        trace = traces[plant.question]
        assert trace.lost is not None, f"{plant.question} is not lost: {trace}"
        if trace.lost is not plant.stage:
            wrong[plant.question] = trace
    assert len(PLANTS) - len(wrong) >= 27, wrong


def _few(corpus: Path, folder: Path) -> Path:
    """The files that are read or chunked wrongly: each is read and indexed several times."""
    folder.mkdir()
    for plant in PLANTS:
        name = QUESTIONS[plant.question].document
        if plant.stage in (Stage.PARSING, Stage.CHUNKING):
            shutil.copyfile(corpus / name, folder / name)
    return folder
