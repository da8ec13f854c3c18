"""What texts themselves say of names that are one thing's: "retrieval-augmented generation (RAG)".

A name of which documents say different things ("RAG" is a method here and a gene there) is one
thing in each document with what that document says; where a document says nothing, it goes with
the one thing that the document names, or stands by itself.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from index.graph.contract import EntityType
from index.graph.names import ARTICLES, has_han
from index.graph.unions import Link
from index.graph.units import NUMBER_OF, Nodes, Units

_SMALL = frozenset({"of", "and", "for", "in", "on", "to", "de", "la", "von", *ARTICLES})
_NEVER_ONE = {NUMBER_OF[EntityType.PERSON], NUMBER_OF[EntityType.PLACE]}
_NEAR = 0.85
"""Likeness of two spellings of one expansion ("organisation", "organization")."""

_SHORT = re.compile(r"[A-Z][A-Za-z0-9&.-]{0,8}")
_BODY = re.compile(
    r"(?i)\b(?:organi[sz]ation|company|corporation|association|party|university|agency|institute|"
    r"bank|committee|council|ministry|department|group|union|federation|foundation|society|bureau|"
    r"office|commission|court|army|school|college|league|network|service)\b"
    r"|(?:组织|公司|大学|协会|银行|委员会|党|局|部|学院|科学院|研究院|集团|联盟|基金会|学会|法院|联合会)$"
)
_NOTION = re.compile(
    r"(?i)\b(?:index|method|model|generation|system|learning|network|rate|algorithm|analysis|mode|"
    r"machine|gene|protein|disease|syndrome|protocol|language|interface|memory|unit)$"
    r"|(?:指数|技术|方法|模型|模式|系统|算法|率|法|生成|学习|网络|语言|协议|基因|蛋白|病|综合征|接口|机|器|量|值)$"
)


@dataclass(frozen=True)
class Claim:
    """Two labels that a chunk of a document says are one thing's, as it writes them."""

    first: int
    second: int
    document: int
    chunk: int
    reason: str
    names: tuple[str, str]


def claims_of(units: Units) -> list[Claim]:
    """The aliases of the facts, but for those that cannot be ("李明（CEO）")."""
    facts = units.facts
    aliases, mentions = facts.aliases, facts.mentions
    chunks = aliases.chunks()
    starts = mentions.offsets[chunks]
    first, second = starts + aliases["first"], starts + aliases["second"]
    one, other = units.of_row[first], units.of_row[second]
    names = facts.tables.names.values
    found = []
    for place in np.flatnonzero(units.labels[one] != units.labels[other]).tolist():
        a, b = int(one[place]), int(other[place])
        written = (
            names[mentions["name"][first[place]]],
            names[mentions["name"][second[place]]],
        )
        types = int(units.types[a]), int(units.types[b])
        reason = facts.tables.texts.values[aliases["reason"][place]]
        is_said = reason == "also known as"
        if not _may_be(written, types) or (is_said and set(types) == _NEVER_ONE):
            continue
        labels = int(units.labels[a]), int(units.labels[b])
        chunk = int(chunks[place])
        found.append(Claim(*labels, int(units.documents[a]), chunk, reason, written))
    return found


def _may_be(names: tuple[str, str], types: tuple[int, int]) -> bool:
    for name, other, kind in ((*names, types[0]), (*names[::-1], types[1])):
        is_title = kind == NUMBER_OF[EntityType.PERSON] and other.isupper() and len(other) < 5
        if is_title and _SHORT.fullmatch(other) and other.lower() != initials(name):
            return False
    return True


def initials(name: str) -> str:
    """The first letters of the words of a name that are not small ones."""
    words = [word for word in re.findall(r"[^\W_]+", name.lower()) if word not in _SMALL]
    return "".join(word[0] for word in words)


def told_apart(units: Units, nodes: Nodes, claims: Sequence[Claim]) -> None:
    """Moves the units of each name that different documents explain differently to a sense of
    their own."""
    by_label: dict[int, list[Claim]] = {}
    for claim in claims:
        by_label.setdefault(claim.first, []).append(claim)
        by_label.setdefault(claim.second, []).append(claim)
    direct = {frozenset((claim.first, claim.second)) for claim in claims}
    for label, of_label in sorted(by_label.items(), key=lambda item: units.text(item[0])):
        partners: dict[int, list[Claim]] = {}
        for claim in of_label:
            other = claim.second if claim.first == label else claim.first
            partners.setdefault(other, []).append(claim)
        if len(partners) < 2:
            continue
        groups = _groups(units, label, partners, direct)
        if len(set(groups.values())) > 1:
            _split(units, nodes, label, partners, groups)


