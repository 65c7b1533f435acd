"""All faults in real time, with the limits that ship: `make soak-cameras` prints the table of bars.

`YANJI_SOAK_S` is how long the faults go on, seconds (default 180, an hour at most). Eight cameras
fail in turn, each in its own way; a ninth never fails and must lose no frame.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import psutil
import pytest

from yanji.api.memory import give_back, share_one_heap
from yanji.ingest.capture import Capture
from yanji.ingest.fake_camera import (
    FakeCamera,
    Mode,
    Script,
    fake_camera_process,
    swallowing_port,
)
from yanji.ingest.fake_footage import Scene, Show, footage_of
from yanji.ingest.frame import Frame
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource

SOAK_S = min(3600.0, float(os.environ.get("YANJI_SOAK_S", "180")))
HELD_S = 25.0
"""How long a fault lasts once it was found: long enough for the wait to reach its cap."""
SLOW_S = 3.0
"""Granted on top of every bar, as the machine that tests run on is shared."""
FOUND_S, FOUND_PICTURE_S, BACK_S = 10.0, 60.0, 15.0
BACK_CREDENTIALS_S = 62.0

pytestmark = pytest.mark.slow


@dataclass
class Row:
    """What was measured of one fault, worst of all times it was played."""

    fault: str
    found_bar_s: float | None
    back_bar_s: float
    cause: str = ""
    """What the gap must be recorded as; empty: there must be none."""
    found_s: float | None = None
    back_s: float = 0.0
    causes: set[str] = field(default_factory=set)
    num_played: int = 0

    def note(self, found_s: float | None, back_s: float, causes: set[str]) -> None:
        if found_s is not None:
            self.found_s = max(found_s, self.found_s or 0.0)
        self.back_s = max(self.back_s, back_s)
        self.causes |= causes
        self.num_played += 1

    def __str__(self) -> str:
        found = "-" if self.found_s is None else f"{self.found_s:.1f}"
        bar = "-" if self.found_bar_s is None else f"{self.found_bar_s:.0f}"
        causes = ", ".join(sorted(self.causes)) or "none"
        return (
            f"{self.fault:<22}{self.num_played:>4}{found:>9}{bar:>5}"
            f"{self.back_s:>9.1f}{self.back_bar_s:>5.0f}  {causes}"
        )


class Watched:
    """A capture with the limits that ship."""

    def __init__(self, url: str) -> None:
        self.gaps: list[Gap] = []
        self.frames: list[tuple[float, str]] = []
        self.capture = Capture(
            RtspSource("K01", url),
            analyse_fps=5,
            on_frame=self._take,
            on_gap=self.gaps.append,
        )
        self.capture.start()

    def _take(self, frame: Frame) -> bool:
        self.frames.append((time.monotonic(), frame.run.run_id))
        return False

    def is_blind(self) -> bool:
        return bool(self.gaps) and self.gaps[-1].to_ns is None

    def close(self) -> None:
        self.capture.stop(15)


def wait(reached: Callable[[], bool], at_most_s: float) -> float:
    """Seconds until `reached`; `at_most_s` when it was not."""
    began = time.monotonic()
    while not reached() and time.monotonic() - began < at_most_s:
        time.sleep(0.05)
    return time.monotonic() - began


def play(row: Row, url: str, begin: Callable[[], None], end: Callable[[], None]) -> None:
    """Play one fault on one camera, which is then given up."""
    watched = Watched(url)
    try:
        wait(lambda: len(watched.frames) > 10, 40)
        assert watched.frames, f"{row.fault}: no frames before the fault"
        num_gaps = len(watched.gaps)
        began = time.monotonic()
        begin()
        found_s = None
        if row.found_bar_s is not None:
            found_s = wait(watched.is_blind, row.found_bar_s + 30)
            time.sleep(HELD_S)
        end()
        ended = time.monotonic()
        back_s = wait(
            lambda: watched.frames[-1][0] > ended and not watched.is_blind(), row.back_bar_s + 60
        )
        causes = {gap.cause for gap in watched.gaps[num_gaps:] if gap.to_ns is not None}
        row.note(found_s, back_s, causes)
        if row.found_bar_s is not None:
            gap = watched.gaps[num_gaps]
            hidden_s = time.monotonic() - began
            assert gap.to_ns is None
            assert watched.gaps[-1].to_ns is not None
            assert (watched.gaps[-1].to_ns - gap.from_ns) / 1e9 <= hidden_s + 2
    finally:
        watched.close()


def by_mode(mode: Mode, elsewhere: str) -> Callable[[Row], None]:
    def run(row: Row) -> None:
        with FakeCamera(Script(elsewhere=elsewhere)) as camera:

            def begin() -> None:
                camera.script.mode = mode
                if mode != "redirect_later":
                    camera.hang_up()

            def end() -> None:
                # As a camera that restarts: those who still wait are hung up on.
                camera.script.mode = "play"
                camera.hang_up()

            play(row, camera.url(), begin, end)

    return run


def closed(row: Row) -> None:
    with FakeCamera() as camera:
        play(row, camera.url(), camera.down, camera.up)


def swallowed(row: Row) -> None:
    with FakeCamera() as camera, ExitStack() as held:

        def begin() -> None:
            camera.down()
            held.enter_context(swallowing_port(camera.port))

        def end() -> None:
            held.close()
            camera.up()

        play(row, camera.url(), begin, end)


def by_signal(begin_signal: int, end_signal: int | None) -> Callable[[Row], None]:
    def run(row: Row) -> None:
        with ExitStack() as first, ExitStack() as second:
            port, process = first.enter_context(fake_camera_process())

            def end() -> None:
                if end_signal is not None:
                    process.send_signal(end_signal)
                else:
                    first.close()
                    second.enter_context(fake_camera_process(port=port))

            url = f"rtsp://127.0.0.1:{port}/live/1"
            play(row, url, lambda: process.send_signal(begin_signal), end)

    return run


def ends(row: Row) -> None:
    with FakeCamera() as camera:

        def begin() -> None:
            camera.script.ends_after, camera.script.mode = 1, "hollow"

        def end() -> None:
            camera.script.ends_after, camera.script.mode = None, "play"
            camera.hang_up()

        play(row, camera.url(), begin, end)


def by_scene(scene: Scene) -> Callable[[Row], None]:
    def run(row: Row) -> None:
        with FakeCamera(Script(scene=Scene(num_frames=25))) as camera:

            def begin() -> None:
                camera.script.scene = scene

            def end() -> None:
                if scene.show != "moving":
                    camera.script.scene = Scene()

            play(row, camera.url(), begin, end)

    return run


def stamps(row: Row) -> None:
    with FakeCamera() as camera:

        def begin() -> None:
            camera.script.stamp_s = lambda media_s: media_s + (3600 if media_s % 2 > 1 else 0)

        play(row, camera.url(), begin, lambda: None)


def still(show: Show) -> Callable[[Row], None]:
    return by_scene(Scene(show=show))


def faults(elsewhere: str) -> list[tuple[Row, Callable[[Row], None]]]:
    found, back = FOUND_S, BACK_S
    return [
        (Row("still picture", FOUND_PICTURE_S, back, "still"), still("still")),
        (Row("black", FOUND_PICTURE_S, back, "black"), still("black")),
        (
            Row("stopped (SIGSTOP)", found, back, "silent"),
            by_signal(signal.SIGSTOP, signal.SIGCONT),
        ),
        (Row("killed", found, back, "unreachable"), by_signal(signal.SIGKILL, None)),
        (Row("port closed", found, back, "unreachable"), closed),
        (Row("SYN swallowed", found, back, "unreachable"), swallowed),
        (Row("accepts, says nothing", found, back, "unreachable"), by_mode("mute", elsewhere)),
        (Row("garbage", found, back, "unreachable"), by_mode("garbage", elsewhere)),
        (Row("headers dripped", found, back, "unreachable"), by_mode("drip", elsewhere)),
        (Row("plays nothing", found, back, "no_picture"), by_mode("hollow", elsewhere)),
        (Row("end of stream", found, back, "no_picture"), ends),
        (Row("401", found, BACK_CREDENTIALS_S, "credentials"), by_mode("refuse", elsewhere)),
        (Row("302", found, back, "redirect"), by_mode("redirect", elsewhere)),
        (Row("302 for SETUP", found, back, "redirect"), by_mode("redirect_setup", elsewhere)),
        (
            Row("REDIRECT while playing", found, back, "redirect"),
            by_mode("redirect_later", elsewhere),
        ),
        (Row("sound only", found, back, "no_picture"), by_mode("sound", elsewhere)),
        (Row("new size", None, back), by_scene(Scene(width=192, height=128))),
        (Row("new codec", found, back, "no_picture"), by_scene(Scene(codec="hevc"))),
        (Row("stamps to and fro", None, back), stamps),
    ]


@contextlib.contextmanager
def canary() -> Iterator[tuple[str, list[int]]]:
    """A place that nobody may be sent to, and who came all the same."""
    came: list[int] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.2)
        over = threading.Event()

        def count() -> None:
            while not over.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, (_, port) = listener.accept()
                    came.append(port)
                    connection.close()

        thread = threading.Thread(target=count)
        thread.start()
        yield f"rtsp://127.0.0.1:{listener.getsockname()[1]}/inner", came
        over.set()
        thread.join()


def test_the_faults_of_cameras_in_real_time(capsys: pytest.CaptureFixture[str]) -> None:
    share_one_heap()  # as a worker does
    for scene in (Scene(), Scene(show="still"), Scene(show="black"), Scene(codec="hevc")):
        footage_of(scene)
    process = psutil.Process()
    threads, files = threading.active_count(), process.num_fds()
    resident = [process.memory_info().rss]
    """At the start, and when each fault was begun once: decoders and servers are warm by then."""
    broken: list[BaseException] = []
    with canary() as (elsewhere, came), FakeCamera() as good:
        witness = Watched(good.url())
        table = faults(elsewhere)
        waiting: queue.Queue[tuple[Row, Callable[[Row], None]]] = queue.Queue()
        for one in table:
            waiting.put(one)
        again = itertools.cycle(table)
        until = time.monotonic() + SOAK_S

        def take_turns() -> None:
            while not broken:
                try:
                    row, fault = waiting.get_nowait()
                except queue.Empty:
                    if len(resident) == 1:
                        resident.append(process.memory_info().rss)
                    if time.monotonic() > until:
                        return
                    waiting.put(next(again))
                    continue
                try:
                    fault(row)
                except BaseException as error:  # told by the test, in its own thread
                    broken.append(error)

        players = [threading.Thread(target=take_turns) for _ in range(8)]
        for player in players:
            player.start()
        for player in players:
            player.join()
        stats = witness.capture.stats()
        lost = good.num_frames - stats.num_frames
        witness.close()
    left_threads = wait(lambda: threading.active_count() <= threads, 20) and (
        threading.active_count() - threads
    )
    left_files = process.num_fds() - files
    give_back()
    grown_mb = (process.memory_info().rss - resident[-1]) / 1e6
    with capsys.disabled():
        print(f"\n{'fault':<22}{'n':>4}{'found s':>9}{'bar':>5}{'back s':>9}{'bar':>5}  gap")
        for row, _ in table:
            print(row)
        print(
            f"left behind: {left_threads} threads, {left_files} descriptors, {grown_mb:.0f} MB; "
            f"connections elsewhere: {len(came)}; the good camera: {stats.num_frames} frames read, "
            f"{max(0, lost)} behind, {len(witness.gaps)} gaps"
        )
    for error in broken:
        raise error
    for row, _ in table:
        assert row.num_played, row
        if row.found_bar_s is not None:
            assert row.found_s is not None, row
            assert row.found_s <= row.found_bar_s + SLOW_S, row
            assert row.causes == {row.cause}, row
        else:
            assert not row.causes, row
        assert row.back_s <= row.back_bar_s + SLOW_S, row
    assert came == []
    assert witness.gaps == []
    assert lost <= 25
    assert left_threads <= 0
    assert left_files <= 0
    assert grown_mb <= 50
