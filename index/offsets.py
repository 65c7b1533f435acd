"""The table of clock offsets as people see it: what each camera's clock was found to be off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, select

from yanji.index.clock import UNKNOWN_SIGMA_S
from yanji.index.tables import CAMERAS, CLOCK_OFFSETS

OffsetSource = Literal["site", "clock", "pairs", ""]
"""The site file; a clock that a person read; vehicles that passed two cameras; before version 3."""

ALWAYS_NS: Final = 1
"""`valid_from_ns` of an offset that holds for all times. The site file's own stands at 0 and is
written again at every start, so what was measured stays above it."""


@dataclass(frozen=True, slots=True)
class StoredOffset:
    """One entry of the table."""

    camera_id: str
    valid_from_ns: int
    """By the camera's clock; `ALWAYS_NS` and 0: for all times."""
    ahead_s: float
    """Clock minus true time."""
    sigma_s: float
    source: str

    @property
    def is_compared(self) -> bool:
        """Whether somebody or something compared the clock, rather than nobody."""
        return self.ahead_s != 0 or self.sigma_s < UNKNOWN_SIGMA_S


def read_offset_table(connection: Connection) -> list[StoredOffset]:
    """All entries, by camera, oldest first."""
    query = (
        select(CLOCK_OFFSETS, CAMERAS.c.camera_id)
        .join_from(CLOCK_OFFSETS, CAMERAS, CLOCK_OFFSETS.c.camera_key == CAMERAS.c.camera_key)
        .order_by(CAMERAS.c.camera_id, CLOCK_OFFSETS.c.valid_from_ns)
    )
    return [
        StoredOffset(row.camera_id, row.valid_from_ns, row.offset_ns / 1e9, row.sigma_s, row.source)
        for row in connection.execute(query)
    ]


def in_force(table: Sequence[StoredOffset], camera_id: str, wall_ns: int) -> StoredOffset:
    """Find the entry that corrects a time of a camera; nobody's guess where there is none."""
    found = StoredOffset(camera_id, 0, 0.0, UNKNOWN_SIGMA_S, "")
    for entry in table:
        if entry.camera_id == camera_id and entry.valid_from_ns <= wall_ns:
            found = entry
    return found


def begins_ns(table: Sequence[StoredOffset], camera_id: str, read_ns: int) -> int:
    """From when an offset holds that was read at a time of the camera's clock.

    The first comparison of a camera says the best that is known of all its times; a later one
    holds from the moment of its reading on.
    """
    before = [entry for entry in table if entry.camera_id == camera_id and entry.is_compared]
    return read_ns if before else ALWAYS_NS
