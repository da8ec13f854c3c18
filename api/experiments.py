"""Experiments on real collections: systems are built, collections shared, cells measured."""

from __future__ import annotations

import hashlib
import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Protocol, TypeVar

from api.compose import Braid
from api.evaluation import Evaluation
from api.evaluation_costs import with_index_costs
from api.evaluation_judge import judged
from api.experiment_settings import index_key, index_settings, not_default, settings_with
from api.provenance import braid_version, machine, versions
from api.settings import Settings
from eval.contract import Answering, Dataset, QuestionSet, Report, Run, System
from eval.pipeline import (
    RunStore,
    ask_questions,
    evaluate,
    evaluate_questions,
    experiments,
    load_corpus,
    with_answers,
)
from index.pipeline import Collection, QueryCache, utc_now
from ingest.contract import Conflict, Unavailable

PROBES = 10
"""Searches of the baseline by which the machine's speed is told, before and after each cell."""

_OPEN = 2
"""Groups of collections that are held open: the baseline's, and that of the last system."""

Found = TypeVar("Found", covariant=True)
Material = Dataset | QuestionSet
Bar = Callable[[str], AbstractContextManager[Any]]
"""A progress bar by its title; what it gives is told (done, total)."""


@dataclass
class _Group:
    """Systems that share collections: their parts, and the collection that is open."""

    braid: Braid
    evaluation: Evaluation
    open: tuple[str, Collection] | None = None

    def close(self) -> None:
        """Closes the collection."""
        self.evaluation.close()
        self.open = None


