"""A picture that is already a BGR array: snapshots, fakes, the OpenCV source."""

from __future__ import annotations

import cv2
import numpy as np

from yanji.ingest.frame import BgrImage


class ArrayPicture:
    """`Picture` over an upright BGR image, uint8 (height, width, 3). The array is not copied."""

    __slots__ = ("_image",)

    def __init__(self, image: BgrImage) -> None:
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
            raise ValueError(f"not a BGR image: {image.dtype} {image.shape}")
        self._image = image

    @property
    def width(self) -> int:
        """Width in pixels."""
        return int(self._image.shape[1])

    @property
    def height(self) -> int:
        """Height in pixels."""
        return int(self._image.shape[0])

    def bgr(self) -> BgrImage:
        """Give the image itself; do not write into it."""
        return self._image

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> BgrImage:
        """Give a view on a part of the image."""
        return self._image[y1:y2, x1:x2]

    def scaled_bgr(self, width: int, height: int) -> BgrImage:
        """Give the image at `width` x `height` pixels: by area downwards, bilinear upwards."""
        if (width, height) == (self.width, self.height):
            return self._image
        smaller = width <= self.width and height <= self.height
        scaled = cv2.resize(
            self._image,
            (width, height),
            interpolation=cv2.INTER_AREA if smaller else cv2.INTER_LINEAR,
        )
        return np.asarray(scaled, np.uint8)
