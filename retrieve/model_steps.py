"""Steps that a language model takes: other wordings of a question, its parts, a more general
one, a passage that would answer it, and a follow-up question made to stand by itself.

A search never depends on the model: where it is down, slow or talks nonsense, the search goes on
without, and says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from index.contract import Analyzer
from index.pipeline import function_terms
from ingest.contract import Json
from retrieve.calls import Answer, answers
from retrieve.clock import Clock
from retrieve.contract import StepModel, Turn
from retrieve.notes import Fault
from retrieve.pace import Pace
from retrieve.prompts import follow_up_instruction, instruction
from retrieve.replies import Reader, Reply

FOLLOW_UP = "follow_up"
QUERY_STEPS = ("rewrite", "decompose", "step_back", "hyde")
"""Steps that make texts out of a question, in the order in which they are told."""

MODEL_STEPS = (*QUERY_STEPS, "listwise", "map_reduce")
"""Steps that cannot be taken without a language model."""

_ENDS = (".", "?", "!", "。", "？", "！", "]", "}")

_SHARE = 0.8
"""Of what is left of a budget, what the model may take: the rest is for the search itself."""


@dataclass(frozen=True, slots=True)
class Written:
    """What steps had written: usable `texts`, by step; a report of each that was asked, what the
    searcher should know, and the steps that there was no time for."""

    texts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    reports: Mapping[str, Json] = field(default_factory=dict)
    notes: Sequence[str] = ()
    cut: Sequence[str] = ()


def reader_of(question: str, analyzer: Analyzer) -> Reader:
    """Reads what is written about a question."""
    return Reader(question, analyzer.terms, function_terms(analyzer))


def written(
    model: StepModel, names: Sequence[str], reader: Reader, clock: Clock, pace: Pace
) -> Written:
    """What the steps of these names (of QUERY_STEPS) make of a question, all asked at once."""
    instructions = {name: instruction(name, reader.question) for name in names}
    read = {
        "rewrite": reader.wordings,
        "decompose": reader.parts,
        "step_back": reader.general,
        "hyde": reader.passage,
    }
    found = _answers(model, instructions, clock, pace)
    replies = {name: read[name](whole(answer)) for name, answer in found.items()}
    return _told(found, replies, [name for name in names if name not in found])


def standing_alone(
    model: StepModel, reader: Reader, history: Sequence[Turn], clock: Clock, pace: Pace
) -> Written:
    """A follow-up question made to stand by itself."""
    instructions = {FOLLOW_UP: follow_up_instruction(reader.question, history)}
    said = "\n".join(f"{turn.question}\n{turn.answer}" for turn in history)
    found = _answers(model, instructions, clock, pace)
    replies = {name: reader.standalone(whole(answer), said) for name, answer in found.items()}
    return _told(found, replies, [] if found else [FOLLOW_UP])


def _told(found: Mapping[str, Answer], replies: Mapping[str, Reply], cut: Sequence[str]) -> Written:
    notes: list[str] = []
    ended = list(cut)
    for name, answer in found.items():
        if answer.is_cut:
            ended.append(name)
        elif answer.fault:
            notes.append(Fault(f"the step {name} was left out: {answer.fault}"))
        elif not answer.completion.text:
            notes.append(f"the step {name} was left out: the model wrote nothing")
        elif not replies[name].texts and replies[name].dropped:
            notes.append(f"the step {name} was left out: nothing that the model wrote can be used")
    return Written(
        {name: reply.texts for name, reply in replies.items() if reply.texts},
        {name: _report(answer, replies[name]) for name, answer in found.items()},
        notes,
        ended,
    )


def _answers(
    model: StepModel, instructions: Mapping[str, str], clock: Clock, pace: Pace
) -> dict[str, Answer]:
    """The answer to each instruction that there is time for."""
    left_ms = clock.left_ms * _SHARE
    due = {name: text for name, text in instructions.items() if pace.fits(name, left_ms)}
    found = answers(model, due, left_ms)
    for name, answer in found.items():
        pace.took(name, answer.ms)
    return found


def whole(answer: Answer) -> str:
    """What was written, without the line in the middle of which the model was stopped."""
    text = answer.completion.text
    if not answer.completion.is_cut or text.endswith(_ENDS):
        return text
    whole, _, _ = text.rpartition("\n")
    return whole or text


def _report(answer: Answer, reply: Reply) -> Json:
    return {
        "calls": 1,
        "prompt_tokens": answer.completion.prompt_tokens,
        "completion_tokens": answer.completion.completion_tokens,
        "ms": round(answer.ms, 1),
        "texts": list(reply.texts),
        "dropped": reply.dropped,
    }
