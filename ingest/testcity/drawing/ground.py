"""Paints what lies on the ground: asphalt with its wear, markings, pavements. Seen from above.

One square of the city becomes one texture. Row 0 is the southern edge and column 0 the western
one, so that texture coordinates are city axes scaled.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.network import (
    BIKE_LANE_M,
    CAR_LANE_M,
    CORNER_M,
    HALF_M,
    STOP_M,
    ZEBRA_M,
    Network,
    Node,
)

Picture = npt.NDArray[np.uint8]
Mask = npt.NDArray[np.float32]

PAVEMENT_M: Final = 5.0
_WHITE: Final = (206, 203, 196)
_YELLOW: Final = (200, 160, 60)
_SHIFT: Final = 4
"""Binary places of OpenCV's sub-pixel coordinates."""


@dataclass(frozen=True, slots=True)
class Patch:
    """A square of the ground and how finely it is painted."""

    x_m: float
    """Western edge."""
    y_m: float
    """Southern edge."""
    size_m: float
    px_per_m: float

    @property
    def side_px(self) -> int:
        """Rows and columns of the texture."""
        return round(self.size_m * self.px_per_m)

    def polygon(self, points: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """City points (N, 2) -> OpenCV sub-pixel coordinates."""
        origin = np.array([self.x_m, self.y_m])
        px = (np.asarray(points, dtype=float) - origin) * self.px_per_m - 0.5
        return np.asarray(np.rint(px * (1 << _SHIFT)), np.int32)

    def touches(self, x_m: float, y_m: float, reach_m: float) -> bool:
        """Whether a place lies in the patch or within `reach_m` of it."""
        return (
            self.x_m - reach_m < x_m < self.x_m + self.size_m + reach_m
            and self.y_m - reach_m < y_m < self.y_m + self.size_m + reach_m
        )


def paint_ground(network: Network, patch: Patch, seed: int) -> Picture:
    """Paint one patch: (side, side, 3) uint8 sRGB; the same for the same arguments."""
    random = np.random.default_rng((seed, 4, round(patch.px_per_m)))
    side = patch.side_px
    road = _road_mask(network, patch)
    ground = _pavement(network, patch, random)
    asphalt = _asphalt(network, patch, random)
    ground = ground + (asphalt - ground) * road[..., None]
    worn = 0.72 + 0.28 * _noise(random, side, patch, 0.35)
    worn = np.clip(worn * (0.8 + 0.3 * _noise(random, side, patch, 2.5)), 0, 1)
    for colour, mask in ((_WHITE, _white(network, patch)), (_YELLOW, _yellow(network, patch))):
        share = (mask * worn)[..., None] * 0.92
        ground = np.asarray(ground + (np.asarray(colour, np.float32) - ground) * share, np.float32)
    _dirt(network, patch, ground, random)
    return np.asarray(np.clip(ground + 0.5, 0, 255), np.uint8)


def _noise(random: np.random.Generator, side: int, patch: Patch, cell_m: float) -> Mask:
    """Smooth noise 0..1, (side, side), with features of about `cell_m`."""
    cells = max(2, min(side, math.ceil(patch.size_m / cell_m)))
    small = random.random((cells, cells), dtype=np.float32)
    return np.asarray(cv2.resize(small, (side, side), interpolation=cv2.INTER_CUBIC), np.float32)


def _fill(mask: npt.NDArray[np.uint8], patch: Patch, points: npt.ArrayLike, value: int) -> None:
    cv2.fillPoly(mask, [patch.polygon(points)], value, cv2.LINE_AA, _SHIFT)


def _strip(
    a: npt.NDArray[np.float64], along: npt.NDArray[np.float64], d: tuple[float, float],
    across: tuple[float, float],
) -> npt.NDArray[np.float64]:  # fmt: skip
    """Corners of a rectangle: from `d[0]` to `d[1]` along, `across[0]` to `[1]` to the right."""
    right = np.array([along[1], -along[0]])
    return np.array(
        [
            a + along * d[0] + right * across[0],
            a + along * d[1] + right * across[0],
            a + along * d[1] + right * across[1],
            a + along * d[0] + right * across[1],
        ]
    )


def _road_mask(network: Network, patch: Patch) -> Mask:
    mask = np.zeros((patch.side_px, patch.side_px), np.uint8)
    for start, along, length in _roads(network):
        _fill(mask, patch, _strip(start, along, (0, length), (-HALF_M, HALF_M)), 255)
    for node in network.junctions:
        for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
            _fill(mask, patch, corner_fillet(node, sx, sy), 255)
    return np.asarray(mask / np.float32(255), np.float32)


def corner_fillet(node: Node, sx: int, sy: int) -> npt.NDArray[np.float64]:
    """Outline of the asphalt between two roads and the rounded kerb of a corner."""
    outer = HALF_M + CORNER_M
    turn = np.linspace(0, np.pi / 2, 13)
    arc = outer - CORNER_M * np.stack([np.sin(turn), np.cos(turn)], axis=1)
    points = np.concatenate([[[0.0, 0.0], [outer, 0.0]], arc, [[0.0, outer]]])
    return points * [sx, sy] + [node.x_m, node.y_m]


def _roads(
    network: Network,
) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]]:
    """Start, unit vector and length of every road, in both directions of travel."""
    found = []
    for road in network.roads:
        a, b = network.nodes[road.start], network.nodes[road.end]
        start, end = np.array([a.x_m, a.y_m]), np.array([b.x_m, b.y_m])
        along = (end - start) / road.length_m
        length = road.length_m + (60.0 if b.gate else 0.0)  # roads go on beyond the city
        found.append((start, along, length))
    return found


