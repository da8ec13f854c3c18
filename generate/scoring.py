"""How well each unit of the passages answers a question, and whether any does."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from generate.contract import Similarity, Terms
from generate.lift import lifts
from generate.question import Question
from generate.units import Unit, UnitKind

# Weights of what speaks for a unit. Words and meaning count alike; the retriever saw the whole
# passage and breaks near ties; the form asked for (a number, a date) decides between sentences
# on the same subject.
COVER, MEANING, RANK, FORM = 1.0, 1.0, 0.15, 0.12
# The words of the question in the other language, by a dictionary; a wording is exact where it
# occurs, and most senses of a word occur nowhere. Of the sample questions, 26 instead of 29 have
# the answer among the first sentences and their neighbours without it.
TRANSLATED = 1.2
# A word that stands in the title, a heading or the list's introduction is said of the unit; one
# in the sentence next to it is only likely to be.
FROM_CONTEXT, FROM_NEIGHBOUR = 0.6, 0.35
# A word of the question that no passage holds may be a synonym, so it weighs half.
ABSENT = 0.5
# A code asked for by name ("E08") leaves no doubt about what is meant: what holds it itself comes
# before what is only said around it.
NAMED = 1.0
SHORT_TERMS, SHORT_PENALTY = 3, 0.3  # a fragment says little, whatever it matches
MAX_COMPARED = 64  # units given to the embedder: what is enough for eight passages

# When is anything in the passages about the question? The bounds are low on purpose: to refuse
# what could be answered is worse than to show the nearest sentence with its source.
# Words alone (xquad-zh, dragonball-zh, hotpotqa), best unit of five passages: 99 in 100 questions
# with an answer there have a coverage over 0.24, 75 in 100 of others stay below 0.26.
MIN_COVERAGE = 0.25
# With an embedder, meaning decides and words help: two questions may share "capital" or "2022"
# with a text that is about something else, so coverage counts up to MOST_COVERAGE only. All of 120
# questions with an answer (the sample questions, xquad-zh and xquad-en on their own passages)
# reach MIN_EVIDENCE; of 168 about something else (xquad, cmrc2018 and cranfield questions on the
# sample documents and on each other) 128 do not.
LIFT_WEIGHT, MOST_COVERAGE, MIN_EVIDENCE = 2.0, 0.3, 0.83

_CODE = re.compile(r"(?=.*\d)(?=.*[A-Za-z]).+")


@dataclass(frozen=True, slots=True)
class Scored:
    """A unit, its score, its own terms, and the two parts that relevance is decided on."""

    unit: Unit
    score: float
    terms: frozenset[str]
    coverage: float
    lift: float


def score(
    question: Question, units: Sequence[Unit], terms: Terms, similarity: Similarity | None
) -> list[Scored]:
    """Every unit scored, in the order given."""
    own = [frozenset(terms(_matched(unit))) for unit in units]
    weights = rarity(question.terms, own)
    total = sum(weights.values()) or 1.0
    codes = {t for t in weights if _CODE.fullmatch(t) and any(t in unit for unit in own)}
    shared = _context(units, own, terms)
    cover = [
        sum(w * max(float(t in own[i]), shared[i].get(t, 0.0)) for t, w in weights.items()) / total
        for i in range(len(units))
    ]
    translated = _translated(question, own)
    looks = [c + t for c, t in zip(cover, translated, strict=True)]
    lift = _meaning(question, units, looks, similarity)
    scored = []
    for i, unit in enumerate(units):
        value = COVER * cover[i] + TRANSLATED * translated[i] + MEANING * float(lift[i])
        value += RANK / math.sqrt(unit.passage.number)
        value += FORM * question.form_of(unit.text)
        if codes and codes <= own[i]:
            value += NAMED
        if len(own[i]) < SHORT_TERMS or unit.text.endswith(("?", "？")):
            value -= SHORT_PENALTY
        scored.append(Scored(unit, value, own[i], cover[i], float(lift[i])))
    return scored


def relevant(scored: Sequence[Scored], compared: bool) -> bool:
    """Whether anything in the passages is about the question.

    Without a similarity (`compared` is False) some unit, its headings and neighbours counted
    in, must hold MIN_COVERAGE of the question's words by weight. With one, LIFT_WEIGHT times the
    lift of a unit and its coverage, up to MOST_COVERAGE, must reach MIN_EVIDENCE together.
    """
    if not compared:
        return any(s.coverage >= MIN_COVERAGE for s in scored)
    return any(
        LIFT_WEIGHT * s.lift + min(s.coverage, MOST_COVERAGE) >= MIN_EVIDENCE for s in scored
    )


def rarity(asked: Sequence[str], units: Sequence[frozenset[str]]) -> dict[str, float]:
    """Weight of each term asked for: its inverse frequency over the units (as in BM25)."""
    return {term: _idf(len(units), sum(term in unit for unit in units)) for term in asked}


def _translated(question: Question, units: Sequence[frozenset[str]]) -> list[float]:
    """Share of the question's notions, by weight and rarity, of which each unit holds a whole
    wording."""
    shares = [0.0] * len(units)
    total = 0.0
    for notion in question.notions:
        held = [any(unit.issuperset(words) for words in notion.wordings) for unit in units]
        df = sum(held)
        weight = notion.weight * _idf(len(units), df)
        total += weight
        for i, holds in enumerate(held):
            shares[i] += weight if holds else 0.0
    return [share / (total or 1.0) for share in shares]


def _idf(n: int, df: int) -> float:
    """Inverse frequency (as in BM25); half of the highest for what stands nowhere."""
    weight = math.log(1 + (n - max(df, 1) + 0.5) / (max(df, 1) + 0.5))
    return weight if df else ABSENT * weight


def _matched(unit: Unit) -> str:
    """What a unit is matched on: a row with its headers."""
    return " ".join(f"{name} {value}" for name, value in unit.cells) or unit.text


def _context(
    units: Sequence[Unit], own: Sequence[frozenset[str]], terms: Terms
) -> list[dict[str, float]]:
    """For each unit, the terms that stand around it and how far they count."""
    headings: dict[int, frozenset[str]] = {}
    intros: dict[tuple[int, int], frozenset[str]] = {}
    leads: dict[int, frozenset[str]] = {}  # the sentence before a passage's (last) table
    for i, unit in enumerate(units):
        number = unit.passage.number
        if number not in headings:
            headings[number] = frozenset(terms(unit.passage.chunk.context))
        if unit.kind is UnitKind.INTRO:
            intros[number, unit.group] = own[i]
        elif unit.kind is UnitKind.ROW and i and units[i - 1].kind is not UnitKind.ROW:
            leads[number] = own[i - 1] if units[i - 1].passage.number == number else frozenset()
    around: list[dict[str, float]] = []
    for i, unit in enumerate(units):
        number = unit.passage.number
        found: dict[str, float] = {}
        for j in (i - 1, i + 1):
            if 0 <= j < len(units) and units[j].passage.number == number:
                found.update(dict.fromkeys(own[j], FROM_NEIGHBOUR))
        if unit.kind is UnitKind.ROW:
            found.update(dict.fromkeys(leads.get(number, ()), FROM_NEIGHBOUR))
        found.update(dict.fromkeys(headings[number], FROM_CONTEXT))
        found.update(dict.fromkeys(intros.get((number, unit.group), ()), FROM_CONTEXT))
        around.append(found)
    return around


def _meaning(
    question: Question, units: Sequence[Unit], looks: Sequence[float], similarity: Similarity | None
) -> npt.NDArray[np.float32]:
    """Lift of each unit; 0 for those that were not compared because others look better."""
    found = np.zeros(len(units), dtype=np.float32)
    if similarity is None:
        return found
    order = sorted(range(len(units)), key=lambda i: (-looks[i], units[i].passage.number, i))
    chosen = sorted(order[:MAX_COMPARED])
    found[chosen] = lifts(similarity, question.text, [_shown(units[i]) for i in chosen])
    return found


def _shown(unit: Unit) -> str:
    """A unit under its heading, which an embedder needs as much as a reader does."""
    path = unit.passage.chunk.heading_path
    heading = path[-1] if path else unit.passage.chunk.title
    return f"{heading}: {unit.text}" if heading else unit.text
