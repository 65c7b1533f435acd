"""The motion gate: a frame in which nothing moved since the last analysed one teaches nothing.

Compared is the brightness of one pixel in twelve of each twelfth row, as the camera sent it: no
picture is converted. The comparison is with the last frame that *passed*, so that slow movement
adds up until it shows. Whatever moves, one frame in `REST_S` passes: what stands in view stays
known, and no track is lost for want of frames.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.av_picture import AvPicture
from yanji.ingest.frame import Picture

GRID_PX: Final = 12
MOVES_BY: Final = 16
"""Steps of 255 by which a place must differ: above the wobble of an encoder, below what a dark car
does to a dark road ..."""
FEW: Final = 3
"""... in so many places: a vehicle too small to be followed covers more."""
REST_S: Final = 1.0
"""Below the 1.6 s after which an unseen vehicle counts as gone (`detect.tracker.LOST_S`)."""


class MotionGate:
    """Judges the sampled frames of one run; make a new one for the next."""

    def __init__(self, rest_s: float = REST_S) -> None:
        self._rest_s = rest_s
        self._last: npt.NDArray[np.uint8] | None = None
        self._last_s = 0.0

    def passes(self, picture: Picture, stream_s: float) -> bool:
        """Say whether to analyse a frame.

        Args:
            picture: of the frame.
            stream_s: its stream time, seconds; never falling.
        """
        luma = _luma_of(picture)
        if (
            self._last is not None
            and stream_s - self._last_s < self._rest_s
            and luma.shape == self._last.shape
            and np.count_nonzero(cv2.absdiff(luma, self._last) > MOVES_BY) < FEW
        ):
            return False
        self._last, self._last_s = luma, stream_s
        return True


def _luma_of(picture: Picture) -> npt.NDArray[np.uint8]:
    if isinstance(picture, AvPicture):
        return picture.luma(GRID_PX)
    return np.ascontiguousarray(picture.bgr()[::GRID_PX, ::GRID_PX, 1])
