"""Parts of a set of questions whose measures are worth a look of their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from eval.contract import Dataset, QuestionSet

_WORD = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]|[^\\W_]+(?:['’.,-][^\\W_]+)*")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_LENGTHS = ((7, "short"), (14, "medium"))
_MOST_DOMAINS = 30
_DOMAIN = "domain"


class Told(Protocol):
    """Says what a question is: values by kind of slice, as {"language": "chinese", "type":
    "quantity"}; an empty value where it cannot be told."""

    def __call__(self, text: str, /) -> Mapping[str, str]: ...


def dataset_slices(dataset: Dataset, told: Told | None = None) -> dict[str, tuple[str, ...]]:
    """The slices of a dataset's queries; its domains are the folders that the relevant documents
    lie in, by their ids."""
    places = {
        query_id: [document for document, grade in dataset.qrels[query_id].items() if grade > 0]
        for query_id in dataset.queries
    }
    return slices_of(dataset.queries, places, told)


def question_slices(questions: QuestionSet, told: Told | None = None) -> dict[str, tuple[str, ...]]:
    """The slices of questions: beside those of `slices_of`, one for each tag ("domain: law" is a
    domain), and the split where there are several."""
    texts = {question.id: question.text for question in questions.questions}
    places = {question.id: [question.document] for question in questions.questions}
    marks = {
        question.id: [
            *question.tags,
            *([f"split: {question.split}"] if question.split else ()),
            *(() if question.answerable else ("answerable: no",)),
        ]
        for question in questions.questions
    }
    return slices_of(texts, places, told, marks)


def slices_of(
    texts: Mapping[str, str],
    places: Mapping[str, Sequence[str]],
    told: Told | None = None,
    marks: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, tuple[str, ...]]:
    """Ids of the questions in each slice, by its name ("language: chinese"), in order; slices that
    have all questions say nothing and are left out.

    `told` says of a question what it is ({"language": "chinese", "type": "quantity"}), `places` in
    which documents its answer stands, and `marks` are further slices of each.
    """
    found: dict[str, dict[str, None]] = {}

    def put(name: str, identifier: str) -> None:
        found.setdefault(name, {})[identifier] = None

    for identifier, text in texts.items():
        for kind, value in (told(text) if told else {}).items():
            if value:
                put(f"{kind}: {value}", identifier)
        put(f"length: {length_of(text)}", identifier)
        for mark in (marks or {}).get(identifier, ()):
            put(mark if ": " in mark else f"tag: {mark}", identifier)
    if not any(name.startswith(f"{_DOMAIN}: ") for name in found):
        for name, identifiers in _folders(places).items():
            found[f"{_DOMAIN}: {name}"] = dict.fromkeys(identifiers)
    return {name: tuple(found[name]) for name in sorted(found) if len(found[name]) < len(texts)}


def length_of(text: str) -> str:
    """Short (7 words at most), medium (14) or long; two Chinese characters count as a word."""
    words = _WORD.findall(text)
    han = sum(1 for word in words if _HAN.match(word))
    count = len(words) - han + han / 2
    return next((name for most, name in _LENGTHS if count <= most), "long")


def _folders(places: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Questions by the outermost folder of their documents: none where there are no folders, or
    so many that they are no domains."""
    found: dict[str, list[str]] = {}
    for identifier, documents in places.items():
        names = {name.partition("/")[0] for name in documents if "/" in name}
        for name in sorted(names - {""}):
            found.setdefault(name, []).append(identifier)
    return found if 1 < len(found) <= _MOST_DOMAINS else {}
