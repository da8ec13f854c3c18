"""A collection as one file: what cannot be computed anew, checked by SHA-256.

The file is a ZIP (zip64, nothing compressed): its directory stands at the end, so one that was cut
off is noticed at once, its manifest is read without reading the gigabytes before it, and any
`unzip` opens it. Nine tenths of a catalog are vectors, which do not compress. It holds

- `manifest.json`: who wrote it and when, schema, fingerprints, generation, counts, and the size
  and SHA-256 of every other member;
- `catalog.sqlite`: the catalog, of one generation;
- `spool/<job id>/<number>`: the bytes of documents of jobs that have not ended;
- `originals/<SHA-256>`: the files that documents were handed in as, where they are kept.

The indexes are not in it: they are caches of the catalog, and built when it is restored.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import IO

from index.carried import link_uploads, put_back, waiting_jobs
from index.catalog import Catalog
from index.collection import CATALOG
from index.jobs import SPOOL
from index.moments import utc_now
from index.originals import ORIGINALS, hashes_in, link_originals
from index.schema import SCHEMA_VERSION
from index.swap import DRAFT, flush, written_beside
from ingest.contract import BadInput, Conflict, Unavailable

FORMAT = "braid-backup/1"
_MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 64 * 2**20
_PIECE = 2**20
_TRIES = 3
_MEMBER = re.compile(
    rf"{re.escape(CATALOG)}|{SPOOL}/[0-9a-f]{{32}}/[0-9]+|{ORIGINALS}/[0-9a-f]{{64}}"
)


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `created_at` is ISO 8601 in UTC; `jobs` counts those that wait;
    `members` gives the size and SHA-256 (hexadecimal) of each by name."""

    format: str
    braid: str
    created_at: str
    collection: str
    schema: int
    generation: int
    fingerprints: Mapping[str, str]
    documents: int
    chunks: int
    jobs: int
    members: Mapping[str, tuple[int, str]]


@dataclass(frozen=True, slots=True)
class Restored:
    """A collection that was made of a backup. `is_searchable` is False where the present settings
    have another analyzer or embedder than it was built with."""

    name: str
    manifest: Manifest
    is_searchable: bool


def back_up(folder: Path, target: Path, *, braid: str, force: bool = False) -> Manifest:
    """Writes the collection in `folder`, as it is at one generation, into the file `target`;
    `braid` is the version that does. Readers and a writer go on meanwhile. The file takes its name
    when it is whole and durable. Raises Conflict where it is there already (unless `force`),
    BadInput for a place where it cannot be, Unavailable where the disk refuses."""
    with written_beside(target, partial(check_target, target, force), "backup") as scratch:
        _hold(folder, scratch)
        return _write(scratch, folder.name, braid)


def check_target(target: Path, force: bool) -> None:
    """Raises BadInput or Conflict for a name that a file cannot be written under."""
    if not target.parent.is_dir():
        raise BadInput(f"there is no folder {target.parent}: make it first")
    if target.is_dir():
        raise BadInput(f"{target} is a folder: name a file")
    if target.exists() and not force:
        raise Conflict(f"{target} is there already: choose another name, or give --force")


@contextmanager
def copied_catalog(folder: Path, copy: Path) -> Iterator[Catalog]:
    """The catalog of the collection in `folder` at one generation, copied into the new file
    `copy` while others read and write."""
    with closing(Catalog(folder / CATALOG)) as catalog:
        catalog.copy(copy)
    with closing(Catalog(copy)) as copied:
        yield copied


def _hold(folder: Path, scratch: Path) -> None:
    """Copies the catalog, and puts the bytes of the jobs that wait in the copy, and the files that
    are kept, beside it: they are linked before it is copied, as they may go meanwhile."""
    copy, uploads, files = scratch / CATALOG, scratch / SPOOL, scratch / ORIGINALS
    for _ in range(_TRIES):
        waiting, kept = _held_in(folder)
        link_uploads(folder, waiting, uploads)
        link_originals(folder, kept, files)
        copy.unlink(missing_ok=True)
        with copied_catalog(folder, copy) as catalog:
            wanted = waiting_jobs(catalog)
            missing = [job_id for job_id in wanted if not (uploads / job_id).is_dir()]
            lost = [digest for digest in hashes_in(catalog) if not (files / digest).exists()]
            if not link_uploads(folder, missing, uploads) and not link_originals(
                folder, lost, files
            ):
                put_back(catalog)
                return
    raise Conflict(
        f"uploads to the collection {folder.name!r} come and go faster than it can be copied: try "
        "again when there are fewer"
    )


def _held_in(folder: Path) -> tuple[list[str], list[str]]:
    with closing(Catalog(folder / CATALOG)) as catalog:
        return waiting_jobs(catalog), hashes_in(catalog)


