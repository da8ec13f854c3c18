"""Token vectors of passages that were not stored, computed when a search asks for them."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

from index.contract import Embedder
from index.token_codes import pack

REMEMBERED = 1_000
"""Passages; each of 160 tokens has 10 kB."""


class PassageTokens:
    """The packed token vectors of texts, of which the last `size` are not computed again. They
    are known by the text itself, so one that is changed, or stands in several collections, is no
    special case. Of one embedder; safe to use from many threads."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._size = size
        self._known: OrderedDict[bytes, bytes] = OrderedDict()
        self._guard = threading.Lock()

    def of(self, embedder: Embedder, texts: Sequence[str]) -> list[bytes]:
        """What is packed for each text; empty where the embedder has none."""
        marks = [_mark(text) for text in texts]
        with self._guard:
            found = {mark: self._known[mark] for mark in marks if mark in self._known}
        missing = {mark: text for mark, text in zip(marks, texts, strict=True) if mark not in found}
        computed = embedder.embed_tokens(list(missing.values())) if missing else ()
        found.update(zip(missing, map(pack, computed), strict=True))
        with self._guard:
            for mark in marks:
                self._known[mark] = found[mark]
                self._known.move_to_end(mark)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return [found[mark] for mark in marks]


def _mark(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()[:16]
