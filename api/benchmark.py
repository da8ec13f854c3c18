"""What `braid bench` measures."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np

from api.compose import Braid
from index.contract import Embedder

_SLICE = 250
_SENTENCES = (
    "离心泵在启动前必须灌满液体，否则叶轮空转会损坏机械密封。",
    "The warranty covers the housing for five years, and seals and bearings for two.",
    "二〇二四年第三季度的出货量比上一季度增长了百分之十二，主要来自海外市场。",
    "Requests over the limit are put into a queue, and are answered in the order of arrival.",
    "检验员应当在收货后四十八小时内完成抽样，并把结果登记到系统中。",
    "If the pressure at the inlet falls below two bar, the controller stops the motor.",
)


@dataclass(frozen=True, slots=True)
class EmbeddingSpeed:
    """Passages per second of both ways, their ratio, and the least cosine between them."""

    passages: int
    mean_tokens: float
    braid_per_s: float
    baseline_per_s: float
    ratio: float
    cosine: float


def bench_embedding(braid: Braid, count: int) -> EmbeddingSpeed:
    """Embeds `count` passages of 2 to 12 sentences, Chinese, English and mixed."""
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
    return EmbeddingSpeed(count, tokens, count / ours, count / theirs, theirs / ours, cosine)


def _baseline(braid: Braid) -> Embedder:
    embedder = braid.settings.embedder.model_copy(update={"precision": "float32"})
    settings = braid.settings.model_copy(update={"embedder": embedder})
    return Braid(settings).uncompiled_embedder()


def _passage(number: int) -> str:
    length = 2 + number * 7 % 11
    chosen = (_SENTENCES[(number + i * i) % len(_SENTENCES)] for i in range(length))
    return f"{number}. " + " ".join(chosen)
