"""What a collection has been tuned to, as its catalog keeps it.

It stands in the table `meta` and concerns no index: whoever searches takes it as it is at that
moment. What its values mean is for retrieval to say. It is to be short: a row of a kilobyte would
have pages of its own, each of which can be damaged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache

from index.database import Database, first

_META = "SELECT value FROM meta WHERE key = 'tuning'"


@dataclass(frozen=True)
class Tuning:
    """`values` by the names that retrieval gives them; `source` says what they were learned from,
    `chunks` how many the collection had then (0: never tuned)."""

    values: Mapping[str, Sequence[float]] = field(default_factory=dict)
    source: str = ""
    chunks: int = 0


class Tunings:
    """The tuning in a catalog."""

    def __init__(self, catalog: Database) -> None:
        self._catalog = catalog

    def get(self) -> Tuning:
        """As it is at this moment."""
        row = self._catalog.first(_META)
        return _UNTUNED if row is None else _parsed(row[0])

    def put(self, tuning: Tuning) -> None:
        """Keeps this one; durable on return."""
        text = json.dumps(asdict(tuning), sort_keys=True)
        with self._catalog.transaction() as connection:
            row = first(connection, _META, ())
            if row is None or row[0] != text:
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('tuning', ?)", (text,))


_UNTUNED = Tuning()


@lru_cache(maxsize=64)
def _parsed(text: str) -> Tuning:
    return Tuning(**json.loads(text))
