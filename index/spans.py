"""What a page says of an archive at every look: its span, and each camera's newest and number.

Every function reads indexes only, no row that it does not need: at ten million sightings the span
and the newest ones cost milliseconds, counting some tenths of a second.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from yanji.index.clock import NO_OFFSETS, read_offsets
from yanji.index.select import visible
from yanji.index.tables import CAMERAS, INCOMPLETE, RUNS, SIGHTINGS


def time_span(connection: Connection) -> tuple[int, int] | None:
    """First and last moment of all sightings, ns since 1970 UTC; None for an empty archive.

    A bound, not exact: corrected by the offsets of the cameras that hold the two outermost
    sightings by wall time. Recordings that are being read count too.
    """
    wall = SIGHTINGS.c.first_wall_ns
    first = connection.execute(select(SIGHTINGS).order_by(wall).limit(1)).first()
    if first is None:
        return None
    newest_day = select(func.max(SIGHTINGS.c.day)).scalar_subquery()
    last = connection.execute(
        select(SIGHTINGS)
        .where(SIGHTINGS.c.day == newest_day)
        .order_by(SIGHTINGS.c.last_wall_ns.desc())
        .limit(1)
    ).one()
    offsets = read_offsets(connection)
    first_ns = offsets.get(first.camera_key, NO_OFFSETS).corrected_ns(first.first_wall_ns)
    last_ns = offsets.get(last.camera_key, NO_OFFSETS).corrected_ns(last.last_wall_ns)
    return first_ns, max(first_ns, last_ns)


def latest_of_cameras(connection: Connection) -> dict[str, int]:
    """Corrected last moment of each camera's newest sighting (the one that began last).

    One index look-up per camera; cameras without a sighting are not in it.
    """
    offsets = read_offsets(connection)
    latest: dict[str, int] = {}
    for camera in connection.execute(select(CAMERAS.c.camera_key, CAMERAS.c.camera_id)).all():
        last_wall_ns = connection.execute(
            select(SIGHTINGS.c.last_wall_ns)
            .where(SIGHTINGS.c.camera_key == camera.camera_key, visible())
            .order_by(SIGHTINGS.c.first_wall_ns.desc())
            .limit(1)
        ).scalar()
        if last_wall_ns is not None:
            clock = offsets.get(camera.camera_key, NO_OFFSETS)
            latest[camera.camera_id] = clock.corrected_ns(last_wall_ns)
    return latest


def counts_of_cameras(connection: Connection) -> dict[str, int]:
    """Sightings of each camera; cameras without one are not in it."""
    count = func.count().label("num")
    all_of = select(SIGHTINGS.c.camera_key, count).group_by(SIGHTINGS.c.camera_key)
    # Counting over the camera's index and taking away the few that nobody sees yet is ten times
    # as quick as looking at every row's run. A run belongs to one camera.
    mine = select(count).where(SIGHTINGS.c.run_key == RUNS.c.run_key).scalar_subquery()
    unseen = select(RUNS.c.camera_key, mine.label("num")).where(RUNS.c.state == INCOMPLETE)
    hidden: dict[int, int] = {}
    for row in connection.execute(unseen):
        hidden[row.camera_key] = hidden.get(row.camera_key, 0) + int(row.num)
    seen = {row.camera_key: int(row.num) for row in connection.execute(all_of)}
    names = connection.execute(select(CAMERAS.c.camera_key, CAMERAS.c.camera_id)).all()
    counts = {
        row.camera_id: seen.get(row.camera_key, 0) - hidden.get(row.camera_key, 0) for row in names
    }
    return {camera_id: num for camera_id, num in counts.items() if num > 0}
