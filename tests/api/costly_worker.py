"""A worker process without models and cameras, in which some cameras cost more than a core has.

A module of its own because the process that is started must be able to import it.
"""

from __future__ import annotations

import time
from multiprocessing.connection import Connection
from typing import Any

from yanji.api import live_camera, model_opening, worker
from yanji.api.plan import CameraPlan, WorkerPlan
from yanji.ingest.clock import SystemClock
from yanji.ingest.fake import FakeSource, Play
from yanji.ingest.frame import Frame, Run

HEAVY_S = 0.15
"""CPU time of a frame of a camera whose id begins with `heavy`; five a second are 0.75."""


class Burner:
    """A pipeline that sees nothing, at a cost."""

    def __init__(self, *_: object, **__: object) -> None:
        self.run: Run | None = None
        self.detect_s = self.describe_s = 0.0

    def step(self, frame: Frame) -> list[Any]:
        self.run = frame.run
        until_s = time.thread_time() + HEAVY_S * frame.run.camera_id.startswith("heavy")
        while time.thread_time() < until_s:
            pass
        return []

    def finish(self) -> list[Any]:
        self.run = None
        return []


def run_costly_worker(plan: WorkerPlan, supervisor: Connection) -> None:
    """Entry point of the process."""

    def fake_source(camera: CameraPlan, **_: object) -> FakeSource:
        return FakeSource(camera.camera.id, [Play(1_000_000, 0.04)], clock=SystemClock())

    models: Any = model_opening
    models.open_detector = models.open_reid = lambda *_, **__: object()
    seams: Any = worker
    seams.rtsp_source = fake_source
    pipelines: Any = live_camera
    pipelines.CameraPipeline = Burner
    worker.run_worker(plan, supervisor)
