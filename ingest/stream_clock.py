"""From the time stamps that a stream carries to seconds that never go backwards."""

from __future__ import annotations

DEFAULT_RATE_FPS = 25.0
"""Assumed where a stream names no rate: the usual one of cameras, and it only fills holes."""

JITTER_S = 1.0
"""A step back of less is a disordered stamp and is clamped; a larger one is a new time base."""

LIVE_JUMP_S = 1.0
"""A live stamp that runs ahead of its frame's arrival by more, in one step, is not believed."""


def usable_rate(rate_fps: float | None) -> float:
    """Turn the rate a stream claims into one to count with, frames per second in 1..240."""
    if rate_fps is None or not 1.0 <= rate_fps <= 240.0:
        return DEFAULT_RATE_FPS
    return rate_fps


LIVE_AHEAD_S, LIVE_FAST = 30.0, 1.001
"""Nor do all stamps together run further ahead: a burst at the start may hold a long key-frame
interval, and a bad quartz is fast by 200 ppm, but none by a thousandth."""


class StreamClock:
    """Maps presentation times to seconds since the first frame, never falling.

    - No stamp: the frame comes one average frame interval after the one before it.
    - A stamp less than `JITTER_S` before the last: clamped to the last time.
    - A stamp further back (a looped file, a restarted encoder): a new time base; the frame comes
      one interval after the last one and time goes on from there.
    - A stamp far ahead: believed in a recording, as motion-triggered ones have such holes. In a
      live stream only as far as the arrival bears it out, else it is a new time base: a camera
      whose clock is set, or whose stamps jump to and fro, would race through hours.

    A live stream gives arrival times; its "one interval" is the time since the last arrival, but
    for frames before the first stamp, which arrive in one burst.
    """

    def __init__(self, rate_fps: float | None) -> None:
        self._interval_s = 1.0 / usable_rate(rate_fps)
        self._base_s: float | None = None
        self._last_s: float | None = None
        self._arrived_s: float | None = None
        self._elapsed_s = 0.0
        self.num_repaired = 0
        """Frames whose stamp was missing, ran backwards or ahead."""

    def stream_s(self, pts_s: float | None, arrived_s: float | None = None) -> float:
        """Give the stream time of the next frame; `pts_s` is its own stamp in seconds.

        `arrived_s`: of a live frame, seconds on a clock that never falls.
        """
        step_s = None
        if arrived_s is not None:
            step_s = 0.0 if self._arrived_s is None else arrived_s - self._arrived_s
            self._arrived_s = arrived_s
            self._elapsed_s += step_s
        self._last_s = self._map(pts_s, step_s)
        return self._last_s

    def _map(self, pts_s: float | None, step_s: float | None) -> float:
        interval_s = self._interval_s
        if step_s is not None and self._base_s is not None:
            interval_s = step_s
        following_s = 0.0 if self._last_s is None else self._last_s + interval_s
        if pts_s is None:
            self.num_repaired += 1
            return following_s
        if self._base_s is None:
            self._base_s = pts_s - following_s
        time_s = pts_s - self._base_s
        if self._last_s is None:
            return time_s
        believed_s = min(following_s + LIVE_JUMP_S, self._elapsed_s * LIVE_FAST + LIVE_AHEAD_S)
        ahead = step_s is not None and time_s > max(believed_s, following_s)
        if time_s >= self._last_s and not ahead:
            return time_s
        self.num_repaired += 1
        if not ahead and time_s > self._last_s - JITTER_S:
            return self._last_s
        self._base_s = pts_s - following_s
        return following_s
