"""Is one embedder better than another? Both answer the same queries; the difference is resampled.

Means of two models over 500 vehicles each have errors of two points, mostly the same ones: hard
vehicles are hard for both. The difference for each query is free of that. Queries of one vehicle
(two ways, several draws) are no independent trials, so whole **vehicles** are drawn with
replacement: the percentile bootstrap (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
ch. 13) over clusters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from yanji.reid.query_scores import MEASURES, QueryScores

NUM_RESAMPLES: Final = 2000
INTERVAL: Final = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """One measure of the first model less that of the second, -1..1."""

    mean: float
    low: float
    """Lower end of the 95 % interval; above 0: the first is better beyond chance ..."""
    high: float
    """... and below 0: it is worse."""
    num_vehicles: int


def compare_paired(
    one: QueryScores, other: QueryScores, seed: int = 0, num_resamples: int = NUM_RESAMPLES
) -> dict[str, Difference]:
    """Compare two models on the same queries, for each of `MEASURES`.

    Without a query every difference is 0 and the interval -1..1: nothing is known. So it is for a
    single vehicle, which resampling only repeats.

    Raises:
        ValueError: the queries of the two differ in number, order or vehicle.
    """
    if not np.array_equal(one.vehicles_Q, other.vehicles_Q):
        raise ValueError("paired scores must be of the same queries in the same order")
    vehicles, which_Q = np.unique(one.vehicles_Q, return_inverse=True)
    count = len(vehicles)
    if not count:
        return {name: Difference(0.0, -1.0, 1.0, 0) for name in MEASURES}
    gains_Q3 = one.values_Q3 - other.values_Q3
    means_3 = gains_Q3.mean(axis=0)
    if count == 1:
        return {
            name: Difference(float(mean), -1.0, 1.0, 1)
            for name, mean in zip(MEASURES, means_3, strict=True)
        }
    queries_V = np.bincount(which_Q, minlength=count).astype(np.float64)
    sums_V3 = np.stack(
        [np.bincount(which_Q, gains_Q3[:, column], count) for column in range(3)], axis=1
    )
    # How often each vehicle is drawn, for each resample.
    times_BV = np.random.default_rng(seed).multinomial(
        count, np.full(count, 1 / count), num_resamples
    )
    drawn_B3 = (times_BV @ sums_V3) / (times_BV @ queries_V)[:, None]
    tail = 50 * (1 - INTERVAL)
    lows_3, highs_3 = np.percentile(drawn_B3, [tail, 100 - tail], axis=0)
    return {
        name: Difference(float(means_3[k]), float(lows_3[k]), float(highs_3[k]), count)
        for k, name in enumerate(MEASURES)
    }
