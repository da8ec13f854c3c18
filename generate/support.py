"""Does a passage hold up a sentence?

Hard facts come first: every number, every quoted string and every name or identifier of the
sentence must stand in the passage (its title and headings included). Then enough of the
sentence's content words must, or, where words cannot match because the two are in different
languages or the sentence is a paraphrase, an injected similarity must be high.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from generate.contract import Passage, Similarity, Terms
from generate.language import language
from generate.lift import lifts
from generate.numbers import Number, missing, numbers
from generate.units import sentences
from index.pipeline import function_words

# Half of the content words: a faithful paraphrase keeps its nouns and changes its verbs, and
# below half, two sentences on the same subject can no longer be told from a false one.
MIN_OVERLAP = 0.5
# With a quarter of the words in common, similarity may decide for a sentence in the passage's
# own language; with fewer it only shows that the subject is the same.
MIN_PARAPHRASE_OVERLAP = 0.25
# Lifts with multilingual-e5-small on parallel articles (XQuAD, Chinese and English). A sentence
# against its own translation: 90 in 100 are above 0.35; against the next paragraph of the same
# article in the other language: 90 in 100 below 0.35, in the same language 95 below 0.54.
MIN_LIFT_ACROSS = 0.35
MIN_LIFT_WITHIN = 0.55
# A citation that the writer did not set needs more than one that he did.
SURE_OVERLAP = 0.65
SURE_LIFT_ACROSS = 0.45

_QUOTED = re.compile(
    r'"([^"\n]{2,})"|“([^”\n]{2,})”|「([^」\n]{2,})」|『([^』\n]{2,})』|《([^》\n]{2,})》'
)
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_])[A-Za-z\u00c0-\u024f][A-Za-z0-9_\u00c0-\u024f]*"
    r"(?:[.\-_/@&][A-Za-z0-9_\u00c0-\u024f]+)*"
)
_IDENTIFIER = re.compile(r".*[\d_@/].*|.+[A-Z].*")
_CODE = re.compile(
    r"(?<![A-Za-z0-9])(?=[A-Za-z0-9_/.-]*\d)(?=[A-Za-z0-9_/.-]*[A-Za-z])[A-Za-z0-9]+"
    r"(?:[-_/.][A-Za-z0-9]+)*"
)
_BETWEEN = re.compile(r"[\s_/.-]+")
_NUMBER = re.compile(r"\W?\d[\d.-]*")
_BLANKS = re.compile(r"\s+")
_EDGES = ".,;:!?。，；：！？、…*_` "


def fold(text: str) -> str:
    """One width, one case, single spaces."""
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", text).casefold()).strip()


@dataclass(frozen=True, slots=True)
class Evidence:
    """A passage made ready for checking; its title and headings count as part of it."""

    passage: Passage
    folded: str
    squashed: str
    terms: frozenset[str]
    numbers: tuple[Number, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the sentence stands, how well (0 to 1), and if not, why. `sure` is enough to cite
    the passage where the writer did not."""

    stands: bool
    support: float
    reason: str = ""
    sure: bool = False


@dataclass(frozen=True, slots=True)
class Judge:
    """Weighs sentences against passages. `terms` cuts words; `similarity`, where there is one,
    judges what words cannot.
    """

    terms: Terms
    similarity: Similarity | None = None

    def evidence(self, passage: Passage) -> Evidence:
        """The passage, analysed once for any number of sentences."""
        text = f"{passage.chunk.context}\n{passage.chunk.text}"
        folded = fold(text)
        return Evidence(
            passage,
            folded,
            folded.replace(" ", ""),
            frozenset(self.terms(text)),
            tuple(numbers(text)),
            language(passage.chunk.text),
        )

    def function_terms(self) -> frozenset[str]:
        """The terms that carry no content."""
        return frozenset(self.terms("\n".join(function_words())))

    def weigh(self, sentence: str, evidence: Evidence, function_terms: frozenset[str]) -> Verdict:
        """Hard facts, then words, then similarity."""
        foreign = language(sentence) != evidence.language
        problem = unfounded(sentence, evidence, foreign, self.terms)
        if problem:
            return Verdict(False, 0.0, problem)
        content = set(self.terms(sentence)) - function_terms
        # Numbers have been checked by what they say: 17.455 billion is 17,455 million.
        content = {term for term in content if not _NUMBER.fullmatch(term)} or content
        overlap = len(content & evidence.terms) / len(content) if content else 0.0
        if overlap >= MIN_OVERLAP:
            return Verdict(True, overlap, sure=overlap >= SURE_OVERLAP)
        if not foreign and overlap < MIN_PARAPHRASE_OVERLAP:
            return Verdict(False, overlap, f"only {overlap:.0%} of its words are in the passage")
        if self.similarity is None:
            if foreign and facts(sentence):
                return Verdict(True, MIN_OVERLAP)
            return Verdict(False, overlap, f"only {overlap:.0%} of its words are in the passage")
        lift = self._best_lift(sentence, evidence.passage)
        support = max(overlap, lift)
        if lift >= (MIN_LIFT_ACROSS if foreign else MIN_LIFT_WITHIN):
            return Verdict(True, support, sure=foreign and lift >= SURE_LIFT_ACROSS)
        return Verdict(False, support, "the passage does not say this")

    def quote(self, sentence: str, evidence: Evidence) -> str:
        """The sentence of the passage that supports best, as it stands there; "" where the
        passage has no text. Words decide, or similarity across languages; the first of equals.
        """
        text = evidence.passage.chunk.text
        pieces = [text[start:end] for start, end in sentences(text)]
        if not pieces:
            return ""
        if self.similarity is not None and language(sentence) != evidence.language:
            scores = [float(lift) for lift in lifts(self.similarity, sentence, pieces)]
        else:
            content = set(self.terms(sentence))
            scores = [_likeness(content, set(self.terms(piece))) for piece in pieces]
        return pieces[max(range(len(pieces)), key=lambda i: (scores[i], -i))]

    def _best_lift(self, sentence: str, passage: Passage) -> float:
        text = passage.chunk.text
        pieces = [text[start:end] for start, end in sentences(text)]
        if self.similarity is None or not pieces:
            return 0.0
        return float(lifts(self.similarity, sentence, pieces).max())


