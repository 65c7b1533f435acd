"""A delivery van, a box lorry and a city bus."""

from __future__ import annotations

import numpy as np

from yanji.ingest.testcity.loft import axles, end_cap, mirrored
from yanji.ingest.testcity.mesh import FloatArray, IntArray, Material, Mesh, MeshBuilder


def van() -> Mesh:
    """Build a delivery van with closed sides."""
    b = MeshBuilder()
    length, width, height = 5.3, 1.95, 2.3
    front = length / 2
    xs = np.linspace(-front, front, 80)
    top = np.interp(
        xs,
        [-front, -front + 0.1, front - 2.0, front - 1.1, front - 0.75, front - 0.15, front],
        [height - 0.15, height, height, height - 0.25, 1.2, 0.95, 0.7],
    )
    bottom = np.interp(xs, [-front, front - 0.1, front], [0.3, 0.28, 0.38])
    half_width = width / 2 * (1 - 0.15 * np.clip((np.abs(xs) - (front - 0.4)) / 0.4, 0, 1) ** 2)
    half = []
    for share in np.linspace(0, 1, 16):
        z = bottom + (top - bottom) * share
        half.append(
            np.stack(
                [xs, half_width * (1 - 0.12 * np.clip((z - 1.1) / (height - 1.1), 0, 1)), z], axis=1
            )
        )
    half += [half[-1] * [1, q, 1] + [0, 0, 0.02] for q in (0.5, 0.0)]

    def material(centres: FloatArray) -> IntArray:
        x, y, z = centres.T
        roof = np.interp(x, xs, top)
        flank = np.abs(y) > 0.75 * width / 2
        number = np.full(len(centres), int(Material.PAINT))
        door = (x < front - 0.95) & (x > front - 1.95) & (z > 1.22) & (z < roof - 0.18)
        number[flank & door] = Material.GLASS
        screen = (x > front - 1.78) & (x < front - 0.72) & (z < height - 0.02) & (z > 1.1)
        number[~flank & screen] = Material.GLASS
        number[flank & (x < front - 2.2) & (z > 1.0) & (z < 1.28)] = Material.ACCENT
        number[z < 0.42] = Material.PLASTIC
        return number

    def rear(centres: FloatArray) -> IntArray:
        _, y, z = centres.T
        aside = np.abs(y) / (width / 2)
        number = np.full(len(centres), int(Material.PAINT))
        number[(z > 1.3) & (z < height - 0.3) & (aside < 0.75) & (aside > 0.04)] = Material.GLASS
        number[(aside > 0.8) & (z > 0.7) & (z < 1.4)] = Material.TAILLAMP
        number[z < 0.5] = Material.PLASTIC
        return number

    body = mirrored(half)
    b.surface(body, material)
    b.surface(end_cap(body[0, : len(half)], 25), rear)
    b.surface(end_cap(body[-1, : len(half)], 25), Material.TROUSERS)
    b.box((front + 0.01, 0, 0.52), (0.03, 0.5, 0.13), Material.PLATE)
    b.box((-front - 0.02, 0, 0.65), (0.03, 0.5, 0.13), Material.PLATE)
    for side in (-1.0, 1.0):
        b.box(
            (front - 0.06, side * width * 0.36, 0.78), (0.1, width * 0.14, 0.16), Material.HEADLAMP
        )
        b.box((-front, side * width * 0.44, 1.0), (0.05, 0.1, 0.6), Material.TAILLAMP)
        b.box((front - 1.05, side * (width / 2 + 0.12), 1.3), (0.1, 0.18, 0.28), Material.PLASTIC)
    axles(b, (front - 0.95, -front + 1.05), width, 0.35, 0.26, 0.2)
    return b.build()


