"""Which ways through a junction cross, and where: the later one waits before the place.

A vehicle is moved along its way step by step; so is the other; where their bodies would overlap,
both ways have a stretch that only one may use at a time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.network import STOP_M
from yanji.ingest.testcity.traffic.paths import CURVE_M, turn_length

AXLES: Final = 0.3
"""Axles lie this share of the length before and behind the middle of every body."""
_STEP_M: Final = 0.75
_NEIGHBOUR_M: Final = 0.1
"""Room between bodies of one approach, in neighbouring lanes."""
_ROOM_M: Final = 0.6
"""Room between bodies of different approaches."""
_SIZES_M: Final = ((2.2, 0.9), (3.0, 1.15), (5.4, 2.35), (6.4, 2.55), (10.8, 2.65), (18.0, 2.65))


@dataclass(frozen=True, slots=True)
class Move:
    """A body on its way through a junction."""

    heading: int
    """Of the approach, quarter turns."""
    turn: int
    """Quarter turns: 0 straight on, 1 left, 3 right."""
    lane_m: float
    length_m: float
    width_m: float


@dataclass(frozen=True, slots=True)
class Zone:
    """The common stretch, metres behind the begin of the curve (CURVE_M before the middle)."""

    wait_m: float
    """The one that waits keeps its middle before this."""
    free_m: float
    """It may go on when the other's middle is behind this, on the other's way."""


def rounded_size(length_m: float, width_m: float) -> tuple[float, float]:
    """Return the next larger of a few sizes, so that few pairs of moves differ."""
    for size in _SIZES_M:
        if length_m <= size[0] and width_m <= size[1]:
            return size
    return length_m, width_m


def zone(waits: Move, goes: Move) -> Zone | None:
    """Find where `waits` must wait for `goes`; None when their ways never meet."""
    # The picture is the same when both are turned: one table serves all four directions.
    heading = (goes.heading - waits.heading) % 4
    return _zone(
        Move(0, waits.turn, waits.lane_m, waits.length_m, waits.width_m),
        Move(heading, goes.turn, goes.lane_m, goes.length_m, goes.width_m),
    )


@cache
def _zone(waits: Move, goes: Move) -> Zone | None:
    beside = abs(waits.lane_m - goes.lane_m) >= (waits.width_m + goes.width_m) / 2
    same_approach = waits.heading == goes.heading
    if same_approach and not beside:
        return None  # one drives behind the other
    room = _NEIGHBOUR_M if same_approach else _ROOM_M
    a_N, a_poses = _swept(waits)
    b_M, b_poses = _swept(goes)
    meet_NM = _overlap(
        a_poses, waits.length_m + room, waits.width_m + room, b_poses, goes.length_m, goes.width_m
    )
    if not meet_NM.any():
        return None
    wait_m = float(a_N[np.flatnonzero(meet_NM.any(axis=1))[0]]) - _STEP_M
    free_m = float(b_M[np.flatnonzero(meet_NM.any(axis=0))[-1]]) + _STEP_M
    same_exit = (waits.heading + waits.turn - goes.heading - goes.turn) % 4 == 0
    if same_exit and not beside:
        # They go on one behind the other: once the first is in the lane, it is merely a leader.
        free_m = min(free_m, turn_length(goes.turn, goes.lane_m) - 2.0)
    return Zone(round(wait_m, 3), round(free_m, 3))


def _swept(move: Move) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return positions of the middle (N) and x, y, cos, sin of the body (N, 4)."""
    length = turn_length(move.turn, move.lane_m)
    before = STOP_M - CURVE_M + move.length_m / 2 + 0.5
    s = np.arange(-before, length + 10.0, _STEP_M)
    axle = AXLES * move.length_m
    front, rear = _at(move, s + axle), _at(move, s - axle)
    along = front - rear
    along /= np.hypot(along[:, 0], along[:, 1])[:, None]
    return s, np.concatenate([(front + rear) / 2, along], axis=1)


def _at(move: Move, s_N: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return x, y (N, 2), origin in the middle of the junction."""
    length = turn_length(move.turn, move.lane_m)
    inside = np.clip(s_N, 0.0, length)
    bend = {0: 0.0, 1: math.pi / 2, 3: -math.pi / 2}[move.turn] / length
    turned = bend * inside
    if bend == 0.0:
        x, y = inside - CURVE_M, np.full_like(inside, -move.lane_m)
    else:
        x = -CURVE_M + np.sin(turned) / bend
        y = -move.lane_m + (1.0 - np.cos(turned)) / bend
    x = x + (s_N - inside) * np.cos(turned)
    y = y + (s_N - inside) * np.sin(turned)
    c, s = ((1, 0), (0, 1), (-1, 0), (0, -1))[move.heading]
    return np.stack([x * c - y * s, x * s + y * c], axis=-1)


def _overlap(
    a_N4: npt.NDArray[np.float64], a_length: float, a_width: float,
    b_M4: npt.NDArray[np.float64], b_length: float, b_width: float,
) -> npt.NDArray[np.bool_]:  # fmt: skip
    """Tell for each pair of poses whether the two rectangles overlap (N, M)."""
    dx = b_M4[None, :, 0] - a_N4[:, None, 0]
    dy = b_M4[None, :, 1] - a_N4[:, None, 1]
    ac, as_ = a_N4[:, None, 2], a_N4[:, None, 3]
    bc, bs = b_M4[None, :, 2], b_M4[None, :, 3]
    cos, sin = np.abs(ac * bc + as_ * bs), np.abs(ac * bs - as_ * bc)
    al, aw, bl, bw = a_length / 2, a_width / 2, b_length / 2, b_width / 2
    return np.asarray(
        (np.abs(dx * ac + dy * as_) < al + bl * cos + bw * sin)
        & (np.abs(dy * ac - dx * as_) < aw + bl * sin + bw * cos)
        & (np.abs(dx * bc + dy * bs) < bl + al * cos + aw * sin)
        & (np.abs(dy * bc - dx * bs) < bw + al * sin + aw * cos)
    )
