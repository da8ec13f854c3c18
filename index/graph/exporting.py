"""A graph in files for other tools.

- GraphML, for Gephi, yEd, Cytoscape and networkx: entities and relations, with one sentence for
  each relation.
- JSON, with everything: what networkx's `node_link_graph` reads (`nodes`, `edges`, each with its
  evidence), and `mentions`, `merges` and `communities`.
- CSV, for spreadsheets: `entities.csv`, `relations.csv`, `mentions.csv` and `merges.csv` in a
  folder, or in a ZIP of it. They are UTF-8 with a byte-order mark; a text that begins as a formula
  does, or with ', has a ' before it.

Lists within one value of GraphML and CSV are lines. The same graph gives the same bytes.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from index.backup import check_target
from index.export import check_folder, write_folder, write_zip
from index.graph.chunk_reader import ChunkReader
from index.graph.contract import Evidence, Relation
from index.graph.networks import attributes_of, relation_network, relations_from
from index.graph.views import GraphView
from index.swap import DRAFT, flush, written_beside
from ingest.contract import BadInput, Chunk

FORMATS = ("graphml", "json", "csv")

ENTITIES, RELATIONS, MENTIONS, MERGES = (
    "entities.csv", "relations.csv", "mentions.csv", "merges.csv"
)  # fmt: skip
_FILES = {ENTITIES, RELATIONS, MENTIONS, MERGES}
_ENTITY_COLUMNS = (
    "id", "name", "type", "aliases", "chunks", "mentions", "authority", "community", "description"
)  # fmt: skip
_RELATION_COLUMNS = (
    "head", "tail", "kind", "weight", "keywords", "description", "evidence", "document_id",
    "chunk_id", "sentence",
)  # fmt: skip
_MENTION_COLUMNS = (
    "entity", "name", "type", "document_id", "chunk_id", "field", "start", "end"
)  # fmt: skip
_MERGE_COLUMNS = ("id", "first", "second", "reason", "by", "evidence")
_GRAPHML = "http://graphml.graphdrawing.org/xmlns"
_NODE_TYPES = {
    **dict.fromkeys(_ENTITY_COLUMNS[1:], "string"),
    **dict.fromkeys(("chunks", "mentions"), "long"),
    "authority": "double",
}
_EDGE_TYPES = {
    **dict.fromkeys(_RELATION_COLUMNS[2:], "string"),
    "weight": "double",
    "evidence": "long",
}
_PAGE = 200

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FORMULA = re.compile(r"[=+\-@\t\r']")


@dataclass(frozen=True, slots=True)
class ExportedGraph:
    """How many rows of each were written."""

    format: str
    generation: int
    entities: int
    relations: int
    mentions: int
    merges: int


def export_graph(
    view: GraphView, target: Path, form: str | None = None, *, force: bool = False
) -> ExportedGraph:
    """Writes a graph to `target` in one of FORMATS; without one, as its name ends: in .graphml,
    in .json, else CSV, in a ZIP where it ends in .zip. What is written takes its name when it is
    whole. Raises BadInput for an unknown format and for what is no place for a file, Conflict
    where one is there already (`force` replaces it; a folder only if it holds such an export)
    and Unavailable."""
    chosen = form or _format_of(target)
    if chosen not in FORMATS:
        raise BadInput(f"{chosen!r} is no format of a graph: take one of {', '.join(FORMATS)}")
    in_folder = chosen == "csv" and target.suffix.lower() != ".zip"
    check: Callable[[], None] = partial(check_target, target, force)
    if in_folder:
        check = partial(check_folder, target, force, _FILES, ENTITIES)
    with written_beside(target, check, "export") as scratch:
        rows = _Rows(view)
        draft = scratch / DRAFT
        if chosen == "graphml":
            _write_graphml(rows, draft)
        elif chosen == "json":
            with draft.open("wb") as sink:
                sink.writelines(piece.encode("utf-8", "replace") for piece in _json(rows))
        else:
            (write_folder if in_folder else write_zip)(draft, _csv_files(rows))
        flush(draft)
    return ExportedGraph(
        chosen,
        view.graph.generation,
        len(view.graph.ids),
        rows.written["relations"],
        rows.written["mentions"],
        rows.written["merges"],
    )


def _format_of(target: Path) -> str:
    suffix = target.suffix.lower().removeprefix(".")
    if suffix in ("", "zip", *FORMATS):
        return suffix if suffix in FORMATS else "csv"
    raise BadInput(f"{target.name} does not say in what format: give one of {', '.join(FORMATS)}")


class _Rows:
    """What a graph holds, row by row, in the order of entities."""

    def __init__(self, view: GraphView) -> None:
        self.graph = view.graph
        self.chunks = ChunkReader(view.chunks)
        self.written = Counter[str]()
        self._communities = {
            entity: community.id
            for community in view.graph.communities()
            if community.level == 0
            for entity in community.entities
        }

    def entities(self) -> Iterator[dict[str, Any]]:
        for number, entity_id in enumerate(self.graph.ids):
            yield self.entity(number) | {"id": entity_id}

    def entity(self, number: int) -> dict[str, Any]:
        told = attributes_of(self.graph.entity(number))
        return told | {"community": self._communities.get(self.graph.ids[number], "")}

    def relations(self) -> Iterator[tuple[str, Relation, list[dict[str, Any]]]]:
        """Each with the key of its edge and its evidence."""
        for page in _pages(self._numbered()):
            keys = (one.key for _, relation in page for one in relation.evidence)
            chunks = self.chunks.read(keys)
            self.written["relations"] += len(page)
            for edge, relation in page:
                yield edge, relation, _evidence(relation.evidence, chunks)

    def _numbered(self) -> Iterator[tuple[str, Relation]]:
        for number in range(len(self.graph.ids)):
            for edge, relation in enumerate(relations_from(self.graph, number)):
                yield f"e{number}-{edge}", relation

    def mentions(self) -> Iterator[dict[str, Any]]:
        for page in _pages(self._places()):
            chunks = self.chunks.read(key for _, key, _ in page)
            for entity, key, mention in page:
                if key in chunks:
                    self.written["mentions"] += 1
                    yield {
                        "entity": entity,
                        "name": mention.name,
                        "type": mention.type.value,
                        "document_id": chunks[key].document_id,
                        "chunk_id": chunks[key].id,
                        "field": mention.field.value,
                        "start": mention.start,
                        "end": mention.end,
                    }

    def _places(self) -> Iterator[tuple[str, int, Any]]:
        for number, entity_id in enumerate(self.graph.ids):
            count = self.graph.entity(number).mentions
            for key, mention in self.graph.mentions_of(number, count):
                yield entity_id, key, mention

    def merges(self) -> Iterator[dict[str, Any]]:
        for page in _pages(self.graph.merges()):
            chunks = self.chunks.read(key for merge in page for key in merge.evidence)
            self.written["merges"] += len(page)
            for merge in page:
                places = [chunks[key] for key in merge.evidence if key in chunks]
                yield {
                    "id": merge.id,
                    "first": merge.first,
                    "second": merge.second,
                    "reason": merge.reason,
                    "by": merge.by,
                    "evidence": [
                        {"document_id": chunk.document_id, "chunk_id": chunk.id} for chunk in places
                    ],
                }

    def communities(self) -> Iterator[dict[str, Any]]:
        for community in self.graph.communities():
            yield {
                "id": community.id,
                "level": community.level,
                "parent": community.parent,
                "title": community.title,
                "keywords": list(community.keywords),
                "summary": community.summary,
                "entities": list(community.entities),
            }


def _pages(items: Iterable[Any]) -> Iterator[list[Any]]:
    page: list[Any] = []
    for item in items:
        page.append(item)
        if len(page) == _PAGE:
            yield page
            page = []
    if page:
        yield page


def _evidence(evidence: Iterable[Evidence], chunks: Mapping[int, Chunk]) -> list[dict[str, Any]]:
    """That whose chunk is still there."""
    return [
        {
            "document_id": chunks[one.key].document_id,
            "chunk_id": chunks[one.key].id,
            "span": list(one.span),
            "sentence": " ".join(chunks[one.key].text[slice(*one.span)].split()),
        }
        for one in evidence
        if one.key in chunks
    ]


def _write_graphml(rows: _Rows, draft: Path) -> None:
    """As networkx writes it, but in one pass: its own writer looks at everything three times."""
    from lxml.etree import Element, SubElement, xmlfile

    def element(tag: str, names: dict[str, str], values: Mapping[str, Any]) -> Any:
        made = Element(tag, names)
        for name, value in values.items():
            SubElement(made, "data", key=f"{tag}-{name}").text = value
        made.tail = "\n"
        return made

    def edge(relation: Relation) -> dict[str, Any]:
        first = relation.evidence[:1]
        best = _evidence(first, rows.chunks.read(one.key for one in first))
        return {
            **_relation(relation),
            **(best[0] if best else {}),
            "evidence": len(relation.evidence),
        }

    network = relation_network(rows.graph, rows.entity, edge)
    with xmlfile(str(draft), encoding="utf-8") as xml:
        xml.write_declaration()
        with xml.element("graphml", nsmap={None: _GRAPHML}):
            for tag, types in (("node", _NODE_TYPES), ("edge", _EDGE_TYPES)):
                for name, kind in types.items():
                    key = {"id": f"{tag}-{name}", "for": tag, "attr.name": name, "attr.type": kind}
                    xml.write(element("key", key, {}))
            with xml.element("graph", edgedefault="directed"):
                for node, told in network.nodes(data=True):
                    xml.write(element("node", {"id": _xml(node)}, _scalars(told, _NODE_TYPES)))
                for head, tail, key, told in network.edges(keys=True, data=True):
                    rows.written["relations"] += 1
                    ends = {"source": _xml(head), "target": _xml(tail), "id": key}
                    xml.write(element("edge", ends, _scalars(told, _EDGE_TYPES)))


def _relation(relation: Relation) -> dict[str, Any]:
    return {
        "kind": relation.kind,
        "weight": relation.weight,
        "keywords": list(relation.keywords),
        "description": relation.description,
    }


def _scalars(values: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, str]:
    """Those of the values that are to be written and not empty, as GraphML has them."""
    texts = {name: _xml(_text(values.get(name, ""))) for name in types}
    return {name: text for name, text in texts.items() if text}


def _xml(text: str) -> str:
    """A text without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)


