"""Crops of rendered vehicles, treated as the pipeline treats those of real ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from yanji.detect.blur import blur_heads
from yanji.detect.detections import FloatArray
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.crop_order import CropOrder
from yanji.ingest.testcity.crops import Cost, write_crops


def write_training_crops(
    order: CropOrder, folder: Path, workers: int, progress: Callable[[str, int, int], None]
) -> Cost:
    """Write crops as an embedder gets them: the heads of riders blurred; see `write_crops`."""
    return write_crops(order, folder, workers, progress, hide_heads)


def hide_heads(crop: BgrImage, riders_M4: FloatArray) -> None:
    """Blur in place the heads of riders, as `yanji.detect.crops.cut_crop` does.

    A rendered rider is nobody; but an embedder that never saw a blurred head would not know one.
    """
    blur_heads(crop, riders_M4)
