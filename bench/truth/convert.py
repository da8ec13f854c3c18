"""The programs that render: LibreOffice, Chromium and poppler, each run as a command."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import unicodedata
from pathlib import Path

import pymupdf

_TIMEOUT_S = 240


def office(source: Path, target: Path) -> None:
    """LibreOffice turns `source` into the format that the suffix of `target` names."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile").as_uri()
        program = shutil.which("soffice") or "libreoffice"
        subprocess.run(
            [program, f"-env:UserInstallation={profile}", "--headless", "--convert-to",
             target.suffix[1:], "--outdir", folder, str(source)],
            check=True, capture_output=True, timeout=_TIMEOUT_S,
        )  # fmt: skip
        shutil.move(str(Path(folder, source.stem + target.suffix)), target)


def chromium(html: str, target: Path, *, tagged: bool = True) -> None:
    """Chromium prints the page to a PDF file, with the tags of its elements or without."""
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder, "page.html")
        page.write_text(html, encoding="utf-8")
        subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
             *(() if tagged else ("--disable-pdf-tagging",)),
             f"--user-data-dir={folder}/profile", f"--print-to-pdf={target.resolve()}",
             page.as_uri()],
            check=True, capture_output=True, timeout=_TIMEOUT_S,
        )  # fmt: skip
    squeeze(target)


def squeeze(target: Path) -> None:
    """Packs a PDF's objects tighter; no page changes. Chromium writes each glyph on its own."""
    with pymupdf.open(str(target)) as document:
        packed = document.tobytes(garbage=4, deflate=True, use_objstms=1)
    target.write_bytes(packed)


def page_texts(pdf: Path) -> list[str]:
    """The text of each page, in the order of the content stream."""
    out = subprocess.run(
        ["pdftotext", "-raw", str(pdf), "-"], check=True, capture_output=True, timeout=_TIMEOUT_S
    ).stdout.decode("utf-8", "replace")
    return out.split("\f")[:-1]


def page_images(pdf: Path, dpi: int, folder: Path) -> list[Path]:
    """Each page as a PNG file in shades of grey."""
    subprocess.run(
        ["pdftoppm", "-r", str(dpi), "-gray", "-png", str(pdf), str(folder / "page")],
        check=True, timeout=_TIMEOUT_S,
    )  # fmt: skip
    return sorted(folder.glob("page*.png"), key=lambda path: int(re.findall(r"\d+", path.stem)[-1]))


def letters(text: str) -> str:
    """Letters and digits alone, compatibility forms resolved."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum())
