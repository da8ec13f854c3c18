"""An endpoint for embeddings, over HTTP, of the small embedder of these tests."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from typing import Any

from index_room import WordSumEmbedder
from scripted_server import Script, Scripted, send

WORDS = WordSumEmbedder()
Item = dict[str, Any]


def reply(change: Callable[[list[Item]], object] = lambda items: items) -> Script:
    """The vector of each text, ten times as long as it should be and the last first, with what
    `change` makes of them; of as many dimensions as were asked for."""

    def script(handler: BaseHTTPRequestHandler, state: Scripted) -> None:
        request = state.requests[-1]
        vectors = WORDS.embed_passages(request["input"]) * 10
        size = request.get("dimensions", WORDS.dimension)
        items: list[Item] = [
            {"object": "embedding", "index": place, "embedding": row[:size].tolist()}
            for place, row in enumerate(vectors)
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        body = {"object": "list", "model": "m", "data": change(items[::-1]), "usage": usage}
        send(handler, json.dumps(body).encode(), media_type="application/json")

    return script
