"""The glass house above the belt line: roof, pillars, screens and side windows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yanji.ingest.testcity.mesh import FloatArray, Material
from yanji.ingest.testcity.vehicles.hull import PROUD_M, Knots, at, mirrored_surface
from yanji.ingest.testcity.vehicles.parts import Parts, unit


@dataclass(frozen=True, slots=True)
class Cabin:
    """A cabin, metres."""

    profile: Knots
    """Centre line seen from the side (x, z): rear base, roof, front base; x need not be sorted."""
    base_z: float
    half_width: Knots
    """Half width at height z."""
    crown: float = 0.09
    """How far the roof's middle stands above its edges."""
    bow_front: float = 0.10
    """How far the screen's middle stands out before its sides."""
    bow_rear: float = 0.07
    draw_in: float = 0.07
    """Share of the width lost at the very ends."""

    def half_at(self, x: FloatArray, z: FloatArray) -> FloatArray:
        """Return the half width, drawn in towards both ends as the hull below is."""
        ends = [point[0] for point in self.profile]
        middle, reach = (max(ends) + min(ends)) / 2, (max(ends) - min(ends)) / 2
        near = np.clip((np.abs(x - middle) / reach - 0.72) / 0.28, 0, 1)
        return np.asarray(at(self.half_width, z) * (1 - self.draw_in * near**2))

    def line(self, steps: int) -> FloatArray:
        """Return the centre line (steps, 2), corners rounded, evenly spaced by length."""
        points = np.asarray(self.profile, dtype=float)
        for _ in range(2):
            cut = np.empty((2 * len(points), 2))
            cut[0::2][1:], cut[1::2][:-1] = (
                points[1:] * 0.8 + points[:-1] * 0.2,
                points[:-1] * 0.8 + points[1:] * 0.2,
            )
            cut[0], cut[-1] = points[0], points[-1]
            points = np.concatenate([cut[:1], cut[1:-1], cut[-1:]])
        gone = np.r_[0.0, np.cumsum(np.linalg.norm(np.diff(points, axis=0), axis=1))]
        even = np.linspace(0, gone[-1], steps)
        return np.stack([np.interp(even, gone, points[:, k]) for k in (0, 1)], axis=1)

    def skin(self, line_S2: FloatArray, across: FloatArray, out: float = 0.0) -> FloatArray:
        """Return roof points (S, Q, 3); `across` runs from 1 (left edge) to 0 (middle)."""
        x, z = line_S2[:, :1], line_S2[:, 1:]
        share = np.clip((z - self.base_z) / 0.3, 0.0, 1.0)
        edge_z = z - self.crown * share
        ends = [point[0] for point in self.profile]
        middle = (max(ends) + min(ends)) / 2
        bow = np.where(x > middle, self.bow_front, -self.bow_rear)
        top = max(point[1] for point in self.profile)
        bow = bow * np.clip((top - z) / 0.25, 0.25, 1.0)
        outline = np.abs(across) ** 2.4
        return np.stack(
            np.broadcast_arrays(
                x - bow * across**2,
                (self.half_at(x, edge_z) + out) * across,
                edge_z + (z - edge_z) * (1 - outline) + out,
            ),
            axis=-1,
        )


def shell(b: Parts, cabin: Cabin, material: Material = Material.PAINT) -> None:
    """Add roof, pillars and screens as one painted surface."""
    line = cabin.line((26, 12, 6)[b.detail])
    across = np.array([1.0, 0.94, 0.8, 0.45, 0.0]) if b.detail < 2 else np.array([1.0, 0.0])
    roof = cabin.skin(line, across)
    edge = roof[:, :1]
    foot = edge.copy()
    foot[..., 2] = cabin.base_z - 0.05
    rows = [foot + (edge - foot) * share for share in ((0.0, 0.5) if b.detail < 2 else (0.0,))]
    for row in rows:
        row[..., 1] = cabin.half_at(row[..., 0], row[..., 2])
    points = np.concatenate([*rows, roof], axis=1)
    normals = unit(np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1)))
    normals[:, -1, 1] = 0.0
    weak = np.linalg.norm(normals, axis=2) < 0.5
    normals[weak] = [0.0, 1.0, 0.0]
    mirrored_surface(b, points, material, unit(normals))


def screen(
    b: Parts,
    cabin: Cabin,
    heights: tuple[float, float],
    front: bool,
    across: float = 0.92,
    material: Material = Material.GLASS,
    upto: int = 2,
) -> None:
    """Lay glass on the front or rear slope of the centre line between two heights."""
    if b.detail > upto:
        return
    line = cabin.line(160)
    top = int(np.argmax(line[:, 1]))
    slope = line[top:] if front else line[: top + 1][::-1]
    order = np.argsort(slope[:, 1])
    z = np.linspace(*heights, (6, 4, 2)[b.detail])
    x = np.interp(z, slope[order, 1], slope[order, 0])
    part = np.stack([x, z], axis=1)
    columns = np.array([across, 0.8, 0.45, 0.0] if b.detail < 2 else [across, 0.0])
    points = cabin.skin(part, columns, 0.008)
    points[..., 0] += PROUD_M * 2.5 if front else -PROUD_M * 2.5
    normals = unit(np.cross(np.gradient(points, axis=0), np.gradient(points, axis=1)))
    normals[:, -1, 1] = 0.0
    mirrored_surface(b, points, material, unit(normals))


def window(
    b: Parts,
    cabin: Cabin,
    x: tuple[float, float],
    heights: tuple[float, float],
    material: Material = Material.GLASS,
    frame: float = 0.05,
    upto: int = 2,
    lean: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Lay a side window between two x (rear, front), cut off `frame` below the roof's edge.

    `lean` moves the upper corners (rear, front) along x.
    """
    if b.detail > upto:
        return
    line = cabin.line(160)
    edge = cabin.skin(line, np.array([1.0]))[:, 0]
    order = np.argsort(edge[:, 0])
    columns = np.linspace(x[0], x[1], (7, 4, 2)[b.detail])
    limit = np.interp(columns, edge[order, 0], edge[order, 2]) - frame
    high = np.minimum(np.maximum(limit, heights[0] + 0.004), heights[1])
    rise = np.linspace(0, 1, 3 if b.detail == 0 else 2)[:, None]
    z = heights[0] + (high - heights[0]) * rise
    skew = np.linspace(lean[0], lean[1], len(columns)) * rise
    y = cabin.half_at(columns + skew, z) + PROUD_M
    points = np.stack(np.broadcast_arrays(columns + skew, y, z), axis=-1)
    mirrored_surface(b, points, material)
