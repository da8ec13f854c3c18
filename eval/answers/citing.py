"""What an answer rests on: whether what it cites is right, and how much of it is cited."""

from __future__ import annotations

from eval.contract import Located, Question
from eval.passages import holds_answer
from eval.questions import answers
from generate.contract import Answer
from ingest.contract import Chunk


def citation_precision(question: Question, answer: Answer) -> float:
    """The share of the passages cited that are right; 0 where none is cited."""
    cited = _cited(answer)
    return sum(_is_right(question, chunk) for chunk in cited) / len(cited) if cited else 0.0


def citation_recall(question: Question, answer: Answer) -> float:
    """1 where a right passage is cited. A question asks for one place, so that there is one thing
    to cite; which of several passages of that place does not matter."""
    return float(any(_is_right(question, chunk) for chunk in _cited(answer)))


def supported_share(answer: Answer) -> float:
    """The share of the sentences that claim something behind which a cited passage stands, as the
    check of citations found; 0 where there is none."""
    held = [bool(one.numbers) and one.support > 0.0 for one in answer.sentences]
    return sum(held) / len(held) if held else 0.0


def _cited(answer: Answer) -> list[Chunk]:
    """The passages cited, each once, by their numbers."""
    return list({one.number: one.chunk for one in answer.citations}.values())


def _is_right(question: Question, chunk: Chunk) -> bool:
    """Whether a passage is one that the question asks for, or holds the answer's words."""
    text = chunk.to_read.text
    place = Located(chunk.document_id, chunk.pages, chunk.heading_path, text)
    return answers(question, place) or bool(question.answer and holds_answer(text, question.answer))
