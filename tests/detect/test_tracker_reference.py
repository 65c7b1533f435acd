"""Our tracker against the `trackers` library: the same ids on the same boxes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pytest

from yanji.detect import tracker as ours
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.tracker import CameraTracker
from yanji.ingest.frame import Frame

FrameAt = Callable[..., Frame]
Boxes = npt.NDArray[np.float64]
Moment = tuple[float, Boxes, npt.NDArray[np.float32]]


def traffic(seed: int, num: int, steady: bool) -> Iterator[Moment]:
    """Boxes that drive through each other, come, go, grow, and are missed or weak now and then."""
    rng = np.random.default_rng(seed)
    at_N2 = rng.uniform(0, 1500, (num, 2))
    speed_N2 = rng.normal(0, 150, (num, 2))
    size_N2 = rng.uniform(20, 200, (num, 2))
    from_N, to_N = rng.uniform(0, 10, num), rng.uniform(5, 20, num)
    now_s = 0.0
    for _ in range(100):
        now_s += 0.2 if steady else float(rng.choice([0.04, 0.2, 0.21, 0.6, 1.4]))
        here_N = (from_N <= now_s) & (now_s < to_N) & (rng.random(num) > 0.15)
        low_N2 = at_N2 + now_s * speed_N2 + rng.normal(0, 2, (num, 2))
        boxes_N4 = np.concatenate([low_N2, low_N2 + size_N2 * (1 + 0.02 * now_s)], axis=1)
        scores_N = rng.uniform(0.1, 0.95, num).astype(np.float32)
        yield now_s, boxes_N4[here_N], scores_N[here_N]


def theirs(moments: list[Moment]) -> list[list[int]]:
    """Ids of each moment's boxes, -1 for none, as our adapter of the library gave them."""
    sv, library = pytest.importorskip("supervision"), pytest.importorskip("trackers")
    follower = library.ByteTrackTracker(
        lost_track_buffer=round(ours.LOST_S * 30),
        frame_rate=5,
        track_activation_threshold=ours.SURE,
        minimum_consecutive_frames=1,
        minimum_iou_threshold=ours.MIN_BIOU,
        high_conf_det_threshold=ours.SURE,
        iou=library.BIoU(buffer_ratio=ours.BUFFER_RATIO),
    )
    next_id, answers = 0, []
    for now_s, boxes_N4, scores_N in moments:
        found = follower.update(
            sv.Detections(
                xyxy=boxes_N4, confidence=scores_N, data={"row": np.arange(len(boxes_N4))}
            ),
            timestamp=now_s,
        )
        ids_N = np.full(len(boxes_N4), -1)
        if len(found):
            ids_N[found.data["row"]] = found.tracker_id
        # The library names a track at its second box, we at its first.
        for track in follower.tracks:
            if track.tracker_id == -1:
                away_N = np.abs(boxes_N4 - track.get_state_bbox()).sum(axis=1)
                away_N[ids_N >= 0] = np.inf
                track.tracker_id = ids_N[away_N.argmin()] = next_id
                next_id += 1
        answers.append(ids_N.tolist())
    return answers


@pytest.mark.parametrize("steady", [True, False])
@pytest.mark.parametrize(("seed", "num"), [(1, 1), (2, 8), (3, 30), (4, 80)])
def test_the_same_ids_as_the_library(seed: int, num: int, steady: bool, frame_at: FrameAt) -> None:
    moments = list(traffic(seed, num, steady))
    assert all(later[0] > earlier[0] for earlier, later in pairwise(moments))
    follower = CameraTracker(5)
    answers = []
    for now_s, boxes_N4, scores_N in moments:
        seen = Detections(
            boxes_N4.astype(np.float32),
            scores_N,
            np.full(len(boxes_N4), CLASSES.index("car")),
            np.empty((0, 4), np.float32),
        )
        ids_N = np.full(len(boxes_N4), -1)
        for box in follower.update(frame_at(now_s), seen):
            ids_N[box.detection] = box.track_id
        answers.append(ids_N.tolist())
    rounded = [(now_s, boxes.astype(np.float32).astype(float), s) for now_s, boxes, s in moments]
    assert answers == theirs(rounded)
    assert max(max(ids, default=0) for ids in answers) >= min(num, 2) - 1
