"""Readers measured on files of known content."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence

from eval.contract import (
    CountTokens,
    DocumentReader,
    Finding,
    ParsedFile,
    Progress,
    Tally,
    Truth,
)
from eval.parse_characters import (
    answers,
    characters,
    error_rate,
    furniture,
    sentences_cut,
    truth_bags,
)
from eval.parse_chunks import Reading
from eval.parse_locate import locate
from eval.parse_structure import heading_path, headings, order, pages, whole_over_pages
from eval.parse_tables import cells
from eval.parse_text import sentences
from ingest.contract import BraidError

SHORT_TOKENS = 48

MEASURES: Mapping[str, bool] = {
    "recall": True, "precision": True, "cer": False, "heading_path": True,
    "headings_recall": True, "headings_precision": True, "cells": True, "rows": True,
    "order": True, "furniture": False, "sentences_cut": False, "paragraphs_whole": True,
    "tables_whole": True, "pages": True, "answers": True, "short_chunks": False,
}  # fmt: skip
"""The measures of reading, in order, and whether more is better."""


def measure_files(
    truths: Sequence[Truth],
    read: DocumentReader,
    count: CountTokens,
    progress: Progress | None = None,
) -> list[ParsedFile]:
    """Reads every file and measures it. A file that cannot be read has every measure at its
    worst, and the reason."""
    done: list[ParsedFile] = []
    for number, truth in enumerate(truths, start=1):
        start = time.perf_counter()
        try:
            document, chunks = read(truth.path)
            failure = "" if chunks else "no chunk came of it"
        except BraidError as error:
            failure = str(error) or type(error).__name__
        seconds = time.perf_counter() - start
        if failure:
            done.append(_failed(truth, failure, seconds))
        else:
            tokens = count([chunk.embedding_text for chunk in chunks])
            done.append(measure_file(truth, Reading(document, chunks), tokens, seconds))
        if progress:
            progress(number, len(truths))
    return done


def measure_file(
    truth: Truth, reading: Reading, tokens: Sequence[int], seconds: float = 0.0
) -> ParsedFile:
    """The measures of one file that was read. `tokens` are the sizes of its chunks."""
    tallies = characters(truth, reading)
    findings: list[Finding] = []
    if truth.scan:
        tallies["cer"] = error_rate(truth, reading)
    places = locate(truth.blocks, reading.chunk_stream)
    single = {
        "heading_path": heading_path(truth, reading, places),
        "order": order(truth, places),
        "furniture": furniture(truth, reading),
        "sentences_cut": sentences_cut(truth, reading),
        "pages": pages(truth, reading),
        "answers": answers(truth, reading),
    }
    for name, (tally, found) in single.items():
        tallies[name] = tally
        findings += found
    for several, found in (
        headings(truth, reading), cells(truth, reading), whole_over_pages(truth, reading)
    ):  # fmt: skip
        tallies.update(several)
        findings += found
    tallies["short_chunks"] = Tally(sum(n < SHORT_TOKENS for n in tokens), len(tokens))
    return ParsedFile(
        name=truth.path.name,
        format=truth.format,
        language=truth.language,
        scan=truth.scan is not None,
        tallies={name: tallies.get(name, Tally()) for name in MEASURES},
        chunk_tokens=list(tokens),
        findings=findings,
        seconds=seconds,
    )


def _failed(truth: Truth, reason: str, seconds: float) -> ParsedFile:
    """What a file that could not be read has missed."""
    rows = [row for block in truth.blocks for row in block.rows[block.header_rows :]]
    body = [b for b in truth.blocks if b.kind in ("paragraph", "list_item", "table", "code")]
    prose = [b for b in body if b.kind in ("paragraph", "list_item")]
    chars = truth_bags(truth)[0].total()
    crossing = [block for block in body if block.crosses]
    heads = sum(block.kind == "heading" for block in truth.blocks)
    wholes: dict[str, int] = {
        "recall": chars,
        "precision": chars,
        "cer": chars if truth.scan else 0,
        "heading_path": len(body),
        "headings_recall": heads,
        "headings_precision": heads,
        "cells": sum(bool(cell.strip()) for row in rows for cell in row),
        "rows": len(rows),
        "order": max(len(body) - 1, 0),
        "furniture": len(truth.furniture),
        "sentences_cut": sum(len(sentences(block.text)) for block in prose),
        "paragraphs_whole": sum(block.kind != "table" for block in crossing),
        "tables_whole": sum(block.kind == "table" for block in crossing),
        "pages": sum(block.page is not None for block in body),
        "answers": len(truth.answers),
    }
    return ParsedFile(
        name=truth.path.name,
        format=truth.format,
        language=truth.language,
        scan=truth.scan is not None,
        tallies={
            name: Tally(0 if more else wholes.get(name, 0), wholes.get(name, 0))
            for name, more in MEASURES.items()
        },
        failure=reason,
        seconds=seconds,
    )


def total(files: Iterable[ParsedFile]) -> dict[str, Tally]:
    """The tallies of several files added up."""
    sums = dict.fromkeys(MEASURES, Tally())
    for file in files:
        for name, tally in file.tallies.items():
            sums[name] += tally
    return sums


def grouped(
    files: Sequence[ParsedFile], key: Callable[[ParsedFile], str]
) -> dict[str, list[ParsedFile]]:
    """Files by what `key` says of them, in order of the names."""
    groups: dict[str, list[ParsedFile]] = {}
    for file in files:
        groups.setdefault(key(file), []).append(file)
    return dict(sorted(groups.items()))


def format_key(file: ParsedFile) -> str:
    """The format a file counts under: pictures of text apart from text."""
    return f"{file.format} (scan)" if file.scan else file.format


def token_spread(files: Iterable[ParsedFile]) -> tuple[int, int, int]:
    """Tokens of a chunk: 5th, 50th and 95th percentile; zeros where there is none."""
    sizes = sorted(size for file in files for size in file.chunk_tokens)
    if not sizes:
        return 0, 0, 0
    last = len(sizes) - 1
    low, middle, high = (sizes[round(last * share)] for share in (0.05, 0.5, 0.95))
    return low, middle, high
