"""A made set as a file that a person reads and corrects, and what was decided taken back.

The file is Markdown: it opens in any editor, a passage keeps its lines, Chinese needs no import
dialogue, and two versions can be compared line by line, none of which a spreadsheet's CSV gives.
Each question is a section::

    ## [keep] made-0a1b2c3d4e5f

    - question: What is a duckling?
    - answer: a young duck in downy plumage
    - place: wiki_duck.html, § Etymology

    > the passage, each line behind a ">"

"keep" stays, "drop" in its place takes the question out of the set, and question, answer and
passage may be written anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from eval.contract import BadDataset, Question
from eval.lines import numbered_lines
from eval.passages import holds_answer
from eval.questions import describe_question

KEEP, DROP = "keep", "drop"
_HEAD = re.compile(r"^##\s+\[(?P<mark>[^\]]*)\]\s+(?P<id>\S+)\s*$")
_LINE = re.compile(r"^-\s+(?P<name>question|answer|reference|place|split)\s*[:：]\s?(?P<value>.*)$")
_INTRODUCTION = """# {name}: {count} questions to review

For each question: is it understood by someone who does not see the passage, and does the passage
answer it? Write `drop` in place of `keep` where not; question, answer and passage (the lines behind
`>`) may be written anew. Leave ids, references and places as they are. Then take it back with

    braid eval make --reviewed {file}
"""


@dataclass(frozen=True)
class Reviewed:
    """The set after review, and how many were kept as they were, edited and dropped."""

    questions: Sequence[Question]
    kept: int
    edited: int
    dropped: int


@dataclass
class _Section:
    """What stands under one question's heading, which is on line `line`."""

    line: int
    mark: str
    id: str
    text: str | None = None
    answer: str | None = None
    passage: list[str] | None = None


def review_text(questions: Sequence[Question], name: str, file: str) -> str:
    """The text of a review file."""
    parts = [_INTRODUCTION.format(name=name, count=len(questions), file=file)]
    for question in questions:
        lines = [
            f"## [{KEEP}] {question.id}",
            "",
            f"- question: {_one_line(question.text)}",
            f"- answer: {_one_line(question.answer)}",
            *([f"- reference: {_one_line(question.reference)}"] if question.reference else []),
            f"- place: {_one_line(describe_question(question))}",
            *([f"- split: {question.split}"] if question.split else []),
            "",
            *(f"> {line}".rstrip() for line in question.chunk.split("\n") if question.chunk),
            "",
        ]
        parts.append("\n".join(lines))
    return "\n".join(parts)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def read_review(path: Path, questions: Sequence[Question]) -> Reviewed:
    """The questions as the review file at `path` decides. Raises BadDataset that names the line
    where the file was broken: an unknown mark or question, one that is there twice or missing, an
    empty question, an answer that its passage does not have."""
    by_id = {question.id: question for question in questions}
    seen: dict[str, int] = {}
    decided: dict[str, Question | None] = {}
    for section in _sections(path):
        where = f"{path}, line {section.line}"
        if section.id not in by_id:
            raise BadDataset(
                f"{where}: there is no question {section.id!r} in the set: leave the ids as they "
                "were written, and review the set that the file was made with"
            )
        if section.id in seen:
            raise BadDataset(
                f"{where}: {section.id!r} stands on line {seen[section.id]} already: keep one"
            )
        seen[section.id] = section.line
        decided[section.id] = _decided(section, by_id[section.id], where)
    missing = [name for name in by_id if name not in decided]
    if missing:
        raise BadDataset(
            f"{path}: {len(missing)} question(s) are missing, first {missing[0]!r}: mark a "
            f"question [{DROP}] instead of taking it out"
        )
    left = [one for name in by_id if (one := decided[name]) is not None]
    edited = sum(one != by_id[one.id] for one in left)
    return Reviewed(left, len(left) - edited, edited, len(by_id) - len(left))


def _sections(path: Path) -> Iterator[_Section]:
    section: _Section | None = None
    for number, line in numbered_lines(path):
        where = f"{path}, line {number}"
        text = line.rstrip()
        if text.startswith("## "):
            head = _HEAD.match(text)
            if head is None or head["mark"].strip().lower() not in (KEEP, DROP):
                raise BadDataset(
                    f"{where}: {text!r}: write ## [{KEEP}] or ## [{DROP}] and the question's id"
                )
            if section is not None:
                yield section
            section = _Section(number, head["mark"].strip().lower(), head["id"])
        elif section is not None:
            _read_line(section, text, where)
    if section is not None:
        yield section


def _read_line(section: _Section, text: str, where: str) -> None:
    if text.startswith(">"):
        line = text.removeprefix(">").removeprefix(" ")
        section.passage = [*(section.passage or []), line]
        return
    match = _LINE.match(text)
    if match is None:
        raise BadDataset(
            f"{where}: {text[:60]!r} is no part of a question: write it behind '- question:' or "
            "'- answer:', or as a line of the passage behind '>'"
        )
    if match["name"] == "question":
        section.text = match["value"].strip()
    elif match["name"] == "answer":
        section.answer = match["value"].strip()


def _decided(section: _Section, before: Question, where: str) -> Question | None:
    """The question after review; None where it was dropped."""
    if section.mark == DROP:
        return None
    if not section.text or section.answer is None:
        what = "question" if not section.text else "answer"
        raise BadDataset(
            f"{where}: the {what} of {section.id!r} is gone: write it behind '- {what}:', or mark "
            f"it [{DROP}]"
        )
    passage = "\n".join(section.passage or [])
    if before.chunk and not passage.strip():
        raise BadDataset(f"{where}: the passage of {section.id!r} is gone: put it behind '>'")
    is_same = _one_line(passage) == _one_line(before.chunk)
    changed = replace(
        before,
        text=before.text if section.text == _one_line(before.text) else section.text,
        chunk=before.chunk if is_same else passage,
    )
    if section.answer == _one_line(before.answer):
        return changed
    if section.answer and changed.chunk and not holds_answer(changed.chunk, section.answer):
        raise BadDataset(
            f"{where}: the passage of {section.id!r} does not have the answer "
            f"{section.answer!r}: give words that stand in it"
        )
    points = (section.answer,) if tuple(before.points) == (before.answer,) else before.points
    return replace(changed, answer=section.answer, points=points)
