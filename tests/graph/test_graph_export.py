"""Graphs in files: what other tools read back."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from looking_room import COMPANIES, ORG, PERSON, Said, view_of

from index.graph.contract import Decision, DecisionKind
from index.graph.pipeline import GraphView, export_graph
from ingest.contract import BadInput, Conflict

ODD = Said(
    '=HYPERLINK("x") met +1 Corp\x07 & "Z", <i>\n', {'=HYPERLINK("x")': ORG, "+1 Corp\x07": PERSON},
    [('=HYPERLINK("x")', "+1 Corp\x07", "met")],
)  # fmt: skip
MERGED = Decision(1, DecisionKind.MERGE, ("马云", "Daniel Zhang"))


@pytest.fixture(scope="module")
def view() -> GraphView:
    return view_of([*COMPANIES, ODD], [MERGED])


def relations_of(view: GraphView) -> list[tuple[str, str, str]]:
    every = {
        (relation.head, relation.tail, relation.kind)
        for number in range(len(view.graph.ids))
        for relation in view.graph.relations_of(number)
    }
    return sorted(every)


def rows(text: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))


def test_networkx_reads_the_graphml_as_it_is(view: GraphView, tmp_path: Path) -> None:
    file = tmp_path / "graph.graphml"
    written = export_graph(view, file)
    read = nx.read_graphml(file, force_multigraph=True)
    assert isinstance(read, nx.MultiDiGraph)
    assert sorted(read.nodes) == list(view.graph.ids)
    edges = [(head, tail, data["kind"]) for head, tail, data in read.edges(data=True)]
    assert sorted(edges) == relations_of(view)
    counts = (read.number_of_nodes(), read.number_of_edges())
    assert (written.entities, written.relations) == counts
    founded = next(d for _, _, d in read.edges(data=True) if d["kind"] == "创立")
    assert founded["sentence"] == "马云于1999年在杭州创立了阿里巴巴。"
    assert founded["document_id"] == "文档/1.md"
    assert founded["weight"] > 0
    merged = read.nodes[view.graph.ids[view.number("马云")]]
    assert {merged["name"], *merged["aliases"].split("\n")} >= {"马云", "Daniel Zhang"}
    assert read.nodes["阿里巴巴"]["chunks"] == 4


def test_the_json_has_everything_with_its_place(view: GraphView, tmp_path: Path) -> None:
    file = tmp_path / "graph.json"
    export_graph(view, file)
    told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    read = nx.node_link_graph(told, edges="edges")
    edges = [(head, tail, data["kind"]) for head, tail, data in read.edges(data=True)]
    assert sorted(edges) == relations_of(view)
    assert sorted(read.nodes) == list(view.graph.ids)
    assert len(told["mentions"]) == view.graph.stats().mentions
    texts = {view.chunks([key])[key].chunk.id: view.chunks([key])[key].chunk.text for key in
             view.graph.keys.tolist()}  # fmt: skip
    for mention in told["mentions"]:
        text = texts[mention["chunk_id"]]
        assert text[mention["start"] : mention["end"]] == mention["name"]
        assert mention["entity"] in read
    for edge in told["edges"]:
        for evidence in edge["evidence"]:
            start, end = evidence["span"]
            text = " ".join(texts[evidence["chunk_id"]][start:end].split())
            assert text == evidence["sentence"]
    assert {(one["first"], one["second"]) for one in told["merges"]} == {
        (merge.first, merge.second) for merge in view.graph.merges()
    }
    assert told["merges"]
    assert {one["id"] for one in told["communities"]} == {
        one.id for one in view.graph.communities()
    }


def test_the_csv_is_four_tables(view: GraphView, tmp_path: Path) -> None:
    folder, archive = tmp_path / "tables", tmp_path / "tables.zip"
    export_graph(view, folder)
    export_graph(view, archive)
    names = ["entities.csv", "mentions.csv", "merges.csv", "relations.csv"]
    assert sorted(path.name for path in folder.iterdir()) == names
    with zipfile.ZipFile(archive) as opened:
        assert {n: opened.read(n) for n in opened.namelist()} == {
            path.name: path.read_bytes() for path in folder.iterdir()
        }
    entities = rows((folder / "entities.csv").read_bytes())
    assert [row["id"] for row in entities] == list(view.graph.ids)
    relations = rows((folder / "relations.csv").read_bytes())
    assert sorted((r["head"], r["tail"], r["kind"]) for r in relations) == relations_of(view)
    said = next(row for row in relations if row["kind"] == "总部位于")
    assert said["sentence"] == "阿里巴巴的总部位于杭州。"
    mentions = rows((folder / "mentions.csv").read_bytes())
    assert len(mentions) == view.graph.stats().mentions
    assert len(rows((folder / "merges.csv").read_bytes())) == len(view.graph.merges())


def test_no_cell_of_a_spreadsheet_is_a_formula(view: GraphView, tmp_path: Path) -> None:
    export_graph(view, tmp_path / "tables")
    cells = [
        cell
        for path in (tmp_path / "tables").iterdir()
        for row in rows(path.read_bytes())
        for cell in row.values()
    ]
    assert '\'=HYPERLINK("x")' in cells
    assert not [cell for cell in cells if cell[:1] in ("=", "+", "-", "@", "\t", "\r")]


@pytest.mark.parametrize("name", ["graph.graphml", "graph.json", "graph.zip"])
def test_the_same_graph_gives_the_same_bytes(view: GraphView, tmp_path: Path, name: str) -> None:
    export_graph(view, tmp_path / name)
    first = (tmp_path / name).read_bytes()
    export_graph(view_of([*COMPANIES, ODD], [MERGED]), tmp_path / name, force=True)
    assert (tmp_path / name).read_bytes() == first


def test_what_is_there_is_replaced_by_force_only(view: GraphView, tmp_path: Path) -> None:
    file, folder = tmp_path / "graph.json", tmp_path / "tables"
    export_graph(view, file)
    export_graph(view, folder)
    for target in (file, folder):
        with pytest.raises(Conflict, match="--force"):
            export_graph(view, target)
        export_graph(view, target, force=True)
    (folder / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(Conflict, match="something else"):
        export_graph(view, folder, force=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["graph.json", "tables"]
    with pytest.raises(BadInput, match="no format"):
        export_graph(view, tmp_path / "x", "gexf")
    with pytest.raises(BadInput, match="in what format"):
        export_graph(view, tmp_path / "x.gexf")


def test_an_empty_graph_is_exported_too(tmp_path: Path) -> None:
    empty = view_of([])
    for name in ("graph.graphml", "graph.json", "graph.zip"):
        written = export_graph(empty, tmp_path / name)
        assert (written.entities, written.relations) == (0, 0)
    assert nx.read_graphml(tmp_path / "graph.graphml").number_of_nodes() == 0
    assert json.loads((tmp_path / "graph.json").read_text())["nodes"] == []
