"""Short forms of names within a document: "Cook" where it tells of Tim Cook.

A person may be called by the last word of the name, an organisation by its first words, or
without the place in front or the word for a company behind. Where a document has two full names
that a short form could be of, it stands by itself.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from index.graph.contract import EntityType
from index.graph.names import AFTER_PLACE, LAST, LEADING, WITHOUT_LEGAL_FORM
from index.graph.sparse_rows import Ints, distinct
from index.graph.unions import Link
from index.graph.units import NUMBER_OF, Nodes, Units

_PERSON, _ORGANIZATION, _PLACE, _OTHER, _TERM = (
    NUMBER_OF[kind]
    for kind in (
        EntityType.PERSON,
        EntityType.ORGANIZATION,
        EntityType.PLACE,
        EntityType.OTHER,
        EntityType.TERM,
    )
)
COMMON = 8
"""Documents: a last word that is in more is a name of its own where few have the full name."""

_KINDS = 4
_TOO_COMMON = frozenset(
    [
        "new",
        "united",
        "american",
        "national",
        "international",
        "royal",
        "bank",
        "university",
        "first",
        "general",
        "great",
        "north",
        "south",
        "east",
        "west",
        "central",
        "saint",
        "st",
        "global",
        "world",
        "federal",
        "state",
        "european",
        "british",
        "german",
        "french",
        "chinese",
        "indian",
        "department",
        "ministry",
        "institute",
        "college",
        "school",
        "museum",
        "association",
        "society",
        "church",
        "house",
        "city",
        "county",
        "super",
        "los",
        "san",
        "las",
        "el",
        "la",
        "le",
        "de",
        "big",
        "old",
        "free",
        "open",
        "black",
        "white",
        "red",
    ]
)
"""First words of many names, which are short for none."""

_BEFORE_PLACES = frozenset(
    [
        "lake",
        "mount",
        "mt",
        "fort",
        "port",
        "cape",
        "river",
        "saint",
        "st",
        "san",
        "santa",
        "los",
        "las",
        "el",
        "new",
        "old",
        "north",
        "south",
        "east",
        "west",
        "northern",
        "southern",
        "eastern",
        "western",
        "upper",
        "lower",
        "great",
        "central",
        "greater",
        "grand",
        "of",
        "and",
        "the",
        "de",
        "la",
        "in",
        "for",
        "at",
        "battle",
        "university",
        "king",
        "queen",
        "prince",
        "princess",
    ]
)
"""Words with which the last one is not called by itself, or is another thing: "West Berlin"."""


def short_links(units: Units, nodes: Nodes, is_explained: npt.NDArray[np.bool_]) -> list[Link]:
    """Moves short forms to senses of their own, and links these with the full names. Units that
    the text itself explains are left where they are."""
    short, full = _candidates(units)
    keep = (nodes.of_unit[short] == units.labels[short]) & ~is_explained[short]
    short, full = short[keep], full[keep]
    of_short: dict[int, list[int]] = {}
    for one, other in zip(short.tolist(), full.tolist(), strict=True):
        of_short.setdefault(one, []).append(other)
    chunk_of = units.facts.mentions.chunks()
    chunks: dict[tuple[int, int], list[int]] = {}
    chosen = [(unit, _only(units, found)) for unit, found in of_short.items()]
    for unit, whole in chosen:
        if whole is None:
            continue
        target = int(nodes.of_unit[whole])
        form, key = nodes.text(target)
        node = nodes.move(unit, f"short:{form}:{key}")
        chunks.setdefault((node, target), []).extend(chunk_of[units.rows_of(unit)].tolist())
    return [
        Link(
            node,
            target,
            (units.name(nodes.labels[target]), units.name(nodes.labels[node])),
            "short form",
            chunks=tuple(sorted(set(where))),
        )
        for (node, target), where in chunks.items()
    ]


def _only(units: Units, found: list[int]) -> int | None:
    """The unit of the one full name, or of the one that all the others have within them."""
    by_length = sorted(set(found), key=lambda unit: len(units.text(int(units.labels[unit]))))
    first = units.text(int(units.labels[by_length[0]]))
    others = (units.text(int(units.labels[unit])) for unit in by_length[1:])
    return by_length[0] if all(first in other for other in others) else None


def _candidates(units: Units) -> tuple[Ints, Ints]:
    """Units of short forms, each with one of a full name in the same document."""
    names = units.facts.tables.names
    name, form, kinds = names.short_forms()
    full_form = names.form_of()[name]
    # Forms that people hold apart by spelling have more than one label; they are not cut down.
    label_of = np.full(len(names.forms) + 1, -1, dtype=np.int64)
    whole = units.own < 0
    label_of[units.forms[whole]] = np.flatnonzero(whole)
    full, short = label_of[full_form], label_of[form]
    keep = (full >= 0) & (short >= 0) & (full != short)
    width = len(units.forms)
    codes = distinct((full[keep] * width + short[keep]) * _KINDS + kinds[keep])
    full, short, kind = codes // _KINDS // width, codes // _KINDS % width, codes % _KINDS
    first, last = np.searchsorted(units.labels, full), np.searchsorted(units.labels, full + 1)
    counts = last - first
    pair = np.repeat(np.arange(len(full)), counts)
    full_unit = np.arange(len(pair)) + (first - np.cumsum(counts) + counts)[pair]
    short_unit = units.unit(short[pair], units.documents[full_unit])
    kind_of = kind[pair]
    types = units.types
    is_long = np.array([" " in units.text(label) for label in short.tolist()], dtype=np.bool_)
    fits = _types_fit(types[short_unit], types[full_unit], kind_of, is_long[pair])
    fits &= ~_elsewhere(units, short[pair], short_unit, kind_of, types[full_unit])
    is_company = _companies(units)[full[pair]]
    fits |= is_company & (kind_of != LAST) & ~np.isin(types[short_unit], (_PERSON, _PLACE))
    fits &= short_unit >= 0
    pairs = distinct(pair[fits])
    is_fit = np.zeros(len(full), dtype=bool)
    is_fit[pairs] = _is_fit(units, full[pairs], short[pairs], kind[pairs])
    fits &= is_fit[pair]
    return short_unit[fits], full_unit[fits]


def _elsewhere(
    units: Units, short: Ints, unit: Ints, kind: Ints, full_type: npt.NDArray[np.int8]
) -> npt.NDArray[np.bool_]:
    """Last words, of names of which nothing is known, that mostly stand where there is no full
    name: they are names of their own ("American", of "Argentine-American")."""
    known = distinct(unit[(kind == LAST) & (unit >= 0)])
    count = len(units.forms)
    with_full = np.bincount(units.labels[known], minlength=count)
    everywhere = np.bincount(units.labels, minlength=count)
    is_own = (everywhere > COMMON) & (with_full < everywhere / 4)
    found: npt.NDArray[np.bool_] = (kind == LAST) & (full_type != _PERSON) & is_own[short]
    return found


def _companies(units: Units) -> npt.NDArray[np.bool_]:
    """Labels of which some way of writing has the legal form of a company behind it."""
    names = units.facts.tables.names
    has_legal_form = names.has_legal_form()[units.facts.mentions["name"]]
    found = np.zeros(len(units.forms), dtype=bool)
    found[units.labels[units.of_row[has_legal_form]]] = True
    return found


def _is_fit(units: Units, full: Ints, short: Ints, kind: Ints) -> npt.NDArray[np.bool_]:
    """Whether a cut of a name makes sense whatever the document."""
    keep = np.ones(len(full), dtype=bool)
    for place in np.flatnonzero(kind == LEADING).tolist():
        words = units.text(int(short[place])).split(" ")
        keep[place] = not (len(words) == 1 and (words[0] in _TOO_COMMON or len(words[0]) < 3))
    for place in np.flatnonzero(kind == LAST).tolist():
        words = units.text(int(full[place])).split(" ")
        is_place = units.label_types[short[place]] == _PLACE
        is_common = words[0] in _TOO_COMMON
        keep[place] = not (is_place or is_common or _BEFORE_PLACES.intersection(words[:-1]))
    for place in np.flatnonzero(kind == AFTER_PLACE).tolist():
        whole, part = units.text(int(full[place])), units.text(int(short[place]))
        start = whole.find(part)
        labels = units.labels_of(whole[:start]) if start > 0 else ()
        keep[place] = any(units.label_types[label] == _PLACE for label in labels)
    return keep


def _types_fit(
    short: npt.NDArray[np.int8],
    full: npt.NDArray[np.int8],
    kind: Ints,
    is_long: npt.NDArray[np.bool_],
) -> npt.NDArray[np.bool_]:
    is_vague = (short == _OTHER) | (short == _TERM)
    may_be_person = (full == _PERSON) | (full == _OTHER)
    is_person = (kind == LAST) & may_be_person & ((short == _PERSON) | (short == _OTHER))
    of_body = (kind == LEADING) | (kind == AFTER_PLACE) | (kind == WITHOUT_LEGAL_FORM)
    # Of a first word alone, one has to know that it names a body: "Swedish" is of many.
    is_vague &= (kind != LEADING) | is_long
    is_body = of_body & (full == _ORGANIZATION) & ((short == _ORGANIZATION) | is_vague)
    fits: npt.NDArray[np.bool_] = is_person | is_body
    return fits
