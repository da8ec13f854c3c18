"""The normal forms of names: what two ways of writing one name have in common.

A name is *spelled* without case, width, accents, punctuation and the difference between simplified
and traditional characters: "J.P. Morgan" and "JP Morgan" are spelled the same. Its *form* leaves
out, besides, an article or a title in front, the legal form of a company behind, and what stands in
parentheses at the end to tell it from others of its name (its *qualifier*): "Apple Inc." and
"Apple" have one form, and so have "The Zone (1995 film)" and "The Zone (2017 film)".
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Any, NamedTuple

from index.words import normalize

_HAN = "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f"
TOKEN = re.compile(
    rf"[$€£¥]?\d+(?:[.,:/-]\d+)*%?(?![^\W_{_HAN}])"  # a number with its signs
    rf"|[^\W_{_HAN}]+[+#]*"  # a word: "c++" is not "c"
    rf"|[{_HAN}]"
)
_HAN_ONE = re.compile(f"[{_HAN}]")
_ACCENTED = re.compile("([a-z])[\u0300-\u036f]+")
_INITIALS = re.compile(r"(?<![^\W_])((?:[^\W\d_]\.[ ]?){2,})(?![^\W_]\w)")
_QUALIFIER = re.compile(r"(?s)(.*\S)\s*[(（]([^()（）]+)[)）]\s*")
_APOSTROPHE = re.compile("['’‘`´]")

ARTICLES = frozenset({"the", "a", "an"})
_LEGAL = re.compile(
    "inc|incorporated|corp|corporation|ltd|limited|llc|llp|lp|plc|ag|gmbh|kg|sa|nv|bv|spa|srl|kk"
    "|pte|pty|oyj|ab|asa"
)
"""Legal forms that a company's name may do without."""

_LEGAL_AFTER_TWO = frozenset({"company", "co"})
"""The same, but words of their own: "Trading Company" is not "Trading"."""

TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "miss",
        "dr",
        "prof",
        "professor",
        "chancellor",
        "president",
        "senator",
        "judge",
        "minister",
        "governor",
        "mayor",
        "ambassador",
        "secretary",
    ]
)
"""What people are called by before their names."""

_NO_NAMES = frozenset(
    [
        "general",
        "elect",
        "emeritus",
        "hotel",
        "pro",
        "of",
        "in",
        "for",
        "and",
        "the",
        "s",
        "house",
        "palace",
        "park",
        "street",
    ]
)
"""Words that a title in front of them is no title of."""

_LEGAL_HAN = re.compile(r"(?<=..)(?:股份有限公司|有限责任公司|控股有限公司|有限公司|股份公司)$")


class NormalName(NamedTuple):
    """A name's normal forms; see the module. `qualifier` is spelled, and empty where there is
    none."""

    spelled: str
    form: str
    qualifier: str


@lru_cache(maxsize=1)
def _simplifier() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


def folded_text(text: str) -> str:
    """Text without case, width, and traditional characters, as an analyzer has it."""
    normalized = normalize(text)
    return normalized if normalized.isascii() else str(_simplifier().convert(normalized))


def plain_text(text: str) -> str:
    """The same without accents of Latin letters, apostrophes, and full stops of initials."""
    folded = folded_text(text)
    if not folded.isascii():
        bare = _ACCENTED.sub(r"\1", unicodedata.normalize("NFD", folded))
        folded = unicodedata.normalize("NFC", bare)
    folded = _APOSTROPHE.sub("", folded.replace("&", " and "))
    if "." in folded:
        folded = _INITIALS.sub(_without_stops, folded)
    return folded


def _without_stops(match: re.Match[str]) -> str:
    return match[1].replace(".", "").replace(" ", "") + " "


def tokens_of(plain: str) -> list[str]:
    """The words, numbers and Han characters of a text from `plain_text`."""
    return TOKEN.findall(plain)


