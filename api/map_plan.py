"""Where everything of a route's map goes: from degrees to pixels, stops, free places for labels."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from yanji.configs.distance import EARTH_RADIUS_M, Place
from yanji.index.route import Leg

Point = tuple[float, float]
Box = tuple[float, float, float, float]
"""x1, y1, x2, y2."""
LEAST_M: Final = 140.0
"""A map shows at least so much, also of a single camera."""
MARGIN: Final = 0.25
"""Of the route's extent is shown around it on each side."""
STEP_PX: Final = 8.0
"""What lines keep labels off is sampled this densely."""
MOST_SAMPLES: Final = 2000


@dataclass(frozen=True, slots=True)
class Sheet:
    """Turns places into pixels: an equirectangular map, true to scale at its middle."""

    middle: Place
    box: Box
    px_per_m: float

    def px(self, place: Place) -> Point:
        """Where a place lies in the picture; may be outside of the box."""
        east = math.radians(_turn(place.longitude - self.middle.longitude))
        east_m = EARTH_RADIUS_M * east * math.cos(math.radians(self.middle.latitude))
        north_m = EARTH_RADIUS_M * math.radians(place.latitude - self.middle.latitude)
        x1, y1, x2, y2 = self.box
        x, y = (x1 + x2) / 2, (y1 + y2) / 2
        return x + east_m * self.px_per_m, y - north_m * self.px_per_m

    def shows(self, place: Place) -> bool:
        """Whether a place lies inside the box."""
        (x, y), (x1, y1, x2, y2) = self.px(place), self.box
        return x1 <= x <= x2 and y1 <= y <= y2


def sheet_of(places: Sequence[Place], box: Box) -> Sheet:
    """Choose the part of the earth that shows all places with some margin.

    Args:
        places: at least one.
        box: of the map in the picture, pixels.
    """
    first = places[0].longitude
    easts = [_turn(place.longitude - first) for place in places]
    norths = [place.latitude for place in places]
    middle = Place(_turn(first + (min(easts) + max(easts)) / 2), (min(norths) + max(norths)) / 2)
    per_degree = math.radians(1) * EARTH_RADIUS_M
    wide_m = (max(easts) - min(easts)) * per_degree * math.cos(math.radians(middle.latitude))
    high_m = (max(norths) - min(norths)) * per_degree
    grown = 1 + 2 * MARGIN
    x1, y1, x2, y2 = box
    across = (x2 - x1) / max(wide_m * grown, LEAST_M)
    down = (y2 - y1) / max(high_m * grown, LEAST_M)
    return Sheet(middle, box, min(across, down))


def _turn(degrees: float) -> float:
    return (degrees + 180.0) % 360.0 - 180.0


def scale_bar_m(px_per_m: float, most_px: float) -> float:
    """Choose the longest of 1, 2, 5, 10, 20 ... metres that is not longer than `most_px`."""
    longest_m = most_px / px_per_m
    power = 10.0 ** math.floor(math.log10(longest_m))
    return max(step * power for step in (1.0, 2.0, 5.0) if step * power <= longest_m)


@dataclass(frozen=True, slots=True)
class Stop:
    """Legs of a route that follow each other at one camera: drawn as one."""

    camera_id: str
    legs: tuple[int, ...]
    """Numbers of the legs, from 1."""
    first_ns: int
    last_ns: int
    travel_s: float | None
    """From the stop before; None for the first."""

    @property
    def numbers(self) -> str:
        """`2`, or `2-4` where a track broke."""
        return f"{self.legs[0]}" if len(self.legs) == 1 else f"{self.legs[0]}-{self.legs[-1]}"


def stops_of(legs: Sequence[Leg]) -> tuple[Stop, ...]:
    """Put legs together that follow each other at one camera."""
    stops: list[Stop] = []
    for number, leg in enumerate(legs, start=1):
        if stops and stops[-1].camera_id == leg.camera_id:
            old = stops[-1]
            last_ns = max(old.last_ns, leg.last_ns)
            stops[-1] = Stop(
                old.camera_id, (*old.legs, number), old.first_ns, last_ns, old.travel_s
            )
        else:
            stops.append(Stop(leg.camera_id, (number,), leg.first_ns, leg.last_ns, leg.travel_s))
    return tuple(stops)


