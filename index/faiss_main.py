"""The main part of a FAISS index: built once into a folder, and from then on only read.

Its vectors lie in key order. Where the codes of the index lose something, the exact vectors lie
beside it in a file that is mapped into memory: what the index finds is scored anew by them, few
vectors under a filter are looked at one by one, and the next main part is built from them. FAISS
maps the rest, too, so that processes that read the same collection share its memory; but for the
codes of product quantisation, which are few bytes and which FAISS copies in any case.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import faiss_reach
from index.contract import Keys, Vectors
from index.faiss_make import Make
from index.faiss_reach import Positions, Questions, Reach, Scores
from ingest.contract import cached_property

INDEX, KEYS, ALIVE, ROWS = "index.faiss", "keys.npy", "alive.npy", "rows.npy"
_STEP_ROWS = 40
"""A step of efSearch costs as much as looking at so many vectors."""
_ROW_CODES = {"pq": 12, "sq8": 2, "fp16": 2, "fp32": 1}
"""Looking at a vector costs as much as scanning so many codes."""
_DEEPER, _MORE = {"fp32": 1, "fp16": 2, "sq8": 2}, 30
"""Of a graph, so many times the number asked for, and so many more, are scored anew."""


@dataclass(frozen=True)
class Selection:
    """What counts of the main part: a bit for each position, how many are set, and how many of
    each list (None where there are no lists)."""

    bits: npt.NDArray[np.uint8]
    count: int
    members: npt.NDArray[np.int64] | None

    @cached_property
    def positions(self) -> Positions:
        """Those whose bits are set. Asked for where they are few."""
        return np.flatnonzero(np.unpackbits(self.bits, bitorder="little"))


@dataclass(frozen=True)
class Main:
    """`keys` ascend; `alive` is false for those deleted before it was written; `rows` are the
    exact vectors, shape (len(keys), dimension). `built` is how many there were when it was last
    built afresh. `reach` is None where every search is exact, and while it is measured."""

    folder: Path
    make: Make
    built: int
    reach: Reach | None
    index: Any
    keys: Keys
    alive: npt.NDArray[np.bool_]
    rows: Vectors

    @cached_property
    def _is_run(self) -> bool:
        """Whether no key is missing between the first and the last."""
        return bool(len(self.keys)) and int(self.keys[-1] - self.keys[0]) + 1 == len(self.keys)

    @cached_property
    def _centres(self) -> Vectors:
        """Of the lists."""
        import faiss

        return flat_rows(faiss.downcast_index(self.index.quantizer))

    @cached_property
    def _list_of(self) -> npt.NDArray[np.uint16]:
        """The list of each position."""
        import faiss

        places = np.empty(len(self.keys), dtype=np.uint16)
        lists = self.index.invlists
        for number in range(self.index.nlist):
            size = lists.list_size(number)
            if size:
                places[faiss.rev_swig_ptr(lists.get_ids(number), size)] = number
        return places

    @cached_property
    def _sizes(self) -> npt.NDArray[np.int64]:
        """How many vectors lie in each list, deleted ones too."""
        return np.bincount(self._list_of, minlength=self.index.nlist)

    def positions(self, keys: Keys) -> Positions:
        """Where each key is; -1 where it is not held."""
        if self._is_run:
            at = keys - self.keys[0]
            return np.where((at >= 0) & (at < len(self.keys)), at, -1)
        return positions(self.keys, keys)

    def select(self, mask: npt.NDArray[np.bool_]) -> Selection:
        """Where the mask is true."""
        bits, members = np.packbits(mask, bitorder="little"), None
        if self.make.has_lists:
            members = np.bincount(self._list_of[mask], minlength=self.index.nlist)
        return Selection(bits, int(mask.sum()), members)

    def products(self, vector: Vectors, at: Positions) -> Scores:
        """The exact inner product with the vector at each position."""
        import faiss

        out = np.empty(len(at), dtype=np.float32)
        if len(at):
            faiss.fvec_inner_products_by_idx(
                faiss.swig_ptr(out),
                faiss.swig_ptr(np.ascontiguousarray(vector, dtype=np.float32)),
                faiss.swig_ptr(self.rows),
                faiss.swig_ptr(np.ascontiguousarray(at, dtype=np.int64)),
                self.rows.shape[1],
                1,
                len(at),
            )
        return out

    def search(self, vector: Vectors, k: int, chosen: Selection) -> tuple[Positions, Scores] | None:
        """The k best positions of those chosen, and perhaps more, with their exact scores, in no
        order; fewer where no more are found. None where it costs less to look at each vector
        that is chosen."""
        import faiss

        faiss.omp_set_num_threads(1)
        size = len(self.keys)
        selector = None
        if chosen.count < size:
            selector = faiss.IDSelectorBitmap(size, faiss.swig_ptr(chosen.bits))
        if self.make.kind == "flat":
            depth = min(self._depth(k), size)
            parameters = faiss.SearchParameters(sel=selector)
            found = self.index.search(vector[None], depth, params=parameters)[1][0]
        elif self.make.has_lists:
            lists = self._lists(vector, k, chosen)
            if lists is None:
                return None
            found = self._in_lists(vector, *lists, min(self._reach.depth(k), size), selector)
        else:
            breadth = self._breadth(k, size / chosen.count)
            if selector is not None and chosen.count <= breadth * _STEP_ROWS:
                return None
            found = self._in_graph(vector, breadth, min(self._depth(k), size), selector)
        if len(found) and found[-1] < 0:
            found = found[found >= 0]
        return found, self.products(vector, found)

    @property
    def _reach(self) -> Reach:
        assert self.reach is not None
        return self.reach

    def _depth(self, k: int) -> int:
        """How many of a graph, or of a flat index, are scored anew."""
        return k * _DEEPER[self.make.codes] + (_MORE if self.make.is_lossy else 0)

    def _breadth(self, k: int, rarity: float) -> float:
        """efSearch: the rarer what counts is, the farther a search has to go."""
        return max(self._reach.breadth(k) * min(rarity, 2), 4 * k * rarity)

    def _lists(self, vector: Vectors, k: int, chosen: Selection) -> tuple[Positions, Scores] | None:
        """The lists to be visited and the products with their centres, best first; None where
        it costs less to look at each vector that is chosen. Where only some count, the gap is
        that below the best lists that hold k of those: in the nearest there may be none."""
        if self.index.nlist == 1:
            few = chosen.count < len(self.keys)
            few = few and chosen.count * _ROW_CODES[self.make.codes] <= len(self.keys)
            return None if few else _ONLY_LIST
        assert chosen.members is not None
        near = products(vector, self._centres)
        near[chosen.members == 0] = -np.inf
        lists = np.flatnonzero(near >= near.max() - self._reach.breadth(k))
        if chosen.count < len(self.keys) or chosen.members[lists].sum() < k:
            order = np.argsort(-near, kind="stable")
            held = np.cumsum(chosen.members[order])
            enough = order[: 1 + np.searchsorted(held, k)]
            rarity = self._sizes[enough].sum() / chosen.members[enough].sum()
            lists = np.flatnonzero(near >= near[enough[-1]] - self._reach.breadth(k, rarity))
        scanned = self._sizes[lists].sum()
        if chosen.count < len(self.keys) and chosen.count * _ROW_CODES[self.make.codes] <= scanned:
            return None
        lists = lists[np.argsort(-near[lists], kind="stable")]
        return lists, near[lists]

    def _in_lists(
        self, vector: Vectors, lists: Positions, near: Scores, depth: int, selector: Any
    ) -> Positions:
        """The best by their codes, of these lists, best first; -1 after the last."""
        import faiss

        query = np.ascontiguousarray(vector, dtype=np.float32)
        scores, found = np.empty(depth, dtype=np.float32), np.empty(depth, dtype=np.int64)
        parameters = faiss.SearchParametersIVF(sel=selector, nprobe=len(lists))
        self.index.search_preassigned_c(
            1,
            faiss.swig_ptr(query),
            depth,
            faiss.swig_ptr(lists),
            faiss.swig_ptr(near),
            faiss.swig_ptr(scores),
            faiss.swig_ptr(found),
            False,
            parameters,
        )
        return found

    def _in_graph(self, vector: Vectors, breadth: float, depth: int, selector: Any) -> Positions:
        """The best by their codes, best first; -1 after the last."""
        import faiss

        parameters = faiss.SearchParametersHNSW(sel=selector, efSearch=max(round(breadth), depth))
        found: Positions = self.index.search(vector[None], depth, params=parameters)[1][0]
        return found

    def measured(self, target: float, go_on: Callable[[], None]) -> Main:
        """The same with the reach that finds the share `target` of what is nearest."""
        import faiss

        size = len(self.keys)
        if self.make.kind == "flat" or size < 2:
            return self
        faiss.omp_set_num_threads(1)
        asked = Questions.of(self.rows, go_on)

        def in_lists(vector: Vectors, breadth: float, depth: int) -> Positions:
            go_on()
            near = products(vector, self._centres)
            lists = np.flatnonzero(near >= near.max() - breadth)
            found = self._in_lists(vector, lists, near[lists], min(depth, size), None)
            return found[found >= 0]

        def in_graph(vector: Vectors, breadth: float, depth: int) -> Positions:
            go_on()
            found = self._in_graph(vector, breadth, min(depth, size), None)
            return found[found >= 0]

        if self.make.has_lists:
            reach = faiss_reach.of_lists(asked, self._list_of, self._centres, in_lists, target)
        else:
            reach = faiss_reach.of_graph(asked, self._depth, in_graph, target)
        return replace(self, reach=reach)


_ONLY_LIST = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.float32)
"""The only list, and any product: it adds as much to each score."""


def products(vector: Vectors, rows: Vectors) -> Scores:
    """The inner product with each row, on one thread: threads that wait for each other cost a
    busy machine more than they save."""
    import faiss

    out = np.empty(len(rows), dtype=np.float32)
    if len(rows):
        faiss.fvec_inner_products_ny(
            faiss.swig_ptr(out),
            faiss.swig_ptr(np.ascontiguousarray(vector, dtype=np.float32)),
            faiss.swig_ptr(rows),
            rows.shape[1],
            len(rows),
        )
    return out


def positions(held: Keys, keys: Keys) -> Positions:
    """Where each key is among those held, which ascend; -1 where it is not."""
    if not len(held):
        return np.full(len(keys), -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(held, keys), len(held) - 1)
    return np.where(held[at] == keys, at, -1).astype(np.int64)


def load(folder: Path, make: Make, built: int, reach: Reach | None, dimension: int) -> Main:
    """The main part in a folder. Raises ValueError or OSError where it is damaged."""
    import faiss

    try:
        flags = 0 if make.kind == "ivfpq" else faiss.IO_FLAG_MMAP_IFC
        index = faiss.read_index(str(folder / INDEX), flags)
    except RuntimeError as error:
        raise ValueError(f"{folder} cannot be read: {error}") from error
    keys, alive = np.load(folder / KEYS), np.load(folder / ALIVE)
    if index.ntotal != len(keys) or len(alive) != len(keys) or index.d != dimension:
        raise ValueError(f"{folder} does not fit its keys or the dimension {dimension}")
    if (folder / ROWS).exists():
        rows = np.asarray(np.load(folder / ROWS, mmap_mode="r"))
    else:
        rows = flat_rows(
            faiss.downcast_index(index.storage) if isinstance(index, faiss.IndexHNSW) else index
        )
    if rows.shape != (len(keys), dimension):
        raise ValueError(f"{folder} holds {len(rows)} vectors for {len(keys)} keys")
    return Main(folder, make, built, reach, index, keys, alive, rows)


def flat_rows(index: Any) -> Vectors:
    """The vectors of an index that holds them as they are, without a copy."""
    import faiss

    if not index.ntotal:
        return np.empty((0, index.d), dtype=np.float32)
    flat = faiss.rev_swig_ptr(index.get_xb(), index.ntotal * index.d)
    rows: Vectors = flat.reshape(index.ntotal, index.d)
    return rows


def remove(folder: Path) -> None:
    """Removes a main part; readers that have it open keep it."""
    shutil.rmtree(folder, ignore_errors=True)
