"""What a writer who does not see all documents may do: nothing to what is hidden, and nothing that
others than those who hold the writer's tags could see.

That an id is taken by a hidden document is told to who would use it: else that document would be
lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from index.pipeline import View, access_tags, tags_of
from ingest.contract import ACCESS, BadInput, Denied, Json, NotFound


def metadata_with(
    view: View, document_id: str, metadata: Mapping[str, Json], asked: Sequence[str] | None
) -> dict[str, Json]:
    """The metadata that a document is handed in with: with access tags where some were asked for
    (none of them: it is for everyone), or where the writer may not hand in without. Raises
    BadInput, and Denied."""
    check_metadata(metadata)
    tags = tags_for(view, document_id, asked)
    return dict(metadata) if tags is None else {**metadata, ACCESS: tags}


def check_metadata(metadata: Mapping[str, Json]) -> None:
    """Raises BadInput where access tags are given among other metadata."""
    if ACCESS in metadata:
        raise BadInput(
            f"metadata.{ACCESS}: access tags are not given among the metadata: give them as "
            f"{ACCESS!r} beside these"
        )


def tags_for(view: View, document_id: str, asked: Sequence[str] | None) -> list[str] | None:
    """The tags that a document is to have; None where it keeps those that it has. A writer who
    does not see all gives of their own tags, at least one where they have any; by default a new
    document has all of them, and another what it had. Tags of others stay on it."""
    wanted = None if asked is None else access_tags(asked)
    held = view.tags
    if held is None:
        return wanted
    if not view.sees(document_id):
        raise Denied(
            f"the id {document_id!r} is taken by a document that this key does not see: choose "
            "another id"
        )
    before = _tags_before(view, document_id)
    if wanted is None:
        return sorted(held if before is None else before)
    if not held.issuperset(wanted):
        raise Denied(
            f"{ACCESS}: this key may give documents its own tags only, and it does not hold "
            + ", ".join(sorted(set(wanted) - held))
        )
    if not wanted and held and before != frozenset():
        raise Denied(f"{ACCESS}: this key may not show documents to everyone: give one of its tags")
    return sorted({*wanted, *((before or frozenset()) - held)})


def _tags_before(view: View, document_id: str) -> frozenset[str] | None:
    """None for a document that is not there."""
    whole = view.unrestricted
    try:
        return tags_of(whole.record(document_id).metadata)
    except NotFound:
        state = whole.ledger.states.get(document_id)
        return None if state is None else tags_of(state.origin.given)


def check_whole(view: View, document_ids: Iterable[str]) -> None:
    """Raises Denied where something is packed in these documents that the writer does not see: it
    would be changed with them."""
    if view.tags is None:
        return
    for document_id in document_ids:
        members = view.unrestricted.ledger.states.members(document_id)
        if not all(map(view.sees, members)):
            raise Denied(
                f"{document_id!r} packs a document that this key does not see, which would go "
                "with it"
            )
