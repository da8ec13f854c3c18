"""Answers made of the passages' own sentences, list items and table rows; no language model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from generate.citations import CitationChecker
from generate.contract import (
    Answer,
    Event,
    Outline,
    Passage,
    Similarity,
    Terms,
    TextDelta,
    Translate,
)
from generate.language import script
from generate.outline import heading_of
from generate.prompt import estimate_tokens
from generate.question import Question, understand
from generate.scoring import Scored, relevant, score
from generate.units import Unit, UnitKind, cut, readable, sentences
from generate.unknown import unknown

# A further sentence is worth its place while it is nearly as good as the best one. What was asked
# often stands in the sentence beside the one that takes up the question's words, so those before
# and after it are read with it. Of the sample questions, 27 have the answer in up to four such
# sentences, 34 in these and their neighbours (0.8 and no neighbours: 25).
NEARLY_AS_GOOD = 0.7
# Share of the smaller one's terms above which two units say the same.
SAME = 0.8
MAX_LIST = 20  # items of one list that are shown
LONG = 120  # tokens from which an answer of several aspects has headings; others from twice that
WIDE_ROW = 6  # columns; of wider tables the row's name and the columns asked for are shown
_BULLET = 4  # characters of a list marker at most

_STOP = re.compile(r"[.!?。！？…；;][\"'”’)）】」』]*$")
_LEANS = re.compile(
    r"(?:it|its|they|their|he|his|she|her|this|these|that|those|such|both|here|there)\b"
    r"|[它他她]们?|[这這此该該其]|[本上]述|两者|前者|后者",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class ExtractiveGenerator:
    """Quotes what answers best. `terms` is the index analyzer's; `similarity` compares the
    question with each sentence and is needed where the two are in different languages, and
    `translate` knows the question's words in the other one. `max_units` bounds the sentences or
    rows that an answer is built on, without the sentences beside them; a list asked for counts as
    one.
    """

    terms: Terms
    similarity: Similarity | None = None
    translate: Translate | None = None
    max_units: int = 5

    def __post_init__(self) -> None:
        if self.max_units < 1:
            raise ValueError(f"max_units must be at least 1, not {self.max_units}")

    @property
    def name(self) -> str:
        return "extractive"

    def stream(self, question: str, passages: Sequence[Passage]) -> Iterator[Event]:
        """The answer line by line, then whole. Raises nothing of its own."""
        answer = self.answer(question, passages)
        if answer.outline:
            yield Outline(tuple(answer.outline))
        for line in answer.text.splitlines(keepends=True):
            yield TextDelta(line)
        yield answer

    def answer(self, question: str, passages: Sequence[Passage]) -> Answer:
        """The best units, each with its citation; or that there are none, and the nearest
        passages.
        """
        asked = understand(question, self.terms, self.translate)
        units = [unit for passage in passages for unit in cut(passage)]
        scored = score(asked, units, self.terms, self.similarity)
        if not relevant(scored, self.similarity is not None):
            return unknown(script(question), passages, self.name)
        chosen = _choose(asked, scored, self.max_units)
        text, headings = _arranged(asked, chosen, units)
        answer = Answer(text, (), True, self.name, outline=headings)
        checked = CitationChecker(self.terms, self.similarity).check(answer, passages)
        return checked if checked.citations else unknown(script(question), passages, self.name)


def _choose(asked: Question, scored: Sequence[Scored], limit: int) -> list[Scored]:
    """The best units that do not repeat each other, in reading order: the passage of the best
    one first.
    """
    ranked = sorted(
        (s for s in scored if s.unit.kind is not UnitKind.INTRO or asked.wants_many),
        key=lambda s: (-s.score, s.unit.passage.number, s.unit.span),
    )
    chosen: list[Scored] = []
    for candidate in ranked:
        if len(chosen) == limit or (chosen and candidate.score < NEARLY_AS_GOOD * chosen[0].score):
            break
        if not any(_same(candidate, other) for other in chosen):
            chosen.append(candidate)
    places = {s.unit.passage.number: i for i, s in reversed(list(enumerate(chosen)))}
    read = [*chosen, *_beside(chosen, scored)]
    return sorted(read, key=lambda s: (places[s.unit.passage.number], s.unit.span))


def _beside(chosen: Sequence[Scored], scored: Sequence[Scored]) -> list[Scored]:
    """The sentences and items before and after those that are chosen, in the same passage, that
    say something else than what is there already. A table's rows stand each for itself."""
    at = {(s.unit.passage.number, s.unit.span): i for i, s in enumerate(scored)}
    found: list[Scored] = []
    for entry in chosen:
        place = at[entry.unit.passage.number, entry.unit.span]
        for near in (place - 1, place + 1):
            if not 0 <= near < len(scored) or entry.unit.kind is UnitKind.ROW:
                continue
            other = scored[near]
            together = other.unit.passage.number == entry.unit.passage.number
            is_read = together and other.unit.kind is not UnitKind.ROW and bool(other.terms)
            if is_read and not any(_same(other, one) for one in (*chosen, *found)):
                found.append(other)
    return found


