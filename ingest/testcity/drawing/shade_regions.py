"""Which parts of the still picture a vehicle can darken or light: only those are shaded anew."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.light import Light
from yanji.ingest.testcity.drawing.views import Matrix

BLOCK_PX: Final = 20
"""Regions are put together from blocks of this size."""
CONTACT_M: Final = 1.0
"""A vehicle's contact shade reaches so far beyond its outline."""
BEAM_M: Final = (22.0, 4.0)
"""Its headlamps reach so far ahead and aside ..."""
BEAMS_FROM: Final = 0.5
"""... where street lamps burn with this strength: in the evening nobody sees their light."""


@dataclass(frozen=True, slots=True)
class Footprint:
    """What a vehicle covers of the ground."""

    x_m: float
    y_m: float
    yaw: float
    length_m: float
    width_m: float
    height_m: float
    lamps: bool
    narrow: bool = False
    """Two-wheelers shade the ground below them far less than a car."""


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle of the picture and the vehicles that can shade it."""

    scissor: tuple[int, int, int, int]
    """x, y, width, height in pixels; y counts upwards from the lower edge."""
    vehicles: tuple[int, ...]
    """Places in the sequence of footprints."""


def shaded_regions(
    footprints: Sequence[Footprint], light: Light, to_clip: Matrix, size: tuple[int, int]
) -> list[Region]:
    """Cover everything that the vehicles can shade by rectangles that do not overlap.

    Args:
        footprints: of the vehicles.
        light: with the sun's direction; headlamps burn where its lamps do.
        to_clip: city axes -> clip space.
        size: (width, height) of the picture, pixels.
    """
    rows, columns = -(-size[1] // BLOCK_PX), -(-size[0] // BLOCK_PX)
    covered = np.zeros((rows, columns), np.bool_)
    reaches: list[tuple[int, int, int, int, int]] = []
    for place, footprint in enumerate(footprints):
        reach = _reach(footprint, light, to_clip, size)
        if reach is not None:
            x1, y1, x2, y2 = reach
            covered[y1:y2, x1:x2] = True
            reaches.append((place, x1, y1, x2, y2))
    regions = []
    for x, y, width, height in rectangles(covered):
        inside = tuple(
            place
            for place, x1, y1, x2, y2 in reaches
            if x1 < x + width and x < x2 and y1 < y + height and y < y2
        )
        scissor = (x * BLOCK_PX, y * BLOCK_PX, width * BLOCK_PX, height * BLOCK_PX)
        regions.append(Region(scissor, inside))
    return regions


def rectangles(covered_RC: npt.NDArray[np.bool_]) -> list[tuple[int, int, int, int]]:
    """Cover marked cells by rectangles (x, y, width, height): runs of a row, equal ones joined."""
    found: list[tuple[int, int, int, int]] = []
    open_runs: dict[tuple[int, int], int] = {}
    for row in range(covered_RC.shape[0] + 1):
        runs: set[tuple[int, int]] = set()
        if row < covered_RC.shape[0]:
            edges = np.flatnonzero(np.diff(np.r_[0, covered_RC[row].astype(np.int8), 0]))
            runs = {(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)}
        for run, first in list(open_runs.items()):
            if run not in runs:
                a, b = run
                found.append((a, first, b - a, row - first))
                del open_runs[run]
        for run in runs:
            open_runs.setdefault(run, row)
    return found


def _reach(
    footprint: Footprint, light: Light, to_clip: Matrix, size: tuple[int, int]
) -> tuple[int, int, int, int] | None:
    """Blocks x1, y1, x2, y2 (y upwards) that a vehicle can shade; None: none in the picture."""
    forward = np.array([math.cos(footprint.yaw), math.sin(footprint.yaw)])
    aside = np.array([-forward[1], forward[0]])
    length, width = footprint.length_m / 2 + CONTACT_M, footprint.width_m / 2 + CONTACT_M
    ends = [(length, width), (length, -width), (-length, width), (-length, -width)]
    ground = [np.array([footprint.x_m, footprint.y_m]) + forward * f + aside * a for f, a in ends]
    points = [np.array([*place, 0.0]) for place in ground]
    if footprint.lamps and light.lamps >= BEAMS_FROM:
        ahead = np.array([footprint.x_m, footprint.y_m]) + forward * (length + BEAM_M[0])
        points += [np.array([*(ahead + aside * a), 0.0]) for a in (width + BEAM_M[1], -width)]
        points.append(np.array([*(ahead - aside * (width + BEAM_M[1])), 0.0]))
    if light.sun_colour[0] > 0:
        sun = np.asarray(light.sun) / np.linalg.norm(light.sun)
        drift = -sun[:2] / max(float(sun[2]), 0.2) * footprint.height_m
        shadow = [np.array([*(place + drift), 0.0]) for place in ground]
        # A shadow can climb a wall.
        points += shadow + [place + np.array([0.0, 0.0, footprint.height_m]) for place in shadow]
    clip = np.c_[np.array(points), np.ones(len(points))] @ to_clip.T
    clip = clip[clip[:, 3] > 0.3]
    if not len(clip):
        return None
    x = (clip[:, 0] / clip[:, 3] * 0.5 + 0.5) * size[0] / BLOCK_PX
    y = (clip[:, 1] / clip[:, 3] * 0.5 + 0.5) * size[1] / BLOCK_PX
    x1, y1 = max(math.floor(x.min()), 0), max(math.floor(y.min()), 0)
    x2 = min(math.ceil(x.max()), -(-size[0] // BLOCK_PX))
    y2 = min(math.ceil(y.max()), -(-size[1] // BLOCK_PX))
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None
