"""Questions that a collection asks about itself, without anyone's judgement.

The inverse cloze task (Lee, Chang, Toutanova 2019, "Latent retrieval for weakly supervised open
domain question answering", ACL): a sentence is taken out of its passage, and the passage, which no
longer holds it, is to be found by it. A sentence that is left in its passage shows nothing: its
words are found by words alone, whatever the collection. Taken out, it shares with its passage what
a question does: the subject, some of its words, and what it means.

The trial is held over a sample of the collection, small enough to be indexed on the side, by the
collection's own analyzer, embedder and sparse index.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from index.contract import Keys, SparseChanges, SparseReader, Vectors
from index.pipeline import Snapshot, sparse_entries
from ingest.contract import BlockKind, Chunk
from ingest.pipeline import split_sentences
from retrieve.tuning.trial import Trial

_SAMPLE = 1_500
"""Chunks that are searched."""
_QUESTIONS = 300
_SHORTEST, _LONGEST = 10, 200
"""Characters of a sentence that asks."""
_LEAST_LEFT = 2
"""Sentences that a passage keeps."""


@dataclass(frozen=True)
class Cloze:
    """A sentence, and the key of the chunk that it was taken out of."""

    text: str
    key: int


def cloze_trials(snapshot: Snapshot, seed: int = 0) -> list[Trial]:
    """Trials out of a sample of the collection; none where no passage can spare a sentence."""
    dice = random.Random(seed)
    keys = snapshot.dense.keys().tolist()
    sample = sorted(dice.sample(keys, min(_SAMPLE, len(keys))))
    chunks = {key: stored.chunk for key, stored in snapshot.chunks(sample).items()}
    questions, chunks = _taken_out(chunks, dice)
    if not questions:
        return []
    held = np.array(sorted(chunks), dtype=np.int64)
    vectors = _vectors(snapshot, held, chunks, [question.key for question in questions])
    with _indexed(snapshot, chunks) as reader:
        return [_trial(snapshot, question, held, vectors, reader) for question in questions]


def _taken_out(
    chunks: Mapping[int, Chunk], dice: random.Random
) -> tuple[list[Cloze], dict[int, Chunk]]:
    """Sentences, and the chunks without them."""
    left = dict(chunks)
    questions: list[Cloze] = []
    order = sorted(chunks)
    dice.shuffle(order)
    for key in order:
        if len(questions) == _QUESTIONS:
            break
        text = chunks[key].text
        if chunks[key].kind is not BlockKind.PARAGRAPH:
            continue
        spans = split_sentences(text)
        usable = [span for span in spans if _SHORTEST <= span[1] - span[0] <= _LONGEST]
        if len(spans) <= _LEAST_LEFT or not usable:
            continue
        start, end = dice.choice(usable)
        sentence = " ".join(text[start:end].split())
        rest = f"{text[:start].rstrip()} {text[end:].lstrip()}".strip()
        if sentence and sentence not in rest:
            questions.append(Cloze(sentence, key))
            left[key] = replace(chunks[key], text=rest)
    return questions, left


def _vectors(
    snapshot: Snapshot, held: Keys, chunks: Mapping[int, Chunk], changed: Sequence[int]
) -> Vectors:
    """The vector of each held key, row by row: those of changed chunks computed anew."""
    stored_keys, stored = snapshot.vectors(held)
    rows = np.zeros((len(held), stored.shape[1]), dtype=np.float32)
    rows[np.searchsorted(held, stored_keys)] = stored
    texts = [chunks[key].embedding_text for key in changed]
    places = np.searchsorted(held, np.array(changed, dtype=np.int64))
    rows[places] = snapshot.parts.embedder.embed_passages(texts)
    return rows


@contextmanager
def _indexed(snapshot: Snapshot, chunks: Mapping[int, Chunk]) -> Iterator[SparseReader]:
    parts = snapshot.parts
    with tempfile.TemporaryDirectory(prefix="braid-tuning-") as folder:
        index = parts.sparse(Path(folder))
        index.apply(SparseChanges(1, sparse_entries(parts.analyzer, chunks)))
        yield index.reader()
        index.close()


def _trial(
    snapshot: Snapshot, question: Cloze, held: Keys, vectors: Vectors, reader: SparseReader
) -> Trial:
    parts = snapshot.parts
    terms = parts.analyzer.query_terms(question.text, snapshot.languages)
    words = reader.search(terms, len(held)).scores_of(held)
    cosines = vectors @ parts.embedder.embed_query(question.text).vector
    gains = (held == question.key).astype(np.float64)
    return Trial(words, cosines.astype(np.float32), gains, len(terms))
