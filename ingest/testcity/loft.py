"""What all bodies on four wheels share: mirrored cross-sections, closed ends, axles."""

from __future__ import annotations

import numpy as np

from yanji.ingest.testcity.mesh import FloatArray, Material, MeshBuilder

_MIRROR = np.array([1.0, -1.0, 1.0])


def mirrored(half: list[FloatArray]) -> FloatArray:
    """Stack half cross-sections (each (S, 3)) and their mirror images: (S, P, 3)."""
    return np.stack(half + [line * _MIRROR for line in half[::-1][1:]], axis=1)


def end_cap(ring: FloatArray, columns: int, bulge: float = 0.0) -> FloatArray:
    """Close the end of a loft: points between a half ring (P, 3) and its mirror image."""
    parts = [
        ring * [1, s, 1] + np.array([bulge * (1 - s * s), 0, 0])
        for s in np.linspace(1, -1, columns)
    ]
    return np.stack(parts, axis=1)


def axles(
    b: MeshBuilder,
    axles_x: tuple[float, ...],
    width: float,
    radius: float,
    tyre: float,
    floor_z: float,
) -> None:
    """Add wheels that stand 2 cm proud of the body, in front of dark arches."""
    for x in axles_x:
        for side in (-1.0, 1.0):
            b.disc(
                (x, side * (width / 2 + 0.006), radius),
                radius * 1.18,
                Material.TROUSERS,
                side,
                floor_z=floor_z,
            )
            b.wheel(x, side * (width / 2 - tyre / 2 + 0.02), radius, tyre, Material.METAL)
