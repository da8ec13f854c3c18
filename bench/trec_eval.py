"""Braid's measures beside trec_eval's own, query by query, over datasets of any size.

    python -m bench.trec_eval FOLDER... [--runs RUNS]

Each FOLDER is a BEIR dataset. Its documents are ranked by how many different words they share with
the query, which leaves whole blocks of equal scores; every seventh query finds nothing. The run is
written to a file, which Braid reads and measures, and which pytrec_eval parses and measures by
trec_eval's code. With RUNS (the folder `runs` of Braid's cache, which `braid eval run` fills), the
files RUNS/NAME/*.trec of that dataset are measured, too: as they are, and with their scores
rounded so that many become equal.

Printed are, for each run, the queries, how many of them have equal scores among their results, and
the greatest difference of any measure on any query. The exit code is 1 where one is above 1e-9.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytrec_eval

from eval.contract import Dataset, LegRun
from eval.pipeline import load_dataset, measure_runs, read_run, write_qrels, write_run

LARGEST_DIFFERENCE = 1e-9
DEPTH = 1000
_WORD = re.compile(r"[\u3400-\u9fff]|[^\W\u3400-\u9fff]+")
MEASURES = {
    "nDCG": "ndcg", "nDCG@1": "ndcg_cut_1", "nDCG@5": "ndcg_cut_5", "nDCG@10": "ndcg_cut_10",
    "nDCG@100": "ndcg_cut_100", "RR": "recip_rank", "AP": "map", "AP@10": "map_cut_10",
    "P@1": "P_1", "P@5": "P_5", "P@10": "P_10", "R@5": "recall_5", "R@10": "recall_10",
    "R@100": "recall_100", "R@1000": "recall_1000", "Success@1": "success_1",
    "Success@5": "success_5", "Success@10": "success_10",
}  # fmt: skip
"""Names of ir_measures with trec_eval's."""


def words_shared(dataset: Dataset) -> LegRun:
    """Documents by how many different words they share with a query; equal ones by their ids."""
    holding: dict[str, list[int]] = defaultdict(list)
    for number, document in enumerate(dataset.documents):
        for word in set(_words(f"{document.title} {document.text}")):
            holding[word].append(number)
    rankings: dict[str, list[tuple[str, float]]] = {}
    for place, (query_id, text) in enumerate(dataset.queries.items()):
        if place % 7 == 6:
            continue
        shared = Counter(number for word in set(_words(text)) for number in holding[word])
        found = [(dataset.documents[number].id, float(count)) for number, count in shared.items()]
        rankings[query_id] = sorted(found, key=lambda item: (-item[1], item[0]))[:DEPTH]
    return LegRun("words shared", rankings, ())


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def write_tied(run: LegRun, path: Path, decimals: int | None) -> None:
    """Writes a run with its scores rounded, so that equal ones stay equal. `write_run` would part
    them: it is used for the ids alone."""
    write_run(run, path)
    scores = [score for ranking in run.rankings.values() for _, score in ranking]
    lines: list[str] = []
    for line, score in zip(path.read_text("utf-8").splitlines(), scores, strict=True):
        query, zero, document, rank, _, tag = line.split()
        tied = score if decimals is None else round(score, decimals)
        lines.append(f"{query} {zero} {document} {rank} {tied!r} {tag}\n")
    path.write_text("".join(lines), "utf-8")


def runs_of(dataset: Dataset, stored: Path | None, work: Path) -> Iterator[tuple[str, Path]]:
    """Run files of a dataset, with what they are called."""
    made = work / "made.trec"
    write_tied(words_shared(dataset), made, None)
    yield "words shared", made
    for path in sorted((stored / dataset.name).glob("*.trec")) if stored else ():
        yield path.stem, path
        rounded = work / path.name
        write_tied(read_run(path), rounded, 1)
        yield f"{path.stem}, rounded", rounded


def greatest_difference(
    qrels: Mapping[str, Mapping[str, int]], run_path: Path, work: Path
) -> float:
    """Of any measure on any judged query, between Braid's value and trec_eval's, which both read
    the same files; a query without results has zero."""
    run = read_run(run_path)
    ours = measure_runs(qrels, [run], list(MEASURES))[run.leg]
    qrels_path = work / "qrels"
    write_qrels(qrels, qrels_path)
    with qrels_path.open(encoding="utf-8") as judged, run_path.open(encoding="utf-8") as results:
        evaluator = pytrec_eval.RelevanceEvaluator(
            pytrec_eval.parse_qrel(judged), set(MEASURES.values())
        )
        theirs = evaluator.evaluate(pytrec_eval.parse_run(results))
    return max(
        abs(value - theirs.get(query_id, {}).get(trec_name, 0.0))
        for name, trec_name in MEASURES.items()
        for query_id, value in ours.per_query[name].items()
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--runs", type=Path)
    given = parser.parse_args()
    worst = 0.0
    for folder in given.folders:
        dataset = load_dataset(folder)
        with tempfile.TemporaryDirectory() as work:
            for name, path in runs_of(dataset, given.runs, Path(work)):
                difference = greatest_difference(dataset.qrels, path, Path(work))
                worst = max(worst, difference)
                run = read_run(path)
                tied = sum(
                    len({score for _, score in found}) < len(found)
                    for found in run.rankings.values()
                )
                print(
                    f"{dataset.name:16} {name:22} {len(dataset.queries):6,} queries, "
                    f"{len(dataset.queries) - len(run.rankings):4} without results, "
                    f"{tied:6,} with ties: {difference:.1e}"
                )
    print(f"greatest difference: {worst:.1e} (allowed: {LARGEST_DIFFERENCE:.0e})")
    sys.exit(worst > LARGEST_DIFFERENCE)


if __name__ == "__main__":
    main()
