"""Daylight, and what a camera's sensor makes of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from yanji.ingest.frame import BgrImage

Colour = tuple[float, float, float]
"""Linear red, green, blue."""


@dataclass(frozen=True, slots=True)
class Light:
    """The light at one camera."""

    sun: tuple[float, float, float]
    """Direction towards the sun in the street's axes; need not have unit length."""
    sun_colour: Colour
    sky_high: Colour
    """Sky at the zenith."""
    sky_low: Colour
    """Sky at the horizon; also the colour of haze."""
    haze: float = 0.0012
    """Share of light lost per metre."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """The faults of a cheap camera."""

    blur_px: float = 0.6
    """Standard deviation of the lens blur."""
    noise: float = 2.0
    """Standard deviation of the noise, grey levels of 255."""
    gain_bgr: tuple[float, float, float] = (1.0, 1.0, 1.0)
    """White balance."""
    gamma: float = 1.0
    """Exponent on 0..1; below 1 lifts the shadows."""
    vignette: float = 0.15
    """Share of light lost in the corners."""


SUNNY = Light((0.5, -0.5, 0.75), (1.75, 1.60, 1.38), (0.20, 0.36, 0.72), (0.62, 0.70, 0.80))
HOUSE_SHADE = Light(
    (-0.2, -0.4, 0.95), (0.30, 0.30, 0.31), (0.76, 0.84, 0.98), (0.80, 0.84, 0.90), haze=0.0010
)
THIN_CLOUD = Light(
    (-0.30, -0.60, 0.90), (0.80, 0.74, 0.66), (0.38, 0.44, 0.56), (0.66, 0.67, 0.68), haze=0.0020
)


def expose(image: BgrImage, sensor: Sensor, random: np.random.Generator) -> BgrImage:
    """Pass a clean rendering (H, W, 3) through lens and sensor; same shape."""
    height, width = image.shape[:2]
    soft = cv2.GaussianBlur(image, (0, 0), sensor.blur_px).astype(np.float32) / 255
    rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, width, dtype=np.float32)[None]
    soft *= (1 - sensor.vignette * (rows**2 + columns**2) / 2)[..., None]
    soft = np.clip(soft * np.asarray(sensor.gain_bgr, np.float32), 0, 1) ** sensor.gamma
    grain = random.normal(0, sensor.noise / 255, (height, width, 1)).astype(np.float32)
    colour_grain = random.normal(0, 0.4 * sensor.noise / 255, (height // 2, width // 2, 3))
    grain = grain + cv2.resize(colour_grain.astype(np.float32), (width, height))
    return np.asarray(np.clip((soft + grain) * 255 + 0.5, 0, 255), dtype=np.uint8)
