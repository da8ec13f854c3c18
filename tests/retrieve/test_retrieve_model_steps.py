"""Steps with a language model: behind scripted servers, and behind a real one with a real small
model. Whatever a model does, a search gives what it would give without, or better founded."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from index_room import fill, make_document, make_parts
from llm_server import MODEL_NAME, LlmServer
from scripted_server import Script, Scripted, drip, refuse, reply, say, scripted, stall

from generate.pipeline import build_model
from index.collection import Collection
from retrieve.contract import BadQuery, Query, SearchResult, StepModel, Turn
from retrieve.model_steps import MODEL_STEPS, QUERY_STEPS
from retrieve.pipeline import METHODS, Listwise, Retriever

WORDS = ("river", "boat", "engine", "car", "wheel", "road", "lamp", "tree", "stone", "cloud")
DOCUMENTS = [
    make_document(f"{a}-{b}", [f"the {a} and the {b}"], title="", metadata={"year": 2000 + i})
    for i, a in enumerate(WORDS)
    for b in WORDS[i + 1 :]
] + [make_document("泵", ["AV-200水泵的价格是八百元"]), make_document("阀", ["阀门的价格是三百元"])]
ALL = dict.fromkeys(QUERY_STEPS, True)
QUESTION = "Where is the river and the boat?"


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = fill(tmp_path_factory.mktemp("steps") / "c", make_parts(), DOCUMENTS)
    yield collection
    collection.close()


PLAIN = {"feedback": False}
"""What a model orders is not ordered again by likeness; so neither is what it is compared with."""


def step_model(base_url: str, timeout_s: float = 5.0, **options: object) -> StepModel:
    model = build_model({"model": "m", "base_url": base_url, **options})
    return StepModel(model, max_tokens=48, timeout_s=timeout_s)


def retriever(model: StepModel | None, **options: int) -> Retriever:
    listwise = None if model is None else Listwise(model, **options)
    return Retriever(depth=6, model=model, listwise=listwise, steps=PLAIN)


def search(
    collection: Collection, model: StepModel | None, text: str = QUESTION, **options: Any
) -> SearchResult:
    return retriever(model).search(collection.snapshot(), Query(text, **options))


def places(result: SearchResult) -> list[tuple[str, float]]:
    return [(hit.chunk.document_id, hit.score) for hit in result.hits]


def names(result: SearchResult) -> list[str]:
    return [hit.chunk.document_id for hit in result.hits]


def by_step(**texts: str) -> Script:
    """Answers each step's message with its own text."""
    marks = {
        "rewrite": "other wordings",
        "decompose": "several facts",
        "step_back": "more general question",
        "hyde": "short passage",
        "follow_up": "conversation",
    }

    def write(message: str) -> str:
        (step,) = [name for name, mark in marks.items() if mark in message.split("\n\n")[0]]
        return texts[step]

    return reply(write)


