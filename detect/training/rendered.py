"""Labelled frames of a rendered test city, written as pictures."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.detect.classes import CLASSES
from yanji.detect.detections import FloatArray
from yanji.detect.testcity_frames import analysed_frames
from yanji.detect.training.labelled import LabelledPicture
from yanji.ingest.testcity.truth import CityTruth, TrueVehicle

MIN_SIDE_PX: Final = 14.0
MAX_OCCLUSION: Final = 0.8
"""What is smaller or hidden more is not labelled."""


def write_frames(folder: Path, truth: CityTruth, fps: float, out: Path) -> list[LabelledPicture]:
    """Cut `fps` frames a second of every clip; one JPEG a frame in `out`, its boxes returned.

    Boxes hold the pixels that show, as those of COCO do.

    Raises:
        UsageError, SourceError: see `yanji.detect.testcity_frames.analysed_frames`.
    """
    classes = {name: drive.vehicle_class for name, drive in truth.drives.items()}
    strange = set(classes.values()) - set(CLASSES)
    if strange:
        raise UsageError(f"The truth of {folder.name} has the class {min(strange)!r}.")
    found = []
    for camera_id in truth.cameras:
        for frame, true in analysed_frames(folder, truth, camera_id, fps):
            image = frame.picture.bgr()
            path = out / f"{camera_id}_{frame.number:06d}.jpg"
            if not cv2.imwrite(str(path), image, [cv2.IMWRITE_JPEG_QUALITY, 92]):
                raise OSError(f"{path} cannot be written")
            seen = list(labelled_of(true.vehicles, truth.width, truth.height))
            boxes_N4 = np.array([box for box, _ in seen], np.float32).reshape(-1, 4)
            numbers = [CLASSES.index(classes[one.identity]) for _, one in seen]
            found.append(LabelledPicture(path, camera_id, boxes_N4, np.array(numbers, np.int64)))
    return found


def labelled_of(
    vehicles: tuple[TrueVehicle, ...], width: int, height: int
) -> Iterator[tuple[FloatArray, TrueVehicle]]:
    """Yield the vehicles that can be asked for, each with its box in shares of the picture."""
    size_4 = np.array([width, height] * 2, np.float32)
    for seen in vehicles:
        x1, y1, x2, y2 = seen.visible_px
        if max(x2 - x1, y2 - y1) >= MIN_SIDE_PX and seen.occlusion <= MAX_OCCLUSION:
            yield (np.array(seen.visible_px, np.float32) / size_4).clip(0, 1), seen
