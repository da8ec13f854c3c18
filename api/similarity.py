"""How near sentences are to a text, with the vectors of sentences kept for the next question."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.contract import Embedder

_KEPT = 8_192
"""Sentences; of 384 dimensions they take 12 MB."""


@dataclass
class Nearness:
    """Cosine of a text to sentences. The passages of one question are often those of the next, and
    an answer is checked against the sentences that it was made of, so their vectors are kept: the
    newest `kept`. Safe between threads."""

    embedder: Embedder
    kept: int = _KEPT
    _vectors: OrderedDict[str, npt.NDArray[np.float32]] = field(
        default_factory=OrderedDict, init=False, repr=False
    )
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def __call__(self, text: str, sentences: Sequence[str]) -> npt.NDArray[np.float32]:
        """Shape (len(sentences),)."""
        known = self._known(sentences)
        new = [one for one in dict.fromkeys(sentences) if one not in known]
        if new:
            vectors = self.embedder.embed_passages(new)
            known.update(zip(new, vectors, strict=True))
            self._keep(new, vectors)
        rows = np.stack([known[one] for one in sentences])
        scores: npt.NDArray[np.float32] = rows @ self.embedder.embed_query(text).vector
        return scores

    def _known(self, sentences: Sequence[str]) -> dict[str, npt.NDArray[np.float32]]:
        with self._lock:
            found = {one: self._vectors[one] for one in sentences if one in self._vectors}
            for one in found:
                self._vectors.move_to_end(one)
            return found

    def _keep(self, sentences: Sequence[str], vectors: npt.NDArray[np.float32]) -> None:
        with self._lock:
            self._vectors.update(zip(sentences, vectors, strict=True))
            while len(self._vectors) > self.kept:
                self._vectors.popitem(last=False)
