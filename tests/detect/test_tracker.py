"""Tracks over time: ids, holes, groups, many cameras."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.tracker import HOLE_S, LOST_S, CameraTracker
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import Frame, Run

Seen = Callable[..., Detections]
FrameAt = Callable[..., Frame]


def ids(tracker: CameraTracker, frame: Frame, detections: Detections) -> list[int]:
    boxes = sorted(tracker.update(frame, detections), key=lambda box: box.detection)
    return [box.track_id for box in boxes]


def car(x: float, score: float = 0.8, name: str = "car") -> tuple[str, float, tuple[float, ...]]:
    return (name, score, (x, 100.0, x + 100.0, 180.0))


def test_a_track_exists_from_its_first_box(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    (box,) = tracker.update(frame_at(0), seen([car(0)]))
    assert box.track_id == 0
    assert box.box_xyxy_px == (0, 100, 100, 180)
    assert box.detection == 0
    assert box.score == pytest.approx(0.8)
    assert CLASSES[box.class_number] == "car"


def test_five_frames_a_second_and_a_fast_car_are_one_track(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    # 90 px a frame, almost its own length.
    found = {ids(tracker, frame_at(i * 0.2), seen([car(90.0 * i)]))[0] for i in range(6)}
    assert found == {0}


def test_irregular_times_are_used(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    times = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 2.0, 2.2)
    # 60 px per 0.2 s; over the gap of 1 s it moves 300 px: only its speed tells where it is.
    found = {ids(tracker, frame_at(t), seen([car(300 * t)]))[0] for t in times}
    assert found == {0}


def test_a_hole_ends_tracks_even_of_what_stands_still(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(0.2), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(10.2), seen([car(0)])) == [1]
    assert HOLE_S < 10


def test_a_vehicle_unseen_for_longer_than_a_lamp_post_is_new(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([car(0)])) == [0]
    for i in range(1, 6):
        assert ids(tracker, frame_at(i * 0.2), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(1 + LOST_S - 0.2), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(2 + 2 * LOST_S), seen([car(0)])) == [1]


def test_low_scores_continue_but_do_not_begin(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([car(0, 0.15)])) == []
    assert ids(tracker, frame_at(0.2), seen([car(0, 0.6)])) == [0]
    assert ids(tracker, frame_at(0.4), seen([car(0, 0.15)])) == [0]


def test_a_group_never_takes_over_the_track_of_another(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(0.2), seen([car(0, name="motorcycle")])) == [1]
    # Within a group classes flip freely.
    assert ids(tracker, frame_at(0.4), seen([car(0, name="bicycle")])) == [1]
    assert ids(tracker, frame_at(0.6), seen([car(0, name="truck")])) == [0]


def test_empty_frames(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([])) == []
    assert ids(tracker, frame_at(0.2), seen([car(0)])) == [0]
    assert ids(tracker, frame_at(0.4), seen([])) == []


def test_a_repeated_or_earlier_time_is_survived(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    for when in (1.0, 1.0, 0.5, 1.2):
        assert ids(tracker, frame_at(when), seen([car(0)])) == [0]


def test_cameras_count_on_their_own(frame_at: FrameAt, seen: Seen) -> None:
    one, other = CameraTracker(5), CameraTracker(5)
    assert ids(one, frame_at(0), seen([car(0), car(300)])) == [0, 1]
    assert ids(other, frame_at(0), seen([car(0)])) == [0]


def test_a_rate_that_is_no_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="positive"):
        CameraTracker(0)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0.04, 12),
            st.lists(st.tuples(st.floats(0, 900), st.floats(0.1, 1)), max_size=4),
        ),
        max_size=15,
    )
)
def test_properties(steps: list[tuple[float, list[tuple[float, float]]]]) -> None:
    """Whatever comes: an id at most once a frame, never again after a hole, rows that exist."""
    run = Run("0" * 32, "K01", "file", "x", 0, "b", None)
    picture = ArrayPicture(np.zeros((4, 4, 3), np.uint8))
    tracker = CameraTracker(5)
    now_s, before, ever = 0.0, set[int](), set[int]()
    for gap_s, rows in steps:
        now_s += gap_s
        detections = Detections(
            boxes_N4=np.array([[x, 50, x + 80, 120] for x, _ in rows], np.float32).reshape(-1, 4),
            scores_N=np.array([score for _, score in rows], np.float32),
            classes_N=np.zeros(len(rows), np.int64),
            persons_M4=np.empty((0, 4), np.float32),
        )
        tracked = tracker.update(Frame(run, 0, now_s, 0, picture), detections)
        now = {box.track_id for box in tracked}
        assert len(now) == len(tracked)
        assert len({box.detection for box in tracked}) == len(tracked)
        assert all(0 <= box.detection < len(rows) for box in tracked)
        if gap_s > HOLE_S:
            assert not now & ever
        ever |= now
        before = now
    assert before <= ever


def test_a_faint_two_wheeler_begins_a_track_with_its_rider_only(
    frame_at: FrameAt, seen: Seen
) -> None:
    rider = (20.0, 40.0, 80.0, 160.0)
    for name, score, persons, num in (
        ("motorcycle", 0.06, [rider], 1),
        ("bicycle", 0.06, [rider], 1),
        ("motorcycle", 0.06, [], 0),
        ("motorcycle", 0.04, [rider], 0),
        ("car", 0.2, [rider], 0),
        ("tricycle", 0.2, [rider], 0),
    ):
        found = CameraTracker(5).update(frame_at(0), seen([car(0, score, name)], persons))
        assert len(found) == num, (name, score)
        assert all(box.ridden for box in found)
    (sure,) = CameraTracker(5).update(frame_at(0), seen([car(0, 0.8, "ebike")]))
    assert not sure.ridden
    (parked,) = CameraTracker(5).update(frame_at(0), seen([car(0)], [rider]))
    assert not parked.ridden, "a car has no rider"


def test_a_rider_and_his_machine_are_not_two(frame_at: FrameAt, seen: Seen) -> None:
    rider = (20.0, 40.0, 80.0, 160.0)
    whole = ("motorcycle", 0.5, (0.0, 40.0, 100.0, 180.0))
    machine = car(0, 0.2, "motorcycle")
    tracker = CameraTracker(5)
    assert ids(tracker, frame_at(0), seen([whole, machine], [rider])) == [0]
    # The machine alone would be matched with the track; beside the whole it begins none, later too.
    assert ids(tracker, frame_at(0.2), seen([whole, machine], [rider])) == [0]
    # A surer box of another group is in nobody's way, and a sure one begins its own as ever.
    lorry = ("truck", 0.5, (0.0, 40.0, 100.0, 180.0))
    assert len(CameraTracker(5).update(frame_at(0), seen([lorry, machine], [rider]))) == 2
    both = [whole, car(0, 0.3, "motorcycle")]
    assert len(CameraTracker(5).update(frame_at(0), seen(both, [rider]))) == 2


def test_a_faint_box_takes_no_track_from_a_surer_one(frame_at: FrameAt, seen: Seen) -> None:
    tracker = CameraTracker(5)
    rider = (20.0, 40.0, 80.0, 160.0)
    (first,) = tracker.update(frame_at(0), seen([car(0, 0.5, "motorcycle")]))
    found = seen([car(40, 0.5, "motorcycle"), car(-5, 0.08, "motorcycle")], [rider])
    boxes = {box.detection: box.track_id for box in tracker.update(frame_at(0.2), found)}
    assert boxes[0] == first.track_id, "though the faint one is nearer"
