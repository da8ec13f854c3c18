"""Character error rate of OCR on scans of known text, by condition.

Pages are set by Chromium in several fonts and sizes, rasterised, spoiled in one way after
another, and read as picture-only PDFs by the ordinary parser. Needs Chromium, the Noto CJK,
DejaVu and Liberation fonts, and the extra `ocr`.

    python bench/ocr.py [--engine rapidocr] [--second tesseract] [--conditions clean,skew2]
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
SOURCES = ROOT / "examples" / "sources"
Picture = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Setting:
    """How a source is set: its file, language, fonts, size in points, columns, characters."""

    source: str
    language: str
    font: str
    points: float
    columns: int
    characters: int


SETTINGS = (
    Setting("2024年度报告.md", "zh", "Noto Serif CJK SC", 10.5, 1, 1300),
    Setting("售后服务与保修条款.md", "zh", "Noto Sans CJK SC", 10.5, 2, 1400),
    Setting("采购管理办法.md", "zh", "Noto Serif CJK SC", 12, 1, 1000),
    Setting("AV-200产品说明书.md", "zh", "Liberation Sans, Noto Sans CJK SC", 11, 1, 1200),
    Setting("employee-handbook.md", "en", "Liberation Serif", 11, 1, 3300),
    Setting("cavitation-research-note.md", "en", "Liberation Serif", 10, 2, 4200),
    Setting("av-200-datasheet.md", "en", "DejaVu Sans", 10, 1, 3000),
    Setting("aldercool-40-safety-data.md", "en", "Liberation Sans", 10.5, 1, 3000),
)


@cache
def source_blocks(setting: Setting) -> tuple[str, list[str]]:
    """The HTML of the source's beginning, and its texts (cells one by one) in reading order."""
    markdown_it: Any = import_module("markdown_it")
    reader = markdown_it.MarkdownIt("commonmark").enable("table")
    text = (SOURCES / setting.source).read_text(encoding="utf-8")
    text = re.sub(r"\A---\n.*?\n---\n", "", text, flags=re.DOTALL)
    taken: list[str] = []
    for part in re.split(r"\n{2,}", text):
        if sum(map(len, taken)) + len(part) > setting.characters:
            break
        taken.append(part)
    body = "\n\n".join(taken)
    texts: list[str] = []
    numbers: list[int] = []
    for token in reader.parse(body):
        if token.type in ("ordered_list_open", "bullet_list_open"):
            numbers.append(int(token.attrs.get("start", 1)) if token.tag == "ol" else 0)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            numbers.pop()
        elif token.type == "list_item_open" and numbers[-1]:
            texts.append(f"{numbers[-1]}.")
            numbers[-1] += 1
        if token.type == "inline":
            plain = "".join(
                child.content if child.type in ("text", "code_inline") else " "
                for child in token.children
                if not child.type.endswith(("_open", "_close"))
            )
            texts.append(plain)
    return reader.render(body), texts


def page_html(setting: Setting, body: str) -> str:
    return f"""<!doctype html><html lang="{setting.language}"><meta charset="utf-8"><style>
    @page {{ size: A4; margin: 22mm 20mm; }}
    body {{ font: {setting.points}pt/1.5 {
        ", ".join(f"'{f.strip()}'" for f in setting.font.split(","))
    }; text-align: justify; margin: 0;
        columns: {setting.columns}; column-gap: 9mm; }}
    h1 {{ font-size: 1.6em; text-align: left; column-span: all; }}
    h2 {{ font-size: 1.3em; text-align: left; }} h3 {{ font-size: 1.1em; text-align: left; }}
    table {{ border-collapse: collapse; width: 100%; text-align: left; }}
    thead {{ display: table-row-group; }} /* once, not in every column */
    td, th {{ border: 0.7pt solid #333; padding: 2pt 5pt; }}
    </style><body>{body}</body></html>"""


