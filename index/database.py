"""An SQLite file that many threads read and one writes, with a checksum in every page.

SQLite does not notice a bit that has flipped in a page. Its extension cksumvfs keeps eight bytes
of checksum at the end of each (https://www.sqlite.org/cksumvfs.html), written with the page and
compared whenever it is read from the file; the log has checksums of its own. The extension comes
with apsw.
"""

from __future__ import annotations

import contextlib
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from index.contract import Damaged, NotWritable
from index.place import Place
from index.schema import PRAGMAS
from ingest.contract import Unavailable

if TYPE_CHECKING:
    import apsw

CHECKSUM_BYTES = 8
"""Kept free at the end of each page, where cksumvfs looks for its checksum."""

BUSY_MS = 30_000
"""How long a connection waits for another one's write."""

_BATCH = 500
"""Values bound in one statement; SQLite takes 32,766."""
MENDING = (
    "restore a backup with 'braid restore', or let 'braid doctor --repair' save what can be read"
)


class Row(tuple[Any, ...]):
    """A row, by position or by the name of a column."""

    __slots__ = ()
    _places: ClassVar[Mapping[str, int]] = {}

    def __getitem__(self, key: Any) -> Any:
        return tuple.__getitem__(self, self._places[key] if isinstance(key, str) else key)


