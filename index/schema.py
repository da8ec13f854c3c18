"""The tables of the catalog, and what a catalog must be to be opened."""

from __future__ import annotations

SCHEMA_VERSION = 7

TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE documents (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL,
    media_type TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    pipeline TEXT NOT NULL,
    page_count INTEGER NOT NULL,
    metadata TEXT NOT NULL,
    blocks BLOB NOT NULL,
    generation INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document_id TEXT NOT NULL REFERENCES documents (id),
    ordinal INTEGER NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    heading_path TEXT NOT NULL,
    text TEXT NOT NULL,
    script TEXT NOT NULL,
    span_start INTEGER NOT NULL,
    span_end INTEGER NOT NULL,
    page_first INTEGER,
    page_last INTEGER,
    boxes TEXT NOT NULL,
    sections TEXT NOT NULL,
    parent TEXT,
    embedding_hash BLOB NOT NULL,
    generation INTEGER NOT NULL
);
CREATE INDEX chunks_by_document ON chunks (document_id, ordinal);
CREATE INDEX chunks_by_embedding ON chunks (embedding_hash);
CREATE INDEX chunks_by_generation ON chunks (generation);
CREATE INDEX chunks_by_script ON chunks (script);

CREATE TABLE vectors (
    key INTEGER PRIMARY KEY REFERENCES chunks (key),
    vector BLOB NOT NULL,
    tokens BLOB NOT NULL
);

CREATE TABLE deletions (key INTEGER PRIMARY KEY, generation INTEGER NOT NULL);
CREATE INDEX deletions_by_generation ON deletions (generation);

CREATE TABLE document_states (
    document_id TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    path BLOB,
    root BLOB,
    container TEXT NOT NULL,
    given TEXT NOT NULL,
    updated_at TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX states_by_state ON document_states (state, document_id);
CREATE INDEX states_by_root ON document_states (root, document_id);

CREATE TABLE jobs (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    note TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    created_at TEXT NOT NULL,
    started_at TEXT,
    finished_at TEXT
);
CREATE INDEX jobs_by_state ON jobs (state, number);

CREATE TABLE job_documents (
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    document_id TEXT NOT NULL,
    file_name TEXT NOT NULL,
    title TEXT,
    metadata TEXT NOT NULL,
    state TEXT NOT NULL,
    stage TEXT NOT NULL,
    reason TEXT NOT NULL,
    chunks INTEGER NOT NULL,
    embedded INTEGER NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;
"""
"""The tables of index.duplicates, index.graph.store, index.feedback and index.withholding come on
top.
Keys of chunks are never used twice (AUTOINCREMENT), so a deletion stays true for ever.
`sections` is a list of "scheme:number",
`parent` the passage to be read in place of the text. `generation` is the write that made the
row; with `deletions` it tells a cache what it missed. `commits` in `meta` counts every
transaction, for index.witness.
`tokens` are those of index.token_codes, empty where the embedder has none.
`path` and `root` of a state are bytes, as the file system has them."""

KEPT_TABLES = """
CREATE TABLE originals (
    document_id TEXT PRIMARY KEY,
    hash TEXT NOT NULL,
    file_name TEXT NOT NULL,
    size INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX originals_by_hash ON originals (hash);

CREATE TABLE job_addresses (
    job INTEGER NOT NULL REFERENCES jobs (number) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    url TEXT NOT NULL,
    PRIMARY KEY (job, number)
) WITHOUT ROWID;

CREATE TABLE job_progress (
    job INTEGER PRIMARY KEY REFERENCES jobs (number) ON DELETE CASCADE,
    document_id TEXT NOT NULL,
    stage TEXT NOT NULL
) WITHOUT ROWID;
"""
"""What version 6 has over version 5: files kept for documents (see index.originals), where
documents of jobs are fetched from, and what jobs are at."""

COUNT_UP = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = ? RETURNING value"
"""Raises a number in `meta` by one."""

PRAGMAS = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA foreign_keys = ON;
PRAGMA cache_size = -16384;
"""
