"""The sixty cases of names that are one thing, or are not: how many come out right."""

from __future__ import annotations

from alias_cases import CASES, AliasCase
from derive_room import graph_of, numbers_in

from index.graph.contract import Decision, DecisionKind

BAR = 52
KNOWN_WRONG = frozenset({"en-company-short"})
"""No word of its text says that it is a company."""


def is_right(case: AliasCase) -> bool:
    """Whether the two names are found and are, or are not, one entity."""
    decisions = [
        Decision(number, DecisionKind.MERGE, names, by="aliases")
        for number, names in enumerate(case.aliases, start=1)
    ]
    graph = graph_of(case.documents, decisions)
    keys = {id: key for key, id in enumerate(case.documents, start=1)}
    first, second = (
        numbers_in(graph, keys[document], name)
        for name, _, document in (case.first.rpartition("@"), case.second.rpartition("@"))
    )
    if not first or not second:
        return False
    return len(first) == 1 and first == second if case.is_one else not set(first) & set(second)


def test_the_sixty_cases() -> None:
    assert len(CASES) == len({case.id for case in CASES}) == 60
    wrong = {case.id for case in CASES if not is_right(case)}
    assert wrong <= KNOWN_WRONG, "what was right has to stay right"
    assert len(CASES) - len(wrong) >= BAR
