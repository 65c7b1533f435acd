"""Two-wheelers with their riders: the e-bike of a delivery rider, a plain e-bike, a motorcycle."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.testcity.mesh import Material, Mesh, MeshBuilder

Point = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Posture:
    """Where a rider sits: (x, z) in metres of hip, hands and feet, and how far the back leans."""

    hip: tuple[float, float]
    hands: tuple[float, float]
    feet: tuple[float, float]
    lean_m: float


def delivery_ebike() -> Mesh:
    """Build a step-through e-bike with a large insulated box behind the rider."""
    b = MeshBuilder()
    _ebike_body(b)
    b.box((-0.66, 0, 0.86), (0.44, 0.34, 0.04), Material.METAL)
    b.rounded_box((-0.70, 0, 1.13), (0.50, 0.54, 0.50), 0.035, Material.ACCENT)
    b.rounded_box((-0.70, 0, 1.385), (0.53, 0.57, 0.05), 0.02, Material.PLASTIC)
    b.box((-0.70, 0, 1.02), (0.512, 0.552, 0.05), Material.WHITE)
    for side in (-1.0, 1.0):
        b.disc((-0.70, side * 0.273, 1.21), 0.105, Material.WHITE, side)
    _rider(b, Posture(hip=(-0.20, 0.84), hands=(0.40, 1.10), feet=(0.24, 0.36), lean_m=0.06))
    return b.build()


def ebike() -> Mesh:
    """Build the same e-bike with a small top case."""
    b = MeshBuilder()
    _ebike_body(b)
    b.ellipsoid((-0.82, 0, 0.98), (0.19, 0.21, 0.15), Material.TROUSERS)
    _rider(b, Posture(hip=(-0.22, 0.84), hands=(0.40, 1.10), feet=(0.24, 0.36), lean_m=0.06))
    return b.build()


def motorcycle() -> Mesh:
    """Build a motorcycle with tank, open engine and exhaust."""
    b = MeshBuilder()
    for x in (0.74, -0.72):
        b.wheel(x, 0, 0.33, 0.16, Material.METAL, spokes=6)
    for side in (-1.0, 1.0):
        b.capsule(
            (0.74, side * 0.10, 0.33), (0.44, side * 0.09, 0.95), 0.032, 0.036, Material.METAL
        )
        b.capsule((-0.1, side * 0.2, 0.26), (-0.86, side * 0.22, 0.40), 0.05, 0.08, Material.METAL)
        b.capsule((0.32, side * 0.16, 0.42), (-0.1, side * 0.2, 0.26), 0.04, 0.045, Material.METAL)
        b.capsule((-0.1, side * 0.12, 0.38), (-0.72, side * 0.12, 0.33), 0.04, 0.04, Material.METAL)
        b.ellipsoid((0.58, side * 0.24, 0.90), (0.04, 0.05, 0.04), Material.INDICATOR, 8)
        b.ellipsoid((-0.80, side * 0.20, 0.80), (0.04, 0.05, 0.04), Material.INDICATOR, 8)
        _mirror(b, 0.47, side, 1.05)
    b.capsule((0.47, -0.42, 1.05), (0.47, 0.42, 1.05), 0.02, 0.02, Material.TROUSERS)
    b.ellipsoid((0.74, 0, 0.60), (0.26, 0.10, 0.08), Material.PAINT)
    b.ellipsoid((0.20, 0, 0.86), (0.33, 0.19, 0.16), Material.PAINT)
    b.ellipsoid((0.52, 0, 0.98), (0.14, 0.20, 0.17), Material.PAINT)
    b.ellipsoid((0.63, 0, 0.94), (0.06, 0.13, 0.12), Material.HEADLAMP)
    b.capsule((-0.10, 0, 0.80), (-0.48, 0, 0.84), 0.15, 0.13, Material.TROUSERS)
    b.ellipsoid((-0.62, 0, 0.82), (0.27, 0.14, 0.13), Material.PAINT)
    b.box((-0.90, 0, 0.86), (0.05, 0.20, 0.09), Material.TAILLAMP)
    b.box((-0.93, 0, 0.64), (0.02, 0.22, 0.16), Material.PLATE)
    b.box((-0.86, 0, 0.70), (0.10, 0.14, 0.25), Material.PLASTIC)
    b.box((0.08, 0, 0.48), (0.48, 0.30, 0.28), Material.TROUSERS)
    for fin in range(5):
        b.box((0.10, 0, 0.40 + 0.06 * fin), (0.38, 0.36, 0.025), Material.METAL)
    _rider(b, Posture(hip=(-0.22, 0.93), hands=(0.42, 1.07), feet=(0.06, 0.36), lean_m=0.18))
    return b.build()


def _ebike_body(b: MeshBuilder) -> None:
    for x in (0.66, -0.62):
        b.wheel(x, 0, 0.27, 0.14, Material.METAL)
    b.rounded_box((0.42, 0, 0.66), (0.12, 0.44, 0.62), 0.05, Material.PAINT)
    b.ellipsoid((0.47, 0, 0.62), (0.12, 0.22, 0.32), Material.PAINT)
    b.ellipsoid((0.43, 0, 1.02), (0.15, 0.19, 0.13), Material.PAINT)
    b.ellipsoid((0.56, 0, 1.02), (0.05, 0.13, 0.08), Material.HEADLAMP)
    b.box((0.58, 0, 0.62), (0.03, 0.20, 0.14), Material.PLATE)
    for side in (-1.0, 1.0):
        b.ellipsoid((0.52, side * 0.17, 0.84), (0.04, 0.06, 0.04), Material.INDICATOR, 8)
        b.ellipsoid((-0.78, side * 0.15, 0.66), (0.05, 0.04, 0.04), Material.INDICATOR, 8)
        b.capsule((0.66, side * 0.09, 0.27), (0.5, side * 0.08, 0.7), 0.03, 0.03, Material.TROUSERS)
        b.capsule((-0.62, side * 0.10, 0.27), (-0.5, side * 0.12, 0.6), 0.03, 0.035, Material.METAL)
        _mirror(b, 0.42, side, 1.08)
    b.capsule((0.40, -0.38, 1.08), (0.40, 0.38, 1.08), 0.022, 0.022, Material.TROUSERS)
    b.ellipsoid((0.66, 0, 0.50), (0.27, 0.11, 0.09), Material.PAINT)
    b.rounded_box((0.12, 0, 0.30), (0.66, 0.36, 0.12), 0.04, Material.PLASTIC)
    b.ellipsoid((-0.40, 0, 0.58), (0.46, 0.22, 0.22), Material.PAINT)
    b.box((-0.26, 0, 0.42), (0.46, 0.32, 0.20), Material.TROUSERS)
    b.capsule((-0.10, 0, 0.79), (-0.60, 0, 0.82), 0.13, 0.12, Material.TROUSERS)
    b.ellipsoid((-0.83, 0, 0.66), (0.05, 0.16, 0.07), Material.TAILLAMP)
    b.box((-0.90, 0, 0.47), (0.02, 0.20, 0.15), Material.PLATE)
    b.ellipsoid((-0.70, 0, 0.46), (0.24, 0.10, 0.11), Material.PLASTIC)


def _mirror(b: MeshBuilder, x: float, side: float, bar_z: float) -> None:
    b.capsule(
        (x, side * 0.32, bar_z),
        (x + 0.02, side * 0.40, bar_z + 0.16),
        0.01,
        0.01,
        Material.TROUSERS,
    )
    b.ellipsoid((x + 0.02, side * 0.41, bar_z + 0.19), (0.03, 0.085, 0.06), Material.TROUSERS, 8)


def _rider(b: MeshBuilder, posture: Posture) -> None:
    """Add the rider: part of how a two-wheeler looks, never an object of its own."""
    hip_x, hip_z = posture.hip
    hand_x, hand_z = posture.hands
    foot_x, foot_z = posture.feet
    shoulder = (hip_x + posture.lean_m + 0.05, 0.0, hip_z + 0.50)
    b.capsule(
        (hip_x, 0, hip_z + 0.05), _moved(shoulder, 0, 0, -0.06), 0.16, 0.17, Material.JACKET, 14
    )
    b.capsule(
        (shoulder[0] - 0.02, -0.13, shoulder[2] - 0.04),
        (shoulder[0] - 0.02, 0.13, shoulder[2] - 0.04),
        0.09, 0.09, Material.JACKET,
    )  # fmt: skip
    b.capsule(shoulder, _moved(shoulder, 0.03, 0, 0.14), 0.06, 0.06, Material.SKIN, 8)
    head = _moved(shoulder, 0.06, 0, 0.24)
    b.ellipsoid(head, (0.115, 0.09, 0.13), Material.SKIN)
    b.ellipsoid(_moved(head, -0.02, 0, 0.03), (0.145, 0.13, 0.145), Material.HELMET)
    for side in (-1.0, 1.0):
        joint = _moved(shoulder, 0, side * 0.19, -0.05)
        elbow = ((joint[0] + hand_x) / 2 - 0.02, side * 0.30, (joint[2] + hand_z) / 2 - 0.08)
        hand = (hand_x, side * 0.28, hand_z)
        b.capsule(joint, elbow, 0.06, 0.05, Material.JACKET, 8)
        b.capsule(elbow, hand, 0.045, 0.035, Material.JACKET, 8)
        b.ellipsoid(hand, (0.05, 0.04, 0.045), Material.SKIN, 8)
        knee = (max(hip_x + 0.38, foot_x - 0.02), side * 0.17, hip_z + 0.03)
        ankle = (foot_x - 0.02, side * 0.16, foot_z + 0.08)
        b.capsule((hip_x, side * 0.09, hip_z), knee, 0.095, 0.07, Material.TROUSERS, 8)
        b.capsule(knee, ankle, 0.065, 0.045, Material.TROUSERS, 8)
        b.capsule(
            (foot_x - 0.05, side * 0.16, foot_z + 0.03),
            (foot_x + 0.14, side * 0.16, foot_z + 0.02),
            0.045, 0.035, Material.PLASTIC, 8,
        )  # fmt: skip


def _moved(point: Point, x: float, y: float, z: float) -> Point:
    return (point[0] + x, point[1] + y, point[2] + z)
