"""The worker's own rules, with a pipeline that sees nothing and a link that only remembers."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest

from yanji.api import live_camera as live_camera_module
from yanji.api import model_opening
from yanji.api import worker as worker_module
from yanji.api.live_camera import rtsp_source
from yanji.api.messages import Message, Outage, RunEnded, RunStarted
from yanji.api.pictures import picture_path
from yanji.api.plan import CameraPlan, WorkerBeat, WorkerPlan
from yanji.api.worker import OrphanError, Worker
from yanji.configs.settings import load_settings
from yanji.configs.site import Camera
from yanji.detect.detections import Detections
from yanji.detect.tracker import LOST_S, SPARSE_LOST_S
from yanji.ingest.address import rules_of
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.fake import FakeClock, FakeSource
from yanji.ingest.frame import Frame, Run
from yanji.ingest.frame_choice import AnalysePlan
from yanji.ingest.gap import Gap
from yanji.reid.sighting import Sighting

NOTHING = Detections(
    np.empty((0, 4), np.float32),
    np.empty(0, np.float32),
    np.empty(0, np.int64),
    np.empty((0, 4), np.float32),
)


class FakePipeline:
    """Keeps the run in progress, as the real one does, and finds nothing."""

    def __init__(
        self,
        detector: object,
        embedder: object,
        analyse_fps: float,
        on_seen: Any,
        lost_s: float,
    ) -> None:
        self.run: Run | None = None
        self.lost_s = lost_s
        self.on_seen = on_seen
        self.detect_s = self.describe_s = 0.0

    def step(self, frame: Frame) -> list[Sighting]:
        self.run = frame.run
        if self.on_seen is not None:
            self.on_seen(frame, NOTHING)
        return []

    def finish(self) -> list[Sighting]:
        self.run = None
        return []


class FakeLink:
    """Takes everything, after a wait that the test chooses."""

    def __init__(self) -> None:
        self.sent: list[Message] = []
        self.waits_s = 0.0
        self.is_full = False
        self.num_pending = 0

    def send(self, message: Message, *, while_waiting: Callable[[], None] = lambda: None) -> float:
        self.sent.append(message)
        while_waiting()
        return self.waits_s

    def drain(self, timeout_s: float, *, while_waiting: Callable[[], None]) -> bool:
        return True


@pytest.fixture
def supervisor() -> tuple[Connection, Connection]:
    return multiprocessing.Pipe()


@pytest.fixture
def link() -> FakeLink:
    return FakeLink()


def make(
    monkeypatch: pytest.MonkeyPatch,
    end: Connection,
    link: FakeLink,
    *cameras: CameraPlan,
    pictures: Path | None = None,
) -> Worker:
    monkeypatch.setattr(model_opening, "open_detector", lambda settings, **where: object())
    monkeypatch.setattr(model_opening, "open_reid", lambda settings, **where: object())
    monkeypatch.setattr(live_camera_module, "CameraPipeline", FakePipeline)
    plan = WorkerPlan(0, cameras, load_settings(), "", b"", pictures)
    clock = FakeClock()
    seam: Any = link
    return Worker(plan, end, seam, lambda camera: FakeSource(camera.camera.id, [], clock=clock))


def camera(camera_id: str, **changes: Any) -> CameraPlan:
    return CameraPlan(Camera(id=camera_id, url="rtsp://camera/1"), None, **changes)


def frame(run_id: str, number: int, camera_id: str = "K01") -> Frame:
    run = Run(run_id * 32, camera_id, "rtsp", "rtsp://camera/1", 0, "boot", None)
    picture = ArrayPicture(np.zeros((4, 4, 3), np.uint8))
    return Frame(run, number, number / 5, number * 200_000_000, picture)


def test_a_frame_that_waited_does_not_open_a_closed_run_again(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    worker = make(monkeypatch, supervisor[0], link, camera("K01"))
    worker._analyse(frame("a", 0))
    worker._gaps.append(Gap("K01", 0, None, "lost"))
    worker._hand_over_gaps()
    worker._analyse(frame("a", 1))
    worker._analyse(frame("b", 0))
    kinds = [(type(m), getattr(m, "run", None) and m.run.run_id[0]) for m in link.sent]  # type: ignore[union-attr]
    assert kinds == [(RunStarted, "a"), (RunEnded, None), (Outage, None), (RunStarted, "b")]


def test_a_new_run_closes_the_one_before(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    worker = make(monkeypatch, supervisor[0], link, camera("K01"))
    worker._analyse(frame("a", 0))
    worker._analyse(frame("b", 0))
    assert [type(message) for message in link.sent] == [RunStarted, RunEnded, RunStarted]
    ended = link.sent[1]
    assert isinstance(ended, RunEnded)
    assert ended.run_id == "a" * 32


def test_a_writer_that_takes_nothing_is_an_outage_of_all_cameras(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    worker = make(monkeypatch, supervisor[0], link, camera("K01"), camera("K02"))
    worker._analyse(frame("a", 0))
    link.waits_s = 30.0
    worker._analyse(frame("b", 0, "K02"))
    link.waits_s = 0.0
    worker._hand_over_gaps()
    gaps = [message.gap for message in link.sent if isinstance(message, Outage)]
    assert {gap.camera_id for gap in gaps} == {"K01", "K02"}
    assert {gap.cause for gap in gaps} == {"writer"}
    assert all(gap.to_ns is not None for gap in gaps)


def test_a_replacement_opens_the_gap_of_its_predecessor_at_once(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    make(monkeypatch, supervisor[0], link, camera("K01", down_since_ns=77), camera("K02"))
    assert link.sent == [Outage(Gap("K01", 77, None, "worker"))]


def test_without_a_supervisor_a_worker_ends(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    worker = make(monkeypatch, supervisor[0], link, camera("K01"))
    worker._listen()
    assert isinstance(supervisor[1].recv(), WorkerBeat)
    supervisor[1].close()
    with pytest.raises(OrphanError):
        worker._listen()


def test_each_camera_has_its_picture_only_where_somebody_looks(
    monkeypatch: pytest.MonkeyPatch,
    supervisor: tuple[Connection, Connection],
    link: FakeLink,
    tmp_path: Path,
) -> None:
    unseen = make(monkeypatch, supervisor[0], link, camera("K01"))
    unseen._analyse(frame("a", 0))
    assert list(tmp_path.iterdir()) == []
    seen = make(monkeypatch, supervisor[0], link, camera("K01"), camera("K02"), pictures=tmp_path)
    seen._analyse(frame("b", 0))
    assert [path.exists() for path in (picture_path(tmp_path, c) for c in ("K01", "K02"))] == [
        True,
        False,
    ]


def test_what_a_camera_s_settings_save_reaches_source_tracker_and_capture(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    plain = camera("K01")
    thrifty = CameraPlan(
        Camera(
            id="K02",
            url="rtsp://camera/2",
            decode="key_frames",
            motion_gate=True,
            analyse_fps_min=2,
        ),
        None,
    )
    modes = [getattr(rtsp_source(plan), "_decode_mode", None) for plan in (plain, thrifty)]
    assert modes == ["all", "key_frames"]
    worker = make(monkeypatch, supervisor[0], link, plain, thrifty)
    pipelines: Any = [live.pipeline for live in worker._cameras.values()]
    assert [pipeline.lost_s for pipeline in pipelines] == [LOST_S, SPARSE_LOST_S]
    plans = [live.capture._choice._plan for live in worker._cameras.values()]
    assert plans == [AnalysePlan(5), AnalysePlan(5, analyse_fps_min=2, motion_gate=True)]


def test_the_worker_s_sources_are_held_to_the_settings(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection]
) -> None:
    made: list[Any] = []

    class OneSource:
        def __init__(self, plan: WorkerPlan, _: object, __: object, make_source: Any) -> None:
            made.append(make_source(plan.cameras[0]))

        def work(self) -> None:
            pass

    for name in ("WriterLink", "start_process_logging", "share_one_heap", "one_thread_each"):
        monkeypatch.setattr(worker_module, name, lambda *_: Mock())
    monkeypatch.setattr(worker_module.signal, "signal", lambda *_: None)
    monkeypatch.setattr(worker_module, "Worker", OneSource)
    settings = load_settings(None, {"camera_networks": ["10.20.0.0/16"]})
    worker_module.run_worker(WorkerPlan(0, (camera("K01"),), settings, "", b""), supervisor[0])
    assert made[0]._rules == rules_of(settings)


def test_a_beat_sums_what_its_cameras_took_and_what_waits(
    monkeypatch: pytest.MonkeyPatch, supervisor: tuple[Connection, Connection], link: FakeLink
) -> None:
    worker = make(monkeypatch, supervisor[0], link, camera("K01"), camera("K02"))
    for one, taken_s in zip(worker._cameras.values(), (1.5, 0.25), strict=True):
        one.pipeline.detect_s = taken_s
        one.pipeline.describe_s = taken_s * 2
        one.lag_s = 5.0
    told = replace(worker._cameras["K02"].capture.stats(), camera_ahead_s=-0.5, cpu_s=2.0)
    monkeypatch.setattr(worker._cameras["K02"].capture, "stats", lambda: told)
    worker._frames.put(frame("a", 0))
    link.num_pending = 4
    worker._beat()
    beat = supervisor[1].recv()
    assert (beat.detect_s, beat.describe_s) == (1.75, 3.5)
    assert (beat.num_frames_waiting, beat.num_messages_waiting) == (1, 4)
    assert [one.camera_ahead_s for one in beat.cameras] == [None, -0.5]
    assert [one.cpu_s for one in beat.cameras] == [0.0, 2.0]
    # Lag counts while frames come only: these cameras are not up.
    assert [one.degraded for one in beat.cameras] == [False, False]
