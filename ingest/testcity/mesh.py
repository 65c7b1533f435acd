"""Triangle meshes made in code: the few solids from which vehicles and streets are put together.

Axes: x forward, y left, z up, metres; a vehicle's origin is on the ground below its middle.
A mesh is float32 (N, 7): position xyz, normal xyz, material number; three rows are one triangle.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import IntEnum

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Mesh = npt.NDArray[np.float32]


class Material(IntEnum):
    """What a triangle is made of; the fragment shader (`shaders.py`) has one branch for each."""

    PAINT = 0
    ACCENT = 1
    GLASS = 2
    TYRE = 3
    METAL = 4
    HEADLAMP = 5
    TAILLAMP = 6
    INDICATOR = 7
    PLATE = 8
    PLASTIC = 9
    SKIN = 10
    JACKET = 11
    TROUSERS = 12
    HELMET = 13
    WHITE = 14
    CARDBOARD = 15
    GLOW = 19
    ASPHALT = 20
    PAVING = 21
    KERB = 22
    WALL = 23
    LEAVES = 24
    BARK = 25
    STEEL = 26


MaterialOf = Callable[[FloatArray], IntArray]
"""Maps triangle-pair centres (K, 3) to material numbers (K,)."""

_QUAD = ((0, 0), (1, 0), (1, 1), (0, 0), (1, 1), (0, 1))
_TINY = 1e-9


def _unit(vectors: FloatArray) -> FloatArray:
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, _TINY))


class MeshBuilder:
    """Collects triangles; `build()` returns them as one mesh.

    Normals may point to either side: the shader turns them towards the eye.
    """

    def __init__(self) -> None:
        self._parts: list[Mesh] = []

    def build(self) -> Mesh:
        """Return everything added so far, (N, 7) float32."""
        return np.concatenate(self._parts).astype(np.float32)

    def retouch_last(self, num_quads: int, material: float) -> None:
        """Give the last `num_quads` rectangles another material; a fraction below 0.5 may carry a
        variant for the shader.
        """
        for part in self._parts[len(self._parts) - num_quads :]:
            part[:, 6] = material

    def triangles(
        self, points_N3: FloatArray, normals_N3: FloatArray, materials_N: IntArray
    ) -> None:
        """Add triangles, three rows each."""
        rows = np.concatenate([points_N3, normals_N3, materials_N.reshape(-1, 1)], axis=1)
        self._parts.append(rows.astype(np.float32))

    def surface(
        self,
        points_AB3: FloatArray,
        material: Material | MaterialOf,
        normals_AB3: FloatArray | None = None,
    ) -> None:
        """Add a grid of A x B points as a smooth surface."""
        if normals_AB3 is None:
            along, across = np.gradient(points_AB3, axis=0), np.gradient(points_AB3, axis=1)
            normals_AB3 = _unit(np.cross(along, across))
        rows, columns = points_AB3.shape[0] - 1, points_AB3.shape[1] - 1
        i, j = (index.ravel() for index in np.meshgrid(range(rows), range(columns), indexing="ij"))
        corners = np.stack([points_AB3[i + di, j + dj] for di, dj in _QUAD], axis=1)
        normals = np.stack([normals_AB3[i + di, j + dj] for di, dj in _QUAD], axis=1)
        if isinstance(material, Material):
            numbers = np.full(len(i), int(material))
        else:
            numbers = material(corners[:, [0, 1, 2, 5]].mean(axis=1))
        self.triangles(corners.reshape(-1, 3), normals.reshape(-1, 3), np.repeat(numbers, 6))

    def quad(self, corners_43: Sequence[Sequence[float]], material: Material) -> None:
        """Add a flat rectangle from four corners in order."""
        points = np.asarray(corners_43, dtype=float)
        normal = _unit(np.cross(points[1] - points[0], points[3] - points[0]))
        order = [0, 1, 2, 0, 2, 3]
        self.triangles(points[order], np.tile(normal, (6, 1)), np.full(6, int(material)))

    def box(
        self, centre: Sequence[float], size: Sequence[float], material: Material, taper: float = 1.0
    ) -> None:
        """Add a sharp cuboid; `taper` scales its top face (1: none)."""
        half = np.asarray(size, dtype=float) / 2
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            for sign in (-1.0, 1.0):
                corners = np.zeros((4, 3))
                corners[:, axis] = sign * half[axis]
                corners[:, u] = np.array([-1, 1, 1, -1]) * half[u]
                corners[:, v] = np.array([-1, -1, 1, 1]) * half[v]
                corners[corners[:, 2] > 0, :2] *= taper
                self.quad((corners + np.asarray(centre, dtype=float)).tolist(), material)

    def rounded_box(
        self,
        centre: Sequence[float],
        size: Sequence[float],
        radius: float,
        material: Material | MaterialOf,
        cell_m: float = 9.0,
    ) -> None:
        """Add a cuboid with edges rounded by `radius`, its flat parts cut in cells of `cell_m`.

        Every surface point is the nearest point of the inner cuboid (shrunk by the radius) moved
        outwards by the radius: the usual rounded-box construction.
        """
        half = np.asarray(size, dtype=float) / 2
        inner = np.maximum(half - radius, 0.0)
        middle = np.asarray(centre, dtype=float)
        for axis in range(3):
            u, v = (axis + 1) % 3, (axis + 2) % 3
            steps_u, steps_v = (_face_steps(half[k], inner[k], cell_m) for k in (u, v))
            for sign in (-1.0, 1.0):
                face = np.zeros((len(steps_u), len(steps_v), 3))
                face[..., axis] = sign * half[axis]
                face[..., u], face[..., v] = np.meshgrid(steps_u, steps_v, indexing="ij")
                core = np.clip(face, -inner, inner)
                normals = _unit(face - core)
                self.surface(core + radius * normals + middle, material, normals)

    def capsule(
        self,
        start: Sequence[float],
        end: Sequence[float],
        start_radius: float,
        end_radius: float,
        material: Material,
        sides: int = 10,
    ) -> None:
        """Add a rod with round ends."""
        a, b = np.asarray(start, dtype=float), np.asarray(end, dtype=float)
        direction = _unit(b - a)
        other = np.array([0.0, 0.0, 1.0]) if abs(direction[2]) < 0.9 else np.array([1.0, 0.0, 0.0])
        u = _unit(np.cross(direction, other))
        turn = np.linspace(0, 2 * np.pi, sides + 1)[:, None]
        circle = np.cos(turn) * u + np.sin(turn) * np.cross(direction, u)
        rings = []
        for angle in np.linspace(-np.pi / 2, 0, 4):
            rings.append(
                (a + direction * start_radius * np.sin(angle), start_radius * np.cos(angle))
            )
        for angle in np.linspace(0, np.pi / 2, 4):
            rings.append((b + direction * end_radius * np.sin(angle), end_radius * np.cos(angle)))
        self.surface(np.stack([c + (r + 1e-4) * circle for c, r in rings]), material)

    def ellipsoid(
        self, centre: Sequence[float], radii: Sequence[float], material: Material, sides: int = 14
    ) -> None:
        """Add an ellipsoid with half axes `radii`."""
        turn = np.linspace(0, 2 * np.pi, sides + 1)
        rise = np.linspace(-np.pi / 2, np.pi / 2, sides // 2 + 1)[:, None]
        ball = np.stack(
            [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise) + 0 * turn], 2
        )
        half = np.asarray(radii, dtype=float)
        self.surface(ball * half + np.asarray(centre, dtype=float), material, _unit(ball / half))

    def disc(
        self,
        centre: Sequence[float],
        radius: float,
        material: Material,
        side: float,
        hole: float = 0.0,
        floor_z: float = -9.0,
    ) -> None:
        """Add a disc (with a hole) facing y = `side`; points below `floor_z` are lifted to it."""
        turn = np.linspace(0, 2 * np.pi, 25)
        rim = np.stack([np.cos(turn), 0 * turn, np.sin(turn)], axis=1)
        points = np.stack([hole * rim, radius * rim]) + np.asarray(centre, dtype=float)
        points[..., 2] = np.maximum(points[..., 2], floor_z)
        self.surface(points, material, np.tile(np.array([0.0, side, 0.0]), (2, len(turn), 1)))

    def wheel(
        self, x: float, y: float, radius: float, width: float, rim: Material, spokes: int = 5
    ) -> None:
        """Add a road wheel that stands on the ground: tyre, dark dish, rim, hub and spokes."""
        turn = np.linspace(0, 2 * np.pi, 29)
        profile = ((0.70, -0.5), (0.95, -0.5), (1.0, -0.28), (1.0, 0.28), (0.95, 0.5), (0.70, 0.5))
        tyre = [
            np.stack(
                [
                    x + radius * k * np.cos(turn),
                    y + width * w + 0 * turn,
                    radius + radius * k * np.sin(turn),
                ],
                axis=1,
            )
            for k, w in profile
        ]
        self.surface(np.stack(tyre), Material.TYRE)
        for side in (-1.0, 1.0):
            face = y + side * (width / 2 - 0.012)
            self.disc((x, face, radius), radius * 0.72, Material.TROUSERS, side)
            self.disc(
                (x, face + side * 0.004, radius), radius * 0.71, rim, side, hole=radius * 0.57
            )
            self.disc((x, face + side * 0.006, radius), radius * 0.16, rim, side)
            for angle in np.arange(spokes) * 2 * np.pi / max(spokes, 1):
                out = np.array([np.cos(angle), 0.0, np.sin(angle)])
                aside = np.array([-np.sin(angle), 0.0, np.cos(angle)]) * radius * 0.09
                hub = np.array([x, face + side * 0.005, radius])
                ends = (0.1 * radius * out, 0.62 * radius * out)
                corners = [hub + ends[0] - aside, hub + ends[1] - aside]
                corners += [hub + ends[1] + aside, hub + ends[0] + aside]
                self.quad([corner.tolist() for corner in corners], rim)


def _face_steps(half: float, inner: float, cell_m: float) -> FloatArray:
    """Grid lines across one side of a rounded box: dense where it bends."""
    cells = max(1, round(2 * inner / cell_m))
    bend = half - inner
    edge = inner + bend * np.array([0.35, 0.7, 1.0])
    return np.unique(np.concatenate([-edge, np.linspace(-inner, inner, cells + 1), edge]))
