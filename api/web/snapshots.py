"""Uploaded pictures: held in memory for a while, never stored. Thread-safe."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from yanji.api.query import Box
from yanji.api.web.problems import RequestError
from yanji.detect.detections import Detections
from yanji.reid.sighting import Embedding

MAX_HELD_BYTES = 256 * 2**20
HOLD_S = 3600.0
"""Since it was last asked for."""
MAX_QUERIES = 64
"""Described vehicles of one snapshot that are remembered; each is some kilobytes."""
_SMALL_BYTES = 65_536
"""Counted for each snapshot beside its pictures: detections and described vehicles."""


@dataclass(frozen=True, slots=True)
class DescribedVehicle:
    """One vehicle of a snapshot, ready to be searched for."""

    box: Box
    """Pixels of the upright picture."""
    vehicle_class: str | None
    others: tuple[Box, ...]
    embedding: Embedding


@dataclass(slots=True)
class HeldSnapshot:
    """One upload. Only `described` ever changes."""

    snapshot_id: str
    """sha256 of the file's bytes, 64 hex digits."""
    content: bytes = field(repr=False)
    """The file, to cut vehicles out of at its full resolution."""
    width: int
    """Pixels, upright."""
    height: int
    picture: bytes = field(repr=False)
    """JPEG for the page: upright, heads blurred, nothing of the file's notes."""
    taken_ns: int | None
    """By its notes (EXIF); nanoseconds since 1970 UTC."""
    found: Detections = field(repr=False)
    """All that the detector sees in it; persons are for blurring only."""
    described: dict[Box | None, DescribedVehicle] = field(default_factory=dict, repr=False)

    @property
    def num_bytes(self) -> int:
        """Memory that it is counted with."""
        return len(self.content) + len(self.picture) + _SMALL_BYTES


class HeldSnapshots:
    """The newest uploads up to a number of bytes; the longest unused one goes first."""

    def __init__(
        self,
        *,
        max_bytes: int = MAX_HELD_BYTES,
        hold_s: float = HOLD_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_bytes = max_bytes
        self._hold_s = hold_s
        self._clock = clock
        self._lock = threading.Lock()
        self._held: OrderedDict[str, tuple[float, HeldSnapshot]] = OrderedDict()
        self._num_bytes = 0

    @property
    def num_bytes(self) -> int:
        """Memory held now."""
        return self._num_bytes

    def put(self, snapshot: HeldSnapshot) -> HeldSnapshot:
        """Hold a snapshot; where the same file is held already, that one is returned."""
        with self._lock:
            known = self._fresh(snapshot.snapshot_id)
            if known is not None:
                return known
            self._held[snapshot.snapshot_id] = (self._clock(), snapshot)
            self._num_bytes += snapshot.num_bytes
            self._let_go()
            return snapshot

    def find(self, snapshot_id: str) -> HeldSnapshot | None:
        """The snapshot, or None when it is not held (any more); being asked for keeps it."""
        with self._lock:
            return self._fresh(snapshot_id)

    def get(self, snapshot_id: str) -> HeldSnapshot:
        """The snapshot.

        Raises:
            RequestError: `unknown_snapshot`.
        """
        found = self.find(snapshot_id)
        if found is None:
            raise RequestError(
                "This snapshot is not held (any more).",
                hint="Upload the picture again: it is kept in memory only, for about an hour.",
                code="unknown_snapshot",
            )
        return found

    def remember(self, snapshot: HeldSnapshot, box: Box | None, vehicle: DescribedVehicle) -> None:
        """Keep a described vehicle, so that the next question about it costs nothing."""
        with self._lock:
            while len(snapshot.described) >= MAX_QUERIES:
                snapshot.described.pop(next(iter(snapshot.described)))
            snapshot.described[box] = vehicle

    def _fresh(self, snapshot_id: str) -> HeldSnapshot | None:
        self._let_go()
        entry = self._held.get(snapshot_id)
        if entry is None:
            return None
        self._held[snapshot_id] = (self._clock(), entry[1])
        self._held.move_to_end(snapshot_id)
        return entry[1]

    def _let_go(self) -> None:
        """Drop what is too old or too much; the newest one always stays."""
        now = self._clock()
        while self._held:
            used_s, oldest = next(iter(self._held.values()))
            too_much = self._num_bytes > self._max_bytes and len(self._held) > 1
            if not too_much and now - used_s <= self._hold_s:
                return
            self._held.popitem(last=False)
            self._num_bytes -= oldest.num_bytes
