"""Which frames of a camera are analysed when nothing moves, or when there is too much to do."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest

from yanji.ingest.analysed_rate import AnalysedRate
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.capture import Capture
from yanji.ingest.fake import FakeClock, FakeSource, Play
from yanji.ingest.frame import Frame
from yanji.ingest.motion import MotionGate
from yanji.ingest.sample import Sampler

ROAD = np.random.default_rng(1).integers(60, 70, (540, 960, 3), np.uint8)


def street(x: int | None = None, size: int = 30) -> ArrayPicture:
    """A road with the noise of its surface; perhaps a bright vehicle on it."""
    image = ROAD.copy()
    if x is not None:
        image[300 : 300 + size, x : x + size] = 200
    return ArrayPicture(image)


def test_a_quiet_road_passes_once_a_second_and_a_vehicle_at_once() -> None:
    gate = MotionGate()
    passed = [n for n in range(20) if gate.passes(street(), n * 0.2)]
    assert passed == [0, 5, 10, 15]
    assert gate.passes(street(100), 4.2)
    assert gate.passes(street(140), 4.4)
    assert not gate.passes(street(140), 4.6), "it stopped"
    assert gate.passes(street(), 4.8), "it is gone"


def test_slow_movement_adds_up() -> None:
    gate = MotionGate(rest_s=1e9)
    assert gate.passes(street(100, 120), 0)
    passed = [n for n in range(1, 40) if gate.passes(street(100 + n, 120), n * 0.2)]
    assert passed
    assert max(later - one for one, later in pairwise(passed)) <= 12


def test_noise_of_a_sensor_is_no_movement_and_a_new_size_is() -> None:
    rng = np.random.default_rng(2)
    gate = MotionGate()
    assert gate.passes(street(), 0)
    noisy = ROAD + rng.integers(0, 8, ROAD.shape, np.uint8)
    assert not gate.passes(ArrayPicture(noisy), 0.2)
    assert gate.passes(ArrayPicture(noisy[:360, :640].copy()), 0.4)


def test_the_rate_falls_under_load_and_comes_back() -> None:
    rate = AnalysedRate(2, 5, 0)
    seen = [rate.note(0.2 * n, dropped=True, lag_s=0) for n in range(60)]
    assert seen[0] == 5
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 2, "not below the floor"
    assert len(set(seen)) == 6, "in steps, not at every frame"
    after = [rate.note(12 + 0.2 * n, dropped=False, lag_s=0) for n in range(60 * 5)]
    assert after[0] == 2
    assert after == sorted(after)
    assert after[-1] == 5, "not above the ceiling"


def test_lag_counts_as_load_and_a_burst_does_not() -> None:
    rate = AnalysedRate(1, 5, 0)
    assert rate.note(5, dropped=False, lag_s=0.5) == 5
    assert rate.note(6, dropped=False, lag_s=3) == 4


@pytest.mark.parametrize(("floor_fps", "ceiling_fps"), [(0, 5), (6, 5), (-1, 5)])
def test_a_floor_above_the_ceiling_is_refused(floor_fps: float, ceiling_fps: float) -> None:
    with pytest.raises(ValueError, match="not 0 <"):
        AnalysedRate(floor_fps, ceiling_fps, 0)


def test_a_sampler_changes_its_rate_without_doubles_or_holes() -> None:
    sampler = Sampler(5)
    taken = []
    for number in range(25 * 12):
        when_s = number / 25
        if when_s == 4:
            sampler.analyse_fps = 2
        if when_s == 8:
            sampler.analyse_fps = 5
        if sampler.take(when_s):
            taken.append(when_s)
    steps = [later - one for one, later in pairwise(taken)]
    assert min(steps) > 0.03
    assert max(steps) <= 0.5 + 0.04
    assert sum(4.5 < when_s <= 7.5 for when_s in taken) == 6
    assert sum(9 < when_s <= 11 for when_s in taken) == 10


def captured(frames: list[Frame], *, still: bool, dropped: bool = False, **wanted: object) -> None:
    clock = FakeClock()
    source = FakeSource("K01", [Play(25 * 20, still=still)], clock=clock)

    def take(frame: Frame) -> bool:
        frames.append(frame)
        return dropped

    capture = Capture(
        source,
        analyse_fps=5,
        on_frame=take,
        on_gap=lambda gap: None,
        clock=clock,
        rng=random.Random(1),
        **wanted,  # type: ignore[arg-type]
    )
    capture.start()
    assert source.done.wait(20)
    assert capture.stop(5)


@pytest.mark.parametrize(
    ("still", "dropped", "wanted", "least", "most"),
    [
        (True, False, {}, 100, 100),
        (True, False, {"motion_gate": True}, 20, 20),
        (False, False, {"motion_gate": True}, 100, 100),
        (True, False, {"analyse_fps_min": 2}, 34, 40),
        (False, False, {"analyse_fps_min": 2}, 100, 100),
        (False, True, {"analyse_fps_min": 2}, 45, 55),
        (False, True, {}, 100, 100),
    ],
)
def test_a_capture_hands_on_what_is_worth_it(
    still: bool, dropped: bool, wanted: dict[str, object], least: int, most: int
) -> None:
    frames: list[Frame] = []
    captured(frames, still=still, dropped=dropped, **wanted)
    assert least <= len(frames) <= most
