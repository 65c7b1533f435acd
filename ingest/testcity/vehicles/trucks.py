"""Light lorries: one with a closed load box, one with a flat bed."""

from __future__ import annotations

from typing import Final

from yanji.ingest.testcity.mesh import Material, Mesh
from yanji.ingest.testcity.vehicles.cabin import Cabin, screen, shell, window
from yanji.ingest.testcity.vehicles.hull import End, Hull, Knots, panel, side_strip, wall
from yanji.ingest.testcity.vehicles.parts import Parts

LENGTH: Final = 6.3
WIDTH: Final = 2.16
BOX_TOP: Final = 3.0
CAB_TOP: Final = 2.28
BED_Z: Final = 1.0
_FRONT: Final = LENGTH / 2
_CAB_REAR: Final = _FRONT - 1.72
BED_X: Final = (-_FRONT, _CAB_REAR - 0.16)
"""x of the load's rear and front end."""
_AXLES: Final = (_FRONT - 0.86, -_FRONT + 1.32)
_WHEEL: Final = 0.41
_BELT: Final = 1.30


def box_truck(detail: int) -> Mesh:
    """Build a lorry with a closed box in the accent colour."""
    b = Parts(detail)
    _cab(b)
    _frame(b)
    rear, front = BED_X
    middle, length, height = (rear + front) / 2, front - rear, BOX_TOP - BED_Z
    z = (BOX_TOP + BED_Z) / 2
    b.block((middle, 0, z), (length, WIDTH, height), Material.ACCENT)
    for x in (rear + 0.02, front - 0.02):
        b.pair((x, WIDTH / 2 - 0.02, z), (0.06, 0.06, height + 0.02), Material.METAL, 1)
    for edge in (BED_Z + 0.02, BOX_TOP - 0.02):
        b.pair((middle, WIDTH / 2 - 0.02, edge), (length + 0.02, 0.06, 0.08), Material.METAL, 1)
        b.block((rear + 0.005, 0, edge), (0.05, WIDTH, 0.09), Material.METAL, 1)
    for k in range(1, 7):
        x = rear + length * k / 7
        b.pair((x, WIDTH / 2 + 0.004, z), (0.022, 0.012, height - 0.1), Material.ACCENT, 0)
    b.block((rear - 0.004, 0, z), (0.02, 0.03, height - 0.12), Material.TYRE, 1)
    for y in (0.18, 0.62):
        b.pair((rear - 0.02, y, z), (0.025, 0.025, height - 0.14), Material.METAL, 0)
    b.pair((rear - 0.01, WIDTH / 2 - 0.1, BOX_TOP - 0.02), (0.03, 0.12, 0.05), Material.TAILLAMP, 0)
    return b.finish()


def flatbed(detail: int) -> Mesh:
    """Build a lorry with low side boards in the accent colour."""
    b = Parts(detail)
    _cab(b)
    _frame(b)
    rear, front = BED_X
    middle, length = (rear + front) / 2, front - rear
    b.block((middle, 0, BED_Z - 0.02), (length, WIDTH, 0.10), Material.PLASTIC)
    b.pair((middle, WIDTH / 2 - 0.02, BED_Z + 0.24), (length, 0.04, 0.46), Material.ACCENT)
    b.block((rear + 0.02, 0, BED_Z + 0.24), (0.04, WIDTH - 0.06, 0.46), Material.ACCENT)
    b.block((front - 0.03, 0, BED_Z + 0.5), (0.05, WIDTH, 0.95), Material.ACCENT)
    for k in range(7):
        x = rear + 0.03 + (length - 0.06) * k / 6
        b.pair((x, WIDTH / 2 + 0.008, BED_Z + 0.24), (0.06, 0.03, 0.48), Material.METAL, 0)
    b.pair((middle, WIDTH / 2 + 0.004, BED_Z + 0.25), (length, 0.012, 0.035), Material.METAL, 1)
    for y in (-0.7, 0.0, 0.7):
        b.block((front - 0.07, y, BED_Z + 0.55), (0.05, 0.05, 1.1), Material.METAL, 0)
    return b.finish()


