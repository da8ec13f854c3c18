"""How much is unpacked from a file before it is given up as a bomb."""

from __future__ import annotations

from dataclasses import dataclass, field

from ingest.contract import UnreadableFile

MB = 1024 * 1024
MAX_MEMBERS = 20_000
MAX_MEMBER_BYTES = 200 * MB
MAX_TOTAL_BYTES = 2048 * MB
MAX_RATIO = 200
MAX_DEPTH = 6
_ALWAYS_BYTES = 16 * MB
"""What may come out of any file, however small: short texts of blanks pack well."""


class Exceeded(UnreadableFile):
    """A bound is reached; nothing more is unpacked of what it bounds."""


class Exhausted(UnreadableFile):
    """What one file may unpack to in all is used up."""


def check_ratio(packed: int, unpacked: int, max_ratio: int = MAX_RATIO) -> None:
    """Raises Exceeded where so much comes out of so little as no document packs."""
    if unpacked > _ALWAYS_BYTES and unpacked > max_ratio * max(packed, 1):
        raise Exceeded(
            f"it unpacks to more than {max_ratio} times its size, as a decompression bomb does: "
            "unpack it by hand if you trust it"
        )


def check_member(size: int, max_bytes: int = MAX_MEMBER_BYTES) -> None:
    """Raises Exceeded where one member is too large."""
    if size > max_bytes:
        raise Exceeded(
            f"it unpacks to {size / MB:,.0f} MB, over the limit of {max_bytes / MB:,.0f} MB for "
            "one packed file"
        )


def check_count(count: int, max_members: int = MAX_MEMBERS) -> None:
    """Raises Exceeded where there are too many members."""
    if count > max_members:
        raise Exceeded(
            f"it packs more than {max_members:,} files, the limit: split it or unpack it by hand"
        )


@dataclass
class Budget:
    """What is left for all that is packed in one file, however deep. `packed` is the size of
    the outermost file in bytes."""

    packed: int
    max_members: int = MAX_MEMBERS
    max_total_bytes: int = MAX_TOTAL_BYTES
    max_ratio: int = MAX_RATIO
    _members: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)

    def take(self, size: int) -> None:
        """Counts one member of that size. Raises Exhausted when a bound is passed."""
        self._members += 1
        self._bytes += size
        try:
            check_count(self._members, self.max_members)
            check_ratio(self.packed, self._bytes, self.max_ratio)
        except Exceeded as reached:
            raise Exhausted(f"the rest of what it packs is left out: {reached}") from reached
        if self._bytes > self.max_total_bytes:
            raise Exhausted(
                "the rest of what it packs is left out: it unpacks to more than "
                f"{self.max_total_bytes / MB:,.0f} MB in all, the limit: unpack it by hand"
            )
