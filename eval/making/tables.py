"""Questions about the cells of tables: what stands in the column of a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from eval.making.material import HAN, Draft, Reader
from ingest.contract import BlockKind, Chunk

_HAN = re.compile(f"[{HAN}]")
_RULE = re.compile(r"^\|(?:\s*:?-{3,}:?\s*\|)+$")
_BAR = re.compile(r"(?<!\\)\|")
_NUMERIC = re.compile(r"^[\s$€£¥%()\d.,:/–—*+-]*$")
_YEAR = re.compile(r"^(?:FY\s?)?(?:19|20)\d\d$")
_AS_OF = re.compile(r"^(?:as of|at|for the|year ended|years ended|截至)\b", re.IGNORECASE)
_MARKS = re.compile(r"\s*(?:\(\d{1,2}\)|\[\d{1,3}\]+|\d{1,3}\]|\*+|†|\.{2,}\s*)\s*")
_VAGUE_WRITTEN = (
    "total other others  name no no. number item items type description notes note date value "
    "amount 序号 合计 总计 小计 其他 其它 名称 备注 说明 编号 项目 header index id"
)
_VAGUE = frozenset(_VAGUE_WRITTEN.split())
_BALANCE = re.compile(r"\b(?:as of|at|ended?|balances?)\b.*\d{4}|余额$|[/|]s[/|]", re.IGNORECASE)
"""Rows that say when, not what."""
_MONTH = re.compile(
    r"^(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? (?:\d{1,2}, )?(?:19|20)\d\d$"
)
_OTHERS = ("total", "合计", "其他", "other", "all other")
_LABEL_WORDS = 12
_LEAST_ROWS, _LEAST_COLUMNS = 2, 2


@dataclass(frozen=True)
class Grid:
    """A table of a chunk: the lines above its rows, as they stand there, the second line of its
    head (empty where it has one), the names of its columns, and its rows with their lines."""

    head: str
    second: str
    columns: Sequence[str]
    rows: Sequence[tuple[Sequence[str], str]]


def table_drafts(chunk: Chunk, reader: Reader) -> Iterator[Draft]:
    """What can be asked of a chunk that is a table."""
    if chunk.kind is not BlockKind.TABLE:
        return
    grid = grid_of(chunk.text)
    if grid is None:
        return
    if len(grid.columns) == 2 and not any(grid.columns):
        yield from _pairs(chunk, grid, reader)
        return
    key = _key_column(grid)
    if key is None:
        return
    for cells, line in grid.rows:
        for column, _name in enumerate(grid.columns):
            if column != key:
                draft = _cell(chunk, grid, (cells, line), (key, column), reader)
                if draft is not None:
                    yield draft


def grid_of(text: str) -> Grid | None:
    """The table in a chunk's Markdown; None where there is none, or it is ragged."""
    lines = text.split("\n")
    rules = [place for place, line in enumerate(lines) if _RULE.match(line.strip())]
    if len(rules) != 1 or rules[0] == 0:
        return None
    rule = rules[0]
    width = len(_cells(lines[rule]))
    head = _cells(lines[rule - 1])
    body = []
    for line in lines[rule + 1 :]:
        if not line.strip().startswith("|"):
            break
        body.append((_cells(line), line.strip()))
    if len(head) != width or any(len(cells) != width for cells, _ in body):
        return None
    columns, rows = _columns(head, body)
    second = body[0][1] if len(rows) < len(body) else ""
    if len(rows) < _LEAST_ROWS or width < _LEAST_COLUMNS:
        return None
    return Grid("\n".join(lines[: rule + 1]).strip(), second, columns, rows)


def _cells(line: str) -> list[str]:
    parts = _BAR.split(line.strip().strip("|") if line.strip() != "|" else "")
    return [" ".join(part.replace("\\|", "|").split()) for part in parts]


def _columns(
    head: Sequence[str], body: list[tuple[list[str], str]]
) -> tuple[list[str], list[tuple[Sequence[str], str]]]:
    """Names of the columns, from one or two rows: the second row is a head, too, where it has no
    label and its cells are years or words."""
    columns = list(head)
    rows: list[tuple[Sequence[str], str]] = list(body)
    first = body[0][0] if body else []
    if first and not first[0] and all(_is_head(cell) for cell in first if cell) and any(first):
        columns = [
            below if not above or above == below else f"{above} {below}".strip()
            for above, below in zip(head, first, strict=True)
        ]
        rows = rows[1:]
    return columns, rows


def _is_head(cell: str) -> bool:
    return _YEAR.match(cell) is not None or not _NUMERIC.match(cell)


def _key_column(grid: Grid) -> int | None:
    """The first column whose cells name the rows: words, each different."""
    for column in range(min(len(grid.columns), 3)):
        cells = [row[column] for row, _ in grid.rows]
        if column and not all(_NUMERIC.match(row[column - 1]) for row, _ in grid.rows):
            return None  # The first that is no running number would be it.
        words = [cell for cell in cells if cell and not _NUMERIC.match(cell)]
        if len(words) >= 0.8 * len(cells) and len(set(words)) >= 0.7 * len(words):
            return column
    return None


