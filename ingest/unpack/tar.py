"""TAR archives that are not compressed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass

from ingest.bounds import MAX_MEMBER_BYTES, MAX_MEMBERS
from ingest.contract import Failure, Source
from ingest.tars import TarBounds, tar_members


@dataclass(frozen=True)
class TarUnpacker:
    """Lists the members of a TAR archive (USTAR, PAX, GNU, and the format before them)."""

    max_members: int = MAX_MEMBERS
    max_member_bytes: int = MAX_MEMBER_BYTES

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """See `ingest.tars.tar_members`."""
        del media_type
        bounds = TarBounds(self.max_members, self.max_member_bytes, len(source.data))
        yield from tar_members(io.BytesIO(source.data), source, bounds)
