"""Fusions, on legs made by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.contract import Ranking
from ingest.contract import BadInput, load_component
from retrieve.components import FUSIONS
from retrieve.contract import Fused, Fusion, LegResult

KEYS = np.array([2, 3, 5, 7], dtype=np.int64)


def leg(ranked: list[int], scores: list[float], silent: list[bool] | None = None) -> LegResult:
    """Ranked keys, and the score of each of KEYS."""
    by_key = dict(zip(KEYS.tolist(), scores, strict=True))
    return LegResult(
        Ranking.of(ranked, [by_key[key] for key in ranked]),
        np.array(scores, dtype=np.float32),
        np.array(silent or [False] * 4),
    )


def fuse(name: str, sparse: LegResult, dense: LegResult, **options: float) -> Fused:
    fusion: Fusion = load_component(FUSIONS, name, **options)
    return fusion.fuse(KEYS, {"sparse": sparse, "dense": dense}, terms=9)


def fuse_three(name: str, sparse: LegResult, translated: LegResult, **options: float) -> Fused:
    fusion: Fusion = load_component(FUSIONS, name, **options)
    legs = {"sparse": sparse, "translated": translated, "dense": DENSE}
    return fusion.fuse(KEYS, legs, terms=9)


def scores(fused: Fused) -> dict[int, float]:
    return dict(zip(fused.ranking.keys.tolist(), fused.ranking.scores.tolist(), strict=True))


SPARSE = leg([5, 2], [4.0, 0.0, 8.0, 0.0])
DENSE = leg([7, 5, 3], [0.70, 0.80, 0.85, 0.90])
NOTHING = leg([], [0.0, 0.0, 0.0, 0.0])


def test_rrf_is_the_formula_of_the_paper() -> None:
    fused = fuse("rrf", SPARSE, DENSE)
    wanted = {5: 1 / 61 + 1 / 62, 7: 1 / 61, 2: 1 / 62, 3: 1 / 63}
    assert scores(fused) == pytest.approx(wanted)
    assert fused.ranking.keys.tolist() == [5, 7, 2, 3]
    assert scores(fuse("rrf", SPARSE, DENSE, k=1.0))[5] == pytest.approx(1 / 2 + 1 / 3)
    assert fuse("rrf", NOTHING, DENSE).weights == {"sparse": 0.0, "dense": 1.0}


def test_convex_adds_normalised_scores() -> None:
    fused = fuse("convex", SPARSE, DENSE, dense_weight=0.25)
    wanted = {2: 0.75 * 0.5, 3: 0.25 * 0.5, 5: 0.75 + 0.25 * 0.75, 7: 0.25}
    assert scores(fused) == pytest.approx(wanted)
    alone = fuse("convex", NOTHING, DENSE, dense_weight=0.25)
    assert alone.weights == {"sparse": 0.0, "dense": 1.0}
    assert alone.ranking.keys.tolist() == [7, 5, 3, 2]


def test_evidence_adds_scores_in_their_own_units() -> None:
    fused = fuse("default", SPARSE, DENSE, cosine_weight=10.0)
    assert scores(fused) == pytest.approx({2: 11.0, 3: 8.0, 5: 16.5, 7: 9.0})
    assert fused.weights == {"sparse": 1.0, "dense": 10.0}


@pytest.mark.parametrize(
    ("terms", "share"), [(0, 1.0), (30, 1.0), (31, (30 / 31) ** 2), (60, 0.25)]
)
def test_words_of_a_long_question_count_as_those_of_a_usual_one(terms: int, share: float) -> None:
    fusion: Fusion = load_component(FUSIONS, "default", cosine_weight=10.0)
    fused = fusion.fuse(KEYS, {"sparse": SPARSE, "dense": DENSE}, terms=terms)
    wanted = {2: share * 4 + 7.0, 3: 8.0, 5: share * 8 + 8.5, 7: 9.0}
    assert scores(fused) == pytest.approx(wanted)
    assert fused.weights == pytest.approx({"sparse": share, "dense": 10.0})


def test_a_leg_without_candidates_has_no_vote() -> None:
    fused = fuse("default", NOTHING, DENSE)
    assert fused.weights["sparse"] == 0.0
    assert fused.ranking.keys.tolist() == [7, 5, 3, 2]


def test_silence_says_nothing_against_a_chunk() -> None:
    """Key 7 is in another script: it is set level with the two best that were judged."""
    sparse = leg([5, 2], [4.0, 0.0, 8.0, 0.0], [False, False, False, True])
    fused = fuse("default", sparse, DENSE, cosine_weight=10.0)
    assert scores(fused)[7] == pytest.approx(6.0 + 9.0)
    assert scores(fused)[3] == pytest.approx(8.0)
    louder = leg([7, 5, 2], [4.0, 0.0, 8.0, 9.0], [False, False, False, True])
    assert scores(fuse("default", louder, DENSE, cosine_weight=10.0))[7] == pytest.approx(18.0)


def test_a_usual_match_by_translation_is_level_with_a_good_one_by_words() -> None:
    """Keys 3 and 7 are in another script; what their translated words score counts from there
    on point by point."""
    sparse = leg([5, 2], [4.0, 0.0, 8.0, 0.0], [False, True, False, True])
    translated = leg([7, 3], [0.0, 1.0, 0.0, 3.0], [True, False, True, False])
    fused = fuse_three("default", sparse, translated, cosine_weight=10.0)
    level = (8.0 + 4.0) / 2 - (3.0 + 1.0) / 2
    wanted = {2: 4.0 + 7.0, 3: 1.0 + level + 8.0, 5: 8.0 + 8.5, 7: 3.0 + level + 9.0}
    assert scores(fused) == pytest.approx(wanted)
    assert fused.weights == {"sparse": 1.0, "translated": 1.0, "dense": 10.0}


def test_translated_words_count_as_they_are_where_the_words_find_nothing() -> None:
    translated = leg([7, 3], [0.0, 1.0, 0.0, 3.0], [True, False, True, False])
    silent = leg([], [0.0] * 4, [False, True, False, True])
    fused = fuse_three("default", silent, translated, cosine_weight=10.0)
    assert scores(fused) == pytest.approx({2: 7.0, 3: 9.0, 5: 8.5, 7: 12.0})
    everywhere = leg([], [0.0] * 4, [True] * 4)
    fused = fuse_three("default", everywhere, translated, cosine_weight=10.0)
    assert scores(fused) == pytest.approx({2: 7.0, 3: 9.0, 5: 8.5, 7: 12.0})


def test_translated_words_have_the_share_of_words_in_a_convex_fusion() -> None:
    translated = leg([7, 3], [0.0, 1.0, 0.0, 4.0], [True, False, True, False])
    fused = fuse_three("convex", SPARSE, translated, dense_weight=0.25)
    wanted = {2: 0.75 * 0.5, 3: 0.75 * 0.25 + 0.25 * 0.5, 5: 0.75 + 0.25 * 0.75, 7: 0.75 + 0.25}
    assert scores(fused) == pytest.approx(wanted)
    assert fused.weights == {"sparse": 0.75, "translated": 0.75, "dense": 0.25}
    alone = fuse_three("convex", NOTHING, translated, dense_weight=0.25)
    assert alone.weights == {"sparse": 0.0, "translated": 0.75, "dense": 0.25}
    neither = fuse_three("convex", NOTHING, NOTHING, dense_weight=0.25)
    assert neither.weights == {"sparse": 0.0, "translated": 0.0, "dense": 1.0}


def test_a_chunk_that_a_leg_does_not_hold_counts_as_its_worst() -> None:
    dense = leg([7, 5], [float("nan"), 0.80, 0.85, 0.90])
    fused = fuse("default", SPARSE, dense, cosine_weight=10.0)
    assert scores(fused)[2] == pytest.approx(4.0 + 8.0)
    assert not np.isnan(fuse("convex", SPARSE, dense).ranking.scores).any()


NUMBERS = st.lists(st.floats(0, 50, width=32), min_size=4, max_size=4)


@pytest.mark.parametrize("name", sorted(FUSIONS))
@given(
    sparse=NUMBERS,
    translated=NUMBERS,
    silent=st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_every_candidate_comes_out_once(
    name: str, sparse: list[float], translated: list[float], silent: list[bool]
) -> None:
    legs = (
        leg(KEYS.tolist(), sparse, silent),
        leg(KEYS.tolist(), translated, [not s for s in silent]),
    )
    fused = fuse_three(name, *legs)
    assert sorted(fused.ranking.keys.tolist()) == KEYS.tolist()
    assert (np.diff(fused.ranking.scores) <= 0).all()
    assert fused.ranking.keys.tolist() == fuse_three(name, *legs).ranking.keys.tolist()
    for above, below in zip(fused.ranking.keys[:-1], fused.ranking.keys[1:], strict=True):
        if scores(fused)[int(above)] == scores(fused)[int(below)]:
            assert above < below


@pytest.mark.parametrize(
    ("name", "option"), [("convex", {"dense_weight": 1.5}), ("default", {"cosine_weight": 0.0})]
)
def test_impossible_weights_are_refused(name: str, option: dict[str, float]) -> None:
    with pytest.raises(BadInput, match=next(iter(option))):
        load_component(FUSIONS, name, **option)
