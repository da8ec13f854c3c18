"""Facts by rules, without a model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from index.contract import UserWord
from index.graph.contract import Alias, ChunkFacts, EntityType, Field, Mention
from index.graph.headings import own_name
from index.graph.keywords import theme_keywords
from index.graph.naming import Named, named_in
from index.graph.patterns import statements
from index.graph.spans import QUOTED, NameSpan, settled
from index.graph.titles import title_names
from index.graph.user_names import UserNames
from ingest.contract import Chunk
from ingest.pipeline import split_sentences


@dataclass(frozen=True)
class RuleExtractor:
    """Chinese and English, by parts of speech, patterns and the layout of the text."""

    _user: list[UserNames] = field(default_factory=list, init=False, repr=False, compare=False)

    @property
    def fingerprint(self) -> str:
        return "rules/2"

    def extract(self, chunk: Chunk, words: Sequence[UserWord]) -> ChunkFacts:
        user = self._user_names(words)
        sentences = tuple(split_sentences(chunk.text)) if chunk.text else ()
        headings = "\n".join(chunk.heading_path)
        title, has_subject = title_names(chunk.title, user)
        text = named_in(chunk.text, sentences, title, user)
        mentions = [
            *_of_text(text),
            *_of_title(title, text, has_subject),
            *_of_headings(headings, chunk.heading_path, user),
        ]
        return ChunkFacts(
            mentions=tuple(mentions),
            statements=tuple(statements(text, len(text.spans) if has_subject else None)),
            aliases=tuple(_aliases(text)),
            sentences=sentences,
            keywords=theme_keywords(mentions),
        )

    def _user_names(self, words: Sequence[UserWord]) -> UserNames | None:
        """Those of the last dictionary are kept: it is the same for many chunks."""
        if not words:
            return None
        for kept in self._user:
            if kept.words is words or kept.words == tuple(words):
                return kept
        made = UserNames.of(words)
        self._user[:] = [made]
        return made


def _of_text(named: Named) -> Iterator[Mention]:
    text = named.reading.text
    for span in named.spans:
        yield Mention(
            text[span.start : span.end],
            span.type,
            span.start,
            span.end,
            sentence=named.reading.sentence_at(span.start),
            is_defined=(span.start, span.end) in named.defined,
        )


def _of_title(title: Mapping[str, NameSpan], named: Named, is_name: bool) -> Iterator[Mention]:
    text = named.reading.text
    types = {text[s.start : s.end]: s.type for s in reversed(named.spans)}
    for name, span in title.items():
        kind = types.get(name, span.type)
        yield Mention(name, kind, span.start, span.end, field=Field.TITLE, is_defined=is_name)


def _of_headings(joined: str, path: Sequence[str], user: UserNames | None) -> Iterator[Mention]:
    place = 0
    for heading in path:
        own = own_name(heading)
        spans = named_in(heading, [(0, len(heading))], None, user).spans
        if own is not None and not any((s.start, s.end) == own for s in spans):
            names = [s for s in spans if s.type != EntityType.TERM]
            spans = settled([*names, NameSpan(*own, EntityType.TERM, QUOTED)])
        for s in spans:
            start, end = place + s.start, place + s.end
            yield Mention(joined[start:end], s.type, start, end, field=Field.HEADINGS)
        place += len(heading) + 1


def _aliases(named: Named) -> Iterator[Alias]:
    numbers = {(span.start, span.end): place for place, span in enumerate(named.spans)}
    for first, second, reason in named.pairs:
        one, other = numbers.get(first[:2]), numbers.get(second[:2])
        if one is not None and other is not None and one != other:
            yield Alias(one, other, reason)
