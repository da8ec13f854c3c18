"""The facts of a collection in its catalog, with what people decided of names.

Facts stand with the chunk that says them and go with it, as do a model's answers about it.
`made_by` is the fingerprint of the extractor; `generation` the write that made the row, so that
a graph knows what it missed. Decisions stand in the table `meta`: they are carried along with the
collection, and concern names, not rows.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from index import withholding
from index.database import Database, batched, first, marks
from index.graph.contract import (
    ALIASES,
    RULES,
    ChunkFacts,
    Decision,
    DecisionKind,
    Extractor,
    FactsChanged,
)
from index.graph.packed_facts import pack, unpack
from index.moments import utc_now
from index.schema import COUNT_UP
from ingest.contract import BadInput, Completion, NotFound

if TYPE_CHECKING:
    import apsw

TABLES = """
CREATE TABLE facts (
    key INTEGER NOT NULL REFERENCES chunks (key) ON DELETE CASCADE,
    source TEXT NOT NULL,
    made_by TEXT NOT NULL,
    facts BLOB NOT NULL,
    generation INTEGER NOT NULL,
    PRIMARY KEY (key, source)
) WITHOUT ROWID;
CREATE INDEX facts_by_generation ON facts (generation);

CREATE TABLE answers (
    key INTEGER NOT NULL REFERENCES chunks (key) ON DELETE CASCADE,
    prompt BLOB NOT NULL,
    answer TEXT NOT NULL,
    prompt_tokens INTEGER,
    completion_tokens INTEGER,
    is_cut INTEGER NOT NULL,
    PRIMARY KEY (key, prompt)
) WITHOUT ROWID;
"""

_DECISIONS = "decisions"
"""What the catalog's meta calls them."""
_READ = 2_000
"""So many chunks' facts are read at once."""
_STATE = "SELECT value FROM meta WHERE key = ?"


@dataclass(frozen=True, slots=True)
class Made:
    """Facts of a chunk, packed, and what made them."""

    made_by: str
    facts: bytes


def made(extractor: Extractor, facts: ChunkFacts) -> Made:
    return Made(extractor.fingerprint, pack(facts))


def put_facts(
    connection: apsw.Connection, key: int, source: str, row: Made, generation: int
) -> None:
    """Stores the facts of a chunk in place of those of the same source, within a transaction."""
    connection.execute(
        "INSERT OR REPLACE INTO facts VALUES (?, ?, ?, ?, ?)",
        (key, source, row.made_by, row.facts, generation),
    )


