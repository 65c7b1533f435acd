"""The writer: the one process that owns an archive. It takes messages, commits, acknowledges.

Batches: whatever has arrived within a short moment is committed together, because a commit with
`synchronous=FULL` costs about the same for one row and for sixty-four. Nothing is acknowledged
before its commit. A full disk is a state, not a crash: nothing is acknowledged, so the workers
wait, and writing goes on by itself when there is room again.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing import AuthenticationError
from multiprocessing import connection as mp_connection
from multiprocessing.connection import Connection, Listener

from yanji.api.messages import (
    FileBegun,
    FileFailed,
    FileFinished,
    FileProgress,
    Message,
    Outage,
    RunEnded,
    RunStarted,
    Seen,
)
from yanji.configs.errors import ArchiveError, DiskFullError
from yanji.index.handover import take_over
from yanji.index.writer import ArchiveWriter
from yanji.reid.sighting import Sighting

log = logging.getLogger(__name__)

MAX_BATCH = 64
_RETRY_FULL_S = 5.0
_RETENTION_EVERY_S = 3600.0
_HANDOVER_EVERY_S = 1.0


@dataclass
class WriterState:
    """What the writer tells the supervisor: replaced as a whole, read by one other thread."""

    state: str = "writing"
    """`writing` or `disk_full`."""
    detail: str = ""
    num_written: int = 0
    num_rejected: int = 0
    """Messages that the archive refused for a reason of their own (logged, then dropped)."""


@dataclass
class Intake:
    """Takes messages of any number of workers into one archive."""

    archive: ArchiveWriter
    listener: Listener
    retention_days: int | None = None
    on_message: Callable[[Message], None] = lambda message: None
    """Sees each message after its commit (progress display)."""
    gather_s: float = 0.1
    """How long a batch may wait for more; live sightings are to be seen at once."""
    state: WriterState = field(default_factory=WriterState)
    _connections: list[Connection] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stopping: bool = False

    def start(self) -> None:
        """Start to accept workers."""
        threading.Thread(target=self._accept, name="writer-accept", daemon=True).start()

    def stop_accepting(self) -> None:
        """Refuse new workers; the connected ones are still served."""
        self._stopping = True
        self.listener.close()

    @property
    def num_connections(self) -> int:
        """Workers connected now."""
        with self._lock:
            return len(self._connections)

    def work(self, until: Callable[[], bool], *, idle_s: float = 0.2) -> None:
        """Take messages until `until()` holds; it is asked between batches."""
        next_retention = next_handover = time.monotonic()
        while not until():
            if time.monotonic() >= next_handover:
                self._take_over()
                next_handover = time.monotonic() + _HANDOVER_EVERY_S
            if time.monotonic() >= next_retention:
                enforce_retention(self.archive, self.retention_days)
                next_retention = time.monotonic() + _RETENTION_EVERY_S
            batch = self._gather(idle_s)
            if batch:
                self._commit([message for _, _, message in batch], until)
                self._acknowledge(batch)

    def _take_over(self) -> None:
        """Clock offsets that somebody left; on a full disk they wait."""
        with contextlib.suppress(DiskFullError):
            take_over(self.archive)

    def _accept(self) -> None:
        while not self._stopping:
            try:
                worker = self.listener.accept()
            except (OSError, EOFError, AuthenticationError):
                if not self._stopping:
                    time.sleep(0.1)
                continue
            with self._lock:
                self._connections.append(worker)

    def _gather(self, idle_s: float) -> list[tuple[Connection, int, Message]]:
        batch: list[tuple[Connection, int, Message]] = []
        deadline = time.monotonic() + idle_s
        while len(batch) < MAX_BATCH:
            with self._lock:
                connections = list(self._connections)
            left = max(0.0, deadline - time.monotonic())
            ready = mp_connection.wait(connections, left) if connections else []
            if not ready:
                if not connections:
                    time.sleep(min(left, 0.05))
                if time.monotonic() >= deadline:
                    break
                continue
            if not batch:
                deadline = time.monotonic() + self.gather_s
            for worker in ready:
                assert isinstance(worker, Connection)  # noqa: S101 - narrows for the type checker
                try:
                    number, message = worker.recv()
                except (EOFError, OSError):
                    # The worker is gone, perhaps in the middle of a message: only its own
                    # connection is affected.
                    self._forget(worker)
                    continue
                batch.append((worker, number, message))
                if isinstance(message, FileProgress | FileFinished | FileFailed):
                    deadline = 0.0  # somebody waits to see it, or for the next recording
        return batch

    def _forget(self, worker: Connection) -> None:
        with self._lock:
            if worker in self._connections:
                self._connections.remove(worker)
        worker.close()

    def _acknowledge(self, batch: Sequence[tuple[Connection, int, Message]]) -> None:
        newest: dict[int, tuple[Connection, int]] = {}
        for worker, number, message in batch:
            newest[id(worker)] = (worker, number)
            self.on_message(message)
        for worker, number in newest.values():
            try:
                worker.send(number)
            except (OSError, ValueError):
                self._forget(worker)

    def _commit(self, messages: Sequence[Message], until: Callable[[], bool]) -> None:
        while True:
            try:
                for message in merged(messages):
                    self._apply(message)
            except DiskFullError as full:
                if self.state.state != "disk_full":
                    log.error("%s", full.message)
                self.state.state, self.state.detail = "disk_full", full.message
                if until():
                    raise
                # All work is idempotent: the whole batch is tried again.
                time.sleep(_RETRY_FULL_S)
                continue
            if self.state.state != "writing":
                log.info("there is room on the disk again; intake goes on")
            self.state.state, self.state.detail = "writing", ""
            return

    def _apply(self, message: Message) -> None:
        try:
            apply_message(self.archive, message)
        except DiskFullError:
            raise
        except ArchiveError as refused:
            if isinstance(message, Seen) and len(message.sightings) > 1:
                for sighting in message.sightings:
                    self._apply(Seen((sighting,)))
                return
            if refused.code == "file_done":
                return  # sent again after a lost acknowledgement
            self.state.num_rejected += 1
            log.error("the archive refused a message: %s", refused.message)
            return
        if isinstance(message, Seen):
            self.state.num_written += len(message.sightings)


def enforce_retention(archive: ArchiveWriter, days: int | None) -> None:
    """Delete what is older than the settings allow; a refusal (a clock that jumped) is logged."""
    if days is None:
        return
    try:
        report = archive.enforce_retention(time.time_ns(), days)
    except ArchiveError as refused:
        log.error("retention: %s", refused.message)
        return
    if report.deleted.sightings:
        log.info("retention deleted %d sightings", report.deleted.sightings)


def apply_message(archive: ArchiveWriter, message: Message) -> None:
    """Write one message; doing it twice changes nothing.

    Raises:
        DiskFullError: there is no room; try again later.
        ArchiveError: the archive refuses this message.
    """
    match message:
        case RunStarted(run):
            archive.start_run(run)
        case RunEnded(run_id, ended_ns, reason):
            archive.end_run(run_id, ended_ns, reason)
        case Seen(sightings):
            archive.write(sightings)
        case Outage(gap):
            archive.write_gaps((gap,))
        case FileBegun(run, path):
            archive.begin_file(run, path)
        case FileProgress(run_id=run_id, stream_s=stream_s):
            archive.file_progress(run_id, stream_s)
        case FileFinished(run_id=run_id, ended_ns=ended_ns):
            archive.finish_file(run_id, ended_ns)


def merged(messages: Sequence[Message]) -> list[Message]:
    """Join sightings with no other message between them into one write, order kept.

    Progress of a recording joins nothing and parts nothing: the last of each recording is kept,
    behind the sightings.
    """
    joined: list[Message] = []
    progress: dict[str, FileProgress] = {}
    for message in messages:
        if isinstance(message, FileProgress):
            progress[message.run_id] = message
            continue
        last = joined[-1] if joined else None
        if isinstance(message, Seen) and isinstance(last, Seen):
            sightings: tuple[Sighting, ...] = last.sightings + message.sightings
            joined[-1] = Seen(sightings)
        else:
            joined.append(message)
    return [*joined, *progress.values()]
