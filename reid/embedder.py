"""What every model that describes a vehicle's look must offer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage

Vectors = npt.NDArray[np.float32]


class Embedder(Protocol):
    """Turns crops into vectors. Vectors of different models are never compared."""

    @property
    def model_id(self) -> str:
        """Name of the model in the registry, for example `yanji-reid-1`."""
        ...

    @property
    def weights_sha256(self) -> str:
        """sha256 of the weights file, 64 hex digits (of the name and version where there is none)."""
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
