"""Optional parts: luggage, boxes, covers and cargo, built in the axes of their vehicle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.parts import Parts

Addon = Callable[[int], Mesh]


def roof_bars(x: float, z: float, half: float, length: float) -> Addon:
    """Two rails along the roof's edges."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        for side in (-1.0, 1.0):
            b.rod((x - length / 2, side * half, z), (x + length / 2, side * half, z), 0.022,
                  Material.METAL)  # fmt: skip
        return b.finish()

    return build


def roof_box(x: float, z: float) -> Addon:
    """A closed luggage box on the roof."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.soft_block((x, 0, z + 0.20), (1.7, 0.78, 0.32), 0.09, Material.PLASTIC)
        b.pair((x, 0.45, z + 0.02), (0.9, 0.10, 0.05), Material.METAL, 1)
        return b.finish()

    return build


def roof_sign(x: float, z: float) -> Addon:
    """The lit sign of a hire car."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.soft_block((x, 0, z + 0.08), (0.16, 0.50, 0.16), 0.03, Material.WHITE)
        b.block((x + 0.085, 0, z + 0.08), (0.01, 0.40, 0.10), Material.INDICATOR, 1)
        b.block((x - 0.085, 0, z + 0.08), (0.01, 0.40, 0.10), Material.INDICATOR, 1)
        return b.finish()

    return build


def ladder(x: float, z: float, length: float) -> Addon:
    """A rack with a ladder on the roof."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        for k in (-0.4, 0.0, 0.4):
            b.block((x + k * length, 0, z + 0.06), (0.05, 1.4, 0.05), Material.TYRE)
        b.pair((x, 0.22, z + 0.13), (length, 0.05, 0.08), Material.METAL)
        for k in range(9):
            b.block((x + (k / 8 - 0.5) * length * 0.95, 0, z + 0.13), (0.04, 0.44, 0.04),
                    Material.METAL, 0)  # fmt: skip
        return b.finish()

    return build


def cartons(rear: float, front: float, half: float, z: float, tall: float, seed: int) -> Addon:
    """Cartons stacked on a bed: brown, white and dark ones."""

    def build(detail: int) -> Mesh:
        b, rng = Parts(detail), np.random.default_rng(seed)
        columns, rows = max(2, round((front - rear) / 0.55)), max(2, round(2 * half / 0.5))
        step_x, step_y = (front - rear) / columns, 2 * half / rows
        colours = (Material.CARDBOARD, Material.CARDBOARD, Material.WHITE, Material.PLASTIC)
        for i in range(columns):
            for j in range(rows):
                height = tall * rng.uniform(0.35, 1.0)
                size = (step_x * rng.uniform(0.8, 0.97), step_y * rng.uniform(0.8, 0.97), height)
                centre = (rear + (i + 0.5) * step_x, -half + (j + 0.5) * step_y, z + height / 2)
                b.block(centre, size, colours[int(rng.integers(4))])
        return b.finish()

    return build


def pipes(rear: float, front: float, half: float, z: float) -> Addon:
    """Long pipes lying on a bed."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        for k, y in enumerate(np.linspace(-half, half, 6)):
            for level in range(2 if k < 5 else 1):
                at_y = float(y) + level * half / 5
                height = z + 0.13 + level * 0.2
                b.rod((rear, at_y, height), (front, at_y, height), 0.11, Material.METAL)
        return b.finish()

    return build


def heap(rear: float, front: float, half: float, z: float, tall: float) -> Addon:
    """A load below a tarpaulin in the accent colour."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        length = front - rear
        b.tube(
            ((rear + 0.02, 0, z + tall * 0.3), (rear + length * 0.15, 0, z + tall * 0.45),
             (rear + length * 0.5, 0, z + tall * 0.5), (rear + length * 0.85, 0, z + tall * 0.42),
             (front - 0.02, 0, z + tall * 0.3)),
            ((half * 0.8, tall * 0.25), (half, tall * 0.45), (half, tall * 0.5),
             (half, tall * 0.40), (half * 0.8, tall * 0.25)), Material.ACCENT, sides=12,
            round_ends=False,
        )  # fmt: skip
        return b.finish()

    return build


def water_bottles(rear: float, front: float, half: float, z: float) -> Addon:
    """Large bottles of drinking water, standing."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        for x in np.linspace(rear + 0.16, front - 0.16, 4):
            for y in np.linspace(-half + 0.14, half - 0.14, 3):
                b.tube(((x, y, z), (x, y, z + 0.32), (x, y, z + 0.42)), (0.13, 0.13, 0.04),
                       Material.GLASS, round_ends=False)  # fmt: skip
                b.rod((x, y, z + 0.42), (x, y, z + 0.46), 0.035, Material.WHITE, 0)
        return b.finish()

    return build


