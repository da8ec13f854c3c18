"""The entities of a graph, numbered: which mentions are worth one, and what each is called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.graph.contract import EntityType
from index.graph.facts import HEADINGS, TEXT, TITLE, TYPES, Facts
from index.graph.interned import Numbers
from index.graph.names import spelled
from index.graph.sparse_rows import Ints, counted, numbered
from index.graph.units import NUMBER_OF, commonest_types

LARGEST_SHARE = 0.25
"""Of all chunks; what is named in more of them tells none from another, if it is but a TERM."""

FEW_CHUNKS = 40
"""In fewer, no share of them says anything."""

HUBLESS = np.array([kind in (EntityType.DATE, EntityType.AMOUNT) for kind in TYPES])
"""Types that join nothing by standing beside it."""


@dataclass(frozen=True, eq=False)
class Entities:
    """Numbered in the order of their ids. `of_row` is the entity of each mention, -1 where it is
    of none; `names` are (entity, name, how often), the entity's commonest name first."""

    ids: tuple[str, ...]
    of_row: npt.NDArray[np.int32]
    types: npt.NDArray[np.int8]
    mentions: Ints
    chunks: Ints
    name_offsets: Ints
    names: Numbers

    def __len__(self) -> int:
        return len(self.ids)


def entities_of(
    facts: Facts, things: Ints, is_short: npt.NDArray[np.bool_], words: Collection[str]
) -> Entities:
    """Those of the things (a number for each mention, equal where they are of one) that carry
    meaning, those that are called by one of the `words` among them. A thing is called by its
    commonest name, by a short one (`is_short` says of which mentions the name is) only where it
    has no other, and by the longer where two are as common."""
    rows = facts.mentions
    _, things = numbered(things)
    count = int(things.max()) + 1 if len(things) else 0
    chunk = rows.chunks()
    of_pairs, _, _ = counted(things, chunk, len(facts.keys))
    chunks = np.bincount(of_pairs, minlength=count)
    types = commonest_types(things, rows["type"], count)
    keep = _kept(facts, things, types, chunks)
    keep[things[_is_word(facts, words)]] = True
    mentions = np.bincount(things, minlength=count)
    names, width = facts.tables.names, max(len(facts.tables.names), 1)
    thing, name, often = counted(things, rows["name"], width)
    whole = counted(things[~is_short], rows["name"][~is_short], width)
    is_whole = np.isin(thing * width + name, whole[0] * width + whole[1])
    several = np.flatnonzero(np.bincount(thing, minlength=count)[thing] > 1)
    of_several = name[several]
    length = np.array([len(names.values[number]) for number in of_several.tolist()], np.int64)
    keys = (names.ranks()[of_several], -length, -often[several], ~is_whole[several])
    name[several] = of_several[np.lexsort((*keys, thing[several]))]
    first = np.searchsorted(thing, np.arange(count + 1))
    # What tells things of one name apart, whatever the keys of chunks are.
    earliest = np.full(count, len(facts.keys), dtype=np.int64)
    np.minimum.at(earliest, things, facts.canonical_chunks()[chunk])
    forms = facts.tables.names.form_of()[name[first[:-1]]] if count else np.empty(0, np.int32)
    kept = np.flatnonzero(keep)
    ids, old = _ids(facts, kept, forms, np.stack([-mentions, -chunks, earliest]))
    number_of = np.full(count, -1, dtype=np.int32)
    number_of[old] = np.arange(len(old), dtype=np.int32)
    sizes = np.diff(first)[old]
    offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    places = np.arange(offsets[-1]) + np.repeat(first[old] - offsets[:-1], sizes)
    return Entities(
        ids,
        number_of[things],
        types[old],
        mentions[old],
        chunks[old],
        offsets,
        name[places].astype(np.int32),
    )


