"""Whether sets that Braid makes out of a corpus rank configurations as its real questions do.

    python -m bench.made_sets FOLDER... --out RUNS [--made 250] [--questions 500] [--seed 0]

Each FOLDER is a BEIR dataset. A set is made from its corpus alone (`braid eval make`), six
configurations answer the made questions and a fixed random sample of the real ones, and Kendall's
tau (b, by scipy) says how far both order the configurations alike: 1 in the same way, 0 as by
chance. Beside it stands the interval that holds 95 % of the taus of 1,000 resamples of both sets
of questions (bootstrap): configurations that are nearly equal change places in them. So it is also
counted which pairs the real questions tell apart (the 95 % bootstrap interval of their difference
leaves 0 out), and how the made questions order these. Documents are ranked, and nDCG@10 is
measured, for both. Sets and runs are kept in RUNS: a measurement that was stopped goes on where it
was, and a new one needs an empty folder.
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from statistics import fmean

from api.compose import Braid
from api.evaluation import CHUNKS_PER_DOCUMENT, Evaluation
from api.making import chunks_of, reader_of
from api.settings import load_settings
from eval.contract import Dataset, LegRun, Question
from eval.pipeline import (
    load_dataset,
    load_questions,
    making,
    measure_runs,
    questions_text,
    read_run,
    write_run,
)
from index.pipeline import Collection
from retrieve.contract import Query

DEPTH = 10
MEASURE = "nDCG@10"
RESAMPLES = 1_000
_DIGITS = 9
"""Means that differ by less are equal: sums of the same numbers in another order."""
PLAIN = "plain"
CONFIGURATIONS = ("sparse", "dense", "rrf", "convex", PLAIN, "default")
"""One leg alone, the two usual fusions, and Braid's own without and with late interaction."""

Search = Callable[[str], Sequence[tuple[str, float]]]


def search_of(braid: Braid, collection: Collection, name: str) -> Search:
    steps = {"duplicates": False, **({"late_interaction": False} if name == PLAIN else {})}
    fusion = "default" if name == PLAIN else name

    def search(text: str) -> Sequence[tuple[str, float]]:
        query = Query(text, DEPTH * CHUNKS_PER_DOCUMENT, fusion, steps=steps)
        best: dict[str, float] = {}
        for hit in braid.search(collection, query).hits:
            best.setdefault(hit.chunk.document_id, hit.score)
        return list(best.items())[:DEPTH]

    return search


def figures(
    searches: Mapping[str, Search],
    texts: Mapping[str, str],
    qrels: Mapping[str, Mapping[str, int]],
    kept: Path,
) -> dict[str, list[float]]:
    """The measure of each configuration by queries; its run is kept in a folder, and found
    there."""
    kept.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, search in searches.items():
        path = kept / f"{name}.trec"
        if not path.is_file():
            write_run(LegRun(name, {key: search(text) for key, text in texts.items()}, ()), path)
        values = measure_runs(qrels, [read_run(path)], [MEASURE])[name].per_query[MEASURE]
        found[name] = [values[key] for key in sorted(qrels)]
    return found


def agreement(
    real: Mapping[str, Sequence[float]], made: Mapping[str, Sequence[float]], seed: int
) -> tuple[float, float, float]:
    """Kendall's tau of two sets' means, and the bounds of its 95 % bootstrap interval; resamples
    in which all configurations of a set are equal have none."""
    import numpy as np
    from scipy.stats import kendalltau

    sets = [np.array(list(values.values())) for values in (real, made)]
    dice = np.random.default_rng(seed)
    taus = []
    for _ in range(RESAMPLES):
        means = [
            values[:, dice.integers(values.shape[1], size=values.shape[1])].mean(axis=1)
            for values in sets
        ]
        taus.append(kendalltau(*np.round(means, _DIGITS)).statistic)
    low, high = np.nanquantile(taus, (0.025, 0.975))
    means = [np.round(values.mean(axis=1), _DIGITS) for values in sets]
    return float(kendalltau(*means).statistic), float(low), float(high)


def told_apart(
    real: Mapping[str, Sequence[float]], made: Mapping[str, Sequence[float]], seed: int
) -> Mapping[str, int]:
    """How the made questions order the pairs that the real ones tell apart: how many "alike",
    "as equal" and "otherwise"."""
    import numpy as np

    values = {name: np.array(held) for name, held in real.items()}
    found: Counter[str] = Counter()
    for first, second in combinations(real, 2):
        apart = values[first] - values[second]
        drawn = np.random.default_rng(seed).integers(len(apart), size=(RESAMPLES, len(apart)))
        low, high = np.quantile(apart[drawn].mean(axis=1), (0.025, 0.975))
        if low > 0 or high < 0:
            ours = round(fmean(made[first]) - fmean(made[second]), _DIGITS) * apart.mean()
            found["alike" if ours > 0 else "otherwise" if ours < 0 else "as equal"] += 1
    return found


def made_set(
    braid: Braid, collection: Collection, path: Path, count: int, seed: int
) -> Sequence[Question]:
    """The set made of a collection, kept in a file."""
    if not path.is_file():
        how = making.Making(count, seed)
        made = making.make_questions(chunks_of(collection), reader_of(braid, collection), how)
        print(f"{path.stem}: {len(made.questions)} of {made.drafts} drafts, {dict(made.kinds)}")
        path.write_text(questions_text(made.questions), "utf-8")
    return load_questions(path).questions


def sample(dataset: Dataset, count: int, seed: int) -> list[str]:
    """Queries of the dataset, the same for the same seed."""
    names = list(dataset.queries)
    return sorted(random.Random(seed).sample(names, min(count, len(names))))


def compared(folder: Path, out: Path, made_count: int, real_count: int, seed: int) -> float:
    """Prints the figures of a dataset, and gives tau."""
    braid = Braid(load_settings())
    dataset = load_dataset(folder)
    collection = Evaluation(braid).dataset_collection(dataset, None)
    braid.prepare(collection)
    out.mkdir(parents=True, exist_ok=True)
    made = made_set(braid, collection, out / f"{dataset.name}.jsonl", made_count, seed)
    searches = {name: search_of(braid, collection, name) for name in CONFIGURATIONS}
    names = sample(dataset, real_count, seed)
    real = figures(
        searches,
        {name: dataset.queries[name] for name in names},
        {name: dataset.qrels[name] for name in names},
        out / f"{dataset.name}-real",
    )
    ours = figures(
        searches,
        {question.id: question.text for question in made},
        {question.id: {question.document: 1} for question in made},
        out / f"{dataset.name}-made",
    )
    tau, low, high = agreement(real, ours, seed)
    print(f"{dataset.name:20}" + "".join(f"{name:>10}" for name in CONFIGURATIONS))
    for title, values in ((f"real ({len(names)})", real), (f"made ({len(made)})", ours)):
        print(f"{title:20}" + "".join(f"{fmean(value):>10.4f}" for value in values.values()))
    print(f"Kendall's tau {tau:.3f} (95 % interval {low:.3f} to {high:.3f})")
    apart = told_apart(real, ours, seed)
    told = ", ".join(f"{count} {how}" for how, count in sorted(apart.items()))
    print(f"pairs that real questions tell apart: {sum(apart.values())} ({told})", flush=True)
    braid.close()
    return tau


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--made", type=int, default=250)
    parser.add_argument("--questions", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True, help="keep sets and runs here")
    given = parser.parse_args()
    for folder in given.folders:
        compared(folder, given.out, given.made, given.questions, given.seed)


if __name__ == "__main__":
    main()
