"""Two-wheelers counted by eye in stated frames of real clips, and what of them was found.

A label file (`tests/accuracy/two_wheelers.json`) names clips by sha256 and holds, for each stated
frame, the box of every two-wheeler with its riders, the upper edge of its machine, and regions
that count for nothing. A detector is undecided whether its box holds the riders, so a box may fit
either.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from yanji.configs.errors import UsageError
from yanji.detect.detections import FloatArray
from yanji.detect.suppress import iou_matrix

FITS_IOU = 0.5
"""A box that overlaps the vehicle, or its machine, by this much has found it."""
TOUCHES_IOU = 0.1
"""A box left over that overlaps a counted vehicle by this much (or whose centre lies in
one) is a double or misplaced, not false."""
Z_95 = 1.959964


@dataclass(frozen=True, slots=True)
class CountedFrame:
    """What a person saw in one frame; (N, 4) corners in pixels."""

    whole_N4: FloatArray
    """Machines with their riders."""
    machine_N4: FloatArray
    """The same without what is above seat or handlebar."""
    ignored_M4: FloatArray


@dataclass(frozen=True, slots=True)
class CountedClip:
    """The stated frames of one clip, by their number from 0."""

    sha256: str
    frames: dict[int, CountedFrame]


@dataclass(frozen=True, slots=True)
class Count:
    """Two-wheelers of some frames, and the boxes that were given for them."""

    num: int = 0
    num_fitted: int = 0
    """Found at IoU 0.5."""
    num_centred: int = 0
    """Found by a box whose centre lies in the vehicle's: kinder to loose boxes."""
    num_false: int = 0
    """Boxes on no counted vehicle and in no ignored region."""
    num_frames: int = 0

    def __add__(self, other: Count) -> Count:
        return Count(
            self.num + other.num,
            self.num_fitted + other.num_fitted,
            self.num_centred + other.num_centred,
            self.num_false + other.num_false,
            self.num_frames + other.num_frames,
        )


def read_counted(path: Path) -> dict[str, CountedClip]:
    """Read a label file.

    Raises:
        UsageError: it cannot be read, or a box is empty or has its machine outside it.
    """
    try:
        clips = json.loads(path.read_text(encoding="utf-8"))["clips"]
        return {
            name: CountedClip(
                clip["sha256"],
                {
                    int(number): _frame(frame, f"{name} {number}")
                    for number, frame in clip["frames"].items()
                },
            )
            for name, clip in clips.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"The counts in {path.name} cannot be read: {error!r}.") from error


def _frame(frame: dict[str, list[list[float]]], place: str) -> CountedFrame:
    rows_N5 = np.array(frame["two_wheelers"], np.float32).reshape(-1, 5)
    ignored_M4 = np.array(frame["ignore"], np.float32).reshape(-1, 4)
    x1, y1, x2, y2, top = rows_N5.T
    if not ((x1 < x2) & (y1 <= top) & (top < y2)).all():
        raise UsageError(
            f"A counted box of {place} is empty, or its machine is outside it.",
            hint="x1, y1, x2, y2, and between y1 and y2 the upper edge of the machine.",
        )
    if not (ignored_M4[:, :2] < ignored_M4[:, 2:]).all():
        raise UsageError(f"An ignored region of {place} is empty.", hint="x1, y1, x2, y2.")
    return CountedFrame(
        rows_N5[:, :4].copy(), np.stack([x1, top, x2, y2], axis=1).astype(np.float32), ignored_M4
    )


def count_frame(seen: CountedFrame, boxes_K4: FloatArray, scores_K: FloatArray) -> Count:
    """Hold the boxes given for two-wheelers against what a person saw.

    Args:
        seen: the frame by eye.
        boxes_K4: boxes of the two-wheelers' group.
        scores_K: their scores; the best chooses first, and each finds one vehicle.
    """
    order = np.argsort(-scores_K, kind="stable")
    boxes_K4 = boxes_K4[order]
    whole_KN, _ = iou_matrix(boxes_K4, seen.whole_N4)
    machine_KN, _ = iou_matrix(boxes_K4, seen.machine_N4)
    fit_KN = np.maximum(whole_KN, machine_KN)
    centred_KN = np.where(_centre_in(boxes_K4, seen.whole_N4), fit_KN, -1.0)
    near_KN = (fit_KN >= TOUCHES_IOU) | _centre_in(boxes_K4, seen.whole_N4)
    ignored_KM = _centre_in(boxes_K4, seen.ignored_M4)
    stray_K = ~near_KN.any(axis=1) & ~ignored_KM.any(axis=1)
    return Count(
        num=len(seen.whole_N4),
        num_fitted=_taken(fit_KN, FITS_IOU),
        num_centred=_taken(centred_KN, 0.0),
        num_false=int(stray_K.sum()),
        num_frames=1,
    )


def _centre_in(boxes_K4: FloatArray, outer_N4: FloatArray) -> np.ndarray:
    x_K1 = (boxes_K4[:, :1] + boxes_K4[:, 2:3]) / 2
    y_K1 = (boxes_K4[:, 1:2] + boxes_K4[:, 3:4]) / 2
    x1, y1, x2, y2 = outer_N4.T
    inside_KN: np.ndarray = (x_K1 >= x1) & (x_K1 <= x2) & (y_K1 >= y1) & (y_K1 <= y2)
    return inside_KN


def _taken(fit_KN: FloatArray, least: float) -> int:
    """How many columns find a row of their own, rows choosing in order."""
    free_N = np.ones(fit_KN.shape[1], bool)
    for fit_N in fit_KN:
        if free_N.any():
            best = int(np.where(free_N, fit_N, -1.0).argmax())
            if fit_N[best] >= least:
                free_N[best] = False
    return int((~free_N).sum())


def wilson_interval(found: int, number: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (E. B. Wilson, 1927); (0, 1) without any.

    It takes the vehicles for independent; those of one clip are not, so it is too narrow.
    """
    if number == 0:
        return 0.0, 1.0
    share, z2 = found / number, Z_95**2
    centre = (share + z2 / (2 * number)) / (1 + z2 / number)
    half = Z_95 * math.sqrt(share * (1 - share) / number + z2 / (4 * number**2)) / (1 + z2 / number)
    return max(0.0, centre - half), min(1.0, centre + half)
