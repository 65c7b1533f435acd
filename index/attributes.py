"""Colour and direction of travel as filters.

A sighting whose colour or direction is not known is kept: a missing attribute must not hide the
vehicle. `Filter.only_known` leaves it out. What is known and differs is left out in any case.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from yanji.detect.travel import ACROSS, COMPASS, STRETCH, TOLERANCE_DEG, goes
from yanji.reid.colours import COLOURS

NO_COLOUR = -1
BoolArray = npt.NDArray[np.bool_]


def colour_number(colour: str | None) -> int:
    """Number of a colour in columns; `NO_COLOUR` for none, or one that this yanji does not know."""
    return COLOURS.index(colour) if colour in COLOURS else NO_COLOUR


def keeps_colour(colours: frozenset[str], only_known: bool, colour: str | None) -> bool:
    """Whether one sighting is kept by the colours asked for."""
    return not only_known if colour is None else colour in colours


def keeps_direction(
    directions: frozenset[str],
    only_known: bool,
    travel_deg: float | None,
    heading_deg: float | None,
) -> bool:
    """Whether one sighting is kept by the directions asked for.

    Args:
        directions: of `yanji.detect.travel.DIRECTIONS`.
        only_known: leave out what is not known.
        travel_deg: angle in the picture; None: not known.
        heading_deg: of its camera; without it points of the compass are not known.
    """
    if travel_deg is None:
        return not only_known
    said = [goes(travel_deg, heading_deg, direction) for direction in directions]
    return any(said) or (None in said and not only_known)


def colours_kept(
    colours: frozenset[str], only_known: bool, numbers_N: npt.NDArray[np.int8]
) -> BoolArray:
    """`keeps_colour` for a column of `colour_number`s."""
    kept_N: BoolArray = np.isin(numbers_N, [colour_number(colour) for colour in colours])
    return kept_N if only_known else kept_N | (numbers_N == NO_COLOUR)


def directions_kept(
    directions: frozenset[str],
    only_known: bool,
    travel_N: npt.NDArray[np.float64],
    headings_N: npt.NDArray[np.float64],
) -> BoolArray:
    """`keeps_direction` for columns of degrees; NaN: not known."""
    angles_N = np.radians(travel_N)
    ground_N = np.degrees(np.arctan2(np.sin(angles_N), STRETCH * np.cos(angles_N)))
    kept_N = np.zeros(len(travel_N), bool)
    unknown_N = np.isnan(travel_N)
    for direction in sorted(directions):
        if direction in ACROSS:
            kept_N |= _near(ground_N, ACROSS[direction])
        else:
            kept_N |= _near(ground_N + headings_N, 45.0 * COMPASS.index(direction))
            unknown_N = unknown_N | np.isnan(headings_N)
    return kept_N if only_known else kept_N | unknown_N


def headings_of(
    cameras_N: npt.NDArray[np.int64], headings: dict[int, float]
) -> npt.NDArray[np.float64]:
    """Heading of each sighting's camera; NaN where it has none."""
    found_N = np.full(len(cameras_N), np.nan)
    for key, heading_deg in headings.items():
        found_N[cameras_N == key] = heading_deg
    return found_N


def _near(angles_N: npt.NDArray[np.float64], wanted_deg: float) -> BoolArray:
    away_N = np.abs((angles_N - wanted_deg + 180.0) % 360.0 - 180.0)
    near_N: BoolArray = away_N <= TOLERANCE_DEG
    return near_N
