"""How far one trip has come among its crossings, and for whom it waits there."""

from __future__ import annotations

from dataclasses import dataclass, field

from yanji.ingest.testcity.traffic.demand import Trip
from yanji.ingest.testcity.traffic.paths import Crossing

Way = tuple[str, str]
"""A road in one direction."""


@dataclass(slots=True)
class Wait:
    """A place before which one waits for another."""

    other: int
    number: int
    """Which of the other's crossings."""
    entry: int
    """Running number of the other's entry: void when it was sent back."""
    free_m: float
    """The other's arc length from which the place is free."""
    wait_m: float
    """Own arc length of the middle, at most."""


@dataclass(slots=True)
class Progress:
    """Where one trip stands among its crossings."""

    trip: Trip
    done: int = 0
    """So many crossings it has been let into."""
    past: int = 0
    """So many stop lines its middle has passed."""
    entries: dict[int, int] = field(default_factory=dict)
    """Running number of each entry, by crossing."""
    waits: list[Wait] = field(default_factory=list)
    blocked_since_s: float | None = None

    @property
    def next(self) -> Crossing | None:
        """The crossing it has not been let into yet."""
        crossings = self.trip.path.crossings
        return crossings[self.done] if self.done < len(crossings) else None

    def way(self, number: int) -> Way:
        """The road behind so many crossings."""
        return self.trip.route[number], self.trip.route[number + 1]
