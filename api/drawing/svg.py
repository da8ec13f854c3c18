"""A neighbourhood as SVG: one file that needs nothing else, for light and dark grounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import hypot

from api.drawing.layout import Rect, Spot, laid_out
from api.drawing.lettering import escaped, shortened, width
from index.graph.contract import TOGETHER, EntityType, Relation
from index.graph.pipeline import Neighbourhood

_COLOURS: Mapping[EntityType, tuple[str, str]] = {
    EntityType.PERSON: ("#c2410c", "#fb923c"),
    EntityType.ORGANIZATION: ("#1d4ed8", "#7aa5ff"),
    EntityType.PLACE: ("#15803d", "#4ade80"),
    EntityType.WORK: ("#7e22ce", "#c896fa"),
    EntityType.EVENT: ("#be123c", "#fb7f96"),
    EntityType.TERM: ("#0e7490", "#3fcbe4"),
    EntityType.DATE: ("#a16207", "#eac23c"),
    EntityType.AMOUNT: ("#4d7c0f", "#a3d94a"),
    EntityType.IDENTIFIER: ("#5b5b9a", "#aeb0ee"),
    EntityType.SECTION: ("#8a5a44", "#d3a48d"),
    EntityType.OTHER: ("#64748b", "#a0aec0"),
}
"""On a light ground and on a dark one."""

_FONT = (
    'system-ui, -apple-system, "Segoe UI", "Noto Sans", "PingFang SC", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Noto Sans SC", sans-serif'
)
_STYLE = (
    "svg.graph{--paper:#fff;--ink:#1b1f24;--soft:#66707c;--line:#b9c2cd;--said:#7d8896;"
    "%s}"
    "@media(prefers-color-scheme:dark){svg.graph{--paper:#14171b;--ink:#e6e9ed;--soft:#9aa4b1;"
    "--line:#434c57;--said:#828d9b;%s}}"
    "svg.graph text{font-family:%s;fill:var(--ink);stroke:var(--paper);stroke-width:3.5px;"
    "stroke-linejoin:round;paint-order:stroke}"
    "svg.graph .name{font-size:13px}svg.graph .centre .name{font-size:16px;font-weight:600}"
    "svg.graph .kind,svg.graph .legend text{font-size:11px;fill:var(--soft)}"
    "svg.graph .disc{stroke:var(--paper);stroke-width:1.5}"
    "svg.graph .edge path{fill:none;stroke:var(--line);stroke-linecap:round}"
    "svg.graph .said path{stroke:var(--said)}"
    "svg.graph .edge .tip{fill:var(--said);stroke:none}"
    "svg.graph .paper{fill:var(--paper)}"
)
_KIND_SIZE = 11.0
_KIND_ROOM = 120.0
_PLACES = (0.62, 0.72, 0.52, 0.8, 0.42, 0.34, 0.88, 0.26)
"""Where on an edge its label may stand: parts of the way from the inner end to the outer."""

_MARGIN = 14.0
_MORE_EDGES = 0.6
"""Edges that are drawn beside those by which entities were reached and those that a text states,
for each entity."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture, and how many edges were left out of it."""

    svg: str
    left_out: int


@dataclass(frozen=True, slots=True)
class _Edge:
    """All that relates two entities: `inner` is the one nearer to the middle."""

    inner: int
    outer: int
    relations: tuple[Relation, ...]
    is_way: bool

    @property
    def weight(self) -> float:
        return max(relation.weight for relation in self.relations)

    @property
    def said(self) -> tuple[Relation, ...]:
        """Those that a text states."""
        return tuple(one for one in self.relations if one.kind != TOGETHER)


def drawn(neighbourhood: Neighbourhood) -> Drawing:
    """The picture of a neighbourhood: discs by authority and type, edges by weight, with the words
    of the text where it states a relation."""
    spots = laid_out(neighbourhood)
    every = _edges(neighbourhood)
    edges = _chosen(every, len(spots))
    legend, legend_box = _legend(spots)
    kinds = _kinds(edges, spots)
    boxes = [box for spot in spots for box in (spot.disc, spot.name_box)]
    boxes += [box for _, box in kinds.values()]
    whole = _around([*boxes, legend_box])
    name = neighbourhood.members[0].entity.name
    title = f"{name}: what it has to do with"
    described = _described(neighbourhood, len(edges))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="graph" role="img" '
        f'aria-labelledby="graph-title graph-desc" viewBox="{_number(whole.left)} '
        f"{_number(whole.top)} {_number(whole.right - whole.left)} "
        f'{_number(whole.bottom - whole.top)}" width="{_number(whole.right - whole.left)}" '
        f'height="{_number(whole.bottom - whole.top)}">',
        f'<title id="graph-title">{escaped(title)}</title>',
        f'<desc id="graph-desc">{escaped(described)}</desc>',
        f"<style>{_style(spots)}</style>",
        f'<rect class="paper" x="{_number(whole.left)}" y="{_number(whole.top)}" '
        f'width="{_number(whole.right - whole.left)}" '
        f'height="{_number(whole.bottom - whole.top)}"/>',
        *_lines(edges, spots, _widths(every)),
        *(_kind(text, box) for text, box in kinds.values()),
        *(_disc(number, spot) for number, spot in enumerate(spots)),
        legend,
        "</svg>\n",
    ]
    return Drawing("\n".join(parts), len(every) - len(edges))


