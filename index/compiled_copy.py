"""One copy of a compiled encoder, to be computed with by several threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from index.contract import Vectors

if TYPE_CHECKING:
    import openvino

_STEP = 16
"""What matrix units take at once; it also keeps the shapes few, of which each new one costs
milliseconds."""
_MASKED = -1e9


def padded(length: int) -> int:
    """The length that a text of so many tokens is computed with."""
    return -(-length // _STEP) * _STEP


class CompiledCopy:
    """A copy, and the requests made to it that are not in use: making one takes a millisecond.
    How many are computed at the same time the copy decides: as many as it has streams, and one
    where it has none."""

    def __init__(self, compiled: openvino.CompiledModel) -> None:
        self._compiled = compiled
        self._idle: deque[openvino.InferRequest] = deque()

    @contextmanager
    def states(self, sequences: Sequence[Sequence[int]]) -> Iterator[Vectors]:
        """The last hidden states of sequences of tokens, shape (sequences, padded length, hidden
        size); they are another's once the block has ended."""
        try:
            request = self._idle.pop()
        except IndexError:
            request = self._compiled.create_infer_request()
        length = padded(max(map(len, sequences)))
        tokens = np.zeros((len(sequences), length), dtype=np.int32)
        mask = np.full((len(sequences), 1, 1, length), _MASKED, dtype=np.float32)
        for row, sequence in enumerate(sequences):
            tokens[row, : len(sequence)] = sequence
            mask[row, ..., : len(sequence)] = 0
        request.infer([tokens, mask], share_inputs=True, share_outputs=True)
        yield request.get_output_tensor().data
        self._idle.append(request)
