"""From raw wall times to corrected times, by the offsets that are known today.

`offset` is the camera's or host's clock minus true time (positive: the clock is ahead), so
corrected = wall - offset. The offset of a wall time is the one with the newest `valid_from` not
after it; before the first one, and for a camera without any, it is 0. Nothing corrected is ever
stored: an offset learned tomorrow mends yesterday's answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from sqlalchemy import Connection, select

from yanji.index.tables import CLOCK_OFFSETS

UNKNOWN_SIGMA_S: Final = 2.0
"""Assumed of a clock that nobody has compared: above 2 s a skew is an alarm of its own."""

Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ClockOffsets:
    """The offsets of one camera, oldest first. All arrays have one entry per offset."""

    valid_from_ns_K: Times
    offset_ns_K: Times
    sigma_s_K: tuple[float, ...]

    def corrected(self, wall_ns_N: Times) -> Times:
        """Corrected times of (N,) wall times, ns since 1970 UTC."""
        if not len(self.offset_ns_K):
            return wall_ns_N
        which_N = np.searchsorted(self.valid_from_ns_K, wall_ns_N, side="right") - 1
        offset_N = np.where(which_N >= 0, self.offset_ns_K[np.maximum(which_N, 0)], 0)
        return np.asarray(wall_ns_N - offset_N, dtype=np.int64)

    def corrected_ns(self, wall_ns: int) -> int:
        """Corrected time of one wall time."""
        return int(self.corrected(np.array([wall_ns], dtype=np.int64))[0])

    def sigma_s(self, wall_ns: int) -> float:
        """Standard deviation of the clock at a wall time, seconds."""
        which = int(np.searchsorted(self.valid_from_ns_K, wall_ns, side="right")) - 1
        return self.sigma_s_K[which] if which >= 0 else UNKNOWN_SIGMA_S

    def bounds_ns(self) -> tuple[int, int]:
        """Smallest and largest offset that this camera ever had (0 included)."""
        if not len(self.offset_ns_K):
            return 0, 0
        return min(0, int(self.offset_ns_K.min())), max(0, int(self.offset_ns_K.max()))


NO_OFFSETS: Final = ClockOffsets(np.zeros(0, np.int64), np.zeros(0, np.int64), ())


def read_offsets(connection: Connection) -> dict[int, ClockOffsets]:
    """All offsets, by camera key; cameras without any are absent (see `NO_OFFSETS`)."""
    query = select(CLOCK_OFFSETS).order_by(
        CLOCK_OFFSETS.c.camera_key, CLOCK_OFFSETS.c.valid_from_ns
    )
    rows: dict[int, list[tuple[int, int, float]]] = {}
    for row in connection.execute(query):
        rows.setdefault(row.camera_key, []).append((row.valid_from_ns, row.offset_ns, row.sigma_s))
    return {
        key: ClockOffsets(
            np.array([item[0] for item in items], np.int64),
            np.array([item[1] for item in items], np.int64),
            tuple(item[2] for item in items),
        )
        for key, items in rows.items()
    }
