"""The light of a place and time, and what a camera's lens and sensor make of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.look import Colour


@dataclass(frozen=True, slots=True)
class Light:
    """The light of one hour."""

    name: str
    sun: tuple[float, float, float]
    """Direction towards the sun, city axes; need not have unit length."""
    sun_colour: Colour
    """All zero: no shadows are cast."""
    sky_high: Colour
    """Sky at the zenith."""
    sky_low: Colour
    """Sky at the horizon; also the colour of haze."""
    haze: float = 0.0012
    """Share of light lost per metre."""
    exposure: float = 1.0
    lamps: float = 0.0
    """Strength of street lamps, windows and headlamps; 0: switched off."""


@dataclass(frozen=True, slots=True)
class Sensor:
    """The faults of a camera."""

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
    bloom: float = 0.0
    """Share of the brightest light that spills round lamps."""


DAY: Final = Light(
    "day", (0.45, -0.55, 0.75), (1.75, 1.60, 1.38), (0.20, 0.36, 0.72), (0.62, 0.70, 0.80)
)
OVERCAST: Final = Light(
    "overcast", (-0.2, -0.4, 0.95), (0.0, 0.0, 0.0), (1.06, 1.10, 1.16), (0.90, 0.92, 0.95),
    haze=0.0016, exposure=1.08,
)  # fmt: skip
EVENING: Final = Light(
    "evening", (-0.80, -0.35, 0.42), (1.45, 1.00, 0.58), (0.22, 0.29, 0.48), (0.66, 0.55, 0.46),
    haze=0.0014, exposure=1.12, lamps=0.25,
)  # fmt: skip
NIGHT: Final = Light(
    "night", (0.2, 0.3, 0.9), (0.0, 0.0, 0.0), (0.030, 0.034, 0.050), (0.060, 0.056, 0.060),
    haze=0.0010, exposure=1.7, lamps=1.0,
)  # fmt: skip
LIGHTS: Final = {light.name: light for light in (DAY, OVERCAST, EVENING, NIGHT)}

_GRAIN_BANK: Final = 8
_GRAIN_MARGIN_PX: Final = 64


class Lens:
    """Turns clean renderings into what one camera's sensor records; the same for the same seed.

    Grain is cut from a bank of noise pictures at a place that the frame's number decides: fresh
    noise for every frame costs more than drawing it.
    """

    def __init__(self, sensor: Sensor, width: int, height: int, seed: int) -> None:
        self._sensor, self._seed = sensor, seed
        random = np.random.default_rng((seed, 3))
        size = (height + _GRAIN_MARGIN_PX, width + _GRAIN_MARGIN_PX)
        self._grain = [_grain(random, size, sensor.noise) for _ in range(_GRAIN_BANK)]
        rows = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
        columns = np.linspace(-1, 1, width, dtype=np.float32)[None]
        fall = 1 - sensor.vignette * (rows**2 + columns**2) / 2
        self._fall = cv2.merge([fall * gain for gain in sensor.gain_bgr]).astype(np.float32)
        levels = np.linspace(0, 1, 256) ** sensor.gamma * 255
        self._curve = np.clip(levels + 0.5, 0, 255).astype(np.uint8)

    def expose(self, image: BgrImage, number: int) -> BgrImage:
        """Pass one clean picture (H, W, 3) through lens and sensor; same shape."""
        sensor = self._sensor
        soft = np.asarray(cv2.GaussianBlur(image, (0, 0), sensor.blur_px), np.uint8)
        if sensor.bloom > 0:
            soft = _bloom(soft, sensor.bloom)
        soft = np.asarray(cv2.multiply(soft, self._fall, dtype=cv2.CV_8U), np.uint8)
        if sensor.gamma != 1.0:
            soft = np.asarray(cv2.LUT(soft, self._curve), np.uint8)
        random = np.random.default_rng((self._seed, number))
        grain = self._grain[int(random.integers(_GRAIN_BANK))]
        top, left = (int(edge) for edge in random.integers(0, _GRAIN_MARGIN_PX, 2))
        height, width = image.shape[:2]
        cut = grain[top : top + height, left : left + width]
        return np.asarray(cv2.add(soft, cut, dtype=cv2.CV_8U), np.uint8)


def _grain(
    random: np.random.Generator, size: tuple[int, int], sigma: float
) -> npt.NDArray[np.int16]:
    """Noise of a sensor: mostly brightness, some colour in coarser grains."""
    height, width = size
    luma = random.normal(0, sigma, (height, width, 1)).astype(np.float32)
    chroma = random.normal(0, 0.5 * sigma, (height // 2, width // 2, 3)).astype(np.float32)
    return np.asarray(np.rint(luma + cv2.resize(chroma, (width, height))), np.int16)


def _bloom(image: BgrImage, share: float) -> BgrImage:
    """Spill light round what is nearly white."""
    height, width = image.shape[:2]
    small = cv2.resize(image, (width // 4, height // 4), interpolation=cv2.INTER_AREA)
    bright = cv2.subtract(small, np.full_like(small, 200))
    wide = cv2.GaussianBlur(bright, (0, 0), 5.0)
    spill = cv2.resize(wide, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.addWeighted(image, 1.0, spill, 4.0 * share, 0.0), np.uint8)
