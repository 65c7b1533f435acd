"""The way of one vehicle through the city: straight lines and arcs, tangent-continuous."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.network import CORNER_M, HALF_M, PARKING_M, STOP_M, Network

Floats = npt.NDArray[np.float64]

CURVE_M: Final = HALF_M + CORNER_M
"""Turns begin and end this far from the middle of a junction. All turns are arcs around the middle
of a kerb's arc, so that neighbouring lanes turn in parallel."""
BEYOND_M: Final = 25.0
"""Vehicles appear and vanish so far outside a gate."""
_SPARE_M: Final = 45.0
"""Points go on so far behind the end at a gate: who drives there still looks ahead."""
START_M: Final = 3.0
"""A path from a parking spot begins so far behind its middle: the rear axle is on it too."""
_PULL_RADIUS_M: Final = 12.0
"""Of the two arcs between a lane and a parking spot."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A place to park at the right kerb of a road, in the direction from start to end."""

    start: str
    end: str
    along_m: float
    """From the middle of node `start` to the middle of the spot."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """Where a path crosses one junction; metres along the path."""

    junction: str
    heading: int
    """Of the approach, in quarter turns: 0 east, 1 north, 2 west, 3 south."""
    turn: int
    """0 straight on, 1 left, 3 right: quarter turns."""
    stop_m: float
    """Stop line."""
    begin_m: float
    """CURVE_M before the middle."""
    end_m: float
    """CURVE_M behind the middle."""

    @property
    def middle_m(self) -> float:
        """Half way through."""
        return (self.begin_m + self.end_m) / 2


@dataclass(frozen=True, slots=True)
class Wander:
    """How a rider sways about the middle of the lane."""

    metres: float = 0.0
    wave_m: float = 30.0
    phase: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """A vehicle's way; arc length counts from its first point, in metres."""

    pieces_P5: Floats
    """Arc length at the start, x, y, yaw there, curvature (1/m, positive turns left)."""
    length_m: float
    """Where the middle of the vehicle stops (in a spot) or leaves the city."""
    points_m: float
    """Points can be asked for up to here."""
    crossings: tuple[Crossing, ...]
    pull_in_m: float | None = None
    """Where it starts to pull into its parking spot."""
    pull_out_m: float | None = None
    """Where it has reached its lane from its parking spot."""
    rest_m: float = 0.0
    """From the parking spot where it ends to the stop line of that road."""
    wander: Wander = Wander()

    def curvature(self, s_N: Floats) -> Floats:
        """Return 1/m at each arc length."""
        return np.asarray(self.pieces_P5[self._piece(s_N), 4])

    def points(self, s_N: Floats) -> Floats:
        """Return x, y in metres (N, 2) at each arc length; outside, the nearest point."""
        s = np.clip(s_N, 0.0, self.points_m)
        begin, x, y, yaw, bend = self.pieces_P5[self._piece(s)].T
        way = s - begin
        turned = yaw + bend * way
        arc = np.where(bend == 0.0, 1.0, bend)
        straight = bend == 0.0
        dx = np.where(straight, way * np.cos(yaw), (np.sin(turned) - np.sin(yaw)) / arc)
        dy = np.where(straight, way * np.sin(yaw), (np.cos(yaw) - np.cos(turned)) / arc)
        sway = self.wander.metres * np.sin(2 * np.pi * s / self.wander.wave_m + self.wander.phase)
        return np.stack([x + dx - sway * np.sin(turned), y + dy + sway * np.cos(turned)], axis=-1)

    def _piece(self, s_N: Floats) -> npt.NDArray[np.intp]:
        last = len(self.pieces_P5) - 1
        return np.clip(np.searchsorted(self.pieces_P5[:, 0], s_N, side="right") - 1, 0, last)


def quarter(network: Network, start: str, end: str) -> int:
    """Return the heading of a road in quarter turns."""
    return round(network.heading(start, end) / (math.pi / 2)) % 4


def road_length(network: Network, start: str, end: str) -> float:
    """Return metres between the middles of two neighbouring nodes.

    Raises:
        ValueError: no road there.
    """
    for road in network.roads:
        if {road.start, road.end} == {start, end}:
            return road.length_m
    raise ValueError(f"there is no road from {start} to {end}")


def turn_length(turn: int, lane_m: float) -> float:
    """Return metres from CURVE_M before to CURVE_M behind the middle of a junction."""
    if turn == 0:
        return 2 * CURVE_M
    return (CURVE_M + lane_m if turn == 1 else CURVE_M - lane_m) * math.pi / 2


