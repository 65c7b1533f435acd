"""Solids for vehicles at three levels of detail: tubes, blocks and wheels.

Detail 0 is seen from near, 1 from the middle distance, 2 far away and in shadows. A part names
with `upto` the coarsest level in which it still appears.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from yanji.ingest.testcity.mesh import FloatArray, Material, Mesh, MeshBuilder

Point = Sequence[float]

_SIDES: Final = (10, 5, 3)
_WHEEL_SEGMENTS: Final = (24, 13, 6)
_TYRE: Final = (
    ((0.70, -0.5), (0.95, -0.5), (1.0, -0.28), (1.0, 0.28), (0.95, 0.5), (0.70, 0.5)),
    ((0.70, -0.5), (1.0, -0.42), (1.0, 0.42), (0.70, 0.5)),
    ((0.99, -0.45), (0.99, 0.45)),
)
_TINY: Final = 1e-9


def unit(vectors: FloatArray) -> FloatArray:
    """Scale vectors (..., 3) to length one."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _TINY))


class Parts(MeshBuilder):
    """A mesh in the making at one level of detail (0, 1 or 2)."""

    def __init__(self, detail: int) -> None:
        super().__init__()
        self.detail = detail

    def finish(self) -> Mesh:
        """Return the mesh without triangles of no area."""
        mesh = self.build()
        corners = mesh[:, :3].reshape(-1, 3, 3).astype(float)
        area = np.linalg.norm(
            np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
        )
        return np.ascontiguousarray(mesh[np.repeat(area > 1e-8, 3)])

    def tube(
        self,
        points_N3: Sequence[Point],
        radii_N: Sequence[float | tuple[float, float]],
        material: Material,
        upto: int = 2,
        sides: int = 0,
        round_ends: bool = True,
    ) -> None:
        """Add a tube along a path; a radius is one number or (sideways, upwards)."""
        if self.detail > upto:
            return
        path = np.asarray(points_N3, dtype=float)
        radii = np.array([r if isinstance(r, tuple) else (r, r) for r in radii_N])
        along = unit(np.gradient(path, axis=0))
        path, radii, along = _with_ends(path, radii, along, round_ends, self.detail == 0)
        lateral = np.array([0.0, 1.0, 0.0]) - along * along[:, 1:2]
        steep = np.linalg.norm(lateral, axis=1) < 0.2
        lateral[steep] = np.array([1.0, 0.0, 0.0]) - along[steep] * along[steep, 0:1]
        lateral = unit(lateral)
        upward = np.cross(along, lateral)
        count = sides if sides and self.detail == 0 else _SIDES[self.detail]
        turn = np.arange(-1, count + 2) * 2 * np.pi / count + np.pi / count
        ring = (
            np.cos(turn)[None, :, None] * (radii[:, :1] * lateral)[:, None]
            + np.sin(turn)[None, :, None] * (radii[:, 1:] * upward)[:, None]
        )
        surface = path[:, None] + ring
        normals = unit(np.cross(np.gradient(surface, axis=0), np.gradient(surface, axis=1)))
        inward = (normals * ring).sum(axis=2).mean() < 0
        normals = (-normals if inward else normals)[:, 1:-1]
        normals[0], normals[-1] = -along[0], along[-1]
        self.surface(surface[:, 1:-1], material, normals)

    def rod(
        self,
        start: Point,
        end: Point,
        radius: float,
        material: Material,
        upto: int = 2,
        end_radius: float | None = None,
    ) -> None:
        """Add a straight rod with blunt ends."""
        last = radius if end_radius is None else end_radius
        self.tube((start, end), (radius, last), material, upto, sides=7)

    def ball(self, centre: Point, radii: Point, material: Material, upto: int = 2) -> None:
        """Add an ellipsoid."""
        if self.detail <= upto:
            sides = (12, 7, 4)[self.detail] if max(radii) > 0.08 else (8, 4, 4)[self.detail]
            self.ellipsoid(centre, radii, material, sides)

    def block(
        self,
        centre: Point,
        size: Point,
        material: Material,
        upto: int = 2,
        taper: float = 1.0,
    ) -> None:
        """Add a sharp cuboid."""
        if self.detail <= upto:
            self.box(centre, size, material, taper)

    def pair(self, centre: Point, size: Point, material: Material, upto: int = 2) -> None:
        """Add a cuboid on the left and its mirror image on the right."""
        for side in (-1.0, 1.0):
            self.block((centre[0], side * centre[1], centre[2]), size, material, upto)

    def soft_block(
        self, centre: Point, size: Point, bevel: float, material: Material, upto: int = 2
    ) -> None:
        """Add a cuboid with bevelled edges (sharp in coarser detail)."""
        if self.detail > upto:
            return
        if self.detail > 0:
            self.box(centre, size, material)
            return
        half = np.asarray(size, dtype=float) / 2
        inner = half - bevel
        middle = np.asarray(centre, dtype=float)
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            lines = [np.array([-half[k], -inner[k], inner[k], half[k]]) for k in (u, v)]
            for sign in (-1.0, 1.0):
                face = np.zeros((4, 4, 3))
                face[..., axis] = sign * half[axis]
                face[..., u], face[..., v] = np.meshgrid(*lines, indexing="ij")
                core = np.clip(face, -inner, inner)
                normals = unit(face - core)
                self.surface(core + bevel * normals + middle, material, normals)

    def fan(
        self, centre: Point, radius: float, material: Material, side: float, hole: float = 0.0
    ) -> None:
        """Add a disc (or ring) facing y = `side`."""
        turn = np.linspace(-0.5 * np.pi, 1.5 * np.pi, _WHEEL_SEGMENTS[self.detail] + 1)
        rim = np.stack([np.cos(turn), 0 * turn, np.sin(turn)], axis=1)
        points = np.stack([hole * rim, radius * rim]) + np.asarray(centre, dtype=float)
        self.surface(points, material, np.tile(np.array([0.0, side, 0.0]), (2, len(turn), 1)))

    def road_wheel(
        self,
        x: float,
        y: float,
        radius: float,
        width: float,
        faces: Sequence[float] = (-1.0, 1.0),
        spokes: int = 5,
        rim: Material = Material.METAL,
    ) -> None:
        """Add a wheel that stands on the ground; `faces` are the sides on which it is seen."""
        turn = np.linspace(-0.5 * np.pi, 1.5 * np.pi, _WHEEL_SEGMENTS[self.detail] + 1)
        tyre = [
            np.stack(
                [x + radius * k * np.cos(turn), 0 * turn + y + width * w,
                 radius + radius * k * np.sin(turn)], axis=1,
            )
            for k, w in _TYRE[self.detail]
        ]  # fmt: skip
        self.surface(np.stack(tyre), Material.TYRE)
        for side in faces:
            face = y + side * (width / 2 - 0.012)
            if self.detail == 2:
                self.fan((x, face, radius), radius * 0.96, Material.TYRE, side)
                self.fan((x, face + side * 0.014, radius), radius * 0.55, rim, side)
                continue
            self.fan((x, face, radius), radius * 0.73, Material.TYRE, side)
            self.fan((x, face + side * 0.004, radius), radius * 0.71, rim, side, radius * 0.57)
            self.fan((x, face + side * 0.008, radius), radius * 0.17, rim, side)
            self._spokes(x, face + side * 0.006, radius, spokes, rim)

    def _spokes(self, x: float, y: float, radius: float, count: int, rim: Material) -> None:
        hub = np.array([x, y, radius])
        for angle in np.arange(count) * 2 * np.pi / max(count, 1) + 0.3:
            out = np.array([np.cos(angle), 0.0, np.sin(angle)])
            aside = np.array([-np.sin(angle), 0.0, np.cos(angle)]) * radius
            near, far = hub + 0.1 * radius * out, hub + 0.6 * radius * out
            corners = [near - 0.11 * aside, far - 0.075 * aside]
            corners += [far + 0.075 * aside, near + 0.11 * aside]
            self.quad([corner.tolist() for corner in corners], rim)

    def wire_wheel(self, x: float, radius: float, tyre: float, spokes: int = 12) -> None:
        """Add a bicycle's wheel: round tyre, bright rim, thin spokes."""
        around = np.linspace(-0.5 * np.pi, 1.5 * np.pi, (28, 18, 10)[self.detail] + 1)
        section = np.linspace(0, 2 * np.pi, (6, 4, 3)[self.detail] + 1)
        rings = [
            np.stack(
                [x + (radius - tyre / 2 + tyre / 2 * np.cos(s)) * np.cos(around),
                 0 * around + tyre / 2 * np.sin(s),
                 radius + (radius - tyre / 2 + tyre / 2 * np.cos(s)) * np.sin(around)], axis=1,
            )
            for s in section
        ]  # fmt: skip
        self.surface(np.stack(rings), Material.TYRE)
        if self.detail == 2:
            return
        for side in (-1.0, 1.0):
            self.fan((x, side * tyre * 0.3, radius), radius - tyre * 0.9, Material.METAL, side,
                     hole=radius - tyre * 0.9 - 0.022)  # fmt: skip
        self.rod((x, -0.05, radius), (x, 0.05, radius), 0.035, Material.METAL, 1)
        for angle in np.arange(spokes) * 2 * np.pi / spokes:
            out = np.array([np.cos(angle), 0.0, np.sin(angle)])
            aside = np.array([-np.sin(angle), 0.0, np.cos(angle)]) * 0.004
            hub = np.array([x, 0.0, radius])
            end = hub + (radius - tyre) * out
            corners = [hub - aside, end - aside, end + aside, hub + aside]
            self.quad([corner.tolist() for corner in corners], Material.METAL)


def _with_ends(
    path: FloatArray, radii: FloatArray, along: FloatArray, round_ends: bool, fine: bool
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Close both ends of a tube with a tip and, in fine detail, a ring that rounds it."""
    reach = [radii[k].min() * (0.8 if round_ends else 0.02) for k in (0, -1)]
    steps = [(1.0, 0.01), (0.6, 0.72)] if fine and round_ends else [(1.0, 0.01)]
    head = [(path[0] - along[0] * reach[0] * o, radii[0] * s, along[0]) for o, s in steps]
    tail = [(path[-1] + along[-1] * reach[1] * o, radii[-1] * s, along[-1]) for o, s in steps[::-1]]
    middle = list(zip(path, radii, along, strict=True))
    rows = head + middle + tail
    return (
        np.array([row[0] for row in rows]),
        np.array([row[1] for row in rows]),
        np.array([row[2] for row in rows]),
    )
