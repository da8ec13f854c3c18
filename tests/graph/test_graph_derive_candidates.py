"""Entities that are alike are shown to people, and left as they are."""

from __future__ import annotations

import numpy as np
from derive_room import derived

from index.graph.candidates import candidates
from index.graph.contract import ChunkFacts, EntityType, Mention

PERSON, DATE = EntityType.PERSON, EntityType.DATE


def naming(*names: str, kind: EntityType = PERSON) -> ChunkFacts:
    mentions = tuple(
        Mention(name, kind, 20 * i, 20 * i + 9, sentence=i) for i, name in enumerate(names)
    )
    return ChunkFacts(mentions, sentences=tuple((20 * i, 20 * i + 19) for i in range(len(names))))


def test_names_alike_and_company_alike_are_shown_the_likest_first() -> None:
    said = [naming("Jonny Green"), naming("Johnny Green"), naming("Huawei"), naming("华为"),
            naming("3 May 2019", "4 May 2019", kind=DATE), naming("任正非")]  # fmt: skip
    graph = derived({key: (f"d{key}", (facts,)) for key, facts in enumerate(said, start=1)})
    vectors = np.eye(6, dtype=np.float32)
    vectors[3] = 0.9 * vectors[2] + 0.1 * vectors[3]
    before = list(graph.ids)
    found = candidates(graph, vectors)
    pairs = [{graph.ids[pair.first], graph.ids[pair.second]} for pair in found]
    assert pairs == [{"huawei", "华为"}, {"jonny green", "johnny green"}]
    assert found[0].names == 0 and found[0].company > 0.9 and found[1].names > 0.8
    assert candidates(graph, vectors, limit=1) == found[:1]
    assert list(graph.ids) == before and graph.merges() == ()


def test_nothing_is_like_itself_alone() -> None:
    graph = derived({1: ("a", (naming("Ada"),))})
    assert candidates(graph, np.ones((1, 3), dtype=np.float32)) == []
    assert candidates(derived({}), np.ones((0, 3), dtype=np.float32)) == []
