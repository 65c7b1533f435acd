"""What a vehicle's colour is judged by: a few numbers of one crop, mended for the light.

The crop is shrunk to 20 x 20 pixels. Its rim shows mostly road, which is grey: the rim's
mean colour is taken for the colour of the light and divided out by three fifths of its strength (a
rim can be a neighbour's paint). Then the pixels of the body (an ellipse; of a two-wheeler the lower
half, which is the machine and not its rider's clothes) are counted: coloured ones by hue in two
lightnesses, others by lightness, once absolute and once against the rim.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage

FloatArray = npt.NDArray[np.float32]

SIDE: Final = 20
FINE: Final = 60
RIM: Final = 2
"""Pixels on the left, right and lower edge that count as surroundings."""
MENDED: Final = 0.6
"""Power to which the light's colour is divided out."""
HUES: Final = 12
STEPS: Final = 8
"""Of lightness, absolute and against the rim."""
FULL_CHROMA: Final = 40.0
"""Lab chroma from which a pixel counts as coloured wholly; below 6 not at all."""
LEAST_CHROMA: Final = 6.0
NUM_FEATURES: Final = 2 * HUES + 2 * STEPS + 4

GAMMA: Final = 2.2
_X, _Y = np.meshgrid((np.arange(SIDE) + 0.5) / SIDE, (np.arange(SIDE) + 0.5) / SIDE)


def _ellipse(x: float, y: float, wide: float, high: float) -> FloatArray:
    away = ((_X - x) / wide) ** 2 + ((_Y - y) / high) ** 2
    weights: FloatArray = np.clip(1.6 - 1.2 * away, 0.0, 1.0).astype(np.float32).ravel()
    whole: FloatArray = weights / weights.sum()
    return whole


_BODY: Final = _ellipse(0.5, 0.55, 0.42, 0.42)
_MACHINE: Final = _ellipse(0.5, 0.74, 0.3, 0.22)
_IS_RIM: Final = ((_X < RIM / SIDE) | (_X > 1 - RIM / SIDE) | (_Y > 1 - RIM / SIDE)).ravel()


def colour_features(crop: BgrImage, *, two_wheeled: bool) -> FloatArray:
    """Describe the colours of one crop.

    Args:
        crop: (h, w, 3) uint8 BGR, at least one pixel; the vehicle with a margin of a few percent.
        two_wheeled: the colour of the machine is wanted, below the rider.

    Returns:
        (F,) numbers about 0..1, F is `NUM_FEATURES`.

    Raises:
        ValueError: not such a picture.
    """
    if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8 or not crop.size:
        raise ValueError(f"not a BGR picture of bytes: {crop.shape} {crop.dtype}")
    weights_P = _MACHINE if two_wheeled else _BODY
    inside_P = weights_P > 0
    weights_P = weights_P[inside_P]
    # Every pixel of a large crop need not be read: 60 on the shorter side tell the same.
    step = max(1, min(crop.shape[:2]) // FINE)
    small = cv2.resize(crop[::step, ::step], (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    values_P3 = (small.reshape(-1, 3).astype(np.float32) + 2.0) / 257.0
    light_3 = (values_P3[_IS_RIM] ** GAMMA).mean(axis=0)
    gains_3 = ((light_3 / light_3.mean()) ** (-MENDED / GAMMA)).astype(np.float32)
    mended_P3 = np.minimum(values_P3 * gains_3, np.float32(1.0))
    lab = cv2.cvtColor(mended_P3.reshape(SIDE, SIDE, 3), cv2.COLOR_BGR2Lab)
    lab_P3 = lab.reshape(-1, 3)[inside_P]
    lightness_P, a_P, b_P = lab_P3[:, 0], lab_P3[:, 1], lab_P3[:, 2]
    chroma_P = cv2.magnitude(a_P, b_P).ravel()
    coloured_P = np.clip((chroma_P - LEAST_CHROMA) / (FULL_CHROMA - LEAST_CHROMA), 0.0, 1.0)
    rim_lightness_R = lab.reshape(-1, 3)[_IS_RIM, 0]
    rim = float(np.partition(rim_lightness_R, len(rim_lightness_R) // 2)[len(rim_lightness_R) // 2])
    hues_P = cv2.phase(a_P, b_P).ravel() * np.float32(HUES / (2 * np.pi))
    bright_P = np.clip((lightness_P - 25.0) / 30.0, 0.0, 1.0)
    hue_weights_P = weights_P * np.sqrt(coloured_P)
    bright_weights_P = hue_weights_P * bright_P
    plain_weights_P = weights_P * (1 - coloured_P)
    low_H, share_H = _split(hues_P)
    low_P, share_P = _split(lightness_P * np.float32((STEPS - 1) / 100))
    against_P = np.clip((lightness_P - rim) / 120 + 0.5, 0.0, 1.0)
    low_R, share_R = _split(against_P * np.float32(STEPS - 1))
    first_H, second_H = low_H % HUES, (low_H + 1) % HUES
    # One counting for all four: each place lies between two bins and is shared out to both.
    places = [
        first_H,
        second_H,
        HUES + first_H,
        HUES + second_H,
        2 * HUES + low_P,
        2 * HUES + np.minimum(low_P + 1, STEPS - 1),
        2 * HUES + STEPS + low_R,
        2 * HUES + STEPS + np.minimum(low_R + 1, STEPS - 1),
    ]
    dark_weights_P = hue_weights_P - bright_weights_P
    shares = [
        bright_weights_P * (1 - share_H),
        bright_weights_P * share_H,
        dark_weights_P * (1 - share_H),
        dark_weights_P * share_H,
        plain_weights_P * (1 - share_P),
        plain_weights_P * share_P,
        plain_weights_P * (1 - share_R),
        plain_weights_P * share_R,
    ]
    counts = np.bincount(np.concatenate(places), np.concatenate(shares), 2 * HUES + 2 * STEPS)
    ordered_P = np.sort(lightness_P) / 100
    high, middle = ordered_P[int(0.92 * len(ordered_P))], ordered_P[len(ordered_P) // 2]
    scalars = [rim / 100, high, middle, float((weights_P * coloured_P).sum())]
    return np.concatenate([np.sqrt(np.maximum(counts, 0.0)), scalars]).astype(np.float32)


def _split(places_P: FloatArray) -> tuple[npt.NDArray[np.int64], FloatArray]:
    """Whole part and rest of places that are not negative."""
    low_P = places_P.astype(np.int64)
    rest_P: FloatArray = (places_P - low_P).astype(np.float32)
    return low_P, rest_P
