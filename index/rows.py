"""Documents and chunks as rows of the catalog, and back, without loss."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np

from index.contract import DocumentRecord, Embeddings, Vectors
from index.database import Row
from index.token_codes import pack
from index.words import script
from ingest.contract import Block, BlockKind, Box, Chunk, Document, Json, Parent, Table

StoredVectors: TypeAlias = tuple[bytes, bytes]
"""A chunk's vector, as `vector_bytes`, and its token vectors, as `index.token_codes.pack`."""

_PARSED = 4_096
"""So many texts are kept with what they were parsed to: neighbours have the same."""

CHUNK_COLUMNS = (
    "id, document_id, ordinal, kind, title, heading_path, text, script, span_start, span_end, "
    "page_first, page_last, boxes, sections, parent"
)


def chunk_row(chunk: Chunk) -> tuple[Any, ...]:
    """Values for CHUNK_COLUMNS, in order."""
    first, last = chunk.pages if chunk.pages else (None, None)
    return (
        chunk.id, chunk.document_id, chunk.ordinal, chunk.kind.value, chunk.title,
        json.dumps(chunk.heading_path, ensure_ascii=False), chunk.text, script(chunk.text),
        *chunk.span, first, last, _boxes_text(chunk.boxes),
        json.dumps(chunk.section, ensure_ascii=False), _parent_text(chunk.parent),
    )  # fmt: skip


_kind_of = lru_cache(BlockKind)
"""An enumeration takes four times as long to look up."""


def _boxes_text(boxes: tuple[Box, ...]) -> str:
    return json.dumps([(b.page, b.x0, b.y0, b.x1, b.y1) for b in boxes])


@lru_cache(maxsize=_PARSED)
def _boxes_of(text: str) -> tuple[Box, ...]:
    return tuple(Box(*box) for box in json.loads(text))


def _parent_text(parent: Parent | None) -> str | None:
    if parent is None:
        return None
    kind, boxes = parent.kind.value, _boxes_text(parent.boxes)
    row = (kind, parent.text, parent.span, parent.pages, boxes)
    return json.dumps(row, ensure_ascii=False)


@lru_cache(maxsize=_PARSED)
def _names_of(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text))


def _parent_of(text: str | None) -> Parent | None:
    if text is None:
        return None
    kind, words, span, pages, boxes = json.loads(text)
    place = None if pages is None else tuple(pages)
    return Parent(BlockKind(kind), words, tuple(span), place, _boxes_of(boxes))


def chunk_of(row: Sequence[Any]) -> Chunk:
    """The chunk of a row that holds CHUNK_COLUMNS."""
    (
        chunk_id, document_id, ordinal, kind, title, heading_path, text, _,
        start, end, first, last, boxes, sections, parent,
    ) = row  # fmt: skip
    pages = None if first is None else (first, last)
    return Chunk(
        chunk_id, document_id, ordinal, _kind_of(kind), title, _names_of(heading_path), text,
        (start, end), pages, _boxes_of(boxes), _names_of(sections), _parent_of(parent),
    )  # fmt: skip


def metadata_of(text: str) -> dict[str, Json]:
    """The metadata that a document was stored with."""
    metadata: dict[str, Json] = json.loads(text)
    return metadata


def metadata_of_each(texts: Sequence[str]) -> list[dict[str, Json]]:
    """The same of several documents."""
    found: list[dict[str, Json]] = json.loads(f"[{','.join(texts)}]")
    return found


def document_row(document: Document, pipeline: str, generation: int) -> tuple[Any, ...]:
    """Values of a row of `documents`, in the order of the schema."""
    return (
        document.id, document.title, document.media_type, document.content_hash, pipeline,
        document.page_count, _metadata_text(document),
        pack_blocks(document.blocks), generation,
    )  # fmt: skip


def _metadata_text(document: Document) -> str:
    # A NaN is no JSON: SQLite would refuse every filter over a collection that holds one.
    metadata = document.metadata
    return json.dumps(metadata, ensure_ascii=False, sort_keys=True, allow_nan=False)


def document_of(row: Row) -> Document:
    """The whole document of a row of `documents`."""
    return Document(
        id=row["id"],
        title=row["title"],
        media_type=row["media_type"],
        content_hash=row["content_hash"],
        blocks=unpack_blocks(row["blocks"]),
        page_count=row["page_count"],
        metadata=metadata_of(row["metadata"]),
    )


def record_of(row: Row) -> DocumentRecord:
    """The record of a row of `documents` that also has `chunk_count`."""
    return DocumentRecord(
        id=row["id"],
        title=row["title"],
        media_type=row["media_type"],
        content_hash=row["content_hash"],
        pipeline=row["pipeline"],
        page_count=row["page_count"],
        chunk_count=row["chunk_count"],
        metadata=metadata_of(row["metadata"]),
        generation=row["generation"],
    )


def pack_blocks(blocks: tuple[Block, ...]) -> bytes:
    """Blocks as compressed JSON."""
    return zlib.compress(json.dumps([asdict(b) for b in blocks], ensure_ascii=False).encode())


def unpack_blocks(packed: bytes) -> tuple[Block, ...]:
    """The blocks that `pack_blocks` was given."""
    return tuple(
        Block(
            kind=BlockKind(item["kind"]),
            text=item["text"],
            level=item["level"],
            boxes=tuple(Box(**box) for box in item["boxes"]),
            table=None if item["table"] is None else _table(item["table"]),
            confidence=item["confidence"],
        )
        for item in json.loads(zlib.decompress(packed))
    )


def _table(item: dict[str, Any]) -> Table:
    return Table(tuple(tuple(row) for row in item["rows"]), item["header_rows"])


def embedding_hash(chunk: Chunk) -> bytes:
    """16 bytes that stand for the text that the embedder sees of a chunk."""
    text = chunk.embedding_text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).digest()[:16]


def vector_bytes(vector: Vectors) -> bytes:
    """float32, little-endian."""
    return np.asarray(vector, dtype="<f4").tobytes()


def stored_vectors(embeddings: Embeddings) -> list[StoredVectors]:
    """What is stored for each passage, in order."""
    pairs = zip(embeddings.vectors, embeddings.tokens, strict=True)
    return [(vector_bytes(vector), pack(tokens)) for vector, tokens in pairs]


def vector_rows(blobs: list[bytes], dimension: int) -> Vectors:
    """Shape (len(blobs), dimension)."""
    flat = np.frombuffer(b"".join(blobs), dtype="<f4")
    return flat.reshape(len(blobs), dimension).astype(np.float32, copy=False)