def box_body(rear: float, front: float, half: float, z: float, tall: float) -> Addon:
    """A closed parcel box in the accent colour on a bed."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        centre = ((rear + front) / 2, 0.0, z + tall / 2)
        b.soft_block(centre, (front - rear, 2 * half, tall), 0.03, Material.ACCENT)
        b.block((rear - 0.004, 0, z + tall / 2), (0.012, 0.025, tall - 0.1), Material.TYRE, 1)
        b.pair((rear + 0.01, half - 0.02, z + tall / 2), (0.03, 0.05, tall), Material.METAL, 0)
        return b.finish()

    return build


def canopy(
    rear: float,
    front: float,
    half: float,
    z: float,
    front_foot: tuple[float, float, float],
    rear_foot: tuple[float, float, float],
) -> Addon:
    """A roof on four posts in the accent colour; the posts stand on left feet and their mirrors."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        middle = (rear + front) / 2
        b.tube(
            ((rear, 0, z), (rear + 0.1, 0, z + 0.03), (middle, 0, z + 0.05),
             (front - 0.1, 0, z + 0.03), (front, 0, z - 0.04)),
            ((half, 0.02),) * 5, Material.ACCENT, round_ends=False,
        )  # fmt: skip
        for side in (-1.0, 1.0):
            for top, foot in ((front - 0.05, front_foot), (rear + 0.08, rear_foot)):
                b.rod((top, side * half * 0.8, z), (foot[0], side * foot[1], foot[2]), 0.014,
                      Material.METAL, 1)  # fmt: skip
        return b.finish()

    return build


def basket(x: float, z: float) -> Addon:
    """A wire basket in front of the handlebar."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.block((x, 0, z - 0.11), (0.22, 0.28, 0.015), Material.TYRE)
        for level in (-0.06, 0.0, 0.06, 0.11) if detail == 0 else (0.0, 0.09):
            b.pair((x, 0.15, z + level), (0.26, 0.012, 0.018), Material.TYRE)
            for dx in (-0.125, 0.125):
                b.block((x + dx, 0, z + level), (0.012, 0.30, 0.018), Material.TYRE)
        for dx in (-0.12, -0.04, 0.04, 0.12):
            b.pair((x + dx, 0.15, z), (0.012, 0.012, 0.22), Material.TYRE, 0)
        for y in (0.05, 0.10):
            b.pair((x + 0.125, y, z), (0.012, 0.012, 0.22), Material.TYRE, 0)
        b.soft_block((x, 0.02, z - 0.02), (0.18, 0.20, 0.14), 0.04, Material.WHITE, 1)
        return b.finish()

    return build


def top_case(x: float, z: float) -> Addon:
    """A rounded case behind the saddle."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.block((x + 0.08, 0, z - 0.15), (0.28, 0.14, 0.03), Material.METAL, 1)
        b.tube(((x, 0, z - 0.13), (x, 0, z - 0.02), (x, 0, z + 0.09), (x, 0, z + 0.14)),
               (0.16, 0.19, 0.17, 0.08), Material.PLASTIC, sides=12)  # fmt: skip
        return b.finish()

    return build


def child_seat(x: float, z: float) -> Addon:
    """A child's seat on the carrier."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.block((x, 0, z + 0.04), (0.30, 0.28, 0.06), Material.ACCENT)
        b.block((x - 0.15, 0, z + 0.24), (0.05, 0.28, 0.40), Material.ACCENT)
        b.pair((x + 0.02, 0.15, z + 0.15), (0.28, 0.025, 0.05), Material.PLASTIC, 1)
        return b.finish()

    return build


def wind_cover(bar_x: float, bar_z: float, seat_z: float) -> Addon:
    """A quilted cover from the handlebar over the rider's knees, accent colour."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.tube(
            ((bar_x + 0.10, 0, 0.50), (bar_x + 0.13, 0, 0.72), (bar_x + 0.10, 0, bar_z - 0.10),
             (bar_x - 0.01, 0, bar_z + 0.05)),
            ((0.24, 0.03), (0.33, 0.05), (0.40, 0.05), (0.36, 0.04)), Material.ACCENT, sides=12,
        )  # fmt: skip
        b.tube(
            ((bar_x + 0.02, 0, bar_z - 0.10), (bar_x - 0.18, 0, seat_z + 0.18),
             (bar_x - 0.34, 0, seat_z + 0.16)),
            ((0.36, 0.04), (0.30, 0.05), (0.25, 0.03)), Material.ACCENT, sides=12,
        )  # fmt: skip
        return b.finish()

    return build


def side_bags(x: float, z: float) -> Addon:
    """Two bags hanging beside the rear wheel."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        for side in (-1.0, 1.0):
            b.soft_block((x, side * 0.24, z), (0.40, 0.15, 0.30), 0.04, Material.ACCENT)
        return b.finish()

    return build


def carton_behind(x: float, z: float, size: float) -> Addon:
    """A carton tied on behind the saddle."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.block((x, 0, z + size / 2), (size * 0.9, size, size), Material.CARDBOARD)
        b.block((x, 0, z + size / 2), (0.03, size + 0.01, size + 0.01), Material.TYRE, 0)
        return b.finish()

    return build


def footboard_load(z: float) -> Addon:
    """A bag of shopping on the footboard."""

    def build(detail: int) -> Mesh:
        b = Parts(detail)
        b.soft_block((0.20, 0, z + 0.15), (0.26, 0.24, 0.28), 0.06, Material.WHITE)
        return b.finish()

    return build
