"""The camera graph: how soon, typically and at latest a vehicle gets from one camera to another.

Three states of knowledge, the best one known for a pair is used (`Travel.basis`):

- `roads`: shortest path over the listed roads by their fastest speed (Dijkstra 1959).
- `places`: the straight line between two places; used where no listed road joins the two.
- `time`: nothing is known; no travel time can be refused.

Two cameras on one connected part of the roads that no *directed* path joins (one-way streets)
cannot be driven: `travel` returns None. Between separate parts the list of roads is taken to be
incomplete, and places or time decide.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from yanji.configs.distance import Place, distance_m
from yanji.configs.errors import UsageError
from yanji.configs.site import Site

Basis = Literal["roads", "places", "time"]

VIEW_M = 30.0
"""How far before and behind its place a camera sees a vehicle: shortens the earliest drive."""
WAIT_S = 60.0
"""Slack per road for `latest_s`: about one full red phase plus a queue."""
PLACES_KMH = (10.0, 80.0)
"""Slowest and fastest speed assumed between places without a road."""
TYPICAL_DETOUR, LATEST_DETOUR = 1.3, 1.8
"""Road length over straight line in cities: usual, and the most that is still called direct."""


@dataclass(frozen=True, slots=True)
class CameraPlace:
    """Where a camera stands; degrees, any one datum for all cameras; None where unknown."""

    camera_id: str
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Road:
    """A drive from camera to camera with no other camera between."""

    from_camera: str
    to_camera: str
    distance_m: float
    slowest_kmh: float
    fastest_kmh: float
    oneway: bool = False


@dataclass(frozen=True, slots=True)
class Travel:
    """The drive between two cameras, from leaving one view to entering the other."""

    basis: Basis
    earliest_s: float
    typical_s: float | None
    """None when nothing is known (`time`)."""
    latest_s: float
    """At the slowest speed with red lights, without a stop; infinite when nothing is known."""
    distance_m: float | None
    """Along the road, or the straight line for `places`."""
    via: tuple[str, ...] = ()
    """Cameras passed on the way, in order (`roads` only)."""
    fastest_s: float = 0.0
    """From camera to camera at the fastest speed; below it only views that reach far explain it."""


NOTHING_KNOWN = Travel("time", 0.0, None, math.inf, None)


def straight_m(a: CameraPlace, b: CameraPlace) -> float | None:
    """Great-circle distance in metres; None if a place is unknown."""
    if a.longitude is None or a.latitude is None or b.longitude is None or b.latitude is None:
        return None
    return distance_m(Place(a.longitude, a.latitude), Place(b.longitude, b.latitude))


class RoadGraph:
    """Travel times between cameras; immutable, answers are computed once per camera and kept.

    Raises UsageError for a road of negative or endless length or a speed range that is not
    0 < slowest <= fastest. Roads may name cameras without a place, and cycles and parallel
    roads are fine.
    """

    def __init__(
        self,
        places: Iterable[CameraPlace] = (),
        roads: Iterable[Road] = (),
        *,
        view_m: float = VIEW_M,
        wait_s: float = WAIT_S,
    ) -> None:
        self.view_m, self.wait_s = view_m, wait_s
        self._places = {place.camera_id: place for place in places}
        self._roads: dict[str, list[Road]] = {}
        for road in roads:
            _check(road)
            self._add(road)
            if not road.oneway:
                self._add(
                    Road(
                        road.to_camera,
                        road.from_camera,
                        road.distance_m,
                        road.slowest_kmh,
                        road.fastest_kmh,
                    )
                )
        self._part = _parts(self._roads)
        self._reached: dict[str, dict[str, Travel]] = {}

    def _add(self, road: Road) -> None:
        self._roads.setdefault(road.from_camera, []).append(road)
        self._roads.setdefault(road.to_camera, [])

    @property
    def camera_ids(self) -> tuple[str, ...]:
        """Every camera with a place or a road, sorted."""
        return tuple(sorted(self._places.keys() | self._roads.keys()))

    @property
    def basis(self) -> Basis:
        """The best that is known of any pair of cameras."""
        if self._part:
            return "roads"
        known = sum(place.longitude is not None for place in self._places.values())
        return "places" if known >= 2 else "time"

    def travel(self, from_camera: str, to_camera: str) -> Travel | None:
        """The drive between two cameras; None when one-way roads forbid it.

        A camera to itself: no distance, no least time, at latest one wait.
        """
        if from_camera == to_camera:
            return Travel("roads", 0.0, 0.0, self.wait_s, 0.0)
        part = self._part.get(from_camera)
        if part is not None and part == self._part.get(to_camera):
            return self._by_road(from_camera).get(to_camera)
        return self._by_place(from_camera, to_camera)

    def after(self, camera_id: str, *, max_unseen: int = 1) -> Iterator[tuple[str, Travel]]:
        """Cameras that a vehicle can come to next, soonest first.

        With roads: those with at most `max_unseen` cameras between; otherwise every camera with
        a place. Nothing when neither is known.
        """
        if camera_id in self._part:
            found = [
                (other, travel)
                for other, travel in self._by_road(camera_id).items()
                if other != camera_id and len(travel.via) <= max_unseen
            ]
        else:
            found = [
                (other, travel)
                for other in self._places
                if other != camera_id
                and (travel := self._by_place(camera_id, other)).basis == "places"
            ]
        yield from sorted(found, key=lambda pair: (pair[1].earliest_s, pair[0]))

    def _by_place(self, from_camera: str, to_camera: str) -> Travel:
        a, b = self._places.get(from_camera), self._places.get(to_camera)
        line_m = straight_m(a, b) if a is not None and b is not None else None
        if line_m is None:
            return NOTHING_KNOWN
        slowest, fastest = PLACES_KMH
        return Travel(
            "places",
            earliest_s=max(0.0, line_m - 2 * self.view_m) * 3.6 / fastest,
            typical_s=TYPICAL_DETOUR * line_m * 3.6 / math.sqrt(slowest * fastest),
            latest_s=LATEST_DETOUR * line_m * 3.6 / slowest + self.wait_s,
            distance_m=line_m,
            fastest_s=line_m * 3.6 / fastest,
        )

    def _by_road(self, start: str) -> dict[str, Travel]:
        """Dijkstra from one camera; ties go to the shorter, then to the lesser id: repeatable."""
        done = self._reached.get(start)
        if done is not None:
            return done
        done = {}
        # time by fastest speed, metres, camera, camera before, time typical, time slowest
        queue: list[tuple[float, float, str, str, float, float]] = [(0, 0, start, start, 0, 0)]
        while queue:
            fast_s, metres, camera, before, typical_s, slow_s = heapq.heappop(queue)
            if camera in done:
                continue
            if camera == start or before == start:
                via: tuple[str, ...] = ()
            else:
                via = (*done[before].via, before)
            # At the pace of the whole path, less what both views cover of it.
            seen = min(1.0, 2 * self.view_m / metres) if metres > 0 else 1.0
            done[camera] = Travel(
                "roads",
                earliest_s=fast_s * (1.0 - seen),
                typical_s=typical_s,
                latest_s=slow_s + self.wait_s * (len(via) + 1),
                distance_m=metres,
                via=via,
                fastest_s=fast_s,
            )
            for road in self._roads[camera]:
                if road.to_camera in done:
                    continue
                drive = road.distance_m * 3.6
                mean_kmh = math.sqrt(road.slowest_kmh * road.fastest_kmh)
                heapq.heappush(
                    queue,
                    (
                        fast_s + drive / road.fastest_kmh,
                        metres + road.distance_m,
                        road.to_camera,
                        camera,
                        typical_s + drive / mean_kmh,
                        slow_s + drive / road.slowest_kmh,
                    ),
                )
        self._reached[start] = done
        return done


def graph_from_site(site: Site) -> RoadGraph:
    """Build the graph of a site file: all its cameras, and its roads where it lists some."""
    return RoadGraph(
        [CameraPlace(camera.id, camera.longitude, camera.latitude) for camera in site.cameras],
        [
            Road(
                road.from_camera,
                road.to_camera,
                road.distance_m,
                road.speed_kmh[0],
                road.speed_kmh[1],
                road.oneway,
            )
            for road in site.roads
        ],
    )


def _check(road: Road) -> None:
    ends = f"The road from {road.from_camera} to {road.to_camera}"
    if not (math.isfinite(road.distance_m) and road.distance_m >= 0):
        raise UsageError(f"{ends} has no length.", hint="Give `distance_m` in metres.")
    if not (0 < road.slowest_kmh <= road.fastest_kmh and math.isfinite(road.fastest_kmh)):
        raise UsageError(
            f"{ends} has no range of speeds.", hint="Give `speed_kmh: [slowest, fastest]`."
        )


def _parts(roads: dict[str, list[Road]]) -> dict[str, int]:
    """Number the connected parts of the roads, directions ignored."""
    joined: dict[str, set[str]] = {camera: set() for camera in roads}
    for camera, leaving in roads.items():
        for road in leaving:
            joined[camera].add(road.to_camera)
            joined[road.to_camera].add(camera)
    part: dict[str, int] = {}
    for number, first in enumerate(sorted(joined)):
        stack = [first] if first not in part else []
        while stack:
            camera = stack.pop()
            if camera not in part:
                part[camera] = number
                stack.extend(joined[camera] - part.keys())
    return part
