"""Which systems there are, and in which set-ups they are measured."""

from __future__ import annotations

from bench.peers.protocol import OUT_OF_THE_BOX, TUNED

BRAID = "braid"
PEERS = {
    "txtai": "txtai",
    "langchain": "LangChain",
    "llamaindex": "LlamaIndex",
    "haystack": "Haystack",
    "milvus": "milvus-lite",
}
"""The names of peers as they are shown."""

SHOWN = {BRAID: "Braid", **PEERS}
SET_UPS = (OUT_OF_THE_BOX, TUNED)


def stands(names: list[str]) -> list[tuple[str, str]]:
    """Systems with their set-ups, in the order in which they are measured. Braid has one: it has
    nothing to be tuned by hand."""
    return [
        (name, set_up)
        for name in SHOWN
        if name in names
        for set_up in (SET_UPS if name in PEERS else SET_UPS[:1])
    ]
