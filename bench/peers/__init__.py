"""Braid beside txtai, LangChain, LlamaIndex, Haystack and milvus-lite: the same passages, the same
vectors, the same questions, in one run.

    python -m bench.peers.install                       a venv for each peer
    python -m bench.peers SETS... --out FILE.json       measures; goes on where it was stopped
    python -m bench.peers.table FILE.json docs          writes the tables into the docs

Each system runs as a process of its own (`bench.peers.serve`) in its own venv, and is asked in
lines of JSON (`bench.peers.protocol`). What a peer is made of stands in `bench.peers.adapters`,
with the page of its documentation that says so. Braid stands in the same protocol.
"""
