"""The lower body of a vehicle on four wheels: a closed wall around a rounded plan, with a deck.

The wall is walked from the middle of the nose along the left side to the middle of the rear by one
number, the station: 0..1 nose, 1..2 front corner, 2..3 side, 3..4 rear corner, 4..5 rear. Lamps,
grilles and gaps are panels laid a few millimetres in front of the wall, so their edges are crisp
at any fineness of the wall itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from yanji.ingest.testcity.mesh import FloatArray, Material
from yanji.ingest.testcity.vehicles.parts import Parts, unit

Knots = tuple[tuple[float, float], ...]
"""Points of a polyline, sorted by the first number."""

PROUD_M: Final = 0.006
"""How far a panel stands in front of what it lies on."""


def at(knots: Knots, where: FloatArray) -> FloatArray:
    """Read a polyline."""
    return np.asarray(np.interp(where, [k[0] for k in knots], [k[1] for k in knots]))


@dataclass(frozen=True, slots=True)
class End:
    """Nose or rear of a hull, metres."""

    x_at_z: Knots
    corner: tuple[float, float]
    """How far the rounded corner reaches along x and across y."""
    bow: float
    """How far the middle stands out."""

    @property
    def innermost(self) -> float:
        """The x nearest to the middle of the vehicle."""
        return min((x for _, x in self.x_at_z), key=abs)


@dataclass(frozen=True, slots=True)
class Hull:
    """A lower body, metres."""

    front: End
    rear: End
    half_width: Knots
    """Half width at height z."""
    deck: Knots
    """Height of the upper edge at x."""
    sill: Knots
    """Height of the lower edge at x."""
    arches: tuple[tuple[float, float, float], ...] = ()
    """Wheel arches: x, height of the centre, radius."""
    crown: float = 0.03
    """How far the deck's middle stands above its edge."""

    @property
    def side_ends(self) -> tuple[float, float]:
        """The x where the straight side begins (front) and ends (rear)."""
        return (
            self.front.innermost - self.front.bow - self.front.corner[0],
            self.rear.innermost + self.rear.bow + self.rear.corner[0],
        )

    def station(self, x: float | FloatArray) -> FloatArray:
        """Return the station on the straight side at x."""
        first, last = self.side_ends
        return np.asarray(2 + np.clip((first - np.asarray(x)) / (first - last), 0, 1))

    def place(self, stations: FloatArray, z: FloatArray, out: float = 0.0) -> FloatArray:
        """Return points (..., 3) of the left wall at stations and heights, moved outwards."""
        first, last = self.side_ends
        half = at(self.half_width, z) + out
        nose, tail = at(self.front.x_at_z, z) + out, at(self.rear.x_at_z, z) - out
        x = first + (last - first) * np.clip(stations - 2, 0, 1)
        y = half * np.ones_like(stations)
        ends = (
            (stations < 2, stations, self.front, nose, first),
            (stations > 3, 5 - stations, self.rear, tail, last),
        )
        for here, walk, end, tip, inner in ends:
            flat = np.clip(walk, 0, 1)
            angle = np.clip(walk - 1, 0, 1) * np.pi / 2
            shoulder = half - end.corner[1]
            edge = tip - np.sign(tip) * end.bow
            end_x = np.where(
                walk < 1, tip - np.sign(tip) * end.bow * flat**2,
                inner + (edge - inner) * np.cos(angle),
            )  # fmt: skip
            end_y = np.where(walk < 1, shoulder * flat, shoulder + end.corner[1] * np.sin(angle))
            x, y = np.where(here, end_x, x), np.where(here, end_y, y)
        return np.stack(np.broadcast_arrays(x, y, z), axis=-1)

    def lower_edge(self, x: FloatArray) -> FloatArray:
        """Return the height of the lower edge, arches cut out."""
        z = at(self.sill, x)
        for centre_x, centre_z, radius in self.arches:
            rise = radius**2 - (x - centre_x) ** 2
            z = np.where(rise > 0, np.maximum(z, centre_z + np.sqrt(np.maximum(rise, 0))), z)
        return z


