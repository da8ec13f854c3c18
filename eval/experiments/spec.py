"""Reads the TOML file of an experiment, and checks the whole of it before anything is measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

from eval.contract import System
from eval.experiments.grids import LEG, WAYS, grid
from eval.experiments.plan import Entry, Experiment, Known, Racing
from eval.experiments.tables import Table, near, read_toml
from ingest.contract import BadInput, Json

_MAX_SYSTEMS = 500


def read_experiment(path: Path, known: Known) -> Experiment:
    """The experiment of a file; paths in it are relative to the file. The data is not read yet:
    see `eval.experiments.material`. Raises NotFound, and BadInput with file, table and key."""
    table = read_toml(path)
    name = table.text("name")
    entries = _entries(table, path.parent)
    systems, notes = _systems(table, known)
    answers = table.flag("answers", default=False)
    if answers and not any(entry.has_questions for entry in entries):
        raise BadInput(
            f"{table.where}: answers = true needs a dataset of questions (a .jsonl file): of "
            "judged passages nothing says what an answer should be"
        )
    experiment = Experiment(
        name=name,
        datasets=entries,
        systems=[system for system, _ in systems.values()],
        baseline=_baseline(table, systems),
        measures=table.texts("measures"),
        k=table.whole("k", None),
        limit=table.whole("limit", None),
        seed=table.whole("seed", 0, least=0) or 0,
        answers=answers,
        judge=_judge(table, known, answers=answers),
        racing=_racing(table),
        notes=notes,
        in_force={name: in_force for name, (_, in_force) in systems.items()},
        file=path.name,
    )
    table.done()
    return experiment


def _entries(table: Table, folder: Path) -> list[Entry]:
    given = table.items("datasets")
    if not given:
        raise BadInput(
            f"{table.where}: no dataset is named: write [[datasets]] with path = a BEIR or TREC "
            "folder, or a .jsonl file of questions"
        )
    entries: dict[str, Entry] = {}
    for number, one in enumerate(given, start=1):
        where = f"{table.where}: [[datasets]] {number}"
        if isinstance(one, str):
            one = {"path": one}
        if not isinstance(one, Mapping):
            raise BadInput(f"{where}: give a table with path, or a path alone, not {one!r}")
        entry = _entry(Table(where, one), folder)
        if entry.name in entries:
            raise BadInput(
                f"{where}: the name {entry.name!r} is taken by another dataset: give one of them "
                "another name ="
            )
        entries[entry.name] = entry
    return list(entries.values())


def _entry(table: Table, folder: Path) -> Entry:
    path = folder / table.text("path")
    split = table.text("split", "")
    topics, qrels = (
        folder / table.text(key) if table.has(key) else None for key in ("topics", "qrels")
    )
    has_questions = path.suffix == ".jsonl" and topics is None and qrels is None
    corpus = None
    if has_questions:
        corpus = folder / table.text("corpus") if table.has("corpus") else path.parent / "corpus"
        if not corpus.is_dir():
            raise BadInput(
                f"{table.where}: corpus: there is no folder {corpus}: name the folder of the files "
                "that the questions are about"
            )
    for key, place in (("path", path), ("topics", topics), ("qrels", qrels)):
        if place is not None and not place.exists():
            raise BadInput(
                f"{table.where}: {key}: there is no {place}: paths are relative to the file"
            )
    stem = path.resolve().name if path.is_dir() else path.resolve().stem
    usual = ("",) if has_questions else ("", "test")
    default = stem if split in usual else f"{stem}-{split}"
    entry = Entry(
        table.text("name", default),
        path,
        corpus,
        split,
        topics,
        qrels,
        table.text("topic_field", ""),
    )
    table.done()
    return entry


def _judge(table: Table, known: Known, *, answers: bool) -> str:
    """The name of the model that judges answers; empty where none is asked for."""
    if not table.flag("judge", default=False):
        return ""
    if not answers:
        raise BadInput(f"{table.where}: judge = true judges answers: set answers = true, too")
    try:
        return known.judge()
    except BadInput as error:
        raise BadInput(f"{table.where}: judge = true: {error}") from error


def _systems(
    table: Table, known: Known
) -> tuple[dict[str, tuple[System, Mapping[str, Json]]], list[str]]:
    """The systems by name, each with its settings in force, and what was left out of grids."""
    found: dict[str, tuple[System, Mapping[str, Json]]] = {}
    for name, own in table.tables("systems").items():
        system = System(name, _settings(own.table("settings"), known), own.text("leg", "default"))
        own.done()
        found[name] = (system, _checked(system, own.where, known))
    if not found:
        raise BadInput(
            f"{table.where}: no system is named: write [systems.NAME] for each, with settings = "
            "and leg = where they differ from what braid.toml says"
        )
    notes: list[str] = []
    for number, one in enumerate(table.items("vary"), start=1):
        where = f"{table.where}: [[vary]] {number}"
        if not isinstance(one, Mapping):
            raise BadInput(f"{where}: write [[vary]] with system =, by =, settings =")
        for system in _varied(Table(where, one), found, known):
            in_force = _checked(system, where, known)
            twin = _twin(system, in_force, found)
            if twin == system.name:
                raise BadInput(f"{where}: the name {twin!r} is taken: vary each setting once")
            if twin:
                notes.append(f"{system.name} is the same as {twin}, and left out")
                continue
            found[system.name] = (system, in_force)
            if len(found) > _MAX_SYSTEMS:
                raise BadInput(
                    f"{where}: that makes more than {_MAX_SYSTEMS:,} systems: name fewer values, "
                    'or vary by = "one"'
                )
    return found, notes


def _twin(
    system: System, in_force: Mapping[str, Json], found: Mapping[str, tuple[System, object]]
) -> str:
    """The name of a system that is there already and has the same name, or else differs in
    nothing; empty where there is none."""
    if system.name in found:
        return system.name
    own = _canonical(system, in_force)
    return next(
        (name for name, (other, known) in found.items() if _canonical(other, known) == own), ""
    )


def _canonical(system: System, in_force: object) -> str:
    return json.dumps([system.leg, in_force], sort_keys=True, ensure_ascii=False)


def _varied(
    table: Table, found: Mapping[str, tuple[System, object]], known: Known
) -> Iterator[System]:
    base = table.text("system", next(iter(found)))
    if base not in found:
        raise BadInput(
            f"{table.where}: system: there is no system {base!r}: "
            f"{near(base, list(found)) or 'choose of ' + ', '.join(found)}"
        )
    way = table.text("by", WAYS[0])
    if way not in WAYS:
        raise BadInput(f"{table.where}: by has to be one of {', '.join(WAYS)}, not {way!r}")
    given = table.table("settings").flattened()
    if table.has(LEG):
        given[LEG] = table.texts(LEG)
    table.done()
    if not given:
        raise BadInput(f"{table.where}: nothing is varied: write settings = with lists of values")
    for key, values in given.items():
        if key != LEG:
            _check_name(key, f"{table.where}: settings", known)
        if not isinstance(values, list) or not values:
            raise BadInput(
                f"{table.where}: {key} has to be a list of the values to try, not {values!r}"
            )
    yield from grid(found[base][0], cast("Mapping[str, Sequence[Json]]", given), way)


def _settings(table: Table, known: Known) -> dict[str, Json]:
    given = table.flattened()
    for key in given:
        _check_name(key, table.where, known)
    return cast("dict[str, Json]", given)


def _check_name(key: str, where: str, known: Known) -> None:
    if key in known.refused:
        raise BadInput(f"{where}: {key}: {known.refused[key]}")
    if key not in known.settings:
        advice = near(key, known.settings) or "docs/settings.md lists them all"
        raise BadInput(f"{where}: there is no setting {key!r}: {advice}")


def _checked(system: System, where: str, known: Known) -> Mapping[str, Json]:
    """The settings in force. Raises BadInput for a leg or a value that there is not."""
    if system.leg not in known.legs:
        raise BadInput(
            f"{where}: leg: there is no leg {system.leg!r}: "
            f"{near(system.leg, known.legs) or 'choose of ' + ', '.join(known.legs)}"
        )
    try:
        return known.resolve(system)
    except BadInput as error:
        raise BadInput(f"{where}: {system.name}: {error}") from error


def _baseline(table: Table, systems: Mapping[str, object]) -> str:
    name = table.text("baseline", next(iter(systems)))
    if name not in systems:
        names = list(systems)
        raise BadInput(
            f"{table.where}: baseline: there is no system {name!r}: "
            f"{near(name, names) or 'choose of ' + ', '.join(names[:10])}"
        )
    return name


def _racing(table: Table) -> Racing | None:
    if not isinstance(table.data.get("stop_when_worse"), Mapping):
        return Racing() if table.flag("stop_when_worse", default=False) else None
    own = table.table("stop_when_worse")
    racing = Racing()
    racing = replace(racing, queries=own.whole("queries", racing.queries) or racing.queries)
    own.done()
    return racing