def _groups(
    units: Units,
    label: int,
    partners: Mapping[int, Sequence[Claim]],
    direct: set[frozenset[int]],
) -> dict[int, int]:
    """The partners by what they are names of: each with the first of those that are the same."""
    order = sorted(partners, key=units.text)
    group = {partner: partner for partner in order}
    documents = {p: {claim.document for claim in said} for p, said in partners.items()}
    for place, one in enumerate(order):
        for other in order[:place]:
            if group[one] == group[other]:
                continue
            is_same = frozenset((one, other)) in direct or _is_same(units, label, one, other)
            is_said = not documents[one].isdisjoint(documents[other])
            if is_same or (is_said and not _are_rivals(units, one, other)):
                old, new = group[one], group[other]
                group = {p: new if g == old else g for p, g in group.items()}
    return group


def _are_rivals(units: Units, one: int, other: int) -> bool:
    """Whether the two are full names in one script, of which a short one has but one."""
    first, second = units.text(one), units.text(other)
    return has_han(first) == has_han(second) and _is_full(first) and _is_full(second)


def _is_full(text: str) -> bool:
    """Whether a name is too long to be short for another."""
    return len(text) > (3 if has_han(text) else 6)


def _is_same(units: Units, label: int, one: int, other: int) -> bool:
    """Whether two names that a third is said to be short for can be one thing's: by their
    letters, or, in different scripts, by what kind of thing they are."""
    from rapidfuzz.distance import Indel

    first, second = units.text(one), units.text(other)
    if has_han(first) == has_han(second):
        return (
            Indel.normalized_similarity(first, second) >= _NEAR
            or f" {first} " in f" {second} "
            or f" {second} " in f" {first} "
        )
    return _kind(units, one) * _kind(units, other) >= 0


def _kind(units: Units, label: int) -> int:
    """1 for a body of people, or a person or place; -1 for a notion; 0 where it cannot be told."""
    name = units.name(label)
    if _BODY.search(name):
        return 1
    if _NOTION.search(name):
        return -1
    kind = int(units.label_types[label])
    named = (EntityType.ORGANIZATION, EntityType.PERSON, EntityType.PLACE)
    return 1 if kind in [NUMBER_OF[k] for k in named] else 0


def _split(
    units: Units,
    nodes: Nodes,
    label: int,
    partners: Mapping[int, Sequence[Claim]],
    groups: Mapping[int, int],
) -> None:
    said: dict[int, Counter[int]] = {}
    for partner, claims in partners.items():
        for claim in claims:
            said.setdefault(claim.document, Counter())[groups[partner]] += 1
    for unit in units.units_of(label):
        document = int(units.documents[unit])
        counts = said.get(document)
        if counts:
            best = min(counts, key=lambda group: (-counts[group], units.text(group)))
            nodes.move(unit, f"alias:{units.text(best)}")
            continue
        named = {
            groups[partner]
            for partner, there in zip(
                partners, units.unit(list(partners), document).tolist(), strict=True
            )
            if there >= 0
        }
        if len(named) == 1:
            nodes.move(unit, f"alias:{units.text(named.pop())}")


def links_of(units: Units, nodes: Nodes, claims: Sequence[Claim]) -> list[Link]:
    """The claims as links between nodes, those of the same two nodes as one; a claim against the
    sense that its document has a name in says nothing."""
    text = nodes.text
    grouped: dict[tuple[int, int], list[Claim]] = {}
    for claim in claims:
        first, second = (
            int(nodes.of_unit[end])
            for end in units.unit([claim.first, claim.second], claim.document)
        )
        if not _is_against(units, nodes, first, second):
            ends = (first, second) if text(first) <= text(second) else (second, first)
            grouped.setdefault(ends, []).append(claim)
    return [_link(nodes, ends, of_ends) for ends, of_ends in grouped.items()]


def _is_against(units: Units, nodes: Nodes, first: int, second: int) -> bool:
    """Whether one is a sense by what it is short for, and that is not like the other."""
    for node, other in ((first, second), (second, first)):
        kind, _, text = nodes.keys[node].partition(":")
        if kind == "alias":
            partner = units.text(nodes.labels[other])
            both_han = has_han(text) == has_han(partner)
            if both_han and text != partner and _are_unlike(text, partner):
                return True
    return False


def _are_unlike(first: str, second: str) -> bool:
    from rapidfuzz.distance import Indel

    if not (_is_full(first) and _is_full(second)):
        return False
    is_near = Indel.normalized_similarity(first, second) >= _NEAR
    return not is_near and first not in second and second not in first


def _link(nodes: Nodes, ends: tuple[int, int], claims: Sequence[Claim]) -> Link:
    reasons = Counter(claim.reason for claim in claims)
    reason = min(reasons, key=lambda r: (-reasons[r], r))
    names = [Counter[str](), Counter[str]()]
    for claim in claims:
        is_turned = claim.first != nodes.labels[ends[0]]
        for place, name in enumerate(claim.names[::-1] if is_turned else claim.names):
            names[place][name] += 1
    first, second = (min(c, key=lambda name: (-c[name], name)) for c in names)
    chunks = tuple(sorted({claim.chunk for claim in claims}))
    return Link(*ends, (first, second), reason, chunks=chunks)
