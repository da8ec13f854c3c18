"""Which mentions are of one thing, and why.

Mentions are of one thing where their names have one form. Beyond that, in this order: people split
names by documents; titles tell things of one name apart, as do the explanations of a name that
documents give, and the company that it is in; short forms go with the full name of their document;
what texts say of names, and people, joins them. See units, claims, homonyms and short_forms.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from index.graph.claims import Claim, claims_of, links_of, told_apart
from index.graph.contract import Decision
from index.graph.decided import Decided
from index.graph.facts import Facts
from index.graph.homonyms import masked_apart, qualified_apart, split_by_company
from index.graph.short_forms import short_links
from index.graph.sparse_rows import Ints
from index.graph.unions import LEGAL_FORM, SPELLING, Link, Unions, joined, one_way
from index.graph.units import Nodes, Units


@dataclass(frozen=True, eq=False)
class Resolved:
    """The thing that each mention is of, by a number that says nothing, and why names of
    different forms are one thing's; `rows` are a mention of each node that they join, -1 where
    there is none. `is_short` says of each mention whether its name is short for another's."""

    things: npt.NDArray[np.int64]
    links: Sequence[Link]
    rows: npt.NDArray[np.int64]
    is_short: npt.NDArray[np.bool_]


def resolved(facts: Facts, decisions: Sequence[Decision]) -> Resolved:
    """Of the facts and what people decided, whatever order they came in."""
    decided = Decided.of(decisions)
    units = Units.of(facts, decided.alone(facts))
    nodes = Nodes.of(units)
    links = [*_spellings(units), *decided.split(units, nodes)]
    whole = decided.whole(units)
    claims = claims_of(units)
    told_apart(units, nodes, [claim for claim in claims if not {claim.first, claim.second} & whole])
    qualified_apart(units, nodes, whole)
    masked_apart(units, nodes, whole)
    split_by_company(units, nodes, whole)
    links.extend(links_of(units, nodes, claims))
    links.extend(short_links(units, nodes, _explained(units, claims)))
    links.extend(decided.merges(units, nodes))
    marks, apart = decided.marks(units, nodes)
    unions = Unions(marks, one_way(apart))
    ends = {end for link in links for end in (link.first, link.second)}
    held = joined(links, unions, {end: nodes.text(end) for end in ends})
    things = np.arange(len(nodes.labels), dtype=np.int64)
    for node in list(unions.parents):
        things[node] = unions.find(node)
    _bring_home(nodes, things)
    rows = np.full(len(nodes.labels), -1, dtype=np.int64)
    node_of_row = nodes.of_unit[units.of_row]
    rows[node_of_row] = np.arange(len(node_of_row))
    is_short = np.array([key.startswith("short:") for key in nodes.keys], dtype=np.bool_)
    return Resolved(things[node_of_row], held, rows, is_short[node_of_row])


def _spellings(units: Units) -> list[Link]:
    """Links between the spellings of a form of which people hold some apart."""
    names = units.facts.tables.names
    spelling = names.spelling_of()
    own = sorted(np.flatnonzero(units.own >= 0).tolist(), key=units.text)
    links = []
    for label, other in combinations(own, 2):
        if units.forms[label] == units.forms[other]:
            is_same = spelling[units.own[label]] == spelling[units.own[other]]
            written = units.text(label), units.text(other)
            links.append(Link(label, other, written, SPELLING if is_same else LEGAL_FORM))
    return links


def _explained(units: Units, claims: Sequence[Claim]) -> npt.NDArray[np.bool_]:
    """Units that a text says another name of."""
    found = np.zeros(len(units.labels), dtype=bool)
    for claim in claims:
        found[units.unit([claim.first, claim.second], claim.document)] = True
    return found


def _bring_home(nodes: Nodes, things: Ints) -> None:
    """Short forms that may not go with their full name are again what the name is elsewhere."""
    sizes = np.bincount(things)
    first = len(nodes.units.forms)
    for node, key in enumerate(nodes.keys[first:], start=first):
        if key.startswith("short:") and sizes[things[node]] == 1:
            things[node] = things[nodes.labels[node]]
