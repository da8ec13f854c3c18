"""Mends the catalog of a collection. Nothing that is damaged is deleted: it is kept beside."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from index.caches import drop_caches
from index.catalog import CATALOG, DRAFT, SCRATCH, WITNESS, Catalog
from index.contract import Damaged, Embedder
from index.database import close, connect
from index.salvage import Lost, Salvage
from index.soundness import catalog_faults
from index.witness import Witness


def clear_leftovers(path: Path) -> Iterator[str]:
    """Deletes what kills left of writing and creating; says each. Whoever calls it holds the
    writer's lock. A rebuilding that was stopped is not touched: it can go on."""
    for leftover in (path / SCRATCH, *sorted(path.glob(f"{DRAFT}*"))):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        elif leftover.exists():
            leftover.unlink()
        else:
            continue
        yield f"deleted {leftover}, which a kill left"


def mend_catalog(path: Path, embedder: Embedder) -> Iterator[str]:
    """Accepts a catalog that is sound but has lost writes; saves what can be read of one that is
    not sound; says what it did. Whoever calls it holds the writer's lock. Raises Damaged where
    nothing can be saved."""
    acknowledged = Witness(path / WITNESS).count()
    try:
        catalog = Catalog(path / CATALOG, trusting=True)
    except Damaged as error:
        yield from _replace(path, embedder, [str(error)])
        return
    faults = catalog_faults(catalog)
    held = 0 if faults else catalog.commits
    if held < acknowledged and not faults:
        catalog.accept()
        drop_caches(path)
        yield (
            f"accepted {path / CATALOG} as it stands: it holds {held} of the {acknowledged} writes "
            "that were acknowledged"
        )
    catalog.close(keep_log=bool(faults))
    if faults:
        yield from _replace(path, embedder, faults)


def _replace(path: Path, embedder: Embedder, faults: list[str]) -> Iterator[str]:
    draft = Catalog(path / DRAFT, create=True, trusting=True)
    try:
        old = connect(path / CATALOG)
        try:
            kept, lost = Salvage(old, draft, embedder).run()
        finally:
            close(old, keep_log=True)
    except Lost as error:
        draft.close()
        (path / DRAFT).unlink()
        raise Damaged(
            f"nothing can be saved of the catalog {path / CATALOG} ({error}): restore a backup "
            "with 'braid restore', or ingest the files anew into another collection"
        ) from error
    draft.close()
    beside = _put_beside(path)
    drop_caches(path)
    # The log first: SQLite would take it for that of the new catalog.
    for ending in ("-wal", "-shm"):
        (path / f"{CATALOG}{ending}").unlink(missing_ok=True)
    (path / DRAFT).replace(path / CATALOG)
    catalog = Catalog(path / CATALOG, trusting=True)
    catalog.accept()
    catalog.close()
    yield from (f"found the catalog damaged: {fault}" for fault in faults[:3])
    yield f"saved {kept} documents into a new catalog; the damaged one is kept in {beside}"
    yield from (f"lost the {name}: ingest it again" for name in lost)


def _put_beside(path: Path) -> Path:
    """A folder with the catalog and its log as they are."""
    number = 1
    while (path / f"damaged-{number}").exists():
        number += 1
    beside = path / f"damaged-{number}"
    beside.mkdir()
    for file in path.glob(f"{CATALOG}*"):
        try:
            os.link(file, beside / file.name)
        except OSError:
            shutil.copy2(file, beside / file.name)
    return beside
