"""In which order cells are measured, so that whoever stops early has the most useful part.

Small datasets come first, and the baseline first on each: what follows can be compared at once.
Then comes the system of which most is to be hoped: by its mean improvement over the baseline on
what has been measured; for one that has never been measured, by that of its neighbours in the
space of settings (a mean weighted by nearness). Nothing is known at first, and systems come as they
stand in the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set

from eval.contract import System
from eval.experiments.plan import Cell, Entry, Experiment
from ingest.contract import Json

Measured = Mapping[tuple[str, str], float]
"""The main measure's mean by dataset and system."""

_NEAREST = 0.05
"""Added to distances: two systems are never so near that others say nothing."""


def next_cell(
    experiment: Experiment,
    measured: Measured,
    passed_over: Set[tuple[str, str]],
    distances: Distances,
) -> Cell | None:
    """The cell that is to be measured next, passing over some (dataset, system); None where there
    is none left. `distances` are those of the experiment's systems."""
    for entry in by_size(experiment):
        open_systems = [
            system
            for system in experiment.systems
            if (entry.name, system.name) not in measured
            and (entry.name, system.name) not in passed_over
        ]
        if not open_systems:
            continue
        for system in open_systems:
            if system.name == experiment.baseline:
                return Cell(entry, system)
        hopes = hopes_of(experiment, measured, open_systems, distances)
        return Cell(entry, max(open_systems, key=lambda system: hopes[system.name]))
    return None


def by_size(experiment: Experiment) -> list[Entry]:
    """The datasets, the one that is done soonest first."""

    def work(entry: Entry) -> int:
        size = experiment.sizes[entry.name]
        return size.documents + size.queries * len(experiment.systems)

    return sorted(experiment.datasets, key=work)


def hopes_of(
    experiment: Experiment, measured: Measured, systems: Sequence[System], distances: Distances
) -> dict[str, float]:
    """The improvement over the baseline that is to be expected of each of these systems; 0 where
    nothing is known."""
    gains: dict[str, list[float]] = {}
    for (dataset, name), value in measured.items():
        baseline = measured.get((dataset, experiment.baseline))
        if baseline is not None:
            gains.setdefault(name, []).append(value - baseline)
    known = {name: sum(own) / len(own) for name, own in gains.items()}
    hopes = {}
    for system in systems:
        if system.name in known:
            hopes[system.name] = known[system.name]
            continue
        weights = {
            other: 1.0 / (_NEAREST + distances(system.name, other)) for other in sorted(known)
        }
        total = sum(weights.values())
        hopes[system.name] = (
            sum(weight * known[other] for other, weight in weights.items()) / total
            if weights
            else 0.0
        )
    return hopes


class Distances:
    """How far systems are apart: the mean over all settings in which any two of them differ, of 0
    to 1 each: for numbers their difference against the widest there is, for all else whether they
    are the same (J. Gower, "A general coefficient of similarity and some of its properties",
    Biometrics 27, 1971)."""

    def __init__(
        self, systems: Sequence[System], in_force: Mapping[str, Mapping[str, Json]]
    ) -> None:
        self._values: dict[str, dict[str, Json]] = {
            system.name: {**in_force.get(system.name, system.settings), "leg": system.leg}
            for system in systems
        }
        keys = dict.fromkeys(key for values in self._values.values() for key in values)
        self._ranges: dict[str, float] = {}
        self._known: dict[tuple[str, str], float] = {}
        for key in keys:
            values = [own.get(key) for own in self._values.values()]
            if all(value == values[0] for value in values):
                continue
            numbers = [
                value
                for value in values
                if isinstance(value, int | float) and not isinstance(value, bool)
            ]
            wide = max(numbers) - min(numbers) if len(numbers) == len(values) else 0.0
            self._ranges[key] = wide

    def __call__(self, left: str, right: str) -> float:
        pair = (left, right) if left < right else (right, left)
        if pair not in self._known:
            self._known[pair] = self._apart(*pair)
        return self._known[pair]

    def _apart(self, left: str, right: str) -> float:
        ours, theirs = self._values[left], self._values[right]
        apart = 0.0
        for key, wide in self._ranges.items():
            one, other = ours.get(key), theirs.get(key)
            if wide and isinstance(one, int | float) and isinstance(other, int | float):
                apart += abs(one - other) / wide
            else:
                apart += one != other
        return apart / len(self._ranges) if self._ranges else 0.0
