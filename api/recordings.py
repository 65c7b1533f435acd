"""Recordings into the archive: worker processes read files, this process is the writer.

The ledger in the archive knows every recording by content, camera and start. One that is done is
skipped; one that was cut off by a crash is read again from its beginning and gives the same ids;
nothing of a recording is visible before it is complete.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import secrets
import shutil
import signal
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection, Listener
from multiprocessing.context import SpawnProcess
from pathlib import Path

from yanji.api.link import WriterLink
from yanji.api.logs import start_logging
from yanji.api.messages import (
    FileBegun,
    FileFailed,
    FileFinished,
    FileProgress,
    Message,
    Seen,
)
from yanji.api.pipeline import CameraPipeline, open_detector, open_reid
from yanji.api.worker import one_thread_each
from yanji.api.writer import Intake
from yanji.configs.errors import DiskFullError, SourceError, YanjiError
from yanji.configs.settings import Settings
from yanji.index.disk import disk_free, require_room
from yanji.index.writer import ArchiveWriter
from yanji.ingest.content import file_sha256, text_of
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler

log = logging.getLogger(__name__)

_PROGRESS_S = 1.0
_DRAIN_S = 60.0
"""How long a reader that is told to end waits for the writer's last commit."""
_MAX_TRIES = 2
_FULL_HINT = "Free space or shorten retention.days, then run the same command again: it goes on."


@dataclass(frozen=True, slots=True)
class Job:
    """One recording to read."""

    path: Path
    camera_id: str
    started_ns: int
    analyse_fps: float
    content_sha256: str = ""
    """Of the file; empty: not known yet."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one recording."""

    path: Path
    camera_id: str
    started_ns: int
    state: str
    """`done`, `skipped` (was in the archive already), `damaged` (what could be read is in the
    archive) or `failed`."""
    run_id: str | None = None
    num_sightings: int = 0
    code: str = ""
    message: str = ""
    hint: str = ""

    @property
    def key(self) -> str:
        """Names the job, as `Progress.key` does."""
        return _named(self.path, self.camera_id, self.started_ns)


@dataclass(frozen=True, slots=True)
class ReaderPlan:
    """All that a reading process needs to start."""

    settings: Settings
    address: str
    authkey: bytes


