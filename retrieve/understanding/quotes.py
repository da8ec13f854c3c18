"""Quoted phrases: what has to stand in a passage word for word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import reduce

import numpy as np

from index.contract import IDENTIFIER_MARK, Analyzer, AnyOf, Keys
from index.pipeline import BIGRAM_MARK, Snapshot, function_terms, is_han

_QUOTED = re.compile(
    r"“([^“”]{1,200})”|「([^「」]{1,200})」|『([^『』]{1,200})』"
    r'|(?<![\w"])"(?!\s)([^"]{1,200}?)(?<!\s)"(?![\w"])|(?<=[\u3000-\u9fff，。？：])"([^"]{1,200}?)"'
)
_MOST_BESIDE = 3
"""Content words beside the quoted phrases up to which a query is a search for those."""

_TITLE = re.compile(r"《([^《》]{1,100})》")
_SPACE = re.compile(r"\s+")
_SPACE_AT_HAN = re.compile(r"(?<=[^\x00-\u02ff]) | (?=[^\x00-\u02ff])")
_PUNCTUATION_ALONE = re.compile(r"[\W_]*")


def quoted(text: str) -> list[str]:
    """The phrases between quotation marks, each once."""
    found = (next(filter(None, match.groups())) for match in _QUOTED.finditer(text))
    found = (phrase.strip(" \t\n,.?!;:，。？！；：、") for phrase in found)
    return list(dict.fromkeys(p for p in found if not _PUNCTUATION_ALONE.fullmatch(p)))


def asks_for_more(text: str, analyzer: Analyzer) -> bool:
    """Whether a text says much beside the phrases that it quotes: a question about a book, say,
    whose title stands in quotation marks, may be answered by passages that do not name it."""
    beside = _QUOTED.sub(" ", text)
    small = function_terms(analyzer)
    content = {
        term
        for term in analyzer.terms(beside)
        if term not in small and term[:1] not in (IDENTIFIER_MARK, BIGRAM_MARK)
    }
    return len(content) > _MOST_BESIDE


def titled(text: str) -> list[str]:
    """The titles between 《 and 》, each once."""
    return list(dict.fromkeys(_TITLE.findall(text)))


def holding(snapshot: Snapshot, phrase: str, allowed: Keys | None) -> Keys | None:
    """The chunks, ascending, whose text, title or one of whose headings holds the phrase, whatever
    its case, width, white space and kind of characters. None for a phrase too short to be looked
    for."""
    analyzer = snapshot.parts.analyzer
    terms = _needed(analyzer.query_terms(phrase, snapshot.languages))
    if not terms:
        return None
    found = allowed
    everything = len(snapshot.sparse)
    for term in terms:
        found = np.sort(snapshot.sparse.search([term], everything, found).keys)
        if not len(found):
            return found
    assert found is not None
    wanted = _compared(phrase, analyzer)
    pattern = re.compile(f"{_edge(wanted[0])}{re.escape(wanted)}{_edge(wanted[-1], after=True)}")
    stored = snapshot.chunks(found.tolist())
    held = [
        key
        for key, one in stored.items()
        if _in_any(pattern, (one.chunk.text, one.chunk.title, *one.chunk.heading_path), analyzer)
    ]
    return np.array(sorted(held), dtype=np.int64)


def _needed(terms: Iterable[str | AnyOf]) -> list[str | AnyOf]:
    """The terms that a chunk with the phrase is sure to have: words in letters and pairs of
    Chinese characters. How the characters around it are cut into words depends on what stands
    beside."""
    return [term for term in dict.fromkeys(terms) if isinstance(term, AnyOf) or _is_sure(term)]


def _is_sure(term: str) -> bool:
    mark = term[:1]
    return mark == BIGRAM_MARK or (mark != IDENTIFIER_MARK and not is_han(term) and "_" not in term)


def _compared(text: str, analyzer: Analyzer) -> str:
    return _SPACE_AT_HAN.sub("", _SPACE.sub(" ", analyzer.normal(text))).strip()


def _in_any(pattern: re.Pattern[str], texts: Iterable[str], analyzer: Analyzer) -> bool:
    return any(pattern.search(_compared(text, analyzer)) for text in texts)


def _edge(character: str, *, after: bool = False) -> str:
    """A phrase that begins or ends with a letter begins or ends with a whole word."""
    if not character.isalnum() or is_han(character):
        return ""
    same = r"\d" if character.isdigit() else r"[^\W\d_\u3400-\u9fff]"
    return f"(?!{same})" if after else f"(?<!{same})"


def all_or_any(held: Sequence[Keys]) -> tuple[Keys, bool]:
    """The chunks that hold all of the phrases, and true; where there are none, those that hold
    any."""
    both = reduce(np.intersect1d, held)
    return (both, True) if len(both) else (reduce(np.union1d, held), len(held) == 1)
