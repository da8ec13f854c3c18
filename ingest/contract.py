"""What ingestion takes and gives, and the tree of errors that all of Braid uses.

The tree branches by what the caller can do about it::

    BraidError
    ├── BadInput       the file or the request is wrong: change it
    │   └── UnreadableFile  one file could not be read; the others go on
    │       └── PasswordNeeded  it is encrypted, and no password given opens it
    ├── NotFound       no such collection, document or job
    ├── Denied         whoever asks has no right to it: ask whoever gives keys
    ├── Conflict       locked by another writer, or built with other settings
    └── Unavailable    something Braid depends on is down or missing

A defect of Braid itself is a plain exception. A message says what is wrong, where and what to do.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from ingest.once import cached_property as cached_property

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Pixels: TypeAlias = npt.NDArray[np.uint8]
    """A picture, shape (height, width, 3), RGB."""

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"

ACCESS = "access"
"""The metadata with a document's access tags: a list, given with a file and never read from it."""


class BraidError(Exception):
    """Root of every error that Braid raises on purpose."""


class BadInput(BraidError):
    """The request or the file is wrong; the same call cannot succeed unchanged."""


class UnreadableFile(BadInput):
    """A file that cannot be turned into a document; the message is its reason."""


class PasswordNeeded(UnreadableFile):
    """A file that is encrypted; none of the passwords given opens it."""


class NotFound(BraidError):
    """The named collection, document, chunk or job does not exist."""


class Denied(BraidError):
    """The key that was shown, or its lack, gives no right to this."""


class Conflict(BraidError):
    """Another writer holds the lock, or the collection was built with other settings."""


class Unavailable(BraidError):
    """A model, an endpoint, an extra package or a disk is missing or does not answer."""


def load_component(table: Mapping[str, str], name: str, **options: object) -> Any:
    """Builds the component `name` of a room's table (name -> "module:Class") with its options;
    the module is imported now.

    Raises BadInput for an unknown name (the message lists the known ones) and for an option
    that the component does not have or does not accept.
    """
    target = table.get(name)
    if target is None:
        known = ", ".join(sorted(table))
        raise BadInput(f"there is no component named {name!r}; choose one of: {known}")
    module_name, _, class_name = target.partition(":")
    cls = getattr(import_module(module_name), class_name)
    fields = {item.name for item in dataclasses.fields(cls) if item.init}
    unknown = sorted(set(options) - fields)
    if unknown:
        choice = ", ".join(sorted(fields)) or "it has none"
        raise BadInput(f"{name!r} has no option {', '.join(map(repr, unknown))}; options: {choice}")
    try:
        return cls(**options)
    except (TypeError, ValueError) as error:
        raise BadInput(f"{name!r} does not accept these options: {error}") from error


class BlockKind(StrEnum):
    """What a block of a document is. FURNITURE (running headers, footers, page numbers,
    navigation) is kept in the document but never reaches a chunk."""

    HEADING = "heading"
    PARAGRAPH = "paragraph"
    LIST_ITEM = "list_item"
    TABLE = "table"
    CODE = "code"
    CAPTION = "caption"
    FORMULA = "formula"
    FOOTNOTE = "footnote"
    FURNITURE = "furniture"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on a page. `page` counts from 1; the corners are in points (1/72 inch) from
    the top left of the page as it is displayed."""

    page: int
    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class Table:
    """Cells as displayed, row by row; every row has the same length (merged cells repeat their
    text). The first `header_rows` rows are column headers."""

    rows: tuple[tuple[str, ...], ...]
    header_rows: int = 1


@dataclass(frozen=True, slots=True)
class Block:
    """One structural piece of a document, in reading order.

    `level` is 1 for the topmost heading, and the nesting depth (from 1) of a list item; 0
    elsewhere. `text` has no line breaks that the layout alone made; the text of a table is its
    Markdown rendering. `boxes` is empty where the format has no pages. `confidence` is how sure
    OCR was of the text, from 0 to 1; None where the text was in the file.
    """

    kind: BlockKind
    text: str
    level: int = 0
    boxes: tuple[Box, ...] = ()
    table: Table | None = None
    confidence: float | None = None


BLOCK_SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be read: its stable external id (given, or the path relative to the ingested
    root, with forward slashes), its bytes, and what the caller says of it."""

    document_id: str
    data: bytes
    name: str
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def content_hash(self) -> str:
        """SHA-256 of the bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a parser gives back. `page_count` is 0 where the format has no pages; `title` is
    empty where the file does not state one; `metadata` holds what the file says of itself
    (`author`, `created`, ...)."""

    blocks: tuple[Block, ...]
    title: str = ""
    page_count: int = 0
    metadata: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """A file that has been read. `text` is its blocks joined by BLOCK_SEPARATOR; character
    spans of chunks are offsets into it. `title` is never empty (the file's name at worst).
    `metadata` can be filtered on in queries."""

    id: str
    title: str
    media_type: str
    content_hash: str
    blocks: tuple[Block, ...]
    page_count: int = 0
    metadata: Mapping[str, Json] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The whole text that spans refer to."""
        return BLOCK_SEPARATOR.join(block.text for block in self.blocks)

    def block_spans(self) -> list[tuple[int, int]]:
        """Start and end (exclusive) of each block in `text`, in order."""
        spans: list[tuple[int, int]] = []
        start = 0
        for block in self.blocks:
            spans.append((start, start + len(block.text)))
            start += len(block.text) + len(BLOCK_SEPARATOR)
        return spans


@dataclass(frozen=True, slots=True)
class Parent:
    """The larger passage that a small chunk was cut from; its fields are as in Chunk."""

    kind: BlockKind
    text: str
    span: tuple[int, int]
    pages: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage to be found and cited.

    `text` is what is shown. `heading_path` runs from the outermost heading inwards and does
    not repeat the document's title. `span` is (start, end) in the document's text; text that a
    chunk repeats (the header of a split table) is not counted in it. `pages` is (first, last),
    or None where the format has no pages. `ordinal` counts the document's chunks from 0.
    `section` names the numbered headings above the text, outermost first, as "scheme:number":
    ("chapter:2", "decimal:2.1"); see ingest.section_numbers. `parent`, where there is one, is to
    be read in place of the text, which is only what is found."""

    id: str
    document_id: str
    ordinal: int
    kind: BlockKind
    title: str
    heading_path: tuple[str, ...]
    text: str
    span: tuple[int, int]
    pages: tuple[int, int] | None = None
    boxes: tuple[Box, ...] = ()
    section: tuple[str, ...] = ()
    parent: Parent | None = None

    @property
    def to_read(self) -> Chunk:
        """The chunk with its parent's text and place; itself where it has no parent."""
        parent = self.parent
        if parent is None:
            return self
        return dataclasses.replace(
            self,
            kind=parent.kind,
            text=parent.text,
            span=parent.span,
            pages=parent.pages,
            boxes=parent.boxes,
            parent=None,
        )

    @property
    def context(self) -> str:
        """Title and heading path, outermost first: what a reader needs to know beforehand."""
        return context_line(self.title, self.heading_path)

    @property
    def embedding_text(self) -> str:
        """What the embedder sees: the context on a line of its own, then the text."""
        return join_context(self.context, self.text)


