"""Following vehicles from frame to frame, one tracker per camera.

The association is that of the `trackers` library (ByteTrack with buffered IoU over the true time
between frames; the comparison that chose it is in docs/design/detect.md). What is added here: a
vehicle is matched only within its group, a track exists from its first box on, a hole in the stream
ends all tracks, and the library's own types stay inside this file.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import supervision as sv
from trackers import BIoU, ByteTrackTracker

from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import Detections, FloatArray, IntArray
from yanji.ingest.frame import Frame

LOST_S = 1.6
"""A vehicle unseen for longer has left (a lamp post hides a car for less than a second)."""
SPARSE_LOST_S = 4.5
"""The same where only key frames are analysed, one in 2 s: one of them may miss a vehicle."""
HOLE_S = 5.0
"""A stream without frames for longer begins anew: after it nothing can be matched by motion."""
SURE = 0.25
"""Score from which a box is matched in the first round and may begin a track; lower ones only
continue a track that nothing better matched."""
BUFFER_RATIO = 0.4
"""Boxes are grown by this share of their size on each side before they are compared."""
MIN_BIOU = 0.12
MIN_SIZE_PX = 12.0
"""Root of a box's area: smaller ones are not followed. In a distant queue tracks jump from vehicle
to vehicle, and nothing could be told from such a view."""
GROUP_SHIFT_PX = 100_000
"""More than any picture is wide."""

_GROUP_NUMBER_C = np.array([list(GROUPS).index(GROUP_OF[name]) for name in CLASSES])


@dataclass(frozen=True, slots=True)
class TrackedBox:
    """One vehicle in one frame."""

    track_id: int
    """Unique within one `CameraTracker`, counted from 0, never used again."""
    detection: int
    """Row in the frame's `Detections`."""
    box_xyxy_px: tuple[float, float, float, float]
    score: float
    class_number: int


class CameraTracker:
    """The tracks of one camera (one run: make a new one for the next)."""

    def __init__(self, analyse_fps: float = 5.0, lost_s: float = LOST_S) -> None:
        """Prepare for about `analyse_fps` frames a second (they may be irregular).

        `lost_s`: seconds after which a vehicle unseen has left.
        """
        if not analyse_fps > 0:
            raise ValueError("analyse_fps must be positive")
        self._fps = analyse_fps
        self._lost_s = lost_s
        self._hole_s = max(HOLE_S, 2 * lost_s)
        self._next_id = 0
        self._last_s: float | None = None
        self._tracker = self._begin()

    def _begin(self) -> ByteTrackTracker:
        return ByteTrackTracker(
            # The library counts this in frames of 30 a second, whatever the frame rate.
            lost_track_buffer=round(self._lost_s * 30),
            frame_rate=self._fps,
            track_activation_threshold=SURE,
            minimum_consecutive_frames=1,
            minimum_iou_threshold=MIN_BIOU,
            high_conf_det_threshold=SURE,
            iou=BIoU(buffer_ratio=BUFFER_RATIO),
        )

    def update(self, frame: Frame, detections: Detections) -> list[TrackedBox]:
        """Take one analysed frame.

        Args:
            frame: its `stream_s` is the clock. A frame that is not later than the last one (a
                stream that repeats a time stamp) is read as 1 ms later.
            detections: of this frame, candidates included.

        Returns:
            The vehicles of this frame that belong to a track, in no particular order.
        """
        stream_s = frame.stream_s
        if self._last_s is not None:
            if stream_s - self._last_s > self._hole_s:
                self._tracker = self._begin()
            stream_s = max(stream_s, self._last_s + 0.001)
        self._last_s = stream_s
        boxes_N4 = _apart_by_group(detections)
        size_N = np.sqrt((boxes_N4[:, 2:] - boxes_N4[:, :2]).prod(axis=1))
        rows_K = np.flatnonzero(size_N >= MIN_SIZE_PX)
        found = self._tracker.update(
            sv.Detections(
                xyxy=boxes_N4[rows_K],
                confidence=detections.scores_N[rows_K],
                data={"row": rows_K},
            ),
            timestamp=stream_s,
        )
        ids_N = np.full(len(boxes_N4), -1, np.int64)
        if len(found):
            ids_N[found.data["row"]] = found.tracker_id
        self._name_new(ids_N, boxes_N4)
        return [
            TrackedBox(
                track_id=int(ids_N[row]),
                detection=int(row),
                box_xyxy_px=_box(detections.boxes_N4[row]),
                score=float(detections.scores_N[row]),
                class_number=int(detections.classes_N[row]),
            )
            for row in np.flatnonzero(ids_N >= 0)
        ]

    def _name_new(self, ids_N: IntArray, boxes_N4: npt.NDArray[np.float64]) -> None:
        """Give an id to tracks that began in this frame; the library would wait one frame more.

        A vehicle that is seen in two or three frames only cannot spare its first one. A track that
        just began is exactly where its box is.
        """
        for track in self._tracker.tracks:
            free = np.flatnonzero(ids_N < 0)
            if track.tracker_id != -1 or not len(free):
                continue
            away = np.abs(boxes_N4[free] - track.get_state_bbox()).sum(axis=1)
            if away.min() < 1:
                track.tracker_id = self._next_id
                ids_N[free[away.argmin()]] = self._next_id
                self._next_id += 1


def _apart_by_group(detections: Detections) -> npt.NDArray[np.float64]:
    """Shift the boxes of each group to a place of its own, so that only like matches like."""
    boxes_N4 = detections.boxes_N4.astype(np.float64)
    boxes_N4[:, 0::2] += (_GROUP_NUMBER_C[detections.classes_N] * GROUP_SHIFT_PX)[:, None]
    return boxes_N4


def _box(box_4: FloatArray) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(edge) for edge in box_4)
    return x1, y1, x2, y2
