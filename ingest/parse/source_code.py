"""Source code by class and function, and settings files by key."""

from __future__ import annotations

import ast
import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from ingest.code_languages import GRAMMARS, language_of_code
from ingest.code_tree import Definition, definitions
from ingest.contract import Block, BlockKind, Json, Parsed, Source
from ingest.encodings import decode

_KEYS = {
    "yaml": re.compile(r"(?![#\-\s])[\"']?([^:#\"']{1,100})[\"']?:(?:\s|$)"),
    "toml": re.compile(r"\[+([^\[\]\n]{1,200})\]+"),
    "ini": re.compile(r"\[([^\[\]\n]{1,200})\]"),
    "makefile": re.compile(r"([\w./%$()-]+(?: [\w./%$()-]+)*)\s*:(?!=)"),
}
_COMMENT = re.compile(r"\s*(?:#|//|--|;|/\*|\*|\"\"\"|@|%)")
_NAMED = re.compile(
    r"(?:[\w@.<>\[\],*&:]+\s+){0,5}?(?:def|defp|defmodule|fun|func|function|fn|sub|class|struct|"
    r"interface|trait|object|module|procedure|protocol|extension|enum|message|service|type|"
    r"(?:create|alter)\s+(?:or\s+replace\s+)?(?:table|view|function|procedure|trigger|index|type))"
    r"\s+(?:if\s+not\s+exists\s+)?([\w.:`\"$-]+)",
    re.IGNORECASE,
)
_LONGEST_LINE = 20_000


@dataclass(frozen=True)
class SourceCodeParser:
    """Reads the text of programs and of settings files. Every class and function stands under a
    heading of its name, comments and docstrings with it; a class has what is not in its methods
    first. A settings file is read by its top-level keys or sections."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        """The blocks of the file, every line of it in one of them."""
        del media_type
        decoded = decode(source.data)
        text = decoded.text.replace("\r\n", "\n").replace("\r", "\n")
        text = text.removeprefix("\ufeff").replace("\x00", "")
        name = source.name.replace("\\", "/").rsplit("/", 1)[-1]
        language = language_of_code(text, name)
        writer = _Writer(_lines(text), name)
        if language in GRAMMARS:
            found, docstring = definitions(
                "\n".join(writer.lines).encode("utf-8", "replace"), language
            )
            writer.docstring(docstring)
            writer.write(found, 0, len(writer.lines) - 1)
        elif language in _KEYS:
            writer.write(_by_key(writer.lines, _KEYS[language]), 0, len(writer.lines) - 1)
        else:
            writer.write(_by_look(writer.lines), 0, len(writer.lines) - 1)
        metadata: dict[str, Json] = {"code_languages": (language,)} if language else {}
        return Parsed(tuple(writer.blocks), name, 0, metadata)


def _lines(text: str) -> list[str]:
    """The lines, absurdly long ones (of minified code) cut."""
    lines: list[str] = []
    for line in text.split("\n"):
        if len(line) <= _LONGEST_LINE:
            lines.append(line)
        else:
            lines += (line[at : at + _LONGEST_LINE] for at in range(0, len(line), _LONGEST_LINE))
    return lines


@dataclass
class _Writer:
    """Definitions as blocks; `taken` are the lines that stand in a block already."""

    lines: list[str]
    name: str
    blocks: list[Block] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)

    def docstring(self, span: tuple[int, int]) -> None:
        """A module's docstring as paragraphs."""
        first, last = span
        if first < 0:
            return
        try:
            tree = ast.parse("\n".join(self.lines[first : last + 1]).strip())
            text = ast.get_docstring(tree) or ""
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
        for part in re.split(r"\n[ \t]*\n", text):
            if part.strip():
                self.blocks.append(Block(BlockKind.PARAGRAPH, part.strip()))
        self.taken.update(range(first, last + 1))

    def write(self, found: Sequence[Definition], first: int, last: int, level: int = 1) -> None:
        """The definitions between two lines, and the code around them."""
        at = first
        named = False
        for definition in _apart(found):
            self._loose(at, definition.first - 1, level if named else 0)
            self._define(definition, level)
            named = True
            at = max(at, definition.last + 1)
        self._loose(at, last, level if named else 0)

    def _define(self, definition: Definition, level: int) -> None:
        self.blocks.append(Block(BlockKind.HEADING, definition.name, level))
        inner = list(_apart(definition.inner))
        inside = {n for part in inner for n in range(part.first, part.last + 1)}
        self._code([n for n in range(definition.first, definition.last + 1) if n not in inside])
        for part in inner:
            self._define(part, level + 1)

    def _loose(self, first: int, last: int, level: int) -> None:
        """Code outside of definitions; after one it stands under the file's name."""
        numbers = [n for n in range(first, last + 1) if n not in self.taken]
        if not any(self.lines[n].strip() for n in numbers):
            return
        if level:
            self.blocks.append(Block(BlockKind.HEADING, self.name, level))
        self._code(numbers)

    def _code(self, numbers: Sequence[int]) -> None:
        numbers = [n for n in numbers if n not in self.taken and n < len(self.lines)]
        self.taken.update(numbers)
        text = textwrap.dedent("\n".join(self.lines[n].rstrip() for n in numbers))
        text = re.sub(r"\n{3,}", "\n\n", text).strip("\n")
        if text.strip():
            self.blocks.append(Block(BlockKind.CODE, text))


def _apart(found: Sequence[Definition]) -> list[Definition]:
    """The definitions that begin on a line of their own; others go with the one before."""
    out: list[Definition] = []
    for definition in found:
        if out and definition.first <= out[-1].last:
            out[-1].last = max(out[-1].last, definition.last)
        else:
            out.append(definition)
    return out


def _by_key(lines: Sequence[str], key: re.Pattern[str]) -> list[Definition]:
    """The keys or sections at the left margin that hold more than their own line."""
    starts = [(n, match[1].strip()) for n, line in enumerate(lines) if (match := key.match(line))]
    found: list[Definition] = []
    if not starts:
        return found
    for (first, name), (following, _) in zip(starts, [*starts[1:], (len(lines), "")], strict=True):
        last = following - 1
        while last > first and (not lines[last].strip() or _COMMENT.match(lines[last])):
            last -= 1
        if last > first:
            found.append(Definition(name, _with_comments(lines, first), last))
    return found


def _by_look(lines: Sequence[str]) -> list[Definition]:
    """Definitions at the left margin by the words that introduce them, each up to the next."""
    starts: list[tuple[int, str]] = []
    for number, line in enumerate(lines):
        match = _NAMED.match(line[:300]) if line[:1].strip() else None
        if match:
            starts.append((number, match[1].strip('`"')))
    if not starts:
        return []
    firsts = [_with_comments(lines, number) for number, _ in starts]
    return [
        Definition(name, first, following - 1)
        for (_, name), first, following in zip(
            starts, firsts, [*firsts[1:], len(lines)], strict=True
        )
    ]


def _with_comments(lines: Sequence[str], number: int) -> int:
    """The first of the comment lines directly above a line, or the line itself."""
    while number and lines[number - 1].strip() and _COMMENT.match(lines[number - 1]):
        number -= 1
    return number
