"""The loop that keeps a camera alive, on simulated time; then once on a real server."""

from __future__ import annotations

import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from yanji.configs.errors import CredentialsError, NotAVideoError, UnreachableError
from yanji.ingest.backoff import BackoffPolicy
from yanji.ingest.capture import Capture
from yanji.ingest.fake import FakeClock, FakeSource, Play, Refuse
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_script import Script
from yanji.ingest.frame_queue import FrameQueue
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.source import Source

FIRST_NS = 1_800_000_000_000_000_000


class Watched:
    """A capture with everything it hands out."""

    def __init__(self, source: Source, clock: FakeClock, **wanted: object) -> None:
        self.frames: list = []
        self.gaps: list[Gap] = []
        self.states: list[str] = []
        self.source = source
        settings = {
            "analyse_fps": 5,
            "on_frame": self.on_frame,
            "on_gap": self.on_gap,
            "clock": clock,
            "rng": random.Random(1),
        }
        self.capture = Capture(source, **(settings | wanted))

    def on_frame(self, frame) -> bool:
        self.frames.append(frame)
        return False

    def on_gap(self, gap: Gap) -> None:
        self.gaps.append(gap)
        self.states.append(self.capture.stats().state)

    def play(self) -> Watched:
        self.capture.start()
        assert self.source.done.wait(10)
        assert self.capture.stop()
        return self


def play(script, **wanted) -> tuple[Watched, FakeSource, FakeClock]:
    clock = FakeClock()
    source = FakeSource("K01", script, clock=clock)
    return Watched(source, clock, **wanted).play(), source, clock


def test_a_gap_spans_last_frame_to_first_frame_and_each_connection_is_a_run():
    watched, source, _ = play([Play(51), Play(26)])
    opened, closed = watched.gaps[:2]
    last_ns = FIRST_NS + 50 * 40_000_000
    assert opened == Gap("K01", last_ns, None, "lost")
    second = next(frame for frame in watched.frames if frame.wall_ns > last_ns)
    assert closed == replace(opened, to_ns=second.wall_ns)
    assert second.number == 0
    assert 0.85e9 <= closed.to_ns - closed.from_ns <= 1.0e9
    assert len({frame.run.run_id for frame in watched.frames}) == 2
    assert watched.capture.stats().num_reconnects == 1
    assert source.num_open == 0
    assert watched.gaps[2].to_ns is None  # the script is over: down when it was stopped
    assert len(watched.gaps) == 3


def test_only_sampled_frames_are_handed_on_and_all_are_counted():
    watched, _, _ = play([Play(100)])
    assert [frame.number for frame in watched.frames] == list(range(0, 100, 5))
    stats = watched.capture.stats()
    assert (stats.num_frames, stats.num_analysed, stats.num_dropped) == (100, 20, 0)


def test_a_camera_that_never_answers_has_one_gap_from_the_first_try():
    error = UnreachableError("rtsp://fake/ does not answer")
    watched, _, _ = play([Refuse(error, after_s=5)] * 4 + [Play(1)])
    opened, closed = watched.gaps[:2]
    assert opened == Gap("K01", FIRST_NS, None, "unreachable")
    assert closed.from_ns == FIRST_NS
    assert closed.to_ns == watched.frames[0].wall_ns
    assert closed.to_ns - FIRST_NS > 20e9
    assert watched.states[:2] == ["down", "up"]


def test_an_outage_is_told_by_what_keeps_the_camera_away():
    error = UnreachableError("rtsp://fake/ sends its readers elsewhere", code="redirect")
    later = CredentialsError("refused")
    watched, _, _ = play([Play(3), Refuse(error), Refuse(later), Play(3)])
    assert [gap.cause for gap in watched.gaps[:3]] == ["lost", "redirect", "redirect"]
    assert [gap.to_ns is None for gap in watched.gaps[:3]] == [True, True, False]
    assert len({gap.from_ns for gap in watched.gaps[:3]}) == 1


def test_a_camera_that_took_the_password_before_is_asked_again_soon():
    error = CredentialsError("refused")
    watched, _, _ = play([Play(3), Refuse(error), Play(3), Refuse(error), Refuse(error), Play(3)])
    closed = [gap for gap in watched.gaps if gap.to_ns is not None]
    assert closed[0].to_ns - closed[0].from_ns <= 15e9
    assert closed[1].to_ns - closed[1].from_ns > 50e9


def test_an_inherited_gap_is_closed_by_the_first_frame():
    before = Gap("K01", FIRST_NS - 15_000_000_000, None, "worker")
    watched, _, _ = play([Play(3)], open_gap=before)
    assert watched.gaps[0] == replace(before, to_ns=FIRST_NS)


def test_a_gap_never_ends_before_it_began_though_the_clock_was_set_back():
    clock = FakeClock()
    source = FakeSource("K01", [Play(3), Play(3)], clock=clock)
    watched = Watched(source, clock)
    keep = watched.capture._on_gap

    def jump_back(gap: Gap) -> None:
        keep(gap)
        if gap.to_ns is None:
            clock.set_wall(-3600)

    watched.capture._on_gap = jump_back
    watched.play()
    assert watched.gaps[1].to_ns == watched.gaps[1].from_ns


@pytest.mark.parametrize(
    ("error", "state"),
    [(CredentialsError("refused"), "credentials"), (NotAVideoError("no video"), "down")],
)
def test_what_only_a_person_can_mend_is_tried_slowly(error, state):
    watched, _, clock = play([Refuse(error), Refuse(error), Play(1)])
    assert watched.states[0] == state
    assert watched.gaps[1].to_ns - watched.gaps[1].from_ns > 2 * 50e9
    assert clock.monotonic_s() > 100


