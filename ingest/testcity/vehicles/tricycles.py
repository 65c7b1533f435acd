"""The cargo e-tricycle: a scooter's front, an open bed between two rear wheels."""

from __future__ import annotations

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.parts import Parts
from yanji.ingest.testcity.vehicles.rider import Posture, rider


def tricycle(detail: int) -> Mesh:
    """Build a cargo e-tricycle with its driver and an empty bed."""
    b = Parts(detail)
    _front(b)
    _bed(b)
    rider(b, Posture((0.12, 0.84), (0.68, 1.05), (0.56, 0.40), (0.56, 0.40), 0.08, 0.31,
                     helmet=False))  # fmt: skip
    return b.finish()


def _front(b: Parts) -> None:
    b.road_wheel(1.02, 0, 0.27, 0.12, spokes=6)
    b.tube(
        ((0.80, 0, 0.46), (0.90, 0, 0.53), (1.06, 0, 0.55), (1.22, 0, 0.45)),
        ((0.06, 0.02), (0.085, 0.03), (0.085, 0.03), (0.06, 0.015)),
        Material.PAINT,
    )
    for side in (-1.0, 1.0):
        b.rod((1.02, side * 0.09, 0.27), (0.84, side * 0.09, 0.95), 0.028, Material.METAL, 1)
        b.rod((0.76, side * 0.04, 1.03), (0.70, side * 0.40, 1.04), 0.022, Material.TYRE)
        b.ball((0.95, side * 0.17, 0.84), (0.035, 0.045, 0.035), Material.INDICATOR, 1)
        b.rod((0.74, side * 0.24, 1.04), (0.76, side * 0.34, 1.22), 0.009, Material.TYRE, 1)
        b.tube(((0.77, side * 0.35, 1.25), (0.75, side * 0.35, 1.25)), ((0.075, 0.05),
               (0.075, 0.05)), Material.TYRE, 1, round_ends=False)  # fmt: skip
    b.tube(((0.80, 0, 0.36), (0.84, 0, 0.60), (0.83, 0, 0.86), (0.80, 0, 0.95)),
           ((0.20, 0.04), (0.28, 0.06), (0.25, 0.06), (0.14, 0.04)), Material.PAINT,
           sides=12)  # fmt: skip
    b.tube(((0.70, 0, 1.0), (0.84, 0, 1.0), (0.92, 0, 0.95)),
           ((0.14, 0.05), (0.15, 0.08), (0.10, 0.06)), Material.PAINT)  # fmt: skip
    b.ball((0.95, 0, 0.94), (0.06, 0.095, 0.085), Material.HEADLAMP)
    b.block((0.44, 0, 0.36), (0.84, 0.56, 0.07), Material.PLASTIC)
    b.soft_block((0.12, 0, 0.56), (0.42, 0.62, 0.36), 0.04, Material.PAINT)
    b.soft_block((0.11, 0, 0.77), (0.42, 0.58, 0.09), 0.03, Material.TYRE, 1)
    b.block((-0.09, 0, 0.98), (0.06, 0.56, 0.28), Material.TYRE)


def _bed(b: Parts) -> None:
    for side in (-1.0, 1.0):
        b.road_wheel(-0.82, side * 0.46, 0.27, 0.13, (side,), 6)
        b.soft_block((-0.82, side * 0.465, 0.575), (0.66, 0.15, 0.03), 0.01, Material.PAINT, 1)
    b.rod((-0.82, -0.42, 0.27), (-0.82, 0.42, 0.27), 0.045, Material.TYRE, 1)
    b.block((-0.86, 0, 0.42), (1.30, 0.62, 0.08), Material.TYRE, 1)
    b.block((-0.86, 0, 0.62), (1.40, 1.02, 0.05), Material.PLASTIC)
    b.pair((-0.86, 0.50, 0.80), (1.40, 0.035, 0.36), Material.PAINT)
    for x in (-1.545, -0.175):
        b.block((x, 0, 0.80), (0.035, 1.0, 0.36), Material.PAINT)
    for k in range(5):
        x = -1.5 + 1.28 * k / 4
        b.pair((x, 0.522, 0.80), (0.035, 0.018, 0.36), Material.METAL, 0)
    b.pair((-0.86, 0.50, 0.985), (1.42, 0.05, 0.03), Material.METAL, 1)
    for x in (-1.545, -0.175):
        b.block((x, 0, 0.985), (0.05, 1.0, 0.03), Material.METAL, 1)
    b.pair((-1.565, 0.42, 0.56), (0.03, 0.15, 0.09), Material.TAILLAMP, 1)
    b.block((-1.57, 0, 0.54), (0.015, 0.20, 0.14), Material.PLATE, 1)
