"""A whole picture for people to look at: small, and without a face.

Crops are cut and blurred one by one (`crops.py`); here the same is done to the whole picture.
"""

from __future__ import annotations

import numpy as np

from yanji.detect.blur import blur_heads, blur_top
from yanji.detect.classes import CLASSES, GROUP_OF
from yanji.detect.crops import crop_region, rider_boxes
from yanji.detect.detections import Detections
from yanji.ingest.frame import BgrImage, Picture


def overview(picture: Picture, detections: Detections, long_side_px: int) -> BgrImage:
    """Scale a picture down and blur the heads of everybody in it, exactly as in crops.

    The head of every person is blurred, and the upper part of a two-wheeler on which no person
    was found: its rider may have been missed.

    Args:
        picture: upright; not written to.
        detections: of this very picture, in its full-resolution pixels.
        long_side_px: the most pixels of the longer side, at least 1; a picture that is smaller
            keeps its size.

    Returns:
        A copy, (h, w, 3).
    """
    scale = min(1.0, long_side_px / max(picture.width, picture.height))
    width = max(2, round(picture.width * scale))
    height = max(2, round(picture.height * scale))
    image = picture.scaled_bgr(width, height).copy()
    scale_4 = np.array([width / picture.width, height / picture.height] * 2, np.float32)
    persons_M4 = detections.persons_M4 * scale_4
    blur_heads(image, persons_M4)
    for box_4, number in zip(detections.boxes_N4 * scale_4, detections.classes_N, strict=True):
        name = CLASSES[int(number)]
        if GROUP_OF[name] == "two_wheeler" and not len(rider_boxes(box_4, name, persons_M4)):
            x1, y1, x2, y2 = crop_region(box_4, name, persons_M4, width, height)
            blur_top(image[y1:y2, x1:x2])
    return image
