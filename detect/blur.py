"""No face in the archive: heads are destroyed before a crop leaves the memory of its frame.

Every person that touches the crop counts, from a score of 0.1 on: riders, passengers behind a
windscreen, passers-by. A two-wheeler on which no person was found is blurred where a head would be:
its rider may have been missed.
"""

from __future__ import annotations

import cv2
import numpy as np

from yanji.detect.detections import FloatArray
from yanji.ingest.frame import BgrImage

HEAD_OF_HEIGHT = 0.25
"""Share of a person's box, from the top, that holds the head (1/7.5 of a standing person, more of
one who bends over a handlebar) ..."""
HEAD_OF_WIDTH = 0.55
"""... or this share of its width where that is more: a box of head and shoulders only."""
PADDING = 0.08
"""Of the person's height above, of its width at the sides: boxes are off by a few per cent."""
RIDERLESS_TOP = 0.22
"""Share of a two-wheeler's crop blurred from the top when no person was found on it."""
DETAIL_PX = 6
"""What is left of a head: at most 6 x 6 values. Faces are not told apart below some 16 px."""


def head_boxes(persons_M4: FloatArray) -> FloatArray:
    """Return the region of each person's head: (M, 4), same pixels, not clipped."""
    width_M = persons_M4[:, 2] - persons_M4[:, 0]
    height_M = persons_M4[:, 3] - persons_M4[:, 1]
    depth_M = np.minimum(height_M, np.maximum(HEAD_OF_HEIGHT * height_M, HEAD_OF_WIDTH * width_M))
    heads_M4: FloatArray = np.stack(
        [
            persons_M4[:, 0] - PADDING * width_M,
            persons_M4[:, 1] - PADDING * height_M,
            persons_M4[:, 2] + PADDING * width_M,
            persons_M4[:, 1] + depth_M,
        ],
        axis=1,
    ).astype(np.float32)
    return heads_M4


def blur_heads(crop: BgrImage, persons_M4: FloatArray) -> bool:
    """Blur in place the heads of the persons that touch the crop.

    Args:
        crop: (h, w, 3), writable.
        persons_M4: (M, 4) persons in the crop's pixels (they may reach outside).

    Returns:
        Whether a person's box touches the crop at all.
    """
    if not len(persons_M4):
        return False
    height, width = crop.shape[:2]
    touching_M = (
        (persons_M4[:, 0] < width)
        & (persons_M4[:, 1] < height)
        & (persons_M4[:, 2] > 0)
        & (persons_M4[:, 3] > 0)
    )
    for head_4 in head_boxes(persons_M4[touching_M]):
        destroy_detail(crop, head_4)
    return bool(touching_M.any())


def blur_top(crop: BgrImage) -> None:
    """Blur in place the upper part of a two-wheeler's crop, for a rider that was not found."""
    height, width = crop.shape[:2]
    destroy_detail(crop, np.array([0, 0, width, np.ceil(RIDERLESS_TOP * height)], np.float32))


def destroy_detail(crop: BgrImage, region_4: FloatArray) -> None:
    """Replace a region, in place, by at most 6 x 6 values of it, smoothed.

    Averaging over an area throws the detail away; unlike a Gaussian alone it cannot be undone.
    """
    height, width = crop.shape[:2]
    x1, y1 = (int(max(0, np.floor(edge))) for edge in region_4[:2])
    x2, y2 = int(min(width, np.ceil(region_4[2]))), int(min(height, np.ceil(region_4[3])))
    if x2 <= x1 or y2 <= y1:
        return
    region = crop[y1:y2, x1:x2]
    few = (min(DETAIL_PX, x2 - x1), min(DETAIL_PX, y2 - y1))
    if few == (x2 - x1, y2 - y1):
        # Too small for averaging to change a pixel: one value for all.
        region[:] = region.reshape(-1, 3).mean(axis=0).astype(np.uint8)
        return
    small = cv2.resize(region, few, interpolation=cv2.INTER_AREA)
    region[:] = cv2.resize(small, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)
