"""A worker process: one capture thread per camera, one compute thread, one link to the writer.

Frames never leave the process. The compute thread is the main thread; it sends the beats itself,
so that a compute thread that hangs falls silent. Capture threads that hang in a native call are
told by the age of their last sign of life, which travels with the beat.
"""

from __future__ import annotations

import logging
import signal
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection

from yanji.api.link import LinkClosedError, WriterLink
from yanji.api.log_file import start_process_logging
from yanji.api.memory import give_back, share_one_heap
from yanji.api.messages import Message, Outage, RunEnded, RunStarted, Seen
from yanji.api.overload import Overload
from yanji.api.pictures import LatestPicture
from yanji.api.pipeline import CameraPipeline, lost_s_of, open_detector, open_reid
from yanji.api.plan import (
    STOP,
    CameraBeat,
    CameraPlan,
    Failed,
    WorkerBeat,
    WorkerPlan,
    resident_bytes,
)
from yanji.configs.errors import YanjiError
from yanji.ingest.capture import Capture
from yanji.ingest.frame import Frame, Run
from yanji.ingest.frame_queue import FrameQueue
from yanji.ingest.gap import Gap
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.source import Source

log = logging.getLogger(__name__)

_BEAT_S = 1.0
_TAKE_S = 0.2
_DRAIN_S = 20.0
_WRITER_GAP_S = 2.0
"""A wait for the writer (a full disk) that is longer is an outage of all cameras of the worker."""


class OrphanError(Exception):
    """The supervisor is gone: nobody watches this worker any more."""


@dataclass
class _LiveCamera:
    """What the worker knows of one camera."""

    plan: CameraPlan
    capture: Capture
    pipeline: CameraPipeline
    num_sightings: int = 0
    lag_s: float = 0.0
    seen_ids: set[str] = field(default_factory=set)
    overload: Overload = field(default_factory=Overload)
    ended_run_id: str | None = None
    """The last run that was closed: a frame of it that still waited comes too late."""


