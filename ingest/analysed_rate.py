"""How often a camera is analysed when there is too much to do: between a floor and a ceiling.

A frame that was dropped, because the analysis was busy, or a reader that has fallen behind its
stream is a sign of overload. Each sign takes the rate down by a fifth, at most once a second, so
that the frames that are analysed lie evenly in time: dropping leaves holes where it happens to
strike. Ten seconds without a sign take it up again by as much.
"""

from __future__ import annotations

from typing import Final

STEP: Final = 0.8
DOWN_S: Final = 1.0
UP_S: Final = 10.0
BEHIND_S: Final = 1.0
"""A reader further behind its stream than this is late; less is the burst of a network."""


class AnalysedRate:
    """The rate of one camera; begins at its ceiling. Times are on a clock that never falls."""

    def __init__(self, floor_fps: float, ceiling_fps: float, now_s: float) -> None:
        """Start.

        Raises:
            ValueError: not 0 < floor_fps <= ceiling_fps.
        """
        if not 0 < floor_fps <= ceiling_fps:
            raise ValueError(f"not 0 < {floor_fps} <= {ceiling_fps}")
        self._floor_fps, self._ceiling_fps = floor_fps, ceiling_fps
        self.fps = ceiling_fps
        """Frames to analyse per second, now."""
        self._changed_s = now_s
        self._calm_since_s = now_s

    def note(self, now_s: float, *, dropped: bool, lag_s: float) -> float:
        """Take in how the last frame went; returns `fps`.

        Args:
            now_s: seconds.
            dropped: a frame was thrown away because the analysis was busy.
            lag_s: how far reading has fallen behind the stream, seconds.
        """
        if dropped or lag_s > BEHIND_S:
            self._calm_since_s = now_s
            if now_s - self._changed_s >= DOWN_S:
                self._set(self.fps * STEP, now_s)
        elif now_s - max(self._calm_since_s, self._changed_s) >= UP_S:
            self._set(self.fps / STEP, now_s)
        return self.fps

    def _set(self, fps: float, now_s: float) -> None:
        self.fps = min(self._ceiling_fps, max(self._floor_fps, fps))
        self._changed_s = now_s
