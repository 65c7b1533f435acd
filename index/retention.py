"""Nothing is kept longer than allowed: rows, crops and vectors go, and so do their bytes."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, delete, select

from yanji.configs.errors import ArchiveError, UsageError
from yanji.index.counters import batches, fact, put_fact
from yanji.index.crops import stored_files
from yanji.index.delete import Deleted, delete_sightings, forget_old_deletions
from yanji.index.feedback import FEEDBACK, FeedbackStore
from yanji.index.tables import CROPS, DAY_NS, GAPS, SIGHTINGS

if TYPE_CHECKING:
    from yanji.index.writer import ArchiveWriter

_log = logging.getLogger(__name__)

CLOCK_SEEN: Final = "clock_seen_ns"
"""Host time of the newest write: what a jump of the clock is measured against."""
MAX_JUMP_NS: Final = DAY_NS
FORGOTTEN_SEQ: Final = "forgotten_seq"
"""Notes of deletions up to this `seq` are gone: a reader that is behind it starts anew."""
_KEEP_NOTES_NS: Final = 7 * DAY_NS
_BATCH: Final = 2_000


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What one pass deleted."""

    cutoff_ns: int
    """Wall time; whatever ended before it is gone."""
    deleted: Deleted
    gaps: int
    orphans: int
    """Crop files without a row, left by a crash, older than the cutoff."""
    bytes_forgotten: bool
    """False: a reader held the log open; the deleted bytes go with the next pass."""

    @property
    def num_sightings(self) -> int:
        """Sightings deleted."""
        return self.deleted.sightings


def purge(writer: ArchiveWriter, now_ns: int, days: float, *, confirmed: bool) -> RetentionReport:
    """See `ArchiveWriter.enforce_retention`. Deletes in small transactions, resumable."""
    if not days > 0:
        raise UsageError(f"retention of {days} days is not accepted", hint="give more than 0")
    cutoff_ns = now_ns - round(days * DAY_NS)
    with writer.transaction() as connection:
        seen = fact(connection, CLOCK_SEEN)
    if seen is not None and now_ns - int(seen) > MAX_JUMP_NS and not confirmed:
        raise ArchiveError(
            f"nothing deleted: the clock is {(now_ns - int(seen)) / DAY_NS:.1f} days past the last "
            "write to the archive",
            hint="check the date of this machine, then confirm",
            code="clock_jump",
        )
    old = select(SIGHTINGS.c.sighting_key).where(SIGHTINGS.c.last_wall_ns < cutoff_ns).limit(_BATCH)

    def delete_some(connection: Connection) -> Deleted:
        return delete_sightings(connection, list(connection.execute(old).scalars()), now_ns)

    total = Deleted()
    while (some := writer.in_reserve(delete_some)).sightings:
        total += some
    with writer.transaction() as connection:
        past = GAPS.c.to_ns.is_not(None) & (GAPS.c.to_ns < cutoff_ns)
        gaps = connection.execute(delete(GAPS).where(past)).rowcount
        forgotten = forget_old_deletions(connection, now_ns - _KEEP_NOTES_NS)
        if forgotten:
            put_fact(connection, FORGOTTEN_SEQ, str(forgotten))
        if seen is None or now_ns > int(seen):
            put_fact(connection, CLOCK_SEEN, str(now_ns))
    orphans = _unlink_old_orphans(writer, cutoff_ns)
    _forget_verdicts(writer.folder, cutoff_ns)
    clean = writer.forget_deleted()
    if total.sightings:
        _log.info("retention: %d sightings deleted", total.sightings)
    return RetentionReport(cutoff_ns, total, gaps, orphans, clean)


def _forget_verdicts(folder: Path, cutoff_ns: int) -> None:
    """What was said of deleted sightings goes with them; the deletion does not hang on it."""
    if not (folder / FEEDBACK).exists():
        return
    try:
        with FeedbackStore.open(folder) as verdicts:
            num = verdicts.purge(cutoff_ns)
    except ArchiveError as error:
        _log.warning("retention: verdicts were not examined: %s", error.message)
        return
    if num:
        _log.info("retention: %d verdicts deleted", num)


def _unlink_old_orphans(writer: ArchiveWriter, cutoff_ns: int) -> int:
    num = 0
    old = (item for item in stored_files(writer.folder) if item[2] * 1e9 < cutoff_ns)
    for files in batches(old):
        names = [sha256 for sha256, _, _ in files]
        query = select(CROPS.c.sha256).distinct().where(CROPS.c.sha256.in_(names))
        with writer.transaction() as connection:
            named = set(connection.execute(query).scalars())
        for sha256, path, _ in files:
            if sha256 not in named:
                path.unlink(missing_ok=True)
                num += 1
    return num
