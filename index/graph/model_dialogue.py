"""What passes between Braid and a language model about one chunk.

First everything is asked for. An answer that cannot be read is asked for once more, in other
words. Then what was missed is asked for (gleaning), as often as set and for as long as it brings
something new. The same answers always lead to the same next question.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from index.graph.contract import ChunkFacts, EntityType
from index.graph.grounding import Grounded, grounded
from index.graph.model_prompts import Asking
from index.graph.model_replies import Reply, read
from ingest.contract import Chunk, Completion


@dataclass(frozen=True, slots=True)
class Findings:
    """What came of answers, in numbers: `entities` and `statements` that the chunks bear out, what
    was left out (see `grounding.Grounded`; `dropped` items lacked a name), answers that were
    `repaired` or `cut` at the limit, and chunks of which no answer could be read."""

    entities: int = 0
    statements: int = 0
    ungrounded: int = 0
    unrelated: int = 0
    undescribed: int = 0
    dropped: int = 0
    repaired: int = 0
    cut: int = 0
    unreadable: int = 0

    def plus(self, other: Findings) -> Findings:
        return Findings(*(getattr(self, n) + getattr(other, n) for n in self.__slots__))


@dataclass
class Dialogue:
    """About one chunk; `ask` gives the answer to a message."""

    chunk: Chunk
    types: Sequence[EntityType]
    gleanings: int
    ask: Callable[[str], Completion]
    _replies: list[Reply] = field(default_factory=list)
    _cut: int = 0
    _known: Grounded = field(default_factory=lambda: Grounded(ChunkFacts()))

    def facts(self) -> tuple[ChunkFacts, Findings]:
        """The facts of the chunk, and what led to them. What `ask` raises comes through."""
        asking = Asking(self.chunk, self.types)
        if not (self._hear(asking.first()) or self._hear(asking.again())):
            return ChunkFacts(), Findings(cut=self._cut, unreadable=1)
        brought = self._take()
        for _ in range(self.gleanings):
            if not brought:
                break
            names = dict.fromkeys(mention.name for mention in self._known.facts.mentions)
            brought = self._hear(asking.more(list(names))) and self._take()
        return self._known.facts, self._findings()

    def _hear(self, message: str) -> bool:
        """Asks; whether the answer could be read."""
        answer = self.ask(message)
        self._cut += answer.is_cut
        reply = read(answer)
        if reply is not None:
            self._replies.append(reply)
        return reply is not None

    def _take(self) -> bool:
        """Grounds all that was said; whether it is more than before."""
        before = self._known
        self._known = grounded(self.chunk, self._replies)
        return (self._known.entities, len(self._known.facts.statements)) > (
            before.entities,
            len(before.facts.statements),
        )

    def _findings(self) -> Findings:
        known = self._known
        return Findings(
            entities=known.entities,
            statements=len(known.facts.statements),
            ungrounded=known.ungrounded,
            unrelated=known.unrelated,
            undescribed=known.undescribed,
            dropped=sum(reply.dropped for reply in self._replies),
            repaired=sum(reply.is_repaired for reply in self._replies),
            cut=self._cut,
        )
