"""How the cameras are now: the newest beats that the supervisor passed on. Thread-safe."""

from __future__ import annotations

import threading
from collections.abc import Iterable

from yanji.api.plan import CameraBeat, WorkerBeat, WriterBeat


class CameraBoard:
    """The newest beat of every camera and of the writer; empty where nothing is watched live."""

    def __init__(self, *, live: bool) -> None:
        self.live = live
        """Whether this installation watches cameras."""
        self._lock = threading.Lock()
        self._beats: dict[str, CameraBeat] = {}
        self._writer: WriterBeat | None = None
        self._workers: tuple[WorkerBeat, ...] = ()

    def update(
        self,
        beats: Iterable[CameraBeat],
        writer: WriterBeat | None = None,
        workers: Iterable[WorkerBeat] = (),
    ) -> None:
        """Take the newest beats; cameras that are not among them are watched no longer."""
        fresh = {beat.camera_id: beat for beat in beats}
        with self._lock:
            self._beats = fresh
            self._writer = writer
            self._workers = tuple(workers)

    def beats(self) -> dict[str, CameraBeat]:
        """Camera id -> its newest beat."""
        with self._lock:
            return dict(self._beats)

    def writer(self) -> WriterBeat | None:
        """The writer's newest beat; None where there is no writer or it said nothing yet."""
        with self._lock:
            return self._writer

    def workers(self) -> tuple[WorkerBeat, ...]:
        """The newest beat of every worker, without its cameras."""
        with self._lock:
            return self._workers
