"""What people decide of the names in a graph, as the command line and the service take it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from api.graph import view_of
from index.graph.contract import ALIASES, RULES, Decision, DecisionKind, Merge
from index.graph.pipeline import same_name
from index.pipeline import View
from ingest.contract import BadInput, Conflict, Denied, NotFound


@dataclass(frozen=True, slots=True)
class Undone:
    """What was taken back: a decision; or a merge by rules, by deciding that its names are two
    things."""

    removed: tuple[Decision, ...] = ()
    added: tuple[Decision, ...] = ()


def decide(
    collection: View,
    kind: DecisionKind,
    names: Sequence[str],
    documents: Sequence[str] = (),
    note: str = "",
) -> Decision:
    """Decides of names that the graph knows. Raises BadInput for too few or too many of them, or
    without the documents of a split; NotFound for a name or a document that is not there."""
    distinct = tuple(dict.fromkeys(" ".join(name.split()) for name in names))
    if not all(distinct):
        raise BadInput("a name is empty")
    if kind is DecisionKind.SPLIT:
        if len(distinct) != 1:
            raise BadInput("a split is of one name")
        if not documents:
            raise BadInput("a split needs the documents in which the name is another thing")
    elif len(distinct) < 2:
        raise BadInput(f"to {kind.value} takes two different names at least")
    elif documents:
        raise BadInput("documents are for a split alone")
    view = view_of(collection)
    for name in distinct:
        if not view.graph.numbers_of(name):
            view.number(name)  # raises, or it is an id, which decisions do not go by
            raise BadInput(f"{name!r} is an id: decisions are of names")
    for document in documents:
        collection.record(document)
    given = Decision(0, kind, distinct, tuple(dict.fromkeys(documents)), note=note)
    return collection.unrestricted.facts.decide([given])[0]


def undo(collection: View, reference: str) -> Undone:
    """Takes back a decision by its number, or a merge by its id. Raises NotFound, Conflict for
    what stands in the alias file, and Denied for what is also of names that are hidden."""
    decisions = collection.decisions()
    by_number = {str(decision.number): decision for decision in decisions}
    if reference in by_number:
        return Undone(removed=(_removed(collection, by_number[reference]),))
    merges: Mapping[str, Merge] = {merge.id: merge for merge in collection.graph().merges()}
    merge = merges.get(reference)
    if merge is None:
        raise NotFound(
            f"neither a decision nor a merge is called {reference!r}: 'braid graph merges' lists "
            "both"
        )
    pair = merge.first, merge.second
    if merge.by == RULES:
        apart = Decision(0, DecisionKind.SEPARATE, pair)
        return Undone(added=collection.unrestricted.facts.decide([apart]))
    made_it = [
        decision
        for decision in decisions
        if decision.kind is DecisionKind.MERGE
        and all(any(same_name(name, one) for one in decision.names) for name in pair)
    ]
    return Undone(removed=tuple(_removed(collection, decision) for decision in made_it))


def _removed(collection: View, decision: Decision) -> Decision:
    if decision.by == ALIASES:
        raise Conflict(
            f"decision {decision.number} ({', '.join(decision.names)}) stands in the alias file: "
            "load one without it ('braid graph aliases')"
        )
    facts = collection.unrestricted.facts
    if decision not in facts.decisions():  # it is shown in part
        raise Denied(f"decision {decision.number} is also of what this key does not see")
    return facts.take_back(decision.number)


def alias_sets(collection: View) -> list[tuple[str, ...]]:
    """What the alias file of the collection says, in order."""
    return [one.names for one in collection.decisions() if one.by == ALIASES]


def keep_aliases(collection: View, sets: Iterable[Sequence[str]]) -> None:
    """Keeps these sets of names as the alias file, and no others. Raises Locked, and Denied where
    the file has names that the writer does not see: they would go."""
    whole = collection.unrestricted
    if collection.decisions() != whole.facts.decisions():
        raise Denied("the aliases are also of what this key does not see")
    with whole.writer() as writer:
        writer.set_aliases(
            [Decision(0, DecisionKind.MERGE, tuple(names), by=ALIASES) for names in sets]
        )
