"""What `braid eval gate` makes of planted regressions, and of the same system again and again.

    python -m bench.gate [FOLDER...] [--sample 200] [--runs 20] [--fresh 2] [--cut]
        [--truths FOLDER] [--questions FILE --corpus FOLDER]

For each BEIR folder a baseline is written, and compared with: the same system so many times (the
first ones indexed from scratch), the weight of meaning a hundredth and a hundred times what it is,
an inverted reranker, and with --cut a chunker that cuts sentences. The folder of truths is read as
it is, and by parsers that lose tables; the same with the files of the questions. Printed is a line
for each: whether the gate is right, what was planted, the seconds it took, and the verdict. What
was planted and lowers no measure by more than the gate's tolerance is "small": it passes rightly.
The exit code is 1 where a planted one was missed, or named by another stage, or the same system was
not let pass.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

import ingest.components
from api.compose import Braid
from api.evaluation_gate import Wanted, measured, parsed
from api.settings import load_settings
from eval.contract import ParseReport, Stage
from eval.pipeline import parse_json, stages
from index.contract import Keys
from index.pipeline import Snapshot
from ingest.contract import BlockKind, Parsed, Parser, Source, load_component
from retrieve.contract import AnalyzedQuery, Scores

PARSERS = dict(ingest.components.PARSERS)


@dataclass(frozen=True)
class Tableless:
    """The parser of a type, its tables dropped."""

    ocr: Any = None

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks without tables."""
        given = {"ocr": self.ocr} if self.ocr is not None else {}
        parser: Parser = load_component(PARSERS, media_type, **given)
        found = parser.parse(source, media_type)
        kept = tuple(block for block in found.blocks if block.kind is not BlockKind.TABLE)
        return replace(found, blocks=kept or found.blocks)


@dataclass(frozen=True)
class Inverted:
    """A reranker that likes the last of what it judges best."""

    weight: float = 100.0
    depth: int = 30
    own_unit: bool = True
    at_once: int = 30
    by_call: bool = False
    guess_ms: float = 0.1

    def judge(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys, left_ms: float) -> Scores:
        """Their places."""
        return np.arange(len(keys), dtype=np.float32)


@contextmanager
def system(**settings: Mapping[str, Any]) -> Iterator[Braid]:
    """Braid with these settings, by section, over those that hold anyway."""
    reading = {"workers": 0, **settings.pop("ingest", {})}
    braid = Braid(load_settings(ingest=reading, **settings))
    try:
        yield braid
    finally:
        braid.close()


@contextmanager
def tableless() -> Iterator[None]:
    """No parser gives tables."""
    table: dict[str, str] = ingest.components.PARSERS  # type: ignore[assignment]
    table.update(dict.fromkeys(PARSERS, f"{__name__}:Tableless"))
    try:
        yield
    finally:
        table.update(PARSERS)


