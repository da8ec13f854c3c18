"""A forward pass for BERT-like encoders without padding.

sentence-transformers pads every batch to its longest text and masks the rest; on a CPU both
cost most of the time. Here the tokens of many texts lie in one matrix, the linear layers see
them at once, and attention runs text by text. The mean is taken in float32. Each core computes
batches of its own, with one thread: cores that share every operation wait for each other at its
end, and for long where another process wants one of them.

The architecture is that of BERT (Devlin et al. 2018, arXiv:1810.04805): learned absolute
positions, layer norm after each residual, GELU. `supports` says whether a model is of this
kind; whoever uses this class must still compare a few of its vectors with the model's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from index.contract import Embeddings, Vectors

if TYPE_CHECKING:
    import torch

TOKENS_PER_BATCH = 2048
"""Enough to fill the matrix units; more only falls out of the second-level cache."""

_FEW_TOKENS = 256
"""So few are not worth a second core."""


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
    """Mean-pooled unit vectors of token sequences, and those of their tokens.

    `model` is a BertModel in the precision to compute in; its weights are shared, not copied,
    but for the query, key and value matrices, which are joined into one.
    """

    def __init__(self, model: Any) -> None:
        import torch

        self._embeddings = model.embeddings
        self._heads = model.config.num_attention_heads
        self._width = model.config.hidden_size
        # Asked once: later, another thread may be computing alone, and torch tells new threads so.
        self._threads = torch.get_num_threads()
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

        def keep(place: int, states: torch.Tensor) -> None:
            tokens[place] = _pooled(states[skip:-1], pooled)

        return Embeddings(self._encode(token_ids, keep), tokens)

    def _encode(
        self,
        token_ids: Sequence[Sequence[int]],
        keep: Callable[[int, torch.Tensor], None] | None,
    ) -> Vectors:
        """The means. `keep` is given each sequence's place and last hidden states, shape
        (tokens, hidden size), perhaps from several threads at once."""
        import torch
        from torch.nn import functional

        out = np.empty((len(token_ids), self._width), dtype=np.float32)
        order = sorted(range(len(token_ids)), key=lambda i: (len(token_ids[i]), i))
        total = sum(map(len, token_ids))
        share = -(-total // self._threads)
        batches = _batches(order, token_ids, min(TOKENS_PER_BATCH, max(share, _FEW_TOKENS)))

        def run(batch: list[int]) -> None:
            with torch.inference_mode():  # it holds for one thread
                parts = [part.float() for part in self._forward([token_ids[i] for i in batch])]
                means = torch.stack([part.mean(0) for part in parts])
                out[batch] = functional.normalize(means, dim=1).numpy()
                if keep is not None:
                    for place, part in zip(batch, parts, strict=True):
                        keep(place, part)

        if len(batches) > 1:
            # The longest first, so that the cores end together.
            for _ in self._workers.map(run, reversed(batches)):
                pass
        elif batches:
            with self._one_thread():
                run(batches[0])
        return out

    @cached_property
    def _workers(self) -> ThreadPoolExecutor:
        """A thread for each that torch would use."""
        import torch

        return ThreadPoolExecutor(self._threads, "embedder", torch.set_num_threads, (1,))

    @contextmanager
    def _one_thread(self) -> Iterator[None]:
        """What the calling thread computes meanwhile, it computes alone."""
        import torch

        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(self._threads)

    def _forward(self, sequences: list[Sequence[int]]) -> Sequence[torch.Tensor]:
        """The last hidden states of each, shape (tokens, hidden size)."""
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
        states: Sequence[torch.Tensor] = hidden.split(lengths)
        return states

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


def _pooled(states: torch.Tensor, count: int) -> Vectors:
    """Unit vectors of each `count` rows in a row, the last of what is left; shape
    (ceil(rows / count), hidden size)."""
    from torch.nn import functional

    units: Vectors = functional.normalize(states, dim=1).numpy()
    if count == 1 or not len(units):
        return units
    sums = np.add.reduceat(units, np.arange(0, len(units), count), axis=0)
    pooled: Vectors = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-9)
    return pooled


def _batches(order: list[int], token_ids: Sequence[Sequence[int]], most: int) -> list[list[int]]:
    """Consecutive runs of `order` of at most so many tokens, one text at least."""
    batches: list[list[int]] = []
    total = 0
    for place in order:
        length = len(token_ids[place])
        if not batches or total + length > most:
            batches.append([])
            total = 0
        batches[-1].append(place)
        total += length
    return batches