def wall(b: Parts, hull: Hull, material: Material = Material.PAINT) -> None:
    """Add the whole hull: wall, arches and deck."""
    stations = _stations(hull, b.detail)
    middle_z = np.full_like(stations, 0.6)
    x = hull.place(stations, middle_z)[:, 0]
    low, high = hull.lower_edge(x), at(hull.deck, x)
    rows = []
    for share in np.linspace(0, 1, (7, 4, 2)[b.detail]):
        rows.append(hull.place(stations, low + (high - 0.05 - low) * share))
    rows.append(hull.place(stations, high - 0.015, -0.012))
    edge = hull.place(stations, high, -0.04)
    for across in (1.0, 0.6, 0.0) if b.detail < 2 else (1.0, 0.0):
        rows.append(edge * [1, across, 1] + [0, 0, hull.crown * (1 - across**2)])
    points = np.stack(rows)
    normals = unit(np.cross(np.gradient(points, axis=1), np.gradient(points, axis=0)))
    normals[:, [0, -1], 1] = 0.0
    normals[-1] = [0.0, 0.0, 1.0]
    mirrored_surface(b, points, material, unit(normals))


def mirrored_surface(
    b: Parts, points: FloatArray, material: Material, normals: FloatArray | None = None
) -> None:
    """Add a surface and its mirror image on the right."""
    flip = np.array([1.0, -1.0, 1.0])
    if normals is None:
        normals = unit(np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1)))
        normals[np.linalg.norm(normals, axis=2) < 0.5] = [0.0, 1.0, 0.0]
    b.surface(points, material, normals)
    b.surface(points * flip, material, normals * flip)


def panel(
    b: Parts,
    hull: Hull,
    stations: tuple[float, float],
    heights: tuple[float, float],
    material: Material,
    upto: int = 1,
    slant: float = 0.0,
    out: float = PROUD_M,
) -> None:
    """Lay a rectangle of (station, height) on both sides; `slant` lifts its far end."""
    if b.detail > upto:
        return
    steps = (7, 4, 3)[b.detail] if stations[0] < 2 or stations[1] > 3 else 2
    walk = np.linspace(*stations, steps)
    lift = np.linspace(0, slant, steps)
    rise = np.linspace(0, 1, 3 if b.detail == 0 else 2)[:, None]
    z = heights[0] + (heights[1] - heights[0]) * rise + lift[None] * rise
    mirrored_surface(b, hull.place(np.tile(walk, (len(rise), 1)), z, out), material)


def side_strip(
    b: Parts,
    hull: Hull,
    x: tuple[float, float],
    heights: tuple[float, float],
    material: Material,
    upto: int = 1,
    out: float = PROUD_M,
    rows: int = 5,
) -> None:
    """Lay a strip between two x on both sides: door gaps, mouldings, handles."""
    if b.detail > upto:
        return
    z = np.linspace(*heights, rows if b.detail == 0 else 2)[:, None] * np.ones(2)
    walk = np.tile(hull.station(np.asarray(x)), (len(z), 1))
    mirrored_surface(b, hull.place(walk, z, out), material)


def arch_trim(b: Parts, hull: Hull, width: float, material: Material, upto: int = 0) -> None:
    """Lay a rim around every wheel arch."""
    if b.detail > upto:
        return
    for x, z, radius in hull.arches:
        turn = np.linspace(-0.1, np.pi + 0.1, 13 if b.detail == 0 else 7)
        rings = []
        for r in (radius - 0.005, radius + width):
            height = np.maximum(z + r * np.sin(turn), at(hull.sill, x + r * np.cos(turn)))
            rings.append(hull.place(hull.station(x + r * np.cos(turn)), height, PROUD_M + 0.004))
        mirrored_surface(b, np.stack(rings), material)


def _stations(hull: Hull, detail: int) -> FloatArray:
    first, last = hull.side_ends
    marks = [np.linspace(last, first, (9, 5, 2)[detail])]
    for x, _, radius in hull.arches:
        turn = np.linspace(0, np.pi, (11, 6, 3)[detail])
        arch = x + (radius - 1e-3) * np.cos(turn)
        marks += [arch, np.array([x - radius - 1e-3, x + radius + 1e-3])]
    knees = [k[0] for k in hull.deck] if detail < 2 else []
    marks.append(np.array(knees))
    side = np.concatenate(marks)
    side = np.unique(side[(side >= last) & (side <= first)].round(4))
    face = np.linspace(0, 1, (4, 3, 2)[detail])
    corner = np.linspace(1, 2, (6, 4, 3)[detail])
    parts = (face, corner, hull.station(side), 3 + corner - 1, 4 + face)
    return np.unique(np.concatenate(parts).round(6))
