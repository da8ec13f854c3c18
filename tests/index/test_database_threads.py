from __future__ import annotations

import gc
import threading
from pathlib import Path

import apsw

from index.catalog import Catalog


def open_connections() -> int:
    gc.collect()
    return sum(issubclass(type(thing), apsw.Connection) for thing in gc.get_objects())


def test_connections_go_with_the_threads_that_they_served(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog.sqlite", create=True)
    before = open_connections()
    for _ in range(20):
        thread = threading.Thread(target=catalog.counts)
        thread.start()
        thread.join()
    assert open_connections() == before
    assert catalog.counts() == (0, 0, 0)
    catalog.close()
