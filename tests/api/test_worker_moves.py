"""A worker lets go of a camera and takes one on while it works, and says why runs end."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from yanji.api import live_camera as live_camera_module
from yanji.api import worker as worker_module
from yanji.api.messages import Message, Outage, RunEnded, RunStarted, Seen
from yanji.api.plan import Adopt, CameraPlan, Release, Released, WorkerBeat, WorkerPlan
from yanji.api.worker import Worker
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.clock import SystemClock
from yanji.ingest.fake import FakeSource, Play
from yanji.ingest.frame import Frame, Run
from yanji.ingest.gap import Gap


class OneVehicle:
    """A pipeline that has a vehicle in view from the first frame of a run to the end."""

    def __init__(self, *_: object, **__: object) -> None:
        self.run: Run | None = None
        self.detect_s = self.describe_s = 0.0
        self.num_frames = 0

    def step(self, frame: Frame) -> list[Any]:
        self.run = frame.run
        self.num_frames += 1
        return []

    def finish(self) -> list[Any]:
        run, self.run = self.run, None
        return [SimpleNamespace(sighting_id=f"of {run.run_id}")] if run is not None else []


class FakeLink:
    """Takes everything at once."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.is_full = False
        self.num_pending = 0

    def send(self, message: Message, *, while_waiting: Callable[[], None]) -> float:
        self.sent.append(message)
        while_waiting()
        return 0.0

    def drain(self, timeout_s: float, *, while_waiting: Callable[[], None]) -> bool:
        return True


class Bench:
    """A worker that is turned by hand, with cameras that play in real time."""

    def __init__(self, *camera_ids: str) -> None:
        self.pipe: Connection
        self.pipe, theirs = multiprocessing.Pipe()
        self.link = FakeLink()
        self.sources: dict[str, FakeSource] = {}
        self.beat: WorkerBeat | None = None
        seam: Any = self.link
        cameras = tuple(plan(camera_id) for camera_id in camera_ids)
        made = WorkerPlan(0, cameras, load_settings(), "", b"")
        self.worker = Worker(made, theirs, seam, self.source)

    def source(self, camera_plan: CameraPlan) -> FakeSource:
        camera_id = camera_plan.camera.id
        made = FakeSource(camera_id, [Play(100_000, 0.02)] * 3, clock=SystemClock())
        self.sources[camera_id] = made
        return made

    def start(self) -> None:
        for camera in self.worker._cameras.values():
            camera.capture.start()

    def turn_until(self, done: Callable[[], bool]) -> None:
        until = time.monotonic() + 30
        while not done():
            assert time.monotonic() < until
            self.worker._turn()

    def turn_until_released(self) -> Released:
        heard: list[object] = []

        def released() -> bool:
            while self.pipe.poll(0):
                heard.append(self.pipe.recv())
            return any(isinstance(one, Released) for one in heard)

        self.turn_until(released)
        return next(one for one in heard if isinstance(one, Released))

    def num_analysed(self, camera_id: str) -> int:
        pipeline: Any = self.worker._cameras[camera_id].pipeline
        return int(pipeline.num_frames)

    def told_of(self, camera_id: str) -> list[tuple[str, Any]]:
        """Messages of one camera, as kind and what matters of it."""
        told: list[tuple[str, Any]] = []
        mine: set[str] = set()
        for message in self.link.sent:
            if isinstance(message, RunStarted) and message.run.camera_id == camera_id:
                mine.add(message.run.run_id)
                told.append(("begin", message.run.run_id))
            elif isinstance(message, RunEnded) and message.run_id in mine:
                told.append(("end", message.reason))
            elif isinstance(message, Outage) and message.gap.camera_id == camera_id:
                gap = message.gap
                told.append(("gap", (gap.cause, "open" if gap.to_ns is None else "closed")))
            elif isinstance(message, Seen):
                ids = [one.sighting_id.removeprefix("of ") for one in message.sightings]
                told += [("seen", run_id) for run_id in ids if run_id in mine]
        return told


