"""Step-through two-wheelers: the petrol moped and several builds of e-bikes, with riders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.parts import Parts
from yanji.ingest.testcity.vehicles.rider import Posture, rider


@dataclass(frozen=True, slots=True)
class ScooterShape:
    """The measures of a step-through, metres."""

    axle_front: float
    axle_rear: float
    wheel: float
    tyre: float
    bar: tuple[float, float]
    """x and z of the handlebar."""
    seat_z: float
    shield: tuple[float, float]
    """Half width and upper edge of the leg shield."""
    body: tuple[float, float]
    """Half width and height of the rear body."""
    round_lamp: bool
    spokes: int = 5


MOPED: Final = ScooterShape(0.66, -0.62, 0.265, 0.145, (0.40, 1.08), 0.80, (0.22, 0.92),
                            (0.21, 0.40), True)  # fmt: skip
EBIKE: Final = ScooterShape(0.64, -0.60, 0.255, 0.135, (0.40, 1.08), 0.79, (0.20, 0.88),
                            (0.19, 0.36), False)  # fmt: skip
LIGHT: Final = ScooterShape(0.58, -0.56, 0.225, 0.115, (0.38, 1.03), 0.76, (0.15, 0.80),
                            (0.13, 0.24), True, 6)  # fmt: skip
HEAVY: Final = ScooterShape(0.70, -0.66, 0.275, 0.155, (0.42, 1.10), 0.80, (0.24, 0.98),
                            (0.22, 0.42), False)  # fmt: skip


def scooter(shape: ScooterShape, detail: int, box: bool = False) -> Mesh:
    """Build a step-through with its rider; `box` puts a delivery box behind the rider."""
    b = Parts(detail)
    _front(b, shape)
    _rear(b, shape)
    if box:
        delivery_box(b, shape)
    hip_x = -0.16 if box else -0.20
    rider(b, Posture((hip_x, shape.seat_z + 0.07), shape.bar, (0.24, 0.34), (0.24, 0.34), 0.09))
    return b.finish()


def delivery_box(b: Parts, s: ScooterShape) -> None:
    """Add the insulated box: accent colour, dark lid and edges."""
    x, z = -0.70, s.seat_z + 0.33
    b.block((x + 0.02, 0, s.seat_z + 0.045), (0.42, 0.30, 0.04), Material.METAL, 1)
    b.soft_block((x, 0, z), (0.46, 0.50, 0.48), 0.025, Material.ACCENT)
    b.soft_block((x, 0, z + 0.25), (0.49, 0.53, 0.05), 0.015, Material.PLASTIC, 1)
    b.block((x, 0, z - 0.22), (0.47, 0.51, 0.025), Material.PLASTIC, 1)


def _front(b: Parts, s: ScooterShape) -> None:
    x, r = s.axle_front, s.wheel
    bar_x, bar_z = s.bar
    wide, top = s.shield
    b.road_wheel(x, 0, r, s.tyre, spokes=s.spokes)
    for side in (-1.0, 1.0):
        b.rod((x, side * 0.095, r), (x - 0.12, side * 0.085, r + 0.36), 0.026, Material.METAL, 1)
    b.tube(((x - 0.27, 0, r + 0.13), (x - 0.14, 0, r + 0.235), (x + 0.02, 0, r + 0.26),
            (x + 0.13, 0, r + 0.23), (x + 0.20, 0, r + 0.17)),
           ((0.07, 0.02), (0.085, 0.04), (0.088, 0.045), (0.08, 0.035), (0.05, 0.015)),
           Material.PAINT)  # fmt: skip
    neck_x = bar_x + 0.06
    b.tube(((neck_x - 0.04, 0, 0.32), (neck_x + 0.0, 0, 0.50), (neck_x + 0.01, 0, 0.70),
            (neck_x - 0.01, 0, top), (neck_x - 0.02, 0, top + 0.06)),
           ((wide * 0.55, 0.05), (wide * 0.78, 0.07), (wide, 0.08), (wide * 0.85, 0.075),
            (wide * 0.4, 0.05)), Material.PAINT, sides=12)  # fmt: skip
    b.block((neck_x - 0.085, 0, 0.62), (0.02, wide * 1.5, 0.46), Material.PLASTIC, 1)
    b.tube(((bar_x - 0.08, 0, bar_z - 0.03), (bar_x + 0.04, 0, bar_z - 0.01),
            (bar_x + 0.14, 0, bar_z - 0.06)), ((0.15, 0.05), (0.17, 0.08), (0.11, 0.07)),
           Material.PAINT)  # fmt: skip
    b.rod((neck_x - 0.02, 0, top), (bar_x + 0.02, 0, bar_z - 0.04), 0.05, Material.PLASTIC, 1)
    if s.round_lamp:
        b.ball((bar_x + 0.16, 0, bar_z - 0.06), (0.05, 0.095, 0.085), Material.HEADLAMP)
    else:
        b.tube(((neck_x + 0.08, 0, top - 0.16), (neck_x + 0.10, 0, top - 0.06)),
               ((0.12, 0.03), (0.10, 0.03)), Material.HEADLAMP)  # fmt: skip
        b.block((bar_x + 0.15, 0, bar_z - 0.05), (0.03, 0.16, 0.05), Material.GLASS, 1)
    b.block((neck_x + 0.10, 0, 0.64), (0.015, 0.18, 0.12), Material.WHITE, 1)
    for side in (-1.0, 1.0):
        b.rod((bar_x, side * 0.10, bar_z - 0.01), (bar_x - 0.03, side * 0.26, bar_z + 0.01), 0.018,
              Material.PLASTIC, 1)  # fmt: skip
        b.rod((bar_x - 0.03, side * 0.24, bar_z + 0.01), (bar_x - 0.05, side * 0.36, bar_z + 0.0),
              0.026, Material.TYRE)  # fmt: skip
        b.ball((neck_x + 0.07, side * wide * 0.72, top - 0.10), (0.03, 0.045, 0.035),
               Material.INDICATOR, 1)  # fmt: skip
        mirror(b, bar_x - 0.02, side, bar_z)


def mirror(b: Parts, x: float, side: float, bar_z: float) -> None:
    """Add a mirror on its stalk above the handlebar."""
    b.rod((x, side * 0.24, bar_z), (x + 0.02, side * 0.36, bar_z + 0.17), 0.009, Material.TYRE, 1)
    b.tube(((x + 0.03, side * 0.37, bar_z + 0.20), (x + 0.01, side * 0.37, bar_z + 0.20)),
           ((0.075, 0.05), (0.075, 0.05)), Material.TYRE, 1, round_ends=False)  # fmt: skip


def _rear(b: Parts, s: ScooterShape) -> None:
    x, r = s.axle_rear, s.wheel
    wide, tall = s.body
    seat = s.seat_z
    b.road_wheel(x, 0, r, s.tyre, spokes=s.spokes)
    b.block((0.13, 0, 0.315), (0.62, 0.38, 0.05), Material.PLASTIC)
    b.block((0.13, 0, 0.26), (0.58, 0.24, 0.07), Material.TYRE, 1)
    for side in (-1.0, 1.0):
        b.rod((0.36, side * 0.19, 0.30), (-0.22, side * 0.19, 0.30), 0.025, Material.PAINT, 1)
        b.rod((x, side * 0.10, r), (x + 0.10, side * 0.11, seat - 0.16), 0.03, Material.METAL, 1)
        b.ball((x - 0.20, side * wide * 0.72, seat - 0.16), (0.04, 0.03, 0.03),
               Material.INDICATOR, 1)  # fmt: skip
    low = seat - 0.09 - tall
    b.tube(((-0.12, 0, seat - 0.20), (-0.20, 0, seat - 0.06 - tall * 0.5),
            (-0.42, 0, seat - 0.04 - tall * 0.5), (x - 0.02, 0, seat - 0.14), (x - 0.26, 0,
             seat - 0.10)),
           ((wide * 0.6, tall * 0.4), (wide * 0.9, tall * 0.55), (wide, tall * 0.5),
            (wide * 0.85, tall * 0.28), (wide * 0.4, 0.05)), Material.PAINT, sides=12)  # fmt: skip
    b.block((-0.24, 0, low + 0.02), (0.40, wide * 1.5, 0.16), Material.TYRE, 1)
    b.tube(((x - 0.24, 0, r + 0.14), (x - 0.10, 0, r + 0.23), (x + 0.10, 0, r + 0.22)),
           ((0.05, 0.02), (0.075, 0.035), (0.06, 0.02)), Material.PLASTIC, 1)  # fmt: skip
    b.tube(((0.0, 0, seat - 0.02), (-0.22, 0, seat - 0.01), (-0.50, 0, seat + 0.04),
            (-0.74, 0, seat + 0.03)),
           ((0.10, 0.05), (0.145, 0.06), (0.14, 0.06), (0.09, 0.04)), Material.TYRE)  # fmt: skip
    b.ball((x - 0.27, 0, seat - 0.11), (0.045, wide * 0.78, 0.075), Material.TAILLAMP)
    b.block((x - 0.27, 0, r + 0.235), (0.015, 0.20, 0.15), Material.PLATE, 1)
    b.block((x - 0.24, 0, r + 0.24), (0.05, 0.10, 0.18), Material.PLASTIC, 1)
    b.rod((x + 0.02, -0.115, r), (x + 0.24, -0.115, r + 0.02), 0.055, Material.METAL, 1)
    for side in (-1.0, 1.0):
        b.rod((x - 0.05, side * wide * 0.6, seat + 0.02),
              (x - 0.28, side * 0.05, seat + 0.09), 0.014, Material.METAL, 0)  # fmt: skip
