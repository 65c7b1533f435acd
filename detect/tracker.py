"""Following vehicles from frame to frame, one tracker per camera.

ByteTrack with buffered overlap over the true time between frames (`kalman.py`, `association.py`;
the comparison that chose it is in docs/design/detect.md). A vehicle is matched only within its
group, a track exists from its first box on, and a hole in the stream ends all tracks.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.detect.association import associate
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import Detections, FloatArray, IntArray
from yanji.detect.kalman import BoxFilter
from yanji.detect.riders import ridden
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
SURE_RIDDEN = 0.05
"""Score from which a two-wheeler with a person on it may begin a track too. Detectors of COCO give
a scooter seen from behind 0.05 to 0.2, its rider much more; `evidence.py` asks for more before it
is told of. In the first round such a box would take tracks from surer ones."""
DOUBLE_SHARED = 0.5
"""A faint box that shares so much (of the smaller of the two) with a surer box or a track of its
group begins no track of its own: a rider and his machine would be two."""
BUFFER_RATIO = 0.4
"""Boxes are grown by this share of their size on each side before they are compared."""
MIN_BIOU = 0.12
MIN_SIZE_PX = 12.0
"""Root of a box's area: smaller ones are not followed. In a distant queue tracks jump from vehicle
to vehicle, and nothing could be told from such a view."""
GROUP_SHIFT_PX = 100_000
"""More than any picture is wide."""

_TWO_WHEELER_C = np.array([GROUP_OF[name] == "two_wheeler" for name in CLASSES])
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
    ridden: bool = False
    """A two-wheeler with a person where its rider would be."""


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
        self._begin()

    def _begin(self) -> None:
        self._filter = BoxFilter(self._fps)
        self._ids_T: IntArray = np.empty(0, np.int64)
        self._unseen_s_T: npt.NDArray[np.float64] = np.empty(0)

    def update(self, frame: Frame, detections: Detections) -> list[TrackedBox]:
        """Take one analysed frame.

        Args:
            frame: its `stream_s` is the clock. A frame that is not later than the last one (a
                stream that repeats a time stamp) is read as 1 ms later.
            detections: of this frame, candidates included.

        Returns:
            The vehicles of this frame that belong to a track, in no particular order.
        """
        self._go_on(frame.stream_s)
        boxes_N4 = _apart_by_group(detections)
        rows_K = np.flatnonzero(
            np.sqrt((boxes_N4[:, 2:] - boxes_N4[:, :2]).prod(axis=1)) >= MIN_SIZE_PX
        )
        boxes_K4 = boxes_N4[rows_K]
        ridden_K = _ridden(detections, rows_K)
        sure_K = detections.scores_N[rows_K] >= SURE
        tracks_L, found_L = associate(
            self._filter.boxes_N4, boxes_K4, sure_K, buffer_ratio=BUFFER_RATIO, least=MIN_BIOU
        )
        self._filter.update(tracks_L, boxes_K4[found_L])
        self._unseen_s_T[tracks_L] = 0
        ids_K = np.full(len(rows_K), -1, np.int64)
        ids_K[found_L] = self._ids_T[tracks_L]
        faint_K = ridden_K & (detections.scores_N[rows_K] >= SURE_RIDDEN)
        faint_K &= ~sure_K & (ids_K < 0)
        if faint_K.any():
            faint_K &= ~_doubles(boxes_K4, detections.scores_N[rows_K], self._filter.boxes_N4)
        new = np.flatnonzero((sure_K & (ids_K < 0)) | faint_K)
        ids_K[new] = np.arange(self._next_id, self._next_id + len(new))
        self._next_id += len(new)
        self._filter.add(boxes_K4[new])
        self._ids_T = np.concatenate([self._ids_T, ids_K[new]])
        self._unseen_s_T = np.concatenate([self._unseen_s_T, np.zeros(len(new))])
        return [
            TrackedBox(
                track_id=int(ids_K[place]),
                detection=int(row),
                box_xyxy_px=_box(detections.boxes_N4[row]),
                score=float(detections.scores_N[row]),
                class_number=int(detections.classes_N[row]),
                ridden=bool(ridden_K[place]),
            )
            for place, row in enumerate(rows_K)
            if ids_K[place] >= 0
        ]

    def _go_on(self, stream_s: float) -> None:
        """Move all tracks to where they should be now; drop those not seen for too long."""
        if self._last_s is None:
            self._last_s = stream_s
            return
        if stream_s - self._last_s > self._hole_s:
            self._begin()
        stream_s = max(stream_s, self._last_s + 0.001)
        elapsed_s, self._last_s = stream_s - self._last_s, stream_s
        self._filter.predict(elapsed_s)
        self._unseen_s_T = self._unseen_s_T + elapsed_s
        kept_T = self._unseen_s_T <= self._lost_s
        if not kept_T.all():
            self._filter.keep(kept_T)
            self._ids_T, self._unseen_s_T = self._ids_T[kept_T], self._unseen_s_T[kept_T]


def _ridden(detections: Detections, rows_K: IntArray) -> npt.NDArray[np.bool_]:
    """(K,) whether a row is a two-wheeler with a rider."""
    ridden_K = _TWO_WHEELER_C[detections.classes_N[rows_K]]
    if ridden_K.any():
        rows = rows_K[ridden_K]
        ridden_K[ridden_K] = ridden(detections.boxes_N4[rows], detections.persons_M4)
    return ridden_K


def _doubles(
    boxes_K4: npt.NDArray[np.float64],
    scores_K: FloatArray,
    tracks_N4: npt.NDArray[np.float64],
) -> npt.NDArray[np.bool_]:
    """(K,) whether a box is rather the same vehicle as a surer box or a track than another one."""
    surer_KK = scores_K[None] > scores_K[:, None]
    by_box_KK = (_shared(boxes_K4, boxes_K4) >= DOUBLE_SHARED) & surer_KK
    by_track_KN = _shared(boxes_K4, tracks_N4) >= DOUBLE_SHARED
    doubles_K: npt.NDArray[np.bool_] = np.any(by_box_KK, axis=1) | np.any(by_track_KN, axis=1)
    return doubles_K


def _shared(
    one_N4: npt.NDArray[np.float64], other_M4: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """(N, M) what two boxes share, as a share of the smaller one."""
    low_NM2 = np.maximum(one_N4[:, None, :2], other_M4[None, :, :2])
    high_NM2 = np.minimum(one_N4[:, None, 2:], other_M4[None, :, 2:])
    both_NM = np.maximum(high_NM2 - low_NM2, 0).prod(axis=2)
    area_N, area_M = ((boxes[:, 2:] - boxes[:, :2]).prod(axis=1) for boxes in (one_N4, other_M4))
    shared_NM: npt.NDArray[np.float64] = both_NM / np.maximum(
        np.minimum(area_N[:, None], area_M[None]), 1e-9
    )
    return shared_NM


def _apart_by_group(detections: Detections) -> npt.NDArray[np.float64]:
    """Shift the boxes of each group to a place of its own, so that only like matches like."""
    boxes_N4 = detections.boxes_N4.astype(np.float64)
    boxes_N4[:, 0::2] += (_GROUP_NUMBER_C[detections.classes_N] * GROUP_SHIFT_PX)[:, None]
    return boxes_N4


def _box(box_4: FloatArray) -> tuple[float, float, float, float]:
    x1, y1, x2, y2 = (float(edge) for edge in box_4)
    return x1, y1, x2, y2
