"""A segment of the sparse index: an inverted file over at most 65,536 chunks, never changed.

A term of a field is known by a number of 64 bits: 3 for the field and 61 of a hash. It costs 16
bytes whatever its length, and one binary search finds all that a query asks for. Among ten
million terms, two have the same number in one of 46,000 collections. Chunks are numbered in the
order of their keys, in 2 bytes.
"""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from itertools import chain
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.array_file import Arrays
from index.contract import SPARSE_FIELDS, Keys, SparseEntry

MOST_CHUNKS = 1 << 16

_MOST_COUNTED = 255
_BLOCK = 1 << 22
"""About so many postings are merged at once, in some hundred MB."""

Places: TypeAlias = npt.NDArray[np.int64]
Terms: TypeAlias = npt.NDArray[np.uint64]
Bytes: TypeAlias = npt.NDArray[np.uint8]
Mask: TypeAlias = npt.NDArray[np.bool_]
_Packed: TypeAlias = npt.NDArray[np.uint64]
"""Postings, each as one number: 40 bits for the term, 16 for the chunk, 8 for its count."""


@lru_cache(maxsize=50_000)
def hash_of(term: str) -> int:
    """61 bits that stand for a term."""
    return int.from_bytes(_digest(term), "little") >> 3


def _digest(term: str) -> bytes:
    return blake2b(term.encode("utf-8", "surrogatepass"), digest_size=8).digest()


def base_of(field: int) -> int:
    """What is added to the hash of a term for its number in the field at that place of
    SPARSE_FIELDS."""
    return field << 61


@dataclass(frozen=True)
class Segment:
    """The chunks with these `keys`, which ascend; `lengths` are the terms of each in each field,
    shape (SPARSE_FIELDS, chunks). The term of the number `terms[i]` (they ascend) is in the chunks
    `docs[starts[i]:starts[i + 1]]`, which ascend; `packed_counts` says how often, for all
    postings, compressed. `name` is that of its file, empty where it has none yet."""

    keys: Keys
    lengths: npt.NDArray[np.uint32]
    terms: Terms
    starts: Places
    docs: npt.NDArray[np.uint16]
    packed_counts: Bytes
    name: str = ""

    @staticmethod
    def of(arrays: Arrays, name: str) -> Segment:
        """Out of the arrays of its file. Raises TypeError where they are not those."""
        return Segment(name=name, **arrays)

    @property
    def arrays(self) -> Arrays:
        """What its file holds."""
        return {name: value for name, value in vars(self).items() if name != "name"}

    def __len__(self) -> int:
        return len(self.keys)

    def places(self, keys: Keys) -> Places:
        """Of the given keys, which ascend, those that are here: their chunks' numbers."""
        at = np.searchsorted(self.keys, keys)
        inside = at < len(self.keys)
        at, keys = at[inside], keys[inside]
        found: Places = at[self.keys[at] == keys]
        return found

    def counts(self) -> Bytes:
        """How often each posting's term is in its chunk, 255 for more; unpacked anew each time."""
        return np.frombuffer(zlib.decompress(self.packed_counts.data), dtype=np.uint8)

    def field_range(self, field: int) -> slice:
        """The postings of the field at that place of SPARSE_FIELDS."""
        bounds = np.array([base_of(field), base_of(field + 1)], dtype=np.uint64)
        first, last = np.searchsorted(self.terms, bounds)
        return slice(int(self.starts[first]), int(self.starts[last]))


