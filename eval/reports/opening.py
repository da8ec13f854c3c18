"""What a report says first: what is best, by how much, how sure that is, and at what price."""

from __future__ import annotations

import math
from collections.abc import Iterator

from eval.contract import Report, Stage
from eval.experiments.conduct import NOT_MEASURED_PREFIX
from eval.reports.analysis import ANSWER_MEASURES, Analysis, frontier
from eval.reports.blocks import Block, Bullets, Heading, Paragraph, Role
from eval.reports.numbers import change, change_interval, p_equals, percent, quality
from eval.reports.numbers import significant_digits as digits
from eval.reports.words import Words
from eval.significance import SIGNIFICANT

NOTES = "notes"
"""The setting that says what was left out of a dataset, or looks wrong in it."""

_FEW = 50
"""Fewer queries than these leave wide intervals."""
_NAMED = 4
"""So many names stand in a sentence before they are counted."""


def title(analysis: Analysis, words: Words) -> str:
    """The title of the report."""
    return words("title", name=words.sentence(analysis.given.name))


def facts(analysis: Analysis, words: Words) -> str:
    """How much was measured."""
    reports = analysis.reports
    queries = words("count.queries", n=sum(report.queries for report in reports))
    systems = words("count.systems", n=len(analysis.systems))
    if len(reports) == 1:
        documents = words("count.documents", n=reports[0].documents)
        return words("facts.one", queries=queries, documents=documents, systems=systems)
    datasets = words("count.datasets", n=len(reports))
    return words("facts.several", queries=queries, datasets=datasets, systems=systems)


def opening(analysis: Analysis, words: Words) -> Iterator[Block]:
    """The summary, in sentences."""
    yield Heading(words("summary"), "summary")
    yield Paragraph(headline(analysis, words), Role.HEADLINE)
    details = [
        *([_best(analysis, words)] if analysis.study.verdict else []),
        *_winners(analysis, words),
        *_against_baseline(analysis, words),
        *_speed(analysis, words),
        *_answers(analysis, words),
        *_losses(analysis, words),
    ]
    if details:
        yield Bullets(details)
    for caution in _cautions(analysis, words):
        yield Paragraph(caution, Role.NOTE)


def headline(analysis: Analysis, words: Words) -> str:
    """The verdict of a gate, else the best system."""
    verdict = words.sentence(analysis.study.verdict)
    return verdict[:1].upper() + verdict[1:] if verdict else _best(analysis, words)


def _best(analysis: Analysis, words: Words) -> str:
    """The best system, by how much it is ahead of the next, and whether that may be luck."""
    if analysis.common_measure == "" and len(analysis.reports) > 1:
        return words("headline.apart")
    if len(analysis.reports) > 1 and not analysis.means:
        return words("headline.nowhere")
    measure, value = _score(analysis, analysis.best)
    place = _place(analysis, words)
    lead = analysis.lead
    if lead is None:
        return words(
            "headline.alone", system=analysis.best, measure=measure, value=value, place=place
        )
    level = [name for name in analysis.ranked if _score(analysis, name)[1] == value]
    if lead.difference == 0 and len(level) > 1:
        systems = words.listed(level)
        return words("headline.level", systems=systems, measure=measure, value=value, place=place)
    sure = "headline.sure" if lead.p_value < SIGNIFICANT else "headline.luck"
    return words.sentences(
        [
            words(
                "headline.best",
                system=lead.best,
                measure=measure,
                value=value,
                ahead=quality(lead.difference),
                following=lead.following,
                place=place,
            ),
            words(sure, interval=change_interval(lead.low, lead.high), p=p_equals(lead.p_value)),
        ]
    )


def _score(analysis: Analysis, system: str) -> tuple[str, str]:
    """The measure that systems are ranked by, and what a system has of it."""
    if len(analysis.reports) > 1:
        return analysis.common_measure, quality(analysis.means[system])
    report = analysis.reports[0]
    measure = analysis.measure(report)
    return measure, quality(report.legs[system].measures[measure])


def _place(analysis: Analysis, words: Words) -> str:
    if len(analysis.reports) > 1:
        return words("place.datasets", n=len(analysis.reports))
    return words("place.queries", n=analysis.reports[0].queries)


def _winners(analysis: Analysis, words: Words) -> Iterator[str]:
    """On which datasets the best system is not the best."""
    lead = analysis.lead
    if len(analysis.reports) < 2 or lead is None or lead.difference == 0:
        return
    lost: list[str] = []
    for report in analysis.reports:
        measure = analysis.measure(report)
        legs = [leg for leg in report.legs.values() if measure in leg.measures]
        first = max(legs, key=lambda leg: leg.measures[measure])
        own = report.legs[analysis.best].measures[measure]
        if first.measures[measure] > own:
            lost.append(
                words(
                    "winners.other",
                    dataset=report.dataset,
                    system=first.leg,
                    value=quality(first.measures[measure]),
                    own=quality(own),
                )
            )
    won = len(analysis.reports) - len(lost)
    if not lost:
        yield words("winners.all", system=analysis.best, n=len(analysis.reports))
        return
    shown = words("list.pause").join(lost[:_NAMED])
    if len(lost) > _NAMED:
        shown += words("list.more", n=len(lost) - _NAMED)
    yield words(
        "winners.some", system=analysis.best, won=won, all=len(analysis.reports), others=shown
    )


