"""Lines of text files, numbered, checked and hashed as they are read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from eval.contract import BadDataset

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def sha256_of(path: Path) -> str:
    """The digest of a file's bytes, read piece by piece. Raises OSError."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def numbered_lines(path: Path, digest: hashlib._Hash | None = None) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, without their ends, with their number from 1.

    Every byte read goes into `digest`. Raises BadDataset where the file cannot be read or is
    not UTF-8; a byte order mark is passed over.
    """
    try:
        with path.open("rb") as stream:
            for number, raw in enumerate(stream, 1):
                if digest is not None:
                    digest.update(raw)
                if number == 1:
                    raw = raw.removeprefix(_BYTE_ORDER_MARK)
                try:
                    line = raw.decode("utf-8").rstrip("\r\n")
                except UnicodeDecodeError as error:
                    raise BadDataset(
                        f"{path}, line {number}: not UTF-8 ({error.reason}): save the file as UTF-8"
                    ) from error
                if line.strip():
                    yield number, line
    except OSError as error:
        raise BadDataset(f"{path} cannot be read: {error.strerror}") from error


def parse_record(line: str, where: str) -> dict[str, object]:
    """The JSON object that a line of a JSONL file holds."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise BadDataset(f"{where}: not JSON ({error}): put one JSON object on the line") from error
    if not isinstance(record, dict):
        raise BadDataset(f"{where}: a {type(record).__name__}: put one JSON object on the line")
    return record


def string_field(
    record: Mapping[str, object], name: str, where: str, default: str | None = None
) -> str:
    """A text of a record. Where it is missing or null the default stands, if there is one."""
    value = record.get(name)
    if value is None and default is not None:
        return default
    if not isinstance(value, str):
        raise BadDataset(f'{where}: give "{name}" as a string, not {value!r}')
    return value
