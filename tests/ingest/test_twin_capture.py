"""A camera read by its sub-stream and its main stream, with two fake cameras for the two."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import psutil
import pytest

from yanji.configs.errors import LostError
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.backoff import BackoffPolicy
from yanji.ingest.credentials import Credentials
from yanji.ingest.fake import FakeClock, FakeSource, Play
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_footage import Scene
from yanji.ingest.fake_script import Script
from yanji.ingest.frame import Frame
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits
from yanji.ingest.twin_capture import TwinCapture
from yanji.ingest.twin_merge import SIZE_WAIT_S
from yanji.ingest.twin_picture import TwinPicture

SHORT = RtspLimits(open_s=2.0, read_s=1.0, silence_s=2.0)
QUICK = BackoffPolicy(first_s=0.1, cap_s=0.3, refused_s=0.3)
PATIENCE_S = 30.0
SUB = Scene(width=160, height=96, gop=25)
MAIN = Scene(width=320, height=192, gop=25)


class Twins:
    """A capture of two fake cameras in real time, with what it hands out."""

    def __init__(
        self, sub: FakeCamera, main: FakeCamera, open_gap: Gap | None = None, **wanted: object
    ) -> None:
        self.frames: list[Frame] = []
        self.gaps: list[Gap] = []
        self.told: list[Frame | Gap] = []
        self.num_behind: list[int] = []
        """Frames of the sub-stream read since the one that is handed on, for each."""
        login = Credentials("root", "geheim")
        self.capture = TwinCapture(
            RtspSource("K01", sub.url(), login, limits=SHORT),
            RtspSource("K01", main.url(), login, limits=SHORT, decode="key_frames"),
            on_frame=self._take,
            on_gap=self._note,
            policy=QUICK,
            open_gap=open_gap,
            **({"analyse_fps": 5} | wanted),  # type: ignore[arg-type]
        )

    def _take(self, frame: Frame) -> bool:
        self.frames.append(frame)
        self.told.append(frame)
        self.num_behind.append(self.capture.stats().num_frames - frame.number)
        return False

    def _note(self, gap: Gap) -> None:
        self.capture.stats()  # must be allowed
        self.gaps.append(gap)
        self.told.append(gap)

    @property
    def of_main(self) -> list[Frame]:
        return [
            frame
            for frame in list(self.frames)
            if isinstance(frame.picture, AvPicture) and frame.picture.width > SUB.width
        ]

    @property
    def of_sub(self) -> list[Frame]:
        return [frame for frame in list(self.frames) if isinstance(frame.picture, TwinPicture)]

    def wait(self, reached: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < deadline, (self.gaps, self.capture.stats())
            time.sleep(0.02)

    def __enter__(self) -> Twins:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.capture.stop(10)


@pytest.fixture
def cameras() -> Iterator[Callable[..., tuple[FakeCamera, FakeCamera]]]:
    with ExitStack() as stack:

        def start(
            sub: Script | None = None, main: Script | None = None
        ) -> tuple[FakeCamera, FakeCamera]:
            small = FakeCamera(sub or Script(scene=SUB))
            large = FakeCamera(main or Script(scene=MAIN))
            return stack.enter_context(small), stack.enter_context(large)

        yield start


def test_both_streams_are_one_run_in_main_pixels(cameras) -> None:
    sub, main = cameras(
        Script(scene=SUB, password=("root", "geheim")),
        Script(scene=MAIN, password=("root", "geheim")),
    )
    with Twins(sub, main) as twins:
        twins.wait(lambda: len(twins.of_main) >= 3 and len(twins.of_sub) >= 10)
        stats = twins.capture.stats()
    frames = twins.frames
    assert {(frame.picture.width, frame.picture.height) for frame in frames} == {(320, 192)}
    assert len({frame.run.run_id for frame in frames}) == 1
    assert {frame.run.source for frame in frames} == {sub.url()}
    assert {frame.run.camera_id for frame in frames} == {"K01"}
    times = [(frame.stream_s, frame.wall_ns, frame.number) for frame in frames]
    assert times == sorted(times)
    # The two began to play within a moment of each other: a key frame each second is where the
    # sub-stream's own clock has it.
    steps = [
        b.stream_s - a.stream_s for a, b in zip(twins.of_main, twins.of_main[1:], strict=False)
    ]
    assert all(0.5 < step < 1.5 for step in steps)
    assert twins.of_main[0].picture.is_key
    assert (stats.state, stats.problem, stats.camera_id) == ("up", "", "K01")
    assert stats.num_analysed >= 13
    assert stats.num_dropped == 0
    assert stats.cpu_s > 0
    assert twins.gaps == []


def test_a_crop_of_a_main_frame_has_the_main_stream_s_pixels(cameras) -> None:
    with Twins(*cameras()) as twins:
        twins.wait(lambda: twins.of_main and twins.of_sub)
    # The quarter of the picture that is red, in either stream, and its sharp edge.
    for frame, width_px in ((twins.of_main[0], 3), (twins.of_sub[0], 8)):
        region = frame.picture.region_bgr(140, 20, 180, 60)
        red = region[10, :, 2].astype(int)
        assert red[:10].min() > 200
        assert red[-10:].max() < 80
        assert ((red > 80) & (red < 190)).sum() <= width_px


def test_a_frame_waits_for_time_to_pass_and_not_for_the_next_one(cameras) -> None:
    with Twins(*cameras(), analyse_fps=0.45) as twins:
        twins.wait(lambda: len(twins.of_sub) >= 3 and twins.of_main)
    behind = [
        num
        for num, frame in zip(twins.num_behind, twins.frames, strict=True)
        if isinstance(frame.picture, TwinPicture)
    ]
    assert max(behind[1:]) < 45, "the next frame to analyse is the 55th after it"


def test_a_main_stream_that_is_down_costs_nothing_but_sharp_crops(cameras) -> None:
    sub, main = cameras()
    with Twins(sub, main) as twins:
        twins.wait(lambda: twins.of_main)
        main.down()
        twins.wait(lambda: "crops come from the sub-stream" in twins.capture.stats().problem)
        assert twins.capture.stats().state == "up"
        seen = len(twins.of_sub)
        twins.wait(lambda: len(twins.of_sub) > seen + 5)
        num_main = len(twins.of_main)
        main.up()
        twins.wait(lambda: len(twins.of_main) > num_main)
        twins.wait(lambda: twins.capture.stats().problem == "")
    assert twins.gaps == []
    assert len({frame.run.run_id for frame in twins.frames}) == 1


def test_without_its_main_stream_a_camera_goes_on_in_its_own_size(cameras) -> None:
    sub, main = cameras(None, Script(mode="refuse"))
    with Twins(sub, main) as twins:
        twins.wait(lambda: len(twins.frames) >= 5)
        assert "refused the user name" in twins.capture.stats().problem
        assert {frame.picture.width for frame in twins.frames} == {160}
        main.script.scene, main.script.mode = MAIN, "play"
        twins.wait(lambda: twins.of_main)
    assert twins.frames[0].stream_s < SIZE_WAIT_S - 1, "waited for a size that nobody sends"
    widths = [frame.picture.width for frame in twins.frames]
    assert widths == sorted(widths)
    runs = [frame.run.run_id for frame in twins.frames]
    cut = widths.index(320)
    assert len(set(runs[:cut])) == len(set(runs[cut:])) == 1
    assert runs[0] != runs[-1]


def test_a_new_size_of_the_main_stream_is_a_new_run_and_no_gap(cameras) -> None:
    sub, main = cameras()
    with Twins(sub, main) as twins:
        twins.wait(lambda: twins.of_main)
        main.script.scene = Scene(width=480, height=288, gop=25)
        twins.wait(lambda: any(frame.picture.width == 480 for frame in twins.of_main))
    by_width = {
        width: {frame.run.run_id for frame in twins.frames if frame.picture.width == width}
        for width in (320, 480)
    }
    assert len(by_width[320]) == len(by_width[480]) == 1
    assert by_width[320] != by_width[480]
    assert twins.gaps == []


def test_streams_of_another_aspect_are_not_combined(cameras) -> None:
    sub, main = cameras(None, Script(scene=Scene(width=320, height=240)))
    with Twins(sub, main) as twins:
        twins.wait(lambda: len(twins.frames) >= 5)
        twins.wait(lambda: "160x96 and 320x240" in twins.capture.stats().problem)
    assert {frame.picture.width for frame in twins.frames} == {160}


def test_a_sub_stream_that_is_down_is_an_outage_and_ends_the_run(cameras) -> None:
    sub, main = cameras()
    with Twins(sub, main) as twins:
        twins.wait(lambda: twins.of_main)
        sub.down()
        twins.wait(lambda: twins.gaps)
        assert twins.capture.stats().state == "down"
        seen = main.num_frames
        twins.wait(lambda: main.num_frames > seen + 40)
        assert not isinstance(twins.told[-1], Frame), "a main frame after the open gap"
        sub.up()
        twins.wait(lambda: len(twins.of_main) >= 2 and twins.gaps[-1].to_ns)
        first_run = twins.frames[0].run.run_id
        twins.wait(lambda: twins.of_main[-1].run.run_id != first_run)
    assert [gap.to_ns is None for gap in twins.gaps][-1] is False
    assert len({frame.run.run_id for frame in twins.frames}) == 2
    opened = next(n for n, told in enumerate(twins.told) if isinstance(told, Gap))
    later = [told for told in twins.told[opened:] if isinstance(told, Frame)]
    assert first_run not in {frame.run.run_id for frame in later}


def test_an_outage_of_a_predecessor_is_closed_by_the_sub_stream(cameras) -> None:
    gap = Gap("K01", 1_700_000_000_000_000_000, None, "worker")
    with Twins(*cameras(), open_gap=gap) as twins:
        twins.wait(lambda: twins.gaps)
    assert twins.gaps[0].from_ns == gap.from_ns
    assert twins.gaps[0].to_ns is not None


def test_sender_reports_place_the_main_frames(cameras) -> None:
    """Both streams carry the camera's clock; the main one is sent a third of a second late."""
    late_s = 0.35
    sub, main = cameras(
        Script(scene=SUB, clock_ahead_s=0.0), Script(scene=MAIN, clock_ahead_s=-late_s)
    )
    with Twins(sub, main) as twins:
        twins.wait(lambda: len(twins.of_main) >= 4)
        assert twins.capture._ahead_s() == pytest.approx(-late_s, abs=0.15)
    assert twins.capture._merge.counts.num_main >= 4