def test_a_flapping_camera_is_tried_at_most_seven_times_a_minute():
    clock = FakeClock()
    source = FakeSource("K01", [Play(126)] * 100, clock=clock)  # 5 s each
    Watched(source, clock).play()
    minutes = clock.monotonic_s() / 60
    assert source.num_connects / minutes < 7
    assert source.num_open == 0


def test_stats_tell_rates_lag_and_problem():
    clock = FakeClock()
    seen = []
    source = FakeSource("K01", [Play(500), Play(1)], clock=clock)
    watched = Watched(source, clock)
    watched.capture._on_frame = lambda frame: bool(seen.append(watched.capture.stats()))
    watched.play()
    up = seen[90]
    assert up.state == "up"
    assert up.problem == ""
    assert up.fps_in == pytest.approx(25, rel=0.05)
    assert up.fps_analysed == pytest.approx(5, rel=0.1)
    assert up.lag_s == pytest.approx(0, abs=0.01)
    assert up.last_frame_s == pytest.approx(90 * 0.2)
    down = watched.capture.stats()
    assert down.state == "down"
    assert down.problem
    assert down.lag_s == 0
    clock.advance(60)
    assert watched.capture.stats().fps_in < 0.01


def test_a_slow_consumer_costs_frames_not_memory():
    queue = FrameQueue(2)
    watched, _, _ = play([Play(100)], on_frame=queue.put)
    assert len(queue) == 2
    assert watched.capture.stats().num_dropped == 18
    assert [queue.take(0).number, queue.take(0).number] == [90, 95]


def test_a_hundred_reconnects_leak_nothing():
    before = threading.active_count()
    files = len(list(Path("/proc/self/fd").iterdir()))
    watched, source, _ = play([Play(2)] * 100)
    assert source.num_connects == 100
    assert source.num_open == 0
    assert watched.capture.stats().num_reconnects == 99
    assert len(watched.gaps) == 199
    assert threading.active_count() == before
    assert len(list(Path("/proc/self/fd").iterdir())) <= files


def test_stopping_is_prompt_while_waiting_and_bounded_while_hanging():
    from yanji.ingest.clock import SystemClock

    source = FakeSource("K01", [], clock=FakeClock())
    slow = BackoffPolicy(first_s=60, cap_s=60)
    waiting = Watched(source, SystemClock(), policy=slow)
    waiting.capture.start()
    assert source.done.wait(5)
    began = time.monotonic()
    assert waiting.capture.stop()
    assert time.monotonic() - began < 0.5

    class Hanging:
        camera_id = "K02"
        release = threading.Event()
        entered = threading.Event()

        def connect(self):
            self.entered.set()
            self.release.wait(10)
            raise UnreachableError("late")

    hanging = Watched(Hanging(), SystemClock())
    hanging.capture.start()
    assert Hanging.entered.wait(5)
    began = time.monotonic()
    assert not hanging.capture.stop(0.2)
    assert time.monotonic() - began < 1
    Hanging.release.set()
    hanging.capture._thread.join(5)
    assert hanging.gaps == []  # an abandoned capture calls nothing back


def test_a_real_server_that_dies_and_comes_back(make_clip, tmp_path):
    make_clip("gate.mp4", num_frames=25)
    queue, gaps, closed = FrameQueue(), [], threading.Event()

    def on_gap(gap: Gap) -> None:
        gaps.append(gap)
        if gap.to_ns is not None:
            closed.set()

    with serve_folder(tmp_path) as server:
        source = RtspSource("K01", server.url_of("gate.mp4"), limits=RtspLimits(1, 1, 2))
        capture = Capture(
            source,
            analyse_fps=5,
            on_frame=queue.put,
            on_gap=on_gap,
            policy=BackoffPolicy(first_s=0.1, cap_s=0.3),
        )
        capture.start()
        first = queue.take(10)
        assert first is not None
    with serve_folder(tmp_path, port=server.port):
        assert closed.wait(20)
        while (later := queue.take(10)) is not None and later.run == first.run:
            pass
        assert later is not None
        assert capture.stats().state == "up"
        assert capture.stats().num_reconnects == 1
        assert capture.stop(2)
    assert {gap.to_ns is None for gap in gaps[:-1]} == {True}
    assert {gap.cause for gap in gaps} <= {"lost", "unreachable"}
    assert len({gap.from_ns for gap in gaps}) == 1
    assert first.wall_ns <= gaps[-1].from_ns < gaps[-1].to_ns <= later.wall_ns


def test_the_stats_tell_how_far_the_camera_s_own_clock_is_off_while_it_is_up():
    down = threading.Event()
    script = Script(clock_ahead_s=90.0)
    with FakeCamera(script) as camera:
        source = RtspSource("K01", camera.url(), limits=RtspLimits(2, 1, 2))
        capture = Capture(
            source, analyse_fps=5, on_frame=lambda frame: False, on_gap=lambda gap: down.set()
        )
        assert capture.stats().camera_ahead_s is None
        capture.start()
        until_s = time.monotonic() + 20
        while (told_s := capture.stats().camera_ahead_s) is None and time.monotonic() < until_s:
            time.sleep(0.05)
        assert told_s == pytest.approx(90, abs=1.5)
    assert down.wait(20)
    assert capture.stats().camera_ahead_s is None
    assert capture.stop(5)


def test_a_camera_that_tells_no_time_of_its_own_has_no_such_figure():
    watched, _, _ = play([Play(10)])
    assert watched.capture.stats().camera_ahead_s is None
