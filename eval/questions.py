"""Questions about a corpus of files: reading them, and judging what a search returned."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from eval.contract import BadDataset, Located, Question, QuestionSet
from eval.lines import numbered_lines, parse_record, string_field

_FIELDS = tuple(field.name for field in fields(Question))


def load_questions(path: Path) -> QuestionSet:
    """Questions of a JSONL file, in order; the keys are the fields of Question.

    Raises BadDataset, which names the line.
    """
    digest = hashlib.sha256()
    records = (
        (f"{path}, line {number}", parse_record(line, f"{path}, line {number}"))
        for number, line in numbered_lines(path, digest)
    )
    questions = _questions(records)
    if not questions:
        raise BadDataset(f"{path} holds no question: put one JSON object on each line")
    documents = {question.document for question in questions}
    name = path.resolve().stem
    return QuestionSet(name, questions, len(documents), {path.name: digest.hexdigest()})


def questions_of(records: Sequence[Mapping[str, object]], name: str) -> QuestionSet:
    """Questions handed in as records, in order; as `load_questions` otherwise."""
    questions = _questions(
        (f"question {number}", dict(record)) for number, record in enumerate(records, 1)
    )
    if not questions:
        raise BadDataset("there is no question: give one at least")
    text = json.dumps([dict(record) for record in records], sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    documents = {question.document for question in questions}
    return QuestionSet(name, questions, len(documents), {name: digest})


def _questions(records: Iterable[tuple[str, dict[str, object]]]) -> list[Question]:
    """Raises BadDataset, which names the place."""
    found: dict[str, tuple[str, Question]] = {}
    for where, record in records:
        question = _question(record, where)
        if question.id in found:
            raise BadDataset(
                f"{where}: id {question.id!r} stands on {found[question.id][0]} already: "
                "choose another"
            )
        found[question.id] = (where.rpartition(", ")[2], question)
    return [question for _, question in found.values()]


def _question(record: dict[str, object], where: str) -> Question:
    unknown = sorted(record.keys() - set(_FIELDS))
    if unknown:
        raise BadDataset(f"{where}: unknown key {unknown[0]!r}: use {', '.join(_FIELDS)}")
    page = record.get("page")
    if page is not None and (not isinstance(page, int) or isinstance(page, bool) or page < 1):
        raise BadDataset(f'{where}: give "page" as a whole number from 1, not {page!r}')
    tags = record.get("tags", [])
    if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
        raise BadDataset(f'{where}: give "tags" as a list of strings, not {tags!r}')
    required = {name: string_field(record, name, where) for name in ("id", "text", "document")}
    for name, value in required.items():
        if not value.strip():
            raise BadDataset(f'{where}: "{name}" is empty: fill it in')
    heading = string_field(record, "heading", where, default="")
    if heading and not fold_heading(heading):
        raise BadDataset(f'{where}: "heading" is blank: fill it in or remove it')
    return Question(
        id=required["id"],
        text=required["text"],
        document=required["document"],
        page=page,
        heading=heading or None,
        answer=string_field(record, "answer", where, default=""),
        tags=tuple(tags),
    )


def fold_heading(heading: str) -> str:
    """A heading as it is compared: width and case folded, white space removed. Numbering stays:
    "2.1 Scope" and "Scope" are two headings.
    """
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split())


def answers(question: Question, place: Located) -> bool:
    """Whether a place is one that the question asks for: the document, and its page or heading
    (either will do where both are stated).
    """
    if place.document != question.document:
        return False
    if question.page is None and question.heading is None:
        return True
    if question.page is not None and place.pages is not None:
        first, last = place.pages
        if first <= question.page <= last:
            return True
    if question.heading is None:
        return False
    wanted = fold_heading(question.heading)
    return any(fold_heading(heading) == wanted for heading in place.heading_path)


def first_rank(question: Question, places: Sequence[Located]) -> int | None:
    """The rank, from 1, of the first place that answers; None where none does."""
    for rank, place in enumerate(places, 1):
        if answers(question, place):
            return rank
    return None


def describe_question(question: Question) -> str:
    """Where the answer of a question stands, in one line."""
    parts = [question.document]
    if question.page is not None:
        parts.append(f"p. {question.page}")
    if question.heading is not None:
        parts.append(f"§ {question.heading}")
    return ", ".join(parts)


def describe_place(place: Located) -> str:
    """A place in one line, in the same words as `describe_question`."""
    parts = [place.document]
    if place.pages is not None:
        first, last = place.pages
        parts.append(f"p. {first}" if first == last else f"p. {first} to {last}")
    if place.heading_path:
        parts.append(f"§ {' > '.join(place.heading_path)}")
    return ", ".join(parts)
