"""Everything that is packed in a file, however deep, one member in memory at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ingest.bounds import MAX_DEPTH, Budget, Exhausted
from ingest.contract import Failure, Source, Unpacker, UnreadableFile
from ingest.reasons import as_reasons, one_line
from ingest.sniff import sniff


@dataclass(frozen=True)
class Walk:
    """How to go through a container: `unpacker` gives what unpacks a type, or None;
    `has_text` tells whether a file of a type has text of its own."""

    unpacker: Callable[[str], Unpacker | None]
    has_text: Callable[[str], bool]
    max_depth: int = MAX_DEPTH

    def members(self, source: Source) -> Iterator[Source | Failure]:
        """The files packed in the source and in those, in order. A container inside comes out
        itself only where it has text of its own (a mail), before what it packs. Nothing comes
        out where the source is no container. Raises UnreadableFile where the source itself is
        broken or too much is packed in it; what came before that stands."""
        media_type = sniff(source.data, source.name)
        unpacker = self.unpacker(media_type)
        if unpacker is None:
            return
        budget = Budget(len(source.data))
        for member in _guarded(unpacker, source, media_type):
            yield from self._member(member, source.document_id, budget, 1)

    def _member(
        self, member: Source | Failure, container: str, budget: Budget, depth: int
    ) -> Iterator[Source | Failure]:
        if isinstance(member, Failure):
            budget.take(0)
            yield member
            return
        budget.take(len(member.data))
        member = replace(member, metadata={**member.metadata, "container": container})
        try:
            media_type = sniff(member.data, member.name)
        except UnreadableFile as error:
            yield Failure(member.document_id, str(error))
            return
        unpacker = self.unpacker(media_type)
        if unpacker is None or self.has_text(media_type):
            yield member
        if unpacker is None:
            return
        if depth >= self.max_depth:
            reason = f"it is packed in {depth} others, the limit: unpack what is in it by hand"
            yield Failure(f"{member.document_id}/…", reason)
            return
        try:
            for inner in _guarded(unpacker, member, media_type):
                yield from self._member(inner, container, budget, depth + 1)
        except Exhausted:
            raise
        except UnreadableFile as error:
            rest = f"{member.document_id}/…" if self.has_text(media_type) else member.document_id
            yield Failure(rest, str(error))


def _guarded(unpacker: Unpacker, source: Source, media_type: str) -> Iterator[Source | Failure]:
    """The members, with whatever a library raises on a hostile file made a reason."""
    members = unpacker.members(source, media_type)
    while True:
        with as_reasons("unpacked", media_type):
            member = next(members, None)
        if member is None:
            return
        if isinstance(member, Failure):
            member = Failure(member.document_id, one_line(member.reason))
        yield member
