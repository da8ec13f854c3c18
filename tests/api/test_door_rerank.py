"""Cohere's rerank door: as its documentation has it, and by the client that Braid itself has for
servers that speak so."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from door_fixtures import KEY, Door

from ingest.contract import BlockKind, Chunk
from retrieve.rerank.remote import RemoteReranker

QUERY = "What is the capital of the United States?"
TEXTS = [
    "Carson City is the capital city of the American state of Nevada.",
    "Penguins live in the Antarctic and eat fish.",
    "Washington, D.C. is the capital of the United States.",
    "Capital punishment has existed in the United States since before it was a country.",
]


def ranked(door: Door, **changed: Any) -> dict[str, Any]:
    body = {"query": QUERY, "documents": TEXTS, **changed}
    response = door.client.post("/v1/rerank", json=body)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def test_texts_come_in_order_with_scores(door: Door) -> None:
    found = ranked(door, model="braid")
    results = found["results"]
    assert results[0]["index"] == 2
    assert sorted(one["index"] for one in results) == [0, 1, 2, 3]
    assert results[-1]["index"] == 1
    scores = [one["relevance_score"] for one in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)
    assert found["id"] and found["meta"]["api_version"]["version"] == "1"
    assert "document" not in results[0]


def test_objects_top_n_and_the_texts_themselves(door: Door) -> None:
    given = [{"text": text, "source": "x"} for text in TEXTS]
    found = ranked(door, documents=given, top_n=2, return_documents=True)
    assert found["results"][0]["document"]["text"] == TEXTS[2]
    assert len(found["results"]) == 2


def test_a_long_text_counts_what_its_best_piece_does(door: Door) -> None:
    filling = "The weather was fine and nothing happened that day. " * 150
    long = filling + TEXTS[2] + filling
    found = ranked(door, documents=[long, filling])["results"]
    assert found[0]["index"] == 0
    assert found[0]["relevance_score"] > found[1]["relevance_score"]
    cut = ranked(door, documents=[long, filling], max_tokens_per_doc=50)["results"]
    assert cut[0]["relevance_score"] == cut[1]["relevance_score"]


@pytest.mark.parametrize("model", ["late_interaction", "cosine"])
def test_a_model_is_a_way_to_judge(door: Door, model: str) -> None:
    found = ranked(door, model=model)
    assert found["meta"]["judged_by"] == model
    assert found["results"][0]["index"] == 2


@pytest.mark.parametrize(
    ("changed", "status"),
    [
        ({"model": "rerank-v3.5"}, 404),
        ({"model": "cross_encoder"}, 404),
        ({"documents": []}, 400),
        ({"query": ""}, 400),
        ({"documents": [{"body": "no text"}]}, 400),
        ({"top_n": 0}, 400),
    ],
)
def test_errors_are_in_coheres_form(door: Door, changed: dict[str, Any], status: int) -> None:
    body = {"query": QUERY, "documents": TEXTS, **changed}
    response = door.client.post("/v1/rerank", json=body)
    assert response.status_code == status
    assert response.json()["message"]
    assert httpx.post(f"{door.base_url}/v1/rerank", json=body).json()["message"]


@pytest.mark.parametrize("form", ["cohere", "jina"])
def test_braids_own_client_of_such_servers_understands_it(door: Door, form: str) -> None:
    stored = {key: SimpleNamespace(chunk=_chunk(text)) for key, text in enumerate(TEXTS)}
    snapshot: Any = SimpleNamespace(chunks=lambda keys: {key: stored[key] for key in keys})
    query: Any = SimpleNamespace(text=QUERY)
    reranker = RemoteReranker(door.base_url, form, "braid", KEY)
    scores = reranker.judge(snapshot, query, np.arange(4), float("inf"))
    found = {one["index"]: one["relevance_score"] for one in ranked(door)["results"]}
    assert scores.tolist() == pytest.approx([found[place] for place in range(4)], abs=1e-5)


def _chunk(text: str) -> Chunk:
    return Chunk("c", "d", 0, BlockKind.PARAGRAPH, "", (), text, (0, len(text)))
