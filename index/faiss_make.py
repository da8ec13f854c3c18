"""How the main part of a FAISS index is made: its kind, its codes, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from index.contract import Vectors
from index.faiss_lists import count_for

KINDS = ("flat", "hnsw", "ivf", "ivfpq")
CODES = ("fp32", "fp16", "sq8")
_LEAST_TRAINING = 78
_WHOLE = 60_000
"""Codes of so many vectors are scanned whole: at 57,000 that took 0.8 ms, and lists, which found
less of what is nearest to real questions, 1.4."""
_EXACT = 10_000
"""Up to so many vectors are scanned as they are: 1 ms on one core at 384 dimensions."""


@dataclass(frozen=True)
class Make:
    """One of KINDS, one of CODES (of "ivfpq": "pq"), HNSW's M and efConstruction."""

    kind: str
    codes: str
    neighbours: int
    breadth: int

    @property
    def is_lossy(self) -> bool:
        """Whether the index does not hold the vectors as they are, row by row."""
        return self.codes != "fp32" or self.has_lists

    @property
    def has_lists(self) -> bool:
        """Whether it is IVF, of whatever codes."""
        return self.kind.startswith("ivf")

    def lists(self, size: int) -> int:
        """How many pay for so many vectors."""
        return 1 if self.kind == "ivfpq" and size <= _WHOLE else count_for(size)

    def bytes_per_vector(self, dimension: int) -> float:
        """What the index takes of memory, about; where there are many vectors."""
        codes = {"fp32": 4.0, "fp16": 2.0, "sq8": 1.0, "pq": 0.25}[self.codes] * dimension
        links = 8.4 * self.neighbours if self.kind == "hnsw" else 0.0
        return codes + links + (10.0 if self.has_lists else 0.0) + 8.0

    def empty(self, dimension: int, centres: Vectors | None) -> Any:
        """An index without vectors, to be trained where it is not; with lists around `centres`
        where its kind has some."""
        import faiss

        metric = faiss.METRIC_INNER_PRODUCT
        codes = {
            "fp16": faiss.ScalarQuantizer.QT_fp16,
            "sq8": faiss.ScalarQuantizer.QT_8bit,
        }.get(self.codes)
        if centres is not None:
            return self._lists(centres, codes)
        if self.kind == "flat":
            if codes is None:
                return faiss.IndexFlatIP(dimension)
            return faiss.IndexScalarQuantizer(dimension, codes, metric)
        index = (
            faiss.IndexHNSWFlat(dimension, self.neighbours, metric)
            if codes is None
            else faiss.IndexHNSWSQ(dimension, codes, self.neighbours, metric)
        )
        index.hnsw.efConstruction = self.breadth
        return index

    def _lists(self, centres: Vectors, codes: int | None) -> Any:
        """`codes` as FAISS numbers them. Codes of product quantisation have 4 bits for two
        dimensions (or as few as divide them), and for each where there is one list: to scan
        twice the bytes costs less than to score six times the vectors anew. FAISS looks up 32
        vectors at once, once it is an index for fast scans, which `faiss_build` makes of this
        one."""
        import faiss

        metric = faiss.METRIC_INNER_PRODUCT
        count, dimension = centres.shape
        quantizer = faiss.IndexFlatIP(dimension)
        quantizer.add(centres)
        if self.kind == "ivfpq":
            widths = (2, 3, 4) if count > 1 else ()
            width = next((n for n in widths if dimension % n == 0), 1)
            parts = dimension // width
            index = faiss.IndexIVFPQ(quantizer, dimension, count, parts, 4, metric)
            index.pq.cp.max_points_per_centroid = 1_024
            index.pq.cp.min_points_per_centroid = 1
        elif codes is None:
            index = faiss.IndexIVFFlat(quantizer, dimension, count, metric)
        else:
            index = faiss.IndexIVFScalarQuantizer(quantizer, dimension, count, codes, metric)
        index.own_fields = True
        quantizer.this.disown()
        return index


def choose(make: Make, size: int, dimension: int, memory_bytes: float) -> Make:
    """A `make` whose kind or codes are "auto", decided for `size` vectors: exact up to 10,000
    of them, then product quantisation (IVF above 60,000), which finds most in a time, takes the
    least memory and is built soonest; codes that are set go with HNSW in place of it, where they
    fit into the memory. What is too little to train on is kept flat."""
    if size < _LEAST_TRAINING:
        return Make("flat", "fp32", make.neighbours, make.breadth)
    if make.kind != "auto":
        kinds = [make.kind]
    elif size <= _EXACT:
        kinds = ["flat", "ivfpq"]
    else:
        kinds = ["ivfpq"] if make.codes == "auto" else ["hnsw", "ivfpq"]
    codes = [make.codes] if make.codes != "auto" else ["fp32", "sq8"]
    choices = [
        Make(kind, code, make.neighbours, make.breadth)
        for kind in kinds
        for code in (["pq"] if kind == "ivfpq" else codes)
    ]
    fitting = [c for c in choices if size * c.bytes_per_vector(dimension) <= memory_bytes]
    return (fitting or choices[-1:])[0]
