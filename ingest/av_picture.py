"""A decoded video frame that is converted only when someone asks, straight to the asked size."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import cast

import av
import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from yanji.ingest.frame import BgrImage

MAX_REFORMATTERS = 16
"""Per thread: one for each (source, target) size of a worker's cameras; each holds a few 100 kB."""

_ROTATIONS = {
    90: cv2.ROTATE_90_COUNTERCLOCKWISE,
    180: cv2.ROTATE_180,
    270: cv2.ROTATE_90_CLOCKWISE,
}
REGION_STEP_PX = 32
"""A region is converted in whole blocks of this width and height: swscale works on a row in steps
of 16 and finishes it by another rounding."""
_PLANAR = ("yuv420p", "yuvj420p")
"""Formats of which a part can be taken: 8 bits, chroma halved both ways."""
_Key = tuple[int, int, str, int, int]
_per_thread = threading.local()


def upright_turn_deg(rotation_deg: int) -> int:
    """Turn a display-matrix angle (counter-clockwise, any sign) into 0, 90, 180 or 270.

    Cameras and phones only ever write right angles; others are rounded to the nearest.
    """
    return round(rotation_deg / 90) * 90 % 360


class AvPicture:
    """`Picture` over an `av.VideoFrame`.

    Not thread-safe: one thread converts (conversion touches the frame's colour tags for a moment).
    `bgr()` is kept for the next caller, as several crops are cut from one frame.
    """

    __slots__ = ("_frame", "_full", "_turn_deg")

    def __init__(self, frame: av.VideoFrame) -> None:
        self._frame = frame
        self._full: BgrImage | None = None
        self._turn_deg: int | None = None

    @property
    def turn_deg(self) -> int:
        """Degrees counter-clockwise that make the stored frame upright: 0, 90, 180, 270."""
        # Looked up late: frames that are not analysed need no side data.
        if self._turn_deg is None:
            self._turn_deg = upright_turn_deg(self._frame.rotation)
        return self._turn_deg

    @property
    def width(self) -> int:
        """Width in pixels, upright."""
        return self._frame.height if self.turn_deg % 180 else self._frame.width

    @property
    def height(self) -> int:
        """Height in pixels, upright."""
        return self._frame.width if self.turn_deg % 180 else self._frame.height

    @property
    def is_key(self) -> bool:
        """Whether it was drawn anew, without the pictures before it."""
        return bool(self._frame.key_frame)

    @property
    def is_between(self) -> bool:
        """Whether it was drawn from a later picture as well, so that it had to wait: a B-frame."""
        return self._frame.pict_type == PictureType.B

    def luma(self, step_px: int) -> npt.NDArray[np.uint8]:
        """Brightness of one pixel in `step_px` of each `step_px`-th row; not turned upright.

        A copy, uint8; of deeper pictures the upper 8 bits. Nothing is converted.
        """
        frame = self._frame
        bits = frame.format.components[0].bits
        if frame.format.is_rgb or not frame.format.is_planar or bits < 8:
            return np.ascontiguousarray(self.bgr()[::step_px, ::step_px, 1])
        plane = frame.planes[0]
        if bits == 8:
            rows = np.frombuffer(cast(memoryview, plane), np.uint8).reshape(frame.height, -1)
            return np.ascontiguousarray(rows[::step_px, : frame.width : step_px])
        deep = np.frombuffer(cast(memoryview, plane), np.uint16).reshape(frame.height, -1)
        return (deep[::step_px, : frame.width : step_px] >> (bits - 8)).astype(np.uint8)

    def bgr(self) -> BgrImage:
        """Convert the whole picture at full resolution; the most expensive call."""
        if self._full is None:
            self._full = self.scaled_bgr(self.width, self.height)
        return self._full

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """Convert a part only, with the pixels that `bgr()` has there; do not write into it.

        A vehicle of 192 x 192 px costs 0.06 ms, the whole of a 1080p picture 1.5 ms.
        """
        frame = self._frame
        left, top = x1 // 2 * 2, y1 // 2 * 2
        width, height = (
            -(-edge // REGION_STEP_PX) * REGION_STEP_PX for edge in (x2 - left, y2 - top)
        )
        # What reaches over an edge is moved inwards; where it does not fit, all is converted.
        left, top = (
            min(left, (frame.width - width) // 2 * 2),
            min(top, (frame.height - height) // 2 * 2),
        )
        large = 2 * width * height > frame.width * frame.height
        if self._full is not None or self.turn_deg or large or min(left, top) < 0:
            return self.bgr()[y1:y2, x1:x2]
        if frame.format.name not in _PLANAR:
            return self.bgr()[y1:y2, x1:x2]
        part = _converted(
            _part_of(frame, left, top, width, height), width, height, _region_reformatter()
        )
        return part[y1 - top : y2 - top, x1 - left : x2 - left]

    def scaled_bgr(self, width: int, height: int) -> BgrImage:
        """Convert straight to `width` x `height` pixels, both >= 1; a fresh, contiguous array."""
        if self.turn_deg % 180:
            image = _convert(self._frame, height, width)
        else:
            image = _convert(self._frame, width, height)
        turn = _ROTATIONS.get(self.turn_deg)
        if turn is None:
            return image
        return np.asarray(cv2.rotate(image, turn), np.uint8)


def _convert(frame: av.VideoFrame, width: int, height: int) -> BgrImage:
    key = (frame.width, frame.height, frame.format.name, width, height)
    return _converted(frame, width, height, _reformatter(key))


def _converted(
    frame: av.VideoFrame, width: int, height: int, reformatter: VideoReformatter
) -> BgrImage:
    smaller = width < frame.width or height < frame.height
    converted = reformatter.reformat(
        frame,
        width=width,
        height=height,
        format="bgr24",
        # By area: as cheap as FAST_BILINEAR, which aliases (docs/design/ingest.md).
        interpolation=Interpolation.AREA if smaller else Interpolation.BILINEAR,
        # The default is a thread per core, in every camera of every worker.
        threads=1,
    )
    plane = converted.planes[0]
    # PyAV's stubs do not say that a plane is a buffer.
    rows = np.frombuffer(cast(memoryview, plane), np.uint8).reshape(height, plane.line_size)
    # A view on the fresh frame where rows are not padded, else one copy.
    return np.ascontiguousarray(rows[:, : width * 3]).reshape(height, width, 3)


def _part_of(frame: av.VideoFrame, left: int, top: int, width: int, height: int) -> av.VideoFrame:
    """Copy a part of a planar frame, undecoded colours and all; everything is even."""
    part = av.VideoFrame(width, height, frame.format.name)
    for number, (whole, piece) in enumerate(zip(frame.planes, part.planes, strict=True)):
        step = 1 if number == 0 else 2
        x, y, wide, high = left // step, top // step, width // step, height // step
        rows = np.frombuffer(cast(memoryview, whole), np.uint8).reshape(-1, whole.line_size)
        target = np.frombuffer(cast(memoryview, piece), np.uint8).reshape(-1, piece.line_size)
        target[:high, :wide] = rows[y : y + high, x : x + wide]
    part.colorspace, part.color_range = frame.colorspace, frame.color_range
    part.color_trc, part.color_primaries = frame.color_trc, frame.color_primaries
    return part


def _region_reformatter() -> VideoReformatter:
    """One per thread: to set swscale up for another size takes 0.03 ms where nothing is scaled."""
    reformatter: VideoReformatter | None = getattr(_per_thread, "region", None)
    if reformatter is None:
        reformatter = _per_thread.region = VideoReformatter()
    return reformatter


def _reformatter(key: _Key) -> VideoReformatter:
    """One per thread and pair of sizes: swscale sets itself up anew whenever these change."""
    kept: OrderedDict[_Key, VideoReformatter] | None = getattr(_per_thread, "kept", None)
    if kept is None:
        kept = _per_thread.kept = OrderedDict()
    reformatter = kept.get(key)
    if reformatter is None:
        if len(kept) >= MAX_REFORMATTERS:
            kept.popitem(last=False)
        reformatter = kept[key] = VideoReformatter()
    kept.move_to_end(key)
    return reformatter
