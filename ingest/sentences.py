"""Where sentences, clauses and, at worst, characters may be parted.

Every function gives spans that follow each other without a gap and together are the whole
text; white space after a piece belongs to it. All are linear in the length of the text.
"""

from __future__ import annotations

import re
import unicodedata

Span = tuple[int, int]

HAN = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
CLOSERS = ")]}”’」』】）》〉〕〗﹂﹄］｝»"
_CLOSING = "[" + re.escape(CLOSERS) + "\"']"

# A line break, a run of sentence marks, or a full stop that no letter or digit follows.
_CANDIDATE = re.compile(r"\n\s*+|[。！？；｡!?…]++|[.．]++(?![A-Za-z0-9_])")
_CLOSER_RUN = re.compile(_CLOSING + "*+")
_WORD = re.compile(r"\w")
_SPACE = re.compile(r"\s*+")
_HAN_CHAR = re.compile(f"[{HAN}]")
_LAST_WORD = re.compile(r"[^\s()\[\]（）\"“”‘’,，、:：;；" + HAN + r"]+$")
_LIST_MARK = re.compile(r"[(（]?(?:\d{1,3}(?:\.\d{1,3})*|[A-Za-z]|[ivxlcIVXLC]{1,5})$")
_DOTTED = re.compile(r"(?:[A-Za-z]\.)+[A-Za-z]$")
_NEXT_WORD = re.compile(r"[A-Za-z']+")
_CLAUSE = re.compile(
    r"(?:[，、；：]|[,;:](?=\s|[" + HAN + r"])|——|—|--)" + _CLOSING + r"*+\s*+|\n\s*+"
)

_MAX_LOOKBACK = 24
_MAX_URL = 200

# Never the end of a sentence: something always follows.
_TITLES = frozenset(
    """
    mr mrs ms dr prof rev hon gen col capt lt sgt gov sen rep pres st mt messrs mme mlle vs cf
    viz e.g i.e eg ie approx resp esp incl ca nr
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read and to mend
)
# Not an end where a number, a bracket or a small letter follows.
_BEFORE_NUMBER = frozenset(
    """
    no nos fig figs eq eqs eqn sec secs ch chap vol vols p pp pt art ref refs tab para al ed eds
    ver rev app ex par
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read and to mend
)
# An end only where the next word is one that begins sentences.
_MAYBE_END = frozenset(
    """
    inc corp ltd co llc bros etc jr sr dept univ assn ave blvd rd jan feb mar apr jun jul aug
    sep sept oct nov dec mon tue wed thu fri sat sun est ph.d phd esq
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read and to mend
)
_STARTERS = frozenset(
    """
    A After All Although An And As At Because Before Both But By Can Do During Each For From He
    Her Here His How However If In It Its Many More Most My No Not Now On Once One Only Or Other
    Our She Since So Some Such That The Their Then There These They This Those Through Thus To
    Under Until Upon We What When Where Whether Which While Who Why With You Your
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read and to mend
)


def split(text: str) -> list[Span]:
    """The sentences of the text.

    A line break ends a sentence. So do 。！？；… and, where what follows allows it, . ! ? with
    the closing quotes and brackets after them; not so in abbreviations, initials, numbers,
    addresses and the marks of numbered lists.
    """
    spans: list[Span] = []
    start = 0
    counted, quotes = 0, 0  # straight quotes seen up to `counted` since the last line break
    position = 0
    while (match := _CANDIDATE.search(text, position)) is not None:
        position = match.end()
        if text[match.start()] == "\n":
            counted, quotes = position, 0
            end: int | None = position
        else:
            quotes += text.count('"', counted, position)
            counted = position
            end = _sentence_end(text, start, match, quotes % 2 == 1)
        if end is not None and text[start:end].strip():
            spans.append((start, end))
            start = end
            position = max(position, end)
    if start < len(text):
        if text[start:].strip() or not spans:
            spans.append((start, len(text)))
        else:
            spans[-1] = (spans[-1][0], len(text))
    return spans


def _sentence_end(text: str, start: int, match: re.Match[str], quoted: bool) -> int | None:
    """Where the sentence that `match` may close ends, or None where it goes on."""
    end = _after_closers(text, match.end(), quoted)
    after = _SPACE.match(text, end).end()  # type: ignore[union-attr]
    if after == len(text):
        return after
    follower = text[after]
    if follower in CLOSERS and "\n" not in text[end:after]:
        return None
    mark = text[match.end() - 1]
    if mark in "。！？；｡":
        return after
    if not _WORD.search(text, max(start, match.start() - 8), match.start()):
        return None  # marks alone are no sentence
    if after == end and not _HAN_CHAR.match(follower) and follower not in "“‘「『《【（":
        return None
    if follower.islower():
        return None
    if mark in "!?":
        return None if after == end and _in_url(text, match.start()) else after
    if mark == "…" or match.end() - match.start() > 1:
        return after
    return after if _stop_ends(text, start, match.start(), after, after == end) else None


