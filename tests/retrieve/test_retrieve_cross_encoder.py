"""A cross-encoder that is really trained and run, by path and behind a server."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from index_room import fill, make_document, make_parts
from tiny_cross_encoder import (
    ANSWERS,
    DEEDS,
    HELD_OUT,
    RerankServer,
    passages,
    question,
    serving,
    train,
)

from api.compose import Braid
from api.settings import load_settings
from index.collection import Collection
from ingest.contract import BadInput
from retrieve.contract import Query, Reranker, SearchResult
from retrieve.pipeline import Retriever, build_reranker

KEY = "sesame"
QUESTIONS = list(product(ANSWERS, HELD_OUT, DEEDS[:2]))
ONE = question("who", HELD_OUT[0], DEEDS[0])


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    documents = [
        make_document(name, [text], title="") for name, (_, text) in passages(HELD_OUT).items()
    ]
    collection = fill(tmp_path_factory.mktemp("cross") / "c", make_parts(), documents)
    yield collection
    collection.close()


@pytest.fixture(scope="module")
def server(model: Path) -> Iterator[RerankServer]:
    with serving(model, KEY) as running:
        yield running


@pytest.fixture(autouse=True)
def healthy(request: pytest.FixtureRequest) -> None:
    if "server" in request.fixturenames:
        state = request.getfixturevalue("server")
        state.requests.clear()
        state.faults.clear()
        state.stall_s = 0.0


def configured(tmp_path: Path, name: str, **options: Any) -> Reranker:
    """As the settings make it."""
    settings = load_settings(
        data_dir=tmp_path, cache_dir=tmp_path, rerank={"rerankers": [name], name: options}
    )
    (reranker,) = Braid(settings).retriever.rerankers.values()
    return reranker


def search(collection: Collection, reranker: Reranker | None, text: str) -> SearchResult:
    rerankers = {} if reranker is None else {"judge": reranker}
    return Retriever(rerankers=rerankers).search(collection.snapshot(), Query(text))


def right(collection: Collection, reranker: Reranker | None) -> float:
    """The share of questions with the passage that answers them in the first place."""
    found = [
        search(collection, reranker, question(kind, topic, deed)).hits[0].chunk.document_id
        == f"{topic}-{deed}-{kind}"
        for kind, topic, deed in QUESTIONS
    ]
    return sum(found) / len(found)


def test_a_trained_cross_encoder_puts_the_answer_first(
    collection: Collection, model: Path, tmp_path: Path
) -> None:
    """Its topics are none of the training's; without it, one of three is right by chance."""
    assert right(collection, None) < 0.5
    reranker = configured(tmp_path, "cross_encoder", model=str(model))
    assert right(collection, reranker) >= 0.9
    result = search(collection, reranker, ONE)
    scores = {hit.chunk.document_id: hit.legs["judge"].score or 0.0 for hit in result.hits}
    who, where, when = (scores[f"{HELD_OUT[0]}-{DEEDS[0]}-{kind}"] for kind in ANSWERS)
    assert who > 0.9 > 0.1 > max(where, when)
    assert result.explanation.weights["judge"] == 1.0
    judged = result.explanation.steps["judge"]
    assert isinstance(judged, dict)
    assert 10 <= judged["judged"] <= judged["candidates"] == 20


@pytest.mark.parametrize("form", ["cohere", "jina", "tei"])
def test_a_server_is_asked_in_its_own_form(
    collection: Collection, model: Path, server: RerankServer, tmp_path: Path, form: str
) -> None:
    options = {"form": form, "url": server.url, "model": "tiny", "api_key": KEY, "depth": 20}
    remote = configured(tmp_path, "remote", **options)
    assert KEY not in repr(remote)
    assert right(collection, remote) >= 0.9
    local = build_reranker("cross_encoder", model=str(model), precision="float32", batch_size=20)
    for text in (ONE, question("when", HELD_OUT[3], DEEDS[1])):
        here, there = (search(collection, one, text) for one in (local, remote))
        assert [h.chunk.id for h in here.hits] == [h.chunk.id for h in there.hits]
        scores = [[h.legs["judge"].score for h in result.hits] for result in (here, there)]
        assert scores[0] == pytest.approx(scores[1], abs=1e-4)
    paths = {"cohere": "v2/rerank", "jina": "v1/rerank", "tei": "rerank"}
    assert {path for path, _, _ in server.requests} == {paths[form]}


def remote_at(url: str, **options: Any) -> Reranker:
    given = {"url": url, "model": "tiny", "api_key": KEY, "depth": 20, **options}
    return build_reranker("remote", **given)


