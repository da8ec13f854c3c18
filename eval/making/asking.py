"""Questions asked by a language model, in place of those that rules made.

The model reads a passage and the question that a rule made, and asks what a person would who does
not know the passage's words. Its answer is looked for in the passage, and the question is answered
by the model once more from the passage alone: where either fails, the rule's question stays.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from eval.contract import Progress, Question
from eval.passages import fold_text, holds_answer
from generate.contract import Usage
from ingest.contract import Completion, Model, Unavailable

_ASK = """You write questions that test a search engine. Read the passage.

Passage from "{place}":
<<<
{passage}
>>>

A draft of a question that it answers: {question}
{answer}
Write ONE question in {language} that this passage answers and that a person would ask who knows \
the subject but has not seen the passage. Use other words than the passage where you can. Name \
what it is about, so that it is understood by itself: no "this", "the passage", "the above". The \
answer must be copied word for word from the passage, as short as it can be.

Reply with JSON alone: {{"question": "...", "answer": "..."}}"""
_CHECK = """Passage:
<<<
{passage}
>>>

Question: {question}

Answer in as few words as you can, copied from the passage. If the passage does not answer the \
question, write NONE."""
_OBJECT = re.compile(r"\{.*\}", re.DOTALL)
_OUTSIDE = re.compile(
    r"\b(?:this|the) (?:passage|text|document|excerpt)\b|本文|文中|该段|上文|这段", re.IGNORECASE
)
_CHARACTERS_PER_TOKEN = 3
_MAX_TOKENS = 200
_SAID = 12


@dataclass(frozen=True)
class Asking:
    """A model, with what it may cost: tokens read and written in all (None: no limit), and the
    seconds of one call. It is left alone after so many failures in a row."""

    model: Model
    budget_tokens: int | None = None
    timeout_s: float = 60.0
    patience: int = 3


@dataclass(frozen=True)
class Asked:
    """The set with the model's questions in it, how many those are, what it cost, and what should
    be known, a line each."""

    questions: Sequence[Question]
    rewritten: int
    usage: Usage
    notes: Sequence[str] = field(default_factory=tuple)


def ask_better(
    questions: Sequence[Question],
    asking: Asking,
    is_sound: Callable[[Question], bool] = lambda question: True,
    progress: Progress | None = None,
) -> Asked:
    """Each question as the model asks it; as it was where the model fails, its answer does not
    stand in the passage, or `is_sound` refuses what it asked. A model that fails again and again
    costs a note, never the set."""
    talk = _Talk(asking)
    found: list[Question] = []
    rewritten = 0
    for done, question in enumerate(questions, start=1):
        better = _better(question, talk, is_sound)
        rewritten += better is not None
        found.append(better or question)
        if progress:
            progress(done, len(questions))
    return Asked(found, rewritten, talk.usage(), talk.notes(len(questions) - rewritten))


class _Talk:
    """Calls of the model, counted."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._calls = self._read = self._written = 0
        self._is_estimate = False
        self._failures = 0
        self._fault = ""
        self._spent = False

    @property
    def is_over(self) -> bool:
        """Whether nothing more is asked."""
        return self._spent or self._failures >= self._asking.patience

    def say(self, message: str) -> str:
        """The model's words; empty where it failed or the budget does not reach for it."""
        budget = self._asking.budget_tokens
        needed = len(message) // _CHARACTERS_PER_TOKEN + _MAX_TOKENS
        if budget is not None and self._read + self._written + needed > budget:
            self._spent = True
        if self.is_over:
            return ""
        try:
            reply = self._asking.model.complete(message, _MAX_TOKENS, self._asking.timeout_s)
        except Unavailable as error:
            self._failures += 1
            self._fault = str(error)
            return ""
        self._failures = 0
        self._count(message, reply)
        return reply.text

    def _count(self, message: str, reply: Completion) -> None:
        self._calls += 1
        read, written = reply.prompt_tokens, reply.completion_tokens
        if read is None or written is None:
            self._is_estimate = True
        self._read += len(message) // _CHARACTERS_PER_TOKEN if read is None else read
        self._written += len(reply.text) // _CHARACTERS_PER_TOKEN if written is None else written

    def usage(self) -> Usage:
        return Usage(self._calls, self._read, self._written, self._is_estimate)

    def notes(self, left: int) -> tuple[str, ...]:
        name = self._asking.model.name
        notes = []
        if self._failures >= self._asking.patience:
            notes.append(
                f"{name} failed {self._failures} times in a row ({self._fault}): the rest "
                "are the rules' questions"
            )
        elif self._fault:
            notes.append(f"{name} failed at times, the last time so: {self._fault}")
        if self._spent:
            notes.append(
                f"the budget of {self._asking.budget_tokens} tokens is used up: the rest "
                "are the rules' questions"
            )
        if left:
            notes.append(f"{left} questions stayed as the rules made them")
        return tuple(notes)


def _better(
    question: Question, talk: _Talk, is_sound: Callable[[Question], bool]
) -> Question | None:
    """The model's question; None where there is none that can stand."""
    if not question.chunk or talk.is_over:
        return None
    asked = _reply(question, talk)
    if asked is None:
        return None
    text, answer = asked
    made = replace(
        question,
        text=text,
        answer=answer,
        points=(answer,),
        tags=(*question.tags, "asked: model"),
    )
    if _OUTSIDE.search(text) or holds_answer(text, answer) or not is_sound(made):
        return None
    said = talk.say(_CHECK.format(passage=question.chunk, question=text))
    return made if _agree(said, answer) else None


def _reply(question: Question, talk: _Talk) -> tuple[str, str] | None:
    """Question and answer out of the model's JSON, the answer as the passage has it."""
    is_chinese = re.search("[\u4e00-\u9fff]", question.text) is not None
    message = _ASK.format(
        place=question.heading or question.document,
        passage=question.chunk,
        question=question.text,
        answer=f"Its answer: {question.answer}" if question.answer else "",
        language="Chinese" if is_chinese else "English",
    )
    match = _OBJECT.search(talk.say(message))
    if match is None:
        return None
    try:
        values = json.loads(match.group())
    except ValueError:
        return None
    if not isinstance(values, dict):
        return None
    text, answer = values.get("question"), values.get("answer")
    if not isinstance(text, str) or not isinstance(answer, str):
        return None
    text, answer = " ".join(text.split()), " ".join(answer.split())
    if len(text) < _SAID // 2 or not holds_answer(question.chunk, answer):
        return None
    return text, answer


def _agree(said: str, answer: str) -> bool:
    """Whether two answers are one: either has the other in it."""
    first, second = fold_text(said), fold_text(answer)
    return bool(first) and first != "none" and (first in second or second in first)
