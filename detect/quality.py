"""How good a view of a vehicle is: one number, 0..1.

quality = geometry * sharpness, with

    geometry  = size * whole * clear * (0.4 + 0.6 * score)
    size      = min(1, sqrt(w * h) / 192 px), in pixels that the camera sent
    whole     = 0.5 for each border of the picture that cuts the box
    clear     = 1 - share of the box hidden behind vehicles (score from 0.1) nearer to the camera
                (at least 0.1)
    sharpness = v / (v + 0.3),  v = var(Laplacian(g)) / (var(g) + 16)

`g` is the crop in grey at 96 px on its long side, so that a distant sharp vehicle and a near one
compare. Geometry needs no pixels: it decides whether a frame is worth converting at all.
"""

from __future__ import annotations

import cv2
import numpy as np

from yanji.detect.detections import FloatArray
from yanji.detect.suppress import iou_matrix
from yanji.ingest.frame import BgrImage

FULL_SIZE_PX = 192.0
"""Larger views add nothing: embedders see at most 256 px."""
HIDES_SCORE = 0.1
"""Fainter boxes (two-wheelers only) are too often nothing to be in the way."""
SHARPNESS_SIDE_PX = 96
SHARPNESS_HALF = 0.3
"""The `v` at which sharpness is one half; in-focus daylight crops have 0.5 to 2."""


def geometry_scores(
    boxes_N4: FloatArray, scores_N: FloatArray, width: int, height: int, enlarged: float = 1.0
) -> FloatArray:
    """Compute `geometry` of every vehicle of one frame.

    Args:
        boxes_N4: (N, 4) all vehicles seen, in pixels of the frame.
        scores_N: (N,) detection scores.
        width: of the frame.
        height: of the frame.
        enlarged: how many pixels of the frame are one that the camera sent, per side; >= 1.

    Returns:
        (N,) 0..1.
    """
    if not len(boxes_N4):
        return np.zeros(0, np.float32)
    area_N = (boxes_N4[:, 2:] - boxes_N4[:, :2]).clip(0).prod(axis=1)
    size_N = np.minimum(1.0, np.sqrt(area_N) / (enlarged * FULL_SIZE_PX))
    limit = np.maximum(2.0, 0.004 * np.array([width, height], np.float32))
    cut_N = (boxes_N4[:, :2] <= limit).sum(axis=1)
    cut_N += (boxes_N4[:, 2:] >= np.array([width, height]) - limit).sum(axis=1)
    _, covered_NN = iou_matrix(boxes_N4, boxes_N4)
    # What stands lower in the picture is nearer to a camera that looks down.
    nearer_NN = (boxes_N4[None, :, 3] > boxes_N4[:, None, 3]) & (scores_N >= HIDES_SCORE)
    clear_N = np.maximum(0.1, 1 - (covered_NN * nearer_NN).max(axis=1))
    result: FloatArray = (size_N * 0.5**cut_N * clear_N * (0.4 + 0.6 * scores_N)).astype(np.float32)
    return result


def sharpness(crop: BgrImage) -> float:
    """Compute `sharpness`, 0..1, of a crop of any size."""
    height, width = crop.shape[:2]
    scale = SHARPNESS_SIDE_PX / max(height, width)
    size = (max(3, round(width * scale)), max(3, round(height * scale)))
    way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    grey = cv2.resize(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), size, interpolation=way)
    edges = cv2.Laplacian(grey, cv2.CV_32F)
    value = _variance(edges) / (_variance(grey) + 16.0)
    return value / (value + SHARPNESS_HALF)


def _variance(image: cv2.typing.MatLike) -> float:
    # In one pass over the pixels; numpy makes two, and copies.
    deviation: float = cv2.meanStdDev(image)[1][0, 0]
    return deviation * deviation