@dataclass
class Workbench:
    """Measures the cells of an experiment, over the settings that hold for all systems. Systems
    that differ in retrieval alone share parts and collections; groups of systems whose embedder is
    the same share its model.

    Cells are measured one after the other, so that each can be kept when it is done. That their
    latencies may be compared, no query is remembered from one search to the next, and some searches
    of the baseline before and after each cell tell how fast the machine is just then.
    """

    experiment: experiments.Experiment
    base: Settings
    store: RunStore
    bar: Bar = lambda _title: nullcontext(None)
    _groups: dict[str, _Group] = field(default_factory=dict)
    _material: tuple[str, Material] | None = None
    _probed: tuple[str, float | None] | None = None

    def fingerprint(self, cell: experiments.Cell) -> str:
        """Of all that decides the figures of a cell: settings, leg, data, the queries drawn, how
        many results are asked for, and Braid itself."""
        experiment, entry = self.experiment, cell.entry
        size, limit = experiment.sizes[entry.name], experiment.limit
        identity = {
            "settings": experiment.in_force[cell.system.name],
            "leg": cell.system.leg,
            "data": dict(size.sources),
            "split": entry.split,
            "queries": size.queries,
            "drawn": [limit, experiment.seed] if size.queries == limit else None,
            "depth": experiments.depth_for(experiment, entry),
            "braid": braid_version(),
        }
        text = json.dumps(identity, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def measures(self, cell: experiments.Cell) -> Sequence[str]:
        """What a stored run has to have."""
        return experiments.measures_for(self.experiment, cell.entry)

    def collection_of(self, cell: experiments.Cell) -> tuple[str, bool]:
        """The name of the cell's collection, and whether it is there, as far as can be told
        without opening it."""
        evaluation = self._group(cell.system).evaluation
        name = self._collection_name(cell.entry, evaluation)
        return name, (evaluation.folder / name).is_dir()

    def measure(self, cell: experiments.Cell) -> Run:
        """Indexes what is not there, searches and measures. Raises Unavailable where a model or an
        endpoint that the system needs does not answer."""
        begun = utc_now()
        group = self._group(cell.system)
        collection = self._collection(group, cell.entry)
        before = self._speed_before(cell.entry)
        start = time.monotonic()
        report = self._report(cell, group, collection)
        searched_s = time.monotonic() - start
        after = self._probe(cell.entry)
        report = self._with_costs(cell, group, collection, report)
        speed = {experiments.SEARCHED_S: f"{searched_s:.2f}"}
        if before is not None and after is not None:
            speed[experiments.PROBE_MS] = f"{(before + after) / 2:.3f}"
        return Run(
            id=self.fingerprint(cell),
            experiment=self.experiment.name,
            system=cell.system,
            begun=begun,
            report=report,
            versions=versions(),
            machine={**machine(), **speed},
        )

    def close(self) -> None:
        """Closes the collections that are open."""
        for group in self._groups.values():
            group.close()
        self._groups.clear()

    def _report(self, cell: experiments.Cell, group: _Group, collection: Collection) -> Report:
        system, entry = cell.system, cell.entry
        settings = settings_with(self.base, system.settings)
        evaluation = Evaluation(Braid(settings, lent=group.braid.parts))
        depth = experiments.depth_for(self.experiment, entry)
        measures = experiments.measures_for(self.experiment, entry)
        described = self._described(cell, evaluation, collection)
        material = self._read(entry)
        with self.bar(f"{entry.name}: {system.name}") as progress:
            if isinstance(material, Dataset):
                ranked = _unremembered(group, evaluation.document_search(collection), system.leg)
                report, _ = evaluate(
                    material,
                    ranked,
                    (system.name,), measures, depth, progress, described,
                )  # fmt: skip
                return evaluation.completed(report, material, collection)
            located = _unremembered(group, evaluation.located_search(collection), system.leg)
            material = replace(material, documents=collection.stats().documents)
            report, _ = evaluate_questions(
                material,
                located,
                (system.name,), depth, progress, described, measures,
            )  # fmt: skip
        if self.experiment.answers:
            answering = {system.name: evaluation.answering(collection, system.leg)}
            report = self._answered(cell, report, material, answering)
        return evaluation.completed(report, material, collection)

    def _answered(
        self,
        cell: experiments.Cell,
        report: Report,
        questions: QuestionSet,
        answering: Mapping[str, Answering],
    ) -> Report:
        """The report with the measures of answers, and the judge's grades where one is asked."""
        title = f"{cell.entry.name}: {cell.system.name}"
        with self.bar(f"{title}: answers") as progress:
            runs = ask_questions(questions, answering, progress)
        report = with_answers(report, questions, runs)
        if not self.experiment.judge:
            return report
        with self.bar(f"{title}: judge") as progress:
            return judged(self.base, questions, runs, report, progress, is_whole=True)

    def _described(
        self, cell: experiments.Cell, evaluation: Evaluation, collection: Collection
    ) -> dict[str, str]:
        experiment = self.experiment
        told = {
            **evaluation.described(f"braid eval experiment {experiment.file}"),
            experiments.IN_FORCE: json.dumps(
                not_default(evaluation.braid.settings), ensure_ascii=False, sort_keys=True
            ),
            "leg": cell.system.leg,
            "collection": collection.name,
        }
        if cell.entry.split:
            told["split"] = cell.entry.split
        if experiment.limit is not None:
            told["sample"] = f"{experiment.limit} queries at the most, by seed {experiment.seed}"
        return told

    def _read(self, entry: experiments.Entry) -> Material:
        """The data of an entry; that of the last one is kept."""
        if self._material is None or self._material[0] != entry.name:
            read = experiments.questions_of_entry if entry.has_questions else experiments.dataset_of
            self._material = (entry.name, read(self.experiment, entry))
        return self._material[1]

    def _group(self, system: System) -> _Group:
        """The group of a system, which is the last to be closed from then on, but for the
        baseline's."""
        settings = settings_with(self.base, index_settings(system))
        key = _key(settings)
        if key in self._groups:
            self._groups[key] = self._groups.pop(key)
            return self._groups[key]
        lenders = [
            other.braid.parts.embedder
            for other in self._groups.values()
            if other.braid.settings.embedder == settings.embedder
        ]
        braid = Braid(settings)
        if lenders:
            braid = Braid(settings, lent=replace(braid.parts, embedder=lenders[0]))
        kept = _key(settings_with(self.base, index_settings(self._baseline)))
        oldest = [other for other in self._groups if other != kept]
        for other in oldest[: max(0, len(self._groups) - _OPEN + 1)]:
            self._groups.pop(other).close()
        self._groups[key] = _Group(braid, Evaluation(braid))
        return self._groups[key]

    @property
    def _baseline(self) -> System:
        experiment = self.experiment
        return next(one for one in experiment.systems if one.name == experiment.baseline)

    def _collection_name(self, entry: experiments.Entry, evaluation: Evaluation) -> str:
        if entry.files is not None:
            return evaluation.corpus_name(entry.files)
        return evaluation.dataset_name(entry.searched, self.experiment.sizes[entry.name].sources)

    def _collection(self, group: _Group, entry: experiments.Entry) -> Collection:
        """The collection of an entry, indexed as far as it is not."""
        if group.open is not None and group.open[0] == entry.name:
            return group.open[1]
        group.close()
        with self.bar(f"indexing {entry.name}") as progress:
            material = self._read(entry)
            if entry.files is not None:
                collection = group.evaluation.corpus_collection(entry.files)
            elif isinstance(material, Dataset):
                corpus = replace(material, name=entry.searched)
                collection = group.evaluation.dataset_collection(corpus, progress)
            else:
                corpus = load_corpus(entry.corpus or entry.path)
                collection = group.evaluation.dataset_collection(corpus, progress)
        group.open = (entry.name, collection)
        return collection

    def _speed_before(self, entry: experiments.Entry) -> float | None:
        """The machine's speed as it was told after the cell before, on the same dataset, else as
        it is now."""
        known = self._probed
        return known[1] if known is not None and known[0] == entry.name else self._probe(entry)

    def _probe(self, entry: experiments.Entry) -> float | None:
        """The median of some searches of the baseline, in milliseconds; None where the baseline
        cannot be searched, which is not tried again on this dataset."""
        if self._probed == (entry.name, None):
            return None
        try:
            found: float | None = self._baseline_ms(entry)
        except (Unavailable, Conflict):
            found = None
        self._probed = (entry.name, found)
        return found

    def _baseline_ms(self, entry: experiments.Entry) -> float:
        baseline = self._baseline
        group = self._group(baseline)
        collection = self._collection(group, entry)
        braid = Braid(settings_with(self.base, baseline.settings), lent=group.braid.parts)
        found = Evaluation(braid).located_search(collection)
        search = _unremembered(group, found, baseline.leg)
        depth = experiments.depth_for(self.experiment, entry)
        material = self._read(entry)
        texts = (
            list(islice(material.queries.values(), PROBES))
            if isinstance(material, Dataset)
            else [question.text for question in material.questions[:PROBES]]
        )
        search(texts[0], baseline.name, depth)
        times = []
        for text in texts:
            start = time.perf_counter()
            search(text, baseline.name, depth)
            times.append((time.perf_counter() - start) * 1000.0)
        return statistics.median(times)

    def _with_costs(
        self, cell: experiments.Cell, group: _Group, collection: Collection, report: Report
    ) -> Report:
        """The report with what the collection cost: of one that was there already, as was told
        when it was made."""
        measured = with_index_costs(group.evaluation, collection, report)
        leg = measured.legs[cell.system.name]
        if "index_s" in leg.costs:
            return measured
        for run in reversed(self.store.runs(cell.entry.name)):
            if run.settings.get("collection") == collection.name and "index_s" in run.costs:
                leg = replace(leg, costs={**leg.costs, "index_s": run.costs["index_s"]})
                return replace(measured, legs={leg.leg: leg})
        return measured


def _key(settings: Settings) -> str:
    return json.dumps(index_key(settings), sort_keys=True)


class _Search(Protocol[Found]):
    def __call__(self, query: str, leg: str, k: int) -> Found: ...


def _unremembered(group: _Group, search: _Search[Found], own: str) -> _Search[Found]:
    """A search by a leg of its `own`, whatever the system is called, to which every query is new:
    one that another system was asked before costs what it cost that one."""
    embedder = group.braid.parts.embedder

    def searched(query: str, leg: str, k: int) -> Found:
        if isinstance(embedder, QueryCache):
            embedder.forget()
        return search(query, own, k)

    return searched