def _edges(neighbourhood: Neighbourhood) -> list[_Edge]:
    """One for each two that are related, the heaviest first."""
    places = {one.entity.id: place for place, one in enumerate(neighbourhood.members)}
    ways = {frozenset((places[one.by], places[one.entity.id])) for one in neighbourhood.members[1:]}
    found: dict[frozenset[int], list[Relation]] = {}
    for relation in neighbourhood.relations:
        pair = frozenset((places[relation.head], places[relation.tail]))
        found.setdefault(pair, []).append(relation)
    edges = []
    for pair, relations in found.items():
        if len(pair) == 2:
            inner, outer = sorted(pair, key=lambda i: (neighbourhood.members[i].hops, i))
            edges.append(_Edge(inner, outer, tuple(relations), pair in ways))
    return sorted(edges, key=lambda edge: (-edge.weight, edge.inner, edge.outer))


def _chosen(edges: Sequence[_Edge], members: int) -> list[_Edge]:
    """What is drawn: the ways by which entities were reached, and of the rest, as far as there is
    room, first what a text states."""
    ways = [edge for edge in edges if edge.is_way]
    rest = [edge for edge in edges if not edge.is_way]
    rest.sort(key=lambda edge: not edge.said)
    more = rest[: max(6, round(_MORE_EDGES * members))]
    return [*more, *ways]


def _widths(edges: Iterable[_Edge]) -> float:
    return max((edge.weight for edge in edges), default=1.0)


def _lines(edges: Sequence[_Edge], spots: Sequence[Spot], most: float) -> Iterable[str]:
    for edge in edges:
        wide = 0.8 + 3.2 * (edge.weight / most) ** 0.5
        one, other = spots[edge.inner], spots[edge.outer]
        told = "; ".join(dict.fromkeys(map(_told, edge.relations)))
        names = f"{one.neighbour.entity.name} – {other.neighbour.entity.name}"
        yield (
            f'<g class="edge{" said" if edge.said else ""}" data-a="{edge.inner}" '
            f'data-b="{edge.outer}"><title>{escaped(f"{names}: {told}")}</title>'
            f'<path d="{_path(edge, one, other)}" stroke-width="{_number(wide)}"/>'
            f"{_tips(edge, one, other, wide)}</g>"
        )


def _told(relation: Relation) -> str:
    return "named together" if relation.kind == TOGETHER else relation.kind


def _bend(edge: _Edge, one: Spot, other: Spot) -> tuple[float, float]:
    """The point that an edge is bent to: none for a way, else towards the middle."""
    x, y = (one.x + other.x) / 2, (one.y + other.y) / 2
    return (x, y) if edge.is_way else (0.72 * x, 0.72 * y)


def _path(edge: _Edge, one: Spot, other: Spot) -> str:
    if edge.is_way:
        return f"M{_point(one.x, one.y)}L{_point(other.x, other.y)}"
    bend = _bend(edge, one, other)
    return f"M{_point(one.x, one.y)}Q{_point(*bend)} {_point(other.x, other.y)}"


def _tips(edge: _Edge, one: Spot, other: Spot, wide: float) -> str:
    """Arrows at the tails of what is stated."""
    tails = {relation.tail for relation in edge.said}
    tips = ""
    for spot, far in ((one, other), (other, one)):
        if spot.neighbour.entity.id not in tails:
            continue
        x, y = _bend(edge, one, other) if not edge.is_way else (far.x, far.y)
        away = hypot(x - spot.x, y - spot.y) or 1.0
        dx, dy = (x - spot.x) / away, (y - spot.y) / away
        long, half = 7.0 + wide, 2.5 + 0.7 * wide
        tip_x, tip_y = spot.x + dx * (spot.radius + 1), spot.y + dy * (spot.radius + 1)
        back_x, back_y = tip_x + dx * long, tip_y + dy * long
        tips += (
            f'<path class="tip" d="M{_point(tip_x, tip_y)}'
            f"L{_point(back_x - dy * half, back_y + dx * half)}"
            f'L{_point(back_x + dy * half, back_y - dx * half)}Z"/>'
        )
    return tips


