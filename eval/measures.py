"""Measures of ranking, by ir_measures (trec_eval underneath): no arithmetic of our own."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from eval.runs import strict_scores
from ingest.contract import BadInput

_EXAMPLES = "nDCG@10, RR@10, R@100, P@5, AP, Success@1, Judged@10"


def check_measures(names: Sequence[str], depth: int) -> None:
    """Raises BadInput for a name that ir_measures does not know or cannot compute, for a name
    given twice, and for a cutoff deeper than the results that will be asked for.
    """
    parsed = [_parse(name) for name in names]
    if not parsed:
        raise BadInput(f"no measure was asked for: name some, such as {_EXAMPLES}")
    for index, name in enumerate(names):
        if parsed[index] in parsed[:index]:
            raise BadInput(f"measure {name!r} is asked for twice: name it once")
        cutoff = parsed[index].params.get("cutoff", 1)
        if cutoff > depth:
            raise BadInput(f"measure {name!r} looks at {cutoff} results, but {depth} are searched")


def measure_queries(
    qrels: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Sequence[tuple[str, float]]],
    names: Sequence[str],
) -> dict[str, dict[str, float]]:
    """`values[measure][query id]` for every judged query, in the order of `qrels`.

    Rankings are measured in the order given, not by their scores alone. A judged query with no
    result counts as zero, although ir_measures leaves it out; results of queries that are not
    judged are passed over.
    """
    import ir_measures

    names_of = {_parse(name): name for name in names}
    values = {name: dict.fromkeys(qrels, 0.0) for name in names}
    judged, run, query_ids = _renamed(qrels, rankings)
    if not run or not names:
        return values
    for metric in ir_measures.iter_calc(list(names_of), judged, run):
        values[names_of[metric.measure]][query_ids[metric.query_id]] = float(metric.value)
    return values


def aggregate(name: str, values: Mapping[str, float]) -> float:
    """One figure of the values per query: their mean, or their sum where the measure counts
    (NumRet and its like).
    """
    if not values:
        return 0.0
    aggregator = _parse(name).aggregator()
    for value in values.values():
        aggregator.add(value)
    return float(aggregator.result())


def mean(values: Mapping[str, float]) -> float:
    """The mean over queries of a measure that is not one of rankings; 0 of none."""
    return math.fsum(values.values()) / len(values) if values else 0.0


def _renamed(
    qrels: Mapping[str, Mapping[str, int]],
    rankings: Mapping[str, Sequence[tuple[str, float]]],
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]], dict[str, str]]:
    """Judgements and results of the queries that have both, with numbers for ids, and the query
    id of each number.

    Some tools behind ir_measures pass files, in which an id with a space, or a query id that is
    no number, breaks a line. Grades below 0 become 0, which is as little relevant: at -2 and below
    trec_eval's nDCG writes outside its memory, and hangs or ends the process.
    """
    judged: dict[str, dict[str, int]] = {}
    run: dict[str, dict[str, float]] = {}
    query_ids: dict[str, str] = {}
    for index, (query_id, grades) in enumerate(qrels.items(), 1):
        ranking = rankings.get(query_id, ())
        if not ranking:
            continue
        name = str(index)
        numbers: dict[str, str] = {}
        for document_id in (*grades, *(document_id for document_id, _ in ranking)):
            numbers.setdefault(document_id, f"d{len(numbers)}")
        scores = strict_scores([score for _, score in ranking])
        run[name] = {
            numbers[document_id]: score
            for (document_id, _), score in zip(ranking, scores, strict=True)
        }
        judged[name] = {
            numbers[document_id]: max(grade, 0) for document_id, grade in grades.items()
        }
        query_ids[name] = query_id
    return judged, run, query_ids


def _parse(name: str) -> Any:
    """The measure of a name. ir_measures checks parameters by assertion, and trec_eval ends the
    process on a cutoff of zero, so that is looked at here.
    """
    import ir_measures

    try:
        measure = ir_measures.parse_measure(name)
        measure.validate_params()  # type: ignore[no-untyped-call]
    except AssertionError as error:
        raise BadInput(
            f"measure {name!r} lacks a parameter or has a wrong one: use names like {_EXAMPLES}"
        ) from error
    except (NameError, ValueError, TypeError, AttributeError) as error:
        raise BadInput(f"unknown measure {name!r} ({error}): use names like {_EXAMPLES}") from error
    cutoff = measure.params.get("cutoff", 1)
    if not isinstance(cutoff, int) or cutoff < 1:
        raise BadInput(f"measure {name!r} has no usable cutoff: use names like {_EXAMPLES}")
    providers = ir_measures.DefaultPipeline.providers
    if not any(provider.is_available() and provider.supports(measure) for provider in providers):
        raise BadInput(f"measure {name!r} cannot be computed here: use names like {_EXAMPLES}")
    return measure
