"""Plain text: paragraphs, numbered and underlined headings, lists, code where it is certain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ingest.contract import Block, BlockKind, Json, Parsed, Source, Table
from ingest.encodings import decode
from ingest.lines import ends_sentence, is_spaceless, join_lines, tidy
from ingest.mojibake import undo
from ingest.numbering import numbering, scheme_levels
from ingest.tables import to_markdown
from ingest.text_outline import list_items
from ingest.text_pages import join_pages
from ingest.text_tables import read_text_table
from ingest.text_wrapping import Wrap, columns, first_word, is_running, runs_on

_BULLET = re.compile(r"([-*+•·◦‣▪●○■□➢–])[ \t\u3000]+(?=\S)")
_ENUMERATED = re.compile(
    r"(?:\d{1,3}[.)）、]|[a-zA-Z][.)]|[(（](?:\d{1,3}|[a-z])[)）]|[①-⑳])[ \t\u3000]*(?=\S)"
)
_UNDERLINE = re.compile(r"[ \t]*(={3,}|-{3,}|~{3,})[ \t]*")
_ISSUER = re.compile(
    r"(?:公司|集团|集團|局|委员会|委員會|大学|大學|银行|銀行|研究院|协会|協會|Inc\.?|Ltd\.?|LLC|"
    r"GmbH|Corporation|University|B\.V\.)$"
)
_HYPHEN = re.compile(r"[^\W\d_]{2}-$")
_RULE = re.compile(r"[ \t]*[-=*_~#—─]{3,}[ \t]*")
_CODE = re.compile(
    r"[{};]\s*$|[=!<>]=|\w\(.*\)|^\s*(?:def|class|import|from|return|if|for|#include|"
    r"\$|>>>|//|SELECT|const|let|var|public|static)\b|=>|->"
)
_TABULAR = re.compile(r"\S(?: {3,}|\t+)\S|\|.*\|")
_HEADING_SCHEMES = {
    "cn-part", "part", "cn-chapter", "chapter", "appendix", "item", "cn-section", "section",
    "subsection", "cn-article", "article", "cn-list", "cn-paren", "dec1", "dec2", "dec3", "dec4",
    "roman",
}  # fmt: skip
_ALONE = {
    "cn-part", "part", "cn-chapter", "chapter", "appendix", "cn-section", "cn-article", "article",
}  # fmt: skip
_ENGLISH = {"part", "chapter", "section", "subsection", "item", "article", "appendix"}
_CLAUSES = {"article", "section", "subsection", "dec2", "dec3", "dec4"}
_LONGEST_PARAGRAPH = 20_000
_WIDEST_WRAP = 160


@dataclass(frozen=True)
class TextParser:
    """Reads text/plain."""

    def parse(self, source: Source, media_type: str) -> Parsed:
        decoded = decode(source.data)
        parsed = self.parse_text(decoded.text)
        metadata: dict[str, Json] = {"encoding": decoded.encoding}
        if decoded.replaced > 0:
            metadata["undecodable_characters"] = decoded.replaced
        return Parsed(parsed.blocks, parsed.title, 0, metadata)

    def parse_text(self, text: str) -> Parsed:
        """The blocks of text that is already decoded."""
        clean = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
        clean, furniture = join_pages(undo(clean.removeprefix("\ufeff")))
        groups = _groups(clean)
        wrap = _measure(groups)
        drafts: list[_Draft] = []
        titled = _title_position(groups, wrap)
        for position, group in enumerate(groups):
            drafts.extend(_read_group(group, wrap, position == titled))
        title = next((draft.text for draft in drafts if draft.scheme == "title"), "")
        shown = (Block(BlockKind.FURNITURE, line) for line in furniture)
        return Parsed((*_finish(drafts), *shown), title)


@dataclass(slots=True)
class _Draft:
    kind: BlockKind
    text: str
    level: int = 0
    scheme: str = ""
    table: Table | None = None


def _groups(text: str) -> list[list[str]]:
    """Runs of lines between blank ones."""
    groups: list[list[str]] = []
    current: list[str] = []
    for line in text.split("\n"):
        if line.strip():
            current.append(line.rstrip())
        elif current:
            groups.append(current)
            current = []
    if current:
        groups.append(current)
    return groups


def _measure(groups: Sequence[Sequence[str]]) -> Wrap:
    """Decide from the lines that running text goes on after: those that end no sentence, are
    no headings, and have a successor that begins nothing of its own."""
    widths: list[int] = []
    sure = 0
    for group in groups[:20_000]:
        for line, follower in pairwise(group):
            if len(line) <= _WIDEST_WRAP and ends_sentence(line):
                continue
            if _begins(follower, "") or follower[:1] == "\u3000":
                continue
            short = line[: _WIDEST_WRAP + 1]
            begins = len(line) <= _WIDEST_WRAP and _begins(line, follower)
            if begins and not is_running(short, follower):
                continue
            widths.append(columns(short))
            sure += _HYPHEN.search(line[-40:]) is not None
    if not widths:
        return Wrap(0)
    widest = max(widths)
    if widest > _WIDEST_WRAP or widest < 24:
        return Wrap(0)
    near = sum(width >= widest - max(8, widest // 5) for width in widths)
    return Wrap(widest if (near + sure) * 2 >= len(widths) else 0)


def _begins(line: str, follower: str) -> bool:
    """Whether the line is a heading or rule, or (with no follower given) begins a list item."""
    if _RULE.fullmatch(line[:200]) or _heading(line, follower, alone=True) is not None:
        return True
    return not follower and _bullet(line, 2) is not None


def _read_group(group: Sequence[str], wrap: Wrap, titled: bool) -> Iterator[_Draft]:
    lines = list(group)
    if _is_code(lines):
        indent = min(len(line) - len(line.lstrip()) for line in lines)
        yield _Draft(BlockKind.CODE, "\n".join(line[indent:] for line in lines))
        return
    table = _table(lines)
    if table is not None:
        yield from table
        return
    if (
        len(lines) > 1
        and sum(bool(_TABULAR.search(line[:400])) for line in lines) * 5 > len(lines) * 4
    ):
        yield _Draft(BlockKind.PARAGRAPH, "\n".join(line.strip() for line in lines))
        return
    if titled:
        yield _Draft(BlockKind.HEADING, tidy(lines.pop(0)), 1, "title")
        if lines and _UNDERLINE.fullmatch(lines[0]):
            lines.pop(0)
    elif len(lines) == 1 and _is_shouted(lines[0]):
        yield _Draft(BlockKind.HEADING, tidy(lines[0]), 1, "caps")
        return
    yield from _read_lines(lines, wrap)


def _table(lines: Sequence[str]) -> list[_Draft] | None:
    """A table that the lines draw, with the lines above it that are its caption."""
    for above in range(min(3, len(lines) - 1)):
        if above and _TABULAR.search(lines[above - 1]):
            return None
        table = read_text_table(lines[above:])
        if table is not None:
            caption = join_lines(lines[:above])
            drafts = [_Draft(BlockKind.CAPTION, caption)] if caption else []
            return [*drafts, _Draft(BlockKind.TABLE, to_markdown(table), table=table)]
    return None


def _read_lines(lines: list[str], wrap: Wrap) -> Iterator[_Draft]:
    paragraph: list[str] = []
    item: tuple[list[str], int] | None = None
    numbered = sum(bool(_ENUMERATED.match(line.lstrip()[:12])) for line in lines)
    index = 0

    def flush() -> Iterator[_Draft]:
        nonlocal paragraph, item
        if item is not None:
            yield _Draft(BlockKind.LIST_ITEM, join_lines(item[0]), item[1])
        elif paragraph:
            yield from _paragraphs(join_lines(paragraph))
        paragraph, item = [], None

    while index < len(lines):
        line = lines[index]
        follower = lines[index + 1] if index + 1 < len(lines) else ""
        heading = _heading(line, follower, alone=len(lines) == 1 or numbered < 2)
        if heading and heading.scheme in _HEADING_SCHEMES and _goes_on(line, follower, wrap):
            heading = (
                _heading(join_lines(lines[index:]), "", True) if follower == lines[-1] else None
            )
            index += heading is not None
        bullet = None if heading else _bullet(line, numbered)
        if heading:
            yield from flush()
            yield heading
            index += 2 if heading.scheme in ("=", "-") else 1
            continue
        if _RULE.fullmatch(line[:200]) and len(line) < 200:
            yield from flush()
        elif bullet is not None:
            yield from flush()
            item = ([bullet], 1 + columns(line[: len(line) - len(line.lstrip())]))
        else:
            previous = lines[index - 1] if index else ""
            if (paragraph or item) and _breaks(previous, line, wrap, item is not None):
                yield from flush()
            (item[0] if item else paragraph).append(line)
        index += 1
    yield from flush()


def _bullet(line: str, numbered: int) -> str | None:
    """The text of a list item without its bullet but with its number; None for other lines."""
    head = line.lstrip()
    match = _BULLET.match(head)
    if match:
        return head[match.end() :]
    if _ENUMERATED.match(head[:12]) and (numbered >= 2 or not _dated(head)):
        return head
    return None


def _dated(head: str) -> bool:
    """`1.5 million`, `2、3 月`: a number, not the mark of an item."""
    return re.match(r"\d+[.、]\s*\d", head) is not None


def _breaks(previous: str, line: str, wrap: Wrap, in_item: bool) -> bool:
    """Whether a new paragraph begins between two lines of a group."""
    start = line.lstrip()
    if line[:1] == "\u3000" and not in_item:
        return True
    number = numbering(start[:40])
    if number is not None and (
        number.scheme.startswith("cn-")
        or (
            number.scheme in _CLAUSES and ends_sentence(previous) and not number.title[:1].islower()
        )
    ):
        return True
    if start[:1].islower() and not ends_sentence(previous):
        return False
    if not wrap.width:
        return True
    indent, before = len(line) - len(start), len(previous) - len(previous.lstrip())
    if indent >= before + 2 and not in_item:
        return True
    width = columns(previous)
    slack = 6 if is_spaceless(previous[-1]) else 12
    return width + first_word(start) + slack < wrap.width and (
        ends_sentence(previous) or width * 2 < wrap.width
    )


def _goes_on(line: str, follower: str, wrap: Wrap) -> bool:
    """Whether a line that could be a heading is the first of a paragraph's."""
    return not _begins(follower, "") and runs_on(line, follower, wrap)


