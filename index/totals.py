"""What an archive holds, counted by camera."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from yanji.index.reader import ArchiveReader
from yanji.index.spans import counts_of_cameras, latest_of_cameras, time_span


@dataclass(frozen=True, slots=True)
class CameraTotals:
    """Sightings of one camera."""

    num_sightings: int
    last_ns: int
    """Last moment of its newest sighting, corrected, nanoseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True)
class ArchiveTotals:
    """All of an archive, as of `seq`."""

    seq: int
    cameras: Mapping[str, CameraTotals]
    """Camera id -> totals; cameras without a sighting are left out."""
    first_ns: int | None
    """About the first moment of the archive (`yanji.index.spans`); None while it is empty."""
    last_ns: int | None

    @property
    def num_sightings(self) -> int:
        """Of all cameras."""
        return sum(totals.num_sightings for totals in self.cameras.values())


def read_totals(reader: ArchiveReader, known: ArchiveTotals | None = None) -> ArchiveTotals:
    """Count an archive; `known` is given back when nothing was written since.

    Raises:
        ArchiveError: the archive cannot be read.
    """
    with reader.snapshot() as now:
        if known is not None and known.seq == now.seq:
            return known
        counts = counts_of_cameras(now.connection)
        latest = latest_of_cameras(now.connection)
        span = time_span(now.connection) or (None, None)
        cameras = {
            camera_id: CameraTotals(num, latest[camera_id])
            for camera_id, num in counts.items()
            if camera_id in latest
        }
        return ArchiveTotals(now.seq, cameras, *span)
