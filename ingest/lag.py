"""How far a reader has fallen behind a live stream."""

from __future__ import annotations

CLOCK_DRIFT = 2e-4
"""A camera's quartz may run this much slower or faster than the host's without being called lag:
200 ppm is four times what cheap crystals are specified for."""


class Lag:
    """Elapsed host time minus elapsed stream time, above the least seen so far.

    The least is allowed to rise by `CLOCK_DRIFT`, so that a slow camera clock, 17 s a day, does
    not read as lag after a month. Use one per run.
    """

    def __init__(self) -> None:
        self.lag_s = 0.0
        """At the last frame, seconds, >= 0."""
        self._least_s: float | None = None
        self._at_s = 0.0

    def add(self, now_s: float, stream_s: float) -> None:
        """Note a frame of `stream_s` seconds, decoded at `now_s` on a monotonic clock."""
        behind_s = now_s - stream_s
        if self._least_s is None:
            self._least_s = behind_s
        else:
            self._least_s = min(
                behind_s, self._least_s + max(0.0, now_s - self._at_s) * CLOCK_DRIFT
            )
        self._at_s = now_s
        self.lag_s = behind_s - self._least_s
