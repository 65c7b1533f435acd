"""What the traffic of the test city is made of: bodies that drive, and the drives themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

STEP_S: Final = 0.1
"""The traffic is computed in steps of this length; between steps poses are interpolated."""


@dataclass(frozen=True, slots=True)
class Body:
    """What the traffic must know of a kind of vehicle."""

    length_m: float
    width_m: float
    speed_mps: float
    """What it likes to drive on a free straight road."""
    group: str
    """four_wheel, two_wheeler or three_wheeler: decides the lane."""
    vehicle_class: str = ""
    """One of `yanji.detect.classes.CLASSES`: decides the first letter of identities."""

    @property
    def leans(self) -> bool:
        """Whether it stands on two wheels."""
        return self.group == "two_wheeler"

    @property
    def letter(self) -> str:
        """First letter of the identities of such vehicles."""
        if self.group == "three_wheeler":
            return "T"
        return _LETTERS.get(self.vehicle_class, "E") if self.leans else "C"


_LETTERS: Final = {"ebike": "E", "motorcycle": "M", "bicycle": "B"}


@dataclass(frozen=True, slots=True)
class Planned:
    """A vehicle that a story puts into the city; others wait for it at its gate."""

    identity: str
    kind: str
    look_seed: int
    route: tuple[str, ...]
    """Names of neighbouring nodes, from gate to gate."""
    enter_s: float
    """True time of its appearing at the gate."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Where a vehicle is at one moment."""

    x_m: float
    y_m: float
    yaw: float
    """Radians, counter-clockwise from east, unwrapped."""
    speed_mps: float
    braking: bool
    """Whether its brake lights are lit."""
    roll: float
    """Radians; positive leans to its left, as in a left turn."""


@dataclass(frozen=True, slots=True, eq=False)
class Drive:
    """One vehicle's whole time in the city, step by step."""

    identity: str
    kind: str
    look_seed: int
    first_s: float
    """True time of the first pose: a multiple of STEP_S, negative before the clips begin."""
    poses_T3: npt.NDArray[np.float64]
    """x_m, y_m, yaw of the middle of the body; yaw in radians, unwrapped."""
    speeds_T: npt.NDArray[np.float32]
    """Metres per second."""
    braking_T: npt.NDArray[np.bool_]
    rolls_T: npt.NDArray[np.float32]
    """Radians, see `Pose.roll`; zero for vehicles that do not lean."""
    route: tuple[tuple[str, float], ...]
    """(junction, true time of passing its middle) in order."""

    @property
    def last_s(self) -> float:
        """True time of the last pose."""
        return self.first_s + (len(self.poses_T3) - 1) * STEP_S

    @property
    def parked(self) -> bool:
        """Whether it stands still all the time."""
        return not bool(self.speeds_T.any())

    def pose_at(self, time_s: float) -> Pose | None:
        """Interpolate between the two nearest steps; None when it is not in the city."""
        # Rounded, since a multiple of 0.1 as a float may lie a hair before the first step.
        step = round((time_s - self.first_s) / STEP_S, 6)
        if not 0.0 <= step <= len(self.poses_T3) - 1:
            return None
        low = math.floor(step)
        high = min(low + 1, len(self.poses_T3) - 1)
        part = step - low
        x, y, yaw = self.poses_T3[low] * (1.0 - part) + self.poses_T3[high] * part
        return Pose(
            float(x),
            float(y),
            float(yaw),
            float(self.speeds_T[low] * (1.0 - part) + self.speeds_T[high] * part),
            bool(self.braking_T[low if part < 0.5 else high]),
            float(self.rolls_T[low] * (1.0 - part) + self.rolls_T[high] * part),
        )
