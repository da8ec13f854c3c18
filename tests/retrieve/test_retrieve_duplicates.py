"""Copies of a better hit take no place of their own; what differs in anything that matters does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from index_room import WordSumEmbedder, fill, make_document, make_parts

from index.collection import Collection
from ingest.contract import BlockKind, Chunk
from ingest.pipeline import build_chunker, load, read
from retrieve.after.duplicates import Copies
from retrieve.contract import Query, SearchResult
from retrieve.pipeline import Retriever

TRUTH = Path(__file__).resolve().parent.parent / "truth"
CLAUSE = (
    "The supplier shall deliver 12 pumps of the type AV-200 to the site in Rotterdam before "
    "2024-03-05, and the buyer shall pay within 30 days; the supplier is liable for delay."
)
ZH = (
    "供应商应当在2024年3月5日之前将12台AV-200水泵运到现场，买方应在30日内付款，逾期的违约金为0.5%。"
)


def chunk(
    text: str, title: str = "T", kind: BlockKind = BlockKind.PARAGRAPH, number: int = 0
) -> Chunk:
    return Chunk(f"c{number}", f"d{number}", 0, kind, title, (), text, (0, len(text)))


def is_copy(text: str, better: str, kind: BlockKind = BlockKind.PARAGRAPH) -> bool:
    copies = Copies([])
    copies.keep(copies.said(chunk(better, kind=kind)))
    return copies.repeated(copies.said(chunk(text, kind=kind, number=1))) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (CLAUSE, CLAUSE),
        (CLAUSE, CLAUSE.upper()),
        (CLAUSE, CLAUSE.replace(" ", "\n", 3)),
        (CLAUSE, CLAUSE.replace(";", ",").replace(".", "")),
        (CLAUSE, CLAUSE.replace("the site", "site")),
        (ZH, ZH.replace("，", ", ").replace("。", "")),
        (ZH, ZH.replace("12", "１２").replace("AV-200", "ＡＶ-２００")),
        (ZH, ZH.replace("逾期的", "逾期")),
        (ZH, ZH.replace("30日", "30 日").replace("12台", " 12 台").replace("%", " %")),
        ("It costs 1,250,000 euro in all", "It costs 1250000 euro in all"),
        ("Café au lait for all of them", "Cafe\u0301 au lait for all of them"),
        ("", ""),
    ],
)
def test_what_differs_in_writing_alone_is_a_copy(one: str, other: str) -> None:
    assert is_copy(one, other)
    assert is_copy(other, one)


@pytest.mark.parametrize(
    ("text", "old", "new"),
    [
        (CLAUSE, "12 pumps", "13 pumps"),
        (CLAUSE, "AV-200", "AV-300"),
        (CLAUSE, "2024-03-05", "2024-03-06"),
        (CLAUSE, "Rotterdam", "Hamburg"),
        (CLAUSE, "is liable", "is not liable"),
        (CLAUSE, "shall pay", "may pay"),
        (CLAUSE, "before", "after"),
        (CLAUSE, "supplier is", "buyer is"),
        (ZH, "0.5%", "5%"),
        (ZH, "0.5%", "0.5‰"),
        (ZH, "0.5%", "05%"),
        (ZH, "应当", "不应当"),
        (ZH, "3月5日", "3月6日"),
        (ZH, "买方", "卖方"),
        (ZH, "之前", "之后"),
        ("The range is -5 to 5 degrees", "-5", "5"),
        ("The range is ≥ 5 degrees here", "≥", "≤"),
        ("It may weigh 1.5 kg at the most", "1.5", "15"),
        ("The buyer pays the supplier 10", "buyer pays the supplier", "supplier pays the buyer"),
        ("It costs $ 5 for each and all", "$", "€"),
    ],
)
def test_what_differs_in_what_it_says_is_none(text: str, old: str, new: str) -> None:
    other = text.replace(old, new)
    assert other != text
    assert not is_copy(text, other)
    assert not is_copy(other, text)


def test_a_passage_that_stands_whole_in_a_better_one_is_a_copy_but_not_the_other_way() -> None:
    longer = f"By the way. {CLAUSE} That is all."
    assert is_copy(CLAUSE, longer)
    assert not is_copy(longer, CLAUSE)
    assert not is_copy(CLAUSE, f"Unless agreed otherwise {CLAUSE}"), "half of a sentence"
    assert is_copy(ZH, f"前言。{ZH}后记。")
    assert not is_copy(ZH, f"除另有约定外{ZH}")
    assert not is_copy("Rotterdam", longer), "too short to say anything"
    assert not is_copy(
        "we pay in 30 days and not later", "We pay in 30 days and not later than -5."
    )


def test_cells_and_code_are_compared_as_they_stand() -> None:
    assert not is_copy("| a | b | |\n| 5 | | 6 |", "| a | b | |\n| 5 | 6 | |", BlockKind.TABLE)
    assert not is_copy("x = a[1] - b", "x = a[1] + b", BlockKind.CODE)
    assert is_copy("x = a\n  y", "x = a\n\ty", BlockKind.CODE)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text(one: str, other: str) -> None:
    assert is_copy(one, one)
    assert not is_copy(f"{one} 1", f"{other} 2")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("report-zh.docx", "report-zh.odt"),
        ("slides-en.odp", "slides-en.pptx"),
        ("regulation-zh.txt", "regulation-zh-unstyled.pdf"),
    ],
)
def test_a_document_in_another_format_repeats_the_first(one: str, other: str) -> None:
    """The numbers of its paragraphs are all different, so each is a copy of its own."""
    chunker, counter = build_chunker("structure"), WordSumEmbedder()
    first, second = (chunker.chunk(read(load(TRUTH / name), {}), counter) for name in (one, other))
    copies = Copies([])
    for piece in first:
        said = copies.said(piece)
        assert copies.repeated(said) is None
        copies.keep(said)
    places = [copies.repeated(copies.said(piece)) for piece in second]
    found = [place for place in places if place is not None]
    assert len(found) >= 0.8 * len(second)
    assert found == sorted(set(found))


WARRANTY = "The warranty is two years from the day of delivery, whatever the contract says."
DOCUMENTS = [
    make_document("a", [WARRANTY, "Pumps are green.", CLAUSE], title="AV-200"),
    make_document("b", [WARRANTY, "Pumps are blue and green.", CLAUSE.upper()], title="AV-300"),
    make_document("c", [f"Note. {WARRANTY}", CLAUSE.replace("12", "14")], title="Memo"),
    make_document("d", [f"{word} pumps are green" for word in ("Old", "New", "Big")]),
]


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    collection = fill(tmp_path_factory.mktemp("duplicates") / "c", make_parts(), DOCUMENTS)
    yield collection
    collection.close()


def search(collection: Collection, text: str, **options: object) -> SearchResult:
    query = Query(text, **options)  # type: ignore[arg-type]
    return Retriever().search(collection.snapshot(), query)


QUERIES = st.sampled_from(
    ["warranty", "two years of warranty", "supplier delay", "green pumps", "AV-300 warranty", "船"]
)
OFF = {"duplicates": False}


@given(QUERIES)
def test_hits_and_copies_are_the_candidates(collection: Collection, text: str) -> None:
    everything = [hit.chunk.id for hit in search(collection, text, k=50, steps=OFF).hits]
    hits = search(collection, text, k=50).hits
    collapsed = [copy for hit in hits for copy in hit.copies]
    assert sorted(everything) == sorted([hit.chunk.id for hit in hits] + collapsed)
    kept = [hit.chunk.id for hit in hits]
    assert kept == [chunk_id for chunk_id in everything if chunk_id in kept], "the order is kept"
    for hit in hits:
        places = [everything.index(copy) for copy in hit.copies]
        assert all(place > everything.index(hit.chunk.id) for place in places)


@given(QUERIES, st.integers(1, 12))
def test_later_hits_move_up(collection: Collection, text: str, k: int) -> None:
    everything = search(collection, text, k=50).hits
    hits = search(collection, text, k=k).hits
    assert [hit.chunk.id for hit in hits] == [hit.chunk.id for hit in everything[:k]]
    assert [hit.rank for hit in hits] == list(range(1, min(k, len(everything)) + 1))


def test_copies_are_counted_and_the_step_can_be_switched_off(collection: Collection) -> None:
    found = search(collection, "supplier delay liable", k=3)
    (copied,) = [hit for hit in found.hits if hit.copies]
    assert len(copied.copies) == 1
    assert found.explanation.steps["duplicates"] == {"collapsed": 1, "hits_with_copies": 1}
    for options in ({"steps": OFF}, {"fusion": "rrf"}, {"fusion": "dense"}):
        plain = search(collection, "supplier delay liable", k=9, **options)
        assert not any(hit.copies for hit in plain.hits)
        assert "duplicates" not in plain.explanation.steps
    asked = search(collection, "supplier delay", k=9, fusion="rrf", steps={"duplicates": True})
    assert any(hit.copies for hit in asked.hits)


def test_the_same_words_of_two_products_are_kept_where_the_query_names_one(
    collection: Collection,
) -> None:
    def documents(text: str) -> list[set[str]]:
        hits = search(collection, text, k=3).hits
        places = {c.id: d.id for d, chunks in DOCUMENTS for c in chunks}
        return [{hit.chunk.document_id, *(places[c] for c in hit.copies)} for hit in hits]

    assert any({"a", "b"} <= found for found in documents("warranty from the day of delivery"))
    named = documents("warranty of the AV-300 from the day of delivery")
    assert not any({"a", "b"} <= found for found in named)


def test_copies_beyond_the_first_page_fill_up_from_deeper(tmp_path: Path) -> None:
    documents = [make_document(f"x{n}", [WARRANTY], title="T") for n in range(30)]
    documents += [make_document("y", ["The warranty of pumps.", "No warranty of pipes."])]
    collection = fill(tmp_path / "c", make_parts(), documents)
    hits = search(collection, "warranty two years delivery contract", k=3).hits
    collection.close()
    assert len(hits) == 3
    assert len(hits[0].copies) == 29
