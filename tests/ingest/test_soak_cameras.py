"""All faults in real time, with the limits that ship: `make soak-cameras` prints the table of bars.

`YANJI_SOAK_S` is how long the faults go on, seconds (default 180, an hour at most). Eight cameras
fail in turn, each in its own way; a ninth never fails and must lose no frame. They show films of
the test city. One process, no analysis: the bars of capturing alone. `tests/api/test_soak_run.py`
plays the same faults to a whole installation.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
import time
from contextlib import ExitStack

import psutil
import pytest
from city_films import city_films
from faults_table import HEAD, Fault, Rig, canary, encode_all, faults, wait

from yanji.api.memory import give_back, share_one_heap
from yanji.ingest.capture import Capture
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_film import Film
from yanji.ingest.fake_script import Script
from yanji.ingest.frame import Frame
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource

SOAK_S = min(3600.0, float(os.environ.get("YANJI_SOAK_S", "180")))
HELD_S = 25.0
"""How long a fault lasts once it was found: long enough for the wait to reach its cap."""

pytestmark = pytest.mark.slow


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


def play(fault: Fault, film: Film, elsewhere: str) -> None:
    """Play one fault on one camera, which is then given up."""
    row = fault.row
    with FakeCamera(Script(scene=film)) as camera, ExitStack() as leaving:
        rig = Rig(camera, elsewhere)
        leaving.callback(rig.restore)
        if fault.prepare is not None:
            fault.prepare(rig)
        watched = Watched(camera.url())
        leaving.callback(watched.close)
        wait(lambda: len(watched.frames) > 10, 40)
        assert watched.frames, f"{row.fault}: no frames before the fault"
        num_gaps = len(watched.gaps)
        began = time.monotonic()
        fault.begin(rig)
        found_s = None
        if row.found_bar_s is not None:
            found_s = wait(watched.is_blind, row.found_bar_s + 30)
        fault.play_on(rig, HELD_S)
        fault.end(rig)
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


def test_the_faults_of_cameras_in_real_time(capsys: pytest.CaptureFixture[str]) -> None:
    share_one_heap()  # as a worker does
    films = city_films()
    encode_all(films)
    process = psutil.Process()
    threads, files = threading.active_count(), process.num_fds()
    resident = [process.memory_info().rss]
    """At the start, and when each fault was begun once: decoders and servers are warm by then."""
    broken: list[BaseException] = []
    with canary() as (elsewhere, came), FakeCamera(Script(scene=films[0])) as good:
        witness = Watched(good.url())
        table = faults()
        waiting: queue.Queue[Fault] = queue.Queue()
        for one in table:
            waiting.put(one)
        again = itertools.cycle(table)
        until = time.monotonic() + SOAK_S

        def take_turns(film: Film) -> None:
            while not broken:
                try:
                    fault = waiting.get_nowait()
                except queue.Empty:
                    if len(resident) == 1:
                        resident.append(process.memory_info().rss)
                    if time.monotonic() > until:
                        return
                    waiting.put(next(again))
                    continue
                try:
                    play(fault, film, elsewhere)
                except BaseException as error:  # told by the test, in its own thread
                    broken.append(error)

        players = [threading.Thread(target=take_turns, args=(film,)) for film in films]
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
        print(f"\n{HEAD}")
        for fault in table:
            print(fault.row)
        print(
            f"left behind: {left_threads} threads, {left_files} descriptors, {grown_mb:.0f} MB; "
            f"connections elsewhere: {len(came)}; the good camera: {stats.num_frames} frames read, "
            f"{max(0, lost)} behind, {len(witness.gaps)} gaps"
        )
    for error in broken:
        raise error
    assert [problem for fault in table for problem in fault.row.problems()] == []
    assert came == []
    assert witness.gaps == []
    assert lost <= 10
    assert left_threads <= 0
    assert left_files <= 0
    assert grown_mb <= 50
