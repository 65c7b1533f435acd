"""The archive in memory, day by day: what a search needs, loaded when first needed.

A block is one UTC day of first wall times: a few numbers per sighting to filter by, and one vector
index per model that has been asked for. Blocks follow the database by `seq`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from threading import RLock
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, Connection, Row, func, select

from yanji.detect.classes import CLASSES
from yanji.index.attributes import colour_number
from yanji.index.clock import NO_OFFSETS, ClockOffsets, Times
from yanji.index.counters import fact
from yanji.index.retention import FORGOTTEN_SEQ
from yanji.index.select import visible
from yanji.index.tables import DELETIONS, MODELS, SIGHTINGS, VECTORS
from yanji.index.vectors import Ids, VectorIndex, make_index
from yanji.reid.embedder import Vectors

_ColumnRow = Row[int, int, str, int, int, str | None, float | None]
_CLASS_NUMBER: Final = {name: number for number, name in enumerate(CLASSES)}


@dataclass(frozen=True, slots=True)
class Changes:
    """What a refresh took in."""

    seq: int
    sighting_ids: tuple[str, ...]
    """New and changed ones, oldest change first."""
    num_deleted: int


@dataclass(frozen=True, slots=True)
class Columns:
    """What is filtered by, one entry per sighting, sorted by key."""

    keys_N: Ids
    cameras_N: Ids
    classes_N: npt.NDArray[np.int8]
    first_N: Times
    """Wall times, ns."""
    last_N: Times
    colours_N: npt.NDArray[np.int8]
    """Numbers as of `yanji.index.attributes.colour_number`."""
    travel_N: npt.NDArray[np.float64]
    """Angles in the picture, degrees; NaN: not known."""

    def taken(self, rows: Ids | npt.NDArray[np.bool_]) -> Columns:
        """The rows named, or marked, in their order."""
        return Columns(*(getattr(self, one.name)[rows] for one in fields(self)))

    def corrected(self, offsets: dict[int, ClockOffsets]) -> tuple[Times, Times]:
        """First and last times, corrected."""
        first_N, last_N = self.first_N.copy(), self.last_N.copy()
        for camera in np.unique(self.cameras_N):
            mine_N = self.cameras_N == camera
            clock = offsets.get(int(camera), NO_OFFSETS)
            first_N[mine_N] = clock.corrected(self.first_N[mine_N])
            last_N[mine_N] = clock.corrected(self.last_N[mine_N])
        return first_N, last_N


def _columns(rows: Sequence[_ColumnRow]) -> Columns:
    table = np.array(
        [
            (row[0], row[1], _CLASS_NUMBER[row[2]], row[3], row[4], colour_number(row[5]))
            for row in rows
        ],
        np.int64,
    ).reshape(-1, 6)
    travel = [np.nan if row[6] is None else row[6] for row in rows]
    return Columns(
        table[:, 0].copy(),
        table[:, 1].copy(),
        table[:, 2].astype(np.int8),
        table[:, 3].copy(),
        table[:, 4].copy(),
        table[:, 5].astype(np.int8),
        np.array(travel, np.float64),
    )


def _without(columns: Columns, keys_N: Ids) -> Columns:
    return columns.taken(np.isin(columns.keys_N, keys_N, invert=True))


def _joined(one: Columns, two: Columns) -> Columns:
    both = Columns(
        *(
            np.concatenate([getattr(one, each.name), getattr(two, each.name)])
            for each in fields(Columns)
        )
    )
    return both.taken(np.argsort(both.keys_N, kind="stable"))


@dataclass(slots=True)
class Block:
    """One day."""

    columns: Columns
    vectors: dict[int, VectorIndex] = field(default_factory=dict)
    """By model key."""


class Blocks:
    """All days that have been asked for. Hold `lock` around a snapshot that uses it."""

    def __init__(self, backend: str) -> None:
        self.lock = RLock()
        self._backend = backend
        self._seq = 0
        self._days: dict[int, Block] = {}

    def catch_up(self, connection: Connection, seq: int) -> Changes:
        """Take in everything up to `seq`, the snapshot's."""
        with self.lock:
            after = self._seq
            if seq <= after:
                return Changes(after, (), 0)
            if int(fact(connection, FORGOTTEN_SEQ) or 0) > after:
                self._days.clear()
            gone = connection.execute(
                select(DELETIONS.c.sighting_key).where(DELETIONS.c.seq > after)
            ).scalars()
            gone_N = np.fromiter(gone, np.int64)
            if len(gone_N):
                for block in self._days.values():
                    block.columns = _without(block.columns, gone_N)
                    for index in block.vectors.values():
                        index.remove(gone_N)
            changed = self._changed(connection, after) if after else ()
            self._seq = seq
            return Changes(seq, changed, len(gone_N))

    def _changed(self, connection: Connection, after: int) -> tuple[str, ...]:
        query = (
            select(SIGHTINGS.c.sighting_id, SIGHTINGS.c.day)
            .where(SIGHTINGS.c.seq > after, visible())
            .order_by(SIGHTINGS.c.seq, SIGHTINGS.c.sighting_key)
        )
        rows = connection.execute(query).all()
        for day in {row.day for row in rows} & set(self._days):
            block = self._days[day]
            newer = _columns(_read_columns(connection, day, SIGHTINGS.c.seq > after))
            block.columns = _joined(_without(block.columns, newer.keys_N), newer)
        for day, block in self._days.items():
            for model, index in block.vectors.items():
                ids_N, vectors_ND = _read_vectors(
                    connection, model, day, block.columns.keys_N, VECTORS.c.seq > after
                )
                if len(ids_N):
                    index.add(ids_N, vectors_ND)
        return tuple(row.sighting_id for row in rows)

    def block(self, connection: Connection, day: int) -> Block:
        """One day's block, loaded when it is not there; after `catch_up` with this snapshot."""
        if day not in self._days:
            self._days[day] = Block(_columns(_read_columns(connection, day)))
        return self._days[day]

    def vectors(self, connection: Connection, day: int, model: int) -> VectorIndex:
        """One day's index for one model, loaded when it is not there."""
        block = self.block(connection, day)
        if model not in block.vectors:
            dimension = connection.execute(
                select(MODELS.c.dimension).where(MODELS.c.model_key == model)
            ).scalar_one()
            index = make_index(self._backend, int(dimension))
            ids_N, vectors_ND = _read_vectors(connection, model, day, block.columns.keys_N)
            if len(ids_N):
                index.add(ids_N, vectors_ND)
            block.vectors[model] = index
        return block.vectors[model]


