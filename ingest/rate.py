"""Events per second, now."""

from __future__ import annotations

import math


class Rate:
    """An exponential moving average of events per second that falls to 0 when they stop."""

    def __init__(self, started_s: float, *, window_s: float = 5.0) -> None:
        self._started_s = started_s
        self._window_s = window_s
        self._level = 0.0
        self._at_s = started_s

    def add(self, now_s: float) -> None:
        """Count one event at `now_s` on a monotonic clock."""
        self._level = self._decayed(now_s) + 1.0 / self._window_s
        self._at_s = now_s

    def per_s(self, now_s: float) -> float:
        """Give events per second at `now_s`; unbiased from the start on."""
        seen = -math.expm1(-max(now_s - self._started_s, 1e-9) / self._window_s)
        # Before a fifth of the window one event would read as hundreds per second.
        return self._decayed(now_s) / max(seen, 1.0 - math.exp(-0.2))

    def _decayed(self, now_s: float) -> float:
        return self._level * math.exp(-max(now_s - self._at_s, 0.0) / self._window_s)
