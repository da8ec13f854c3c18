"""Pictures of pages: how far they are turned and skewed, made upright, their ruling lines.

A picture is an array of bytes, shape (height, width, 3), RGB. Angles are in degrees; a positive
skew means that lines of text fall to the right.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.contract import Unavailable

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from ingest.contract import Pixels

    Grey = npt.NDArray[np.uint8]
    """Shape (height, width)."""
    Ink = npt.NDArray[np.bool_]
    """Shape (height, width): where something is printed."""

_MAX_SKEW = 15.0
_LOOK = 1100
"""The longer side, in pixels, of the reduced picture in which skew is looked for."""
_MOST_INK = 150_000


def opencv() -> Any:
    """OpenCV. Raises Unavailable where it is not installed."""
    try:
        return import_module("cv2")
    except ImportError as error:
        raise Unavailable(
            "OCR needs a package that is not installed: pip install 'braid-rag[ocr]'"
        ) from error


def grey_of(picture: Pixels) -> Grey:
    """The picture in shades of grey."""
    grey: Grey = opencv().cvtColor(picture, opencv().COLOR_RGB2GRAY)
    return grey


def reduced(grey: Grey, side: int) -> Grey:
    """The picture with its longer side at most `side` pixels."""
    cv2 = opencv()
    scale = side / max(grey.shape)
    if scale >= 1:
        return grey
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small: Grey = cv2.resize(grey, size, interpolation=cv2.INTER_AREA)
    return small


def ink_of(grey: Grey) -> Ink:
    """What is darker than its surroundings (lighter, where paper is dark)."""
    cv2 = opencv()
    import numpy as np

    if float(np.median(grey)) < 100:
        grey = 255 - grey
    window = max(15, (max(grey.shape) // 40) | 1)
    around = cv2.blur(grey, (window, window))
    contrast = max(18.0, 0.25 * float(np.percentile(around, 90) - np.percentile(grey, 1)))
    ink: Ink = grey.astype(np.int16) < around.astype(np.int16) - contrast
    return ink


@dataclass(frozen=True, slots=True)
class Slant:
    """How the lines of a page run: `level` tells whether along the width (else along the
    height), `skew` how far they are off that direction."""

    level: bool
    skew: float


def slant_of(grey: Grey) -> Slant:
    """The direction of the lines of text: that across which the ink is spread most unevenly
    (Postl 1986: the sharpest projection), to a twentieth of a degree within ±15°."""
    import numpy as np

    ink = _text_only(ink_of(reduced(grey, _LOOK)))
    ys, xs = np.nonzero(ink)
    if len(ys) < 200:
        return Slant(True, 0.0)
    if len(ys) > _MOST_INK:
        step = len(ys) // _MOST_INK + 1
        ys, xs = ys[::step], xs[::step]
    along = _best_angle(ys.astype(np.float64), xs.astype(np.float64))
    across = _best_angle(xs.astype(np.float64), -ys.astype(np.float64))
    if along[0] >= across[0]:
        return Slant(True, along[1])
    return Slant(False, across[1])


def _text_only(ink: Ink) -> Ink:
    """The ink without large solid things (pictures, black edges) and long rules, which are as
    sharp in both directions."""
    cv2 = opencv()
    import numpy as np

    count, labels, stats, _ = cv2.connectedComponentsWithStats(
        ink.astype(np.uint8), None, None, None, 8
    )
    limit = max(ink.shape) // 12
    wide, high = stats[:, cv2.CC_STAT_WIDTH], stats[:, cv2.CC_STAT_HEIGHT]
    keep = (wide < 4 * limit) & (high < limit) | (wide < limit) & (high < 4 * limit)
    thin = (np.minimum(wide, high) <= 3) & (np.maximum(wide, high) > limit)
    keep &= ~thin
    keep[0] = False
    text: Ink = keep[labels] if count > 1 else ink
    return text


def _best_angle(down: Any, right: Any) -> tuple[float, float]:
    """The sharpness of the sharpest projection and its angle."""
    import numpy as np

    def sharpness(degrees: float) -> float:
        place = down - right * np.tan(np.radians(degrees))
        counts = np.bincount((place - place.min()).astype(np.int64)).astype(np.float64)
        return float(((counts[1:] - counts[:-1]) ** 2).sum()) / len(down)

    best = max((sharpness(angle), -abs(angle), angle) for angle in np.arange(-15, 15.01, 0.5))[2]
    for step in (0.1, 0.05):
        near = best + step * np.arange(-6, 7)
        best = max((sharpness(angle), -abs(angle), angle) for angle in near)[2]
    return sharpness(best), float(np.clip(best, -_MAX_SKEW, _MAX_SKEW))


def turned(picture: Pixels, quarters: int) -> Pixels:
    """The picture turned to the left by quarter turns."""
    import numpy as np

    return np.ascontiguousarray(np.rot90(picture, quarters % 4)) if quarters % 4 else picture


def deskewed(picture: Pixels, skew: float) -> Pixels:
    """The picture with its lines level, of the same size; the corners are filled with paper."""
    if abs(skew) < 0.1:
        return picture
    cv2 = opencv()
    import numpy as np

    height, width = picture.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), skew, 1.0)
    paper = tuple(float(value) for value in np.median(picture[::16, ::16], axis=(0, 1)))
    level: Pixels = cv2.warpAffine(
        picture, matrix, (width, height), flags=cv2.INTER_CUBIC, borderValue=paper
    )
    return level


def band_of(grey: Grey, share: float = 0.07, least: int = 130) -> tuple[int, int]:
    """First and last row (exclusive) of the part of the page that holds most text."""
    import numpy as np

    height = min(grey.shape[0], max(least, round(share * grey.shape[0])))
    small = reduced(grey, _LOOK)
    scale = grey.shape[0] / small.shape[0]
    rows = _text_only(ink_of(small)).sum(axis=1, dtype=np.int64)
    window = max(1, round(height / scale))
    sums = np.convolve(rows, np.ones(window, np.int64), "valid")
    top = min(round(int(sums.argmax()) * scale), grey.shape[0] - height)
    return top, top + height


@dataclass(frozen=True, slots=True)
class Stroke:
    """A ruling line in pixels: level or upright, its place across, from where to where."""

    level: bool
    at: float
    start: float
    end: float


def strokes_of(grey: Grey, shortest: int) -> list[Stroke]:
    """The ruling lines of a level page, at least `shortest` pixels long: what is left of the
    ink when everything short along one direction is taken off (morphological opening)."""
    cv2 = opencv()
    import numpy as np

    ink = ink_of(grey).astype(np.uint8)
    found: list[Stroke] = []
    for level in (True, False):
        # Scans break thin lines: close small gaps first, along the line only.
        size = (1, shortest) if level else (shortest, 1)
        closed = cv2.morphologyEx(
            ink, cv2.MORPH_CLOSE, np.ones((1, 4) if level else (4, 1), np.uint8)
        )
        lines = cv2.morphologyEx(closed, cv2.MORPH_OPEN, np.ones(size, np.uint8))
        # A line that is off by a pixel somewhere is one line.
        lines = cv2.dilate(lines, np.ones((3, 1) if level else (1, 3), np.uint8))
        count, _, stats, _ = cv2.connectedComponentsWithStats(lines, None, None, None, 8)
        for index in range(1, min(count, 5000)):
            x, y, wide, high = (int(stats[index, place]) for place in range(4))
            length, thick = (wide, high) if level else (high, wide)
            if length < shortest or thick > max(12, shortest // 4) or length < 6 * thick:
                continue
            first, begin = (y, x) if level else (x, y)
            if _stands_free(ink if level else ink.T, first, first + thick, begin, begin + length):
                at = first + (thick - 1) / 2
                found.append(Stroke(level, at, float(begin), float(begin + length)))
    return found


def _stands_free(ink: Any, top: int, bottom: int, start: int, end: int) -> bool:
    """Whether there is little ink right above and below a stroke: else it is a row of letters."""
    above, below = ink[max(0, top - 3) : top, start:end], ink[bottom : bottom + 3, start:end]
    return all(side.size == 0 or float(side.mean()) < 0.3 for side in (above, below))
