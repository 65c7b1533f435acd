"""What the detector found in one frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float32]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Detections:
    """Vehicles of one frame, plus the persons needed for blurring.

    Persons live in memory only: no code stores, tracks or embeds them.
    """

    boxes_N4: FloatArray
    """(N, 4) x1, y1, x2, y2 in pixels of the upright full-resolution frame, clipped to it."""
    scores_N: FloatArray
    """(N,) confidence 0..1, higher is better."""
    classes_N: IntArray
    """(N,) index into `yanji.detect.classes.CLASSES`."""
    persons_M4: FloatArray
    """(M, 4) boxes of persons (riders, pedestrians), same pixels; for blurring heads only."""
