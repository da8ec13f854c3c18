"""A study as CSV, for spreadsheets and statistics: by measure, or by query."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from eval.contract import LegReport, Study
from eval.reports.analysis import Analysis, latency_of
from eval.reports.opening import is_known

_MEASURES = ("study", "dataset", "system", "kind", "measure", "value", "low", "high", "queries")
_LATENCIES = ("mean_ms", "p50_ms", "p95_ms", "p99_ms", "max_ms")


@dataclass(frozen=True)
class CsvWriter:
    """A row for each dataset, system and measure: `kind` is quality, latency or cost; `low` and
    `high` bound the 95% interval of a mean, and are empty where there is none; `queries` says how
    many a measure is of."""

    resamples: int = 2_000

    def __call__(self, study: Study) -> str:
        return _written(_MEASURES, self._rows(Analysis(study, self.resamples)))

    def _rows(self, analysis: Analysis) -> Iterator[Sequence[object]]:
        for report in analysis.reports:
            for leg in report.legs.values():
                start = [analysis.given.name, report.dataset, leg.leg]
                for measure, value in leg.measures.items():
                    ends = analysis.interval(leg, measure) or ("", "")
                    count = len(leg.per_query[measure])
                    yield [*start, "quality", measure, value, *ends, count]
                for name, figure in _times(leg):
                    yield [*start, "latency", name, figure, "", "", len(leg.latencies_ms) or ""]
                for name, figure in leg.costs.items():
                    yield [*start, "cost", name, figure, "", "", ""]


@dataclass(frozen=True)
class QueriesCsvWriter:
    """A row for each dataset, query and system, with a column for each measure; `lost` is the
    stage that lost the answer. A cell is empty where there is no value."""

    def __call__(self, study: Study) -> str:
        names = dict.fromkeys(
            name
            for report in study.reports
            for leg in report.legs.values()
            for name in leg.measures
        )
        head = ["study", "dataset", "query_id", "query", "system", *names, "lost"]
        return _written(head, self._rows(study, list(names)))

    def _rows(self, study: Study, names: Sequence[str]) -> Iterator[Sequence[object]]:
        for report in study.reports:
            ids = dict.fromkeys(
                query_id
                for leg in report.legs.values()
                for values in leg.per_query.values()
                for query_id in values
            )
            for query_id in ids:
                start = [study.name, report.dataset, query_id, report.texts.get(query_id, "")]
                for leg in report.legs.values():
                    trace = leg.traces.get(query_id)
                    lost = trace.lost.value if trace is not None and trace.lost is not None else ""
                    values = [leg.per_query.get(name, {}).get(query_id, "") for name in names]
                    yield [*start, leg.leg, *values, lost]


def _times(leg: LegReport) -> Iterator[tuple[str, float]]:
    found = latency_of(leg)
    for name in _LATENCIES:
        value = getattr(found, name)
        if is_known(value):
            yield name, value


def _written(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    lines = csv.writer(text, lineterminator="\n")
    lines.writerow(head)
    lines.writerows(rows)
    return text.getvalue()
