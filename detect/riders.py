"""Whether a person sits on what may be a two-wheeler: the rider tells a faint machine from a shrub.

Persons are looked at in memory only, in the frame they were found in; nothing of them is kept but
yes or no for the vehicle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from yanji.detect.detections import FloatArray

ASIDE = 0.1
"""A rider's middle lies over the machine, or beside it by at most this share of its width."""
FEET_FROM = 0.2
"""Feet from this share of the box's height downwards (a box may hold the rider or not) ..."""
FEET_BELOW = 0.15
"""... to this share below it: who stands farther in front only hides it."""
HEAD_BELOW = 0.35
"""A rider's head is above this share of the box: who begins lower is a child beside it, or legs."""


def ridden(boxes_N4: FloatArray, persons_M4: FloatArray) -> npt.NDArray[np.bool_]:
    """Say for each box whether one of the persons is where its rider would be.

    Args:
        boxes_N4: (N, 4) x1, y1, x2, y2 of two-wheelers, with or without their riders.
        persons_M4: (M, 4) persons of the same frame, same pixels.

    Returns:
        (N,) true where a rider is.
    """
    left_N1, top_N1, right_N1, bottom_N1 = (boxes_N4[:, n, None] for n in range(4))
    width_N1, height_N1 = right_N1 - left_N1, bottom_N1 - top_N1
    middle_M = (persons_M4[:, 0] + persons_M4[:, 2]) / 2
    head_M, feet_M = persons_M4[:, 1], persons_M4[:, 3]
    over_NM = (middle_M >= left_N1 - ASIDE * width_N1) & (middle_M <= right_N1 + ASIDE * width_N1)
    feet_NM = (feet_M >= top_N1 + FEET_FROM * height_N1) & (
        feet_M <= bottom_N1 + FEET_BELOW * height_N1
    )
    head_NM = head_M <= top_N1 + HEAD_BELOW * height_N1
    on_N: npt.NDArray[np.bool_] = np.any(over_NM & feet_NM & head_NM, axis=1)
    return on_N
