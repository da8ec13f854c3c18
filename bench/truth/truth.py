"""The truth of a rendered file: its blocks in order, their heading paths and pages."""

from __future__ import annotations

import bisect
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.truth.convert import letters
from bench.truth.model import Code, Content, Figure, Grid, Heading, Item, Para

Json = dict[str, Any]

_FOLLOWER = 8
_RUNNING = 160
"""Letters of a running header and footer that may stand between a heading and its text."""


@dataclass(frozen=True)
class Look:
    """How a rendering shows a content: what depends on the format and not on the content."""

    headings: bool = True
    """Whether headings can be told from paragraphs at all."""
    title: bool = True
    """Whether the title stands in the file."""
    merged: bool = True
    """Whether the format has merged cells; where not, each cell has its text."""
    captions: bool = True
    notes: bool = True
    optional: tuple[str, ...] = field(default=())
    """Text that may come or not: labels of mail fields, names of sheets."""


def blocks(content: Content, look: Look) -> list[Json]:
    """The content's blocks, without pages."""
    found: list[Json] = []
    path: list[tuple[int, str]] = []
    if look.title:
        found.append(_block("title", content.title, []))
    for piece in content.pieces:
        names = [text for _, text in path] if look.headings else []
        if isinstance(piece, Heading):
            if not look.headings:
                found.append(_block("paragraph", piece.text, []))
                continue
            while path and path[-1][0] >= piece.level:
                path.pop()
            names = [text for _, text in path]
            found.append({**_block("heading", piece.text, names), "level": piece.level})
            path.append((piece.level, piece.text))
        elif isinstance(piece, Para):
            found.append(_block("paragraph", piece.text, names))
            if piece.note and look.notes:
                found.append(_block("footnote", piece.note, names))
        elif isinstance(piece, Item):
            found.append({**_block("list_item", piece.text, names), "level": piece.level})
            if piece.mark:
                found[-1]["mark"] = piece.mark
        elif isinstance(piece, Code):
            found.append(_block("code", piece.text, names))
        elif isinstance(piece, Figure):
            if look.captions:
                found.append(_block("caption", piece.caption, names))
        elif isinstance(piece, Grid):
            if piece.caption and look.captions:
                found.append(_block("caption", piece.caption, names))
            found.append({**_block("table", _cells(piece, look.merged), names), "table": {
                "rows": [list(row) for row in piece.rows], "header_rows": piece.header_rows,
            }})  # fmt: skip
    return found


def _block(kind: str, text: str, path: list[str]) -> Json:
    return {"kind": kind, "text": text, "heading_path": path, "page": None}


def _cells(grid: Grid, merged: bool) -> str:
    """The text of a table; a merged cell comes once where the format merges it."""
    covered = grid.covered() if merged else set()
    return "\n".join(
        "\t".join(text for c, text in enumerate(row) if (r, c) not in covered)
        for r, row in enumerate(grid.rows)
    )


def furniture(content: Content, pages: int, toc: dict[str, int] | None = None) -> list[Json]:
    """What runs on every page, and the lines of a table of contents."""
    found: list[Json] = []
    if content.header:
        found.append({"kind": "header", "text": content.header})
    if content.watermark:
        found.append({"kind": "watermark", "text": content.watermark})
    if content.footer:
        made = [
            content.footer.replace("{pages}", str(pages)).replace("{page}", str(page))
            for page in range(1, pages + 1)
        ]
        found += [{"kind": "footer", "text": text} for text in dict.fromkeys(made)]
    for text, page in (toc or {}).items():
        found.append({"kind": "toc", "text": f"{text} {page}"})
    return found


def truth(
    content: Content, look: Look, *, kind: str, producer: str, around: Sequence[Json] = (),
    found: list[Json] | None = None, scan: Json | None = None, pages: int = 0,
) -> Json:  # fmt: skip
    """The whole truth of one file. `found` are blocks with pages, where the file has pages."""
    shown = found if found is not None else blocks(content, look)
    kept = {letters(block["text"]) for block in shown}
    facts = [
        {"question": question, "answer": answer}
        for question, answer in content.facts
        if any(letters(answer) in text for text in kept)
    ]
    return {
        "format": kind, "producer": producer, "language": content.language,
        "title": content.title, "pages": pages, "scan": scan, "blocks": shown,
        "furniture": list(around), "optional": list(look.optional), "answers": facts,
    }  # fmt: skip


class Pager:
    """Finds the pages of blocks by their first and last letters in the pages' texts."""

    def __init__(self, pages: Sequence[str]):
        self.texts = [letters(page) for page in pages]
        self.starts: list[int] = []
        total = 0
        for text in self.texts:
            self.starts.append(total)
            total += len(text)
        self.whole = "".join(self.texts)

    def page(self, position: int) -> int:
        """The page, from 1, of a position in the whole text."""
        return bisect.bisect_right(self.starts, position)

    def locate(self, found: list[Json], skip: int = 0) -> list[Json]:
        """The blocks with their pages. `skip` pages at the front (a table of contents) hold
        nothing but the title. Raises ValueError where a block is not in the file."""
        cursor = self.starts[skip] if skip else 0
        placed: list[Json] = []
        for number, block in enumerate(found):
            text = letters(block["text"])
            if block["kind"] == "title":
                placed.append({**block, "page": 1})
                continue
            if block["kind"] == "heading":
                after = next((b for b in found[number + 1 :] if b["kind"] != "footnote"), None)
                follower = letters(after["text"])[:_FOLLOWER] if after else ""
                cursor = self._heading(text, follower, cursor)
            first, last = self._span(text, cursor, block["kind"] == "footnote")
            page, end = self.page(first), self.page(last)
            if block["kind"] != "footnote":
                cursor = first + 1
            placed.append({**block, "page": page, **({"last_page": end} if end > page else {})})
        return placed

    def _heading(self, text: str, follower: str, cursor: int) -> int:
        """Where a heading stands: where what comes next follows soon, since its words may stand
        in a sentence before it too."""
        at = self.whole.find(text, cursor)
        while at >= 0 and follower:
            end = at + len(text)
            if self.whole.find(follower, end, end + _RUNNING) >= 0:
                return at
            at = self.whole.find(text, at + 1)
        return cursor

    def _span(self, text: str, cursor: int, anywhere: bool) -> tuple[int, int]:
        start = 0 if anywhere else cursor
        for size in (40, 24, 14, 8):
            head = text[:size]
            first = self.whole.find(head, start)
            if first >= 0:
                break
        else:
            raise ValueError(f"not found after {cursor}: {text[:40]}")
        if self.whole.startswith(text, first):
            return first, first + len(text) - 1
        tail = text[-14:]
        limit = first + len(text) + 400 * (1 + len(text) // 600)
        last = self.whole.find(tail, first + max(len(text) - len(tail) - 8, 0), limit)
        if last < 0:
            last = self.whole.find(text[-6:], first + max(len(text) - 20, 0), limit)
        if last < 0:
            raise ValueError(f"end not found: {text[-40:]}")
        return first, last + min(len(tail), len(text)) - 1
