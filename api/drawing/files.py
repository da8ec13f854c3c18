"""Drawings as files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from api.drawing.page import page_of
from api.drawing.svg import drawn
from api.graph import relations_shown
from index.graph.pipeline import GraphView
from ingest.contract import BadInput, Conflict

FORMS = (".html", ".svg")
_TOLD = 200
"""Relations that a page tells at the most."""


@dataclass(frozen=True, slots=True)
class MadeDrawing:
    """The text of a file, and how much is in it."""

    text: str
    entities: int
    relations: int


def drawing_of(view: GraphView, number: int, form: str, limit: int, hops: int) -> MadeDrawing:
    """What is nearest to an entity, in one of FORMS."""
    near = view.neighbourhood(number, limit, hops)
    drawing = drawn(near)
    text = drawing.svg
    if form == ".html":
        text = page_of(near, drawing, view.links(relations_shown(near, _TOLD)))
    return MadeDrawing(text, len(near.members), len(near.relations))


def check_file(file: Path, *, force: bool) -> None:
    """Raises BadInput or Conflict for what no drawing can be written to."""
    if file.suffix.lower() not in FORMS:
        raise BadInput(f"{file}: a drawing is written as one of {', '.join(FORMS)}")
    if not file.parent.is_dir():
        raise BadInput(f"there is no folder {file.parent}: make it first")
    if file.exists() and not force:
        raise Conflict(f"{file} is there already: choose another name, or give --force")
