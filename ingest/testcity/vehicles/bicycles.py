"""Vehicles on bicycle wheels: the bicycle and the e-bike of bicycle build, with riders."""

from __future__ import annotations

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.parts import Parts
from yanji.ingest.testcity.vehicles.rider import Posture, rider


def bicycle(detail: int) -> Mesh:
    """Build a city bicycle with its rider, one pedal up and one down."""
    b = Parts(detail)
    for x in (0.54, -0.54):
        b.wire_wheel(x, 0.335, 0.045)
    _frame(b, 0.335, 0.019)
    _pedals(b)
    hip = (-0.22, 0.96)
    rider(b, Posture(hip, (0.36, 1.04), (0.06, 0.14), (-0.02, 0.40), 0.17, 0.26, 0.12,
                     helmet=False))  # fmt: skip
    return b.finish()


def pedal_ebike(detail: int) -> Mesh:
    """Build an e-bike of bicycle build: small fat wheels, battery in the frame, carrier."""
    b = Parts(detail)
    for x in (0.54, -0.52):
        b.wire_wheel(x, 0.27, 0.075, spokes=9)
        b.tube(
            ((x, -0.05, 0.27), (x, 0.05, 0.27)), (0.085, 0.085), Material.METAL, 1, round_ends=False
        )
    _frame(b, 0.27, 0.030)
    b.rod((0.32, 0, 0.60), (0.02, 0, 0.38), 0.062, Material.TYRE)
    b.block((-0.17, 0, 0.50), (0.13, 0.15, 0.36), Material.TYRE)
    b.block((-0.56, 0, 0.66), (0.42, 0.20, 0.035), Material.TYRE)
    for side in (-1.0, 1.0):
        b.rod((-0.52, side * 0.08, 0.27), (-0.62, side * 0.09, 0.66), 0.012, Material.METAL, 1)
    b.tube(
        ((0.32, 0, 0.50), (0.45, 0, 0.56), (0.60, 0, 0.56), (0.76, 0, 0.46)),
        ((0.04, 0.01), (0.05, 0.015), (0.05, 0.015), (0.04, 0.01)),
        Material.PAINT,
        1,
    )
    b.tube(
        ((-0.36, 0, 0.54), (-0.52, 0, 0.58), (-0.70, 0, 0.50), (-0.82, 0, 0.34)),
        ((0.05, 0.012), (0.05, 0.015), (0.05, 0.015), (0.04, 0.01)),
        Material.PAINT,
        1,
    )
    b.tube(((-0.34, 0, 0.74), (-0.55, 0, 0.74), (-0.74, 0, 0.74)),
           ((0.10, 0.03), (0.12, 0.04), (0.10, 0.03)), Material.TYRE, 1)  # fmt: skip
    b.block((-0.80, 0, 0.56), (0.015, 0.17, 0.12), Material.PLATE, 1)
    b.block((-0.80, 0, 0.66), (0.03, 0.12, 0.05), Material.TAILLAMP, 1)
    _pedals(b)
    rider(b, Posture((-0.20, 0.87), (0.34, 1.02), (0.08, 0.14), (-0.02, 0.36), 0.12, 0.27, 0.13))
    return b.finish()


def _frame(b: Parts, wheel: float, tube: float) -> None:
    bar_z, seat_z = 1.02, wheel + 0.54
    front, rear = 0.54, -0.54 if wheel > 0.3 else -0.52
    crank = (-0.04, 0.0, wheel - 0.03)
    head = (0.41, 0.0, 0.80)
    for side in (-1.0, 1.0):
        b.rod((front, side * 0.055, wheel), (0.42, side * 0.045, 0.76), 0.016, Material.METAL, 1)
        b.rod((rear, side * 0.06, wheel), (crank[0], side * 0.03, crank[2]), 0.012,
              Material.PAINT, 1)  # fmt: skip
        b.rod((rear, side * 0.06, wheel), (-0.17, side * 0.03, seat_z - 0.18), 0.012,
              Material.PAINT, 1)  # fmt: skip
        b.rod((0.36, side * 0.06, bar_z), (0.40, side * 0.20, bar_z + 0.03), 0.013,
              Material.METAL, 1)  # fmt: skip
        b.rod((0.40, side * 0.20, bar_z + 0.03), (0.32, side * 0.32, bar_z + 0.01), 0.019,
              Material.TYRE)  # fmt: skip
    b.rod((front, 0, wheel + 0.01), head, tube, Material.PAINT)
    b.rod(head, (0.37, 0, bar_z), 0.018, Material.METAL, 1)
    b.rod((0.41, 0, 0.76), crank, tube * 1.15, Material.PAINT)
    b.rod((0.41, 0, 0.82), (-0.17, 0, seat_z - 0.20), tube, Material.PAINT)
    b.rod(crank, (-0.19, 0, seat_z - 0.12), tube, Material.PAINT)
    b.rod((-0.18, 0, seat_z - 0.14), (-0.21, 0, seat_z), 0.014, Material.METAL, 1)
    b.tube(((-0.06, 0, seat_z), (-0.18, 0, seat_z + 0.015), (-0.33, 0, seat_z + 0.03)),
           ((0.03, 0.02), (0.07, 0.035), (0.10, 0.04)), Material.TYRE)  # fmt: skip
    b.ball((0.46, 0, 0.86), (0.04, 0.045, 0.045), Material.HEADLAMP, 1)


def _pedals(b: Parts) -> None:
    b.rod((-0.04, -0.07, 0.30), (-0.04, -0.05, 0.30), 0.085, Material.METAL, 1)
    b.rod((-0.04, -0.09, 0.30), (-0.06, -0.10, 0.44), 0.012, Material.METAL, 0)
    b.rod((-0.04, 0.09, 0.30), (0.02, 0.10, 0.17), 0.012, Material.METAL, 0)
    for side, x, z in ((-1.0, -0.03, 0.42), (1.0, 0.05, 0.16)):
        b.block((x, side * 0.15, z), (0.10, 0.10, 0.025), Material.TYRE, 1)
    b.rod((-0.04, -0.06, 0.335), (-0.50, -0.06, 0.33), 0.008, Material.TYRE, 0)
