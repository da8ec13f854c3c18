"""Pages of a PDF as a scanner would give them."""

from __future__ import annotations

import io
import random
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pymupdf
from PIL import Image, ImageFilter

from bench.truth.convert import page_images


def pictures(
    pdf: Path, pages: Sequence[int], *, dpi: int = 200, rotation: int = 0, skew: float = 0.0,
    noise: float = 3.0, worn: bool = False,
) -> list[Image.Image]:  # fmt: skip
    """The pages (from 1) in shades of grey: skewed by `skew` degrees, then turned clockwise by
    `rotation`, with noise of that standard deviation. A `worn` one is a little out of focus,
    darker towards one edge, and has specks."""
    seed = random.Random(f"{pdf.name} {rotation} {skew}").randrange(2**32)
    draw = np.random.default_rng(seed)
    out: list[Image.Image] = []
    with tempfile.TemporaryDirectory() as folder:
        files = page_images(pdf, dpi, Path(folder))
        for number in pages:
            picture = Image.open(files[number - 1]).convert("L")
            if worn:
                picture = picture.filter(ImageFilter.GaussianBlur(0.9))
            if skew:
                picture = picture.rotate(skew, Image.Resampling.BICUBIC, fillcolor=255)
            if rotation:
                picture = picture.rotate(-rotation, expand=True)
            grey = np.asarray(picture, dtype=np.float32)
            grey = grey * 0.94 + draw.normal(0, noise, grey.shape)
            if worn:
                grey -= np.linspace(0, 60, grey.shape[1], dtype=np.float32)
                spots = draw.random(grey.shape) < 0.00012
                grey[spots | np.roll(spots, 1, 0) | np.roll(spots, 1, 1)] = 20
            out.append(Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)))
    return out


def to_pdf(images: Sequence[Image.Image], path: Path, *, dpi: int = 200, quality: int = 22) -> None:
    """A PDF of JPEG pictures and nothing else."""
    document = pymupdf.open()
    for image in images:
        data = io.BytesIO()
        image.save(data, "JPEG", quality=quality, optimize=True)
        width, height = image.width * 72 / dpi, image.height * 72 / dpi
        page = document.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=data.getvalue())
    document.save(str(path), garbage=3, deflate=True)


def to_picture(images: Sequence[Image.Image], path: Path, *, dpi: int = 200) -> None:
    """One PNG or JPEG, or a TIFF of several pages in black and white (CCITT group 4)."""
    if path.suffix in (".tif", ".tiff"):
        first, *others = [image.point(lambda v: 255 * (v > 140)).convert("1") for image in images]
        first.save(path, save_all=True, append_images=others, compression="group4",
                   dpi=(dpi, dpi))  # fmt: skip
    elif path.suffix == ".png":
        grey = images[0].point(lambda v: min(255, v // 32 * 36))
        grey.quantize(8).save(path, optimize=True, dpi=(dpi, dpi))
    else:
        images[0].save(path, quality=30, optimize=True, dpi=(dpi, dpi))
