"""Takes a vehicle out of a clip, so that a test can show that the demo then finds nothing.

The cameras are fixed: what is behind a vehicle is the median of the clip's other frames.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import av
import numpy as np

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.demo_data import Box, Truth, clip_path
from yanji.ingest.testcity.encode import encode

GROW: Final = 0.45
"""By this share of its size a box is grown on each side: the shadow goes with the vehicle."""


def without_vehicle(truth: Truth, camera_id: str, identity: str, out: Path) -> None:
    """Write a camera's clip anew without one vehicle.

    Raises:
        KeyError: the vehicle never comes into view of that camera.
    """
    boxes = {box.frame_number: box.box_px for box in truth.passage(camera_id, identity).boxes}
    first, last = min(boxes), max(boxes)
    with av.open(str(clip_path(camera_id))) as container:
        images: list[BgrImage] = [
            frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in container.decode(video=0)
        ]
    empty: BgrImage = np.sort(np.stack(images[::6]), axis=0)[len(images[::6]) // 2]
    for number in range(max(first - 8, 0), min(last + 9, len(images))):
        box = boxes[min(max(number, first), last)]
        x1, y1, x2, y2 = _grown(box, truth, partly=not first <= number <= last)
        images[number][y1:y2, x1:x2] = empty[y1:y2, x1:x2]
    encode(out, iter(images), preset="veryfast")


def _grown(box: Box, truth: Truth, *, partly: bool) -> Box:
    """Grow a box; twice as far in frames where the vehicle is only partly in the picture."""
    x1, y1, x2, y2 = box
    share = 2 * GROW if partly else GROW
    dx, dy = round((x2 - x1) * share), round((y2 - y1) * share)
    return (
        max(x1 - dx, 0),
        max(y1 - dy, 0),
        min(x2 + dx, truth.width),
        min(y2 + dy, truth.height),
    )