def _heading(line: str, follower: str, alone: bool) -> _Draft | None:
    underline = _UNDERLINE.fullmatch(follower[:200])
    text = tidy(line[:300])
    if len(line) > 120:
        return None
    if underline and not _RULE.fullmatch(line) and len(underline[1]) * 2 >= columns(text):
        level = 1 if "=" in follower else 2
        return _Draft(BlockKind.HEADING, text, level, "=" if level == 1 else "-")
    if columns(text) > 84 or ends_sentence(text) or text.endswith(("，", ",")):
        return None
    number = numbering(text)
    if number is None or number.scheme not in _HEADING_SCHEMES:
        return None
    if not number.title and number.scheme not in _ALONE:
        return None
    if number.scheme in ("dec1", "roman") and not alone:
        return None
    if number.scheme.startswith("dec") and not re.search(r"[^\W\d_]{2}", number.title):
        return None
    if number.scheme in _ENGLISH and re.match(r"[a-z]", number.title):
        return None
    return _Draft(BlockKind.HEADING, text, 0, number.scheme)


def _title_position(groups: Sequence[Sequence[str]], wrap: Wrap) -> int:
    """Where the title stands: first, or second under the name of who issued the text; -1 where
    there is none."""
    if len(groups) < 2 or not _is_title(groups[0], wrap):
        return -1
    issued = len(groups) > 2 and len(groups[0]) == 1 and _ISSUER.search(groups[0][0].strip())
    return 1 if issued and len(groups[1]) == 1 and _is_title(groups[1], wrap) else 0


