"""The graph of a BERT-like encoder, in the form that OpenVINO runs fastest on CPUs.

In bfloat16 all of it is typed so, residual sums and layer norms too: of a float32 graph with a
hint for bfloat16, OpenVINO keeps those in float32 and converts before and after each matrix. The
scores are written out as one matrix times another transposed: the operation for attention is
taken apart with a transposition of its own. Masks cost nothing that could be measured.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    import openvino

Weights: TypeAlias = Mapping[str, npt.NDArray[np.float32]]
"""Tensors under the names of transformers' BertModel."""


def openvino_module() -> Any:
    """OpenVINO, without the package by which it would tell its makers, over the network, that it
    was imported. It goes without where that cannot be imported."""
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
    import openvino

    return openvino


def layers(config: Mapping[str, Any]) -> list[str]:
    """The names of the layers, as transformers has them."""
    return [f"encoder.layer.{number}" for number in range(config["num_hidden_layers"])]


def encoder_graph(weights: Weights, config: Mapping[str, Any], bfloat16: bool) -> openvino.Model:
    """Tokens, shape (texts, length), and what is added to the scores of each place, shape
    (texts, 1, 1, length), to the last hidden states, shape (texts, length, hidden size)."""
    graph = _Graph(weights, config, bfloat16)
    op = graph.op
    tokens = op.parameter([-1, -1], np.int32, name="tokens")
    mask = op.parameter([-1, 1, 1, -1], np.float32, name="mask")
    added = graph.typed(mask)
    hidden = graph.norm(graph.embedded(tokens), "embeddings.LayerNorm")
    for layer in layers(config):
        output = f"{layer}.attention.output"
        context = graph.attention(hidden, added, f"{layer}.attention.self")
        hidden = op.add(graph.linear(context, f"{output}.dense"), hidden)
        hidden = graph.norm(hidden, f"{output}.LayerNorm")
        inner = op.gelu(graph.linear(hidden, f"{layer}.intermediate.dense"), "erf")
        inner = op.add(graph.linear(inner, f"{layer}.output.dense"), hidden)
        hidden = graph.norm(inner, f"{layer}.output.LayerNorm")
    states = op.convert(hidden, "f32")
    return openvino_module().Model([states], [tokens, mask], "encoder")


class _Graph:
    def __init__(self, weights: Weights, config: Mapping[str, Any], bfloat16: bool) -> None:
        self.op = openvino_module().opset13
        self._weights = weights
        self._heads = int(config["num_attention_heads"])
        self._head_width = int(config["hidden_size"]) // self._heads
        self._epsilon = float(config["layer_norm_eps"])
        self._bfloat16 = bfloat16

    def typed(self, node: Any) -> Any:
        return self.op.convert(node, "bf16") if self._bfloat16 else node

    def embedded(self, tokens: Any) -> Any:
        op = self.op
        length = op.gather(op.shape_of(tokens, "i64"), _whole(op, 1), _whole(op, 0))
        places = self._weights["embeddings.position_embeddings.weight"]
        places = places + self._weights["embeddings.token_type_embeddings.weight"][0]
        table = op.constant(self._weights["embeddings.word_embeddings.weight"], shared_memory=True)
        words = op.gather(table, tokens, _whole(op, 0))
        zero, one = _whole(op, 0), _whole(op, 1)
        return self.typed(op.add(words, op.slice(op.constant(places), zero, length, one, zero)))

    def norm(self, node: Any, name: str) -> Any:
        op = self.op
        normal = op.mvn(node, _whole(op, -1), True, self._epsilon, "inside_sqrt")
        scaled = op.multiply(normal, self._held(self._weights[f"{name}.weight"]))
        return op.add(scaled, self._held(self._weights[f"{name}.bias"]))

    def linear(self, node: Any, name: str, scale: float = 1.0) -> Any:
        """`scale` is multiplied into the weights."""
        parts = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        if scale == 1:
            matrix, bias = map(self._held, parts)
        else:
            matrix, bias = (
                self.typed(self.op.constant(part * np.float32(scale))) for part in parts
            )
        return self.op.add(self.op.matmul(node, matrix, False, True), bias)

    def attention(self, hidden: Any, mask: Any, name: str) -> Any:
        """What each token gathers from all, shape (texts, length, hidden size)."""
        op = self.op
        query = self._by_head(self.linear(hidden, f"{name}.query", self._head_width**-0.5))
        key = self._by_head(self.linear(hidden, f"{name}.key"))
        value = self._by_head(self.linear(hidden, f"{name}.value"))
        scores = op.add(op.matmul(query, key, False, True), mask)
        context = op.matmul(op.softmax(scores, -1), value, False, False)
        context = op.transpose(context, _whole(op, 0, 2, 1, 3))
        return op.reshape(context, _whole(op, 0, 0, self._heads * self._head_width), True)

    def _by_head(self, node: Any) -> Any:
        op = self.op
        shape = _whole(op, 0, 0, self._heads, self._head_width)
        return op.transpose(op.reshape(node, shape, True), _whole(op, 0, 2, 1, 3))

    def _held(self, array: npt.NDArray[np.float32]) -> Any:
        """Not copied: one of the weights, which live as long as the model."""
        return self.typed(self.op.constant(array, shared_memory=True))


def _whole(op: Any, *values: int) -> Any:
    return op.constant(np.array(values, dtype=np.int64))