def pull_lengths(lane_m: float) -> tuple[float, float]:
    """Return (metres along the road, metres along the arcs) from lane to parking spot."""
    angle = math.acos(1.0 - (PARKING_M - lane_m) / (2 * _PULL_RADIUS_M))
    return 2 * _PULL_RADIUS_M * math.sin(angle), 2 * _PULL_RADIUS_M * angle


class _Pen:
    """Draws pieces one behind another."""

    def __init__(self, x: float, y: float, yaw: float) -> None:
        self.s, self.x, self.y, self.yaw = 0.0, x, y, yaw
        self.pieces: list[tuple[float, float, float, float, float]] = []

    def draw(self, length: float, bend: float = 0.0) -> None:
        if length < 1e-6:
            return
        self.pieces.append((self.s, self.x, self.y, self.yaw, bend))
        yaw = self.yaw + bend * length
        if bend == 0.0:
            self.x += length * math.cos(yaw)
            self.y += length * math.sin(yaw)
        else:
            self.x += (math.sin(yaw) - math.sin(self.yaw)) / bend
            self.y += (math.cos(self.yaw) - math.cos(yaw)) / bend
        self.s += length
        self.yaw = yaw

    def pull(self, lane_m: float, side: float) -> None:
        """Change between lane and parking strip; side 1: to the left (out), -1: in."""
        half = pull_lengths(lane_m)[1] / 2
        self.draw(half, side / _PULL_RADIUS_M)
        self.draw(half, -side / _PULL_RADIUS_M)


def build_path(
    network: Network,
    route: tuple[str, ...],
    lane_m: float,
    leaves: Spot | None = None,
    parks: Spot | None = None,
    wander: Wander | None = None,
) -> Path:
    """Lay the path of a route.

    Args:
        network: the roads.
        route: neighbouring nodes; the first is a gate, or the start of the road where `leaves` is;
            the last is a gate, or the end of the road where `parks` is.
        lane_m: right of the centre line.
        leaves: the parking spot where it begins.
        parks: the parking spot where it ends.
        wander: how the rider sways; None: not at all.

    Raises:
        ValueError: fewer than two nodes, no road between two of them, a turn back.
    """
    if len(route) < 2:
        raise ValueError("a route needs two nodes")
    first = network.nodes[route[0]]
    heading = quarter(network, route[0], route[1])
    yaw = network.heading(route[0], route[1])
    along = -BEYOND_M if leaves is None else leaves.along_m
    right_m = lane_m if leaves is None else PARKING_M
    pen = _Pen(
        first.x_m + along * math.cos(yaw) + right_m * math.sin(yaw),
        first.y_m + along * math.sin(yaw) - right_m * math.cos(yaw),
        yaw,
    )
    pull_out_m: float | None = None
    if leaves is not None:
        pen.x -= START_M * math.cos(yaw)
        pen.y -= START_M * math.sin(yaw)
        pen.draw(START_M + 0.5)
        pen.pull(lane_m, 1.0)
        pull_out_m = pen.s
        along += 0.5 + pull_lengths(lane_m)[0]
    crossings: list[Crossing] = []
    for start, node, after in zip(route, route[1:], route[2:], strict=False):
        heading, ahead = quarter(network, start, node), quarter(network, node, after)
        turn = (ahead - heading) % 4
        if turn == 2:
            raise ValueError(f"a route turns back at {node}")
        pen.draw(road_length(network, start, node) - CURVE_M - along)
        begin = pen.s
        length = turn_length(turn, lane_m)
        angle = {0: 0.0, 1: math.pi / 2, 3: -math.pi / 2}[turn]
        pen.draw(length, angle / length)
        # The stop line lies on the straight before the turn, maybe where it still pulls out.
        crossings.append(
            Crossing(node, heading, turn, begin - (STOP_M - CURVE_M), begin, pen.s)
        )  # fmt: skip
        along = CURVE_M
    pull_in_m: float | None = None
    rest_m = 0.0
    if parks is not None:
        pen.draw(parks.along_m - pull_lengths(lane_m)[0] - 0.5 - along)
        pull_in_m = pen.s
        pen.pull(lane_m, -1.0)
        pen.draw(0.5)
        length_m = pen.s
        rest_m = road_length(network, route[-2], route[-1]) - STOP_M - parks.along_m
        pen.draw(3.0)
    else:
        pen.draw(road_length(network, route[-2], route[-1]) + BEYOND_M - along)
        length_m = pen.s
        pen.draw(_SPARE_M)
    pieces = np.array(pen.pieces, np.float64)
    return Path(
        pieces, length_m, pen.s, tuple(crossings), pull_in_m, pull_out_m, rest_m,
        wander or Wander(),
    )  # fmt: skip
