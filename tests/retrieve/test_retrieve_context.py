"""What stands around a hit is given for reading, as the document has it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from index_room import WordSumEmbedder, fill, make_parts

from index.collection import Collection
from ingest.contract import Block, BlockKind, Chunk, Document
from ingest.pipeline import build_chunker, document_from_text, load, read
from retrieve.after.reading import joined
from retrieve.after.surroundings import with_contexts
from retrieve.contract import Hit, Query
from retrieve.pipeline import Retriever

ROOT = Path(__file__).resolve().parent.parent.parent
COUNTER = WordSumEmbedder()
CHUNKERS: dict[str, dict[str, Any]] = {
    "structure": {"max_tokens": 64, "min_tokens": 16},
    "structure/overlap": {"max_tokens": 60, "min_tokens": 16, "overlap_sentences": 1},
    "fixed": {"max_tokens": 60, "overlap_tokens": 12},
    "sentence": {"max_tokens": 60},
    "recursive": {"max_tokens": 60},
    "parent_child": {"child_tokens": 40, "parent_tokens": 160},
}
FILES = [
    ROOT / "examples/corpus/employee-handbook.docx",
    ROOT / "examples/corpus/差旅费管理规定.txt",
    ROOT / "examples/corpus/flowsense-faq.html",
    ROOT / "examples/corpus/tidelink-api-guide.md",
    ROOT / "tests/truth/prices-zh.csv",
]


def chunked(document: Document, chunker: str) -> list[Chunk]:
    built = build_chunker(chunker.partition("/")[0], **CHUNKERS[chunker])
    return built.chunk(document, COUNTER)


@pytest.fixture(scope="module")
def documents() -> dict[str, Document]:
    found = [read(load(path), {}) for path in FILES]
    return {document.id: document for document in found}


@pytest.fixture(scope="module", params=sorted(CHUNKERS))
def collection(
    request: pytest.FixtureRequest,
    documents: dict[str, Document],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Collection]:
    made = [(document, chunked(document, request.param)) for document in documents.values()]
    collection = fill(tmp_path_factory.mktemp("context") / "c", make_parts(COUNTER), made)
    yield collection
    collection.close()


def search(collection: Collection, text: str, budget: int, k: int = 5, **options: Any) -> list[Hit]:
    query = Query(text, k, context_tokens=budget, **options)
    return list(Retriever().search(collection.snapshot(), query).hits)


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def body(document: Document) -> str:
    """All that chunks are made of, without white space."""
    left_out = (BlockKind.FURNITURE, BlockKind.HEADING)
    return squeezed("".join(b.text for b in document.blocks if b.kind not in left_out))


def bare(context: str, document: Document) -> str:
    """A context without the headings that were put in it (the long ones of a small chunk are cut
    short), and without white space."""
    names = {squeezed(b.text) for b in document.blocks if b.kind is BlockKind.HEADING}
    lines = (squeezed(line) for line in context.split("\n"))
    return "".join(line for line in lines if line not in names and line[-1:] != "…")


QUESTIONS = [
    "annual leave of grade 5 to 7",
    "Hotel, upper limit per night in Scandinavia",
    "住宿费标准 三类 其他地区",
    "error code 429 SLOW_DOWN",
    "TideLink battery of the sensor",
    "单价 水泵",
]


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("budget", [1, 60, 150, 400])
def test_a_context_is_a_part_of_the_document_within_the_budget(
    collection: Collection, documents: dict[str, Document], question: str, budget: int
) -> None:
    """Rows of a table may have their header above them; a row that was cut into cells reads
    otherwise than in the document."""
    seen: set[tuple[str, int]] = set()
    for hit in search(collection, question, budget):
        document, chunk, at = documents[hit.chunk.document_id], hit.chunk, hit.context_place
        assert hit.context is not None
        if not hit.context:
            assert any((document.id, place) in seen for place in range(*chunk.span))
            continue
        assert at is not None
        assert at.span[0] <= chunk.span[0]
        assert chunk.span[1] <= at.span[1]
        alone = max(COUNTER.count([chunk.text])[0], budget)
        assert COUNTER.count([hit.context])[0] <= alone + 2
        assert squeezed(chunk.text) in squeezed(hit.context) or "|" in hit.context
        text = bare(hit.context, document)
        if "|" not in text and ":" not in text:
            assert text in body(document)
        seen.update((document.id, place) for place in range(*at.span))


def test_a_document_that_fits_is_read_whole(
    collection: Collection, documents: dict[str, Document]
) -> None:
    for question in QUESTIONS:
        first = search(collection, question, 50_000, k=1)[0]
        document = documents[first.chunk.document_id]
        cells = any(re.match(r"[^|]+: ", c.text) for c in collection.document_chunks(document.id))
        assert first.context is not None
        if not cells and len(collection.document_chunks(document.id)) < 64:
            assert bare(first.context, document) == body(document)


@pytest.fixture(scope="module")
def small(
    documents: dict[str, Document], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    made = [(document, chunked(document, "structure")) for document in documents.values()]
    collection = fill(tmp_path_factory.mktemp("small") / "c", make_parts(COUNTER), made)
    yield collection
    collection.close()


def test_a_split_table_is_read_whole_with_its_header_once(
    small: Collection, documents: dict[str, Document]
) -> None:
    table = documents["prices-zh.csv"].blocks[0].text
    pieces = small.document_chunks("prices-zh.csv")
    assert len(pieces) > 4
    only, needed = {"document_id": "prices-zh.csv"}, COUNTER.count([table])[0]
    hit = search(small, pieces[3].text, needed * 2, k=1, filter=only)[0]
    assert hit.chunk.id == pieces[3].id
    assert hit.context == table
    assert hit.context_place
    assert hit.context_place.span == (0, len(table))
    header = "\n".join(table.split("\n")[:2])
    part = search(small, pieces[3].text, needed // 2, k=1, filter=only)[0].context
    assert part
    assert part.startswith(f"{header}\n")
    assert part.count(header) == 1
    assert len(pieces[3].text) < len(part) < len(table)
    assert part.removeprefix(header) in table


def test_sections_are_whole_where_they_fit_and_not_left_where_they_do_not(
    small: Collection, documents: dict[str, Document]
) -> None:
    name = "差旅费管理规定.txt"
    chunks = [c for c in small.document_chunks(name) if c.heading_path == ("第六章 报销",)]
    assert len(chunks) > 2
    only = {"document_id": name}
    whole = joined(chunks, chunks[0].heading_path)
    needed = COUNTER.count([whole])[0]
    exact = search(small, chunks[1].text, needed, k=1, filter=only)[0]
    assert exact.chunk.id == chunks[1].id
    assert exact.context == whole
    less = search(small, chunks[1].text, needed - 30, k=1, filter=only)[0]
    assert less.context
    assert less.context in whole
    more = search(small, chunks[1].text, needed + 150, k=1, filter=only)[0]
    assert more.context
    assert whole in more.context
    assert "第六章 报销\n\n第十七条" in more.context, (
        "it comes after another section, so it is named"
    )


def test_what_two_hits_share_is_given_with_the_better_one(small: Collection) -> None:
    hits = search(small, "第十七条 第十八条 第十九条 报销 借款 发票", 400, k=8)
    inside = [hit for hit in hits if hit.context == ""]
    assert inside
    for hit in inside:
        assert hit.context_place is None
        better = [h for h in hits[: hit.rank - 1] if h.context and hit.chunk.text in h.context]
        assert len(better) == 1
    result = Retriever().search(small.snapshot(), Query("报销", 8, context_tokens=400))
    assert result.explanation.steps["context"]
    assert "context" in result.explanation.timings_ms


def test_no_context_where_none_is_asked_for(small: Collection) -> None:
    for hit in search(small, "annual leave", 0):
        assert hit.context is None
        assert hit.context_place is None


def test_a_parent_that_fits_is_read_in_place_of_its_children(collection: Collection) -> None:
    for hit in search(collection, "annual leave of grade 5 to 7", 170):
        if hit.context and hit.chunk.parent:
            assert squeezed(hit.chunk.parent.text) in squeezed(hit.context)


def test_a_document_that_changed_meanwhile_gives_the_hit_alone(tmp_path: Path) -> None:
    old = document_from_text("d", "", "First of all.\n\nThe second part.\n\nAnd the third part.")
    new = document_from_text("d", "", "Nothing.\n\nOf.\n\nAll.\n\nThat.")
    collection = fill(tmp_path / "c", make_parts(), [(old, chunked(old, "sentence"))])
    snapshot = collection.snapshot()
    around = snapshot.around(collection.document_chunks("d")[:1], 1)
    assert [chunk.ordinal for chunk in around] == [0, 1][: len(around)]
    hits = search(collection, "second", 90)
    with collection.writer() as writer:
        writer.put([(new, chunked(new, "sentence"))], "test")
    assert [hit.context for hit in with_contexts(snapshot, hits, 90)] == [
        hit.chunk.text for hit in hits
    ]
    collection.close()


WORDS = st.lists(st.sampled_from(["river", "boat", "船", "河", "x9"]), min_size=1, max_size=30)
BLOCKS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["One", "二", "Three"]), st.integers(1, 3)).map(
            lambda t: Block(BlockKind.HEADING, t[0], t[1])
        ),
        st.lists(WORDS.map(" ".join), min_size=1, max_size=6).map(
            lambda lines: Block(BlockKind.PARAGRAPH, ". ".join(lines) + ".")
        ),
    ),
    min_size=1,
    max_size=14,
)


@settings(max_examples=60, deadline=None)
@given(BLOCKS, st.sampled_from([name for name in sorted(CHUNKERS) if "parent" not in name]))
def test_chunks_put_together_are_the_document(blocks: list[Block], chunker: str) -> None:
    document = Document("d", "Title", "text/plain", "0", tuple(blocks))
    chunks = chunked(document, chunker)
    if chunks:
        kept = [c for c in chunks if c.kind is not BlockKind.HEADING]
        text = bare(joined(kept, ()), document) if kept else ""
        assert text == body(document)
