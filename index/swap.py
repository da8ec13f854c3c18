"""A collection's folder put in the place of another by two renames, and what a kill leaves.

What is to take a place is made whole in a folder aside. The old folder is renamed out of the way,
the new one into its place, and the old one deleted; its files serve those who have them open to
the end.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.contract import Locked, NotWritable
from index.lock import writer_lock
from ingest.contract import Unavailable

_RETIRED = ".old-"
DRAFT = "draft"


def put_in_place(aside: Path, folder: Path) -> None:
    """Gives `folder` to what lies `aside`. The caller holds the writer's lock of the old one,
    where there is one, and has closed what it had open of the new one."""
    retired = folder.with_name(f"{_RETIRED}{folder.name}")
    if folder.exists():
        shutil.rmtree(retired, ignore_errors=True)
        folder.rename(retired)
    aside.rename(folder)
    flush(folder.parent)
    shutil.rmtree(retired, ignore_errors=True)


@contextmanager
def written_beside(target: Path, check: Callable[[], None], what: str) -> Iterator[Path]:
    """A folder beside `target`; what is made there under the name DRAFT takes the target's place
    when the block ends. `check` raises where the target may not be written, before and after.
    Raises Unavailable, naming `what`, where the disk refuses."""
    check()
    try:
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
            yield Path(scratch)
            check()
            if target.is_dir():
                shutil.rmtree(target)
            (Path(scratch) / DRAFT).replace(target)
            flush(target.parent)
    except OSError as error:
        raise Unavailable(
            f"the {what} {target} cannot be written: {error}; nothing was changed"
        ) from error


def recover(root: Path) -> None:
    """Puts back what a kill between the two renames left aside, and clears away what a later one
    left behind. What another process is at, or a disk that is read-only, is left alone."""
    for retired in root.glob(f"{_RETIRED}*"):
        with suppress(Locked, NotWritable, OSError), writer_lock(retired):
            folder = root / retired.name.removeprefix(_RETIRED)
            if folder.exists():
                shutil.rmtree(retired, ignore_errors=True)
            else:
                retired.rename(folder)


@contextmanager
def workshop(folder: Path, name: str) -> Iterator[Path]:
    """The right to make a collection in `folder`, which one process has at a time: yields the
    path for it. The folder goes when the block ends and there is none in it. Raises Locked."""
    folder.mkdir(parents=True, exist_ok=True)
    with writer_lock(folder):
        try:
            yield folder / name
        finally:
            if not (folder / name).exists():
                shutil.rmtree(folder, ignore_errors=True)


def flush(path: Path) -> None:
    """Makes a file, or the entries of a folder, survive a loss of power."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