class Worker:
    """The cameras of one worker, from frames to messages."""

    def __init__(
        self,
        plan: WorkerPlan,
        supervisor: Connection,
        link: WriterLink,
        make_source: Callable[[CameraPlan], Source],
    ) -> None:
        self._plan = plan
        self._supervisor = supervisor
        self._link = link
        self._frames = FrameQueue()
        self._gaps: deque[Gap] = deque()
        self._told_to_stop = False
        self._next_beat_s = 0.0
        detector = open_detector(plan.settings)
        embedder = open_reid(plan.settings)
        self._cameras: dict[str, _LiveCamera] = {}
        for camera_plan in plan.cameras:
            camera = camera_plan.camera
            capture = Capture(
                make_source(camera_plan),
                analyse_fps=camera.analyse_fps,
                analyse_fps_min=camera.analyse_fps_min,
                motion_gate=camera.motion_gate,
                on_frame=self._frames.put,
                on_gap=self._gaps.append,
                open_gap=self._gap_of_predecessor(camera_plan),
            )
            pictures = LatestPicture(plan.pictures) if plan.pictures is not None else None
            pipeline = CameraPipeline(
                detector,
                embedder,
                camera.analyse_fps,
                on_seen=pictures.take if pictures is not None else None,
                lost_s=lost_s_of(camera.decode),
            )
            self._cameras[camera.id] = _LiveCamera(camera_plan, capture, pipeline)

    def work(self) -> None:
        """Analyse until told to stop, then close all tracks and wait for the writer's word.

        Raises:
            OrphanError: the supervisor died; everything seen so far was handed over.
        """
        for camera in self._cameras.values():
            camera.capture.start()
        try:
            while not self._told_to_stop:
                self._listen()
                self._hand_over_gaps()
                frame = self._frames.take(_TAKE_S)
                if frame is not None:
                    self._analyse(frame)
        finally:
            for camera in self._cameras.values():
                camera.capture.stop(0)
            for camera in self._cameras.values():
                camera.capture.stop()
                self._finish_run(camera, "shutdown")
            self._hand_over_gaps()
            if not self._link.drain(_DRAIN_S, while_waiting=self._beat):
                log.error(
                    "the writer took not everything: %d messages lost", self._link.num_pending
                )

    def _analyse(self, frame: Frame) -> None:
        camera = self._cameras[frame.run.camera_id]
        if frame.run.run_id == camera.ended_run_id:
            return
        before = camera.pipeline.run
        if before is None or before.run_id != frame.run.run_id:
            self._finish_run(camera, "lost")
            self._send(RunStarted(frame.run))
        sightings = camera.pipeline.step(frame)
        camera.lag_s = max(0.0, (time.time_ns() - frame.wall_ns) / 1e9)
        if sightings:
            self._count(camera, [sighting.sighting_id for sighting in sightings])
            self._send(Seen(tuple(sightings)))

    def _finish_run(self, camera: _LiveCamera, reason: str) -> None:
        run: Run | None = camera.pipeline.run
        if run is None:
            return
        camera.ended_run_id = run.run_id
        closed = camera.pipeline.finish()
        if closed:
            self._count(camera, [sighting.sighting_id for sighting in closed])
            self._send(Seen(tuple(closed)))
        last_ns = camera.capture.stats().last_frame_ns
        self._send(RunEnded(run.run_id, last_ns or time.time_ns(), reason))
        give_back()

    def _count(self, camera: _LiveCamera, sighting_ids: list[str]) -> None:
        """A sighting is sent several times; it counts once."""
        for sighting_id in sighting_ids:
            if sighting_id not in camera.seen_ids:
                camera.seen_ids.add(sighting_id)
                camera.num_sightings += 1
        if len(camera.seen_ids) > 4096:
            # A camera that runs for months: ids of vehicles long gone are not asked for again.
            camera.seen_ids = set(sighting_ids)

    def _hand_over_gaps(self) -> None:
        while self._gaps:
            gap = self._gaps.popleft()
            if gap.to_ns is None:
                # What was in view is closed at once, not when the camera comes back.
                self._finish_run(self._cameras[gap.camera_id], gap.cause)
            self._send(Outage(gap))

    def _send(self, message: Message) -> None:
        began_ns = time.time_ns()
        waited_s = self._link.send(message, while_waiting=self._listen)
        if waited_s > _WRITER_GAP_S:
            log.warning("the writer took nothing for %.0f s", waited_s)
            for camera_id in self._cameras:
                self._gaps.append(Gap(camera_id, began_ns, time.time_ns(), "writer"))

    def _gap_of_predecessor(self, plan: CameraPlan) -> Gap | None:
        if plan.down_since_ns is None:
            return None
        gap = Gap(plan.camera.id, plan.down_since_ns, None, "worker")
        self._link.send(Outage(gap))
        return gap

    def _listen(self) -> None:
        self._beat()
        try:
            while self._supervisor.poll(0):
                if self._supervisor.recv() == STOP:
                    self._told_to_stop = True
        except (EOFError, OSError):
            raise OrphanError from None

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._next_beat_s:
            return
        self._next_beat_s = now + _BEAT_S
        beats = tuple(self._camera_beat(camera, now) for camera in self._cameras.values())
        try:
            self._supervisor.send(self._worker_beat(beats))
        except (OSError, ValueError):
            raise OrphanError from None

    def _worker_beat(self, beats: tuple[CameraBeat, ...]) -> WorkerBeat:
        pipelines = [camera.pipeline for camera in self._cameras.values()]
        return WorkerBeat(
            self._plan.number,
            beats,
            resident_bytes(),
            detect_s=sum(pipeline.detect_s for pipeline in pipelines),
            describe_s=sum(pipeline.describe_s for pipeline in pipelines),
            num_frames_waiting=len(self._frames),
            num_messages_waiting=self._link.num_pending,
        )

    def _camera_beat(self, camera: _LiveCamera, now_s: float) -> CameraBeat:
        stats = camera.capture.stats()
        waiting = self._link.is_full
        lag_s = max(stats.lag_s, camera.lag_s) if stats.state == "up" else 0.0
        return CameraBeat(
            camera_id=stats.camera_id,
            state="waiting" if waiting and stats.state == "up" else stats.state,
            fps_in=stats.fps_in,
            fps_analysed=stats.fps_analysed,
            lag_s=lag_s,
            num_frames=stats.num_frames,
            num_dropped=stats.num_dropped,
            num_reconnects=stats.num_reconnects,
            num_sightings=camera.num_sightings,
            last_frame_wall_ns=stats.last_frame_ns,
            capture_silent_s=now_s - stats.alive_s,
            problem=stats.problem,
            degraded=camera.overload.judge(now_s, stats.num_analysed, stats.num_dropped, lag_s),
        )


def run_worker(plan: WorkerPlan, supervisor: Connection) -> None:
    """Entry point of the process."""
    # Ctrl-C reaches the whole group; only the supervisor decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    start_process_logging(plan.settings, f"worker-{plan.number}")
    share_one_heap()
    one_thread_each()
    link = WriterLink(plan.address, plan.authkey)
    try:
        Worker(plan, supervisor, link, rtsp_source).work()
    except (OrphanError, LinkClosedError):
        log.error("the supervisor is gone; this worker ends")
    except YanjiError as error:
        # A model that does not verify will not verify next time either.
        supervisor.send(Failed(error.code, error.message, error.hint, fatal=True))
    finally:
        link.close()


def rtsp_source(plan: CameraPlan) -> Source:
    """Make the source of a live camera."""
    assert plan.camera.url is not None  # noqa: S101 - checked before the workers start
    camera = plan.camera
    return RtspSource(
        camera.id,
        plan.camera.url,
        plan.credentials,
        tls_sha256=camera.tls_sha256,
        decode=camera.decode,
    )


def one_thread_each() -> None:
    """Keep OpenCV's thread pool out: the cores are shared out among processes."""
    import cv2

    cv2.setNumThreads(1)
