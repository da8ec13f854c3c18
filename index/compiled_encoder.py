"""A forward pass for BERT-like encoders, compiled by OpenVINO.

torch calls some 200 operations for one query, and reorders the weights of every matrix each
time; compiled, the weights are laid out once, in bfloat16 where the CPU multiplies it natively,
and small operations are joined to their neighbours. Neither torch nor transformers is imported.

The texts of a batch are of like length and are padded to a multiple of 16, which is what the
matrix units take at once and keeps the shapes few: each new one costs milliseconds. The mean is
taken in float32. Each core computes batches of its own, with one thread: cores that share every
operation wait for each other at its end, and for long where another process wants one of them. So
do questions of several threads.

The architecture is that of BERT (Devlin et al. 2018, arXiv:1810.04805): learned absolute
positions, layer norm after each residual, GELU. `supports` says whether a model is of this
kind; whoever uses this class must still compare a few of its vectors with the model's own.
"""

from __future__ import annotations

import math
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from index.compiled_copy import CompiledCopy, padded
from index.contract import Embeddings, Vectors
from ingest.contract import cached_property

if TYPE_CHECKING:
    import openvino

TOKENS_PER_BATCH = 1024
"""Enough to fill the matrix units; more only falls out of the second-level cache."""

_FEW_TOKENS = 256
"""So few are not worth a second core."""

Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]
"""Tensors under the names of transformers' BertModel."""


def supports(model: Any) -> bool:
    """True for a transformers BertModel with absolute positions and GELU."""
    config = getattr(model, "config", None)
    return (
        type(model).__name__ == "BertModel"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and getattr(config, "hidden_act", "") == "gelu"
        and not getattr(config, "is_decoder", False)
    )


def _openvino() -> Any:
    """OpenVINO, without the package by which it would tell its makers, over the network, that it
    was imported. It goes without where that cannot be imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def has_native_bfloat16() -> bool:
    """Whether the CPU multiplies bfloat16 natively (AVX512-BF16 or AMX)."""
    return "BF16" in _openvino().Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")


class CompiledEncoder:
    """Mean-pooled unit vectors of token sequences, and those of their tokens.

    `config` is the model's config.json. The weights are held as they are given (writeable, as
    OpenVINO wants those that it does not copy), and once more as they are computed with (all
    but the embeddings of the words)."""

    def __init__(self, weights: Weights, config: Mapping[str, Any], *, bfloat16: bool) -> None:
        self._width = int(config["hidden_size"])
        self._threads = _cores()
        self._options = {
            "INFERENCE_PRECISION_HINT": "bf16" if bfloat16 else "f32",
            "ENABLE_CPU_PINNING": False,  # another process may sit on the core
        }
        self._graph = _graph(weights, config)
        self._compiling = threading.Lock()
        self._one, self._guard = threading.Lock(), threading.Lock()
        self._batched = 0

    def encode(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        """Shape (len(token_ids), hidden size). Sequences are taken by length, so that a batch
        holds texts of like cost; each must be within the model's positions."""
        return self._encode(token_ids, None)

    def encode_with_tokens(
        self, token_ids: Sequence[Sequence[int]], skip: int, pooled: int
    ) -> Embeddings:
        """The same, with unit vectors for each `pooled` tokens in a row, the mean of their unit
        vectors. The first `skip` tokens of a sequence (its opening and prefix) and the last (its
        closing) have none. Pooling after Clavié, Chaffin, Adams 2024, "Reducing the Footprint of
        Multi-Vector Retrieval with Minimal Performance Impact via Token Pooling"
        (arXiv:2409.14683), whose neighbours are by meaning; these are by place."""
        tokens = [np.empty((0, self._width), dtype=np.float32)] * len(token_ids)

        def keep(place: int, states: Vectors) -> None:
            tokens[place] = _pooled(states[skip:-1], pooled)

        return Embeddings(self._encode(token_ids, keep), tokens)

    def _encode(
        self,
        token_ids: Sequence[Sequence[int]],
        keep: Callable[[int, Vectors], None] | None,
    ) -> Vectors:
        """The means. `keep` is given each sequence's place and last hidden states, shape
        (tokens, hidden size), perhaps from several threads at once."""
        out = np.empty((len(token_ids), self._width), dtype=np.float32)
        order = sorted(range(len(token_ids)), key=lambda i: (len(token_ids[i]), i))
        share = -(-sum(map(len, token_ids)) // self._threads)
        batches = _batches(order, token_ids, min(TOKENS_PER_BATCH, max(share, _FEW_TOKENS)))

        def run(copy: CompiledCopy, batch: list[int]) -> None:
            with copy.states([token_ids[i] for i in batch]) as states:
                for place, row in zip(batch, states, strict=True):
                    part = row[: len(token_ids[place])]
                    out[place] = part.mean(axis=0)
                    if keep is not None:
                        keep(place, part)

        if len(batches) > 1:
            # The longest first, so that the cores end together.
            with self._batching() as copy:
                for _ in self._workers.map(partial(run, copy), reversed(batches)):
                    pass
        elif batches:
            with self._free() as copy:
                run(copy, batches[0])
        return _units(out)

    @contextmanager
    def _batching(self) -> Iterator[CompiledCopy]:
        """The copy for many, known to hold batches."""
        with self._guard:
            self._batched += 1
        try:
            yield self._for_many
        finally:
            with self._guard:
                self._batched -= 1

    @contextmanager
    def _free(self) -> Iterator[CompiledCopy]:
        """The copy for one. While another thread computes with it, the copy for many, unless that
        holds batches, behind which a question waits for longer."""
        if not self._one.acquire(blocking=False):
            if self._threads > 1 and not self._batched:
                yield self._for_many
                return
            self._one.acquire()
        try:
            yield self._for_one
        finally:
            self._one.release()

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, "embedder")

    @cached_property
    def _for_one(self) -> CompiledCopy:
        """What computes in the calling thread itself, one text at a time: queries, which must not
        wait for batches, nor for another thread to wake up."""
        return self._compile(threads=1, streams=0)

    @cached_property
    def _for_many(self) -> CompiledCopy:
        """What computes in threads of its own, one for each of the workers."""
        return self._compile(threads=self._threads, streams=self._threads)

    def _compile(self, threads: int, streams: int) -> CompiledCopy:
        options = {**self._options, "INFERENCE_NUM_THREADS": threads, "NUM_STREAMS": streams}
        with self._compiling:
            return CompiledCopy(_openvino().Core().compile_model(self._graph, "CPU", options))


