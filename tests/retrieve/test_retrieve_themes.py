"""Questions to a collection as a whole: told from others, answered by themes that cover it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from community_room import facts_of, graph_of_facts, planted, word_of
from index_room import PIPELINE, fill, make_document, make_parts
from llm_server import MODEL_NAME, LlmServer
from scripted_server import Script, refuse, reply, say, scripted, stall
from theme_topics import SAMPLE_TOPICS, covered

from generate.pipeline import build_model
from index.collection import Collection
from index.contract import Ranking
from index.graph.contract import Community
from index.graph.pipeline import build_extractor
from ingest.contract import Chunk, Document, Source
from ingest.pipeline import build_chunker, read
from retrieve.clock import Clock
from retrieve.contract import Query, StepModel, Theme
from retrieve.pace import Pace
from retrieve.pipeline import Retriever
from retrieve.themes.asking import asked_of_all
from retrieve.themes.mapping import Mapped, joined
from retrieve.themes.step import Thematic
from retrieve.themes.themes import THEMES, themes_of
from retrieve.themes.writing import STEP, Answered, answered

CORPUS = Path(__file__).resolve().parents[2] / "examples" / "corpus"

WHOLE = """
主要主题有哪些？|主要主题是什么|有哪些主题？|这些文档主要讲了什么？|这些文档的主要内容是什么？|总结一下这些文档
请总结一下这些文档的主要内容|概括所有报告|这个知识库里有哪些内容？|文档里都有什么内容|这些资料涉及哪些方面？
核心议题有哪些|请列出主要话题|文档集合涵盖了哪些主题|資料的主要主題有哪些？
What are the main topics?|what are the main topics|What are the key themes in these documents?
What is this collection about?|What are these documents about?
What are the documents about|Summarize these documents
Please summarise the whole collection|Give me an overview of the collection
What topics do the reports cover?|What topics are covered?|List the main topics|main topics
Which themes are discussed across the documents?|Can you list the main themes of the corpus?
What's in this knowledge base?|What subjects are there?|Tell me what the main topics are
What is everything here about?|Give me a brief summary of all documents.
"""
NARROWED = {
    "这批报告关于安全的主要主题有哪些": "安全",
    "总的来说，这些报告对网络安全说了什么？": "网络安全",
    "总结这些文档中关于保修的内容": "保修",
    "What do the reports say about safety overall?": "safety",
    "What do the documents say about warranty in general?": "warranty",
    "Overall, what do the reports say about climate change?": "climate change",
    "What are the main themes about security in these documents?": "security",
}
PARTICULAR = """
这部小说的主要内容是什么？|这本书的主题是什么？|《红楼梦》的主要主题有哪些？|该报告的主要内容是什么
总结一下费某交通肇事案的主要内容|采购管理办法的主要内容有哪些|会议的主要议题是什么|论文的主题是什么|主要内容
What are the main themes of Hamlet?|What is the main topic of the article?
What is this report about?|Summarize the warranty terms
What are the main topics of Kant's Critique?|What are the areas?
What do the reports say about warranty?|What are the subjects of the study?|哪些文档提到了保修？
What is the document about the merger?|Which documents mention the warranty period?|总结|summary
"""


def lines(text: str) -> list[str]:
    return [line for line in text.replace("\n", "|").split("|") if line]


@pytest.mark.parametrize("question", lines(WHOLE))
def test_questions_to_the_whole_collection_are_told(question: str) -> None:
    asked = asked_of_all(question)
    assert asked is not None and asked.subject == ""


@pytest.mark.parametrize("question", NARROWED)
def test_what_narrows_them_is_read_out(question: str) -> None:
    asked = asked_of_all(question)
    assert asked is not None and asked.subject == NARROWED[question]


@pytest.mark.parametrize("question", lines(PARTICULAR))
def test_questions_about_something_in_particular_are_not_among_them(question: str) -> None:
    assert asked_of_all(question) is None


@pytest.mark.parametrize(
    "piece", ["这些", "总结一下", "这些文档", "主要的", "the ", "main ", "请", "的"]
)
def test_a_long_question_takes_no_time(piece: str) -> None:
    """A pattern that goes back and forth would not come to an end within the age of the world."""
    assert asked_of_all(piece * 5_000) is None
    assert asked_of_all((piece * 200)[:199] + "x") is None


SUBJECTS = {
    "pump": ("Amber Impeller", "Brass Seal", "Carbon Bearing", "Delta Casing", "Echo Valve"),
    "leave": ("Annual Leave", "Parental Leave", "Team Leader", "Care Leave", "Public Holiday"),
    "cloud": ("Access Token", "Webhook Relay", "Rate Limit", "Edge Gateway", "Root Certificate"),
    "bird": ("Mallard Duck", "Winter Plumage", "Reed Nest", "Autumn Migration", "Salt Wetland"),
}


def documents() -> list[tuple[Document, list[Chunk]]]:
    """One large document on pumps, small ones on the rest, and one on two of them."""
    made = []
    for subject, words in SUBJECTS.items():
        texts = [
            f"The {first} of the {subject} needs a {second}. Part {number} tells of the {first}."
            for number in range(10 if subject == "pump" else 1)
            for first, second in zip(words, (*words[1:], words[0]), strict=True)
        ]
        made.append(make_document(f"{subject}.txt", texts, title=f"The {subject} manual"))
    return made


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    parts = replace(make_parts(), extractor=build_extractor("rules"))
    collection = fill(tmp_path_factory.mktemp("themes") / "c", parts, documents())
    yield collection
    collection.close()


def nothing(text: str) -> Ranking:
    raise AssertionError(f"a search for {text!r} was not needed")


def themes(collection: Collection, question: str, **options: object) -> list[Theme]:
    snapshot = collection.snapshot()

    def find(text: str) -> Ranking:
        """By words: what the small embedder takes for meaning is chance."""
        return snapshot.sparse.search(snapshot.parts.analyzer.query_terms(text), 50)

    return list(themes_of(snapshot, collection.graph(), question, find, **options))  # type: ignore[arg-type]


def documents_of(collection: Collection, theme: Theme) -> set[str]:
    stored = collection.snapshot().chunks(list(theme.keys))
    return {one.chunk.document_id for one in stored.values()}


def test_main_topics_cover_large_and_small_documents(collection: Collection) -> None:
    found = list(
        themes_of(collection.snapshot(), collection.graph(), "What are the main topics?", nothing)
    )
    told = set().union(*(documents_of(collection, theme) for theme in found))
    assert told == {f"{subject}.txt" for subject in SUBJECTS}
    assert "pump" in found[0].title
    assert [theme.weight for theme in found] == sorted(
        (theme.weight for theme in found), reverse=True
    )
    assert sum(theme.weight for theme in found) <= 1.0 + 1e-9
    keys = [key for theme in found for key in theme.keys]
    assert len(keys) == len(set(keys))
    for theme in found:
        assert theme.chunks == len(theme.keys)
        assert theme.documents == len(documents_of(collection, theme))
        stored = collection.snapshot().chunks(list(theme.keys))
        for quote in theme.summary:
            start, end = quote.span
            assert stored[quote.key].chunk.text[start:end] == quote.text


def test_fewer_themes_may_be_asked_for_and_take_the_most_in(collection: Collection) -> None:
    (only,) = themes(collection, "main topics", k=1)
    assert documents_of(collection, only) == {"pump.txt"}


def test_small_communities_join_those_that_they_have_relations_with() -> None:
    facts = dict(planted(5, 10, 20, stray=0.0))
    for number in range(10):  # what relates the last two topics, and the first two
        for other, topic in ((4, 3), (1, 0)):
            for _ in range(4):
                named = [word_of(other, number), word_of(topic, number)]
                facts[1000 + len(facts)] = ("x", (facts_of(named),))
    graph = graph_of_facts(facts)
    mapped = []
    for topic in range(5):
        words = {word_of(topic, number) for number in range(10)}
        entities = tuple(id for id in graph.ids if id in words)
        assert len(entities) == 10
        community = Community(str(topic), 0, None, entities, f"topic {topic}")
        mapped.append(Mapped((community,), 20.0 - topic, {topic: 20.0 - topic}))
    assert {len(one.parts) for one in joined(graph, mapped, 5)} == {1}

    def pairs(k: int) -> list[list[int]]:
        told = joined(graph, mapped, k)
        assert sum(one.weight for one in told) == sum(one.weight for one in mapped)
        return sorted(sorted(int(part.id) for part in one.parts) for one in told)

    assert pairs(3) == [[0, 1], [2], [3, 4]]
    assert pairs(1) == [[0, 1], [2], [3, 4]]  # the third has to do with none
    assert len(pairs(4)) == 4


def test_small_communities_are_told_with_what_they_have_most_to_do_with(tmp_path: Path) -> None:
    """Rather than not at all, where there are few of them."""
    related = make_document(
        "duck.txt",
        [
            "The Blue Drake needs a Green Speculum. The Blue Drake meets the Tufted Diver.",
            "The Green Speculum of the Tufted Diver is small. So is that of the Mallard Duck.",
        ],
        title="The duck manual",
    )
    parts = replace(make_parts(), extractor=build_extractor("rules"))
    collection = fill(tmp_path / "c", parts, [*documents(), related])
    wide = themes_of(collection.snapshot(), collection.graph(), "main topics", nothing, 5)
    assert len(wide) == 5 and not any(" / " in theme.title for theme in wide)
    found = themes_of(collection.snapshot(), collection.graph(), "main topics", nothing, 4)
    assert len(found) == 4
    (both,) = [theme for theme in found if " / " in theme.title]
    first, second = both.title.split(" / ")
    names = {f"{title.split()[1]}.txt" for title in (first, second)}
    assert documents_of(collection, both) == names and both.documents == 2
    told = set().union(*(documents_of(collection, theme) for theme in found))
    assert told == {*(f"{subject}.txt" for subject in SUBJECTS), "duck.txt"}
    collection.close()


def test_a_subject_narrows_the_themes(collection: Collection) -> None:
    found = themes(collection, "What do the documents say about the Webhook Relay overall?")
    assert documents_of(collection, found[0]) == {"cloud.txt"}
    best = collection.snapshot().chunks(list(found[0].keys[:2]))
    assert all("Webhook" in one.chunk.text for one in best.values())
    assert found[0].weight > 0.5


def test_any_question_can_be_answered_by_themes(collection: Collection) -> None:
    found = themes(collection, "Which Mallard Duck has Winter Plumage?")
    assert documents_of(collection, found[0]) == {"bird.txt"}


def test_only_what_is_allowed_counts(collection: Collection) -> None:
    snapshot = collection.snapshot()
    allowed = snapshot.allowed({"document_id": {"$in": ["bird.txt", "cloud.txt"]}})
    found = themes(collection, "主要主题有哪些？", allowed=allowed)
    assert {key for theme in found for key in theme.keys} <= set(allowed.tolist())
    told = set().union(*(documents_of(collection, theme) for theme in found))
    assert told == {"bird.txt", "cloud.txt"}
    assert themes(collection, "主要主题有哪些？", allowed=np.empty(0, dtype=np.int64)) == []


def test_a_subject_that_is_nowhere_found_has_no_theme(collection: Collection) -> None:
    snapshot, graph = collection.snapshot(), collection.graph()
    found = themes_of(snapshot, graph, "quantum", lambda text: Ranking.of([], []))
    assert list(found) == []


def test_chunks_that_are_gone_are_no_part_of_a_theme(tmp_path: Path) -> None:
    parts = replace(make_parts(), extractor=build_extractor("rules"))
    collection = fill(tmp_path / "c", parts, documents())
    graph = collection.graph()
    with collection.writer() as writer:
        writer.delete(["bird.txt"])
    found = themes_of(collection.snapshot(), graph, "main topics", nothing)
    told = set().union(*(documents_of(collection, theme) for theme in found))
    assert told == {"pump.txt", "leave.txt", "cloud.txt"}
    assert all(len(theme.keys) == theme.chunks for theme in found)
    collection.close()


def test_an_empty_collection_has_no_theme(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", replace(make_parts(), extractor=build_extractor("rules")), [])
    found = themes_of(collection.snapshot(), collection.graph(), "main topics", nothing)
    assert list(found) == []
    collection.close()


# --- the sample corpus ---


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """The documents of examples/corpus, read and cut as they are by default, but for the layout
    model."""
    parts = replace(make_parts(), extractor=build_extractor("rules"))
    chunker = build_chunker("structure")
    made = []
    for path in sorted(CORPUS.iterdir()):
        source = Source(path.name, path.read_bytes(), path.name)
        document = read(source, {"application/pdf": {"layout": False}})
        made.append((document, chunker.chunk(document, parts.embedder)))
    collection = Collection.create(tmp_path_factory.mktemp("sample") / "c", parts)
    with collection.writer() as writer:
        writer.put(made, PIPELINE)
    yield collection
    collection.close()


@pytest.mark.parametrize("question", ["主要主题有哪些？", "What are the main topics?"])
def test_themes_cover_the_topics_of_the_sample_and_passages_do_not(
    sample: Collection, question: str
) -> None:
    """Passages by words: what the small embedder takes for meaning is chance."""
    found = themes(sample, question)
    assert len(found) <= THEMES
    told = [
        " ".join([one.title, *one.keywords, *(quote.text for quote in one.summary)])
        for one in found
    ]
    assert len(covered(told, SAMPLE_TOPICS)) >= 8
    hits = Retriever().search(sample.snapshot(), Query(question, k=THEMES, fusion="sparse")).hits
    passages = "\n".join(f"{hit.chunk.context}\n{hit.chunk.text}" for hit in hits)
    assert len(covered([passages[: sum(map(len, told))]], SAMPLE_TOPICS)) < 8


@pytest.mark.parametrize("with_model", [False, True])
def test_the_passages_behind_themes_take_turns(collection: Collection, with_model: bool) -> None:
    snapshot, graph = collection.snapshot(), collection.graph()
    with scripted(reply(write)) as server:
        model = step_model(server.base_url) if with_model else None
        thematic = Thematic(snapshot, graph, nothing, model, Clock(), Pace())
        told = thematic.told("What are the main topics?", THEMES, None)
    assert bool(told.overview) == bool(told.written.reports) == with_model
    keys, scores = told.ranking.keys.tolist(), told.ranking.scores.tolist()
    assert len(keys) == len(set(keys)) == sum(theme.chunks for theme in told.themes)
    assert scores == sorted(scores, reverse=True)
    for theme, key in zip(told.themes, keys, strict=False):
        assert key in theme.keys
        assert not theme.summary or key == theme.summary[0].key
    empty = Thematic(snapshot, graph, nothing, None, Clock(), Pace())
    none = empty.told("main topics", 5, np.empty(0, dtype=np.int64))
    assert len(none.ranking.keys) == 0


@pytest.mark.parametrize("mode", ["mix", "global", "hybrid"])
def test_a_search_answers_a_question_to_the_whole_collection_by_themes(
    collection: Collection, mode: str
) -> None:
    collection.graph()
    result = Retriever().search(
        collection.snapshot(), Query("What are the main topics?", k=6, mode=mode)
    )
    told = {hit.chunk.document_id for hit in result.hits[: len(SUBJECTS)]}
    assert told == {f"{subject}.txt" for subject in SUBJECTS}
    assert len(result.hits) == 6 and len(result.themes) == len(SUBJECTS)
    assert result.is_relevant and result.overview == ""
    assert result.explanation.weights == {"themes": 1.0}
    report = result.explanation.steps["themes"]
    assert report == {"themes": 4, "chunks": 65}
    assert "themes" in result.explanation.timings_ms


@pytest.mark.parametrize(
    "options",
    [
        {"text": "What is the Brass Seal?"},
        {"mode": "naive"},
        {"mode": "local"},
        {"steps": {"themes": False}},
        {"fusion": "sparse"},
    ],
)
def test_other_searches_have_no_themes(collection: Collection, options: dict[str, Any]) -> None:
    collection.graph()
    query = Query(**{"text": "What are the main topics?", **options})
    result = Retriever().search(collection.snapshot(), query)
    assert result.themes == () and "themes" not in result.explanation.steps


def test_a_collection_without_a_graph_has_no_themes(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), documents())
    result = Retriever().search(collection.snapshot(), Query("What are the main topics?"))
    assert result.themes == () and len(result.hits) == 10
    collection.close()


def test_a_search_has_themes_told_by_the_model_where_that_is_switched_on(
    collection: Collection,
) -> None:
    collection.graph()
    snapshot = collection.snapshot()
    with scripted(reply(write)) as server:
        retriever = Retriever(model=step_model(server.base_url))
        plain = retriever.search(snapshot, Query("What are the main topics?"))
        assert server.requests == [] and plain.overview == ""
        query = Query("What are the main topics?", steps={"map_reduce": True})
        result = retriever.search(snapshot, query)
    assert result.overview == "The collection tells of birds [1] and of leave [2]."
    assert result.themes[0].title == "Birds of the wetland"
    assert result.explanation.steps[STEP]["calls"] == 5  # type: ignore[index, call-overload]


# --- with a language model ---


def step_model(base_url: str, timeout_s: float = 5.0) -> StepModel:
    return StepModel(build_model({"model": "m", "base_url": base_url}), 64, timeout_s)


def ask(
    collection: Collection,
    script: Script,
    question: str = "What are the main topics?",
    timeout_s: float = 5.0,
    budget_ms: float | None = None,
) -> tuple[Answered, list[str]]:
    found = themes(collection, question)
    with scripted(script) as server:
        model = step_model(server.base_url, timeout_s)
        clock = Clock(budget_ms)
        result = answered(model, collection.snapshot(), question, found, clock, Pace())
    return result, [request["messages"][0]["content"] for request in server.requests]


def write(message: str) -> str:
    """A model that finds birds most helpful and pumps of no help."""
    if "partial" in message or "Write one answer" in message:
        return "The collection tells of birds [1] and of leave [2]."
    if "bird" in message:
        return "Title: Birds of the wetland\nScore: 95\nAnswer: They nest in wetlands."
    if "pump" in message:
        return "Title: Pumps\nScore: 0\nAnswer:"
    return "Score: 40\nAnswer: It is about rules that hold for all."


def test_the_model_maps_and_reduces(collection: Collection) -> None:
    before = themes(collection, "What are the main topics?")
    result, messages = ask(collection, reply(write))
    assert len(messages) == len(before) + 1
    assert result.answer == "The collection tells of birds [1] and of leave [2]."
    assert result.themes[0].title == "Birds of the wetland"
    assert result.themes[0].answer == "They nest in wetlands."
    assert {theme.community for theme in result.themes} == {theme.community for theme in before}
    assert all("pump" in theme.title for theme in result.themes if not theme.answer)
    report = result.told.reports[STEP]
    assert isinstance(report, dict) and report["calls"] == len(messages)
    assert result.told.notes == [] and result.told.cut == []
    reduced = messages[-1]
    assert reduced.index("[1] Birds of the wetland: They nest") < reduced.index("\n[2] The")
    assert "pump" not in reduced.lower()


@pytest.mark.parametrize(
    "script",
    [refuse(500, "broken"), say(""), say("对不起，我无法回答。"), say("I'm sorry, I cannot help.")],
)
def test_themes_stand_without_the_model(collection: Collection, script: Script) -> None:
    before = themes(collection, "What are the main topics?")
    result, messages = ask(collection, script)
    assert list(result.themes) == before
    assert result.answer == ""
    assert any("without the language model" in note for note in result.told.notes)
    assert len(messages) <= 3 * (len(before) + 1)  # the client asks a broken server again


def test_a_silent_model_is_not_waited_for(collection: Collection) -> None:
    before = themes(collection, "What are the main topics?")
    clock = Clock()
    result, _ = ask(collection, stall, timeout_s=0.3)
    assert list(result.themes) == before
    assert result.told.notes
    assert clock.elapsed_ms < 60_000.0


def test_a_budget_cuts_the_model_off(collection: Collection) -> None:
    before = themes(collection, "What are the main topics?")
    result, messages = ask(collection, reply(write), budget_ms=0.0)
    assert list(result.themes) == before and messages == []
    assert result.told.cut == [STEP]
    result, _ = ask(collection, stall, timeout_s=30.0, budget_ms=300.0)
    assert list(result.themes) == before
    assert result.told.cut == [STEP] and result.told.notes == []


def test_no_theme_needs_no_call(collection: Collection) -> None:
    with scripted(say("x")) as server:
        model = step_model(server.base_url)
        result = answered(model, collection.snapshot(), "q", [], Clock(), Pace())
    assert result.themes == [] and server.requests == []


def test_with_a_real_model(collection: Collection, llm: LlmServer) -> None:
    """What a model of 135 million parameters writes is often of no use. The themes hold."""
    model = StepModel(
        build_model({"model": MODEL_NAME, "base_url": llm.base_url, "api_key": llm.api_key}),
        40,
        120,
    )
    before = themes(collection, "What are the main topics?", k=2)
    snapshot = collection.snapshot()
    question = "What are the main topics?"
    result = answered(model, snapshot, question, before, Clock(), Pace())
    assert {theme.community for theme in result.themes} == {theme.community for theme in before}
    report = result.told.reports[STEP]
    assert isinstance(report, dict)
    assert 2 <= int(str(report["calls"])) <= 3
    assert math.isfinite(float(str(report["ms"])))
    assert result.answer or not any(theme.answer for theme in result.themes[1:])
