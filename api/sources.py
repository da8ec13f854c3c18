"""Which files a command takes: those under paths, those that failed before, those that a folder
has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from index.contract import DocumentState, Origin, Status
from index.pipeline import Ledger
from ingest.contract import Failure, Json
from ingest.pipeline import Barred, FileSource, Found, PassedOver, discover, shown

_PAGE = 1000


@dataclass(frozen=True)
class Files:
    """How files are taken: `max_bytes` of one, `metadata` for all, and who is told what was
    found and passed over."""

    max_bytes: int
    metadata: Mapping[str, Json] = field(default_factory=dict)
    passed_over: PassedOver | None = None

    def under(self, paths: Iterable[Path]) -> Iterator[FileSource | Failure]:
        """Files and folders; ids are paths relative to the folder given. A second file with the
        id of an earlier one is a failure: it would take the other's place."""
        taken: dict[str, Path] = {}
        for found in discover(paths, self.passed_over):
            if isinstance(found, Barred):
                yield replace(found, metadata=self.metadata)
            elif isinstance(found, Failure):
                yield found
            elif (other := taken.setdefault(found.document_id, found.path)) is not found.path:
                yield Failure(
                    found.document_id,
                    f"{shown(found.path)} has the same id as {shown(other)}; ingest their common "
                    "folder instead",
                )
            else:
                yield self._file(found)

    def failed(self, ledger: Ledger | None, paths: Sequence[Path]) -> Iterator[FileSource]:
        """The files of documents that failed, of those under the paths only where there are
        any; each once, though several documents in it failed."""
        if ledger is None:
            return
        wanted = {found.path.absolute() for found in discover(paths) if isinstance(found, Found)}
        states = (
            state for state in _failed_states(ledger) if not paths or state.origin.path in wanted
        )
        yield from self._files_of(states)

    def of(self, ledger: Ledger, document_ids: Iterable[str]) -> Iterator[FileSource]:
        """The files that documents came from."""
        states = (ledger.states.get(name) for name in document_ids)
        yield from self._files_of(state for state in states if state is not None)

    def _files_of(self, states: Iterable[DocumentState]) -> Iterator[FileSource]:
        taken: set[Path] = set()
        for state in states:
            origin = state.origin
            if origin.path is not None and origin.path not in taken:
                taken.add(origin.path)
                name = origin.container or state.document_id
                yield self._file(Found(origin.path, name, origin.root))

    def in_step(self, ledger: Ledger | None, root: Path) -> Iterator[FileSource | Failure]:
        """The files of a folder that a collection is to match. A document that came from
        elsewhere keeps its id: a file that would take it is a failure."""
        top = root.resolve()
        for source in self.under([root]):
            if isinstance(source, FileSource) and ledger is not None:
                state = ledger.states.get(source.document_id)
                owner = _owner(state, source.found.path.absolute(), top)
                if owner:
                    yield Failure(
                        source.document_id,
                        f"its id is that of a document that {owner}: delete that one first, or "
                        "keep the folder in step with a collection of its own",
                    )
                    continue
            yield source

    def _file(self, found: Found) -> FileSource:
        return FileSource(found, self.max_bytes, self.metadata)


def _owner(state: DocumentState | None, path: Path, root: Path) -> str:
    """Where a document comes from, in words; empty where it may be taken for the file's."""
    origin = state.origin if state is not None else Origin(root=root)
    if origin.root == root or origin.path == path:
        return ""
    if origin.path is None:
        return "was handed in"
    if origin.root is not None and not origin.root.is_dir():
        return ""  # the folder was moved
    return f"came from {shown(origin.path)}"


def _failed_states(ledger: Ledger) -> Iterator[DocumentState]:
    after = ""
    while page := ledger.states.of(Status.FAILED, after, _PAGE):
        yield from page
        after = page[-1].document_id