def rasterised(setting: Setting, folder: Path, dpi: int) -> list[Picture]:
    """The pages as grey pictures, (height, width)."""
    pymupdf: Any = import_module("pymupdf")
    body, _ = source_blocks(setting)
    page, pdf = folder / "page.html", folder / "page.pdf"
    page.write_text(page_html(setting, body), encoding="utf-8")
    browser = shutil.which("chromium") or shutil.which("google-chrome") or ""
    if not browser:
        raise SystemExit("this bench sets its pages with Chromium, which is not installed")
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]
    subprocess.run(
        [*command, f"--print-to-pdf={pdf}", page.as_uri()], check=True, capture_output=True
    )
    out = []
    with pymupdf.open(pdf) as document:
        for sheet in document:
            pixmap = sheet.get_pixmap(dpi=dpi, colorspace=pymupdf.csGRAY)
            grey = np.frombuffer(pixmap.samples, np.uint8).reshape(pixmap.h, pixmap.w)
            out.append(grey.copy())
    return out


def skewed(picture: Picture, degrees: float) -> Picture:
    cv2: Any = import_module("cv2")
    height, width = picture.shape
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), degrees, 1.0)
    turned: Picture = cv2.warpAffine(
        picture, turn, (width, height), flags=cv2.INTER_CUBIC, borderValue=255
    )
    return turned


def noisy(picture: Picture, sigma: float, seed: int = 7) -> Picture:
    """Gaussian noise, specks of dust, a slight blur."""
    cv2: Any = import_module("cv2")
    random = np.random.default_rng(seed)
    blurred = cv2.GaussianBlur(picture, (3, 3), 0.6).astype(np.float32)
    blurred += random.normal(0, sigma, picture.shape)
    specks = random.random(picture.shape)
    blurred[specks < 0.0005] = 30
    return np.clip(blurred, 0, 255).astype(np.uint8)


def faded(picture: Picture) -> Picture:
    """Pale ink on grey paper with a shadow along one side."""
    width = picture.shape[1]
    shade = np.linspace(0.62, 0.95, width, dtype=np.float32)[None, :]
    pale = 130 + (picture.astype(np.float32) / 255) * 125
    return np.clip(pale * shade, 0, 255).astype(np.uint8)


def binarised(picture: Picture) -> Picture:
    """Black and white, as fax machines and old scanners give it."""
    return np.where(picture > 150, 255, 0).astype(np.uint8)


@dataclass(frozen=True)
class Condition:
    """A way to spoil a page, and the quality of its JPEG (0: lossless)."""

    name: str
    spoil: Callable[[Picture], Picture]
    jpeg: int = 85
    dpi: int = 200


CONDITIONS = (
    Condition("clean", lambda p: p, 0),
    Condition("jpeg40", lambda p: p, 40),
    Condition("noise", lambda p: noisy(p, 18), 60),
    Condition("skew2", lambda p: skewed(p, 2.0), 75),
    Condition("skew-7", lambda p: skewed(p, -7.0), 75),
    Condition("rot90", lambda p: np.rot90(p).copy(), 75),
    Condition("rot180", lambda p: np.rot90(p, 2).copy(), 75),
    Condition("rot270", lambda p: np.rot90(p, 3).copy(), 75),
    Condition("rot90+skew2+noise", lambda p: np.rot90(noisy(skewed(p, 2.0), 12)).copy(), 60),
    Condition("faded", faded, 75),
    Condition("binary", binarised, 0),
    Condition("150dpi", lambda p: noisy(p, 6), 75, 150),
    Condition("300dpi", lambda p: noisy(p, 6), 75, 300),
)


def as_pdf(pages: Sequence[Picture], condition: Condition) -> bytes:
    """The pages as a PDF of pictures."""
    cv2: Any = import_module("cv2")
    pymupdf: Any = import_module("pymupdf")
    document = pymupdf.open()
    for picture in pages:
        spoilt = condition.spoil(picture)
        options = [cv2.IMWRITE_JPEG_QUALITY, condition.jpeg] if condition.jpeg else []
        _, data = cv2.imencode(".jpg" if condition.jpeg else ".png", spoilt, options)
        height, width = (side * 72 / condition.dpi for side in spoilt.shape)
        page = document.new_page(width=width, height=height)
        page.insert_image(page.rect, stream=data.tobytes())
    made: bytes = document.tobytes()
    return made