def _ends(network: Network) -> list[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], float]]:
    """Every road once from each junction that it touches: junction, outward vector, usable metres.

    `usable` ends half way to the other junction, or at the end of the road.
    """
    found = []
    for road in network.roads:
        a, b = network.nodes[road.start], network.nodes[road.end]
        start, end = np.array([a.x_m, a.y_m]), np.array([b.x_m, b.y_m])
        along = (end - start) / road.length_m
        if not a.gate:
            usable = road.length_m + 60.0 if b.gate else road.length_m / 2
            found.append((start, along, usable))
        if not b.gate:
            found.append((end, -along, road.length_m / 2))
    return found


def _white(network: Network, patch: Patch) -> Mask:
    mask = np.zeros((patch.side_px, patch.side_px), np.uint8)
    for at, out, usable in _ends(network):
        if not patch.touches(at[0], at[1], usable):
            continue
        for across in np.arange(-HALF_M + 0.5, HALF_M - 0.4, 1.0):
            _fill(mask, patch, _strip(at, out, ZEBRA_M, (across, across + 0.5)), 255)
        # Traffic towards the junction keeps to the right, which is left when looking outwards.
        stop = (STOP_M, STOP_M + 0.4)
        _fill(mask, patch, _strip(at, out, stop, (-6.2, -0.3)), 255)
        solid = STOP_M + 18.0
        for sign in (-1.0, 1.0):
            edge = sign * 3.9
            line = (edge - 0.075, edge + 0.075)
            _fill(mask, patch, _strip(at, out, (STOP_M, min(solid, usable)), line), 255)
            for d in np.arange(solid, usable - 2.0, 6.0):
                _fill(mask, patch, _strip(at, out, (d, d + 2.4), line), 255)
            bay = sign * 6.3
            for d in np.arange(STOP_M + 6.0, usable - 6.0, 6.0):
                _fill(mask, patch, _strip(at, out, (d, d + 4.6), (bay - 0.05, bay + 0.05)), 235)
                side = tuple(sorted((bay, sign * (HALF_M - 0.3))))
                _fill(mask, patch, _strip(at, out, (d - 0.75, d - 0.65), (side[0], side[1])), 235)
        _arrow(mask, patch, at, out)
    return np.asarray(mask / np.float32(255), np.float32)


