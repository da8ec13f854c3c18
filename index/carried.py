"""What goes with a collection beside its documents: what is set for it, what people
said of it, and its jobs with the bytes of those that have not ended, which can be had nowhere else.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from index.catalog import Catalog
from index.database import first, marks
from index.dictionary import Dictionary
from index.feedback import Ratings
from index.feedback import put as put_feedback
from index.graph.contract import MODEL
from index.graph.store import Made, put_facts
from index.jobs import SPOOL, JobState
from index.originals import link
from index.schema import COUNT_UP
from index.user_words import parse_words

REBUILD = "rebuild"
"""The name under which index.rebuild records how far it is."""

_TABLES = ("jobs", "job_documents", "job_addresses")
_OWN = (
    "schema_version", "generation", "commits", "words_generation", "languages", "analyzer",
    "embedder", "dimension", "facts_words", REBUILD,
)  # fmt: skip


def settings_of(catalog: Catalog) -> dict[str, str]:
    """What is recorded of a collection but for what says how it was built."""
    rows = catalog.read("SELECT key, value FROM meta ORDER BY key")
    return {row[0]: row[1] for row in rows if row[0] not in _OWN}


def take_on(catalog: Catalog, settings: Mapping[str, str]) -> None:
    """Records what `settings_of` gave. Words are a write of their own: what an index took in before
    it knew them has to be cut anew."""
    own = (*_OWN, "words")
    catalog.set_meta({name: value for name, value in settings.items() if name not in own})
    words = settings.get("words", "").splitlines()
    Dictionary(catalog).replace(parse_words(words, "the other collection"))


def copy_model_facts(old: Catalog, new: Catalog) -> None:
    """Gives a collection's chunks what a language model said of the same chunks in another: it may
    have cost money."""
    same = (
        "SELECT old.key, id, embedding_hash FROM chunks AS old "
        "WHERE key IN (SELECT key FROM facts WHERE source = ? UNION SELECT key FROM answers)"
    )
    places: dict[int, int] = {}
    for key, chunk_id, mark in old.tuples(same, (MODEL,)):
        row = new.first(
            "SELECT key FROM chunks WHERE id = ? AND embedding_hash = ?", (chunk_id, mark)
        )
        if row is not None:
            places[key] = row[0]
    if not places:
        return
    with new.transaction() as connection:
        generation = int(first(connection, COUNT_UP, ("generation",))[0])
        for key, number in places.items():
            sql = "SELECT made_by, facts FROM facts WHERE key = ? AND source = ?"
            for made_by, packed in old.tuples(sql, (key, MODEL)):
                put_facts(connection, number, MODEL, Made(made_by, packed), generation)
            for row in old.tuples("SELECT * FROM answers WHERE key = ?", (key,)):
                sql = f"INSERT OR REPLACE INTO answers VALUES ({marks(row)})"
                connection.execute(sql, (number, *row[1:]))


def waiting_jobs(catalog: Catalog) -> list[str]:
    """Ids of the jobs that have not ended, in the order they came."""
    sql = "SELECT id FROM jobs WHERE state IN (?, ?) ORDER BY number"
    return [row[0] for row in catalog.read(sql, (JobState.QUEUED.value, JobState.RUNNING.value))]


def failed_jobs(folder: Path, catalog: Catalog) -> list[str]:
    """Ids of the jobs that have ended and whose bytes are kept in part, to be tried again."""
    ended = {row[0] for row in catalog.read("SELECT id FROM jobs WHERE finished_at IS NOT NULL")}
    spool = folder / SPOOL
    return sorted(p.name for p in spool.iterdir() if p.name in ended) if spool.is_dir() else []


def put_back(catalog: Catalog) -> None:
    """Says of a copy's jobs that work on them has not begun: there it has not, and being cut off
    from the original's is no attempt that failed."""
    with catalog.transaction() as connection:
        connection.execute(
            "UPDATE jobs SET state = ?, attempts = max(attempts - 1, 0) WHERE state = ?",
            (JobState.QUEUED.value, JobState.RUNNING.value),
        )


def copy_jobs(old: Catalog, new: Catalog) -> None:
    """Gives a collection the jobs of another in place of its own, ended ones too."""
    with new.transaction() as connection:
        for table in reversed(_TABLES):
            connection.execute(f"DELETE FROM {table}")
        for table in _TABLES:
            for row in old.read(f"SELECT * FROM {table}"):
                connection.execute(f"INSERT INTO {table} VALUES ({marks(row)})", tuple(row))
    put_back(new)


def copy_feedback(old: Catalog, new: Catalog) -> None:
    """Gives a collection what people said of what they found in another."""
    with new.transaction() as connection:
        put_feedback(connection, Ratings(old).every())


def link_uploads(folder: Path, job_ids: Iterable[str], target: Path) -> list[str]:
    """Puts the bytes of jobs of the collection in `folder` into `target` as well, as
    `<job id>/<number>`: by links, which outlive the originals, or copied where the disk has no
    links. Returns the jobs that have none (any more)."""
    gone = []
    for job_id in job_ids:
        try:
            for path in sorted(p for p in (folder / SPOOL / job_id).iterdir() if p.name.isdigit()):
                into = target / job_id / path.name
                into.parent.mkdir(parents=True, exist_ok=True)
                link(path, into)
        except FileNotFoundError:
            shutil.rmtree(target / job_id, ignore_errors=True)
            gone.append(job_id)
    return gone
