"""A system as a process, which answers requests on standard input (`bench.peers.protocol`) until it
is told to close: `python -m bench.peers.serve SYSTEM SET_UP FOLDER DATA`.

What libraries print goes to standard error.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, cast

from bench.peers.protocol import TUNED, Adapter, Embedding, Given, ranked_documents
from bench.peers.words import words


class Server:
    """Does what a request says."""

    def __init__(self, adapter: Adapter, given: Given) -> None:
        self._adapter = adapter
        self._given = given
        self._document_of = {entry.id: entry.document for entry in given.entries}

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer to a request; what goes wrong in the system is its `error`."""
        name = request.pop("do")
        try:
            return {"ok": True, **getattr(self, f"_{name}")(**request)}
        except Exception as error:  # whatever a library raises is a result
            return {"ok": False, "error": f"{type(error).__name__}: {error}"[:2000]}

    def _open(self) -> dict[str, Any]:
        # What is given has been read before anything is timed.
        assert self._given.passage_vectors
        assert self._given.query_vectors
        if hasattr(self._adapter, "prepare"):
            self._adapter.prepare()
        begun = time.perf_counter()
        self._adapter.open()
        took = time.perf_counter() - begun
        versions = {name: version(name) for name in self._adapter.packages}
        return {"seconds": took, "versions": versions, "notes": dict(self._adapter.notes)}

    def _add(self, documents: Sequence[str]) -> dict[str, Any]:
        entries = self._given.of_documents(documents)
        begun = time.perf_counter()
        self._adapter.add(entries)
        return {"seconds": time.perf_counter() - begun, "entries": len(entries)}

    def _settle(self) -> dict[str, Any]:
        begun = time.perf_counter()
        if hasattr(self._adapter, "settle"):
            self._adapter.settle()
        return {"seconds": time.perf_counter() - begun}

    def _delete(self, documents: Sequence[str]) -> dict[str, Any]:
        entries = self._given.of_documents(documents)
        begun = time.perf_counter()
        self._adapter.delete(entries)
        return {"seconds": time.perf_counter() - begun}

    def _search(
        self, queries: Sequence[str], k: int, threads: int = 1, whole: bool = False
    ) -> dict[str, Any]:
        search: Any = self._adapter.search
        texts = [self._given.query(name) for name in queries]
        if whole:
            search = cast(Embedding, self._adapter).search_whole
        elif hasattr(self._adapter, "warm"):
            self._adapter.warm(texts)

        def run(asked: Sequence[str]) -> list[tuple[Any, float]]:
            return [self._one(search, text, k) for text in asked]

        begun = time.perf_counter()
        if threads == 1:
            rounds = [run(texts)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                rounds = list(pool.map(run, [texts[at:] + texts[:at] for at in range(threads)]))
            rounds = [row[len(row) - at :] + row[: len(row) - at] for at, row in enumerate(rounds)]
        took = time.perf_counter() - begun
        faults = [found for row in rounds for found, _ in row if isinstance(found, str)]
        first = [[] if isinstance(found, str) else found for found, _ in rounds[0]]
        unlike = sum(
            not isinstance(found, str) and _ids(found) != _ids(first[place])
            for row in rounds[1:]
            for place, (found, _) in enumerate(row)
        )
        return {
            "found": first,
            "ms": [ms for row in rounds for _, ms in row],
            "faults": faults[:5],
            "fault_count": len(faults),
            "unlike": unlike,
            "seconds": took,
        }

    def _one(self, search: Callable[..., Any], text: str, k: int) -> tuple[Any, float]:
        """What is found, or the fault as text, and milliseconds."""
        begun = time.perf_counter()
        try:
            found: Any = search(text, k)
        except Exception as error:  # a result, too
            return f"{type(error).__name__}: {error}"[:300], (time.perf_counter() - begun) * 1000
        took = (time.perf_counter() - begun) * 1000
        return ranked_documents(found, self._document_of), took

    def _close(self) -> dict[str, Any]:
        self._adapter.close()
        return {}


def _ids(found: Sequence[tuple[str, float]]) -> list[str]:
    return [name for name, _ in found]


def main() -> None:
    """Until standard input ends, or a request says close."""
    system, set_up, folder, data = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    module = importlib.import_module(f"bench.peers.adapters.{system}")
    given = Given(Path(data))
    if set_up == TUNED:
        words("预热")  # jieba reads its dictionary
    server = Server(module.System(Path(folder), given, set_up == TUNED), given)
    for line in sys.stdin:
        request = json.loads(line)
        is_last = request["do"] == "close"
        print(json.dumps(server.answer(request), ensure_ascii=False), file=answers, flush=True)
        if is_last:
            break


if __name__ == "__main__":
    main()