@dataclass
class _Reader:
    process: SpawnProcess
    pipe: Connection
    job: Job | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a recording is: seconds read of seconds in all (None: the file does not say)."""

    key: str
    """Names the job."""
    stream_s: float
    duration_s: float | None


def index_recordings(
    jobs: Sequence[Job],
    archive: ArchiveWriter,
    settings: Settings,
    *,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    on_outcome: Callable[[Outcome], None] = lambda outcome: None,
) -> list[Outcome]:
    """Read recordings that the ledger does not know as done; a bad one does not stop the others.

    Args:
        jobs: recordings with their camera (registered) and start; each content, camera and start
            counts once.
        archive: open for writing; this process is its writer.
        settings: models, runtime, number of processes.
        on_progress: called about once a second and recording.
        on_outcome: called when a recording is through.

    Returns:
        One outcome per job, in the order of the jobs.

    Raises:
        DiskFullError: the disk is at its low-water mark, now or in the middle of a recording.
            What is done stays done, and the same call goes on from there.
    """
    outcomes: dict[int, Outcome] = {}
    todo: deque[tuple[int, Job]] = deque()
    seen: dict[tuple[str, str, int], int] = {}
    for number, job in enumerate(jobs):
        outcome, job = _look_up(job, archive, seen, number)
        if outcome is None:
            todo.append((number, job))
        else:
            outcomes[number] = outcome
            on_outcome(outcome)
    if todo:
        try:
            require_room(archive.folder, settings.disk.low_water_mb * 1_000_000, disk_free)
            _Indexing(archive, settings, todo, outcomes, on_progress, on_outcome).work()
        except DiskFullError as full:
            raise DiskFullError(full.message, hint=_FULL_HINT) from full
    return [outcomes[number] for number in range(len(jobs))]


def _look_up(
    job: Job, archive: ArchiveWriter, seen: dict[tuple[str, str, int], int], number: int
) -> tuple[Outcome | None, Job]:
    """Ask the ledger; an outcome means that there is nothing to read."""
    plain = Outcome(job.path, job.camera_id, job.started_ns, "skipped")
    try:
        job = replace(job, content_sha256=job.content_sha256 or file_sha256(job.path))
    except SourceError as error:
        return replace(
            plain, state="failed", code=error.code, message=error.message, hint=error.hint
        ), job
    key = (job.content_sha256, job.camera_id, job.started_ns)
    if key in seen:
        return replace(plain, message="the same recording was named twice"), job
    seen[key] = number
    if archive.file_state(*key) == "done":
        return plain, job
    return None, job


class _Indexing:
    """Deals recordings to reading processes and writes what they find."""

    def __init__(
        self,
        archive: ArchiveWriter,
        settings: Settings,
        todo: deque[tuple[int, Job]],
        outcomes: dict[int, Outcome],
        on_progress: Callable[[Progress], None],
        on_outcome: Callable[[Outcome], None],
    ) -> None:
        self._todo = todo
        self._outcomes = outcomes
        self._on_progress = on_progress
        self._on_outcome = on_outcome
        self._tries: dict[int, int] = {}
        self._running: dict[str, tuple[int, Job]] = {}
        self._readers: list[_Reader] = []
        self._folder = tempfile.mkdtemp(prefix="yanji-")
        address = str(Path(self._folder) / "writer")
        self._plan = ReaderPlan(settings, address, secrets.token_bytes(32))
        listener = Listener(address, authkey=self._plan.authkey)
        self._intake = Intake(archive, listener, on_message=self._noticed)
        self._num_readers = min(settings.num_workers, len(todo))

    def work(self) -> None:
        """Run until every recording has its outcome."""
        self._intake.start()
        try:
            self._intake.work(self._is_done)
        finally:
            for reader in self._readers:
                if reader.process.is_alive():
                    reader.process.kill()
                reader.process.join(5)
                reader.pipe.close()
            self._intake.stop_accepting()
            shutil.rmtree(self._folder, ignore_errors=True)

    def _is_done(self) -> bool:
        """Called between batches: hand out work, notice the dead.

        Also called when a batch found the disk full: nobody may be there to make room, so the
        recordings end here, and `Intake` raises what it met.
        """
        if self._intake.state.state == "disk_full":
            return True
        self._bury()
        while self._todo and len(self._readers) < self._num_readers:
            self._readers.append(self._start_reader())
        for reader in self._readers:
            if reader.job is None and self._todo:
                number, job = self._todo.popleft()
                reader.job = job
                self._tries[number] = self._tries.get(number, 0) + 1
                self._running[_key(job)] = (number, job)
                reader.pipe.send(job)
        return not self._todo and not self._running

    def _start_reader(self) -> _Reader:
        context = multiprocessing.get_context("spawn")
        ours, theirs = context.Pipe()
        process = context.Process(
            target=run_reader, args=(self._plan, theirs), name="yanji-reader", daemon=True
        )
        process.start()
        theirs.close()
        return _Reader(process, ours)

    def _bury(self) -> None:
        """A reader that died gets its recording tried once more, by another."""
        for reader in list(self._readers):
            if reader.process.is_alive():
                continue
            self._readers.remove(reader)
            reader.pipe.close()
            job = reader.job
            if job is None or _key(job) not in self._running:
                continue
            number, _ = self._running.pop(_key(job))
            if self._tries[number] < _MAX_TRIES:
                log.error("the process reading %s died: it is tried again", job.path.name)
                self._todo.append((number, job))
            else:
                self._settle(
                    number,
                    Outcome(
                        job.path,
                        job.camera_id,
                        job.started_ns,
                        "failed",
                        code="reader_died",
                        message=f"The process reading {job.path.name} died twice (exit code "
                        f"{reader.process.exitcode}).",
                        hint="See the log; the file may be damaged, or memory is short.",
                    ),
                )

    def _noticed(self, message: Message) -> None:
        match message:
            case FileProgress(_, stream_s, duration_s, key):
                self._on_progress(Progress(key, stream_s, duration_s))
            case FileFinished(run_id, _, num_sightings, damage, key):
                number, job = self._release(key)
                self._settle(
                    number,
                    Outcome(
                        job.path,
                        job.camera_id,
                        job.started_ns,
                        "damaged" if damage else "done",
                        run_id,
                        num_sightings,
                        code="damaged" if damage else "",
                        message=f"{job.path.name}: {damage}." if damage else "",
                        hint="What could be read is in the archive." if damage else "",
                    ),
                )
            case FileFailed(key, code, text, hint):
                number, job = self._release(key)
                self._settle(
                    number,
                    Outcome(
                        job.path,
                        job.camera_id,
                        job.started_ns,
                        "failed",
                        code=code,
                        message=text,
                        hint=hint,
                    ),
                )
            case _:
                pass

    def _release(self, key: str) -> tuple[int, Job]:
        number, job = self._running.pop(key)
        for reader in self._readers:
            if reader.job is not None and _key(reader.job) == key:
                reader.job = None
        return number, job

    def _settle(self, number: int, outcome: Outcome) -> None:
        self._outcomes[number] = outcome
        self._on_outcome(outcome)


def run_reader(plan: ReaderPlan, owner: Connection) -> None:
    """Entry point of a reading process: one recording after the other."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    start_logging(plan.settings.log_level)
    one_thread_each()
    threading.Thread(target=_end_with_owner, name="owner-watch", daemon=True).start()
    link = WriterLink(plan.address, plan.authkey)
    models = None
    try:
        while True:
            job: Job = owner.recv()
            try:
                if models is None:
                    models = (open_detector(plan.settings), open_reid(plan.settings))
                pipeline = CameraPipeline(*models, job.analyse_fps)
                read_recording(job, pipeline, link.send)
            except YanjiError as error:
                link.send(FileFailed(_key(job), error.code, error.message, error.hint))
    except (EOFError, OSError):
        pass  # the owner is gone
    finally:
        link.drain(_DRAIN_S)
        link.close()


