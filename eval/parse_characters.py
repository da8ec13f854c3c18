"""Characters: how many came, how many are right, what should not have come."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from eval.contract import Finding, Tally, Truth, TruthBlock
from eval.parse_chunks import Reading
from eval.parse_locate import holds
from eval.parse_text import letters, sentences, visible

_WHOLE = 0.97
_WHOLE_ON_SCANS = 0.88
_BARE_NUMBER = 4
"""Furniture of fewer letters, or of digits alone, leaks only where it is a line of its own."""

Measured = tuple[Tally, list[Finding]]


def likeness_of(truth: Truth) -> float:
    """How alike a passage has to be to count as whole: OCR may misread some letters."""
    return _WHOLE_ON_SCANS if truth.scan else _WHOLE


def characters(truth: Truth, reading: Reading) -> dict[str, Tally]:
    """Recall and precision over the bag of characters, white space and Markdown's signs apart.
    What a merged cell repeats, list marks and optional text neither gain nor lose."""
    least, most = truth_bags(truth)
    found = Counter(visible("\n".join(reading.shown(truth.title))))
    return {
        "recall": Tally((least & found).total(), least.total()),
        "precision": Tally((found & most).total(), max(found.total(), 1)),
    }


def truth_bags(truth: Truth) -> tuple[Counter[str], Counter[str]]:
    """The characters that have to come, and those that may."""
    least: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for block in truth.blocks:
        must = Counter(visible(block.text))
        least += must
        repeated = Counter(visible("\n".join(" ".join(row) for row in block.rows)))
        most += must | repeated
        most += Counter(visible(block.mark))
    for text in truth.optional:
        most += Counter(visible(text))
    return least, most


def error_rate(truth: Truth, reading: Reading) -> Tally:
    """CER: edits that turn the most similar stretch of what was read into each line of the truth,
    over the truth's characters. What stands around a line costs nothing here: it is counted by
    precision."""
    whole = visible("\n".join(reading.shown(truth.title)))
    edits = total = 0
    for line in _lines(truth.blocks):
        edits += min(infix_distance(line, whole), len(line))
        total += len(line)
    return Tally(edits, total)


def _lines(blocks: Sequence[TruthBlock]) -> Iterator[str]:
    for block in blocks:
        for line in block.text.split("\n"):
            if text := visible(line):
                yield text


def infix_distance(text: str, whole: str) -> int:
    """Levenshtein's distance of `text` to the stretch of `whole` that is nearest to it (Sellers,
    "The theory and computation of evolutionary distances", 1980). Time len(text) * len(whole)."""
    if text in whole:
        return 0
    import numpy as np

    codes = np.fromiter(map(ord, whole), dtype=np.int64, count=len(whole))
    steps = np.arange(len(whole) + 1)
    row = np.zeros(len(whole) + 1, dtype=np.int64)
    for number, char in enumerate(text, start=1):
        best = np.empty_like(row)
        best[0] = number
        best[1:] = np.minimum(row[:-1] + (codes != ord(char)), row[1:] + 1)
        row = np.minimum.accumulate(best - steps) + steps
    return int(row.min())


def furniture(truth: Truth, reading: Reading) -> Measured:
    """How many of the furniture's texts stand in a chunk or, tables of contents apart, in a
    heading path."""
    stream = [letters(chunk.text) for chunk in reading.chunks]
    lines = {letters(line) for chunk in reading.chunks for line in chunk.text.split("\n")}
    paths = {letters(text) for chunk in reading.chunks for text in chunk.heading_path}
    leaked: list[Finding] = []
    for kind, text in truth.furniture:
        wanted = letters(text)
        if kind != "toc" and wanted in paths:
            leaked.append(Finding("furniture", text))
        elif len(wanted) < _BARE_NUMBER or wanted.isdigit():
            if wanted in lines:
                leaked.append(Finding("furniture", text))
        elif any(wanted in part for part in stream):
            leaked.append(Finding("furniture", text))
    return Tally(len(leaked), len(truth.furniture)), leaked


def sentences_cut(truth: Truth, reading: Reading) -> Measured:
    """How many sentences lie in two chunks together but in neither alone."""
    least = likeness_of(truth)
    parts = reading.chunk_stream.parts
    pairs = [one + two for one, two in pairwise(parts)]
    cut: list[Finding] = []
    found = 0
    for block in truth.blocks:
        if block.kind not in ("paragraph", "list_item", "footnote"):
            continue
        for sentence in sentences(block.text):
            wanted = letters(sentence)
            if any(wanted in part for part in parts) or _in_any(parts, wanted, least):
                found += 1
            elif _in_any(pairs, wanted, least):
                found += 1
                cut.append(Finding("sentences_cut", sentence))
    return Tally(len(cut), found), cut


def _in_any(parts: Sequence[str], wanted: str, least: float) -> bool:
    return any(holds(part, wanted, least) for part in parts)


def answers(truth: Truth, reading: Reading) -> Measured:
    """How many answers lie within one chunk."""
    least = likeness_of(truth)
    parts = reading.chunk_stream.parts
    missed = [
        Finding("answers", answer)
        for answer in truth.answers
        if not _in_any(parts, letters(answer), least)
    ]
    return Tally(len(truth.answers) - len(missed), len(truth.answers)), missed
