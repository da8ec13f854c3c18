"""Sections about single queries: where answers were lost, wins and losses, the worst of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from eval.contract import LegReport, Miss, Report, Stage
from eval.experiments.duels import Duel, duels
from eval.reports.analysis import Analysis
from eval.reports.blocks import Block, Case, Cell, Figures, Heading, Paragraph, Role, Side, Table
from eval.reports.charts import stacked_chart, stacked_legend
from eval.reports.numbers import change, percent, quality
from eval.reports.words import Words

_QUERY_CHARS = 400
_LINE_CHARS = 120
_DETAIL_CHARS = 200
_NAME = re.compile(r" \([^()]{1,60}\)$")
"""What a result is called, at the end of its line."""

_LINES = 5
_EXAMPLES = 3
"""Queries named for each stage that lost them."""


def stages(
    analysis: Analysis, reports: Sequence[Report], words: Words, level: int, anchor: str
) -> Iterator[Block]:
    """How many answers each stage lost, by system; of a gate, how many it made worse."""
    rows: dict[str, list[int]] = {}
    for system in analysis.systems:
        total, lost = analysis.lost(reports, system)
        if total:
            rows[system] = [total - len(lost), *(lost.count(stage) for stage in Stage)]
    if not rows:
        return
    is_gate = bool(analysis.study.verdict)
    names = [
        words("stage.same" if is_gate else "stage.none"),
        *(words.named("stage", stage.value) for stage in Stage),
    ]
    yield Heading(words("stages"), anchor, level)
    yield Paragraph(words("stages.note.gate" if is_gate else "stages.note"), Role.NOTE)
    table = [
        (system, [Cell(f"{count:,} ({percent(count / sum(counts))})") for count in counts])
        for system, counts in rows.items()
    ]
    yield Table([words("column.system"), *names], table)
    used = [place for place in range(len(names)) if any(counts[place] for counts in rows.values())]
    parts = {place: names[place] for place in used}
    kept = {system: [counts[place] for place in used] for system, counts in rows.items()}
    yield Figures([stacked_chart(words("stages"), parts, kept)], stacked_legend(parts))
    if len(reports) == 1:
        said = words(
            "stages.examples.gate" if is_gate else "stages.examples",
            system=analysis.shown,
            n=_EXAMPLES,
        )
        yield from _examples(reports[0], analysis.shown, said, words)


def _examples(report: Report, system: str, said: str, words: Words) -> Iterator[Block]:
    """Queries that each stage lost, with what is known of it; `said` is the note above them."""
    leg = report.legs.get(system)
    if leg is None:
        return
    rows = []
    for stage in Stage:
        ids = [name for name, trace in leg.traces.items() if trace.lost is stage]
        rows += [
            (
                words.named("stage", stage.value),
                [
                    Cell(_cut(report.texts.get(name, name), _DETAIL_CHARS), words=True),
                    Cell(_cut(words.sentence(leg.traces[name].detail), _DETAIL_CHARS), words=True),
                ],
            )
            for name in ids[:_EXAMPLES]
        ]
    if rows:
        yield Paragraph(said, Role.NOTE)
        yield Table([words("column.stage"), words("column.query"), words("column.detail")], rows)


def wins_and_losses(
    analysis: Analysis, report: Report, words: Words, level: int, count: int
) -> Iterator[Block]:
    """The queries on which two systems differ most, with what both found."""
    pair = _pair(analysis, report)
    if pair is None or not report.texts:
        return
    measure = analysis.measure(report)
    found = duels(report, report, pair, measure)
    losses = [duel for duel in found if duel.right < duel.left]
    wins = [duel for duel in reversed(found) if duel.right > duel.left]
    for name, chosen in (("wins", wins), ("losses", losses)):
        if not chosen or not count:
            continue
        yield Heading(
            words(name, system=pair[1], baseline=pair[0]),
            f"{name}-{_number(analysis, report)}",
            level,
        )
        if len(chosen) > count:
            yield Paragraph(words("cut.queries", shown=count, n=len(chosen)), Role.NOTE)
        yield from (_duel(duel, pair, measure, words) for duel in chosen[:count])


def _pair(analysis: Analysis, report: Report) -> tuple[str, str] | None:
    """The baseline and the best other system; both ways round the better one is the second."""
    baseline = analysis.study.baseline
    measure = analysis.measure(report)
    others = [
        name
        for name in analysis.ranked
        if name != baseline and name in report.legs and measure in report.legs[name].measures
    ]
    if baseline not in report.legs or measure not in report.legs[baseline].measures or not others:
        return None
    if not analysis.has_baseline:
        return others[0], baseline
    return baseline, others[0]


def _duel(duel: Duel, pair: tuple[str, str], measure: str, words: Words) -> Case:
    sides = [
        Side(words("duel.side", system=pair[0], value=quality(duel.left)), _lines(duel.left_found)),
        Side(
            words("duel.side", system=pair[1], value=quality(duel.right)), _lines(duel.right_found)
        ),
    ]
    facts = [(measure, change(duel.right - duel.left)), (words("case.id"), duel.query_id)]
    return Case(_cut(duel.query or duel.query_id, _QUERY_CHARS), facts, sides)


def worst(
    analysis: Analysis, report: Report, words: Words, level: int, count: int
) -> Iterator[Block]:
    """The queries that the system shown served worst."""
    leg = report.legs.get(analysis.shown)
    if leg is None or not count:
        return
    known = [m for m in analysis.given.misses.get(report.dataset, ()) if m.leg == leg.leg]
    cases = [_miss(miss, leg, words) for miss in known[:count]]
    total = len(known)
    if not known:
        measure = analysis.measure(report)
        poor = _poor(report, leg, measure)
        cases = [_poor_case(report, leg, name, measure, words) for name in poor[:count]]
        total = len(poor)
    if not cases:
        return
    yield Heading(words("worst", system=leg.leg), f"worst-{_number(analysis, report)}", level)
    if total > count:
        yield Paragraph(words("cut.queries", shown=count, n=total), Role.NOTE)
    yield from cases


def _miss(miss: Miss, leg: LegReport, words: Words) -> Case:
    rank = words("case.not_found") if miss.rank is None else words("case.rank", rank=miss.rank)
    return Case(
        _cut(miss.query, _QUERY_CHARS),
        [
            (words("case.came"), rank),
            *_lost(leg, miss.query_id, words),
            (words("case.id"), miss.query_id),
        ],
        [
            Side(words("case.wanted"), _lines(list(map(words.sentence, miss.expected)))),
            Side(words("case.first"), _lines(list(map(words.sentence, miss.found)))),
        ],
    )


def _poor(report: Report, leg: LegReport, measure: str) -> list[str]:
    """Ids of the queries below the best possible of 1, worst first; equal ones as they come."""
    values = leg.per_query.get(measure, {})
    return sorted(
        (name for name, value in values.items() if value < 1.0 and name in report.texts),
        key=lambda name: values[name],
    )


def _poor_case(report: Report, leg: LegReport, name: str, measure: str, words: Words) -> Case:
    return Case(
        _cut(report.texts[name], _QUERY_CHARS),
        [
            (measure, quality(leg.per_query[measure][name])),
            *_lost(leg, name, words),
            (words("case.id"), name),
        ],
        [Side(words("case.first"), _lines(leg.found.get(name, ())))],
    )


def _lost(leg: LegReport, name: str, words: Words) -> Iterator[tuple[str, str]]:
    """Where the answer of a query was lost, if that is known."""
    trace = leg.traces.get(name)
    if trace is not None and trace.lost is not None:
        stage = words.named("stage", trace.lost.value)
        said = words.sentence(trace.detail)
        told = words("slice", kind=stage, value=said) if said else stage
        yield words("case.lost"), told


def _number(analysis: Analysis, report: Report) -> int:
    return list(analysis.reports).index(report) + 1


def _lines(lines: Sequence[str]) -> list[str]:
    """The first results, cut in length but for their names."""
    shown = []
    for line in lines[:_LINES]:
        found = _NAME.search(line)
        name = found.group() if found is not None else ""
        shown.append(_cut(line.removesuffix(name), _LINE_CHARS) + name)
    return shown


def _cut(text: str, chars: int) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= chars else plain[: chars - 1].rstrip(" …") + "…"
