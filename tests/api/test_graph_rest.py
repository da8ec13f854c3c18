"""The entity graph over REST."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote
from xml.etree import ElementTree as ET

import httpx
import networkx as nx
import pytest
from rest_server import finished, problem
from test_graph_cli import TEXTS

BASE = "/v1/collections/graphs"


@pytest.fixture
def graph(client: httpx.Client) -> Iterator[str]:
    """The address of the graph of a collection of a few documents."""
    assert client.post("/v1/collections", json={"name": "graphs"}).status_code == 201
    documents = [{"id": name, "text": text} for name, text in TEXTS.items()]
    answer = client.post(f"{BASE}/documents/text", json={"documents": documents})
    assert finished(client, answer.headers["Location"])["state"] == "done"
    yield f"{BASE}/graph"
    assert client.delete(BASE).status_code == 204


def test_a_graph_is_looked_at(client: httpx.Client, graph: str) -> None:
    stats = client.get(f"{graph}/stats").json()
    assert stats["entities"] >= 6 and stats["chunks"] == len(TEXTS) and stats["pending"] == 0

    first = client.get(f"{graph}/entities", params={"limit": 2}).json()
    assert len(first["entities"]) == 2
    found, page = list(first["entities"]), first
    while page["next"]:
        page = client.get(page["next"]).json()
        found += page["entities"]
    assert len(found) == stats["entities"] == len({one["id"] for one in found})
    people = client.get(f"{graph}/entities", params={"type": "person", "query": "lind"}).json()
    assert [one["name"] for one in people["entities"]] == ["Maria Lindqvist"]
    problem(client.get(f"{graph}/entities", params={"type": "thing"}), 422)

    maria = client.get(f"{graph}/entities/{quote('maria lindqvist')}").json()
    assert maria["documents"] == {"b.txt": 2, "c.txt": 1}
    assert maria == client.get(f"{graph}/entities/{quote('Maria Lindqvist')}").json()
    missing = problem(client.get(f"{graph}/entities/{quote('Maria Lindquist')}"), 404)
    assert "'Maria Lindqvist'" in missing["detail"]

    near = client.get(f"{graph}/entities/{quote('bairui castings')}/neighbours").json()
    names = {one["name"] for one in near["neighbours"]}
    assert {"Maria Lindqvist", "华东水泵有限公司"} <= names
    ids = {"bairui castings", *(one["id"] for one in near["neighbours"])}
    assert all({one["head"], one["tail"]} <= ids for one in near["relations"])
    sentences = [one["sentence"] for link in near["relations"] for one in link["evidence"]]
    assert "Maria Lindqvist is the chief engineer of Bairui Castings." in sentences
    limited = client.get(f"{graph}/entities/{quote('bairui castings')}/neighbours?limit=3").json()
    assert len(limited["neighbours"]) == 2


def test_paths_and_communities(client: httpx.Client, graph: str) -> None:
    ends = {"from": "Hamburg", "to": "华东水泵有限公司", "limit": "2"}
    paths = client.get(f"{graph}/path", params=ends).json()["paths"]
    assert 1 <= len(paths) <= 2
    assert paths[0]["entities"][0]["name"] == "Hamburg"
    assert all(step for path in paths for step in path["steps"])
    assert client.get(f"{graph}/path", params={**ends, "by": "weight"}).status_code == 200
    problem(client.get(f"{graph}/path", params={"from": "Hamburg"}), 422)
    problem(client.get(f"{graph}/path", params={**ends, "to": "nobody"}), 404)
    problem(client.get(f"{graph}/path", params={**ends, "to": "Hamburg"}), 422)

    listed = client.get(f"{graph}/communities").json()["communities"]
    assert listed and all(one["level"] == 0 for one in listed)
    shown = client.get(f"{graph}/communities/{listed[0]['id']}").json()
    assert shown["entities"] == listed[0]["entities"]
    assert shown["size"] == len(shown["entities"])
    problem(client.get(f"{graph}/communities/none"), 404)


def test_pictures_and_exports(client: httpx.Client, graph: str, tmp_path: Path) -> None:
    stats = client.get(f"{graph}/stats").json()
    address = f"{graph}/entities/{quote('华东水泵')}"
    svg = client.get(f"{address}/drawing.svg")
    assert svg.headers["Content-Type"].startswith("image/svg+xml")
    assert "default-src 'none'" in svg.headers["Content-Security-Policy"]
    names = [node.text for node in ET.fromstring(svg.text).iter() if node.get("class") == "name"]
    assert "华东水泵有限公司" in names
    person = f"{graph}/entities/{quote('maria lindqvist')}"
    page = client.get(f"{person}/drawing.html", params={"limit": 10, "hops": 1})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Maria Lindqvist is the chief engineer of Bairui Castings." in page.text
    problem(client.get(f"{graph}/entities/nobody/drawing.svg"), 404)
    problem(client.get(f"{address}/drawing.svg?limit=100000"), 422)

    exported = client.get(f"{graph}/export", params={"format": "graphml"})
    assert "graph.graphml" in exported.headers["Content-Disposition"]
    (tmp_path / "graph.graphml").write_bytes(exported.content)
    read = nx.read_graphml(tmp_path / "graph.graphml", force_multigraph=True)
    assert read.number_of_nodes() == stats["entities"]
    told = client.get(f"{graph}/export").json()
    assert len(told["edges"]) == read.number_of_edges()
    assert len(told["mentions"]) == stats["mentions"]
    archive = client.get(f"{graph}/export", params={"format": "csv"})
    with zipfile.ZipFile(io.BytesIO(archive.content)) as opened:
        assert sorted(opened.namelist()) == [
            "entities.csv", "mentions.csv", "merges.csv", "relations.csv"
        ]  # fmt: skip
    problem(client.get(f"{graph}/export", params={"format": "gexf"}), 422)


def test_what_is_decided_holds_until_it_is_taken_back(client: httpx.Client, graph: str) -> None:
    def entities() -> object:
        return client.get(f"{graph}/entities", params={"limit": 1000}).json()

    before = entities()
    body = {"kind": "merge", "names": ["Maria Lindqvist", "林晓东"], "note": "married"}
    made = client.post(f"{graph}/decisions", json=body)
    assert made.status_code == 201
    decision = made.json()
    assert (decision["number"], decision["by"], decision["note"]) == (1, "user", "married")
    assert client.get(f"{graph}/decisions").json() == {"decisions": [decision]}
    merged = client.get(f"{graph}/entities/{quote('林晓东')}").json()
    assert {merged["name"], *merged["aliases"]} == {"Maria Lindqvist", "林晓东"}
    pairs = client.get(f"{graph}/candidates", params={"limit": 5}).json()["candidates"]
    assert [pair["likeness"] for pair in pairs] == sorted(
        (pair["likeness"] for pair in pairs), reverse=True
    )
    listed = client.get(f"{graph}/merges", params={"query": "林晓"}).json()
    assert [one["by"] for one in listed["merges"]] == ["user"]
    assert listed["decisions"] == [decision]
    undone = client.delete(f"{graph}/decisions/1").json()
    assert undone == {"removed": [decision], "added": []}
    assert entities() == before
    problem(client.delete(f"{graph}/decisions/1"), 404)

    split = {"kind": "split", "names": ["Maria Lindqvist"], "documents": ["c.txt"]}
    assert client.post(f"{graph}/decisions", json=split).status_code == 201
    ends = {"from": "Maria Lindqvist", "to": "Hamburg"}
    refused = problem(client.get(f"{graph}/path", params=ends), 422)
    assert "maria lindqvist#2 (" in refused["detail"]
    second = client.get(f"{graph}/entities/{quote('maria lindqvist#2')}").json()
    assert second["documents"] == {"c.txt": 1}

    for wrong, status in (
        ({"kind": "merge", "names": ["Hamburg"]}, 422),
        ({"kind": "marry", "names": ["Hamburg", "苏州"]}, 422),
        ({"kind": "merge", "names": ["Hamburg", "nobody at all"]}, 404),
        ({"kind": "split", "names": ["Hamburg"], "documents": ["nowhere"]}, 404),
        ({"kind": "separate", "names": ["Hamburg", "苏州"], "documents": ["a.txt"]}, 422),
        ({"kind": "merge", "names": ["Hamburg", "苏州"], "extra": 1}, 422),
    ):
        problem(client.post(f"{graph}/decisions", json=wrong), status)
    assert len(client.get(f"{graph}/decisions").json()["decisions"]) == 1


def test_the_alias_file(client: httpx.Client, graph: str) -> None:
    assert client.get(f"{graph}/aliases").json() == {"aliases": []}
    wanted = {"aliases": [["林晓东", "Maria Lindqvist"], ["Smith, Jones", "苏州"]]}
    put = client.put(f"{graph}/aliases", json=wanted)
    assert put.json() == wanted == client.get(f"{graph}/aliases").json()
    one = client.get(f"{graph}/entities/{quote('林晓东')}").json()
    assert {one["name"], *one["aliases"]} == {"林晓东", "Maria Lindqvist"}
    merge = one["merges"][0]
    assert merge["by"] == "aliases"
    assert "alias file" in problem(client.delete(f"{graph}/merges/{merge['id']}"), 409)["detail"]
    problem(client.put(f"{graph}/aliases", json={"aliases": [["alone"]]}), 422)
    problem(client.put(f"{graph}/aliases", json={"aliases": [["a", "a "]]}), 422)
    assert client.get(f"{graph}/aliases").json() == wanted
    assert client.put(f"{graph}/aliases", json={"aliases": []}).json() == {"aliases": []}
    assert client.get(f"{graph}/entities/{quote('林晓东')}").json()["aliases"] == []


def test_a_search_says_how_the_graph_leads_to_passages(client: httpx.Client, graph: str) -> None:
    asked = {"query": "Where does the chief engineer Maria Lindqvist live?", "chains": 5}
    found = client.post(f"{BASE}/search", json=asked).json()
    links = [link for chain in found["chains"] for link in chain["links"]]
    assert links
    texts = {hit["chunk_id"]: hit["text"] for hit in found["hits"]}
    for link in links:
        start, end = link["span"]
        assert texts[link["chunk_id"]][start:end].split() == link["sentence"].split()
    ranks = {chain["rank"] for chain in found["chains"]}
    assert ranks <= {hit["rank"] for hit in found["hits"]}
    assert client.post(f"{BASE}/search", json={**asked, "chains": 0}).json()["chains"] == []
    for mode in ("naive", "local", "global", "hybrid", "mix"):
        assert client.post(f"{BASE}/search", json={**asked, "mode": mode}).status_code == 200
    problem(client.post(f"{BASE}/search", json={**asked, "mode": "far"}), 422)
    problem(client.post(f"{BASE}/search", json={**asked, "chains": -1}), 422)
    answered = client.post(f"{BASE}/query", json=asked).json()
    assert answered["chains"] == found["chains"]