def test_stopping_ends_both_threads_and_nothing_is_left(cameras) -> None:
    process = psutil.Process()
    sub, main = cameras()

    def left() -> tuple[int, int]:
        return threading.active_count(), process.num_fds()

    def once() -> None:
        with Twins(sub, main) as twins:
            twins.wait(lambda: twins.of_main)
        seen = len(twins.told)
        time.sleep(0.1)
        assert len(twins.told) == seen, "called back after it was stopped"

    once()
    deadline = time.monotonic() + PATIENCE_S
    before = left()
    for _ in range(3):
        once()
    while left() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left()[0] <= before[0]
    assert left()[1] <= before[1]


def test_stopping_before_the_start_is_fine() -> None:
    clock = FakeClock()
    sources = [FakeSource("K01", [Play(3)], clock=clock) for _ in range(2)]
    capture = TwinCapture(
        *sources, analyse_fps=5, on_frame=lambda _: False, on_gap=lambda _: None, clock=clock
    )
    assert capture.stats().state == "connecting"
    assert capture.stop()


def test_a_thread_that_hangs_shows_whichever_it_is() -> None:
    clock = FakeClock()
    hanging, free = threading.Event(), threading.Event()

    class Hanging(FakeSource):
        def connect(self):
            hanging.set()
            free.wait(PATIENCE_S)
            raise LostError("freed")

    class Later(FakeSource):
        def connect(self):
            assert hanging.wait(PATIENCE_S)
            return super().connect()

    sub = Later("K01", [Play(200, interval_s=1.0)], clock=clock)
    capture = TwinCapture(
        sub,
        Hanging("K01", [], clock=clock),
        analyse_fps=5,
        on_frame=lambda _: False,
        on_gap=lambda _: None,
        clock=clock,
    )
    capture.start()
    assert hanging.wait(PATIENCE_S)
    assert sub.done.wait(PATIENCE_S)
    assert clock.monotonic_s() - capture.stats().alive_s > 100
    assert not capture.stop(0.1)
    free.set()
    assert capture.stop(10)
