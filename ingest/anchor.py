"""From a live stream's own clock to the host's wall time, by the frame that was delayed least.

A frame never arrives early, only late: network, buffers and a busy host add delay. So the frame
with the least arrival time minus stream time tells best how the two clocks belong together, and
every other frame is placed by its stream time from there (docs/design/time.md).
"""

from __future__ import annotations

from typing import Final

from yanji.ingest.clock import Clock
from yanji.ingest.lag import CLOCK_DRIFT

MAX_DELAY_S: Final = 10.0
"""A frame that seems later than this is not late: the stream's clock stands or runs slow. Longer
than the 8 s of silence after which a run is lost, so that a stall is never taken for one."""

_CLEAN_READING_S: Final = 0.02
"""Wall and steady clock were read together when no more than this passed around the reading."""


class Anchor:
    """Wall times for the frames of one run; one per run.

    What holds of the times given, whatever arrives (arrival and stream times that do not fall):

    - they do not fall, and the first is `started_ns`;
    - none is later than the frame's arrival, none more than `MAX_DELAY_S` earlier;
    - once the frame that was delayed least has come, further delay moves no time, but for the
      `CLOCK_DRIFT` (0.2 ms per second) by which a camera's clock may be slow.

    A time that was given is not taken back: frames before the least delayed one stay late.
    """

    def __init__(self, started_ns: int, started_s: float) -> None:
        """Take the first frame: its host wall time, and the same moment on the steady clock."""
        self._started_ns = started_ns
        self._started_s = started_s
        self._least_s = started_s
        """Arrival minus stream time of the frame delayed least, and what drift allows since."""
        self._arrival_s: float | None = None
        self._wall_ns = started_ns
        self.delay_s = 0.0
        """Of the last frame, above the least seen in this run; seconds, 0..`MAX_DELAY_S`."""
        self.num_moved = 0
        """How often the stream's clock stood or ran slow and the anchor was taken anew."""

    def wall_ns(self, arrival_s: float, stream_s: float, *, stamped: bool = True) -> int:
        """Give the wall time of a frame, ns since 1970 UTC.

        Args:
            arrival_s: when it arrived, on the steady clock.
            stream_s: its stream time, seconds since the first frame.
            stamped: False where the stream gave no time for it: then it is placed by its arrival,
                and teaches nothing.
        """
        if stamped:
            self._learn(arrival_s, stream_s)
        else:
            self.delay_s = 0.0
        since_s = arrival_s - self.delay_s - self._started_s
        self._wall_ns = max(self._wall_ns, self._started_ns + round(since_s * 1e9))
        return self._wall_ns

    def _learn(self, arrival_s: float, stream_s: float) -> None:
        behind_s = arrival_s - stream_s
        last_s = arrival_s if self._arrival_s is None else self._arrival_s
        drifted_s = max(0.0, arrival_s - last_s) * CLOCK_DRIFT
        self._arrival_s = arrival_s
        self._least_s = min(behind_s, self._least_s + drifted_s)
        self.delay_s = behind_s - self._least_s
        if self.delay_s > MAX_DELAY_S:
            self._least_s = behind_s
            self.delay_s = 0.0
            self.num_moved += 1

    def host_step_s(self, clock: Clock) -> float:
        """How far the host's clock was set since the run began, seconds; ahead is positive.

        0 where the reading is not clean (this process was stopped in the middle of it, thrice):
        the next frame asks again.
        """
        for _ in range(3):
            before_s = clock.monotonic_s()
            wall_ns = clock.wall_ns()
            after_s = clock.monotonic_s()
            if after_s - before_s <= _CLEAN_READING_S:
                expected_ns = self._started_ns + round((before_s - self._started_s) * 1e9)
                return (wall_ns - expected_ns) / 1e9
        return 0.0
