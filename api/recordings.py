"""Recordings into the archive: reading processes read files, this process is the writer.

The ledger in the archive knows every recording by content, camera and start. One that is done is
skipped; one that was cut off by a crash is read again from its beginning and gives the same ids;
nothing of a recording is visible before it is complete.
"""

from __future__ import annotations

import logging
import secrets
import shutil
import tempfile
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from multiprocessing.connection import Listener
from pathlib import Path

from yanji.api.children import Child, kill, spawn
from yanji.api.messages import FileFailed, FileFinished, FileProgress, Message
from yanji.api.reading import Job, ReaderPlan, key_of, run_reader
from yanji.api.writer import Intake
from yanji.configs.errors import DiskFullError, SourceError
from yanji.configs.settings import Settings
from yanji.index.disk import disk_free, require_room
from yanji.index.writer import ArchiveWriter
from yanji.ingest.content import file_sha256

log = logging.getLogger(__name__)

RECORDING_GATHER_S = 1.0
"""Nobody sees a recording before it is complete: larger batches, fewer commits."""
_MAX_TRIES = 2
_FULL_HINT = "Free space or shorten retention.days, then run the same command again: it goes on."


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
    start_source: str = "given"
    """How the start is known, see `yanji.ingest.recording_start.StartSource`."""

    @property
    def key(self) -> str:
        """Names the job, as `Progress.key` does."""
        return key_of(self.path, self.camera_id, self.started_ns)


@dataclass
class _Reader:
    child: Child
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
    plain = _outcome(job, "skipped")
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
        self._intake = Intake(
            archive, listener, on_message=self._noticed, gather_s=RECORDING_GATHER_S
        )
        self._num_readers = min(settings.num_workers, len(todo))

    def work(self) -> None:
        """Run until every recording has its outcome."""
        self._intake.start()
        try:
            self._intake.work(self._is_done)
        finally:
            for reader in self._readers:
                kill(reader.child)
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
            child = spawn(run_reader, self._plan, "yanji-reader", time.monotonic())
            self._readers.append(_Reader(child))
        for reader in self._readers:
            if reader.job is None and self._todo:
                number, job = self._todo.popleft()
                reader.job = job
                self._tries[number] = self._tries.get(number, 0) + 1
                self._running[job.key] = (number, job)
                reader.child.pipe.send(job)
        return not self._todo and not self._running

    def _bury(self) -> None:
        """A reader that died gets its recording tried once more, by another."""
        for reader in list(self._readers):
            if reader.child.process.is_alive():
                continue
            self._readers.remove(reader)
            kill(reader.child)
            job = reader.job
            if job is None or job.key not in self._running:
                continue
            number, _ = self._running.pop(job.key)
            if self._tries[number] < _MAX_TRIES:
                log.error("the process reading %s died: it is tried again", job.path.name)
                self._todo.append((number, job))
                continue
            outcome = replace(
                _outcome(job, "failed"),
                code="reader_died",
                message=f"The process reading {job.path.name} died twice (exit code "
                f"{reader.child.process.exitcode}).",
                hint="See the log; the file may be damaged, or memory is short.",
            )
            self._settle(number, outcome)

    def _noticed(self, message: Message) -> None:
        """Sees each message after its commit."""
        if isinstance(message, FileProgress):
            self._on_progress(Progress(message.key, message.stream_s, message.duration_s))
        elif isinstance(message, FileFinished | FileFailed):
            # Not there: the last words of a reader that died, whose recording is read again.
            running = self._running.pop(message.key, None)
            if running is None:
                return
            for reader in self._readers:
                if reader.job is not None and reader.job.key == message.key:
                    reader.job = None
            number, job = running
            self._settle(number, _ended(job, message))

    def _settle(self, number: int, outcome: Outcome) -> None:
        self._outcomes[number] = outcome
        self._on_outcome(outcome)


def _outcome(job: Job, state: str) -> Outcome:
    return Outcome(job.path, job.camera_id, job.started_ns, state, start_source=job.start_source)


def _ended(job: Job, message: FileFinished | FileFailed) -> Outcome:
    if isinstance(message, FileFailed):
        return replace(
            _outcome(job, "failed"), code=message.code, message=message.message, hint=message.hint
        )
    outcome = replace(
        _outcome(job, "done"), run_id=message.run_id, num_sightings=message.num_sightings
    )
    if message.damage is None:
        return outcome
    return replace(
        outcome,
        state="damaged",
        code="damaged",
        message=f"{job.path.name}: {message.damage}.",
        hint="What could be read is in the archive.",
    )
