"""A collection's synonyms over the command line and over REST."""

from __future__ import annotations

from pathlib import Path

import httpx
from cli_fixtures import Braid
from rest_server import finished, problem

TEXT = "Employees may work remotely three days a week.\n\nThe canteen opens at noon."


def test_synonyms_by_command(braid: Braid, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    assert braid("ingest", tmp_path / "a.txt").code == 0

    def found(query: str) -> int:
        said = braid("search", query, "--fusion", "sparse", "--step", "synonyms=on", "--json").json
        return len(said["hits"])

    assert found("WFH") == 0
    file = tmp_path / "synonyms.txt"
    file.write_text("# short forms\nWFH => work remotely\nmensa, canteen\n", encoding="utf-8")
    said = braid("synonyms", "load", file)
    assert (said.code, said.out) == (0, "default: 2 rules of synonyms\n")
    assert found("WFH") >= 1
    assert found("mensa") >= 1
    assert braid("synonyms", "list").out == "WFH => work remotely\nmensa, canteen\n"
    assert braid("synonyms", "list", "--json").json["synonyms"][1] == {
        "words": ["mensa", "canteen"], "also": []
    }  # fmt: skip

    file.write_text("a, b\nalone\n", encoding="utf-8")
    assert f"{file}, line 2: " in braid.refused("synonyms", "load", file, code=2)
    assert found("WFH") >= 1
    assert braid("synonyms", "clear", "--json").json == {"collection": "default", "rules": 0}
    assert found("WFH") == 0


def test_synonyms_over_rest(client: httpx.Client) -> None:
    client.post("/v1/collections", json={"name": "alike"})
    base = "/v1/collections/alike"
    body = {"documents": [{"id": "a", "text": TEXT}]}
    finished(client, client.post(f"{base}/documents/text", json=body).headers["Location"])
    assert client.get(f"{base}/synonyms").json() == {"synonyms": []}
    rules = ["WFH => work remotely, 远程办公", "mensa, canteen"]
    put = client.put(f"{base}/synonyms", json={"synonyms": rules})
    assert put.status_code == 200
    assert put.json() == client.get(f"{base}/synonyms").json() == {"synonyms": rules}

    asked = {"query": "What is the rule for WFH?", "explain": True}
    explained = client.post(f"{base}/search", json=asked).json()["explanation"]
    assert explained["steps"]["synonyms"] == {"expanded": {"WFH": ["work remotely", "远程办公"]}}
    understood = explained["understood"]
    assert (understood["language"], understood["keywords"]) == ("english", ["rule", "wfh"])
    off = client.post(f"{base}/search", json=asked | {"steps": {"synonyms": False}}).json()
    assert "synonyms" not in off["explanation"]["steps"]
    bad = problem(client.put(f"{base}/synonyms", json={"synonyms": ["a, b", "c"]}), 422)
    assert "synonyms, line 2: " in bad["detail"]
    assert client.get(f"{base}/synonyms").json() == {"synonyms": rules}
