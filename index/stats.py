"""How large an archive is, how fast it grows, how long the disk lasts."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import func, select

from yanji.index.counters import fact
from yanji.index.disk import LOW_WATER_BYTES, DiskFree, disk_free
from yanji.index.migrations import schema_version
from yanji.index.models import StoredModel, read_models
from yanji.index.reader import ArchiveReader
from yanji.index.select import visible
from yanji.index.sqlite import DATABASE
from yanji.index.tables import CAMERAS, CROPS, DAY_NS, RUNS, SIGHTINGS
from yanji.index.writer import ARCHIVE_ID

_MIN_SPAN_NS = 3600 * 10**9
"""A shorter time says nothing about a day."""


@dataclass(frozen=True, slots=True)
class ArchiveStats:
    """Sizes in bytes; times are wall times, ns since 1970 UTC."""

    archive_id: str
    schema_version: int
    num_cameras: int
    num_runs: int
    num_sightings: int
    num_provisional: int
    database_bytes: int
    """Rows and vectors, with the write-ahead log."""
    crop_bytes: int
    first_ns: int | None
    last_ns: int | None
    bytes_per_day: float | None
    """Database and crops per day from the first to the last sighting; None below an hour."""
    days_left: float | None
    """Until the low-water mark, at that rate."""
    free_bytes: int
    models: tuple[StoredModel, ...]


def read_stats(
    reader: ArchiveReader, *, low_water_bytes: int = LOW_WATER_BYTES, free: DiskFree = disk_free
) -> ArchiveStats:
    """Measure an archive."""
    with reader.snapshot() as now:
        connection = now.connection
        first_ns, last_ns, num = connection.execute(
            select(
                func.min(SIGHTINGS.c.first_wall_ns),
                func.max(SIGHTINGS.c.last_wall_ns),
                func.count(),
            ).where(visible())
        ).one()
        provisional = connection.execute(
            select(func.count()).where(SIGHTINGS.c.state == "provisional", visible())
        ).scalar_one()
        files = select(CROPS.c.sha256, func.max(CROPS.c.size_bytes).label("size"))
        sizes = files.group_by(CROPS.c.sha256).subquery()
        crop_bytes = int(connection.execute(select(func.sum(sizes.c.size))).scalar() or 0)
        cameras = connection.execute(select(func.count()).select_from(CAMERAS)).scalar_one()
        runs = connection.execute(select(func.count()).select_from(RUNS)).scalar_one()
        models = tuple(read_models(connection))
        archive_id = fact(connection, ARCHIVE_ID) or ""
        version = schema_version(connection)
    database_bytes = sum(
        path.stat().st_size
        for path in reader.folder.glob(f"{DATABASE}*")
        if not path.name.endswith("-shm")
    )
    left = free(reader.folder)
    per_day = None
    days_left = None
    if first_ns is not None and last_ns - first_ns >= _MIN_SPAN_NS:
        per_day = (database_bytes + crop_bytes) / ((last_ns - first_ns) / DAY_NS)
        days_left = max(0, left - low_water_bytes) / per_day
    return ArchiveStats(
        archive_id=archive_id,
        schema_version=version,
        num_cameras=cameras,
        num_runs=runs,
        num_sightings=num,
        num_provisional=provisional,
        database_bytes=database_bytes,
        crop_bytes=crop_bytes,
        first_ns=first_ns,
        last_ns=last_ns,
        bytes_per_day=per_day,
        days_left=days_left,
        free_bytes=left,
        models=models,
    )
