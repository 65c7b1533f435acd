"""The one writer of an archive. Readers in other processes use `yanji.index.reader`.

Every method is one transaction, safe to repeat, and either done or not done after a crash.
Not for several threads at once.
"""

from __future__ import annotations

import logging
import os
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from sqlalchemy import Connection, Engine

from yanji.configs.errors import DiskFullError
from yanji.index import runs as ledger
from yanji.index.cameras import Camera, put_camera, put_clock_offset
from yanji.index.counters import fact, put_fact
from yanji.index.crops import clear_temporary, store_crops, unlink_crops
from yanji.index.delete import Deleted, delete_sightings_of_run, doomed_crops, forget_doomed
from yanji.index.disk import (
    LOW_WATER_BYTES,
    DiskFree,
    disk_free,
    keep_ballast,
    lock_for_writing,
    make_folder,
    release_ballast,
    require_room,
)
from yanji.index.migrations import (
    Migration,
    found_version,
    migrate,
    migrations,
    refuse_newer,
)
from yanji.index.retention import CLOCK_SEEN, RetentionReport, purge
from yanji.index.sqlite import (
    DATABASE,
    archive_errors,
    forget_deleted_bytes,
    writing_engine,
)
from yanji.index.tables import RUNS
from yanji.index.write import Refusal, Written, fault_of, folded, write_sightings
from yanji.ingest.frame import Run
from yanji.ingest.gap import Gap
from yanji.reid.sighting import Sighting

_log = logging.getLogger(__name__)
ARCHIVE_ID = "archive_id"
_MINUTE_NS = 60 * 10**9


class ArchiveWriter:
    """Owns an archive's folder until closed. Made by `open_archive`."""

    def __init__(
        self,
        folder: Path,
        engine: Engine,
        lock: int,
        *,
        low_water_bytes: int,
        clock_ns: Callable[[], int],
        free: DiskFree,
    ) -> None:
        self.folder = folder
        self.engine = engine
        self._lock = lock
        self._low_water_bytes = low_water_bytes
        self._clock_ns = clock_ns
        self._free = free
        self._clock_marked_ns = 0

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        low_water_bytes: int = LOW_WATER_BYTES,
        clock_ns: Callable[[], int] = time.time_ns,
        free: DiskFree = disk_free,
    ) -> ArchiveWriter:
        """Same as `open_archive`."""
        return open_archive(folder, low_water_bytes=low_water_bytes, clock_ns=clock_ns, free=free)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Give the archive back. Closing twice is fine."""
        if self._lock >= 0:
            self.engine.dispose()
            os.close(self._lock)
            self._lock = -1

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One write transaction, with errors that a user can act on."""
        with archive_errors(self.folder), self.engine.begin() as connection:
            yield connection

    # Cameras and clocks

    def register_camera(self, camera: Camera) -> None:
        """Add a camera, or update its name and place.

        Raises:
            UsageError: the id is not accepted, see `camera_id_of`.
        """
        with self.transaction() as connection:
            put_camera(connection, camera)

    def set_clock_offset(
        self,
        camera_id: str,
        valid_from_ns: int,
        offset_s: float,
        sigma_s: float,
        source: str = "",
    ) -> None:
        """Say how far a camera's clock is ahead (`offset_s` > 0) from a wall time on.

        All answers, also about the past, follow it: corrected = wall - offset. `source` says how
        it is known, see `yanji.index.offsets.OffsetSource`.
        """
        with self.transaction() as connection:
            put_clock_offset(connection, camera_id, valid_from_ns, offset_s, sigma_s, source)

    # Live runs

    def start_run(self, run: Run) -> None:
        """Open a live run; ends the camera's open gaps.

        Raises:
            ArchiveError: the camera is not registered.
        """
        with self.transaction() as connection:
            ledger.start_live_run(connection, run)

    def end_run(self, run_id: str, ended_ns: int, reason: str) -> None:
        """Close a live run. After `shutdown` a gap stays open until the camera's next run."""
        with self.transaction() as connection:
            ledger.end_live_run(connection, run_id, ended_ns, reason)

    def write_gaps(self, gaps: Sequence[Gap]) -> None:
        """Add outages, or close those of the same camera and start."""
        if gaps:
            with self.transaction() as connection:
                ledger.put_gaps(connection, list(gaps))

    # Sightings

    def write(self, sightings: Sequence[Sighting]) -> Written:
        """Store a batch in one transaction; when this returns it survives a power cut.

        A sighting that cannot be stored (no finite unit vector, a crop not named by its content)
        is refused by itself and logged; the others are stored.

        Raises:
            DiskFullError: the disk is at its low-water mark; nothing of the batch is stored.
            ArchiveError: a run was not started, or the archive cannot be written.
        """
        good: list[Sighting] = []
        refused: list[Refusal] = []
        for sighting in folded(sightings):
            fault = fault_of(sighting)
            if fault is None:
                good.append(sighting)
            else:
                refused.append(Refusal(sighting.sighting_id, fault))
                _log.error("sighting %s refused: %s", sighting.sighting_id, fault)
        if not good:
            return Written(0, 0, tuple(refused))
        require_room(self.folder, self._low_water_bytes, self._free)
        crops = {crop.sha256: crop for item in good for crop in item.crops or ()}
        new_files = store_crops(self.folder, crops.values())
        try:
            with self.transaction() as connection:
                written = write_sightings(connection, good)
                self._mark_clock(connection)
                doomed = doomed_crops(connection)
        except DiskFullError:
            # Rolled back for certain; after any other failure the files stay as orphans.
            unlink_crops(self.folder, new_files)
            raise
        self._unlink(doomed)
        return Written(written.stored, written.unchanged, tuple(refused))

    # Recordings

    def file_state(self, content_sha256: str, camera_id: str, started_ns: int) -> ledger.FileState:
        """Whether a recording is `new`, `incomplete` (cut off) or `done`."""
        with self.transaction() as connection:
            return ledger.file_state(connection, content_sha256, camera_id, started_ns)

    def begin_file(self, run: Run, path: str) -> None:
        """Open a recording's run; what an earlier try left is dropped.

        Raises:
            ArchiveError: it is done, or its camera is not registered.
        """
        with self.transaction() as connection:
            ledger.begin_file(connection, run, path, self._clock_ns())
            doomed = doomed_crops(connection)
        self._unlink(doomed)

    def file_progress(self, run_id: str, seconds: float) -> None:
        """Note how far a recording has been read, in seconds of the recording."""
        with self.transaction() as connection:
            connection.execute(
                RUNS.update().where(RUNS.c.run_id == run_id).values(progress_s=float(seconds))
            )

    def finish_file(self, run_id: str, ended_ns: int | None = None) -> None:
        """Show all sightings of a recording to readers, at once."""
        with self.transaction() as connection:
            ledger.finish_file(connection, run_id, ended_ns)

    # Removal

    def remove_run(self, run_id: str) -> Deleted:
        """Undo a run: its sightings, vectors and crops, and its entry in the ledger.

        Raises:
            ArchiveError: the archive does not know it.
        """

        def remove(connection: Connection) -> Deleted:
            key = ledger.run_key(connection, run_id)
            deleted = delete_sightings_of_run(connection, key, self._clock_ns())
            connection.execute(RUNS.delete().where(RUNS.c.run_key == key))
            return deleted

        deleted = self.in_reserve(remove)
        self.forget_deleted()
        return deleted

    def enforce_retention(
        self, now_ns: int, days: float, *, confirmed: bool = False
    ) -> RetentionReport:
        """Delete what ended more than `days` before `now_ns`, bytes included.

        Raises:
            ArchiveError: the clock has jumped more than a day past the last write (`clock_jump`);
                a wrong clock must not empty an archive. `confirmed` is a person's yes.
        """
        return purge(self, now_ns, days, confirmed=confirmed)

    def in_reserve(self, work: Callable[[Connection], Deleted]) -> Deleted:
        """Run a deletion in a transaction; on a full disk release the ballast and try once more."""
        try:
            with self.transaction() as connection:
                return work(connection)
        except DiskFullError:
            if not release_ballast(self.folder):
                raise
            _log.warning("disk full: ballast released for a deletion")
            with self.transaction() as connection:
                return work(connection)

    def forget_deleted(self) -> bool:
        """Unlink crops without a row and leave no bytes of deleted rows; False: not all yet."""
        with self.transaction() as connection:
            doomed = doomed_crops(connection)
        self._unlink(doomed)
        with archive_errors(self.folder):
            clean = forget_deleted_bytes(self.engine)
        keep_ballast(self.folder, self._low_water_bytes, self._free)
        return clean

    def _unlink(self, doomed: list[str]) -> None:
        if doomed:
            unlink_crops(self.folder, doomed)
            with self.transaction() as connection:
                forget_doomed(connection, doomed)

    def _mark_clock(self, connection: Connection) -> None:
        now = self._clock_ns()
        if abs(now - self._clock_marked_ns) > _MINUTE_NS:
            put_fact(connection, CLOCK_SEEN, str(now))
            self._clock_marked_ns = now


