"""The still part of a scene: a street with pavements, kerbs, shop houses, trees and lamp posts."""

from __future__ import annotations

from typing import Final

import numpy as np

from yanji.ingest.testcity.mesh import Material, Mesh, MeshBuilder

ROAD_HALF_M: Final = 7.0
"""Half the width between the kerbs: a car lane and a lane for two-wheelers on each side."""
PAVEMENT_M: Final = 6.0
REACH_M: Final = 110.0
"""The street is drawn from -30 m to this far ahead of the camera."""


def street(seed: int) -> Mesh:
    """Build the street as seen from a camera on the right pavement; x = 0 at the camera."""
    random = np.random.default_rng(seed)
    b = MeshBuilder()
    near, far = -30.0, REACH_M
    edge, back = ROAD_HALF_M, ROAD_HALF_M + PAVEMENT_M
    _ground(b, near, far, -edge, edge, 0.0, Material.ASPHALT)
    for side in (-1.0, 1.0):
        b.box(
            ((near + far) / 2, side * (edge + 0.12), 0.075), (far - near, 0.24, 0.15), Material.KERB
        )
        low, high = sorted((side * (edge + 0.24), side * (back + 8)))
        _ground(b, near, far, low, high, 0.15, Material.PAVING)
    _houses(b, random, near, far, back)
    for x in np.arange(near, far, 9.0):
        _tree(b, random, x + random.uniform(-1, 1), edge + 1.5)
    for x in np.arange(near + 4, far, 27.0):
        b.capsule((x, edge + 0.7, 0), (x, edge + 0.7, 8), 0.08, 0.06, Material.STEEL, 8)
        b.capsule((x, edge + 0.7, 8), (x, edge - 1.6, 8.3), 0.05, 0.05, Material.STEEL, 8)
    for x in np.arange(near, far, 2.0):
        b.capsule((x, edge + 0.45, 0.1), (x, edge + 0.45, 0.9), 0.04, 0.04, Material.STEEL, 6)
    return b.build()


def _ground(
    b: MeshBuilder, x1: float, x2: float, y1: float, y2: float, z: float, material: Material
) -> None:
    b.quad([(x1, y1, z), (x2, y1, z), (x2, y2, z), (x1, y2, z)], material)


def _houses(
    b: MeshBuilder, random: np.random.Generator, near: float, far: float, back: float
) -> None:
    x = near
    while x < far:
        width, depth = random.uniform(12, 26), random.uniform(8, 12)
        height = 4.1 + 3.0 * random.integers(3, 7)
        front = back + random.uniform(0.0, 0.8)
        b.box((x + width / 2, front + depth / 2, height / 2), (width, depth, height), Material.WALL)
        for unit in np.arange(x + 2.0, x + width - 1.0, 3.0):
            if random.random() < 0.4:
                z = 5.0 + 3.0 * random.integers(0, 2)
                b.box((unit, front - 0.25, z), (0.8, 0.4, 0.6), Material.STEEL)
        x += width + random.choice([0.0, 0.0, 3.0])


def _tree(b: MeshBuilder, random: np.random.Generator, x: float, y: float) -> None:
    height = random.uniform(4.5, 6.0)
    b.capsule((x, y, 0), (x, y, height * 0.65), 0.14, 0.10, Material.BARK, 8)
    for _ in range(7):
        offset = random.uniform(-0.9, 0.9, 3)
        middle = (x + offset[0], y + offset[1], height * 0.82 + offset[2] * 0.8)
        b.ellipsoid(middle, random.uniform(0.7, 1.3, 3).tolist(), Material.LEAVES, 12)
