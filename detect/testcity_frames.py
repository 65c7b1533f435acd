"""The pictures of a rendered test city with what they truly show: what all its figures stand on.

A true box *counts* when a vehicle is there to be found: its longer side has 40 px, at least half
of it is inside the picture and at most half of it is hidden. What does not count is neither
missed nor found, and a box on it is not false. A box fits a vehicle as well as it fits the whole
of it, cut at the border of the picture, or the part that shows, whichever is better: of a vehicle
behind another a detector boxes what shows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import UsageError
from yanji.configs.times import parse_time
from yanji.detect.detections import FloatArray
from yanji.detect.suppress import iou_matrix
from yanji.ingest.frame import Frame
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler
from yanji.ingest.testcity.passages import counts
from yanji.ingest.testcity.truth import CityTruth, TrueVehicle, clip_of, read_truth

RENDERED: Final = "rendered; not accuracy on real streets"
"""Stands in every report."""
MIN_IOU: Final = 0.5
"""From which a box is that of a vehicle."""

WHOLE_HINT: Final = "Truth and clips belong together: copy or render the whole folder."

BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class FrameTruth:
    """What one picture truly shows: every vehicle with a visible pixel."""

    vehicles: tuple[TrueVehicle, ...]
    boxes_N4: FloatArray
    """Of the whole vehicles, cut at the border of the picture."""
    counts_N: BoolArray

    def overlaps(self, boxes_M4: FloatArray) -> FloatArray:
        """(M, N) how well boxes fit the vehicles: the better IoU with whole and visible box."""
        whole_MN, _ = iou_matrix(boxes_M4, self.boxes_N4)
        visible_N4 = np.array([seen.visible_px for seen in self.vehicles], np.float32)
        visible_MN, _ = iou_matrix(boxes_M4, visible_N4.reshape(-1, 4))
        fits: FloatArray = np.maximum(whole_MN, visible_MN)
        return fits


def truth_of(vehicles: tuple[TrueVehicle, ...], width: int, height: int) -> FrameTruth:
    """Prepare the vehicles of one picture of `width` x `height` pixels for comparison."""
    boxes = [seen.clipped_px(width, height) for seen in vehicles]
    good = [counts(seen, width, height) for seen in vehicles]
    return FrameTruth(vehicles, np.array(boxes, np.float32).reshape(-1, 4), np.array(good, bool))


def pairs(overlap_MN: FloatArray, least: float = MIN_IOU) -> list[tuple[int, int]]:
    """Match rows with columns one to one, the best overlap first, none below `least`."""
    order = np.argsort(-overlap_MN, axis=None, kind="stable")
    rows, columns = np.unravel_index(order, overlap_MN.shape)
    found: dict[int, int] = {}
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if overlap_MN[row, column] < least:
            break
        if row not in found and column not in found.values():
            found[row] = column
    return list(found.items())


def read_city(folder: Path) -> CityTruth:
    """Read the truth of a folder and check that its clips are there.

    Raises:
        UsageError: no truth, no camera, a clip is missing, or a record is damaged.
    """
    try:
        truth = read_truth(folder)
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise UsageError(f"The truth in {folder.name} is damaged: {error!r}.") from error
    if not truth.cameras:
        raise UsageError(f"There is no camera in {folder.name}.")
    passed = {passage.camera_id for drive in truth.drives.values() for passage in drive.passages}
    if passed - set(truth.cameras):
        raise UsageError(
            f"Vehicles pass {min(passed - set(truth.cameras))}, whose truth is missing in "
            f"{folder.name}.",
            hint=WHOLE_HINT,
        )
    for camera in truth.cameras.values():
        clip = clip_of(folder, camera.camera_id)
        if not clip.is_file():
            raise UsageError(
                f"The clip {clip.name} is missing in {folder.name}.",
                hint=WHOLE_HINT,
            )
        strangers = {seen.identity for frame in camera.frames for seen in frame.vehicles}
        strangers -= set(truth.drives)
        if strangers:
            raise UsageError(
                f"The truth of {camera.camera_id} shows {min(strangers)}, of which "
                "the city's truth knows nothing."
            )
    return truth


def frame_truths(truth: CityTruth, camera_id: str) -> Callable[[Frame], FrameTruth]:
    """Make the function that tells what a frame of this camera's clip truly shows.

    It raises UsageError for a frame of another size or behind the last one of the truth.
    """
    by_number = {frame.number: frame.vehicles for frame in truth.cameras[camera_id].frames}

    def look_up(frame: Frame) -> FrameTruth:
        size = frame.picture.width, frame.picture.height
        if size != (truth.width, truth.height) or frame.number >= truth.num_frames:
            raise UsageError(
                f"The clip of {camera_id} is not the one that its truth describes "
                f"({truth.num_frames} frames of {truth.width} x {truth.height} pixels)."
            )
        return truth_of(by_number.get(frame.number, ()), *size)

    return look_up


def analysed_frames(
    folder: Path, truth: CityTruth, camera_id: str, fps: float
) -> Iterator[tuple[Frame, FrameTruth]]:
    """Read a camera's clip as the pipeline does: `fps` pictures a second, each with its truth.

    Raises:
        UsageError: see `frame_truths`.
        SourceError: the clip cannot be read.
    """
    look_up, sampler = frame_truths(truth, camera_id), Sampler(fps)
    source = open_recording(clip_of(folder, camera_id), camera_id, start_ns(truth))
    with source.connect() as connection:
        for frame in connection:
            if sampler.take(frame.stream_s):
                yield frame, look_up(frame)


def start_ns(truth: CityTruth) -> int:
    """True time of every clip's first frame, ns since 1970 UTC.

    Raises:
        UsageError: the truth gives no time with an offset.
    """
    return parse_time(truth.start, None)
