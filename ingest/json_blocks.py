"""JSON values as readable blocks: records as tables, documents under their titles, chats line by
line, and everything else as headings over `key: value` lists."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from ingest.contract import Block, BlockKind
from ingest.tables import make_table, table_block

ROWS_PER_TABLE = 500
_MOST_COLUMNS = 60
_LONGEST_CELL = 200
_LONG_TEXT = 200
_DEEPEST_HEADING = 6
_DEEPEST = 60
_TITLES = ("title", "headline", "subject", "question", "name", "heading", "label", "标题", "题目",
           "名称", "问题")  # fmt: skip
_TEXTS = ("text", "content", "body", "answer", "description", "abstract", "summary", "contents",
          "markdown", "正文", "内容", "答案", "描述")  # fmt: skip
_ROLES = ("role", "sender", "from", "speaker", "author")
_SAID = ("content", "text", "value", "message", "parts")
_TOKEN = re.compile(r'"((?:[^"\\]|\\.)*)"(\s*:)?|(-?\d[\w.+-]*|true|false)')


class Number(str):
    """A number as it is written, however long it is."""

    __slots__ = ()


class Pairs(tuple[tuple[str, Any], ...]):
    """An object as its pairs in order: a key that occurs twice is there twice."""

    __slots__ = ()


def decoder() -> json.JSONDecoder:
    """A decoder that keeps numbers as written and repeated keys."""
    return json.JSONDecoder(
        object_pairs_hook=Pairs,
        parse_int=Number,
        parse_float=Number,
        parse_constant=Number,
        strict=False,
    )


def flat_blocks(text: str) -> list[Block]:
    """The strings and numbers of JSON that is damaged or nested too deeply, in order."""
    blocks: list[Block] = []
    key = ""
    for match in _TOKEN.finditer(text):
        if match[2]:
            key = _unescape(match[1])
            continue
        value = _unescape(match[1]) if match[1] is not None else match[3]
        if value.strip():
            blocks.append(Block(BlockKind.PARAGRAPH, f"{key}: {value}" if key else value))
        key = ""
    return blocks


def _unescape(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def scalar(value: Any) -> str | None:
    """A string, number, truth value or null as text; None for a list or an object."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value).strip() if isinstance(value, str) else None


def title_of(value: Any) -> str:
    """What an object is called by itself, "" where nothing says so."""
    if isinstance(value, Pairs):
        found = {key.lower(): inner for key, inner in reversed(value)}
        for name in _TITLES:
            text = scalar(found.get(name))
            if text and len(text) <= _LONG_TEXT and "\n" not in text:
                return text
    return ""


def row_of(record: Any) -> dict[str, str] | None:
    """An object as a table row (objects in it as `outer.inner`), None where it is no such thing:
    it has long texts, or lists of objects."""
    if not isinstance(record, Pairs):
        return None
    row: dict[str, str] = {}
    for key, value in record:
        parts = [(key, value)]
        if isinstance(value, Pairs):
            parts = [(f"{key}.{inner}", deeper) for inner, deeper in value]
        for name, part in parts:
            text = _cell(part)
            if text is None or len(text) > _LONGEST_CELL:
                return None
            row[name] = f"{row[name]}; {text}" if row.get(name) else text
    return row if len(row) <= _MOST_COLUMNS else None


def _cell(value: Any) -> str | None:
    if isinstance(value, Pairs):
        return None
    if isinstance(value, list):
        texts = [scalar(inner) for inner in value]
        return None if None in texts else ", ".join(filter(None, texts))
    return scalar(value)


