"""What a collection learns from itself: questions, weights, and when nothing is relevant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ir_measures
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import fill, make_document, make_parts

from index.collection import Collection
from index.pipeline import Tuning
from retrieve.contract import Query
from retrieve.pipeline import Retriever, build_reranker, tuned
from retrieve.tuning.cloze import cloze_trials
from retrieve.tuning.foreign import bars, foreign_questions
from retrieve.tuning.judged import judged_trials
from retrieve.tuning.trial import RATIOS, Trial, fit, ndcg
from retrieve.tuning.values import COSINE_RATIO

SUBJECTS = ("pump", "valve", "motor", "gasket", "filter", "boiler", "crane", "lathe")
VERBS = ("leaks", "stops", "heats", "shakes", "rusts", "whistles", "sticks", "drips")


def passage(number: int) -> str:
    """Four sentences on one subject, no two passages alike."""
    subject, verb = SUBJECTS[number % 8], VERBS[number // 8 % 8]
    return (
        f"The {subject} of hall {number} {verb} in winter. "
        f"Nobody knows why this {subject} {verb} so often. "
        f"A mechanic looked at {subject} number {number} twice. "
        f"Spare parts for the {subject} lie in shelf {number * 7}."
    )


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    documents = [make_document(f"d{i}", [passage(i)], title="") for i in range(64)]
    documents.append(make_document("zh", ["水泵漏水。阀门生锈了。请更换密封圈。"], title=""))
    collection = fill(tmp_path_factory.mktemp("tuning") / "c", make_parts(), documents)
    yield collection
    collection.close()


@pytest.fixture
def untuned(collection: Collection) -> Iterator[Collection]:
    collection.tune(Tuning())
    yield collection
    collection.tune(Tuning())


def test_a_collection_asks_about_itself(collection: Collection) -> None:
    """One right passage for each question, which no longer holds it."""
    trials = cloze_trials(collection.snapshot())
    assert len(trials) >= 60
    assert all(trial.gains.sum() == 1.0 and trial.gains.max() == 1.0 for trial in trials)
    assert all(len(trial.words) == len(trial.cosines) == 65 for trial in trials)
    whole = [
        Retriever().search(collection.snapshot(), Query(passage(i).split(". ")[1], 1, "sparse"))
        for i in range(8)
    ]
    assert all(
        result.hits[0].chunk.text.startswith(passage(i).split(".")[0])
        for i, result in enumerate(whole)
    )
    found = [trial.words[trial.gains > 0][0] >= trial.words.max() for trial in trials]
    assert 0 < sum(found) < len(trials)
    again = cloze_trials(collection.snapshot())
    assert all((a.words == b.words).all() for a, b in zip(trials, again, strict=True))


def trial(words: list[float], cosines: list[float], right: int = 0) -> Trial:
    gains = np.zeros(len(words))
    gains[right] = 1.0
    return Trial(np.array(words, dtype=np.float32), np.array(cosines, dtype=np.float32), gains, 5)


MEANING_KNOWS = trial([0.0, 1.1], [0.90, 0.80])  # 10 x (0.9 - 0.8) = 1.0 < 1.1
WORDS_KNOW = trial([0.9, 0.0], [0.80, 0.90])
BOTH_KNOW = trial([5.0, 0.0], [0.9, 0.1])


def test_a_fit_follows_what_knows_better() -> None:
    by_meaning = fit([MEANING_KNOWS] * 40 + [BOTH_KNOW] * 40, 10.0)
    assert by_meaning.ratio == 1.2  # the nearest to 1 that is enough
    assert by_meaning.after > by_meaning.before
    assert by_meaning.validated > 0
    assert fit([WORDS_KNOW] * 40 + [BOTH_KNOW] * 40, 10.0).ratio == 0.85  # nearer than 0.7
    assert fit([BOTH_KNOW] * 80, 10.0).ratio == 1.0


def test_sentences_that_do_not_find_their_passages_teach_nothing(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = trial([1.0] * 10 + [0.0], [0.9] * 10 + [0.1], right=10)
    monkeypatch.setattr("retrieve.tuning.tune._LEAST_CHUNKS", 10)
    snapshot = collection.snapshot()
    told = []
    for count in (10, 40):
        trials = [trial([0.0, 1.1], [0.805, 0.8])] * 80 + [lost] * count  # 200 x 0.005 < 1.1
        monkeypatch.setattr("retrieve.tuning.tune.cloze_trials", lambda _, t=trials: t)
        tuning, found = tuned(Retriever(), snapshot)
        assert tuning.values[COSINE_RATIO] == [found.ratio]
        told.append((found.ratio, found.trusted, found.after > found.before))
    assert told == [(1.2, True, True), (1.0, False, False)]


def test_a_fit_never_leaves_its_bounds() -> None:
    far = trial([0.0, 100.0], [0.9, 0.8])
    assert fit([far] * 80, 10.0).ratio == 1.0
    assert min(RATIOS) >= 0.7
    assert max(RATIOS) <= 1.5


def test_too_few_questions_and_chance_teach_nothing() -> None:
    assert fit([MEANING_KNOWS] * 20, 10.0).ratio == 1.0
    dice = np.random.default_rng(3)
    noise = [trial(dice.random(20).tolist(), dice.random(20).tolist()) for _ in range(100)]
    assert fit(noise, 1.0).validated <= fit(noise, 1.0).after - fit(noise, 1.0).before


@given(
    st.lists(st.tuples(st.floats(0, 9), st.integers(0, 3)), min_size=1, max_size=30),
    st.lists(st.integers(1, 3), max_size=3),
)
def test_ndcg_is_that_of_trec_eval(rows: list[tuple[float, int]], missing: list[int]) -> None:
    scores = np.array([score for score, _ in rows], dtype=np.float32)
    scores -= np.arange(len(rows), dtype=np.float32) * 1e-3  # no ties: trec_eval orders by name
    if len(set(scores.tolist())) < len(rows):
        return
    gains = np.array([grade for _, grade in rows], dtype=np.float64)
    given_trial = Trial(scores, np.zeros_like(scores), gains, 5, tuple(map(float, missing)))
    qrels = [ir_measures.Qrel("q", str(i), grade) for i, (_, grade) in enumerate(rows)]
    qrels += [ir_measures.Qrel("q", f"m{i}", grade) for i, grade in enumerate(missing)]
    run = [ir_measures.ScoredDoc("q", str(i), float(s)) for i, s in enumerate(scores)]
    (found,) = ir_measures.iter_calc([ir_measures.nDCG @ 10], qrels, run)
    assert ndcg(given_trial, 1.0) == pytest.approx(found.value, abs=1e-6)


def test_judged_questions_are_trials_over_documents(collection: Collection) -> None:
    retriever = Retriever(depth=10)
    (one,) = judged_trials(
        retriever, collection.snapshot(), {"pump of hall 8": {"d8": 2, "d16": 1, "gone": 3}}
    )
    assert sorted(one.gains[one.gains > 0].tolist()) == [1.0, 2.0]
    assert one.missing == (3.0,)
    assert one.words[one.gains == 2.0][0] == one.words.max()


def test_a_tuned_weight_is_used_for_questions_in_the_collections_script(
    untuned: Collection,
) -> None:
    query = Query("pump of hall 8", steps={"feedback": False, "verbatim": False})
    plain = Retriever().search(untuned.snapshot(), query)
    untuned.tune(Tuning({COSINE_RATIO: [1.5]}, "cloze", 65))
    assert untuned.snapshot().tuning == Tuning({COSINE_RATIO: [1.5]}, "cloze", 65)
    result = Retriever().search(untuned.snapshot(), query)
    assert plain.explanation.weights["dense"] == 200.0
    assert result.explanation.weights["dense"] == 300.0
    convex = Retriever().search(untuned.snapshot(), replace(query, fusion="convex", steps={}))
    assert convex.explanation.weights["dense"] == 0.5


def test_a_small_collection_learns_what_is_foreign_alone(untuned: Collection) -> None:
    retriever = Retriever(rerankers={"late_interaction": build_reranker("late_interaction")})
    tuning, found = tuned(retriever, untuned.snapshot())
    assert (tuning.source, tuning.chunks, found.ratio) == ("size", 65, 1.0)
    assert {name.split("_")[1] for name in tuning.values if name != COSINE_RATIO} == {
        "han",
        "latin",
    }
    assert bars(Retriever(), untuned.snapshot()) == {}  # without late interaction


def test_what_is_foreign_is_said(untuned: Collection) -> None:
    retriever = Retriever(rerankers={"late_interaction": build_reranker("late_interaction")})
    asked = "Why does the pump of hall 8 whistle in winter?"
    assert retriever.search(untuned.snapshot(), Query(foreign_questions()[0])).is_relevant
    untuned.tune(tuned(retriever, untuned.snapshot())[0])
    snapshot = untuned.snapshot()
    told = [not retriever.search(snapshot, Query(q)).is_relevant for q in foreign_questions()]
    assert sum(told) >= 0.8 * len(told)
    answer = retriever.search(snapshot, Query(asked))
    assert answer.is_relevant
    assert answer.hits
    foreign = Query(foreign_questions()[told.index(True)], steps={"relevance": False})
    assert retriever.search(snapshot, foreign).is_relevant
    assert retriever.search(snapshot, replace(foreign, steps={})).hits  # nothing is withheld
    nothing = retriever.search(snapshot, Query(asked, filter={"document_id": "none"}))
    assert not nothing.is_relevant


def test_tuning_survives_and_is_seen_by_others(tmp_path: Path) -> None:
    collection = fill(tmp_path / "c", make_parts(), [make_document("d", ["a pump"])])
    other = Collection.open(tmp_path / "c", make_parts())
    before = other.snapshot()
    collection.tune(Tuning({COSINE_RATIO: [0.7]}, "qrels", 1))
    assert before.tuning.values == {COSINE_RATIO: [0.7]}
    assert before.generation == collection.snapshot().generation
    other.close()
    collection.close()
    again = Collection.open(tmp_path / "c", make_parts())
    assert again.snapshot().tuning.source == "qrels"
    again.close()
