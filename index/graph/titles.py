"""What a document's title names."""

from __future__ import annotations

from index.graph.contract import EntityType
from index.graph.headings import own_name, parenthesis_of
from index.graph.kind_nouns import kind_of_chinese, kind_of_english
from index.graph.naming import named_in
from index.graph.spans import NAMES, NameSpan
from index.graph.user_names import UserNames
from index.graph.zh_names import is_organization
from index.graph.zh_tokens import has_han

_FEWEST_WORDS = 5
"""A title of so many words, most of them in small letters, is a sentence and no name."""


def title_names(title: str, user: UserNames | None = None) -> tuple[dict[str, NameSpan], bool]:
    """The title's own name with its type and place, and whether there is one. Where a Chinese
    title has several parts with spaces between them, each is a name; where a title is a sentence,
    what it names is."""
    named = named_in(title, [(0, len(title))], None, user) if title.strip() else None
    if named is None:
        return {}, False
    own = own_name(title, is_title=True)
    if own is None or _is_sentence(title[own[0] : own[1]]):
        ends: dict[str, NameSpan] = {}
        last = 0
        for span in named.spans:
            if span.start >= last:
                ends.setdefault(title[span.start : span.end], span)
                last = span.end
        return ends, False
    start, end = own
    told = (
        kind_of_english(word) or kind_of_chinese(word)
        for word in reversed(parenthesis_of(title).split())
    )
    kind = next(filter(None, told), EntityType.OTHER)
    spans = {(s.start, s.end): s.type for s in named.spans}
    parts = title[start:end].split() if has_han(title[start:end]) else []
    if len(parts) < 2 or any(len(part) < 2 or not has_han(part) for part in parts):
        parts = [title[start:end]]
    found: dict[str, NameSpan] = {}
    for part in parts:
        begin = title.index(part, start)
        start = begin + len(part)
        own_kind = spans.get((begin, start), EntityType.OTHER)
        if is_organization(part):
            own_kind = EntityType.ORGANIZATION
        shown = kind if kind != EntityType.OTHER or own_kind == EntityType.TERM else own_kind
        found.setdefault(part, NameSpan(begin, start, shown, NAMES))
    return found, len(found) == 1


def _is_sentence(name: str) -> bool:
    words = name.split()
    small = sum(word[:1].islower() for word in words)
    return len(words) >= _FEWEST_WORDS and 2 * small > len(words)
