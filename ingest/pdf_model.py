"""What pymupdf's layout model finds on a page: regions with their classes, grids of tables."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from ingest.pdf_layout import Bounds, Grid, Places, Region


def model_regions(page: Any) -> list[Region]:
    """The regions of the page, without lines. About a second of one core for each page; the
    model is loaded at the first call. Raises whatever the model's runtime raises."""
    model: Any = import_module("pymupdf.layout")
    model.activate()
    page.get_layout(return_raw=True)
    regions: list[Region] = []
    for raw in page.layout_information or ():
        x0, y0, x1, y1 = (float(value) for value in raw["group_bbox"])
        if x1 - x0 <= 1 or y1 - y0 <= 1:
            continue
        grid = _grid(raw, x0, y0) if raw["class_name"] == "table" else None
        regions.append(Region(raw["class_name"], (x0, y0, x1, y1), grid=grid))
    return regions


def _grid(raw: Mapping[str, Any], x0: float, y0: float) -> Grid | None:
    found = raw.get("table_grid")
    if not found:
        return None
    rows = tuple(sorted(float(y) + y0 for y in found.h_lines))
    columns = tuple(sorted(float(x) + x0 for x in found.v_lines))
    cells: list[tuple[Bounds, Places]] = []
    for cell in raw.get("table_cells") or ():
        box = raw["bboxes"][cell.bbox_idx]
        place = (cell.row_start, cell.row_end - 1, cell.col_start, cell.col_end - 1)
        cells.append(((box[0], box[1], box[2], box[3]), place))
    every = Counter(place for _, place in cells)
    wide = {place for place in every if place[0] != place[1] or place[2] != place[3]}
    alone = {p for p in wide if not any(other != p and _meet(p, other) for other in every)}
    # A text that crosses a column's rule belongs together, whatever place the model gave it.
    phrases = tuple(
        (box, (place[0], place[1], *reach))
        for box, place in cells
        if place not in alone
        and (reach := _columns_under(box, place, columns))
        and (reach[0] != reach[1] or place in wide)
    )
    return Grid(rows, columns, tuple(sorted(alone)), phrases)


def _columns_under(box: Bounds, place: Places, columns: Sequence[float]) -> tuple[int, int]:
    first, last = bisect_right(columns, box[0] + 3), bisect_right(columns, box[2] - 3)
    return min(first, place[2]), max(last, place[3])


def _meet(one: Places, other: Places) -> bool:
    rows = one[0] <= other[1] and other[0] <= one[1]
    return rows and one[2] <= other[3] and other[2] <= one[3]