def _cell(
    chunk: Chunk,
    grid: Grid,
    row: tuple[Sequence[str], str],
    places: tuple[int, int],
    reader: Reader,
) -> Draft | None:
    cells, line = row
    key, column = places
    label, value = _plain(cells[key]), _plain(cells[column])
    name = _plain(grid.columns[column])
    labels = Counter(_plain(other[key]) for other, _ in grid.rows)
    if len(re.findall(r"\d\]", cells[key])) > 1 or _is_doubled(value):
        return None  # What was in two rows stands in one.
    if labels[label] > 1 or not _is_label(label, reader) or not _is_value(value, reader):
        return None
    if not _is_column(name, reader):
        return None
    if sum(_plain(other[column]) == value for other, _ in grid.rows) > len(grid.rows) / 2:
        return None  # Most rows have it: it says nothing of this one.
    is_han = bool(_HAN.search(label + name))
    text = _chinese(label, name, value) if is_han else _english(label, name, value)
    if text is None:
        return None
    return Draft(
        "table",
        text,
        value,
        chunk,
        _with_head(grid, line),
        reference=f"{label}: {name}: {value}",
        points=(value,),
        needs_place=True,
        strength=0.7 if chunk.heading_path else 0.4,
    )


def _with_head(grid: Grid, line: str) -> str:
    """A row under the head of its table."""
    return "\n".join((grid.head, grid.second, line) if grid.second else (grid.head, line))


def _is_doubled(value: str) -> bool:
    words = value.split()
    half = len(words) // 2
    return half > 0 and len(words) % 2 == 0 and words[:half] == words[half:]


def _plain(cell: str) -> str:
    return _MARKS.sub(" ", cell).strip(" .,:：*")


def _is_label(label: str, reader: Reader) -> bool:
    folded = label.lower()
    if _BALANCE.search(label) or not re.match(r"[^\W_]", label):
        return False
    if len(label) < 3 or folded in _VAGUE or folded.startswith(_OTHERS):
        return False
    if _HAN.search(label):
        return 3 <= len(label) <= 30
    words = re.findall(r"[A-Za-z]{2,}", label)
    if len(words) == 1 and reader.is_word(label.lower()):
        return False  # "Revenue", "Vested": of what is said elsewhere.
    return 1 <= len(words) <= _LABEL_WORDS and len(" ".join(words)) >= 5 and not label.islower()


def _is_column(name: str, reader: Reader) -> bool:
    """A column's name that a person can ask by: not a fragment of one."""
    if not name or name.lower().startswith(("all other", "total", "other")):
        return False
    if name.lower() in _VAGUE - {"type", "description"}:
        return False
    if _HAN.search(name):
        return len(name) <= 16 and not re.search("[（(][^）)]*$", name)
    if _YEAR.match(name) or _AS_OF.match(name):
        return re.search(r"\d{4}$", name) is not None
    words = [] if "," in name else re.findall(r"[A-Za-z]+", name)
    known = [word for word in words if reader.is_word(word.lower())]
    ends_well = bool(words) and words[-1].lower() not in (
        "of",
        "the",
        "and",
        "for",
        "in",
        "by",
        "no",
    )
    return 1 <= len(words) <= 6 and len(known) == len(words) and ends_well


def _is_value(value: str, reader: Reader) -> bool:
    """Whether a cell says something: no mark, and no word that was read wrong."""
    if re.fullmatch("[A-Za-z]{1,4}", value) and not (
        value.isupper() or reader.is_word(value.lower())
    ):
        return False
    if not re.search(r"[^\W_]", value) or len(value) > 80:
        return False
    return value.lower() not in ("x", "n/a", "na", "yes", "no", "nm", "none", "无", "否", "是")


def _english(label: str, name: str, value: str) -> str | None:
    shown = f"“{label}”" if len(label.split()) > 4 else label
    if _YEAR.match(name):
        return f"What was the figure for {shown} in {name}?"
    if _AS_OF.match(name):
        when = name[:1].lower() + name[1:]
        begun = "for the " if when.startswith("year") else ""
        return f"What was the figure for {shown} {begun}{when}?"
    if name.lower() in ("description", "definition", "meaning"):
        return f"What is {shown}?"
    name = name.partition(" - ")[0]
    plural = re.search(r"[^s]s$", name.partition(" of ")[0]) is not None
    of = "in" if _MONTH.match(label) else "of"
    return f"What {'are' if plural else 'is'} the {name.lower()} {of} {shown}?"


def _chinese(label: str, name: str, value: str) -> str | None:
    asked = "是多少" if _NUMERIC.match(value) else "是什么"
    return f"{label}的{name}{asked}？"


def _pairs(chunk: Chunk, grid: Grid, reader: Reader) -> Iterator[Draft]:
    """A sheet of facts about what the document is about: "Order: Anseriformes"."""
    subject = chunk.heading_path[-1] if chunk.heading_path else chunk.title
    for cells, line in grid.rows:
        label, value = _plain(cells[0]), _plain(cells[1])
        if (
            label == value
            or not cells[0].rstrip().endswith((":", "："))
            or not _is_value(value, reader)
        ):
            continue
        if not _is_column(label, reader) or label.lower() in _VAGUE or len(label) < 2:
            continue
        is_han = bool(_HAN.search(label))
        text = (
            f"{subject}的{label}是什么？"
            if is_han
            else f"What is the {label.lower()} of {subject}?"
        )
        yield Draft(
            "table", text, value, chunk, _with_head(grid, line), f"{label}: {value}", (value,),
            True, 0.5,
        )  # fmt: skip
