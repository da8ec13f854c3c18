from __future__ import annotations

import gc
import threading
from pathlib import Path

import apsw

from index.catalog import Catalog


def open_connections(path: Path) -> int:
    """To this file: what other tests have left open may come and go."""
    gc.collect()
    return sum(
        issubclass(type(thing), apsw.Connection) and _file_of(thing) == str(path)
        for thing in gc.get_objects()
    )


def _file_of(connection: apsw.Connection) -> str:
    try:
        return connection.filename
    except (apsw.ConnectionClosedError, apsw.ThreadingViolationError):
        return ""  # closed, or one that a server of other tests works with just now


def test_connections_go_with_the_threads_that_they_served(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    catalog = Catalog(path, create=True)
    before = open_connections(path)
    assert before == 1
    for _ in range(20):
        thread = threading.Thread(target=catalog.counts)
        thread.start()
        thread.join()
    assert open_connections(path) == before
    assert catalog.counts() == (0, 0, 0)
    catalog.close()
    assert open_connections(path) == 0
