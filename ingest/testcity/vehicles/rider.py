"""The person on a two-wheeler: part of how the vehicle looks, never an object of its own."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.testcity.mesh import Material
from yanji.ingest.testcity.vehicles.parts import Parts


@dataclass(frozen=True, slots=True)
class Posture:
    """Where a rider sits, (x, z) metres."""

    hip: tuple[float, float]
    hands: tuple[float, float]
    left_foot: tuple[float, float]
    right_foot: tuple[float, float]
    lean: float = 0.10
    """How far the shoulders are in front of the hips."""
    grip: float = 0.29
    """Half the distance of the hands."""
    knees: float = 0.21
    """Half the distance of the knees."""
    helmet: bool = True


def rider(b: Parts, p: Posture) -> None:
    """Add a rider: about 1.72 m tall when standing."""
    hip_x, hip_z = p.hip
    top_x, top_z = hip_x + p.lean, hip_z + 0.47
    b.tube(
        ((hip_x - 0.02, 0, hip_z - 0.04), (hip_x, 0, hip_z + 0.07),
         (hip_x + p.lean * 0.40, 0, hip_z + 0.24), (hip_x + p.lean * 0.8, 0, hip_z + 0.40),
         (top_x, 0, top_z + 0.005), (top_x + 0.01, 0, top_z + 0.055)),
        ((0.175, 0.12), (0.17, 0.125), (0.165, 0.12), (0.19, 0.125), (0.17, 0.09), (0.09, 0.06)),
        Material.JACKET, sides=14,
    )  # fmt: skip
    _head(b, p, top_x, top_z)
    for side, foot in ((1.0, p.left_foot), (-1.0, p.right_foot)):
        _arm(b, p, side, (top_x, top_z))
        _leg(b, p, side, foot)


def _head(b: Parts, p: Posture, x: float, z: float) -> None:
    b.rod((x, 0, z + 0.02), (x + 0.03, 0, z + 0.13), 0.055, Material.SKIN, 0)
    head = (x + 0.055, 0.0, z + 0.215)
    b.ball((head[0] + 0.012, 0, head[2] - 0.015), (0.10, 0.08, 0.125), Material.SKIN, 1)
    if p.helmet:
        b.ball((head[0] - 0.015, 0, head[2] + 0.035), (0.145, 0.125, 0.130), Material.HELMET)
        b.block((head[0] + 0.11, 0, head[2] + 0.025), (0.07, 0.17, 0.025), Material.HELMET, 0)
        b.block((head[0] + 0.095, 0, head[2] - 0.03), (0.02, 0.15, 0.07), Material.GLASS, 0)
    else:
        b.ball((head[0] - 0.022, 0, head[2] + 0.028), (0.105, 0.092, 0.115), Material.HELMET)


def _arm(b: Parts, p: Posture, side: float, top: tuple[float, float]) -> None:
    shoulder = (top[0] - 0.01, side * 0.19, top[1] - 0.045)
    hand = (p.hands[0] - 0.02, side * p.grip, p.hands[1] + 0.015)
    elbow = (
        shoulder[0] * 0.5 + hand[0] * 0.5 - 0.04,
        side * (p.grip * 0.5 + 0.18),
        (shoulder[2] + hand[2]) / 2 - 0.10,
    )
    b.tube((shoulder, elbow), (0.074, 0.058), Material.JACKET, sides=8)
    b.tube((elbow, hand), (0.056, 0.042), Material.JACKET, sides=8)
    b.ball(hand, (0.055, 0.045, 0.045), Material.SKIN, 1 if p.helmet else 0)


def _leg(b: Parts, p: Posture, side: float, foot: tuple[float, float]) -> None:
    hip = (p.hip[0], side * 0.095, p.hip[1] + 0.0)
    ankle = (foot[0] - 0.03, side * 0.17, foot[1] + 0.09)
    knee = _joint(hip, ankle, side * p.knees)
    b.tube((hip, knee), (0.100, 0.074), Material.TROUSERS, sides=8)
    b.tube((knee, ankle), (0.070, 0.048), Material.TROUSERS, sides=8)
    b.tube(
        ((foot[0] - 0.07, side * 0.175, foot[1] + 0.045), (foot[0] + 0.15, side * 0.195,
          foot[1] + 0.03)),
        ((0.048, 0.045), (0.042, 0.030)), Material.PLASTIC, 1, sides=8,
    )  # fmt: skip


def _joint(
    hip: tuple[float, float, float], ankle: tuple[float, float, float], y: float
) -> tuple[float, float, float]:
    """Bend the knee forwards so that thigh and shin keep their length (0.44 m each)."""
    dx, dz = ankle[0] - hip[0], ankle[2] - hip[2]
    distance = max((dx * dx + dz * dz) ** 0.5, 1e-6)
    bend = max(0.44**2 - (distance / 2) ** 2, 0.0) ** 0.5
    forward = (-dz / distance, dx / distance)
    if forward[0] < 0:
        forward = (-forward[0], -forward[1])
    return (
        (hip[0] + ankle[0]) / 2 + bend * forward[0],
        y,
        (hip[2] + ankle[2]) / 2 + bend * forward[1],
    )
