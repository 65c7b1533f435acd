"""Cutting a vehicle out of a frame, and keeping its best one to three views."""

from __future__ import annotations

import math

import numpy as np

from yanji.detect.blur import blur_heads, blur_top
from yanji.detect.classes import GROUP_OF
from yanji.detect.detections import FloatArray
from yanji.detect.passage import Crop
from yanji.detect.quality import sharpness
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage, Frame, Picture

MARGIN = 0.04
"""Added to each side of the box. Tight crops compare better: cutting 9 % off loose ones gave
+4.5 mAP."""
MAX_CROPS = 3
SPACING_S = 1.0
"""Two crops of one track are at least this far apart: three views in a row teach nothing."""
GAIN = 1.3
"""A new view must be this much better than the one it would replace: bounds the conversions of a
vehicle that comes nearer to about one for each 30 % of growth."""
POOR = 0.25
"""A view with less than this share of the best one's quality is not given out: a distant blur
beside a close view only dilutes the embedding."""
FIRST_SHARPNESS = 0.6
"""Assumed until a track's first crop shows the true one."""


def rider_boxes(box_4: FloatArray, vehicle_class: str, persons_M4: FloatArray) -> FloatArray:
    """Pick the persons that ride a two-wheeler: (K, 4); none for other vehicles.

    A rider's feet are inside the two-wheeler's box (its lower edge too), and at least 40 % of the
    rider's width lies over it.
    """
    if GROUP_OF[vehicle_class] != "two_wheeler" or not len(persons_M4):
        return np.empty((0, 4), np.float32)
    x1, y1, x2, y2 = box_4
    over_M = np.minimum(persons_M4[:, 2], x2) - np.maximum(persons_M4[:, 0], x1)
    height = y2 - y1
    rides_M = (
        (over_M >= 0.4 * (persons_M4[:, 2] - persons_M4[:, 0]))
        & (persons_M4[:, 3] > y1 + 0.2 * height)
        & (persons_M4[:, 3] < y2 + 0.25 * height)
        & (persons_M4[:, 1] < y1 + 0.6 * height)
    )
    riders_K4: FloatArray = persons_M4[rides_M]
    return riders_K4


def crop_region(
    box_4: FloatArray, vehicle_class: str, persons_M4: FloatArray, width: int, height: int
) -> tuple[int, int, int, int]:
    """Return what is cut: the box, with its riders on a two-wheeler, plus the margin, in the frame.

    The rider's clothes and load belong to how a two-wheeler looks on this passage, and detectors
    are undecided whether its box holds them: so the crop always does.

    Returns:
        x1, y1, x2, y2 in whole pixels, at least 2 x 2.
    """
    left, top, right, bottom = (float(edge) for edge in box_4)
    for rider_4 in rider_boxes(box_4, vehicle_class, persons_M4):
        left, top = min(left, float(rider_4[0])), min(top, float(rider_4[1]))
        right, bottom = max(right, float(rider_4[2])), max(bottom, float(rider_4[3]))
    beside, above = MARGIN * (right - left), MARGIN * (bottom - top)
    x1 = min(max(math.floor(left - beside), 0), width - 2)
    y1 = min(max(math.floor(top - above), 0), height - 2)
    x2 = min(max(math.ceil(right + beside), x1 + 2), max(width, x1 + 2))
    y2 = min(max(math.ceil(bottom + above), y1 + 2), max(height, y1 + 2))
    return x1, y1, x2, y2


def cut_crop(
    image: BgrImage, box_4: FloatArray, vehicle_class: str, persons_M4: FloatArray
) -> BgrImage:
    """Cut one vehicle out, heads blurred; the way for frames and for snapshots alike.

    Args:
        image: (h, w, 3), the whole upright picture; not written to.
        box_4: the vehicle's box in its pixels.
        vehicle_class: decides about riders.
        persons_M4: all persons of the picture.

    Returns:
        A copy, at the picture's resolution.
    """
    return cut_crop_of(ArrayPicture(image), box_4, vehicle_class, persons_M4)


def cut_crop_of(
    picture: Picture, box_4: FloatArray, vehicle_class: str, persons_M4: FloatArray
) -> BgrImage:
    """Cut one vehicle out as `cut_crop` does; of a frame only the vehicle's part is converted."""
    x1, y1, x2, y2 = crop_region(box_4, vehicle_class, persons_M4, picture.width, picture.height)
    crop = picture.region_bgr(x1, y1, x2, y2).copy()
    offset_4 = np.array([x1, y1, x1, y1], np.float32)
    blur_heads(crop, persons_M4 - offset_4)
    ridden = len(rider_boxes(box_4, vehicle_class, persons_M4)) > 0
    if GROUP_OF[vehicle_class] == "two_wheeler" and not ridden:
        blur_top(crop)
    return crop


class CropKeeper:
    """The best views of one track: at most three, spaced in time, best first."""

    def __init__(self) -> None:
        self._kept: list[tuple[float, Crop]] = []
        self._sharpness = FIRST_SHARPNESS
        self.num_cuts = 0

    @property
    def crops(self) -> tuple[Crop, ...]:
        """Best first, without views that are poor beside the best."""
        crops = sorted((crop for _, crop in self._kept), key=lambda crop: -crop.quality)
        return tuple(crop for crop in crops if crop.quality >= POOR * crops[0].quality)

    def _rival(self, stream_s: float) -> int | None:
        """Return the place of the view that a new one would replace; None: there is room."""
        near = [i for i, (when_s, _) in enumerate(self._kept) if stream_s - when_s < SPACING_S]
        if not near and len(self._kept) < MAX_CROPS:
            return None
        places = near or range(len(self._kept))
        return min(places, key=lambda place: self._kept[place][1].quality)

    def wants(self, stream_s: float, geometry: float) -> bool:
        """Say from the boxes alone whether this view is likely to be kept: no pixel is touched."""
        rival = self._rival(stream_s)
        expected = geometry * self._sharpness
        return rival is None or expected > GAIN * self._kept[rival][1].quality

    def offer(
        self,
        frame: Frame,
        box_xyxy_px: tuple[float, float, float, float],
        vehicle_class: str,
        persons_M4: FloatArray,
        geometry: float,
    ) -> bool:
        """Cut the view and keep it if it is better than the one it would replace.

        Returns:
            Whether the kept crops changed.
        """
        image = cut_crop_of(
            frame.picture, np.array(box_xyxy_px, np.float32), vehicle_class, persons_M4
        )
        self.num_cuts += 1
        self._sharpness = sharpness(image)
        crop = Crop(
            image=image,
            box_xyxy_px=box_xyxy_px,
            wall_ns=frame.wall_ns,
            frame_number=frame.number,
            quality=geometry * self._sharpness,
        )
        rival = self._rival(frame.stream_s)
        if rival is None:
            self._kept.append((frame.stream_s, crop))
            return True
        if crop.quality <= self._kept[rival][1].quality:
            return False
        self._kept[rival] = (frame.stream_s, crop)
        return True
