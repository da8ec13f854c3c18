"""Sections about time and size: latencies, quality against latency, growth, history, costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from eval.contract import LegReport, Report
from eval.experiments.history import Trend
from eval.experiments.pace import NOISE
from eval.reports.analysis import Analysis, frontier, latency_of
from eval.reports.blocks import Block, Cell, Figures, Heading, Paragraph, Role, Table
from eval.reports.curves import Axis, Points, curve_chart, curve_legend, scatter_chart
from eval.reports.numbers import NONE, interval, quality
from eval.reports.numbers import significant_digits as digits
from eval.reports.opening import is_known
from eval.reports.words import Words

_SHARES = (0, 2, 5, *range(10, 100, 5), 98, 99, 99.5, 100)
"""Percentiles that a curve of latencies goes through."""
_MARKED_SHARES = (50, 95, 99)
_COSTS = ("index_s", "index_mb", "memory_mb", "tokens", "cost")
_TRENDS = 8
"""Trends that have a table."""

_RUNS = 12
"""Runs that a table of a trend shows, the last ones."""


def is_timed(report: Report) -> bool:
    """Whether the latencies of a report are known."""
    return any(is_known(leg.p50_ms) for leg in report.legs.values())


def latencies(
    analysis: Analysis, report: Report, words: Words, level: int, anchor: str
) -> Iterator[Block]:
    """Latencies of one dataset: percentiles, and how they are distributed."""
    if not is_timed(report):
        return
    yield Heading(words("latency"), anchor, level)
    noise = words.sentence(report.settings.get(NOISE, ""))
    said = noise[:1].upper() + noise[1:] + words("list.stop") if noise else ""
    yield Paragraph(words.sentences([words("latency.note"), said]), Role.NOTE)
    rows = [(leg.leg, _latency_cells(leg)) for leg in report.legs.values()]
    names = ("mean", "p50", "p95", "p99", "max", "rate")
    yield Table([words("column.system"), *(words(f"latency.{name}") for name in names)], rows)
    figures = [_distribution(report, words), _trade_off(analysis, report, words)]
    shown = [figure for figure in figures if figure]
    if shown:
        yield Paragraph(words("latency.charts"), Role.NOTE)
        yield Figures(shown, curve_legend(list(report.legs)), wide=True)


def _latency_cells(leg: LegReport) -> list[Cell]:
    found = latency_of(leg)
    times = (found.mean_ms, found.p50_ms, found.p95_ms, found.p99_ms, found.max_ms)
    cells = [Cell(digits(value) if is_known(value) else NONE) for value in times]
    rate = 1000 / found.mean_ms if is_known(found.mean_ms) else 0.0
    return [*cells, Cell(digits(rate) if rate else NONE)]


def _distribution(report: Report, words: Words) -> str:
    """The share of searches that took no longer than so many milliseconds."""
    import numpy as np

    curves: dict[str, Points] = {}
    for leg in report.legs.values():
        sample = [value for value in leg.latencies_ms if value > 0]
        places = np.percentile(sample, _SHARES).tolist() if sample else []
        curves[leg.leg] = list(zip(places, map(float, _SHARES), strict=False))
    summary = "; ".join(
        f"{leg.leg}: p50 {digits(leg.p50_ms)}, p95 {digits(leg.p95_ms)}"
        for leg in report.legs.values()
    )
    return curve_chart(
        words("latency.distribution"),
        Axis(words("axis.ms")),
        Axis(words("axis.share"), logarithmic=False),
        curves,
        summary=summary,
        marked=[_SHARES.index(share) for share in _MARKED_SHARES],
    )


def _trade_off(analysis: Analysis, report: Report, words: Words) -> str:
    measure = analysis.measure(report)
    points = {
        leg.leg: (leg.p50_ms, leg.measures[measure])
        for leg in report.legs.values()
        if measure in leg.measures and is_known(leg.p50_ms)
    }
    return _scatter(points, measure, words("trade"), words)


def _scatter(
    points: Mapping[str, tuple[float, float]], measure: str, title: str, words: Words
) -> str:
    if len(points) < 2:
        return ""
    across = Axis(words("axis.p50"))
    return scatter_chart(title, across, Axis(measure, logarithmic=False), points, frontier(points))


def trade_off(analysis: Analysis, words: Words) -> Iterator[Block]:
    """Quality against latency over all datasets, and the latencies by dataset."""
    points = analysis.speeds()
    if len(points) < 2 or len(analysis.reports) < 2:
        return
    yield Heading(words("trade"), "trade")
    yield Paragraph(words("trade.note"), Role.NOTE)
    rows = []
    for system in analysis.systems:
        legs = [report.legs.get(system) for report in analysis.reports]
        cells = [
            Cell(f"{digits(leg.p50_ms)} / {digits(leg.p95_ms)}" if leg is not None else NONE)
            for leg in legs
        ]
        mean = points.get(system)
        rows.append((system, [*cells, Cell(digits(mean[0]) if mean is not None else NONE)]))
    names = [report.dataset for report in analysis.reports]
    yield Table([words("column.system"), *names, words("column.typical")], rows)
    measure = analysis.common_measure or analysis.measure(analysis.reports[0])
    yield Figures([_scatter(points, measure, words("trade"), words)], wide=True)


def growth(analysis: Analysis, words: Words) -> Iterator[Block]:
    """How quality and latency change with the size of a collection: where a study asks the same
    queries of collections of different sizes."""
    families = _families(analysis.reports)
    if not families:
        return
    yield Heading(words("growth"), "growth")
    yield Paragraph(words("growth.note"), Role.NOTE)
    for reports in families:
        systems = [name for name in analysis.systems if all(name in r.legs for r in reports)]
        measure = analysis.measure(reports[0])
        kinds = [
            (measure, measure, False),
            ("p50_ms", words("growth.p50"), True),
            *((name, words(f"cost.{name}"), True) for name in _COSTS),
        ]
        across = Axis(words("axis.documents"))
        figures = []
        for kind, name, logarithmic in kinds:
            curves = {
                system: [
                    (float(report.documents), value)
                    for report in reports
                    if (value := _figure_of(report.legs[system], kind)) is not None
                ]
                for system in systems
            }
            figures.append(curve_chart(name, across, Axis("", logarithmic), curves))
        rows = [
            (
                f"{report.documents:,}",
                [
                    Cell(f"{quality(leg.measures[measure])} / {digits(leg.p50_ms)}")
                    for leg in (report.legs[system] for system in systems)
                ],
            )
            for report in reports
        ]
        yield Paragraph(words("growth.table", measure=measure), Role.NOTE)
        yield Table([words("column.documents"), *systems], rows)
        yield Figures([figure for figure in figures if figure], curve_legend(systems), wide=True)


def _figure_of(leg: LegReport, kind: str) -> float | None:
    if kind == "p50_ms":
        return leg.p50_ms
    return leg.measures.get(kind, leg.costs.get(kind))


def _families(reports: Sequence[Report]) -> list[list[Report]]:
    """Reports on the same queries over collections of different sizes, smallest first."""
    found: dict[tuple[tuple[str, str], ...], list[Report]] = {}
    for report in reports:
        if report.texts:
            found.setdefault(tuple(sorted(report.texts.items())), []).append(report)
    families = [sorted(group, key=lambda r: r.documents) for group in found.values()]
    return [group for group in families if len({report.documents for report in group}) > 1]


def history(trends: Sequence[Trend], words: Words) -> Iterator[Block]:
    """What stored runs of the same systems had before, and what changed."""
    shown = [trend for trend in trends if len(trend.points) > 1]
    if not shown:
        return
    yield Heading(words("history"), "history")
    yield Paragraph(words("history.note"), Role.NOTE)
    groups: dict[tuple[str, str], list[Trend]] = {}
    for trend in shown:
        groups.setdefault((trend.dataset, trend.measure), []).append(trend)
    names = list(dict.fromkeys(trend.system for trend in shown))
    figures = [
        _trend_chart(f"{dataset}, {measure}", own, names, words)
        for (dataset, measure), own in groups.items()
    ]
    yield Figures(figures, curve_legend(names), wide=True)
    for number, trend in enumerate(shown[:_TRENDS], start=1):
        title = f"{trend.dataset}, {trend.system}, {trend.measure}"
        yield Heading(title, f"history-{number}", 3)
        yield from _trend_table(trend, words)
    if len(shown) > _TRENDS:
        yield Paragraph(words("cut.trends", shown=_TRENDS, n=len(shown)), Role.NOTE)


def _trend_chart(title: str, trends: Sequence[Trend], names: Sequence[str], words: Words) -> str:
    moments = sorted({point.begun for trend in trends for point in trend.points})
    place = {moment: float(number) for number, moment in enumerate(moments, start=1)}
    own = {trend.system: trend for trend in trends}
    curves: dict[str, Points] = {
        name: [(place[p.begun], p.value) for p in own[name].points] if name in own else []
        for name in names
    }
    ends = {place[moments[0]]: moments[0][:10], place[moments[-1]]: moments[-1][:10]}
    across = Axis(words("axis.runs"), False, list(ends.items()))
    summary = "; ".join(
        f"{trend.system}: " + ", ".join(f"{p.begun[:10]} {quality(p.value)}" for p in trend.points)
        for trend in trends
    )
    return curve_chart(title, across, Axis("", logarithmic=False), curves, summary=summary)


def _trend_table(trend: Trend, words: Words) -> Iterator[Block]:
    points = trend.points[-_RUNS:]
    rows = [
        (
            point.begun[:16].replace("T", " "),
            [
                Cell(quality(point.value)),
                Cell(interval(point.low, point.high)),
                Cell(f"{point.queries:,}"),
                Cell(
                    words("list.pause").join(map(words.sentence, point.changes)) or NONE,
                    words=True,
                ),
            ],
        )
        for point in reversed(points)
    ]
    head = [
        words("column.begun"),
        trend.measure,
        words("column.interval"),
        words("column.queries"),
        words("column.changes"),
    ]
    yield Table(head, rows)
    if len(trend.points) > _RUNS:
        yield Paragraph(words("cut.runs", shown=_RUNS, n=len(trend.points)), Role.NOTE)


def costs(analysis: Analysis, words: Words) -> Iterator[Block]:
    """What building and asking took, beside the time of a search."""
    rows: list[tuple[str, str, Mapping[str, float]]] = []
    for report in analysis.reports:
        own = {name: leg.costs for name, leg in report.legs.items() if leg.costs}
        alike = len(own) > 1 and all(costs == next(iter(own.values())) for costs in own.values())
        if alike:  # they share a collection, and nothing else was counted
            own = {words("costs.alike"): next(iter(own.values()))}
        rows += [(name, report.dataset, costs) for name, costs in own.items()]
    given = {name for _, _, costs in rows for name in costs}
    names = [*(name for name in _COSTS if name in given), *sorted(given - set(_COSTS))]
    if not names:
        return
    yield Heading(words("costs"), "costs")
    yield Paragraph(words("costs.note"), Role.NOTE)
    several = len(analysis.reports) > 1
    head = [
        words("column.system"),
        *([words("column.dataset")] if several else []),
        *(_cost_name(name, words) for name in names),
    ]
    table = [
        (
            system,
            [
                *([Cell(dataset, words=True)] if several else []),
                *(Cell(digits(costs[n]) if n in costs else NONE) for n in names),
            ],
        )
        for system, dataset, costs in rows
    ]
    yield Table(head, table)


def _cost_name(name: str, words: Words) -> str:
    threads = name.removeprefix("searches_per_s_")
    if threads.isdecimal():
        return words("cost.threads", n=int(threads))
    return words.named("cost", name)