def _kinds(edges: Sequence[_Edge], spots: Sequence[Spot]) -> dict[int, tuple[str, Rect]]:
    """The labels of stated relations that find a place where they cover nothing, the heaviest
    first."""
    taken = [box for spot in spots for box in (spot.name_box, spot.disc)]
    placed: dict[int, tuple[str, Rect]] = {}
    order = sorted(range(len(edges)), key=lambda i: (not edges[i].is_way, -edges[i].weight, i))
    for i in order:
        if not edges[i].said:
            continue
        text = shortened(edges[i].said[0].kind, _KIND_SIZE, _KIND_ROOM)
        for part in _PLACES:
            box = _box_at(edges[i], spots, part, text)
            if not any(box.meets(other) for other in taken):
                taken.append(box)
                placed[i] = (text, box)
                break
    return placed


def _box_at(edge: _Edge, spots: Sequence[Spot], part: float, text: str) -> Rect:
    one, other = spots[edge.inner], spots[edge.outer]
    bend_x, bend_y = _bend(edge, one, other)
    rest = 1.0 - part
    x = rest * rest * one.x + 2 * rest * part * bend_x + part * part * other.x
    y = rest * rest * one.y + 2 * rest * part * bend_y + part * part * other.y
    half = width(text, _KIND_SIZE) / 2
    return Rect(x - half, y - 0.6 * _KIND_SIZE, x + half, y + 0.6 * _KIND_SIZE)


def _kind(text: str, box: Rect) -> str:
    x, y = (box.left + box.right) / 2, box.bottom - 0.25 * _KIND_SIZE
    return (
        f'<text class="kind" text-anchor="middle" x="{_number(x)}" y="{_number(y)}">'
        f"{escaped(text)}</text>"
    )


def _disc(number: int, spot: Spot) -> str:
    entity = spot.neighbour.entity
    lines = [f"{entity.name} ({entity.type.value})"]
    if entity.aliases:
        lines.append(f"also {', '.join(entity.aliases)}")
    passages = "1 passage" if entity.chunks == 1 else f"{entity.chunks:,} passages"
    lines.append(f"in {passages}, authority {entity.authority:.2f}")
    kind = "node" if number else "node centre"
    return (
        f'<g class="{kind}" data-n="{number}"><title>{escaped(chr(10).join(lines))}</title>'
        f'<circle class="disc" fill="var(--{entity.type.value})" cx="{_number(spot.x)}" '
        f'cy="{_number(spot.y)}" r="{_number(spot.radius)}"/>'
        f'<text class="name" text-anchor="{spot.anchor}" x="{_number(spot.name_x)}" '
        f'y="{_number(spot.name_y)}">{escaped(spot.name)}</text></g>'
    )


def _legend(spots: Sequence[Spot]) -> tuple[str, Rect]:
    """The types that are in the picture, in lines below it."""
    types = [kind for kind in EntityType if any(s.neighbour.entity.type is kind for s in spots)]
    every = _around([box for spot in spots for box in (spot.disc, spot.name_box)])
    left, y = every.left + _MARGIN, every.bottom + 16.0
    x, right, items = left, left, []
    for kind in types:
        wide = 20 + width(kind.value, _KIND_SIZE) + 14
        if x > left and x + wide > max(every.right, left + 320.0):
            x, y = left, y + 18
        items.append(
            f'<circle class="disc" fill="var(--{kind.value})" cx="{_number(x + 6)}" '
            f'cy="{_number(y - 4)}" r="5.5"/><text x="{_number(x + 17)}" y="{_number(y)}">'
            f"{kind.value}</text>"
        )
        x += wide
        right = max(right, x)
    return f'<g class="legend">{"".join(items)}</g>', Rect(left, y - 12, right, y + 4)


def _described(neighbourhood: Neighbourhood, edges: int) -> str:
    first, *others = neighbourhood.members
    names = ", ".join(one.entity.name for one in others) or "nothing"
    return (
        f"{first.entity.name} ({first.entity.type.value}) and what is nearest to it in the graph, "
        f"nearest first: {names}. {edges} connections are drawn, the thicker the heavier."
    )


def _style(spots: Iterable[Spot]) -> str:
    types = sorted({spot.neighbour.entity.type for spot in spots})
    light, dark = (
        "".join(f"--{kind.value}:{_COLOURS[kind][ground]};" for kind in types) for ground in (0, 1)
    )
    return _STYLE % (light, dark, _FONT)


def _around(boxes: Sequence[Rect]) -> Rect:
    return Rect(
        min(box.left for box in boxes) - _MARGIN,
        min(box.top for box in boxes) - _MARGIN,
        max(box.right for box in boxes) + _MARGIN,
        max(box.bottom for box in boxes) + _MARGIN,
    )


def _point(x: float, y: float) -> str:
    return f"{_number(x)},{_number(y)}"


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text
