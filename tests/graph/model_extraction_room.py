"""A collection whose chunks a language model is asked about, and servers that stand for one."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from index_room import PIPELINE, WordSumEmbedder, fill, make_document, make_parts
from scripted_server import Script, Scripted, say

from generate.generators.openai import OpenAIGenerator
from index.collection import CATALOG, Collection
from index.graph.contract import MODEL, ChunkFacts
from index.graph.pipeline import ModelExtraction

PLACES = ("Arden", "Belmar", "Corvo", "Dunmore", "Elgin", "Falun", "Gotha", "Hilden")
_TEXT = re.compile(r"<text>\n(.*)\n</text>", re.DOTALL)


def sentence(place: str) -> str:
    return f"The town of {place} was founded by Mira {place}son, who also led the {place} Guild."


def collection_of(folder: Path, texts: Sequence[str], *, documents: int = 1) -> Collection:
    """A new collection, or one that is there already, with a chunk for each text."""
    parts = make_parts(kind="flat")
    if (folder / CATALOG).is_file():
        return Collection.open(folder, parts)
    shares = [texts[start::documents] for start in range(documents)]
    made = [make_document(f"d{n}", share) for n, share in enumerate(shares)]
    return fill(folder, parts, made)


def rewrite(collection: Collection, texts: Sequence[str]) -> None:
    """Puts other texts in place of those of the first document."""
    with collection.writer() as writer:
        writer.put([make_document("d0", texts)], PIPELINE)


def extraction(base_url: str, **options: Any) -> ModelExtraction:
    """By a model behind a server, without long waiting, and without a breaker: every call that is
    counted is a request."""
    model = OpenAIGenerator("m", base_url, max_retries=0, breaker_failures=1_000)
    plain = ModelExtraction(
        model, WordSumEmbedder().count, gleanings=0, max_tokens=60, timeout_s=20.0, backoff_s=0.01
    )
    return replace(plain, **options)


def facts_of(collection: Collection) -> dict[str, ChunkFacts]:
    """What is stored of a model's facts, by the chunk's text."""
    from index.graph.packed_facts import unpack

    sql = "SELECT key, facts FROM facts WHERE source = ? ORDER BY key"
    rows = {row[0]: unpack(row[1]) for row in collection._catalog.read(sql, (MODEL,))}
    chunks = collection.model_answers.chunks(list(rows))
    return {chunks[key].text: facts for key, facts in rows.items()}


def text_in(message: str) -> str:
    """The text that a message asks about."""
    found = _TEXT.search(message)
    assert found is not None, message
    return found.group(1)


def sound_answer(message: str) -> str:
    """What a good model would write about `sentence`."""
    place = next(place for place in PLACES if place in text_in(message))
    founder = f"Mira {place}son"
    return json.dumps(
        {
            "entities": [
                {"name": place, "type": "place", "description": f"a town named {place}"},
                {"name": founder, "type": "person", "description": "the founder"},
                {"name": "Ada Lovelace", "type": "person", "description": "from the example"},
            ],
            "relations": [
                {
                    "head": founder, "tail": place, "kind": "founded", "keywords": ["origin"],
                    "strength": 0.8, "description": "",
                }
            ],
        }
    )  # fmt: skip


def message_of(handler: BaseHTTPRequestHandler) -> str:
    message: str = handler.asked["messages"][-1]["content"]  # type: ignore[attr-defined]
    return message


def answering(
    write: Callable[[str], str] = sound_answer, usage: bool = True, finish: str = "stop"
) -> Script:
    """Answers each message by itself; a token is four characters."""

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        message = message_of(handler)
        text = write(message)
        counts = (len(message) // 4, len(text) // 4) if usage else None
        say(text, finish=finish, usage=counts)(handler, state)

    return script


@dataclass
class Gate:
    """Counts how many requests are being answered at the same time."""

    now: int = 0
    most: int = 0
    guard: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def passed(self) -> Any:
        with self.guard:
            self.now += 1
            self.most = max(self.most, self.now)
        try:
            yield
        finally:
            with self.guard:
                self.now -= 1
