"""What a document says of itself (title, author, dates, ...) as metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime

from ingest.contract import Json

# Titles that programs and templates put in by themselves.
_MADE_UP = re.compile(
    r"(?:microsoft (?:office )?)?(?:power ?point[ -]*(?:presentation|演示文稿|簡報)|"
    r"(?:presentation|slide|document|book|workbook|sheet|untitled|no title|title)[ -]*\d*|"
    r"(?:演示文稿|簡報|幻灯片|文档|文件|工作簿|活頁簿|新建.{0,20}|无标题|無標題|未命名|标题)\s*\d*|"
    r"word (?:document|文档)|excel (?:workbook|工作簿))",
    re.I,
)
_PROGRAM = re.compile(r"^microsoft (?:word|power ?point|excel) - ", re.I)
_FILE_END = re.compile(r"\.(?:docx?|pptx?|xlsx?|od[tps]|rtf|wps|et|dps)$", re.I)
_TAG_SPLIT = re.compile(r"[;,；，、\n]+")
_AUTHOR_SPLIT = re.compile(r"\s*[;；\n]\s*|\s*[、，]\s*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*$")
_KEPT = 2000


def stated_title(text: str) -> str:
    """The title that a file states, "" where a program made it up."""
    title = _FILE_END.sub("", _PROGRAM.sub("", one_line(text)))
    return "" if _MADE_UP.fullmatch(title) else title


def one_line(text: str) -> str:
    """The text with every run of white space as one space, at most 2,000 characters."""
    return " ".join(text.split())[:_KEPT]


def iso_moment(text: str) -> str:
    """A date or moment in ISO 8601, "" where the text is none."""
    text = text.strip()
    try:
        moment = datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return text if re.fullmatch(r"\d{4}(?:-\d\d)?", text) else ""
    if len(text) == 10:
        return text
    return moment.isoformat(timespec="seconds")


def properties(stated: Mapping[str, str]) -> tuple[str, dict[str, Json]]:
    """The title and the metadata of what a file states under `title`, `author`, `created`,
    `modified`, `language`, `keywords`, `subject` and `category`.

    Several authors are `authors` too; keywords are `tags` too; dates are in ISO 8601; what is
    blank or no date is left out. The language comes as `stated_language`, since the pipeline
    looks at the text for `language`.
    """
    found: dict[str, Json] = {}
    for key in ("author", "subject", "category", "keywords"):
        text = one_line(stated.get(key, ""))
        if text:
            found[key] = text
    authors = [name for name in _AUTHOR_SPLIT.split(stated.get("author", "").strip()) if name]
    if len(authors) > 1:
        found["authors"] = tuple(one_line(name) for name in authors)
    tags = [one_line(tag) for tag in _TAG_SPLIT.split(stated.get("keywords", "")) if tag.strip()]
    if tags:
        found["tags"] = tuple(dict.fromkeys(tags))
    for key in ("created", "modified"):
        moment = iso_moment(stated.get(key, ""))
        if moment:
            found[key] = moment
    language = stated.get("language", "").strip()
    if _LANGUAGE.match(language):
        found["stated_language"] = language
    return stated_title(stated.get("title", "")), found
