"""Passenger cars: saloon, hatchback, SUV, MPV and pickup, from one set of measures each."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.cabin import Cabin, screen, shell, window
from yanji.ingest.testcity.vehicles.hull import (
    End,
    Hull,
    Knots,
    arch_trim,
    at,
    panel,
    side_strip,
    wall,
)
from yanji.ingest.testcity.vehicles.parts import Parts


@dataclass(frozen=True, slots=True)
class CarShape:
    """The measures of a car, metres; x counts forward from the middle, z up from the road."""

    length: float
    width: float
    height: float
    bonnet_z: float
    cowl_z: float
    belt_z: float
    boot_z: float
    screen: tuple[float, float]
    """x of the windscreen's base and of its upper edge."""
    rear_glass: tuple[float, float]
    """x of the rear glass's base and of its upper edge."""
    axles_x: tuple[float, float]
    wheel: float
    """Radius of the wheels."""
    clearance: float
    pillars_x: tuple[float, ...]
    """Pillars between side windows."""
    gaps_x: tuple[float, ...]
    """Gaps between the doors."""
    cladding: bool = False
    """Dark plastic along sills and arches."""
    bed: bool = False
    """An open load bed behind the cabin."""


SALOON = CarShape(
    4.68, 1.82, 1.46, 0.74, 0.93, 0.93, 1.00, (1.02, 0.20), (-1.72, -1.08), (1.38, -1.36),
    0.325, 0.19, (-0.40, -1.20), (0.74, -0.36, -1.12),
)  # fmt: skip
HATCHBACK = CarShape(
    3.98, 1.72, 1.52, 0.78, 0.96, 0.97, 1.04, (0.98, 0.24), (-1.90, -1.62), (1.24, -1.26),
    0.305, 0.18, (-0.34, -1.16), (0.70, -0.30, -1.02),
)  # fmt: skip
SUV = CarShape(
    4.62, 1.88, 1.71, 0.90, 1.09, 1.10, 1.16, (1.02, 0.28), (-2.16, -1.82), (1.36, -1.36),
    0.365, 0.24, (-0.42, -1.28), (0.76, -0.36, -1.18), cladding=True,
)  # fmt: skip
MPV = CarShape(
    4.92, 1.88, 1.80, 0.84, 1.06, 1.06, 1.10, (1.52, 0.62), (-2.36, -2.12), (1.52, -1.46),
    0.335, 0.18, (0.18, -0.92, -1.80), (1.08, 0.22, -0.96),
)  # fmt: skip
PICKUP = CarShape(
    5.34, 1.90, 1.80, 0.96, 1.14, 1.15, 1.15, (1.16, 0.50), (-0.80, -0.62), (1.62, -1.56),
    0.385, 0.28, (-0.12,), (0.84, -0.06, -0.74), cladding=True, bed=True,
)  # fmt: skip


def car(shape: CarShape, detail: int) -> Mesh:
    """Build a passenger car."""
    b = Parts(detail)
    hull = _hull(shape)
    cabin = _cabin(shape)
    wall(b, hull)
    shell(b, cabin)
    _glass(b, cabin, shape)
    _nose(b, hull, shape)
    _tail(b, hull, shape)
    _flanks(b, hull, shape)
    if shape.bed:
        _bed(b, shape)
    _below(b, shape)
    return b.finish()


def plate_front(shape: CarShape) -> tuple[float, float, float, float]:
    """Face x, middle z, width and height of the front plate."""
    return (shape.length / 2, shape.clearance + 0.24, 0.46, 0.15)


def plate_rear(shape: CarShape) -> tuple[float, float, float, float]:
    """Face x, middle z, width and height of the rear plate."""
    z = shape.clearance + 0.30 if shape.bed else 0.62 * shape.boot_z + 0.06
    return (-shape.length / 2, z, 0.46, 0.15)


