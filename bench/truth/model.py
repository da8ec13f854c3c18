"""What a truth document holds, before any program has rendered it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading as it is shown, number included. Level 1 lies under the document's title."""

    level: int
    text: str


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph; `note` is a footnote tied to its end."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A list item: its mark as it is shown ("1.", "(a)"), empty for a bullet."""

    text: str
    level: int = 1
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. Merged cells repeat their text in `rows`; `merges` lists (row, column, rows,
    columns) of each merged area."""

    rows: tuple[tuple[str, ...], ...]
    header_rows: int = 1
    caption: str = ""
    merges: tuple[tuple[int, int, int, int], ...] = ()
    borderless: bool = False

    def covered(self) -> set[tuple[int, int]]:
        """The cells that a merged area hides: all of it but its first cell."""
        return {
            (r, c)
            for row, column, height, width in self.merges
            for r in range(row, row + height)
            for c in range(column, column + width)
            if (r, c) != (row, column)
        }


@dataclass(frozen=True, slots=True)
class Code:
    """Lines of a program or of a configuration."""

    text: str
    language: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing without text, with its caption."""

    caption: str


@dataclass(frozen=True, slots=True)
class Break:
    """A new page (a new slide, a new chapter file)."""


Piece = Heading | Para | Item | Grid | Code | Figure | Break


@dataclass(frozen=True, slots=True)
class Content:
    """A document. `header` and `footer` run on every page of paged renderings ("{page}" and
    "{pages}" stand for numbers); `facts` are (question, answer) with the answer's words as they
    stand in one paragraph, item or row."""

    name: str
    language: str
    title: str
    pieces: tuple[Piece, ...]
    facts: tuple[tuple[str, str], ...]
    header: str = ""
    footer: str = ""
    watermark: str = ""
    contents: str = ""
    """The heading of a table of contents; no table of contents where it is empty."""
    columns: int = 1
    author: str = ""
    date: str = ""
    boilerplate: tuple[str, ...] = field(default=())
    """What a web page has around its content: menu entries, notices, links."""
