"""What every model that describes a vehicle's look must offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage

Vectors = npt.NDArray[np.float32]


MIN_SIDE_PX: Final = 2
"""A crop below this describes nothing; it is neither embedded nor stored."""


class Embedder(Protocol):
    """Turns crops into vectors. Vectors of different models are never compared."""

    @property
    def model_id(self) -> str:
        """Name of the model in the registry."""
        ...

    @property
    def weights_sha256(self) -> str:
        """Of the weights file, 64 hex digits (of name and version where there is none)."""
        ...

    @property
    def dimension(self) -> int:
        """D, the length of a vector."""
        ...

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        """Describe crops.

        Args:
            crops: N pictures, uint8 BGR, any size of at least 2 x 2 pixels.

        Returns:
            (N, D) float32, each row of unit length; (0, D) for no crops.

        Raises:
            ValueError: an empty, one-pixel or wrongly shaped crop.
        """
        ...


def require_crops(crops: Sequence[BgrImage]) -> None:
    """Refuse what no embedder can describe; every back end calls it first.

    Raises:
        ValueError: a crop is not (h, w, 3) uint8 with h and w of at least 2.
    """
    for index, crop in enumerate(crops):
        if crop.ndim != 3 or crop.shape[2] != 3 or crop.dtype != np.uint8:
            planes = crop.ndim == 3 and crop.shape[0] == 3
            raise ValueError(
                f"crop {index}: expected (h, w, 3) uint8, got {crop.shape} {crop.dtype}"
                + (": channels come last" if planes else "")
            )
        if min(crop.shape[:2]) < MIN_SIDE_PX:
            raise ValueError(f"crop {index}: {crop.shape[1]} x {crop.shape[0]} px is too small")