def plain(text: str) -> str:
    """Runs of blanks as one, none beside a Han character or full-width sign."""
    text = re.sub(r"\s+", " ", text).strip()
    han = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\u3000-\u303f]"
    return re.sub(f"(?<={han}) | (?={han})", "", text)


def edit_distance(one: str, other: str) -> int:
    """Levenshtein distance by the bit-parallel algorithm of Hyyrö (2003)."""
    if not one:
        return len(other)
    masks: dict[str, int] = {}
    for place, char in enumerate(one):
        masks[char] = masks.get(char, 0) | 1 << place
    full, last = (1 << len(one)) - 1, 1 << len(one) - 1
    plus, minus, distance = full, 0, len(one)
    for char in other:
        equal = masks.get(char, 0)
        zero = (((equal & plus) + plus) ^ plus) | equal | minus
        up, down = minus | ~(zero | plus), plus & zero
        distance += 1 if up & last else -1 if down & last else 0
        up = (up << 1 | 1) & full
        plus, minus = (down << 1 | ~(zero | up)) & full, up & zero
    return distance


def texts_of(parsed: Any) -> Iterator[str]:
    """Texts of the blocks, tables cell by cell, furniture left out."""
    for block in parsed.blocks:
        if block.kind.value == "furniture":
            continue
        if block.table is not None:
            yield from (cell for row in block.table.rows for cell in row if cell)
        else:
            yield block.text


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--engine", default="auto")
    arguments.add_argument("--second", default="none")
    arguments.add_argument("--conditions", default="")
    arguments.add_argument("--settings", default="")
    arguments.add_argument("--short", action="store_true", help="half of each text: a page")
    arguments.add_argument("--show", action="store_true", help="print what was read")
    given = arguments.parse_args()
    from ingest.contract import Source
    from ingest.pipeline import read

    options = {"application/pdf": {"ocr": {"engine": given.engine, "second_engine": given.second}}}
    wanted = set(filter(None, given.conditions.split(",")))
    chosen = [SETTINGS[int(i)] for i in given.settings.split(",") if i] or list(SETTINGS)
    if given.short:
        chosen = [replace(setting, characters=setting.characters // 2) for setting in chosen]
    print(
        f"{'condition':20} {'CER zh':>8} {'CER en':>8} {'s/page':>7} {'CPU s':>6}  by setting",
        flush=True,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        cache: dict[tuple[Setting, int], list[Picture]] = {}
        for condition in CONDITIONS:
            if wanted and condition.name not in wanted:
                continue
            errors = {"zh": [0, 0], "en": [0, 0]}
            seconds, cpu, pages, single = 0.0, 0.0, 0, []
            for setting in chosen:
                key = (setting, condition.dpi)
                if key not in cache:
                    cache[key] = rasterised(setting, folder, condition.dpi)
                data = as_pdf(cache[key], condition)
                start, busy = time.perf_counter(), time.process_time()
                document = read(Source("scan.pdf", data, "scan.pdf"), options)
                seconds += time.perf_counter() - start
                cpu += time.process_time() - busy
                pages += len(cache[key])
                truth = plain(" ".join(source_blocks(setting)[1]))
                found = plain(" ".join(texts_of(document)))
                distance = edit_distance(truth, found)
                errors[setting.language][0] += distance
                errors[setting.language][1] += len(truth)
                single.append(f"{distance / len(truth):.4f}")
                if given.show:
                    print(truth, found, sep="\n---\n")
                    for block in document.blocks:
                        print(block.kind, block.level, block.confidence, block.text)
            rates = [f"{wrong / all_ if all_ else 0:8.4f}" for wrong, all_ in errors.values()]
            speed = f"{seconds / pages:7.2f} {cpu / pages:6.2f}"
            print(f"{condition.name:20} {' '.join(rates)} {speed}  {single}", flush=True)


if __name__ == "__main__":
    main()
