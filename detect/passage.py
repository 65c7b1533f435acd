"""A track as it leaves this stage: what is known of one vehicle while it is in view."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal

from yanji.detect.travel import Travel
from yanji.ingest.frame import BgrImage, Run

State = Literal["provisional", "closed"]


@dataclass(frozen=True, slots=True)
class Crop:
    """One cut-out of a vehicle, heads of persons already blurred."""

    image: BgrImage
    """(h, w, 3) uint8 BGR at source resolution, with the margin stated in docs/design/detect.md."""
    box_xyxy_px: tuple[float, float, float, float]
    """The vehicle's box in the upright frame (without the margin)."""
    wall_ns: int
    frame_number: int
    quality: float
    """0..1, higher is better; formula in `yanji.detect.quality`."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One vehicle in view of one camera: becomes a sighting once embedded.

    The same `sighting_id` is sent several times: provisional after 2 s in view, refreshed every
    30 s, closed at the end. Each time the whole state is sent; the last one wins.
    """

    sighting_id: str
    run: Run
    state: State
    stationary: bool
    first_wall_ns: int
    last_wall_ns: int
    first_stream_s: float
    last_stream_s: float
    first_frame_number: int
    last_frame_number: int
    num_observations: int
    vehicle_class: str
    """One of `CLASSES`, by vote over the track."""
    class_score: float
    """0..1, the winner's share of the vote."""
    last_box_xyxy_px: tuple[float, float, float, float]
    crops: tuple[Crop, ...]
    """The best 1 to 3, best first."""
    crops_changed: bool
    """False when the crops are those of the last message: nothing to embed anew."""
    travel: Travel | None = None
    """From the first place to the last; None where it hardly moved."""


def sighting_id_of(run_id: str, first_frame: int, first_box_px: tuple[float, ...]) -> str:
    """Derive the id of a sighting, 32 hex digits: of run, first frame, first box (rounded)."""
    box = ",".join(str(round(edge)) for edge in first_box_px)
    return hashlib.sha256(f"{run_id}\0{first_frame}\0{box}".encode()).hexdigest()[:32]