def _same(one: Scored, other: Scored) -> bool:
    first, second = one.unit, other.unit
    if first.passage.number == second.passage.number:
        in_list = bool(first.group) and first.group == second.group
        if in_list or first.kind is second.kind is UnitKind.ROW:  # they share what they hang on
            return first == second
    smaller = min(len(one.terms), len(other.terms))
    return smaller > 0 and len(one.terms & other.terms) / smaller > SAME


def _arranged(
    asked: Question, chosen: Sequence[Scored], units: Sequence[Unit]
) -> tuple[str, tuple[str, ...]]:
    """The text and the headings that it stands under: none where it is short, or comes from one
    section."""
    parts: dict[str, list[Scored]] = {}
    for entry in chosen:
        parts.setdefault(heading_of(entry.unit.passage.chunk), []).append(entry)
    length = sum(estimate_tokens(entry.unit.text) for entry in chosen)
    is_long = length >= LONG if asked.wants_many or asked.compares else length >= 2 * LONG
    if len(parts) < 2 or not is_long or "" in parts:
        return _write(asked, chosen, units), ()
    blocks = [f"### {name}\n\n{_write(asked, part, units)}" for name, part in parts.items()]
    return "\n\n".join(blocks), tuple(parts)


def _write(asked: Question, chosen: Sequence[Scored], units: Sequence[Unit]) -> str:
    """Markdown: sentences as a paragraph, rows and items as bullets, a whole list in place of
    its items where the question asks for one.
    """
    blocks: list[list[str]] = []
    listed: set[tuple[int, int]] = set()
    running: list[str] = []
    for entry in chosen:
        unit = entry.unit
        key = (unit.passage.number, unit.group)
        if key in listed:
            continue
        if unit.kind is UnitKind.SENTENCE and _STOP.search(unit.text):
            running.append(_cited(_placed(asked, entry), unit))
            continue
        if running:
            blocks.append([" ".join(running)])
            running = []
        if unit.kind is UnitKind.ROW:
            blocks.append([_cited(f"- {_row(asked, entry)}", unit)])
        elif asked.wants_many and unit.group:
            listed.add(key)
            blocks.append(_list([u for u in units if (u.passage.number, u.group) == key]))
        elif unit.kind is UnitKind.ITEM:
            blocks.append([_cited(f"- {_placed(asked, entry)}", unit)])
        else:  # a line without a full stop would run into the next sentence
            blocks.append([_cited(_placed(asked, entry), unit)])
    if running:
        blocks.append([" ".join(running)])
    return "\n\n".join("\n".join(block) for block in blocks)


def _list(group: Sequence[Unit]) -> list[str]:
    lines: list[str] = []
    for unit in group[: MAX_LIST + 1]:
        if unit.kind is UnitKind.INTRO:
            lines += [_cited(unit.text, unit), ""]
        else:
            ordered = unit.marker.rstrip(".)、．").isdigit()
            lines.append(_cited(f"{unit.marker if ordered else '-'} {unit.text}", unit))
    return lines


def _placed(asked: Question, entry: Scored) -> str:
    """The unit's text; under its heading where it leans on what went before, or where words of
    the question stand in the heading only.
    """
    unit = entry.unit
    heading = heading_of(unit.passage.chunk)
    if heading and heading not in unit.text and _LEANS.match(unit.text):
        return (
            f"**{heading}**: {unit.text}"
            if asked.language == "en"
            else f"**{heading}**：{unit.text}"
        )
    return unit.text


def _row(asked: Question, entry: Scored) -> str:
    """A table row as a line; of a wide one its first cell and what the question names."""
    cells = entry.unit.cells
    if len(cells) <= WIDE_ROW:
        return entry.unit.text
    wanted = set(asked.terms)
    kept = [
        (name, value)
        for i, (name, value) in enumerate(cells)
        if i == 0 or any(term in f"{name} {value}".casefold() for term in wanted)
    ]
    return readable(kept) if len(kept) > 1 else entry.unit.text


def _cited(text: str, unit: Unit) -> str:
    """The text with a mark behind it, or behind each of its sentences."""
    mark = f"[{unit.passage.number}]"
    if unit.kind is not UnitKind.ITEM:
        return f"{text} {mark}"
    spans = sentences(text)
    if len(spans) < 2:
        return f"{text} {mark}"
    # A sentence that only a bullet or number opens stays with what follows it.
    out = text[: spans[0][0]]
    ends = [*(start for start, _ in spans[1:]), len(text)]
    for (start, end), following in zip(spans, ends, strict=True):
        whole = text[end - 1] not in ";；" and end - start > _BULLET
        if whole or following == len(text):
            out += f"{text[start:end]} {mark} "
        else:
            out += text[start:following]
    return out.rstrip()
