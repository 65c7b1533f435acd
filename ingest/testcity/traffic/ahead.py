"""What stands in the way: the first body that touches the path in front of each vehicle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.traffic.conflicts import AXLES
from yanji.ingest.testcity.traffic.demand import Trip

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_GRID_M: Final = 0.5
_LOOK: Final = np.concatenate([np.arange(0, 10), np.arange(10, 84, 2)])
"""Where the path ahead is looked at, in steps of the grid: 42 m, near by more closely."""
_ROOM_M: Final = 0.2
_NARROW_ROOM_M: Final = 0.05
"""Room beside another body; between two two-wheelers it is less, they ride side by side."""
_TURN_MPS2: Final = 2.1
_TURN_NARROW_MPS2: Final = 1.7
"""Lateral acceleration in turns."""
_SLOW_DOWN_MPS2: Final = 1.5
_PARK_MPS2: Final = 0.8
_CREEP_MPS: Final = 0.25
"""So slowly and so fast it arrives in a parking spot."""


@dataclass(frozen=True, slots=True, eq=False)
class Tables:
    """All paths on a grid, one behind the other; and the measures of all bodies (N)."""

    first_N: Ints
    """Index of each path's first point."""
    last_N: Ints
    x_P: Floats
    y_P: Floats
    cos_P: Floats
    sin_P: Floats
    reach_P: Floats
    """Half the width that the body sweeps there, more in curves."""
    allowed_P: Floats
    """m/s from which it can still slow down for all that the path brings."""
    length_N: Floats
    width_N: Floats
    narrow_N: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Poses:
    """Bodies (A) at one moment."""

    x_A: Floats
    y_A: Floats
    cos_A: Floats
    sin_A: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Leaders:
    """Pairs (Q) of a vehicle and a body in its way; indices count the A vehicles."""

    who_Q: Ints
    leader_Q: Ints
    gap_Q: Floats
    """Metres from the front to the body along the path; may be 0."""
    speed_Q: Floats
    """Of the body along the path."""


def build_tables(trips: Sequence[Trip]) -> Tables:
    """Lay all paths on the grid. Points are rounded: the same on every machine."""
    points, bends, speeds, reach, first = [], [], [], [], [0]
    for trip in trips:
        path, body = trip.path, trip.body
        s = np.arange(0.0, path.points_m, _GRID_M)
        points.append(np.round(path.points(s), 4))
        bend = np.abs(path.curvature(s))
        bends.append(bend)
        # Front and rear swing out of a curve, the middle cuts it.
        reach.append(body.width_m / 2 + bend * body.length_m**2 / 20)
        side = _TURN_NARROW_MPS2 if trip.lane != "car" else _TURN_MPS2
        fast = np.sqrt(side / np.maximum(bend, 1e-4))
        if path.pull_in_m is not None:
            left = np.maximum(path.length_m - 0.55 - s, 0.0)
            fast = np.minimum(fast, np.sqrt(_CREEP_MPS**2 + 2 * _PARK_MPS2 * left))
        square = fast**2 + 2 * _SLOW_DOWN_MPS2 * s
        square = np.minimum.accumulate(square[::-1])[::-1] - 2 * _SLOW_DOWN_MPS2 * s
        speeds.append(np.round(np.sqrt(square), 4))
        first.append(first[-1] + len(s))
    xy = np.concatenate([*points, np.zeros((1, 2))])
    along = [np.gradient(path, axis=0) for path in points]
    cos, sin = np.concatenate([*along, np.zeros((1, 2))]).T
    norm = np.hypot(cos, sin) + 1e-12
    return Tables(
        np.array(first[:-1], np.intp),
        np.array(first[1:], np.intp) - 1,
        xy[:, 0].copy(),
        xy[:, 1].copy(),
        np.round(cos / norm, 5),
        np.round(sin / norm, 5),
        np.round(np.concatenate([*reach, np.zeros(1)]), 4),
        np.concatenate([*speeds, np.zeros(1)]),
        np.array([trip.body.length_m for trip in trips]),
        np.array([trip.body.width_m for trip in trips]),
        np.array([trip.lane != "car" for trip in trips], np.bool_),
    )


def allowed(tables: Tables, who_A: Ints, s_A: Floats) -> Floats:
    """Return the speed (A) in m/s that the path allows at each place."""
    place = s_A / _GRID_M
    low = place.astype(np.intp)
    part = place - low
    first, last = tables.first_N[who_A], tables.last_N[who_A]
    a = tables.allowed_P[np.minimum(first + low, last)]
    b = tables.allowed_P[np.minimum(first + low + 1, last)]
    # Between points the square of the speed is linear, as it is when slowing down evenly.
    return np.asarray(np.sqrt(a * a * (1 - part) + b * b * part))