def built(entries: Sequence[SparseEntry]) -> Segment:
    """A segment of at most MOST_CHUNKS entries, whose keys ascend."""
    places: defaultdict[str, int] = defaultdict(lambda: len(places))
    lengths = np.empty((len(SPARSE_FIELDS), len(entries)), dtype=np.uint32)
    found = []
    for field, name in enumerate(SPARSE_FIELDS):
        texts = [getattr(entry, name) for entry in entries]
        lengths[field] = np.fromiter(map(len, texts), np.uint32, len(texts))
        terms = map(places.__getitem__, chain.from_iterable(texts))
        found.append(np.fromiter(terms, np.int64, int(lengths[field].sum())))
    hashes = np.frombuffer(b"".join(map(_digest, places)), dtype="<u8") >> np.uint64(3)
    known, ranks = np.unique(hashes, return_inverse=True)

    def blocks() -> Iterator[tuple[Terms, _Packed]]:
        for field, terms in enumerate(found):
            docs = np.repeat(np.arange(len(entries), dtype=np.uint64), lengths[field])
            pairs = (ranks[terms].astype(np.uint64) << np.uint64(16)) | docs
            pairs, counts = np.unique(pairs, return_counts=True)
            pairs <<= np.uint64(8)
            pairs |= np.minimum(counts, _MOST_COUNTED).astype(np.uint64)
            yield known | np.uint64(base_of(field)), pairs

    keys = np.array([entry.key for entry in entries], dtype=np.int64)
    return _assembled(keys, lengths, blocks())


def merged(parts: Sequence[tuple[Segment, Mask]]) -> Segment:
    """One segment of what is alive (true in the mask) of several, at most MOST_CHUNKS chunks. No
    key is alive in two."""
    keys = np.sort(np.concatenate([segment.keys[alive] for segment, alive in parts]))
    lengths = np.empty((len(SPARSE_FIELDS), len(keys)), dtype=np.uint32)
    renumbered = []
    for segment, alive in parts:
        numbers = np.searchsorted(keys, segment.keys)
        lengths[:, numbers[alive]] = segment.lengths[:, alive]
        numbers[~alive] = -1
        renumbered.append(numbers)
    blocks = _merged_blocks([segment for segment, _ in parts], renumbered)
    return _assembled(keys, lengths, blocks)


def _merged_blocks(
    segments: Sequence[Segment], renumbered: Sequence[Places]
) -> Iterator[tuple[Terms, _Packed]]:
    """The postings of several, by the new numbers of their chunks (-1 for none), in blocks that
    are bounded by terms of the greatest of them."""
    counts = [segment.counts() for segment in segments]
    greatest = max(segments, key=lambda segment: len(segment.docs))
    pieces = 1 + sum(map(len, counts)) // _BLOCK
    steps = np.arange(1, pieces) * len(greatest.docs) // pieces
    bounds = greatest.terms[np.searchsorted(greatest.starts, steps, "right") - 1]
    cuts = [[0, *np.searchsorted(one.terms, bounds), len(one.terms)] for one in segments]
    for piece in range(pieces):
        ranges = [slice(cut[piece], cut[piece + 1]) for cut in cuts]
        mine = [one.terms[place] for one, place in zip(segments, ranges, strict=True)]
        terms = np.sort(np.concatenate(mine))
        terms = terms[np.concatenate([[True], terms[1:] != terms[:-1]])[: len(terms)]]
        found = []
        for at, segment in enumerate(segments):
            starts = segment.starts[ranges[at].start : ranges[at].stop + 1]
            inside = slice(int(starts[0]), int(starts[-1]))
            docs = renumbered[at][segment.docs[inside]]
            packed = np.repeat(np.searchsorted(terms, mine[at]), np.diff(starts)) << 24
            packed |= (docs << 8) | counts[at][inside]
            found.append(packed[docs >= 0].astype(np.uint64))
        yield terms, np.sort(np.concatenate(found))


def _assembled(
    keys: Keys, lengths: npt.NDArray[np.uint32], blocks: Iterator[tuple[Terms, _Packed]]
) -> Segment:
    """Out of blocks of ascending terms, each with its sorted postings, whose terms are places
    among those; terms without a posting are left out."""
    terms, sizes, docs, counts = [], [], [], []
    for known, packed in blocks:
        size = np.bincount((packed >> np.uint64(24)).astype(np.int64), minlength=len(known))
        terms.append(known[size > 0])
        sizes.append(size[size > 0])
        docs.append((packed >> np.uint64(8)).astype(np.uint16))
        counts.append(packed.astype(np.uint8))
    starts = np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64)
    squeezed = zlib.compress(np.concatenate(counts).data, 1)
    return Segment(
        keys,
        lengths,
        np.concatenate(terms),
        starts,
        np.concatenate(docs),
        np.frombuffer(squeezed, dtype=np.uint8),
    )
