"""Reads files in a process that watches itself: what it opens, and whether it reaches out.

The functions here are what a worker carries out; see `ingest.workers`.
"""

from __future__ import annotations

import os
import resource
import site
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.contract import BraidError, OcrLine, Source
from ingest.ocr_page import PageReader
from ingest.pipeline import StoredSource, Task, read, read_file, unpacked

if TYPE_CHECKING:
    from ingest.contract import Pixels

_FORBIDDEN = ("socket.", "subprocess.", "os.system", "os.exec", "os.spawn", "os.posix_spawn",
              "os.fork", "urllib.", "http.", "ftplib.", "smtplib.", "webbrowser.", "os.remove",
              "os.rename", "os.rmdir", "os.link", "os.symlink", "shutil.", "os.chmod")  # fmt: skip
_LIBRARIES = [
    str(Path(__file__).parents[2]), sys.prefix, sys.base_prefix, *sys.path,
    *site.getsitepackages(), "/usr/lib", "/usr/share", "/usr/local/lib", "/proc", "/sys",
    "/dev/null", "/dev/urandom", "/etc/localtime", "/lib", "/lib64", "/etc/mime.types", "/etc/ssl",
]  # fmt: skip
_OWN = tuple(os.path.realpath(path) for path in _LIBRARIES if path)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_seen: list[str] = []
_allowed: list[str] = []


@dataclass(frozen=True)
class BlankPage:
    """An engine that sees no text: pictures are opened and drawn as for any other, without the
    minute that recognition takes on a slow machine."""

    fingerprint: str = "blank"

    def recognize(self, picture: Pixels) -> list[OcrLine]:
        """No lines."""
        assert picture.ndim == 3
        return []


def blank_ocr() -> dict[str, dict[str, object]]:
    """Options of the parsers of pictures and PDF, with that engine and no layout model."""
    reader = PageReader(BlankPage(), layout=False)
    pictures = ("png", "jpeg", "tiff", "webp", "bmp", "gif")
    options: dict[str, dict[str, object]] = {f"image/{kind}": {"ocr": reader} for kind in pictures}
    return {**options, "application/pdf": {"ocr": reader, "layout": False}}


@dataclass(frozen=True)
class Watched:
    """What came of a file: the texts of its documents, by id; the reasons of what was not read;
    what the process did that it must not; seconds, and the peak of its memory in MB."""

    texts: dict[str, str]
    reasons: dict[str, str]
    trespasses: tuple[str, ...]
    seconds: float
    peak_mb: int


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if event == "open":
        _opened(*arguments)
    elif event.startswith(_FORBIDDEN) and not _is_ours(arguments):
        _seen.append(f"{event} {arguments!r}"[:300])


def _opened(path: object, mode: object, flags: object) -> None:
    if isinstance(path, int):
        return
    if isinstance(path, str | bytes | os.PathLike):
        real = os.path.realpath(os.fsdecode(path))
        writes = isinstance(flags, int) and bool(flags & _WRITES)
        if real.startswith(tuple(_allowed)) or real == "/dev/null":
            return
        compiled = real.endswith((".pyc", ".nbi", ".nbc")) or "__pycache__" in real
        if real.startswith(_OWN) and (not writes or compiled):
            return
    _seen.append(f"open {path!r} {mode} {flags}"[:300])


def _is_ours(arguments: Sequence[object]) -> bool:
    """Whether what is done is done to files of the sandbox alone."""
    paths = [os.fsdecode(one) for one in arguments if isinstance(one, str | bytes)]
    return bool(paths) and all(path.startswith(tuple(_allowed)) for path in paths)


def examine(given: tuple[str, str]) -> Watched:
    """Reads the file at a path, and all that it packs into the given folder."""
    path, folder = Path(given[0]), Path(given[1])
    if not _allowed:
        _allowed.append(os.path.realpath(folder.parent))
        sys.addaudithook(_hook)
    _allowed[:] = [os.path.realpath(folder), os.path.realpath(path)]
    _seen.clear()
    texts: dict[str, str] = {}
    reasons: dict[str, str] = {}
    began = time.monotonic()
    task = Task(StoredSource(path, path.name, path.name), folder=folder, parser_options=blank_ocr())
    pending = [task]
    while pending:
        task = pending.pop()
        name = getattr(task.load, "document_id", "")
        try:
            reading = read_file(task)
        except BraidError as error:
            reasons[name] = str(error)
            continue
        if reading.document is not None:
            texts[reading.document.id] = reading.document.text
        if reading.failure:
            reasons[name] = reading.failure
        for member in reversed(reading.members):
            if isinstance(member, StoredSource):
                pending.append(replace(task, load=member, folder=None))
            else:
                reasons[member.document_id] = member.reason
    return Watched(
        texts,
        reasons,
        tuple(_seen),
        time.monotonic() - began,
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    )


def reads(given: tuple[str, bytes]) -> list[str]:
    """What came of a file, in a worker: "" for each document, else the reason."""
    name, data = given
    source = Source(name, data, name)
    outcomes: list[str] = []
    pending: list[Source] = [source]
    try:
        for member in unpacked(source):
            if isinstance(member, Source):
                pending.append(member)
            else:
                outcomes.append(member.reason)
    except BraidError as error:
        outcomes.append(str(error))
    for one in pending[:20]:
        try:
            read(one, blank_ocr())
            outcomes.append("")
        except BraidError as error:
            outcomes.append(str(error))
    return outcomes
