"""Files to documents: find them, load them, read them.

Chunking is a call of the chunker on the document; nothing here knows of indexes.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import cast

from ingest.components import CHUNKERS, PARSER_VERSIONS, PARSERS
from ingest.contract import (
    Block,
    BlockKind,
    BraidError,
    Chunker,
    Document,
    Failure,
    Json,
    NotFound,
    Parsed,
    Parser,
    Source,
    UnreadableFile,
    load_component,
)
from ingest.language import language_of
from ingest.repair import repair, repair_block, repair_metadata
from ingest.sentences import split
from ingest.sniff import sniff, why_unreadable

MAX_BYTES = 200 * 1024 * 1024
_PIPELINE_VERSION = 2
_IGNORED_NAMES = {"thumbs.db", "desktop.ini", "__macosx"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file to ingest: where it lies, and its id (relative to the root it was found under,
    forward slashes, NFC)."""

    path: Path
    document_id: str


def fingerprint() -> str:
    """Names this way of reading; it changes whenever a parser's output does."""
    versions = ";".join(f"{kind}={PARSER_VERSIONS[kind]}" for kind in sorted(PARSERS))
    return f"read/{_PIPELINE_VERSION};{versions}"


def read(
    source: Source, parser_options: Mapping[str, Mapping[str, object]] | None = None
) -> Document:
    """The document that the file holds. `parser_options` gives options by media type.

    Raises UnreadableFile with a reason a person can act on, for anything wrong with the file.
    """
    media_type = sniff(source.data, source.name)
    if media_type not in PARSERS:
        raise UnreadableFile(why_unreadable(media_type))
    options = (parser_options or {}).get(media_type, {})
    parser = cast(Parser, load_component(PARSERS, media_type, **options))
    try:
        parsed = parser.parse(source, media_type)
    except BraidError:
        raise
    except RecursionError as error:
        raise UnreadableFile("the file is nested too deeply to be read") from error
    except MemoryError as error:
        raise UnreadableFile("the file needs more memory than there is") from error
    except Exception as error:  # a library can raise anything on a hostile file
        raise UnreadableFile(
            f"the file could not be read as {media_type}: {type(error).__name__}: {error}"
        ) from error
    return _document(source, media_type, parsed)


def document_from_text(
    document_id: str, title: str, text: str, metadata: Mapping[str, Json] | None = None
) -> Document:
    """A document of text that was handed in, read as plain text.

    Raises UnreadableFile where the text is blank.
    """
    parsed: Parsed = load_component(PARSERS, "text/plain").parse_text(text)
    data = text.encode("utf-8", "surrogatepass")
    source = Source(document_id, data, title or document_id, metadata or {})
    named = Parsed(parsed.blocks, title or parsed.title, 0, {})
    return _document(source, "text/plain", named)


def build_chunker(name: str, **options: object) -> Chunker:
    """The chunker of that name. Raises BadInput for an unknown name or option."""
    return cast(Chunker, load_component(CHUNKERS, name, **options))


def split_sentences(text: str) -> list[tuple[int, int]]:
    """Spans of the sentences of a text; joined, they are the text."""
    return split(text)


def discover(paths: Iterable[str | Path]) -> Iterator[Found | Failure]:
    """Files under the given files and folders, each folder in sorted order.

    Hidden files and lock files are passed over, and so are links that lead out of the folder or
    to what is found in it anyway; no folder is entered twice. What cannot be looked at comes out
    as a Failure, and so does a path that does not exist. A file that is named twice comes out
    once.
    """
    seen: set[str] = set()
    for given in paths:
        root = Path(given)
        if root.is_dir():
            found: Iterable[Found | Failure] = _walk(root)
        elif root.exists():
            found = (Found(root, _identifier(PurePosixPath(root.name))),)
        else:
            found = (Failure(str(given), f"there is no file or folder at {given}"),)
        for entry in found:
            key = os.path.realpath(entry.path) if isinstance(entry, Found) else ""
            if key and key in seen:
                continue
            seen.add(key)
            yield entry


