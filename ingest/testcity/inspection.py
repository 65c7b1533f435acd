"""Draws what is true onto the pictures of a rendered clip, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.passages import counts
from yanji.ingest.testcity.truth import CityTruth, TrueFrame, TrueVehicle, clip_of

_FULL: Final = (255, 200, 60)
_VISIBLE: Final = (60, 220, 90)
_IGNORED: Final = (150, 150, 150)


def fullest_frame(truth: CityTruth, camera_id: str) -> int:
    """Return the number of the frame that shows most vehicles well."""
    frames = truth.cameras[camera_id].frames
    best = max(frames, key=lambda f: (_num_good(f, truth), -f.number), default=None)
    return best.number if best is not None else 0


def draw_frame(folder: Path, truth: CityTruth, camera_id: str, number: int) -> BgrImage:
    """Draw one frame with its truth, (height, width, 3).

    Blue: the full box of a vehicle that counts; green: its visible box; grey: a vehicle that does
    not count (see `passages.counts`).

    Raises:
        UsageError: the clip is missing or has no such frame.
    """
    for frame, image in _frames(folder, truth, camera_id):
        if frame.number == number:
            return draw_truth(image, frame, truth)
    last = truth.num_frames - 1
    raise UsageError(f"{camera_id} has no frame {number}.", hint=f"Frames count from 0 to {last}.")


def draw_clip(folder: Path, truth: CityTruth, camera_id: str, out: Path) -> int:
    """Write a whole clip with its truth drawn in; returns the number of frames.

    Raises:
        UsageError: the clip is missing.
    """
    frames = _frames(folder, truth, camera_id)
    images = (draw_truth(image, frame, truth) for frame, image in frames)
    return encode(out, images, round(truth.fps), preset="veryfast")


def draw_truth(image: BgrImage, frame: TrueFrame, truth: CityTruth) -> BgrImage:
    """Draw one frame's truth onto a copy of its picture."""
    drawn = image.copy()
    for seen in sorted(frame.vehicles, key=lambda v: v.size_px):
        good = counts(seen, truth.width, truth.height)
        _rectangle(drawn, seen.full_px, _FULL if good else _IGNORED)
        if good:
            _rectangle(drawn, seen.visible_px, _VISIBLE)
            _label(drawn, seen, truth)
    return drawn


def describe_frame(frame: TrueFrame, truth: CityTruth) -> list[list[str]]:
    """Describe who is in a frame, largest first: identity, kind, view, angle_deg, ... counts."""
    return [
        [
            seen.identity,
            truth.drives[seen.identity].kind,
            seen.view,
            f"{seen.angle_deg:.0f}",
            f"{seen.occlusion:.2f}",
            f"{seen.size_px:.0f}",
            "yes" if counts(seen, truth.width, truth.height) else "no",
        ]
        for seen in sorted(frame.vehicles, key=lambda v: -v.size_px)
    ]


def _num_good(frame: TrueFrame, truth: CityTruth) -> int:
    return sum(counts(seen, truth.width, truth.height) for seen in frame.vehicles)


def _frames(folder: Path, truth: CityTruth, camera_id: str) -> Iterator[tuple[TrueFrame, BgrImage]]:
    path = clip_of(folder, camera_id)
    by_number = {frame.number: frame for frame in truth.cameras[camera_id].frames}
    try:
        with av.open(str(path)) as container:
            for number, picture in enumerate(container.decode(video=0)):
                image = np.asarray(picture.to_ndarray(format="bgr24"), np.uint8)
                yield by_number.get(number, TrueFrame(number, ())), image
    except (av.FFmpegError, OSError) as error:
        raise UsageError(
            f"The clip {path.name} cannot be read: {error}.", hint="Render the city again."
        ) from error


def _rectangle(
    image: BgrImage, box_px: tuple[float, float, float, float], colour: tuple[int, int, int]
) -> None:
    x1, y1, x2, y2 = (round(edge) for edge in box_px)
    cv2.rectangle(image, (x1, y1), (x2 - 1, y2 - 1), colour, 1)


def _label(image: BgrImage, seen: TrueVehicle, truth: CityTruth) -> None:
    kind = truth.drives[seen.identity].kind
    text = f"{seen.identity} {kind} {seen.angle_deg:.0f}"
    if seen.occlusion >= 0.01:
        text += f" hidden {seen.occlusion:.0%}"
    x = min(max(round(seen.full_px[0]), 0), truth.width - 8 * len(text))
    y = max(round(seen.full_px[1]) - 4, 12)
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
        cv2.putText(
            image, text, (max(x, 0), y), cv2.FONT_HERSHEY_SIMPLEX, 0.4, colour, thickness,
            cv2.LINE_AA,
        )  # fmt: skip
