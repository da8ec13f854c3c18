"""Studies that reports of the tests are about: figures made by a seed, texts in two languages."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

from eval.contract import LegReport, Miss, Report, Stage, Study, Trace
from eval.experiments.history import Point, Trend

MEASURES = ("nDCG@10", "RR@10", "R@100", "Success@1")
ANSWERS = ("Answered", "F1", "Supported")


def values_of(seed: int, ids: Sequence[str], level: float) -> dict[str, float]:
    """A value for each query: 1, or less the lower the level is."""
    chance = random.Random(seed)
    return {name: 1.0 if chance.random() < level else chance.choice((0, 0.5)) for name in ids}


def leg_report(name: str, seed: int, ids: Sequence[str], measures: Sequence[str]) -> LegReport:
    """A leg whose quality and latency follow from the seed."""
    chance = random.Random(seed)
    values = {
        measure: values_of(100 * seed + at, ids, 0.3 + 0.1 * (seed % 6))
        for at, measure in enumerate(measures)
    }
    latencies = sorted(round(chance.lognormvariate(0.4 * (seed % 6), 0.3), 3) for _ in ids)
    lost = [name for name, value in values[measures[0]].items() if value == 0]
    return LegReport(
        leg=name,
        measures={measure: sum(own.values()) / len(own) for measure, own in values.items()},
        per_query=values,
        p50_ms=latencies[len(ids) // 2],
        p95_ms=latencies[-1],
        latencies_ms=latencies,
        found={query: [f"{name}-{at} | *结果* <{query}>" for at in range(5)] for query in ids},
        traces={
            query: Trace(chance.choice(list(Stage)) if query in lost else None, {}, "为何丢失")
            for query in ids
        },
        costs={"index_s": 3.5 + seed, "index_mb": 12.0, "searches_per_s_4": 90.0},
    )


def report_of(
    dataset: str,
    systems: Sequence[str],
    queries: int = 24,
    measures: Sequence[str] = (*MEASURES, *ANSWERS),
    documents: int = 500,
) -> Report:
    """An evaluation of these systems."""
    ids = [f"q{number}" for number in range(queries)]
    own = {
        f"{system}: settings in force": f'{{"retrieval.k": {at}}}'
        for at, system in enumerate(systems)
    }
    return Report(
        dataset=dataset,
        queries=queries,
        documents=documents,
        legs={
            name: leg_report(name, at, ids, measures) for at, name in enumerate(systems, start=1)
        },
        settings={
            "command": f"braid eval run {dataset} --report out.html",
            "embedder": "e5",
            "retrieval": '{"k": 60, "steps": {"spelling": true}}',
            "sha256 of corpus.jsonl": "a1" * 32,
            "version of braid": "0.1.0",
            "machine: CPU": "x86",
            **own,
        },
        texts={name: f"问题 {name}：<质保> 多久？" for name in ids},
        slices={"language: chinese": ids[:14], "type: quantity": ids[14:], "法律": ids[:3]},
    )


def study_on(
    datasets: Sequence[str], systems: Sequence[str] = ("甲", "乙", "丙"), baseline: str = "甲"
) -> Study:
    """A study of several datasets; the last two ask the same of collections of different sizes."""
    reports = [
        report_of(name, systems, documents=500 * number)
        for number, name in enumerate(datasets, start=1)
    ]
    misses = {datasets[0]: [Miss(systems[-1], "q3", "哪里？", ["应得"], ["得到"], None)]}
    return Study("研究", reports, baseline, misses)


def trends_of(systems: Sequence[str] = ("甲", "乙")) -> list[Trend]:
    """Three runs of each system on a dataset."""
    return [
        Trend(
            "数据",
            system,
            "nDCG@10",
            [
                Point(
                    run=f"r{day}",
                    begun=f"2026-01-0{day}T08:00:00Z",
                    value=0.5 + day / 10,
                    low=0.4 + day / 10,
                    high=0.6 + day / 10,
                    queries=24,
                    version="0.1.0",
                    changes=("retrieval.k: 10 → 20",) if day > 1 else (),
                )
                for day in (1, 2, 3)
            ],
        )
        for system in systems
    ]


def without_details(report: Report) -> Report:
    """As old report files have it: figures alone."""
    legs = {
        name: replace(leg, latencies_ms=(), found={}, traces={}, costs={})
        for name, leg in report.legs.items()
    }
    return replace(report, legs=legs, texts={}, slices={})
