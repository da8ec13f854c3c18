"""How far a capitalised English name goes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.graph.en_cues import FIRST, HONORIFICS, LAST, NOBLE, OFFICES
from index.graph.en_tokens import Token
from index.graph.spans import word_set

_LINKS = word_set(
    "of de van von der den del della di du da dos das la le el y bin bint ibn al ten ter zu af av à"
)
_AFTER_LINK = word_set("the la der den las los")
_EPITHETS = word_set(
    """
    great elder younger tall silent bold conqueror confessor magnificent terrible pious bald fat
    short wise good lion lionheart wicked brave fair handsome strong posthumous navigator first
    second third martyr hunter bear red black white
    """
)
_GAPS = frozenset((" ", "-", "- ", " & ", "& ", "\u00a0", "–"))
_ABBREVIATED = HONORIFICS | {"st", "jr", "sr"}
_ORDINAL = re.compile("[0-9]{1,2}(?:st|nd|rd|th)")
_AFTER_COMMA = re.compile("(?:Jr|Sr|II|III|IV)\\b")
_ROMAN = re.compile("[IVX]+")
_MOST_WORDS = 10
_ABOUT = word_set(
    "college institute department ministry university school museum academy faculty bureau board center centre"
)


def gap_after(text: str, tokens: Sequence[Token], place: int) -> str:
    """What stands between a word and the next."""
    return text[tokens[place].end : tokens[place + 1].start]


def end_of_run(text: str, tokens: Sequence[Token], first: int) -> int:
    """The last word of the name that begins with a word."""
    last = place = first
    while place + 1 < len(tokens) and place + 1 - first < _MOST_WORDS:
        gap, following = gap_after(text, tokens, place), tokens[place + 1]
        if gap == ". " and tokens[place].text.lower() in _ABBREVIATED:
            gap = " "
        if gap == ", " and place == last and _goes_on_after_comma(text, tokens, place):
            last = place = place + (2 if _ORDINAL.fullmatch(following.text) else 1)
            continue
        if gap in ("'s ", "’s ") and _owns(tokens, first, place):
            last = place = place + 1
            continue
        if gap not in _GAPS and not (gap == ". " and len(tokens[place].text) == 1):
            break
        if following.is_name or (
            following.tag == "CD" and len(following.text) < 4 and place == last
        ):
            last = place + 1
        elif not _links(tokens, first, place):
            break
        place += 1
    return last


def _goes_on_after_comma(text: str, tokens: Sequence[Token], place: int) -> bool:
    """Whether a rank or "Jr." follows: ", 2nd Duke of", ", Duke of", ", Jr."."""
    following = tokens[place + 1]
    if _AFTER_COMMA.match(following.text):
        return True
    after = tokens[place + 2] if place + 2 < len(tokens) else None
    if _ORDINAL.fullmatch(following.text):
        return after is not None and after.text in NOBLE
    return following.text in NOBLE and after is not None and after.text == "of"


def _owns(tokens: Sequence[Token], first: int, place: int) -> bool:
    """Whether "X's Y" is one name: "St James's Palace", "King's College"."""
    following = tokens[place + 1]
    after = tokens[place + 2] if place + 2 < len(tokens) else None
    is_short = place == first or (place == first + 1 and tokens[first].text in ("St", "St."))
    ends = after is None or not after.is_name or after.start - following.end != 1
    return is_short and ends and following.is_name and following.text.lower() in LAST


def _links(tokens: Sequence[Token], first: int, place: int) -> bool:
    """Whether a small word belongs to the name before it and after it."""
    word, before = tokens[place + 1].text, tokens[place].text
    after = tokens[place + 2] if place + 2 < len(tokens) else None
    if word == "the" and before not in _LINKS:
        return (
            after is not None
            and after.text.lower() in _EPITHETS
            and after.is_name
            and place - first < 3
        )
    if word == "and":
        run = [token.text.lower() for token in tokens[first : place + 1]]
        return after is not None and after.is_name and "of" in run and not _ABOUT.isdisjoint(run)
    if word not in _LINKS and not (word in _AFTER_LINK and before in _LINKS):
        return False
    if word != "of":
        return True
    if before.lower() in OFFICES or (before.isupper() and not _ROMAN.fullmatch(before)):
        return False
    run = [token.text.lower() for token in tokens[first : place + 1]]
    if any(w in LAST or w in FIRST or w in ("of", "and") for w in run) or before in NOBLE:
        return True
    after_two = tokens[place + 3] if place + 3 < len(tokens) else None
    is_long = (
        after_two is not None
        and after_two.is_name
        and after is not None
        and after_two.start - after.end == 1
    )
    return len(run) < 3 and not (len(run) == 2 and is_long)