def _write(scratch: Path, name: str, braid: str) -> Manifest:
    draft, copy = scratch / DRAFT, scratch / CATALOG
    catalog = Catalog(copy)
    jobs, kept = waiting_jobs(catalog), hashes_in(catalog)
    documents, chunks, _ = catalog.counts()
    generation = catalog.generation
    fingerprints = {kind: catalog.meta(kind) or "" for kind in ("analyzer", "embedder")}
    catalog.close()  # its log is in the file from here on
    members: dict[str, tuple[int, str]] = {}
    with draft.open("wb") as handle:
        with zipfile.ZipFile(handle, "w", zipfile.ZIP_STORED, allowZip64=True) as archive:
            members[CATALOG] = _add(archive, CATALOG, copy)
            files = sorted(p for job_id in jobs for p in (scratch / SPOOL / job_id).iterdir())
            for path in (*files, *(scratch / ORIGINALS / digest for digest in kept)):
                member = path.relative_to(scratch).as_posix()
                members[member] = _add(archive, member, path)
            manifest = Manifest(
                format=FORMAT,
                braid=braid,
                created_at=utc_now("seconds"),
                collection=name,
                schema=SCHEMA_VERSION,
                generation=generation,
                fingerprints=fingerprints,
                documents=documents,
                chunks=chunks,
                jobs=len(jobs),
                members=members,
            )
            archive.writestr(_MANIFEST, json.dumps(asdict(manifest), ensure_ascii=False, indent=1))
        handle.flush()
        os.fsync(handle.fileno())
    return manifest


def _add(archive: zipfile.ZipFile, member: str, path: Path) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as source, archive.open(member, "w", force_zip64=True) as sink:
        while piece := source.read(_PIECE):
            digest.update(piece)
            size += len(piece)
            sink.write(piece)
    return size, digest.hexdigest()


def name_in(file: Path) -> str:
    """The name of the collection that a backup was made of. Raises BadInput."""
    with _opened(file) as (_, manifest):
        return manifest.collection


def unpack(file: Path, folder: Path) -> Manifest:
    """Puts what a backup holds into an empty folder, each member compared with its SHA-256;
    durable on return. Raises BadInput that names what is wrong with the file, Unavailable where
    the disk refuses."""
    with _opened(file) as (archive, manifest):
        for member, (size, digest) in manifest.members.items():
            path = folder / member
            path.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(member) as source, path.open("xb") as sink:
                if _copied(source, sink, size) != digest:
                    raise BadInput(
                        f"{file} is damaged: {member} is not what its SHA-256 says; nothing was "
                        "restored"
                    )
        for path in (folder, *sorted(p for p in folder.rglob("*") if p.is_dir())):
            flush(path)
        return manifest


@contextmanager
def _opened(file: Path) -> Iterator[tuple[zipfile.ZipFile, Manifest]]:
    try:
        with zipfile.ZipFile(file) as archive:
            yield archive, _manifest_of(file, archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput(
            f"{file} is no backup of Braid, or it is damaged or cut off ({error}); nothing was "
            "restored"
        ) from error
    except OSError as error:
        raise Unavailable(f"{file} cannot be restored: {error}; nothing was changed") from error


def _copied(source: IO[bytes], sink: IO[bytes], size: int) -> str:
    """The SHA-256 of what was copied; empty where it is more or less than stated."""
    digest = hashlib.sha256()
    left = size
    while piece := source.read(_PIECE):
        left -= len(piece)
        if left < 0:
            return ""
        digest.update(piece)
        sink.write(piece)
    sink.flush()
    os.fsync(sink.fileno())
    return digest.hexdigest() if not left else ""


def _manifest_of(file: Path, archive: zipfile.ZipFile) -> Manifest:
    """The manifest of a backup, which agrees with what the archive holds. Raises BadInput."""
    names = archive.namelist()
    if _MANIFEST not in names or archive.getinfo(_MANIFEST).file_size > _MAX_MANIFEST_BYTES:
        raise BadInput(f"{file} is a ZIP, but no backup of Braid: it has no {_MANIFEST}")
    try:
        given = json.loads(archive.read(_MANIFEST))
        if given.get("format") != FORMAT:
            raise BadInput(
                f"{file}: its manifest names the format {given.get('format')!r}, and this version "
                f"of Braid restores {FORMAT!r} ('braid import' reads what 'braid export' wrote)"
            )
        members = {str(k): (int(v[0]), str(v[1])) for k, v in given["members"].items()}
        manifest = Manifest(**{**given, "members": members})
        schema = int(manifest.schema)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise BadInput(f"{file}: its {_MANIFEST} is damaged: {error!r}") from error
    if schema > SCHEMA_VERSION:
        raise BadInput(
            f"{file} was written by Braid {manifest.braid} (its schema is {schema}, this version "
            f"reads up to {SCHEMA_VERSION}): restore it with that version"
        )
    listed = sorted([_MANIFEST, *members])
    if sorted(names) != listed or CATALOG not in members:
        odd = sorted(set(names) ^ set(listed)) or [CATALOG]
        raise BadInput(f"{file} is damaged: {odd[0]} is missing from it or from its {_MANIFEST}")
    foreign = [name for name in members if not _MEMBER.fullmatch(name)]
    if foreign:
        raise BadInput(f"{file}: {foreign[0]!r} has no place in a backup of Braid")
    return manifest
