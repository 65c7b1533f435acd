"""Wall times of live frames: what holds whatever arrives, and how well delay is taken out."""

from __future__ import annotations

import itertools
import struct
import time
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.ingest.anchor import MAX_DELAY_S, Anchor
from yanji.ingest.fake import FakeClock
from yanji.ingest.lag import CLOCK_DRIFT
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_server import serve_folder
from yanji.ingest.sender_report import FARTHEST_S, SenderReports
from yanji.ingest.stream_clock import StreamClock

STARTED_NS = 1_795_132_800 * 10**9

steps_s = st.one_of(st.floats(0.0, 1.0), st.just(0.0), st.floats(0.0, 30.0))
histories = st.lists(st.tuples(steps_s, steps_s, st.booleans()), max_size=60)


def walls(frames: list[tuple[float, float]]) -> list[int]:
    """Wall times of frames of (arrival, stream time) in seconds."""
    anchor = Anchor(STARTED_NS, frames[0][0])
    return [anchor.wall_ns(arrival_s, stream_s) for arrival_s, stream_s in frames]


@given(histories)
@settings(deadline=None)
def test_times_never_fall_and_lie_between_arrival_and_the_longest_delay(history):
    arrival_s, stream_s = 100.0, 0.0
    anchor = Anchor(STARTED_NS, arrival_s)
    given_ns = [anchor.wall_ns(arrival_s, stream_s)]
    assert given_ns[0] == STARTED_NS
    for arrival_step_s, stream_step_s, stamped in history:
        arrival_s += arrival_step_s
        stream_s += stream_step_s
        given_ns.append(anchor.wall_ns(arrival_s, stream_s, stamped=stamped))
        arrival_ns = STARTED_NS + round((arrival_s - 100.0) * 1e9)
        assert given_ns[-2] <= given_ns[-1] <= arrival_ns + 1
        assert given_ns[-1] >= arrival_ns - MAX_DELAY_S * 1e9 - 1
        assert 0.0 <= anchor.delay_s <= MAX_DELAY_S


@given(histories, st.floats(0.0, 5.0))
@settings(deadline=None)
def test_delay_after_the_least_delayed_frame_moves_no_time_but_by_the_drift(history, quiet_s):
    first = Anchor(STARTED_NS, 0.0)
    assert first.wall_ns(0.0, 0.0) == STARTED_NS
    stream_s = arrival_s = 0.0
    for _, step_s, _ in history:
        stream_s += min(step_s, 1.0)
        arrival_s = max(arrival_s, stream_s + quiet_s)
        wall_s = (first.wall_ns(arrival_s, stream_s) - STARTED_NS) / 1e9
        assert stream_s - 1e-6 <= wall_s <= stream_s + arrival_s * CLOCK_DRIFT + 1e-6


@given(st.lists(st.floats(-40, 40), min_size=1, max_size=80))
@settings(deadline=None)
def test_whatever_stamps_a_camera_sends_its_frames_stay_in_order(stamps_s):
    stream, anchor = StreamClock(25.0), Anchor(STARTED_NS, 0.0)
    times = [
        anchor.wall_ns(number * 0.04, stream.stream_s(stamp_s))
        for number, stamp_s in enumerate(stamps_s)
    ]
    assert all(one <= two for one, two in itertools.pairwise(times))


def test_a_burst_at_the_start_is_late_by_the_burst_and_mends_what_follows():
    burst = [(10.0, number / 25) for number in range(26)]  # one second came at once
    steady = [(10.0 + number / 25, 1.0 + number / 25) for number in range(1, 50)]
    times = walls(burst + steady)
    assert set(times[:26]) == {STARTED_NS}
    assert times[-1] == pytest.approx(STARTED_NS + 49 / 25 * 1e9, abs=1e6)


def test_a_stall_of_eight_seconds_moves_no_time():
    before = [(number / 25, number / 25) for number in range(250)]
    burst = [(18.0, number / 25) for number in range(250, 450)]
    times = walls(before + burst)
    assert times[-1] == pytest.approx(STARTED_NS + 449 / 25 * 1e9, abs=5e6)


def test_a_stream_clock_that_jumps_ahead_or_stands_does_not_stop_time():
    ahead = [(0.0, 0.0), (0.04, 3600.0), (0.08, 3600.04)]
    assert walls(ahead)[-1] == pytest.approx(STARTED_NS + 0.08e9, abs=1e3)
    anchor = Anchor(STARTED_NS, 0.0)
    for number in range(2500):  # stamps say 25 fps, the camera sends 12.5
        wall_ns = anchor.wall_ns(number * 0.08, number * 0.04)
    assert anchor.num_moved == 9
    assert wall_ns >= STARTED_NS + (2499 * 0.08 - MAX_DELAY_S) * 1e9