@pytest.fixture(autouse=True)
def no_models(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("open_detector", "open_reid"):
        monkeypatch.setattr(worker_module, name, lambda *_, **__: object())
    monkeypatch.setattr(live_camera_module, "CameraPipeline", OneVehicle)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench("K01", "K02")
    yield made
    for camera in made.worker._cameras.values():
        camera.capture.stop(10)


def plan(camera_id: str, **changes: Any) -> CameraPlan:
    return CameraPlan(Camera(id=camera_id, url="rtsp://camera/1"), None, **changes)


def test_a_camera_that_is_let_go_leaves_nothing_open(bench):
    bench.start()
    bench.turn_until(lambda: bench.num_analysed("K01") >= 3 and bench.num_analysed("K02") >= 3)
    before = bench.num_analysed("K02")
    bench.pipe.send(Release("K01"))
    said = bench.turn_until_released()
    run_id = bench.told_of("K01")[0][1]
    assert bench.told_of("K01") == [
        ("begin", run_id),
        ("seen", run_id),
        ("end", "moved"),
        ("gap", ("worker", "open")),
    ]
    ended = next(message for message in bench.link.sent if isinstance(message, RunEnded))
    gap = next(message.gap for message in bench.link.sent if isinstance(message, Outage))
    assert said == Released("K01", ended.ended_ns, 1)
    assert gap == Gap("K01", ended.ended_ns, None, "worker")
    assert bench.sources["K01"].num_open == 0
    assert list(bench.worker._cameras) == ["K02"]
    # The other camera goes on in its run, and nothing of the first comes any more.
    bench.turn_until(lambda: bench.num_analysed("K02") >= before + 3)
    assert [kind for kind, _ in bench.told_of("K02")] == ["begin"]
    assert len(bench.told_of("K01")) == 4


def test_a_camera_that_is_taken_on_goes_on_where_it_was_left(bench):
    bench.start()
    down_since_ns = time.time_ns() - 10**9
    bench.pipe.send(Adopt(plan("K09", down_since_ns=down_since_ns)))
    bench.turn_until(lambda: "K09" in bench.worker._cameras and bench.num_analysed("K09") >= 2)
    told = bench.told_of("K09")
    assert [kind for kind, _ in told] == ["gap", "gap", "begin"]
    assert [what for kind, what in told if kind == "gap"] == [
        ("worker", "open"),
        ("worker", "closed"),
    ]
    gaps = [m.gap for m in bench.link.sent if isinstance(m, Outage)]
    assert {gap.from_ns for gap in gaps} == {down_since_ns}
    beat = bench.worker._camera_beat(bench.worker._cameras["K09"], time.monotonic())
    assert (beat.state, beat.num_sightings) == ("up", 0)


def test_there_and_back_again(bench):
    bench.start()
    for number in range(1, 3):
        bench.turn_until(lambda: bench.num_analysed("K01") >= 2)
        bench.pipe.send(Release("K01"))
        said = bench.turn_until_released()
        bench.pipe.send(Adopt(plan("K01", down_since_ns=said.last_frame_ns)))
        bench.turn_until(lambda: "K01" in bench.worker._cameras)
        bench.turn_until(lambda: bench.num_analysed("K01") >= 2)
        kinds = [kind for kind, _ in bench.told_of("K01")]
        # The one who lets go and the one who takes on tell the same open gap.
        assert kinds.count("begin") == number + 1
        assert kinds.count("end") == kinds.count("seen") == number
        assert kinds[-2:] == ["gap", "begin"]


def test_orders_wait_while_the_writer_is_waited_for(bench):
    """`_listen` is called in the middle of a frame; there a camera must not vanish."""
    bench.start()
    bench.turn_until(lambda: bench.num_analysed("K01") >= 1)
    bench.pipe.send(Release("K01"))
    bench.pipe.send(Adopt(plan("K09")))
    bench.worker._listen()
    assert list(bench.worker._cameras) == ["K01", "K02"]
    assert bench.worker._cameras["K01"].leaving_since_s is None
    bench.turn_until(lambda: list(bench.worker._cameras) == ["K02", "K09"])


def test_unknown_and_doubled_orders_do_nothing(bench):
    bench.start()
    bench.turn_until(lambda: bench.num_analysed("K01") >= 1)
    kept = bench.worker._cameras["K01"]
    bench.pipe.send(Release("K99"))
    bench.pipe.send(Adopt(plan("K01", down_since_ns=5)))
    bench.turn_until(lambda: bench.num_analysed("K01") >= 3)
    assert bench.worker._cameras["K01"] is kept
    assert [kind for kind, _ in bench.told_of("K01")] == ["begin"]


def test_what_waits_is_analysed_before_a_camera_is_let_go(bench):
    worker = bench.worker
    for number in range(2):
        worker._frames.put(frame("a", number))
    bench.pipe.send(Release("K01"))
    worker._turn()
    assert "K01" in worker._cameras
    worker._turn()
    pipeline: Any = worker._cameras["K01"].pipeline
    assert pipeline.num_frames == 2
    bench.turn_until_released()
    assert [kind for kind, _ in bench.told_of("K01")] == ["begin", "seen", "end"]


def test_a_capture_that_hangs_is_abandoned_and_what_it_says_later_is_not_heard(bench, monkeypatch):
    worker = bench.worker
    worker._frames.put(frame("a", 0))
    worker._turn()
    monkeypatch.setattr(worker._cameras["K01"].capture, "stop", lambda timeout_s=1.0: False)
    bench.pipe.send(Release("K01"))
    worker._turn()
    leaving = worker._cameras["K01"]
    # Nobody is to take it for a worker that hangs, however long the writer takes nothing.
    assert worker._camera_beat(leaving, time.monotonic() + 100).capture_silent_s == 0.0
    monkeypatch.setattr(worker_module, "_LEAVE_S", 0.0)
    said = bench.turn_until_released()
    assert (said.camera_id, said.last_frame_ns) == ("K01", None)
    told = bench.told_of("K01")
    worker._frames.put(frame("a", 1))
    worker._gaps.append(Gap("K01", 0, None, "lost"))
    worker._turn()
    assert bench.told_of("K01") == told


def test_a_beat_tells_what_each_camera_and_the_process_cost(bench):
    bench.start()
    bench.turn_until(lambda: bench.num_analysed("K01") >= 3)
    worker = bench.worker
    worker._cameras["K01"].compute_s += 5.0
    beats = {one: worker._camera_beat(worker._cameras[one], 0.0) for one in ("K01", "K02")}
    assert beats["K01"].cpu_s > 5.0 > beats["K02"].cpu_s > 0.0
    assert worker._worker_beat(()).cpu_s > beats["K02"].cpu_s


def frame(run_id: str, number: int, width: int = 4, camera_id: str = "K01") -> Frame:
    run = Run(run_id * 32, camera_id, "rtsp", "rtsp://camera/1", 10**9, "boot", None)
    picture = ArrayPicture(np.zeros((4, width, 3), np.uint8))
    return Frame(run, number, number / 5, 10**9 + number * 200_000_000, picture)


def test_a_run_ends_where_its_picture_stood_still(bench):
    bench.worker._analyse(frame("a", 0))
    bench.worker._gaps.append(Gap("K01", 3 * 10**9, None, "still"))
    bench.worker._hand_over_gaps()
    ended = bench.link.sent[-2]
    assert ended == RunEnded("a" * 32, 3 * 10**9, "still")


def test_a_run_never_ends_before_it_began(bench):
    bench.worker._analyse(frame("a", 0))
    bench.worker._gaps.append(Gap("K01", 5, None, "black"))
    bench.worker._hand_over_gaps()
    assert bench.link.sent[-2] == RunEnded("a" * 32, 10**9, "black")


@pytest.mark.parametrize(("width", "reason"), [(8, "size"), (4, "lost")])
def test_another_size_is_a_reason_of_its_own(bench, width, reason):
    bench.worker._analyse(frame("a", 0))
    later = frame("b", 0, width)
    bench.worker._analyse(replace(later, run=replace(later.run, started_ns=9 * 10**9)))
    assert [m for m in bench.link.sent if isinstance(m, RunEnded)] == [
        RunEnded("a" * 32, 9 * 10**9, reason)
    ]


def test_a_gap_and_the_frame_after_it_in_one_turn_do_not_end_the_new_run(bench):
    """Both may arrive while a turn waits for a frame."""
    bench.worker._analyse(frame("a", 0))

    class Late:
        def take(self, timeout_s: float) -> Frame:
            bench.worker._gaps += [Gap("K01", 5, None, "still"), Gap("K01", 5, 6, "still")]
            return frame("b", 0)

    bench.worker._frames = Late()
    bench.worker._turn()
    bench.worker._analyse(frame("b", 1))
    assert bench.told_of("K01") == [
        ("begin", "a" * 32),
        ("seen", "a" * 32),
        ("end", "still"),
        ("gap", ("still", "open")),
        ("gap", ("still", "closed")),
        ("begin", "b" * 32),
    ]
    assert bench.num_analysed("K01") == 3
