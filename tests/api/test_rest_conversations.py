"""Conversations by id, and answers that are kept."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from door_fixtures import ANSWER, Door
from rest_server import finished, problem
from scripted_server import refuse, say

from api.conversations import NEW, Conversations, latest
from api.service_store import ServiceStore
from api.settings_conversations import ConversationSettings
from generate.contract import Answer
from ingest.contract import NotFound
from retrieve.contract import Turn

QUESTION = "How long does the warranty last?"
ADDRESS = "/v1/collections/manuals/conversations"


def ask(door: Door, question: str = QUESTION, **more: Any) -> dict[str, Any]:
    body = {"query": question, "cache": False, **more}
    response = door.client.post("/v1/collections/manuals/query", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_a_follow_up_reaches_the_model_in_a_form_that_stands_by_itself(door: Door) -> None:
    first = ask(door, conversation="new")
    then = ask(door, "And when does it begin?", conversation=first["conversation"])
    assert then["conversation"] == first["conversation"]
    asked = door.speaker.prompts()[-1].splitlines()[-1]
    assert "warranty" in asked and "begin" in asked
    kept = door.client.get(f"{ADDRESS}/{first['conversation']}").json()
    assert [turn["question"] for turn in kept["history"]] == [QUESTION, "And when does it begin?"]
    assert kept["history"][0]["answer"] == ANSWER
    assert kept["history"][0]["citations"][0]["document_id"] == "manual.md"
    assert kept["title"] == QUESTION and kept["turns"] == 2


def test_one_that_is_not_there_is_not_begun(door: Door) -> None:
    body = {"query": QUESTION, "conversation": "0" * 32}
    problem(door.client.post("/v1/collections/manuals/query", json=body), 404)
    problem(door.client.get(f"{ADDRESS}/{'0' * 32}"), 404)
    problem(door.client.delete(f"{ADDRESS}/{'0' * 32}"), 404)


def test_turns_are_given_in_one_way(door: Door) -> None:
    body = {"query": QUESTION, "conversation": "new", "history": [{"question": "x"}]}
    problem(door.client.post("/v1/collections/manuals/query", json=body), 422)


def test_they_are_listed_page_by_page_and_deleted(door: Door) -> None:
    ids = [ask(door, conversation="new")["conversation"] for _ in range(4)]
    first = door.client.get(ADDRESS, params={"limit": 2}).json()
    rest = door.client.get(first["next"]).json()
    listed = [one["id"] for page in (first, rest) for one in page["conversations"]]
    assert listed == ids[:0:-1], "three at the most are kept of a caller, the last used first"
    assert rest["next"] is None
    assert door.client.delete(f"{ADDRESS}/{ids[-1]}").status_code == 204
    problem(door.client.get(f"{ADDRESS}/{ids[-1]}"), 404)


def test_the_oldest_turns_go(door: Door) -> None:
    conversation = ask(door, conversation="new")["conversation"]
    for number in range(5):
        ask(door, f"How long does warranty number {number} last?", conversation=conversation)
    kept = door.client.get(f"{ADDRESS}/{conversation}").json()
    assert [turn["number"] for turn in kept["history"]] == [3, 4, 5, 6]


def test_turns_stand_in_the_order_in_which_they_were_asked(door: Door) -> None:
    conversation = ask(door, conversation="new")["conversation"]
    let_go = threading.Event()
    slow = say(ANSWER)

    def held(handler: Any, state: Any) -> None:
        if "first" in handler.asked["messages"][-1]["content"]:
            door.speaker.asked.set()
            let_go.wait(20)
        slow(handler, state)

    door.speaker.script = held
    first = "Which warranty is the first?"
    asking = threading.Thread(target=ask, args=(door, first), kwargs={"conversation": conversation})
    asking.start()
    assert door.speaker.asked.wait(20)
    ask(door, "Which warranty is the second?", conversation=conversation)
    during = door.client.get(f"{ADDRESS}/{conversation}").json()["history"]
    assert [turn["answer"] is None for turn in during] == [False, True, False]
    let_go.set()
    asking.join()
    after = door.client.get(f"{ADDRESS}/{conversation}").json()["history"]
    assert [turn["question"] for turn in after][1] == first
    assert all(turn["answer"] for turn in after)


def test_a_question_without_an_answer_was_never_asked(door: Door) -> None:
    conversation = ask(door, conversation="new")["conversation"]
    door.speaker.script = door.speaker.silent
    steps = {"follow_up": False}  # by which the search asks the model, too, and waits
    body = {"query": QUESTION, "conversation": conversation, "cache": False, "steps": steps}
    with door.hanging_up("/v1/collections/manuals/query", body):
        assert door.speaker.asked.wait(20)
    assert door.speaker.gone.wait(10)
    for _ in range(100):
        kept = door.client.get(f"{ADDRESS}/{conversation}").json()["history"]
        if len(kept) == 1:
            break
        threading.Event().wait(0.05)
    assert [turn["question"] for turn in kept] == [QUESTION]


def test_what_was_said_of_a_document_goes_with_it(door: Door) -> None:
    text = "The zebrafish pump has a warranty of 77 months."
    body = {"documents": [{"id": "zebra", "text": text}]}
    taken = door.client.post("/v1/collections/manuals/documents/text", json=body)
    finished(door.client, taken.headers["Location"])
    door.speaker.script = say("The zebrafish pump has a warranty of 77 months [1].")
    asked = "Which warranty has the zebrafish pump?"
    conversation = ask(door, asked, conversation="new")["conversation"]
    address = f"{ADDRESS}/{conversation}"
    assert "77" in door.client.get(address).json()["history"][0]["answer"]
    assert door.client.delete("/v1/collections/manuals/documents/zebra").status_code == 200
    (turn,) = door.client.get(address).json()["history"]
    assert turn["answer"] is None and turn["citations"] == []
    door.speaker.state.requests.clear()
    ask(door, "And how long does the warranty of the pump last?", conversation=conversation)
    assert door.speaker.state.requests and "77" not in str(door.speaker.state.requests)


def settings(**more: Any) -> ConversationSettings:
    return ConversationSettings(**more)


def answered(store: Conversations, caller: str, conversation: str = NEW) -> str:
    turn = store.begin(caller, "papers", conversation, "What?")
    turn.end(Answer("That.", (), True, "extractive"))
    return turn.conversation


def test_nobody_has_the_conversations_of_another(tmp_path: Any) -> None:
    kept = Conversations(ServiceStore(tmp_path), settings())
    mine = answered(kept, "me")
    for caller, collection in (("you", "papers"), ("me", "letters")):
        assert kept.page(caller, collection, "", 10) == []
        with pytest.raises(NotFound, match="not yours"):
            kept.get(caller, collection, mine)
        with pytest.raises(NotFound):
            kept.begin(caller, collection, mine, "And?")
        with pytest.raises(NotFound):
            kept.delete(caller, collection, mine)
    assert kept.get("me", "papers", mine).turns == 1


def test_one_whose_time_is_over_is_gone(tmp_path: Any) -> None:
    now = [1_000_000.0]
    store = ServiceStore(tmp_path)
    kept = Conversations(store, settings(lifetime_hours=1.0), lambda: now[0])
    old = answered(kept, "me")
    now[0] += 3_000
    answered(kept, "me", old)
    now[0] += 3_000
    assert kept.get("me", "papers", old).turns == 2, "each question renews it"
    now[0] += 601
    with pytest.raises(NotFound):
        kept.get("me", "papers", old)
    answered(kept, "me")
    assert store.rows("SELECT count(*) FROM turns") == [(1,)], "it is swept"


def test_a_deleted_collection_takes_its_conversations_along(tmp_path: Any) -> None:
    kept = Conversations(ServiceStore(tmp_path), settings())
    mine = answered(kept, "me")
    kept.forget("papers")
    with pytest.raises(NotFound):
        kept.get("me", "papers", mine)


def test_a_question_is_read_with_as_many_turns_as_the_limits_leave() -> None:
    turns = [Turn(f"question {number}", f"answer {number} [1][2].") for number in range(6)]
    limits = settings(history_turns=4, history_tokens=30)
    left = latest(turns, limits, lambda texts: [10] * len(texts))
    assert left == [Turn(f"question {number}", f"answer {number}.") for number in (3, 4, 5)]
    assert latest(turns, settings(history_turns=0), lambda texts: [1] * len(texts)) == []


# --- answers that are kept ---------------------------------------------------------------------


def kept(door: Door, question: str, **more: Any) -> dict[str, Any]:
    return ask(door, question, cache=True, **more)


def test_the_same_question_is_not_answered_twice(door: Door) -> None:
    first = kept(door, "How long is the warranty?")
    asked = len(door.speaker.state.requests)
    second = kept(door, "  how LONG is the  warranty? ")
    assert len(door.speaker.state.requests) == asked
    assert (first["cached"], second["cached"]) == (False, True)
    assert second["usage"]["calls"] == 0
    for name in ("answer", "citations", "hits", "support", "sentences", "generation"):
        assert second[name] == first[name]
    assert kept(door, "How long is the warranty?", k=3)["cached"] is False
    assert ask(door, "How long is the warranty?")["cached"] is False, "asked to do without"


def test_a_kept_answer_is_streamed_like_any_other(door: Door) -> None:
    first = kept(door, "How long is a warranty?")
    body = {"query": "How long is a warranty?", "stream": True}
    address = "/v1/collections/manuals/query"
    with door.client.stream("POST", address, json=body) as response:
        lines = [line for line in response.iter_lines() if line.startswith("event: ")]
    assert lines == ["event: hits", "event: delta", "event: answer", "event: done"]
    assert first["cached"] is False


def test_every_change_of_the_collection_makes_it_be_answered_anew(door: Door) -> None:
    question = "How long is this warranty?"
    base = "/v1/collections/manuals"

    def added() -> None:
        body = {"documents": [{"id": "more", "text": "More about nothing."}]}
        taken = door.client.post(f"{base}/documents/text", json=body)
        finished(door.client, taken.headers["Location"])

    changes: dict[str, Callable[[], Any]] = {
        "a document more": added,
        "a document less": lambda: door.client.delete(f"{base}/documents/more"),
        "words": lambda: door.client.put(f"{base}/words", json={"words": ["warranty pump"]}),
        "synonyms": lambda: door.client.put(
            f"{base}/synonyms", json={"synonyms": ["warranty, guarantee"]}
        ),
    }
    kept(door, question)
    for name, change in changes.items():
        assert kept(door, question)["cached"] is True, name
        response = change()
        assert response is None or response.is_success, (name, response.text)
        assert kept(door, question)["cached"] is False, name


@pytest.mark.parametrize("script", [refuse(503, "overloaded"), say("Half", finish=None)])
def test_what_came_of_a_failure_is_not_kept(door: Door, script: Any) -> None:
    question = f"Is the warranty {id(script)} months?"
    door.speaker.script = script
    failed = kept(door, question)
    assert failed["generator"] == "extractive" and failed["notes"]
    door.speaker.script = say(ANSWER)
    assert kept(door, question)["generator"] == "openai:m"
    assert kept(door, question)["cached"] is True


def test_the_least_used_go_where_there_is_no_room() -> None:
    from api.answer_cache import AnswerCache
    from retrieve.contract import Explanation, Query, SearchResult

    explanation = Explanation((), (), "default", {}, None, {})
    result = SearchResult(Query("q"), (), 1, explanation)
    cache = AnswerCache(10_000)
    for number in range(100):
        cache.put(str(number), Answer("x" * 1_000, (), True, "g"), result)
        cache.get("0")
    left = [number for number in range(100) if cache.get(str(number)) is not None]
    assert 0 in left and 99 in left and 2 <= len(left) < 10
    cache.put("large", Answer("x" * 20_000, (), True, "g"), result)
    assert cache.get("large") is None and cache.get("99") is not None


def test_nothing_is_sent_before_the_passages_are(door: Door) -> None:
    """The first event is there while the model has said nothing yet."""
    door.speaker.script = door.speaker.silent
    body = {"query": QUESTION, "stream": True, "cache": False}
    with door.hanging_up("/v1/collections/manuals/query", body) as line:
        line.settimeout(20)
        received = b""
        while b": still here" not in received:
            received += line.recv(65536)
        assert b"id: 1\nevent: hits\ndata: {" in received
        assert b"event: delta" not in received
        assert door.speaker.asked.wait(20)
    assert door.speaker.gone.wait(10)
