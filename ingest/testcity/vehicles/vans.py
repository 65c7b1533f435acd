"""Bodies with one tall box: the delivery van and the minibus."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.cabin import Cabin, screen, shell, window
from yanji.ingest.testcity.vehicles.hull import End, Hull, Knots, arch_trim, panel, side_strip, wall
from yanji.ingest.testcity.vehicles.parts import Parts


@dataclass(frozen=True, slots=True)
class VanShape:
    """The measures of a van, metres."""

    length: float
    width: float
    height: float
    belt_z: float
    screen: tuple[float, float]
    axles_x: tuple[float, float]
    wheel: float
    windows: bool
    """Windows all along the sides."""


VAN = VanShape(5.20, 1.95, 2.20, 1.18, (1.98, 1.12), (1.62, -1.52), 0.345, False)
MINIBUS = VanShape(6.00, 2.04, 2.52, 1.24, (2.42, 1.62), (1.92, -1.72), 0.36, True)

_LOW = 0.24


def van(shape: VanShape, detail: int) -> Mesh:
    """Build a van or minibus; its sliding door is on the right in real life, here on both sides."""
    b = Parts(detail)
    hull, cabin = _hull(shape), _cabin(shape)
    wall(b, hull)
    shell(b, cabin)
    _glass(b, cabin, shape)
    _ends(b, hull, shape)
    _flanks(b, hull, shape)
    _below(b, shape)
    return b.finish()


def _hull(s: VanShape) -> Hull:
    front, half = s.length / 2, s.width / 2
    nose: Knots = (
        (_LOW, front - 0.06), (_LOW + 0.24, front), (0.72, front - 0.03), (0.98, front - 0.12),
        (s.belt_z, front - 0.30),
    )  # fmt: skip
    tail: Knots = ((_LOW, -front + 0.06), (_LOW + 0.2, -front), (s.belt_z, -front + 0.02))
    width: Knots = (
        (_LOW, half - 0.05), (_LOW + 0.12, half - 0.015), (0.6, half),
        (s.belt_z - 0.12, half - 0.01), (s.belt_z + 0.1, half - 0.03),
    )  # fmt: skip
    deck: Knots = (
        (-front, s.belt_z), (s.screen[0] - 0.2, s.belt_z), (s.screen[0] + 0.05, s.belt_z - 0.03),
        (front - 0.2, 0.98), (front, 0.93),
    )  # fmt: skip
    sill: Knots = ((-front, _LOW + 0.12), (-front + 0.3, _LOW), (front - 0.3, _LOW), (front, _LOW))
    arches = tuple((x, s.wheel + 0.01, s.wheel * 1.15) for x in s.axles_x)
    return Hull(
        End(nose, (0.36, 0.36), 0.07), End(tail, (0.10, 0.10), 0.02), width, deck, sill, arches
    )


def _cabin(s: VanShape) -> Cabin:
    rear, top = -s.length / 2, s.height
    profile: Knots = (
        (rear + 0.025, s.belt_z - 0.06), (rear + 0.07, top - 0.16), (rear + 0.16, top - 0.02),
        (rear + 0.6, top), (s.screen[1] - 0.5, top), (s.screen[1], top - 0.06),
        (s.screen[0], s.belt_z - 0.03),
    )  # fmt: skip
    half = s.width / 2
    width: Knots = (
        (s.belt_z - 0.1, half - 0.018), (s.belt_z + 0.1, half - 0.03),
        (top - 0.12, half - 0.10), (top, half - 0.16),
    )  # fmt: skip
    return Cabin(profile, s.belt_z - 0.05, width, 0.10, 0.16, 0.02, 0.03)


def _glass(b: Parts, cabin: Cabin, s: VanShape) -> None:
    low, high = s.belt_z + 0.02, s.height - 0.34
    screen(b, cabin, (s.belt_z + 0.04, s.height - 0.16), front=True, across=0.92)
    screen(b, cabin, (s.belt_z + 0.10, s.height - 0.36), front=False, across=0.84)
    door = s.screen[1] - 0.22
    window(b, cabin, (s.screen[1] + 0.36, s.screen[0] - 0.22), (low, high), frame=0.10, upto=1)
    window(b, cabin, (door, s.screen[1] + 0.30), (low, high), frame=0.10)
    if not s.windows:
        return
    rear = -s.length / 2 + 0.20
    step = (door - 0.10 - rear) / 3
    for k in range(3):
        edge = rear + k * step
        window(b, cabin, (edge + 0.05, edge + step - 0.05), (low, high), frame=0.10)


def _ends(b: Parts, hull: Hull, s: VanShape) -> None:
    panel(b, hull, (0.0, 0.95), (0.66, 0.80), Material.PLASTIC)
    panel(b, hull, (0.0, 0.95), (0.72, 0.735), Material.METAL, 0, out=0.012)
    panel(b, hull, (0.94, 1.88), (0.705, 0.915), Material.GLASS, 0, 0.05, 0.008)
    panel(b, hull, (1.0, 1.85), (0.72, 0.90), Material.HEADLAMP, 2, 0.05, 0.014)
    panel(b, hull, (0.0, 1.9), (_LOW + 0.03, _LOW + 0.24), Material.PLASTIC, out=0.012)
    panel(b, hull, (1.1, 1.4), (_LOW + 0.10, _LOW + 0.18), Material.HEADLAMP, 0, out=0.02)
    panel(b, hull, (3.3, 4.16), (0.72, 1.14), Material.TAILLAMP, 2, out=0.012)
    panel(b, hull, (3.3, 4.16), (0.80, 0.88), Material.INDICATOR, 0, out=0.018)
    panel(b, hull, (3.0, 5.0), (_LOW + 0.14, _LOW + 0.30), Material.PLASTIC)
    panel(b, hull, (4.988, 5.0), (_LOW + 0.3, s.belt_z), Material.TYRE, 0)
    front = s.length / 2
    for x, z in ((front + 0.002, _LOW + 0.20), (-front - 0.002, 0.86)):
        b.block((x, 0, z), (0.03, 0.46, 0.15), Material.PLATE)
    b.block((front - 0.02, 0, 0.86), (0.05, 0.14, 0.10), Material.METAL, 0)


def _flanks(b: Parts, hull: Hull, s: VanShape) -> None:
    doors = (s.screen[0] - 0.50, s.screen[1] - 0.26, s.screen[1] - 1.50)
    for x in doors:
        side_strip(b, hull, (x + 0.009, x - 0.009), (_LOW + 0.1, s.belt_z), Material.TYRE, 0)
    side_strip(b, hull, (doors[2], -s.length / 2 + 0.3), (s.belt_z - 0.13, s.belt_z - 0.11),
               Material.TYRE, 0, rows=2)  # fmt: skip
    side_strip(b, hull, (s.axles_x[0] - 0.43, s.axles_x[1] + 0.43), (0.44, 0.50),
               Material.PLASTIC, 1, rows=2)  # fmt: skip
    arch_trim(b, hull, 0.02, Material.TYRE, 0)
    for x in (doors[1] + 0.12, doors[1] - 0.14):
        b.pair((x, s.width / 2, s.belt_z - 0.12), (0.18, 0.03, 0.035), Material.PLASTIC, 0)
    x = s.screen[0] - 0.36
    b.pair((x, s.width / 2 + 0.10, s.belt_z + 0.17), (0.10, 0.17, 0.26), Material.PLASTIC)
    b.pair((x - 0.052, s.width / 2 + 0.10, s.belt_z + 0.17), (0.01, 0.14, 0.22), Material.GLASS, 0)


def _below(b: Parts, s: VanShape) -> None:
    half, tyre = s.width / 2, 0.25
    b.block((0, 0, 0.50), (s.length - 0.4, 2 * (half - tyre - 0.05), 0.5), Material.TYRE)
    span = s.axles_x[0] - s.axles_x[1] - 2.5 * s.wheel
    middle = sum(s.axles_x) / 2
    b.block((middle, 0, _LOW + 0.04), (span, s.width - 0.12, 0.06), Material.TYRE, 1)
    for x in s.axles_x:
        for side in (-1.0, 1.0):
            b.road_wheel(x, side * (half - tyre / 2 - 0.01), s.wheel, tyre, (side,), 6)
