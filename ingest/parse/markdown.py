"""Markdown: CommonMark with tables and front matter."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.contract import Block, BlockKind, Json, Parsed, Source
from ingest.encodings import decode
from ingest.tables import make_table, table_block

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT = re.compile(r"\A---[ \t]*\n(.*?\n)??(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_PAIR = re.compile(r"([A-Za-z_][\w .-]*?)\s*:(?:[ \t]+(.*)|)$")
_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
# Nesting that no one writes; the reader would drop what is inside.
_DEEP = re.compile(
    r"^([ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*){20})(?:(?:>|[-*+])[ \t]+)+", re.MULTILINE
)
_HAN = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_SOFT_BREAK = re.compile(f"(?<=[{_HAN}])\x00(?=[{_HAN}])")


@dataclass(frozen=True)
class MarkdownParser:
    """Reads Markdown. With `front_matter`, `key: value` lines between --- at the top become
    metadata."""

    front_matter: bool = True

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the text. Its title is the front matter's, else its only top heading
        where that comes first."""
        from markdown_it import MarkdownIt

        del media_type
        text = decode(source.data).text.replace("\r\n", "\n").replace("\r", "\n")
        metadata: dict[str, Json] = {}
        if self.front_matter and (match := _FRONT.match(text)):
            found = read_front_matter(match.group(1) or "")
            if found is not None:
                metadata, text = found, text[match.end() :]
        text = _DEEP.sub(r"\1", text)
        tokens = MarkdownIt("commonmark", {"maxNesting": 200}).enable("table").parse(text)
        walk = _Walk()
        for token, content in _with_cells(tokens):
            walk.take(token, content)
        return Parsed(tuple(walk.blocks), _title(metadata, walk.blocks), 0, metadata)


def read_front_matter(text: str) -> dict[str, Json] | None:
    """The `key: value` lines and simple lists of the front matter (a small part of YAML);
    nested values are passed over. None where it is no front matter at all."""
    found: dict[str, Json] = {}
    key = ""
    items: list[Json] = []
    for line in text.splitlines():
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        stripped = line.strip()
        if key and stripped.startswith("- "):
            items.append(_scalar(stripped[2:].strip()))
            found[key] = tuple(items)
            continue
        if line[0].isspace():
            continue
        pair = _PAIR.match(stripped)
        if pair is None:
            return None
        key, items = pair.group(1), []
        value = (pair.group(2) or "").strip()
        if value.startswith("[") and value.endswith("]"):
            parts = [part.strip() for part in value[1:-1].split(",")]
            found[key] = tuple(_scalar(part) for part in parts if part)
        elif value and value not in ("|", ">", "|-", ">-"):
            found[key] = _scalar(value)
    return found


def _scalar(value: str) -> Json:
    if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
        return value[1:-1]
    if value.lower() in ("true", "false"):
        return value.lower() == "true"
    if re.fullmatch(r"[+-]?(?:0|[1-9]\d{0,15})", value):
        return int(value)
    if re.fullmatch(r"[+-]?\d{1,15}\.\d{1,15}", value):
        return float(value)
    return value


def _title(metadata: dict[str, Json], blocks: Sequence[Block]) -> str:
    stated = metadata.get("title")
    if isinstance(stated, str | int | float) and str(stated).strip():
        return str(stated).strip()
    tops = [n for n, b in enumerate(blocks) if b.kind is BlockKind.HEADING and b.level == 1]
    return blocks[0].text if tops == [0] else ""


def _with_cells(tokens: Sequence[Token]) -> Iterator[tuple[Token, str]]:
    """Each token with the text of its inline content."""
    for token in tokens:
        yield token, inline_text(token.children or []) if token.type == "inline" else ""


def inline_text(children: Sequence[Token]) -> str:
    """What a reader sees of inline content: links' text, images' alt text, code, no tags. Soft
    breaks become spaces, or nothing between Chinese characters."""
    parts: list[str] = []
    for token in children:
        if token.type in ("text", "code_inline", "text_special"):
            parts.append(token.content)
        elif token.type == "image":
            parts.append(inline_text(token.children or []) or token.content)
        elif token.type == "hardbreak":
            parts.append("\n")
        elif token.type == "softbreak":
            parts.append("\x00")
        elif token.type == "html_inline" and _BREAK_TAG.match(token.content):
            parts.append("\n")
    return _SOFT_BREAK.sub("", "".join(parts)).replace("\x00", " ").strip()


@dataclass
class _Walk:
    """The state of one pass over the tokens."""

    blocks: list[Block] = field(default_factory=list)
    lists: list[int | None] = field(default_factory=list)
    marker: str = ""
    heading: int = 0
    rows: list[list[str]] | None = None

    def take(self, token: Token, text: str) -> None:
        """Read one token, `text` being its inline content."""
        kind = token.type
        if kind == "heading_open":
            self.heading = int(token.tag[1])
        elif kind == "heading_close":
            self.heading = 0
        elif kind in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrGet("start") or 1) if kind == "ordered_list_open" else None
            self.lists.append(first)
        elif kind in ("bullet_list_close", "ordered_list_close"):
            self.lists.pop()
        elif kind == "list_item_open":
            self.marker = self._next_marker()
        elif kind == "list_item_close":
            self.marker = ""
        elif kind == "table_open":
            self.rows = []
        elif kind == "tr_open" and self.rows is not None:
            self.rows.append([])
        elif kind == "table_close":
            self._end_table()
        elif kind == "inline" and self.rows is not None:
            self.rows[-1].append(text)
        elif kind == "inline":
            self._text(text)
        elif kind in ("fence", "code_block"):
            self._code(token.content)
        elif kind == "html_block":
            self._html(token.content)

    def _next_marker(self) -> str:
        number = self.lists[-1]
        if number is None:
            return "- "
        self.lists[-1] = number + 1
        return f"{number}. "

    def _end_table(self) -> None:
        table = make_table(self.rows or [])
        self.rows = None
        if table.rows:
            self.blocks.append(table_block(table))

    def _code(self, content: str) -> None:
        text = content.strip("\n").rstrip()
        if text:
            self.blocks.append(Block(BlockKind.CODE, text))

    def _text(self, text: str) -> None:
        if not text:
            return
        if self.heading:
            self.blocks.append(Block(BlockKind.HEADING, text.replace("\n", " "), self.heading))
        elif self.lists:
            self.blocks.append(Block(BlockKind.LIST_ITEM, self.marker + text, len(self.lists)))
            self.marker = ""
        else:
            self.blocks.append(Block(BlockKind.PARAGRAPH, text))

    def _html(self, content: str) -> None:
        """HTML inside Markdown, with its structure."""
        if not _TAG.sub("", content).strip():
            return
        from lxml import etree

        from ingest.html_blocks import read_blocks
        from ingest.html_main import drop_invisible

        parser = etree.HTMLParser(encoding="utf-8", huge_tree=True, remove_pis=True)
        tree = etree.fromstring(f"<body>{content}</body>".encode("utf-8", "replace"), parser)
        drop_invisible(tree)
        self.blocks += read_blocks(tree)
