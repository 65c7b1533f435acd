"""The plain baseline: where on the vehicle which colours are. No weights, no training."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from yanji.ingest.frame import BgrImage
from yanji.reid.embedder import Vectors, require_crops

NAME: Final = "histogram"
VERSION: Final = 1
"""Raise it with any change below: vectors of two versions are not comparable."""

_STRIPES: Final = 4
_SIDE_PX: Final = 64
_HUES, _SATURATIONS, _VALUES = 16, 4, 8
_PER_STRIPE: Final = _HUES * _SATURATIONS + _VALUES


class HistogramEmbedder:
    """Colour histograms of four horizontal stripes.

    The crop is stretched to 64 x 64 pixels; each stripe gives a joint histogram of hue (16 bins)
    and saturation (4) and one of value (8), each summing to 1; the root of every bin makes the
    cosine of two vectors the mean of their Bhattacharyya coefficients.
    """

    @property
    def model_id(self) -> str:
        """`histogram`."""
        return NAME

    @property
    def weights_sha256(self) -> str:
        """There are no weights: the sha256 of name and version."""
        return hashlib.sha256(f"{NAME} {VERSION}".encode()).hexdigest()

    @property
    def dimension(self) -> int:
        """4 stripes x (16 x 4 + 8) bins = 288."""
        return _STRIPES * _PER_STRIPE

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        """Describe crops; see `yanji.reid.embedder.Embedder`."""
        require_crops(crops)
        vectors_ND = np.empty((len(crops), self.dimension), np.float32)
        for row, crop in enumerate(crops):
            vectors_ND[row] = _describe(crop)
        return vectors_ND


def _describe(crop: BgrImage) -> Vectors:
    small = cv2.resize(crop, (_SIDE_PX, _SIDE_PX), interpolation=cv2.INTER_AREA)
    hsv = cv2.cvtColor(small, cv2.COLOR_BGR2HSV)
    parts = []
    for stripe in np.split(hsv, _STRIPES):
        colour = cv2.calcHist([stripe], [0, 1], None, [_HUES, _SATURATIONS], [0, 180, 0, 256])
        value = cv2.calcHist([stripe], [2], None, [_VALUES], [0, 256])
        parts += [colour.ravel(), value.ravel()]
    roots_D = np.sqrt(np.concatenate(parts)).astype(np.float32)
    unit_D: Vectors = roots_D / np.linalg.norm(roots_D)
    return unit_D
