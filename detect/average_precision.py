"""Average precision as COCO computes it: greedy matching by score, 101 recall points.

Formula: T.-Y. Lin et al., "Microsoft COCO", and its evaluation code's definition: precision is made
monotone from the right and read at recall 0, 0.01, ..., 1; AP50-95 is the mean over the IoU
thresholds 0.50, 0.55, ..., 0.95. Unlike there, no box is 'crowd' and no size range is applied.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.detect.detections import FloatArray
from yanji.detect.suppress import iou_matrix

IOU_THRESHOLDS_T = np.linspace(0.5, 0.95, 10)
RECALL_POINTS_101 = np.linspace(0.0, 1.0, 101)
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matches:
    """One class over all pictures."""

    scores_N: FloatArray
    correct_NT: BoolArray
    """Whether detection n is a true one at IoU threshold t."""
    num_truths: int


def match_picture(boxes_N4: FloatArray, scores_N: FloatArray, truths_M4: FloatArray) -> BoolArray:
    """Match the detections of one class in one picture, best score first.

    Each takes the free truth that it overlaps most, if by at least the threshold.

    Returns:
        (N, 10) true where a detection is right at an IoU threshold.
    """
    correct_NT = np.zeros((len(boxes_N4), len(IOU_THRESHOLDS_T)), bool)
    if not len(boxes_N4) or not len(truths_M4):
        return correct_NT
    iou_NM, _ = iou_matrix(boxes_N4, truths_M4)
    order = np.argsort(-scores_N, kind="stable")
    for column, threshold in enumerate(IOU_THRESHOLDS_T):
        free_M = np.ones(len(truths_M4), bool)
        for row in order:
            candidates_M = np.where(free_M, iou_NM[row], -1.0)
            best = int(candidates_M.argmax())
            if candidates_M[best] >= threshold:
                free_M[best] = False
                correct_NT[row, column] = True
    return correct_NT


def average_precision(matches: Matches) -> FloatArray:
    """Compute the AP at each of the ten thresholds: (10,), not a number where no truth exists."""
    if matches.num_truths == 0:
        return np.full(len(IOU_THRESHOLDS_T), np.nan, np.float32)
    order = np.argsort(-matches.scores_N, kind="stable")
    hits_NT = np.cumsum(matches.correct_NT[order], axis=0)
    rank_N1 = np.arange(1, len(order) + 1)[:, None]
    recall_NT = hits_NT / matches.num_truths
    precision_NT = hits_NT / rank_N1
    precision_NT = np.maximum.accumulate(precision_NT[::-1], axis=0)[::-1]
    values = np.zeros(len(IOU_THRESHOLDS_T), np.float32)
    for column in range(len(values)):
        first_101 = np.searchsorted(recall_NT[:, column], RECALL_POINTS_101, side="left")
        reached = first_101 < len(order)
        values[column] = precision_NT[first_101[reached], column].sum() / 101
    return values


def recall_at(matches: Matches, threshold: float) -> float | None:
    """Share of the truths found at IoU 0.5 with a score >= `threshold`; None without any."""
    if matches.num_truths == 0:
        return None
    found = matches.correct_NT[matches.scores_N >= threshold, 0].sum()
    return float(found) / matches.num_truths


def precision_at(matches: Matches, threshold: float) -> float | None:
    """Share of the detections with a score of at least `threshold` that are right at IoU 0.5."""
    passing_N = matches.scores_N >= threshold
    if not passing_N.any():
        return None
    return float(matches.correct_NT[passing_N, 0].mean())
