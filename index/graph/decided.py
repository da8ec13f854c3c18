"""What people decided of names, as resolution takes it: by names, so that it holds whatever
chunks come and go."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.graph.contract import Decision, DecisionKind
from index.graph.facts import Facts
from index.graph.unions import USER, Link
from index.graph.units import Nodes, Units

_NUMBER = re.compile(r"(.+)#\d+")


@dataclass(frozen=True, eq=False)
class Decided:
    """Decisions in the order of their numbers."""

    decisions: tuple[Decision, ...]

    @classmethod
    def of(cls, decisions: Iterable[Decision]) -> Decided:
        """In order, whatever order they come in."""
        return cls(tuple(sorted(decisions, key=lambda d: d.number)))

    def _of_kind(self, kind: DecisionKind) -> list[Decision]:
        return [decision for decision in self.decisions if decision.kind == kind]

    def alone(self, facts: Facts) -> set[int]:
        """Forms of which someone holds two spellings apart."""
        names = facts.tables.names
        found: set[int] = set()
        for decision in self._of_kind(DecisionKind.SEPARATE):
            numbers = [names.number(name) for name in decision.names]
            forms = [int(form) for form in names.form_of()[numbers]]
            found.update(form for form in forms if forms.count(form) > 1)
        return found

    def whole(self, units: Units) -> frozenset[int]:
        """Labels that someone said are one thing, by merging a name with itself."""
        found: set[int] = set()
        for decision in self._of_kind(DecisionKind.MERGE):
            labels = [_labels(units, name) for name in decision.names]
            if labels and all(one == labels[0] for one in labels):
                found.update(labels[0])
        return frozenset(found)

    def split(self, units: Units, nodes: Nodes) -> list[Link]:
        """Moves the units that are split off; those of one decision are one thing."""
        links: list[Link] = []
        documents = units.facts.tables.documents
        for decision in self._of_kind(DecisionKind.SPLIT):
            found = sorted({documents.find(name) for name in decision.documents} - {-1})
            made: list[int] = []
            for label in dict.fromkeys(n for name in decision.names for n in _labels(units, name)):
                there = [
                    unit for unit in units.unit([label] * len(found), found).tolist() if unit >= 0
                ]
                made.extend(nodes.move(unit, f"split:{decision.number}") for unit in there)
            made = list(dict.fromkeys(made))
            links.extend(_link(units, nodes, decision, (made[0], node)) for node in made[1:])
        return links

    def merges(self, units: Units, nodes: Nodes) -> list[Link]:
        """The names that are to be one thing, each with the first of them that is there."""
        links: list[Link] = []
        for decision in self._of_kind(DecisionKind.MERGE):
            labels = [label for name in decision.names for label in _labels(units, name)]
            ends = list(dict.fromkeys(_node(units, nodes, label) for label in labels))
            links.extend(_link(units, nodes, decision, (ends[0], end)) for end in ends[1:])
        return links

    def marks(
        self, units: Units, nodes: Nodes
    ) -> tuple[dict[int, frozenset[str]], list[tuple[str, str]]]:
        """Marks of nodes, and which must not meet. A merge that comes after a separation of the
        same names, by the same people, takes it back."""
        pairs: list[tuple[int, int]] = []
        for decision in self.decisions:
            labels = [_labels(units, name) for name in decision.names]
            between = {
                (min(a, b), max(a, b))
                for place, one in enumerate(labels)
                for other in labels[:place]
                for a in one
                for b in other
                if a != b
            }
            if decision.kind == DecisionKind.SEPARATE:
                pairs.extend(sorted(between))
            elif decision.kind == DecisionKind.MERGE and decision.by == USER:
                pairs = [pair for pair in pairs if pair not in between]
        apart = [(f"label {a}", f"label {b}") for a, b in pairs]
        marks: dict[int, set[str]] = {}
        held = {label for pair in pairs for label in pair}
        split = {
            label
            for label, key in zip(nodes.labels, nodes.keys, strict=True)
            if key[:6] == "split:"
        }
        if not held and not split:
            return {}, []
        for node, (label, key) in enumerate(zip(nodes.labels, nodes.keys, strict=True)):
            if label in held:
                marks.setdefault(node, set()).add(f"label {label}")
            if label in split:
                is_split = key[:6] == "split:"
                marks.setdefault(node, set()).add(
                    f"{key} of {label}" if is_split else f"rest of {label}"
                )
                if is_split:
                    apart.append((f"{key} of {label}", f"rest of {label}"))
        return {node: frozenset(of_node) for node, of_node in marks.items()}, apart


def _labels(units: Units, name: str) -> tuple[int, ...]:
    """The labels of a name, or of an entity's id."""
    found = units.labels_of(name)
    match = _NUMBER.fullmatch(name)
    return found if found or match is None else units.labels_of(match[1])


def _node(units: Units, nodes: Nodes, label: int) -> int:
    """The node of a label; of its senses the largest where nothing is left of it."""
    of_units = [int(nodes.of_unit[unit]) for unit in units.units_of(label)]
    if label in of_units:
        return label
    return min(of_units, key=lambda node: (-of_units.count(node), nodes.keys[node]))


def _link(units: Units, nodes: Nodes, decision: Decision, ends: Sequence[int]) -> Link:
    first, second = (units.name(nodes.labels[end]) for end in ends)
    reason = decision.note or ("alias file" if decision.by != USER else "decision")
    return Link(ends[0], ends[1], (first, second), reason, decision.by, decision.number)
