"""A run beside its baseline: measures of retrieval and of chunks together, and what got worse."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.answers.asking import DESCRIPTIVE_SETTING
from eval.contract import LegReport, Report, Stage, Study, Trace
from eval.differences import SOURCE_PREFIX, data_differences
from eval.stages.baseline import Baseline
from eval.stages.falls import Fall, fall_of
from eval.stages.gate import (
    BASELINE,
    NOW,
    TOLERANCE,
    GateResult,
    Judged,
    Speed,
    Thing,
    aligned,
    judge,
    retrieval_measures,
    sentence,
    worse_queries,
)
from eval.stages.health import HEALTH, Health, changed_stage, shares
from eval.stages.holding import Documents
from ingest.contract import BadInput, BlockKind

DEPTH = 10
"""Places of a ranking in which an answer counts as found."""
_RANK = "RR@10"
_DEEPEST = 10**6
_KEPT = 0.98
_NOT_SETTINGS = (
    "command",
    "measures",
    "depth",
    "warm_up_queries",
    "notes",
    DESCRIPTIVE_SETTING,
)

Follow = Callable[[str, int], Trace]
"""Traces one query of the run, by its id, within so many places."""


@dataclass(frozen=True, slots=True)
class Options:
    """What counts as a fall: more than `tolerance`; of these `measures` alone, where any are named;
    and a median latency of so many times the baseline's, where `slowdown` is given. Data that
    changed are refused, unless `changed_data`. Where it is `strict`, measures of reading and
    chunking fall by the tolerance alone."""

    tolerance: float = TOLERANCE
    measures: Sequence[str] = ()
    slowdown: float | None = None
    changed_data: bool = False
    strict: bool = False

    def __post_init__(self) -> None:
        if not 0.0 <= self.tolerance < 1.0:
            raise BadInput(f"the tolerance is {self.tolerance}: give one from 0 to under 1")
        if self.slowdown is not None and self.slowdown <= 0.0:
            raise BadInput(f"the slowdown is {self.slowdown}: give a ratio over 0")


@dataclass(frozen=True, slots=True)
class Rerun:
    """The same measured now. `relevant` are the documents that have the answer of each query,
    `corpus` the health of their chunks; `follow` traces a query, `documents` has what was read."""

    report: Report
    name: str
    relevant: Mapping[str, Sequence[str]]
    corpus: Mapping[str, Health]
    follow: Follow
    documents: Documents

    @property
    def leg(self) -> LegReport:
        """The leg itself."""
        return self.report.legs[self.name]


def compare_runs(baseline: Baseline, rerun: Rerun, options: Options) -> tuple[GateResult, Study]:
    """What the gate finds, and both runs side by side for a report. Raises BadInput for data that
    changed, and for runs that have nothing to compare."""
    notes = changed_data(baseline.report, rerun.report, options)
    notes += setting_changes(baseline.report.settings, rerun.report.settings)
    notes += _left_out(baseline.leg, rerun.leg)
    before, now = aligned(baseline.leg, _judgeable(rerun), rerun.name)
    pairs = [(before, now)]
    if options.measures and HEALTH.keys().isdisjoint(options.measures):
        pass  # nobody asks for chunks, and reading them all takes its time
    elif baseline.corpus:
        pairs.append(_health_reports(baseline.corpus, rerun.corpus))
    else:
        notes.append("chunks were not compared: the baseline does not tell of them")
    judged = judge(pairs, options.tolerance, HEALTH, options.measures, options.strict)
    falls = _falls(judged, before, now, baseline, rerun)
    result = GateResult(
        name=rerun.report.dataset,
        judged=judged,
        falls=falls,
        things=_worse_documents(judged, pairs[1:], baseline, rerun),
        speed=Speed(baseline.leg.p50_ms, rerun.leg.p50_ms, options.slowdown),
        notes=notes,
        tolerance=options.tolerance,
    )
    return result, study_of_pair(result, rerun.report, before, now)


def changed_data(before: Report, now: Report, options: Options) -> list[str]:
    """A line for each file that is not what it was. Raises BadInput where that is not allowed."""
    changes = data_differences(before, now)
    if changes and not options.changed_data:
        raise BadInput(
            f"{'; '.join(changes)}: write the baseline anew with --write-baseline, or compare "
            f"nevertheless with --allow-changed-data"
        )
    return changes


def setting_changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """A line for each setting that is not what it was; of those that hold several, for each of
    them."""
    lines = []
    for name in before:
        if name in _NOT_SETTINGS or name.startswith(SOURCE_PREFIX) or name not in now:
            continue
        old, new = _parts(before[name]), _parts(now[name])
        for part in dict.fromkeys((*old, *new)):
            if old.get(part) != new.get(part):
                named = f"{name}.{part}" if part else name
                lines.append(f"{named} was {old.get(part)} and is {new.get(part)}")
    return lines


def _parts(text: str) -> dict[str, str]:
    try:
        found = json.loads(text)
    except ValueError:
        return {"": text}
    if not isinstance(found, dict):
        return {"": text}
    return {str(key): json.dumps(value, ensure_ascii=False) for key, value in found.items()}


def _judgeable(rerun: Rerun) -> LegReport:
    """The leg without measures of which more is not better: the length of an answer, and so on."""
    hidden = set(rerun.report.settings.get(DESCRIPTIVE_SETTING, "").split(", "))
    leg = rerun.leg
    return replace(
        leg,
        measures={name: value for name, value in leg.measures.items() if name not in hidden},
        per_query={name: values for name, values in leg.per_query.items() if name not in hidden},
    )


def _left_out(before: LegReport, now: LegReport) -> list[str]:
    absent = [name for name in before.measures if name not in now.measures]
    return [f"not compared, for this run does not measure it: {name}" for name in absent]


def _health_reports(
    before: Mapping[str, Health], now: Mapping[str, Health]
) -> tuple[LegReport, LegReport]:
    """The measures of chunks, by document of the baseline; one that is gone has none of it."""
    rows = {
        document: (shares(health, health), shares(now.get(document, Health()), health))
        for document, health in before.items()
    }

    def report(name: str, side: int) -> LegReport:
        values = {
            measure: {
                document: row[side][measure] for document, row in rows.items() if measure in row[0]
            }
            for measure in HEALTH
        }
        return LegReport(name, dict.fromkeys(HEALTH, 0.0), values, 0.0, 0.0)

    return aligned(report(BASELINE, 0), report(NOW, 1))


def _falls(
    judged: Sequence[Judged],
    before: LegReport,
    now: LegReport,
    baseline: Baseline,
    rerun: Rerun,
) -> list[Fall]:
    """The questions that got worse, with the stage that made each so."""
    falls = []
    answers = [row for row in judged if not retrieval_measures([row.difference.measure], _DEEPEST)]
    unused = set(worse_queries(answers, before, now))
    for query_id in worse_queries(judged, before, now):
        known = baseline.leg.traces.get(query_id)
        place = DEPTH
        if known is None:
            value = before.per_query.get(_RANK, {}).get(query_id, 0.0)
            place = round(1.0 / value) if value else DEPTH
        trace = rerun.follow(query_id, place)
        changed = _changed(rerun.relevant.get(query_id, ()), baseline.corpus, rerun.corpus)
        text = rerun.report.texts.get(query_id, "")
        fall = fall_of(query_id, text, known, trace, changed)
        if fall.stage is None and query_id in unused:
            why = trace.detail or "what was found is as before, and the answer is worse"
            fall = replace(fall, stage=Stage.ANSWER, detail=why)
        falls.append(fall)
    return falls


def _changed(
    documents: Sequence[str], before: Mapping[str, Health], now: Mapping[str, Health]
) -> Stage | None:
    stages = {changed_stage(now.get(name), before.get(name)) for name in documents}
    return next((stage for stage in Stage if stage in stages), None)


def _worse_documents(
    judged: Sequence[Judged],
    health: Sequence[tuple[LegReport, LegReport]],
    baseline: Baseline,
    rerun: Rerun,
) -> list[Thing]:
    """The documents whose chunks got worse in a measure that fell, with the stage that did it."""
    things = []
    for row in judged:
        measure = row.difference.measure
        if not row.fell or measure not in HEALTH:
            continue
        for old, new in health:
            for document, value in old.per_query[measure].items():
                share = new.per_query[measure][document]
                if share < value:
                    stage = row.stage or Stage.CHUNKING
                    if stage is Stage.PARSING and _was_read(
                        baseline.corpus[document], document, rerun
                    ):
                        stage = Stage.CHUNKING
                    said = f"{measure}: {document}: {value:.2f} → {share:.2f}"
                    things.append(Thing(stage, said))
    return things


def _was_read(before: Health, name: str, rerun: Rerun) -> bool:
    """Whether a document, as it is read now, still has as much as its chunks had before."""
    document = rerun.documents.parsed(name)
    if document is None:
        return False
    hidden = (BlockKind.FURNITURE, BlockKind.HEADING)
    body = [block for block in document.blocks if block.kind not in hidden]
    rows = {cells for block in body if block.table for cells in block.table.rows}
    characters = sum(len(block.text) for block in body)
    return characters >= _KEPT * before.characters and len(rows) >= _KEPT * before.rows


def study_of_pair(result: GateResult, report: Report, before: LegReport, now: LegReport) -> Study:
    """The baseline and the run (a `report`) side by side, for a report file; measures of chunks
    stand among the settings."""
    told = {
        row.difference.measure: (
            f"{row.difference.left_mean:.4f} before, {row.difference.right_mean:.4f} now"
            f"{': fell' if row.fell else ''}"
        )
        for row in result.judged
        if row.difference.measure not in before.measures
    }
    traces = {fall.query_id: Trace(fall.stage, fall.now, fall.detail) for fall in result.falls}
    legs = (replace(before, traces={}), replace(now, traces=traces))
    side_by_side = replace(
        report,
        queries=len(next(iter(before.per_query.values()))),
        legs={leg.leg: leg for leg in legs},
        settings={**told, **report.settings},
    )
    state = "passed" if result.passed else "failed"
    name = f"{report.dataset}: gate {state}"
    return Study(name, (side_by_side,), baseline=BASELINE, verdict=sentence(result))
