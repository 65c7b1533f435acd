"""What a frame shows at one moment: vehicles with their poses, and lit lamps."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.testcity.drawing.shade_regions import Footprint
from yanji.ingest.testcity.drawing.views import Matrix, pose_matrix
from yanji.ingest.testcity.look import Colour, Look
from yanji.ingest.testcity.vehicles.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Shown:
    """One vehicle at one moment."""

    identity: str
    kind: str
    look: Look
    x_m: float
    y_m: float
    yaw: float
    """Radians, counter-clockwise from east."""
    roll: float = 0.0
    """Radians, positive leans to its left."""
    braking: bool = False
    lamps: bool = True
    """Whether its lamps burn when it is dark; parked vehicles have theirs off."""

    @property
    def matrix(self) -> Matrix:
        """Its own axes -> city axes."""
        return pose_matrix(self.x_m, self.y_m, self.yaw, self.roll)

    @property
    def footprint(self) -> Footprint:
        """What it covers of the ground."""
        kind = KINDS[self.kind]
        return Footprint(
            self.x_m,
            self.y_m,
            self.yaw,
            kind.length_m,
            kind.width_m,
            kind.height_m,
            self.lamps,
            narrow=kind.group == "two_wheeler",
        )


@dataclass(frozen=True, slots=True)
class Glow:
    """A lit lamp of a traffic light."""

    place_m: tuple[float, float, float]
    colour: Colour
