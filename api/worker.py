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
from functools import partial
from multiprocessing.connection import Connection

from yanji.api.link import LinkClosedError, WriterLink
from yanji.api.live_camera import LiveCamera, open_live_camera, rtsp_source
from yanji.api.log_file import start_process_logging
from yanji.api.memory import give_back, share_one_heap
from yanji.api.messages import Message, Outage, RunEnded, RunStarted, Seen
from yanji.api.model_opening import ModelOpener
from yanji.api.pinning import pin
from yanji.api.pipeline import open_detector, open_reid
from yanji.api.plan import (
    STOP,
    Adopt,
    CameraBeat,
    CameraPlan,
    Failed,
    Release,
    Released,
    WorkerBeat,
    WorkerPlan,
    resident_bytes,
)
from yanji.configs.errors import YanjiError
from yanji.detect.runtimes.remote import InferenceClient
from yanji.ingest.address import rules_of
from yanji.ingest.frame import Frame, Run
from yanji.ingest.frame_queue import FrameQueue
from yanji.ingest.gap import Gap
from yanji.ingest.source import Source

log = logging.getLogger(__name__)

_BEAT_S = 1.0
_TAKE_S = 0.2
_DRAIN_S = 20.0
_WRITER_GAP_S = 2.0
"""A wait for the writer (a full disk) that is longer is an outage of all cameras of the worker."""
_LEAVE_S = 10.0
"""A capture that is to end may sit in a native call for 8 s; then it is abandoned."""


