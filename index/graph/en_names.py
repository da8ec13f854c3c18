"""Names and terms of an English text: capitalised words, and nouns that follow each other."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from index.graph.contract import EntityType
from index.graph.en_cues import DEMONYMS, HONORIFICS, OFFICES, TITLES, type_of
from index.graph.en_runs import end_of_run, gap_after
from index.graph.en_tokens import Token, lexicon
from index.graph.spans import NAMES, TERMS, NameSpan, word_set

_OPENING = frozenset(
    ("DT", "IN", "PRP", "PRP$", "CC", "RB", "RBR", "WRB", "WP", "WDT", "MD", "TO", "EX", "CD", "UH")
)
_QUARTERS = frozenset(
    ("North", "South", "East", "West", "Central", "Ancient", "Indian", "Native", "African")
)
_DEMONYM_ENDS = ("ian", "ean", "ese", "ish", "ican", "erman", "oman", "opean", "andic")
_NO_LAST = frozenset(
    ("is", "was", "are", "were", "and", "or", "the", "a", "an", "in", "on", "by", "of")
)
_CALENDAR = word_set("""
    january february march april may june july august september october november december monday
    tuesday wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov
    dec i
    """)


def en_names(
    text: str, tokens: Sequence[Token], starts: Collection[int], known: Collection[str]
) -> Iterator[NameSpan]:
    """Runs of capitalised words. `starts` are the places of the first words of sentences, whose
    capital letter says nothing; `known` are names that stand elsewhere."""
    inside = {token.text for token in tokens if token.is_name and token.start not in starts}
    place = 0
    while place < len(tokens):
        if not tokens[place].is_name:
            place += 1
            continue
        last = end_of_run(text, tokens, place)
        run = tokens[place : last + 1]
        place = last + 1
        if _is_adjective(run) and place < len(tokens) and _goes_on(text, tokens, last):
            continue
        for part, is_person in _parted(run):
            name = _name_of(text, part, starts, inside, known)
            if name is not None:
                yield name._replace(type=EntityType.PERSON) if is_person else name


def _is_adjective(run: Sequence[Token]) -> bool:
    """Whether a run may say where a thing is from or how it is: "Danish", "South Korean"."""
    if len(run) > 2 or (len(run) == 2 and run[0].text not in _QUARTERS):
        return False
    last = run[-1].text.lower().rpartition("-")[2]
    return (
        last in DEMONYMS or (len(last) > 4 and last.endswith(_DEMONYM_ENDS)) or run[-1].tag == "JJ"
    )


def _goes_on(text: str, tokens: Sequence[Token], last: int) -> bool:
    """Whether a noun or an adjective in small letters follows."""
    following = tokens[last + 1]
    return (
        gap_after(text, tokens, last) in (" ", "-", "- ", "/")
        and following.tag in ("NN", "NNS", "JJ")
        and not following.is_name
    )


def _parted(run: Sequence[Token]) -> Iterator[tuple[Sequence[Token], bool]]:
    """The names before and after an office: "Apple CEO Tim Cook"; the one after it is a person."""
    for place, token in enumerate(run):
        after = run[place + 1 :]
        if token.text.lower() in TITLES and len(after) > 1 and after[0].is_name:
            if place:
                yield run[:place], False
            yield after, True
            return
    yield run, False


def _name_of(
    text: str,
    run: Sequence[Token],
    starts: Collection[int],
    inside: Collection[str],
    known: Collection[str],
) -> NameSpan | None:
    """The name in a run, without honorifics, without a sentence's first word that is none, and
    without a verb in capitals behind it."""
    is_person = False
    while run and text[run[0].start : run[-1].end] not in known:
        first, last = run[0], run[-1]
        word = first.text.lower().rstrip(".")
        if len(run) > 1 and (
            last.text.lower() in _NO_LAST or not (last.is_name or last.tag == "CD")
        ):
            run = run[:-1]
            continue
        if word in HONORIFICS and len(run) > 1:
            is_person = True
        elif not _stays_first(run, word, starts, inside):
            pass
        else:
            break
        run = run[1:]
    if not run or (len(run) == 1 and (len(run[0].text) < 2 or run[0].text.lower() in OFFICES)):
        return None
    words = [token.text.lower().rstrip(".") for token in run]
    kind = EntityType.PERSON if is_person else type_of(words)
    return NameSpan(run[0].start, run[-1].end, kind, NAMES)


def _stays_first(
    run: Sequence[Token], word: str, starts: Collection[int], inside: Collection[str]
) -> bool:
    first = run[0]
    if first.start in starts and not _begins_a_name(run, inside):
        return False
    if word in _CALENDAR or not first.is_name:
        return False
    return not (len(run) == 1 and first.tag in _OPENING and not first.text.isupper())


def _begins_a_name(run: Sequence[Token], inside: Collection[str]) -> bool:
    first = run[0]
    if first.tag in _OPENING or first.tag in ("VB", "VBG", "VBD", "VBN", "VBZ", "VBP"):
        return first.text in inside and first.tag not in ("DT", "PRP", "IN")
    if len(run) > 1:
        return run[1].is_name or first.text in inside
    is_name = first.tag in ("NNP", "NNPS") or first.text in inside or first.text.isupper()
    return is_name or (first.tag == "NN" and first.text.lower() not in lexicon())


_PHRASE = frozenset(("JJ", "NN", "NNS", "VBN", "VBG", "NNP"))
_HEADS = frozenset(("NN", "NNS"))
_LONGEST_PHRASE = 4
_LONGEST_RUN = 40
_EMPTY = word_set("""
    such same other many several few various certain own due able main first second last new next
    more most much part number way time times year years day days case cases use fact example
    result results kind type types form forms lot set order use uses point points thing things
    people man men woman women one addition particular general available different possible
    present following based given used made known called named well
    """)


def en_terms(text: str, tokens: Sequence[Token], starts: Collection[int]) -> Iterator[NameSpan]:
    """Adjectives and nouns that follow each other and end with a noun, of two to four words."""
    run: list[Token] = []
    for place, token in enumerate(tokens):
        if run and gap_after(text, tokens, place - 1) not in (" ", "\n"):
            yield from _phrase(run)
            run = []
        fits = (
            token.tag in _PHRASE
            and (not token.is_name or token.start in starts)
            and token.text.lower() not in _EMPTY
        )
        if fits and len(token.text) > 1:
            run.append(token)
        else:
            yield from _phrase(run)
            run = []
    yield from _phrase(run)


def _phrase(run: list[Token]) -> Iterator[NameSpan]:
    run = run[-_LONGEST_RUN:]
    while run and run[-1].tag not in _HEADS:
        run = run[:-1]
    while run and run[0].tag in ("VBN", "VBG"):
        run = run[1:]
    run = run[-_LONGEST_PHRASE:]
    if len(run) > 1:
        yield NameSpan(run[0].start, run[-1].end, EntityType.TERM, TERMS)
