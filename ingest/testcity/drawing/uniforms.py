"""Tells the shaders what an individual looks like, and whose shade falls on the ground."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing import shaders
from yanji.ingest.testcity.drawing.gpu import Gpu, put
from yanji.ingest.testcity.drawing.light import Light
from yanji.ingest.testcity.drawing.lighting import nearest_lamps
from yanji.ingest.testcity.drawing.shade_regions import BEAMS_FROM, Footprint
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.vehicles.kinds import KINDS

LAMPS_PER_VEHICLE: Final = 3
"""The nearest street lamps light a vehicle; the others only the ground."""


def set_look(gpu: Gpu, vehicle: Shown, lamps_L3: npt.NDArray[np.float64] | None) -> None:
    """Set everything in which two vehicles differ.

    Args:
        gpu: its vehicle program is set.
        vehicle: who is drawn next.
        lamps_L3: where the street lamps are; None by day.
    """
    program, look, kind = gpu.vehicle, vehicle.look, KINDS[vehicle.kind]
    if lamps_L3 is not None:
        near = nearest_lamps(lamps_L3, (vehicle.x_m, vehicle.y_m))[:LAMPS_PER_VEHICLE]
        rows = np.zeros((shaders.MAX_LAMPS, 3), np.float32)
        rows[: len(near)] = near
        program["lamps"].write(rows.tobytes())
        put(program, num_lamps=len(near))
    gpu.decal(vehicle.kind, look).use(0)
    put(
        program,
        paint=look.paint,
        accent=look.accent,
        jacket=look.jacket,
        trousers=look.trousers,
        helmet=look.helmet,
        dirt=look.dirt,
        wear=float(look.seed % 97),
        braking=float(vehicle.braking),
        flank=kind.flank,
        rear=kind.rear,
        plate_rear=kind.plate_rear or (0.0, 0.0, 1.0, 1.0),
        plate_front=kind.plate_front or (0.0, 0.0, 1.0, 1.0),
    )


def set_footprints(program: Any, footprints: Sequence[Footprint], light: Light) -> None:
    """Set whose contact shade and headlamps count; at most `shaders.MAX_FOOTPRINTS`."""
    dark = light.lamps >= BEAMS_FROM
    places = np.zeros((shaders.MAX_FOOTPRINTS, 4), np.float32)
    sizes = np.zeros((shaders.MAX_FOOTPRINTS, 4), np.float32)
    counted = footprints[: shaders.MAX_FOOTPRINTS]
    for row, f in enumerate(counted):
        places[row] = (f.x_m, f.y_m, math.cos(f.yaw), math.sin(f.yaw))
        long, wide = f.length_m / 2, f.width_m / 2
        # A dark blob hides a two-wheeler's wheels: its own shade stays weak.
        size = (long - 0.3, 0.08, 0.40) if f.narrow else (long - 0.1, wide - 0.14, 0.78)
        sizes[row] = (*size, float(f.lamps and dark))
    put(program, num_footprints=len(counted))
    program["places"].write(places.tobytes())
    program["sizes"].write(sizes.tobytes())
