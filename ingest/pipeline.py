"""Files to documents: find them, load them, read them.

Chunking is a call of the chunker on the document; nothing here knows of indexes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import cast

from ingest.components import CHUNKERS, PARSER_VERSIONS, PARSERS, UNPACKERS
from ingest.contract import (
    ACCESS,
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
    PasswordNeeded,
    Source,
    Unpacker,
    UnreadableFile,
    load_component,
)
from ingest.encrypted import decrypted
from ingest.files import (
    SIDECARS,
    Barred,
    FileSource,
    Found,
    PassedOver,
    StoredSource,
    discover,
    load,
    metadata_object,
    shown,
)
from ingest.injection import HIDDEN, ROLE, signs, signs_in
from ingest.language import language_of
from ingest.media import ENCRYPTED_OFFICE, describe, why_unreadable
from ingest.ocr_choice import ocr_types, with_reader
from ingest.page_pictures import PageTask, draw_page, has_page_pictures
from ingest.reasons import as_reasons
from ingest.repair import repair, repair_block, repair_metadata
from ingest.section_numbers import section_number
from ingest.sentences import split
from ingest.sniff import sniff
from ingest.unpacking import Walk
from ingest.workers import Limits, Workers

__all__ = [
    "HIDDEN",
    "ROLE",
    "Barred",
    "FileSource",
    "Found",
    "Limits",
    "Packed",
    "PageTask",
    "PassedOver",
    "Reading",
    "StoredSource",
    "Task",
    "Workers",
    "build_chunker",
    "discover",
    "document_from_text",
    "draw_page",
    "fingerprint",
    "has_page_pictures",
    "is_container",
    "is_of_type",
    "load",
    "metadata_object",
    "ocr_types",
    "read",
    "read_file",
    "section_number",
    "shown",
    "signs",
    "signs_in",
    "split_sentences",
    "take_out",
    "unpacked",
]

_PIPELINE_VERSION = 2
_OF_ONE_FILE = {"source", "file_name", "size"}
"""Metadata that a container does not hand on to what is packed in it."""


def fingerprint(media_type: str = "") -> str:
    """Names this way of reading files of a type, or of any; it changes whenever the output of
    their parser, or of any parser, does."""
    kinds = [media_type] if media_type in PARSERS else sorted(PARSERS)
    versions = ";".join(f"{kind}={PARSER_VERSIONS[kind]}" for kind in kinds)
    return f"read/{_PIPELINE_VERSION};{versions}"


def read(
    source: Source, parser_options: Mapping[str, Mapping[str, object]] | None = None
) -> Document:
    """The document that the file holds. `parser_options` gives options by media type.

    Raises UnreadableFile with a reason a person can act on, for anything wrong with the file.
    """
    media_type = sniff(source.data, source.name)
    if media_type not in PARSERS and is_container(media_type):
        raise UnreadableFile(f"the file is {describe(media_type)}: it has no text of its own")
    if media_type not in PARSERS:
        raise UnreadableFile(why_unreadable(media_type, {**PARSERS, **UNPACKERS}))
    options = with_reader(media_type, (parser_options or {}).get(media_type, {}))
    parser = cast(Parser, load_component(PARSERS, media_type, **options))
    with as_reasons("read", media_type):
        parsed = parser.parse(source, media_type)
    return _document(source, media_type, parsed)


@dataclass(frozen=True, slots=True)
class Task:
    """One file to be read, in this process or another: `load` gives its bytes.

    `text` False leaves its own text alone. Where it packs other files, they are put into
    `folder`, which is made then; without a folder they stay packed. `parser_options` are
    options by media type, of values that go through pickle; each reaches the parser of that
    type. `passwords` are tried in order on a file that is encrypted.
    """

    load: Callable[[], Source | Document]
    text: bool = True
    folder: Path | None = None
    parser_options: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    passwords: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Reading:
    """What came of a task: the document, where the file has text itself; the files packed in
    it, however deep, in order; and what failed of the file itself, in the stage `load` or
    `read`. `has_text` says that files of its type have a text of their own, `is_container` that
    they pack others, and `is_whole` that all of those have been seen."""

    document: Document | None = None
    members: Sequence[StoredSource | Failure] = ()
    has_text: bool = True
    is_container: bool = False
    is_whole: bool = True
    failure: str = ""
    stage: str = ""
    needs_password: bool = False


def is_of_type(source: Source, media_type: str) -> bool:
    """Whether a file that was read as of that type would be so again. What an encrypted file
    holds is taken to be what it was."""
    try:
        return sniff(source.data, source.name) in (media_type, ENCRYPTED_OFFICE)
    except BraidError:
        return False


def is_container(media_type: str) -> bool:
    """Whether files of this type pack other files."""
    return media_type in UNPACKERS


def unpacked(source: Source) -> Iterator[Source | Failure]:
    """Everything that is packed in the source, however deep within bounds, in order and one
    member in memory at a time; nothing where it is no container (see `is_container`).

    A member's id is that of what packs it, a slash and its path inside; its metadata name the
    outermost file as `container`. A container inside comes out itself where it has text of its
    own (a mail), before what it packs. What may not or cannot be unpacked comes out as a Failure.
    Raises UnreadableFile where the source is broken, or packs too much (see `ingest.bounds`);
    what came out before that stands.
    """
    walk = Walk(_unpacker, lambda media_type: media_type in PARSERS)
    yield from walk.members(source)


@dataclass(frozen=True, slots=True)
class Packed:
    """A file that is packed in another, which lies at `path` and is the document `container`; to be
    written to `target`."""

    path: Path
    container: str
    document_id: str
    target: Path


def take_out(packed: Packed) -> None:
    """Unpacks one file, within the bounds of ingestion. Raises NotFound where it is not there."""
    source = load(packed.path, packed.container)
    source = replace(source, name=PurePosixPath(packed.container).name)
    for member in unpacked(source):
        if isinstance(member, Source) and member.document_id == packed.document_id:
            packed.target.write_bytes(member.data)
            return
    raise NotFound(f"{packed.document_id!r} is not packed in {packed.container!r} any more")


def _unpacker(media_type: str) -> Unpacker | None:
    if media_type not in UNPACKERS:
        return None
    return cast(Unpacker, load_component(UNPACKERS, media_type))


def read_file(task: Task) -> Reading:
    """Carries out a task. What is wrong with the file stands in the reading; a defect of Braid
    is raised."""
    try:
        given = task.load()
    except BraidError as error:
        return Reading(failure=str(error), stage="load")
    if isinstance(given, Document):
        return Reading(given)
    content_hash = given.content_hash
    try:
        media_type = sniff(given.data, given.name)
        if media_type == ENCRYPTED_OFFICE:
            given = replace(given, data=decrypted(given.data, task.passwords))
            media_type = sniff(given.data, given.name)
    except BraidError as error:
        needs = isinstance(error, PasswordNeeded)
        return Reading(failure=str(error), stage="read", needs_password=needs)
    if media_type not in PARSERS and media_type not in UNPACKERS:
        reason = why_unreadable(media_type, {**PARSERS, **UNPACKERS})
        return Reading(failure=reason, stage="read")
    reading = Reading()
    if task.folder is not None and media_type in UNPACKERS:
        task.folder.mkdir(parents=True, exist_ok=True)
        reading = replace(_unpack(given, task.folder), has_text=media_type in PARSERS)
    if task.text and media_type in PARSERS:
        try:
            document = _read_with_passwords(given, media_type, task)
            reading = replace(reading, document=replace(document, content_hash=content_hash))
        except BraidError as error:
            reading = replace(
                reading,
                failure=reading.failure or str(error),
                stage="read",
                needs_password=isinstance(error, PasswordNeeded),
            )
    return reading


def _read_with_passwords(source: Source, media_type: str, task: Task) -> Document:
    options = dict(task.parser_options)
    for password in (None, *task.passwords):
        if password is not None:
            own = task.parser_options.get(media_type, {})
            options[media_type] = {**own, "password": password}
        try:
            return read(source, options)
        except PasswordNeeded as error:
            refused = error
    raise refused


def _unpack(source: Source, folder: Path) -> Reading:
    """The members of a container, each in a file of its own. What the user says of the container
    holds for them too."""
    inherited = {k: v for k, v in source.metadata.items() if k not in _OF_ONE_FILE}
    members: list[StoredSource | Failure] = []
    failure = ""
    try:
        for number, member in enumerate(unpacked(source)):
            if isinstance(member, Failure):
                members.append(member)
                continue
            path = folder / str(number)
            path.write_bytes(member.data)
            metadata = {**inherited, **member.metadata}
            members.append(StoredSource(path, member.document_id, member.name, metadata))
    except BraidError as error:
        failure = str(error)
    except (RecursionError, MemoryError):
        failure = "what is packed in it is nested too deeply, or too large, to be unpacked"
    except Exception as error:  # a library can raise anything on a hostile file
        failure = f"it could not be unpacked: {type(error).__name__}: {error}"
    return Reading(
        members=_with_sidecars(members),
        is_container=True,
        is_whole=not failure,
        failure=failure,
        stage="read" if failure else "",
    )


def _with_sidecars(
    members: Sequence[StoredSource | Failure],
) -> Sequence[StoredSource | Failure]:
    """Members with the metadata that are packed beside them, which are no members then."""
    packed = {m.document_id: m for m in members if isinstance(m, StoredSource)}
    taken: dict[str, StoredSource | Failure] = {}
    beside: set[str] = set()
    for ending in reversed(SIDECARS):
        for name, member in packed.items():
            owner = packed.get(name.removesuffix(ending)) if name.endswith(ending) else None
            if owner is None:
                continue
            beside.add(name)
            try:
                more = metadata_object(member.path.read_bytes(), name)
            except BraidError as error:
                taken[owner.document_id] = Failure(owner.document_id, str(error))
                continue
            so_far = taken.get(owner.document_id, owner)
            if isinstance(so_far, StoredSource):
                metadata = {**so_far.metadata, **more}
                taken[owner.document_id] = replace(so_far, metadata=metadata)
    return [taken.get(m.document_id, m) for m in members if m.document_id not in beside]


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


def _document(source: Source, media_type: str, parsed: Parsed) -> Document:
    cleaned = map(_clean, parsed.blocks)
    blocks = tuple(block for block in cleaned if block.text.strip())
    body = [block for block in blocks if block.kind is not BlockKind.FURNITURE]
    if not body:
        raise UnreadableFile("the file holds no text")
    stem = PurePosixPath(source.name.replace("\\", "/")).stem or source.name
    title = " ".join(repair(parsed.title).split()) or stem.strip() or source.document_id
    metadata = repair_metadata(parsed.metadata)
    metadata.pop(ACCESS, None)
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