def _after_closers(text: str, position: int, quoted: bool) -> int:
    """The end of the closing quotes and brackets at `position`. A straight double quote closes
    where one is open; an apostrophe where no letter follows.
    """
    run = _CLOSER_RUN.match(text, position)
    end = run.end() if run else position
    for index in range(position, end):
        if text[index] == '"':
            if not quoted:
                return index
            quoted = False
        elif text[index] == "'" and text[index + 1 : index + 2].isalnum():
            return index
    return end


def _stop_ends(text: str, start: int, stop: int, after: int, glued: bool) -> bool:
    """Whether the full stop at `stop` ends a sentence, given what stands around it."""
    if stop - start <= _MAX_LOOKBACK and _LIST_MARK.match(text[start:stop].strip()):
        return False
    if glued and (text[stop - 1].isdigit() or _in_url(text, stop)):
        return False
    found = _LAST_WORD.search(text[max(start, stop - _MAX_LOOKBACK) : stop])
    word = found.group().lstrip("'\"") if found else ""
    lower = word.lower()
    if lower in _TITLES:
        return False
    if lower in _BEFORE_NUMBER:
        # "No." and the like end a sentence before a word that begins one.
        return text[after].isalpha() and _starts(text, after)
    initial = len(word) == 1 and word.isalpha() and word.isascii() and word.isupper()
    if initial or lower in _MAYBE_END or _DOTTED.match(word):
        return _starts(text, after)
    return True


def _starts(text: str, position: int) -> bool:
    """Whether the word at `position` is one that often begins a sentence."""
    word = _NEXT_WORD.match(text, position, position + _MAX_LOOKBACK)
    return word is not None and word.group() in _STARTERS


def _in_url(text: str, position: int) -> bool:
    """Whether the characters before `position` belong to a web address."""
    word = text[max(0, position - _MAX_URL) : position].rsplit(None, 1)[-1:]
    return bool(word) and ("://" in word[0] or "www." in word[0])


def clauses(text: str) -> list[Span]:
    """The text cut after commas, colons, dashes and line breaks; not inside numbers."""
    return cut_at(text, [match.end() for match in _CLAUSE.finditer(text)])


def fragments(text: str, size: int) -> list[Span]:
    """The text cut into pieces of about `size` characters: at white space where there is some,
    else between characters that a reader sees as separate and not inside a number.
    """
    cuts: list[int] = []
    start = 0
    while len(text) - start > size:
        rest = len(text) - start
        want = size if rest >= 2 * size else (rest + 1) // 2
        start = _cut_before(text, start, start + want)
        cuts.append(start)
    return cut_at(text, cuts)


def _cut_before(text: str, start: int, end: int) -> int:
    """The best place to cut in the latter half of text[start:end], or `end` at worst."""
    floor = start + max((end - start) // 2, 1)
    for index in range(end, floor - 1, -1):
        if text[index - 1].isspace() and not text[index : index + 1].isspace():
            return index
    for index in range(end, floor - 1, -1):
        if can_cut(text, index) and not _inside_word(text, index):
            return index
    for index in range(end, floor - 1, -1):
        if can_cut(text, index):
            return index
    return end


def _inside_word(text: str, index: int) -> bool:
    before, after = text[index - 1], text[index]
    return before.isascii() and after.isascii() and before.isalnum() and after.isalnum()


def can_cut(text: str, index: int) -> bool:
    """Whether text[index - 1] and text[index] are separate to a reader: neither parts of one
    visible character nor of one number.
    """
    if index <= 0 or index >= len(text):
        return True
    before, after = text[index - 1], text[index]
    if before.isdigit() and (after.isdigit() or after in ".,%％"):
        return False
    if before in ".," and after.isdigit():
        return False
    if "\u200d" in (before, after) or (before == "\r" and after == "\n"):
        return False
    if "\U0001f1e6" <= before <= "\U0001f1ff" and "\U0001f1e6" <= after <= "\U0001f1ff":
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff":
        return False
    return not unicodedata.category(after).startswith("M")


def cut_at(text: str, cuts: list[int]) -> list[Span]:
    """Spans between the cuts (ascending); one that holds white space alone joins the span
    before it, at the start of the text the one after it."""
    spans: list[Span] = []
    start = 0
    for end in [*cuts, len(text)]:
        if end == start or (not spans and end < len(text) and text[start:end].isspace()):
            continue
        if spans and text[start:end].isspace():
            spans[-1] = (spans[-1][0], end)
        else:
            spans.append((start, end))
        start = end
    return spans
