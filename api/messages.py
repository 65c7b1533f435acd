"""What a worker tells the writer. Everything else stays inside the worker.

Each message is complete and may be delivered twice (after a lost connection): the writer's work
is idempotent.
"""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.frame import Run
from yanji.ingest.gap import Gap
from yanji.reid.sighting import Sighting


@dataclass(frozen=True, slots=True)
class RunStarted:
    """A camera delivers frames."""

    run: Run


@dataclass(frozen=True, slots=True)
class RunEnded:
    """A live run is over; all its tracks were closed and sent before."""

    run_id: str
    ended_ns: int
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """New, refreshed or closed sightings."""

    sightings: tuple[Sighting, ...]


@dataclass(frozen=True, slots=True)
class Outage:
    """A gap opened (`to_ns` None) or closed."""

    gap: Gap


@dataclass(frozen=True, slots=True)
class FileBegun:
    """A recording is being indexed; nothing of it is visible before `FileFinished`."""

    run: Run
    path: str


@dataclass(frozen=True, slots=True)
class FileProgress:
    """How far a recording has come, seconds of stream time."""

    run_id: str
    stream_s: float
    duration_s: float | None
    key: str
    """Of the job, see `yanji.api.reading.Job`."""


@dataclass(frozen=True, slots=True)
class FileFinished:
    """A recording was read to its end; `damage` says what was wrong with it, if anything."""

    run_id: str
    ended_ns: int
    num_sightings: int
    damage: str | None
    key: str


@dataclass(frozen=True, slots=True)
class FileFailed:
    """A recording cannot be read at all."""

    key: str
    code: str
    message: str
    hint: str


Message = (
    RunStarted | RunEnded | Seen | Outage | FileBegun | FileProgress | FileFinished | FileFailed
)
