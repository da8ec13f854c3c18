"""Themes in the words of a language model, by map and reduce (Edge et al. 2024, "From Local to
Global: A Graph RAG Approach to Query-Focused Summarization", arXiv:2404.16130).

Map: of each theme the model reads some passages, and writes a title, what they say to the question
and how much that helps. Reduce: of what helps most it writes one answer. There are as many calls
as themes and one more. The themes stand without the model, too: where it is down, slow or talks
nonsense, they stay as they were, and that is told.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from index.pipeline import Snapshot
from ingest.contract import Chunk, Json
from retrieve.calls import Answer, answers
from retrieve.clock import Clock
from retrieve.contract import StepModel, Theme
from retrieve.model_steps import Written, reader_of, whole
from retrieve.notes import Fault
from retrieve.pace import Pace
from retrieve.replies import Reader
from retrieve.themes.instructions import map_instruction, reduce_instruction

STEP = "map_reduce"
"""The name under which the model's part is reported."""

_AT_ONCE = 4
"""Calls that wait for an answer at the same time."""

_SHARE = 0.8
"""Of what is left of a budget, what the model may take."""

_REDUCED = "reduce"
_READ, _PASSAGE_CHARS = 5, 600
"""Passages of a theme that the model reads, and so much of each."""

_MAX_SCORE, _UNSAID = 100, 50
_TITLE_CHARS = 80
_LABELLED = re.compile(
    r"^[\W_]*(?:(?P<title>title|标题|題目|标题名|主题)|(?P<score>score|helpfulness|评分|得分|分数)|"
    r"(?P<answer>answer|response|回答|答案|答复))[*_ ]*[:：]\s*(?P<rest>.*)$",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class Answered:
    """The themes, those that help most first, with what the model says of each, and one `answer`
    of all of them (empty where there is none); a theme is named in it by its number in brackets.
    `told` is what there is to report."""

    themes: Sequence[Theme]
    answer: str = ""
    told: Written = field(default_factory=Written)


def answered(
    model: StepModel,
    snapshot: Snapshot,
    question: str,
    themes: Sequence[Theme],
    clock: Clock,
    pace: Pace,
) -> Answered:
    """What the model answers to a question from the themes; these are left as they are where it
    cannot be asked, or says nothing that can be used."""
    if not themes:
        return Answered(themes)
    work = _Work(model, reader_of(question, snapshot.parts.analyzer), clock, pace)
    partial = work.mapped(snapshot, themes)
    order = sorted(partial, key=lambda place: (-partial[place].score, place))
    helping = [place for place in order if partial[place].score > 0 and partial[place].answer]
    rest = [place for place in range(len(themes)) if place not in helping]
    now = [_written(themes[place], partial[place]) for place in helping]
    answer = work.reduced(now)
    return Answered([*now, *(themes[place] for place in rest)], answer, work.told(len(helping)))


@dataclass(frozen=True, slots=True)
class _Partial:
    """What the model wrote of a theme."""

    title: str
    score: int
    answer: str


def _written(theme: Theme, partial: _Partial) -> Theme:
    return replace(theme, title=partial.title or theme.title, answer=partial.answer)


@dataclass
class _Work:
    """The calls of one question, and what came of them."""

    model: StepModel
    reader: Reader
    clock: Clock
    pace: Pace
    done: list[Answer] = field(default_factory=list)
    late: bool = False
    useless: int = 0

    def mapped(self, snapshot: Snapshot, themes: Sequence[Theme]) -> dict[int, _Partial]:
        """By the place of the theme; those that nothing usable was written of are missing."""
        wanted = sorted({key for theme in themes for key in theme.keys[:_READ]})
        chunks = {key: stored.chunk for key, stored in snapshot.chunks(wanted).items()}
        messages = {
            str(place): map_instruction(self.reader.question, theme.title, _texts(theme, chunks))
            for place, theme in enumerate(themes)
        }
        found: dict[int, _Partial] = {}
        for start in range(0, len(themes), _AT_ONCE):
            batch = {str(n): messages[str(n)] for n in range(start, len(themes))[:_AT_ONCE]}
            for name, answer in self._asked("map", batch).items():
                partial = _parsed(whole(answer), self.reader)
                if partial is not None:
                    found[int(name)] = partial
                elif answer.completion.text:
                    self.useless += 1
            if self.late or self._is_down():
                break
        return found

    def reduced(self, themes: Sequence[Theme]) -> str:
        """One answer of those of the themes."""
        if len(themes) < 2 or self.late or self._is_down():
            return themes[0].answer if themes else ""
        parts = [(theme.title, theme.answer) for theme in themes]
        message = reduce_instruction(self.reader.question, parts)
        for answer in self._asked(_REDUCED, {_REDUCED: message}).values():
            for text in self.reader.passage(whole(answer)).texts:
                return text
        return ""

    def _asked(self, kind: str, messages: Mapping[str, str]) -> dict[str, Answer]:
        left_ms = self.clock.left_ms * _SHARE
        name = f"{STEP} {kind}"
        if not self.pace.fits(name, left_ms):
            self.late = True
            return {}
        found = answers(self.model, messages, left_ms)
        self.late = self.late or not found or any(one.is_cut for one in found.values())
        if found:
            self.pace.took(name, max(one.ms for one in found.values()))
        self.done.extend(found.values())
        return found

    def _is_down(self) -> bool:
        """Whether no call of the last ones was answered: the others would only be waited for."""
        return bool(self.done) and all(one.fault for one in self.done[-_AT_ONCE:])

    def told(self, helped: int) -> Written:
        faults = [one.fault for one in self.done if one.fault and not one.is_cut]
        notes: list[str] = []
        if faults:
            said = f"some themes are told without the language model: {faults[0]}"
            notes.append(Fault(said))
        elif self.done and not helped and not self.late:
            notes.append("the themes are told without the language model: it wrote nothing usable")
        report: dict[str, Json] = {
            "calls": len(self.done),
            "prompt_tokens": _sum([one.completion.prompt_tokens for one in self.done]),
            "completion_tokens": _sum([one.completion.completion_tokens for one in self.done]),
            "ms": round(sum(one.ms for one in self.done), 1),
            "helped": helped,
            "dropped": self.useless,
        }
        return Written({}, {STEP: report} if self.done else {}, notes, [STEP] if self.late else [])


def _texts(theme: Theme, chunks: Mapping[int, Chunk]) -> list[str]:
    """What the model reads of a theme: sentences of its summary, and its first chunks."""
    quoted = " ".join(quote.text for quote in theme.summary)
    found = [chunks[key] for key in theme.keys[:_READ] if key in chunks]
    texts = [" ".join(f"{one.context}\n{one.text}".split())[:_PASSAGE_CHARS] for one in found]
    return [quoted, *texts] if quoted else texts


def _parsed(text: str, reader: Reader) -> _Partial | None:
    """What the model wrote, by its labels, or as an answer where it has none; None where nothing
    of it can be used."""
    parts: dict[str, list[str]] = {}
    label = "answer"
    for line in text.splitlines():
        match = _LABELLED.match(line)
        if match is not None:
            label = next(name for name in ("title", "score", "answer") if match[name])
            line = match["rest"]
        parts.setdefault(label, []).append(line)
    number = _NUMBER.search(" ".join(parts.get("score", ())))
    score = min(int(number.group()), _MAX_SCORE) if number else _UNSAID
    title = " ".join(" ".join(parts.get("title", ())).split()).strip("\"'“”‘’*_# ")
    usable = reader.passage("\n".join(parts.get("answer", ()))).texts
    if not usable and score > 0:
        return None
    return _Partial(title if len(title) <= _TITLE_CHARS else "", score, "".join(usable))


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
