"""What other rooms use of experiments: `eval.pipeline.experiments`."""

from __future__ import annotations

from eval.experiments.conduct import (
    FAULTS,
    Conduct,
    Done,
    Dropped,
    Outcome,
    find_stored,
    study_of_runs,
    study_of_stored,
)
from eval.experiments.duels import Duel, duels
from eval.experiments.history import IN_FORCE, History, Trend, history_of
from eval.experiments.material import (
    dataset_of,
    depth_for,
    measures_for,
    questions_of_entry,
    with_sizes,
)
from eval.experiments.order import by_size
from eval.experiments.pace import NOISE, PROBE_MS, SEARCHED_S, seconds
from eval.experiments.plan import Cell, Entry, Experiment, Known
from eval.experiments.poor import poor_queries
from eval.experiments.spec import read_experiment
from eval.experiments.verdicts import Overall, Verdict, overall, slice_verdicts, verdicts

__all__ = [
    "FAULTS",
    "IN_FORCE",
    "NOISE",
    "PROBE_MS",
    "SEARCHED_S",
    "Cell",
    "Conduct",
    "Done",
    "Dropped",
    "Duel",
    "Entry",
    "Experiment",
    "History",
    "Known",
    "Outcome",
    "Overall",
    "Trend",
    "Verdict",
    "by_size",
    "dataset_of",
    "depth_for",
    "duels",
    "find_stored",
    "history_of",
    "measures_for",
    "overall",
    "poor_queries",
    "questions_of_entry",
    "read_experiment",
    "seconds",
    "slice_verdicts",
    "study_of_runs",
    "study_of_stored",
    "verdicts",
    "with_sizes",
]
