"""What lens, sensor and movement make of one clean crop: every fault chosen anew for each."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from yanji.ingest.frame import BgrImage

JPEG_QUALITY: Final = (45, 92)
_LUMA: Final = np.array([0.114, 0.587, 0.299])


@dataclass(frozen=True, slots=True)
class Faults:
    """How one crop is spoilt, in the order of the fields."""

    blur_px: float
    """Standard deviation of the lens blur."""
    motion_px: float
    """Length of the smear; 0: none."""
    motion_deg: float
    """Direction of the smear in the picture, counter-clockwise from the right."""
    bloom: float
    """Share of the brightest light that spills over."""
    gain: float
    """Exposure."""
    gain_bgr: tuple[float, float, float]
    """White balance."""
    saturation: float
    gamma: float
    """Exponent on 0..1."""
    noise: float
    """Standard deviation, grey levels of 255."""
    jpeg_quality: int


def choose_faults(
    random: np.random.Generator, longer_px: int, lamps: float, heading_deg: float
) -> Faults:
    """Choose the faults of one crop.

    Args:
        random: the same state gives the same faults.
        longer_px: longer side of the crop.
        lamps: strength of the street lamps: in the dark there is more noise and movement.
        heading_deg: direction of travel in the picture, counter-clockwise from the right.
    """
    dark = min(lamps, 1.0)
    moves = random.random() < 0.18 + 0.15 * dark
    warm, green = random.normal(0.0, 0.05), random.normal(0.0, 0.02)
    return Faults(
        blur_px=float(random.uniform(0.3, 0.75) + 0.006 * longer_px * random.random() ** 2),
        motion_px=float(longer_px * random.uniform(0.015, 0.05)) if moves else 0.0,
        motion_deg=heading_deg,
        bloom=float(random.uniform(0.0, 0.5) * dark),
        gain=float(np.exp(random.normal(0.0, 0.13))),
        gain_bgr=(float(1 - warm), float(1 + green), float(1 + warm)),
        saturation=float(random.uniform(0.7, 1.2)),
        gamma=float(np.exp(random.normal(0.0, 0.09))),
        noise=float(random.uniform(0.8, 4.0) * (1.0 + 1.2 * dark)),
        jpeg_quality=int(random.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1)),
    )


def spoil(image: BgrImage, faults: Faults, random: np.random.Generator) -> BgrImage:
    """Pass one clean crop (H, W, 3) through lens and sensor; same shape; JPEG comes later."""
    soft = np.asarray(cv2.GaussianBlur(image, (0, 0), faults.blur_px), np.uint8)
    if faults.motion_px >= 1.5:
        smear = _smear(faults.motion_px, faults.motion_deg)
        soft = np.asarray(cv2.filter2D(soft, -1, smear), np.uint8)
    if faults.bloom > 0.02:
        soft = _bloom(soft, faults.bloom)
    # One matrix for exposure, white balance and saturation.
    grey = np.tile(_LUMA, (3, 1)) * (1 - faults.saturation)
    matrix = (grey + np.eye(3) * faults.saturation) * faults.gain
    toned = cv2.transform(soft, np.array(faults.gain_bgr)[:, None] * matrix)
    levels = np.linspace(0, 1, 256) ** faults.gamma * 255
    toned = cv2.LUT(toned, np.clip(levels + 0.5, 0, 255).astype(np.uint8))
    height, width = image.shape[:2]
    luma = random.standard_normal((height, width), np.float32)
    half = ((height + 1) // 2, (width + 1) // 2, 3)
    chroma = cv2.resize(random.standard_normal(half, np.float32), (width, height))
    grain = (luma[..., None] + 0.5 * chroma) * np.float32(faults.noise)
    return np.asarray(cv2.add(toned, grain, dtype=cv2.CV_8U), np.uint8)


def _smear(length_px: float, angle_deg: float) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    side = 2 * math.ceil(length_px / 2) + 1
    kernel = np.zeros((side, side), np.uint8)
    turn, middle = math.radians(angle_deg), side // 2
    reach = np.array([math.cos(turn), -math.sin(turn)]) * length_px / 2
    ends = [np.rint((middle + sign * reach) * 16).astype(int) for sign in (-1, 1)]
    first, last = ((int(end[0]), int(end[1])) for end in ends)
    cv2.line(kernel, first, last, 255, 1, cv2.LINE_AA, 4)
    return np.asarray(kernel / np.float32(kernel.sum()), np.float32)


def _bloom(image: BgrImage, share: float) -> BgrImage:
    bright = cv2.subtract(image, np.full_like(image, 205))
    sigma = max(image.shape[:2]) * 0.03
    spill = cv2.GaussianBlur(bright, (0, 0), sigma)
    return np.asarray(cv2.addWeighted(image, 1.0, spill, 5.0 * share, 0.0), np.uint8)
