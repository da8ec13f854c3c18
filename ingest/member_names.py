"""Names of what is packed in a file: decoded, and made fit to be part of an id."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from pathlib import PurePosixPath

from ingest.contract import Failure
from ingest.encodings import naturalness

_EAST_ASIAN = ("gb18030", "cp950", "cp932", "euc_jp", "cp949")
_LEAN = {"gb18030": 0.6, "cp950": 0.3}
"""A name is short: of readings about as good, the more usual one."""

_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]"
)
_CP437_LETTERS = re.compile("[ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜáíóúñÑß]")
_DRIVE = re.compile(r"[A-Za-z]:")
_SYSTEM = frozenset(["__macosx", ".ds_store", "thumbs.db", "desktop.ini"])
_MAX_PART = 120
_MAX_PATH = 600


class UnsafeName(ValueError):
    """A name that leads out of the container; the message says how."""


def decode_names(names: Sequence[bytes]) -> list[str]:
    """Names of one archive whose encoding is not stated: UTF-8 where they all are, else the East
    Asian encoding that they read naturally in, else code page 437, as the ZIP format has it."""
    high = [name for name in names if not name.isascii()]
    codec = _codec_of(high) if high else "ascii"
    return [name.decode(codec, "replace") for name in names]


def _codec_of(names: Sequence[bytes]) -> str:
    if all(_decodes(name, "utf-8") for name in names):
        return "utf-8"
    joined = b"\n".join(names)
    fitting = [codec for codec in _EAST_ASIAN if all(_decodes(name, codec) for name in names)]
    scores = {codec: naturalness(joined, codec) + _LEAN.get(codec, 0.0) for codec in fitting}
    best = max(fitting, key=lambda codec: scores[codec], default="cp437")
    if best == "cp437" or scores[best] >= 1.5:
        return best
    western = re.sub(r"[\x00-\x7f]", "", joined.decode("cp437"))
    if len(_CP437_LETTERS.findall(western)) == len(western):
        return "cp437"
    return best if scores[best] > -1.0 else "cp437"


def _decodes(name: bytes, codec: str) -> bool:
    try:
        name.decode(codec)
    except UnicodeDecodeError:
        return False
    return True


def safe_path(name: str) -> str:
    """The path inside the container: forward slashes, NFC, nothing invisible, no part and no
    path of absurd length (the rest is replaced by a hash of it).

    Raises UnsafeName where the name is absolute, names a drive, or climbs out.
    """
    path = name.replace("\\", "/")
    if path.startswith("/"):
        raise UnsafeName("its name is an absolute path")
    if _DRIVE.match(path):
        raise UnsafeName("its name begins with a drive")
    parts = _parts(path)
    if ".." in parts:
        raise UnsafeName("its name leads out of the archive (path traversal)")
    return _joined(parts)


def _parts(path: str) -> list[str]:
    """The parts as they are shown: two dots with something invisible between are two dots."""
    shown = (display_name(part) for part in path.replace("\\", "/").split("/"))
    return [part for part in shown if part not in ("", ".")]


def _joined(parts: Sequence[str]) -> str:
    return _short("/".join(_short(part, _MAX_PART) for part in parts), _MAX_PATH) or "unnamed"


def display_name(name: str) -> str:
    """The name in NFC without control characters, invisible ones, marks that turn the direction
    of writing, and lone surrogates."""
    text = (
        name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        if not (name.isascii())
        else name
    )
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", text)).strip()


def shown_in_id(name: str) -> str:
    """A name as a safe part of an id, whatever it is: for what is refused by its name."""
    return _joined([part for part in _parts(name) if part != ".."])


def is_passed_over(path: str) -> bool:
    """Whether the path is what operating and version control systems leave behind."""
    return any(
        part.lower() in _SYSTEM or part.startswith(("._", "~$", ".git", ".svn"))
        for part in PurePosixPath(path).parts
    )


def numbered(path: str, number: int) -> str:
    """The path of the `number`th member of that path: `a/b (2).txt`."""
    pure = PurePosixPath(path)
    return str(pure.with_name(f"{pure.stem} ({number}){pure.suffix}"))


def _short(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    mark = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12]
    suffix = PurePosixPath(text).suffix
    suffix = suffix if len(suffix) <= 12 else ""
    return f"{text[: limit - 14 - len(suffix)]}~{mark}{suffix}"


def admitted(name: str, container: str, seen: dict[str, int]) -> str | Failure:
    """The path under which a member of the container of that id is read; a failure where its
    name leads out, or has come before. `seen` counts the names of the container."""
    try:
        path = safe_path(name)
    except UnsafeName as error:
        return Failure(f"{container}/{shown_in_id(name)}", str(error))
    seen[path] = seen.get(path, 0) + 1
    if seen[path] > 1:
        return Failure(
            f"{container}/{numbered(path, seen[path])}",
            "its name is in the archive more than once; only the first of them is read",
        )
    return path