def _cab(b: Parts) -> None:
    half, low = WIDTH / 2 - 0.07, 0.46
    nose: Knots = ((low, _FRONT - 0.02), (low + 0.2, _FRONT), (_BELT, _FRONT - 0.06))
    back: Knots = ((low, _CAB_REAR), (_BELT, _CAB_REAR))
    width: Knots = ((low, half - 0.02), (0.7, half), (_BELT, half - 0.01))
    hull = Hull(
        End(nose, (0.22, 0.26), 0.05), End(back, (0.08, 0.08), 0.0), width,
        ((_CAB_REAR, _BELT), (_FRONT, _BELT)), ((_CAB_REAR, low + 0.1), (_FRONT, low)),
        ((_AXLES[0], _WHEEL + 0.02, _WHEEL * 1.14),),
    )  # fmt: skip
    wall(b, hull)
    profile: Knots = (
        (_CAB_REAR + 0.01, _BELT - 0.05), (_CAB_REAR + 0.02, CAB_TOP - 0.12),
        (_CAB_REAR + 0.2, CAB_TOP), (_FRONT - 0.62, CAB_TOP), (_FRONT - 0.34, CAB_TOP - 0.08),
        (_FRONT - 0.07, _BELT - 0.03),
    )  # fmt: skip
    cabin = Cabin(
        profile, _BELT - 0.05, ((_BELT, half - 0.012), (CAB_TOP, half - 0.14)), 0.1, 0.14, 0.0, 0.0
    )
    shell(b, cabin)
    screen(b, cabin, (_BELT + 0.06, CAB_TOP - 0.16), front=True, across=0.93)
    low_z, high_z = _BELT + 0.0, CAB_TOP - 0.26
    window(b, cabin, (_CAB_REAR + 0.50, _FRONT - 0.34), (low_z, high_z), frame=0.12)
    side_strip(b, hull, (_CAB_REAR + 0.44, _CAB_REAR + 0.425), (0.6, _BELT), Material.TYRE, 0)
    side_strip(b, hull, (_FRONT - 0.30, _FRONT - 0.315), (0.9, _BELT), Material.TYRE, 0)
    panel(b, hull, (0.0, 0.95), (0.92, 1.12), Material.PLASTIC)
    for z in (0.97, 1.05):
        panel(b, hull, (0.0, 0.9), (z, z + 0.016), Material.METAL, 0, out=0.012)
    panel(b, hull, (0.0, 2.0), (low + 0.02, low + 0.18), Material.PLASTIC)
    panel(b, hull, (0.92, 1.7), (0.70, 0.88), Material.HEADLAMP, 2, out=0.012)
    panel(b, hull, (1.7, 1.98), (0.70, 0.88), Material.INDICATOR, 0)
    panel(b, hull, (0.0, 0.4), (1.19, 1.25), Material.METAL, 0)
    b.block((_FRONT + 0.005, 0, 0.56), (0.03, 0.44, 0.14), Material.PLATE)
    b.pair((_FRONT - 0.30, half + 0.16, 1.72), (0.10, 0.17, 0.42), Material.PLASTIC)
    b.pair((_FRONT - 0.36, half + 0.16, 1.72), (0.01, 0.14, 0.36), Material.GLASS, 0)
    b.pair((_FRONT - 0.26, half + 0.08, 1.94), (0.03, 0.2, 0.03), Material.PLASTIC, 0)
    b.pair((_CAB_REAR + 0.56, half + 0.005, 1.2), (0.16, 0.03, 0.035), Material.PLASTIC, 0)


def _frame(b: Parts) -> None:
    rear = -_FRONT
    b.block((-0.15, 0, 0.70), (LENGTH - 0.5, 0.80, 0.22), Material.TYRE)
    b.block((-0.15, 0, 0.90), (LENGTH - 0.5, 1.5, 0.10), Material.TYRE, 1)
    b.pair((0.30, WIDTH / 2 - 0.22, 0.66), (0.9, 0.34, 0.34), Material.METAL, 1)
    b.pair((-0.55, WIDTH / 2 - 0.06, 0.66), (1.1, 0.03, 0.06), Material.METAL, 1)
    b.pair((-0.55, WIDTH / 2 - 0.06, 0.84), (1.1, 0.03, 0.06), Material.METAL, 1)
    b.block((_AXLES[0], 0, 0.62), (1.1, 1.36, 0.7), Material.TYRE)
    b.block((rear + 0.06, 0, 0.62), (0.08, WIDTH - 0.2, 0.12), Material.METAL, 1)
    b.pair((rear + 0.04, WIDTH / 2 - 0.26, 0.80), (0.06, 0.34, 0.14), Material.TAILLAMP)
    b.pair((rear + 0.035, WIDTH / 2 - 0.40, 0.80), (0.06, 0.07, 0.12), Material.INDICATOR, 0)
    b.block((rear - 0.005, 0, 0.72), (0.03, 0.46, 0.17), Material.PLATE)
    b.pair((_AXLES[1], WIDTH / 2 - 0.22, 0.90), (1.0, 0.36, 0.03), Material.PLASTIC, 1)
    b.pair((_AXLES[1] - 0.52, WIDTH / 2 - 0.22, 0.55), (0.02, 0.36, 0.5), Material.TYRE, 1)
    for side in (-1.0, 1.0):
        b.road_wheel(_AXLES[0], side * (WIDTH / 2 - 0.20), _WHEEL, 0.24, (side,), 0)
        b.road_wheel(_AXLES[1], side * (WIDTH / 2 - 0.25), _WHEEL, 0.44, (side,), 0)