def open_archive(
    folder: Path,
    *,
    low_water_bytes: int = LOW_WATER_BYTES,
    clock_ns: Callable[[], int] = time.time_ns,
    free: DiskFree = disk_free,
    known: tuple[Migration, ...] | None = None,
) -> ArchiveWriter:
    """Open an archive for writing; creates it when missing, migrates an older one.

    Live runs of a process that died are closed with the reason `unknown`; their sightings stay as
    last known.

    Raises:
        ArchiveTooNewError: written by a newer yanji; nothing was touched.
        ArchiveBusyError: another process writes it.
        ArchiveError: the path is a file, read-only, not permitted, or damaged.
    """
    known = migrations() if known is None else known
    database = folder / DATABASE
    make_folder(folder)
    if database.exists() and database.stat().st_size > 0:
        # Before the lock and before any pragma: a newer archive is not touched.
        found = found_version(database)
        refuse_newer(found, known, str(folder))
    lock = lock_for_writing(folder)
    engine = writing_engine(database)
    try:
        with archive_errors(folder):
            found = migrate(engine, known, str(folder), clock_ns)
        writer = ArchiveWriter(
            folder, engine, lock, low_water_bytes=low_water_bytes, clock_ns=clock_ns, free=free
        )
        with writer.transaction() as connection:
            if found == 0:
                put_fact(connection, CLOCK_SEEN, str(clock_ns()))
            if fact(connection, ARCHIVE_ID) is None:
                put_fact(connection, ARCHIVE_ID, str(uuid.uuid4()))
            orphaned = ledger.end_orphaned_runs(connection)
        clear_temporary(folder)
        writer.forget_deleted()
        if orphaned:
            _log.warning("%d runs of a process that died were closed", orphaned)
    except BaseException:  # the lock must not outlive a failed opening, whatever failed
        engine.dispose()
        os.close(lock)
        raise
    return writer