def _hull(s: CarShape) -> Hull:
    front, low = s.length / 2, s.clearance
    half = s.width / 2
    nose: Knots = (
        (low, front - 0.10), (low + 0.08, front - 0.03), (low + 0.26, front - 0.015),
        (s.bonnet_z - 0.16, front - 0.04), (s.bonnet_z, front - 0.13),
    )  # fmt: skip
    back = s.boot_z
    tail: Knots = (
        (low, -front + 0.14), (low + 0.14, -front + 0.03), (back - 0.42, -front + 0.02),
        (back - 0.30, -front + 0.05), (back, -front + (0.06 if s.bed else 0.12)),
    )  # fmt: skip
    width: Knots = (
        (low, half - 0.055), (low + 0.10, half - 0.02), (low + 0.32, half - 0.004),
        (s.belt_z - 0.28, half - 0.012), (s.belt_z - 0.16, half - 0.024),
        (s.belt_z + 0.1, half - 0.075),
    )  # fmt: skip
    glass = s.rear_glass[0]
    deck: Knots = (
        (-front, back - 0.05), (-front + 0.15, back), (glass, back),
        (glass + 0.5, s.belt_z + 0.01), (s.screen[0] - 0.1, s.cowl_z),
        (s.screen[0] + 0.25, s.cowl_z - 0.02), (front - 0.45, s.bonnet_z + 0.07),
        (front - 0.18, s.bonnet_z + 0.015), (front, s.bonnet_z),
    )  # fmt: skip
    sill: Knots = (
        (-front, low + 0.10), (-front + 0.35, low), (front - 0.4, low), (front, low + 0.03),
    )  # fmt: skip
    arch = s.wheel * 1.15
    return Hull(
        End(nose, (0.50, 0.42), 0.09), End(tail, (0.36, 0.30), 0.06), width, deck, sill,
        tuple((x, s.wheel + 0.01, arch) for x in s.axles_x), 0.035,
    )  # fmt: skip


def _cabin(s: CarShape) -> Cabin:
    base, roof = s.rear_glass, s.height
    profile: Knots = (
        (base[0], s.boot_z - 0.03), (base[1], roof - 0.05), (base[1] + 0.5, roof),
        (s.screen[1] - 0.35, roof), (s.screen[1], roof - 0.035), (s.screen[0], s.cowl_z - 0.02),
    )  # fmt: skip
    half = s.width / 2
    lean = 0.36 if s.height < 1.6 else 0.28
    width: Knots = (
        (s.belt_z - 0.1, half - 0.05), (s.belt_z, half - 0.075),
        (roof, half - 0.075 - lean * (roof - s.belt_z)),
    )  # fmt: skip
    return Cabin(profile, s.belt_z - 0.02, width)


def _glass(b: Parts, cabin: Cabin, s: CarShape) -> None:
    screen(b, cabin, (s.cowl_z + 0.03, s.height - 0.075), front=True)
    screen(b, cabin, (s.boot_z + 0.05, s.height - 0.11), front=False, across=0.88)
    low, high = s.belt_z + 0.025, s.height - 0.13
    first = s.screen[0] - 0.20
    ends = [first, *s.pillars_x]
    last = s.rear_glass[0] + (0.30 if not s.bed else 0.16)
    if s.length < 4.2 or s.height > 1.6:
        last = s.rear_glass[0] + 0.22
    edges = [*ends, last]
    for front, rear in itertools.pairwise(edges):
        if front - rear > 0.15:
            window(b, cabin, (rear + 0.035, front - 0.035), (low, high), frame=0.055)


def _nose(b: Parts, hull: Hull, s: CarShape) -> None:
    top, low = s.bonnet_z, s.clearance
    panel(b, hull, (0.0, 0.98), (top - 0.24, top - 0.09), Material.PLASTIC)
    panel(b, hull, (0.93, 1.76), (top - 0.215, top - 0.085), Material.GLASS, 0, 0.06)
    panel(b, hull, (1.0, 1.72), (top - 0.20, top - 0.10), Material.HEADLAMP, 2, 0.06, out=0.010)
    panel(b, hull, (1.36, 1.39), (top - 0.20, top - 0.10), Material.GLASS, 0, 0.06, out=0.014)
    panel(b, hull, (0.0, 0.80), (low + 0.07, low + 0.15), Material.TYRE)
    panel(b, hull, (0.0, 1.55), (low + 0.02, low + 0.055), Material.PLASTIC)
    panel(b, hull, (1.0, 1.40), (low + 0.10, low + 0.20), Material.PLASTIC, 0)
    panel(b, hull, (1.12, 1.30), (low + 0.12, low + 0.18), Material.HEADLAMP, 0, out=0.01)
    x, z, width, height = plate_front(s)
    for rise in (0.05, 0.115) if b.detail == 0 else ():
        panel(b, hull, (0.0, 0.95), (top - 0.23 + rise, top - 0.216 + rise), Material.METAL, 0,
              out=0.012)  # fmt: skip
    b.block((x - 0.012, 0, z), (0.022, width, height), Material.PLATE)
    b.block((s.length / 2 - 0.03, 0, top - 0.155), (0.06, 0.12, 0.09), Material.METAL, 0)


