"""Remarks on a whole trace: what it rests on, and what it leaves out.

Codes (stable): `basis_roads`, `basis_places`, `basis_time`, `no_sightings`, `alike`, `few_hits`,
`by_chance`, `place_unmatched`, `confirmed_apart`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from yanji.index.graph import Basis
from yanji.index.route import Note
from yanji.index.route_drives import Stop
from yanji.index.route_search import Level

FEW_HITS = 10
"""Below this many hits their middle says little about the background."""

_BASIS_TEXTS: dict[Basis, str] = {
    "roads": "Travel times come from the listed roads and their speeds.",
    "places": "Where no listed road joins two cameras, travel times come from the straight line"
    " between their places and common speeds in cities.",
    "time": "Neither road nor place is known of some cameras: their sightings are put in order by"
    " time alone, and no travel time could be checked.",
}


def notes_of(
    basis: Basis,
    level: Level | None,
    num_hits: int,
    stops: Sequence[Stop],
    anchor: int | None,
    num_apart: int,
) -> Iterator[Note]:
    """Give the remarks, the most general first.

    `num_hits`: sightings that were ranked; `num_apart`: confirmed sightings that the best route
    does not hold.
    """
    yield Note(f"basis_{basis}", _BASIS_TEXTS[basis])
    if level is None:
        yield Note("no_sightings", "No sighting in the window was given.")
    else:
        yield from _likeness(level, num_hits, stops)
        if anchor is not None and stops[anchor].sighting_id is None:
            text = "No sighting of the camera and time given looks like the query."
            yield Note("place_unmatched", text, {"camera_id": stops[anchor].camera_id})
    if num_apart:
        yield Note(
            "confirmed_apart",
            f"{num_apart} of the confirmed sightings are not in the best route: they are outside"
            " the window, or no drive joins them with the others.",
            {"num_apart": num_apart},
        )


def _likeness(level: Level, num_hits: int, stops: Sequence[Stop]) -> Iterator[Note]:
    num_alike = sum(stop.evidence > 0 and stop.score is not None for stop in stops)
    yield Note(
        "alike",
        f"{num_alike} of {num_hits} sightings are alike enough to count for a route (similarity"
        f" above {level.threshold:.2f}; best {level.best:.2f}, middle {level.middle:.2f}).",
        {
            "num_alike": num_alike,
            "num_hits": num_hits,
            "threshold": level.threshold,
            "best": level.best,
            "middle": level.middle,
        },
    )
    chance = level.middle + level.spread * math.sqrt(2 * math.log(max(num_hits, 2)))
    if num_hits < FEW_HITS:
        yield Note(
            "few_hits",
            f"Only {num_hits} sightings: too few to tell how alike other vehicles look here.",
            {"num_hits": num_hits},
        )
    elif level.best < chance:
        yield Note(
            "by_chance",
            f"Even the best similarity is no higher than the best of {num_hits} other vehicles"
            f" would be by chance ({chance:.2f}): the vehicle may not be among them.",
            {"num_hits": num_hits, "chance": chance, "best": level.best},
        )
