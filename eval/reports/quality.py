"""Sections about quality: measures by dataset, differences from the baseline, slices, answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from eval.contract import LegReport, Report
from eval.experiments.verdicts import LEAST_QUERIES, Overall, Verdict
from eval.reports.analysis import ANSWER_MEASURES, Analysis
from eval.reports.blocks import Block, Cell, Figures, Heading, Paragraph, Role, Table
from eval.reports.charts import Bar, Span, bar_chart, span_chart
from eval.reports.numbers import (
    NONE,
    change,
    change_interval,
    interval,
    p_value,
    quality,
    sign_of,
)
from eval.reports.words import Words
from eval.significance import SIGNIFICANT

_BARS = 12
"""Charts of measures of one dataset, at the most."""
_SLICES = 40


def across_datasets(analysis: Analysis, words: Words) -> Iterator[Block]:
    """The common measure of every system on every dataset."""
    yield Heading(words("quality"), "quality")
    signs = {
        (verdict.dataset, verdict.difference.right): _sign(verdict) for verdict in analysis.verdicts
    }
    reports = analysis.reports
    columns = [
        {
            name: leg.measures[measure]
            for name, leg in report.legs.items()
            if (measure := analysis.measure(report)) in leg.measures
        }
        for report in reports
    ]
    shared = analysis.common_measure
    head = [
        words("column.system"),
        *(r.dataset if shared else f"{r.dataset}, {analysis.measure(r)}" for r in reports),
    ]
    if analysis.means:
        columns = [*columns, dict(analysis.means)]
        head.append(words("column.mean"))
    names = [r.dataset for r in reports] + [""]
    rows = [
        (
            system,
            [
                _marked(column, system, quality, signs.get((name, system), ""))
                for column, name in zip(columns, names, strict=False)
            ],
        )
        for system in analysis.systems
    ]
    yield Paragraph(
        words.sentences(
            [
                words("quality.matrix", measure=shared) if shared else words("quality.apart"),
                words("quality.best"),
                words("quality.signs", baseline=analysis.study.baseline),
            ]
        ),
        Role.NOTE,
    )
    yield Table(head, rows)
    figures = [
        _bars(analysis, report, analysis.measure(report), report.dataset) for report in reports
    ]
    yield Paragraph(words("quality.bars"), Role.NOTE)
    yield Figures(figures)


def rankings(analysis: Analysis, report: Report, words: Words, bars: bool) -> Iterator[Block]:
    """All measures of rankings of all systems on one dataset."""
    names = [name for name in _names(report) if name not in ANSWER_MEASURES] or _names(report)
    yield from _measures(analysis, report, words, names, analysis.measure(report))
    if bars:
        yield from _measure_bars(analysis, report, words, names)


def answers(
    analysis: Analysis, report: Report, words: Words, level: int, anchor: str
) -> Iterator[Block]:
    """The measures of answers on one dataset, and how systems compare with the baseline on the
    first of them."""
    names = [name for name in _names(report) if name in ANSWER_MEASURES]
    main = analysis.answer_measure(report) or next(iter(names), "")
    if not names or len(names) == len(_names(report)):
        return
    yield Heading(words("answers"), anchor, level)
    yield from _measures(analysis, report, words, names, main)
    yield from _measure_bars(analysis, report, words, names)
    if analysis.answer_measure(report):
        tests = analysis.answer_verdicts(report)
        if tests:
            baseline = tests[0].difference.left
            yield Paragraph(words("answers.tests", measure=main, baseline=baseline))
        yield from _tests(analysis, words, tests, main)


def _names(report: Report) -> list[str]:
    return list(dict.fromkeys(name for leg in report.legs.values() for name in leg.measures))


def _measures(
    analysis: Analysis, report: Report, words: Words, names: Sequence[str], main: str
) -> Iterator[Block]:
    """A table of measures, with the interval of the main one beside it."""
    columns = {
        name: {leg.leg: leg.measures[name] for leg in report.legs.values() if name in leg.measures}
        for name in names
    }
    place = names.index(main) + 1
    rows = []
    for leg in report.legs.values():
        cells = [_marked(columns[name], leg.leg, quality) for name in names]
        found = analysis.interval(leg, main) if main in leg.measures else None
        rows.append((leg.leg, [*cells[:place], Cell(_interval_text(found)), *cells[place:]]))
    head = [words("column.system"), *names[:place], words("column.interval"), *names[place:]]
    parts = [words("quality.means"), words("quality.interval", measure=main)]
    if len(report.legs) > 1:
        parts.append(words("quality.best"))
    yield Paragraph(words.sentences(parts), Role.NOTE)
    yield Table(head, rows)


def _measure_bars(
    analysis: Analysis, report: Report, words: Words, names: Sequence[str]
) -> Iterator[Block]:
    """A chart for each measure."""
    yield Paragraph(words("quality.bars"), Role.NOTE)
    yield Figures([_bars(analysis, report, name, name) for name in names[:_BARS]])
    if len(names) > _BARS:
        yield Paragraph(words("cut.charts", shown=_BARS, n=len(names)), Role.NOTE)


def overall_differences(analysis: Analysis, words: Words) -> Iterator[Block]:
    """Every system against the baseline over all datasets."""
    rows = analysis.overall
    if not rows:
        return
    yield from _against(analysis, words, analysis.common_measure)
    yield Paragraph(words("against.overall"), Role.NOTE)
    head = [
        words("column.system"),
        words("column.mean"),
        words("column.difference"),
        words("column.interval"),
        words("column.p"),
        words("column.adjusted"),
        words("column.datasets"),
        words("column.surely"),
    ]
    yield Table(head, [(row.system, _overall_cells(row)) for row in rows])
    spans = [
        Span(row.system, row.difference, row.low, row.high, row.adjusted_p < SIGNIFICANT)
        for row in rows
    ]
    yield Paragraph(words("against.chart"), Role.NOTE)
    yield Figures([_spans(analysis, words, words("against.mean"), spans)])


def differences_on(
    analysis: Analysis, report: Report, words: Words, heading: Heading | None = None
) -> Iterator[Block]:
    """Every system against the baseline on one dataset."""
    tests = [test for test in analysis.verdicts if test.dataset == report.dataset]
    if not tests:
        return
    if heading is None:
        yield from _against(analysis, words, analysis.measure(report))
    else:
        yield heading
    yield from _tests(analysis, words, tests, analysis.measure(report))


def _tests(
    analysis: Analysis, words: Words, tests: Sequence[Verdict], measure: str
) -> Iterator[Block]:
    """A table and a chart of comparisons with the baseline."""
    if not tests:
        return
    yield Paragraph(
        words.sentences([words("against.tests"), words("against.holm", n=len(tests))]), Role.NOTE
    )
    head = [
        words("column.system"),
        words("column.difference"),
        words("column.interval"),
        words("column.p"),
        words("column.adjusted"),
        words("column.wins"),
    ]
    yield Table(head, [(test.difference.right, _verdict_cells(test)) for test in tests])
    spans = [
        Span(
            test.difference.right,
            test.difference.difference,
            test.difference.low,
            test.difference.high,
            test.adjusted_p < SIGNIFICANT,
        )
        for test in tests
    ]
    yield Paragraph(words("against.chart"), Role.NOTE)
    yield Figures([_spans(analysis, words, measure, spans)])


def slices_of(
    analysis: Analysis, report: Report, words: Words, level: int, anchor: str
) -> Iterator[Block]:
    """The measure of every system on every slice of a dataset."""
    if not report.slices:
        return
    measure = analysis.measure(report)
    signs = {
        (test.slice, test.difference.right): _sign(test)
        for test in analysis.slice_verdicts[report.dataset]
    }
    yield Heading(words("slices"), anchor, level)
    yield Paragraph(
        words.sentences(
            [
                words("slices.note", measure=measure, n=LEAST_QUERIES),
                words("quality.best"),
                words("slices.signs", baseline=analysis.study.baseline),
            ]
        ),
        Role.NOTE,
    )
    rows = []
    for name, ids in list(report.slices.items())[:_SLICES]:
        values = {
            leg.leg: mean
            for leg in report.legs.values()
            if (mean := _mean(leg, measure, ids)) is not None
        }
        cells = [
            _marked(values, system, quality, signs.get((name, system), ""))
            for system in report.legs
        ]
        if len(ids) < LEAST_QUERIES:
            cells = [Cell(cell.text) for cell in cells]
        rows.append((slice_name(name, words), [Cell(f"{len(ids):,}"), *cells]))
    yield Table([words("column.slice"), words("column.queries"), *report.legs], rows)
    if len(report.slices) > _SLICES:
        yield Paragraph(words("cut.slices", shown=_SLICES, n=len(report.slices)), Role.NOTE)


def slice_name(name: str, words: Words) -> str:
    """The name of a slice ("language: chinese") in words."""
    kind, colon, value = name.partition(": ")
    if not colon:
        return name
    return words(
        "slice", kind=words.named("slice", kind), value=words.named(f"slice.{kind}", value)
    )


def _mean(leg: LegReport, measure: str, ids: Sequence[str]) -> float | None:
    values = leg.per_query.get(measure, {})
    kept = [values[query_id] for query_id in ids if query_id in values]
    return sum(kept) / len(kept) if kept else None


def _against(analysis: Analysis, words: Words, measure: str) -> Iterator[Block]:
    baseline = analysis.study.baseline
    yield Heading(words("against", baseline=baseline, measure=measure), "against")
    if not analysis.has_baseline:
        yield Paragraph(words("against.best", baseline=baseline), Role.NOTE)


def _verdict_cells(test: Verdict) -> list[Cell]:
    found = test.difference
    return [
        Cell(f"{change(found.difference)} {_sign(test)}".strip()),
        Cell(change_interval(found.low, found.high)),
        Cell(p_value(found.p_value)),
        Cell(p_value(test.adjusted_p)),
        Cell(f"{found.wins:,} / {found.ties:,} / {found.losses:,}"),
    ]


def _overall_cells(row: Overall) -> list[Cell]:
    sign = sign_of(row.difference, row.adjusted_p, SIGNIFICANT)
    return [
        Cell(quality(row.system_mean)),
        Cell(f"{change(row.difference)} {sign}".strip()),
        Cell(change_interval(row.low, row.high)),
        Cell(p_value(row.p_value)),
        Cell(p_value(row.adjusted_p)),
        Cell(f"{row.better} / {row.equal} / {row.worse}"),
        Cell(f"{row.surely_better} / {row.surely_worse}"),
    ]


def _sign(test: Verdict) -> str:
    return sign_of(test.difference.difference, test.adjusted_p, SIGNIFICANT)


def _marked(
    column: Mapping[str, float], system: str, shown: Callable[[float], str], sign: str = ""
) -> Cell:
    """The cell of a system, marked where none of the column is printed as greater."""
    value = column.get(system)
    if value is None:
        return Cell(NONE)
    text = shown(value)
    best = len(column) > 1 and text == shown(max(column.values()))
    return Cell(f"{text} {sign}".strip(), best)


def _interval_text(found: tuple[float, float] | None) -> str:
    return interval(*found) if found is not None else NONE


def _bars(analysis: Analysis, report: Report, measure: str, title: str) -> str:
    legs = [leg for leg in report.legs.values() if measure in leg.measures]
    top = quality(max(leg.measures[measure] for leg in legs))
    return bar_chart(
        title,
        [
            Bar(
                label=leg.leg,
                value=leg.measures[measure],
                interval=analysis.interval(leg, measure),
                best=quality(leg.measures[measure]) == top,
            )
            for leg in legs
        ],
    )


def _spans(analysis: Analysis, words: Words, title: str, spans: Sequence[Span]) -> str:
    return span_chart(title, spans, words("against.zero", baseline=analysis.study.baseline))
