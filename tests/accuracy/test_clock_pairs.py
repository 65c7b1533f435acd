"""How well clocks are estimated from vehicles: the figures of docs/design/time.md.

`pytest -s -m slow tests/accuracy/test_clock_pairs.py`. Nothing is rendered and no picture is looked
at: which vehicles are the same is known, and wrong pairs are thrown in. So these are errors of the
statistics alone.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from functools import cache

import numpy as np
import pytest

from yanji.index.clock_pairs import Drive, PairOffset, Seconds, pair_offset
from yanji.ingest.testcity.city import build_city

pytestmark = pytest.mark.slow

REPEATS = 20
CITY_SECONDS = 1200.0
CITIES = (90, 3, 11)
"""Seeds; each has four junctions with cameras, traffic lights at all of them."""
_CITY_DRIVE = Drive(earliest_s=1.8, typical_s=17.0, latest_s=114.0)
"""Of a road of 90 m at 6 to 60 km/h, as the cities' site files have it."""


def drives(random: np.random.Generator, num: int, metres: float) -> Seconds:
    """Seconds of drives: 22 to 48 km/h, two in five wait at a red light."""
    moving_s = metres / (random.uniform(22, 48, num) / 3.6) * random.uniform(0.9, 1.2, num)
    return moving_s + np.where(random.random(num) < 0.4, random.uniform(5, 50, num), 0.0)


@pytest.mark.parametrize("metres", [90, 300, 1500])
def test_one_road_with_lights_that_are_alike_both_ways(metres):
    drive = Drive(
        earliest_s=metres * 3.6 / 60 * max(0.0, 1 - 60 / metres),
        typical_s=metres * 3.6 / 30,
        latest_s=metres * 3.6 / 15 + 60,
    )
    random = np.random.default_rng(1)
    for num in (30, 60, 120, 300):
        errors, sigmas = [], []
        for _ in range(REPEATS):
            offset_s = random.uniform(-5, 5)
            there_N, back_N = drives(random, num, metres), drives(random, num, metres)
            right_N = np.concatenate([there_N, -back_N]) + offset_s
            right_N += random.normal(0, 0.7, 2 * num)
            wrong_N = random.uniform(-100, 100, num // 2)
            found = pair_offset(np.concatenate([right_N, wrong_N]), drive, 30.0, random)
            if isinstance(found, PairOffset):
                errors.append(found.offset_s - offset_s)
                sigmas.append(found.sigma_s)
        told(f"{metres} m, {num} vehicles each way", np.array(errors), np.array(sigmas), REPEATS)
        assert np.mean(np.abs(errors) < 2 * np.array(sigmas)) >= 0.9


@cache
def routes_of(seed: int) -> tuple[tuple[tuple[str, float], ...], ...]:
    """Junctions and moments of all drives of a city."""
    return tuple(drive.route for drive in build_city(seed, 4, CITY_SECONDS).drives)


def test_roads_of_cities_with_traffic_lights():
    random = np.random.default_rng(0)
    errors, sigmas, unequal, num_tried = [], [], [], 0
    for seed in CITIES:
        times: dict[tuple[str, str], list[float]] = defaultdict(list)
        for route in routes_of(seed):
            for (start, left_s), (end, reached_s) in itertools.pairwise(route):
                times[start, end].append(reached_s - left_s)
        for (start, end), there in times.items():
            back = times.get((end, start), [])
            if start > end or min(len(there), len(back)) < 40:
                continue
            there_N, back_N = np.array(there), np.array(back)
            middles = (float(np.median(there_N)), float(np.median(back_N)))
            unequal.append((middles[0] - middles[1]) / (sum(middles) / 2))
            for _ in range(5):
                num_tried += 1
                offset_s = random.uniform(-5, 5)
                right_N = np.concatenate([there_N + offset_s, offset_s - back_N])
                right_N += random.normal(0, 0.5, len(right_N))
                wrong_N = random.uniform(-60, 60, len(right_N) // 3)
                found = pair_offset(np.concatenate([right_N, wrong_N]), _CITY_DRIVE, 30.0, random)
                if isinstance(found, PairOffset):
                    errors.append(found.offset_s - offset_s)
                    sigmas.append(found.sigma_s)
    print(f"{len(unequal)} roads, medians of the directions differ by {np.std(unequal):.0%} (sd)")
    told("cities with lights", np.array(errors), np.array(sigmas), num_tried)
    assert np.mean(np.abs(errors) < 2 * np.array(sigmas)) >= 0.9


def told(what: str, error_N: Seconds, sigma_N: Seconds, num_tried: int) -> None:
    refused = num_tried - len(error_N)
    rms_s, most_s = float(np.sqrt(np.mean(error_N**2))), float(np.abs(error_N).max())
    print(
        f"{what}: {refused} of {num_tried} refused, else error {rms_s:.2f} s rms, "
        f"{most_s:.1f} s at most, told sigma {np.median(sigma_N):.1f} s"
    )