class OrphanError(Exception):
    """The supervisor is gone: nobody watches this worker any more."""


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
        self._orders: deque[Adopt | Release] = deque()
        self._told_to_stop = False
        self._next_beat_s = 0.0
        self._make_source = make_source
        self._cameras: dict[str, LiveCamera] = {}
        # Who waits for a model lives, but follows no orders in the middle of a frame.
        if plan.inference:
            device = InferenceClient(plan.inference, plan.authkey, while_waiting=self._beat)
            self._detector = open_detector(plan.settings, open_model=device)
            self._embedder = open_reid(plan.settings, open_model=device)
        else:
            opener = ModelOpener(plan.settings, while_waiting=self._beat)
            self._detector, self._embedder = opener.open_both()
        for each in plan.cameras:
            self._take_on(each)

    def work(self) -> None:
        """Analyse until told to stop, then close all tracks and wait for the writer's word.

        Raises:
            OrphanError: the supervisor died; everything seen so far was handed over.
        """
        for camera in self._cameras.values():
            camera.capture.start()
        try:
            while not self._told_to_stop:
                self._turn()
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

    def _turn(self) -> None:
        """Listen, do as told, analyse a frame if one waits."""
        self._listen()
        self._follow_orders()
        frame = self._frames.take(_TAKE_S)
        # After the take: a gap that parts two runs came before the frame that begins one.
        self._hand_over_gaps()
        if frame is not None:
            self._analyse(frame)

    def _take_on(self, plan: CameraPlan) -> LiveCamera:
        """Open a camera; the outage that it comes with is told at once."""
        gap = None
        if plan.down_since_ns is not None:
            gap = Gap(plan.camera.id, plan.down_since_ns, None, "worker")
            self._send(Outage(gap))
        camera = open_live_camera(
            plan,
            make_source=self._make_source,
            detector=self._detector,
            embedder=self._embedder,
            pictures=self._plan.pictures,
            on_frame=self._frames.put,
            on_gap=self._gaps.append,
            open_gap=gap,
        )
        self._cameras[plan.camera.id] = camera
        return camera

    def _follow_orders(self) -> None:
        """Here and not where orders are heard, which may be in the middle of a frame."""
        while self._orders:
            order = self._orders.popleft()
            if isinstance(order, Adopt):
                if order.plan.camera.id not in self._cameras:
                    self._take_on(order.plan).capture.start()
            elif (camera := self._cameras.get(order.camera_id)) is not None:
                camera.leaving_since_s = time.monotonic()
        for camera in list(self._cameras.values()):
            if camera.leaving_since_s is not None:
                self._let_go(camera, camera.leaving_since_s)

    def _let_go(self, camera: LiveCamera, since_s: float) -> None:
        """Close a camera once its capture has ended and what it gave is analysed."""
        camera_id = camera.plan.camera.id
        ended = camera.capture.stop(0) and self._frames.num_of(camera_id) == 0
        if not ended and time.monotonic() - since_s < _LEAVE_S:
            return
        self._hand_over_gaps()
        stats = camera.capture.stats()
        self._finish_run(camera, "moved")
        if stats.state == "up" and stats.last_frame_ns is not None:
            # Told here, so that nothing is left out if its next worker never comes to it.
            self._send(Outage(Gap(camera_id, stats.last_frame_ns, None, "worker")))
        del self._cameras[camera_id]
        self._tell(Released(camera_id, stats.last_frame_ns, camera.num_sightings))

    def _analyse(self, frame: Frame) -> None:
        camera = self._cameras.get(frame.run.camera_id)
        if camera is None or frame.run.run_id == camera.ended_run_id:
            return
        before = camera.pipeline.run
        size = (frame.picture.width, frame.picture.height)
        if before is None or before.run_id != frame.run.run_id:
            # Every other end of a run comes with a gap, which has closed it.
            reason = "lost" if camera.size == size else "size"
            self._finish_run(camera, reason, ended_ns=frame.run.started_ns)
            self._send(RunStarted(frame.run))
        camera.size = size
        began_s = time.thread_time()
        sightings = camera.pipeline.step(frame)
        camera.compute_s += time.thread_time() - began_s
        camera.lag_s = max(0.0, (time.time_ns() - frame.wall_ns) / 1e9)
        if sightings:
            self._count(camera, [sighting.sighting_id for sighting in sightings])
            self._send(Seen(tuple(sightings)))

    def _finish_run(self, camera: LiveCamera, reason: str, ended_ns: int | None = None) -> None:
        """Close what a camera's run has open; `ended_ns` is the time of its last frame if None."""
        run: Run | None = camera.pipeline.run
        if run is None:
            return
        camera.ended_run_id = run.run_id
        began_s = time.thread_time()
        closed = camera.pipeline.finish()
        camera.compute_s += time.thread_time() - began_s
        if closed:
            self._count(camera, [sighting.sighting_id for sighting in closed])
            self._send(Seen(tuple(closed)))
        if ended_ns is None:
            ended_ns = camera.capture.stats().last_frame_ns or time.time_ns()
        self._send(RunEnded(run.run_id, max(run.started_ns, ended_ns), reason))
        give_back()

    def _count(self, camera: LiveCamera, sighting_ids: list[str]) -> None:
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
            camera = self._cameras.get(gap.camera_id)
            if camera is None:
                continue  # it is another worker's by now
            if gap.to_ns is None:
                # What was in view is closed at once, not when the camera comes back. Of a picture
                # that stands still the run ends where it began to: what came after showed nothing.
                self._finish_run(camera, gap.cause, ended_ns=gap.from_ns)
            self._send(Outage(gap))

    def _send(self, message: Message) -> None:
        began_ns = time.time_ns()
        waited_s = self._link.send(message, while_waiting=self._listen)
        if waited_s > _WRITER_GAP_S:
            log.warning("the writer took nothing for %.0f s", waited_s)
            for camera_id in self._cameras:
                self._gaps.append(Gap(camera_id, began_ns, time.time_ns(), "writer"))

    def _listen(self) -> None:
        self._beat()
        try:
            while self._supervisor.poll(0):
                order = self._supervisor.recv()
                if order == STOP:
                    self._told_to_stop = True
                elif isinstance(order, Adopt | Release):
                    self._orders.append(order)
        except (EOFError, OSError):
            raise OrphanError from None

    def _beat(self) -> None:
        now = time.monotonic()
        if now < self._next_beat_s:
            return
        self._next_beat_s = now + _BEAT_S
        beats = tuple(self._camera_beat(camera, now) for camera in self._cameras.values())
        self._tell(self._worker_beat(beats))

    def _tell(self, news: WorkerBeat | Released) -> None:
        try:
            self._supervisor.send(news)
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
            cpu_s=time.process_time(),
        )

    def _camera_beat(self, camera: LiveCamera, now_s: float) -> CameraBeat:
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
            # One that was told to end says nothing any more; the worker looks after that itself.
            capture_silent_s=0.0 if camera.leaving_since_s is not None else now_s - stats.alive_s,
            problem=stats.problem,
            degraded=camera.overload.judge(now_s, stats.num_analysed, stats.num_dropped, lag_s),
            cpu_s=stats.cpu_s + camera.compute_s,
            camera_ahead_s=stats.camera_ahead_s,
        )


def run_worker(plan: WorkerPlan, supervisor: Connection) -> None:
    """Entry point of the process."""
    # Ctrl-C reaches the whole group; only the supervisor decides when a worker ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    start_process_logging(plan.settings, f"worker-{plan.number}")
    # Before any library counts the cores, and before any thread starts.
    pin(plan.cores)
    share_one_heap()
    one_thread_each()
    link = WriterLink(plan.address, plan.authkey)
    try:
        make_source = partial(rtsp_source, rules=rules_of(plan.settings))
        Worker(plan, supervisor, link, make_source).work()
    except (OrphanError, LinkClosedError):
        log.error("the supervisor is gone; this worker ends")
    except YanjiError as error:
        # A model that does not verify will not verify next time either.
        supervisor.send(Failed(error.code, error.message, error.hint, fatal=True))
    finally:
        link.close()


def one_thread_each() -> None:
    """Keep OpenCV's thread pool out: the cores are shared out among processes."""
    import cv2

    cv2.setNumThreads(1)
