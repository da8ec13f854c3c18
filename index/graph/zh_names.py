"""Names and terms of a Chinese text, by the parts of speech of its words."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from index.graph.contract import EntityType
from index.graph.spans import NAMES, TERMS, NameSpan
from index.graph.zh_dictionary import Common, senses
from index.graph.zh_lists import (
    LONG_SURNAMES,
    NO_TERM,
    ORGANIZATION_ENDS,
    PLACE_ENDS,
    SURE_ENDS,
    SURNAMES,
)
from index.graph.zh_tokens import Word, frequency, is_known

_HAN = "\u4e00-\u9fff"
_MASKED = re.compile(
    f"(?:欧阳|司马|上官|诸葛|[{_HAN}])某某|["
    + "".join(sorted(SURNAMES))
    + "](?:某[甲乙丙丁]?|×{1,2}|[Xx]{2}(?![A-Za-z]))"
)
_NO_SURNAME = "的是在与和对向把被由从给据经为及或人等该其有某"
_FOREIGN = re.compile(f"[{_HAN}]{{1,6}}(?:[·•・‧][{_HAN}A-Z.]{{1,8}}){{1,4}}")
_DOTS = "·•・‧"
_ORGANIZATION = re.compile("(?:" + "|".join(ORGANIZATION_ENDS.split()) + ")$")
_NAME_TAGS = frozenset(("nr", "nrt", "ns", "nt", "nz", "nrfg"))
_BY_TAG = {
    "nr": EntityType.PERSON,
    "nrfg": EntityType.PERSON,
    "ns": EntityType.PLACE,
    "nt": EntityType.ORGANIZATION,
}
_IN_ORGANIZATION = frozenset(("n", "vn", "ng", "an", "b", "eng", "j", "m", *_NAME_TAGS))
_IN_TERM = frozenset(("n", "vn", "an", "ng", "eng", "j", "b", "nz", "nrt", "ns", "nt", "nr"))
_HEADS = frozenset(("n", "vn", "ng", "nz", "l", "nrt", "ns", "nt", "nr"))
_NO_GIVEN_NAME = "色者性化岛度员家式型业学县镇村病症率法"
_PLACE_LAST = "省市县区镇乡村州国岛山河江湖海湾洋港路街亚斯兰尼城里寨屯旗盟桥峡原岭关岩"
_LONGEST_TERM, _LONGEST_ORGANIZATION = 12, 30
_PREFIXES = frozenset("大小超高低微非反半软硬")
_LONGEST_RUN = 40
_FUNCTION = "pcurdxyeq"
_NO_NAME = "pcurdxyvqmf"
_RARE = 300
_OFTEN = {1: 0, 2: 400, 3: 2_000}
_TOO_OFTEN = 4_000


def zh_names(text: str, words: Sequence[Word]) -> Iterator[NameSpan]:
    """Persons, places, organizations and other names; `text` is in simplified characters."""
    for match in _FOREIGN.finditer(text):
        yield from _foreign(match, words)
    for match in _MASKED.finditer(text):
        if match[0][0] not in _NO_SURNAME:
            yield NameSpan(match.start(), match.end(), EntityType.PERSON, NAMES)
    kinds = [_kind(word) for word in words]
    yield from _organizations(words, kinds)
    yield from _persons(words)
    yield from _places(words, kinds)
    for word, kind in zip(words, kinds, strict=True):
        if kind is EntityType.PERSON:
            yield NameSpan(word.start, _end_of_person(word), kind, NAMES)
        elif kind is not None and kind is not EntityType.PLACE:
            rank = TERMS if kind is EntityType.OTHER else NAMES
            yield NameSpan(word.start, word.end, kind, rank)


def _kind(word: Word) -> EntityType | None:
    """What a word names by itself; None for one that is no proper name."""
    text, tag = word.text, word.tag
    if len(text) < 2 or tag[0] not in "nij" or text in NO_TERM:
        return None
    sense = senses().get(text)
    if isinstance(sense, EntityType):
        if sense is not EntityType.OTHER:
            return sense
        is_sure = tag != "nr" or (len(text) == 3 and text[0] in SURNAMES)
        return _BY_TAG.get(tag, EntityType.OTHER) if is_sure else EntityType.OTHER
    if isinstance(sense, Common) or tag not in _NAME_TAGS or tag == "nz":
        return None
    if tag == "nr":
        has_surname = text[0] in SURNAMES or text[:2] in LONG_SURNAMES
        if has_surname and text[-1] not in _NO_GIVEN_NAME:
            return EntityType.PERSON
        return EntityType.PLACE if text[-1] in "岛县镇村" else EntityType.OTHER
    if tag == "ns" and text[-1] not in _PLACE_LAST:
        return EntityType.OTHER if len(text) > 2 and not is_known(text) else None
    if tag == "nt" and not _ORGANIZATION.search(text):
        return None
    return _BY_TAG.get(tag, EntityType.OTHER)


def _end_of_person(word: Word) -> int:
    """Where the name ends in a word that was guessed to be one: "张艺谋导演" is a name and a noun."""
    text = word.text
    usual = 4 if text[:2] in LONG_SURNAMES else 3
    if len(text) > usual and text[0] in SURNAMES and not is_known(text):
        for length in (usual, usual - 1):
            if is_known(text[length:]):
                return word.start + length
    return word.end


def _start(word: Word) -> int:
    return word.start


def _foreign(match: re.Match[str], words: Sequence[Word]) -> Iterator[NameSpan]:
    """Names with a dot between their parts; what stands before the first dot and after the last
    belongs to them as far as the words go."""
    start, end = match.span()
    dots = [start + i for i, c in enumerate(match.group()) if c in _DOTS]
    low = max(0, bisect_right(words, start, key=_start) - 1)
    inside = [w for w in words[low : bisect_left(words, end, key=_start)] if w.end > start]
    first = dots[0]
    for word in reversed([w for w in inside if w.end <= dots[0]]):
        is_part = word.tag in _NAME_TAGS or len(word.text) == 1
        if word.start < start or (first != dots[0] and (not is_part or word.tag[0] in "pvcurd")):
            break
        first = word.start
    last = dots[-1] + 1
    for word in (w for w in inside if w.start > dots[-1]):
        is_part = word.tag in _NAME_TAGS or word.tag == "eng"
        if word.end > end or (last != dots[-1] + 1 and not is_part):
            break
        last = word.end
    if first < dots[0] and last > dots[-1] + 1:
        yield NameSpan(first, last, EntityType.PERSON, NAMES)


def _persons(words: Sequence[Word]) -> Iterator[NameSpan]:
    """A surname and two characters that are no words of use ("屠呦呦"), or a word of two where the
    name stands apart (":王晨星、")."""
    for place, word in enumerate(words[:-1]):
        if word.tag != "nr" or word.text not in SURNAMES:
            continue
        given = words[place + 1 : place + 3]
        if len(given[0].text) == 1 == len(given[-1].text) and len(given) == 2:
            is_person = all(
                w.tag[0] not in _NO_NAME and "\u4e00" <= w.text <= "\u9fff" for w in given
            )
        else:
            given = given[:1]
            after = words[place + 2 : place + 3]
            is_person = (
                len(given[0].text) == 2
                and given[0].tag[0] in "nza"
                and (not place or not words[place - 1].text.isalnum())
                and (not after or not after[0].text.isalnum())
            )
        if is_person:
            yield NameSpan(word.start, given[-1].end, EntityType.PERSON, NAMES)


def _organizations(words: Sequence[Word], kinds: Sequence[EntityType | None]) -> Iterator[NameSpan]:
    """From a word that ends as organizations do, back over the nouns and names before it; before
    an end that only organizations have, over whatever may be part of a name."""
    for place, word in enumerate(words):
        if _ORGANIZATION.search(word.text) is None or word.tag[0] not in "nj":
            continue
        is_sure = word.text in SURE_ENDS
        has_name = word.tag == "nt" and len(word.text) > 3 and not is_sure
        first, written = place, word.text
        while first > 0 and len(written) < _LONGEST_ORGANIZATION:
            before = words[first - 1]
            if not _goes_on(before, is_sure):
                break
            written = before.text + written
            is_sure = is_sure or written in SURE_ENDS
            has_name = has_name or kinds[first - 1] is not None or before.tag == "eng"
            first -= 1
        is_named = has_name or (first < place and (is_sure or _is_rare(words[first])))
        if is_named and len(written) > 2:
            yield NameSpan(words[first].start, word.end, EntityType.ORGANIZATION, NAMES)


def _goes_on(before: Word, is_sure: bool) -> bool:
    """Whether the name of an organization may have the word before what is known of it."""
    text, tag = before.text, before.tag
    if not text.isalnum() or (text in NO_TERM and text not in SURE_ENDS):
        return False
    if tag == "m":
        return text.startswith("第")
    if tag in _IN_ORGANIZATION:
        return True
    return is_sure and tag[0] not in _FUNCTION and senses().get(text) is not Common.VERB


def is_organization(name: str) -> bool:
    """Whether a name ends as those of organizations do."""
    return _ORGANIZATION.search(name) is not None and len(name) > 3


def _is_rare(word: Word) -> bool:
    """Whether a word is no usual part of speech about organizations ("飞虎公司", "上市公司")."""
    return len(word.text) > 1 and word.tag[0] == "n" and frequency(word.text) < _RARE


def _places(words: Sequence[Word], kinds: Sequence[EntityType | None]) -> Iterator[NameSpan]:
    """Places that follow each other are one, with what says their kind after them."""
    place = 0
    while place < len(words):
        word = words[place]
        if kinds[place] is not EntityType.PLACE:
            place += 1
            continue
        place += 1
        end = word.end
        while place < len(words):
            is_place = (
                kinds[place] is EntityType.PLACE and words[place].text[-1] in "省市县区镇乡村州岛路"
            )
            if not is_place and words[place].text not in PLACE_ENDS:
                break
            end = words[place].end
            place += 1
        yield NameSpan(word.start, end, EntityType.PLACE, NAMES)


def zh_terms(words: Sequence[Word]) -> Iterator[NameSpan]:
    """Nouns that follow each other as one, and single ones that are rare or stand repeatedly."""
    counts = Counter(word.text for word in words if len(word.text) > 1)
    run: list[Word] = []
    before = Word(-1, -1, "", "x")
    for word in (*words, before):
        if _fits(word) and (len(word.text) > 1 or run):
            is_number = not run and before.text.isdigit() and word.text[0] in "号级代型"
            is_more = not run and before.text in _PREFIXES
            run.extend((before, word) if is_number or is_more else (word,))
            before = word
            continue
        before = word
        yield from _term(run, counts)
        run = []
        if word.tag == "l" and len(word.text) > 2 and not _is_action(word.text):
            yield from _term([word], counts)


def _is_action(text: str) -> bool:
    """Whether a set phrase is a verb, or begins with one: "取得联系"."""
    return Common.VERB in (senses().get(text), senses().get(text[:2]))


def _fits(word: Word) -> bool:
    return (
        word.tag in _IN_TERM
        and word.text not in NO_TERM
        and not (word.tag != "vn" and senses().get(word.text) is Common.VERB)
        and not (word.tag == "nr" and _kind(word) is EntityType.PERSON)
    )


def _term(run: list[Word], counts: Counter[str]) -> Iterator[NameSpan]:
    run = run[-_LONGEST_RUN:]
    while run and (run[-1].tag not in _HEADS or (len(run[-1].text) == 1 and len(run) > 2)):
        run = run[:-1]
    while len(run) > 1 and run[-1].end - run[0].start > _LONGEST_TERM:
        run = run[1:]
    while len(run) > 1 and len(run[0].text) == 1 and not run[0].text.isdigit():
        if run[0].text in _PREFIXES and len(run) > 2:
            break
        run = run[1:]
    if not run:
        return
    length = run[-1].end - run[0].start
    if len(run) == 1:
        often = frequency(run[0].text)
        is_rare = often < _OFTEN.get(length, _TOO_OFTEN)
        is_theme = counts[run[0].text] > 1 and often < _TOO_OFTEN
        if run[0].tag == "vn" or length < 2 or not (is_rare or is_theme):
            return
    elif length < 3:
        return
    yield NameSpan(run[0].start, run[-1].end, EntityType.TERM, TERMS)
