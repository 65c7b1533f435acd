"""Answers of the archive: sightings as read back, filters, hits."""

from __future__ import annotations

from dataclasses import dataclass


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


@dataclass(frozen=True, slots=True)
class Filter:
    """Which sightings are looked at; None means all. Times are corrected times."""

    from_ns: int | None = None
    to_ns: int | None = None
    cameras: frozenset[str] | None = None
    classes: frozenset[str] | None = None
    """Classes, groups already expanded by `yanji.detect.classes.expand`."""

    def keeps(self, sighting: StoredSighting) -> bool:
        """Whether a sighting is looked at: its time in view overlaps `from_ns..to_ns`."""
        return (
            (self.from_ns is None or sighting.last_ns >= self.from_ns)
            and (self.to_ns is None or sighting.first_ns <= self.to_ns)
            and (self.cameras is None or sighting.camera_id in self.cameras)
            and (self.classes is None or sighting.vehicle_class in self.classes)
        )


@dataclass(frozen=True, slots=True)
class Hit:
    """A sighting with a score."""

    sighting: StoredSighting
    score: float
    """Cosine, -1..1, higher is closer."""
    probability: float | None
    """None until the model's card carries a calibration."""