def _is_title(lines: Sequence[str], wrap: Wrap) -> bool:
    """A short first line that ends no sentence, alone or over unwrapped lines."""
    text = tidy(lines[0][:300])
    if len(lines) > 1 and (wrap.width or len(lines[0]) > 60) and not _UNDERLINE.fullmatch(lines[1]):
        return False
    return (
        0 < columns(text) <= 80
        and not ends_sentence(text)
        and not text.endswith(("，", ","))
        and numbering(text) is None
        and _bullet(lines[0], 0) is None
        and re.search(r"[^\W\d_]{2}", text) is not None
    )


def _is_shouted(line: str) -> bool:
    text = line.strip()
    if len(text) > 60:
        return False
    letters = [c for c in text if c.isalpha()]
    return (
        len(letters) >= 4
        and len(letters) * 10 >= len(text.replace(" ", "")) * 8
        and all("A" <= c <= "Z" for c in letters)
        and not text.endswith((".", "!", "?", ",", ";"))
    )


def _is_code(lines: Sequence[str]) -> bool:
    if len(lines) < 2 or not all(line.startswith(("    ", "\t")) for line in lines):
        return False
    return sum(bool(_CODE.search(line[:400])) for line in lines) * 5 >= len(lines) * 3


def _paragraphs(text: str) -> Iterator[_Draft]:
    """The paragraph, cut at sentence ends (or anywhere, at worst) where it is absurdly long."""
    start = 0
    while len(text) - start > _LONGEST_PARAGRAPH:
        window = text[start : start + _LONGEST_PARAGRAPH]
        cut = max(window.rfind(mark) for mark in (". ", "。", "！", "？", "! ", "? ", "\n"))
        if cut < _LONGEST_PARAGRAPH // 2:
            cut = window.rfind(" ")
        if cut < _LONGEST_PARAGRAPH // 2:
            cut = _LONGEST_PARAGRAPH - 1
        piece = window[: cut + 1].strip()
        if piece:
            yield _Draft(BlockKind.PARAGRAPH, piece)
        start += cut + 1
    rest = text[start:].strip()
    if rest:
        yield _Draft(BlockKind.PARAGRAPH, rest)


