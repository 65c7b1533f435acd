"""What stands still in the city: pavements, houses, trees, lamp posts, traffic lights."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.ground import PAVEMENT_M
from yanji.ingest.testcity.mesh import Material, Mesh, MeshBuilder
from yanji.ingest.testcity.network import CORNER_M, HALF_M, Network

BEYOND_M: Final = 60.0
"""Roads and houses go on this far behind the gates, so that no camera sees the end of the world."""
KERB_M: Final = 0.15
CLEAR_M: Final = 26.0
"""No tree nearer to the middle of a junction: cameras and drivers need to see it."""
LAMP_HEIGHT_M: Final = 8.0

Line = tuple[tuple[float, float], tuple[float, float]]
"""From and to in city axes: a line of sight that is kept free of trees and posts."""


@dataclass(frozen=True, slots=True)
class SignalHead:
    """The three lamps that one approach to a junction looks at."""

    node: str
    heading: float
    """Direction of travel of the traffic that it stops, radians."""
    place_m: tuple[float, float, float]
    """Middle of the amber lamp."""


@dataclass(frozen=True, slots=True)
class Street:
    """Everything that does not move."""

    mesh: Mesh
    lamps_N3: npt.NDArray[np.float64]
    """Where the street lamps shine from."""
    signals: tuple[SignalHead, ...]


def build_street(network: Network, seed: int, sights: Sequence[Line] = ()) -> Street:
    """Build the still city; the same for the same arguments.

    Args:
        network: its roads.
        seed: of houses and trees.
        sights: lines of sight of the cameras.
    """
    random = np.random.default_rng((seed, 5))
    b = MeshBuilder()
    xs = sorted({node.x_m for node in network.junctions})
    ys = sorted({node.y_m for node in network.junctions})
    gates = [node for node in network.nodes.values() if node.gate]
    west, east = (f(node.x_m for node in gates) for f in (min, max))
    south, north = (f(node.y_m for node in gates) for f in (min, max))
    low = (west - BEYOND_M, south - BEYOND_M)
    high = (east + BEYOND_M, north + BEYOND_M)
    b.quad(
        [(low[0], low[1], 0), (high[0], low[1], 0), (high[0], high[1], 0), (low[0], high[1], 0)],
        Material.ASPHALT,
    )
    for x1, x2 in _gaps(xs, low[0], high[0]):
        for y1, y2 in _gaps(ys, low[1], high[1]):
            inner = (x1 != low[0], y1 != low[1], x2 != high[0], y2 != high[1])
            _pavement(b, (x1, y1, x2, y2), inner)
            _houses(b, random, (x1, y1, x2, y2))
    lamps: list[tuple[float, float, float]] = []
    for x in xs:
        _roadside(b, random, network, (x, low[1]), (x, high[1]), sights, lamps)
    for y in ys:
        _roadside(b, random, network, (low[0], y), (high[0], y), sights, lamps)
    for node in network.junctions:
        for sx, sy in ((1, -1), (-1, 1), (1, 1), (-1, -1)):
            corner = np.array([node.x_m + sx * (HALF_M + 2.0), node.y_m + sy * (HALF_M + 2.0)])
            lamps.append(_lamp(b, corner, corner - [sx * 3.4, sy * 3.4], LAMP_HEIGHT_M + 1.5))
    signals = [head for node in network.junctions for head in _signals(b, network, node.name)]
    return Street(b.build(), np.array(lamps).reshape(-1, 3), tuple(signals))


def _gaps(lines: Sequence[float], low: float, high: float) -> list[tuple[float, float]]:
    """What lies between parallel roads."""
    starts = [low, *(line + HALF_M for line in lines)]
    ends = [*(line - HALF_M for line in lines), high]
    return list(zip(starts, ends, strict=True))


def _pavement(
    b: MeshBuilder,
    cell: tuple[float, float, float, float],
    inner: tuple[bool, bool, bool, bool],
) -> None:
    """A block between roads, raised by a kerb, its corners at junctions rounded."""
    x1, y1, x2, y2 = cell
    west, south, east, north = inner
    corners = (
        (x1, y1, 180.0, west and south),
        (x2, y1, 270.0, east and south),
        (x2, y2, 0.0, east and north),
        (x1, y2, 90.0, west and north),
    )
    ring: list[tuple[float, float]] = []
    for x, y, first_deg, rounded in corners:
        if not rounded:
            ring.append((x, y))
            continue
        cx = x + CORNER_M * (1 if x == x1 else -1)
        cy = y + CORNER_M * (1 if y == y1 else -1)
        for turn in np.radians(np.linspace(first_deg, first_deg + 90.0, 9)):
            ring.append((cx + CORNER_M * math.cos(turn), cy + CORNER_M * math.sin(turn)))
    middle = np.array([(x1 + x2) / 2, (y1 + y2) / 2])
    outer = np.array(ring)
    away = outer - middle
    lip = outer - 0.22 * away / np.linalg.norm(away, axis=1, keepdims=True)
    for k in range(len(outer)):
        n = (k + 1) % len(outer)
        a, c = outer[k], outer[n]
        b.quad([(*a, 0.0), (*c, 0.0), (*c, KERB_M), (*a, KERB_M)], Material.KERB)
        b.quad([(*a, KERB_M), (*c, KERB_M), (*lip[n], KERB_M), (*lip[k], KERB_M)], Material.KERB)
        points = np.array([(*lip[k], KERB_M), (*lip[n], KERB_M), (*middle, KERB_M)])
        b.triangles(points, np.tile([0.0, 0.0, 1.0], (3, 1)), np.full(3, int(Material.ASPHALT)))


def _houses(
    b: MeshBuilder, random: np.random.Generator, cell: tuple[float, float, float, float]
) -> None:
    """Rows of houses along all four sides of a block."""
    x1, y1, x2, y2 = cell
    back = PAVEMENT_M + 2.4
    for vertical in (False, True):
        low, high = (y1, y2) if vertical else (x1, x2)
        ends = 22.0 if vertical else back
        for near, sign in (((x1, 1.0) if vertical else (y1, 1.0)),
                           ((x2, -1.0) if vertical else (y2, -1.0))):  # fmt: skip
            at = low + ends
            while at < high - ends - 7.0:
                width = min(float(random.uniform(10, 24)), high - ends - at)
                depth = float(random.uniform(9, 12))
                height = 4.1 + 3.0 * float(random.integers(2, 8))
                front = near + sign * (back + float(random.uniform(0, 1.0)))
                _house(b, random, vertical, (at, width), (front, sign * depth), height)
                at += width + float(random.choice([0.0, 0.0, 3.5]))


def _house(
    b: MeshBuilder, random: np.random.Generator, vertical: bool, along: tuple[float, float],
    across: tuple[float, float], height: float,
) -> None:  # fmt: skip
    def place(u: float, v: float, z: float) -> tuple[float, float, float]:
        return (v, u, z) if vertical else (u, v, z)

    at, width = along
    front, depth = across
    tone = 0.49 * float(random.random())  # the shader reads a house's look from the fraction
    size = place(width, abs(depth), height)
    b.box(place(at + width / 2, front + depth / 2, height / 2), size, Material.WALL)
    b.retouch_last(6, int(Material.WALL) + tone)
    out = -math.copysign(1.0, depth)
    for unit in np.arange(at + 2.0, at + width - 1.0, 3.0):
        for floor in range(1, 3):
            if random.random() < 0.35:
                middle = place(float(unit), front + out * 0.22, 4.6 + 3.0 * floor)
                b.box(middle, place(0.8, 0.4, 0.6), Material.STEEL)
    if random.random() < 0.7:  # an awning over the shops
        middle = place(at + width / 2, front + out * 0.7, 3.15)
        b.box(middle, place(width * 0.8, 1.4, 0.12), Material.WALL)
        b.retouch_last(6, int(Material.WALL) + tone)


def _roadside(
    b: MeshBuilder, random: np.random.Generator, network: Network, start: tuple[float, float],
    end: tuple[float, float], sights: Sequence[Line], lamps: list[tuple[float, float, float]],
) -> None:  # fmt: skip
    """Trees and lamp posts on both sides of one long road."""
    a, z = np.array(start), np.array(end)
    length = float(np.linalg.norm(z - a))
    along = (z - a) / length
    right = np.array([along[1], -along[0]])

    def free(place: npt.NDArray[np.float64], room: float) -> bool:
        junctions = [np.array([node.x_m, node.y_m]) for node in network.junctions]
        if any(float(np.abs(place - j).max()) < CLEAR_M for j in junctions):
            return False
        return all(_distance(place, sight) > room for sight in sights)

    for sign in (-1.0, 1.0):
        for d in np.arange(6.0, length, 9.0):
            place = a + along * (d + random.uniform(-1.0, 1.0)) + right * sign * (HALF_M + 3.3)
            height, seed = random.uniform(4.8, 6.8), int(random.integers(1 << 30))
            if free(place, 4.5):
                _tree(b, np.random.default_rng(seed), place, float(height))
        for d in np.arange(10.0 + 14.0 * (sign > 0), length, 28.0):
            place = a + along * d + right * sign * (HALF_M + 0.8)
            if free(place, 1.5):
                lamps.append(_lamp(b, place, place - right * sign * 2.6, LAMP_HEIGHT_M))


def _lamp(
    b: MeshBuilder, foot: npt.NDArray[np.float64], head: npt.NDArray[np.float64], top: float
) -> tuple[float, float, float]:
    """A lamp post; returns where its light comes from."""
    b.capsule((*foot, 0.1), (*foot, top), 0.10, 0.07, Material.STEEL, 10)
    b.capsule((*foot, top), (*head, top + 0.3), 0.05, 0.05, Material.STEEL, 8)
    b.ellipsoid((*head, top + 0.28), (0.35, 0.35, 0.08), Material.WHITE, 10)
    return float(head[0]), float(head[1]), top + 0.15


def _distance(place: npt.NDArray[np.float64], sight: Line) -> float:
    a, b = np.array(sight[0]), np.array(sight[1])
    along = b - a
    share = float(np.clip((place - a) @ along / max(along @ along, 1e-9), 0, 1))
    return float(np.linalg.norm(place - a - along * share))


def _tree(
    b: MeshBuilder, random: np.random.Generator, place: npt.NDArray[np.float64], height: float
) -> None:
    x, y = (float(c) for c in place)
    b.capsule((x, y, 0.1), (x, y, height * 0.62), 0.14, 0.09, Material.BARK, 9)
    for _ in range(11):
        offset = random.normal(0, 0.75, 3)
        middle = (x + offset[0], y + offset[1], height * 0.85 + offset[2] * 0.7)
        b.ellipsoid(middle, random.uniform(0.5, 1.15, 3).tolist(), Material.LEAVES, 12)


def _signals(b: MeshBuilder, network: Network, name: str) -> list[SignalHead]:
    """A mast behind the junction for every approach."""
    node = network.nodes[name]
    heads = []
    for neighbour in network.neighbours(name):
        heading = network.heading(neighbour, name)
        along = np.array([math.cos(heading), math.sin(heading)])
        right = np.array([along[1], -along[0]])
        foot = np.array([node.x_m, node.y_m]) + along * (HALF_M + CORNER_M + 0.3)
        foot = foot + right * (HALF_M + 0.6)
        head = foot - right * 3.4
        b.capsule((*foot, 0.1), (*foot, 5.6), 0.11, 0.09, Material.STEEL, 10)
        b.capsule((*foot, 5.5), (*head, 5.7), 0.06, 0.05, Material.STEEL, 8)
        vertical = abs(along[0]) < 0.5
        size = (0.42, 0.26, 1.15) if vertical else (0.26, 0.42, 1.15)
        b.box((*head, 5.2), size, Material.TROUSERS)
        face = head - along * 0.15
        heads.append(SignalHead(name, heading, (float(face[0]), float(face[1]), 5.2)))
    return heads
