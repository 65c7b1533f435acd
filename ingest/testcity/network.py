"""The roads of the test city: a grid of junctions, the same width everywhere, traffic on the right.

City axes: x east, y north, metres, origin at the south-western junction; yaw in radians,
counter-clockwise from east.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

HALF_M: Final = 8.4
"""Half the width of every road, kerb to centre line."""
CAR_LANE_M: Final = 2.0
"""Middle of the car lane, right of the centre line (0.2 to 3.8)."""
BIKE_LANE_M: Final = 5.1
"""Middle of the lane for two-wheelers (4.0 to 6.2)."""
PARKING_M: Final = 7.35
"""Middle of the strip where cars park at the kerb (6.3 to 8.4)."""
CORNER_M: Final = 5.0
"""Radius of the kerb at the corners of a junction."""
STOP_M: Final = HALF_M + CORNER_M + 5.0
"""Stop lines lie this far from the middle of a junction; the zebra crossing lies between."""
ZEBRA_M: Final = (HALF_M + CORNER_M + 0.6, HALF_M + CORNER_M + 3.8)
"""From and to, from the middle of the junction."""
ARM_M: Final = 75.0
"""Roads that leave the city end this far from the last junction."""


@dataclass(frozen=True, slots=True)
class Node:
    """A junction, or a gate where a road leaves the city."""

    name: str
    x_m: float
    y_m: float
    gate: bool = False


@dataclass(frozen=True, slots=True)
class Road:
    """A straight two-way road between two nodes."""

    start: str
    end: str
    length_m: float


@dataclass(frozen=True, slots=True)
class Network:
    """All nodes by name, and the roads between them (each once)."""

    nodes: dict[str, Node]
    roads: tuple[Road, ...]

    @property
    def junctions(self) -> tuple[Node, ...]:
        """Nodes with traffic lights, row by row from the south-west."""
        return tuple(node for node in self.nodes.values() if not node.gate)

    def neighbours(self, name: str) -> tuple[str, ...]:
        """Nodes at the other ends of a node's roads, sorted."""
        ends = [road.end for road in self.roads if road.start == name]
        return tuple(sorted(ends + [road.start for road in self.roads if road.end == name]))

    def heading(self, start: str, end: str) -> float:
        """Yaw in radians of the straight line from node to node."""
        a, b = self.nodes[start], self.nodes[end]
        return math.atan2(b.y_m - a.y_m, b.x_m - a.x_m)


def grid_of(num_junctions: int) -> tuple[int, int]:
    """Choose columns and rows for at least so many junctions, wide rather than high."""
    rows = max(1, math.isqrt(num_junctions))
    return math.ceil(num_junctions / rows), rows


def build_network(seed: int, num_junctions: int) -> Network:
    """Lay out a grid with uneven blocks; every outer junction has roads that leave the city.

    Args:
        seed: decides the lengths of the blocks, 78 to 104 m.
        num_junctions: at least 1; the grid may hold a few more.

    Raises:
        ValueError: fewer than one junction.
    """
    if num_junctions < 1:
        raise ValueError("a city needs at least one junction")
    columns, rows = grid_of(num_junctions)
    random = np.random.default_rng((seed, 1))
    xs = np.concatenate([[0.0], np.cumsum(random.uniform(78, 104, columns - 1))])
    ys = np.concatenate([[0.0], np.cumsum(random.uniform(78, 104, rows - 1))])
    nodes: dict[str, Node] = {}
    roads: list[Road] = []
    for row, y in enumerate(ys):
        for column, x in enumerate(xs):
            name = _junction(column, row)
            nodes[name] = Node(name, round(float(x), 2), round(float(y), 2))
    for row in range(rows):
        for column in range(columns):
            if column + 1 < columns:
                roads.append(_road(nodes, _junction(column, row), _junction(column + 1, row)))
            if row + 1 < rows:
                roads.append(_road(nodes, _junction(column, row), _junction(column, row + 1)))
    for row, y in enumerate(ys):
        _gate(nodes, roads, f"W{row + 1}", -ARM_M, float(y), _junction(0, row))
        _gate(nodes, roads, f"E{row + 1}", float(xs[-1]) + ARM_M, float(y),
              _junction(columns - 1, row))  # fmt: skip
    for column, x in enumerate(xs):
        _gate(nodes, roads, f"S{column + 1}", float(x), -ARM_M, _junction(column, 0))
        _gate(nodes, roads, f"N{column + 1}", float(x), float(ys[-1]) + ARM_M,
              _junction(column, rows - 1))  # fmt: skip
    return Network(nodes, tuple(roads))


def _junction(column: int, row: int) -> str:
    return f"J{column + 1}{row + 1}" if column < 9 and row < 9 else f"J{column + 1}-{row + 1}"


def _gate(
    nodes: dict[str, Node], roads: list[Road], name: str, x: float, y: float, inner: str
) -> None:
    nodes[name] = Node(name, round(x, 2), round(y, 2), gate=True)
    roads.append(_road(nodes, inner, name))


def _road(nodes: dict[str, Node], start: str, end: str) -> Road:
    a, b = nodes[start], nodes[end]
    return Road(start, end, round(math.hypot(b.x_m - a.x_m, b.y_m - a.y_m), 2))
