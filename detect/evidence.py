"""Whether what was followed is a vehicle at all. Rules and numbers: docs/design/detect.md."""

from __future__ import annotations

from dataclasses import dataclass

from yanji.detect.tracker import TrackedBox

MIN_OBSERVATIONS = 3
MIN_BEST_SCORE = 0.4
MIN_OBSERVATIONS_SURE = 2
MIN_BEST_SCORE_SURE = 0.6
MIN_MEAN_SCORE = 0.25
MIN_MEAN_SCORE_UNMOVED = 0.35
"""What never moved by half its size must be surer: road signs, boxes and billboards score 0.15 to
0.33 on average, parked vehicles 0.5 to 0.7."""
MIN_MEAN_SCORE_LINGERING = 0.42
"""And what has not moved for 2 s surer still: nothing but a parked vehicle stays, and a hedge, a
flower bed under a lamp (0.35 to 0.39) would come back every ten minutes for ever."""
FAINT_SCORE = 0.1
"""Fainter observations (of two-wheelers only) are no part of that mean, nor of the number."""
MIN_OBSERVATIONS_RIDDEN = 4
MIN_BEST_SCORE_RIDDEN = 0.1
MIN_SUM_SCORES_RIDDEN = 0.3
MIN_SHARE_RIDDEN = 0.5
"""What moved and was a two-wheeler with a rider in half of its observations needs no more score
than this: a swaying branch has no rider, a pedestrian is called a two-wheeler only now and then."""
MIN_SIZE_PX = 20.0
"""Root of the box's area, at its largest: nothing is told apart below."""


@dataclass(slots=True)
class Evidence:
    """What was seen of one vehicle so far."""

    num: int = 0
    sum_scores: float = 0.0
    best_score: float = 0.0
    largest_px: float = 0.0
    num_ridden: int = 0
    _num_clear: int = 0
    _sum_clear: float = 0.0

    def add(self, box: TrackedBox, size_px: float) -> None:
        """Take one observation; `size_px` is the root of its area."""
        self.num += 1
        self.sum_scores += box.score
        self.best_score = max(self.best_score, box.score)
        self.largest_px = max(self.largest_px, size_px)
        self.num_ridden += box.ridden
        if box.score >= FAINT_SCORE:
            self._num_clear += 1
            self._sum_clear += box.score

    def is_enough(self, *, moved: bool, lingers: bool) -> bool:
        """Whether this is a vehicle.

        Args:
            moved: it was seen to move.
            lingers: it has been in view for long.
        """
        if self.largest_px < MIN_SIZE_PX:
            return False
        return self._by_score(moved, lingers) or (moved and self._by_rider())

    def _by_score(self, moved: bool, lingers: bool) -> bool:
        unmoved = MIN_MEAN_SCORE_LINGERING if lingers else MIN_MEAN_SCORE_UNMOVED
        needed = MIN_MEAN_SCORE if moved else unmoved
        if self._sum_clear < needed * self._num_clear:
            return False
        if self._num_clear >= MIN_OBSERVATIONS:
            return self.best_score >= MIN_BEST_SCORE
        return self._num_clear >= MIN_OBSERVATIONS_SURE and self.best_score >= MIN_BEST_SCORE_SURE

    def _by_rider(self) -> bool:
        return (
            self.num >= MIN_OBSERVATIONS_RIDDEN
            and self.num_ridden >= MIN_SHARE_RIDDEN * self.num
            and self.best_score >= MIN_BEST_SCORE_RIDDEN
            and self.sum_scores >= MIN_SUM_SCORES_RIDDEN
        )
