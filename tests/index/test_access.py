"""Readers who hold access tags: to them a collection is as if what is hidden had never been."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_room import ANALYZER, PIPELINE, WordSumEmbedder, make_document, make_parts

from index.collection import Collection
from index.contract import Origin
from index.duplicates import DUPLICATE_OF
from index.graph.contract import Decision, DecisionKind, Graph
from index.graph.pipeline import build_extractor
from index.snapshot import Snapshot
from index.tagging import may_see, tags_of
from ingest.contract import ACCESS, Json, NotFound

TEXTS = (
    "Daniel Zhang founded Cainiao Network in Hangzhou in 1999.",
    "Cainiao Network delivers parcels for Alibaba Group.",
    "马云于1999年在杭州创立了阿里巴巴。",
    "阿里巴巴的总部位于杭州,张勇担任首席执行官。",
    "Project Zephyrine is led by Morwenna Tarrant at Quillfeather Ltd.",
    "Quillfeather Ltd acquired Brackenridge Systems from Morwenna Tarrant.",
    "星槎计划由慕容雪在青鸾公司主持。",
    "Alibaba Group (阿里巴巴) was founded by Jack Ma.",
)
QUESTIONS = ("who founded Cainiao Network", "阿里巴巴 总部", "Zephyrine Quillfeather", "青鸾公司")
MISSPELT = ("zephyrin", "quilfeather", "cainiaoo", "alibabba", "morwena")
TAGS = ("hr", "law")
NAMES = ("a.txt", "b/报告.md", "c.pdf", "d.txt")
EXTRACTOR = build_extractor("rules")
DECISIONS = (
    Decision(0, DecisionKind.MERGE, ("Jack Ma", "马云"), note="the founder"),
    Decision(0, DecisionKind.MERGE, ("Quillfeather Ltd", "青鸾公司"), note="a secret"),
    Decision(0, DecisionKind.SEPARATE, ("Alibaba Group", "Cainiao Network")),
)

Put = tuple[str, tuple[int, ...], frozenset[str]]
Op = tuple[str, Any]

_tags = st.frozensets(st.sampled_from(TAGS))
_texts = st.lists(st.sampled_from(range(len(TEXTS))), min_size=1, max_size=3, unique=True)
_put = st.tuples(st.sampled_from(NAMES), _texts.map(tuple), _tags)
OPS = st.lists(
    st.one_of(
        st.tuples(st.just("put"), _put),
        st.tuples(st.just("put"), _put),
        st.tuples(st.just("tag"), st.tuples(st.sampled_from(NAMES), _tags)),
        st.tuples(st.just("delete"), st.sampled_from(NAMES)),
        st.tuples(st.just("look"), _tags),
    ),
    min_size=2,
    max_size=9,
)


def document_of(put: Put) -> Any:
    name, texts, tags = put
    metadata: dict[str, Json] = {"year": 2000 + texts[0], "language": "en"}
    if tags:
        metadata[ACCESS] = sorted(tags)
    title = " ".join(TEXTS[texts[0]].split()[:2])
    return make_document(name, [TEXTS[t] for t in texts], title=title, metadata=metadata)


def carry_out(collection: Collection, ops: Sequence[Op]) -> dict[str, Put]:
    """The documents that are left."""
    held: dict[str, Put] = {}
    for what, about in ops:
        if what == "look":  # what is kept for a reader has to follow
            seen = collection.snapshot(about)
            seen.documents_called(NAMES[0])
            seen.graph()
            continue
        with collection.writer() as writer:
            if what == "put":
                origin = Origin(given={ACCESS: sorted(about[2])} if about[2] else {})
                writer.put([document_of(about)], PIPELINE, {about[0]: origin})
                held[about[0]] = about
            elif what == "delete":
                writer.delete([about])
                held.pop(about, None)
            else:
                writer.describe([about[0]], tags=sorted(about[1]))
                if about[0] in held:
                    held[about[0]] = (*held[about[0]][:2], about[1])
    return held


def chunk_ids(snapshot: Snapshot, keys: Any) -> list[str]:
    found = snapshot.chunks(np.asarray(keys).tolist())
    return [found[key].chunk.id for key in np.asarray(keys).tolist() if key in found]


def told_by(snapshot: Snapshot) -> dict[Any, Any]:
    """What a snapshot says, in words that do not depend on keys and generations."""
    normal = ANALYZER.normal
    told: dict[Any, Any] = {"chunks": sorted(chunk_ids(snapshot, snapshot.sparse.keys()))}
    told["dense"] = sorted(chunk_ids(snapshot, snapshot.dense.keys()))
    told["sizes"] = len(snapshot.sparse), len(snapshot.dense)
    for question in QUESTIONS:
        terms = ANALYZER.query_terms(question)
        plain = [term for term in terms if isinstance(term, str)]
        told["counts", question] = snapshot.sparse.counts(plain)
        told["words", question] = sorted(
            chunk_ids(snapshot, snapshot.sparse.search(terms, 99).keys)
        )
        vector = WordSumEmbedder().embed_query(question).vector
        ranking = snapshot.dense.search(vector, 99)
        of_each = dict(zip(ranking.keys.tolist(), ranking.scores.tolist(), strict=True))
        stored = snapshot.chunks(list(of_each))
        told["meaning", question] = {
            stored[key].chunk.id: pytest.approx(score, abs=1e-4) for key, score in of_each.items()
        }
    for script in ("han", "latin"):
        told["foreign", script] = sorted(chunk_ids(snapshot, snapshot.scripts.all_foreign(script)))
    for word in MISSPELT:
        told["like", word] = snapshot.words_like(word, 2)
    told["kinds"] = dict(snapshot.media_types)
    for name in (*NAMES, *(" ".join(text.split()[:2]) for text in TEXTS)):
        told["called", normal(name)] = snapshot.documents_called(name)
    for expression in ({"year": {"$gte": 2004}}, {"access": "law"}, {"document_id": NAMES[0]}):
        told["filter", repr(expression)] = sorted(chunk_ids(snapshot, snapshot.allowed(expression)))
    graph = snapshot.graph()
    assert graph is not None
    told["graph"] = told_by_graph(graph)
    return told


def told_by_graph(graph: Graph) -> dict[str, Any]:
    entities = [graph.entity(number) for number in range(len(graph.ids))]
    stats = graph.stats()
    return {
        "entities": [
            (replace(one, authority=0.0), pytest.approx(one.authority, abs=1e-4))
            for one in entities
        ],
        "relations": [
            sorted((r.head, r.tail, r.kind, round(r.weight, 4)) for r in graph.relations_of(number))
            for number in range(len(entities))
        ],
        "merges": sorted((m.first, m.second, m.reason, m.by) for m in graph.merges()),
        "communities": [(one.id, one.title, one.entities) for one in graph.communities()],
        "stats": (stats.chunks, stats.pending, stats.entities, stats.mentions, stats.statements),
        "names": [graph.names_in(text) for text in TEXTS],
    }


_folders = itertools.count()


@pytest.mark.parametrize("kind", ["flat", "hnsw"])
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ops=OPS, held=_tags)
def test_what_is_hidden_changes_nothing(
    tmp_path: Path, kind: str, ops: list[Op], held: frozenset[str]
) -> None:
    parts = replace(make_parts(kind=kind), extractor=EXTRACTOR)
    folder = tmp_path / str(next(_folders))
    whole = Collection.create(folder / "whole", parts)
    left = carry_out(whole, ops)
    seen = {name: put for name, put in left.items() if may_see(held, put[2])}
    only = Collection.create(folder / "only", parts)
    with only.writer() as writer:
        shown = [(*put[:2], put[2] & held) for put in seen.values()]
        writer.put([document_of(put) for put in shown], PIPELINE)
    if left:
        whole.facts.decide(DECISIONS)
        there = only.graph()
        here = [
            replace(one, note=one.note)
            for one in DECISIONS
            if all(there.numbers_of(name) for name in one.names)
        ]
        if here:
            only.facts.decide(here)
    try:
        assert told_by(whole.snapshot(held)) == told_by(only.snapshot())
        view = whole.view(held)
        records = view.records()
        assert [one.id for one in records] == sorted(seen)
        for record in records:
            assert tags_of(record.metadata) == seen[record.id][2] & held
            assert record.metadata.get(DUPLICATE_OF, record.id) in seen
            chunks = view.document_chunks(record.id)
            assert [c.id for c in chunks] == [c.id for c in only.document_chunks(record.id)]
        stats, other = view.stats(), only.stats()
        counted = "documents", "chunks", "vectors", "facts", "sparse", "dense"
        assert [getattr(stats, n) for n in counted] == [getattr(other, n) for n in counted]
        for name in left.keys() - seen.keys():
            assert not view.sees(name)
            assert view.state(name) is None
            assert view.document_chunks(name) == []
            with pytest.raises(NotFound):
                view.record(name)
        assert [one.document_id for one in view.states()] == sorted(seen)
    finally:
        whole.close()
        only.close()
