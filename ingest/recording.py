"""Open a recording with the decoder this installation has: PyAV, or OpenCV as the fallback."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol, Self, cast

from yanji.ingest.decode_mode import DecodeMode
from yanji.ingest.frame import Frame
from yanji.ingest.source import Connection

_log = logging.getLogger(__name__)


class RecordingConnection(Connection, Protocol):
    """A `Connection` to a file that also tells how the reading went."""

    num_frames: int
    """Frames given so far."""
    num_broken: int
    """Packets and pictures skipped because they could not be decoded whole."""
    truncated: bool
    """Whether the file ended before it said it would; known once iterating has ended."""
    last_stream_s: float
    """Stream time of the last frame given, seconds; with `duration_s` the progress."""
    rate_fps: float
    """Average frames per second that the file claims, 1..240."""

    @property
    def duration_s(self) -> float | None:
        """Length that the file claims, seconds; None where it claims none."""
        ...

    def __enter__(self) -> Self: ...

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame that decodes, in order; can be iterated once."""
        ...


class Recording(Protocol):
    """A `Source` over one file."""

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        ...

    def connect(self) -> RecordingConnection:
        """Open the file; raises `NotAVideoError` or `SourceError`."""
        ...


def open_recording(
    path: Path,
    camera_id: str,
    started_ns: int,
    *,
    content_sha256: str | None = None,
    decode: DecodeMode = "all",
) -> Recording:
    """Make the source of one recording; nothing is read before `connect()`.

    `started_ns`: host wall time of the first frame, ns since 1970 UTC. `decode`: which frames are
    decoded; OpenCV can leave none out and gives them all.
    """
    more: dict[str, object] = {"content_sha256": content_sha256}
    try:
        module, name = importlib.import_module("yanji.ingest.file"), "FileSource"
        more["decode"] = decode
    except ImportError as error:
        _log.warning("PyAV cannot be loaded (%s): reading recordings with OpenCV, slower", error)
        module, name = importlib.import_module("yanji.ingest.opencv_file"), "OpenCvFileSource"
    source = getattr(module, name)(path, camera_id, started_ns, **more)
    return cast(Recording, source)
