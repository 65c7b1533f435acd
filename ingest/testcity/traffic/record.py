"""Turns the steps of a simulation into drives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.traffic.conflicts import AXLES
from yanji.ingest.testcity.traffic.demand import Parked, Trip
from yanji.ingest.testcity.traffic.drive import STEP_S, Drive
from yanji.ingest.testcity.traffic.paths import START_M

_GRAVITY_MPS2: Final = 9.81
_SMOOTH: Final = 7
"""Steps over which the lean is averaged: a rider does not tip over at once."""


def drive_of(
    trip: Trip,
    first_step: int,
    s_T: npt.NDArray[np.float64],
    v_T: npt.NDArray[np.float64],
    braking_T: npt.NDArray[np.bool_],
    steps: tuple[int, int],
) -> Drive | None:
    """Build one drive; None when it was over before time 0.

    Args:
        trip: who drives.
        first_step: number of the first moving step, time 0 is step 0.
        s_T: arc length in metres, step by step.
        v_T: m/s.
        braking_T: brake lights.
        steps: first and last of the simulation: who comes from or goes into a parking spot stands
            there before or after.
    """
    before = first_step - steps[0] if trip.path.pull_out_m is not None else 0
    ends = first_step + len(s_T) - 1
    parked = trip.path.pull_in_m is not None and s_T[-1] >= trip.path.length_m - 0.3
    after = steps[1] - ends if parked else 0
    if ends + after < 0:
        return None
    axle = AXLES * trip.body.length_m
    front, rear = trip.path.points(s_T + axle), trip.path.points(s_T - axle)
    along = front - rear
    yaw = np.unwrap(np.arctan2(along[:, 1], along[:, 0]))
    poses = np.concatenate([(front + rear) / 2, yaw[:, None]], axis=1)
    rolls = np.zeros(len(s_T))
    if trip.body.leans and len(s_T) >= _SMOOTH:
        side = v_T * np.gradient(yaw) / STEP_S
        padded = np.pad(side, _SMOOTH // 2, mode="edge")
        side = np.convolve(padded, np.full(_SMOOTH, 1 / _SMOOTH), "valid")
        rolls = np.arctan(side / _GRAVITY_MPS2)
    route = []
    for crossing in trip.path.crossings:
        place = int(np.searchsorted(s_T, crossing.middle_m))
        if 0 < place < len(s_T):
            low, high = s_T[place - 1], s_T[place]
            step = first_step + place - 1 + (crossing.middle_m - low) / (high - low)
            route.append((crossing.junction, round(float(step) * STEP_S, 3)))
    edges = (before, after)
    return Drive(
        trip.identity,
        trip.kind,
        trip.look_seed,
        round((first_step - before) * STEP_S, 1),
        np.round(np.pad(poses, (edges, (0, 0)), mode="edge"), 4),
        np.pad(v_T, edges).astype(np.float32),
        np.pad(braking_T, edges),
        np.round(np.pad(rolls, edges), 4).astype(np.float32),
        tuple(route),
    )


def drive_of_parked(parked: Parked, steps: tuple[int, int]) -> Drive:
    """Build the drive of a vehicle that never moves."""
    count = steps[1] - steps[0] + 1
    return Drive(
        parked.identity,
        parked.kind,
        parked.look_seed,
        round(steps[0] * STEP_S, 1),
        np.tile(np.array([parked.x_m, parked.y_m, parked.yaw]), (count, 1)),
        np.zeros(count, np.float32),
        np.zeros(count, np.bool_),
        np.zeros(count, np.float32),
        (),
    )


def waiting_in_spot(trip: Trip, steps: tuple[int, int]) -> Drive | None:
    """Build the drive of one that never could leave its parking spot; None: it is in none."""
    if trip.path.pull_out_m is None:
        return None
    still = np.full(1, START_M)
    return drive_of(trip, steps[1], still, np.zeros(1), np.zeros(1, np.bool_), steps)


def sorted_drives(drives: Sequence[Drive | None]) -> list[Drive]:
    """Drop the empty ones and sort by identity."""
    return sorted((d for d in drives if d is not None), key=lambda drive: drive.identity)
