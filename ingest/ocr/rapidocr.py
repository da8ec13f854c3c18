"""OCR by rapidocr: the PP-OCR models for Chinese and English that lie in its wheel, run by
onnxruntime. Nothing is ever downloaded: the models are named by their paths."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from math import hypot
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ingest.contract import OcrLine, Unavailable, cached_property

if TYPE_CHECKING:
    from ingest.contract import Pixels

_Corners: TypeAlias = tuple[tuple[float, float], ...]

_DETECTION, _RECOGNITION = "PP-OCRv6_det_small.onnx", "PP-OCRv6_rec_small.onnx"
_TALL = 1.5
_SURE = 0.9
_LOAD = threading.Lock()


@dataclass(frozen=True)
class RapidOcr:
    """`threads` lines are recognised at once. `detection_side`, in pixels: the longer side of
    the picture in which lines are looked for; they are recognised from the whole picture.
    `min_confidence`: lines below it are dirt."""

    threads: int = 2
    detection_side: int = 1280
    min_confidence: float = 0.5

    def __post_init__(self) -> None:
        if self.threads < 1 or self.detection_side < 64 or not 0 <= self.min_confidence <= 1:
            raise ValueError("threads >= 1, detection_side >= 64, min_confidence from 0 to 1")

    @property
    def fingerprint(self) -> str:
        """The version of the library, which brings the models, and what changes the output."""
        return f"rapidocr/{_version()};{self.detection_side};{self.min_confidence:g}"

    def recognize(self, picture: Pixels) -> list[OcrLine]:
        """The lines, each recognised by itself, so that none depends on its neighbours."""
        library = self._library
        colours = picture[:, :, ::-1]  # the models were trained on BGR
        if min(picture.shape[:2]) < 8:
            return []
        found = library(colours.copy(), use_det=True, use_cls=False, use_rec=False)
        boxes = [] if found is None or found.boxes is None else list(found.boxes)
        crop = import_module("rapidocr.utils.process_img").get_rotate_crop_image
        crops = [crop(colours, box.astype("float32").copy()) for box in boxes]
        items = zip(boxes, crops, strict=True)
        read = list(
            map(self._read, items) if self.threads == 1 else self._pool.map(self._read, items)
        )
        return [line for line in read if line.text and line.confidence >= self.min_confidence]

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        """Threads that stay: each new one would take memory of its own from the allocator."""
        return ThreadPoolExecutor(self.threads, thread_name_prefix="braid-ocr")

    @cached_property
    def _library(self) -> Any:
        with _LOAD:
            return _load(self.threads, self.detection_side)

    def _read(self, item: tuple[Any, Any]) -> OcrLine:
        """One line. Upright strips of text, which the library turns to the left, are tried the
        other way about too where that gave nothing sure."""
        box, crop = item
        corners: _Corners = tuple((float(x), float(y)) for x, y in box)
        tall = _is_tall(corners)
        text, confidence, starts = self._text(crop)
        if tall:
            corners = (*corners[1:], corners[0])  # it begins at the bottom and runs up
            if confidence < _SURE:
                other = self._text(crop[::-1, ::-1].copy())
                if other[1] > confidence:
                    text, confidence, starts = other
                    corners = (*corners[2:], *corners[:2])
        return OcrLine(text, corners, confidence, starts)

    def _text(self, crop: Any) -> tuple[str, float, tuple[float, ...]]:
        """Text, confidence, and where its characters begin, as shares of the line's length."""
        if min(crop.shape[:2]) < 2:
            return "", 0.0, ()
        recognizer = self._library.text_rec
        read = recognizer(_recognition_input()(img=[crop], return_word_box=True))
        text, confidence, info = read.txts[0], float(read.scores[0]), read.word_results[0]
        if not text.strip():
            return "", 0.0, ()
        columns = [column for word in info.word_cols for column in word]
        starts = tuple(_starts(text, columns, info.line_txt_len)) if columns else ()
        left = len(text) - len(text.lstrip())
        right = left + len(text.strip())
        return text.strip(), confidence, starts[left:right]


def _starts(text: str, columns: Sequence[int], length: float) -> Iterator[float]:
    """Where each character begins: half-way between the peaks of the network's answer; `columns`
    holds those of all characters but blanks, `length` the columns of the line."""
    peaks = iter(columns)
    last = 0.0
    for char in text:
        if char.isspace():
            yield min(1.0, last)
            continue
        peak = next(peaks, None)
        place = last if peak is None else max(last, (peak - 0.5) / max(length, 1.0))
        yield min(1.0, place)
        last = place + 0.5 / max(length, 1.0)


def _is_tall(corners: _Corners) -> bool:
    (x0, y0), (x1, y1), (x2, y2), _ = corners
    width, height = hypot(x1 - x0, y1 - y0), hypot(x2 - x1, y2 - y1)
    return height >= _TALL * max(width, 1.0)


def _version() -> str:
    try:
        return version("rapidocr")
    except Exception:  # not installed: `recognize` says so
        return "none"


def _recognition_input() -> Any:
    return import_module("rapidocr.ch_ppocr_rec").TextRecInput


def _load(threads: int, side: int) -> Any:
    """The library with its models in memory. Raises Unavailable where it is not installed."""
    try:
        rapidocr: Any = import_module("rapidocr")
        import_module("onnxruntime")
        import_module("cv2")
    except ImportError as error:
        raise Unavailable(
            "OCR needs a package that is not installed: pip install 'braid-rag[ocr]'"
        ) from error
    models = Path(rapidocr.__file__).parent / "models"
    missing = [name for name in (_DETECTION, _RECOGNITION) if not (models / name).is_file()]
    if missing:
        raise Unavailable(
            f"this rapidocr lacks its models ({', '.join(missing)}): pip install --force-reinstall "
            "'braid-rag[ocr]'"
        )
    engine = rapidocr.RapidOCR(
        params={
            "Global.log_level": "error",
            "Global.use_cls": False,
            "Global.max_side_len": 1 << 20,
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
            "Det.limit_type": "max",
            "Det.limit_side_len": side,
            "Det.model_path": str(models / _DETECTION),
            "Rec.model_path": str(models / _RECOGNITION),
            "Rec.rec_batch_num": 1,
        }
    )
    engine.recognize_txt([import_module("numpy").full((48, 320, 3), 255, "uint8")])
    return engine
