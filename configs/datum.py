"""Chinese map coordinates (GCJ-02) to WGS-84 and back.

Maps sold in mainland China show every place 100 to 700 m off. The offset is a published sum of
sines over longitude and latitude, scaled on the Krasovsky 1940 ellipsoid; the constants below are
those in general use since 2010. There is no closed inverse: it is found by iteration.
"""

from __future__ import annotations

import math

from yanji.configs.distance import Place

_SEMI_MAJOR_M = 6_378_245.0
_ECCENTRICITY_2 = 0.00669342162296594323
"""Krasovsky 1940: semi-major axis and first eccentricity squared."""
_WEST, _EAST, _SOUTH, _NORTH = 72.004, 137.8347, 0.8293, 55.8271
"""The rectangle in which the offset is applied."""
_CLOSE_ENOUGH_DEG = 1e-10
_MOST_ROUNDS = 30


def in_china(place: Place) -> bool:
    """Tell whether GCJ-02 differs from WGS-84 here (a rectangle around mainland China)."""
    return _WEST <= place.longitude <= _EAST and _SOUTH <= place.latitude <= _NORTH


def gcj02_from_wgs84(place: Place) -> Place:
    """Shift a WGS-84 place as Chinese maps do; outside the rectangle it stays."""
    if not in_china(place):
        return place
    return _shifted(place)


def wgs84_from_gcj02(place: Place) -> Place:
    """Undo the shift of Chinese maps, to better than 1e-6 degrees (0.1 m).

    Fixed-point iteration w <- w - (shift(w) - place). The shift changes by less than 1 % of the
    way between two places, so that every round gains two digits; five suffice.
    """
    if not in_china(place):
        return place
    found = place
    for _ in range(_MOST_ROUNDS):
        shifted = _shifted(found)
        d_lon = shifted.longitude - place.longitude
        d_lat = shifted.latitude - place.latitude
        found = Place(found.longitude - d_lon, found.latitude - d_lat)
        if max(abs(d_lon), abs(d_lat)) < _CLOSE_ENOUGH_DEG:
            break
    return found


def _shifted(place: Place) -> Place:
    x, y = place.longitude - 105.0, place.latitude - 35.0
    fast = 20 * _sine(6, x) + 20 * _sine(2, x)
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x))
    north += 2 / 3 * (fast + 20 * _sine(1, y) + 40 * _sine(1 / 3, y))
    north += 2 / 3 * (160 * _sine(1 / 12, y) + 320 * _sine(1 / 30, y))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x))
    east += 2 / 3 * (fast + 20 * _sine(1, x) + 40 * _sine(1 / 3, x))
    east += 2 / 3 * (150 * _sine(1 / 12, x) + 300 * _sine(1 / 30, x))
    # Metres to degrees with the two radii of curvature of the ellipsoid.
    latitude = math.radians(place.latitude)
    bulge = 1 - _ECCENTRICITY_2 * math.sin(latitude) ** 2
    meridian_m = _SEMI_MAJOR_M * (1 - _ECCENTRICITY_2) / bulge**1.5
    parallel_m = _SEMI_MAJOR_M / math.sqrt(bulge) * math.cos(latitude)
    return Place(
        place.longitude + math.degrees(east / parallel_m),
        place.latitude + math.degrees(north / meridian_m),
    )


def _sine(times: float, degrees: float) -> float:
    return math.sin(times * degrees * math.pi)
