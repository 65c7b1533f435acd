"""Any ONNX network that its card describes as an embedder of vehicle crops."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.runtime import OpenModel, PrecisionName, Runtime, RuntimeName, open_runtime
from yanji.ingest.frame import BgrImage
from yanji.reid.embedder import Vectors, require_crops

BATCH: Final = 8
"""Crops computed at once; 32 is no faster (docs/design/reid.md)."""


class OnnxEmbedder:
    """Stretches crops to the card's input size, runs the network, scales vectors to unit length.

    Not for use by two threads at once. Weights are verified (sha256, golden vectors) on opening.
    """

    def __init__(
        self,
        card: Card,
        runtime: RuntimeName = "auto",
        precision: PrecisionName = "auto",
        weights: Path | None = None,
        open_model: OpenModel | None = None,
    ) -> None:
        """Open the model: by `open_model` where it is given, else by `open_runtime`.

        Raises:
            ModelError: see `yanji.detect.runtime.open_runtime`, or the card is no embedder's.
        """
        if card.task != "embed" or card.dimension is None:
            raise ModelError(f"Model {card.name!r} is no embedder of vehicles.")
        self._card = card
        self._dimension = card.dimension
        self._settings = (runtime, precision, weights)
        self._open_model = open_model
        self._one = self._open(1)
        self._many: Runtime | None = None
        self._num_full = 0

    def _open(self, batch: int) -> Runtime:
        runtime, precision, weights = self._settings
        shape = (batch, *self._card.input.sizes[0])
        if self._open_model is not None:
            return self._open_model(self._card, shape)
        return open_runtime(self._card, runtime, precision, shape, weights)

    @property
    def model_id(self) -> str:
        """Name on the card."""
        return self._card.name

    @property
    def weights_sha256(self) -> str:
        """Of the weights file, as on the card."""
        return self._card.sha256

    @property
    def dimension(self) -> int:
        """D, as on the card."""
        return self._dimension

    @property
    def runtime(self) -> Runtime:
        """What computes: name and precision, for logs and benchmarks."""
        return self._one

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        """Describe crops; see `yanji.reid.embedder.Embedder`.

        Full batches of eight go through a network compiled for eight, the rest one by one. It is
        compiled when a second batch is full: that takes as long as a hundred crops, and the first
        sightings of a camera are waited for.

        Raises:
            ValueError: an empty, one-pixel or wrongly shaped crop.
            ModelError: the network answered with something that is not a vector.
        """
        require_crops(crops)
        vectors_ND = np.empty((len(crops), self._dimension), np.float32)
        full = len(crops) - len(crops) % BATCH
        self._num_full += full // BATCH
        if self._num_full > 1 and self._many is None:
            self._many = self._open(BATCH)
        row = 0
        while row < len(crops):
            runtime = self._many if self._many is not None and row < full else self._one
            count = runtime.input_shape[0]
            output = runtime.run(self._stretched(crops[row : row + count]))
            if output.size != count * self._dimension:
                raise ModelError(
                    f"The card of model {self.model_id!r} does not fit its file: {count} crops "
                    f"gave {output.size} numbers, not vectors of {self._dimension}.",
                    hint="Use card and weights of one and the same training.",
                )
            vectors_ND[row : row + count] = output.reshape(count, -1)
            row += count
        lengths_N1 = np.linalg.norm(vectors_ND, axis=1, keepdims=True)
        if not (np.isfinite(lengths_N1).all() and (lengths_N1 > 0).all()):
            raise ModelError(
                f"Model {self.model_id!r} gave no usable vector for a crop.",
                hint="Set the precision to f32, or install the weights again.",
            )
        vectors_ND /= lengths_N1
        return vectors_ND

    def _stretched(self, crops: Sequence[BgrImage]) -> BgrImage:
        height, width = self._card.input.sizes[0]
        batch = np.empty((len(crops), height, width, 3), np.uint8)
        for slot, crop in zip(batch, crops, strict=True):
            stretch(crop, height, width, out=slot)
        return batch


def stretch(crop: BgrImage, height: int, width: int, out: BgrImage | None = None) -> BgrImage:
    """Scale a crop to the input size, proportions not kept; the same in training and at run time.

    Args:
        crop: (h, w, 3) uint8.
        height: of the result.
        width: of the result.
        out: (height, width, 3) to write into; None: a new array.
    """
    shrinks = crop.shape[0] > height
    interpolation = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    result = cv2.resize(crop, (width, height), dst=out, interpolation=interpolation)
    return result.astype(np.uint8, copy=False)