def load(path: Path, document_id: str | None = None, max_bytes: int = MAX_BYTES) -> Source:
    """The bytes of a file as a source; the id is the file's name where none is given.

    Raises NotFound where the file is gone, UnreadableFile where it is too large, is no regular
    file or may not be read.
    """
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise UnreadableFile(f"{path} is not a regular file")
        if status.st_size > max_bytes:
            raise UnreadableFile(
                f"the file has {status.st_size / 1e6:.0f} MB, over the limit of "
                f"{max_bytes / 1e6:.0f} MB: split it or raise the limit"
            )
        with path.open("rb") as handle:
            data = handle.read(max_bytes + 1)
    except FileNotFoundError as error:
        raise NotFound(f"there is no file at {path} any more") from error
    except PermissionError as error:
        raise UnreadableFile(f"no permission to read {path}: change its rights") from error
    except OSError as error:
        raise UnreadableFile(f"{path} could not be read: {error.strerror or error}") from error
    if len(data) > max_bytes:
        raise UnreadableFile(f"the file grew over the limit of {max_bytes / 1e6:.0f} MB: split it")
    identifier = document_id or _identifier(PurePosixPath(path.name))
    metadata: dict[str, Json] = {"file_name": unicodedata.normalize("NFC", path.name)}
    return Source(identifier, data, path.name, metadata)


def _identifier(relative: PurePosixPath) -> str:
    # A name that is not valid UTF-8 has surrogates in it, which no database takes.
    text = relative.as_posix().encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return unicodedata.normalize("NFC", text)


def _walk(root: Path) -> Iterator[Found | Failure]:
    """Depth first, names sorted, files and folders together."""
    top = os.path.realpath(root)
    entered = {top}
    pending: list[Path] = [root]
    while pending:
        path = pending.pop()
        relative = PurePosixPath(path.relative_to(root).as_posix())
        try:
            real = os.path.realpath(path)
            if path.is_symlink() and path != root and not _only_by_link(real, top):
                continue
            if path.is_dir():
                if path != root and real in entered:
                    continue
                entered.add(real)
                inside = sorted(path.iterdir(), key=lambda entry: entry.name, reverse=True)
                pending.extend(entry for entry in inside if not _ignored(entry.name))
            elif path.is_file():
                if not os.access(path, os.R_OK):
                    yield Failure(
                        _identifier(relative), f"no permission to read {path}: change its rights"
                    )
                else:
                    yield Found(path, _identifier(relative))
        except OSError as error:
            reason = error.strerror or str(error)
            yield Failure(_identifier(relative), f"{path} could not be looked at: {reason}")


def _only_by_link(real: str, top: str) -> bool:
    """Whether the target of a link lies under the root, where the walk does not come by itself:
    what it comes by keeps its own name, and what lies outside is not ours to read."""
    if os.path.commonpath([top, real]) != top:
        return False
    return any(_ignored(part) for part in PurePosixPath(os.path.relpath(real, top)).parts)


def _ignored(name: str) -> bool:
    """Hidden files, locks of office programs, and what file managers leave behind."""
    return (
        name.startswith((".", "~$", ".~lock."))
        or name.lower() in _IGNORED_NAMES
        or name.endswith(("~", ".tmp", ".crdownload", ".part"))
    )


def _document(source: Source, media_type: str, parsed: Parsed) -> Document:
    cleaned = map(_clean, parsed.blocks)
    blocks = tuple(block for block in cleaned if block.text.strip())
    body = [block for block in blocks if block.kind is not BlockKind.FURNITURE]
    if not body:
        raise UnreadableFile("the file holds no text")
    stem = PurePosixPath(source.name.replace("\\", "/")).stem or source.name
    title = " ".join(repair(parsed.title).split()) or stem.strip() or source.document_id
    metadata = repair_metadata(parsed.metadata)
    metadata["language"] = language_of(block.text for block in body)
    metadata.update(source.metadata)
    return Document(
        id=source.document_id,
        title=_storable(title),
        media_type=media_type,
        content_hash=source.content_hash,
        blocks=blocks,
        page_count=parsed.page_count,
        metadata=metadata,
    )


def _clean(block: Block) -> Block:
    block = repair_block(block)
    text = _storable(block.text)
    if text == block.text:
        return block
    return replace(block, text=text)


def _storable(text: str) -> str:
    """Without NUL and lone surrogates, which neither SQLite nor UTF-8 can hold."""
    if text.isascii():
        return text.replace("\x00", "")
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")
