"""The command line with an embedder behind an endpoint."""

from __future__ import annotations

from pathlib import Path

from cli_fixtures import Braid, write_folder
from embedding_server import reply
from scripted_server import refuse, scripted


def test_an_endpoint_embeds(braid: Braid, tmp_path: Path) -> None:
    """Documents are found by its vectors; another model, and one that is down, are refused."""
    folder = write_folder(tmp_path / "docs")
    env = {"BRAID_EMBEDDER__BACKEND": "openai", "BRAID_EMBEDDER__MODEL": "m"}
    question = ("search", "How long are bearings covered?", "--json")
    with scripted(reply()) as server:
        env["BRAID_EMBEDDER__BASE_URL"] = server.base_url
        env["BRAID_EMBEDDER__API_KEY"] = "secret-key"
        done = braid("ingest", folder, "--json", env=env)
        assert done.code == 0, done
        found = braid(*question, env=env)
        assert "Bearings" in found.out and found.code == 0, found
        asked = [len(request["input"]) for request in server.requests]
        assert max(asked) > 1  # of several documents at once
        other = braid("search", "seal", env={**env, "BRAID_EMBEDDER__MODEL": "n"})
        assert other.code == 1 and "reindex" in other.err
        bench = braid("bench", "embed", env=env)
        assert bench.code != 0 and "on this machine" in bench.err
        assert "secret-key" not in done.out + found.out + other.err + repr(server.requests)
    with scripted(refuse(401, "no")) as server:
        env |= {"BRAID_EMBEDDER__BASE_URL": server.base_url, "BRAID_EMBEDDER__DIMENSION": "48"}
        assert "refuses the api_key" in braid("doctor", env=env).out


def test_an_endpoint_without_a_model_is_refused(braid: Braid) -> None:
    said = braid("search", "x", env={"BRAID_EMBEDDER__BACKEND": "openai"})
    assert said.code != 0
    assert "embedder.model" in said.err
