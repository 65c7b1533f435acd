"""The kinds of vehicle that the test city can build, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from yanji.ingest.testcity import cars, large_vehicles, two_wheelers
from yanji.ingest.testcity.mesh import Mesh


@dataclass(frozen=True, slots=True)
class Kind:
    """One model of vehicle."""

    vehicle_class: str
    """One of `yanji.detect.classes.CLASSES` (not imported: ingest stands below detect)."""
    build: Callable[[], Mesh]
    narrow: bool = False
    """Two-wheelers: they shade the road far less than a car."""


KINDS: Final[dict[str, Kind]] = {
    "sedan": Kind("car", lambda: cars.car(cars.SEDAN)),
    "hatchback": Kind("car", lambda: cars.car(cars.HATCHBACK)),
    "suv": Kind("car", lambda: cars.car(cars.SUV)),
    "van": Kind("van", large_vehicles.van),
    "box_lorry": Kind("truck", large_vehicles.box_lorry),
    "bus": Kind("bus", large_vehicles.bus),
    "delivery_ebike": Kind("ebike", two_wheelers.delivery_ebike, narrow=True),
    "ebike": Kind("ebike", two_wheelers.ebike, narrow=True),
    "motorcycle": Kind("motorcycle", two_wheelers.motorcycle, narrow=True),
}


@cache
def mesh_of(kind: str) -> Mesh:
    """Build the mesh of a kind, once.

    Raises:
        KeyError: no such kind.
    """
    return KINDS[kind].build()


@cache
def corners_of(kind: str) -> Mesh:
    """Return the different positions (N, 3) of a kind's mesh, for projecting its box."""
    return np.unique(mesh_of(kind)[:, :3], axis=0)
