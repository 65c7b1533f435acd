"""An inference process of the tests' own, with a fake model: `inference_server.py ADDRESS KEY`."""

from __future__ import annotations

import sys

import numpy as np

from yanji.detect.batching import Batcher, FloatArray, ServedModel
from yanji.detect.card import load_card
from yanji.detect.inference_service import InferenceService
from yanji.ingest.frame import BgrImage


def mean_of_each(images_NHW3: BgrImage) -> FloatArray:
    """Answer the mean of each picture."""
    means_N1: FloatArray = images_NHW3.mean(axis=(1, 2, 3))[:, None].astype(np.float32)
    return means_N1


def main() -> None:
    """Serve until killed."""
    card = load_card("yolo11n")
    batcher = Batcher({card.name: ServedModel(mean_of_each, card.sha256, "fake:0")})
    service = InferenceService(batcher, sys.argv[1], sys.argv[2].encode())
    print("ready", flush=True)
    while service is not None:
        batcher.step(0.2)


if __name__ == "__main__":
    main()
