"""A sighting as it leaves a worker: passage plus embedding, small enough for a queue."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.detect.passage import State
from yanji.detect.travel import Travel
from yanji.ingest.frame import Run
from yanji.reid.embedder import Vectors


@dataclass(frozen=True, slots=True)
class CropFile:
    """One crop as it is stored."""

    jpeg: bytes
    sha256: str
    """Of `jpeg`, 64 hex digits; the crop's name in the archive."""
    width: int
    height: int
    box_xyxy_px: tuple[float, float, float, float]
    wall_ns: int
    quality: float


@dataclass(frozen=True, slots=True)
class Embedding:
    """One vector, fenced by the model that made it."""

    model_id: str
    weights_sha256: str
    vector_D: Vectors
    """(D,) float32 of unit length: the normalised mean over the sighting's crops."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one camera saw of one vehicle. The last message of one `sighting_id` wins."""

    sighting_id: str
    run: Run
    state: State
    stationary: bool
    first_wall_ns: int
    last_wall_ns: int
    first_stream_s: float
    last_stream_s: float
    vehicle_class: str
    class_score: float
    colour: str | None
    plate: str | None
    quality: float
    """0..1, that of the best crop."""
    crops: tuple[CropFile, ...] | None
    """None: the stored crops stay as they are (a refresh that found no better view)."""
    embeddings: tuple[Embedding, ...] | None
    """None together with `crops`."""
    colour_score: float | None = None
    """0..1, of `colour`; None together with it."""
    travel: Travel | None = None
    """Direction in the picture; None where it hardly moved."""
