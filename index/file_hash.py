"""Files told from what they were by their hash."""

from __future__ import annotations

import hashlib
from pathlib import Path


def check_sha256(file: Path, wanted: str) -> None:
    """Raises ValueError where the file has another hash, and OSError."""
    if sha256_of(file) != wanted:
        raise ValueError(f"{file} is damaged: its hash is not the recorded one")


def sha256_of(file: Path) -> str:
    """In hexadecimal. Raises OSError."""
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
