"""Sightings in the order of their time: a page costs what it shows, not what the archive holds."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, select, tuple_

from yanji.index.attributes import keeps_direction
from yanji.index.blocks import days_between
from yanji.index.cameras import read_headings
from yanji.index.clock import NO_OFFSETS, read_offsets
from yanji.index.counters import batches
from yanji.index.hit import Filter, StoredSighting
from yanji.index.select import near, select_sightings, visible
from yanji.index.tables import CAMERAS, DAY_NS, SIGHTINGS

_MOST_STREAMS: Final = 64
"""Up to this many cameras are read one by one and merged; of more, all rows are sieved."""
_LEAST_ROWS: Final = 100
"""Read at once from a stream of rows."""

Place = tuple[int, str]
"""Where a sighting stands in a list: corrected first time (ns since 1970 UTC) and id."""


def by_time(sighting: StoredSighting) -> Place:
    """The order of lists."""
    return sighting.first_ns, sighting.sighting_id


def first_sightings(
    connection: Connection,
    wanted: Filter,
    limit: int,
    newest_first: bool,
    after: Place | None = None,
) -> list[StoredSighting]:
    """The first `limit` sightings that the filter keeps, behind the place `after`.

    Rows come in the order of wall times, which differ from corrected times by the clock offsets:
    reading goes on until no further row can stand before the last one of the page.
    """
    if limit <= 0:
        return []
    offsets = read_offsets(connection)
    bounds = [clock.bounds_ns() for clock in offsets.values()]
    lowest = min((low for low, _ in bounds), default=0)
    highest = max((high for _, high in bounds), default=0)
    sign = -1 if newest_first else 1
    found: list[tuple[Place, int]] = []
    nearest: list[int] = []
    """A heap of the `limit` nearest times, the farthest on top."""
    headings = read_headings(connection) if wanted.directions is not None else {}
    reach = _reach(connection, wanted, after, newest_first, lowest, highest)
    for row in _rows(connection, wanted, reach, newest_first, max(limit, _LEAST_ROWS)):
        soonest = row.first_wall_ns - (lowest if newest_first else highest)
        if len(nearest) == limit and sign * soonest > -nearest[0]:
            break
        clock = offsets.get(row.camera_key, NO_OFFSETS)
        place = (clock.corrected_ns(row.first_wall_ns), row.sighting_id)
        if after is not None and (place >= after if newest_first else place <= after):
            continue
        if wanted.from_ns is not None and clock.corrected_ns(row.last_wall_ns) < wanted.from_ns:
            continue
        if wanted.to_ns is not None and place[0] > wanted.to_ns:
            continue
        if wanted.directions is not None and not keeps_direction(
            wanted.directions, wanted.only_known, row.travel_deg, headings.get(row.camera_key)
        ):
            continue
        found.append((place, row.sighting_key))
        if len(nearest) < limit:
            heapq.heappush(nearest, -sign * place[0])
        else:
            heapq.heappushpop(nearest, -sign * place[0])
    found.sort(reverse=newest_first)
    page: list[StoredSighting] = []
    for keys in batches(key for _, key in found[:limit]):
        page += select_sightings(connection, None, SIGHTINGS.c.sighting_key.in_(keys))
    page.sort(key=by_time, reverse=newest_first)
    return page


def _reach(
    connection: Connection,
    wanted: Filter,
    after: Place | None,
    newest_first: bool,
    lowest: int,
    highest: int,
) -> tuple[int | None, int | None]:
    """Between which first wall times (both included) the rows of a page lie."""
    from_ns: int | None = None
    to_ns = None if wanted.to_ns is None else wanted.to_ns + highest
    if wanted.from_ns is not None:
        days = days_between(connection, wanted.from_ns + lowest, to_ns)
        # Nothing is kept where there is no day: an empty span says so.
        from_ns = min(days) * DAY_NS if days else 1
        to_ns = to_ns if days else 0
    if after is not None and newest_first:
        to_ns = min(after[0] + highest, after[0] + highest if to_ns is None else to_ns)
    if after is not None and not newest_first:
        from_ns = max(after[0] + lowest, after[0] + lowest if from_ns is None else from_ns)
    return from_ns, to_ns


def _rows(
    connection: Connection,
    wanted: Filter,
    reach: tuple[int | None, int | None],
    newest_first: bool,
    size: int,
) -> Iterator[Any]:
    """Light rows that the filter may keep, in the order of first wall time."""
    offsets = read_offsets(connection)
    conditions = near(replace(wanted, cameras=None), offsets)
    streams = [conditions]
    if wanted.cameras is None and wanted.classes is not None:
        times = near(replace(wanted, classes=None), offsets)
        streams = [[*times, SIGHTINGS.c.vehicle_class == name] for name in sorted(wanted.classes)]
    if wanted.cameras is not None:
        keys = _camera_keys(connection, wanted.cameras)
        if len(keys) <= _MOST_STREAMS:
            streams = [[*conditions, SIGHTINGS.c.camera_key == key] for key in keys]
        else:
            return (
                row
                for row in _stream(connection, conditions, reach, newest_first, size)
                if row.camera_key in keys
            )
    return heapq.merge(
        *(_stream(connection, some, reach, newest_first, size) for some in streams),
        key=lambda row: row.first_wall_ns,
        reverse=newest_first,
    )


def _stream(
    connection: Connection,
    conditions: list[ColumnElement[bool]],
    reach: tuple[int | None, int | None],
    newest_first: bool,
    size: int,
) -> Iterator[Any]:
    """Rows in the order of first wall time, then key, read `size` at a time."""
    wall, key = SIGHTINGS.c.first_wall_ns, SIGHTINGS.c.sighting_key
    query = select(
        key,
        SIGHTINGS.c.sighting_id,
        SIGHTINGS.c.camera_key,
        wall,
        SIGHTINGS.c.last_wall_ns,
        SIGHTINGS.c.travel_deg,
    ).where(visible(), *conditions)
    if reach[0] is not None:
        query = query.where(wall >= reach[0])
    if reach[1] is not None:
        query = query.where(wall <= reach[1])
    query = query.order_by(wall.desc(), key.desc()) if newest_first else query.order_by(wall, key)
    rows = connection.execute(query.limit(size)).all()
    while rows:
        yield from rows
        if len(rows) < size:
            return
        place, last = tuple_(wall, key), tuple_(rows[-1].first_wall_ns, rows[-1].sighting_key)
        behind = place < last if newest_first else place > last
        rows = connection.execute(query.where(behind).limit(size)).all()


def _camera_keys(connection: Connection, camera_ids: frozenset[str]) -> set[int]:
    rows = connection.execute(select(CAMERAS.c.camera_key, CAMERAS.c.camera_id))
    return {row.camera_key for row in rows if row.camera_id in camera_ids}
