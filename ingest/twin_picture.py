"""A picture of a camera's sub-stream that speaks in pixels of its main stream.

Detection reads the small picture, crops are cut from the large one. So that boxes, tracks and crops
of both need no second system of coordinates, the small picture says that it is as large as the main
one: what the detector asks for is scaled straight from the small pixels, and a crop, which is the
way out for a vehicle that no picture of the main stream shows, is enlarged.
"""

from __future__ import annotations

from math import gcd
from typing import Final

import cv2
import numpy as np

from yanji.ingest.frame import BgrImage, Picture

ASPECT_TOLERANCE: Final = 0.02
"""A height of 1088 for 1080, as encoders write it that know whole blocks only, is off by 0.7 %.
Where the aspects differ, boxes of both streams lie apart by as much of the picture: 2 % of 1920 is
38 px, a fifth of a vehicle worth comparing."""
BORDER_PX: Final = 2
"""Small pixels around a region that its enlargement looks at: bilinear needs one."""


class TwinPicture:
    """`Picture` of `width` x `height` pixels over a smaller one of the same view.

    `bgr()` is kept for the next caller. Not thread-safe: one thread converts.
    """

    __slots__ = ("_full", "_height", "_small", "_width")

    def __init__(self, small: Picture, width: int, height: int) -> None:
        """Take the picture of the sub-stream, and the size of the main stream's, upright.

        Raises:
            ValueError: the size is smaller than that of `small`.
        """
        if width < small.width or height < small.height:
            raise ValueError(f"{width} x {height} is smaller than the picture itself")
        self._small = small
        self._width, self._height = width, height
        self._full: BgrImage | None = None

    @property
    def width(self) -> int:
        """Width in pixels of the main stream."""
        return self._width

    @property
    def height(self) -> int:
        """Height in pixels of the main stream."""
        return self._height

    @property
    def small(self) -> Picture:
        """The picture of the sub-stream itself."""
        return self._small

    @property
    def enlarged(self) -> float:
        """How many of the pixels that it speaks in are one pixel of its own, per side; >= 1."""
        return max(1.0, self._width / self._small.width)

    def bgr(self) -> BgrImage:
        """Enlarge the whole picture; what asks for this asks for little more than a blur."""
        if self._full is None:
            self._full = _enlarged(self._small.bgr(), self._width, self._height)
        return self._full

    def scaled_bgr(self, width: int, height: int) -> BgrImage:
        """Convert straight from the sub-stream's pixels."""
        return self._small.scaled_bgr(width, height)

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """Enlarge a part only: the pixels of `bgr()`, but for rounding by one step.

        The part is cut where a small pixel and a large one begin together: there the enlargement
        of the part is that of the whole.
        """
        across = _cut(x1, x2, self._small.width, self._width)
        down = _cut(y1, y2, self._small.height, self._height)
        if self._full is not None or across is None or down is None:
            return self.bgr()[y1:y2, x1:x2]
        (left, right, from_x, to_x), (top, bottom, from_y, to_y) = across, down
        part = self._small.region_bgr(left, top, right, bottom)
        large = _enlarged(part, to_x - from_x, to_y - from_y)
        return large[y1 - from_y : y2 - from_y, x1 - from_x : x2 - from_x]


def enlarged_by(picture: Picture) -> float:
    """How much larger a picture says it is than its pixels are, per side; 1 for an honest one."""
    return picture.enlarged if isinstance(picture, TwinPicture) else 1.0


def misfit_of(small: tuple[int, int], main: tuple[int, int]) -> str:
    """Say why the pictures of two streams cannot be combined; empty where they can.

    Args:
        small: width and height of the sub-stream's picture, upright.
        main: of the main stream's.
    """
    sizes = f"{small[0]}x{small[1]} and {main[0]}x{main[1]}"
    if abs(small[0] * main[1] / (small[1] * main[0]) - 1) > ASPECT_TOLERANCE:
        return f"the two streams do not show the same part: {sizes} have different aspects"
    if main[0] <= small[0] or main[1] <= small[1]:
        return f"the main stream is not larger than the sub-stream: {sizes}"
    return ""


def _cut(low: int, high: int, small: int, large: int) -> tuple[int, int, int, int] | None:
    """Find the small pixels for the large ones from `low` to before `high` on one axis.

    Returns:
        First small pixel and the one after the last, and the same in large ones; None where the
        whole axis would be needed.
    """
    step = small // gcd(small, large)
    wide = large * step // small
    first = max(0, (low * small // large - BORDER_PX) // step)
    last = -(-min(small, high * small // large + 1 + BORDER_PX) // step)
    if (last - first) * step * 2 > small:
        return None
    return first * step, last * step, first * wide, last * wide


def _enlarged(image: BgrImage, width: int, height: int) -> BgrImage:
    enlarged = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(enlarged, np.uint8)
