"""Whether an answer came through reading and chunking: what a search can find at all.

A question says where its answer stands: a passage, a page, a heading, the answer's words. Each is
looked for in the chunks first, which is cheap. Only what no chunk has is looked for in the document
as it was read: where it stands there, the chunker lost it, else the parser did.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Protocol

from eval.contract import Located, Question, Stage
from eval.parse_locate import similar
from eval.parse_text import letters
from eval.passages import fold_heading, held_share, holds_answer
from eval.questions import answers
from ingest.contract import Block, BlockKind, Chunk, Document

_PLAIN = 4
"""An answer of so many letters is found by them alone, whatever marks and bars stand between."""
_FUZZY = 12
_LIKENESS = 90.0
_PASSAGE = 0.5
"""Share of a passage that has to be there; as a search result is judged."""
_DOCUMENT = 0.5
_SHOWN = 40

Lost = tuple[Stage, str]


class Documents(Protocol):
    """A corpus as it was stored, and as it is read."""

    def ids(self) -> Sequence[str]:
        """Those that are stored, in order."""
        ...

    def failure(self, document_id: str) -> str:
        """Why a document cannot be found: it was not read, or is not there; empty where it can."""
        ...

    def chunks(self, document_id: str) -> Sequence[Chunk]:
        """The chunks that are stored, in order; none for a document that is not."""
        ...

    def parsed(self, document_id: str) -> Document | None:
        """The document, read anew; None where its file is not to be had."""
        ...


def lost_before_search(question: Question, documents: Documents) -> Lost | None:
    """The stage before the search that does not have what the question asks for, and why; None
    where a chunk has it."""
    names = [question.document] if question.document else list(documents.ids())
    if question.document and (why := documents.failure(question.document)):
        return Stage.PARSING, why
    if any(_has(question, chunk) for name in names for chunk in documents.chunks(name)):
        return None
    reasons: list[str] = []
    for name in names:
        reason = _unread(question, name, documents)
        if not reason:
            return Stage.CHUNKING, _no_chunk(question, names, documents)
        reasons.append(reason)
    if len(reasons) == 1:
        return Stage.PARSING, reasons[0]
    return Stage.PARSING, f"{_wanted(question)} is in no document as it was read"


def documents_lost(relevant: Sequence[str], documents: Documents) -> Lost | None:
    """As `lost_before_search`, where whole documents are asked for: the stage that has none of
    them. A document counts as chunked whose chunks hold half of its text."""
    reasons = {name: documents.failure(name) for name in relevant}
    there = [name for name, reason in reasons.items() if not reason]
    if not there:
        return Stage.PARSING, "; ".join(list(reasons.values())[:2]) or "no document is relevant"
    shares: list[float] = []
    for name in there:
        document = documents.parsed(name)
        if document is None:
            return None
        whole = sum(len(letters(text)) for text in _body(document))
        held = len(letters(_joined(documents.chunks(name))))
        shares.append(held / whole if whole else 1.0)
    if max(shares) >= _DOCUMENT:
        return None
    return Stage.CHUNKING, f"its chunks hold {max(shares):.0%} of its text"


def located(chunk: Chunk) -> Located:
    """A chunk as a search result, to be judged; its parent's text where that is read for it."""
    return Located(chunk.document_id, chunk.pages, chunk.heading_path, chunk.to_read.text)


def holds_words(text: str, answer: str) -> bool:
    """Whether a text has the words of an answer, however it is laid out; in a long answer a letter
    in ten may differ."""
    if holds_answer(text, answer):
        return True
    wanted = letters(answer)
    if len(wanted) < _PLAIN:
        return False
    whole = _letters(text)
    if wanted in whole:
        return True
    return len(wanted) >= _FUZZY and similar(wanted, whole, _LIKENESS) is not None


def shortened(text: str) -> str:
    """The beginning of a text, on one line, in quotes."""
    line = " ".join(text.split())
    return f"“{line[:_SHOWN]}…”" if len(line) > _SHOWN else f"“{line}”"


@lru_cache(maxsize=2048)
def _letters(text: str) -> str:
    return letters(text)


def _has(question: Question, chunk: Chunk) -> bool:
    """Whether a chunk is where the question says, and has the answer's words where they are
    given."""
    if not answers(question, located(chunk)):
        return False
    if not question.answer or question.chunk:
        return True
    return holds_words(f"{chunk.embedding_text}\n{chunk.to_read.text}", question.answer)


def _unread(question: Question, name: str, documents: Documents) -> str:
    """What the document as it was read does not have of what the question asks for; empty where
    it has all. Where its file is gone, its chunks together stand for it."""
    document = documents.parsed(name)
    if document is None:
        text = _joined(documents.chunks(name))
        return _textless(question, name, text, "in any of its chunks: its file cannot be read now")
    text = "\n".join([document.title, *_body(document), *_headings(document)])
    reason = _textless(question, name, text, "in the document as it was read")
    if reason or question.chunk:
        return reason
    return _placeless(question, document)


def _textless(question: Question, name: str, text: str, where: str) -> str:
    if question.chunk and held_share(question.chunk, text) < _PASSAGE:
        return f"{name}: {shortened(question.chunk)} is not {where}"
    if question.answer and not question.chunk and not holds_words(text, question.answer):
        return f"{name}: {shortened(question.answer)} is not {where}"
    return ""


def _placeless(question: Question, document: Document) -> str:
    """That the page is empty and the heading unknown; either will do where both are asked for."""
    missing: list[str] = []
    if question.page is not None:
        pages = {box.page for block in _blocks(document) for box in block.boxes}
        if question.page in pages:
            return ""
        missing.append(f"page {question.page} has no text")
    if question.heading is not None:
        wanted = fold_heading(question.heading)
        known = [*_headings(document), document.title]
        if any(fold_heading(text) == wanted for text in known):
            return ""
        missing.append(f"there is no heading {shortened(question.heading)}")
    said = " and ".join(missing)
    return f"{document.id}: {said} in the document as it was read" if missing else ""


def _no_chunk(question: Question, names: Sequence[str], documents: Documents) -> str:
    """What keeps every chunk from being right."""
    chunks = [chunk for name in names for chunk in documents.chunks(name)]
    if not chunks:
        return f"{', '.join(names[:2])}: no chunk came of it"
    placed = [chunk for chunk in chunks if answers(question, located(chunk))]
    text = question.chunk or question.answer
    if text and (placed or (question.page is None and question.heading is None)):
        return f"{_wanted(question)} was read, but no single chunk holds it"
    said = [f"on page {question.page}"] if question.page is not None else []
    said += [f"under {shortened(question.heading)}"] if question.heading is not None else []
    return f"it was read, but no chunk is {' or '.join(said) or 'of it'}"


def _wanted(question: Question) -> str:
    return shortened(question.chunk or question.answer or question.heading or question.document)


def _joined(chunks: Iterable[Chunk]) -> str:
    """The texts of chunks one after the other, as far as they do not repeat each other."""
    text, end = "", 0
    for chunk in chunks:
        repeated = max(end - chunk.span[0], 0) if chunk.span[1] > end else len(chunk.text)
        text += chunk.text[repeated:]
        end = max(end, chunk.span[1])
    return text


def _blocks(document: Document) -> list[Block]:
    return [block for block in document.blocks if block.kind is not BlockKind.FURNITURE]


def _body(document: Document) -> list[str]:
    return [block.text for block in _blocks(document) if block.kind is not BlockKind.HEADING]


def _headings(document: Document) -> list[str]:
    return [block.text for block in document.blocks if block.kind is BlockKind.HEADING]
