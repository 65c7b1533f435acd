"""What a trace answers: routes of legs, where next, and the gaps that could hide the vehicle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from yanji.index.graph import Basis
from yanji.ingest.gap import Gap

NextState = Literal["ahead", "now", "not_seen", "gap"]


@dataclass(frozen=True, slots=True)
class QueryPoint:
    """Where and when the vehicle of the question was for certain; every route passes here."""

    camera_id: str
    first_ns: int
    """Corrected time, nanoseconds since 1970 UTC."""
    last_ns: int
    sigma_s: float = 0.0
    sighting_id: str | None = None
    """The sighting asked about; None for a place and time given by hand."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One sighting of a route, with the drive that led to it."""

    sighting_id: str | None
    """None only for a place and time given by hand that no sighting of the archive matches."""
    camera_id: str
    first_ns: int
    last_ns: int
    probability: None
    """None: the travel times and scores of this version are not calibrated."""
    travel_s: float | None
    """From the last moment at the leg before to the first at this one; None for the first leg.
    Below zero by no more than clocks and overlapping views explain."""
    score: float | None
    """Cosine to the query, -1..1; None for the query itself."""
    why: str


@dataclass(frozen=True, slots=True)
class Route:
    """Sightings in time order that one vehicle can have driven."""

    legs: tuple[Leg, ...]
    score: float
    """Sum of the legs' evidence less costs (docs/design/trace.md); higher is better, no unit."""
    probability: None = None


@dataclass(frozen=True, slots=True)
class NextCamera:
    """A camera that the vehicle can have come to after the best route's last leg."""

    camera_id: str
    earliest_ns: int
    latest_ns: int
    """Without a stop on the way."""
    probability: None
    state: NextState
    """`ahead`: the window is still to come; `now`: it is open; `not_seen`: it is over and no
    sighting in it was like the query; `gap`: it is over or open and the camera was down in it."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer, best route first."""

    routes: tuple[Route, ...]
    next: tuple[NextCamera, ...]
    gaps: tuple[Gap, ...]
    """Outages in which the vehicle can have passed unseen, by camera and time."""
    basis: Basis
    notes: tuple[str, ...]
    """For the reader, whole sentences: what the answer rests on and what it leaves out."""