def reference(weights: Weights, config: Mapping[str, Any], token_ids: Sequence[int]) -> Vectors:
    """What `encode` gives for one sequence, in plain NumPy and float32, shape (hidden size,);
    slow, and the same on every machine."""
    count, heads = len(token_ids), int(config["num_attention_heads"])
    erf = np.frompyfunc(math.erf, 1, 1)

    def norm(rows: Vectors, name: str) -> Vectors:
        centred = rows - rows.mean(axis=1, keepdims=True)
        spread = np.sqrt((centred**2).mean(axis=1, keepdims=True) + config["layer_norm_eps"])
        found: Vectors = centred / spread * weights[f"{name}.weight"] + weights[f"{name}.bias"]
        return found

    def linear(rows: Vectors, name: str) -> Vectors:
        found: Vectors = rows @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]
        return found

    hidden = weights["embeddings.word_embeddings.weight"][list(token_ids)]
    hidden = hidden + weights["embeddings.position_embeddings.weight"][:count]
    hidden = hidden + weights["embeddings.token_type_embeddings.weight"][0]
    hidden = norm(hidden, "embeddings.LayerNorm")
    for layer in _layers(config):
        query, key, value = (
            linear(hidden, f"{layer}.attention.self.{part}").reshape(count, heads, -1)
            for part in ("query", "key", "value")
        )
        scores = np.einsum("ihd,jhd->hij", query, key) / math.sqrt(query.shape[2])
        shares = np.exp(scores - scores.max(axis=2, keepdims=True))
        shares /= shares.sum(axis=2, keepdims=True)
        context = np.einsum("hij,jhd->ihd", shares, value).reshape(count, -1)
        output = f"{layer}.attention.output"
        hidden = norm(linear(context, f"{output}.dense") + hidden, f"{output}.LayerNorm")
        inner = linear(hidden, f"{layer}.intermediate.dense")
        inner = inner / 2 * (1 + erf(inner / math.sqrt(2)).astype(np.float32))
        hidden = norm(linear(inner, f"{layer}.output.dense") + hidden, f"{layer}.output.LayerNorm")
    return _units(hidden.mean(axis=0))


