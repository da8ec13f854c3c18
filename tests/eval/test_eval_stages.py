"""Tracing an answer: what was read and chunked, ranks by stage, copies, and answers that do not
use what was found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from eval.contract import Located, Question, Stage, Staged, Trace
from eval.stages.holding import holds_words, lost_before_search
from eval.stages.trace import counted, stage_lines, trace_documents, trace_question
from generate.contract import Answer, Citation
from ingest.contract import Block, BlockKind, Box, Chunk, Document

TEXT = "The seals are covered for two years from the day of delivery. Motors are not covered."
PAGE = (Box(3, 0.0, 0.0, 9.0, 9.0),)
DOCUMENT = Document(
    "a.pdf", "Terms", "application/pdf", "hash",
    (Block(BlockKind.HEADING, "Seals", 1, PAGE), Block(BlockKind.PARAGRAPH, TEXT, 0, PAGE)), 3,
)  # fmt: skip


def chunk(text: str, start: int = 7, pages: tuple[int, int] | None = (3, 3)) -> Chunk:
    span = (start, start + len(text))
    kind = BlockKind.PARAGRAPH
    return Chunk(text[:9], "a.pdf", 0, kind, "Terms", ("Seals",), text, span, pages)


@dataclass
class Corpus:
    """One document, with its chunks."""

    stored: Sequence[Chunk] = (chunk(TEXT),)
    read: Document | None = DOCUMENT
    faults: dict[str, str] = field(default_factory=dict)

    def ids(self) -> Sequence[str]:
        return ["a.pdf"]

    def failure(self, document_id: str) -> str:
        known = {"a.pdf": ""} | self.faults
        return known.get(document_id, f"{document_id} is not in the collection")

    def chunks(self, document_id: str) -> Sequence[Chunk]:
        return self.stored if document_id == "a.pdf" else ()

    def parsed(self, document_id: str) -> Document | None:
        return self.read if document_id == "a.pdf" else None


WORDS = Question("w", "how long?", "a.pdf", answer="two years from the day")
ON_PAGE = Question("p", "how long?", "a.pdf", page=3)
UNDER = Question("h", "how long?", "a.pdf", heading="Seals")
PASSAGE = Question("c", "how long?", chunk=TEXT)
ANYWHERE = Question("a", "how long?", answer="two years")
HALVES = (chunk(TEXT[:40]), chunk(TEXT[40:], 47))
SPOILT = replace(DOCUMENT, blocks=(Block(BlockKind.PARAGRAPH, "Motors are not covered."),))


@pytest.mark.parametrize("question", [WORDS, ON_PAGE, UNDER, PASSAGE, ANYWHERE])
def test_what_a_chunk_has_was_not_lost_before_the_search(question: Question) -> None:
    assert lost_before_search(question, Corpus()) is None


@pytest.mark.parametrize(
    ("question", "corpus", "stage", "why"),
    [
        (WORDS, Corpus(HALVES), Stage.CHUNKING, "no single chunk holds it"),
        (ANYWHERE, Corpus((chunk(TEXT[:30]), chunk(TEXT[30:], 37))), Stage.CHUNKING, "no single"),
        (ON_PAGE, Corpus((chunk(TEXT, pages=None),)), Stage.CHUNKING, "no chunk is on page 3"),
        (UNDER, Corpus((replace(chunk(TEXT), heading_path=()),)), Stage.CHUNKING, "under “Seals”"),
        (WORDS, Corpus(()), Stage.CHUNKING, "no chunk came of it"),
        (WORDS, Corpus((chunk("Motors."),), SPOILT), Stage.PARSING, "is not in the document"),
        (PASSAGE, Corpus((chunk("Motors."),), SPOILT), Stage.PARSING, "is not in the document"),
        (ANYWHERE, Corpus((chunk("Motors."),), SPOILT), Stage.PARSING, "is not in the document"),
        (ON_PAGE, Corpus((chunk("x", pages=None),), SPOILT), Stage.PARSING, "page 3 has no text"),
        (
            UNDER,
            Corpus((replace(chunk("x"), heading_path=()),), SPOILT),
            Stage.PARSING,
            "no heading",
        ),
        (replace(WORDS, document="b.pdf"), Corpus(), Stage.PARSING, "not in the collection"),
        (WORDS, Corpus(faults={"a.pdf": "failed (read)"}), Stage.PARSING, "failed (read)"),
        # Where the file is gone, its chunks stand for it.
        (WORDS, Corpus(HALVES, None), Stage.CHUNKING, "no single chunk holds it"),
        (WORDS, Corpus((chunk("Motors."),), None), Stage.PARSING, "cannot be read now"),
    ],
)
def test_what_no_chunk_has(question: Question, corpus: Corpus, stage: Stage, why: str) -> None:
    found = lost_before_search(question, corpus)
    assert found is not None
    assert found[0] is stage
    assert why in found[1]


@pytest.mark.parametrize(
    ("text", "answer", "held"),
    [
        ("| A | 1,200 |\n|---|---|\n| B | two years |", "B two years", True),
        ("额定电流为１２安培", "12 安培", True),
        ("covered for tw0 years from the day", "two years from the day", True),
        ("in 1942", "42", False),
        ("a party", "art", False),
    ],
)
def test_words_of_an_answer_however_laid_out(text: str, answer: str, held: bool) -> None:
    assert holds_words(text, answer) is held


RIGHT = Located("a.pdf", (3, 3), ("Seals",), TEXT)
WRONG = [Located(f"{n}.pdf", None, (), f"wrong {n}") for n in range(9)]


def at(rank: int | None) -> list[Located]:
    """A ranking with the right place at that rank."""
    return WRONG[:4] if rank is None else [*WRONG[: rank - 1], RIGHT, *WRONG[rank - 1 :]]


def staged(sparse: int | None, dense: int | None, fused: int | None, final: int | None) -> Staged:
    return Staged({"sparse": at(sparse), "dense": at(dense)}, at(fused), at(final))


@pytest.mark.parametrize(
    ("ranks", "stage"),
    [
        ((1, 1, 1, 3), None),
        ((None, None, None, 2), None),
        ((1, 1, 2, 4), Stage.RERANKING),
        ((5, 5, 2, None), Stage.RERANKING),
        ((1, 7, 4, 4), Stage.FUSION),
        ((None, 3, None, None), Stage.FUSION),
        ((4, 7, 5, 5), Stage.CANDIDATES),
        ((None, None, None, None), Stage.CANDIDATES),
    ],
)
def test_the_stages_of_a_search(ranks: Sequence[int | None], stage: Stage | None) -> None:
    trace = trace_question(WORDS, staged(*ranks), Corpus(), 3)
    assert trace.lost is stage
    assert list(trace.ranks.values()) == list(ranks)
    assert bool(trace.detail) is (stage is not None)


def test_a_leg_by_itself_has_no_fusion_to_blame() -> None:
    alone = Staged({"sparse": at(5)}, at(5), at(5))
    assert trace_question(WORDS, alone, Corpus(), 3).lost is Stage.CANDIDATES


def test_a_copy_of_a_better_result_is_not_lost() -> None:
    copied = [replace(WRONG[0], copies=(RIGHT,)), *WRONG[1:]]
    found = Staged({"sparse": at(1)}, copied, copied)
    assert trace_question(WORDS, found, Corpus(), 3) == Trace(
        None, {"sparse": 1, "fusion": 1, "reranking": 1}
    )


def test_documents_stand_once() -> None:
    twice = [WRONG[0], WRONG[0], WRONG[1], RIGHT]
    trace = trace_documents({"a.pdf"}, Staged({"sparse": twice}, twice, twice), Corpus(), 3)
    assert trace.lost is None
    assert trace.ranks == {"sparse": 3, "fusion": 3, "reranking": 3}
    gone = trace_documents({"b.pdf"}, Staged({}, WRONG, WRONG), Corpus(), 3)
    assert (gone.lost, "b.pdf is not in the collection" in gone.detail) == (Stage.PARSING, True)
    halved = trace_documents({"a.pdf"}, Staged({}, WRONG, WRONG), Corpus((chunk(TEXT[:30]),)), 3)
    assert halved.lost is Stage.CHUNKING


def cited(text: str, source: Chunk | None) -> Answer:
    citations = () if source is None else (Citation(1, source, (0, len(text)), "quote", 0.9),)
    return Answer(text, citations, True, "test")


@pytest.mark.parametrize(
    ("question", "answer", "why"),
    [
        (WORDS, cited("For two years from the day of delivery [1].", chunk(TEXT)), ""),
        (WORDS, replace(cited("I do not know.", None), known=False), "do not tell"),
        (WORDS, cited("For a while [1].", chunk(TEXT)), "does not have its words"),
        (WORDS, cited("For two years from the day of delivery.", None), "does not cite it"),
        (ON_PAGE, cited("For two years [1].", chunk(TEXT)), ""),
        (ON_PAGE, cited("For two years [1].", chunk(TEXT, pages=(1, 1))), "does not cite it"),
    ],
)
def test_an_answer_has_to_use_what_was_found(question: Question, answer: Answer, why: str) -> None:
    trace = trace_question(question, staged(1, 1, 1, 1), Corpus(), 3, answer)
    assert trace.lost is (Stage.ANSWER if why else None)
    assert why in trace.detail


def test_the_table_of_stages() -> None:
    traces = {
        "1": Trace(None),
        "2": Trace(Stage.FUSION, {}, "because"),
        "3": Trace(Stage.FUSION, {}, "so"),
    }
    assert counted(traces) == {Stage.FUSION: ["2", "3"]}
    lines = stage_lines(traces, {"2": "a\nquestion"}, shown=1)
    assert lines[4].split() == ["fusion", "2"]
    assert lines[7:] == ["fusion: 2: a question -> because", "fusion: and 1 more"]
