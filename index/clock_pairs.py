"""How far apart two cameras' clocks are, from vehicles that passed both: the statistics alone.

A difference is a vehicle's time at camera B minus its time at A, by their own clocks. Driving from
A to B takes T, so the difference is T + offset; driving from B to A it is offset - T'. Differences
thus form two heaps, one on each side of the offset, and in the middle between equally long drives
lies the offset. What breaks that is told with it: the two directions need not take equally long.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Seconds = npt.NDArray[np.float64]

LEAST_EACH_WAY: Final = 12
"""Fewer drives in a direction than this estimate nothing: one queue at a red light decides."""
ASYMMETRY: Final = 0.2
"""One standard deviation of the difference between the two directions' typical drives, as a share
of the drive. Half of it goes into the offset, whatever the number of vehicles."""
STEP_S: Final = 0.25
_SPREADS: Final = (0.15, 0.3, 0.5, 0.8)
"""Of the logarithm of drives: free roads to queues."""
_FALSE_SHARE: Final = 0.3
"""Share of wrong pairs that the fit is prepared for; they lie anywhere."""
_QUICK: Final = (0.1, 0.25)
"""Quantiles of the drives of a direction: of those that met no red light and no queue."""
_ENOUGH_PAIRS: Final = 200
"""More in a direction are thinned: the work grows with the square."""
_REPEATS: Final = 100
_SURE: Final = 6.0
"""The best offset must be likelier than one elsewhere by this in the logarithm (e^6 = 400)."""


@dataclass(frozen=True, slots=True)
class Drive:
    """What is known of the drives between two cameras, either way, seconds."""

    earliest_s: float
    typical_s: float
    latest_s: float


@dataclass(frozen=True, slots=True)
class PairOffset:
    """Clock of B minus clock of A."""

    offset_s: float
    sigma_s: float
    """One standard deviation: chance of the pairs at hand, and the unequal directions."""
    num_ab: int
    """Drives from A to B that were used."""
    num_ba: int
    typical_ab_s: float
    """Median drive from A to B."""
    typical_ba_s: float


@dataclass(frozen=True, slots=True)
class Refused:
    """Why nothing is estimated: a sentence without its end."""

    why: str
    num_pairs: int


def pair_offset(
    differences_N: Seconds, drive: Drive, most_s: float, random: np.random.Generator
) -> PairOffset | Refused:
    """Estimate the offset between two clocks.

    Args:
        differences_N: time at B minus time at A of (N,) pairs, seconds; some may be wrong pairs.
        drive: between the two, the same for both directions.
        most_s: the largest offset that is looked for, seconds.
        random: for the repetitions that give the error.
    """
    num = len(differences_N)
    if num < 2 * LEAST_EACH_WAY:
        return Refused(f"only {num} vehicles were surely seen at both", num)
    grid_G = np.arange(-most_s, most_s + STEP_S / 2, STEP_S)
    likely_G = _likelihood(differences_N, grid_G, drive, most_s)
    best = int(np.argmax(likely_G))
    middle_s = float(grid_G[best])
    ab_N, ba_N = _directions(differences_N, middle_s, drive)
    if min(len(ab_N), len(ba_N)) < LEAST_EACH_WAY:
        fewer = min(len(ab_N), len(ba_N))
        return Refused(
            f"only {fewer} of {num} vehicles drove one of the two ways, and one way alone cannot "
            "tell a slow clock from a slow road",
            num,
        )
    # Elsewhere: where not even the neighbours of the best one are.
    far_G = np.abs(grid_G - middle_s) > max(2.0, drive.typical_s / 3)
    if far_G.any() and float(likely_G[best] - likely_G[far_G].max()) < _SURE:
        other_s = float(grid_G[far_G][int(np.argmax(likely_G[far_G]))])
        return Refused(
            f"{middle_s:+.1f} s and {other_s:+.1f} s fit the {num} vehicles about as well", num
        )
    if best in (0, len(grid_G) - 1):
        return Refused(f"the clocks are more than {most_s:.0f} s apart", num)
    for _ in range(3):  # the middle decides who drove which way, and they the middle
        middle_s = float(_middles(ab_N, ba_N, random)[-1])
        ab_N, ba_N = _directions(differences_N, middle_s, drive)
        if min(len(ab_N), len(ba_N)) < LEAST_EACH_WAY:
            return Refused(f"the {num} vehicles do not settle on one offset", num)
    repeated_RK = np.array(
        [
            _middles(random.choice(ab_N, len(ab_N)), random.choice(ba_N, len(ba_N)), random)
            for _ in range(_REPEATS)
        ]
    )
    # Quick drives are alike, slow ones are many: the kind that repeats best is believed.
    spread_K = repeated_RK.std(axis=0)
    which = int(np.argmin(spread_K))
    middle_s = float(_middles(ab_N, ba_N, random)[which])
    level = (*_QUICK, 0.5)[which]
    long_ab_s = float(np.quantile(ab_N, level)) - middle_s
    long_ba_s = middle_s - float(np.quantile(ba_N, 1 - level))
    unequal_s = ASYMMETRY / 2 * (long_ab_s + long_ba_s) / 2
    return PairOffset(
        offset_s=middle_s,
        sigma_s=math.hypot(float(spread_K[which]), unequal_s),
        num_ab=len(ab_N),
        num_ba=len(ba_N),
        typical_ab_s=float(np.median(ab_N)) - middle_s,
        typical_ba_s=middle_s - float(np.median(ba_N)),
    )


def _likelihood(differences_N: Seconds, grid_G: Seconds, drive: Drive, most_s: float) -> Seconds:
    """(G,) logarithm of how likely each offset is, with the best length and spread of drives."""
    window_s = most_s + drive.latest_s
    away_GN = np.abs(differences_N[None, :] - grid_G[:, None])
    log_GN = np.log(np.maximum(away_GN, 0.05))
    slowest = math.log(max(drive.latest_s, 2.0 * drive.typical_s))
    fastest = math.log(max(drive.earliest_s, drive.typical_s / 4, 0.5))
    best_G = np.full(len(grid_G), -np.inf)
    for mean in np.linspace(fastest, slowest, 16):
        for spread in _SPREADS:
            shape_GN = np.exp(-0.5 * ((log_GN - mean) / spread) ** 2)
            shape_GN /= np.maximum(away_GN, 0.05) * spread * math.sqrt(2 * math.pi)
            shape_GN[away_GN < 0.7 * drive.earliest_s] = 0.0  # nobody drives faster
            mixed_GN = (1 - _FALSE_SHARE) * 0.5 * shape_GN + _FALSE_SHARE / (2 * window_s)
            best_G = np.maximum(best_G, np.log(mixed_GN).sum(axis=1))
    return best_G


def _directions(differences_N: Seconds, middle_s: float, drive: Drive) -> tuple[Seconds, Seconds]:
    """Differences of drives from A to B, and from B to A; impossible ones left out."""
    away_N = np.abs(differences_N - middle_s)
    possible_N = (away_N >= 0.7 * drive.earliest_s) & (away_N <= drive.latest_s)
    return (
        differences_N[possible_N & (differences_N > middle_s)],
        differences_N[possible_N & (differences_N < middle_s)],
    )


def _middles(ab_N: Seconds, ba_M: Seconds, random: np.random.Generator) -> Seconds:
    """(K,) middles: between the quick drives of both directions, by `_QUICK`, and last of all.

    The last is the median of the middles of all pairs of opposite drives (Hodges, Lehmann 1963).
    """
    quick = [
        (float(np.quantile(ab_N, level)) + float(np.quantile(ba_M, 1 - level))) / 2
        for level in _QUICK
    ]
    if len(ab_N) > _ENOUGH_PAIRS:
        ab_N = random.choice(ab_N, _ENOUGH_PAIRS, replace=False)
    if len(ba_M) > _ENOUGH_PAIRS:
        ba_M = random.choice(ba_M, _ENOUGH_PAIRS, replace=False)
    return np.array([*quick, float(np.median((ab_N[:, None] + ba_M[None, :]) / 2))])
