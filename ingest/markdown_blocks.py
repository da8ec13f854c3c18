"""Markdown as blocks: CommonMark with tables, footnotes, formulas, definition lists and HTML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ingest.contract import Block, BlockKind
from ingest.tables import make_table, table_block

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

_TAG = re.compile(r"<!--.*?-->|<[^>]*>", re.DOTALL)
_BREAK_TAG = re.compile(r"<br\s*/?>", re.IGNORECASE)
# Nesting that no one writes; the reader would drop what is inside.
_DEEP = re.compile(
    r"^([ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*){20})(?:(?:>|[-*+])[ \t]+)+", re.MULTILINE
)
_MANY_BRACKETS = 2_000
_HAN = "\u3000-\u303f\u3400-\u9fff\uff00-\uffef"
_SOFT_BREAK = re.compile(f"(?<=[{_HAN}])\x00(?=[{_HAN}])")
_HEADING_ID = re.compile(r"\s*\{[#.][^{}\n]*\}\s*$")
_ALERT = re.compile(r"\A\[!(NOTE|TIP|IMPORTANT|WARNING|CAUTION)\]\s*", re.IGNORECASE)
_WIKI_LINK = re.compile(r"!?\[\[(?:[^\[\]|\n]+\|)?([^\[\]|\n]+)\]\]")


@dataclass
class MarkdownText:
    """The blocks of a text, and the languages of its code in the order in which they occur."""

    blocks: list[Block] = field(default_factory=list)
    languages: dict[str, None] = field(default_factory=dict)


def read_markdown(text: str) -> MarkdownText:
    """The blocks of a Markdown text without front matter. A footnote follows the block that
    refers to it first."""
    text = _DEEP.sub(r"\1", text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", ""))
    walk = _Walk()
    tokens = _reader().parse(text)
    walk.notes = _notes(tokens)
    for token in tokens:
        walk.take(token)
    walk.end()
    return walk.found


def _reader() -> MarkdownIt:
    from markdown_it import MarkdownIt
    from mdit_py_plugins.deflist import deflist_plugin
    from mdit_py_plugins.dollarmath import dollarmath_plugin
    from mdit_py_plugins.footnote import footnote_plugin

    reader = MarkdownIt("commonmark", {"maxNesting": 200}).enable(["table", "strikethrough"])
    reader.inline.ruler.before("link", "many_brackets", _many_brackets)
    reader.use(footnote_plugin).use(deflist_plugin)
    return reader.use(dollarmath_plugin, allow_space=False, allow_digits=False)


def _many_brackets(state: StateInline, silent: bool) -> bool:
    """Takes what opens a link as text where there are absurdly many in one paragraph: each is
    matched against all that follow, which takes hours then."""
    if state.src[state.pos] not in "[!^" or state.posMax < _MANY_BRACKETS:
        return False
    if state.env.get("counted") is not state.src:
        state.env["counted"] = state.src
        state.env["brackets"] = state.src.count("[")
    if state.env["brackets"] < _MANY_BRACKETS:
        return False
    if not silent:
        state.pending += state.src[state.pos]
    state.pos += 1
    return True


def _notes(tokens: Sequence[Token]) -> dict[int, str]:
    """The texts of the footnotes by their number."""
    notes: dict[int, list[str]] = {}
    current: list[str] | None = None
    for token in tokens:
        if token.type == "footnote_open":
            current = notes.setdefault(int(token.meta["id"]), [])
        elif token.type == "footnote_close":
            current = None
        elif current is not None and token.type == "inline":
            current.append(inline_text(token.children or []))
        elif current is not None and token.type in ("fence", "code_block"):
            current.append(token.content.strip())
    return {number: "\n".join(filter(None, texts)) for number, texts in notes.items()}


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
        elif token.type.startswith("math_"):
            parts.append(f"${token.content}$")
        elif token.type == "html_inline" and _BREAK_TAG.match(token.content):
            parts.append("\n")
    text = _SOFT_BREAK.sub("", "".join(parts)).replace("\x00", " ")
    return _WIKI_LINK.sub(r"\1", text).strip()


@dataclass
class _Walk:
    """The state of one pass over the tokens."""

    found: MarkdownText = field(default_factory=MarkdownText)
    notes: dict[int, str] = field(default_factory=dict)
    lists: list[int | None] = field(default_factory=list)
    marker: str = ""
    heading: int = 0
    rows: list[list[str]] | None = None
    in_notes: bool = False
    term: str | None = None
    pending: list[int] = field(default_factory=list)

    def take(self, token: Token) -> None:
        """Read one token."""
        kind = token.type
        if kind.startswith("footnote_block"):
            self.in_notes = kind == "footnote_block_open"
        elif self.in_notes:
            return
        elif kind == "heading_open":
            self.heading = int(token.tag[1])
        elif kind == "heading_close":
            self.heading = 0
        elif kind in ("bullet_list_open", "ordered_list_open"):
            first = int(token.attrGet("start") or 1) if kind == "ordered_list_open" else None
            self.lists.append(first)
        elif kind in ("bullet_list_close", "ordered_list_close", "dl_close"):
            self.lists.pop()
        elif kind in ("list_item_open", "list_item_close"):
            self.marker = self._next_marker() if kind == "list_item_open" else ""
        elif kind.startswith("d"):
            self._definition(kind)
        else:
            self._content(token)

    def _definition(self, kind: str) -> None:
        if kind == "dl_open":
            self.lists.append(None)
        elif kind == "dt_open":
            self.term = ""
        elif kind == "dd_open":
            self.marker = f"- {self.term}: " if self.term else "- "
            self.term = None
        elif kind == "dd_close":
            self.marker = ""

    def _content(self, token: Token) -> None:
        kind = token.type
        if kind == "table_open":
            self.rows = []
        elif kind == "tr_open" and self.rows is not None:
            self.rows.append([])
        elif kind == "table_close":
            self._end_table()
        elif kind == "inline":
            self._inline(token.children or [])
        elif kind in ("fence", "code_block"):
            self._code(token.content, token.info)
        elif kind.startswith("math_block"):
            self._add(BlockKind.FORMULA, f"$$\n{token.content.strip()}\n$$")
        elif kind == "html_block":
            self._html(token.content)

    def _add(self, kind: BlockKind, text: str, level: int = 0) -> None:
        if text:
            self.found.blocks.append(Block(kind, text, level))

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
            self.found.blocks.append(table_block(table))
        self._refer()

    def _code(self, content: str, info: str) -> None:
        self._add(BlockKind.CODE, content.strip("\n").rstrip())
        words = info.strip().lstrip("{.").rstrip("}").split()
        if words:
            self.found.languages[words[0].lower()] = None

    def _inline(self, children: Sequence[Token]) -> None:
        text = inline_text(children)
        self.pending += [
            int(token.meta["id"]) for token in children if token.type == "footnote_ref"
        ]
        if self.rows is not None:
            self.rows[-1].append(text)
            return
        self._text(text, children)
        self._refer()

    def _refer(self) -> None:
        """The footnotes that the block before refers to for the first time."""
        for number in self.pending:
            self._add(BlockKind.FOOTNOTE, self.notes.pop(number, ""))
        self.pending.clear()

    def _text(self, text: str, children: Sequence[Token]) -> None:
        if not text:
            return
        if self.heading:
            flat = _HEADING_ID.sub("", text.replace("\n", " "))
            self._add(BlockKind.HEADING, flat, self.heading)
        elif self.term is not None:
            self.term = text
        elif self.lists:
            self._add(BlockKind.LIST_ITEM, self.marker + text, len(self.lists))
            self.marker = ""
        elif all(token.type in ("image", "softbreak") for token in children):
            self._add(BlockKind.CAPTION, text)
        else:
            text = _ALERT.sub(lambda match: f"{match[1].capitalize()}: ", text)
            self._add(BlockKind.PARAGRAPH, text)

    def _html(self, content: str) -> None:
        """HTML inside Markdown, with its structure."""
        if not _TAG.sub("", content).strip():
            return
        from lxml import etree

        from ingest.html_blocks import read_blocks
        from ingest.html_main import drop_invisible

        parser = etree.HTMLParser(encoding="utf-8", huge_tree=False, remove_pis=True)
        page = f"<body>{content}</body>".encode("utf-8", "replace")
        try:
            tree = etree.fromstring(page, parser)
        except etree.LxmlError:
            self._add(BlockKind.PARAGRAPH, _TAG.sub(" ", content).strip())
            return
        drop_invisible(tree)
        self.found.blocks += read_blocks(tree)

    def end(self) -> None:
        """Footnotes that nothing refers to."""
        for number in sorted(self.notes):
            self._add(BlockKind.FOOTNOTE, self.notes[number])
