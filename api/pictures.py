"""The latest picture of every camera, for the page's camera wall.

A worker writes one every two seconds from a frame that it has analysed anyway, with the detections
of that very frame: heads are blurred before the picture leaves the worker, and none is larger than
`LONG_SIDE_PX`. One file per camera, replaced by the next; the folder is private and goes with the
installation's processes. A camera that is down keeps its last picture; the file's time says when
it was taken.
"""

from __future__ import annotations

import hashlib
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

import cv2

from yanji.detect.detections import Detections
from yanji.detect.overview import overview
from yanji.ingest.frame import Frame, Picture

log = logging.getLogger(__name__)

LONG_SIDE_PX = 640
"""What the detector sees of a frame: nobody needs more on a wall of cameras."""
EVERY_S = 2.0
_JPEG_QUALITY = 80


def picture_path(folder: Path, camera_id: str) -> Path:
    """The file of a camera's latest picture; the id itself is never part of a path."""
    return folder / f"{hashlib.sha256(camera_id.encode()).hexdigest()}.jpg"


def jpeg_of(picture: Picture, detections: Detections) -> bytes:
    """A picture as people may see it: small, heads blurred, JPEG.

    Args:
        picture: upright.
        detections: of this very picture.

    Raises:
        OSError: it cannot be written as JPEG.
    """
    image = overview(picture, detections, LONG_SIDE_PX)
    done, jpeg = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _JPEG_QUALITY])
    if not done:
        raise OSError("the picture cannot be written as JPEG")
    return jpeg.tobytes()


def write_picture(folder: Path, frame: Frame, detections: Detections) -> None:
    """Replace the latest picture of the frame's camera, whole or not at all.

    Args:
        folder: of the pictures.
        frame: the picture; its arrival becomes the time of the file.
        detections: of this very frame.

    Raises:
        OSError: the file cannot be written.
    """
    jpeg = jpeg_of(frame.picture, detections)
    path = picture_path(folder, frame.run.camera_id)
    # Of this process alone: a worker that is being replaced may still be writing.
    half_done = path.with_suffix(f".{os.getpid()}")
    half_done.write_bytes(jpeg)
    os.utime(half_done, ns=(frame.wall_ns, frame.wall_ns))
    half_done.replace(path)


class LatestPicture:
    """Takes every analysed frame of one camera and writes one now and then."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._next_s = clock()
        self._failed = False

    def take(self, frame: Frame, detections: Detections) -> None:
        """Write the frame if the last one is old; a failure is logged once and stops nothing."""
        now = self._clock()
        if now < self._next_s:
            return
        self._next_s = now + EVERY_S
        try:
            write_picture(self._folder, frame, detections)
        except (OSError, cv2.error) as error:
            if not self._failed:
                log.warning(
                    "camera %s: its picture cannot be written: %s", frame.run.camera_id, error
                )
            self._failed = True
        else:
            self._failed = False
