"""Whether sets that Braid makes out of a corpus rank configurations as its real questions do.

    python -m bench.made_sets FOLDER... --out RUNS [--made 250] [--questions 500] [--seed 0]

Each FOLDER is a BEIR dataset. A set is made from its corpus alone (`braid eval make`), six
configurations answer the made questions and a fixed random sample of the real ones, and Kendall's
tau (b, by scipy) says how far both order the configurations alike: 1 in the same way, 0 as by
chance. Documents are ranked, and nDCG@10 is measured, for both. Sets and runs are kept in RUNS:
a measurement that was stopped goes on where it was, and a new one needs an empty folder.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

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
) -> dict[str, float]:
    """The measure of each configuration; its run is kept in a folder, and found there."""
    kept.mkdir(parents=True, exist_ok=True)
    found = {}
    for name, search in searches.items():
        path = kept / f"{name}.trec"
        if not path.is_file():
            write_run(LegRun(name, {key: search(text) for key, text in texts.items()}, ()), path)
        found[name] = measure_runs(qrels, [read_run(path)], [MEASURE])[name].measures[MEASURE]
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
    from scipy.stats import kendalltau

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
    tau = float(kendalltau(list(real.values()), list(ours.values())).statistic)
    print(f"{dataset.name:20}" + "".join(f"{name:>10}" for name in CONFIGURATIONS))
    for title, values in ((f"real ({len(names)})", real), (f"made ({len(made)})", ours)):
        print(f"{title:20}" + "".join(f"{value:>10.4f}" for value in values.values()))
    print(f"Kendall's tau {tau:.3f}", flush=True)
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
