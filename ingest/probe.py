"""What a live camera sends, measured over one connection for a few seconds.

Only measuring: `probe_advice.py` says what is to be made of it, `yanji cameras probe` prints both.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from yanji.ingest.av_picture import AvPicture
from yanji.ingest.clock import Clock
from yanji.ingest.frame import Frame, Picture
from yanji.ingest.source import Connection
from yanji.ingest.still import GRID_PX, is_black, is_key

SETTLE_S: Final = 1.0
"""A stream begins with what was kept of its last moments: their arrival tells nothing."""
NEARLY_ALL: Final = 95
"""Percentile of the delays: one late picture in twenty is what every network has."""


class LiveConnection(Connection, Protocol):
    """A connection that knows what it is made of; `RtspConnection` is one."""

    num_broken: int
    """Packets and pictures skipped because they could not be decoded whole."""
    num_bytes: int
    """Compressed video read so far."""
    told_fps: float | None
    """Frames per second that the stream itself speaks of."""

    @property
    def codec(self) -> str:
        """Name of the codec."""
        ...

    @property
    def profile(self) -> str | None:
        """The codec's profile."""
        ...

    @property
    def camera_ahead_s(self) -> float | None:
        """The camera's own clock minus the host's, seconds."""
        ...


@dataclass(frozen=True, slots=True)
class Probe:
    """What was measured."""

    codec: str
    """`h264`, `hevc`, ..."""
    profile: str | None
    width: int
    """Pixels, upright, of the last picture."""
    height: int
    num_frames: int
    num_broken: int
    """Pictures and packets that could not be decoded whole."""
    measured_s: float
    """From the first picture to the last, by the host's clock."""
    fps: float | None
    """Frames per second by the stream's own stamps; None for a single frame."""
    arrived_fps: float | None
    """Frames per second by the host's clock, the beginning left out; below `fps` where the
    network or this machine does not keep up. None where too few frames came."""
    told_fps: float | None
    """Frames per second that the stream speaks of."""
    key_interval_s: float | None
    """Median time between two key frames; None where fewer than two came."""
    num_key_frames: int
    has_b_frames: bool
    is_black: bool
    """Whether the last picture shows nothing."""
    kbit_per_s: float
    """10^3 bits a second, averaged over stream time."""
    first_picture_s: float
    """From the beginning of connecting to the first decoded picture."""
    spread_s: float | None
    """How much later than the least delayed picture nearly all (`NEARLY_ALL`) arrive at most;
    None where too few frames came."""
    camera_ahead_s: float | None
    """The camera's own clock minus the host's, delay included; None where it tells none."""


def probe(
    connect: Callable[[], LiveConnection], seconds: float, clock: Clock
) -> tuple[Probe, Picture]:
    """Connect, read for a while, and tell what came.

    Args:
        connect: opens the connection, which is closed here.
        seconds: how long to read after the first picture, > 0.
        clock: of the arrivals.

    Returns:
        What was measured, and the last picture.

    Raises:
        SourceError: the camera cannot be connected to, or is lost meanwhile.
    """
    began_s = clock.monotonic_s()
    with connect() as connection:
        opened_s = clock.monotonic_s()
        frames: list[_Seen] = []
        has_b_frames = False
        for frame in connection:
            now_s = clock.monotonic_s()
            frames.append(_Seen(now_s, frame.stream_s, is_key(frame.picture)))
            has_b_frames = has_b_frames or _is_between(frame)
            if now_s - opened_s >= seconds:
                break
        return _measured(
            connection, frame, frames, has_b_frames=has_b_frames, first_s=opened_s - began_s
        ), frame.picture


@dataclass(frozen=True, slots=True)
class _Seen:
    """One frame."""

    arrival_s: float
    stream_s: float
    is_key: bool


def _is_between(frame: Frame) -> bool:
    return isinstance(frame.picture, AvPicture) and frame.picture.is_between


def _measured(
    connection: LiveConnection,
    last: Frame,
    frames: list[_Seen],
    *,
    has_b_frames: bool,
    first_s: float,
) -> Probe:
    span_s = frames[-1].stream_s - frames[0].stream_s
    fps = (len(frames) - 1) / span_s if span_s > 0 else None
    settled = [one for one in frames if one.arrival_s - frames[0].arrival_s >= SETTLE_S]
    keys_s = [one.stream_s for one in frames if one.is_key]
    between_s = [later - earlier for earlier, later in itertools.pairwise(keys_s)]
    # The last frame lasts as long as the others: n frames are n intervals of data.
    lasted_s = span_s + (1 / fps if fps else 0.0)
    return Probe(
        codec=connection.codec,
        profile=connection.profile,
        width=last.picture.width,
        height=last.picture.height,
        num_frames=len(frames),
        num_broken=connection.num_broken,
        measured_s=frames[-1].arrival_s - frames[0].arrival_s,
        fps=fps,
        arrived_fps=_arrived_fps(settled),
        told_fps=connection.told_fps,
        key_interval_s=statistics.median(between_s) if between_s else None,
        num_key_frames=len(keys_s),
        has_b_frames=has_b_frames,
        is_black=isinstance(last.picture, AvPicture) and is_black(last.picture.luma(GRID_PX)),
        kbit_per_s=connection.num_bytes * 8 / 1000 / lasted_s if lasted_s > 0 else 0.0,
        first_picture_s=first_s,
        spread_s=_spread_s(settled),
        camera_ahead_s=connection.camera_ahead_s,
    )


def _arrived_fps(settled: list[_Seen]) -> float | None:
    if len(settled) < 2:
        return None
    span_s = settled[-1].arrival_s - settled[0].arrival_s
    return (len(settled) - 1) / span_s if span_s > 0 else None


def _spread_s(settled: list[_Seen]) -> float | None:
    if len(settled) < 2:
        return None
    behind_s = np.array([one.arrival_s - one.stream_s for one in settled])
    return float(np.percentile(behind_s, NEARLY_ALL) - behind_s.min())
