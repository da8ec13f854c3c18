"""Whether a text is data: JSON, JSON Lines, a notebook, or rows of delimited values."""

from __future__ import annotations

import csv
import re
from collections import Counter
from statistics import median

_TOKEN = re.compile(
    r"[ \t\r\n]*(?:(?P<open>[\[{])|(?P<close>[\]}])|(?P<comma>,)|(?P<colon>:)|"
    r'(?P<string>"(?:[^"\\\x00-\x1f]|\\.)*")|'
    r"(?P<value>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null|NaN|-?Infinity)\b))"
)
_CUT = re.compile(r'[ \t\r\n]*(?:"[^\n]*|-?[\w.+-]*)$')
_NOTEBOOK = re.compile(rb'"nbformat"\s*:\s*\d')
_JSON_NAMES = {".json", ".geojson", ".jsonld", ".ipynb", ".har", ".webmanifest"}
_LINES_NAMES = {".jsonl", ".ndjson", ".jsonlines"}
_TABLE_NAMES = {".csv", ".tsv", ".tab", ".psv"}
_SENTENCE_END = re.compile(r"[.!?。！？…][\"'”’」』）)]*$")
_NUMBER = re.compile(
    r"[-+(]?[$€£¥￥]?\s*\d[\d,.\s]*%?\)?|\d{1,4}[-/.]\d{1,2}(?:[-/.]\d{1,4})?(?:[ T].*)?"
)
_NUMERIC_SHARE = 0.8
_MAX_ROWS = 400


def json_type(head: str, suffix: str, data: bytes, *, whole: bool) -> str | None:
    """The type of a text that is JSON in some form; None for others."""
    if head[:1] not in "{[":
        scalar = suffix in _JSON_NAMES and _first_value(head, 0, whole=whole) is not None
        return "application/json" if scalar else None
    end = _first_value(head, 0, whole=whole)
    if end is None:
        return None
    rest = head[end:].strip()
    if not rest:
        if suffix in _LINES_NAMES and "\n" not in head[:end].strip():
            return "application/x-ndjson"
        is_notebook = head.startswith("{") and _NOTEBOOK.search(data) is not None
        if is_notebook and (b'"cells"' in data or b'"worksheets"' in data):
            return "application/x-ipynb+json"
        return "application/json"
    if rest[0] in "{[" and _first_value(rest, 0, whole=whole) is not None:
        return "application/x-ndjson"
    return None


def _first_value(text: str, start: int, *, whole: bool) -> int | None:
    """Where the first JSON value of the text ends; its whole length where it is valid as far as
    it goes; None where it is not JSON."""
    depth: list[str] = []
    expects = "value"
    position = start
    while True:
        match = _TOKEN.match(text, position)
        if match is None:
            cut = _CUT.match(text, position)
            at_end = not text[position:].strip() or (cut is not None and not whole)
            return len(text) if depth and at_end else None
        kind = str(match.lastgroup)
        token = match[kind]
        if kind == "close":
            if not depth or depth.pop() + token not in ("[]", "{}") or expects == "key":
                return None
            expects = "comma"
        elif kind not in _ALLOWED[expects]:
            return None
        elif kind == "open":
            depth.append(token)
            expects = "first" if token == "{" else "value"
        elif kind == "comma":
            expects = "key" if depth[-1] == "{" else "value"
        elif kind == "colon":
            expects = "value"
        else:
            expects = "colon" if expects in ("key", "first") else "comma"
        position = match.end()
        if not depth:
            return position


_ALLOWED = {
    "value": ("open", "string", "value"),
    "first": ("string",),
    "key": ("string",),
    "colon": ("colon",),
    "comma": ("comma",),
}


def table_type(head: str, suffix: str, *, whole: bool) -> str | None:
    """`text/csv` or `text/tab-separated-values` for a text of delimited rows; None for prose,
    whatever its name."""
    lines = [line for line in head.split("\n") if line.strip()]
    if not whole and len(lines) > 1:
        lines.pop()
    named = suffix in _TABLE_NAMES
    if named and head.lower().startswith("sep=") and len(lines) > 1:
        return "text/csv"
    for delimiter in ("\t", ",", ";", "|"):
        rows = _rows("\n".join(lines), delimiter)
        if rows and _is_table(rows, lines, delimiter, named=named):
            tabs = delimiter == "\t"
            return "text/tab-separated-values" if tabs else "text/csv"
    if named and _is_one_column(lines):
        return "text/tab-separated-values" if suffix in (".tsv", ".tab") else "text/csv"
    return None


def _rows(text: str, delimiter: str) -> list[list[str]]:
    if delimiter not in text:
        return []
    rows: list[list[str]] = []
    try:
        for row in csv.reader(text.split("\n"), delimiter=delimiter):
            rows.append(row)
            if len(rows) >= _MAX_ROWS:
                break
    except csv.Error:
        return []
    return rows


def _is_table(rows: list[list[str]], lines: list[str], delimiter: str, *, named: bool) -> bool:
    """Whether rows agree on their number of cells, and the cells are no parts of sentences."""
    widths = Counter(len(row) for row in rows)
    width, agreeing = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]))
    if width < 2:
        return False
    body = [row for row in rows if len(row) == width]
    cells = [cell.strip() for row in body for cell in row]
    numeric = _numeric_columns(body[1:] or body, width)
    if named:
        if numeric or len(rows) == 1:
            return agreeing * 2 >= len(rows) or not _is_prose(lines)
        return agreeing * 3 >= len(rows) * 2 and not _is_prose(lines)
    if agreeing * 20 < len(rows) * 19 or len(rows) < 3 or not any(cells):
        return False
    if delimiter == "\t":
        return sum(not row[0].strip() for row in body) * 2 < len(body) or numeric > 0
    if _is_prose(lines) or sum(
        cell.startswith((" ", "\u3000")) for r in body for cell in r[1:]
    ) * 2 > len(body) * (width - 1):
        return False
    if numeric:
        return True
    return width >= 3 and len(rows) >= 4 and median(len(cell) for cell in cells) <= 24


def _numeric_columns(rows: list[list[str]], width: int) -> int:
    """Columns of mostly numbers or dates."""
    count = 0
    for column in range(width):
        filled = [row[column].strip() for row in rows if row[column].strip()]
        numbers = sum(_NUMBER.fullmatch(cell[:60]) is not None for cell in filled)
        count += bool(filled) and numbers >= _NUMERIC_SHARE * len(filled)
    return count


def _is_prose(lines: list[str]) -> bool:
    """Whether most lines end as sentences do, or are long and full of words."""
    sample = lines[:_MAX_ROWS]
    ended = sum(_SENTENCE_END.search(line.rstrip()) is not None for line in sample)
    return ended * 2 > len(sample)


def _is_one_column(lines: list[str]) -> bool:
    return len(lines) > 1 and median(len(line) for line in lines) <= 60 and not _is_prose(lines)
