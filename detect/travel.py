"""Which way a vehicle moved in the picture, and what follows from it.

Angles in the picture are degrees clockwise from straight up: 0 away from the camera, 90 to the
right, 180 towards it, 270 to the left. A camera looks down on the road at a flat angle, so that
lengths away from it look short: before an angle is read as one on the ground, its upright part is
multiplied by three (a camera tilted by 19 degrees). Rules and figures: docs/design/detect.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

View = Literal["front", "rear", "side"]

MIN_MOVED: Final = 0.6
"""Distance between first and last place, in sizes of the box, below which no direction is told."""
SURE_MOVED: Final = 1.5
SURE_STRAIGHT: Final = 0.8
"""First to last place as a share of the way between: a turn, or a box that jumps, is less."""
MIN_SCORE: Final = 0.4
STRETCH: Final = 3.0
"""1 / sin(tilt) of a usual camera; between 2 and 4 the figures change little."""
VIEW_DEG: Final = 58.0
"""On the ground, from straight away or towards, up to which an end is seen rather than a side: best
on the large rendered city, whose cameras see most vehicles from nearer than the vanishing point."""
COMPASS: Final = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
ACROSS: Final[dict[str, float]] = {"away": 0.0, "right": 90.0, "towards": 180.0, "left": 270.0}
"""Directions as a camera sees them, on the ground, degrees clockwise from its own."""
DIRECTIONS: Final = (*COMPASS, *ACROSS)
TOLERANCE_DEG: Final = 67.5
"""A filter keeps what was seen to move within this angle of the direction asked for: an eighth of
the compass with its two neighbours. The estimate is off by more in 3 of 1,000 cases."""


@dataclass(frozen=True, slots=True)
class Travel:
    """A direction of travel in the picture."""

    angle_deg: float
    """0 <= angle < 360, clockwise from straight up."""
    score: float
    """0..1: how far and how straight it moved; no probability."""


def travel_of(
    first: tuple[float, float], last: tuple[float, float], path_px: float, size_px: float
) -> Travel | None:
    """Tell the direction of travel; None for what hardly moved or moved to and fro.

    Args:
        first: centre of the box where the track began, pixels (x, y).
        last: where it is now.
        path_px: length of the way between, at least their distance.
        size_px: root of the box's area, the mean over the track.
    """
    across, down = last[0] - first[0], last[1] - first[1]
    distance_px = math.hypot(across, down)
    moved = distance_px / max(size_px, 1.0)
    if moved < MIN_MOVED:
        return None
    straight = min(1.0, distance_px / max(path_px, distance_px))
    score = min(1.0, moved / SURE_MOVED) * min(1.0, straight / SURE_STRAIGHT)
    if score < MIN_SCORE:
        return None
    angle_deg = round(math.degrees(math.atan2(across, -down)) % 360.0, 1) % 360.0
    return Travel(angle_deg, round(score, 4))


def on_ground(angle_deg: float) -> float:
    """Turn an angle in the picture into one on the ground, degrees clockwise from the camera's."""
    angle = math.radians(angle_deg)
    return math.degrees(math.atan2(math.sin(angle), STRETCH * math.cos(angle))) % 360.0


def bearing_of(angle_deg: float, heading_deg: float) -> float:
    """Return the bearing of travel, 0..360, of a camera that looks towards `heading_deg`."""
    return (heading_deg + on_ground(angle_deg)) % 360.0


def compass_of(bearing_deg: float) -> str:
    """Return the nearest of the eight directions."""
    return COMPASS[round(bearing_deg / 45.0) % 8]


def apart(one_deg: float, other_deg: float) -> float:
    """Return the angle between two directions, 0..180."""
    return abs((one_deg - other_deg + 180.0) % 360.0 - 180.0)


def goes(angle_deg: float, heading_deg: float | None, direction: str) -> bool | None:
    """Say whether a vehicle went in a direction; None: not known, its camera has no heading.

    Args:
        angle_deg: of its `Travel`.
        heading_deg: of its camera, clockwise from north, or None.
        direction: one of `DIRECTIONS`.
    """
    if direction in ACROSS:
        return apart(on_ground(angle_deg), ACROSS[direction]) <= TOLERANCE_DEG
    if heading_deg is None:
        return None
    wanted_deg = 45.0 * COMPASS.index(direction)
    return apart(bearing_of(angle_deg, heading_deg), wanted_deg) <= TOLERANCE_DEG


def view_of(travel: Travel) -> tuple[View, float]:
    """Derive which side a camera sees of a vehicle that drives forwards.

    Towards the camera shows the front, away the rear, across a side; nothing is looked at.

    Returns:
        The view, and the score of the travel, down to half of it between two views.
    """
    ground_deg = on_ground(travel.angle_deg)
    away = apart(ground_deg, 0.0)
    view: View = "rear" if away < VIEW_DEG else "front" if away > 180.0 - VIEW_DEG else "side"
    doubt_deg = min(abs(away - VIEW_DEG), abs(away - (180.0 - VIEW_DEG)))
    return view, round(travel.score * (0.5 + min(doubt_deg, 22.5) / 45.0), 4)
