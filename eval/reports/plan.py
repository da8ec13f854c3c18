"""A report from its first section to its last, as parts that every form shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.contract import Report, Study
from eval.experiments.history import Trend
from eval.reports.analysis import Analysis
from eval.reports.blocks import Block, Heading, Paragraph, Role
from eval.reports.cases import stages, wins_and_losses, worst
from eval.reports.closing import glossary, reproduction, settings
from eval.reports.opening import NOTES, facts, opening, title
from eval.reports.quality import (
    across_datasets,
    answers,
    differences_on,
    overall_differences,
    rankings,
    slices_of,
)
from eval.reports.speed import costs, growth, history, latencies, trade_off
from eval.reports.words import Words

_MOST_CASES = 100
"""Queries shown with their results, over all datasets of a study."""


@dataclass(frozen=True)
class Told:
    """A study told in one language: title, facts, and the parts that follow."""

    title: str
    facts: str
    blocks: Sequence[Block]


@dataclass(frozen=True)
class Limits:
    """How much of it is shown: queries of the system shown that went worst, and wins and losses of
    the best system, each for a dataset; less where there are many datasets."""

    worst: int = 20
    duels: int = 5

    def over(self, datasets: int) -> Limits:
        """The limits for each of so many datasets."""
        share = max(1, _MOST_CASES // datasets)
        return Limits(min(self.worst, max(1, share // 2)), min(self.duels, max(1, share // 4)))


@dataclass(frozen=True)
class Telling:
    """How a report is told to people, whatever its form. `language` is "en" or "zh"; `trends` are
    those of earlier runs. For each dataset, `worst` queries of the system that matters are shown,
    and `duels` that it wins and loses; less where there are many datasets. `resamples` are those of
    the intervals. An `analysis` of the study, made before, saves the time to make it again."""

    language: str = "en"
    worst: int = 20
    duels: int = 5
    resamples: int = 2_000
    trends: Sequence[Trend] = ()
    analysis: Analysis | None = None

    def told(self, study: Study, words: Words) -> Told:
        """The whole report."""
        analysis = self.analysis or Analysis(study, self.resamples)
        limits = Limits(self.worst, self.duels)
        return Told(
            title(analysis, words),
            facts(analysis, words),
            list(_sections(analysis, words, self.trends, limits)),
        )


def _sections(
    analysis: Analysis, words: Words, trends: Sequence[Trend], limits: Limits
) -> Iterator[Block]:
    yield from opening(analysis, words)
    if len(analysis.reports) == 1:
        yield from _single(analysis, words, limits)
    else:
        yield from _several(analysis, words, limits)
    yield from history(trends, words)
    yield from costs(analysis, words)
    yield from settings(analysis, words)
    yield from reproduction(analysis, words)
    yield from glossary(analysis, words)


def _single(analysis: Analysis, words: Words, limits: Limits) -> Iterator[Block]:
    report = analysis.reports[0]
    yield Heading(words("quality"), "quality")
    yield from rankings(analysis, report, words, bars=True)
    yield from differences_on(analysis, report, words)
    yield from answers(analysis, report, words, 2, "answers")
    yield from latencies(analysis, report, words, 2, "latency")
    yield from stages(analysis, [report], words, 2, "stages")
    yield from slices_of(analysis, report, words, 2, "slices")
    yield from wins_and_losses(analysis, report, words, 2, limits.duels)
    yield from worst(analysis, report, words, 2, limits.worst)


def _several(analysis: Analysis, words: Words, limits: Limits) -> Iterator[Block]:
    yield from across_datasets(analysis, words)
    yield from overall_differences(analysis, words)
    yield from trade_off(analysis, words)
    yield from growth(analysis, words)
    yield from stages(analysis, analysis.reports, words, 2, "stages")
    each = limits.over(len(analysis.reports))
    for number, report in enumerate(analysis.reports, start=1):
        yield from _dataset(analysis, report, words, each, number)


def _dataset(
    analysis: Analysis, report: Report, words: Words, limits: Limits, number: int
) -> Iterator[Block]:
    yield Heading(words("dataset", name=report.dataset), f"dataset-{number}")
    yield from _facts(report, words)
    yield from rankings(analysis, report, words, bars=False)
    heading = Heading(
        words("against.here", baseline=analysis.study.baseline), f"against-{number}", 3
    )
    yield from differences_on(analysis, report, words, heading)
    yield from answers(analysis, report, words, 3, f"answers-{number}")
    yield from latencies(analysis, report, words, 3, f"latency-{number}")
    yield from stages(analysis, [report], words, 3, f"stages-{number}")
    yield from slices_of(analysis, report, words, 3, f"slices-{number}")
    yield from wins_and_losses(analysis, report, words, 3, limits.duels)
    yield from worst(analysis, report, words, 3, limits.worst)


def _facts(report: Report, words: Words) -> Iterator[Block]:
    queries = words("count.queries", n=report.queries)
    documents = words("count.documents", n=report.documents)
    yield Paragraph(words("facts.dataset", queries=queries, documents=documents), Role.FACTS)
    if notes := report.settings.get(NOTES):
        yield Paragraph(words("caution.notes", notes=words.sentence(notes)), Role.NOTE)