class Database:
    """The file at `path`, opened when it is first used: a connection to each thread. SQLite's
    errors come out as Unavailable. A new file has checksums; one without is refused."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._all: weakref.WeakSet[apsw.Connection] = weakref.WeakSet()
        self._guard = threading.Lock()
        self._closed = False
        self._frozen: tuple[int, ...] | None = None
        self._is_current = not path.is_file()
        self._place = Place(path) if path.is_file() else None

    @property
    def _connection(self) -> apsw.Connection:
        connection: apsw.Connection | None = getattr(self._local, "connection", None)
        if self._frozen is not None and self._frozen != state_of(self._path):
            connection, self._frozen = None, None
            self._local = threading.local()
        if connection is None:
            if self._closed:  # Another catalog may lie at the path by now.
                raise Unavailable(f"{self._path.parent} was closed or built anew: open it again")
            with nullcontext() if self._is_current else self._alone():
                if not self._is_current and self._path.is_file():
                    self._place = Place(self._path)  # as the one before has left it
                self.check_place()
                connection = self._open()
                if not self._is_current and self._is_old(connection):
                    close(connection, keep_log=True)
                    self._upgrade()
                    self._place = Place(self._path)  # the file may be another one now
                    connection = self._open()
            self._is_current = True
            if connection.reserve_bytes("main", -1) != CHECKSUM_BYTES:
                close(connection, keep_log=True)
                raise Damaged(
                    f"the catalog {self._path} is damaged (its header is not as it was written): "
                    + MENDING
                )
            self._place = self._place or Place(self._path)
            self.check_place()
            self._local.connection = connection
            with self._guard:
                self._all.add(connection)
        return connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time opens a file that may be of an older version: while it is brought
        to this one, another file takes its place, and nobody else may have it open. Where no
        lock can be written, nothing can be brought up either."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self._path}.opening", timeout=BUSY_MS / 1000)
        try:
            lock.acquire()
        except Timeout as error:
            raise Unavailable(
                f"the catalog {self._path} is being opened by another process, which has not "
                "finished: try again later"
            ) from error
        except OSError:
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def _is_old(self, connection: apsw.Connection) -> bool:
        """Whether the file is of an older version, which `_upgrade` brings to this one."""
        return connection.reserve_bytes("main", -1) != CHECKSUM_BYTES

    def _upgrade(self) -> None:
        """Gives checksums to a file of a version that had none."""

    def _open(self) -> apsw.Connection:
        import apsw

        try:
            return _prepared(connect(self._path))
        except (apsw.CantOpenError, apsw.ReadOnlyError) as error:
            # On a disk that is read-only there can be no log. Without one the file is whole, and
            # is read as what nobody changes, for as long as nobody does.
            seen = state_of(self._path)
            if log_size(self._path):
                raise Unavailable(
                    f"the catalog {self._path} cannot be opened ({error}): its log holds writes, "
                    "and cannot be read here; make the folder writable, or open it once on a disk "
                    "that is"
                ) from error
            connection = _prepared(connect(self._path, immutable=True))
            self._frozen = seen
        return connection

    @contextmanager
    def _translated(self) -> Iterator[None]:
        import apsw

        try:
            yield
        except apsw.Error as error:
            raise error_of(self._path, error) from error

    @contextmanager
    def transaction(self) -> Iterator[apsw.Connection]:
        """Durable when the block ends; undone where it raises."""
        import apsw

        with self._translated():
            connection = self._connection
            connection.execute("BEGIN IMMEDIATE")
            try:
                self.check_place()  # what is written to a catalog that is gone is lost
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(apsw.Error):
                    connection.execute("ROLLBACK")
                raise

    def check_place(self) -> None:
        """Raises Unavailable once another catalog, or none, lies at the path."""
        if self._place is not None:
            self._place.check()

    @property
    def is_in_place(self) -> bool:
        """False once another catalog, or none, lies at the path."""
        return self._place is None or self._place.holds()

    def copy(self, target: Path) -> None:
        """Copies the database, as it is at one moment, into a new file, while others read and
        write."""
        with self._translated():
            new = connect(target, create=True)
            try:
                # The extension keeps checksums from the moment that it has seen the first page,
                # so there has to be one. (VACUUM INTO writes it last where there are many.)
                new.execute("CREATE TABLE first (page); DROP TABLE first")
                with new.backup("main", self._connection, "main") as backup:
                    backup.step(-1)
            finally:
                new.close()

    def close(self, *, keep_log: bool = False) -> None:
        """Closes the connections of all threads."""
        import apsw

        with self._guard:
            for connection in list(self._all):
                # One that a thread is reading with closes when the thread lets go of it.
                with contextlib.suppress(apsw.ThreadingViolationError):
                    close(connection, keep_log=keep_log)
            self._all.clear()
            self._closed = True
            self._place = None
            self._local = threading.local()

    def read(self, sql: str, values: Sequence[Any] = ()) -> list[Row]:
        """The rows of a statement that changes nothing."""
        import apsw

        with self._translated():
            cursor = self._connection.execute(sql, values)
            try:
                made = _row_class(cursor.get_description())
            except apsw.ExecutionCompleteError:
                return []
            return [made(row) for row in cursor]

    def tuples(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows by position alone: for many of them."""
        with self._translated():
            return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, values: Sequence[Any] = ()) -> Row | None:
        """The first row, where there is one."""
        with self._translated():
            cursor = self._connection.execute(sql, values)
            row = cursor.fetchone()
            return None if row is None else _row_class(cursor.get_description())(row)

    def first(self, sql: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The same by position alone: for what every search reads."""
        import apsw

        try:
            row: tuple[Any, ...] | None = first(self._connection, sql, values)
        except apsw.Error as error:
            raise error_of(self._path, error) from error
        return row


@lru_cache(maxsize=256)
def _row_class(description: tuple[tuple[str, ...], ...]) -> type[Row]:
    places = {column[0]: place for place, column in enumerate(description)}
    return type("NamedRow", (Row,), {"__slots__": (), "_places": places})


@lru_cache(maxsize=1)
def _checked_vfs() -> str:
    """The name of the file system that keeps checksums, made known to SQLite."""
    import apsw
    import apsw.sqlite_extra

    loader = apsw.Connection(":memory:")
    apsw.sqlite_extra.load(loader, "cksumvfs")
    loader.close()
    return "cksmvfs"


def connect(path: Path, *, create: bool = False, immutable: bool = False) -> apsw.Connection:
    """A connection that compares checksums where the file has them; a new file will."""
    import apsw

    name, flags = str(path), apsw.SQLITE_OPEN_READWRITE
    if immutable:
        name = f"{path.absolute().as_uri()}?immutable=1"
        flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    elif create:
        flags |= apsw.SQLITE_OPEN_CREATE
    connection = apsw.Connection(name, flags=flags, vfs=_checked_vfs())
    connection.set_busy_timeout(BUSY_MS)
    if create:
        connection.reserve_bytes("main", CHECKSUM_BYTES)
    return connection


def _prepared(connection: apsw.Connection) -> apsw.Connection:
    """The connection, after a first read: what keeps it from reading shows here."""
    connection.execute(PRAGMAS + "SELECT count(*) FROM sqlite_master").fetchall()
    return connection


def first(connection: apsw.Connection, sql: str, values: Sequence[Any] = ()) -> Any:
    """Within a transaction: the first row, as a tuple; None where there is none."""
    return connection.execute(sql, values).fetchone()


def close(connection: apsw.Connection, *, keep_log: bool) -> None:
    """Closes the connection. If it is the last, SQLite takes the log in and deletes it, unless
    it is kept as it is."""
    import apsw

    if keep_log:
        connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.close()


def error_of(path: Path, error: apsw.Error) -> Unavailable:
    """What SQLite's error means for the file, and what to do."""
    import apsw

    extended = getattr(error, "extendedresult", 0)
    if isinstance(error, apsw.FullError):
        return Unavailable(
            f"no space left for {path}: free some on its disk and try again; this write was "
            "undone, and nothing that was stored before is lost"
        )
    if isinstance(error, apsw.ReadOnlyError):
        return NotWritable(
            f"{path} cannot be written to: its disk or folder is read-only; reading goes on, and "
            "writing when it is writable again"
        )
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return Unavailable(
            f"the catalog {path} is in use by another process ({error}): try again later"
        )
    if isinstance(error, apsw.CorruptError | apsw.NotADBError | apsw.SQLError):
        return Damaged(f"the catalog {path} is damaged ({error}): {MENDING}")
    if extended in (apsw.SQLITE_IOERR_DATA, apsw.SQLITE_IOERR_SHORT_READ):
        return Damaged(
            f"the catalog {path} is damaged (a page does not match its checksum): {MENDING}"
        )
    if extended in (apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_FSYNC):
        return Unavailable(
            f"{path} could not be written ({error}): look at its disk, and whether a limit is set "
            "on the size of files; this write was undone"
        )
    return Unavailable(f"the catalog {path} cannot be used ({error}): check its disk, or {MENDING}")


def writes_are_missing(path: Path, held: int, acknowledged: int, unit: str) -> str:
    """What a catalog that is older than it was means, and what to do."""
    return (
        f"the catalog {path} is older than it was: it holds {held} {unit}, and {acknowledged} were "
        "acknowledged, so its log was lost or damaged, or the catalog alone was put back from a "
        "copy; restore a backup with 'braid restore', or let 'braid doctor --repair' accept the "
        "catalog as it stands"
    )


def log_size(path: Path) -> int:
    """Bytes of the file's log; 0 where there is none."""
    try:
        return path.with_name(f"{path.name}-wal").stat().st_size
    except OSError:
        return 0


def state_of(path: Path) -> tuple[int, ...]:
    """Differs when the file has been written to, or is about to be."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns, log_size(path)


def batched(values: list[Any]) -> Iterator[list[Any]]:
    """The values in lists short enough for one statement."""
    for start in range(0, len(values), _BATCH):
        yield values[start : start + _BATCH]


def marks(values: Sequence[Any]) -> str:
    """As many question marks, for an IN list."""
    return ", ".join("?" * len(values))
