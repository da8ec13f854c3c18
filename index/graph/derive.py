"""The graph that follows from the facts of all chunks and from what people decided."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from index.contract import Keys
from index.graph.association import Together, authority_of, edges_of
from index.graph.clusters import Cuts
from index.graph.contract import Decision, DecisionKind, FactsChanged
from index.graph.derived import DerivedGraph, Parts
from index.graph.entities import HUBLESS, Entities, entities_of, subject_pairs
from index.graph.facts import SPARE_NAMES, TEXT, TITLE, Facts
from index.graph.interned import Numbers
from index.graph.lookup import NameLookup
from index.graph.merges import Merges
from index.graph.names import normal_name
from index.graph.resolution import resolved
from index.graph.sparse_rows import Floats, Ints, counted, highest, incidence, summed, turned


@dataclass(frozen=True, eq=False)
class Derivation:
    """The facts of a collection at one generation, ready to derive its graph from; never
    changed. The graph is the same whatever order the facts came in. `cuts` remember what parts of
    earlier graphs were cut into, which spares cutting those that stay."""

    generation: int = -1
    facts: Facts = field(default_factory=Facts.none)
    cuts: Cuts = field(default_factory=Cuts)

    def changed(self, changes: FactsChanged) -> Derivation:
        """With what has changed since."""
        facts = self.facts.changed(changes.added, changes.gone)
        if len(facts.tables.names) > 2 * len(facts.mentions) + SPARE_NAMES:
            facts = facts.compacted()
        return Derivation(changes.generation, facts, self.cuts)

    def among(self, keys: Keys) -> Derivation:
        """Of the facts of these chunks alone: nothing in it is of any other."""
        hidden = np.setdiff1d(self.facts.keys, keys, assume_unique=True)
        return Derivation(self.generation, self.facts.changed({}, hidden.tolist()).compacted())

    def told(self, decisions: Sequence[Decision], hidden: Collection[str]) -> tuple[Decision, ...]:
        """The decisions as far as these facts have their names, and their documents are not
        hidden. A note on names that are not all here is left out."""
        forms = self.facts.tables.names.forms
        found = []
        for one in decisions:
            here = tuple(name for name in one.names if forms.find(normal_name(name).form) >= 0)
            documents = tuple(name for name in one.documents if name not in hidden)
            is_split = one.kind is DecisionKind.SPLIT
            if (here and documents) if is_split else len(here) > 1:
                whole = here == one.names and documents == one.documents
                note = one.note if whole else ""
                found.append(replace(one, names=here, documents=documents, note=note))
        return tuple(found)

    def derive(
        self,
        decisions: Sequence[Decision] = (),
        pending: int = 0,
        words: Collection[str] = (),
    ) -> DerivedGraph:
        """The graph; `pending` is how many chunks have no facts yet, and `words` are those of the
        collection's own dictionary, which are kept however often they are named."""
        facts = self.facts
        resolution = resolved(facts, decisions)
        entities = entities_of(facts, resolution.things, resolution.is_short, words)
        count, chunk_count = len(entities), len(facts.keys)
        row = np.flatnonzero(entities.of_row >= 0)
        entity = entities.of_row[row].astype(np.int64)
        chunk = facts.mentions.chunks()[row].astype(np.int64)
        in_chunk = counted(chunk, entity, count)
        named = incidence(*in_chunk, chunk_count)
        subjects = incidence(*highest(*subject_pairs(facts, entities.of_row), chunk_count), count)
        together = Together(
            in_chunk,
            _in_sentences(facts, row, entity, chunk, count),
            _pairs_in(facts.mentions["field"][row] == TITLE, chunk, entity, count),
            _statements(facts, entities),
            entities.chunks,
            chunk_count,
            len(facts.sentences),
        )
        edges = edges_of(together, ~HUBLESS[entities.types])
        parts = Parts(named, turned(named, count), subjects, edges, authority_of(edges))
        return DerivedGraph(
            self.generation,
            facts,
            entities,
            parts,
            _lookup(facts, entities),
            Merges(facts, entities, resolution.links, resolution.rows),
            (len(decisions), pending),
            self.cuts,
        )


def _pairs_in(
    keep: npt.NDArray[np.bool_], chunk: Ints, entity: Ints, width: int
) -> tuple[Ints, Ints]:
    first, second, _ = counted(chunk[keep], entity[keep], width)
    return first, second


def _in_sentences(
    facts: Facts, row: Ints, entity: Ints, chunk: Ints, width: int
) -> tuple[Ints, Ints]:
    """(sentence, entity), each pair once; sentences are counted through all chunks."""
    sentence = facts.mentions["sentence"][row]
    keep = (sentence >= 0) & (facts.mentions["field"][row] == TEXT)
    place = facts.sentences.offsets[chunk] + sentence
    return _pairs_in(keep, place, entity, width)


def _statements(facts: Facts, entities: Entities) -> tuple[Ints, Ints, Floats]:
    """(head, tail, strength) of entities, each pair once."""
    rows = facts.statements
    starts = facts.mentions.offsets[rows.chunks()]
    head = entities.of_row[starts + rows["head"]].astype(np.int64)
    tail = entities.of_row[starts + rows["tail"]].astype(np.int64)
    keep = (head >= 0) & (tail >= 0)
    return summed(head[keep], tail[keep], rows["strength"][keep], len(entities))


def _lookup(facts: Facts, entities: Entities) -> NameLookup:
    names = facts.tables.names
    entity = np.repeat(np.arange(len(entities)), np.diff(entities.name_offsets))

    def table(numbers: Numbers, size: int) -> tuple[Ints, Numbers]:
        """By number, its entities, the commonest first."""
        number, of, _ = counted(numbers[entities.names], entity, len(entities))
        order = np.lexsort((of, -entities.mentions[of], number))
        offsets = np.searchsorted(number, np.arange(size + 1)).astype(np.int64)
        return offsets, of[order].astype(np.int32)

    return NameLookup(
        names,
        table(names.spelling_of(), len(names.spellings)),
        table(names.form_of(), len(names.forms)),
    )