def _text(value: object) -> str:
    return "\n".join(map(str, value)) if isinstance(value, list) else str(value)


def _json(rows: _Rows) -> Iterator[str]:
    stats = rows.graph.stats()
    told = {name: getattr(stats, name) for name in ("generation", "chunks", "pending")}
    yield f'{{"directed": true, "multigraph": true, "graph": {json.dumps(told)}'
    yield from _array("nodes", rows.entities())
    edges = (
        {
            "source": relation.head,
            "target": relation.tail,
            "key": edge,
            **_relation(relation),
            "evidence": evidence,
        }
        for edge, relation, evidence in rows.relations()
    )
    yield from _array("edges", edges)
    yield from _array("mentions", rows.mentions())
    yield from _array("merges", rows.merges())
    yield from _array("communities", rows.communities())
    yield "}\n"


def _array(name: str, items: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A field of the document, an item to a line."""
    yield f',\n"{name}": ['
    for place, item in enumerate(items):
        yield ",\n" if place else "\n"
        yield json.dumps(item, ensure_ascii=False)
    yield "\n]"


def _csv_files(rows: _Rows) -> Iterator[tuple[str, Iterable[bytes]]]:
    yield ENTITIES, _csv(_ENTITY_COLUMNS, rows.entities())
    relations = (
        {
            "head": relation.head,
            "tail": relation.tail,
            **_relation(relation),
            **(evidence[0] if evidence else {}),
            "evidence": len(relation.evidence),
        }
        for _, relation, evidence in rows.relations()
    )
    yield RELATIONS, _csv(_RELATION_COLUMNS, relations)
    yield MENTIONS, _csv(_MENTION_COLUMNS, rows.mentions())
    merges = (
        merge | {"evidence": [place["chunk_id"] for place in merge["evidence"]]}
        for merge in rows.merges()
    )
    yield MERGES, _csv(_MERGE_COLUMNS, merges)


def _csv(names: Sequence[str], items: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    buffer = io.StringIO(newline="")
    lines = csv.writer(buffer, lineterminator="\r\n")
    lines.writerow(names)
    yield b"\xef\xbb\xbf"
    for item in items:
        lines.writerow([_cell(item.get(name, "")) for name in names])
        if buffer.tell() > 1 << 16:
            yield _taken(buffer)
    yield _taken(buffer)


def _cell(value: object) -> object:
    """As a spreadsheet takes it for data: never a formula."""
    if not isinstance(value, str | list):
        return value
    text = _text(value)
    return f"'{text}" if _FORMULA.match(text) else text


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue().encode("utf-8", "replace")
    buffer.seek(0)
    buffer.truncate()
    return text
