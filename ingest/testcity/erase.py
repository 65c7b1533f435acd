"""Takes a vehicle out of a clip, so that a test can show that the demo then finds nothing.

The cameras are fixed: what is behind a vehicle is the median of the clip's other frames. Whoever
stands in that box beside the vehicle is painted over too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import numpy as np

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.demo_data import seen_at
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.truth import Box, CityTruth

GROW: Final = 0.3
"""By this share of its size a box is grown on each side: the shadow goes with the vehicle."""
_EVERY: Final = 6
"""So many frames apart are those of which the median is taken."""


def without_vehicle(truth: CityTruth, camera_id: str, identity: str, clip: Path, out: Path) -> None:
    """Write a camera's clip anew without one vehicle.

    Args:
        truth: of the clip.
        camera_id: whose clip it is.
        identity: who is taken out.
        clip: to be read.
        out: to be written, another file.

    Raises:
        KeyError: the vehicle never comes into view of that camera.
    """
    seen = seen_at(truth, camera_id, identity)
    if not seen:
        raise KeyError(f"{identity} at {camera_id}")
    empty = _without_traffic(clip)

    def images() -> Iterator[BgrImage]:
        for number, image in enumerate(_images(clip)):
            if number in seen:
                x1, y1, x2, y2 = _grown(seen[number].full_px, truth)
                image[y1:y2, x1:x2] = empty[y1:y2, x1:x2]
            yield image

    encode(out, images(), round(truth.fps), preset="veryfast")


def _without_traffic(clip: Path) -> BgrImage:
    few = [image for number, image in enumerate(_images(clip)) if number % _EVERY == 0]
    middle: BgrImage = np.sort(np.stack(few), axis=0)[len(few) // 2]
    return middle


def _images(clip: Path) -> Iterator[BgrImage]:
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            yield frame.to_ndarray(format="bgr24").astype(np.uint8)


def _grown(box: Box, truth: CityTruth) -> tuple[int, int, int, int]:
    x1, y1, x2, y2 = box
    dx, dy = (x2 - x1) * GROW, (y2 - y1) * GROW
    return (
        max(round(x1 - dx), 0),
        max(round(y1 - dy), 0),
        max(min(round(x2 + dx), truth.width), 0),
        max(min(round(y2 + dy), truth.height), 0),
    )
