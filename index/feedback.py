"""What people say of what was found: ratings of passages and documents for a query.

A rating goes from -1 to 3: -1 and 0 say that it does not help, 1 that it does, 2 and 3 that it is
good, or just what was looked for. Each caller has one rating of a document for a query; a later
one takes its place. A rating outlives its document, as a document that comes back is as right as it
was; but of a document that is not there nothing is learned. The text of an answer goes with the
next deletion of any document, as nobody knows which of them it quotes.
"""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from index.database import Database, Row, marks
from index.moments import utc_now
from ingest.contract import NotFound

if TYPE_CHECKING:
    import apsw

TABLES = """
CREATE TABLE feedback (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    query TEXT NOT NULL,
    document_id TEXT NOT NULL,
    chunk_id TEXT NOT NULL,
    rating INTEGER NOT NULL,
    comment TEXT NOT NULL,
    answer TEXT NOT NULL,
    caller TEXT NOT NULL,
    created_at TEXT NOT NULL,
    UNIQUE (caller, query, document_id)
);
"""
LEAST_RATING, MOST_RATING = -1, 3
_COLUMNS = "id, query, document_id, chunk_id, rating, comment, answer, caller, created_at"


@dataclass(frozen=True, slots=True)
class Feedback:
    """A rating of a document, or of a chunk of it (empty: of the whole), for a query. `answer` is
    the text that the caller was shown, `created_at` ISO 8601 in UTC."""

    id: str
    query: str
    document_id: str
    chunk_id: str
    rating: int
    comment: str
    answer: str
    caller: str
    created_at: str


class Ratings:
    """The feedback in a catalog. Safe to use from many threads."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    def add(
        self,
        query: str,
        document_id: str,
        rating: int,
        *,
        chunk_id: str = "",
        comment: str = "",
        answer: str = "",
        caller: str = "",
    ) -> Feedback:
        """Keeps a rating in place of the caller's earlier one; durable on return."""
        found = Feedback(
            secrets.token_hex(16), " ".join(query.split()), document_id, chunk_id, rating,
            comment, answer, caller, utc_now(),
        )  # fmt: skip
        with self._catalog.transaction() as connection:
            put(connection, [found])
        return found

    def get(self, feedback_id: str) -> Feedback:
        """Raises NotFound."""
        rows = self._catalog.read(f"SELECT {_COLUMNS} FROM feedback WHERE id = ?", (feedback_id,))
        if not rows:
            raise NotFound(f"no feedback {feedback_id!r}")
        return _feedback(rows[0])

    def newest(self, limit: int = 100, before: str = "") -> list[Feedback]:
        """Newest first; only what was given before the one named, if one is."""
        rows = self._catalog.read(
            f"SELECT {_COLUMNS} FROM feedback WHERE ? = '' OR number < (SELECT number FROM "
            "feedback WHERE id = ?) ORDER BY number DESC LIMIT ?",
            (before, before, limit),
        )
        return [_feedback(row) for row in rows]

    def every(self) -> list[Feedback]:
        """All of it, in the order it came."""
        rows = self._catalog.read(f"SELECT {_COLUMNS} FROM feedback ORDER BY number")
        return [_feedback(row) for row in rows]

    def delete(self, feedback_id: str) -> None:
        """Raises NotFound."""
        with self._catalog.transaction() as connection:
            sql = "DELETE FROM feedback WHERE id = ? RETURNING 1"
            if not connection.execute(sql, (feedback_id,)).fetchall():
                raise NotFound(f"no feedback {feedback_id!r}")

    def judged(self) -> dict[str, dict[str, int]]:
        """For each query the grades (0 and more) of its documents that are there, the mean over
        callers; queries that nothing helps are left out, as no ranking could be better for them."""
        grades: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        rows = self._catalog.read(
            "SELECT query, document_id, rating FROM feedback WHERE document_id IN "
            "(SELECT id FROM documents) ORDER BY number"
        )
        for query, document_id, rating in rows:
            grades[query][document_id].append(max(0, rating))
        means = {
            query: {name: round(sum(each) / len(each)) for name, each in documents.items()}
            for query, documents in grades.items()
        }
        return {query: found for query, found in means.items() if any(found.values())}


def put(connection: apsw.Connection, feedback: Iterable[Feedback]) -> None:
    """Keeps ratings, each in place of its caller's earlier one."""
    values = [tuple(asdict(one).values()) for one in feedback]
    if values:
        sql = f"INSERT OR REPLACE INTO feedback ({_COLUMNS}) VALUES ({marks(values[0])})"
        connection.executemany(sql, values)


def forget_answers(connection: apsw.Connection) -> None:
    """Drops the text of answers: a document that they may quote is being deleted."""
    connection.execute("UPDATE feedback SET answer = '' WHERE answer != ''")


def qrels_of(judged: Mapping[str, Mapping[str, int]]) -> tuple[dict[str, str], Mapping[str, Any]]:
    """The queries by ids that are made for them, in order, and the grades by those ids."""
    ids = {query: f"f{number:05}" for number, query in enumerate(judged, 1)}
    return (
        {ids[query]: query for query in judged},
        {ids[query]: dict(grades) for query, grades in judged.items()},
    )


def _feedback(row: Row) -> Feedback:
    return Feedback(*(row[place] for place in range(9)))
