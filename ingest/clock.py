"""Time as a thing that is handed in, so that tests run on simulated time."""

from __future__ import annotations

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Wall time, steady time, and waiting."""

    def wall_ns(self) -> int:
        """Host wall time, nanoseconds since 1970 UTC; may jump when the host clock is set."""
        ...

    def monotonic_s(self) -> float:
        """Seconds on a clock that never jumps; only differences mean something."""
        ...

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Sleep for `seconds` or until `stop` is set; True when it is set."""
        ...


class SystemClock:
    """The host's own clocks."""

    def wall_ns(self) -> int:
        """See `Clock.wall_ns`."""
        return time.time_ns()

    def monotonic_s(self) -> float:
        """See `Clock.monotonic_s`."""
        return time.monotonic()

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """See `Clock.wait`."""
        return stop.wait(max(0.0, seconds))
