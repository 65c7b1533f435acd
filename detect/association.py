"""Which box continues which track: the two rounds of ByteTrack over buffered overlaps.

ByteTrack (Zhang et al., ECCV 2022): sure boxes are matched with all tracks first, then unsure ones
with the tracks that are left; only a sure box may begin a track. Overlap is that of boxes grown on
each side by a share of their size (Yang et al., C-BIoU, WACV 2023), so that a fast vehicle still
meets its prediction at five frames a second.
"""

from __future__ import annotations

import lap
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


def associate(
    tracks_N4: Array,
    boxes_M4: Array,
    sure_M: npt.NDArray[np.bool_],
    *,
    buffer_ratio: float,
    least: float,
) -> tuple[Rows, Rows]:
    """Match boxes with tracks, sure ones first.

    Args:
        tracks_N4: where the tracks are expected, x1, y1, x2, y2.
        boxes_M4: what was detected.
        sure_M: which boxes are matched in the first round.
        buffer_ratio: by which share of its size a box is grown on each side.
        least: buffered overlap from which a match counts, 0..1.

    Returns:
        Rows of `tracks_N4` and, beside them, of `boxes_M4`.
    """
    overlap_NM = buffered_iou(tracks_N4, boxes_M4, buffer_ratio)
    sure, unsure = np.flatnonzero(sure_M), np.flatnonzero(~sure_M)
    tracks_K, found_K = _matched(overlap_NM[:, sure], least)
    left_N = np.ones(len(tracks_N4), bool)
    left_N[tracks_K] = False
    left = np.flatnonzero(left_N)
    tracks_L, found_L = _matched(overlap_NM[left][:, unsure], least)
    return (
        np.concatenate([tracks_K, left[tracks_L]]),
        np.concatenate([sure[found_K], unsure[found_L]]),
    )


def buffered_iou(one_N4: Array, other_M4: Array, buffer_ratio: float) -> Array:
    """(N, M) intersection over union, 0..1, of boxes grown by a share of their size."""
    one, other = _grown(one_N4, buffer_ratio), _grown(other_M4, buffer_ratio)
    low_NM2 = np.maximum(one[:, None, :2], other[None, :, :2])
    high_NM2 = np.minimum(one[:, None, 2:], other[None, :, 2:])
    both_NM = np.maximum(high_NM2 - low_NM2, 0).prod(axis=2)
    area_N, area_M = ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one, other))
    all_NM = area_N[:, None] + area_M[None] - both_NM
    shared_NM: Array = np.divide(both_NM, all_NM, out=np.zeros_like(both_NM), where=all_NM > 0)
    return shared_NM


def _grown(boxes_N4: Array, ratio: float) -> Array:
    by_N2 = ratio * (boxes_N4[:, 2:] - boxes_N4[:, :2])
    return np.concatenate([boxes_N4[:, :2] - by_N2, boxes_N4[:, 2:] + by_N2], axis=1)


def _matched(overlap_NM: Array, least: float) -> tuple[Rows, Rows]:
    """The pairs of the largest sum of overlaps, without those that overlap too little."""
    if not (overlap_NM >= least).any():
        return np.empty(0, np.int64), np.empty(0, np.int64)
    # Jonker and Volgenant's algorithm; -1: without a partner in a matrix that is not square.
    _, of_row_N, _ = lap.lapjv(-overlap_NM, extend_cost=True)
    rows = np.flatnonzero(of_row_N >= 0)
    columns = of_row_N[rows].astype(np.int64)
    good = overlap_NM[rows, columns] >= least
    return rows[good], columns[good]