@pytest.mark.parametrize("drift", [-1e-4, 0.0, 1e-4], ids=["slow", "right", "fast"])
def test_an_hour_of_jitter_and_drift_errs_by_milliseconds(drift):
    """Delays of 0.1 s and more (mean 0.15 s on top, a stall now and then): arrival errs by them,
    the anchored time by the least of them alone, which is a constant part of the offset."""
    random = np.random.default_rng(5)
    exposed_N = np.arange(0.0, 3600.0, 0.2)
    delay_N = 0.1 + random.exponential(0.15, len(exposed_N))
    delay_N += np.where(random.random(len(exposed_N)) < 0.002, random.uniform(0, 5, 1), 0.0)
    arrival_N = np.maximum.accumulate(exposed_N + delay_N)
    stream_N = exposed_N * (1.0 + drift)
    anchor = Anchor(round(arrival_N[0] * 1e9), float(arrival_N[0]))
    wall_N = np.array(
        [
            anchor.wall_ns(float(arrival), float(stream)) / 1e9
            for arrival, stream in zip(arrival_N, stream_N, strict=True)
        ]
    )
    error_N = (wall_N - exposed_N - 0.1)[50:]  # after ten seconds
    assert np.abs(error_N).max() < 0.05
    assert (arrival_N - exposed_N - 0.1)[50:].max() > 0.5  # what it was before


@given(
    st.floats(0.05, 0.5),
    st.floats(0.05, 0.5),
    st.floats(-1e-4, 1e-4),
    st.integers(0, 2**32 - 1),
)
@settings(deadline=None, max_examples=30)
def test_two_cameras_times_of_one_event_agree_once_their_delays_are_known(
    one_s, two_s, drift, seed
):
    """Goal 1 of docs/design/time.md, live: the known delay is the camera's offset."""
    random = np.random.default_rng(seed)
    event_s, seen_s = 1800.0, []
    for delay_s, rate, fps in ((one_s, drift, 5.0), (two_s, -drift, 12.5)):
        exposed_N = np.arange(0.0, event_s + 1, 1 / fps)
        late_N = random.exponential(0.2, len(exposed_N))
        late_N[0] = 0.0  # the start of a run is dated back, see `Burst`
        arrival_N = np.maximum.accumulate(exposed_N + delay_s + late_N)
        anchor = Anchor(round(arrival_N[0] * 1e9), float(arrival_N[0]))
        for exposed, arrival in zip(exposed_N.tolist(), arrival_N.tolist(), strict=True):
            wall_ns = anchor.wall_ns(arrival, exposed * (1.0 + rate))
            if exposed >= event_s:
                seen_s.append(wall_ns / 1e9 - delay_s - (exposed - event_s))
                break
    assert seen_s == pytest.approx([event_s, event_s], abs=0.25)


def test_a_step_of_the_hosts_clock_is_measured():
    clock = FakeClock()
    anchor = Anchor(clock.wall_ns(), clock.monotonic_s())
    clock.advance(3600)
    assert anchor.host_step_s(clock) == 0.0
    clock.set_wall(-2.5)
    assert anchor.host_step_s(clock) == pytest.approx(-2.5)


def test_a_reading_that_was_interrupted_is_no_step():
    class Stopped(FakeClock):
        """Stopped for a minute between every two looks at a clock, as by SIGSTOP."""

        def wall_ns(self) -> int:
            self.advance(60)
            return super().wall_ns()

    clock = Stopped()
    anchor = Anchor(clock.wall_ns(), clock.monotonic_s())
    assert anchor.host_step_s(clock) == 0.0


@dataclass
class Stamped:
    """As much of a packet as `SenderReports` looks at."""

    pts: int | None
    camera_us: int | None
    time_base: Fraction = Fraction(1, 1000)

    def has_sidedata(self, kind: str) -> bool:
        return self.camera_us is not None

    def get_sidedata(self, kind: str) -> bytes:
        assert kind == "prft"
        assert self.camera_us is not None
        return struct.pack("=qi", self.camera_us, 24)


def read(reports: SenderReports, packet: Stamped) -> None:
    reports.read(cast(Any, packet))


def test_reports_tell_how_far_the_cameras_clock_is_from_the_hosts():
    reports = SenderReports()
    assert reports.seen(1.0, STARTED_NS) is False
    read(reports, Stamped(2000, (STARTED_NS // 1000) + 1_500_000))
    assert reports.seen(None, STARTED_NS) is False
    # A frame one second after the reported one: the camera then showed 2.5 s past the start.
    assert reports.seen(3.0, STARTED_NS + 3 * 10**9) is True
    assert reports.camera_ahead_s == pytest.approx(-0.5)
    assert reports.seen(4.0, STARTED_NS) is False
    read(reports, Stamped(None, 1))
    read(reports, Stamped(5000, None))
    assert (reports.seen(5.0, STARTED_NS), reports.num_reports) == (False, 1)
    read(reports, Stamped(5000, STARTED_NS // 1000 + 5_250_000))  # what had no stamp comes here
    assert reports.seen(5.0, STARTED_NS + 5 * 10**9) is True
    assert reports.camera_ahead_s == pytest.approx(0.25)


def test_a_camera_that_counts_from_its_start_has_no_clock():
    reports = SenderReports()
    read(reports, Stamped(0, 40_000_000))
    assert reports.seen(0.0, STARTED_NS) is True
    assert reports.camera_ahead_s is None
    assert FARTHEST_S < STARTED_NS / 1e9


def test_reports_of_a_real_server_are_read(make_clip, tmp_path):
    make_clip("gate.mp4", num_frames=25)
    with (
        serve_folder(tmp_path) as server,
        RtspSource("K01", server.url_of("gate.mp4")).connect() as connection,
    ):
        began_s = time.monotonic()
        for _ in connection:
            if connection.camera_ahead_s is not None or time.monotonic() - began_s > 15:
                break
    # Server and reader share a clock; what remains is delay.
    assert connection.camera_ahead_s == pytest.approx(0.0, abs=1.5)
