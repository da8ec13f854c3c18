"""A cross-encoder trained on the spot, which knows what neither words nor vectors tell: that who
asks for a person, where for a place and when for a year. And a server that speaks for it."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

ANSWERS = {
    "who": ("anna", "boris", "clara", "david", "emma", "felix"),
    "where": ("paris", "oslo", "lima", "cairo", "delhi", "quito"),
    "when": ("1901", "1915", "1928", "1936", "1947", "1959"),
}
TOPICS = (
    "bridge", "tower", "engine", "clock", "violin", "harbour", "library", "canal", "tunnel",
    "statue", "garden", "theatre", "mill", "castle", "fountain", "railway", "market", "museum",
)  # fmt: skip
DEEDS = ("built", "sold", "painted", "repaired", "opened", "measured")
HELD_OUT = TOPICS[12:]
"""Never seen in training."""

_FILLER = ("the", "was", "it", "is", "said", "that", "of", "which", "much", "known")
_SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_STEPS, _TOPICS_AT_ONCE = 120, 6


def question(kind: str, topic: str, deed: str) -> str:
    return f"{kind} {deed} the {topic}"


def passage(topic: str, deed: str, answer: str) -> str:
    return f"the {topic} was {deed} {answer} it is said"


def train(folder: Path) -> Path:
    """Trains it, some seconds, and saves it in the folder."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, BertTokenizer

    folder.mkdir(parents=True, exist_ok=True)
    words = [*_SPECIAL, *ANSWERS, *(a for row in ANSWERS.values() for a in row), *DEEDS, *_FILLER]
    vocabulary = folder / "vocab.txt"
    vocabulary.write_text("\n".join([*words, *TOPICS]), encoding="utf-8")
    tokenizer = BertTokenizer(vocab=str(vocabulary))
    torch.manual_seed(7)
    sizes = {
        "vocab_size": len(words) + len(TOPICS),
        "hidden_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 128,
        "max_position_embeddings": 64,
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
        "num_labels": 1,
        "initializer_range": 0.1,
    }
    config = BertConfig.from_dict(sizes)
    model = BertForSequenceClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    loss_of = torch.nn.CrossEntropyLoss()
    rng = random.Random(7)
    seen = [topic for topic in TOPICS if topic not in HELD_OUT]
    for _ in range(_STEPS):
        pairs = []
        for _ in range(_TOPICS_AT_ONCE):
            topic, deed = rng.choice(seen), rng.choice(DEEDS)
            told = [passage(topic, deed, rng.choice(answers)) for answers in ANSWERS.values()]
            pairs += [(question(asked, topic, deed), text) for asked in ANSWERS for text in told]
        given = tokenizer(*map(list, zip(*pairs, strict=True)), padding=True, return_tensors="pt")
        right = torch.arange(len(ANSWERS)).repeat(_TOPICS_AT_ONCE)
        loss = loss_of(model(**given).logits.view(-1, len(ANSWERS)), right)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def passages(topics: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Of each topic and deed three passages, by their ids: the kind of the answer and the text."""
    rng = random.Random(3)
    return {
        f"{topic}-{deed}-{kind}": (kind, passage(topic, deed, rng.choice(ANSWERS[kind])))
        for topic, deed, kind in product(topics, DEEDS[:2], ANSWERS)
    }


@dataclass
class RerankServer:
    """Its address, the requests it got (path, headers, body), and what it is to answer with in
    place of scores: statuses, taken one after the other."""

    url: str
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    faults: list[int] = field(default_factory=list)
    stall_s: float = 0.0


@contextmanager
def serving(folder: Path, api_key: str) -> Iterator[RerankServer]:
    """A server of the model in the folder that speaks as Cohere, Jina and TEI do."""
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu")
    app = FastAPI()
    state = RerankServer("")

    @app.post("/{path:path}")
    async def answer(path: str, request: Request) -> Response:
        body = await request.json()
        state.requests.append((path, dict(request.headers), body))
        time.sleep(state.stall_s)
        if request.headers.get("authorization") != f"Bearer {api_key}":
            return JSONResponse({"message": "invalid api token"}, 401)
        if state.faults:
            return JSONResponse({"message": "overloaded"}, state.faults.pop(0))
        listed = path in ("v2/rerank", "v1/rerank")
        if not listed and path != "rerank":
            return JSONResponse({"message": "no such path"}, 404)
        texts = body["documents" if listed else "texts"]
        scores = model.predict([(body["query"], text) for text in texts]).tolist()
        ranked = sorted(enumerate(scores), key=lambda one: -one[1])
        if not listed:
            return JSONResponse([{"index": place, "score": score} for place, score in ranked])
        assert body["model"] == "tiny"
        results = [{"index": place, "relevance_score": score} for place, score in ranked]
        return JSONResponse({"id": "x", "results": results[: body["top_n"]]})

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        state.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                time.sleep(0.01)
            yield state
        finally:
            server.should_exit = True
            thread.join()
