"""Passenger cars, lofted from a few curves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from yanji.ingest.testcity.loft import axles, end_cap, mirrored
from yanji.ingest.testcity.mesh import FloatArray, IntArray, Material, Mesh, MeshBuilder


@dataclass(frozen=True, slots=True)
class CarShape:
    """The measures of a car, metres; `_x` counts forward from the middle."""

    length: float
    width: float
    height: float
    belt_z: float
    bonnet_z: float
    boot_z: float
    screen_base_x: float
    roof_front_x: float
    roof_rear_x: float
    rear_glass_base_x: float
    wheelbase: float
    wheel_radius: float = 0.32
    clearance: float = 0.20
    pillars_x: tuple[float, ...] = (-0.35,)


SEDAN = CarShape(4.6, 1.80, 1.46, 0.92, 0.84, 0.96, 1.15, 0.35, -1.20, -1.90, 2.70)
HATCHBACK = CarShape(
    3.95, 1.72, 1.52, 0.95, 0.88, 0.98, 1.0, 0.3, -1.5, -1.88, 2.5, pillars_x=(-0.3, -1.2)
)
SUV = CarShape(
    4.6, 1.88, 1.72, 1.08, 1.02, 1.08, 1.05, 0.35, -1.9, -2.22, 2.7, 0.36, 0.25, (-0.35, -1.35)
)


def car(shape: CarShape) -> Mesh:
    """Build a passenger car."""
    b = MeshBuilder()
    _car_body(b, shape)
    _car_cabin(b, shape)
    _car_details(b, shape)
    return b.build()


def _car_body(b: MeshBuilder, car_shape: CarShape) -> None:
    s, front = car_shape, car_shape.length / 2
    near_ends = np.array([0, 0.02, 0.06, 0.12, 0.2])
    xs = np.unique(
        np.concatenate([np.linspace(-front, front, 80), front - near_ends, near_ends - front])
    )
    top = np.interp(
        xs,
        [-front, -front + 0.05, -front + 0.2, s.rear_glass_base_x, s.rear_glass_base_x + 0.15,
         s.screen_base_x - 0.1, s.screen_base_x + 0.1, front - 0.5, front - 0.15,
         front - 0.04, front],
        [s.boot_z - 0.22, s.boot_z - 0.1, s.boot_z, s.boot_z, max(s.belt_z, s.boot_z - 0.02),
         s.belt_z, s.belt_z - 0.01, s.bonnet_z, s.bonnet_z - 0.08, s.bonnet_z - 0.2,
         s.bonnet_z - 0.3],
    )  # fmt: skip
    low = s.clearance
    bottom = np.interp(
        xs,
        [-front, -front + 0.1, -front + 0.5, front - 0.5, front - 0.1, front],
        [low + 0.18, low + 0.08, low, low, low + 0.04, low + 0.12],
    )
    corner = np.clip((np.abs(xs) - (front - 0.55)) / 0.55, 0, 1)
    half_width = s.width / 2 * (1 - 0.22 * corner**2.2)
    rise = np.concatenate([np.linspace(0, 1, 20), [1, 1]])
    out = np.interp(
        rise, [0, 0.05, 0.25, 0.55, 0.75, 0.9, 0.97, 1], [0.8, 0.95, 1, 1, 0.985, 0.95, 0.9, 0.82]
    )
    out[-2:] = (0.4, 0.0)
    crown = np.concatenate([np.zeros(20), [0.015, 0.02]])
    half = [
        np.stack([xs, half_width * o, bottom + (top - bottom) * r + c], axis=1)
        for o, r, c in zip(out, rise, crown, strict=True)
    ]

    def side_material(centres: FloatArray) -> IntArray:
        x, y, z = centres.T
        aside = np.abs(y) / (s.width / 2)
        number = np.full(len(centres), int(Material.PAINT))
        number[z < low + 0.10] = Material.PLASTIC
        head = (x > front - 0.42) & (z > s.bonnet_z - 0.26) & (z < s.bonnet_z - 0.06)
        number[head & (aside > 0.52)] = Material.HEADLAMP
        tail = (x < -front + 0.32) & (z > s.boot_z - 0.30) & (z < s.boot_z - 0.06)
        number[tail & (aside > 0.55)] = Material.TAILLAMP
        return number

    def nose_material(centres: FloatArray) -> IntArray:
        _, y, z = centres.T
        aside = np.abs(y) / (s.width / 2)
        number = np.full(len(centres), int(Material.PAINT))
        grille = (z < s.bonnet_z - 0.3) & (aside < 0.55) & (z > low + 0.12)
        number[grille] = Material.TROUSERS
        number[(aside > 0.5) & (z > s.bonnet_z - 0.42)] = Material.HEADLAMP
        return number

    def tail_material(centres: FloatArray) -> IntArray:
        _, y, z = centres.T
        number = np.full(len(centres), int(Material.PAINT))
        number[(np.abs(y) > s.width / 4) & (z > s.boot_z - 0.42)] = Material.TAILLAMP
        number[z < low + 0.22] = Material.PLASTIC
        return number

    body = mirrored(half)
    b.surface(body, side_material)
    b.surface(end_cap(body[0, : len(half)], 31, -0.03), tail_material)
    b.surface(end_cap(body[-1, : len(half)], 31, 0.03), nose_material)


def _car_cabin(b: MeshBuilder, s: CarShape) -> None:
    xs = np.linspace(s.rear_glass_base_x, s.screen_base_x, 56)
    knots_x = [xs[0], s.roof_rear_x, (s.roof_rear_x + s.roof_front_x) / 2, s.roof_front_x, xs[-1]]
    roof = np.interp(
        xs, knots_x, [s.boot_z - 0.01, s.height - 0.05, s.height, s.height - 0.03, s.belt_z - 0.02]
    )
    roof = np.convolve(np.pad(roof, 2, mode="edge"), np.ones(5) / 5, "valid")
    base = s.belt_z - 0.03
    share = np.clip((roof - base) / (s.height - s.belt_z), 0, 1)
    roof_half = s.width / 2 * (0.92 - 0.20 * share)
    rows = ((0, 0), (0.15, 0.15), (0.5, 0.5), (0.82, 0.82), (0.93, 0.94), (1, 1.06))
    half = [
        np.stack(
            [xs, s.width / 2 * 0.93 * (1 - w) + roof_half * w, base + (roof - base) * r], axis=1
        )
        for r, w in rows
    ]
    half += [
        np.stack([xs, roof_half * q, roof + 0.025 * (1 - q)], axis=1) for q in (0.82, 0.4, 0.0)
    ]

    def material(centres: FloatArray) -> IntArray:
        x, y, z = centres.T
        number = np.full(len(centres), int(Material.PAINT))
        roof_here = np.interp(x, xs, roof)
        flank = z < base + 0.84 * (roof_here - base)
        tall = roof_here - s.belt_z > 0.14
        number[flank & tall & (z > s.belt_z + 0.03)] = Material.GLASS
        for pillar in s.pillars_x:
            number[flank & (np.abs(x - pillar) < 0.05)] = Material.TROUSERS
        c_pillar = (x < s.roof_rear_x + 0.16) & (x > s.roof_rear_x - 0.28)
        if s.roof_rear_x - s.rear_glass_base_x > 0.25:
            number[flank & c_pillar] = Material.PAINT
        on_top = ~flank & (np.abs(y) < 0.9 * np.interp(x, xs, roof_half))
        number[on_top & (x > s.roof_front_x - 0.02)] = Material.GLASS
        number[on_top & (x < s.roof_rear_x + 0.02)] = Material.GLASS
        return number

    cabin = mirrored(half)
    b.surface(cabin, material)


def _car_details(b: MeshBuilder, s: CarShape) -> None:
    front, low = s.length / 2, s.clearance
    b.box((front + 0.035, 0, s.bonnet_z - 0.2), (0.02, s.width * 0.5, 0.07), Material.METAL)
    b.box((front + 0.04, 0, low + 0.22), (0.02, 0.5, 0.13), Material.PLATE)
    b.box((-front - 0.04, 0, s.boot_z - 0.35), (0.02, 0.5, 0.13), Material.PLATE)
    for side in (-1.0, 1.0):
        b.box(
            (front - 0.02, side * s.width * 0.36, s.bonnet_z - 0.17),
            (0.07, s.width * 0.16, 0.1),
            Material.HEADLAMP,
        )
        b.box(
            (-front, side * s.width * 0.37, s.boot_z - 0.2),
            (0.07, s.width * 0.14, 0.14),
            Material.TAILLAMP,
        )
        b.ellipsoid(
            (s.screen_base_x - 0.25, side * (s.width / 2 + 0.08), s.belt_z + 0.07),
            (0.09, 0.11, 0.07),
            Material.PAINT,
        )
        for x in (0.15, -0.75):
            b.box(
                (x, side * (s.width / 2 - 0.005), s.belt_z - 0.14),
                (0.2, 0.03, 0.03),
                Material.METAL,
            )
        b.box(
            (0, side * s.width / 2, low + 0.15),
            (s.wheelbase - 2.6 * s.wheel_radius, 0.02, 0.1),
            Material.PLASTIC,
        )
    axles(b, (s.wheelbase / 2, -s.wheelbase / 2), s.width, s.wheel_radius, 0.22, low - 0.02)