def _against_baseline(analysis: Analysis, words: Words) -> Iterator[str]:
    """Which systems are surely better or worse than the baseline, and which may be as good."""
    rows = [(row.system, row.difference, row.adjusted_p) for row in analysis.overall]
    if len(analysis.reports) == 1:
        rows = [
            (test.difference.right, test.difference.difference, test.adjusted_p)
            for test in analysis.verdicts
        ]
    kinds: dict[str, list[str]] = {"better": [], "worse": [], "unsure": []}
    for system, difference, p in sorted(rows, key=lambda row: -row[1]):
        kind = "unsure" if p >= SIGNIFICANT else "better" if difference > 0 else "worse"
        kinds[kind].append(words("baseline.system", system=system, difference=change(difference)))
    for kind, systems in kinds.items():
        if systems:
            yield words(
                f"baseline.{kind}",
                baseline=analysis.study.baseline,
                systems=words.listed(systems),
                n=len(systems),
            )


def _speed(analysis: Analysis, words: Words) -> Iterator[str]:
    """The fastest system, what the best one takes, and who is beaten on both."""
    points = analysis.speeds()
    if len(points) < 2 or analysis.best not in points:
        return
    fastest = min(points, key=lambda name: points[name][0])
    best = analysis.best
    if fastest == best:
        yield words("speed.both", system=best, ms=digits(points[best][0]))
        return
    yield words(
        "speed.apart",
        fastest=fastest,
        ms=digits(points[fastest][0]),
        best=best,
        own=digits(points[best][0]),
        times=digits(points[best][0] / points[fastest][0], 2),
    )
    kept = frontier(points)
    beaten = [name for name in points if name not in kept]
    if beaten:
        yield words("speed.beaten", systems=words.listed(beaten))


def _answers(analysis: Analysis, words: Words) -> Iterator[str]:
    """What the answers of the best system are like, where there is one dataset."""
    report = analysis.reports[0]
    if len(analysis.reports) > 1 or analysis.best not in report.legs:
        return
    measures = report.legs[analysis.best].measures
    names = [name for name in ANSWER_MEASURES if name in measures]
    if names and len(names) < len(measures):
        shown = [
            words("answers.value", measure=name, value=quality(measures[name])) for name in names
        ]
        yield words("answers.summary", system=analysis.best, measures=words.listed(shown))


def _losses(analysis: Analysis, words: Words) -> Iterator[str]:
    """The stage that loses most answers of the system shown."""
    total, lost = analysis.lost(analysis.reports, analysis.shown)
    if not lost:
        return
    most = max(Stage, key=lost.count)
    yield words(
        "losses.worse" if analysis.study.verdict else "losses.most",
        system=analysis.shown,
        lost=len(lost),
        n=total,
        stage=words.named("stage", most.value),
        share=percent(lost.count(most) / len(lost)),
    )


def _cautions(analysis: Analysis, words: Words) -> Iterator[str]:
    compared = len(analysis.verdicts)
    if compared:
        yield words("caution.tests")
    few = [report for report in analysis.reports if 0 < report.queries < _FEW]
    if few:
        named = words.listed([f"{report.dataset} ({report.queries})" for report in few])
        yield words("caution.few", datasets=named)
    missing = [_missing(analysis, report) for report in analysis.reports]
    if any(missing):
        names = [
            f"{report.dataset} ({words.listed(systems)})"
            for report, systems in zip(analysis.reports, missing, strict=True)
            if systems
        ]
        yield words("caution.missing", datasets=words.listed(names))
    absent = dict.fromkeys(
        name.removeprefix(NOT_MEASURED_PREFIX)
        for report in analysis.reports
        for name in report.settings
        if name.startswith(NOT_MEASURED_PREFIX)
    )
    nowhere = [name for name in absent if name not in analysis.systems]
    if nowhere:
        yield words("caution.unmeasured", systems=words.listed(nowhere))
    if len(analysis.reports) == 1 and (notes := analysis.reports[0].settings.get(NOTES)):
        yield words("caution.notes", notes=words.sentence(notes))


def _missing(analysis: Analysis, report: Report) -> list[str]:
    return [name for name in analysis.systems if name not in report.legs]


def is_known(value: float) -> bool:
    """Whether a latency was measured at all."""
    return math.isfinite(value) and value > 0
