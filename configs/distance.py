"""Distances between places on the earth."""

from __future__ import annotations

import math
from typing import NamedTuple

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the GRS 80 ellipsoid (Moritz 2000); the error of the sphere is below 0.6 %."""


class Place(NamedTuple):
    """A point on the ground, degrees: longitude east -180..180, latitude north -90..90."""

    longitude: float
    latitude: float


def distance_m(a: Place, b: Place) -> float:
    """Great-circle distance in metres (haversine formula, Sinnott 1984)."""
    lat_a, lat_b = math.radians(a.latitude), math.radians(b.latitude)
    half_lat = (lat_b - lat_a) / 2
    half_lon = math.radians(b.longitude - a.longitude) / 2
    h = math.sin(half_lat) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))
