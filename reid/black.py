"""Pictures with nothing to see: a covered lens, a lost signal, a night without light."""

from __future__ import annotations

from typing import Final

import numpy as np

from yanji.ingest.frame import BgrImage

BLACK_BELOW: Final = 8
"""Of 255. Encoded black has noise of 2 to 4; the darkest of 4,800 rendered crops, night among them,
reaches 65 by this measure, the darkest of 1,014 real ones by day 185."""
_SHARE: Final = 0.99
"""Of the pixels: single bright ones are noise."""
_FINE: Final = 60


def is_black(image: BgrImage) -> bool:
    """Say whether a picture is black but for noise.

    Any embedder gives such a picture a vector, like any other: it is near to every other black
    picture and says nothing of a vehicle. So black crops are neither embedded nor stored, have no
    colour, and are refused as a question.

    Args:
        image: (h, w, 3) uint8, at least one pixel.
    """
    step = max(1, min(image.shape[:2]) // _FINE)
    brightest_P = image[::step, ::step].max(axis=2).ravel()
    place = min(int(_SHARE * brightest_P.size), brightest_P.size - 1)
    return bool(np.partition(brightest_P, place)[place] < BLACK_BELOW)
