"""One box per vehicle: suppression across the classes of one group.

A detector gives an e-bike as motorcycle, as bicycle, or as both at once; a lorry as truck, bus and
car. Usual suppression works within one class and leaves all of them. Here every class of a group
competes, and the classes of the suppressed boxes vote.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from yanji.detect.detections import FloatArray, IntArray

IOU_SAME_THING = 0.55
"""Boxes of one group that overlap more are one vehicle. YOLO's own 0.7 (within a class) leaves
doubles of lorries; below 0.5 queued cars and parked rows of two-wheelers lose members."""
INSIDE = 0.9
"""A box of *another* class of the group that lies this much inside a better one ..."""
INSIDE_AREA = 0.35
"""... and is at least this large in relation to it, is a part of the same vehicle (the cab of a
lorry called a car, the bicycle under a motorcycle with rider). Smaller ones are other vehicles."""

WHOLE_MATRIX = 128
"""Up to so many candidates all overlaps are computed at once, above one row for each kept box: the
whole matrix costs 2 ms at 400 candidates, and a row as much as the matrix of thirty."""


def iou_matrix(boxes_N4: FloatArray, others_M4: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Compute overlaps.

    Args:
        boxes_N4: (N, 4) x1, y1, x2, y2.
        others_M4: (M, 4).

    Returns:
        (N, M) intersection over union, and (N, M) intersection over the area of `boxes_N4`; 0
        where an area is 0.
    """
    # Edge by edge: half the time of one array with the edges last.
    x1_NM, y1_NM = (np.maximum(boxes_N4[:, None, n], others_M4[None, :, n]) for n in (0, 1))
    x2_NM, y2_NM = (np.minimum(boxes_N4[:, None, n], others_M4[None, :, n]) for n in (2, 3))
    inter_NM = np.maximum(x2_NM - x1_NM, 0) * np.maximum(y2_NM - y1_NM, 0)
    area_N = (boxes_N4[:, 2:] - boxes_N4[:, :2]).clip(0).prod(axis=1)
    area_M = (others_M4[:, 2:] - others_M4[:, :2]).clip(0).prod(axis=1)
    union_NM = area_N[:, None] + area_M[None] - inter_NM
    iou: FloatArray = inter_NM / np.maximum(union_NM, 1e-9)
    inside: FloatArray = inter_NM / np.maximum(area_N[:, None], 1e-9)
    return iou, inside


def suppress_group(
    boxes_N4: FloatArray,
    scores_NC: FloatArray,
    max_kept: int = 300,
) -> tuple[IntArray, IntArray, FloatArray]:
    """Keep one box per vehicle within one group of classes.

    Greedy by the best score of a candidate. A kept box takes with it what overlaps it by
    `IOU_SAME_THING`, and boxes of another class that lie inside it (`INSIDE`, `INSIDE_AREA`).
    Class: the sum, over the kept box and those it took, of each class's score, weighted by the
    overlap; so one strong `bicycle` does not win over many `motorcycle` nearly as strong.

    Args:
        boxes_N4: (N, 4) candidates, any pixels.
        scores_NC: (N, C) score of each class of the group, 0..1.
        max_kept: stop after so many.

    Returns:
        `kept_K` index of each kept candidate, best first; `columns_K` the class (column) by vote;
        `scores_K` the best score of the kept candidate.
    """
    order_N = np.argsort(-scores_NC.max(axis=1, initial=0.0), kind="stable")
    boxes_N4, scores_NC = boxes_N4[order_N], scores_NC[order_N]
    best_N = scores_NC.max(axis=1, initial=0.0)
    column_N = scores_NC.argmax(axis=1) if scores_NC.size else np.zeros(0, np.int64)
    area_N = (boxes_N4[:, 2:] - boxes_N4[:, :2]).prod(axis=1)
    alive_N: npt.NDArray[np.bool_] = np.ones(len(boxes_N4), bool)
    kept: list[int] = []
    columns: list[int] = []
    first, end, num = 0, 0, len(boxes_N4) if len(boxes_N4) <= WHOLE_MATRIX else 1
    for index in range(len(boxes_N4)):
        if not alive_N[index]:
            continue
        if index >= end:
            # All at once where they are few, one row for each kept box where they are many.
            first, end = index, index + num
            some = slice(first, end)
            iou_NS, inside_NS = iou_matrix(boxes_N4, boxes_N4[some])
            takes_NS = (iou_NS >= IOU_SAME_THING) | (
                (inside_NS >= INSIDE)
                & (column_N[:, None] != column_N[some])
                & (area_N[:, None] >= INSIDE_AREA * area_N[some])
            )
        iou_N = iou_NS[:, index - first]
        taken_N = alive_N & takes_NS[:, index - first]
        taken_N[:index] = False
        taken_N[index] = True
        votes_C = (scores_NC[taken_N] * iou_N[taken_N, None]).sum(axis=0)
        alive_N &= ~taken_N
        kept.append(index)
        columns.append(int(votes_C.argmax()))
        if len(kept) == max_kept:
            break
    kept_K = np.array(kept, np.int64)
    return order_N[kept_K], np.array(columns, np.int64), best_N[kept_K]