class FactStore:
    """The facts, answers and decisions in a catalog."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    # --- facts -------------------------------------------------------------------------------

    def having(self, document_id: str, made_by: str) -> set[tuple[str, bytes]]:
        """Id and embedding hash of a document's chunks that have facts made by an extractor."""
        sql = (
            "SELECT chunks.id, chunks.embedding_hash FROM chunks JOIN facts USING (key) "
            "WHERE chunks.document_id = ? AND facts.source = ? AND facts.made_by = ?"
        )
        found = self._catalog.read(sql, (document_id, RULES, made_by))
        return {(row[0], row[1]) for row in found}

    def pending(self, source: str, made_by: str) -> list[int]:
        """Keys of the chunks that have no facts of a source made by this, ascending."""
        sql = (
            "SELECT chunks.key FROM chunks LEFT JOIN facts ON facts.key = chunks.key "
            "AND facts.source = ? AND facts.made_by = ? WHERE facts.key IS NULL ORDER BY chunks.key"
        )
        return [row[0] for row in self._catalog.read(sql, (source, made_by))]

    def count(self) -> int:
        """Chunks that have facts."""
        row = self._catalog.one("SELECT count(DISTINCT key) FROM facts")
        assert row is not None
        return int(row[0])

    def count_among(self, keys: Sequence[int]) -> int:
        """The same of these chunks alone."""
        sql = "SELECT DISTINCT key FROM facts"
        return len({row[0] for row in self._catalog.tuples(sql, ())}.intersection(keys))

    def bare(self) -> int:
        """Chunks that have none."""
        row = self._catalog.one(
            "SELECT count(*) FROM chunks WHERE NOT EXISTS (SELECT 1 FROM facts WHERE facts.key = "
            "chunks.key)"
        )
        assert row is not None
        return int(row[0])

    def put(self, source: str, rows: Mapping[int, Made]) -> int:
        """Stores facts of chunks that are there still, in one transaction; the new generation."""
        with self._catalog.transaction() as connection:
            generation = int(first(connection, COUNT_UP, ("generation",))[0])
            for key, row in sorted(rows.items()):
                if first(connection, "SELECT 1 FROM chunks WHERE key = ?", (key,)) is not None:
                    put_facts(connection, key, source, row, generation)
            sql = "SELECT 1 FROM withheld WHERE key = ?"
            held = [key for key in rows if first(connection, sql, (key,)) is not None]
            withholding.silence(connection, held, generation)
        return generation

    def since(self, generation: int) -> Iterable[FactsChanged]:
        """What has become of the facts after a generation, in pieces of bounded size; the last
        has the generation that they lead to, those before it the one given."""
        now = int(self._meta("generation") or 0)
        sql = "SELECT DISTINCT key FROM facts WHERE generation > ? ORDER BY key"
        keys = [row[0] for row in self._catalog.read(sql, (generation,))]
        sql = "SELECT key FROM deletions WHERE generation > ? ORDER BY key"
        gone = [row[0] for row in self._catalog.read(sql, (generation,))]
        while len(keys) > _READ:
            yield FactsChanged(generation, self._facts(keys[:_READ]), ())
            keys = keys[_READ:]
        yield FactsChanged(now, self._facts(keys), gone)

    def _facts(self, keys: Sequence[int]) -> dict[int, tuple[str, tuple[ChunkFacts, ...]]]:
        found: dict[int, tuple[str, tuple[ChunkFacts, ...]]] = {}
        for batch in batched(list(keys)):
            sql = (
                "SELECT key, document_id, facts FROM facts JOIN chunks USING (key) "
                f"WHERE key IN ({marks(batch)}) ORDER BY key, source"
            )
            for key, document_id, packed in self._catalog.tuples(sql, batch):
                before = found.get(key, ("", ()))[1]
                found[key] = document_id, (*before, unpack(packed))
        return found

    def _meta(self, name: str) -> str | None:
        row = self._catalog.first(_STATE, (name,))
        return None if row is None else str(row[0])

    # --- answers of a model ------------------------------------------------------------------

    def answer(self, key: int, prompt: bytes) -> Completion | None:
        """What a model has answered about a chunk; `prompt` is a hash of all that it was sent."""
        sql = (
            "SELECT answer, prompt_tokens, completion_tokens, is_cut FROM answers "
            "WHERE key = ? AND prompt = ?"
        )
        row = self._catalog.first(sql, (key, prompt))
        return None if row is None else Completion(row[0], row[1], row[2], bool(row[3]))

    def put_answer(self, key: int, prompt: bytes, answer: Completion) -> None:
        """Keeps an answer for as long as its chunk is there; durable on return."""
        with self._catalog.transaction() as connection:
            if first(connection, "SELECT 1 FROM chunks WHERE key = ?", (key,)) is None:
                return
            connection.execute(
                "INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?, ?, ?)",
                (key, prompt, answer.text, answer.prompt_tokens, answer.completion_tokens,
                 int(answer.is_cut)),
            )  # fmt: skip

    # --- decisions ---------------------------------------------------------------------------

    def decisions(self) -> tuple[Decision, ...]:
        """In the order in which they were taken; the same object for as long as they are."""
        return _decisions_of(self._meta(_DECISIONS) or "")

    def decide(self, wanted: Sequence[Decision]) -> tuple[Decision, ...]:
        """Records decisions under numbers of their own, and returns them so. Raises BadInput."""
        for decision in wanted:
            _check(decision)
        numbered: list[Decision] = []

        def with_new(held: tuple[Decision, ...]) -> tuple[Decision, ...]:
            last = max((decision.number for decision in held), default=0)
            numbered[:] = [
                replace(decision, number=last + place, decided_at=decision.decided_at or utc_now())
                for place, decision in enumerate(wanted, start=1)
            ]
            return (*held, *numbered)

        self._change(with_new)
        return tuple(numbered)

    def take_back(self, number: int) -> Decision:
        """Takes a decision back, as if it had never been. Raises NotFound."""
        taken: list[Decision] = []

        def without(held: tuple[Decision, ...]) -> tuple[Decision, ...]:
            taken.extend(decision for decision in held if decision.number == number)
            if not taken:
                known = ", ".join(str(decision.number) for decision in held) or "none"
                raise NotFound(f"there is no decision {number}; there are: {known}")
            return tuple(decision for decision in held if decision.number != number)

        self._change(without)
        return taken[0]

    def replace_aliases(self, wanted: Sequence[Decision]) -> tuple[Decision, ...]:
        """Keeps these decisions of the alias file in place of those before."""
        for decision in wanted:
            _check(decision)

        def exchanged(held: tuple[Decision, ...]) -> tuple[Decision, ...]:
            kept = [decision for decision in held if decision.by != ALIASES]
            last = max((decision.number for decision in held), default=0)
            before = {replace(d, number=0, decided_at=""): d for d in held if d.by == ALIASES}
            for decision in dict.fromkeys(wanted):
                known = before.get(replace(decision, number=0, decided_at=""))
                if known is None:
                    last += 1
                    known = replace(decision, number=last, decided_at=utc_now())
                kept.append(known)
            return tuple(sorted(kept, key=lambda decision: decision.number))

        return self._change(exchanged)

    def _change(
        self, change: Callable[[tuple[Decision, ...]], tuple[Decision, ...]]
    ) -> tuple[Decision, ...]:
        with self._catalog.transaction() as connection:
            row = first(connection, _STATE, (_DECISIONS,))
            changed = change(_decisions_of(row[0] if row else ""))
            text = json.dumps([asdict(decision) for decision in changed], ensure_ascii=False)
            connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_DECISIONS, text))
        return changed


def _check(decision: Decision) -> None:
    names = [name.strip() for name in decision.names]
    if not all(names) or len(set(names)) != len(names):
        raise BadInput("a decision names each thing once, and not by an empty name")
    if decision.kind is DecisionKind.SPLIT:
        if len(names) != 1 or not decision.documents:
            raise BadInput("to split a name, give the one name and the documents of one thing")
    elif len(names) < 2:
        raise BadInput(f"to {decision.kind} names, give two of them at least")


@lru_cache(maxsize=16)
def _decisions_of(text: str) -> tuple[Decision, ...]:
    return tuple(_decision_of(item) for item in json.loads(text or "[]"))


def _decision_of(item: dict[str, Any]) -> Decision:
    kind, names, documents = DecisionKind(item["kind"]), item["names"], item["documents"]
    return Decision(**{**item, "kind": kind, "names": tuple(names), "documents": tuple(documents)})
