"""Which of the drafts become questions: those that their passage answers and no other passage fits
as well, each once, spread over documents and kinds.
"""

from __future__ import annotations

import hashlib
import math
import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from eval.contract import Question
from eval.making.lighter import lighter
from eval.making.material import Draft, Reader
from eval.passages import fold_text, held_share, holds_answer
from ingest.contract import Chunk, cached_property

_LEAST_COVERED = 0.65
"""Of the weight of a question's words, so much stands in its passage's chunk."""
_MOST_RIVALS = 2
"""So many other chunks may hold all that the chunk holds of the question."""
_RARE = 0.02
"""Words in no more than this share of the chunks say what a question is about."""
_LEAST_RARE = 2
_LEAST_HELD = 3
"""Terms of a question that its chunk has, at least; of a definition's one less."""
_OF_ONE_THING = 40
"""A document of more chunks is about more than one company, trial or pump: to name it says not
which."""
_SHORT_KINDS = ("definition", "heading")
_MOST_OF_A_KIND, _FEW = 0.25, 10
"""No kind is more than this share of what was asked for, or has more than a few: a table could ask
of every cell."""
_SAME = 0.75
"""Share of words in common by which two questions are one."""
_COPIED = 0.5


@dataclass(frozen=True)
class Library:
    """The chunks of a collection, by their words."""

    chunks: Sequence[Chunk]
    reader: Reader

    @cached_property
    def holders(self) -> Mapping[str, frozenset[int]]:
        """The chunks (by their place) that have each term, in their text, title or headings."""
        found: dict[str, set[int]] = defaultdict(set)
        for place, chunk in enumerate(self.chunks):
            for term in set(self.reader.terms(chunk.embedding_text)):
                found[term].add(place)
        return {term: frozenset(places) for term, places in found.items()}

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """How many chunks each document has."""
        return Counter(chunk.document_id for chunk in self.chunks)

    @cached_property
    def places(self) -> Mapping[str, int]:
        """The place of each chunk, by its id."""
        return {chunk.id: place for place, chunk in enumerate(self.chunks)}

    @cached_property
    def folded(self) -> str:
        """All texts, folded, to count what stands in them."""
        return "\n".join(fold_text(chunk.text) for chunk in self.chunks)

    def content(self, text: str) -> list[str]:
        """The terms of a text that say something, each once."""
        terms = dict.fromkeys(self.reader.terms(text))
        return [term for term in terms if term not in self.reader.function_terms]

    def is_specific(self, question: Question) -> bool:
        """Whether a question about a passage of these chunks says enough to find it."""
        held = [
            place
            for place, chunk in enumerate(self.chunks)
            if chunk.document_id == question.document
            and held_share(question.chunk, chunk.text) >= _COPIED
        ]
        terms = self.content(question.text)
        return any(self.fault(terms, place) is None for place in held)

    def weight(self, term: str) -> float:
        """How much a term tells chunks apart: its idf (0 for one that no chunk has)."""
        held = len(self.holders.get(term, ()))
        return math.log(1 + len(self.chunks) / held) if held else 0.0

    def fault(self, terms: Sequence[str], place: int) -> str | None:
        """Why a question of these terms does not single out a chunk; None where it does."""
        held = self._held(terms, place)
        if self.covered(terms, place) < _LEAST_COVERED:
            return "not about its passage"
        limit = max(_LEAST_RARE, _RARE * len(self.chunks))
        rare = [term for term in held if len(self.holders[term]) <= limit]
        if not rare or len(held) < _LEAST_RARE or len(self.rivals(terms, place)) > _MOST_RIVALS:
            return "not specific"
        return None

    def covered(self, terms: Sequence[str], place: int) -> float:
        """The share of the terms' weight that a chunk has; 0 where none has any."""
        total = sum(map(self.weight, terms))
        return sum(map(self.weight, self._held(terms, place))) / total if total else 0.0

    def rivals(self, terms: Sequence[str], place: int) -> list[int]:
        """Other chunks that have all that the chunk has of the terms."""
        sets = sorted((self.holders[term] for term in self._held(terms, place)), key=len)
        common = set(sets[0]) if sets else set()
        for held in sets[1:]:
            common &= held
        return sorted(common - {place})

    def _held(self, terms: Sequence[str], place: int) -> list[str]:
        return [term for term in terms if place in self.holders.get(term, ())]


