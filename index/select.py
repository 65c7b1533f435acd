"""Rows of sightings as answers: visible ones only, times corrected."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from yanji.detect.travel import Travel
from yanji.index.clock import NO_OFFSETS, ClockOffsets, read_offsets
from yanji.index.counters import batches
from yanji.index.hit import Filter, StoredSighting
from yanji.index.tables import CAMERAS, CROPS, INCOMPLETE, RUNS, SIGHTINGS


@dataclass(frozen=True, slots=True)
class StoredCrop:
    """A crop as read back."""

    sha256: str
    width: int
    height: int
    box_xyxy_px: tuple[float, float, float, float]
    time_ns: int
    """Corrected time."""
    quality: float


def visible() -> ColumnElement[bool]:
    """Condition: not of an unfinished recording."""
    unfinished = select(RUNS.c.run_key).where(RUNS.c.state == INCOMPLETE)
    return SIGHTINGS.c.run_key.not_in(unfinished)


def near(wanted: Filter, offsets: dict[int, ClockOffsets]) -> list[ColumnElement[bool]]:
    """Conditions that lose no row of the filter; times are exact only after correction."""
    bounds = [clock.bounds_ns() for clock in offsets.values()]
    lowest = min((low for low, _ in bounds), default=0)
    highest = max((high for _, high in bounds), default=0)
    conditions: list[ColumnElement[bool]] = []
    if wanted.from_ns is not None:
        conditions.append(SIGHTINGS.c.last_wall_ns >= wanted.from_ns + lowest)
    if wanted.to_ns is not None:
        conditions.append(SIGHTINGS.c.first_wall_ns <= wanted.to_ns + highest)
    if wanted.cameras is not None:
        # Many cameras would exceed the number of bound values: then all are read and sieved.
        parts = [CAMERAS.c.camera_id.in_(part) for part in batches(sorted(wanted.cameras))]
        conditions.append(or_(*parts) if parts else CAMERAS.c.camera_id.is_(None))
    if wanted.classes is not None:
        conditions.append(SIGHTINGS.c.vehicle_class.in_(sorted(wanted.classes)))
    if wanted.colours is not None:
        conditions.append(_colour_condition(wanted.colours, wanted.only_known))
    return conditions


def select_sightings(
    connection: Connection, wanted: Filter | None, *conditions: ColumnElement[bool]
) -> Iterator[StoredSighting]:
    """Visible sightings that the filter and the conditions keep, in no order."""
    offsets = read_offsets(connection)
    query = (
        select(
            SIGHTINGS,
            CAMERAS.c.camera_id,
            CAMERAS.c.heading_deg,
            RUNS.c.run_id,
            RUNS.c.start_sigma_s,
        )
        .join_from(SIGHTINGS, CAMERAS, SIGHTINGS.c.camera_key == CAMERAS.c.camera_key)
        .join(RUNS, RUNS.c.run_key == SIGHTINGS.c.run_key)
        .where(RUNS.c.state != INCOMPLETE, *conditions)
    )
    if wanted is not None:
        query = query.where(*near(wanted, offsets))
    for rows in batches(connection.execute(query).all()):
        crops = _crop_names(connection, [row.sighting_key for row in rows])
        for row in rows:
            clock = offsets.get(row.camera_key, NO_OFFSETS)
            found = _stored(row, clock, crops.get(row.sighting_key, ()))
            if wanted is None or _keeps(wanted, found):
                yield found


def crops_of(connection: Connection, sighting_id: str) -> tuple[StoredCrop, ...]:
    """Crops of one visible sighting, best first; none for an unknown one."""
    offsets = read_offsets(connection)
    query = (
        select(CROPS, SIGHTINGS.c.camera_key)
        .join_from(CROPS, SIGHTINGS, CROPS.c.sighting_key == SIGHTINGS.c.sighting_key)
        .where(SIGHTINGS.c.sighting_id == sighting_id, visible())
        .order_by(CROPS.c.rank)
    )
    return tuple(
        StoredCrop(
            row.sha256,
            row.width_px,
            row.height_px,
            (row.x1_px, row.y1_px, row.x2_px, row.y2_px),
            offsets.get(row.camera_key, NO_OFFSETS).corrected_ns(row.wall_ns),
            row.quality,
        )
        for row in connection.execute(query)
    )


def _crop_names(connection: Connection, keys: list[int]) -> dict[int, tuple[str, ...]]:
    query = (
        select(CROPS.c.sighting_key, CROPS.c.sha256)
        .where(CROPS.c.sighting_key.in_(keys))
        .order_by(CROPS.c.sighting_key, CROPS.c.rank)
    )
    names: dict[int, tuple[str, ...]] = {}
    for key, sha256 in connection.execute(query):
        names[key] = (*names.get(key, ()), sha256)
    return names


def _stored(row: Any, clock: ClockOffsets, crops: tuple[str, ...]) -> StoredSighting:
    return StoredSighting(
        sighting_id=row.sighting_id,
        camera_id=row.camera_id,
        run_id=row.run_id,
        seq=row.seq,
        first_ns=clock.corrected_ns(row.first_wall_ns),
        last_ns=clock.corrected_ns(row.last_wall_ns),
        sigma_s=math.hypot(clock.sigma_s(row.first_wall_ns), row.start_sigma_s),
        vehicle_class=row.vehicle_class,
        class_score=row.class_score,
        colour=row.colour,
        plate=row.plate,
        quality=row.quality,
        state=row.state,
        stationary=bool(row.stationary),
        crops=crops,
        colour_score=row.colour_score,
        travel=None if row.travel_deg is None else Travel(row.travel_deg, row.travel_score),
        heading_deg=row.heading_deg,
    )


def _keeps(wanted: Filter, found: StoredSighting) -> bool:
    if wanted.from_ns is not None and found.last_ns < wanted.from_ns:
        return False
    in_time = wanted.to_ns is None or found.first_ns <= wanted.to_ns
    return in_time and wanted.keeps_attributes(found)


def _colour_condition(colours: frozenset[str], only_known: bool) -> ColumnElement[bool]:
    """`yanji.index.attributes.keeps_colour` for the database."""
    wanted = SIGHTINGS.c.colour.in_(sorted(colours))
    return wanted if only_known else or_(wanted, SIGHTINGS.c.colour.is_(None))
