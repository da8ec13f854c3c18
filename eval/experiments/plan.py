"""What an experiment is: systems times datasets."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from eval.contract import System
from ingest.contract import Json


@dataclass(frozen=True, slots=True)
class Entry:
    """A dataset that is measured on: a BEIR folder, a TREC folder, a TREC corpus with its `topics`
    and `qrels`, or a file of questions with the folder they ask about (`corpus`: files, or the
    passages of a BEIR set). `split` is a part of it; empty: the test split of a BEIR folder, all
    questions of a file. `topic_field` is what of a TREC topic is asked; empty: its title."""

    name: str
    path: Path
    corpus: Path | None = None
    split: str = ""
    topics: Path | None = None
    qrels: Path | None = None
    topic_field: str = ""

    @property
    def has_questions(self) -> bool:
        """Whether it is a file of questions."""
        return self.corpus is not None

    @property
    def files(self) -> Path | None:
        """The folder of files that is searched; None where judged passages are."""
        if self.corpus is None or (self.corpus / "corpus.jsonl").is_file():
            return None
        return self.corpus

    @property
    def searched(self) -> str:
        """What the searched is called, whatever the entry is: datasets that search the same share
        a collection."""
        if self.topics is not None:
            return self.path.stem
        return (self.corpus or self.path).resolve().name


@dataclass(frozen=True, slots=True)
class Size:
    """What was found in a dataset before anything is measured. `sources` maps every file of it to
    its SHA-256; `queries` are those that will be asked."""

    queries: int
    documents: int
    sources: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Racing:
    """A system that is significantly worse than the baseline on a dataset, over `queries` or more
    of its queries, is not measured on those that remain."""

    queries: int = 50


@dataclass(frozen=True, slots=True)
class Experiment:
    """All that is to be measured. `measures` are empty where each kind of dataset has its own;
    `k` results are asked for (None: as the measures need); of more than `limit` queries a sample
    is drawn by `seed`. `answers`: answers are written and measured, too, and graded by the language
    model named `judge`, where one is. `notes` say what of a grid was left out. `in_force` are the
    settings that decide the figures, by system; `file` is the name of the file that says all
    this."""

    name: str
    datasets: Sequence[Entry]
    systems: Sequence[System]
    baseline: str
    measures: Sequence[str] = ()
    k: int | None = None
    limit: int | None = None
    seed: int = 0
    answers: bool = False
    judge: str = ""
    racing: Racing | None = None
    notes: Sequence[str] = ()
    in_force: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    file: str = ""
    sizes: Mapping[str, Size] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """One system on one dataset."""

    entry: Entry
    system: System


@dataclass(frozen=True, slots=True)
class Known:
    """What an experiment may name, as the composition root knows it: `settings` by dotted name,
    `legs`, and `resolve`, which gives the settings in force that decide a system's figures.
    It raises BadInput where a value is wrong, or the values do not go together. `judge` names the
    language model that judges answers, and raises BadInput where none is set. `refused` are
    settings that there are, but not for an experiment, with the reason."""

    settings: Sequence[str]
    legs: Sequence[str]
    resolve: Callable[[System], Mapping[str, Json]]
    judge: Callable[[], str]
    refused: Mapping[str, str] = field(default_factory=dict)
