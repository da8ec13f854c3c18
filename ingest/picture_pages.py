"""The pages of a picture: PNG, JPEG, WebP, BMP, GIF (first frame) and TIFF, page by page."""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.contract import BraidError, UnreadableFile

if TYPE_CHECKING:
    from ingest.contract import Pixels

MAX_PIXELS = 24_000_000
"""The most that a picture of a page is to have: A3 at 300 dpi is within."""
_FORMATS = {
    "image/png": "PNG",
    "image/jpeg": "JPEG",
    "image/tiff": "TIFF",
    "image/webp": "WEBP",
    "image/bmp": "BMP",
    "image/gif": "GIF",
}
_MOST_PIXELS = 80_000_000
_MOST_PAGES = 1000
_MOST_STRETCH = 200
"""No text is so narrow; enlarging such a picture until OCR sees letters takes minutes."""
_A4_LONG = 841.9
_SMALL = 1100


def is_picture(media_type: str) -> bool:
    """Whether files of this type are pictures that can be opened here."""
    return media_type in _FORMATS


def pages(data: bytes, media_type: str, first: int = 1) -> Iterator[tuple[Pixels, float]]:
    """Each page, from the one of that number on, as a picture that stands upright, with the points
    that a pixel measures."""
    kind = _FORMATS[media_type]
    pillow: Any = import_module("PIL.Image")
    try:
        with pillow.open(io.BytesIO(data), formats=[kind]) as image:
            count = _count(image, kind)
            for index in range(first - 1, count):
                if index:
                    image.seek(index)
                yield _page(image)
    except BraidError:
        raise
    except MemoryError:
        raise
    except pillow.DecompressionBombError as error:
        raise UnreadableFile(
            f"the picture has over {_MOST_PIXELS / 1e6:.0f} megapixels: scan at 300 dpi or less"
        ) from error
    except Exception as error:  # the decoders raise many kinds on a damaged picture
        raise UnreadableFile(
            f"the picture is damaged or cut off ({type(error).__name__}: {error}): get a whole copy"
        ) from error


def _count(image: Any, kind: str) -> int:
    """The pages of the picture; of moving pictures the first frame alone is read."""
    count = int(getattr(image, "n_frames", 1)) if kind == "TIFF" else 1
    if count > _MOST_PAGES:
        raise UnreadableFile(
            f"the picture has {count:,} pages, over the limit of {_MOST_PAGES:,}: split it"
        )
    return count


def _page(image: Any) -> tuple[Pixels, float]:
    width, height = image.size
    if width * height > _MOST_PIXELS:
        raise UnreadableFile(
            f"the picture has {width * height / 1e6:,.0f} megapixels, over the limit of "
            f"{_MOST_PIXELS / 1e6:.0f}: scan at 300 dpi or less"
        )
    if max(width, height) > _MOST_STRETCH * min(width, height):
        raise UnreadableFile(
            f"the picture is {width:,} by {height:,} pixels, one side over {_MOST_STRETCH} times "
            "the other: that is no page; cut it"
        )
    stated = image.info.get("dpi")
    if width * height > 4 * MAX_PIXELS:
        image.draft("RGB", (width // 2, height // 2))
    upright = import_module("PIL.ImageOps").exif_transpose(image)
    picture = _rgb(upright)
    picture = _fitted(picture)
    full = max(upright.size if upright is not None else (width, height))
    pixels_per_point = _density(stated, max(width, height)) * max(picture.shape[:2]) / full
    return picture, 1.0 / max(pixels_per_point, 1e-6)


def _density(stated: Any, longest: int) -> float:
    """Pixels to a point: what the file states where that makes a page, else as if the longer
    side were that of A4."""
    try:
        dpi = float(stated[1])
    except (TypeError, ValueError, IndexError, ZeroDivisionError):
        dpi = 0.0
    if 90 <= dpi <= 1300 and 3 <= longest / dpi <= 24:
        return dpi / 72
    return longest / _A4_LONG


def _rgb(image: Any) -> Pixels:
    """The pixels on white paper, eight bits a colour."""
    import numpy as np

    pillow: Any = import_module("PIL.Image")
    if image.mode.startswith(("I", "F")):
        values = np.asarray(image).astype(np.float32)
        low, high = float(values.min()), float(values.max())
        grey = ((values - low) * (255 / max(high - low, 1e-6))).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    if "A" in image.mode or "transparency" in image.info:
        layered = image.convert("RGBA")
        paper = pillow.new("RGBA", layered.size, (255, 255, 255, 255))
        paper.alpha_composite(layered)
        image = paper
    pixels: Pixels = np.asarray(image.convert("RGB")).copy()
    return pixels


def _fitted(picture: Pixels) -> Pixels:
    """Reduced where it is very large; doubled where it is small, as pictures of screens are."""
    cv2: Any = import_module("cv2")
    height, width = picture.shape[:2]
    if height * width > MAX_PIXELS:
        scale = (MAX_PIXELS / (height * width)) ** 0.5
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        small: Pixels = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return small
    if max(height, width) < _SMALL:
        large: Pixels = cv2.resize(picture, (2 * width, 2 * height), interpolation=cv2.INTER_CUBIC)
        return large
    return picture
