"""What gzip, bzip2 and xz compress: a TAR archive or one file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from ingest.bounds import MAX_MEMBER_BYTES, MAX_MEMBERS, MAX_RATIO, MAX_TOTAL_BYTES
from ingest.contract import Failure, Source
from ingest.inflating import Inflated
from ingest.member_names import display_name
from ingest.tars import TarBounds, is_tar, tar_members

_ENDINGS = {
    ".gz": "", ".bz2": "", ".xz": "", ".z": "", ".gzip": "", ".bz": "", ".svgz": ".svg",
    ".tgz": ".tar", ".tbz": ".tar", ".tbz2": ".tar", ".txz": ".tar",
}  # fmt: skip


@dataclass(frozen=True)
class CompressedUnpacker:
    """Lists what is in a compressed file. The stream is read once: a member of a compressed
    archive is in memory when its turn comes."""

    max_members: int = MAX_MEMBERS
    max_member_bytes: int = MAX_MEMBER_BYTES
    max_total_bytes: int = MAX_TOTAL_BYTES
    max_ratio: int = MAX_RATIO

    def members(self, source: Source, media_type: str) -> Iterator[Source | Failure]:
        """The members of the archive, or the one file under the name without its ending. Raises
        UnreadableFile where the data is damaged, cut off, or unpacks to too much."""
        probe = Inflated(source.data, media_type, self.max_member_bytes, self.max_ratio)
        if is_tar(probe.read(512)):
            stream = Inflated(source.data, media_type, self.max_total_bytes, self.max_ratio)
            bounds = TarBounds(self.max_members, self.max_member_bytes, self.max_total_bytes)
            yield from tar_members(stream, source, bounds)
            return
        whole = Inflated(source.data, media_type, self.max_member_bytes, self.max_ratio)
        name = _inner_name(source.name)
        yield Source(f"{source.document_id}/{name}", whole.read(), name)


def _inner_name(name: str) -> str:
    """The name of the one file inside."""
    path = PurePosixPath(name.replace("\\", "/"))
    ending = _ENDINGS.get(path.suffix.lower())
    stem = path.name if ending is None else path.stem + ending
    return display_name(stem) or "unnamed"
