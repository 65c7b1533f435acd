"""The motorcycle: fat tyres, tank, open engine, exhaust."""

from __future__ import annotations

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.parts import Parts
from yanji.ingest.testcity.vehicles.rider import Posture, rider
from yanji.ingest.testcity.vehicles.scooters import mirror


def motorcycle(detail: int) -> Mesh:
    """Build a motorcycle with its rider."""
    b = Parts(detail)
    _wheels(b)
    _body(b)
    _engine(b)
    rider(b, Posture((-0.20, 0.89), (0.42, 1.06), (0.06, 0.33), (0.06, 0.33), 0.17, 0.33, 0.24))
    return b.finish()


def _wheels(b: Parts) -> None:
    for x, tyre in ((0.72, 0.13), (-0.70, 0.17)):
        b.road_wheel(x, 0, 0.32, tyre, spokes=6)
        for side in (-1.0, 1.0) if b.detail == 0 else ():
            b.fan((x, side * 0.078, 0.32), 0.13, Material.METAL, side, 0.09)
    for side in (-1.0, 1.0):
        b.rod((0.72, side * 0.095, 0.32), (0.45, side * 0.09, 0.96), 0.034, Material.METAL)
        b.rod((-0.70, side * 0.11, 0.32), (-0.14, side * 0.11, 0.40), 0.035, Material.METAL, 1)
        b.rod((-0.60, side * 0.13, 0.36), (-0.48, side * 0.12, 0.76), 0.042, Material.METAL, 1)
        b.rod((0.45, side * 0.04, 1.00), (0.44, side * 0.22, 1.05), 0.018, Material.TYRE, 1)
        b.rod((0.44, side * 0.22, 1.05), (0.40, side * 0.41, 1.04), 0.026, Material.TYRE, 1)
        b.ball((0.55, side * 0.20, 0.88), (0.035, 0.05, 0.035), Material.INDICATOR, 1)
        b.ball((-0.84, side * 0.17, 0.78), (0.035, 0.05, 0.035), Material.INDICATOR, 1)
        mirror(b, 0.42, side, 1.06)
    b.tube(((0.46, 0, 0.56), (0.58, 0, 0.665), (0.72, 0, 0.69), (0.84, 0, 0.655), (0.91, 0, 0.60)),
           ((0.06, 0.015), (0.082, 0.03), (0.085, 0.035), (0.08, 0.03), (0.05, 0.012)),
           Material.PAINT)  # fmt: skip


def _body(b: Parts) -> None:
    b.tube(((0.44, 0, 0.88), (0.34, 0, 0.89), (0.14, 0, 0.87), (-0.04, 0, 0.80)),
           ((0.13, 0.08), (0.18, 0.13), (0.18, 0.13), (0.11, 0.08)), Material.PAINT,
           sides=12)  # fmt: skip
    b.ball((0.56, 0, 0.93), (0.12, 0.125, 0.125), Material.PAINT)
    b.ball((0.62, 0, 0.93), (0.08, 0.105, 0.105), Material.HEADLAMP)
    b.block((0.53, 0, 1.08), (0.03, 0.20, 0.10), Material.GLASS, 0)
    b.tube(((0.02, 0, 0.80), (-0.20, 0, 0.80), (-0.46, 0, 0.86), (-0.76, 0, 0.90)),
           ((0.10, 0.05), (0.145, 0.06), (0.13, 0.06), (0.08, 0.04)), Material.TYRE)  # fmt: skip
    b.tube(((-0.10, 0, 0.70), (-0.40, 0, 0.74), (-0.70, 0, 0.82), (-0.92, 0, 0.87)),
           ((0.11, 0.08), (0.13, 0.07), (0.11, 0.06), (0.06, 0.03)), Material.PAINT)  # fmt: skip
    b.block((-0.92, 0, 0.82), (0.05, 0.17, 0.07), Material.TAILLAMP)
    b.block((-0.985, 0, 0.62), (0.015, 0.22, 0.16), Material.PLATE, 1)
    b.block((-0.92, 0, 0.68), (0.06, 0.12, 0.24), Material.PLASTIC, 1)
    b.tube(((-0.50, 0, 0.62), (-0.68, 0, 0.69), (-0.88, 0, 0.62)),
           ((0.07, 0.02), (0.095, 0.03), (0.07, 0.02)), Material.PLASTIC, 1)  # fmt: skip
    b.rod((0.50, 0, 0.92), (0.26, 0, 0.48), 0.035, Material.TYRE, 1)


def _engine(b: Parts) -> None:
    b.block((0.06, 0, 0.40), (0.42, 0.26, 0.22), Material.METAL, 1)
    b.block((0.06, 0, 0.50), (0.46, 0.22, 0.42), Material.TYRE)
    for fin in range(5):
        z = 0.50 + 0.045 * fin
        b.block((0.16, 0, z), (0.24, 0.31, 0.020), Material.METAL, 0)
    for side in (-1.0, 1.0):
        b.rod((0.02, side * 0.13, 0.38), (0.02, side * 0.17, 0.38), 0.11, Material.METAL, 1)
        b.rod((0.28, side * 0.10, 0.60), (0.30, side * 0.14, 0.30), 0.032, Material.METAL, 1)
        b.rod((0.30, side * 0.14, 0.30), (-0.20, side * 0.17, 0.27), 0.036, Material.METAL, 1)
        b.rod((-0.18, side * 0.17, 0.27), (-0.88, side * 0.20, 0.40), 0.05, Material.METAL,
              end_radius=0.075)  # fmt: skip
        b.rod((-0.10, side * 0.12, 0.32), (0.06, side * 0.22, 0.31), 0.02, Material.TYRE, 1)