def box_lorry() -> Mesh:
    """Build a light lorry with a closed load box in the accent colour."""
    b = MeshBuilder()
    length, width, height, cab = 6.2, 2.2, 2.9, 1.75
    front = length / 2

    def material(centres: FloatArray) -> IntArray:
        x, y, z = centres.T
        aside = np.abs(y) / (width / 2 - 0.05)
        number = np.full(len(centres), int(Material.PAINT))
        number[(x > front - 0.12) & (z > 1.4) & (z < 2.1) & (aside < 0.9)] = Material.GLASS
        number[(aside > 0.9) & (z > 1.4) & (z < 2.05) & (x < front - 0.2) & (x > front - 1.15)] = (
            Material.GLASS
        )
        number[z < 0.7] = Material.PLASTIC
        number[(x > front - 0.1) & (z > 0.85) & (z < 1.2) & (aside < 0.6)] = Material.TROUSERS
        return number

    b.rounded_box((front - cab / 2, 0, 1.35), (cab, width - 0.1, 1.85), 0.12, material, 0.08)
    box_length = length - cab - 0.15
    box_x = -front + box_length / 2
    b.rounded_box(
        (box_x, 0, (0.95 + height) / 2), (box_length, width, height - 0.95), 0.03, Material.ACCENT
    )
    for side in (-1.0, 1.0):
        for z in (0.97, height - 0.02):
            b.box((box_x, side * width / 2, z), (box_length + 0.02, 0.05, 0.08), Material.METAL)
        b.box((box_x, side * (width / 2 + 0.005), 1.95), (2.2, 0.02, 0.5), Material.PAINT)
        b.box((box_x + 0.2, side * (width / 2 - 0.05), 0.68), (1.9, 0.04, 0.3), Material.METAL)
        b.box((front - 0.01, side * width * 0.36, 0.72), (0.06, 0.34, 0.17), Material.HEADLAMP)
        b.box((front - 0.1, side * (width / 2 + 0.12), 1.7), (0.12, 0.16, 0.45), Material.TROUSERS)
        b.box((-front - 0.01, side * width * 0.4, 0.75), (0.05, 0.3, 0.14), Material.TAILLAMP)
    b.box((-front - 0.01, 0, 1.9), (0.03, 0.05, height - 1.1), Material.TROUSERS)
    b.box((-0.1, 0, 0.7), (length - 0.7, 0.8, 0.2), Material.TROUSERS)
    b.box((front + 0.01, 0, 0.52), (0.04, 0.5, 0.13), Material.PLATE)
    b.box((-front - 0.03, 0, 0.6), (0.04, 0.5, 0.13), Material.PLATE)
    for x in (front - 0.75, -front + 1.25):
        for side in (-1.0, 1.0):
            b.wheel(x, side * (width / 2 - 0.14), 0.43, 0.26, Material.METAL)
    return b.build()


def bus() -> Mesh:
    """Build a city bus; the doors are on the right."""
    b = MeshBuilder()
    length, width, height = 10.5, 2.5, 3.1
    front = length / 2

    def material(centres: FloatArray) -> IntArray:
        x, y, z = centres.T
        aside = np.abs(y) / (width / 2)
        number = np.full(len(centres), int(Material.PAINT))
        number[(z > 0.98) & (z < 1.16)] = Material.ACCENT
        number[z < 0.5] = Material.PLASTIC
        flank = aside > 0.97
        window = flank & (z > 1.3) & (z < 2.5) & (x > -front + 0.35) & (x < front - 0.15)
        number[window] = Material.GLASS
        number[window & (np.abs((x + front - 0.1) % 1.45) < 0.09)] = Material.TROUSERS
        door = flank & (y < 0) & (z > 0.45) & (z < 2.5)
        number[door & (((x > front - 1.5) & (x < front - 0.35)) | (np.abs(x + 0.4) < 0.65))] = (
            Material.GLASS
        )
        number[(x > front - 0.12) & (z > 1.15) & (z < 2.45) & (aside < 0.95)] = Material.GLASS
        number[(x < -front + 0.1) & (z > 1.7) & (z < 2.6) & (aside < 0.85)] = Material.GLASS
        return number

    b.rounded_box((0, 0, (0.32 + height) / 2), (length, width, height - 0.32), 0.16, material, 0.10)
    b.box((front, 0, 2.68), (0.03, 1.1, 0.16), Material.INDICATOR)
    b.rounded_box((-1.5, 0, height + 0.08), (3.0, 1.6, 0.2), 0.06, Material.WHITE)
    for side in (-1.0, 1.0):
        b.box((front, side * width * 0.38, 0.75), (0.06, 0.36, 0.2), Material.HEADLAMP)
        b.box((-front, side * width * 0.42, 1.1), (0.06, 0.22, 0.5), Material.TAILLAMP)
        b.box((front + 0.15, side * (width / 2 + 0.1), 2.1), (0.15, 0.14, 0.45), Material.TROUSERS)
    b.box((front + 0.01, 0, 0.55), (0.04, 0.5, 0.13), Material.PLATE)
    b.box((-front - 0.02, 0, 0.9), (0.04, 0.5, 0.13), Material.PLATE)
    axles(b, (front - 2.4, -front + 2.8), width, 0.48, 0.28, 0.28)
    return b.build()
