"""What a trace answers: routes of legs, where next, and the gaps that could hide the vehicle."""

from __future__ import annotations

from dataclasses import dataclass, field
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
class LegFacts:
    """Why a leg is in its route, as numbers: what `Leg.why` is put into words from.

    The drive's facts are None for the first leg, and where the vehicle is at the same camera again.
    """

    num_hits: int
    """Sightings that were ranked."""
    rank: int | None = None
    """Among them, 1 for the best; None for the query itself, and for a sighting without a score."""
    given: bool = False
    """The place and time, or the sighting, asked about."""
    confirmed: bool = False
    """A person said that this is the vehicle."""
    basis: Basis | None = None
    """What the travel time rests on."""
    distance_m: float | None = None
    """Along the road, or the straight line for `places`; None also where nothing is known."""
    earliest_s: float | None = None
    """Plausible travel time."""
    latest_s: float | None = None
    """Without a stop; None also where nothing is known."""
    tolerance_s: float | None = None
    """How much the clocks, and the moments of first and last sight, can be off."""
    via: tuple[str, ...] = ()
    """Cameras on the shortest way from the leg before."""
    unseen: tuple[str, ...] = ()
    """Those of `via` that worked and did not see it."""
    down: tuple[str, ...] = ()
    """Those of `via` that were down."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One sighting of a route, with the drive that led to it."""

    sighting_id: str | None
    """None only for a place and time given by hand that no sighting of the archive matches."""
    camera_id: str
    first_ns: int
    last_ns: int
    probability: float | None
    """That it is the vehicle, by its look alone, as that of the hit; 1 for a confirmed one; None
    for the query itself and where the hit has none."""
    travel_s: float | None
    """From the last moment at the leg before to the first at this one; None for the first leg.
    Below zero by no more than clocks and overlapping views explain."""
    score: float | None
    """Cosine to the query, -1..1; None for the query itself, and for a confirmed sighting without
    a vector."""
    why: str
    """The facts in plain English."""
    facts: LegFacts


@dataclass(frozen=True, slots=True)
class Route:
    """Sightings in time order that one vehicle can have driven."""

    legs: tuple[Leg, ...]
    score: float
    """Sum of the legs' evidence less costs (docs/design/trace.md); higher is better, no unit."""
    probability: None = None
    """None: how often a whole route is right was not measured (docs/design/calibration.md)."""


@dataclass(frozen=True, slots=True)
class NextCamera:
    """A camera that the vehicle can have come to after the best route's last leg."""

    camera_id: str
    earliest_ns: int
    latest_ns: int
    """Without a stop on the way."""
    probability: None
    """None: where vehicles turn to was not learned."""
    state: NextState
    """`ahead`: the window is still to come; `now`: it is open; `not_seen`: it is over and no
    sighting in it was like the query; `gap`: it is over or open and the camera was down in it."""


@dataclass(frozen=True, slots=True)
class Note:
    """A remark on the whole answer."""

    code: str
    """Stable, for programs: see `yanji.index.route_notes`."""
    text: str
    """A whole sentence in English, for the reader."""
    values: dict[str, float | str] = field(default_factory=dict)
    """The numbers of the text, so that it can be said in another language."""


@dataclass(frozen=True, slots=True)
class Trace:
    """The answer, best route first."""

    routes: tuple[Route, ...]
    next: tuple[NextCamera, ...]
    gaps: tuple[Gap, ...]
    """Outages in which the vehicle can have passed unseen, by camera and time."""
    basis: Basis
    notes: tuple[Note, ...]
    """What the answer rests on and what it leaves out."""
