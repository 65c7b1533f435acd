"""One picture of one camera, and the run it belongs to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import numpy.typing as npt

BgrImage = npt.NDArray[np.uint8]
"""A picture in memory: uint8, shape (height, width, 3), channels blue, green, red."""


class Picture(Protocol):
    """Pixels that are converted only when asked for, always upright (rotation tags applied)."""

    @property
    def width(self) -> int:
        """Width in pixels, upright."""
        ...

    @property
    def height(self) -> int:
        """Height in pixels, upright."""
        ...

    def bgr(self) -> BgrImage:
        """Convert the whole picture at full resolution; the most expensive call."""
        ...

    def scaled_bgr(self, width: int, height: int) -> BgrImage:
        """Convert straight to `width` x `height` pixels (no detour over full resolution)."""
        ...

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """Convert the pixels from (x1, y1) to before (x2, y2): those of `bgr()`, for less.

        The region is not empty and inside the picture. Do not write into the answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class Run:
    """One unbroken connection to a camera, or one recording.

    `run_id` is `run_id_of(...)`: indexing the same file for the same camera and start again
    gives the same id. `source` is safe to log: an URL without credentials, or a file name.
    """

    run_id: str
    camera_id: str
    kind: Literal["file", "rtsp"]
    source: str
    started_ns: int
    """Host wall time of the first frame, ns since 1970 UTC (recordings: the given start)."""
    boot_id: str
    """Identifies the boot of the host that captured; orders runs across clock jumps."""
    content_sha256: str | None
    """Of the file; None for a live stream."""
    start_source: str = ""
    """How a recording's start is known, see `yanji.ingest.recording_start.StartSource`."""
    start_sigma_s: float = 0.0
    """Standard deviation of a recording's start, seconds, beside that of its camera's clock."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture. Times are raw; the corrected time is derived later (see docs/design/time.md)."""

    run: Run
    number: int
    """Counts decoded frames of the run from 0, analysed or not."""
    stream_s: float
    """Raw stream time: seconds since the first frame of the run, from the stream's own clock."""
    wall_ns: int
    """Host wall time, ns since 1970 UTC: arrival (live), or start + stream_s (recording)."""
    picture: Picture


def run_id_of(content: str, camera_id: str, started_ns: int) -> str:
    """Derive the id of a run: 32 hex digits.

    `content` is the sha256 of the file, or the random session id of a live stream.
    """
    text = f"{content}\0{camera_id}\0{started_ns}"
    return hashlib.sha256(text.encode()).hexdigest()[:32]