class Bench:
    """Compares and tells; remembers what was not as it should be."""

    def __init__(self) -> None:
        self.wrong = 0

    def tell(self, name: str, result: stages.GateResult, stage: Stage | None, begun: float) -> None:
        """A line for what was planted (in a stage; None: nothing was)."""
        right = result.passed if stage is None else result.stage is stage
        lowest = min(row.difference.difference for row in result.judged)
        small = stage is not None and result.passed and lowest >= -result.tolerance
        self.wrong += not right and not small
        took = time.perf_counter() - begun
        mark = "right" if right else "small" if small else "WRONG"
        print(f"{mark} | {name} | {took:.0f} s | {stages.gate_lines(result)[-1]}", flush=True)

    def searched(self, wanted: Wanted, runs: int, fresh: int, cut: bool) -> None:
        """The same system again, and planted regressions of searching."""
        name = wanted.path.name
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "baseline.json"
            begun = time.perf_counter()
            with system() as braid, measured(braid, wanted, "bench") as found:
                data = stages.baseline_json(found.traced(), found.corpus)
            path.write_text(_json(data), encoding="utf-8")
            baseline = stages.read_baseline(path)
            count = len(next(iter(baseline.leg.per_query.values())))
            took = time.perf_counter() - begun
            print(
                f"{name}: baseline of {count} queries, every one traced, {took:.0f} s", flush=True
            )
        again = replace(wanted, queries=frozenset(next(iter(baseline.leg.per_query.values()))))
        for factor in (0.01, 100.0):
            weight = load_settings().retrieval.cosine_weight * factor
            retrieval = {"cosine_weight": weight}
            with system(retrieval=retrieval) as braid:
                planted = f"{name}, weight of meaning times {factor:g}"
                self._compare(planted, braid, again, baseline, Stage.FUSION)
        with system() as braid:
            braid.__dict__["retriever"] = replace(
                braid.retriever, rerankers={"inverted": Inverted()}
            )
            planted = f"{name}, inverted reranker"
            self._compare(planted, braid, again, baseline, Stage.RERANKING)
        if cut:
            with system(chunker={"name": "fixed", "max_tokens": 64}) as braid:
                planted = f"{name}, chunks of 64 tokens"
                self._compare(planted, braid, again, baseline, Stage.CHUNKING)
        for number in range(runs):
            run = replace(again, is_fresh=number < fresh)
            with system() as braid:
                self._compare(f"{name}, the same, run {number + 1}", braid, run, baseline, None)

    def _compare(
        self,
        name: str,
        braid: Braid,
        wanted: Wanted,
        baseline: stages.Baseline,
        stage: Stage | None,
    ) -> None:
        begun = time.perf_counter()
        with measured(braid, wanted, "bench") as found:
            result, _ = stages.compare_runs(baseline, found.rerun(), stages.Options())
        self.tell(name, result, stage, begun)

    def read(self, folder: Path, runs: int) -> None:
        """Files of known content, as they are read and without tables."""
        with system() as braid, tempfile.TemporaryDirectory() as place:
            first = parsed(braid, folder, "bench", None)
            path = Path(place) / "parse.json"
            path.write_text(
                _json(parse_json(ParseReport({"braid": first.files}, first.settings))), "utf-8"
            )
            before = stages.read_parsed(path)
            for number in range(runs):
                begun = time.perf_counter()
                again = parsed(braid, folder, "bench", None)
                result, _ = stages.compare_parsed(
                    folder.name, before, (again.files, again.settings), again.read, stages.Options()
                )
                self.tell(f"{folder.name}, the same, run {number + 1}", result, None, begun)
            with tableless():
                begun = time.perf_counter()
                again = parsed(braid, folder, "bench", None)
            result, _ = stages.compare_parsed(
                folder.name, before, (again.files, again.settings), again.read, stages.Options()
            )
            self.tell(f"{folder.name}, parsers lose tables", result, Stage.PARSING, begun)

    def files(self, wanted: Wanted) -> None:
        """Files that are asked about, as they are read and without tables."""
        with tempfile.TemporaryDirectory() as folder, system() as braid:
            path = Path(folder) / "baseline.json"
            with measured(braid, wanted, "bench") as found:
                data = stages.baseline_json(found.traced(), found.corpus)
            path.write_text(_json(data), encoding="utf-8")
            baseline = stages.read_baseline(path)
            anew = replace(wanted, is_fresh=True)
            self._compare("files, the same, indexed anew", braid, anew, baseline, None)
            with tableless():
                planted = "files, parsers lose tables"
                self._compare(planted, braid, anew, baseline, Stage.PARSING)


def _json(data: object) -> str:
    import json

    return json.dumps(data, ensure_ascii=False)


def main() -> int:
    """Runs what the flags name."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--sample", type=int, default=200)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--fresh", type=int, default=2)
    parser.add_argument("--cut", action="store_true")
    parser.add_argument("--truths", type=Path)
    parser.add_argument("--truth-runs", type=int, default=1)
    parser.add_argument("--questions", type=Path)
    parser.add_argument("--corpus", type=Path)
    given = parser.parse_args()
    bench = Bench()
    for folder in given.folders:
        wanted = Wanted(folder, sample=given.sample)
        bench.searched(wanted, given.runs, given.fresh, given.cut)
    if given.truths:
        bench.read(given.truths, given.truth_runs)
    if given.questions:
        bench.files(Wanted(given.questions, given.corpus))
    print(f"{bench.wrong} wrong")
    return int(bench.wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