def _numbered(draft: _Draft) -> tuple[str, str] | None:
    """The scheme and the number of a heading that has them."""
    if draft.kind is not BlockKind.HEADING:
        return None
    found = numbering(draft.text) if draft.scheme in _HEADING_SCHEMES else None
    return (draft.scheme, found.number if found else "")


def _finish(drafts: Sequence[_Draft]) -> Iterator[Block]:
    """Blocks with levels that are consistent over the text."""
    for position in list_items([_numbered(draft) for draft in drafts]):
        drafts[position].kind, drafts[position].scheme = BlockKind.LIST_ITEM, ""
        drafts[position].level = 1
    top = 1 + any(draft.scheme == "title" for draft in drafts)
    loose = any(draft.scheme in ("caps", "=") for draft in drafts)
    numbered = [draft.scheme for draft in drafts if draft.scheme in _HEADING_SCHEMES]
    levels = scheme_levels(numbered, top=top + loose)
    indents: list[int] = []
    for draft in drafts:
        level = draft.level
        if draft.kind is BlockKind.HEADING and draft.scheme in levels:
            level = levels[draft.scheme]
        elif draft.kind is BlockKind.HEADING and draft.scheme != "title":
            level += top - 1
        if draft.kind is BlockKind.LIST_ITEM:
            while indents and indents[-1] > level:
                indents.pop()
            if not indents or indents[-1] < level:
                indents.append(level)
            level = len(indents)
        else:
            indents = []
        yield Block(draft.kind, draft.text, level, table=draft.table)
