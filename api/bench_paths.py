"""Which vehicles a cheaper way of watching still sees: passages of one run found again in another.

Both runs show the same seconds, in streams of any size and with any of their frames left out. A
passage is found again where a sighting of the other run lies over its path: at half or more of
the moments at which that one was seen, and at an IoU of 0.3. Each sighting finds one passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from yanji.api.pipeline import CameraPipeline
from yanji.detect.detections import Detections
from yanji.detect.passage import sighting_id_of
from yanji.detect.tracker import TrackedBox
from yanji.ingest.frame import Frame

Box = tuple[float, float, float, float]
"""x1, y1, x2, y2 as shares of the picture's width and height, 0..1."""

SAME_IOU: Final = 0.3
HALF: Final = 0.5
REACH_S: Final = 1.0
"""Between two moments further apart nothing is said of where the vehicle was."""


@dataclass(frozen=True, slots=True)
class PassagePath:
    """Where one vehicle was, by stream time in seconds, rising."""

    sighting_id: str
    moments: list[tuple[float, Box]]


@dataclass
class ListeningPipeline(CameraPipeline):
    """A pipeline that also keeps the path of every track."""

    paths: dict[str, PassagePath] = field(default_factory=dict)
    """By the id that a sighting of the track has."""
    _of_track: dict[int, PassagePath] = field(default_factory=dict)

    def see(self, frame: Frame) -> tuple[Detections, list[TrackedBox]]:
        """Note where each track is."""
        detections, tracked = super().see(frame)
        width, height = frame.picture.width, frame.picture.height
        for box in tracked:
            path = self._of_track.get(box.track_id)
            if path is None:
                name = sighting_id_of(frame.run.run_id, frame.number, box.box_xyxy_px)
                path = self._of_track[box.track_id] = PassagePath(name, [])
                self.paths[name] = path
            x1, y1, x2, y2 = box.box_xyxy_px
            place = (x1 / width, y1 / height, x2 / width, y2 / height)
            path.moments.append((frame.stream_s, place))
        return detections, tracked


def share_found(full: Sequence[PassagePath], other: Sequence[PassagePath]) -> float:
    """Give the share of `full` that `other` found again, 0..1; 1 where there is nothing to find."""
    if not full:
        return 1.0
    agreements = []
    for number, theirs in enumerate(other):
        for index, ours in enumerate(full):
            num_both, num_same = _compare(ours, theirs)
            if num_same and num_same >= HALF * num_both:
                agreements.append((num_same, index, number))
    agreements.sort(key=lambda agreement: (-agreement[0], agreement[1], agreement[2]))
    found: set[int] = set()
    used: set[int] = set()
    for _, index, number in agreements:
        if index not in found and number not in used:
            found.add(index)
            used.add(number)
    return len(found) / len(full)


def _compare(ours: PassagePath, theirs: PassagePath) -> tuple[int, int]:
    """At how many moments of `theirs` both were in view, and at how many in one place."""
    if theirs.moments[0][0] > ours.moments[-1][0] or theirs.moments[-1][0] < ours.moments[0][0]:
        return 0, 0
    num_both = num_same = 0
    for when_s, box in theirs.moments:
        here = _at(ours.moments, when_s)
        if here is not None:
            num_both += 1
            num_same += _iou(here, box) >= SAME_IOU
    return num_both, num_same


def _at(moments: Sequence[tuple[float, Box]], when_s: float) -> Box | None:
    for (before_s, before), (after_s, after) in pairwise(moments):
        if before_s <= when_s <= after_s and after_s - before_s <= REACH_S:
            part = (when_s - before_s) / max(1e-9, after_s - before_s)
            x1, y1, x2, y2 = (
                one + part * (other - one) for one, other in zip(before, after, strict=True)
            )
            return x1, y1, x2, y2
    return None


def _iou(one: Box, other: Box) -> float:
    wide = min(one[2], other[2]) - max(one[0], other[0])
    high = min(one[3], other[3]) - max(one[1], other[1])
    if wide <= 0 or high <= 0:
        return 0.0
    both = wide * high
    return both / (_area(one) + _area(other) - both)


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])
