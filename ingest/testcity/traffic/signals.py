"""Traffic lights: at every junction east-west and north-south have green in turn."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from yanji.ingest.testcity.network import Network

Light = Literal["green", "amber", "red"]

AMBER_S: Final = 2.5
ALL_RED_S: Final = 2.0
"""Everybody has red between the amber of one direction and the green of the other."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """The lights of one junction."""

    cycle_s: float
    """Both directions have had their turn after this long."""
    offset_s: float
    """True time at which east-west gets green, modulo the cycle."""
    east_west: float
    """Share (0..1) of the cycle that belongs to east-west, its amber and red time included."""


Signals = dict[str, Cycle]
"""Cycles by junction."""


def plan_signals(network: Network, seed: int) -> Signals:
    """Choose a short cycle (26 to 32 s) and an offset for each junction."""
    random = np.random.default_rng((seed, 2, 1))
    signals = {}
    for node in network.junctions:
        cycle = 2.0 * round(float(random.uniform(13.0, 16.0)), 1)
        signals[node.name] = Cycle(
            round(cycle, 1),
            round(float(random.uniform(0.0, cycle)), 1),
            round(float(random.uniform(0.46, 0.54)), 2),
        )
    return signals


def state(signals: Signals, junction: str, heading: float, time_s: float) -> Light:
    """Tell what those see who drive towards a junction.

    Args:
        signals: from `plan_signals`.
        junction: its name.
        heading: yaw in radians in which they drive, as `Network.heading(from, junction)`.
        time_s: true time.

    Raises:
        KeyError: no such junction.
    """
    since, green_s = _turn(signals[junction], heading, time_s)
    if since < green_s:
        return "green"
    return "amber" if since < green_s + AMBER_S else "red"


def green_since(signals: Signals, junction: str, heading: float, time_s: float) -> float:
    """Seconds since the last change to green in that direction."""
    return _turn(signals[junction], heading, time_s)[0]


def _turn(cycle: Cycle, heading: float, time_s: float) -> tuple[float, float]:
    """Return (seconds since this direction's turn began, length of its green)."""
    split = round(cycle.cycle_s * cycle.east_west, 1)
    east_west = abs(math.cos(heading)) > 0.7
    start = cycle.offset_s if east_west else cycle.offset_s + split
    length = split if east_west else cycle.cycle_s - split
    since = round(time_s - start, 6) % cycle.cycle_s
    return since, length - AMBER_S - ALL_RED_S
