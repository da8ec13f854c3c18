"""What a sentence says of two names in it."""

from __future__ import annotations

from typing import NamedTuple

from index.graph.contract import EntityType

ABOUT = -1
"""Stands for the thing that the chunk is about, where a sentence says "he" or "the company"."""

SURE, LIKELY, GUESSED = 1.0, 0.8, 0.6


class Said(NamedTuple):
    """Places among the text's names (or ABOUT), and the kind in the words of the text."""

    head: int
    tail: int
    kind: str
    strength: float


class Part(NamedTuple):
    """A name in a sentence: its place among the text's names, and where it stands."""

    place: int
    start: int
    end: int
    type: EntityType
