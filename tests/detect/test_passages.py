"""The life of a passage, played with boxes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.detect.passage import Passage, sighting_id_of
from yanji.detect.passages import PassageBuilder, vote_class
from yanji.detect.tracker import CameraTracker
from yanji.ingest.frame import Frame, Run

Seen = Callable[..., Detections]
FrameAt = Callable[..., Frame]
Scene = Callable[[float], list[tuple[str, float, tuple[float, float, float, float]]]]


@pytest.fixture
def play(run: Run, frame_at: FrameAt, seen: Seen) -> Callable[..., list[Passage]]:
    def play_scene(
        scene: Scene,
        times: Iterable[float],
        builder: PassageBuilder | None = None,
        tracker: CameraTracker | None = None,
        close: bool = True,
    ) -> list[Passage]:
        builder = builder or PassageBuilder(run)
        tracker = tracker or CameraTracker(5)
        passages: list[Passage] = []
        for when in times:
            frame, detections = frame_at(when), seen(scene(when))
            passages += builder.update(frame, tracker.update(frame, detections), detections)
        return passages + (builder.close() if close else [])

    return play_scene


Play = Callable[..., list[Passage]]


def at(x: float, y: float = 100, score: float = 0.8, name: str = "car"):  # type: ignore[no-untyped-def]
    return (name, score, (x, y, x + 100, y + 80))


def seconds(start: float, end: float, fps: float = 5) -> list[float]:
    return [start + i / fps for i in range(round((end - start) * fps) + 1)]


@pytest.mark.parametrize(("speed", "told_s"), [(200, 1.0), (50, 1.2), (10, 2.0), (0, 2.0)])
def test_what_has_moved_is_told_of_a_second_before_what_has_not(
    play: Play, speed: float, told_s: float
) -> None:
    first, *_ = play(lambda t: [at(speed * t)], seconds(0, 6))
    assert first.state == "provisional"
    assert first.last_stream_s == pytest.approx(told_s)


def test_provisional_then_closed_under_the_same_id(play: Play, run: Run) -> None:
    first, last = play(lambda t: [at(50 * t)], seconds(0, 6))
    assert (first.state, last.state) == ("provisional", "closed")
    assert last.last_stream_s == pytest.approx(6.0)
    assert first.sighting_id == last.sighting_id
    assert last.sighting_id == sighting_id_of(run.run_id, 0, (0, 100, 100, 180))
    assert (last.first_frame_number, last.last_frame_number) == (0, 150)
    assert last.last_wall_ns - last.first_wall_ns == 6 * 10**9
    assert last.num_observations == 31
    assert last.vehicle_class == "car"
    assert last.class_score == pytest.approx(1)
    assert not last.stationary
    assert first.crops_changed
    assert 1 <= len(last.crops) <= 3


def test_playing_it_again_gives_the_same_ids(play: Play) -> None:
    def scene(t: float):  # type: ignore[no-untyped-def]
        return [at(50 * t), at(400 - 30 * t, 300)]

    one, two = (play(scene, seconds(0, 5)) for _ in range(2))
    assert [p.sighting_id for p in one] == [p.sighting_id for p in two]
    assert len({p.sighting_id for p in one}) == 2


def test_a_quick_crossing_is_a_sighting_when_it_ends(play: Play) -> None:
    (only,) = play(lambda t: [at(400 * t)], seconds(0, 0.4))
    assert only.state == "closed"
    assert only.num_observations == 3
    assert only.crops_changed
    assert only.crops


@pytest.mark.parametrize(
    ("score", "frames", "num"),
    [(0.9, 1, 0), (0.5, 2, 0), (0.7, 2, 1), (0.38, 3, 0), (0.45, 3, 1), (0.26, 30, 0)],
)
def test_evidence_that_is_needed(play: Play, score: float, frames: int, num: int) -> None:
    times = seconds(0, (frames - 1) / 5)
    assert len({p.sighting_id for p in play(lambda t: [at(150 * t, score=score)], times)}) == num


def test_a_road_sign_that_never_moves_needs_a_better_mean(play: Play) -> None:
    def sign(t: float):  # type: ignore[no-untyped-def]
        return [at(200, score=0.6 if t == 1.0 else 0.3)]

    assert play(sign, seconds(0, 20)) == []
    assert play(
        lambda t: [(*at(40 * t)[:1], 0.6 if t == 1.0 else 0.3, at(40 * t)[2])], seconds(0, 8)
    )


@pytest.mark.parametrize(
    ("score", "until_s", "num"),
    [(0.40, 20, 0), (0.40, 1, 1), (0.45, 20, 1)],
    ids=["a lit flower bed that stays", "the same look, gone at once", "a parked vehicle"],
)
def test_what_stays_without_moving_must_be_surer(
    play: Play, score: float, until_s: float, num: int
) -> None:
    passages = play(lambda t: [at(200, score=score + 0.02 * (t == 0.4))], seconds(0, until_s))
    assert len({p.sighting_id for p in passages}) == num


def test_what_is_smaller_than_twenty_pixels_is_none(play: Play) -> None:
    assert play(lambda t: [("car", 0.8, (t * 9, 10, t * 9 + 18, 28))], seconds(0, 5)) == []


def test_parked_is_one_sighting_flagged_and_refreshed_every_30_s(play: Play) -> None:
    jitter = np.random.default_rng(1)

    def parked(t: float):  # type: ignore[no-untyped-def]
        return [at(200 + jitter.normal(0, 2), 100 + jitter.normal(0, 2))]

    passages = play(parked, seconds(0, 100))
    assert len({p.sighting_id for p in passages}) == 1
    assert [p.stationary for p in passages] == [False] + [True] * (len(passages) - 1)
    times = [p.last_stream_s for p in passages]
    # First at 2 s, flagged stationary at 5 s, then every 30 s, then the end.
    assert times == pytest.approx([2, 5, 35, 65, 95, 100], abs=0.5)
    assert passages[0].crops_changed
    assert not passages[-2].crops_changed


def test_it_drives_off_and_is_no_longer_stationary(play: Play) -> None:
    passages = play(lambda t: [at(100 if t < 10 else 100 + 60 * (t - 10))], seconds(0, 16))
    assert len({p.sighting_id for p in passages}) == 1
    assert any(p.stationary for p in passages)
    assert not passages[-1].stationary


def test_parked_and_hidden_for_a_while_is_still_one(play: Play) -> None:
    def hidden(t: float):  # type: ignore[no-untyped-def]
        return [] if 10 < t < 22 else [at(200)]

    assert len({p.sighting_id for p in play(hidden, seconds(0, 40))}) == 1
    # A hole of the stream, too.
    times = seconds(0, 10) + seconds(22, 40)
    assert len({p.sighting_id for p in play(lambda t: [at(200)], times)}) == 1


def test_parked_hidden_too_long_or_another_group_is_another(play: Play) -> None:
    def hidden(t: float):  # type: ignore[no-untyped-def]
        return [] if 10 < t < 40 else [at(200)]

    def swapped(t: float):  # type: ignore[no-untyped-def]
        return [] if 10 < t < 15 else [at(200, name="car" if t <= 10 else "ebike")]

    assert len({p.sighting_id for p in play(hidden, seconds(0, 50))}) == 2
    assert len({p.sighting_id for p in play(swapped, seconds(0, 30))}) == 2


def test_a_moving_vehicle_that_left_is_closed_soon_with_its_last_time(play: Play) -> None:
    passages = play(lambda t: [at(60 * t)] if t <= 4 else [], seconds(0, 7), close=False)
    assert passages[-1].state == "closed"
    assert passages[-1].last_stream_s == pytest.approx(4)


def test_maximum_length_begins_a_new_sighting(play: Play, run: Run) -> None:
    builder = PassageBuilder(run, max_length_s=10)
    passages = play(lambda t: [at(200)], seconds(0, 25), builder=builder)
    closed = [p for p in passages if p.state == "closed"]
    assert len({p.sighting_id for p in closed}) == 3
    for one, following in pairwise(closed):
        assert 0 < following.first_stream_s - one.last_stream_s < 0.5
    assert all(p.crops for p in closed)


def test_the_last_message_of_every_sighting_is_closed(play: Play) -> None:
    def scene(t: float):  # type: ignore[no-untyped-def]
        return [at(50 * t), at(500 - 80 * t, 300), at(200, 200)]

    last: dict[str, Passage] = {}
    for passage in play(scene, seconds(0, 12)):
        assert last.get(passage.sighting_id, passage).state == "provisional"
        last[passage.sighting_id] = passage
    assert {p.state for p in last.values()} == {"closed"}
    assert len(last) == 3


def test_persons_never_become_passages(run: Run, frame_at: FrameAt, seen: Seen) -> None:
    builder, tracker = PassageBuilder(run), CameraTracker(5)
    passages: list[Passage] = []
    for when in seconds(0, 40):
        person = (100 + 5 * when, 100, 160 + 5 * when, 300)
        frame, detections = frame_at(when), seen([], [person])
        passages += builder.update(frame, tracker.update(frame, detections), detections)
    assert passages + builder.close() == []
    assert builder.num_open == 0


def test_heads_in_crops_are_blurred(run: Run, frame_at: FrameAt, seen: Seen) -> None:
    builder, tracker = PassageBuilder(run), CameraTracker(5)
    for when in seconds(0, 1):
        frame = frame_at(when)
        detections = seen([("ebike", 0.9, (100, 200, 200, 350))], [(110, 100, 190, 330)])
        builder.update(frame, tracker.update(frame, detections), detections)
    (passage,) = builder.close()
    for crop in passage.crops:
        top = crop.image[12:50, 15:90].astype(int)
        assert np.abs(np.diff(top, axis=1)).mean() < 6


def test_frames_of_another_run_are_refused(run: Run, frame_at: FrameAt, seen: Seen) -> None:
    builder = PassageBuilder(run)
    other = replace(frame_at(0.0), run=replace(run, run_id="1" * 32))
    with pytest.raises(ValueError, match="another run"):
        builder.update(other, [], seen([]))


@pytest.mark.parametrize(
    ("score", "rider", "speed", "frames", "num"),
    [
        (0.12, "always", 150, 8, 1),
        (0.12, "half", 150, 8, 1),
        (0.12, "never", 150, 8, 0),
        (0.12, "seldom", 150, 8, 0),
        (0.12, "always", 0, 30, 0),
        (0.12, "always", 150, 3, 0),
        (0.12, "always", 150, 4, 1),
        (0.09, "always", 150, 8, 0),
        (0.04, "always", 150, 30, 0),
        (0.12, "beside", 150, 8, 0),
    ],
)
def test_a_faint_two_wheeler_needs_its_rider(
    run: Run,
    frame_at: FrameAt,
    seen: Seen,
    score: float,
    rider: str,
    speed: float,
    frames: int,
    num: int,
) -> None:
    """A rider in a quarter of the frames is a passer-by; what does not move waits for its score."""
    builder, tracker = PassageBuilder(run), CameraTracker(5)
    passages: list[Passage] = []
    for step in range(frames):
        x = 20 + speed * step / 5
        there = {"always": True, "half": step % 2 == 0, "seldom": step % 4 == 0, "beside": True}
        aside = 200 if rider == "beside" else 0
        person = (x + 5 + aside, 60, x + 45 + aside, 150)
        persons = [person] if there.get(rider, False) else []
        frame, found = (
            frame_at(step / 5),
            seen([("motorcycle", score, (x, 100, x + 50, 180))], persons),
        )
        passages += builder.update(frame, tracker.update(frame, found), found)
    passages += builder.close()
    assert len({p.sighting_id for p in passages}) == num


def test_a_faint_car_with_a_person_on_it_is_none(run: Run, frame_at: FrameAt, seen: Seen) -> None:
    builder, tracker = PassageBuilder(run), CameraTracker(5)
    for step in range(8):
        x = 20 + 12 * step
        found = seen([("car", 0.12, (x, 100, x + 50, 180))], [(x + 5, 60, x + 45, 150)])
        frame = frame_at(step / 5)
        assert tracker.update(frame, found) == []
        builder.update(frame, [], found)
    assert builder.close() == []


def test_no_ebike_without_an_ebike_among_the_votes() -> None:
    """The shipped model has no such class: what it takes for a motorcycle stays one."""
    random = np.random.default_rng(5)
    others = [name for name in CLASSES if name != "ebike"]
    for _ in range(300):
        names = random.choice(others, size=random.integers(1, 5), replace=False)
        votes = {str(name): float(random.random()) + 0.01 for name in names}
        name, share = vote_class(votes)
        assert name != "ebike"
        assert 0 < share <= 1 + 1e-9


@pytest.mark.parametrize(
    ("votes", "expected"),
    [
        ({"car": 3.0, "truck": 1.0}, ("car", 0.75)),
        ({"motorcycle": 3.0, "bicycle": 1.0}, ("motorcycle", 0.75)),
        ({"motorcycle": 1.2, "bicycle": 0.8}, ("two_wheeler", 1.0)),
        ({"motorcycle": 1.2, "bicycle": 0.8, "car": 0.5}, ("two_wheeler", 0.8)),
        ({"ebike": 1.0}, ("ebike", 1.0)),
        ({"ebike": 0.66, "motorcycle": 0.34}, ("ebike", 0.66)),
        ({"ebike": 0.64, "motorcycle": 0.36}, ("two_wheeler", 1.0)),
        ({"ebike": 0.4, "motorcycle": 0.35, "bicycle": 0.25}, ("two_wheeler", 1.0)),
        ({"ebike": 0.3, "motorcycle": 0.7}, ("motorcycle", 0.7)),
        ({"ebike": 1.0, "car": 1.5}, ("car", 0.6)),
        ({"two_wheeler": 1.0}, ("two_wheeler", 1.0)),
    ],
)
def test_vote(votes: dict[str, float], expected: tuple[str, float]) -> None:
    name, share = vote_class(votes)
    assert name == expected[0]
    assert share == pytest.approx(expected[1])


def test_a_passage_tells_which_way_it_went_and_doubts_a_short_or_winding_way(play: Play) -> None:
    def last_of(scene: Scene, until_s: float = 4) -> Passage:
        return play(scene, seconds(0, until_s))[-1]

    straight = last_of(lambda t: [at(60 * t)])
    assert straight.travel is not None
    assert straight.travel.angle_deg == pytest.approx(90, abs=1)
    assert straight.travel.score == pytest.approx(1)
    # 50 px of a box of 89: moved, but not by MIN_MOVED of its size.
    assert last_of(lambda t: [at(10 * t)], until_s=5).travel is None
    # As far in the end, and one track, but down and up again on the way.
    winding = last_of(lambda t: [at(60 * t, 100 + 150 * math.sin(math.pi * t / 2) ** 2)])
    assert winding.num_observations == straight.num_observations
    assert winding.travel is None or winding.travel.score < 0.7