def garbage(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.6\r\n")
    handler.close_connection = True


def test_each_step_brings_what_it_is_for_and_says_what_it_cost(collection: Collection) -> None:
    script = by_step(
        rewrite="Where do the river and the boat lie?\nThe boat, the river: where?",
        decompose="Where is the river and the stone?\nWhere is the boat and the cloud?",
        step_back="Where are the boat and the tree?",
        hyde="The boat is on the river.",
    )
    with scripted(script) as server:
        plain = search(collection, None, k=6)
        result = search(collection, step_model(server.base_url), k=6, steps=ALL)
    assert len(server.requests) == 4
    assert {request["max_tokens"] for request in server.requests} == {48}
    reports: Any = result.explanation.steps
    assert set(reports) == set(QUERY_STEPS)
    for report in reports.values():
        assert (report["calls"], report["prompt_tokens"], report["completion_tokens"]) == (1, 10, 5)
        assert report["ms"] > 0
    assert reports["decompose"]["texts"] == [
        "Where is the river and the stone?",
        "Where is the boat and the cloud?",
    ]
    assert reports["hyde"]["texts"] == ["The boat is on the river."]
    assert {"model", "variants"} <= set(result.explanation.timings_ms)
    assert names(result)[0] == names(plain)[0] == "river-boat"
    assert {"river-stone", "boat-cloud"} <= set(names(result))
    assert result.explanation.notes == plain.explanation.notes


@pytest.mark.parametrize(
    ("written", "finish", "texts"),
    [
        ("The boat and river\nThe river and its bo", "length", ["The boat and river"]),
        ("The boat and river\nThe river and its bo", "stop", ["The boat and river", "The river and its bo"]),  # noqa: E501
        ("The boat and river\nIts boat?", "length", ["The boat and river", "Its boat?"]),
    ],
)  # fmt: skip
def test_a_line_that_the_model_was_stopped_in_is_left_out(
    collection: Collection, written: str, finish: str, texts: list[str]
) -> None:
    with scripted(say(written, finish=finish)) as server:
        result = search(collection, step_model(server.base_url), steps={"rewrite": True})
    report: Any = result.explanation.steps["rewrite"]
    assert report["texts"] == texts


def test_steps_are_asked_at_the_same_time(collection: Collection) -> None:
    """Each of the four is answered when all have arrived, and not before."""
    together = threading.Barrier(4, timeout=20)

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        together.wait()
        say("The river and the boat")(handler, state)

    with scripted(script) as server:
        result = search(collection, step_model(server.base_url, 30), steps=ALL)
    assert set(result.explanation.steps) == set(QUERY_STEPS)
    assert not any("left out" in note and "cannot" in note for note in result.explanation.notes)


TOO_LATE = ("did not answer", "more than 0.5 s")


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (refuse(401, "bad key"), "api_key"),
        (refuse(400, "context too long"), "context_tokens"),
        (refuse(429, "slow down"), "rate limit"),
        (refuse(500, "broken"), "broken"),
        (stall, "did not answer"),
        (drip, "more than 0.5 s"),
        (garbage, "cannot be reached"),
        (say("The river", finish=None), "broke off"),
        (say(""), "wrote nothing"),
        (say("I'm sorry, but I can't help with that."), "nothing that the model wrote"),
        (say("质保期为三年"), "nothing that the model wrote"),
        (say("\x00\x01[[[{{{\n"), "nothing that the model wrote"),
    ],
)
def test_a_search_goes_on_without_a_model_that_fails(
    collection: Collection, script: Script, words: str
) -> None:
    plain = search(collection, None)
    with scripted(script) as server:
        model = step_model(server.base_url, 0.5 if words in TOO_LATE else 10.0)
        result = search(collection, model, steps={**ALL, "step_back": False})
    assert places(result) == places(plain)
    said = [note for note in result.explanation.notes if "left out" in note]
    assert len(said) == 3
    assert all(words in note for note in said)
    assert result.explanation.cut == ()


def test_a_server_that_is_not_there(collection: Collection) -> None:
    with scripted(stall) as server:
        gone = server.base_url
    result = search(collection, step_model(gone), steps=ALL)
    assert places(result) == places(search(collection, None))
    assert all("cannot be reached" in note for note in result.explanation.notes)
    assert len(result.explanation.notes) == 4


@pytest.mark.parametrize("step", MODEL_STEPS)
def test_without_a_model_a_step_is_refused_with_advice(collection: Collection, step: str) -> None:
    with pytest.raises(BadQuery, match=f"'{step}' needs a language model: set answer.model"):
        search(collection, None, steps={step: True})
    with pytest.raises(BadQuery, match=r"set answer\.model"):
        Retriever(steps={step: True})
    assert search(collection, None, steps={step: False}).hits


def test_no_step_with_a_model_is_taken_unasked(collection: Collection) -> None:
    with scripted(say("x")) as server:
        result = search(collection, step_model(server.base_url))
    assert server.requests == []
    assert result.explanation.steps == {}
    assert places(result) == places(search(collection, None))


@pytest.mark.parametrize("fusion", METHODS)
def test_filter_number_and_order_hold_with_all_steps(collection: Collection, fusion: str) -> None:
    script = by_step(
        rewrite="The boat and the river",
        decompose="The stone and the river\nThe cloud and the boat",
        step_back="Where are lamps?",
        hyde="A tree by the road.",
    )
    only = {"year": {"$in": [2000, 2001]}}
    with scripted(script) as server:
        model = step_model(server.base_url)
        first, second = (
            search(collection, model, k=7, steps=ALL, filter=only, fusion=fusion) for _ in range(2)
        )
    assert first.hits == second.hits
    assert {hit.metadata["year"] for hit in first.hits} <= {2000, 2001}
    assert len(first.hits) <= 7
    assert [hit.rank for hit in first.hits] == list(range(1, len(first.hits) + 1))
    assert len({hit.chunk.id for hit in first.hits}) == len(first.hits)
    assert [h.score for h in first.hits] == sorted((h.score for h in first.hits), reverse=True)
    assert first.explanation.allowed == 17


