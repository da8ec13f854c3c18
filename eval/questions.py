"""Questions about a corpus of files: reading, writing and judging what a search returned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path

from eval.contract import BadDataset, Located, Question, QuestionSet
from eval.lines import numbered_lines, parse_record, string_field
from eval.passages import fold_heading, held_share, holds_answer
from ingest.contract import Json

_FIELDS = tuple(field.name for field in fields(Question))
_MOST = 0.5
_WITHIN = 0.9
_SHOWN = 60


def load_questions(path: Path, split: str = "") -> QuestionSet:
    """Questions of a JSONL file, in order; the keys are the fields of Question. With `split`,
    those of that part alone.

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
    sources = {path.name: digest.hexdigest()}
    return of_split(_set(path.resolve().stem, questions, sources), split)


def questions_of(records: Sequence[Mapping[str, object]], name: str) -> QuestionSet:
    """Questions handed in as records, in order; as `load_questions` otherwise."""
    questions = _questions(
        (f"question {number}", dict(record)) for number, record in enumerate(records, 1)
    )
    if not questions:
        raise BadDataset("there is no question: give one at least")
    text = json.dumps([dict(record) for record in records], sort_keys=True)
    return _set(name, questions, {name: hashlib.sha256(text.encode()).hexdigest()})


def of_split(questions: QuestionSet, split: str) -> QuestionSet:
    """The questions of one part of a set; all of it where `split` is empty. Raises BadDataset
    where the part has none."""
    if not split:
        return questions
    kept = [question for question in questions.questions if question.split == split]
    if not kept:
        known = sorted({question.split for question in questions.questions} - {""})
        advice = f"choose one of: {', '.join(known)}" if known else 'its questions have no "split"'
        raise BadDataset(f"{questions.name} has no question of the split {split!r}: {advice}")
    return replace(questions, questions=kept)


def question_json(question: Question) -> dict[str, Json]:
    """A question as it stands on a line of a JSONL file: what is empty is left out."""
    values = {name: getattr(question, name) for name in _FIELDS}
    shown: dict[str, Json] = {
        name: list(value) if isinstance(value, tuple | list) else value
        for name, value in values.items()
        if value not in ("", None, (), []) and name != "answerable"
    }
    return shown if question.answerable else {**shown, "answerable": False}


def questions_text(questions: Iterable[Question]) -> str:
    """The text of a JSONL file that `load_questions` reads."""
    lines = (json.dumps(question_json(question), ensure_ascii=False) for question in questions)
    return "".join(line + "\n" for line in lines)


def _set(name: str, questions: Sequence[Question], sources: Mapping[str, str]) -> QuestionSet:
    documents = {question.document for question in questions if question.document}
    return QuestionSet(name, questions, len(documents), sources)


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
    answerable = record.get("answerable", True)
    if not isinstance(answerable, bool):
        raise BadDataset(f'{where}: give "answerable" as true or false, not {answerable!r}')
    required = {name: string_field(record, name, where) for name in ("id", "text")}
    for name, value in required.items():
        if not value.strip():
            raise BadDataset(f'{where}: "{name}" is empty: fill it in')
    heading = string_field(record, "heading", where, default="")
    if heading and not fold_heading(heading):
        raise BadDataset(f'{where}: "heading" is blank: fill it in or remove it')
    question = Question(
        id=required["id"],
        text=required["text"],
        document=string_field(record, "document", where, default=""),
        page=page,
        heading=heading or None,
        answer=string_field(record, "answer", where, default=""),
        tags=_strings(record, "tags", where),
        chunk=string_field(record, "chunk", where, default=""),
        reference=string_field(record, "reference", where, default=""),
        points=_strings(record, "points", where),
        answerable=answerable,
        split=string_field(record, "split", where, default=""),
    )
    _check_level(question, where)
    return question


def _strings(record: Mapping[str, object], name: str, where: str) -> tuple[str, ...]:
    values = record.get(name)
    if values is None:
        return ()
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise BadDataset(f'{where}: give "{name}" as a list of strings, not {values!r}')
    return tuple(values)


def _check_level(question: Question, where: str) -> None:
    """What is said of where the answer stands has to be enough to judge by, and to agree."""
    places = [name for name in ("document", "page", "heading", "chunk") if getattr(question, name)]
    if not question.answerable:
        if places or question.answer:
            stated = places[0] if places else "answer"
            raise BadDataset(
                f'{where}: "answerable" is false, but "{stated}" is given: remove one of them'
            )
        return
    if not places and not question.answer.strip():
        if question.reference or question.points:
            return
        raise BadDataset(
            f'{where}: nothing says what is right: give "document" (with "page" or "heading", if '
            'you like), "chunk", "answer" or "reference", or "answerable": false'
        )
    for name in ("page", "heading"):
        if name in places and not question.document:
            raise BadDataset(f'{where}: "{name}" is in no document: give "document", too')
    for name in ("document", "chunk", "answer"):
        value = getattr(question, name)
        if value and not value.strip():
            raise BadDataset(f'{where}: "{name}" is blank: fill it in or remove it')


def is_judged(question: Question) -> bool:
    """Whether results can be right for it: an answerable question that says where its answer
    stands. Of others, answers alone can be judged."""
    return question.answerable and bool(question.document or question.chunk or question.answer)


def answers(question: Question, place: Located) -> bool:
    """Whether a place is one that the question asks for, judged by the nearest level given: the
    passage, page or heading (either will do where both are stated), the answer's words, the
    document. What is given of page, heading and answer beside a passage only tells people.

    A place has the passage when its text holds half of it, or lies within it and has the answer.
    """
    if not is_judged(question):
        return False
    if question.document and place.document != question.document:
        return False
    if question.chunk:
        if held_share(question.chunk, place.text) >= _MOST:
            return True
        return bool(
            question.answer
            and held_share(place.text, question.chunk) >= _WITHIN
            and holds_answer(place.text, question.answer)
        )
    if question.page is not None or question.heading is not None:
        return _on_page(question, place) or _under_heading(question, place)
    return not question.answer or holds_answer(place.text, question.answer)


def _on_page(question: Question, place: Located) -> bool:
    if question.page is None or place.pages is None:
        return False
    first, last = place.pages
    return first <= question.page <= last


def _under_heading(question: Question, place: Located) -> bool:
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
    if not question.answerable:
        return "no answer"
    parts = [question.document] if question.document else []
    if question.page is not None:
        parts.append(f"p. {question.page}")
    if question.heading is not None:
        parts.append(f"§ {question.heading}")
    if not parts:
        words = " ".join((question.chunk or question.answer or question.reference).split())
        parts.append(f"“{words[:_SHOWN]}…”" if len(words) > _SHOWN else f"“{words}”")
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
