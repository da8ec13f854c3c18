"""What is like the best moves up, and what says just the query comes first."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import fill, make_document, make_parts

from index.collection import Collection
from index.contract import Ranking
from ingest.contract import BadInput
from retrieve.contract import Query, SearchResult
from retrieve.feedback import Feedback
from retrieve.pipeline import Retriever
from retrieve.verbatim import _HAN, _bare, _has_all

LINE = "水泵的密封圈每两千小时必须更换一次"
TEXTS = [
    f"本章说明保养。{LINE}，并做好记录，由值班人员签字确认后存档备查。"
    "其他部件的检查周期见附录，不在本章之列，例如轴承、叶轮和联轴器都另有规定。",
    "水泵的密封圈必须更换。水泵的密封圈，两千小时，更换一次。每次更换水泵的密封圈。",
    "水泵密封圈 更换 水泵密封圈 更换 两千小时",
    "The pump's sealing ring must be replaced every two thousand hours of running.",
    "Replace the sealing ring. The ring of the pump must be replaced. Hours of running: two.",
    "gardens and trees in spring",
    "trees in gardens, in spring and in autumn",
    "engines",
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    documents = [make_document(f"d{i}", [text], title="") for i, text in enumerate(TEXTS)]
    collection = fill(tmp_path_factory.mktemp("refined") / "c", make_parts(), documents)
    yield collection
    collection.close()


def first(result: SearchResult) -> str:
    return result.hits[0].chunk.document_id


def search(collection: Collection, text: str, **steps: bool) -> SearchResult:
    return Retriever().search(collection.snapshot(), Query(text, k=8, steps=steps))


@pytest.mark.parametrize(
    ("text", "document"),
    [
        ("密封圈每两千小时必须更换一", "d0"),
        ("密封圈每两千小时，必须更换一", "d0"),
        ("密封圈每兩千小時必須更換一", "d0"),
        ("Ring must be replaced every two thousand HOURS", "d3"),
    ],
)
def test_a_passage_that_holds_the_whole_query_comes_first(
    collection: Collection, text: str, document: str
) -> None:
    """White space, punctuation, case and the form of characters aside."""
    result = search(collection, text)
    assert first(result) == document
    assert result.explanation.steps["verbatim"] == {"passages": 1}
    scores = [hit.score for hit in result.hits]
    assert scores == sorted(scores, reverse=True)
    assert scores[0] > scores[1]
    assert "verbatim" not in search(collection, text, verbatim=False).explanation.steps


def test_words_alone_prefer_another_passage(collection: Collection) -> None:
    """Else the test above would show nothing."""
    result = search(collection, "水泵的密封圈每两千小时必须更换", verbatim=False, feedback=False)
    assert first(result) != "d0"


@pytest.mark.parametrize("text", ["水泵的密封圈", "ring of the pump", "spring gardens trees"])
def test_a_short_query_or_other_words_lift_nobody(collection: Collection, text: str) -> None:
    result = search(collection, text)
    assert "verbatim" not in result.explanation.steps
    assert [hit.chunk.id for hit in result.hits] == [
        hit.chunk.id for hit in search(collection, text, verbatim=False).hits
    ]


def test_feedback_adds_the_cosine_to_the_best(collection: Collection) -> None:
    snapshot = collection.snapshot()
    keys = np.sort(snapshot.dense.keys())
    _, vectors = snapshot.vectors(keys)
    ranking = Ranking.of(keys, np.linspace(5.0, 4.0, len(keys)))
    feedback = Feedback(weight=7.0, passages=2, falloff=0.5, depth=5)
    moved = feedback.reorder(snapshot, ranking, "latin")

    places = [keys.tolist().index(key) for key in ranking.keys.tolist()]
    shares = np.exp((ranking.scores[:2] - ranking.scores[0]) / 0.5)
    centre = shares @ vectors[places[:2]] / shares.sum()
    cosines = vectors[places[:5]] @ centre
    is_foreign = snapshot.scripts.foreign("latin", ranking.keys[:5])
    assert is_foreign.any()
    for side in (is_foreign, ~is_foreign):  # each against the others in its script
        cosines[side] -= cosines[side].mean()
    wanted = dict(
        zip(
            ranking.keys[:5].tolist(),
            ranking.scores[:5] + 7.0 * (cosines - cosines.min()),
            strict=True,
        )
    )
    found = dict(zip(moved.keys.tolist(), moved.scores.tolist(), strict=True))
    assert {key: found[key] for key in wanted} == pytest.approx(wanted, abs=1e-4)
    assert moved.keys[5:].tolist() == ranking.keys[5:].tolist()
    assert sorted(moved.keys.tolist()) == keys.tolist()
    assert moved.scores.tolist() == sorted(moved.scores.tolist(), reverse=True)


def test_what_is_like_the_best_moves_up(collection: Collection) -> None:
    """Both hold "gardens", one of them shares all other words with the best."""
    snapshot = collection.snapshot()
    by_document = {
        stored.chunk.document_id: key
        for key, stored in snapshot.chunks(snapshot.dense.keys().tolist()).items()
    }
    garden, like, other = (by_document[name] for name in ("d5", "d6", "d7"))
    ranking = Ranking.of([garden, other, like], [3.0, 2.0, 1.9])
    moved = Feedback(falloff=0.1).reorder(snapshot, ranking, "latin")
    assert moved.keys.tolist() == [garden, like, other]


@pytest.mark.parametrize(
    "options", [{"weight": 0.0}, {"falloff": 0.0}, {"passages": 0}, {"depth": 0}]
)
def test_wrong_options_of_feedback_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(BadInput, match="of feedback must be"):
        Feedback(**options)  # type: ignore[arg-type]


_WRITTEN = st.text(st.sampled_from("水泵 密，封圈。Ａa_-1２臺台\n"), min_size=1, max_size=12)


@given(text=_WRITTEN, wanted=_WRITTEN)
def test_a_passage_without_all_characters_of_a_query_does_not_hold_it(
    text: str, wanted: str
) -> None:
    bare = _bare(wanted)
    assert bare == re.sub(r"[\W_]+", "", wanted.casefold())
    if bare in _bare(text):
        assert _has_all(text, "".join(_HAN.findall(bare)))
