"""Answers kept in memory, for whoever asks the same again while nothing has changed.

The key says all that an answer depends on: which collection, and the number of its last write of
any kind (documents, metadata, words, synonyms, tuning, decisions about the graph), the question and
every option of the query with it, and the access tags of the caller. The settings are not in it:
they do not change while a process lives, and the cache dies with its process.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import threading
import unicodedata
from collections import OrderedDict
from dataclasses import asdict, replace

from generate.contract import Answer, Usage
from index.pipeline import View
from retrieve.contract import Query, SearchResult
from retrieve.pipeline import Fault


class AnswerCache:
    """The answers used last, `max_bytes` of them. Safe to use from many threads."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def is_on(self) -> bool:
        """Whether there is room for any."""
        return self._max_bytes > 0

    def get(self, key: str) -> tuple[Answer, SearchResult] | None:
        """An answer with the result that it rests on; it costs nothing now."""
        with self._guard:
            kept = self._kept.get(key)
            if kept is None:
                return None
            self._kept.move_to_end(key)
        answer, result = pickle.loads(kept)  # what this process put there
        return replace(answer, usage=Usage()), result

    def put(self, key: str, answer: Answer, result: SearchResult) -> None:
        """Keeps an answer, and forgets those unused the longest where there is no room."""
        kept = pickle.dumps((answer, result), pickle.HIGHEST_PROTOCOL)
        if len(kept) > self._max_bytes:
            return
        with self._guard:
            self._bytes += len(kept) - len(self._kept.pop(key, b""))
            self._kept[key] = kept
            while self._bytes > self._max_bytes:
                _, gone = self._kept.popitem(last=False)
                self._bytes -= len(gone)


def key_of(collection: View, query: Query, tags: frozenset[str] | None) -> str:
    """What stands for all that an answer depends on."""
    options = asdict(query)
    options["text"] = _normal(query.text)
    parts = [list(collection.version()), options, None if tags is None else sorted(tags)]
    text = json.dumps(parts, ensure_ascii=True, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def may_be_kept(answer: Answer, result: SearchResult, writer: str) -> bool:
    """Whether the answer would come out the same again: `writer` wrote it, who was to, and nothing
    failed or was cut on the way there."""
    explanation = result.explanation
    failed = any(isinstance(note, Fault) for note in explanation.notes)
    is_whole = not failed and not explanation.cut
    return is_whole and (bool(result.themes) or answer.generator == writer)


def _normal(text: str) -> str:
    """A question without what makes no difference to its answer: spaces, width and case."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
