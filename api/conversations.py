"""Conversations that are kept by id: who holds them, and what was asked and answered.

A turn takes its place when it is asked, so that turns stand in the order in which they were asked,
whatever process answers them and however long that takes. A question that is asked while another
of its conversation is being answered does not wait for it, and does not know of it.
"""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from api.service_store import ServiceStore
from api.settings_conversations import ConversationSettings
from generate.contract import Answer, Citation
from ingest.contract import NotFound
from retrieve.contract import Turn

NEW = "new"
"""In place of an id: begins a conversation."""

_MARKS = re.compile(r"\s*\[\d+\]")
_TITLE_CHARS = 120
_GIVEN_UP_S = 3600.0
"""A question that has no answer after so long gets none."""

_COLUMNS = "id, title, created_at, used_at, (SELECT count(*) FROM turns WHERE conversation = id)"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One that is kept: its `title` is its first question; times are seconds since 1970."""

    id: str
    title: str
    created_at: float
    used_at: float
    turns: int


@dataclass(frozen=True, slots=True)
class KeptTurn:
    """A question with its answer; `citations` are plain JSON. `answer` is None while it is being
    written."""

    number: int
    question: str
    answer: str | None
    known: bool
    generator: str
    citations: Sequence[dict[str, Any]]
    asked_at: float

    @property
    def documents(self) -> list[str]:
        """Ids of the documents that the answer cites."""
        return list(dict.fromkeys(str(one["document_id"]) for one in self.citations))


@dataclass(frozen=True)
class OpenTurn:
    """A question that is being answered, in the place where it was asked."""

    store: ServiceStore
    conversation: str
    number: int

    def end(self, answer: Answer) -> None:
        """Keeps the answer."""
        told = json.dumps([plain_citation(one) for one in answer.citations], ensure_ascii=False)
        values = (answer.text, answer.known, answer.generator, told, self.conversation, self.number)
        with self.store.transaction() as cursor:
            cursor.execute(
                "UPDATE turns SET answer = ?, known = ?, generator = ?, citations = ? "
                "WHERE conversation = ? AND number = ?",
                values,
            )

    def drop(self) -> None:
        """There will be no answer: it was never asked."""
        with self.store.transaction() as cursor:
            cursor.execute(
                "DELETE FROM turns WHERE conversation = ? AND number = ? AND answer IS NULL",
                (self.conversation, self.number),
            )


@dataclass(frozen=True)
class Conversations:
    """Those of all callers, each with a holder and a collection: for anybody else, and from any
    other collection, they are not there."""

    store: ServiceStore
    limits: ConversationSettings
    now: Callable[[], float] = field(default=time.time)

    def begin(self, caller: str, collection: str, given: str, question: str) -> OpenTurn:
        """A place for a question in the conversation of that id, or in a NEW one. Raises
        NotFound."""
        now = self.now()
        with self.store.transaction() as cursor:
            self._sweep(cursor, now)
            found = given
            if given == NEW:
                found = self._make(cursor, caller, collection, question, now)
            elif not self._is_held(cursor, caller, collection, given):
                raise _missing(given)
            cursor.execute("UPDATE conversations SET used_at = ? WHERE id = ?", (now, found))
            (number,) = cursor.execute(
                "SELECT coalesce(max(number), 0) + 1 FROM turns WHERE conversation = ?", (found,)
            ).fetchone()
            cursor.execute(
                "INSERT INTO turns VALUES (?, ?, ?, NULL, 0, '', '[]', ?)",
                (found, number, question, now),
            )
            cursor.execute(
                "DELETE FROM turns WHERE conversation = ? AND number <= ?",
                (found, number - self.limits.max_turns),
            )
        return OpenTurn(self.store, found, number)

    def page(self, caller: str, collection: str, after: str, limit: int) -> list[Conversation]:
        """A caller's in a collection, those used last first, after the one of that id."""
        place, values = "", [caller, collection, self._oldest()]
        if after:
            row = self.get(caller, collection, after)
            place = "AND (used_at < ? OR (used_at = ? AND id > ?))"
            values += [row.used_at, row.used_at, row.id]
        rows = self.store.rows(
            f"SELECT {_COLUMNS} FROM conversations WHERE caller = ? AND collection = ? "
            f"AND used_at > ? {place} ORDER BY used_at DESC, id LIMIT ?",
            (*values, limit),
        )
        return [Conversation(*row) for row in rows]

    def get(self, caller: str, collection: str, id: str) -> Conversation:
        """Raises NotFound."""
        rows = self.store.rows(
            f"SELECT {_COLUMNS} FROM conversations WHERE id = ? AND caller = ? AND collection = ? "
            "AND used_at > ?",
            (id, caller, collection, self._oldest()),
        )
        if not rows:
            raise _missing(id)
        return Conversation(*rows[0])

    def turns(self, conversation: str, before: int | None = None) -> list[KeptTurn]:
        """The turns of a conversation (before the one of that number), oldest first."""
        rows = self.store.rows(
            "SELECT number, question, answer, known, generator, citations, asked_at FROM turns "
            "WHERE conversation = ? AND number < ? ORDER BY number",
            (conversation, 2**62 if before is None else before),
        )
        return [
            KeptTurn(number, question, answer, bool(known), generator, json.loads(cited), at)
            for number, question, answer, known, generator, cited, at in rows
        ]

    def delete(self, caller: str, collection: str, id: str) -> None:
        """With all its turns. Raises NotFound."""
        self.get(caller, collection, id)
        with self.store.transaction() as cursor:
            _delete(cursor, [id])

    def forget(self, collection: str) -> None:
        """Deletes those of a collection that is deleted."""
        with self.store.transaction() as cursor:
            rows = cursor.execute(
                "SELECT id FROM conversations WHERE collection = ?", (collection,)
            ).fetchall()
            _delete(cursor, [row[0] for row in rows])

    def _oldest(self) -> float:
        return self.now() - self.limits.lifetime_hours * 3600.0

    def _make(self, cursor: Any, caller: str, collection: str, title: str, now: float) -> str:
        made = uuid.uuid4().hex
        cursor.execute(
            "INSERT INTO conversations VALUES (?, ?, ?, ?, ?, ?)",
            (made, caller, collection, title[:_TITLE_CHARS], now, now),
        )
        over = cursor.execute(
            "SELECT id FROM conversations WHERE caller = ? AND collection = ? AND id <> ? "
            "ORDER BY used_at DESC, id LIMIT -1 OFFSET ?",
            (caller, collection, made, self.limits.per_caller - 1),
        ).fetchall()
        _delete(cursor, [row[0] for row in over])
        return made

    def _is_held(self, cursor: Any, caller: str, collection: str, id: str) -> bool:
        row = cursor.execute(
            "SELECT 1 FROM conversations WHERE id = ? AND caller = ? AND collection = ?",
            (id, caller, collection),
        ).fetchone()
        return row is not None

    def _sweep(self, cursor: Any, now: float) -> None:
        """Deletes those whose time is over, and questions whose answer a kill has cut short."""
        oldest = now - self.limits.lifetime_hours * 3600.0
        rows = cursor.execute("SELECT id FROM conversations WHERE used_at <= ?", (oldest,))
        _delete(cursor, [row[0] for row in rows.fetchall()])
        cursor.execute(
            "DELETE FROM turns WHERE answer IS NULL AND asked_at < ?", (now - _GIVEN_UP_S,)
        )


