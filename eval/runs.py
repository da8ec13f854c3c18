"""TREC run and qrels files.

A run line is `query Q0 document rank score tag`, a qrels line `query 0 document grade`. Columns
are separated by white space, so white space and "%" inside an id are written as in a URL
("%20"), and read back.

trec_eval ignores ranks: it reads scores as 32-bit floats and sorts by score, then backwards by
document id as it stands in the file. Scores written here fall strictly as 32-bit floats, so that
every tool sees the order that the search gave.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from eval.contract import BadDataset, LegRun
from eval.lines import numbered_lines

_UNSAFE = re.compile(r"[\s%\x00-\x1f\x7f\ufeff]")
_SMALLEST_STEP = 1e-30
_LARGEST = 3e38


def strict_scores(scores: Sequence[float]) -> list[float]:
    """The scores, lowered by as little as makes them fall strictly as 32-bit floats.

    The order given stands, whatever the scores say. Steps are never so small that a processor
    set to flush tiny numbers to zero could merge them. Raises ValueError for a score that is
    not finite.
    """
    import numpy as np

    exact = np.clip(np.asarray(scores, dtype=np.float64), -_LARGEST, _LARGEST)
    plain = exact.astype(np.float32)
    falls = bool(np.all(plain[1:] < plain[:-1]) and np.all(np.abs(plain) >= _SMALLEST_STEP))
    if falls and bool(np.isfinite(np.asarray(scores)).all()):
        return [float(value) for value in plain]
    lowest = np.float32(-math.inf)
    previous = np.float32(math.inf)
    strict: list[float] = []
    for score in scores:
        if not math.isfinite(score):
            raise ValueError(f"a score is {score}: scores must be finite")
        value = np.float32(min(max(score, -_LARGEST), _LARGEST))
        if abs(value) < _SMALLEST_STEP:
            value = np.float32(0.0)
        if value >= previous:
            below = np.float32(previous - np.float32(_SMALLEST_STEP))
            value = min(np.nextafter(previous, lowest), below)
        previous = value
        strict.append(float(value))
    return strict


def write_run(run: LegRun, path: Path) -> None:
    """Writes a run, queries in the order of the run; the leg's name is the tag."""
    lines: list[str] = []
    tag = _escaped(run.leg)
    for query_id, ranking in run.rankings.items():
        query = _escaped(query_id)
        scores = strict_scores([score for _, score in ranking])
        for rank, ((document_id, _), score) in enumerate(zip(ranking, scores, strict=True), 1):
            lines.append(f"{query} Q0 {_escaped(document_id)} {rank} {score:.9g} {tag}\n")
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_run(path: Path) -> LegRun:
    """The run of a file, ordered as trec_eval does; the tag of its first line names the leg.

    A run file holds no latencies and no queries that found nothing. Raises BadDataset.
    """
    rankings: dict[str, dict[str, float]] = {}
    written: dict[str, str] = {}
    leg: str | None = None
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        columns = line.split()
        if len(columns) != 6:
            raise BadDataset(
                f"{where}: {len(columns)} column(s): write query, Q0, document, rank, score, tag"
            )
        query_id, document_id = unquote(columns[0]), unquote(columns[2])
        ranking = rankings.setdefault(query_id, {})
        if document_id in ranking:
            raise BadDataset(f"{where}: document {document_id!r} comes twice: keep one")
        ranking[document_id] = _score(columns[4], where)
        written[document_id] = columns[2]
        leg = leg if leg is not None else unquote(columns[5])
    if leg is None:
        raise BadDataset(f"{path} holds no result: write one per line")
    ordered = {name: tuple(_trec_order(ranking, written)) for name, ranking in rankings.items()}
    return LegRun(leg, ordered, ())


def write_qrels(qrels: Mapping[str, Mapping[str, int]], path: Path) -> None:
    """Writes judgements, in the order given."""
    lines = [
        f"{_escaped(query_id)} 0 {_escaped(document_id)} {grade}\n"
        for query_id, grades in qrels.items()
        for document_id, grade in grades.items()
    ]
    path.write_text("".join(lines), encoding="utf-8", newline="\n")


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Grades by query id and document id, in file order. Raises BadDataset."""
    qrels: dict[str, dict[str, int]] = {}
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        columns = line.split()
        if len(columns) != 4:
            raise BadDataset(f"{where}: {len(columns)} column(s): write query, 0, document, grade")
        try:
            grade = int(columns[3])
        except ValueError as error:
            raise BadDataset(f"{where}: the grade {columns[3]!r} is no whole number") from error
        query_id, document_id = unquote(columns[0]), unquote(columns[2])
        if document_id in qrels.setdefault(query_id, {}):
            raise BadDataset(f"{where}: document {document_id!r} is judged twice: keep one")
        qrels[query_id][document_id] = grade
    if not qrels:
        raise BadDataset(f"{path} holds no judgement: write query, 0, document, grade per line")
    return qrels


def _escaped(identifier: str) -> str:
    if not identifier:
        raise BadDataset("an empty id cannot be written to a TREC file: give every id a name")

    def percent(match: re.Match[str]) -> str:
        return "".join(f"%{byte:02X}" for byte in match.group().encode("utf-8"))

    return _UNSAFE.sub(percent, identifier)


def _score(text: str, where: str) -> float:
    try:
        score = float(text)
    except ValueError as error:
        raise BadDataset(f"{where}: the score {text!r} is no number") from error
    if not math.isfinite(score):
        raise BadDataset(f"{where}: the score {text!r} is not finite")
    return score


def _trec_order(
    ranking: Mapping[str, float], written: Mapping[str, str]
) -> list[tuple[str, float]]:
    """Falling by score as a 32-bit float, then by the bytes of the id as `written`, backwards."""
    import numpy as np

    def place(item: tuple[str, float]) -> tuple[float, bytes]:
        document_id, score = item
        return float(np.float32(score)), written[document_id].encode("utf-8")

    return sorted(ranking.items(), key=place, reverse=True)
