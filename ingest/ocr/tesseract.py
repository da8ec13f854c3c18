"""OCR by the program tesseract, which the system installs; nothing is written to disk."""

from __future__ import annotations

import csv
import io
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from ingest.contract import OcrLine, Unavailable, cached_property
from ingest.lines import is_spaceless

if TYPE_CHECKING:
    from ingest.contract import Pixels

_WANTED = ("chi_sim", "eng")


@dataclass(frozen=True)
class Tesseract:
    """`languages` by tesseract's names, in order; empty: simplified Chinese and English, as far
    as they are installed. A page takes `timeout_s` seconds at most."""

    languages: tuple[str, ...] = ()
    program: str = "tesseract"
    timeout_s: float = 120.0

    def __post_init__(self) -> None:
        if self.timeout_s <= 0:
            raise ValueError("timeout_s is over 0")
        object.__setattr__(self, "languages", tuple(self.languages))

    @property
    def fingerprint(self) -> str:
        """The version of the program, and the languages."""
        try:
            return f"{self._version};{'+'.join(self._languages)}"
        except Unavailable:
            return "tesseract/none"

    def recognize(self, picture: Pixels) -> list[OcrLine]:
        """The lines of the picture, which has to stand upright. Raises Unavailable where the
        program is missing, lacks a language, fails or takes too long."""
        cv2 = import_module("cv2")
        _, data = cv2.imencode(".png", picture[:, :, ::-1], [cv2.IMWRITE_PNG_COMPRESSION, 1])
        languages = "+".join(self._languages)
        # Page segmentation 3: columns and blocks are found by the program.
        table = self._run(("stdin", "stdout", "-l", languages, "--psm", "3", "tsv"), data.tobytes())
        rows = csv.DictReader(io.StringIO(table), delimiter="\t", quoting=csv.QUOTE_NONE)
        return list(_lines(rows))

    @cached_property
    def _version(self) -> str:
        return self._run(("--version",)).split("\n")[0].replace(" ", "/").strip()

    @cached_property
    def _languages(self) -> tuple[str, ...]:
        listed = set(self._run(("--list-langs",)).split("\n")[1:])
        wanted = self.languages or tuple(name for name in _WANTED if name in listed)
        missing = [name for name in wanted if name not in listed]
        if missing or not wanted:
            names = ", ".join(missing) or "eng"
            raise Unavailable(f"tesseract lacks the language {names}: install its traineddata")
        return wanted

    def _run(self, arguments: Sequence[str], data: bytes = b"") -> str:
        path = shutil.which(self.program)
        if path is None:
            raise Unavailable(
                "the OCR program tesseract is not installed: install it with the system's packages "
                "(tesseract-ocr, tesseract-ocr-chi-sim), or pip install 'braid-rag[ocr]'"
            )
        environment = {**os.environ, "OMP_THREAD_LIMIT": "1", "LC_ALL": "C.UTF-8"}
        try:
            done = subprocess.run(  # no shell; the arguments are ours
                [path, *arguments],
                input=data,
                capture_output=True,
                timeout=self.timeout_s,
                env=environment,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise Unavailable(
                f"tesseract took over {self.timeout_s:g} s for a page: raise timeout_s"
            ) from error
        except OSError as error:
            raise Unavailable(f"tesseract could not be run: {error}") from error
        if done.returncode:
            reason = done.stderr.decode("utf-8", "replace").strip().split("\n")[-1]
            raise Unavailable(f"tesseract failed ({done.returncode}): {reason}")
        return done.stdout.decode("utf-8", "replace")


def _lines(rows: Iterator[Mapping[str, Any]] | csv.DictReader[str]) -> Iterator[OcrLine]:
    """The words of the table put together to lines."""
    words: dict[tuple[str, ...], list[Mapping[str, Any]]] = {}
    for row in rows:
        if row.get("level") == "5" and (row.get("text") or "").strip():
            key = (row["page_num"], row["block_num"], row["par_num"], row["line_num"])
            words.setdefault(key, []).append(row)
    for found in words.values():
        yield _line(found)


def _line(words: Sequence[Mapping[str, Any]]) -> OcrLine:
    boxes = [
        (left, top, left + int(word["width"]), top + int(word["height"]))
        for word in words
        for left, top in ((int(word["left"]), int(word["top"])),)
    ]
    x0, y0 = float(min(b[0] for b in boxes)), float(min(b[1] for b in boxes))
    x1, y1 = float(max(b[2] for b in boxes)), float(max(b[3] for b in boxes))
    text = ""
    starts: list[float] = []
    sure = 0.0
    before = 0
    for word, box in zip(words, boxes, strict=True):
        piece = word["text"].strip()
        # Every Han character or two is a word to the program: only real gaps are blanks.
        han = bool(text) and is_spaceless(text[-1]) and is_spaceless(piece[0])
        if text and (not han or box[0] - before > 0.8 * (y1 - y0)):
            text += " "
            starts.append((before - x0) / max(x1 - x0, 1))
        step = (box[2] - box[0]) / len(piece)
        starts.extend((box[0] + i * step - x0) / max(x1 - x0, 1) for i in range(len(piece)))
        text += piece
        sure += len(piece) * max(0.0, float(word["conf"]))
        before = box[2]
    confidence = min(1.0, sure / 100 / max(1, sum(not char.isspace() for char in text)))
    corners = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
    return OcrLine(text, corners, round(confidence, 5), tuple(starts))
