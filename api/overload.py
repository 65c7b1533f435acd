"""When a camera is watched, but worse than promised: this machine does not keep up with it."""

from __future__ import annotations

from collections import deque
from typing import Final

LAG_S: Final = 2.0
"""Frames that are analysed later than this are late: a queue of two frames at 1 fps, the slowest
that makes sense, is not."""
DROPPED_SHARE: Final = 0.1
"""So many of the sampled frames may be given up: two seconds at 5 fps still have nine."""
WINDOW_S: Final = 60.0
LEAST_FRAMES: Final = 10
"""Below so many sampled frames a share tells nothing."""


class Overload:
    """Judges one camera once for each beat."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, int]] = deque()

    def judge(self, now_s: float, num_sampled: int, num_dropped: int, lag_s: float) -> bool:
        """Whether the camera is degraded now.

        Args:
            now_s: on a steady clock.
            num_sampled: frames handed to the analysis since the start, those given up included.
            num_dropped: of these, given up since the start.
            lag_s: of the last analysed frame; 0 while the camera is down.
        """
        self._samples.append((now_s, num_sampled, num_dropped))
        # The oldest sample kept is the last one that is older than the window.
        while len(self._samples) > 1 and now_s - self._samples[1][0] >= WINDOW_S:
            self._samples.popleft()
        _, sampled_before, dropped_before = self._samples[0]
        sampled, dropped = num_sampled - sampled_before, num_dropped - dropped_before
        gives_up = sampled >= LEAST_FRAMES and dropped > DROPPED_SHARE * sampled
        return lag_s > LAG_S or gives_up
