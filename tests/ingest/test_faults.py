"""Every way a camera misbehaves, played by a fake one: what is said, recorded, and left behind."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import av
import psutil
import pytest

from yanji.configs.errors import CredentialsError, LostError, SourceError, UnreachableError
from yanji.ingest.backoff import BackoffPolicy
from yanji.ingest.capture import Capture
from yanji.ingest.credentials import Credentials
from yanji.ingest.fake import FakeClock, FakeSource, Play
from yanji.ingest.fake_camera import FakeCamera, swallowing_port
from yanji.ingest.fake_camera_process import fake_camera_process
from yanji.ingest.fake_footage import Scene
from yanji.ingest.fake_script import Script
from yanji.ingest.frame import Frame
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits

SHORT = RtspLimits(open_s=2.0, read_s=1.0, silence_s=2.0)
QUICK = BackoffPolicy(first_s=0.1, cap_s=0.3, refused_s=0.3)
PATIENCE_S = 30.0
PASSWORD = "Canary:7@/% geheim#雁"


class Watched:
    """A capture in real time, with what it hands out."""

    def __init__(self, url: str, **wanted: object) -> None:
        self.frames: list[Frame] = []
        self.gaps: list[Gap] = []
        source = RtspSource("K01", url, Credentials("root", PASSWORD), limits=SHORT)
        self.capture = Capture(
            source,
            analyse_fps=25,
            on_frame=self._take,
            on_gap=self.gaps.append,
            policy=QUICK,
            **wanted,  # type: ignore[arg-type]
        )

    def _take(self, frame: Frame) -> bool:
        self.frames.append(frame)
        return False

    def wait(self, reached: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            assert time.monotonic() < deadline, (self.gaps, self.capture.stats())
            time.sleep(0.02)

    def __enter__(self) -> Watched:
        self.capture.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self.capture.stop(10)


def everything_said(error: BaseException) -> str:
    """All that a log or a debugger could print of an error: its causes and all locals, too."""
    told = traceback.TracebackException.from_exception(error, capture_locals=True)
    return "".join(line for line in told.format() if "/tests/" not in line) + repr(vars(error))


def assert_silent(said: str) -> None:
    for secret in ("Canary", "geheim", quote(PASSWORD, safe="")):
        assert secret not in said


def test_every_fault_of_connecting_is_told_in_bounded_time_and_without_the_password(
    caplog, capfd, tmp_path
):
    caplog.set_level(0)
    errors: dict[str, SourceError] = {}
    with ExitStack() as stack:
        urls: dict[str, str] = {}
        for mode in ("mute", "garbage", "drip", "refuse", "redirect", "sound", "hollow"):
            script = Script(mode=mode, drip_s=0.2, elsewhere="rtsp://127.0.0.1:9/")
            urls[mode] = stack.enter_context(FakeCamera(script)).url()
        closed = FakeCamera()
        closed.close()
        urls["closed"] = closed.url()
        urls["swallowed"] = f"rtsp://127.0.0.1:{stack.enter_context(swallowing_port())}/"
        for name, url in urls.items():
            source = RtspSource("K01", url, Credentials("root", PASSWORD), limits=SHORT)
            began = time.monotonic()
            with pytest.raises((UnreachableError, CredentialsError)) as caught:
                source.connect()
            assert time.monotonic() - began < 15, name
            errors[name] = caught.value
        processes = subprocess.run(["ps", "axeww"], capture_output=True, text=True, check=True)
    codes = {name: error.code for name, error in errors.items()}
    assert codes == {
        **dict.fromkeys(("mute", "garbage", "drip", "closed", "swallowed"), "unreachable"),
        **dict.fromkeys(("sound", "hollow"), "no_picture"),
        "refuse": "credentials",
        "redirect": "redirect",
    }
    for error in errors.values():
        assert_silent(everything_said(error))
    assert_silent(caplog.text + "".join(capfd.readouterr()) + processes.stdout)


@pytest.mark.parametrize(
    ("fault", "causes"),
    [
        ("down", {"lost"}),
        ("frozen", {"silent"}),
        ("ends", {"lost"}),
        ("redirect", {"lost", "redirect"}),
        ("refuse", {"lost", "credentials"}),
        ("codec", {"no_picture", "lost"}),
    ],
)
def test_a_camera_that_fails_and_comes_back_has_one_gap_with_its_cause(
    fault, causes, caplog, capfd
):
    caplog.set_level(0)
    with FakeCamera(Script(elsewhere="rtsp://127.0.0.1:9/")) as camera, Watched(camera.url()) as k:
        k.wait(lambda: len(k.frames) > 5)
        if fault == "down":
            camera.down()
        elif fault == "frozen":
            camera.script.frozen = True
        elif fault == "ends":
            camera.script.ends_after = 1
        elif fault == "codec":
            camera.script.scene = Scene(codec="hevc")
        else:
            camera.script.mode = fault
            camera.hang_up()
        k.wait(lambda: bool(k.gaps))
        assert k.capture.stats().problem or fault in ("ends", "codec")
        camera.script.frozen, camera.script.mode, camera.script.ends_after = False, "play", None
        camera.up()
        num_frames = len(k.frames)
        k.wait(lambda: k.gaps[-1].to_ns is not None and len(k.frames) > num_frames)
    assert_silent(caplog.text + "".join(capfd.readouterr()))
    assert_silent(repr((k.gaps, k.capture.stats(), k.frames[0].run, k.capture)))
    assert k.gaps[0].cause in causes
    assert k.gaps[0].to_ns is None
    assert k.gaps[-1].from_ns == k.gaps[-2].from_ns
    times = [frame.wall_ns for frame in k.frames]
    assert times == sorted(times)


def test_a_stopped_and_a_killed_process():
    with fake_camera_process() as (port, process):
        url = f"rtsp://127.0.0.1:{port}/live/1"
        with Watched(url) as k:
            k.wait(lambda: len(k.frames) > 5)
            os.kill(process.pid, signal.SIGSTOP)
            k.wait(lambda: bool(k.gaps))
            assert k.gaps[0].cause == "silent"
            os.kill(process.pid, signal.SIGCONT)
            k.wait(lambda: k.gaps[-1].to_ns is not None)
            process.kill()
            k.wait(lambda: k.gaps[-1].to_ns is None)
            assert k.gaps[-1].cause in ("lost", "silent")


def test_a_camera_that_has_only_udp_is_refused_as_udp_is_never_asked_for():
    with FakeCamera(Script(transports=("udp",))) as camera:
        with pytest.raises(UnreachableError):
            RtspSource("K01", camera.url(), limits=SHORT).connect()
        assert camera.transports_asked
        assert all("TCP" in asked for asked in camera.transports_asked)
        options = {"rtsp_transport": "udp"}  # the fake itself can
        with av.open(camera.url(), options=options, timeout=(10, 10)) as container:
            assert len(list(itertools.islice(container.decode(video=0), 5))) == 5


def test_a_new_size_begins_a_new_run_and_loses_no_time():
    with FakeCamera() as camera, Watched(camera.url()) as k:
        k.wait(lambda: len(k.frames) > 5)
        camera.script.scene = Scene(width=192, height=128)
        k.wait(lambda: k.frames[-1].picture.width == 192)
        k.wait(lambda: k.frames[-1].number > 3)
    assert k.gaps == []
    assert camera.num_connects == 1
    small = [frame for frame in k.frames if frame.picture.width == 160]
    large = [frame for frame in k.frames if frame.picture.width == 192]
    assert k.frames == small + large
    assert len({frame.run.run_id for frame in small}) == 1
    assert {frame.run.run_id for frame in large} != {frame.run.run_id for frame in small}
    first = large[0]
    assert (first.number, first.stream_s, first.run.started_ns) == (0, 0, first.wall_ns)
    assert [frame.number for frame in large] == list(range(len(large)))


@pytest.mark.parametrize(
    "stamp_s",
    [
        lambda media_s: media_s + random.Random(media_s).uniform(-0.3, 0.3),
        lambda media_s: media_s + (3600 if media_s % 1 > 0.5 else 0),
        lambda media_s: media_s if media_s < 1 else media_s + 86_400,
        lambda media_s: media_s if media_s < 1 else media_s - 1,
        lambda media_s: 7.0,
    ],
    ids=["disordered", "to and fro", "ahead", "back", "standing"],
)
def test_whatever_the_stamps_say_time_never_falls_nor_races(stamp_s):
    script = Script(stamp_s=stamp_s)
    with FakeCamera(script) as camera, RtspSource("K01", camera.url()).connect() as connection:
        began = time.monotonic()
        frames = list(itertools.islice(connection, 55))
        passed_s = time.monotonic() - began
    stream_s = [frame.stream_s for frame in frames]
    wall_ns = [frame.wall_ns for frame in frames]
    assert stream_s == sorted(stream_s)
    assert wall_ns == sorted(wall_ns)
    assert stream_s[-1] <= passed_s + 4


def test_b_frames_come_in_the_order_of_showing():
    script = Script(scene=Scene(num_b_frames=2))
    with FakeCamera(script) as camera, RtspSource("K01", camera.url()).connect() as connection:
        frames = list(itertools.islice(connection, 60))
        broken = connection.num_broken
    steps = [later.stream_s - earlier.stream_s for earlier, later in itertools.pairwise(frames[2:])]
    assert broken == 0
    assert steps == pytest.approx([0.04] * len(steps), abs=0.002)


def test_pictures_of_every_codec_are_whole():
    large = Scene(width=640, height=480)
    for scene in (Scene(codec="hevc"), Scene(codec="hevc", num_b_frames=2), large):
        with (
            FakeCamera(Script(scene=scene)) as camera,
            RtspSource("K01", camera.url()).connect() as connection,
        ):
            frames = list(itertools.islice(connection, 20))
            assert connection.num_broken == 0
            assert frames[-1].picture.bgr().shape == (scene.height, scene.width, 3)


def test_an_hour_of_five_seconds_up_and_five_down():
    clock = FakeClock()
    source = FakeSource("K01", [Play(126)] * 400, clock=clock)
    gaps: list[Gap] = []
    capture = Capture(
        source,
        analyse_fps=5,
        on_frame=lambda frame: False,
        on_gap=gaps.append,
        clock=clock,
        rng=random.Random(1),
    )
    threads = threading.active_count()
    files = psutil.Process().num_fds()
    capture.start()
    assert source.done.wait(60)
    assert capture.stop(10)
    assert clock.monotonic_s() >= 3600
    assert source.num_connects / (clock.monotonic_s() / 60) < 7
    closed = [gap for gap in gaps if gap.to_ns is not None]
    assert len(closed) == 399
    assert max(gap.to_ns - gap.from_ns for gap in closed) <= 10e9
    assert source.num_open == 0
    assert threading.active_count() == threads
    assert psutil.Process().num_fds() <= files


def num_live(prefix: str) -> int:
    return sum(thread.name.startswith(prefix) for thread in threading.enumerate())


def reconnect_often(num_times: int) -> tuple[int, int, float]:
    """Lose a camera `num_times`; threads and descriptors left over, and MB grown after a tenth."""
    process = psutil.Process()
    with FakeCamera(Script(ends_after=3, scene=Scene(num_frames=25))) as camera:
        source = RtspSource("K01", camera.url(), limits=SHORT)

        def go_round() -> None:
            with source.connect() as connection, pytest.raises(LostError):
                list(connection)

        def settled() -> tuple[int, int]:
            camera.hang_up()
            deadline = time.monotonic() + PATIENCE_S
            while camera._open and time.monotonic() < deadline:
                time.sleep(0.02)
            return num_live("relay") + num_live("look-up"), process.num_fds()

        for _ in range(num_times // 10):
            go_round()
        threads, files = settled()
        resident = process.memory_info().rss
        for _ in range(num_times - num_times // 10):
            go_round()
        threads_after, files_after = settled()
        grown_mb = (process.memory_info().rss - resident) / 1e6
    return threads_after - threads, files_after - files, grown_mb


def test_reconnects_leak_neither_threads_nor_descriptors():
    threads, files, _ = reconnect_often(20)
    assert threads <= 0
    assert files <= 0


@pytest.mark.slow
def test_a_thousand_reconnects_leak_nothing(capsys):
    threads, files, grown_mb = reconnect_often(1000)
    with capsys.disabled():
        print(f"\n1,000 reconnects: {threads} threads, {files} descriptors, {grown_mb:.1f} MB more")
    assert threads <= 0
    assert files <= 0
    assert grown_mb <= 50


def test_the_process_list_shows_nothing_while_it_plays():
    script = Script(password=("root", PASSWORD))
    with FakeCamera(script) as camera, Watched(camera.url()) as k:
        k.wait(lambda: len(k.frames) > 5)
        shown = Path("/proc/self/cmdline").read_text() + Path("/proc/self/environ").read_text()
        assert "geheim" not in shown + repr(k.capture.stats()) + repr(k.frames[0].run)
