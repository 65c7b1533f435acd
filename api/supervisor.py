"""Starts, watches and replaces the processes of a live installation.

The supervisor holds no frames, no models and no archive: it only judges by beats. A worker that
dies is replaced at once; one that hangs (no beat for `HANG_S`, or a capture thread that does not
come back from a native call) is killed and replaced. Its cameras get a gap that starts at the last
frame the old worker reported; the cameras of other workers notice nothing.
"""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import connection as mp_connection
from pathlib import Path
from types import FrameType

from yanji.api.camera_cost import CameraCosts, CostKeeper, read_costs
from yanji.api.children import START_S, STEADY_S, Child, kill, spawn, tell
from yanji.api.inference_child import InferenceChildren
from yanji.api.mover import Mover
from yanji.api.placement import MoveRules
from yanji.api.plan import (
    STOP,
    CameraBeat,
    CameraPlan,
    CameraStates,
    Failed,
    Released,
    WorkerBeat,
    WriterBeat,
)
from yanji.api.server_child import ServerChild
from yanji.api.worker_entry import run_worker
from yanji.api.worker_slot import WorkerSlot, deal_out, no_beat
from yanji.api.writer_process import WriterPlan, run_writer
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings

log = logging.getLogger(__name__)

HANG_S = 6.0
"""No beat for this long: the worker hangs. Beats come every second; a slow core stretches them."""
STOP_S = 30.0
"""Time for a clean end: close tracks, embed, commit."""


