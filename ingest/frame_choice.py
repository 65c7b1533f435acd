"""Which frames of a live camera are worth analysing: its rate, the load, and whether a thing moves.

Made once for a camera, and told of each new connection.
"""

from __future__ import annotations

from dataclasses import dataclass

from yanji.ingest.analysed_rate import AnalysedRate
from yanji.ingest.frame import Frame
from yanji.ingest.motion import REST_S, MotionGate
from yanji.ingest.sample import Sampler


@dataclass(frozen=True, slots=True)
class AnalysePlan:
    """What the settings say of one camera."""

    analyse_fps: float
    """Frames per second, at most."""
    analyse_fps_min: float | None = None
    """At least so many, where load and a quiet picture may lower the rate; None: they may not."""
    motion_gate: bool = False
    """Whether frames in which nothing moves are analysed once a second only."""


class FrameChoice:
    """The choice for one camera; for use by its capture thread."""

    def __init__(self, plan: AnalysePlan, now_s: float) -> None:
        self._plan = plan
        self._rate: AnalysedRate | None = None
        if plan.analyse_fps_min is not None:
            self._rate = AnalysedRate(plan.analyse_fps_min, plan.analyse_fps, now_s)
        self.begin()

    def begin(self) -> None:
        """Another connection: time begins anew; the rate that the load allows stays."""
        self._sampler = Sampler(
            self._rate.fps if self._rate is not None else self._plan.analyse_fps
        )
        self._gate: MotionGate | None = None
        if self._rate is not None or self._plan.motion_gate:
            floor_fps = self._plan.analyse_fps_min
            self._gate = MotionGate(REST_S if floor_fps is None else min(REST_S, 1 / floor_fps))

    def sampled(self, stream_s: float) -> bool:
        """Whether it is this frame's turn, by the rate alone."""
        return self._sampler.take(stream_s)

    def shows_anything(self, frame: Frame) -> bool:
        """Whether a sampled frame may show what the last analysed one did not."""
        return self._gate is None or self._gate.passes(frame.picture, frame.stream_s)

    def note(self, now_s: float, *, dropped: bool, lag_s: float) -> None:
        """Take in how the frame that was handed on went; see `AnalysedRate.note`."""
        if self._rate is not None:
            self._sampler.analyse_fps = self._rate.note(now_s, dropped=dropped, lag_s=lag_s)