def days_between(connection: Connection, from_ns: int | None, to_ns: int | None) -> list[int]:
    """Days with a sighting that may overlap a wall time span; two index look-ups per day."""
    days: list[int] = []
    day = connection.execute(select(func.min(SIGHTINGS.c.day))).scalar()
    while day is not None:
        mine = SIGHTINGS.c.day == day
        last_ns = connection.execute(
            select(func.max(SIGHTINGS.c.last_wall_ns)).where(mine)
        ).scalar()
        if to_ns is not None and day * 86_400 * 10**9 > to_ns:
            break
        if from_ns is None or (last_ns is not None and last_ns >= from_ns):
            days.append(int(day))
        day = connection.execute(
            select(func.min(SIGHTINGS.c.day)).where(SIGHTINGS.c.day > day)
        ).scalar()
    return days


def class_numbers(names: frozenset[str]) -> list[int]:
    """Numbers of classes as in `Columns`; unknown names match nothing."""
    return [_CLASS_NUMBER[name] for name in names if name in _CLASS_NUMBER]


def _read_columns(
    connection: Connection, day: int, *conditions: ColumnElement[bool]
) -> Sequence[_ColumnRow]:
    query = (
        select(
            SIGHTINGS.c.sighting_key,
            SIGHTINGS.c.camera_key,
            SIGHTINGS.c.vehicle_class,
            SIGHTINGS.c.first_wall_ns,
            SIGHTINGS.c.last_wall_ns,
            SIGHTINGS.c.colour,
            SIGHTINGS.c.travel_deg,
        )
        .where(SIGHTINGS.c.day == day, visible(), *conditions)
        .order_by(SIGHTINGS.c.sighting_key)
    )
    return connection.execute(query).all()


def _read_vectors(
    connection: Connection, model: int, day: int, keys_N: Ids, *conditions: ColumnElement[bool]
) -> tuple[Ids, Vectors]:
    """Vectors of the (visible) sightings `keys_N` of a day: ids (M,), vectors (M, D)."""
    query = select(VECTORS.c.sighting_key, VECTORS.c.vector).where(
        VECTORS.c.model_key == model, VECTORS.c.day == day, *conditions
    )
    rows = connection.execute(query).all()
    ids_N = np.fromiter((row[0] for row in rows), np.int64, len(rows))
    vectors_ND = np.frombuffer(b"".join(row[1] for row in rows), "<f2").astype(np.float32)
    if not len(rows):
        return ids_N, vectors_ND.reshape(0, 0)
    vectors_ND = vectors_ND.reshape(len(rows), -1)
    keep_N = np.isin(ids_N, keys_N)
    return ids_N[keep_N], vectors_ND[keep_N]
