"""What a report is made of: parts that a page and a text file show alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias


class Role(Enum):
    """How a paragraph stands out: what is known, what matters most, what explains."""

    FACTS = "facts"
    HEADLINE = "headline"
    TEXT = "text"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 2 or below, which links lead to by its anchor."""

    text: str
    anchor: str
    level: int = 2


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Plain text."""

    text: str
    role: Role = Role.TEXT


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences that each stand for themselves."""

    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table; the best of its column is marked. A cell of words is not a number."""

    text: str
    best: bool = False
    words: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under their names. `head` has the name of the first column, too."""

    head: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Cell]]]


@dataclass(frozen=True, slots=True)
class Figures:
    """Charts as HTML figures, and the legend that they share. What they show stands in a table,
    too, so that a text file can do without. Curves are `wide`."""

    figures: Sequence[str]
    legend: str = ""
    wide: bool = False


@dataclass(frozen=True, slots=True)
class Terms:
    """Names and what they stand for."""

    items: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Code:
    """What to type."""

    text: str


@dataclass(frozen=True, slots=True)
class Side:
    """One of the result lists of a query: whose it is, and lines, best first."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, slots=True)
class Case:
    """A query with facts about it and one result list or more, side by side."""

    query: str
    facts: Sequence[tuple[str, str]]
    sides: Sequence[Side]


Block: TypeAlias = Heading | Paragraph | Bullets | Table | Figures | Terms | Code | Case
