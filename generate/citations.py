"""Checking an answer's citations against the passages that it was written from.

Each mark belongs to the sentence before it (or to the sentence after it where it opens a line).
A mark stays where its passage holds up the sentence, or at least the part of the sentence since
the mark before it. What does not stand is taken out of the text and reported. Numbers are not
changed: `[n]` stays the number of the passage.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from generate.contract import Answer, Citation, Passage, SentenceSupport, Similarity, Terms
from generate.language import says_unknown
from generate.marks import Mark, blank, marks, rewrite
from generate.support import Evidence, Judge, Verdict, best
from generate.units import sentences

_PREFIX = re.compile(r"\s*(?:#{1,6}\s+|>\s*|[-*+•]\s+|\d{1,2}[.)、．]\s*(?!\d))+")
_TABLE_RULE = re.compile(r"[\s|:\-]+")
_STOPPED = re.compile(r"[.!?。！？…][\"'”’)）】」*_]*\s*\Z")
_WORDY = re.compile(r"\w")
_SHOWN = 60  # characters of a sentence in a message
_NEAR = 40  # characters before a mark in which its full stop is looked for


@dataclass(frozen=True, slots=True)
class _Claim:
    """A sentence of the answer: its span, without bullet and trailing marks, and its words."""

    start: int
    end: int
    text: str
    heading: bool = False


@dataclass(slots=True)
class _Bench:
    """What one check works with: evidence by passage number, and verdicts already given."""

    judge: Judge
    evidence: Mapping[int, Evidence]
    function_terms: frozenset[str]
    verdicts: dict[tuple[str, int], Verdict] = field(default_factory=dict)

    def weigh(self, claim: str, number: int) -> Verdict:
        key = (claim, number)
        if key not in self.verdicts:
            evidence = self.evidence.get(number)
            self.verdicts[key] = (
                self.judge.weigh(claim, evidence, self.function_terms)
                if evidence is not None
                else Verdict(False, 0.0, f"there is no passage {number}")
            )
        return self.verdicts[key]

    def has_content(self, claim: str) -> bool:
        return bool(set(self.judge.terms(claim)) - self.function_terms)


@dataclass(frozen=True, slots=True)
class CitationChecker:
    """Checks answers. `terms` is the index analyzer's; `similarity`, where there is one, judges
    sentences that are in another language than their passage.
    """

    terms: Terms
    similarity: Similarity | None = None

    def check(self, answer: Answer, passages: Sequence[Passage]) -> Answer:
        """The answer with only those marks that stand, their citations, what was dropped, and
        notes. Checking a checked answer again changes neither its text nor its citations.
        """
        judge = Judge(self.terms, self.similarity)
        evidence = {passage.number: judge.evidence(passage) for passage in passages}
        bench = _Bench(judge, evidence, judge.function_terms())
        dropped: list[str] = []
        text, citations = _settle(answer.text, bench, dropped)
        notes = list(answer.notes)
        unknown = not citations and says_unknown(text)
        if not citations and answer.known and not unknown:
            attached = _attach(text, bench)
            if attached != text:
                text, citations = _settle(attached, bench, dropped)
                if citations:
                    notes.append("the citations were added afterwards by comparing with passages")
        known = answer.known and not unknown
        held = _held(text, citations, bench) if known else ()
        bare = sum(not one.numbers for one in held)
        if bare:
            notes.append(f"{bare} of {len(held)} sentences carry no citation that stood the check")
        return replace(
            answer,
            text=text,
            citations=tuple(citations),
            known=known,
            dropped=(*answer.dropped, *dropped),
            notes=tuple(dict.fromkeys(notes)),
            sentences=held,
            support=_whole(held),
        )


def _settle(text: str, bench: _Bench, dropped: list[str]) -> tuple[str, list[Citation]]:
    """Drop marks until all that are left stand; taking one out can join others anew."""
    while True:
        found = marks(text)
        claims = _claims(text, found)
        kept: dict[Mark, list[int]] = {}
        citations: dict[tuple[tuple[int, int], int], Citation] = {}
        for at, mark in enumerate(found):
            kept[mark] = []
            claim = _owner(mark, claims, text)
            for number in mark.numbers:
                verdict, span, words = _verdict(text, found, at, claim, number, bench)
                if verdict.stands:
                    kept[mark].append(number)
                    quote = bench.judge.quote(words, bench.evidence[number])
                    chunk = bench.evidence[number].passage.chunk
                    citation = Citation(number, chunk, span, quote, min(verdict.support, 1.0))
                    citations.setdefault((span, number), citation)
                else:
                    dropped.append(f"[{number}] after {_shown(words)}: {verdict.reason}")
        settled = rewrite(text, found, lambda mark, kept=kept: kept[mark])  # type: ignore[misc]
        if settled == text:
            return text, [citations[key] for key in sorted(citations)]
        text = settled


def _verdict(
    text: str,
    found: Sequence[Mark],
    at: int,
    claim: _Claim | None,
    number: int,
    bench: _Bench,
) -> tuple[Verdict, tuple[int, int], str]:
    """The verdict on one number of one mark, the span that it is about, and its words."""
    if claim is None:
        return Verdict(False, 0.0, "it stands at no sentence"), (0, 0), ""
    whole = bench.weigh(claim.text, number)
    span = (claim.start, claim.end)
    if whole.stands or number not in bench.evidence:
        return whole, span, claim.text
    start, end = _clause(text, found, at, claim)
    words = _words(blank(text, found)[start:end])
    if (start, end) == span or not bench.has_content(words):
        return whole, span, claim.text
    part = bench.weigh(words, number)
    return (part, (start, end), words) if part.stands else (whole, span, claim.text)


def _clause(text: str, found: Sequence[Mark], at: int, claim: _Claim) -> tuple[int, int]:
    """The part of the claim since the mark before; marks side by side share it."""
    first = at
    while first and not text[found[first - 1].end : found[first].start].strip():
        first -= 1
    start = max(claim.start, found[first - 1].end if first else 0)
    end = min(claim.end, found[first].start)
    piece = text[start:end]
    start += len(piece) - len(piece.lstrip(" \t,，;；、.。"))
    return (start, max(start, start + len(text[start:end].rstrip())))


def _claims(text: str, found: Sequence[Mark]) -> list[_Claim]:
    """The sentences of an answer in order; a table row is one. The marks are no part of their
    words, and one that stands behind a full stop ends a sentence for certain."""
    plain = blank(text, found)
    breaks = [
        mark.end for mark in found if _STOPPED.search(plain, max(0, mark.start - _NEAR), mark.start)
    ]
    claims: list[_Claim] = []
    at = 0
    for line in plain.split("\n"):
        inner = [b - at for b in breaks if at < b < at + len(line)]
        edges = [0, *inner, len(line)] if not line.lstrip().startswith("|") else [0, len(line)]
        for left, right in pairwise(edges):
            whole = [(0, right - left)] if len(edges) == 2 and line.lstrip()[:1] == "|" else None
            for start, end in whole or _joined(line[left:right]):
                claim = _claim(line, left + start, left + end, at)
                if claim is not None:
                    claims.append(claim)
        at += len(line) + 1
    return claims


def _joined(text: str) -> list[tuple[int, int]]:
    """The sentences of a line; what a semicolon parts is cited as one."""
    spans: list[tuple[int, int]] = []
    for start, end in sentences(text):
        if spans and text[spans[-1][1] - 1] in ";；":
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
    return spans


def _claim(line: str, start: int, end: int, at: int) -> _Claim | None:
    """The sentence line[start:end] without bullet and edges; None where no word is left."""
    prefix = _PREFIX.match(line, start, end)
    begin = prefix.end() if prefix else start
    piece = line[begin:end]
    begin += len(piece) - len(piece.lstrip())
    end = begin + len(piece.strip())
    if not _WORDY.search(line, begin, end):
        return None
    heading = line.lstrip().startswith("#")
    return _Claim(at + begin, at + end, _words(line[begin:end]), heading)


def _owner(mark: Mark, claims: Sequence[_Claim], text: str) -> _Claim | None:
    """The sentence that the mark belongs to."""
    before = [claim for claim in claims if claim.start < mark.start]
    after = [claim for claim in claims if claim.start >= mark.end]
    line_start = text.rfind("\n", 0, mark.start) + 1
    if before and before[-1].start >= line_start:
        return before[-1]
    if after and "\n" not in text[mark.end : after[0].start]:
        return after[0]
    return before[-1] if before else None


def _attach(text: str, bench: _Bench) -> str:
    """The text with a mark behind every sentence that some passage holds up well."""
    evidence = list(bench.evidence.values())
    out = text
    for claim in reversed(_claims(text, marks(text))):
        if not _asserts(claim, bench):
            continue
        choice = best(bench.judge, claim.text, evidence, bench.function_terms)
        if choice is not None:
            end = claim.end - 1 if claim.text.endswith("|") else claim.end
            out = f"{out[:end].rstrip()} [{choice[0].passage.number}]{out[end:]}"
    return out


def _asserts(claim: _Claim, bench: _Bench) -> bool:
    """Whether a sentence claims something: not a heading, a question or a lead-in."""
    if claim.heading or claim.text.endswith((":", "：", "?", "？")):
        return False
    return _TABLE_RULE.fullmatch(claim.text) is None and bench.has_content(claim.text)


def _held(text: str, citations: Sequence[Citation], bench: _Bench) -> tuple[SentenceSupport, ...]:
    """How far each sentence that claims something is held up: by the best of its citations. Where
    these stand for parts of it only, what they leave out counts as not held up."""
    found = []
    for claim in (c for c in _claims(text, marks(text)) if _asserts(c, bench)):
        mine = [
            one
            for one in citations
            if one.answer_span[0] < claim.end and claim.start < one.answer_span[1]
        ]
        support = 0.0
        for span in dict.fromkeys(one.answer_span for one in mine):
            best_of = max(one.support for one in mine if one.answer_span == span)
            inside = min(span[1], claim.end) - max(span[0], claim.start)
            support += best_of * inside / (claim.end - claim.start)
        numbers = tuple(dict.fromkeys(one.number for one in mine))
        found.append(SentenceSupport((claim.start, claim.end), min(support, 1.0), numbers))
    return tuple(found)


def _whole(held: Sequence[SentenceSupport]) -> float:
    """The mean of the sentences' support, each by its length; 0 where nothing is claimed."""
    length = sum(one.span[1] - one.span[0] for one in held)
    weighed = sum(one.support * (one.span[1] - one.span[0]) for one in held)
    return weighed / length if length else 0.0


def _words(text: str) -> str:
    return " ".join(text.split())


def _shown(words: str) -> str:
    return repr(words if len(words) <= _SHOWN else words[: _SHOWN - 1] + "…")
