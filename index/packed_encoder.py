"""A forward pass for BERT-like encoders without padding.

sentence-transformers pads every batch to its longest text and masks the rest; on a CPU both
cost most of the time. Here the tokens of many texts lie in one matrix, the linear layers see
them at once, and attention runs text by text. The mean is taken in float32. Where there is more
than one batch, each core computes batches of its own, with one thread: cores that share every
operation wait for each other at its end.

The architecture is that of BERT (Devlin et al. 2018, arXiv:1810.04805): learned absolute
positions, layer norm after each residual, GELU. `supports` says whether a model is of this
kind; whoever uses this class must still compare a few of its vectors with the model's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from index.contract import Vectors

if TYPE_CHECKING:
    import torch

TOKENS_PER_BATCH = 2048
"""Enough to fill the matrix units; more only falls out of the second-level cache."""


def supports(model: Any) -> bool:
    """True for a transformers BertModel with absolute positions and GELU."""
    config = getattr(model, "config", None)
    return (
        type(model).__name__ == "BertModel"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and getattr(config, "hidden_act", "") == "gelu"
        and not getattr(config, "is_decoder", False)
    )


class PackedEncoder:
    """Mean-pooled unit vectors of token sequences.

    `model` is a BertModel in the precision to compute in; its weights are shared, not copied,
    but for the query, key and value matrices, which are joined into one.
    """

    def __init__(self, model: Any) -> None:
        import torch

        self._embeddings = model.embeddings
        self._heads = model.config.num_attention_heads
        self._width = model.config.hidden_size
        self._layers = []
        with torch.inference_mode():
            for layer in model.encoder.layer:
                attention = layer.attention.self
                parts = (attention.query, attention.key, attention.value)
                weight = torch.cat([part.weight for part in parts]).contiguous()
                bias = torch.cat([part.bias for part in parts])
                self._layers.append((weight, bias, layer))

    def encode(self, token_ids: Sequence[Sequence[int]]) -> Vectors:
        """Shape (len(token_ids), hidden size). Sequences are taken by length, so that a batch
        holds texts of like cost; each must be within the model's positions."""
        import torch

        out = np.empty((len(token_ids), self._width), dtype=np.float32)
        order = sorted(range(len(token_ids)), key=lambda i: (len(token_ids[i]), i))
        batches = _batches(order, token_ids)

        def run(batch: list[int]) -> None:
            with torch.inference_mode():  # it holds for one thread
                out[batch] = self._forward([token_ids[i] for i in batch]).numpy()

        if len(batches) > 1 and self._workers is not None:
            # The longest first, so that the cores end together.
            for _ in self._workers.map(run, reversed(batches)):
                pass
        else:
            for batch in batches:
                run(batch)
        return out

    @cached_property
    def _workers(self) -> ThreadPoolExecutor | None:
        """A thread for each that torch would use; None where it would use one."""
        import torch

        count = torch.get_num_threads()
        if count < 2:
            return None
        return ThreadPoolExecutor(count, "embedder", torch.set_num_threads, (1,))

    def _forward(self, sequences: list[Sequence[int]]) -> torch.Tensor:
        import torch
        from torch.nn import functional

        lengths = [len(sequence) for sequence in sequences]
        tokens = torch.tensor([token for sequence in sequences for token in sequence])
        positions = torch.cat([torch.arange(length) for length in lengths])
        embeddings = self._embeddings
        hidden = embeddings.word_embeddings(tokens) + embeddings.position_embeddings(positions)
        hidden = embeddings.LayerNorm(hidden + embeddings.token_type_embeddings.weight[0])
        for weight, bias, layer in self._layers:
            joined = functional.linear(hidden, weight, bias)
            context = self._attend(joined, lengths)
            output = layer.attention.output
            hidden = output.LayerNorm(output.dense(context) + hidden)
            inner = functional.gelu(layer.intermediate.dense(hidden))
            hidden = layer.output.LayerNorm(layer.output.dense(inner) + hidden)
        means = torch.stack([part.float().mean(0) for part in hidden.split(lengths)])
        return functional.normalize(means, dim=1)

    def _attend(self, joined: torch.Tensor, lengths: list[int]) -> torch.Tensor:
        import torch
        from torch.nn import functional

        per_head = self._width // self._heads
        context = torch.empty(joined.shape[0], self._width, dtype=joined.dtype)
        start = 0
        for length in lengths:
            rows = joined[start : start + length].view(length, 3, self._heads, per_head)
            query, key, value = rows.permute(1, 2, 0, 3).unbind(0)
            attended = functional.scaled_dot_product_attention(query[None], key[None], value[None])
            context[start : start + length] = (
                attended[0].transpose(0, 1).reshape(length, self._width)
            )
            start += length
        return context


def _batches(order: list[int], token_ids: Sequence[Sequence[int]]) -> list[list[int]]:
    """Consecutive runs of `order` of at most TOKENS_PER_BATCH tokens, one text at least."""
    batches: list[list[int]] = []
    total = 0
    for place in order:
        length = len(token_ids[place])
        if not batches or total + length > TOKENS_PER_BATCH:
            batches.append([])
            total = 0
        batches[-1].append(place)
        total += length
    return batches
