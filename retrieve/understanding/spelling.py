"""Words that the collection does not have, against those that it has.

A word in letters is held against the collection's own words by edits; one that English knows is
left alone, for a question may well ask for what is not there. Chinese characters that make no word
are held against words of the same sound, and so is pinyin typed in letters. What the collection
has is never changed, nor are identifiers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from index.contract import HAN, LATIN, Analyzer, AnyOf
from index.pipeline import BIGRAM_MARK, Snapshot, is_han, script_of
from retrieve.understanding.analysis import is_function_word
from retrieve.understanding.homophones import alike, chains, readings

_WORD = re.compile(r"[a-z\u00df-\u024f]+(?:['’][a-z]+)?")
_OF_CODE = re.compile(r"[\d_@/\\]-? | -?[\d_@/\\]|\w[-.] [-.]?\d|\d")
_HAN = re.compile(r"[\u3400-\u9fff]")
_SHORTEST, _ONE_EDIT_UP_TO, _LONGEST = 4, 7, 30
_HAN_RUN = re.compile(r"[\u3400-\u9fff]{2,40}")
_COMMON = frozenset(
    "的地得了着过是在不有没和与及或也都就吗呢吧啊什么怎哪谁几多少这那个为被把我你他她它们其此该每各某另第"
    "于以由从到向对给使让叫做作写住出进入受收用去来回说讲看听问想会能可要须应需将曾最更很太再又还只才并且而但若如因所"
    "任时后前上下里内外中间旁等之乎者名位条项种次级届家座本部篇首台辆张支件套层段路街区县市省国州岛山河湖江海村镇乡"
    "年月日天号点分秒元角岁米吨克斤升度倍人男女老小大高低长短新旧好坏零一二三四五六七八九十百千万亿两半"
    "姓叫当按跟比离靠像算占含共约近至自同无非未已经曾即便却"
) - {"按"}
"""Characters that are often words by themselves, or parts of names and numbers: none of them is
taken for the wrong half of a word."""
_SPELLINGS = (
    ("帐", "账"), ("账", "帐"), ("象", "像"), ("像", "象"), ("它", "他"), ("陆", "录"), ("份", "分"),
    ("分", "份"), ("做", "作"), ("作", "做"), ("订", "定"), ("定", "订"), ("复", "覆"), ("覆", "复"),
    ("惟", "唯"), ("唯", "惟"), ("联", "连"), ("连", "联"), ("消", "销"), ("销", "消"), ("画", "划"),
    ("划", "画"), ("记", "纪"), ("纪", "记"), ("粘", "黏"), ("黏", "粘"), ("采", "彩"), ("迭", "叠"),
    ("辞", "词"), ("词", "辞"), ("坐", "座"), ("座", "坐"), ("缴", "交"), ("交", "缴"), ("迹", "绩"),
)  # fmt: skip
"""Characters that the same words are written with; after the first list of variant word forms of
the Chinese Ministry of Education (GF 1001-2001), and what is most often confused in forms."""
_SPELT_OTHERWISE = frozenset(character for character, _ in _SPELLINGS)
_ONE_IN = 2_000
"""A pair of characters that no dictionary has as a word is one where one chunk in so many has it."""
_MOST_WORDS = 24
"""A text with more is no question; spelling is not looked at."""
_OFTEN = 2


@dataclass(frozen=True)
class Correction:
    """A word as it is written, the one that was meant, and other candidates."""

    written: str
    meant: str
    others: Sequence[str] = ()


def corrections(
    snapshot: Snapshot, text: str, terms: Sequence[str | AnyOf], kept: Sequence[str] = ()
) -> list[Correction]:
    """What is misspelt in a text. `terms` are those that the analyzer makes of it; what is in
    `kept` (phrases that have to stand as they are) is no error."""
    analyzer = snapshot.parts.analyzer
    normal = analyzer.normal(text)
    kept_text = analyzer.normal("\n".join(kept))
    has_latin = len(snapshot.scripts.all_foreign(HAN)) > 0
    has_han = len(snapshot.scripts.all_foreign(LATIN)) > 0
    found = []
    if has_latin or has_han:
        for word in _unknown_in_letters(snapshot, normal):
            if word in kept_text:
                continue
            correction = _by_edits(snapshot, word) if has_latin or script_of(text) == HAN else None
            if correction is None and has_han:
                correction = _from_pinyin(
                    snapshot,
                    word,
                    typed_among_han=_HAN.search(normal) is not None or normal.strip() == word,
                )
            if correction:
                found.append(correction)
    if has_han and script_of(text) == HAN:
        found += [one for one in _by_sound(snapshot, normal) if one.written not in kept_text]
    return found


def applied(
    text: str, terms: Sequence[str | AnyOf], found: Sequence[Correction], snapshot: Snapshot
) -> tuple[str, list[str | AnyOf]]:
    """The text and its terms, with what was meant: in the text in place of what is written, among
    the terms beside it."""
    analyzer, languages = snapshot.parts.analyzer, snapshot.languages
    for one in found:
        text = _replaced(text, one, analyzer)
    corrected = analyzer.query_terms(text, languages) if found else list(terms)
    for one in found:
        written, own, *others = (
            _plain(analyzer.query_terms(word, languages))
            for word in (one.written, one.meant, *one.others)
        )
        for term in own:
            place = next((i for i, t in enumerate(corrected) if _first(t) == term), None)
            if place is not None:
                del corrected[place]
        corrected.append(AnyOf((own, *others, written), float(len(own))))
    return text, corrected


# --- words in letters ------------------------------------------------------------------------


def _unknown_in_letters(snapshot: Snapshot, normal: str) -> Iterator[str]:
    """The words in letters, none of whose forms the collection has; parts of codes are none."""
    found: dict[str, None] = {}
    for match in _WORD.finditer(normal):
        word, start, end = match.group(), *match.span()
        if _SHORTEST <= len(word) <= _LONGEST and not _OF_CODE.search(
            normal[max(start - 2, 0) : start] + " " + normal[end : end + 2]
        ):
            found[word] = None
    analyzer = snapshot.parts.analyzer
    words = [word for word in found if not is_function_word(word, analyzer)]
    if not words or len(words) > _MOST_WORDS:
        return
    # Each is one run of letters, and so makes one term.
    terms = analyzer.query_terms(" ".join(words), snapshot.languages)[: len(words)]
    forms = [
        (word, wording[0])
        for word, term in zip(words, terms, strict=True)
        for wording in (term.wordings if isinstance(term, AnyOf) else ((term,),))
    ]
    counts = snapshot.sparse.counts([form for _, form in forms])
    known = {word for (word, _), count in zip(forms, counts, strict=True) if count}
    yield from (word for word in words if word not in known)


def _by_edits(snapshot: Snapshot, word: str) -> Correction | None:
    if len(script_words := word.split("'")) > 1 and len(script_words[0]) < _SHORTEST:
        return None
    if word in english_words():
        return None
    edits = 1 if len(word) <= _ONE_EDIT_UP_TO else 2
    near = [
        (other, away, count)
        for other, away, count in snapshot.words_like(word, edits)
        if len(other) >= _SHORTEST
        and _may_begin(word, other)
        # Of four letters each counts too much to be another.
        and not (len(word) == len(other) == _SHORTEST and sorted(word) != sorted(other))
    ]
    if not near:
        return None
    least = near[0][1]
    near = [one for one in near if one[1] == least]
    # The collection's own misspelling of a common word is not what was meant.
    proper = [one for one in near if one[0] in english_words()] or near
    stems = snapshot.parts.analyzer.query_terms
    present = [
        other
        for other, _, _ in proper[:8]
        if any(snapshot.sparse.counts([_first(t) for t in stems(other, snapshot.languages)]))
    ]
    return Correction(word, present[0], present[1:3]) if present else None


@lru_cache(maxsize=1)
def english_words() -> frozenset[str]:
    """Words of English, as pyspellchecker lists them."""
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en").word_frequency.keys())


# --- Chinese by sound ------------------------------------------------------------------------


def _from_pinyin(snapshot: Snapshot, word: str, *, typed_among_han: bool) -> Correction | None:
    """A word typed by its sound, where the collection has one that sounds so."""
    if word in english_words() or not word.isascii():
        return None
    table = readings()
    found: dict[str, int] = {}
    for syllables in table.splits(word):
        steps = []
        for first, second in pairwise(syllables):
            tried = [a + b for a in table.characters[first] for b in table.characters[second]]
            counts = snapshot.sparse.counts([BIGRAM_MARK + pair for pair in tried])
            step: dict[str, list[str]] = {}
            for pair, count in zip(tried, counts, strict=True):
                if count:
                    step.setdefault(pair[0], []).append(pair[1])
            steps.append(step)
        for candidate in chains(syllables, steps):
            found[candidate] = _strength(snapshot, candidate)
    sure = {candidate: strength for candidate, strength in found.items() if strength}
    if not sure and typed_among_han:
        # The dictionary may lack what the collection often has ("年假").
        pairs = [candidate for candidate in found if len(candidate) == 2]
        counts = snapshot.sparse.counts([BIGRAM_MARK + pair for pair in pairs])
        often = max(1, len(snapshot.sparse) // _ONE_IN)
        sure = {p: n for p, n in zip(pairs, counts, strict=True) if n >= often}
    best = sorted(sure, key=lambda one: (-sure[one], one))
    return Correction(word, best[0], best[1:4]) if best else None


def _strength(snapshot: Snapshot, candidate: str, *, may_be_new: bool = True) -> int:
    """In how many chunks it may be, as a word or, where no dictionary has it, by its pairs; 0
    where it is two words side by side."""
    words = _cut(snapshot.parts.analyzer, candidate)
    pairs = [BIGRAM_MARK + a + b for a, b in pairwise(candidate)]
    if len(words) == 1:
        return min(snapshot.sparse.counts([*words, *pairs]))
    is_near = may_be_new and len(candidate) == 3 and sorted(map(len, words)) == [1, 2]
    return min(snapshot.sparse.counts(pairs)) if is_near and not _COMMON & set(words) else 0


@dataclass(frozen=True)
class _Window:
    """Characters that may be a misspelt word: a row that the dictionary makes no word of, at these
    `places`, alone or with the word before or after it."""

    written: str
    places: range

    @property
    def is_row(self) -> bool:
        return len(self.places) == len(self.written)

    @property
    def pairs(self) -> list[str]:
        return [a + b for a, b in pairwise(self.written)]


def _by_sound(snapshot: Snapshot, normal: str) -> list[Correction]:
    found: list[Correction] = []
    for run in _HAN_RUN.findall(normal):
        words = _cut(snapshot.parts.analyzer, run)
        found += _variants(snapshot, words)
        rows = list(_windows(words))
        if not rows:
            continue
        held = _held(snapshot, [pair for row in rows for one in row for pair in one.pairs])
        for row in rows:
            unknown = (one for one in row if not held.issuperset(one.pairs))
            meant = (_sounding(snapshot, one) for one in unknown)
            found += filter(None, [next(filter(None, meant), None)])
    return found


def _windows(words: Sequence[str]) -> Iterator[list[_Window]]:
    """For each row of characters that the dictionary makes no word of: the row itself, and with
    the word before or after it, in the order they are to be looked at. Characters that are words by
    themselves break a row."""
    loose = [len(word) == 1 and word not in _COMMON for word in words]
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and loose[end]:
            end += 1
        row = "".join(words[start:end])
        found = [_Window(row, range(len(row)))] if 2 <= len(row) <= 3 else []
        if 1 <= len(row) <= 2:
            before = words[start - 1] if start else ""
            after = words[end] if end < len(words) else ""
            both = (
                _Window(before + row, range(len(before), len(before + row))),
                _Window(row + after, range(len(row))),
            )
            found += [
                one
                for one in both
                if 3 <= len(one.written) <= 4 and len(one.written) - len(row) >= 2
            ]
        if found:
            yield found
        start = max(end, start + 1)


def _held(snapshot: Snapshot, pairs: Sequence[str]) -> set[str]:
    """Those of the pairs of characters that stand somewhere in the collection."""
    each = list(dict.fromkeys(pairs))
    counts = snapshot.sparse.counts([BIGRAM_MARK + pair for pair in each])
    return {pair for pair, count in zip(each, counts, strict=True) if count}


def _variants(snapshot: Snapshot, words: Sequence[str]) -> list[Correction]:
    """Words that the collection has in their other spelling only."""
    swapped = {
        word: [word.replace(a, b) for a, b in _SPELLINGS if a in word]
        for word in words
        if len(word) >= 2 and not _SPELT_OTHERWISE.isdisjoint(word)
    }
    tried = list(swapped)
    if not tried:
        return []
    found = []
    for word, count in zip(tried, snapshot.sparse.counts(tried), strict=True):
        counts = snapshot.sparse.counts(swapped[word]) if not count else []
        held = [other for other, n in zip(swapped[word], counts, strict=False) if n]
        if held:
            found.append(Correction(word, held[0], held[1:]))
    return found


def _sounding(snapshot: Snapshot, window: _Window) -> Correction | None:
    """The word of the collection that sounds as the characters written, all but one of which it
    has. Where they are but a row of single characters, it may be one that no dictionary has."""
    tried = list(dict.fromkeys(alike(window.written, window.places, _COMMON)))
    held = _held(snapshot, [a + b for word in tried for a, b in pairwise(word)])
    whole = [word for word in tried if all(a + b in held for a, b in pairwise(word))]
    strengths = {word: _strength(snapshot, word, may_be_new=window.is_row) for word in whole}
    best = sorted((w for w in whole if strengths[w]), key=lambda w: (-strengths[w], w))
    return Correction(window.written, best[0], best[1:3]) if best else None


def _may_begin(word: str, other: str) -> bool:
    """Whether one may be meant that begins so: people leave a first letter out, write one too many,
    or change it with the second, but they do not write another."""
    return word[0] == other[0] or word[:2] == other[1::-1] or word[1:] == other or word == other[1:]


# --- terms -----------------------------------------------------------------------------------


def _cut(analyzer: Analyzer, han: str) -> list[str]:
    """The words of a Han run, in order."""
    terms = analyzer.query_terms(han)
    return [t for t in terms if isinstance(t, str) and t[:1] != BIGRAM_MARK and is_han(t)]


def _first(term: str | AnyOf) -> str:
    return term if isinstance(term, str) else term.wordings[0][0]


def _plain(terms: Sequence[str | AnyOf]) -> tuple[str, ...]:
    return tuple(map(_first, terms))


def _replaced(text: str, one: Correction, analyzer: Analyzer) -> str:
    """The text with the word that was meant; the normal form of the text where it is only found
    there."""
    pattern = re.compile(re.escape(one.written), re.IGNORECASE)
    if not is_han(one.written[:1]):
        pattern = re.compile(
            rf"(?<![^\W\d_\u3400-\u9fff]){re.escape(one.written)}(?![^\W\d_\u3400-\u9fff])", re.I
        )
    if pattern.search(text):
        return pattern.sub(lambda _: one.meant, text)
    return pattern.sub(lambda _: one.meant, analyzer.normal(text))


def shown(found: Sequence[Correction]) -> Mapping[str, str]:
    """By what is written."""
    return {one.written: one.meant for one in found}