@dataclass(frozen=True)
class Chosen:
    """A draft that is worth asking, with the terms of its question."""

    draft: Draft
    terms: frozenset[str]


def usable(drafts: Iterable[Draft], library: Library) -> tuple[list[Chosen], dict[str, int]]:
    """The drafts that pass every test, in order, and how many did not pass each."""
    out: Counter[str] = Counter()
    asked: dict[str, set[str]] = defaultdict(set)
    passed: list[Chosen] = []
    every = list(drafts)
    for draft in every:
        asked[fold_text(draft.text)].add(fold_text(draft.answer) or draft.chunk.id)
    for draft in every:
        fault = _fault(draft, library)
        if fault is None and len(asked[fold_text(draft.text)]) > 1:
            fault = "asked with two answers"
        if fault is None:
            best = _lightest(draft, library)
            passed.append(Chosen(best, frozenset(library.content(best.text))))
        else:
            out[fault] += 1
    return passed, dict(sorted(out.items()))


def _lightest(draft: Draft, library: Library) -> Draft:
    """The draft in the fewest words that still ask for its passage alone."""
    place = library.places[draft.chunk.id]
    for text in lighter(draft.text, library.reader):
        shorter = replace(draft, text=text)
        terms = library.content(text)
        if not library.rivals(terms, place) and _fault(shorter, library) is None:
            return shorter
    return draft


def _fault(draft: Draft, library: Library) -> str | None:
    """Why a draft is no good question; None where it is one."""
    if draft.answer:
        if not holds_answer(draft.passage, draft.answer):
            return "no answer in its passage"
        if holds_answer(draft.text, draft.answer):
            return "tells its own answer"
    terms = library.content(draft.text)
    place = library.places[draft.chunk.id]
    least = _LEAST_HELD - (draft.kind in _SHORT_KINDS)
    if draft.needs_place and draft.kind not in ("table", *_SHORT_KINDS):
        if library.sizes[draft.chunk.document_id] > _OF_ONE_THING:
            return "not specific"
        least += 1
        terms_said = library.content(draft.text.replace(place_of(draft.chunk), " "))
    else:
        terms_said = terms
    if len(terms_said) < least:
        return "not specific"
    fault = library.fault(terms, place)
    if fault is not None:
        return fault
    rivals = library.rivals(terms, place)
    if draft.answer and any(holds_answer(library.chunks[r].text, draft.answer) for r in rivals):
        return "answered elsewhere, too"
    if any(held_share(draft.passage, library.chunks[r].text) >= _COPIED for r in rivals):
        return "answered elsewhere, too"
    told = draft.passage.rpartition("\n")[2] if draft.kind == "table" else draft.passage
    folded = fold_text(told)
    if not folded or library.folded.count(folded) != 1:
        return "stands several times"
    return None


def spread(chosen: Sequence[Chosen], count: int, seed: int) -> list[Draft]:
    """At most `count` drafts: the documents in turn, in each the kind that is asked least so far,
    the better ones first; of one chunk one question, and a further one only where the documents
    have nothing else. Questions in the same words are asked once."""
    dice = random.Random(seed)
    by_document: dict[str, list[Chosen]] = defaultdict(list)
    order = {id(one): dice.random() for one in chosen}
    for one in chosen:
        by_document[one.draft.chunk.document_id].append(one)
    documents = sorted(by_document)
    dice.shuffle(documents)
    taken = _Taken(max(_FEW, math.ceil(_MOST_OF_A_KIND * count)))
    for most in (1, 2):
        queues = {name: list(by_document[name]) for name in documents}
        while len(taken.drafts) < count and any(queues.values()):
            for name in documents:
                if len(taken.drafts) < count and queues[name]:
                    _take(queues[name], taken, most, order)
    return taken.drafts