def _kept(
    facts: Facts, things: Ints, types: npt.NDArray[np.int8], chunks: Ints
) -> npt.NDArray[np.bool_]:
    """Names stay; terms stay that are in more than one chunk, but not in too many, or that a
    title, a heading, a definition, an alias or a statement is about."""
    rows = facts.mentions
    is_supported = np.zeros(len(chunks), dtype=bool)
    is_supported[things[(rows["field"] != TEXT) | rows["defined"]]] = True
    for part, columns in (
        (facts.aliases, ("first", "second")),
        (facts.statements, ("head", "tail")),
    ):
        starts = rows.offsets[part.chunks()]
        for column in columns:
            is_supported[things[starts + part[column]]] = True
    total = len(facts.keys)
    is_everywhere = chunks > LARGEST_SHARE * max(total, FEW_CHUNKS)
    is_term = types == NUMBER_OF[EntityType.TERM]
    keep: npt.NDArray[np.bool_] = ~is_term | (((chunks > 1) | is_supported) & ~is_everywhere)
    return keep


def _is_word(facts: Facts, words: Collection[str]) -> npt.NDArray[np.bool_]:
    """Which mentions have one of the words for a name."""
    names = facts.tables.names
    found = {names.spellings.find(spelled(word)) for word in words} - {-1}
    numbers = np.fromiter(sorted(found), np.int64, len(found))
    is_word: npt.NDArray[np.bool_] = np.isin(names.spelling_of(), numbers)[facts.mentions["name"]]
    return is_word


def _ids(
    facts: Facts, kept: npt.NDArray[np.intp], forms: Numbers, order_by: Ints
) -> tuple[tuple[str, ...], npt.NDArray[np.intp]]:
    """The ids, ascending, and the thing of each."""
    earliest, chunks, mentions = order_by[2][kept], order_by[1][kept], order_by[0][kept]
    ranks = facts.tables.names.forms.ranks()[forms[kept]] if len(kept) else np.empty(0, np.int32)
    order = np.lexsort((earliest, chunks, mentions, ranks))
    sorted_ranks = ranks[order]
    starts = np.searchsorted(sorted_ranks, sorted_ranks)
    copies = (np.arange(len(order)) - starts).tolist()
    values = facts.tables.names.forms.values
    in_order = kept[order]
    ids = [
        values[form] if not copy else f"{values[form]}#{copy + 1}"
        for form, copy in zip(forms[in_order].tolist(), copies, strict=True)
    ]
    by_id = sorted(range(len(ids)), key=ids.__getitem__)
    return tuple(ids[i] for i in by_id), in_order[by_id]


def subject_pairs(
    facts: Facts, of_row: npt.NDArray[np.int32]
) -> tuple[Ints, Ints, npt.NDArray[np.float64]]:
    """(entity, chunk, how much the chunk is about it): 1 where the title is its name, 0.8 the
    nearest heading, 0.7 where the title names it among others, 0.5 where the text says what it is,
    0.4 another heading above."""
    rows = facts.mentions
    chunk = rows.chunks()
    field, start, end = rows["field"], rows["start"], rows["end"]
    in_headings = np.flatnonzero(field == HEADINGS)
    last_end = np.full(len(facts.keys), -1, dtype=np.int64)
    np.maximum.at(last_end, chunk[in_headings], end[in_headings])
    is_last = in_headings[end[in_headings] == last_end[chunk[in_headings]]]
    last_start = np.full(len(facts.keys), np.iinfo(np.int64).max)
    np.minimum.at(last_start, chunk[is_last], start[is_last])
    value = np.where(rows["defined"], 0.5, 0.0)
    value[in_headings] = np.where(
        start[in_headings] >= last_start[chunk[in_headings]],
        0.8,
        np.maximum(value[in_headings], 0.4),
    )
    in_titles = field == TITLE
    value[in_titles] = np.where(rows["defined"][in_titles], 1.0, 0.7)
    keep = (value > 0) & (of_row >= 0)
    return of_row[keep].astype(np.int64), chunk[keep].astype(np.int64), value[keep]