def _tail(b: Parts, hull: Hull, s: CarShape) -> None:
    top, low = s.boot_z, s.clearance
    tall = s.height > 1.6 or s.length < 4.2
    drop = 0.34 if tall else 0.25
    panel(b, hull, (3.30, 4.30 if tall else 4.45), (top - drop, top - 0.085),
          Material.TAILLAMP, 2)  # fmt: skip
    panel(b, hull, (3.30, 4.30), (top - drop + 0.06, top - drop + 0.09), Material.WHITE, 0,
          out=0.010)  # fmt: skip
    panel(b, hull, (3.35, 5.0), (low + 0.08, low + 0.24), Material.PLASTIC)
    panel(b, hull, (4.2, 5.0), (low + 0.285, low + 0.297), Material.TYRE, 0)
    panel(b, hull, (4.45, 5.0), (top - 0.115, top - 0.09), Material.METAL, 0)
    x, z, width, height = plate_rear(s)
    panel(b, hull, (4.55, 5.0), (z - 0.09, z + 0.09), Material.PLASTIC, 0, out=0.004)
    b.block((x + 0.012, 0, z), (0.024, width, height), Material.PLATE)


def _flanks(b: Parts, hull: Hull, s: CarShape) -> None:
    half, low = s.width / 2, s.clearance
    deck = s.belt_z - 0.02
    for x in s.gaps_x:
        side_strip(b, hull, (x + 0.009, x - 0.009), (low + 0.07, deck), Material.TYRE, 0)
    front, rear = s.gaps_x[0], s.gaps_x[-1]
    side_strip(b, hull, (front, rear), (low + 0.06, low + 0.075), Material.TYRE, 0, rows=2)
    side_strip(b, hull, (s.axles_x[0] - s.wheel * 1.2, s.axles_x[1] + s.wheel * 1.2),
               (low, low + (0.14 if s.cladding else 0.05)), Material.PLASTIC, rows=2)  # fmt: skip
    if s.cladding:
        arch_trim(b, hull, 0.06, Material.PLASTIC, 1)
    else:
        arch_trim(b, hull, 0.018, Material.TYRE, 0)
    for x in s.gaps_x[:-1]:
        for side in (-1.0, 1.0):
            y = side * (float(at(hull.half_width, np.asarray(s.belt_z - 0.13))) + 0.012)
            b.block((x - 0.85 + 0.12, y, s.belt_z - 0.13), (0.2, 0.03, 0.028), Material.PLASTIC, 0)
    for side in (-1.0, 1.0):
        x = s.screen[0] - 0.36
        y = side * (half + 0.045)
        b.ball((x, y, s.belt_z + 0.085), (0.075, 0.115, 0.075), Material.PAINT, 1)
        b.block((x - 0.055, y, s.belt_z + 0.085), (0.03, 0.15, 0.09), Material.GLASS, 0)
        b.block((x, y - side * 0.07, s.belt_z + 0.02), (0.05, 0.1, 0.03), Material.PLASTIC, 0)
        if b.detail == 2:
            b.block((x, y, s.belt_z + 0.085), (0.12, 0.2, 0.14), Material.PAINT)


def _bed(b: Parts, s: CarShape) -> None:
    rear, front = -s.length / 2 + 0.16, s.rear_glass[0] - 0.10
    middle, length = (rear + front) / 2, front - rear
    b.block((middle, 0, s.boot_z + 0.022), (length, s.width - 0.34, 0.03), Material.PLASTIC)
    b.pair((middle, s.width / 2 - 0.10, s.boot_z + 0.03), (length + 0.1, 0.07, 0.05),
           Material.PLASTIC, 0)  # fmt: skip
    for side in (-1.0, 1.0):
        b.rod((front + 0.0, side * (s.width / 2 - 0.16), s.boot_z),
              (front + 0.04, side * (s.width / 2 - 0.30), s.boot_z + 0.50), 0.035,
              Material.METAL, 0)  # fmt: skip


def _below(b: Parts, s: CarShape) -> None:
    tyre = 0.225 if s.wheel < 0.35 else 0.25
    half, length = s.width / 2, s.length - 0.5
    top = s.wheel * 2.1
    inner = half - tyre - 0.05
    b.block((0, 0, (s.clearance + top) / 2 + 0.01), (length, 2 * inner, top - s.clearance),
            Material.TYRE)  # fmt: skip
    mid = sum(s.axles_x) / 2
    span = s.axles_x[0] - s.axles_x[1] - 2.5 * s.wheel
    b.block((mid, 0, s.clearance + 0.03), (span, s.width - 0.12, 0.05), Material.TYRE, 1)
    for x in s.axles_x:
        for side in (-1.0, 1.0):
            y = side * (half - tyre / 2 - 0.008)
            b.road_wheel(x, y, s.wheel, tyre, faces=(side,))