def shifted_right(points: Sequence[Point], by: float) -> list[Point]:
    """Shift a line to its right, so that there and back do not cover each other."""
    shifted: list[Point] = []
    for a, b in pairwise(points):
        far = math.dist(a, b) or 1.0
        dx, dy = -(b[1] - a[1]) / far * by, (b[0] - a[0]) / far * by
        shifted += [(a[0] + dx, a[1] + dy), (b[0] + dx, b[1] + dy)]
    return shifted


def cut_ends(points: Sequence[Point], by: float) -> list[Point]:
    """Take `by` pixels off both ends of a line (at most a third of the part there)."""
    if len(points) < 2:
        return list(points)
    return [_towards(points[0], points[1], by), *points[1:-1], _towards(points[-1], points[-2], by)]


def _towards(a: Point, b: Point, by: float) -> Point:
    far = math.dist(a, b) or 1.0
    share = min(by / far, 1 / 3)
    return a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share


def middle_of(points: Sequence[Point]) -> tuple[Point, Point]:
    """Find the point half along a line, and the direction there."""
    half = sum(math.dist(a, b) for a, b in pairwise(points)) / 2
    for a, b in pairwise(points):
        far = math.dist(a, b)
        if far >= half and far > 0:
            share = half / far
            return (
                (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share),
                (b[0] - a[0], b[1] - a[1]),
            )
        half -= far
    return points[-1], (1.0, 0.0)


def along(points: Sequence[Point], inside: Box) -> list[Point]:
    """Sample the part of a line that lies inside a box; of very long lines a part only."""
    found: list[Point] = []
    for a, b in pairwise(points):
        count = min(max(1, round(math.dist(a, b) / STEP_PX)), MOST_SAMPLES)
        found += [
            (a[0] + (b[0] - a[0]) * k / count, a[1] + (b[1] - a[1]) * k / count)
            for k in range(count + 1)
        ]
    return [point for point in found if _holds(inside, point)]


def touches(line: tuple[Point, Point], box: Box) -> bool:
    """Whether a line may be seen in a box: their extents overlap."""
    (ax, ay), (bx, by) = line
    return (
        min(ax, bx) <= box[2]
        and max(ax, bx) >= box[0]
        and min(ay, by) <= box[3]
        and max(ay, by) >= box[1]
    )


def free_box(
    at: Point, size: Point, away: float, inside: Box, taken: Iterable[Box], busy: Iterable[Point]
) -> Box:
    """Find a place for a label beside a point.

    Args:
        at: the point.
        size: width and height of the label.
        away: how far from the point its edge should lie at least.
        inside: the map.
        taken: labels and pictures that must not be covered.
        busy: points that should not be covered.
    """
    taken, busy = list(taken), list(busy)
    best: tuple[float, Box] | None = None
    for reach in (away, away * 1.8, away * 3.0, away * 5.0, away * 8.0):
        for turn in range(16):
            dx, dy = math.cos(turn * math.pi / 8), math.sin(turn * math.pi / 8)
            x = at[0] + dx * (reach + size[0] / 2)
            y = at[1] + dy * (reach + size[1] / 2)
            box = (x - size[0] / 2, y - size[1] / 2, x + size[0] / 2, y + size[1] / 2)
            cost = 4 * reach / away + 0.05 * turn / 16
            cost += sum(_overlap(box, other) for other in taken) / 3
            cost += 3 * sum(_holds(box, point) for point in busy)
            lost = _area(box) - _overlap(box, inside)
            cost += lost / 3
            if best is None or cost < best[0]:
                best = (cost, box)
    if best is None:
        raise AssertionError("there is always a first place")
    return best[1]


def nearest_in(box: Box, point: Point) -> Point:
    """Find the point of a box that is nearest to a point."""
    return min(max(point[0], box[0]), box[2]), min(max(point[1], box[1]), box[3])


def _area(box: Box) -> float:
    return max(box[2] - box[0], 0.0) * max(box[3] - box[1], 0.0)


def _overlap(a: Box, b: Box) -> float:
    return _area((max(a[0], b[0]), max(a[1], b[1]), min(a[2], b[2]), min(a[3], b[3])))


def _holds(box: Box, point: Point) -> bool:
    return box[0] <= point[0] <= box[2] and box[1] <= point[1] <= box[3]
