"""What every sparse index must do, and that they agree with each other."""

from __future__ import annotations

import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.components import SPARSE
from index.contract import IDENTIFIER_MARK, AnyOf, Keys, SparseChanges, SparseEntry, SparseIndex
from ingest.contract import BadInput, load_component

WORDS = [f"w{i}" for i in range(12)]
MARKED = [IDENTIFIER_MARK + word for word in WORDS[:4]]
ENTRIES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(WORDS), max_size=3),
        st.lists(st.sampled_from(WORDS), max_size=3),
        st.lists(st.sampled_from(WORDS), max_size=30),
        st.lists(st.sampled_from(WORDS), max_size=39),
        st.lists(st.sampled_from(MARKED), max_size=6),
    ),
    max_size=25,
)


def make(name: str, path: Path) -> SparseIndex:
    index: SparseIndex = load_component(SPARSE, name, path=path)
    return index


def body(key: int, text: str) -> SparseEntry:
    return SparseEntry(key, (), (), text.split())


def keys(*values: int) -> Keys:
    return np.array(values, dtype=np.int64)


@pytest.fixture(params=sorted(SPARSE))
def backend(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def index(backend: str, tmp_path: Path) -> SparseIndex:
    return make(backend, tmp_path / "sparse")


def found(index: SparseIndex, words: str, k: int = 10, allowed: Keys | None = None) -> list[int]:
    ranking = index.reader().search(words.split(), k, allowed)
    assert len(ranking.keys) == len(ranking.scores)
    assert (ranking.scores > 0).all()
    assert (np.diff(ranking.scores) <= 0).all()
    keys: list[int] = ranking.keys.tolist()
    return keys


def test_an_empty_index_finds_nothing(index: SparseIndex) -> None:
    assert index.generation == 0
    reader = index.reader()
    assert len(reader) == 0
    assert reader.keys().tolist() == []
    assert found(index, "a b") == []
    assert found(index, "a", allowed=keys(1, 2)) == []


def test_added_chunks_are_found_best_first(index: SparseIndex) -> None:
    index.apply(SparseChanges(1, [body(1, "a b c d"), body(2, "a a b"), body(3, "c d e f")]))
    assert index.generation == 1
    assert index.reader().keys().tolist() == [1, 2, 3]
    assert found(index, "a") == [2, 1]
    assert found(index, "e a") == [3, 2, 1]
    assert found(index, "nowhere") == []
    assert found(index, "") == []
    assert found(index, "a", k=1) == [2]
    assert found(index, "a", k=0) == []


def test_all_fields_count(index: SparseIndex) -> None:
    index.apply(
        SparseChanges(
            1,
            [
                SparseEntry(1, ["t"], [], ["x"]),
                SparseEntry(2, [], ["t"], ["x"]),
                SparseEntry(3, [], [], ["t"]),
                SparseEntry(4, [], [], [], ["t"]),
                SparseEntry(5, [], [], [], [], [MARKED[0]]),
                SparseEntry(6, [], [], []),
            ],
        )
    )
    assert sorted(found(index, "t")) == [1, 2, 3, 4]
    assert found(index, MARKED[0]) == [5]
    assert found(index, WORDS[0]) == []
    assert index.reader().keys().tolist() == [1, 2, 3, 4, 5, 6]


def test_a_notion_counts_by_the_wording_that_a_chunk_holds_best(index: SparseIndex) -> None:
    index.apply(
        SparseChanges(
            1, [body(1, "a x x x"), body(2, "b b x x"), body(3, "c d x x"), body(4, "c x x x")]
        )
    )
    reader = index.reader()
    notion = AnyOf((("a",), ("b",), ("c", "d")))
    ranking = reader.search([notion], 10)
    scores = dict(zip(ranking.keys.tolist(), ranking.scores.tolist(), strict=True))
    for key, word in ((1, "a"), (2, "b")):
        assert scores[key] == pytest.approx(reader.search([word], 1).scores[0], rel=1e-5)
    both = reader.search(["c", "d"], 10)
    assert both.keys.tolist() == [3, 4]
    assert [scores[3], scores[4]] == pytest.approx((both.scores / 2).tolist(), rel=1e-5)
    halved = reader.search([AnyOf(notion.wordings, 0.5)], 10)
    assert halved.scores.tolist() == pytest.approx((ranking.scores / 2).tolist(), rel=1e-5)
    assert reader.search([AnyOf((("nowhere",),))], 10).keys.tolist() == []
    mixed = reader.search(["a", notion], 10, keys(1, 4))
    assert mixed.keys.tolist() == [1, 4]
    assert mixed.scores[0] == pytest.approx(2 * scores[1], rel=1e-5)


def test_what_each_term_adds(index: SparseIndex, backend: str) -> None:
    """As a search for it alone; in several segments, for some of which it is not there."""
    draw = random.Random(5)
    entries = [
        SparseEntry(key, *(draw.choices(words, k=draw.randint(0, 6)) for words in [WORDS] * 4))
        for key in range(1, 40)
    ]
    marked = [SparseEntry(key, ["w1"], [], ["w2"], [], MARKED) for key in range(40, 44)]
    index.apply(SparseChanges(1, entries[:25]))
    index.apply(SparseChanges(2, [*entries[25:], *marked]))
    index.apply(SparseChanges(3, [], [7, 30]))
    notion = AnyOf((("w5",), ("w6", "w7")), 0.5)
    asked: list[str | AnyOf] = ["w1", "w2", notion, "w1", MARKED[0], "nowhere", notion, "w5"]
    for reader in (index.reader(), index.reader().among(keys(*range(5, 42)))):
        wanted = keys(*range(3, 42), 999)
        rows = reader.by_term(asked, wanted)
        if backend == "tantivy":
            assert rows is None
            continue
        assert rows is not None
        different: list[str | AnyOf] = ["w1", "w2", notion, MARKED[0], "nowhere", "w5"]
        assert rows.shape == (len(different), len(wanted))
        for row, term in zip(rows, different, strict=True):
            alone = reader.search([term] * asked.count(term), len(wanted), wanted)
            assert row.tolist() == pytest.approx(alone.scores_of(wanted).tolist(), rel=1e-4)
        both = reader.search(asked, len(wanted), wanted).scores_of(wanted)
        assert rows.sum(axis=0).tolist() == pytest.approx(both.tolist(), rel=1e-4)
        assert both[wanted.tolist().index(41)] > rows[0][wanted.tolist().index(41)] > 0
        assert not rows[:, [wanted.tolist().index(key) for key in (7, 30, 999)]].any()
        for some, few in (([], wanted), (different, wanted[:0])):
            nothing = reader.by_term(some, few)
            assert nothing is not None and nothing.shape == (len(some), len(few))


def test_chunks_without_any_term_are_held_and_not_found(index: SparseIndex) -> None:
    index.apply(SparseChanges(1, [SparseEntry(key, (), (), ()) for key in range(1, 4)]))
    reader = index.reader()
    assert reader.keys().tolist() == [1, 2, 3]
    asked: list[str | AnyOf] = ["a", MARKED[0], AnyOf((("b",),))]
    assert reader.search(asked, 9).keys.tolist() == []
    assert reader.search(asked, 9, keys(2, 3)).keys.tolist() == []
    rows = reader.by_term(asked, keys(1, 2))
    assert rows is None or not rows.any()


def test_a_key_is_replaced_and_deleted(index: SparseIndex) -> None:
    index.apply(SparseChanges(1, [body(1, "old"), body(2, "old")]))
    index.apply(SparseChanges(2, [body(1, "new")], [2]))
    assert found(index, "old") == []
    assert found(index, "new") == [1]
    assert len(index.reader()) == 1
    index.apply(SparseChanges(3, [], [1, 77]))
    assert len(index.reader()) == 0
    assert found(index, "new") == []
    assert index.generation == 3


def test_applying_twice_changes_nothing(index: SparseIndex) -> None:
    changes = SparseChanges(1, [body(k, f"word n{k}") for k in range(1, 6)], [9])
    index.apply(changes)
    before = index.reader().search(["word", "n3"], 10)
    index.apply(changes)
    after = index.reader().search(["word", "n3"], 10)
    assert after.keys.tolist() == before.keys.tolist()
    assert len(index.reader()) == 5
    assert index.generation == 1


def test_equal_scores_are_ordered_by_key_and_cut_there(index: SparseIndex) -> None:
    for generation, some in enumerate(([30, 29, 8], [20, 3, 19], [1, 40]), start=1):
        index.apply(SparseChanges(generation, [body(key, "tie") for key in some]))
    everything = [1, 3, 8, 19, 20, 29, 30, 40]
    for k in range(1, 9):
        assert found(index, "tie", k) == everything[:k]
    many = [body(key, "tie") for key in range(100, 400)]
    random.Random(1).shuffle(many)
    index.apply(SparseChanges(4, many))
    assert found(index, "tie", 20) == [*everything, *range(100, 112)]
    assert found(index, "tie", 5, keys(*range(200, 400, 3))) == [200, 203, 206, 209, 212]


@pytest.mark.parametrize("size", [0, 1, 5, 2_500])
def test_filters_leave_what_is_allowed(index: SparseIndex, size: int) -> None:
    draw = random.Random(5)
    total = 3_000
    texts = {key: draw.choices("abcdefgh", k=draw.randint(1, 6)) for key in range(1, total + 1)}
    index.apply(SparseChanges(1, [SparseEntry(key, (), (), text) for key, text in texts.items()]))
    allowed = keys(*sorted(draw.sample(range(1, total + 1), size)))
    everything = found(index, "a b", total)
    inside = set(allowed.tolist())
    wanted = [key for key in everything if key in inside]
    assert found(index, "a b", total, allowed) == wanted
    assert found(index, "a b", 7, allowed) == wanted[:7]
    assert sorted(wanted) == [key for key in sorted(inside) if {"a", "b"} & set(texts[key])]


def test_a_reader_of_some_chunks_is_without_the_others(index: SparseIndex) -> None:
    draw = random.Random(9)
    texts = {key: draw.choices("abcdefgh", k=draw.randint(1, 6)) for key in range(1, 60)}
    index.apply(SparseChanges(1, [SparseEntry(key, (), (), text) for key, text in texts.items()]))
    index.apply(SparseChanges(2, [], [3]))
    some = keys(*range(3, 60, 3), 999)
    kept = some[1:-1].tolist()
    reader = index.reader().among(some)
    assert (len(reader), reader.keys().tolist()) == (len(kept), kept)
    wanted = [key for key in kept if {"a", "b"} & set(texts[key])]
    assert sorted(reader.search(["a", "b"], 99).keys.tolist()) == wanted
    assert reader.counts(["a", "b"]) == [sum(x in texts[key] for key in kept) for x in "ab"]
    inside = keys(1, 2, *kept[:9])
    assert set(reader.search(["a", "b"], 99, inside).keys.tolist()) == set(wanted) & set(kept[:9])
    assert reader.among(inside).keys().tolist() == kept[:9]
    assert len(index.reader()) == 58


@pytest.mark.parametrize("backend", ["impacts", "rank-bm25"])
def test_how_rare_a_word_is_is_told_by_those_chunks(backend: str, tmp_path: Path) -> None:
    """As if the others were not there, their lengths too."""
    own = [body(1, "a b c"), body(2, "a b d"), body(3, "b c d")]
    more = [body(key, "a a c e f g h i") for key in range(4, 30)]
    alone, among = make(backend, tmp_path / "alone"), make(backend, tmp_path / "among")
    alone.apply(SparseChanges(1, own))
    among.apply(SparseChanges(1, own + more))
    wanted = alone.reader().search(["a", "d"], 9)
    found = among.reader().among(keys(1, 2, 3)).search(["a", "d"], 9)
    assert found.keys.tolist() == wanted.keys.tolist() == [2, 1, 3]
    assert found.scores.tolist() == pytest.approx(wanted.scores.tolist(), rel=1e-4)
    assert among.reader().search(["a", "d"], 9, keys(1, 2, 3)).scores[2] < found.scores[2] / 3


def test_a_disjoint_filter_leaves_nothing(index: SparseIndex) -> None:
    index.apply(SparseChanges(1, [body(k, "a") for k in range(1, 10)]))
    assert found(index, "a", allowed=keys(50, 60)) == []
    assert found(index, "a", allowed=np.arange(1_000, 5_000, dtype=np.int64)) == []


def test_a_reader_stays_as_it_was(index: SparseIndex) -> None:
    index.apply(SparseChanges(1, [body(1, "a"), body(2, "a b")]))
    reader = index.reader()
    before = reader.search(["a"], 10)
    for generation in range(2, 8):
        added = [body(k, "a a") for k in range(generation * 10, generation * 10 + 9)]
        index.apply(SparseChanges(generation, added, [1, 2]))
    after = reader.search(["a"], 10)
    assert after.keys.tolist() == before.keys.tolist() == [1, 2]
    assert after.scores.tolist() == before.scores.tolist()
    assert reader.keys().tolist() == [1, 2]
    assert len(reader) == 2
    assert len(index.reader()) == 54


def test_it_opens_again_as_it_was_closed(backend: str, tmp_path: Path) -> None:
    index = make(backend, tmp_path / "sparse")
    index.apply(SparseChanges(5, [body(1, "a"), body(2, "b")], [3]))
    index.close()
    again = make(backend, tmp_path / "sparse")
    if index.in_memory:
        assert again.generation == 0
        assert not (tmp_path / "sparse").exists()
    else:
        assert again.generation == 5
        assert found(again, "b") == [2]


def test_long_and_odd_terms_do_no_harm(index: SparseIndex) -> None:
    odd = ["x" * 70_000, "\x00", "AND", '"', "body:a", "☂", "*", "中文"]
    index.apply(SparseChanges(1, [SparseEntry(1, odd, odd, [*odd, "plain"])]))
    assert found(index, "plain") == [1]
    assert found(index, "AND body:a * 中文") == [1]
    assert isinstance(found(index, "x" * 70_000), list)


REFERENCE = "rank-bm25"


def rankings(
    tmp: Path, entries: Sequence[SparseEntry], query: Sequence[str | AnyOf]
) -> dict[str, dict[int, float]]:
    """By the name of the backend, the score of each chunk found."""
    found = {}
    for name in sorted(SPARSE):
        index = make(name, tmp / name)
        index.apply(SparseChanges(1, entries))
        ranking = index.reader().search(query, len(entries) + 1)
        found[name] = dict(zip(ranking.keys.tolist(), ranking.scores.tolist(), strict=True))
        index.close()
    return found


TERMS = st.sampled_from([*WORDS, "w99"])
ASKED = TERMS | st.sampled_from(MARKED)
NOTIONS = st.builds(
    AnyOf,
    st.lists(st.lists(TERMS, min_size=1, max_size=3).map(tuple), min_size=1, max_size=3).map(tuple),
    st.sampled_from([0.5, 1.0]),
)


@settings(max_examples=25, deadline=None)
@given(texts=ENTRIES, query=st.lists(ASKED | NOTIONS, max_size=5))
def test_backends_agree(
    texts: list[tuple[list[str], ...]],
    query: list[str | AnyOf],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Fields are shorter than 40 terms, where tantivy's length steps are exact. Impacts are
    rounded to a 116th of that of a term said once in a text of average length, and such lengths
    to 1 %."""
    entries = [SparseEntry(key, *fields) for key, fields in enumerate(texts, start=1)]
    found = rankings(tmp_path_factory.mktemp("agree"), entries, query)
    for name, near in (("tantivy", 1e-4), ("impacts", 0.03)):
        assert found[name].keys() == found[REFERENCE].keys()
        assert found[name] == pytest.approx(found[REFERENCE], rel=near)


def test_backends_agree_on_long_texts(tmp_path: Path) -> None:
    """Lengths over 40 are rounded by tantivy to about an eighth: scores stay near, and where
    they are not, the order is the same."""
    draw = random.Random(3)
    vocabulary = [f"v{int(draw.paretovariate(0.7))}" for _ in range(4_000)]
    entries = [
        SparseEntry(k, (), (), draw.choices(vocabulary, k=draw.randint(40, 400)))
        for k in range(1, 301)
    ]
    for number in range(15):
        query = draw.choices(sorted(set(vocabulary)), k=4)
        found = rankings(tmp_path / str(number), entries, query)
        reference = found.pop(REFERENCE)
        best = sorted(reference, key=lambda key: (-reference[key], key))
        for name, near in (("tantivy", 0.06), ("impacts", 0.02)):
            assert found[name].keys() == reference.keys()
            assert found[name] == pytest.approx(reference, rel=near)
            for above, below in pairwise(best):
                if reference[above] > (1 + 2.2 * near) * reference[below]:
                    assert found[name][above] > found[name][below]


@pytest.mark.parametrize("k1, b", [(0.6, 0.3), (2.0, 1.0), (1.2, 0.0)])
def test_k1_and_b_are_those_of_the_formula(k1: float, b: float, tmp_path: Path) -> None:
    entries = [body(key, "a " * key + "b " * (20 - key)) for key in range(1, 20)]
    entries.append(body(20, "c d e"))
    scores = []
    for name in ("impacts", REFERENCE):
        index: SparseIndex = load_component(SPARSE, name, path=tmp_path / name, k1=k1, b=b)
        index.apply(SparseChanges(1, entries))
        scores.append(index.reader().search(["a"], 20).scores.tolist())
    assert scores[0] == pytest.approx(scores[1], rel=0.02)
    assert len(scores[0]) == 19
    with pytest.raises(BadInput, match="tantivy"):
        load_component(SPARSE, "tantivy", path=tmp_path, k1=k1, b=b)


@pytest.mark.parametrize(("name", "value"), [("k1", 0.0), ("k1", -1.0), ("b", -0.1), ("b", 1.1)])
def test_wrong_k1_and_b_are_refused(name: str, value: float, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"^{name} must be"):
        load_component(SPARSE, "impacts", path=tmp_path, **{name: value})