def _arrow(
    mask: npt.NDArray[np.uint8], patch: Patch, at: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:  # fmt: skip
    """A straight-on arrow in the lane that leads to the junction."""
    right = np.array([out[1], -out[0]])
    foot = at + out * (STOP_M + 8.0) - right * CAR_LANE_M
    shape = np.array(
        [(0, -0.1), (-2.6, -0.1), (-2.6, -0.4), (-4.4, 0), (-2.6, 0.4), (-2.6, 0.1), (0, 0.1)]
    )
    _fill(mask, patch, foot + shape[:, :1] * out + shape[:, 1:] * right, 255)


def _yellow(network: Network, patch: Patch) -> Mask:
    mask = np.zeros((patch.side_px, patch.side_px), np.uint8)
    for at, out, usable in _ends(network):
        if patch.touches(at[0], at[1], usable):
            for side in (-0.2, 0.08):
                _fill(
                    mask, patch, _strip(at, out, (STOP_M, usable + 0.5), (side, side + 0.12)), 255
                )
    return np.asarray(mask / np.float32(255), np.float32)


def _asphalt(network: Network, patch: Patch, random: np.random.Generator) -> Mask:
    """Grey with grain, patches, wheel tracks, cracks: (side, side, 3)."""
    side = patch.side_px
    grey = 92.0 + 10.0 * (_noise(random, side, patch, 7.0) - 0.5)
    grey += 7.0 * (_noise(random, side, patch, 0.9) - 0.5)
    grain = random.normal(0, 1, (side, side)).astype(np.float32)
    grey += 3.2 * cv2.GaussianBlur(grain, (0, 0), 0.8)
    tracks = np.zeros((side, side), np.uint8)
    repairs = np.zeros((side, side), np.uint8)
    cracks = np.zeros((side, side), np.uint8)
    for start, along, length in _roads(network):
        for lane in (CAR_LANE_M, -CAR_LANE_M):
            for wheel in (-0.75, 0.75):
                edge = (lane + wheel - 0.3, lane + wheel + 0.3)
                _fill(tracks, patch, _strip(start, along, (0, length), edge), 255)
        for _ in range(round(length / 14)):
            d, across = random.uniform(0, length), random.uniform(-HALF_M + 0.5, HALF_M - 2.5)
            size = random.uniform((1.0, 0.8), (5.0, 2.2))
            shape = _strip(start, along, (d, d + size[0]), (across, across + size[1]))
            _fill(repairs, patch, shape, int(random.integers(90, 255)))
        for _ in range(round(length / 9)):
            at = start + along * random.uniform(0, length)
            at = at + np.array([along[1], -along[0]]) * random.uniform(-HALF_M, HALF_M)
            steps = np.cumsum(random.normal(0, 0.5, (12, 2)) + random.normal(0, 0.35, 2), axis=0)
            line = patch.polygon(at + steps)
            cv2.polylines(cracks, [line], False, 255, 1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(tracks, (0, 0), max(0.25 * patch.px_per_m, 0.5)).astype(np.float32)
    grey -= 9.0 * soft / 255
    grey -= 12.0 * np.asarray(repairs, np.float32) / 255
    if patch.px_per_m >= 16:
        grey -= 26.0 * np.asarray(cracks, np.float32) / 255
    return np.asarray(grey[..., None] * np.array([0.985, 1.0, 1.01], np.float32), np.float32)


def _pavement(network: Network, patch: Patch, random: np.random.Generator) -> Mask:
    """Paving slabs, a tactile line along the kerb, concrete and lawn behind: (side, side, 3)."""
    side = patch.side_px
    tone = (0.9 + 0.16 * _noise(random, side, patch, 3.0))[..., None]
    base = np.array([158, 151, 143], np.float32) * tone
    slabs = max(2, round(patch.size_m / 0.6))
    each = random.random((slabs, slabs), dtype=np.float32)
    shade = cv2.resize(each, (side, side), interpolation=cv2.INTER_NEAREST)
    base *= (0.94 + 0.1 * shade)[..., None]
    if patch.px_per_m >= 16:
        step = patch.px_per_m * 0.6
        lines = np.rint(np.arange(0, side, step)).astype(int)
        base[lines[lines < side]] *= 0.84
        base[:, lines[lines < side]] *= 0.84
    tactile = np.zeros((side, side), np.uint8)
    lawn = np.zeros((side, side), np.uint8)
    slab = np.zeros((side, side), np.uint8)
    for start, along, length in _roads(network):
        for sign in (-1.0, 1.0):
            near = sign * (HALF_M + 1.9)
            _fill(tactile, patch, _strip(start, along, (0, length), (near, near + sign * 0.4)), 255)
            back = sign * (HALF_M + PAVEMENT_M)
            _fill(slab, patch, _strip(start, along, (0, length), (0.0, back)), 255)
            _fill(lawn, patch, _strip(start, along, (0, length), (back, back + sign * 2.2)), 255)
    green = (
        np.array([74, 92, 48], np.float32)
        * (0.7 + 0.6 * _noise(random, side, patch, 0.25))[..., None]
    )
    base += (green - base) * (np.asarray(lawn & ~slab, np.float32) / 255)[..., None]
    yellow = np.array([176, 146, 70], np.float32) * tone
    base += (yellow - base) * (np.asarray(tactile, np.float32) / 255)[..., None] * 0.9
    return np.asarray(base, np.float32)


def _dirt(network: Network, patch: Patch, ground: Mask, random: np.random.Generator) -> None:
    """Manholes, and oil where vehicles wait; in place."""
    side = patch.side_px
    dark = np.zeros((side, side), np.uint8)
    for start, along, length in _roads(network):
        right = np.array([along[1], -along[0]])
        for d in np.arange(random.uniform(0, 20), length, 27.0):
            at = start + along * d + right * random.choice([-BIKE_LANE_M, 1.2, -1.2, BIKE_LANE_M])
            centre = patch.polygon([at])[0]
            radius = round(0.36 * patch.px_per_m * (1 << _SHIFT))
            cv2.circle(dark, tuple(int(c) for c in centre), radius, 110, -1, cv2.LINE_AA, _SHIFT)
    for at, out, _ in _ends(network):
        right = np.array([out[1], -out[0]])
        for _ in range(5):
            spot = at + out * random.uniform(STOP_M + 1, STOP_M + 12)
            spot = spot - right * (CAR_LANE_M + random.normal(0, 0.3))
            centre = patch.polygon([spot])[0]
            radius = round(random.uniform(0.15, 0.5) * patch.px_per_m * (1 << _SHIFT))
            cv2.circle(dark, tuple(int(c) for c in centre), radius, 60, -1, cv2.LINE_AA, _SHIFT)
    soft = cv2.GaussianBlur(dark, (0, 0), max(0.05 * patch.px_per_m, 0.5))
    ground *= (1 - np.asarray(soft, np.float32) / 255)[..., None]
