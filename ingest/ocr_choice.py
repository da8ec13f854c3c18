"""The reader of scanned pages that options ask for. Models are loaded once for a process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

from ingest.components import OCR_ENGINES, PARSERS
from ingest.contract import BadInput, OcrEngine, load_component
from ingest.ocr_correction import Correction
from ingest.ocr_page import PageReader

ENGINES = ("auto", "none", *sorted(OCR_ENGINES))
_OPTIONS = {
    "engine": "auto",
    "second_engine": "none",
    "dictionary": "",
    "languages": (),
    "dpi": 200,
    "threads": 0,
    "layout": True,
}
_DPI = (72, 300)


def ocr_types() -> list[str]:
    """The media types that OCR can read."""
    return [kind for kind in sorted(PARSERS) if _is_of_ocr(kind)]


def _is_of_ocr(media_type: str) -> bool:
    return media_type == "application/pdf" or media_type.startswith("image/")


def with_reader(media_type: str, options: Mapping[str, object]) -> dict[str, object]:
    """The options of a parser with a reader in place of the plain values under `ocr`, where the
    type is one that OCR can read; without such values the defaults count.

    The plain values: `engine` (`auto`: rapidocr, else tesseract, whichever is installed; `none`
    switches OCR off), `second_engine`, `dictionary` (path of a file of words), `languages` (of
    tesseract: `eng`, `chi_sim`), `dpi`, `threads` (0: as many as cores, 2 at most), `layout`.
    Raises BadInput for what is none of these.
    """
    given = options.get("ocr")
    if not _is_of_ocr(media_type):
        return dict(options)
    if given is not None and not isinstance(given, Mapping):
        return dict(options)
    return {**options, "ocr": page_reader(given or {})}


def page_reader(options: Mapping[str, object]) -> PageReader | None:
    """The reader; None where OCR is switched off, or `auto` finds no engine installed."""
    unknown = sorted(set(options) - set(_OPTIONS))
    if unknown:
        raise BadInput(
            f"OCR has no option {', '.join(map(repr, unknown))}; options: {', '.join(_OPTIONS)}"
        )
    full = {**_OPTIONS, **options}
    dpi, dictionary = full["dpi"], str(full["dictionary"] or "")
    if not isinstance(dpi, int) or not _DPI[0] <= dpi <= _DPI[1]:
        raise BadInput(f"dpi of OCR is {dpi!r}: give a whole number from {_DPI[0]} to {_DPI[1]}")
    languages = full["languages"]
    if isinstance(languages, str) or not isinstance(languages, list | tuple):
        raise BadInput("languages of OCR are a list, such as ['eng', 'chi_sim']")
    stamp = Path(dictionary).stat().st_mtime_ns if dictionary and Path(dictionary).exists() else 0
    return _reader(
        (_named(full["engine"]), _named(full["second_engine"])),
        dictionary,
        stamp,
        tuple(map(str, languages)),
        dpi,
        int(str(full["threads"])),
        bool(full["layout"]),
    )


@lru_cache(maxsize=4)
def _reader(
    engines: tuple[str, str],
    dictionary: str,
    stamp: int,
    languages: tuple[str, ...],
    dpi: int,
    threads: int,
    layout: bool,
) -> PageReader | None:
    first = _built(engines[0], languages, threads)
    if first is None:
        return None
    second = _built(engines[1], languages, threads) if engines[1] != engines[0] else None
    correction = Correction.from_file(Path(dictionary)) if dictionary else None
    return PageReader(first, second, correction, layout, dpi)


def _named(name: object) -> str:
    """The engine that a name asks for; `none` for none."""
    if name not in ENGINES:
        raise BadInput(f"there is no OCR engine {name!r}; choose one of: {', '.join(ENGINES)}")
    if name != "auto":
        return str(name)
    if all(find_spec(module) for module in ("rapidocr", "onnxruntime", "cv2")):
        return "rapidocr"
    has_opencv = find_spec("cv2") is not None
    return "tesseract" if has_opencv and shutil.which("tesseract") else "none"


def _built(name: str, languages: tuple[str, ...], threads: int) -> OcrEngine | None:
    if name == "none":
        return None
    options: dict[str, object] = {}
    if name == "rapidocr":
        options["threads"] = threads or min(2, os.cpu_count() or 1)
    elif languages:
        options["languages"] = languages
    engine: OcrEngine = load_component(OCR_ENGINES, name, **options)
    return engine
