"""Answers of the archive: sightings as read back, filters, hits."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.detect.travel import Travel, bearing_of, compass_of
from yanji.index.attributes import keeps_colour, keeps_direction


@dataclass(frozen=True, slots=True)
class StoredSighting:
    """A sighting as read from the archive. Times are corrected (clock offsets applied)."""

    sighting_id: str
    camera_id: str
    run_id: str
    seq: int
    """Grows with every write to the archive; a refreshed sighting gets a new one."""
    first_ns: int
    """Corrected time, nanoseconds since 1970 UTC."""
    last_ns: int
    sigma_s: float
    """Uncertainty of the camera's clock, one standard deviation, seconds."""
    vehicle_class: str
    class_score: float
    colour: str | None
    plate: str | None
    quality: float
    state: str
    stationary: bool
    crops: tuple[str, ...]
    """sha256 names, best first; `Archive.crop_path` gives the file."""
    colour_score: float | None = None
    """0..1; None without a colour."""
    travel: Travel | None = None
    """Direction in the picture; None: unmoved, doubtful, or written before it was measured."""
    heading_deg: float | None = None
    """Of its camera, clockwise from north, as the archive knows it."""

    @property
    def direction(self) -> str | None:
        """Point of the compass that it drove to; None without travel or heading."""
        if self.travel is None or self.heading_deg is None:
            return None
        return compass_of(bearing_of(self.travel.angle_deg, self.heading_deg))


@dataclass(frozen=True, slots=True)
class Filter:
    """Which sightings are looked at; None means all. Times are corrected times."""

    from_ns: int | None = None
    to_ns: int | None = None
    cameras: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    """Classes, groups already expanded by `yanji.detect.classes.expand`."""
    colours: frozenset[str] | None = None
    """Of `yanji.reid.colours.COLOURS`; what has no colour is kept, see `only_known`."""
    directions: frozenset[str] | None = None
    """Of `yanji.detect.travel.DIRECTIONS`; what has none is kept, see `only_known`."""
    only_known: bool = False
    """Leave out what has no colour where colours are asked for, no direction where those are."""

    def keeps(self, sighting: StoredSighting) -> bool:
        """Whether a sighting is looked at: its time in view overlaps `from_ns..to_ns`."""
        return (
            (self.from_ns is None or sighting.last_ns >= self.from_ns)
            and (self.to_ns is None or sighting.first_ns <= self.to_ns)
            and (self.cameras is None or sighting.camera_id in self.cameras)
            and (self.classes is None or sighting.vehicle_class in self.classes)
            and self.keeps_attributes(sighting)
        )

    def keeps_attributes(self, sighting: StoredSighting) -> bool:
        """Whether colour and direction of a sighting are asked for, or not known."""
        travel = sighting.travel
        return (
            self.colours is None or keeps_colour(self.colours, self.only_known, sighting.colour)
        ) and (
            self.directions is None
            or keeps_direction(
                self.directions,
                self.only_known,
                travel.angle_deg if travel is not None else None,
                sighting.heading_deg,
            )
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A sighting with a score."""

    sighting: StoredSighting
    score: float
    """Cosine, -1..1, higher is closer."""
    probability: float | None
    """That it is the vehicle, 0..1, by its look; None where the model's card carries no
    calibration, and where that does not hold (`yanji.index.chances`)."""
