"""What writes change of a catalog, and what caches have missed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Changes:
    """What a cache at an older generation has missed; `scripts` are those of what was added."""

    generation: int
    added: Sequence[int]
    deleted: Sequence[int]
    scripts: Sequence[str] = ()


@dataclass(frozen=True)
class PutResult:
    """What `Catalog.put` changed. `let_go` are hashes of files kept for an earlier content."""

    generation: int
    added: Sequence[int]
    deleted: Sequence[int]
    kept: int
    let_go: Sequence[str] = ()


@dataclass(frozen=True)
class Deleted:
    """What `Catalog.delete` did: `rows` gone, by table; `document_ids`, with what was packed in
    them; `let_go` are hashes of files that were kept for them."""

    generation: int
    rows: Mapping[str, int]
    document_ids: Sequence[str] = ()
    let_go: Sequence[str] = ()