def _end_with_owner() -> None:
    """A reader whose owner was killed would wait for ever to hand over what it found."""
    owner = multiprocessing.parent_process()
    if owner is not None:
        owner.join()
        os._exit(1)  # nothing here is worth finishing: the ledger knows what is not done


def read_recording(job: Job, pipeline: CameraPipeline, send: Callable[[Message], object]) -> None:
    """Take one recording through the pipeline.

    Raises:
        SourceError: the file cannot be read; what was sent of it stays invisible.
    """
    source = open_recording(
        job.path, job.camera_id, job.started_ns, content_sha256=job.content_sha256
    )
    key, num_sightings, ids = _key(job), 0, set[str]()
    with source.connect() as connection:
        run = connection.run
        send(FileBegun(run, text_of(job.path)))
        sampler = Sampler(job.analyse_fps)
        next_progress = time.monotonic()
        for frame in connection:
            if not sampler.take(frame.stream_s):
                continue
            found = pipeline.step(frame)
            if found:
                ids.update(sighting.sighting_id for sighting in found)
                send(Seen(tuple(found)))
            if time.monotonic() >= next_progress:
                send(FileProgress(run.run_id, frame.stream_s, connection.duration_s, key))
                next_progress = time.monotonic() + _PROGRESS_S
        closed = pipeline.finish()
        if closed:
            ids.update(sighting.sighting_id for sighting in closed)
            send(Seen(tuple(closed)))
        num_sightings = len(ids)
        ended_ns = run.started_ns + round(connection.last_stream_s * 1e9)
        damage = _damage(connection.truncated, connection.num_broken, connection.last_stream_s)
        send(FileProgress(run.run_id, connection.last_stream_s, connection.duration_s, key))
        send(FileFinished(run.run_id, ended_ns, num_sightings, damage, key))


def _damage(truncated: bool, num_broken: int, last_s: float) -> str | None:
    if truncated:
        return f"the file is cut off after {last_s:.0f} s"
    if num_broken:
        return f"{num_broken} pictures could not be decoded"
    return None


def _key(job: Job) -> str:
    """Names a job in messages; a path alone may be read for two cameras."""
    return _named(job.path, job.camera_id, job.started_ns)


def _named(path: Path, camera_id: str, started_ns: int) -> str:
    return f"{path}\0{camera_id}\0{started_ns}"
