"""The documents of a collection by the names that people call them, and their kinds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath

_DECORATION = re.compile(r"[\s《》<>「」『』\"“”'_\-—–·,，.。:：]+")
_EDITION = re.compile(
    r"[（(][^（()）]{1,20}[)）]$|\bv?\d+(?:\.\d+)+$|(?<=.{4})(?:修订版|试行|最终版|正式版)$"
)
_SUFFIX = re.compile(r"\.[A-Za-z][A-Za-z0-9]{0,4}$")


@dataclass(frozen=True)
class Titles:
    """Of one generation; never changed. `media_types` says how many documents are of each."""

    generation: int = -1
    media_types: Mapping[str, int] = field(default_factory=dict)
    _ids: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    _normal: Callable[[str], str] = str

    @classmethod
    def of(
        cls, generation: int, rows: Iterable[tuple[str, str, str]], normal: Callable[[str], str]
    ) -> Titles:
        """Rows are (id, title, media type); `normal` makes the form that names are compared
        in."""
        kinds: dict[str, int] = {}
        ids: dict[str, dict[str, None]] = {}
        for document_id, title, media_type in rows:
            kinds[media_type] = kinds.get(media_type, 0) + 1
            name = PurePosixPath(document_id).name
            stem = _SUFFIX.sub("", name)
            for called in {title, _EDITION.sub("", title), name, stem, _EDITION.sub("", stem)}:
                if bare := _DECORATION.sub("", normal(called)):
                    ids.setdefault(bare, {})[document_id] = None
        return cls(generation, kinds, {name: tuple(found) for name, found in ids.items()}, normal)

    def called(self, name: str) -> tuple[str, ...]:
        """Ids of the documents that have the name for their title or file name, with or without
        its ending and its edition; case, width, spaces and punctuation do not matter."""
        return self._ids.get(_DECORATION.sub("", self._normal(name)), ())
