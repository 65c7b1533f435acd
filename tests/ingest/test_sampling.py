"""Sampler, stream clock, rate, lag, back-off, queue: the small parts."""

from __future__ import annotations

import random
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.av_picture import upright_turn_deg
from yanji.ingest.backoff import Backoff, BackoffPolicy
from yanji.ingest.boot import boot_id, read_boot_id
from yanji.ingest.clock import SystemClock
from yanji.ingest.fake import FakeClock, FakeSource
from yanji.ingest.frame_queue import FrameQueue
from yanji.ingest.lag import Lag
from yanji.ingest.rate import Rate
from yanji.ingest.sample import Sampler
from yanji.ingest.stream_clock import StreamClock


def taken(analyse_fps: float, times_s: list[float]) -> list[float]:
    sampler = Sampler(analyse_fps)
    return [time_s for time_s in times_s if sampler.take(time_s)]


@pytest.mark.parametrize(
    ("rate", "wanted", "expected"),
    [
        (25, 5, 3000),
        (30, 5, 3000),
        (29.97, 5, 3000),
        (12.5, 5, 3000),
        (25, 8, 4800),
        (3, 5, 1800),
        (25, 25, 15000),
        (60, 0.5, 300),
    ],
)
def test_ten_minutes_of_any_rate_give_what_was_asked(rate, wanted, expected):
    times_s = [n / rate for n in range(round(600 * rate))]
    assert abs(len(taken(wanted, times_s)) - expected) <= 1
    to_ms = [round(time_s, 3) for time_s in times_s]  # as Matroska stores them
    assert abs(len(taken(wanted, to_ms)) - expected) <= 1


@given(
    st.lists(st.floats(0.0, 3.0), min_size=1, max_size=200),
    st.sampled_from([0.5, 1.0, 4.0, 5.0, 12.0]),
)
def test_never_two_frames_for_one_slot_and_a_due_frame_is_taken(steps_s, wanted):
    times_s = list(np.cumsum(steps_s))
    chosen = taken(wanted, times_s)
    assert chosen[0] == times_s[0]
    slots = [int(np.floor((time_s + 0.001) * wanted)) for time_s in chosen]
    assert slots == sorted(set(slots))
    assert set(slots) == {int(np.floor((time_s + 0.001) * wanted)) for time_s in times_s}


def test_a_jump_gives_one_frame_not_a_burst():
    assert taken(5, [0, 0.04, 100, 100.04, 100.08, 100.2]) == [0, 100, 100.2]
    with pytest.raises(ValueError, match="above 0"):
        Sampler(0)


def test_stream_clock_repairs_stamps():
    clock = StreamClock(25)
    # missing, first, next, disordered, hole, looped back to the start, on from there
    stamps = [None, 7.0, 7.04, 7.02, 9.0, 7.0, 7.04, None]
    times = [clock.stream_s(stamp) for stamp in stamps]
    expected = [0, 0.04, 0.08, 0.08, 2.04, 2.08, 2.12, 2.16]
    assert times == pytest.approx(expected)
    assert clock.num_repaired == 4


def test_live_stamps_are_believed_as_far_as_arrivals_bear_them_out():
    clock = StreamClock(25)
    # first, next, an hour ahead, on from there, an hour back, a real hole of 5 s, no stamp
    stamps = [3.0, 3.04, 3603.0, 3603.04, 3.2, 8.2, None]
    arrivals = [0.0, 0.04, 0.08, 0.12, 0.2, 5.2, 5.3]
    times = [clock.stream_s(*both) for both in zip(stamps, arrivals, strict=True)]
    assert times == pytest.approx([0, 0.04, 0.08, 0.12, 0.2, 5.2, 5.3])
    assert clock.num_repaired == 3
    burst = StreamClock(25)
    assert [burst.stream_s(n * 0.04, 0.0) for n in range(50)][-1] == pytest.approx(1.96)


@given(st.lists(st.one_of(st.none(), st.floats(-1e5, 1e5)), min_size=1))
def test_live_stream_time_never_falls_nor_races(stamps):
    clock = StreamClock(25)
    times = [clock.stream_s(stamp, 0.04 * number) for number, stamp in enumerate(stamps)]
    assert times == sorted(times)
    assert times[-1] <= 0.05 * len(stamps) + 32


def test_a_live_stream_whose_clock_runs_double_is_not_followed_for_long():
    clock = StreamClock(25)
    times = [clock.stream_s(number * 0.08, number * 0.04) for number in range(25 * 600)]
    assert times[-1] == pytest.approx(600 + 30, abs=2)


@given(st.lists(st.one_of(st.none(), st.floats(-1e5, 1e5)), min_size=1), st.floats(-5, 500))
def test_stream_time_starts_at_zero_and_never_falls(stamps, rate):
    clock = StreamClock(rate)
    times = [clock.stream_s(stamp) for stamp in stamps]
    assert times[0] == 0
    assert times == sorted(times)


