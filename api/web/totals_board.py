"""The archive's totals, read once a second at most: pages ask for them all the time."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from yanji.index.reader import ArchiveReader
from yanji.index.totals import ArchiveTotals, read_totals

FRESH_S = 1.0
_SHARE = 0.05
"""Of the time, at most, that counting takes: a large archive is counted less often."""
_RECOUNT_S = 60.0
"""Counted anew although nothing was written: clock offsets may have changed."""


class TotalsBoard:
    """The newest totals of an archive. Thread-safe; one thread reads, the others wait."""

    def __init__(
        self, reader: ArchiveReader, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._reader = reader
        self._clock = clock
        self._lock = threading.Lock()
        self._next_s = 0.0
        self._counted_s = 0.0
        self._totals: ArchiveTotals | None = None

    def newest(self) -> ArchiveTotals:
        """Totals that are at most `FRESH_S` old; older where counting takes long.

        Raises:
            ArchiveError: the archive cannot be read.
        """
        with self._lock:
            now = self._clock()
            if self._totals is None or now >= self._next_s:
                known = self._totals if now - self._counted_s < _RECOUNT_S else None
                totals = read_totals(self._reader, known)
                if totals is not known:
                    self._counted_s = now
                done = self._clock()
                self._totals = totals
                self._next_s = done + max(FRESH_S, (done - now) / _SHARE)
            return self._totals
