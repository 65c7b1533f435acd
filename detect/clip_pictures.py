"""Pictures of a film, spread evenly over it: for calibration and for comparing detectors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.ingest.array_picture import ArrayPicture


def spread_pictures(film: Path, number: int) -> Iterator[ArrayPicture]:
    """Give `number` pictures of a film (all, if it has fewer), in order, first and last included.

    Raises:
        UsageError: the film cannot be read.
    """
    length = sum(1 for _ in _grabbed(film))
    if length == 0:
        raise UsageError(f"The film {film.name} cannot be read.")
    wanted = {round(place) for place in np.linspace(0, length - 1, min(number, length))}
    for place, capture in enumerate(_grabbed(film)):
        if place in wanted:
            _, image = capture.retrieve()
            yield ArrayPicture(np.ascontiguousarray(image, np.uint8))


def _grabbed(film: Path) -> Iterator[cv2.VideoCapture]:
    """Stand at each picture in turn; the number that a container states is often wrong."""
    capture = cv2.VideoCapture(str(film))
    try:
        while capture.grab():
            yield capture
    finally:
        capture.release()