def test_rate_follows_and_falls():
    rate = Rate(0.0)
    for number in range(250):
        rate.add(number * 0.04)
        if number > 25:
            assert rate.per_s(number * 0.04) == pytest.approx(25, rel=0.1)
    assert rate.per_s(40) < 0.1
    assert Rate(0.0).per_s(0.0) == 0


def test_lag_grows_when_reading_falls_behind_and_forgives_a_slow_camera_clock():
    lag = Lag()
    for second in range(600):
        lag.add(second, second * 0.9999)
    assert lag.lag_s == pytest.approx(0, abs=1e-6)
    for second in range(600, 660):
        lag.add(second, 600 * 0.9999 + (second - 600) * 0.5)
    assert lag.lag_s == pytest.approx(29.5, abs=0.1)
    for second in range(660, 670):
        lag.add(second, second)
    assert lag.lag_s == pytest.approx(0, abs=0.1)


def test_backoff_grows_to_its_cap_and_forgives_only_what_was_stable():
    policy = BackoffPolicy()
    backoff = Backoff(policy, random.Random(3))
    waits = [backoff.wait_s() for _ in range(8)]
    for wait_s, full_s in zip(waits, [1, 2, 4, 8, 10, 10, 10, 10], strict=True):
        assert 0.9 * full_s <= wait_s <= full_s
    assert len(set(waits[4:])) == 4
    backoff.lost_after(policy.stable_s - 1)
    assert backoff.wait_s() > 8
    backoff.lost_after(policy.stable_s)
    assert backoff.wait_s() <= 1
    assert backoff.wait_s(refused=True) > 50
    assert backoff.wait_s() <= 2
    for _ in range(4):
        backoff.wait_s()
    assert 4 <= backoff.wait_s(tried_s=5) <= 5
    assert 0.9 <= backoff.wait_s(tried_s=13) <= 1


def test_the_queue_serves_cameras_in_turn_and_drops_each_ones_oldest():
    clock = FakeClock()
    queue = FrameQueue(2)
    sources = {name: FakeSource(name, [], clock=clock) for name in ("A", "B")}
    runs = {name: source.run(0) for name, source in sources.items()}
    drops = [
        queue.put(sources[name].frame(runs[name], number, 0.1))
        for name, number in [("A", 0), ("A", 1), ("A", 2), ("B", 0)]
    ]
    assert drops == [False, False, True, False]
    order = [(frame.run.camera_id, frame.number) for frame in iter(lambda: queue.take(0), None)]
    assert order == [("A", 1), ("B", 0), ("A", 2)]
    assert len(queue) == 0
    with pytest.raises(ValueError, match="at least one"):
        FrameQueue(0)


def test_the_queue_wakes_a_waiting_taker():
    queue = FrameQueue()
    source = FakeSource("A", [], clock=FakeClock())
    thread = threading.Timer(0.05, lambda: queue.put(source.frame(source.run(0), 0, 0.1)))
    thread.start()
    assert queue.take(5) is not None
    thread.join()


def test_boot_id_is_the_hosts_or_says_that_it_is_not(tmp_path):
    assert boot_id() == boot_id()
    known = tmp_path / "boot_id"
    known.write_text("6b1f0a3c-9d53-4f4e-8a0e-0d1c2b3a4f5e\n")
    assert read_boot_id(known) == str(uuid.UUID("6b1f0a3c-9d53-4f4e-8a0e-0d1c2b3a4f5e"))
    known.write_text("nonsense")
    assert read_boot_id(known).startswith("process-")
    assert read_boot_id(Path("/nowhere/boot_id")).startswith("process-")


def test_system_clock():
    clock = SystemClock()
    stop = threading.Event()
    assert clock.monotonic_s() <= clock.monotonic_s()
    assert clock.wall_ns() > 1_700_000_000_000_000_000
    assert not clock.wait(stop, 0.001)
    stop.set()
    assert clock.wait(stop, 60)


def test_array_pictures():
    image = np.zeros((36, 64, 3), np.uint8)
    picture = ArrayPicture(image)
    assert (picture.width, picture.height) == (64, 36)
    assert picture.bgr() is image
    assert picture.scaled_bgr(32, 18).shape == (18, 32, 3)
    assert picture.scaled_bgr(128, 72).shape == (72, 128, 3)
    for wrong in (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)):
        with pytest.raises(ValueError, match="not a BGR image"):
            ArrayPicture(wrong)


@pytest.mark.parametrize(
    ("angle", "turn"), [(0, 0), (90, 90), (-90, 270), (180, 180), (-180, 180), (270, 270), (1, 0)]
)
def test_angles(angle, turn):
    assert upright_turn_deg(angle) == turn
