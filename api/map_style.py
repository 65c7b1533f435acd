"""What a route's map is made of, in which colours, and how its texts are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Final

from yanji.api.map_pen import Colour
from yanji.api.map_plan import Box
from yanji.configs.distance import Place
from yanji.index.graph import RoadGraph
from yanji.index.route import Leg, Trace
from yanji.ingest.frame import BgrImage

WIDTH: Final = 1400
HEAD: Final = 76
MAP: Final[Box] = (0.0, HEAD, WIDTH, HEAD + 700.0)
TILE: Final = (192.0, 206.0)
ROW: Final = 7
"""Tiles beside each other in the strip."""
INK: Final[Colour] = (28, 34, 42)
SOFT: Final[Colour] = (104, 112, 122)
LAND: Final[Colour] = (238, 239, 234)
ROAD: Final[Colour] = (255, 255, 255)
KERB: Final[Colour] = (203, 205, 200)
ROUTE: Final[Colour] = (200, 24, 46)
GREY: Final[Colour] = (142, 148, 156)
DOWN: Final[Colour] = (217, 119, 6)
WHITE: Final[Colour] = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class MapCamera:
    """A camera that may be on the map."""

    camera_id: str
    place: Place | None
    heading_deg: float | None
    label: str
    """The id; `#3` for the third camera where the id has letters that the map cannot write."""


@dataclass(frozen=True, slots=True)
class RouteMap:
    """What is drawn."""

    cameras: dict[str, MapCamera]
    roads: tuple[tuple[str, str], ...]
    graph: RoadGraph
    trace: Trace
    audit_id: str
    crops: Mapping[int, BgrImage]
    """Number of the leg, from 1 -> its best crop."""
    snapshot: BgrImage | None
    """The vehicle that was asked for; None where a stored sighting was."""
    zone: tzinfo
    note: str = ""
    """A line below the map, for example that the pictures are rendered."""

    @property
    def legs(self) -> tuple[Leg, ...]:
        """Of the best route."""
        routes = self.trace.routes
        return routes[0].legs if routes else ()


def moment_of(time_ns: int, zone: tzinfo) -> datetime:
    """Turn ns since 1970 UTC into local time."""
    return datetime.fromtimestamp(time_ns / 1e9, zone)


def clock_of(time_ns: int, zone: tzinfo) -> str:
    """Write a time of day: `10:18:06`."""
    return f"{moment_of(time_ns, zone):%H:%M:%S}"


def span_of(from_ns: int, to_ns: int, zone: tzinfo) -> str:
    """Write from when to when; one time where both fall into one second."""
    first, last = clock_of(from_ns, zone), clock_of(to_ns, zone)
    return first if first == last else f"{first} to {last}"


def offset_of(moment: datetime) -> str:
    """Write the offset from UTC: `+08:00`."""
    text = f"{moment:%z}"
    return f"{text[:3]}:{text[3:]}"


def seconds_of(seconds: float) -> str:
    """Write how long a drive took."""
    if seconds <= 0:
        return "at once"
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def count_of(number: int, what: str) -> str:
    """Write how many there are."""
    return f"{number} {what}" + ("" if number == 1 else "s")
