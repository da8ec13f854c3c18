"""The direction in which an embedder tells Chinese from English, and vectors without it.

Multilingual embedders place texts by meaning, and a little by language: a question is nearer to
every passage in its own language. The offset is nearly one direction (of the singular values of
the differences between translations, the first is four times the next), so taking that
direction out of the query alone removes the preference, and no stored vector changes. After
Yang, Yang, Cer, Darve 2021, "A Simple and Effective Method To Eliminate the Self Language Bias
in Multilingual Representations" (arXiv:2109.04727), who project it out of both sides.

On XQuAD's paragraphs, half in Chinese and half in English, nDCG@10 of Chinese questions by
cosine rises from 0.50 to 0.84; where all passages are English, from 0.812 to 0.840; in one
language, it changes by less than 0.01, and after fusion by less than 0.001.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from index.contract import Vectors
from index.parallel import PAIRS


def language_direction(embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
    """The unit vector from English to Chinese, shape (dimension,); zero for an embedder that
    does not tell them apart."""
    chinese = embed([pair[0] for pair in PAIRS])
    english = embed([pair[1] for pair in PAIRS])
    offset: Vectors = (chinese - english).mean(axis=0)
    length = float(np.linalg.norm(offset))
    return offset / length if length > 0 else offset


def remembered(
    cache: Path, fingerprint: str, dimension: int, measure: Callable[[], Vectors]
) -> Vectors:
    """The direction of the embedder with this fingerprint, from a file below the cache folder;
    measured, and written there, where that holds none or something else. Where the disk takes
    none, it is measured in each process."""
    name = f"language-direction-{hashlib.sha256(fingerprint.encode()).hexdigest()[:16]}.npy"
    file = cache / name
    with contextlib.suppress(OSError, ValueError, EOFError):
        found: Vectors = np.load(file, allow_pickle=False)
        length = np.linalg.norm(found)
        if found.shape == (dimension,) and (length == 0 or abs(length - 1) < 1e-3):
            return found
    measured = measure()
    with contextlib.suppress(OSError):
        cache.mkdir(parents=True, exist_ok=True)
        descriptor, written = tempfile.mkstemp(dir=cache, prefix=name)
        try:
            with os.fdopen(descriptor, "wb") as handle:
                np.save(handle, measured)
            Path(written).replace(file)  # whole or not at all, whoever else writes it
        finally:
            Path(written).unlink(missing_ok=True)
    return measured


def without(vector: Vectors, direction: Vectors) -> Vectors:
    """The unit vector of what is left of `vector` beside `direction`; of each row, where it has
    the shape (n, dimension)."""
    rest: Vectors = vector - (vector @ direction)[..., None] * direction
    length = np.linalg.norm(rest, axis=-1, keepdims=True)
    left: Vectors = np.where(length > 0, rest / np.where(length > 0, length, 1), vector)
    return left
