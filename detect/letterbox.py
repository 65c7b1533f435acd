"""Fitting a picture into a detector's input without distortion, and boxes back out of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from yanji.detect.detections import FloatArray
from yanji.ingest.frame import BgrImage, Picture

LONG_SIDE_PX = 640
STRIDE_PX = 32
SHORTEST_PX = 192


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a picture lies inside the input."""

    height: int
    """Of the input, a multiple of 32."""
    width: int
    inner_height: int
    """Of the scaled picture inside it."""
    inner_width: int
    top: int
    left: int

    def boxes_to_picture(self, boxes_N4: FloatArray, width: int, height: int) -> FloatArray:
        """Map boxes from input pixels to the picture's pixels, clipped to the picture.

        Args:
            boxes_N4: (N, 4) x1, y1, x2, y2 in input pixels.
            width: of the picture.
            height: of the picture.
        """
        offset_4 = np.array([self.left, self.top] * 2, np.float32)
        scale_4 = np.array([width / self.inner_width, height / self.inner_height] * 2, np.float32)
        limit_4 = np.array([width, height] * 2, np.float32)
        mapped: FloatArray = ((boxes_N4 - offset_4) * scale_4).clip(0, limit_4)
        return mapped.astype(np.float32, copy=False)


def fit_of(width: int, height: int, long_side_px: int = LONG_SIDE_PX, square: bool = False) -> Fit:
    """Choose the input for a picture: long side 640, short side the next multiple of 32.

    16:9 becomes 384 x 640 (a square wastes 1.8 times the work), 4:3 480 x 640, 1:1 640 x 640.
    There are at most 30 shapes in all; a narrow picture gets at least 192 on its short side.

    Args:
        width: of the picture, > 0.
        height: of the picture, > 0.
        long_side_px: a multiple of 32.
        square: pad to a square as the published accuracy figures do.
    """
    scale = long_side_px / max(width, height)
    inner_width, inner_height = (max(1, round(edge * scale)) for edge in (width, height))
    if square:
        outer_width = outer_height = long_side_px
    else:
        outer_width, outer_height = (
            max(SHORTEST_PX, -(-edge // STRIDE_PX) * STRIDE_PX)
            for edge in (inner_width, inner_height)
        )
    return Fit(
        height=outer_height,
        width=outer_width,
        inner_height=inner_height,
        inner_width=inner_width,
        top=(outer_height - inner_height) // 2,
        left=(outer_width - inner_width) // 2,
    )


def new_buffer(fit: Fit, fill: int) -> BgrImage:
    """Make the input buffer once: (1, height, width, 3) uint8; the border never changes."""
    return np.full((1, fit.height, fit.width, 3), fill, np.uint8)


def letterbox_into(buffer_1HW3: BgrImage, picture: Picture, fit: Fit) -> None:
    """Scale the picture into the inner part of the buffer; the border stays as it is."""
    inner_HW3 = buffer_1HW3[
        0, fit.top : fit.top + fit.inner_height, fit.left : fit.left + fit.inner_width
    ]
    if picture.width <= fit.inner_width and picture.height <= fit.inner_height:
        # As cheap as enlarging in the decoder's scaler (1.1 ms for 480 x 360), and the full picture
        # is there for the crops.
        inner_HW3[:] = cv2.resize(picture.bgr(), (fit.inner_width, fit.inner_height))
        return
    inner_HW3[:] = picture.scaled_bgr(fit.inner_width, fit.inner_height)
