"""From the time stamps that a stream carries to seconds that never go backwards."""

from __future__ import annotations

DEFAULT_RATE_FPS = 25.0
"""Assumed where a stream names no rate: the usual one of cameras, and it only fills holes."""

JITTER_S = 1.0
"""A step back of less is a disordered stamp and is clamped; a larger one is a new time base."""


def usable_rate(rate_fps: float | None) -> float:
    """Turn the rate a stream claims into one to count with, frames per second in 1..240."""
    if rate_fps is None or not 1.0 <= rate_fps <= 240.0:
        return DEFAULT_RATE_FPS
    return rate_fps


class StreamClock:
    """Maps presentation times to seconds since the first frame, never falling.

    - No stamp: the frame comes one average frame interval after the one before it.
    - A stamp less than `JITTER_S` before the last: clamped to the last time.
    - A stamp further back (a looped file, a restarted encoder): a new time base; the frame comes
      one interval after the last one and time goes on from there.
    - A stamp far ahead: believed. Motion-triggered recordings have such holes.
    """

    def __init__(self, rate_fps: float | None) -> None:
        self._interval_s = 1.0 / usable_rate(rate_fps)
        self._base_s: float | None = None
        self._last_s: float | None = None
        self.num_repaired = 0
        """Frames whose stamp was missing or ran backwards."""

    def stream_s(self, pts_s: float | None) -> float:
        """Give the stream time of the next frame; `pts_s` is its own stamp in seconds."""
        time_s = self._map(pts_s)
        self._last_s = time_s
        return time_s

    def _map(self, pts_s: float | None) -> float:
        following_s = 0.0 if self._last_s is None else self._last_s + self._interval_s
        if pts_s is None:
            self.num_repaired += 1
            return following_s
        if self._base_s is None:
            self._base_s = pts_s - following_s
        time_s = pts_s - self._base_s
        if self._last_s is None or time_s >= self._last_s:
            return time_s
        self.num_repaired += 1
        if time_s > self._last_s - JITTER_S:
            return self._last_s
        self._base_s = pts_s - following_s
        return following_s
