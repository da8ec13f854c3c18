"""JSON and JSON lines: records as tables, documents and chats as text, the rest as lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ingest.contract import Json, Parsed, Source, UnreadableFile
from ingest.encodings import decode
from ingest.json_blocks import Pairs, Writer, decoder, flat_blocks, row_of, scalar, title_of
from ingest.mojibake import undo

_NAMES = {
    "author": "author", "authors": "author", "date": "created", "created": "created",
    "created_at": "created", "published": "created", "lang": "lang", "language": "lang",
    "url": "url", "tags": "tags", "keywords": "tags", "description": "description",
}  # fmt: skip


@dataclass(frozen=True)
class JsonParser:
    """Reads application/json and application/x-ndjson. JSON lines are taken by groups of
    `group` records."""

    group: int = 500

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the value or the records. JSON that is damaged or nested too deeply is
        read as far as its strings go, and the metadata say so."""
        text = undo(decode(source.data).text).removeprefix("\ufeff").replace("\x00", "")
        if media_type == "application/x-ndjson":
            return self._lines(source, text)
        try:
            value, end = decoder().raw_decode(text.strip())
        except RecursionError:
            return Parsed(tuple(flat_blocks(text)), metadata={"json_error": "nested too deeply"})
        except ValueError as error:
            return _damaged(source, text, str(error))
        rest = text.strip()[end:].strip()
        if rest:
            return self._lines(source, text)
        writer = Writer()
        if isinstance(value, Pairs):
            title = title_of(value)
            if title:
                writer.heading(title, 1)
            writer.value(value, 2 if title else 1, title)
            return Parsed(tuple(writer.blocks), title, 0, _metadata(value))
        writer.value(value, 1)
        return Parsed(tuple(writer.blocks))

    def _lines(self, source: Source, text: str) -> Parsed:
        """One value after another, mostly one to a line."""
        reader = _Lines(text)
        writer = Writer()
        batch: list[Any] = []
        number = 1
        for value in reader.values():
            batch.append(value)
            if len(batch) >= self.group:
                writer.records(batch, 1, number)
                number += len(batch)
                batch = []
        if len(batch) == 1 and number > 1 and row_of(batch[0]) is None:
            writer.document(batch[0], 1, f"Record {number}")
        elif batch:
            writer.records(batch, 1, number)
        if not writer.blocks and reader.damaged:
            return _damaged(source, text, "no line of it is JSON")
        metadata: dict[str, Json] = {"records": reader.count}
        if reader.damaged:
            metadata["unreadable_lines"] = reader.damaged
        return Parsed(tuple(writer.blocks), metadata=metadata)


def _damaged(source: Source, text: str, error: str) -> Parsed:
    blocks = flat_blocks(text)
    if not blocks:
        raise UnreadableFile(
            f"{source.name}: it is no JSON ({error}); rename it to .txt to read it as text"
        )
    return Parsed(tuple(blocks), metadata={"json_error": error})


def _metadata(value: Pairs) -> dict[str, Json]:
    """What the fields at the top say of the document."""
    found: dict[str, Json] = {}
    for key, inner in value:
        name = _NAMES.get(key.lower())
        if name is None or name in found:
            continue
        if isinstance(inner, list):
            texts = [text for text in map(scalar, inner) if text]
            if texts:
                found[name] = tuple(texts) if name == "tags" else ", ".join(texts)
        elif text := scalar(inner):
            found[name] = (text,) if name == "tags" else text[:1000]
    return found


@dataclass
class _Lines:
    """Values one after another: each on a line of its own, or over several lines."""

    text: str
    count: int = 0
    damaged: int = 0
    decoder: Any = field(default_factory=decoder)

    def values(self) -> Iterator[Any]:
        """The values in order; a line that begins none is counted and passed over."""
        position, size = 0, len(self.text)
        while position < size:
            while position < size and self.text[position] in " \t\r\n,\x1e":
                position += 1
            if position >= size:
                break
            end = self.text.find("\n", position)
            end = size if end < 0 else end
            try:
                value, position = self.decoder.raw_decode(self.text, position)
            except (ValueError, RecursionError):
                self.damaged += 1
                position = end + 1
                continue
            self.count += 1
            yield value
