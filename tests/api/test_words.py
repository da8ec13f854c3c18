"""The user's words over the command line and over REST."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from cli_fixtures import Braid
from rest_server import finished, problem

from api.settings import Settings
from index.lock import writer_lock

TEXT = "这是石墨烯电池的说明，型号PPR-9087，用于4G网络。"


def test_words_by_command(braid: Braid, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(TEXT, encoding="utf-8")
    assert braid("ingest", tmp_path / "a.txt").code == 0

    def looked_up(query: str) -> list[str]:
        terms: list[str] = braid("search", query, "--fusion", "sparse", "--json").json[
            "explanation"
        ]["terms"]
        return terms

    assert "石墨烯" not in looked_up("石墨烯")
    file = tmp_path / "words.txt"
    file.write_text("石墨烯 100 n\n\n4G网络\n", encoding="utf-8")
    said = braid("words", "load", file)
    assert (said.code, said.out) == (0, "default: 2 words added, 0 removed, 2 in all\n")
    assert "石墨烯" in looked_up("石墨烯")
    assert "4g网络" in looked_up("4G网络")
    counts = {"collection": "default", "added": 1, "removed": 0, "words": 3}
    assert braid("words", "add", "T恤 7", "--json").json == counts
    assert braid("words", "list").out == "4G网络\nT恤 7\n石墨烯 100 n\n"
    assert braid("words", "list", "--json").json["words"][1] == {
        "word": "T恤", "frequency": 7, "tag": ""
    }  # fmt: skip
    assert braid("words", "remove", "T恤", "石墨烯").code == 0
    assert braid("words", "list").out == "4G网络\n"

    assert "'没有'" in braid.refused("words", "remove", "4G网络", "没有", code=1)
    file.write_text("好\n，，\n", encoding="utf-8")
    assert f"{file}, line 2: " in braid.refused("words", "load", file, code=2)
    file.write_bytes("这是词".encode("gb18030"))
    assert "UTF-8" in braid.refused("words", "load", file, code=2)
    assert "nowhere.txt" in braid.refused("words", "load", tmp_path / "nowhere.txt", code=1)
    assert braid("words", "list").out == "4G网络\n"


def test_words_over_rest(client: httpx.Client, settings: Settings) -> None:
    client.post("/v1/collections", json={"name": "wordy"})
    base = "/v1/collections/wordy"
    body = {"documents": [{"id": "a", "text": TEXT}]}
    finished(client, client.post(f"{base}/documents/text", json=body).headers["Location"])
    before = client.get(base).json()
    assert client.get(f"{base}/words").json() == {"words": []}

    put = client.put(f"{base}/words", json={"words": ["石墨烯 100 n", "C/C++", "4G网络"]})
    assert put.status_code == 200
    kept = [
        {"word": "4G网络", "frequency": None, "tag": ""},
        {"word": "C/C++", "frequency": None, "tag": ""},
        {"word": "石墨烯", "frequency": 100, "tag": "n"},
    ]
    assert put.json()["words"] == client.get(f"{base}/words").json()["words"] == kept
    asked = {"query": "石墨烯", "fusion": "sparse", "explain": True}
    found = client.post(f"{base}/search", json=asked).json()
    assert "石墨烯" in found["explanation"]["terms"]
    now = client.get(base).json()
    assert now["generation"] > before["generation"]
    assert now == before | {"generation": now["generation"]}

    left = client.delete(f"{base}/words/C/C++").json()["words"]
    assert left == [kept[0], kept[2]]
    assert "'nothing'" in problem(client.delete(f"{base}/words/nothing"), 404)["detail"]
    bad = problem(client.put(f"{base}/words", json={"words": ["好", "，"]}), 422)
    assert "words, line 2: " in bad["detail"]
    problem(client.put(f"{base}/words", json={"words": "好"}), 422)
    problem(client.put(f"{base}/words", content=b"x"), 415)
    problem(client.get("/v1/collections/nowhere/words"), 404)
    assert client.delete(f"{base}/words").json() == {"words": []}


def test_words_wait_for_another_writer(
    client: httpx.Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.rest.words._WAIT_S", 0.0)
    client.post("/v1/collections", json={"name": "held"})
    address = "/v1/collections/held/words"
    with writer_lock(settings.data_dir / "collections" / "held"):
        held = problem(client.put(address, json={"words": ["好"]}), 409)
        assert "process" in held["detail"]
        problem(client.delete(address), 409)
    assert client.get(address).json() == {"words": []}
