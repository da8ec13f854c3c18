"""The entity graph over the command line: looked at, drawn, exported, and put right."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import networkx as nx
import pytest
from cli_fixtures import Braid

TEXTS = {
    "a.txt": "华东水泵有限公司的总部位于苏州。\n\n林晓东是华东水泵有限公司的技术总监。",
    "b.txt": "Maria Lindqvist is the chief engineer of Bairui Castings. Bairui Castings supplies "
    "impellers to 华东水泵有限公司.\n\nMaria Lindqvist lives in Hamburg.",
    "c.txt": "Maria Lindqvist tested the AV-240 pump in Hamburg for Bairui Castings.",
    "d.txt": "The canteen in Ghent opens at noon.",
    "e.txt": "王建国负责成都的仓库。",
    "f.txt": "Oskar Blom writes the minutes of every meeting in Ghent.",
    "g.txt": "成都的仓库每周五下午盘点。",
}


@pytest.fixture
def known(braid: Braid, tmp_path: Path) -> Braid:
    """A collection of a few documents."""
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, encoding="utf-8")
    assert braid("ingest", folder).code == 0
    return braid


def test_what_may_be_one_thing_is_shown_and_not_merged(known: Braid, tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "h.txt").write_text("Maria Lindquist tested a pump in Hamburg.")
    assert known("ingest", tmp_path / "more").code == 0
    found = known("graph", "candidates", "--json").json["candidates"]
    pair = next(p for p in found if p["second"]["name"] == "Maria Lindqvist")
    assert pair["first"]["name"] == "Maria Lindquist"
    assert 0.8 <= pair["names"] < 1
    said = known("graph", "candidates").out
    assert "Maria Lindquist (" in said and ") ~ Maria Lindqvist (person): 0." in said
    assert known("graph", "show", "Maria Lindquist", "--json").json["id"] == "maria lindquist"
    assert len(known("graph", "candidates", "-n", "1", "--json").json["candidates"]) == 1


def test_nothing_may_be_one_thing_in_an_empty_collection(known: Braid) -> None:
    known("delete", *TEXTS)
    assert known("graph", "candidates").out == "nothing found\n"


def test_a_graph_is_looked_at(known: Braid) -> None:
    stats = known("graph", "stats", "--json").json
    assert stats["collection"] == "default"
    assert stats["entities"] >= 6 and stats["relations"] >= 5 and stats["pending"] == 0
    assert f"{stats['entities']:,} entities" in known("graph", "stats").out

    every = known("graph", "entities", "--json", "-n", "100").json["entities"]
    assert len(every) == stats["entities"]
    people = known("graph", "entities", "--type", "person", "--json").json["entities"]
    assert "Maria Lindqvist" in [one["name"] for one in people]
    assert all(one["type"] == "person" for one in people)
    said = known("graph", "entities", "bairui")
    assert said.out.startswith("Bairui Castings: ") and "2 passages" in said.out
    assert "no type" in known.refused("graph", "entities", "--type", "thing", code=2)

    shown = known("graph", "show", "maria lindqvist", "--json").json
    assert shown["documents"] == {"b.txt": 2, "c.txt": 1}
    sentences = [one["sentence"] for link in shown["relations"] for one in link["evidence"]]
    assert "Maria Lindqvist is the chief engineer of Bairui Castings." in sentences
    said = known("graph", "show", "Maria Lindqvist")
    assert said.out.startswith("Maria Lindqvist (person)\nid: maria lindqvist\n")
    assert "“Maria Lindqvist is the chief engineer of Bairui Castings.”" in said.out
    assert "documents: b.txt (2), c.txt (1)" in said.out
    assert "'Maria Lindqvist'" in known.refused("graph", "show", "Maria Lindquist", code=1)


def test_a_path_is_told_with_its_sentences(known: Braid) -> None:
    paths = known("graph", "path", "Hamburg", "华东水泵有限公司", "--json").json["paths"]
    ends = [(path["entities"][0]["name"], path["entities"][-1]["name"]) for path in paths]
    assert set(ends) == {("Hamburg", "华东水泵有限公司")}
    assert len(paths[0]["steps"]) == len(paths[0]["entities"]) - 1
    evidence = [e for step in paths[0]["steps"] for link in step for e in link["evidence"]]
    assert {one["document_id"] for one in evidence} <= set(TEXTS)
    assert all(one["sentence"] in " ".join(TEXTS[one["document_id"]].split()) for one in evidence)
    said = known("graph", "path", "Hamburg", "华东水泵有限公司", "-n", "1", "--by", "weight").out
    assert said.startswith("1. Hamburg -> ") and said.count("\n1. ") == 0
    assert "name two entities" in known.refused("graph", "path", "Hamburg", "hamburg", code=2)


def test_communities_are_listed_and_shown(known: Braid) -> None:
    listed = known("graph", "communities", "--json").json["communities"]
    assert listed
    shown = known("graph", "communities", listed[0]["id"], "--json").json
    assert shown["entities"] == listed[0]["entities"]
    said = known("graph", "communities", listed[0]["id"]).out
    assert said.startswith(f"{listed[0]['id']}: ") and "entities: " in said
    assert "no community" in known.refused("graph", "communities", "nowhere", code=1)


def test_a_graph_is_exported_and_drawn(known: Braid, tmp_path: Path) -> None:
    stats = known("graph", "stats", "--json").json
    file = tmp_path / "graph.graphml"
    written = known("graph", "export", file, "--json").json
    read = nx.read_graphml(file, force_multigraph=True)
    assert read.number_of_nodes() == written["entities"] == stats["entities"]
    assert read.number_of_edges() == written["relations"] >= stats["relations"]
    assert "--force" in known.refused("graph", "export", file, code=1)
    assert known("graph", "export", file, "--force").code == 0
    said = known("graph", "export", tmp_path / "tables", "--format", "csv")
    assert said.out.startswith(f"{stats['entities']:,} entities and ")
    assert (tmp_path / "tables" / "relations.csv").is_file()
    as_json = tmp_path / "graph.json"
    assert known("graph", "export", as_json).code == 0
    assert len(json.loads(as_json.read_text(encoding="utf-8"))["mentions"]) == stats["mentions"]

    picture = tmp_path / "picture.svg"
    drawn = known("graph", "draw", "Bairui Castings", picture, "--json").json
    assert drawn["entities"] >= 4
    names = [node.text for node in ET.parse(picture).iter() if node.attrib.get("class") == "name"]
    assert "Maria Lindqvist" in names and len(names) == drawn["entities"]
    page = tmp_path / "page.html"
    assert known("graph", "draw", "Maria Lindqvist", page).code == 0
    sentence = "Maria Lindqvist is the chief engineer of Bairui Castings."
    assert sentence in page.read_text(encoding="utf-8")
    assert "--force" in known.refused("graph", "draw", "Hamburg", page, code=1)
    assert ".svg" in known.refused("graph", "draw", "Hamburg", tmp_path / "x.png", code=2)


def test_names_are_merged_separated_split_and_all_is_taken_back(known: Braid) -> None:
    before = known("graph", "entities", "-n", "100", "--json").json
    said = known("graph", "merge", "Maria Lindqvist", "林晓东", "--note", "married")
    assert said.out == "decision 1: Maria Lindqvist = 林晓东 (merge): married\n"
    shown = known("graph", "show", "林晓东", "--json").json
    assert {shown["name"], *shown["aliases"]} == {"Maria Lindqvist", "林晓东"}
    merges = known("graph", "merges", "--json").json
    assert [one["by"] for one in merges["merges"] if "林晓东" in (one["first"], one["second"])] == [
        "user"
    ]
    assert "decision 1: Maria Lindqvist = 林晓东 (merge): married" in known("graph", "merges").out

    assert known("graph", "undo", "1").out.startswith("taken back: decision 1: ")
    assert known("graph", "entities", "-n", "100", "--json").json == before

    said = known("graph", "split", "Maria Lindqvist", "--documents", "c.txt")
    assert said.out == (
        "decision 1: Maria Lindqvist is another thing in c.txt (split)\n"
    )  # fmt: skip
    refused = known.refused("graph", "show", "Maria Lindqvist", code=2)
    assert "names 2 entities: maria lindqvist#1 (" in refused and "maria lindqvist#2 (" in refused
    second = known("graph", "show", "maria lindqvist#2", "--json").json
    assert second["documents"] == {"c.txt": 1}
    assert known("graph", "undo", "1", "--json").json["removed"][0]["documents"] == ["c.txt"]
    assert known("graph", "entities", "-n", "100", "--json").json == before

    assert "'Hamburg'" in known.refused("graph", "merge", "Hamburgh", "苏州", code=1)
    assert "c2.txt" in known.refused("graph", "split", "Hamburg", "--documents", "c2.txt", code=1)
    assert "two different names" in known.refused("graph", "merge", "Hamburg", "Hamburg", code=2)
    assert "'77'" in known.refused("graph", "undo", "77", code=1)


def test_a_merge_by_rules_is_taken_back_by_its_id(braid: Braid, tmp_path: Path) -> None:
    text = "检索增强生成（RAG）是一种方法。\n\n很多系统用RAG回答问题。\n\n检索增强生成需要语料。"
    (tmp_path / "method.txt").write_text(text, encoding="utf-8")
    assert braid("ingest", tmp_path / "method.txt").code == 0
    before = braid("graph", "show", "RAG", "--json").json
    assert {before["name"], *before["aliases"]} >= {"RAG", "检索增强生成"}
    merge = next(one for one in before["merges"] if one["reason"] == "acronym")
    assert merge["by"] == "rules" and merge["passages"] >= 1
    assert (
        f"merged: {merge['first']} = {merge['second']} (acronym, by rules; id "
        in braid("graph", "show", "RAG").out
    )
    undone = braid("graph", "undo", merge["id"], "--json").json
    assert [one["kind"] for one in undone["added"]] == ["separate"]
    apart = braid("graph", "show", "RAG", "--json").json
    assert "检索增强生成" not in apart["aliases"]
    assert braid("graph", "undo", str(undone["added"][0]["number"])).code == 0
    assert braid("graph", "show", "RAG", "--json").json == before


def test_the_alias_file_is_kept_whole(known: Braid, tmp_path: Path) -> None:
    file = tmp_path / "aliases.txt"
    file.write_text("# people\n林晓东, Maria Lindqvist\n苏州, Hamburg, Suzhou\n", encoding="utf-8")
    said = known("graph", "aliases", "load", file)
    assert (said.code, said.out) == (0, "default: 2 sets of names\n")
    assert known("graph", "aliases", "list").out == (
        "林晓东, Maria Lindqvist\n苏州, Hamburg, Suzhou\n"
    )
    shown = known("graph", "show", "苏州", "--json").json
    assert {shown["name"], *shown["aliases"]} == {"苏州", "Hamburg"}
    number = known("graph", "merges", "--json").json["decisions"][0]["number"]
    assert "alias file" in known.refused("graph", "undo", str(number), code=1)
    file.write_text("林晓东\n", encoding="utf-8")
    assert f"{file}, line 1: " in known.refused("graph", "aliases", "load", file, code=2)
    assert known("graph", "aliases", "list", "--json").json["aliases"][0] == [
        "林晓东", "Maria Lindqvist"
    ]  # fmt: skip
    assert known("graph", "aliases", "clear", "--json").json == {
        "collection": "default", "aliases": 0
    }  # fmt: skip
    assert "Hamburg" not in known("graph", "show", "苏州").out.split("\n")[2]


def test_passages_without_facts_are_looked_at_later(known: Braid, tmp_path: Path) -> None:
    switch = {"BRAID_GRAPH__EXTRACTOR": "off"}
    (tmp_path / "z.txt").write_text("Nora Eklund works for Bairui Castings.", encoding="utf-8")
    assert known("ingest", tmp_path / "z.txt", env=switch).code == 0
    said = known("graph", "stats")
    assert "1 passage" in said.err and "braid graph build" in said.err
    assert "Nora Eklund" in known.refused("graph", "show", "Nora Eklund", code=1)
    assert "switched off" in known.refused("graph", "build", code=2, env=switch)
    assert known("graph", "build").out == "default: entities found in 1 passage\n"
    assert known("graph", "stats").err == ""
    assert known("graph", "show", "Nora Eklund").code == 0


def test_a_search_says_how_the_graph_leads_to_passages(known: Braid) -> None:
    question = "Where does the chief engineer Maria Lindqvist live?"
    found = known("search", question, "--chains", "5", "--json").json
    assert found["query"]["mode"] == "mix"
    links = [link for chain in found["chains"] for link in chain["links"]]
    assert links
    for link in links:
        start, end = link["span"]
        text = TEXTS[link["document_id"]]
        assert " ".join(link["sentence"].split()) in " ".join(text.split())
        assert end > start
    said = known("search", question, "--chains", "5")
    ways = [line for line in said.out.splitlines() if line.startswith("to ")]
    assert len(ways) == len(found["chains"])
    assert any("Maria Lindqvist" in way and (" -- " in way or "]" in way) for way in ways)
    assert f"    “{' '.join(links[0]['sentence'].split())}”\n" in said.out
    assert "to 1: " not in known("search", question).out

    for mode in ("naive", "local", "global", "hybrid"):
        assert known("search", question, "--mode", mode, "--json").json["query"]["mode"] == mode
    assert known("search", question, "--mode", "naive", "--json").json["chains"] == []
    assert "'far'" in known.refused("search", question, "--mode", "far", code=2)
    answered = known("ask", question, "--mode", "local", "--chains", "2", "--json").json
    assert 1 <= len(answered["chains"]) <= 2