def joined(tokens: list[str]) -> str:
    """Tokens as one string, with spaces between words only."""
    parts: list[str] = []
    before_is_word = False
    for token in tokens:
        is_word = not is_han_token(token)
        if is_word and before_is_word:
            parts.append(" ")
        parts.append(token)
        before_is_word = is_word
    return "".join(parts)


def is_han_token(token: str) -> bool:
    """Whether a token is a Han character."""
    return len(token) == 1 and _HAN_ONE.match(token) is not None


def has_han(text: str) -> bool:
    """Whether there is a Han character in it."""
    return _HAN_ONE.search(text) is not None


def spelled(name: str) -> str:
    """A name as it is spelled; as it stands, but for spaces, where it has no letter or digit."""
    return joined(tokens_of(plain_text(name))) or " ".join(name.split())


def same_name(name: str, other: str) -> bool:
    """Whether two names are spelled the same."""
    return spelled(name) == spelled(other)


def normal_name(name: str) -> NormalName:
    """The normal forms of a name."""
    match = _QUALIFIER.fullmatch(name)
    if match and (base := spelled(match[1])):
        qualifier = spelled(match[2])
        return NormalName(f"{base} ({qualifier})", form_of(base), qualifier)
    whole = spelled(name)
    return NormalName(whole, form_of(whole), "")


def has_legal_form(name: NormalName) -> bool:
    """Whether a name ends in the legal form of a company."""
    last = name.spelled.rsplit(" ", 1)[-1]
    if _LEGAL_HAN.search(last):
        return True
    is_legal = _LEGAL.fullmatch(last) is not None or last in _LEGAL_AFTER_TWO
    return is_legal and last != name.spelled


def form_of(spelled_name: str) -> str:
    """What is left of a spelled name without its article and legal form."""
    if has_han(spelled_name):
        return _LEGAL_HAN.sub("", spelled_name)
    words = spelled_name.split(" ")
    # "A Simple Life" is a film, and a simple life is not; "an" and "a" begin no other names.
    if len(words) > 1 and words[0] == "the":
        words = words[1:]
    if len(words) > 1 and words[0] in TITLES and words[1] not in TITLES | _NO_NAMES:
        words = words[1:]
    # A number has no legal form: 15 kg are not 15.
    while (
        len(words) > 1
        and words[-2].isalpha()
        and (_LEGAL.fullmatch(words[-1]) or (len(words) > 2 and words[-1] in _LEGAL_AFTER_TWO))
    ):
        words = words[:-1]
    if len(words) > 1 and words[-1] == "and":
        words = words[:-1]
    return " ".join(words)


LAST, LEADING, AFTER_PLACE, WITHOUT_LEGAL_FORM = range(4)
"""How a name is cut down: to its last word, its first words, what follows a place, and what is
before the word for a company."""

_DOT = re.compile("[·•・‧∙]")
_GROUP_HAN = re.compile("(?<=..)(?:集团公司|集团|控股|股份|公司)$")
_AFTER_NAMES = frozenset({"jr", "sr", "ii", "iii", "iv", "phd", "md"})


def short_forms(name: str, form: str) -> list[tuple[int, str]]:
    """What a name may be cut down to further on in a text, with the kind of cut."""
    found: list[tuple[int, str]] = []
    if _DOT.search(name):
        last = spelled(_DOT.split(name)[-1])
        if len(last) > 1:
            found.append((LAST, last))
    elif has_han(form):
        if len(form) > 4:
            found.extend((AFTER_PLACE, form[cut:]) for cut in (2, 3) if len(form) - cut > 2)
        short = _GROUP_HAN.sub("", form)
        if short != form:
            found.append((WITHOUT_LEGAL_FORM, short))
            if len(short) > 4:
                found.append((AFTER_PLACE, short[2:]))
    elif " " in form:
        words = [word for word in form.split(" ") if word not in _AFTER_NAMES]
        if 1 < len(words) < 5 and len(words[-1]) > 2 and words[-1].isalpha():
            found.append((LAST, words[-1]))
        found.extend((LEADING, " ".join(words[:end])) for end in range(1, min(len(words), 4)))
    return found
