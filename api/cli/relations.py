"""Entities, and how they are related, as a command prints them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import typer

from api.places import place_of

if TYPE_CHECKING:
    from index.graph.contract import Entity
    from index.graph.pipeline import CitedSentence, Link
    from ingest.contract import Chunk
    from retrieve.contract import Chain, Theme

_SENTENCE_CHARS = 300


def entity_line(entity: Entity, reference: str) -> str:
    """An entity in a line; `reference` is an id that means no other."""
    also = f" (also {', '.join(entity.aliases)})" if entity.aliases else ""
    return f"{entity.name}{also}: {entity.type.value}, {passages(entity.chunks)}, id {reference}"


def passages(count: int) -> str:
    """So many of them."""
    return "1 passage" if count == 1 else f"{count:,} passages"


def arrow(first: str, second: str, kind: str, is_forward: bool) -> str:
    """Two entities and what a text states of them; an empty kind where it only names both."""
    if not kind:
        return f"{first} -- {second}"
    return f"{first} -[{kind}]-> {second}" if is_forward else f"{first} <-[{kind}]- {second}"


def print_link(link: Link, names: Mapping[str, str], first: str, margin: str = "  ") -> None:
    """A relation seen from one of its ends, with its sentences below it. `names` are those of the
    entities by their ids."""
    from index.graph.contract import TOGETHER

    relation = link.relation
    is_forward = relation.head == first
    second = relation.tail if is_forward else relation.head
    kind = "" if relation.kind == TOGETHER else relation.kind
    shown = arrow(names[first], names[second], kind, is_forward)
    typer.echo(f"{margin}{shown}  ({relation.weight:.2f})")
    if relation.description:
        typer.echo(f"{margin}    {relation.description}")
    for cited in link.quotes:
        print_cited(cited, f"{margin}    ")


def print_cited(cited: CitedSentence, margin: str) -> None:
    """A sentence, and where it stands."""
    _print_quoted(cited.sentence, place_of(cited.chunk), margin)


def _print_quoted(sentence: str, place: str, margin: str) -> None:
    text = " ".join(sentence.split())
    if len(text) > _SENTENCE_CHARS:
        text = f"{text[:_SENTENCE_CHARS]}…"
    typer.echo(f"{margin}“{text}”")
    typer.echo(f"{margin}{place}")


def print_chain(chain: Chain) -> None:
    """How the graph leads to a hit: the entities and what binds them, then each sentence."""
    from index.graph.contract import TOGETHER

    at = chain.links[0].head
    if len(chain.links) > 1 and at in (chain.links[1].head, chain.links[1].tail):
        at = chain.links[0].tail
    way = at
    for link in chain.links:
        is_forward = link.head == at
        at = link.tail if is_forward else link.head
        way = arrow(way, at, "" if link.relation == TOGETHER else link.relation, is_forward)
    typer.echo(f"to {chain.rank}: {way}")
    for link in chain.links:
        _print_quoted(link.sentence, link.document_id, "    ")


def print_theme(number: int, theme: Theme, chunks: Mapping[int, Chunk]) -> None:
    """What a part of the collection is about, with the sentences that say so."""
    documents = "1 document" if theme.documents == 1 else f"{theme.documents:,} documents"
    counts = f"{passages(theme.chunks)} of {documents}"
    typer.echo(f"{number}. {theme.title} ({theme.weight:.0%}; {counts})")
    if theme.answer:
        typer.echo(f"   {theme.answer}")
    for quote in theme.summary:
        if quote.key in chunks:
            _print_quoted(quote.text, place_of(chunks[quote.key]), "   ")
