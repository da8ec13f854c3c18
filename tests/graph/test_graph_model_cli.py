"""`braid graph build --model`: what it will take, a budget, going on, and exit codes."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from cli_fixtures import Braid
from model_extraction_room import PLACES, answering, sentence
from scripted_server import Scripted, refuse, scripted

from api.compose import Braid as Composed
from api.settings import Settings
from api.settings_answer import AnswerSettings
from api.settings_graph import GraphSettings, ModelExtractionSettings


def filled_with(braid: Braid, folder: Path) -> Braid:
    folder.mkdir()
    for place in PLACES:
        (folder / f"{place}.txt").write_text(sentence(place), encoding="utf-8")
    assert braid("ingest", folder).code == 0
    return braid


def env_of(server: Scripted) -> dict[str, str]:
    return {
        "BRAID_ANSWER__MODEL": "m",
        "BRAID_ANSWER__BASE_URL": server.base_url,
        "BRAID_GRAPH__MODEL__GLEANINGS": "0",
        "BRAID_GRAPH__MODEL__MAX_TOKENS": "1500",
        "BRAID_ANSWER__PROMPT_PRICE": "2",
        "BRAID_ANSWER__COMPLETION_PRICE": "8",
        "BRAID_GRAPH__MODEL__ATTEMPTS": "1",
    }


def test_estimate_budget_and_the_rest(braid: Braid, tmp_path: Path) -> None:
    filled_with(braid, tmp_path / "docs")
    build = ("graph", "build", "--model")
    with scripted(answering()) as server:
        env = env_of(server)
        blind = braid(*build, "--dry-run", "--probe", "0", "--json", env=env).json
        assert (blind["estimate"]["chunks"], blind["estimate"]["measured"]) == (8, 0)
        assert server.requests == []
        dry = braid(*build, "--dry-run", "--probe", "3", "--workers", "2", "--json", env=env).json
        assert (dry["probe"]["done"], dry["estimate"]["chunks"]) == (3, 5)
        assert dry["estimate"]["price"] > 0
        part = braid(*build, "--max-calls", "2", "--json", env=env)
        assert (part.code, part.json["stopped"], part.json["left"]) == (0, "budget", 3)
        said = braid(*build, env=env)
        again = braid(*build, "--json", env=env)
    assert said.code == 0
    assert "6 entities and 3 relations found in 3 passages, by 3 calls" in said.out
    assert "3 entities and 0 relations were left out" in said.out
    assert "3 passages to be asked about: about 3 calls" in said.err
    assert (again.json["chunks"], again.json["usage"]["calls"]) == (0, 0)
    assert len(server.requests) == 8
    assert {request["max_tokens"] for request in server.requests} == {1500}
    shown = braid("graph", "show", "Mira Ardenson", "--json").json
    assert "Arden" in json.dumps(shown)


def test_a_dry_run_says_what_it_measured(braid: Braid, tmp_path: Path) -> None:
    filled_with(braid, tmp_path / "docs")
    build = ("graph", "build", "--model", "--dry-run")
    with scripted(answering()) as server:
        said = braid(*build, env=env_of(server))
        assert said.code == 0
        assert "6 passages to be asked about: about 6 calls" in said.out  # a quarter is measured
        assert "the measuring took 2 calls" in said.out
        said = braid(*build, "--probe", "99", env=env_of(server))
        assert "the model was asked about every passage" in said.out
    assert len(server.requests) == 8


def test_a_model_that_fails_ends_the_command(braid: Braid, tmp_path: Path) -> None:
    filled_with(braid, tmp_path / "docs")

    def refusing(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        harmful = len(state.requests) == 2
        (refuse(400, "content policy") if harmful else answering())(handler, state)

    build = ("graph", "build", "--model", "--workers", "1")
    with scripted(refuse(500, "out of memory")) as server:
        said = braid(*build, env=env_of(server))
    assert said.code == 1
    assert "out of memory" in said.err
    assert "goes on from here" in said.err
    with scripted(refusing) as server:
        said = braid(*build, env=env_of(server))
    assert said.code == 3
    assert "; 1 passage left" in said.out
    assert "content policy" in said.err


def test_wrong_use(filled: Braid) -> None:
    assert "answer.model" in filled.refused("graph", "build", "--model", code=2)
    assert "--model" in filled.refused("graph", "build", "--dry-run", code=2)
    assert "--model" in filled.refused("graph", "build", "--max-tokens", "9", code=2)
    env = {"BRAID_ANSWER__MODEL": "m", "BRAID_ANSWER__BASE_URL": "http://127.0.0.1:9/v1"}
    build = ("graph", "build", "--model")
    assert "--dry-run" in filled.refused(*build, "--probe", "2", code=2, env=env)
    assert "price" in filled.refused(*build, "--max-price", "2", code=2, env=env)


def test_settings_reach_the_model(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        answer=AnswerSettings(model="m", max_tokens=100, context_tokens=512),
        graph=GraphSettings(
            model=ModelExtractionSettings(
                types=("person", "place"), gleanings=2, max_tokens=700, attempts=7, timeout_s=9.0
            )
        ),
    )
    found = Composed(settings).model_extraction()
    assert (found.types, found.gleanings, found.max_tokens) == (("person", "place"), 2, 700)
    assert (found.attempts, found.timeout_s) == (7, 9.0)
    assert found.model.max_tokens == 700  # type: ignore[attr-defined]