@dataclass
class Writer:
    """Writes values as blocks, in order."""

    blocks: list[Block] = field(default_factory=list)

    def add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text.strip():
            self.blocks.append(Block(kind, text.strip(), level))

    def heading(self, text: str, level: int) -> None:
        self.add(BlockKind.HEADING, " ".join(text.split())[:300], min(level, _DEEPEST_HEADING))

    def text(self, text: str) -> None:
        """A long text by its paragraphs."""
        for part in re.split(r"\n[ \t]*\n", text.replace("\r\n", "\n")):
            self.add(BlockKind.PARAGRAPH, part)

    def records(self, records: Sequence[Any], level: int, first: int = 1, name: str = "") -> None:
        """A list: a table where its objects are flat, a chat, documents, or plain items."""
        rows = [row_of(record) for record in records]
        said = [_said(record) for record in records]
        if records and None not in said:
            for line in said:
                self.text(line or "")
        elif None not in rows and len(records) > 1 and any(rows):
            self._tables([row for row in rows if row])
        elif all(scalar(record) is not None for record in records):
            self._items([scalar(record) or "" for record in records], level)
        else:
            for number, record in enumerate(records, first):
                self.document(record, level, f"{name or 'Record'} {number}")

    def _items(self, texts: list[str], level: int) -> None:
        if sum(len(text) for text in texts) > len(texts) * _LONG_TEXT:
            for text in texts:
                self.text(text)
            return
        depth = max(level - _DEEPEST_HEADING, 1)
        for text in texts:
            self.add(BlockKind.LIST_ITEM, f"- {text}" if text else "", depth)

    def _tables(self, rows: Sequence[dict[str, str]]) -> None:
        names: dict[str, None] = {}
        for row in rows:
            names.update(dict.fromkeys(row))
        columns = list(names)
        for start in range(0, len(rows), ROWS_PER_TABLE):
            part = rows[start : start + ROWS_PER_TABLE]
            cells = [columns, *([row.get(name, "") for name in columns] for row in part)]
            self.blocks.append(table_block(make_table(cells)))

    def document(self, value: Any, level: int, name: str) -> None:
        """One record under a heading: its title, or else `name`."""
        if not isinstance(value, Pairs | list):
            self.text(scalar(value) or "")
            return
        title = title_of(value)
        self.heading(title or name, level)
        self.value(value, level + 1, title)

    def value(self, value: Any, level: int, title: str = "", depth: int = 0) -> None:
        """What is in a value; `title` is what stands in the heading above already."""
        if depth > _DEEPEST:
            self._deep(value)
        elif isinstance(value, Pairs):
            messages = _mapping(value)
            # What is plain comes first: below a heading of its own it would seem to be of that.
            for key, inner in sorted(value, key=lambda pair: _cell(pair[1]) is None):
                if messages and key == "mapping":
                    self.records(messages, level)
                else:
                    self._pair(key, inner, level, title, depth)
        elif isinstance(value, list):
            if value and all(isinstance(inner, list) for inner in value):
                self._grid(value, level, depth)
            else:
                self.records(value, level)
        else:
            self.text(scalar(value) or "")

    def _pair(self, key: str, value: Any, level: int, title: str, depth: int) -> None:
        text = _cell(value)
        if text is not None and len(text) <= _LONG_TEXT and "\n" not in text:
            if text and not (text == title and key.lower() in _TITLES):
                plain = key.lower() in _TEXTS
                kind = BlockKind.PARAGRAPH if plain else BlockKind.LIST_ITEM
                self.add(kind, text if plain else f"- {key}: {text}", 0 if plain else 1)
        elif text is not None and not isinstance(value, list):
            if key.lower() in _TEXTS:
                self.text(text)
            else:
                self.text(f"{key}: {text}")
        elif level <= _DEEPEST_HEADING:
            self.heading(key, level)
            if isinstance(value, list) and not all(isinstance(i, list) for i in value):
                self.records(value, level + 1, name=key)
            else:
                self.value(value, level + 1, depth=depth + 1)
        else:
            self.add(BlockKind.LIST_ITEM, f"- {key}:", 1)
            self.value(value, level, depth=depth + 1)

    def _grid(self, rows: list[Any], level: int, depth: int) -> None:
        """A list of lists: a table where all cells are plain."""
        cells = [[scalar(cell) for cell in row] for row in rows]
        if all(cell is not None for row in cells for cell in row) and len(cells) > 1:
            header = [cell or "" for cell in cells[0]]
            for start in range(1, len(cells), ROWS_PER_TABLE):
                part = cells[start : start + ROWS_PER_TABLE]
                table = make_table([header, *part])
                if table.rows:
                    self.blocks.append(table_block(table))
            return
        for row in rows:
            self.value(row, level, depth=depth + 1)

    def _deep(self, value: Any) -> None:
        """What is nested more deeply than anyone reads: its strings and numbers in order."""
        stack: list[tuple[str, Any]] = [("", value)]
        while stack:
            key, inner = stack.pop()
            if isinstance(inner, Pairs):
                stack.extend(reversed(inner))
            elif isinstance(inner, list):
                stack.extend((key, part) for part in reversed(inner))
            elif text := scalar(inner):
                self.add(BlockKind.LIST_ITEM, f"- {key}: {text}" if key else f"- {text}", 1)


def _said(record: Any) -> str | None:
    """A line of a chat: who, and what was said. None where the record is no such thing."""
    if not isinstance(record, Pairs):
        return None
    found = {key.lower(): value for key, value in reversed(record)}
    role = next((found[name] for name in _ROLES if name in found), None)
    if isinstance(role, Pairs):
        inner = {key.lower(): value for key, value in reversed(role)}
        role = inner.get("name") or inner.get("role")
    said = next((found[name] for name in _SAID if name in found), None)
    if not isinstance(role, str) or said is None or len(role) > 60 or title_of(record):
        return None
    return f"{role.strip()}: {' '.join(_texts(said))}" if role.strip() else None


def _texts(value: Any, depth: int = 0) -> Iterator[str]:
    """The texts in the parts of a message."""
    if isinstance(value, list) and depth < 8:
        for inner in value:
            yield from _texts(inner, depth + 1)
    elif isinstance(value, Pairs) and depth < 8:
        for key, inner in value:
            if key in ("text", "parts", "content"):
                yield from _texts(inner, depth + 1)
    elif text := scalar(value):
        yield text


def _mapping(value: Pairs) -> list[Any]:
    """The messages of a conversation that is kept as a mapping of nodes, by their time."""
    found = dict(value)
    nodes = found.get("mapping")
    if not isinstance(nodes, Pairs):
        return []
    messages = [dict(node).get("message") for _, node in nodes if isinstance(node, Pairs)]
    kept = [m for m in messages if isinstance(m, Pairs) and _said(m) and "".join(_texts(m))]

    def moment(message: Pairs) -> float:
        try:
            return float(dict(message).get("create_time") or 0)
        except (TypeError, ValueError):
            return 0.0

    return sorted(kept, key=moment)
