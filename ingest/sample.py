"""Which frames of a stream are analysed."""

from __future__ import annotations

import math

STAMP_ERROR_S = 0.001
"""Containers round stamps to the millisecond; a frame that early still belongs to its slot."""


class Sampler:
    """Picks `analyse_fps` frames per second of *stream* time from any frame rate.

    Time is cut into slots of 1 / analyse_fps from the run's start; the first frame of each slot
    is taken. So it never drifts, never takes two frames for one slot, takes every frame of a
    stream slower than asked, and after a jump takes one frame and goes on. Use one per run.
    """

    def __init__(self, analyse_fps: float) -> None:
        if not (math.isfinite(analyse_fps) and analyse_fps > 0):
            raise ValueError(f"analyse_fps must be above 0, not {analyse_fps}")
        self._analyse_fps = analyse_fps
        self._slot: int | None = None
        self._taken_s = 0.0

    @property
    def analyse_fps(self) -> float:
        """Frames per second; may be changed between two frames: the slots are cut anew."""
        return self._analyse_fps

    @analyse_fps.setter
    def analyse_fps(self, analyse_fps: float) -> None:
        if analyse_fps != self._analyse_fps:
            self._analyse_fps = analyse_fps
            self._slot = math.floor((self._taken_s + STAMP_ERROR_S) * analyse_fps)

    def take(self, stream_s: float) -> bool:
        """Whether to analyse the frame at `stream_s`, seconds since the run's first frame."""
        slot = math.floor((stream_s + STAMP_ERROR_S) * self._analyse_fps)
        if slot == self._slot:
            return False
        self._slot = slot
        self._taken_s = stream_s
        return True
