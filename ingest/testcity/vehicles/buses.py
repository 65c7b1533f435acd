"""The city bus; its doors are on the right."""

from __future__ import annotations

from typing import Final

import numpy as np

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.hull import PROUD_M, End, Hull, arch_trim, panel, wall
from yanji.ingest.testcity.vehicles.parts import Parts

LENGTH: Final = 10.5
WIDTH: Final = 2.5
HEIGHT: Final = 3.15
_TOP: Final = 2.98
_FRONT: Final = LENGTH / 2
_AXLES: Final = (_FRONT - 2.45, -_FRONT + 2.75)
_WHEEL: Final = 0.48
_SILL: Final = 0.30


def bus(detail: int) -> Mesh:
    """Build a city bus."""
    b = Parts(detail)
    half = WIDTH / 2
    nose = ((_SILL, _FRONT - 0.04), (0.6, _FRONT), (1.05, _FRONT - 0.005), (_TOP, _FRONT - 0.16))
    tail = ((_SILL, -_FRONT + 0.05), (0.6, -_FRONT), (_TOP, -_FRONT + 0.06))
    hull = Hull(
        End(nose, (0.22, 0.30), 0.08), End(tail, (0.14, 0.16), 0.03),
        ((_SILL, half - 0.02), (0.5, half), (1.3, half), (_TOP - 0.3, half - 0.02),
         (_TOP, half - 0.06)),
        ((-_FRONT, _TOP), (_FRONT, _TOP)), ((-_FRONT, _SILL + 0.1), (-_FRONT + 0.6, _SILL),
         (_FRONT, _SILL)),
        tuple((x, _WHEEL, _WHEEL * 1.14) for x in _AXLES), 0.06,
    )  # fmt: skip
    wall(b, hull)
    _faces(b, hull)
    _sides(b, hull)
    b.soft_block((-1.2, 0, HEIGHT - 0.08), (3.0, 1.7, 0.16), 0.05, Material.WHITE)
    b.soft_block((2.9, 0, HEIGHT - 0.08), (1.5, 1.5, 0.14), 0.05, Material.WHITE, 1)
    b.pair((_FRONT + 0.10, half - 0.02, 2.15), (0.16, 0.18, 0.46), Material.PLASTIC)
    b.pair((_FRONT + 0.02, half - 0.04, 2.46), (0.24, 0.05, 0.05), Material.PLASTIC, 1)
    b.block((0, 0, 0.62), (LENGTH - 0.4, 1.80, 0.62), Material.TYRE)
    for x in _AXLES:
        for side in (-1.0, 1.0):
            b.road_wheel(x, side * (half - 0.17), _WHEEL, 0.29, (side,), 0)
    return b.finish()


def _faces(b: Parts, hull: Hull) -> None:
    panel(b, hull, (0.0, 1.75), (1.05, 2.46), Material.GLASS, 2)
    panel(b, hull, (0.0, 1.2), (2.52, 2.84), Material.TYRE, 1)
    panel(b, hull, (0.0, 0.72), (2.58, 2.78), Material.INDICATOR, 0, out=0.012)
    panel(b, hull, (0.0, 0.8), (0.62, 0.72), Material.PLASTIC, 0)
    panel(b, hull, (0.95, 1.75), (0.58, 0.80), Material.HEADLAMP, 2)
    panel(b, hull, (0.0, 2.0), (_SILL + 0.02, _SILL + 0.12), Material.PLASTIC, 0)
    panel(b, hull, (3.9, 5.0), (1.72, 2.62), Material.GLASS, 2)
    panel(b, hull, (3.5, 4.10), (0.92, 1.42), Material.TAILLAMP, 2)
    panel(b, hull, (3.5, 4.10), (1.10, 1.22), Material.INDICATOR, 0, out=0.012)
    panel(b, hull, (4.25, 5.0), (0.62, 1.0), Material.PLASTIC, 0)
    for z in (0.70, 0.78, 0.86, 0.94):
        panel(b, hull, (4.3, 5.0), (z, z + 0.02), Material.METAL, 0, out=0.012)
    panel(b, hull, (3.0, 5.0), (_SILL + 0.12, _SILL + 0.22), Material.PLASTIC, 1)
    b.block((_FRONT + 0.002, 0, 0.52), (0.03, 0.44, 0.14), Material.PLATE)
    b.block((-_FRONT - 0.002, 0, 1.16), (0.03, 0.46, 0.17), Material.PLATE)


def _sides(b: Parts, hull: Hull) -> None:
    front = _FRONT - 0.40
    doors = ((front, front - 1.15), (0.75, -0.60))
    for side in (-1.0, 1.0):
        _strip(b, hull, side, (-_FRONT + 0.45, front), (1.24, 2.46), Material.GLASS, 2)
        _strip(b, hull, side, (-_FRONT + 0.2, front), (0.98, 1.10), Material.ACCENT, 1)
        _strip(b, hull, side, (-_FRONT + 0.2, front), (_SILL + 0.01, 0.42), Material.PLASTIC, 1)
        for x in np.arange(-_FRONT + 1.75, front - 0.4, 1.42):
            _strip(b, hull, side, (x - 0.035, x + 0.035), (1.24, 2.46), Material.TYRE, 1, 0.01)
            _strip(b, hull, side, (x + 0.05, x + 1.3), (2.14, 2.16), Material.TYRE, 0, 0.01)
            _strip(b, hull, side, (x - 0.006, x + 0.006), (0.44, 0.97), Material.TYRE, 0, 0.008)
    for start, end in doors:
        _strip(b, hull, -1.0, (end, start), (0.40, 2.50), Material.PLASTIC, 1, 0.014)
        middle = (start + end) / 2
        for left, right in ((end + 0.06, middle - 0.03), (middle + 0.03, start - 0.06)):
            _strip(b, hull, -1.0, (left, right), (0.52, 2.42), Material.GLASS, 1, 0.02)
    arch_trim(b, hull, 0.03, Material.TYRE, 0)


def _strip(
    b: Parts,
    hull: Hull,
    side: float,
    x: tuple[float, float],
    heights: tuple[float, float],
    material: Material,
    upto: int,
    out: float = PROUD_M,
) -> None:
    """Lay a rectangle on one side only."""
    if b.detail > upto:
        return
    z = np.linspace(*heights, 3 if b.detail == 0 else 2)[:, None] * np.ones(2)
    walk = np.tile(hull.station(np.asarray(x)), (len(z), 1))
    b.surface(hull.place(walk, z, out) * [1, side, 1], material)