def test_a_budget_cuts_what_does_not_fit(collection: Collection) -> None:
    with scripted(stall) as server:
        served = retriever(step_model(server.base_url, timeout_s=30.0))
        query = Query(QUESTION, steps={"hyde": True, "rewrite": True}, budget_ms=1000.0)
        result = served.search(collection.snapshot(), query)
        assert set(result.explanation.cut) == {"hyde", "rewrite"}
        assert not any("left out" in note for note in result.explanation.notes)
        asked = len(server.requests)
        again = served.search(collection.snapshot(), Query(QUESTION, steps=ALL, budget_ms=40.0))
        assert {"hyde", "rewrite"} <= set(again.explanation.cut)
        assert "hyde" not in again.explanation.steps  # what is known not to fit is not begun
        assert len(server.requests) <= asked + 2
    assert places(result) == places(search(collection, None))


HISTORY = [Turn("AV-200水泵的质保期是多久？", "三年。")]


def test_a_follow_up_question_is_made_to_stand_by_itself(collection: Collection) -> None:
    with scripted(say("改写后的问题：AV-200水泵的价格是多少？", usage=(9, 4))) as server:
        result = search(collection, step_model(server.base_url), "那价格呢？", history=HISTORY)
    (message,) = server.requests[0]["messages"]
    assert "AV-200水泵的质保期是多久？" in message["content"]
    assert "三年。" in message["content"]
    assert message["content"].endswith("那价格呢？")
    report: Any = result.explanation.steps["follow_up"]
    assert report["texts"] == ["AV-200水泵的价格是多少？"]
    assert (report["calls"], report["prompt_tokens"], report["completion_tokens"]) == (1, 9, 4)
    assert names(result)[0] == "泵"
    assert result.query.text == "那价格呢？"


def test_other_steps_start_from_the_question_that_stands_by_itself(collection: Collection) -> None:
    asked: list[str] = []

    def write(message: str) -> str:
        asked.append(message)
        return "AV-200水泵的价格是多少？" if "对话" in message else "AV-200水泵多少钱，价格是多少？"

    steps = {"rewrite": True}
    with scripted(reply(write)) as server:
        model = step_model(server.base_url)
        result = search(collection, model, "那价格呢？", history=HISTORY, steps=steps)
    assert asked[1].endswith("AV-200水泵的价格是多少？")
    assert set(result.explanation.steps) == {"follow_up", "rewrite"}
    assert names(result)[0] == "泵"


@pytest.mark.parametrize(
    "script",
    [
        say("The price is 800."),
        say("AV-300水泵的价格是多少？"),
        refuse(500, "broken"),
        say("对不起，我无法回答。"),
    ],
)
def test_a_follow_up_that_is_not_understood_takes_the_words_of_the_last_turn_along(
    collection: Collection, script: Script
) -> None:
    plain = search(collection, None, "那价格呢？", history=HISTORY)
    assert places(plain) != places(search(collection, None, "那价格呢？"))
    with scripted(script) as server:
        result = search(collection, step_model(server.base_url), "那价格呢？", history=HISTORY)
    assert places(result) == places(plain)
    assert any("follow_up was left out" in note for note in result.explanation.notes)


def test_a_question_without_history_is_no_follow_up(collection: Collection) -> None:
    with scripted(say("x")) as server:
        model = step_model(server.base_url)
        search(collection, model)
        search(collection, model, history=HISTORY, steps={"follow_up": False})
    assert server.requests == []