def _likeness(claim: set[str], piece: set[str]) -> float:
    """Share of the claim's terms in the piece, with a little taken off for what else it says."""
    if not claim or not piece:
        return 0.0
    shared = len(claim & piece)
    return shared / len(claim) + 0.1 * shared / len(piece)


def unfounded(sentence: str, evidence: Evidence, foreign: bool, terms: Terms) -> str:
    """The first kind of hard fact that the passage lacks, as a reason; "" if it has them all."""
    lost = missing(numbers(sentence), evidence.numbers)
    if lost:
        return f"the passage does not hold the number {', '.join(lost)}"
    for quoted in quotations(sentence):
        if not foreign and fold(quoted).replace(" ", "") not in evidence.squashed:
            return f"the passage does not hold the quotation {quoted!r}"
    for name in names(sentence):
        if foreign and not _IDENTIFIER.fullmatch(name):
            continue  # names are translated with the sentence
        if not _holds(evidence, name, terms):
            return f"the passage does not mention {name!r}"
    return ""


def facts(sentence: str) -> list[str]:
    """Numbers, and identifiers that are the same in every language."""
    found = [number.digits for number in numbers(sentence)]
    return found + [name for name in names(sentence) if _IDENTIFIER.fullmatch(name)]


def quotations(sentence: str) -> list[str]:
    """What stands between quotation marks, without punctuation at its edges."""
    found = []
    for match in _QUOTED.finditer(sentence):
        inner = next(group for group in match.groups() if group is not None).strip(_EDGES)
        if inner:
            found.append(inner)
    return found


def names(sentence: str) -> list[str]:
    """Latin words that name something: capitalised inside the sentence, or written as an
    identifier (digits, inner capitals, underscores) anywhere.
    """
    plain = sentence.replace("*", " ").replace("`", " ")
    found: list[str] = []
    small = set(function_words())
    for match in _TOKEN.finditer(plain):
        word = match.group()
        if len(word) < 2 or word.lower() in small:
            continue
        opens = not plain[: match.start()].strip(" \"'“‘(（[-–—•#>0123456789.)")
        if _IDENTIFIER.fullmatch(word) or (word[0].isupper() and not opens):
            found.append(word)
    return found


def _holds(evidence: Evidence, name: str, terms: Terms) -> bool:
    folded = re.escape(fold(name))
    if re.search(rf"(?<![a-z]){folded}(?![a-z])", evidence.folded):
        return True
    cut = set(terms(name))
    return bool(cut) and cut <= evidence.terms


def best(
    judge: Judge, sentence: str, evidence: Sequence[Evidence], function_terms: frozenset[str]
) -> tuple[Evidence, Verdict] | None:
    """The passage that holds the sentence up best, where one does so well enough to be cited
    without having been named; the first of equals.
    """
    found: tuple[Evidence, Verdict] | None = None
    for candidate in evidence:
        verdict = judge.weigh(sentence, candidate, function_terms)
        if verdict.sure and (found is None or verdict.support > found[1].support):
            found = (candidate, verdict)
    return found


def unheard_of(question: str, passages: Sequence[Passage]) -> list[str]:
    """A note on what the question names by a code ("AV-500") and no passage does."""
    texts = [fold(f"{p.chunk.context}\n{p.chunk.text}") for p in passages]
    squashed = [_BETWEEN.sub("", text) for text in texts]
    codes = dict.fromkeys(_CODE.findall(question)) if passages else {}
    lost = [n for n in codes if not any(_BETWEEN.sub("", fold(n)) in text for text in squashed)]
    return [f"no passage that was found names {', '.join(map(repr, lost))}"] if lost else []
