"""A report as one HTML file that needs nothing else: no script, no font, no request."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from eval.charts import Bar, bar_chart
from eval.contract import LegReport, Miss, Report, Study
from eval.differences import difference
from eval.page import html_page, html_row, html_table, settings_section
from eval.significance import bootstrap_interval
from eval.summary import headline, main_measure, p_text, ranked_legs, shown_leg


@dataclass(frozen=True)
class HtmlWriter:
    """Writes a report for people. `worst` queries of the leg that matters are shown; the setting
    "command", where there is one, is shown as what to type to have the report again.
    """

    worst: int = 20
    resamples: int = 2_000

    def __call__(self, study: Study) -> str:
        report = study.reports[0]
        misses = study.misses.get(report.dataset, ())
        title = f"Braid evaluation: {report.dataset}"
        facts = f"{report.queries:,} queries over {report.documents:,} documents"
        sections = [
            f'<p class="facts">{facts}</p>',
            f'<p class="headline">{escape(headline(report))}</p>',
            _measures(report),
            _charts(report, self.resamples),
            _differences(report),
            _latencies(report),
            _misses(report, misses, self.worst),
            settings_section(report.settings),
        ]
        return html_page(title, sections)


def _measures(report: Report) -> str:
    names = list(next(iter(report.legs.values())).measures)
    best = {name: _printed(max(_values(report, name))) for name in names}
    rows = []
    for leg in report.legs.values():
        cells = ""
        for name in names:
            text = _printed(leg.measures[name])
            mark = ' class="best"' if text == best[name] and len(report.legs) > 1 else ""
            cells += f"<td{mark}>{text}</td>"
        rows.append(html_row(leg.leg, cells))
    note = "Means over all queries; a query that found nothing counts as zero."
    if len(report.legs) > 1:
        note += " The best of each column is marked."
    return f'<h2>Quality</h2><p class="note">{note}</p>{html_table(["leg", *names], rows)}'


def _charts(report: Report, resamples: int) -> str:
    figures = []
    for name in next(iter(report.legs.values())).measures:
        top = _printed(max(_values(report, name)))
        bars = [
            Bar(
                label=leg.leg,
                value=leg.measures[name],
                interval=_interval(leg, name, resamples),
                best=_printed(leg.measures[name]) == top,
            )
            for leg in report.legs.values()
        ]
        figures.append(bar_chart(name, bars))
    return (
        '<p class="note">Whiskers and brackets: 95 % bootstrap interval of the mean.</p>'
        f'<div class="charts">{"".join(figures)}</div>'
    )


def _interval(leg: LegReport, measure: str, resamples: int) -> tuple[float, float] | None:
    """The interval of a mean; a measure that is a sum has none."""
    values = list(leg.per_query[measure].values())
    if not values or not math.isclose(sum(values) / len(values), leg.measures[measure]):
        return None
    return bootstrap_interval(values, resamples)


def _differences(report: Report) -> str:
    if len(report.legs) < 2:
        return ""
    measure = main_measure(report)
    best, *others = ranked_legs(report, measure)
    rows = []
    for leg in others:
        result = difference(leg, best, measure)
        cells = (
            f"<td>{result.difference:+.4f}</td><td>{result.low:+.4f} to {result.high:+.4f}</td>"
            f"<td>{p_text(result.p_value).removeprefix('= ')}</td>"
            f"<td>{result.wins:,} / {result.ties:,} / {result.losses:,}</td>"
        )
        rows.append(html_row(leg.leg, cells))
    head = ["against", "difference", "95 % interval", "p", "wins / ties / losses"]
    return (
        f"<h2>{escape(best.leg)} against the others, {escape(measure)}</h2>"
        '<p class="note">Paired randomisation test, two-sided; bootstrap interval of the mean '
        f"difference. A p under 0.05 is unlikely to be luck.</p>{html_table(head, rows)}"
    )


def _latencies(report: Report) -> str:
    if not any(leg.p95_ms for leg in report.legs.values()):
        return ""
    rows = [
        html_row(leg.leg, f"<td>{leg.p50_ms:,.2f}</td><td>{leg.p95_ms:,.2f}</td>")
        for leg in report.legs.values()
    ]
    return (
        "<h2>Latency</h2>"
        '<p class="note">Milliseconds for one query, one at a time; legs take turns.</p>'
        f"{html_table(['leg', 'p50', 'p95'], rows)}"
    )


def _misses(report: Report, misses: Sequence[Miss], count: int) -> str:
    leg = shown_leg(report).leg
    ours = [miss for miss in misses if miss.leg == leg]
    if not ours:
        return ""
    shown = "".join(_miss(miss) for miss in ours[:count])
    return f"<h2>Where {escape(leg)} did worst</h2>{shown}"


def _miss(miss: Miss) -> str:
    place = "not found" if miss.rank is None else f"at rank {miss.rank}"
    found = _list("ol", miss.found) if miss.found else "nothing"
    return (
        f'<section class="miss"><p class="query" dir="auto">{escape(miss.query)}</p><dl>'
        f"<dt>wanted</dt><dd>{_list('ul', miss.expected)}</dd>"
        f"<dt>came</dt><dd>{place}</dd>"
        f"<dt>came first</dt><dd>{found}</dd>"
        f"<dt>query id</dt><dd>{escape(miss.query_id)}</dd></dl></section>"
    )


def _values(report: Report, measure: str) -> list[float]:
    return [leg.measures[measure] for leg in report.legs.values()]


def _printed(value: float) -> str:
    return f"{value:.4f}" if abs(value) < 10 else f"{value:,.0f}"


def _list(tag: str, lines: Iterable[str]) -> str:
    return f"<{tag}>{''.join(f'<li>{escape(line)}</li>' for line in lines)}</{tag}>"