def context_line(title: str, heading_path: Sequence[str]) -> str:
    """Title and headings joined by " > ", without empty parts and immediate repeats."""
    parts: list[str] = []
    for part in (title, *heading_path):
        if part and (not parts or part != parts[-1]):
            parts.append(part)
    return " > ".join(parts)


def join_context(context: str, text: str) -> str:
    """The text under its context line; the text alone where there is no context."""
    return f"{context}\n{text}" if context else text


def chunk_id(document_id: str, heading_path: Sequence[str], text: str, occurrence: int) -> str:
    """Stable id of a chunk: 32 hexadecimal digits of SHA-256 over the document, the place in
    the structure and the text. `occurrence` (from 0) tells apart equal texts under one heading,
    so an insertion elsewhere in the document leaves the id as it was."""
    digest = hashlib.sha256()
    for part in (document_id, *heading_path, text, str(occurrence)):
        encoded = part.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:32]


class Parser(Protocol):
    """Reads one family of formats. `parse` raises UnreadableFile with a reason a person can act on;
    it never returns an empty list of blocks silently where the file has content that it could not
    read."""

    def parse(self, source: Source, media_type: str) -> Parsed: ...


class Unpacker(Protocol):
    """Lists what is packed in a file: the members of an archive, the attachments of a mail."""

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """One level of what is inside, in the file's order. A member's id is that of the
        container, a slash and its path inside; its metadata names the container. What must not be
        unpacked comes out as a Failure. Raises UnreadableFile where the container is broken."""
        ...


@dataclass(frozen=True, slots=True)
class OcrLine:
    """A line of text on a picture. `corners` are four points (x, y) in pixels: where the line
    begins at the top, where it ends at the top, and the same at the bottom in reverse.
    `confidence` is from 0 to 1. `starts` tells where each character begins, as a share of the
    line's length; it is empty where the engine does not know."""

    text: str
    corners: tuple[tuple[float, float], ...]
    confidence: float
    starts: tuple[float, ...] = ()


class OcrEngine(Protocol):
    """Finds the lines of text on a picture, in no particular order."""

    @property
    def fingerprint(self) -> str:
        """Names the engine and every option that changes its output."""

    def recognize(self, picture: Pixels) -> list[OcrLine]:
        """The lines of a picture that stands upright. Raises Unavailable where the engine is
        not installed."""
        ...


class TokenCounter(Protocol):
    """Counts tokens as the embedder will see them: each count includes the passage prefix and
    the special tokens."""

    @property
    def max_tokens(self) -> int:
        """The most tokens that the embedder reads of one passage."""
        ...

    def count(self, texts: Sequence[str]) -> list[int]: ...


class Chunker(Protocol):
    """Cuts a document into chunks. For every chunk the counter's count of `embedding_text` is
    within the budget; every character outside headings and furniture, white space aside, lies
    in the span of a chunk; spans ascend and do not overlap unless overlap is asked for, but that
    several chunks may be made of one sentence and share its span."""

    @property
    def fingerprint(self) -> str:
        """Names the chunker and every option that changes its output."""

    def chunk(self, document: Document, counter: TokenCounter) -> list[Chunk]: ...


@dataclass(frozen=True, slots=True)
class Completion:
    """What a language model wrote, with the tokens that it read and wrote (None where the server
    does not say). `is_cut` says that it was stopped by the limit, not by itself."""

    text: str
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    is_cut: bool = False


class Model(Protocol):
    """A language model."""

    @property
    def name(self) -> str: ...

    def complete(
        self, instruction: str, max_tokens: int | None = None, timeout_s: float | None = None
    ) -> Completion:
        """The answer to one message, of at most so many tokens and within so many seconds (the
        model's own limits, where None). Raises Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class Failure:
    """A file that could not be ingested, and why."""

    document_id: str
    reason: str
