"""Braid's reading of the rendered truth documents, and that the set itself is sound."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from eval.contract import ParsedFile, Truth
from eval.parse_run import measure_files, total
from eval.parse_truth import load_truths
from ingest.contract import Chunk, Document
from ingest.pipeline import build_chunker, load, read

FOLDER = Path(__file__).resolve().parent.parent / "truth"
SMALL = (
    "report-en.docx", "manual-zh.html", "regulation-zh-unstyled.pdf", "slides-zh.pptx",
    "workbook-zh.xlsx", "report-en.txt",
)  # fmt: skip
SCAN = "scan-regulation-zh-skewed.pdf"
_WORDS = re.compile(r"[㐀-鿿]|\w+|[^\w\s]")


@dataclass(frozen=True)
class WordCounter:
    """One token for each Han character, word and mark."""

    max_tokens: int = 512

    def count(self, texts: Sequence[str]) -> list[int]:
        return [4 + len(_WORDS.findall(text)) for text in texts]


def braid(path: Path) -> tuple[Document, list[Chunk]]:
    document = read(load(path))
    return document, build_chunker("structure").chunk(document, WordCounter())


def measured(*names: str) -> list[ParsedFile]:
    truths = [truth for truth in load_truths(FOLDER) if truth.path.name in names]
    assert len(truths) == len(names)
    files = measure_files(truths, braid, WordCounter().count)
    assert [file.failure for file in files] == [""] * len(files)
    return files


def at_least(files: Sequence[ParsedFile], **limits: float) -> None:
    sums = total(files)
    shown = {name: sums[name].value for name in limits}
    worst = [f"{file.name}: {found}" for file in files for found in file.findings]
    assert all(value is not None for value in shown.values()), shown
    short = {name: shown[name] for name, limit in limits.items() if (shown[name] or 0) < limit}
    assert short == {}, worst[:20]


def test_digital_files_are_read_as_they_are() -> None:
    files = measured(*SMALL)
    at_least(
        files, recall=0.985, precision=0.98, heading_path=0.92, headings_recall=0.9,
        cells=0.95, rows=0.95, order=0.98, pages=0.99, answers=0.9,
    )  # fmt: skip
    sums = total(files)
    assert sums["sentences_cut"].part == 0
    assert (sums["furniture"].value or 0) <= 0.005


def test_a_skewed_scan_is_read() -> None:
    pytest.importorskip("rapidocr")
    files = measured(SCAN)
    at_least(files, recall=0.97, precision=0.97, order=0.95)
    assert (total(files)["cer"].value or 0) <= 0.02


def every() -> list[Truth]:
    return load_truths(FOLDER)


def test_the_set_covers_formats_languages_and_scans() -> None:
    truths = every()
    assert len(truths) >= 30
    chinese = sum(truth.language == "zh" for truth in truths)
    assert 0.4 * len(truths) <= chinese <= 0.6 * len(truths)
    assert {truth.format for truth in truths} >= {
        "pdf", "docx", "pptx", "xlsx", "csv", "html", "md", "rst", "txt", "rtf", "odt", "odp",
        "ods", "epub", "eml", "ipynb", "json", "png", "tif",
    }  # fmt: skip
    scans = [truth.scan for truth in truths if truth.scan]
    assert {scan["rotation"] for scan in scans} == {0, 90, 270}
    assert {scan["skew"] for scan in scans} == {0.0, 2.0, -1.4}
    assert sum(block.crosses for truth in truths for block in truth.blocks) >= 10
    files = [path for path in FOLDER.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 5_000_000


@pytest.mark.parametrize("truth", every(), ids=lambda truth: truth.path.name)
def test_a_truth_agrees_with_itself(truth: Truth) -> None:
    path: list[str] = []
    for block in truth.blocks:
        assert block.text.strip()
        if block.kind == "heading":
            path = [*block.heading_path, block.text]
        elif block.kind != "title":
            assert list(block.heading_path) == path
        if block.rows:
            assert 0 <= block.header_rows < len(block.rows)
    texts = "".join(block.text for block in truth.blocks)
    assert all(answer in texts for answer in truth.answers)
    pages = [block.page for block in truth.blocks if block.kind not in ("footnote", "title")]
    if truth.format == "pdf":
        known = [page for page in pages if page is not None]
        assert len(known) == len(pages)
        assert known == sorted(known)