def poses(tables: Tables, who_A: Ints, s_A: Floats) -> Poses:
    """Place bodies: both axles lie on the path."""
    axle = AXLES * tables.length_N[who_A]
    fx, fy = _point(tables, who_A, s_A + axle)
    rx, ry = _point(tables, who_A, s_A - axle)
    dx, dy = fx - rx, fy - ry
    norm = np.sqrt(dx * dx + dy * dy)
    return Poses((fx + rx) / 2, (fy + ry) / 2, dx / norm, dy / norm)


def _point(tables: Tables, who_A: Ints, s_A: Floats) -> tuple[Floats, Floats]:
    place = np.maximum(s_A, 0.0) / _GRID_M
    low = place.astype(np.intp)
    part = place - low
    last = tables.last_N[who_A]
    low = tables.first_N[who_A] + low
    high = np.minimum(low + 1, last)
    low = np.minimum(low, last)
    x, y = tables.x_P, tables.y_P
    return x[low] * (1 - part) + x[high] * part, y[low] * (1 - part) + y[high] * part


def find_leaders(
    tables: Tables,
    who_A: Ints,
    s_A: Floats,
    v_A: Floats,
    at: Poses,
    ignored_NN: npt.NDArray[np.bool_],
) -> Leaders:
    """Look along each path for bodies of the others.

    Args:
        tables: of all trips.
        who_A: the trips that are in the city.
        s_A: arc length of their middles in metres.
        v_A: speeds in m/s.
        at: their poses.
        ignored_NN: [i, j] says that trip i need not look at trip j.
    """
    length = tables.length_N[who_A]
    dx = at.x_A[None, :] - at.x_A[:, None]
    dy = at.y_A[None, :] - at.y_A[:, None]
    far = length / 2 + 6.0 + 1.5 * v_A + v_A * v_A / 3.0
    near = dx * dx + dy * dy < np.square(far[:, None] + length[None, :] / 2)
    # Bodies wholly behind are none of its business.
    near &= dx * at.cos_A[:, None] + dy * at.sin_A[:, None] > -length[None, :] / 2
    near &= ~ignored_NN[np.ix_(who_A, who_A)]
    np.fill_diagonal(near, False)
    i, j = np.nonzero(near)
    if len(i) == 0:
        none = np.zeros(0)
        return Leaders(i, j, none, none)
    front = s_A[i] + length[i] / 2
    start = np.ceil(front / _GRID_M).astype(np.intp)
    first, last = tables.first_N[who_A[i]], tables.last_N[who_A[i]]
    index = np.minimum((first + start)[:, None] + _LOOK[None, :], last[:, None])
    cos, sin = at.cos_A[j][:, None], at.sin_A[j][:, None]
    px = tables.x_P[index] - at.x_A[j][:, None]
    py = tables.y_P[index] - at.y_A[j][:, None]
    pc, ps = tables.cos_P[index], tables.sin_P[index]
    both = tables.narrow_N[who_A[i]] & tables.narrow_N[who_A[j]]
    room = np.where(both, _NARROW_ROOM_M, _ROOM_M)[:, None]
    reach = tables.reach_P[index]
    along = pc * cos + ps * sin
    across = pc * sin - ps * cos
    # The front edge as a line across the path, against the rectangle of the body.
    out_QK = np.maximum(
        np.abs(px * cos + py * sin) - (length[j] / 2)[:, None] - np.abs(across) * reach - room,
        np.abs(py * cos - px * sin)
        - (tables.width_N[who_A[j]] / 2)[:, None]
        - np.abs(along) * reach
        - room,
    )
    hit = out_QK <= 0.0
    k = np.argmax(hit, axis=1)
    found = hit[np.arange(len(i)), k]
    i, j, k = i[found], j[found], k[found]
    out_QK, front, start = out_QK[found], front[found], start[found]
    row = np.arange(len(i))
    before = np.maximum(k - 1, 0)
    o0, o1 = out_QK[row, before], out_QK[row, k]
    part = np.where(k > 0, o0 / np.where(k > 0, o0 - o1, 1.0), 0.0)
    steps = start + _LOOK[before] + part * (_LOOK[k] - _LOOK[before])
    # At the very front the body may already reach past it.
    gap = steps * _GRID_M - front + np.where(k > 0, 0.0, np.maximum(o1, -0.5))
    speed = np.maximum(v_A[j] * along[found, k], 0.0)
    return Leaders(i, j, np.maximum(gap, 0.0), speed)