class _Taken:
    """What has been taken so far."""

    def __init__(self, most_of_a_kind: int) -> None:
        self.most_of_a_kind = most_of_a_kind
        self.drafts: list[Draft] = []
        self.kinds: Counter[str] = Counter()
        self.chunks: Counter[str] = Counter()
        self.passages: set[str] = set()
        self.by_term: dict[str, list[frozenset[str]]] = defaultdict(list)

    def has(self, one: Chosen) -> bool:
        """Whether the same is asked already, or of the same passage, or enough of its kind."""
        if self.kinds[one.draft.kind] >= self.most_of_a_kind:
            return True
        if fold_text(one.draft.passage) in self.passages:
            return True
        near = (terms for term in one.terms for terms in self.by_term[term])
        return any(
            len(terms & one.terms) >= _SAME * min(len(terms), len(one.terms)) for terms in near
        )

    def add(self, one: Chosen) -> None:
        self.drafts.append(one.draft)
        self.kinds[one.draft.kind] += 1
        self.chunks[one.draft.chunk.id] += 1
        self.passages.add(fold_text(one.draft.passage))
        for term in one.terms:
            self.by_term[term].append(one.terms)


def _take(queue: list[Chosen], taken: _Taken, most: int, order: Mapping[int, float]) -> None:
    """The next of a document: what cannot be taken leaves the queue."""
    queue.sort(key=lambda one: (taken.kinds[one.draft.kind], -one.draft.strength, order[id(one)]))
    while queue:
        one = queue.pop(0)
        if taken.chunks[one.draft.chunk.id] < most and not taken.has(one):
            taken.add(one)
            return


def split_of(draft: Draft, seed: int, dev_share: float) -> str:
    """The part of the set that a question goes to, by its chunk: questions of one passage are never
    parted."""
    digest = hashlib.sha256(f"{seed}\n{draft.chunk.id}".encode()).digest()
    return "dev" if int.from_bytes(digest[:4], "big") < dev_share * 2**32 else "test"


_FILE = re.compile(
    r"[^\W\d_]{2}.*\.(?:pdf|docx?|pptx?|xlsx?|csv|html?|md|txt|rtf|od[tps]|epub|eml|msg)$",
    re.IGNORECASE,
)
_TITLE_MARKS = re.compile(r"[*_#|]+|\.(?:pdf|docx?|pptx?|xlsx?|html?|md|txt)$", re.IGNORECASE)


def place_of(chunk: Chunk) -> str:
    """What people call a document: its title; its file name, where that is all that there is;
    nothing where it has neither."""
    title = " ".join(_TITLE_MARKS.sub(" ", chunk.title).split())
    name = chunk.document_id.rpartition("/")[2]
    stem = name.rpartition(".")[0] or name
    is_title = fold_text(title) not in ("", fold_text(stem)) and len(title) <= 90
    if is_title and "_" not in chunk.title and re.search(r"[^\W\d_]{2}", title):
        return title
    return name if _FILE.search(name) else ""


def placed(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """Questions that are understood only where the document is known name it; where it has no
    name, they are left out."""
    for draft in drafts:
        if not draft.needs_place:
            yield draft
            continue
        name = place_of(draft.chunk)
        if name:
            told = fold_text(name) in fold_text(draft.text)
            text = draft.text if told else _with_place(draft.text, name, _section_of(draft))
            yield replace(draft, text=text)


def _section_of(draft: Draft) -> str:
    """The heading over a table, which tells it from others of the document."""
    path = draft.chunk.heading_path
    heading = " ".join(path[-1].split()).strip(" .:：*") if path else ""
    is_plain = re.fullmatch(r"[^|<>{}_=~^\\“”\"]{3,60}", heading) is not None
    return heading if draft.kind == "table" and is_plain else ""


def _with_place(text: str, name: str, section: str) -> str:
    if re.search("[\u4e00-\u9fff]", text):
        under = f"“{section}”部分" if section else ""
        return f"《{name}》{under}中，{text}"
    first = text.split()[0]
    lowered = first.lower() if first.istitle() and not text.startswith("“") else first
    under = f" under “{section}”" if section else ""
    return f"According to “{name}”{under}, {lowered}{text[len(first) :]}"
