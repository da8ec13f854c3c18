"""What is measured next: small datasets first, the baseline first, then what promises most."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from eval.contract import System
from eval.experiments.order import Distances, by_size, hopes_of, next_cell
from eval.experiments.plan import Entry, Experiment, Size


def experiment(*depths: int, datasets: int = 2) -> Experiment:
    """Systems by their depth; the baseline has depth 10. Later datasets are smaller."""
    systems = [System(f"d{depth}", {"depth": depth}) for depth in depths]
    systems.insert(len(systems) // 2, System("base", {"depth": 10}))
    entries = [Entry(f"s{number}", Path(f"s{number}")) for number in range(datasets)]
    return Experiment(
        name="e",
        datasets=entries,
        systems=systems,
        baseline="base",
        in_force={system.name: {"depth": system.settings["depth"], "b": 1} for system in systems},
        sizes={e.name: Size(10, 1000 - 100 * number) for number, e in enumerate(entries)},
    )


def in_order(plan: Experiment, value_of: dict[str, float]) -> list[tuple[str, str]]:
    measured: dict[tuple[str, str], float] = {}
    apart = Distances(plan.systems, plan.in_force)
    while (cell := next_cell(plan, measured, set(), apart)) is not None:
        key = (cell.entry.name, cell.system.name)
        assert key not in measured
        measured[key] = value_of[cell.system.name]
    return list(measured)


def test_small_datasets_and_the_baseline_come_first() -> None:
    plan = experiment(1, 2)
    assert [entry.name for entry in by_size(plan)] == ["s1", "s0"]
    order = in_order(plan, dict.fromkeys(("base", "d1", "d2"), 0.5))
    assert order == [(s, n) for s in ("s1", "s0") for n in ("base", "d1", "d2")]


def test_what_did_best_comes_first_on_the_next_dataset() -> None:
    plan = experiment(1, 2, 3)
    order = in_order(plan, {"base": 0.5, "d1": 0.4, "d2": 0.7, "d3": 0.6})
    assert [name for dataset, name in order if dataset == "s0"] == ["base", "d2", "d3", "d1"]


def test_neighbours_tell_of_what_was_never_measured() -> None:
    plan = experiment(1, 2, 90, 100, datasets=1)
    known = {("s0", "base"): 0.5, ("s0", "d1"): 0.3, ("s0", "d100"): 0.8}
    apart = Distances(plan.systems, plan.in_force)
    hopes = hopes_of(plan, known, plan.systems, apart)
    assert hopes["d90"] > 0 > hopes["d2"]
    cell = next_cell(plan, known, set(), apart)
    assert cell is not None
    assert cell.system.name == "d90"


def test_what_is_passed_over_does_not_come() -> None:
    plan = experiment(1, datasets=1)
    apart = Distances(plan.systems, plan.in_force)
    cell = next_cell(plan, {}, {("s0", "base")}, apart)
    assert cell is not None
    assert cell.system.name == "d1"
    assert next_cell(plan, {("s0", "d1"): 0.5}, {("s0", "base")}, apart) is None


def test_distances() -> None:
    systems = [System("a"), System("b"), System("c", leg="sparse")]
    apart = Distances(systems, {"a": {"n": 0, "x": "u"}, "b": {"n": 5, "x": "u"},
                                "c": {"n": 10, "x": "v"}})  # fmt: skip
    assert apart("a", "a") == 0.0
    assert apart("a", "b") == 0.5 / 3
    assert apart("a", "c") == apart("c", "a") == 1.0


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8, unique=True), st.data())
def test_every_cell_comes_once(depths: list[int], data: st.DataObject) -> None:
    plan = experiment(*depths, datasets=3)
    values = {system.name: data.draw(st.floats(0, 1), label=system.name) for system in plan.systems}
    order = in_order(plan, values)
    assert len(order) == 3 * len(plan.systems)
    assert [name for _, name in order[:: len(plan.systems)]] == ["base"] * 3
