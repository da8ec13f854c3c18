"""The data of an experiment: read, cut to the sample, and told by its hashes."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from eval.contract import DEPTH, MEASURES, QUESTION_DEPTH, QUESTION_MEASURES, Dataset, QuestionSet
from eval.datasets import load_corpus
from eval.experiments.plan import Entry, Experiment, Size
from eval.judged import load_judged
from eval.lines import sha256_of
from eval.measures import check_measures
from eval.questions import is_judged, load_questions
from ingest.contract import BadInput

_CORPUS = "corpus/"


def with_sizes(experiment: Experiment) -> Experiment:
    """The experiment after a look at all of its data. Raises BadInput (BadDataset where the data
    is wrong) for what could not be measured: a dataset that cannot be read, a measure that there
    is not, or that looks deeper than `k`."""
    sizes = {}
    for entry in experiment.datasets:
        try:
            check_measures(measures_for(experiment, entry), depth_for(experiment, entry))
        except BadInput as error:
            raise BadInput(f"{experiment.file}: measures: on {entry.name}: {error}") from error
        sizes[entry.name] = _size(experiment, entry)
    return replace(experiment, sizes=sizes)


def measures_for(experiment: Experiment, entry: Entry) -> Sequence[str]:
    """The measures of rankings on a dataset: those that are asked for, else the usual ones of its
    kind."""
    return experiment.measures or (QUESTION_MEASURES if entry.has_questions else MEASURES)


def depth_for(experiment: Experiment, entry: Entry) -> int:
    """How many results are asked for: `k`, else as many as are usual, or as the measures need."""
    if experiment.k is not None:
        return experiment.k
    usual = QUESTION_DEPTH if entry.has_questions else DEPTH
    cutoffs = [re.search(r"@(\d+)$", name) for name in measures_for(experiment, entry)]
    return max([usual, *(int(found[1]) for found in cutoffs if found)])


def dataset_of(experiment: Experiment, entry: Entry) -> Dataset:
    """The judged passages of an entry, with the queries that are asked, under the entry's name."""
    whole = load_judged(entry.path, entry.split, entry.topics, entry.qrels, entry.topic_field)
    kept = _sample(list(whole.queries), experiment)
    return replace(
        whole,
        name=entry.name,
        queries={query_id: whole.queries[query_id] for query_id in kept},
        qrels={query_id: whole.qrels[query_id] for query_id in kept},
    )


def questions_of_entry(experiment: Experiment, entry: Entry) -> QuestionSet:
    """The questions of an entry that are asked, under the entry's name. Its sources say, beside
    the questions, what the corpus is made of."""
    whole = load_questions(entry.path, entry.split)
    judged = [question.id for question in whole.questions if is_judged(question)]
    if not judged:
        raise BadInput(f"{entry.path} has no question that says where its answer stands")
    kept = set(_sample([question.id for question in whole.questions], experiment))
    assert entry.corpus is not None
    if entry.files is None:
        corpus = load_corpus(entry.corpus)
        documents, sources = len(corpus.documents), corpus.sources
    else:
        files = list(_files(entry.files))
        documents, sources = len(files), {_CORPUS: _digest(files, entry.files)}
    return replace(
        whole,
        name=entry.name,
        questions=[question for question in whole.questions if question.id in kept],
        documents=documents,
        sources={**whole.sources, **sources},
    )


def _size(experiment: Experiment, entry: Entry) -> Size:
    if entry.has_questions:
        questions = questions_of_entry(experiment, entry)
        return Size(len(questions.questions), questions.documents, questions.sources)
    dataset = dataset_of(experiment, entry)
    return Size(len(dataset.queries), len(dataset.documents), dataset.sources)


def _sample(ids: Sequence[str], experiment: Experiment) -> list[str]:
    """At most `limit` of the ids, drawn by the seed, in their order."""
    if experiment.limit is None or len(ids) <= experiment.limit:
        return list(ids)
    drawn = random.Random(experiment.seed).sample(range(len(ids)), experiment.limit)
    return [ids[place] for place in sorted(drawn)]


def _files(folder: Path) -> Iterator[Path]:
    """The files below a folder that are not hidden, in order."""
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            yield path


def _digest(files: Sequence[Path], folder: Path) -> str:
    """One digest of what files hold and how they are called."""
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return whole.hexdigest()
