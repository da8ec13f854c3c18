"""What a text says of a thing's kind: "X is a Danish actor", "X 是指…", "所谓X"."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from index.graph.contract import EntityType
from index.graph.en_tokens import Token
from index.graph.kind_nouns import kind_of_chinese, kind_of_english
from index.graph.reading import Reading, Span
from index.graph.spans import PAIRED, NameSpan

_IS = re.compile(
    r"\s*(?:\([^()\n]{0,200}\)\s*)?(?:,[^,.;\n]{1,80},\s*)?"
    r"(?:(?:is|was|are|were)\s+(?:[a-z]+ly\s+)?(?:one of the|an?|the|any)\s+"
    r"|(?P<means>means|refers to|is defined as|are defined as|denotes|stands for)\s+(?:(?:an?|the)\s+)?)"
)
_BORN = re.compile(
    r"\s*(?:\([^()\n]{0,120}\))?,?\s*was born\b|\s?\(\s*(?:born\b|b\. |c\. ?\d|\d{1,2} [A-Z][a-z]+ \d{3,4} ?[-–])"
)
_ARTICLE = re.compile(r"\W{0,3}(?:(?:the|an?)\s+)?\W{0,2}", re.IGNORECASE)
_SUBJECT = re.compile(
    r"\s*(?:所谓的?)?[“\"「『《]?([^，。；：、（()）\s“”\"「」『』《》]{2,30}?)[”\"」』》]?(?:[（(][^（()）\n]{1,80}[）)])?"
    r"(?:，[^。；\n]{0,60}?，)?(?:，)?(?P<verb>(?:即|就)?(?:是指|指的是|系指|意指|是|为|乃|指|属于?))(?=(?P<what>[^。；\n]{1,80}))"
)
_ONE = re.compile(
    "一[种個个類类項项家位名款部座所]|[^，。；]{0,40}(?:之一|一种|一类|的一[种类个位名])"
)
_PLAIN = re.compile("(?![0-9不否由在有因以])[^，。；]{1,40}")
_SURE = frozenset(("是指", "指的是", "系指", "意指"))
_STOP_TAGS = frozenset(
    ("IN", "WDT", "WP", "VBD", "VBZ", "VBP", "CC", "TO", "MD", "DT", "PRP", "WRB")
)
_MOST_TOKENS = 12
_DEFINING = frozenset(("is", "are", "was", "were", "means", "refers", "denotes", "stands"))
_SUBJECT_TAGS = frozenset(("NN", "NNS", "JJ", "VBG", "VBN", "NNP"))


def definitions(
    reading: Reading, starts: Mapping[int, NameSpan], ends: Mapping[int, NameSpan]
) -> Iterator[NameSpan]:
    """What is defined in a sentence, with the type that the definition tells, TERM where it is no
    name and OTHER where the type is not told. `starts` and `ends` are the longest names by where
    they begin and end."""
    for start, end in reading.sentences:
        found = None
        if reading.words:
            found = _chinese(reading, (start, end), ends)
        if found is None and reading.tokens:
            found = _english(reading, (start, end), starts)
        if found is not None:
            yield found


def _english(reading: Reading, sentence: Span, starts: Mapping[int, NameSpan]) -> NameSpan | None:
    text = reading.text
    start = _ARTICLE.match(text, *sentence).end()  # type: ignore[union-attr]
    tokens = reading.tokens_in(sentence[0], min(sentence[1], start + 300))
    name = (
        starts.get(start)
        or starts.get(sentence[0])
        or _subject(tokens, start, text[sentence[0] : start].strip().lower() == "the")
    )
    if name is None:
        return None
    match = _IS.match(text, name.end, sentence[1])
    if match is None:
        is_born = _BORN.match(text, name.end, sentence[1]) is not None
        is_open = name.type == EntityType.OTHER
        return name._replace(type=EntityType.PERSON, rank=PAIRED) if is_born and is_open else None
    what = [token for token in tokens if token.start >= match.end()]
    kind = name.type
    if kind in (EntityType.OTHER, EntityType.TERM) and not match["means"]:
        kind = _kind(what, text) or kind
        if name.type == EntityType.TERM and not _is_capital(text, name):
            kind = EntityType.TERM
    return name._replace(type=kind, rank=PAIRED)


def _is_capital(text: str, name: NameSpan) -> bool:
    return all(word[:1].isupper() for word in text[name.start : name.end].split() if len(word) > 3)


def _subject(tokens: Sequence[Token], start: int, has_article: bool) -> NameSpan | None:
    """The noun phrase that a sentence begins with, up to its verb. "The film was" speaks of
    something known."""
    phrase: list[Token] = []
    for token in (t for t in tokens if t.start >= start):
        if token.text in _DEFINING:
            break
        is_near = not phrase or token.start - phrase[-1].end == 1
        if not is_near or not (token.tag in _SUBJECT_TAGS or (token.tag == "VB" and not phrase)):
            return None
        phrase.append(token)
    else:
        return None
    if not phrase or (has_article and len(phrase) == 1) or len(phrase) > _MOST_TOKENS:
        return None
    is_noun = phrase[-1].tag in ("NN", "NNS") or (token.text == "means" and len(phrase) == 1)
    end = phrase[-1].end
    return NameSpan(start, end, EntityType.TERM, PAIRED) if is_noun and end - start > 2 else None


def _kind(tokens: Sequence[Token], text: str) -> EntityType | None:
    """By the last noun before the phrase that follows "is a" ends."""
    kind: EntityType | None = None
    for place, token in enumerate(tokens[:_MOST_TOKENS]):
        if place and token.tag in _STOP_TAGS:
            break
        if token.tag in ("VBN", "VBG") and kind is not None:
            break
        kind = kind_of_english(token.text) or (kind if token.is_name else None)
        if text[token.end : token.end + 1] in ",.;(":
            break
        if (
            place + 1 < len(tokens)
            and kind is not None
            and text[token.end : tokens[place + 1].start].strip(" -")
        ):
            break
    return kind


def _chinese(reading: Reading, sentence: Span, ends: Mapping[int, NameSpan]) -> NameSpan | None:
    match = _SUBJECT.match(reading.plain, *sentence)
    if match is None:
        return None
    start, end = match.span(1)
    name = ends.get(end)
    if name is None or name.start != start:
        run = reading.noun_run(end)
        name = run if run is not None and run.start == start else None
    if name is None:
        return None
    what = match["what"]
    verb = match["verb"].lstrip("即就")
    is_plain = verb == "是" and name.type != EntityType.TERM and _PLAIN.match(what)
    if verb not in _SURE and not is_plain and not _ONE.match(what.split("，")[0]):
        return None
    kind = name.type
    if kind in (EntityType.OTHER, EntityType.TERM):
        clause = re.split("[，,（(]", what)[0].rstrip("之一的")
        kind = kind_of_chinese(clause) or kind
    return name._replace(type=kind, rank=PAIRED)


def is_born_after(text: str, end: int) -> bool:
    """Whether what follows a name says when its bearer was born."""
    return _BORN.match(text, end) is not None
