"""Where the entities of a neighbourhood stand in a picture of it.

The entity itself stands in the middle, the others on an ellipse for each hop. On either half of an
ellipse they stand in rows, each as high as its name: names are written outwards and never meet. An
entity stands beyond the one it was reached by, and near those that it has to do with.
The same neighbourhood always gives the same picture.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import sqrt

from api.drawing.lettering import shortened, width
from index.graph.contract import Relation
from index.graph.pipeline import Neighbour, Neighbourhood

NAME_SIZE = 13.0
CENTRE_SIZE = 16.0
_NAME_ROOM = 170.0
_ROW = 30.0
_LEAST_RADIUS, _MOST_RADIUS = 5.0, 16.0
_FIRST_RING = (230.0, 120.0)
_NEXT_RING = (130.0, 90.0)
_GAP = 6.0
_STEPS = 40
"""Places on a line that are looked at."""


@dataclass(frozen=True, slots=True)
class Rect:
    """Corners of a rectangle."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Rect) -> bool:
        """Whether the two have a point in common."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )


@dataclass(frozen=True, slots=True)
class Spot:
    """An entity in the picture: a disc with a name beside it, which begins ("start") or ends
    ("end") at (`name_x`, `name_y`), or has its middle there."""

    neighbour: Neighbour
    x: float
    y: float
    radius: float
    name: str
    anchor: str
    name_x: float
    name_y: float

    @property
    def size(self) -> float:
        """Of the letters."""
        return NAME_SIZE if self.neighbour.hops else CENTRE_SIZE

    @property
    def disc(self) -> Rect:
        """The square around it."""
        r = self.radius
        return Rect(self.x - r, self.y - r, self.x + r, self.y + r)

    @property
    def name_box(self) -> Rect:
        """The room that the name takes."""
        wide = width(self.name, self.size)
        left = self.name_x - {"start": 0.0, "middle": wide / 2, "end": wide}[self.anchor]
        return Rect(
            left, self.name_y - 0.85 * self.size, left + wide, self.name_y + 0.3 * self.size
        )


def laid_out(neighbourhood: Neighbourhood) -> list[Spot]:
    """A place for each member, in their order."""
    members = neighbourhood.members
    spots: dict[str, Spot] = {}
    centre = members[0]
    radius = _radius(centre)
    name = shortened(centre.entity.name, CENTRE_SIZE, 2 * _NAME_ROOM)
    below = radius + 0.95 * CENTRE_SIZE + 3
    spots[centre.entity.id] = Spot(centre, 0.0, 0.0, radius, name, "middle", 0.0, below)
    halves = _halves(members, _weights(neighbourhood.relations))
    reach = (0.0, 0.0)
    for hops in range(1, max((one.hops for one in members), default=0) + 1):
        ring = [[one for one in half if one.hops == hops] for half in halves]
        reach = _ring(spots, ring, reach, hops)
    for one in members[1:]:
        _clear(spots, one)
    return [spots[one.entity.id] for one in members]


def _clear(spots: dict[str, Spot], child: Neighbour) -> None:
    """Where the line to an entity runs through the name of the one it was reached by, writes that
    above its disc or below it, if there is room."""
    spot, far = spots[child.by], spots[child.entity.id]
    if not spot.neighbour.hops or not _runs_through(spot, far):
        return
    others = [box for one in spots.values() if one != spot for box in (one.disc, one.name_box)]
    for y in (spot.y - spot.radius - 5, spot.y + spot.radius + NAME_SIZE):
        moved = replace(spot, anchor="middle", name_x=spot.x, name_y=y)
        if not any(moved.name_box.meets(box) for box in others):
            spots[child.by] = moved
            return


def _runs_through(spot: Spot, far: Spot) -> bool:
    steps = [step / _STEPS for step in range(_STEPS + 1)]
    places = [
        (spot.x + part * (far.x - spot.x), spot.y + part * (far.y - spot.y)) for part in steps
    ]
    return any(spot.name_box.meets(Rect(x, y, x + 1, y + 1)) for x, y in places)


def _radius(one: Neighbour) -> float:
    """By authority, the area of the disc."""
    grown = _LEAST_RADIUS + 3.0 * sqrt(max(one.entity.authority, 0.0))
    return min(grown, _MOST_RADIUS) + (0.0 if one.hops else 4.0)


def _weights(relations: Iterable[Relation]) -> dict[tuple[str, str], float]:
    """What binds each two, both ways."""
    found: dict[tuple[str, str], float] = {}
    for relation in relations:
        for pair in ((relation.head, relation.tail), (relation.tail, relation.head)):
            found[pair] = found.get(pair, 0.0) + relation.weight
    return found


def _halves(
    members: Sequence[Neighbour], weights: Mapping[tuple[str, str], float]
) -> tuple[list[Neighbour], list[Neighbour]]:
    """The members of the right and of the left half, each from above to below: around the circle
    those stand side by side that belong together, and each behind the one it was reached by."""
    children: dict[str, list[Neighbour]] = {}
    for one in members[1:]:
        children.setdefault(one.by, []).append(one)

    def branch(one: Neighbour) -> list[Neighbour]:
        beyond = _chained(children.get(one.entity.id, []), weights)
        return [one, *(further for child in beyond for further in branch(child))]

    circle = [branch(one) for one in _chained(children.get(members[0].entity.id, []), weights)]
    total = sum(map(len, circle))
    right: list[Neighbour] = []
    left: list[list[Neighbour]] = []
    for part in circle:
        if len(right) + len(part) / 2 <= total / 2 or not right:
            right += part
        else:
            left.append(part)
    return right, [one for part in reversed(left) for one in part]


def _chained(
    members: Sequence[Neighbour], weights: Mapping[tuple[str, str], float]
) -> list[Neighbour]:
    """The nearest first; after each one the one that it has most to do with."""
    left = list(members)
    found: list[Neighbour] = []
    while left:
        last = found[-1].entity.id if found else ""
        best = max(
            range(len(left)), key=lambda i: (weights.get((last, left[i].entity.id), 0.0), -i)
        )
        found.append(left.pop(best))
    return found


def _ring(
    spots: dict[str, Spot],
    halves: Sequence[Sequence[Neighbour]],
    inner: tuple[float, float],
    hops: int,
) -> tuple[float, float]:
    """Places the two halves of an ellipse beyond another; says how far it reaches across with its
    names, and down."""
    needed = max((sum(map(_row, half)) for half in halves), default=0.0)
    more = _FIRST_RING if hops == 1 else _NEXT_RING
    down = max(inner[1] + more[1], needed / 1.7)
    across = max(inner[0] + more[0], 1.1 * down)
    reach = 0.0
    for side, half in zip((1, -1), halves, strict=True):
        room = max(1.7 * down, sum(map(_row, half)))
        spare = (room - sum(map(_row, half))) / max(len(half), 1)
        y = -room / 2
        for one in half:
            high = _row(one) + spare
            spot = _spot(one, side, y + high / 2, across, down)
            reach = max(reach, abs(spot.x), *map(abs, _ends(spot)))
            spots[one.entity.id] = spot
            y += high
    return reach, down


def _row(one: Neighbour) -> float:
    return max(_ROW, 2 * _radius(one) + 4)


def _spot(one: Neighbour, side: int, y: float, across: float, down: float) -> Spot:
    x = side * across * sqrt(max(1.0 - (y / (1.02 * down)) ** 2, 0.05))
    radius = _radius(one)
    name = shortened(one.entity.name, NAME_SIZE, _NAME_ROOM)
    anchor = "start" if side > 0 else "end"
    beside = x + side * (radius + _GAP)
    return Spot(one, x, y, radius, name, anchor, beside, y + 0.35 * NAME_SIZE)


def _ends(spot: Spot) -> tuple[float, float]:
    return spot.name_box.left, spot.name_box.right
