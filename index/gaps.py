"""Outages as answers name them: in corrected times."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select

from yanji.index.clock import NO_OFFSETS, read_offsets
from yanji.index.tables import CAMERAS, GAPS
from yanji.ingest.gap import Gap


def gaps_between(
    connection: Connection,
    from_ns: int | None,
    to_ns: int | None,
    cameras: frozenset[str] | None,
) -> list[Gap]:
    """Gaps that overlap `from_ns..to_ns` (None: without end), oldest first."""
    offsets = read_offsets(connection)
    bounds = [clock.bounds_ns() for clock in offsets.values()]
    query = select(GAPS, CAMERAS.c.camera_id).join_from(
        GAPS, CAMERAS, GAPS.c.camera_key == CAMERAS.c.camera_key
    )
    # The database sieves by wall times, as far as any clock is off; exact is only the loop below.
    if from_ns is not None:
        earliest = from_ns + min((low for low, _ in bounds), default=0)
        query = query.where(or_(GAPS.c.to_ns.is_(None), GAPS.c.to_ns >= earliest))
    if to_ns is not None:
        query = query.where(GAPS.c.from_ns <= to_ns + max((high for _, high in bounds), default=0))
    found: list[Gap] = []
    for row in connection.execute(query):
        clock = offsets.get(row.camera_key, NO_OFFSETS)
        begin = clock.corrected_ns(row.from_ns)
        end = None if row.to_ns is None else clock.corrected_ns(row.to_ns)
        if cameras is not None and row.camera_id not in cameras:
            continue
        if to_ns is not None and begin > to_ns:
            continue
        if from_ns is not None and end is not None and end < from_ns:
            continue
        found.append(Gap(row.camera_id, begin, end, row.cause))
    return sorted(found, key=lambda gap: (gap.from_ns, gap.camera_id))


def open_gaps(connection: Connection) -> list[Gap]:
    """The gaps that last, by camera."""
    offsets = read_offsets(connection)
    query = (
        select(GAPS, CAMERAS.c.camera_id)
        .join_from(GAPS, CAMERAS, GAPS.c.camera_key == CAMERAS.c.camera_key)
        .where(GAPS.c.to_ns.is_(None))
        .order_by(CAMERAS.c.camera_id, GAPS.c.from_ns)
    )
    return [
        Gap(
            row.camera_id,
            offsets.get(row.camera_key, NO_OFFSETS).corrected_ns(row.from_ns),
            None,
            row.cause,
        )
        for row in connection.execute(query)
    ]
