"""Is the camera looking at anything? A picture that repeats for ever, or is black, shows nothing.

What tells a frozen camera from a quiet night is noise: lens and sensor make it, and an encoder
hides it between key frames, yet draws each *key frame* anew from what the sensor sees. Two key
frames of one frozen picture are equal, or differ by the rounding of a rate control; those of a live
scene differ by its noise, several times as much (figures in docs/design/ingest.md). A picture is
still when each key frame was like the one before it for `STILL_S`, and nothing moved in between.

A false alarm (an encoder that starves its key frames too) costs little: while it lasts every
analysed frame is compared, and the first that differs, by a headlight or a vehicle, is analysed
and ends the alarm. The price is a record that says `still` for a quiet stretch, and the tracks of
parked vehicles, cut there.

A clock burnt into the picture runs on when the picture behind it is frozen. It stands along the
upper or lower edge, so an eighth of the height is left out at both.
"""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.av_picture import AvPicture
from yanji.ingest.frame import Picture

Luma = npt.NDArray[np.uint8]
"""Brightness on a grid over the picture, uint8 (rows, columns)."""

GRID_PX = 8
"""One pixel in 8 of each eighth row: a vehicle worth analysing covers dozens of them."""

STILL_S = 45.0
"""Alike, or black, for so long; with a key frame every 2 s it is found within 60 s."""

KEY_WAIT_S = 10.0
"""A stream without a key frame for so long is judged by any frame."""

SETTLED_S = 15.0
"""A rate control comes to rest within a few key frames of a frozen picture; then what still
changes between key frames is learnt as the usual."""

ALIKE_MEAN, ALIKE_MOST = 0.5, 16
"""Two key frames in a row that are one picture: mean and largest difference, steps of 255."""

MOVES_BY = 40
"""A frame that differs so much from the first of its kind in one place shows something new."""

WAKES_BY, WAKES_TIMES = 12, 1.25
"""While still: more than this, and than so many times the usual, is something new."""

BLACK_BELOW, BLACK_SHARE = 40, 0.999
"""Black is 16 in video; headlights, street lamps and snow are far above 40."""

Look = Literal["moving", "still", "black"]


class StillWatch:
    """Judges the frames of one connection. Times are seconds that never fall."""

    def __init__(self) -> None:
        self.look: Look = "moving"
        self.since_s = 0.0
        """When the picture that lasts was first seen."""
        self._first: Luma | None = None
        self._key: Luma | None = None
        self._key_s = 0.0
        self._dark = False
        self._usual = 0

    def add(self, picture: Picture, now_s: float) -> Look:
        """Judge the next frame that is analysed or a key frame."""
        luma = luma_of(picture)
        waited = now_s - self._key_s >= KEY_WAIT_S
        key = waited or not isinstance(picture, AvPicture) or picture.is_key
        if not self._lasts(luma, key, now_s - self.since_s):
            self._first = self._key = luma
            self._dark = is_black(luma)
            self.since_s = self._key_s = now_s
            self._usual = 0
            self.look = "moving"
        elif key:
            self._key, self._key_s = luma, now_s
            if now_s - self.since_s >= STILL_S:
                self.look = "black" if self._dark else "still"
        return self.look

    def _lasts(self, luma: Luma, key: bool, lasted_s: float) -> bool:
        if self._first is None or self._key is None or luma.shape != self._first.shape:
            return False
        if self._dark:
            return is_black(luma)
        most = int(cv2.absdiff(luma, self._first).max())
        if self.look == "still":
            return most <= max(WAKES_BY, WAKES_TIMES * self._usual)
        if lasted_s >= SETTLED_S:
            self._usual = max(self._usual, most)
        if most > MOVES_BY:
            return False
        if not key:
            return True
        apart = cv2.absdiff(luma, self._key)
        return int(apart.max()) <= ALIKE_MOST and float(apart.mean()) <= ALIKE_MEAN


def is_key(picture: Picture) -> bool:
    """Whether it is known to be a key frame. Show these to the watch, analysed or not."""
    return isinstance(picture, AvPicture) and picture.is_key


def is_black(luma: Luma) -> bool:
    """Whether next to nothing is brighter than the black of a covered lens with its noise."""
    return int(np.count_nonzero(luma < BLACK_BELOW)) >= BLACK_SHARE * luma.size


def luma_of(picture: Picture) -> Luma:
    """Take the brightness on the grid, without the bands along the upper and lower edge."""
    if isinstance(picture, AvPicture):
        luma = picture.luma(GRID_PX)
    else:
        luma = np.ascontiguousarray(picture.bgr()[::GRID_PX, ::GRID_PX, 1])
    band = -(-luma.shape[0] // 8)
    return luma[band : luma.shape[0] - band]
