"""From chunks to a set of questions, without a language model."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import fmean

from eval.contract import BadDataset, Progress, Question
from eval.making.chinese_questions import chinese_drafts
from eval.making.choosing import Library, placed, split_of, spread, usable
from eval.making.english_questions import english_drafts
from eval.making.material import Draft, Reader, sentences_of
from eval.making.structure import heading_drafts, list_drafts
from eval.making.tables import table_drafts
from ingest.contract import Chunk

COUNT = 200
DEV_SHARE = 0.3


@dataclass(frozen=True)
class Making:
    """How a set is made: of how many questions at the most, with which seed, and which share of
    them goes to the split "dev" (the rest to "test")."""

    count: int = COUNT
    seed: int = 0
    dev_share: float = DEV_SHARE

    def __post_init__(self) -> None:
        if self.count < 1:
            raise BadDataset(f"{self.count} questions cannot be made: ask for one at least")
        if not 0 <= self.dev_share <= 1:
            raise BadDataset(f"the share of dev is {self.dev_share}: give one from 0 to 1")


@dataclass(frozen=True)
class Made:
    """A set of questions, with what it was made of: `drafts` is how many questions the rules
    found, `left_out` how many of them passed which test not, `kinds` how many were taken of each
    kind, and `notes` what the maker should know, a line each."""

    questions: Sequence[Question]
    drafts: int
    left_out: Mapping[str, int]
    kinds: Mapping[str, int]
    notes: Sequence[str] = field(default_factory=tuple)


def make_questions(
    chunks: Sequence[Chunk], reader: Reader, making: Making, progress: Progress | None = None
) -> Made:
    """Questions about the chunks, in the order of documents and places. The same chunks give the
    same questions. Raises BadDataset where none can be made."""
    ordered = sorted(chunks, key=lambda chunk: (chunk.document_id, chunk.ordinal))
    drafts = list(placed(drafts_of(ordered, reader, progress)))
    library = Library(ordered, reader)
    passed, left_out = usable(drafts, library)
    taken = spread(passed, making.count, making.seed)
    if not taken:
        raise BadDataset(
            f"no question can be made of {len(ordered)} passages: give documents with prose, "
            "tables or headings, in Chinese or English"
        )
    taken.sort(key=lambda draft: (draft.chunk.document_id, draft.chunk.ordinal, draft.text))
    questions = [question_of(draft, making) for draft in taken]
    notes = [_likeness_note(taken, library)]
    if len(taken) < making.count:
        notes.append(f"{len(taken)} of {making.count} questions could be made")
    kinds = Counter(draft.kind for draft in taken)
    return Made(questions, len(drafts), left_out, dict(sorted(kinds.items())), notes)


def _likeness_note(taken: Sequence[Draft], library: Library) -> str:
    share = fmean(
        library.covered(library.content(draft.text), library.places[draft.chunk.id])
        for draft in taken
    )
    return (
        f"the rules' questions share {share:.0%} of the weight of their words with their passages, "
        "more than people's do: a set of them favours search by words. Compare settings of one way "
        "to search with it; to weigh words against meaning, take questions of people or of --model"
    )


def drafts_of(
    chunks: Sequence[Chunk], reader: Reader, progress: Progress | None = None
) -> Iterator[Draft]:
    """All questions that the rules find, in the order of the chunks."""
    for done, chunk in enumerate(chunks, start=1):
        yield from table_drafts(chunk, reader)
        yield from list_drafts(chunk, reader)
        for sentence in sentences_of(chunk, reader.facts(chunk)):
            if sentence.is_chinese:
                yield from chinese_drafts(sentence, reader)
            else:
                yield from english_drafts(sentence, reader)
        if progress:
            progress(done, len(chunks))
    yield from heading_drafts(chunks, reader)


def question_of(draft: Draft, making: Making) -> Question:
    """The question with its place; its id follows from document, passage and text."""
    chunk = draft.chunk
    marks = "\n".join((chunk.document_id, draft.passage, draft.text))
    return Question(
        id=f"made-{hashlib.sha256(marks.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}",
        text=draft.text,
        document=chunk.document_id,
        page=chunk.pages[0] if chunk.pages else None,
        heading=chunk.heading_path[-1] if chunk.heading_path else None,
        answer=draft.answer,
        tags=(f"made: {draft.kind}",),
        chunk=draft.passage,
        reference=draft.reference,
        points=draft.points,
        split=split_of(draft, making.seed, making.dev_share),
    )