def test_a_busy_server_is_asked_again(collection: Collection, server: RerankServer) -> None:
    server.faults.extend([503, 429])
    found = search(collection, remote_at(server.url, max_retries=2), ONE)
    assert found.explanation.weights["judge"] == 1.0
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("options", "faults", "said", "requests"),
    [
        ({}, [503, 503], "busy or failing: 503 .*overloaded", 2),
        ({}, [400], "refuses the request: 400", 1),
        ({"api_key": "wrong"}, [], "refuses the api_key; give a valid one .*invalid", 1),
        ({"url_path": "/nowhere"}, [], "has no /v2/rerank; check url, form and model", 1),
        ({"form": "tei"}, [], "no list of scores", 1),
    ],
)
def test_the_search_goes_on_without_a_server_that_fails(
    collection: Collection,
    server: RerankServer,
    options: dict[str, Any],
    faults: list[int],
    said: str,
    requests: int,
) -> None:
    url = server.url + options.pop("url_path", "")
    if options.get("form") == "tei":  # what this path answers, read as another form
        url += "/v2"
        server.faults.append(200)
    server.faults.extend(faults)
    found = search(collection, remote_at(url, **options), ONE)
    plain = search(collection, None, ONE)
    assert [(h.chunk.id, h.score) for h in found.hits] == [
        (h.chunk.id, h.score) for h in plain.hits
    ]
    (note,) = found.explanation.notes
    assert "the reranker judge was left out: the reranker at http" in note
    import re

    assert re.search(said, note), note
    assert len(server.requests) == requests
    assert KEY not in note


def test_a_server_that_is_down_or_silent_is_left_out(
    collection: Collection, server: RerankServer
) -> None:
    server.stall_s = 0.5
    slow = remote_at(server.url, timeout_s=0.1, max_retries=0)
    (note,) = search(collection, slow, ONE).explanation.notes
    assert "did not answer in 0.1 s" in note
    (note,) = search(collection, remote_at("http://127.0.0.1:9"), ONE).explanation.notes
    assert "cannot be reached" in note


def test_a_model_with_several_outputs_is_refused_with_advice(
    collection: Collection, model: Path, tmp_path: Path
) -> None:
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    config = BertConfig.from_pretrained(model, num_labels=3)
    BertForSequenceClassification(config).save_pretrained(tmp_path)
    BertTokenizer.from_pretrained(model).save_pretrained(tmp_path)
    with pytest.raises(BadInput, match="has 3 outputs: a reranker has one; set rerank"):
        search(collection, build_reranker("cross_encoder", model=str(tmp_path)), ONE)


def test_a_long_passage_is_cut(model: Path, tmp_path: Path) -> None:
    """At the 64 tokens that the model has room for; or where it is told to, and then it sees what
    it was trained on."""
    topic, deed = HELD_OUT[0], DEEDS[0]
    documents = [
        make_document(name, [text + " known" * 300], title="")
        for name, (_, text) in passages([topic]).items()
    ]
    long = fill(tmp_path / "c", make_parts(), documents)
    whole = search(long, build_reranker("cross_encoder", model=str(model)), ONE)
    assert all(hit.legs["judge"].score for hit in whole.hits)
    cut = build_reranker("cross_encoder", model=str(model), max_length=15)
    assert search(long, cut, ONE).hits[0].chunk.document_id == f"{topic}-{deed}-who"
    long.close()


def test_threads_share_a_model(collection: Collection, model: Path) -> None:
    reranker = build_reranker("cross_encoder", model=str(model))
    texts = [question(kind, topic, DEEDS[0]) for kind in ANSWERS for topic in HELD_OUT]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda text: search(collection, reranker, text).hits, texts))
    assert found == [search(collection, reranker, text).hits for text in texts]


def test_a_model_that_is_not_there_is_left_out(collection: Collection, tmp_path: Path) -> None:
    reranker = build_reranker("cross_encoder", model=str(tmp_path / "nothing"))
    found = search(collection, reranker, ONE)
    assert [h.chunk.id for h in found.hits] == [
        h.chunk.id for h in search(collection, None, ONE).hits
    ]
    (note,) = found.explanation.notes
    assert "cannot load the cross-encoder" in note


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("cross_encoder", {"model": ""}),
        ("cross_encoder", {"model": "m", "weight": 0.0}),
        ("cross_encoder", {"model": "m", "depth": 0}),
        ("cross_encoder", {"model": "m", "max_length": 2}),
        ("cross_encoder", {"model": "m", "precision": "int4"}),
        ("remote", {"url": "localhost"}),
        ("remote", {"url": "http://x", "form": "grpc"}),
        ("remote", {"url": "http://x", "weight": -1.0}),
        ("remote", {"url": "http://x", "timeout_s": 0.0}),
    ],
)
def test_wrong_options_are_refused(name: str, options: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        build_reranker(name, **options)