def _graph(weights: Weights, config: Mapping[str, Any]) -> openvino.Model:
    """Tokens, shape (texts, length), and what is added to the scores of each place, shape
    (texts, 1, 1, length), to the last hidden states, shape (texts, length, hidden size)."""
    openvino = _openvino()
    op = openvino.opset13
    heads = int(config["num_attention_heads"])

    def whole(*values: int) -> Any:
        return op.constant(np.array(values, dtype=np.int64))

    def held(array: npt.NDArray[np.float32]) -> Any:
        return op.constant(array, shared_memory=True)

    def norm(node: Any, name: str) -> Any:
        normal = op.mvn(node, whole(-1), True, config["layer_norm_eps"], "inside_sqrt")
        scaled = op.multiply(normal, held(weights[f"{name}.weight"]))
        return op.add(scaled, held(weights[f"{name}.bias"]))

    def linear(node: Any, name: str) -> Any:
        product = op.matmul(node, held(weights[f"{name}.weight"]), False, True)
        return op.add(product, held(weights[f"{name}.bias"]))

    def by_head(node: Any) -> Any:
        return op.transpose(op.reshape(node, whole(0, 0, heads, -1), True), whole(0, 2, 1, 3))

    tokens = op.parameter([-1, -1], np.int32, name="tokens")
    mask = op.parameter([-1, 1, 1, -1], np.float32, name="mask")
    length = op.gather(op.shape_of(tokens, "i64"), whole(1), whole(0))
    places = weights["embeddings.position_embeddings.weight"]
    places = places + weights["embeddings.token_type_embeddings.weight"][0]
    words = op.gather(held(weights["embeddings.word_embeddings.weight"]), tokens, whole(0))
    hidden = op.add(words, op.slice(op.constant(places), whole(0), length, whole(1), whole(0)))
    hidden = norm(hidden, "embeddings.LayerNorm")
    for layer in _layers(config):
        query, key, value = (
            by_head(linear(hidden, f"{layer}.attention.self.{part}"))
            for part in ("query", "key", "value")
        )
        context = op.transpose(
            op.scaled_dot_product_attention(query, key, value, mask), whole(0, 2, 1, 3)
        )
        context = op.reshape(context, whole(0, 0, -1), True)
        output = f"{layer}.attention.output"
        hidden = norm(op.add(linear(context, f"{output}.dense"), hidden), f"{output}.LayerNorm")
        inner = op.gelu(linear(hidden, f"{layer}.intermediate.dense"), "erf")
        inner = op.add(linear(inner, f"{layer}.output.dense"), hidden)
        hidden = norm(inner, f"{layer}.output.LayerNorm")
    return openvino.Model([op.convert(hidden, "f32")], [tokens, mask], "encoder")


def _layers(config: Mapping[str, Any]) -> list[str]:
    return [f"encoder.layer.{number}" for number in range(config["num_hidden_layers"])]


def _pooled(states: Vectors, count: int) -> Vectors:
    """Unit vectors of each `count` rows in a row, the last of what is left; shape
    (ceil(rows / count), hidden size)."""
    units = _units(states)
    if count == 1 or not len(units):
        return units
    return _units(np.add.reduceat(units, np.arange(0, len(units), count), axis=0))


def _units(rows: Vectors) -> Vectors:
    found: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=-1, keepdims=True), 1e-9)
    return found


def _batches(order: list[int], token_ids: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Consecutive runs of `order`, which goes by length, of at most so many tokens with their
    padding, one text at least."""
    batches: list[list[int]] = []
    for place in order:
        length = padded(len(token_ids[place]))
        if not batches or (len(batches[-1]) + 1) * length > most:
            batches.append([])
        batches[-1].append(place)
    return batches


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
