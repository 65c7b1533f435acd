"""Offsets out of vehicles at two cameras: what is found, how well, and what is refused."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.index.clock_estimate import same_vehicles
from yanji.index.clock_network import solve_offsets
from yanji.index.clock_pairs import (
    LEAST_EACH_WAY,
    Drive,
    PairOffset,
    Refused,
    Seconds,
    pair_offset,
)

BLOCK_M = 90.0
DRIVE = Drive(earliest_s=1.8, typical_s=10.0, latest_s=110.0)
"""Of a road of `BLOCK_M` at 15 to 60 km/h, as the camera graph has it."""


def drives(random: np.random.Generator, num: int, metres: float = BLOCK_M) -> Seconds:
    """Seconds of drives: 22 to 48 km/h, two in five wait at a red light."""
    moving_s = metres / (random.uniform(22, 48, num) / 3.6) * random.uniform(0.9, 1.2, num)
    return moving_s + np.where(random.random(num) < 0.4, random.uniform(5, 50, num), 0.0)


def mixed(random: np.random.Generator, num: int, offset_s: float, wrong: int = 0) -> Seconds:
    """Differences of `num` drives each way and some wrong pairs, seen to within half a second."""
    parts = [drives(random, num), -drives(random, num)]
    right_N = np.concatenate(parts) + offset_s + random.normal(0, 0.5, 2 * num)
    return np.concatenate([right_N, random.uniform(-100, 100, wrong)])


def estimate(differences_N: Seconds, most_s: float = 30.0) -> PairOffset | Refused:
    return pair_offset(differences_N, DRIVE, most_s, np.random.default_rng(0))


@pytest.mark.parametrize("offset_s", [-12.0, -2.4, 0.0, 0.3, 6.0])
def test_offsets_are_found_among_wrong_pairs(offset_s):
    errors = []
    for seed in range(6):
        found = estimate(mixed(np.random.default_rng(seed), 120, offset_s, wrong=60))
        assert isinstance(found, PairOffset)
        assert abs(found.offset_s - offset_s) < 4 * found.sigma_s
        assert 5 < found.typical_ab_s < 30
        assert 5 < found.typical_ba_s < 30
        errors.append(found.offset_s - offset_s)
    assert np.sqrt(np.mean(np.square(errors))) < 0.5


def test_the_told_error_shrinks_with_vehicles_down_to_what_unequal_roads_leave():
    few, many = (estimate(mixed(np.random.default_rng(3), num, 2.0)) for num in (60, 400))
    assert isinstance(few, PairOffset)
    assert isinstance(many, PairOffset)
    assert many.sigma_s < few.sigma_s
    assert many.sigma_s > 0.1


def test_a_slower_direction_moves_the_offset_by_half_and_the_error_says_so():
    random = np.random.default_rng(5)
    there_N, back_N = drives(random, 300), drives(random, 300) * 1.15
    found = estimate(np.concatenate([there_N, -back_N]))
    assert isinstance(found, PairOffset)
    assert abs(found.offset_s) < 3 * found.sigma_s


def test_too_few_and_one_way_are_refused_with_a_sentence():
    random = np.random.default_rng(1)
    few = estimate(mixed(random, LEAST_EACH_WAY // 2, 1.0))
    assert isinstance(few, Refused)
    assert few.why == "only 12 vehicles were surely seen at both"
    one_way = estimate(drives(random, 300) + 1.0)
    assert isinstance(one_way, Refused)
    assert "one way alone" in one_way.why or "fit the 300 vehicles" in one_way.why
    assert isinstance(estimate(np.zeros(0)), Refused)


def test_nothing_but_wrong_pairs_is_refused():
    for seed in range(10):
        assert isinstance(estimate(np.random.default_rng(seed).uniform(-100, 100, 80)), Refused)


def test_an_offset_beyond_the_range_is_refused():
    found = estimate(mixed(np.random.default_rng(1), 100, 60.0), most_s=10.0)
    assert isinstance(found, Refused)


@given(st.integers(0, 2**32 - 1), st.floats(-10, 10))
@settings(max_examples=15, deadline=None)
def test_turning_the_pair_round_turns_the_sign(seed, offset_s):
    differences_N = mixed(np.random.default_rng(seed), 60, offset_s)
    one, two = estimate(differences_N), estimate(-differences_N)
    assert isinstance(one, Refused) == isinstance(two, Refused)
    if isinstance(one, PairOffset) and isinstance(two, PairOffset):
        spread_s = 3 * (one.sigma_s + two.sigma_s)
        assert one.offset_s == pytest.approx(-two.offset_s, abs=spread_s)


def pair(offset_s: float, sigma_s: float = 0.5) -> PairOffset:
    return PairOffset(offset_s, sigma_s, 50, 50, 10.0, 10.0)


def test_a_chain_adds_up_and_its_error_grows():
    found = solve_offsets({("A", "B"): pair(1.0), ("B", "C"): pair(-3.0)}, "A")
    assert [found[camera].ahead_s for camera in "ABC"] == pytest.approx([0.0, 1.0, -2.0])
    assert [found[camera].sigma_s for camera in "ABC"] == pytest.approx([0.0, 0.5, 0.5 * 2**0.5])


def test_a_circle_that_does_not_close_widens_the_errors():
    closed = {("A", "B"): pair(1.0), ("B", "C"): pair(1.0), ("A", "C"): pair(2.0)}
    found = solve_offsets(closed, "A")
    assert found["C"].ahead_s == pytest.approx(2.0)
    assert found["C"].sigma_s < 0.5
    torn = solve_offsets({**closed, ("A", "C"): pair(7.0)}, "A")
    assert torn["C"].sigma_s > 1.0


def test_cameras_that_no_pair_reaches_get_nothing():
    found = solve_offsets({("A", "B"): pair(1.0), ("X", "Y"): pair(1.0)}, "A")
    assert set(found) == {"A", "B"}
    assert set(solve_offsets({}, "A")) == {"A"}


def test_only_those_that_stand_out_are_taken_for_one_vehicle():
    eye = np.eye(4, dtype=np.float32)
    at_a_N, at_b_N = np.array([0.0, 1.0, 2.0]), np.array([10.0, 11.0, 500.0])
    twins = np.stack([eye[0], eye[0], eye[2]])
    assert same_vehicles(at_a_N, eye[:3], at_b_N, twins, 60.0).tolist() == []  # look-alikes
    assert same_vehicles(at_a_N, eye[:3], at_b_N, eye[:3], 60.0).tolist() == [10.0, 10.0]
    assert same_vehicles(at_a_N, eye[:3], np.zeros(0), eye[:0], 60.0).tolist() == []


@dataclass(frozen=True)
class Town:
    """A grid of cameras with clocks that are off, and what they saw."""

    offsets: dict[str, float]
    moments: dict[str, Seconds]
    vectors: dict[str, np.ndarray]
    roads: tuple[tuple[str, str], ...]


def town(seed: int, *, side: int = 3, num_vehicles: int = 1500, hours: float = 3.0) -> Town:
    """Vehicles wander over a grid; cosines .79 for the same, .46 for others; one in ten missed."""
    random = np.random.default_rng(seed)
    places = list(itertools.product(range(side), repeat=2))
    names = {place: f"K{number:02d}" for number, place in enumerate(places)}
    offsets = {name: float(random.normal(0, 3.0)) for name in names.values()}
    seen: dict[str, list[tuple[float, np.ndarray]]] = {name: [] for name in names.values()}
    for _ in range(num_vehicles):
        look_D = random.standard_normal(64)
        now_s = random.uniform(0, hours * 3600)
        here = places[random.integers(len(places))]
        before = None
        for _ in range(4):
            if random.random() > 0.1:
                noise_D = random.standard_normal(64) * 0.79
                vector_D = 0.9 * np.ones(64) + look_D * 0.75 + noise_D * 0.7
                name = names[here]
                moment_s = now_s + offsets[name] + random.normal(0, 0.5)
                seen[name].append((moment_s, vector_D / np.linalg.norm(vector_D)))
            x, y = here
            ways = [(x + 1, y), (x - 1, y), (x, y + 1), (x, y - 1)]
            ways = [way for way in ways if way in names and way != before]
            before, here = here, ways[random.integers(len(ways))]
            now_s += float(drives(random, 1)[0])
    moments, vectors = {}, {}
    for name, found in seen.items():
        found.sort(key=lambda item: item[0])
        moments[name] = np.array([moment_s for moment_s, _ in found])
        vectors[name] = np.array([vector_D for _, vector_D in found], np.float32)
    roads = tuple(
        (names[one], names[two])
        for one, two in itertools.combinations(places, 2)
        if abs(one[0] - two[0]) + abs(one[1] - two[1]) == 1
    )
    return Town(offsets, moments, vectors, roads)


@pytest.mark.parametrize("seed", [1, 2])
def test_the_clocks_of_a_simulated_town(seed):
    """The figures of docs/design/time.md: `pytest -s tests/index/test_clock_pairs.py -k town`."""
    made = town(seed)
    random = np.random.default_rng(0)
    pairs = {}
    for one, two in made.roads:
        differences_N = same_vehicles(
            made.moments[one],
            made.vectors[one],
            made.moments[two],
            made.vectors[two],
            DRIVE.latest_s + 30.0,
        )
        found = pair_offset(differences_N, DRIVE, 30.0, random)
        if isinstance(found, PairOffset):
            pairs[one, two] = found
    reference = "K00"
    solved = solve_offsets(pairs, reference)
    assert set(solved) == set(made.offsets)
    errors = {
        name: found.ahead_s - (made.offsets[name] - made.offsets[reference])
        for name, found in solved.items()
        if name != reference
    }
    error_N = np.array(list(errors.values()))
    sigma_N = np.array([solved[name].sigma_s for name in errors])
    rms_s = float(np.sqrt(np.mean(error_N**2)))
    shown = f"seed {seed}: {len(pairs)} of {len(made.roads)} pairs, error {rms_s:.2f} s rms, "
    print(shown + f"{np.abs(error_N).max():.2f} s at most, told sigma {np.median(sigma_N):.2f} s")
    assert rms_s < 0.7
    assert np.mean(np.abs(error_N) < 2 * sigma_N) > 0.9
