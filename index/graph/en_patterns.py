"""What English sentences say of the names in them: by the words between two of them.

A relation is a verb with what follows it up to the second name, or a noun with its preposition
("son of"); this is the pattern of ReVerb (Fader, Soderland and Etzioni 2011, "Identifying relations
for open information extraction", EMNLP), read off the commonest tag of each word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from index.graph.contract import EntityType
from index.graph.en_tokens import Token
from index.graph.reading import Reading, Span
from index.graph.said import ABOUT, GUESSED, LIKELY, SURE, Part, Said, said_along
from index.graph.spans import word_set

_LIST = re.compile(r"\s*(?:,|and|&|, and|or|, or)\s+")
_BREAK = re.compile(r"[;:!?()\[\]\n]|\.\s")
_CLAUSE = word_set(
    "and but who which that while when where whose whom as because after before although"
)
_BE = word_set(
    "is are was were be been being has have had having do does did will would can could may might must also 's"
)
_KEPT = frozenset(("IN", "TO", "RP"))
_PASSED_OVER = frozenset(("DT", "JJ", "JJR", "JJS", "PRP$", "RB", "RBS", "RBR", "WDT", "WP", "PRP"))
_VERBS = ("VB", "VBD", "VBN", "VBG", "VBZ", "VBP")
_RELATIONS = word_set(
    """
    founded co-founded cofounded established created invented discovered developed designed built
    wrote written directed produced composed starred starring stars married acquired acquires
    bought purchased sold merged joined led owns owned born died buried located based headquartered
    studied graduated educated worked works played plays succeeded replaced defeated named member
    son daughter wife husband father mother brother sister child capital ceo president chairman
    director founder author creator part subsidiary owner student pupil teacher successor
    predecessor chief head mayor governor king queen leader published released launched signed
    appointed elected invested played portrayed edited painted
    """
)
_NO_KIND = word_set(
    "including include includes such like than well said says year years known used"
)
_ABOUT = re.compile(
    r"\W*(?:(?:in|on|after|before|since|during|from|by|at) [^,.;]{1,40}?,? )?(?:(?P<own>his|her|its|their)\b"
    r"|(?:he|she|it|they)\b|the (?:film|movie|novel|book|song|album|series|show|band|group|company|firm|corporation|organi[sz]ation|city|town|village|"
    r"river|university|school|club|team|station|game|play|magazine|newspaper|building|island|district|county)\b(?!'s))",
    re.I,
)
_MOST_WORDS = 10


def english_relations(reading: Reading, sentence: Span, parts: Sequence[Part]) -> Iterator[Said]:
    """`parts` are the names of the sentence, in order; dates and amounts are not among them."""
    text = reading.text
    about = _ABOUT.match(text, *sentence)
    starts_with_name = bool(parts) and not text[sentence[0] : parts[0].start].strip(
        " \"“'*-"
    ).replace("The", "")
    subject = ABOUT if about is not None and not starts_with_name else parts[0].place
    said: Said | None = None
    if subject == ABOUT and about is not None and about.end() <= parts[0].start:
        said = _relation(reading, (about.end(), parts[0].start), ABOUT, None, parts[0])
        if said is None and about["own"]:
            said = _owned(reading, (about.end(), parts[0].start), parts[0])
        if said is not None:
            said = said._replace(strength=said.strength * LIKELY)
            yield said

    def related(one: Part, other: Part) -> Said | None:
        return _relation(reading, (one.end, other.start), subject, one, other)

    yield from said_along(text, parts, said, _LIST, related)


def _owned(reading: Reading, gap: Span, tail: Part) -> Said | None:
    """The noun alone: "His wife, X"."""
    tokens = reading.tokens_in(*gap)
    nouns = [t.text for t in tokens if t.tag in ("NN", "NNS")]
    if len(tokens) > 4 or len(nouns) != 1 or nouns[0].lower() not in _RELATIONS:
        return None
    return Said(tail.place, ABOUT, f"{nouns[0]} of", SURE)


def _relation(
    reading: Reading, gap: Span, subject: int, one: Part | None, other: Part
) -> Said | None:
    between = reading.text[gap[0] : gap[1]]
    tokens = [t for t in reading.tokens_in(*gap) if t.tag != "CD"]
    if not tokens or len(tokens) > _MOST_WORDS or _BREAK.search(between):
        return None
    if one is not None and between.startswith(("'s ", "’s ")):
        nouns = [t.text for t in tokens if t.text != "s"]
        if len(nouns) == 1 and nouns[0].lower() in _RELATIONS:
            return Said(other.place, one.place, f"{nouns[0]} of", SURE)
        return None
    tokens, is_new_clause = _last_clause(between, gap[0], tokens)
    kind = _kind(tokens)
    if kind is None:
        return _title_of(tokens, one, other)
    head = subject
    is_first = one is not None and one.place == subject
    if one is not None and not is_first and _is_of_the_one(between, tokens, is_new_clause):
        head = one.place
    words = kind.lower().split()
    strength = SURE if _RELATIONS.intersection(words) else GUESSED
    return Said(head, other.place, kind, strength)


def _is_of_the_one(between: str, tokens: Sequence[Token], is_new_clause: bool) -> bool:
    """Whether the words after a name speak of it, not of the sentence's subject: "X, the son of",
    "X, who founded", "that X founded"."""
    begin = between.lstrip()
    if begin.startswith(","):
        rest = begin[1:].lstrip()
        return rest.startswith(("who ", "which ", "whose ")) or tokens[0].tag in (
            "DT",
            "NN",
            "PRP$",
        )
    if begin.startswith(("who ", "which ", "that ")):
        return True
    if is_new_clause or begin.startswith(("and ", "but ")):
        return False
    first = tokens[0]
    return first.tag in ("VBD", "VBZ", "VBP", "VBN", "VB") and tokens[-1].text != "by"


def _last_clause(between: str, offset: int, tokens: list[Token]) -> tuple[list[Token], bool]:
    """The words after the last "and" or comma that a verb or a noun follows."""
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        has_comma = (
            "," in between[(tokens[place - 1].end - offset if place else 0) : token.start - offset]
        )
        rest = tokens[place:] if token.text.lower() not in _CLAUSE else tokens[place + 1 :]
        if (has_comma or token.text.lower() in _CLAUSE) and any(
            t.tag in _VERBS or t.tag in ("NN", "NNS") for t in rest
        ):
            return rest, place > 0
    return tokens, False


def _kind(tokens: Sequence[Token]) -> str | None:
    """The last verb that says something, with what belongs to it; a noun with its preposition
    where there is none."""
    words = [t for t in tokens if t.text.lower() not in _BE and t.tag not in _PASSED_OVER]
    verbs = [i for i, t in enumerate(words) if t.tag in _VERBS]
    rest = words[verbs[-1] if verbs else 0 :]
    nouns = [t for t in rest if t.tag in ("NN", "NNS")]
    if not rest or len(rest) > 5 or (not verbs and (not nouns or rest[-1].tag not in _KEPT)):
        return None
    last = rest[-1]
    if verbs and last.tag not in _KEPT and any(t.tag in _KEPT for t in rest[1:]):
        return None
    kept = [rest[0]] if verbs else []
    kept += [t for t in nouns if t is not rest[0] or not verbs][-1:]
    if last.tag in _KEPT and last is not rest[0]:
        kept.append(last)
    if any(t.text.lower() in _NO_KIND for t in kept):
        return None
    return " ".join(t.text for t in sorted(set(kept)))


def _title_of(tokens: Sequence[Token], one: Part | None, other: Part) -> Said | None:
    """Only nouns between two names: "Apple chief executive Tim Cook"."""
    if one is None or len(tokens) > 3 or any(t.tag not in ("NN", "JJ", "NNP") for t in tokens):
        return None
    kinds = (EntityType.ORGANIZATION, EntityType.PLACE, EntityType.OTHER)
    noun = tokens[-1].text.lower()
    if one.type not in kinds or other.type not in (EntityType.PERSON, EntityType.OTHER):
        return None
    if noun not in _RELATIONS and noun not in (
        "executive",
        "minister",
        "secretary",
        "spokesman",
        "spokeswoman",
    ):
        return None
    return Said(other.place, one.place, " ".join(t.text for t in tokens) + " of", SURE)