def test_every_step_with_a_real_model(collection: Collection, llm: LlmServer) -> None:
    """What a model of 135 million parameters writes is often of no use. What is used holds."""
    model = StepModel(
        build_model({"model": MODEL_NAME, "base_url": llm.base_url, "api_key": llm.api_key}),
        40,
        120,
    )
    only = {"year": {"$lte": 2003}}
    history = [Turn("What is the river like?", "The river is wide.")]
    first, second = (
        search(
            collection,
            model,
            "And where is the boat of 1998?",
            k=5,
            filter=only,
            history=history,
            steps={**ALL, "listwise": True},
        )
        for _ in range(2)
    )
    assert first.hits == second.hits
    assert len(first.hits) == 5
    assert all(int(str(hit.metadata["year"])) <= 2003 for hit in first.hits)
    reports: Any = first.explanation.steps
    assert set(reports) == {"follow_up", *QUERY_STEPS, "listwise"}
    for name, report in reports.items():
        assert report["calls"] >= 1
        assert report["prompt_tokens"] > 20
        assert 0 < report["completion_tokens"] <= 80 * report["calls"]
        if name == "rewrite":
            assert all("1998" in text for text in report["texts"])
    for name in QUERY_STEPS:
        noted = any(f"step {name} was left out" in note for note in first.explanation.notes)
        assert noted == (not reports[name]["texts"] and reports[name]["dropped"] > 0)


Write = Callable[[str], str]


def prefers(word: str) -> Write:
    """Orders passages by whether they hold the word."""

    def write(message: str) -> str:
        blocks = [b for b in message.split("\n\n") if b.startswith("[")]
        numbers = [int(b[1 : b.index("]")]) for b in blocks]
        assert numbers == list(range(1, len(blocks) + 1))
        best = sorted(numbers, key=lambda n: word not in blocks[n - 1])
        return " > ".join(f"[{n}]" for n in best)

    return write


LISTED = {"listwise": True}


def test_windows_carry_the_best_from_the_end_to_the_front(collection: Collection) -> None:
    """Of 12 candidates the one that the model likes stands last; windows of 4 overlap by 2."""
    snapshot = collection.snapshot()
    plain = Retriever(depth=12, steps=PLAIN).search(snapshot, Query(QUESTION, k=20))
    last = plain.hits[11].chunk
    with scripted(reply(prefers(last.text))) as server:
        served = retriever(step_model(server.base_url), depth=12, window=4, step=2)
        served = replace(served, depth=12)
        result = served.search(snapshot, Query(QUESTION, k=20, steps=LISTED))
    assert len(server.requests) == 5
    assert result.hits[0].chunk.id == last.id
    assert result.hits[0].legs["listwise"].rank == 1
    assert names(result)[1:12] == [name for name in names(plain)[:12] if name != last.document_id]
    assert names(result)[12:] == names(plain)[12:]
    assert result.hits[-1].legs["listwise"].rank is None
    assert [h.score for h in result.hits] == [h.score for h in plain.hits]
    report: Any = result.explanation.steps["listwise"]
    assert (report["calls"], report["prompt_tokens"], report["ordered"]) == (5, 50, 5)
    assert result.explanation.weights["listwise"] == 1.0


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (say("They are all good passages."), "wrote no order"),
        (say("[1]"), "wrote no order"),
        (say("[99] > [0] > [77]"), "wrote no order"),
        (refuse(500, "broken"), "broken"),
        (stall, "did not answer"),
    ],
)
def test_without_an_order_nothing_moves(collection: Collection, script: Script, words: str) -> None:
    plain = search(collection, None)
    with scripted(script) as server:
        model = step_model(server.base_url, 0.3 if words in TOO_LATE else 10.0)
        result = search(collection, model, steps=LISTED)
    assert places(result) == places(plain)
    assert result.explanation.weights["listwise"] == 0.0
    assert words in result.explanation.notes[-1]
    assert len(server.requests) == 1 or "order" in words


def test_passages_that_the_model_forgets_keep_their_order(collection: Collection) -> None:
    plain = search(collection, None)
    with scripted(say("[3] > [2] > [3]")) as server:
        served = retriever(step_model(server.base_url), depth=5, window=5, step=1)
        result = served.search(collection.snapshot(), Query(QUESTION, steps=LISTED))
    first, second, third, *rest = names(plain)
    assert names(result) == [third, second, first, *rest]


def test_windows_that_there_is_no_time_for_are_cut(collection: Collection) -> None:
    with scripted(stall) as server:
        served = retriever(step_model(server.base_url, 30.0), depth=6, window=3, step=1)
        query = Query(QUESTION, steps=LISTED, budget_ms=150.0)
        result = served.search(collection.snapshot(), query)
    assert result.explanation.cut == ("listwise: 4 of 4 windows",)
    assert places(result) == places(search(collection, None))
    assert not any("left out" in note for note in result.explanation.notes)
