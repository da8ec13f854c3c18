"""What Rich Text Format holds: paragraphs, rows, and the state that a group has in force."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ingest.rtf_tables import Row


@dataclass(slots=True)
class Paragraph:
    """A paragraph as it ends: its text and what says what it is. `size` is in half points, the
    largest that most of the text has; `level` is the outline level from 0, -1 without one."""

    text: str
    style: int = 0
    level: int = -1
    size: int = 24
    bold: bool = False
    mono: bool = False
    marker: str = ""
    depth: int = -1
    toc: bool = False
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class Style:
    """A paragraph style: its name and its outline level (-1 without one)."""

    name: str = ""
    level: int = -1


@dataclass
class Rtf:
    """What the reader found: paragraphs and rows in order, furniture, styles and metadata."""

    content: list[Paragraph | Row] = field(default_factory=list)
    furniture: dict[str, None] = field(default_factory=dict)
    styles: dict[int, Style] = field(default_factory=dict)
    info: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Run:
    text: str
    size: int
    bold: bool
    mono: bool


@dataclass
class Sink:
    """Where text goes: the body, a note, a text box, a running header."""

    content: list[Paragraph | Row] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    cells: list[str] = field(default_factory=list)
    cell: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    boxes: list[Paragraph | Row] = field(default_factory=list)
    marker: str = ""

    def paragraph(self, text: str, state: State) -> Paragraph:
        """The paragraph of the runs so far."""
        runs = [run for run in self.runs if run.text.strip()]
        sizes: dict[int, int] = {}
        for run in runs:
            sizes[run.size] = sizes.get(run.size, 0) + len(run.text)
        return Paragraph(
            text,
            state.style,
            state.level,
            max(sizes, key=lambda size: (sizes[size], size), default=24),
            bool(runs) and all(run.bold for run in runs),
            bool(runs) and all(run.mono for run in runs),
            self.marker,
            state.depth,
            state.toc,
            tuple(filter(None, self.notes)),
        )


@dataclass(slots=True)
class State:
    """What a group has in force; a copy of it goes to the groups inside. `script` is the kind of
    text that the words before were about; East Asian text can have a size (0 without one) and a
    weight of its own."""

    destination: str = "body"
    font: int = 0
    size: int = 24
    unicode_skip: int = 1
    style: int = 0
    level: int = -1
    depth: int = -1
    in_table: bool = False
    toc: bool = False
    on: tuple[str, ...] = ()
    script: str = ""
    asian_size: int = 0
    asian_bold: bool = False


def joined(text: str) -> str:
    """The text without blanks at the ends of its lines; surrogates joined to characters. Blanks
    at the beginning stay: they may indent code."""
    if re.search("[\ud800-\udfff]", text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    text = "\n".join(line.rstrip() for line in text.split("\n")).strip("\n")
    return text if text.strip() else ""
