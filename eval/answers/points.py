"""How much of what an answer has to say it says, without a language model."""

from __future__ import annotations

import re
from collections.abc import Sequence

from eval.answers.text import bigrams, is_chinese, tokens

LEAST_SHARED = 0.5
"""Of a point's words, as the check of citations has it: a faithful paraphrase keeps its nouns."""
_NUMBER = re.compile(r"\d+")


def point_coverage(text: str, points: Sequence[str]) -> float:
    """The share of the points that the answer covers: it has every number of the point, and half
    of its words, or of its pairs of neighbouring characters in Chinese. That tells what was left
    out from what was said; it does not tell a point from its opposite."""
    return sum(_covers(text, point) for point in points) / len(points)


def _covers(text: str, point: str) -> bool:
    in_pairs = is_chinese(point)
    wanted, said = _pieces(point, in_pairs), _pieces(text, in_pairs)
    numbers = set(_NUMBER.findall(" ".join(tokens(point))))
    if not wanted or not numbers <= set(_NUMBER.findall(" ".join(tokens(text)))):
        return False
    return len(wanted & said) >= LEAST_SHARED * len(wanted)


def _pieces(text: str, in_pairs: bool) -> set[str]:
    """Words, or pairs of characters: single characters are shared by all texts."""
    found = tokens(text)
    if in_pairs and len(found) > 1:
        return {"".join(pair) for pair in bigrams(text)}
    return set(found)
