"""Thresholds from held-out cameras, and what they do to the weights.

Everything behind the detector counts on one scale: a score of 0.25 may begin a track, 0.1 may
continue one. So a threshold is not stored beside the model; the logits are shifted so that the
threshold becomes 0.25. The classes of a group are shifted alike: their scores decide whether there
is a vehicle, and their differences which one it is (each class for itself made vans of cars).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from yanji.detect.average_precision import Matches
from yanji.detect.yolo import Thresholds

TARGET: Final = Thresholds().sure
MIN_TRUTHS: Final = 20
"""With fewer objects in the held-out pictures nothing is chosen."""
LOWEST: Final = 0.05
HIGHEST: Final = 0.7
"""A threshold is kept within these: beyond, a handful of boxes would decide."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The threshold of one group of classes."""

    score: float
    """In the scale of the trained weights, before the shift."""
    precision: float | None
    """Of the boxes from there on; None: none."""
    num_boxes: int
    num_truths: int
    reached: bool
    """False: too few objects, or no score reaches the wanted precision within the bounds."""

    @property
    def shift(self) -> float:
        """What is added to the logits."""
        return logit(TARGET) - logit(self.score)


def logit(share: float) -> float:
    """Log-odds of a share between 0 and 1."""
    return math.log(share / (1 - share))


def choose(matches: Matches, precision: float) -> Chosen:
    """Find the lowest score from which on at least `precision` of a group's boxes are right.

    Args:
        matches: the boxes of the group's classes, right (column 0: IoU 0.5) where they lie on a
            vehicle of the group.
        precision: above 0, at most 1.
    """
    order = np.argsort(-matches.scores_N, kind="stable")
    scores_N = matches.scores_N[order]
    right_N = np.cumsum(matches.correct_NT[order, 0])
    share_N = right_N / np.arange(1, len(order) + 1)
    inside_N = (scores_N >= LOWEST) & (scores_N <= HIGHEST)
    good = np.flatnonzero((share_N >= precision) & inside_N)
    reached = len(good) > 0 and matches.num_truths >= MIN_TRUTHS
    if reached:
        score = float(scores_N[good[-1]])
    elif matches.num_truths >= MIN_TRUTHS and bool((scores_N >= LOWEST).any()):
        score = HIGHEST  # asked for more than the group can give: only its surest boxes
    else:
        score = TARGET
    passing = int((scores_N >= score).sum())
    return Chosen(
        score,
        float(share_N[passing - 1]) if passing else None,
        passing,
        matches.num_truths,
        reached,
    )
