"""A page of a document as people see it, drawn with the places of a passage marked.

Meant to be carried out by `ingest.workers`, in a process with limits of time and memory: files are
made by anyone.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.contract import Box, NotFound, UnreadableFile
from ingest.picture_pages import MAX_PIXELS, is_picture, pages

if TYPE_CHECKING:
    from ingest.contract import Pixels

PDF = "application/pdf"
MARK = (255, 224, 94)
"""What the marked places are multiplied with: a translucent yellow."""
_AROUND_PT = 1.5
"""So much around a box is marked, too."""
_KEPT = 2
"""PDFs that are kept open: the next page to be drawn is often of the same."""
_open: OrderedDict[str, Any] = OrderedDict()


@dataclass(frozen=True, slots=True)
class PageTask:
    """A page (from 1) of the document of type `media_type` whose bytes lie at `path` and have the
    SHA-256 `content_hash`, to be drawn at `dpi` with the `boxes` on it marked."""

    path: Path
    content_hash: str
    media_type: str
    page: int
    dpi: int = 96
    boxes: tuple[Box, ...] = ()


def has_page_pictures(media_type: str) -> bool:
    """Whether pages of files of this type can be drawn."""
    return media_type == PDF or is_picture(media_type)


def draw_page(task: PageTask) -> bytes:
    """The page as PNG, of so few dots that no page is too large. Raises NotFound where the document
    has no such page, or is not what it was any more; UnreadableFile where it cannot be drawn."""
    picture, scale = _of_pdf(task) if task.media_type == PDF else _of_picture(task)
    marked = _marked(picture, scale, [box for box in task.boxes if box.page == task.page])
    height, width = marked.shape[:2]
    pymupdf = _mupdf()
    made: bytes = pymupdf.Pixmap(pymupdf.csRGB, width, height, marked.tobytes(), False).tobytes(
        "png"
    )
    return made


def _of_pdf(task: PageTask) -> tuple[Pixels, float]:
    """The page, and how many dots a point measures."""
    import numpy as np

    pymupdf = _mupdf()
    document = _opened(task)
    if not 1 <= task.page <= document.page_count:
        raise NotFound(f"there is no page {task.page}: the document has {document.page_count}")
    try:
        page = document.load_page(task.page - 1)
        scale = task.dpi / 72
        dots = float(page.rect.width) * float(page.rect.height) * scale**2
        scale *= min(1.0, (MAX_PIXELS / max(dots, 1.0)) ** 0.5)
        pixmap = page.get_pixmap(
            matrix=pymupdf.Matrix(scale, scale), colorspace=pymupdf.csRGB, alpha=False
        )
    except (RuntimeError, ValueError) as error:  # what MuPDF makes of a damaged page
        raise UnreadableFile(f"page {task.page} is damaged: {error}") from error
    rows = np.frombuffer(pixmap.samples_mv, np.uint8).reshape(pixmap.height, pixmap.stride)
    return rows[:, : pixmap.width * 3].reshape(pixmap.height, pixmap.width, 3).copy(), scale


def _opened(task: PageTask) -> Any:
    document = _open.get(task.content_hash)
    if document is None:
        pymupdf = _mupdf()
        try:
            document = pymupdf.open(stream=_bytes_of(task), filetype="pdf")
        except RuntimeError as error:
            raise UnreadableFile(f"the PDF is damaged: {error}") from error
        if document.needs_pass and not document.authenticate(""):
            raise UnreadableFile("the PDF is encrypted, and its password is kept nowhere")
        _open[task.content_hash] = document
        while len(_open) > _KEPT:
            _open.popitem(last=False)[1].close()
    _open.move_to_end(task.content_hash)
    return document


def _of_picture(task: PageTask) -> tuple[Pixels, float]:
    """As `_of_pdf`."""
    found = next(pages(_bytes_of(task), task.media_type, task.page), None)
    if found is None:
        raise NotFound(f"there is no page {task.page}: the picture has fewer")
    picture, points = found
    scale = task.dpi / 72
    wanted = scale * points
    if wanted < 1.0:
        height, width = picture.shape[:2]
        size = max(1, round(width * wanted)), max(1, round(height * wanted))
        cv2: Any = import_module("cv2")
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return picture, scale
    return picture, 1.0 / points  # it has no finer dots


def _bytes_of(task: PageTask) -> bytes:
    try:
        data = task.path.read_bytes()
    except OSError as error:
        raise NotFound("the file of the document is not there any more") from error
    if hashlib.sha256(data).hexdigest() != task.content_hash:
        raise NotFound("the file of the document has changed since it was read")
    return data


def _marked(picture: Pixels, scale: float, boxes: Sequence[Box]) -> Pixels:
    import numpy as np

    if not boxes:
        return picture
    height, width = picture.shape[:2]
    mask = np.zeros((height, width), dtype=bool)
    for box in boxes:
        left, top = ((edge - _AROUND_PT) * scale for edge in (box.x0, box.y0))
        right, bottom = ((edge + _AROUND_PT) * scale for edge in (box.x1, box.y1))
        mask[max(0, int(top)) : max(0, round(bottom)), max(0, int(left)) : max(0, round(right))] = 1
    picture[mask] = picture[mask].astype(np.uint16) * np.array(MARK, np.uint16) // 255
    return picture


def _mupdf() -> Any:
    library = import_module("pymupdf")
    library.TOOLS.mupdf_display_errors(False)
    library.TOOLS.mupdf_display_warnings(False)
    return library