@dataclass
class Supervisor:
    """Runs until it is told to stop or a process fails for good."""

    settings: Settings
    cameras: Sequence[CameraPlan]
    archive: Path
    clock: Callable[[], float] = time.monotonic
    on_status: Callable[[Supervisor], None] = lambda supervisor: None
    status_every_s: float = 5.0
    hang_s: float = HANG_S
    server: ServerChild | None = None
    """The page, which is started and watched here but belongs to the caller: it may stay when
    intake has ended."""
    pictures: Path | None = None
    """Folder for the cameras' latest pictures."""
    rules: MoveRules | None = field(default_factory=MoveRules)
    """When a camera is moved to another worker; None: never."""
    worker_target: Callable[..., None] = run_worker
    """What a worker process does."""
    writer_beat: WriterBeat | None = None
    _mover: Mover = field(default_factory=lambda: Mover(CameraCosts((), {}), None))
    _inference: InferenceChildren = field(default_factory=InferenceChildren)
    _slots: list[WorkerSlot] = field(default_factory=list)
    _writer: Child | None = None
    _folder: str = ""
    _authkey: bytes = b""
    _stopping: bool = False
    _failure: Failed | None = None

    def run(self) -> None:
        """Start everything and watch it until `stop` is called.

        Raises:
            YanjiError: the archive cannot be opened, or another process writes it; the server
                or an inference process cannot start.
        """
        # Unix socket paths are limited to about 100 bytes: a short folder of our own, mode 0700.
        self._folder = tempfile.mkdtemp(prefix="yanji-")
        self._authkey = secrets.token_bytes(32)
        try:
            self._start_writer()
            self._inference.start(self.settings, Path(self._folder), self._authkey)
            cameras = [plan.camera for plan in self.cameras]
            costs = CameraCosts(cameras, read_costs(self.archive, cameras))
            self._slots = deal_out(
                self.cameras, costs.of, self.settings, self._address, self._authkey, self.pictures
            )
            for slot in self._slots:
                address = self._inference.address_for(slot.plan.number)
                slot.plan = replace(slot.plan, inference=address)
            self._mover = Mover(costs, self.rules)
            keeper = CostKeeper(self.archive, costs)
            # Workers open their models while the writer opens the archive.
            for slot in self._slots:
                self._tend(slot)
            self._wait_for_writer()
            self._watch(keeper)
            self._shut_down()
            keeper.close()
        finally:
            self._kill_all()
            shutil.rmtree(self._folder, ignore_errors=True)
        if self._failure is not None:
            raise YanjiError(
                self._failure.message, hint=self._failure.hint, code=self._failure.code
            )

    def stop(self) -> None:
        """Ask for a clean end; safe from a signal handler."""
        self._stopping = True

    def stop_on_signals(self) -> None:
        """SIGINT and SIGTERM end cleanly; a second one at once."""

        def handle(number: int, frame: FrameType | None) -> None:
            if self._stopping:
                self._kill_all()
                if self.server is not None:
                    self.server.kill()
                for folder in (self._folder, self.pictures):
                    if folder:
                        shutil.rmtree(folder, ignore_errors=True)
                os._exit(1)
            self.stop()

        signal.signal(signal.SIGINT, handle)
        signal.signal(signal.SIGTERM, handle)

    @property
    def camera_beats(self) -> list[CameraBeat]:
        """The newest beat of every camera; `connecting` before the first one."""
        if not self._slots:
            return [no_beat(plan.camera.id) for plan in self.cameras]
        return [beat for slot in self._slots for beat in slot.camera_beats]

    @property
    def process_ids(self) -> dict[str, int]:
        """Process ids by role (`writer`, `worker-0`, ...), of those that live."""
        ids = {"supervisor": os.getpid(), **self._inference.process_ids}
        if self.server is not None and self.server.process_id is not None:
            ids["server"] = self.server.process_id
        if self._writer is not None and self._writer.process.pid is not None:
            ids["writer"] = self._writer.process.pid
        for slot in self._slots:
            if slot.child is not None and slot.child.process.pid is not None:
                ids[f"worker-{slot.plan.number}"] = slot.child.process.pid
        return ids

    @property
    def resident(self) -> dict[str, int]:
        """Resident bytes by role, from the last beats."""
        sizes = {
            f"worker-{slot.plan.number}": slot.beat.resident_bytes
            for slot in self._slots
            if slot.beat is not None
        }
        if self.writer_beat is not None:
            sizes["writer"] = self.writer_beat.resident_bytes
        if self.server is not None and self.server.beat is not None:
            sizes["server"] = self.server.beat.resident_bytes
        return sizes | self._inference.resident

    @property
    def _address(self) -> str:
        return str(Path(self._folder) / "writer")

    def _start_writer(self) -> None:
        plan = WriterPlan(
            folder=self.archive,
            settings=self.settings,
            cameras=tuple(plan.camera for plan in self.cameras),
            address=self._address,
            authkey=self._authkey,
        )
        Path(self._address).unlink(missing_ok=True)
        self._writer = spawn(run_writer, plan, "yanji-writer", self.clock())

    def _wait_for_writer(self) -> None:
        assert self._writer is not None  # noqa: S101 - started just before
        until = self.clock() + START_S
        while self._writer.last_beat_s is None and self.clock() < until:
            alive = self._writer.process.is_alive()
            self._read_writer(0.2)  # after the look, so that the last words of a dead one are read
            if self._failure is not None:
                raise YanjiError(
                    self._failure.message, hint=self._failure.hint, code=self._failure.code
                )
            if not alive:
                raise YanjiError("The writer process ended before it could start.")

    @property
    def num_moves(self) -> int:
        """Cameras that were moved to another worker since the start."""
        return self._mover.num_moves

    def _watch(self, keeper: CostKeeper) -> None:
        next_status = self.clock() + self.status_every_s
        while not self._stopping and self._failure is None:
            for slot in self._slots:
                self._tend(slot)
            self._tend_writer()
            self._tend_server()
            self._inference.tend()
            self._listen(0.25)
            self._mover.tend(self._slots, self.clock())
            keeper.tend(self.clock())
            if self.clock() >= next_status:
                next_status += self.status_every_s
                self.on_status(self)

    def _listen(self, timeout_s: float) -> None:
        pipes = [slot.child.pipe for slot in self._slots if slot.child is not None]
        if self._writer is not None:
            pipes.append(self._writer.pipe)
        if not pipes:
            time.sleep(timeout_s)
            return
        for ready in mp_connection.wait(pipes, timeout_s):
            if self._writer is not None and ready is self._writer.pipe:
                self._read_writer(0)
            for slot in self._slots:
                if slot.child is not None and ready is slot.child.pipe:
                    self._read_worker(slot, slot.child)

    def _read_worker(self, slot: WorkerSlot, child: Child) -> None:
        try:
            while child.pipe.poll(0):
                said = child.pipe.recv()
                child.last_beat_s = self.clock()
                if isinstance(said, WorkerBeat):
                    slot.beat = said
                    self._mover.heard(slot, said, self.clock())
                elif isinstance(said, Released):
                    self._mover.released(slot, said, self._slots, self.clock())
                elif isinstance(said, Failed):
                    log.error("worker %d: %s", slot.plan.number, said.message)
                    if said.fatal:
                        self._failure = said
        except (EOFError, OSError):
            # Its end is closed: `_tend` finds the process dead, or it is about to be.
            child.done = True

    def _read_writer(self, timeout_s: float) -> None:
        child = self._writer
        if child is None:
            return
        try:
            while child.pipe.poll(timeout_s):
                said = child.pipe.recv()
                child.last_beat_s = self.clock()
                if isinstance(said, WriterBeat):
                    self.writer_beat = said
                elif isinstance(said, Failed):
                    self._failure = said if said.fatal else self._failure
                    log.error("writer: %s", said.message)
                timeout_s = 0
        except (EOFError, OSError):
            child.done = True

    def _tend(self, slot: WorkerSlot) -> None:
        now = self.clock()
        child = slot.child
        if child is None:
            if now >= slot.restart_at_s:
                name = f"yanji-worker-{slot.plan.number}"
                slot.child = spawn(self.worker_target, slot.plan, name, now)
            return
        reason = slot.why_replace(now, self.hang_s)
        if reason is None:
            if slot.num_failures and now - child.started_s > STEADY_S:
                slot.num_failures = 0
            return
        log.error("worker %d %s: it is replaced", slot.plan.number, reason)
        kill(child)
        slot.prepare_replacement(now)
        self._mover.replaced(slot)

    def _tend_writer(self) -> None:
        child = self._writer
        if child is not None and child.process.is_alive() and not child.done:
            return
        if self._failure is None:
            log.error("the writer died: it is replaced, the workers send again")
            if child is not None:
                kill(child)
            self._start_writer()

    def _tend_server(self) -> None:
        if self.server is not None:
            self.server.tend(self._states)
            self._failure = self._failure or self.server.failure

    def _states(self) -> CameraStates:
        beats = [slot.beat for slot in self._slots if slot.child is not None]
        workers = tuple(replace(beat, cameras=()) for beat in beats if beat is not None)
        return CameraStates(tuple(self.camera_beats), self.writer_beat, workers)

    def _shut_down(self) -> None:
        """Workers first, which close their tracks and wait for the writer; then who serves them."""
        workers = [slot.child for slot in self._slots if slot.child is not None]
        for child in workers:
            tell(child, STOP)
        self._wait_for_end(workers, STOP_S)
        self._inference.stop()
        if self._writer is not None:
            tell(self._writer, STOP)
            self._wait_for_end([self._writer], STOP_S)
        self.on_status(self)

    def _wait_for_end(self, children: Sequence[Child], limit_s: float) -> None:
        until = self.clock() + limit_s
        while self.clock() < until and any(child.process.is_alive() for child in children):
            self._inference.tend()  # closing tracks takes vectors
            self._listen(0.1)
        for child in children:
            if child.process.is_alive():
                log.error("%s did not end in %.0f s: it is killed", child.process.name, limit_s)

    def _kill_all(self) -> None:
        for slot in self._slots:
            if slot.child is not None:
                kill(slot.child)
                slot.child = None
        if self._writer is not None:
            kill(self._writer)
            self._writer = None
        self._inference.kill()
