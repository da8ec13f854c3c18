"""How routes that answer with server-sent events say so in the OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def events_doc(description: str, names: Sequence[str], sample: str) -> dict[int | str, Any]:
    """OpenAPI's account of a stream: `names` are the kinds of event that may come; the data of
    each is JSON."""
    item = {
        "type": "object",
        "required": ["event", "data"],
        "properties": {
            "event": {"enum": list(names)},
            "data": {"type": "string", "contentMediaType": "application/json"},
        },
    }
    # As OpenAPI 3.2 has it; readers of 3.1 pass over what they do not know.
    stream = {"itemSchema": item, "example": sample}
    return {200: {"description": description, "content": {"text/event-stream": stream}}}