def history_of(turns: Sequence[KeptTurn]) -> list[Turn]:
    """Those turns that have an answer, as a question is read with them."""
    return [Turn(turn.question, turn.answer) for turn in turns if turn.answer is not None]


def latest(
    turns: Sequence[Turn],
    limits: ConversationSettings,
    count: Callable[[Sequence[str]], Sequence[int]],
) -> list[Turn]:
    """The last turns, oldest first, without marks: as many as the limits leave. `count` tells the
    tokens of texts."""
    last = turns[max(0, len(turns) - limits.history_turns) :]
    told = [Turn(turn.question, _MARKS.sub("", turn.answer)) for turn in last]
    costs = count([f"{turn.question}\n{turn.answer}" for turn in told]) if told else []
    left, begin = limits.history_tokens, len(told)
    for place in reversed(range(len(told))):
        left -= costs[place]
        if left < 0:
            break
        begin = place
    return told[begin:]


def plain_citation(citation: Citation) -> dict[str, Any]:
    """A citation as JSON."""
    chunk = citation.chunk
    return {
        "number": citation.number,
        "chunk_id": chunk.id,
        "document_id": chunk.document_id,
        "title": chunk.title,
        "pages": list(chunk.pages) if chunk.pages else None,
        "quote": citation.quote,
        "span": list(citation.answer_span),
        "support": round(float(citation.support), 4),
    }


def _delete(cursor: Any, ids: Sequence[str]) -> None:
    for id in ids:
        cursor.execute("DELETE FROM turns WHERE conversation = ?", (id,))
        cursor.execute("DELETE FROM conversations WHERE id = ?", (id,))


def _missing(id: str) -> NotFound:
    return NotFound(
        f"no conversation {id!r} here: it is over, or not yours; begin another with 'new'"
    )
