"""What `braid bench` measures."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from api.compose import Braid
from api.settings import load_settings
from index.contract import Embedder
from ingest.contract import BadInput, Unavailable

_SLICE = 250
_SENTENCES = (
    "离心泵在启动前必须灌满液体，否则叶轮空转会损坏机械密封。",
    "The warranty covers the housing for five years, and seals and bearings for two.",
    "二〇二四年第三季度的出货量比上一季度增长了百分之十二，主要来自海外市场。",
    "Requests over the limit are put into a queue, and are answered in the order of arrival.",
    "检验员应当在收货后四十八小时内完成抽样，并把结果登记到系统中。",
    "If the pressure at the inlet falls below two bar, the controller stops the motor.",
)
_QUESTIONS = (
    "离心泵启动前要检查什么？",
    "How long is the warranty on seals?",
    "第三季度出货量增长了多少？",
    "What happens to requests over the limit?",
)


@dataclass(frozen=True, slots=True)
class Waiting:
    """Milliseconds for one short question (half and 95 of 100 take no longer), and seconds from
    the start of a process to its first vector, the least of some; None where none started."""

    query_p50_ms: float
    query_p95_ms: float
    start_s: float | None


@dataclass(frozen=True, slots=True)
class EmbeddingSpeed:
    """Passages per second of both ways, their ratio, the least cosine between them, and how
    long each lets one wait."""

    passages: int
    mean_tokens: float
    braid_per_s: float
    baseline_per_s: float
    ratio: float
    cosine: float
    braid: Waiting
    baseline: Waiting


def bench_embedding(braid: Braid, count: int, starts: int) -> EmbeddingSpeed:
    """Embeds `count` passages of 2 to 12 sentences, Chinese, English and mixed, and as many
    questions one by one; then starts so many processes of each. Raises BadInput for an
    endpoint's embedder, which there is nothing to compare with."""
    if braid.settings.embedder.backend != "sentence-transformers":
        raise BadInput("bench embed measures models on this machine; unset embedder.backend")
    embedder = braid.parts.embedder
    baseline = _baseline(braid).embed_passages
    texts = [_passage(i) for i in range(count)]
    embedder.embed_with_tokens(texts[:4])
    baseline(texts[:4])
    ours = theirs = 0.0
    cosine = 1.0
    for start in range(0, count, _SLICE):
        part = texts[start : start + _SLICE]
        begun = time.perf_counter()
        mine = embedder.embed_with_tokens(part).vectors
        between = time.perf_counter()
        other = baseline(part)
        theirs += time.perf_counter() - between
        ours += between - begun
        cosine = min(cosine, float((mine * other).sum(axis=1).min()))
    tokens = float(np.mean(embedder.count(texts)))
    ways = {"braid": embedder.embed_query, "baseline": lambda text: baseline([text])}
    waits = _waits(count, starts, ways)
    return EmbeddingSpeed(
        count, tokens, count / ours, count / theirs, theirs / ours, cosine, **waits
    )


def _waits(count: int, starts: int, ways: dict[str, Callable[[str], object]]) -> dict[str, Waiting]:
    """Of each way, measured in turns. No question is asked twice: some are remembered."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for embed in ways.values():
        embed(_QUESTIONS[0])
    for number in range(count):
        for name, embed in ways.items():
            before = time.perf_counter()
            embed(f"{number} {_QUESTIONS[number % len(_QUESTIONS)]}")
            times[name].append(1000 * (time.perf_counter() - before))
    begun = {name: [_start(name) for _ in range(starts)] for name in ways}
    waits = {}
    for name in ways:
        half, most = np.percentile(times[name], (50, 95)).tolist()
        waits[name] = Waiting(half, most, min(begun[name], default=None))
    return waits


def _start(way: str) -> float:
    program = f"from api.benchmark import first_vector; first_vector({way!r})"
    begun = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Unavailable(f"a process that embeds one question failed: {done.stderr[-500:]}")
    return time.perf_counter() - begun


def first_vector(way: str) -> None:
    """Embeds one question with the settings in force, as Braid does or as the baseline."""
    braid = Braid(load_settings())
    if way == "baseline":
        _baseline(braid).embed_passages([_QUESTIONS[0]])
    else:
        braid.parts.embedder.embed_query(_QUESTIONS[0])


def _baseline(braid: Braid) -> Embedder:
    embedder = braid.settings.embedder.model_copy(update={"precision": "float32"})
    settings = braid.settings.model_copy(update={"embedder": embedder})
    return Braid(settings).uncompiled_embedder()


def _passage(number: int) -> str:
    length = 2 + number * 7 % 11
    chosen = (_SENTENCES[(number + i * i) % len(_SENTENCES)] for i in range(length))
    return f"{number}. " + " ".join(chosen)
