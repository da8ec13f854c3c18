"""Steps with a language model, from the command line and over REST."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest
from cli_fixtures import Braid, write_folder
from rest_server import running
from scripted_server import Scripted, refuse, reply, say, scripted

from api.settings import RetrievalSettings, Settings
from api.settings_answer import AnswerSettings

QUESTION = "How long are bearings covered?"


def write(message: str) -> str:
    if "Order the passages" in message:
        return "[2] > [1]"
    return "What is the warranty period of bearings?"


def test_steps_are_switched_on_and_tell_what_they_cost(filled: Braid) -> None:
    steps = ("--step", "rewrite=on", "--step", "listwise=on")
    plain = filled("search", QUESTION, "--json").json
    with scripted(reply(write)) as server:
        env = {"BRAID_ANSWER__MODEL": "m", "BRAID_ANSWER__BASE_URL": server.base_url}
        found = filled("search", QUESTION, *steps, "--json", env=env).json
        unasked = filled("search", QUESTION, "--json", env=env).json
        env["BRAID_RETRIEVAL__STEPS"] = '{"rewrite": true}'
        env["BRAID_RETRIEVAL__MODEL_TOKENS"] = "77"
        by_settings = filled("search", QUESTION, "--json", env=env).json
    assert [request["max_tokens"] for request in server.requests[2:]] == [77]
    assert len(server.requests) == 3
    explained = found["explanation"]["steps"]
    assert explained["rewrite"]["texts"] == ["What is the warranty period of bearings?"]
    assert explained["listwise"]["calls"] == explained["listwise"]["ordered"] == 1
    assert set(by_settings["explanation"]["steps"]) == {"graph", "late_interaction", "rewrite"}
    assert set(unasked["explanation"]["steps"]) == {"graph", "late_interaction"}
    assert unasked["hits"] == plain["hits"]
    assert found["hits"][0]["chunk"]["id"] != plain["hits"][0]["chunk"]["id"]


def test_a_step_without_a_model_is_wrong_use(filled: Braid) -> None:
    said = filled.refused("search", QUESTION, "--step", "hyde=on", code=2)
    assert "answer.model" in said
    said = filled.refused(
        "search", QUESTION, code=2, env={"BRAID_RETRIEVAL__STEPS": '{"hyde": true}'}
    )
    assert "answer.model" in said


def test_over_rest(tmp_path: Path) -> None:
    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        (refuse(500, "broken") if len(state.requests) > 1 else say("Bearings are covered."))(
            handler, state
        )

    with scripted(script) as server:
        settings = Settings(
            data_dir=tmp_path / "data",
            answer=AnswerSettings(model="m", base_url=server.base_url, max_retries=0),
            retrieval=RetrievalSettings(model_timeout_s=5.0),
        )
        Braid(tmp_path / "data")("ingest", write_folder(tmp_path / "docs"))
        with running(settings) as client:
            body = {"query": QUESTION, "steps": {"hyde": True}, "explain": True}
            first, second = (
                client.post("/v1/collections/default/search", json=body).json() for _ in range(2)
            )
            wrong = client.post(
                "/v1/collections/default/search", json={"query": "x", "steps": {"magic": True}}
            )
    assert first["explanation"]["steps"]["hyde"]["texts"] == ["Bearings are covered."]
    assert first["notes"] == []
    assert "hyde was left out" in second["notes"][0]
    assert second["explanation"]["steps"]["hyde"]["texts"] == []
    assert second["hits"]
    assert wrong.status_code == 422
    assert "rewrite" in wrong.json()["detail"]


@pytest.mark.parametrize("name", ["model_timeout_s", "model_tokens"])
def test_limits_of_nothing_are_refused(filled: Braid, name: str) -> None:
    said = filled.refused("search", QUESTION, code=2, env={f"BRAID_RETRIEVAL__{name.upper()}": "0"})
    assert name in said
