"""Cameras go where there is room, and move only when that mends something."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yanji.api.placement import (
    Move,
    MoveRules,
    WorkerLoad,
    assign,
    choose_move,
    is_overloaded,
)

RULES = MoveRules()
COSTS = st.lists(st.floats(0, 2, allow_nan=False), max_size=40)


def loads(costs: list[float], shares: list[tuple[int, ...]]) -> list[float]:
    return [sum(costs[place] for place in share) for share in shares]


@given(COSTS, st.integers(1, 12))
def test_every_camera_has_one_worker_and_no_worker_is_idle(costs, num_workers):
    shares = assign(costs, num_workers)
    assert sorted(place for share in shares for place in share) == list(range(len(costs)))
    assert len(shares) == max(1, min(num_workers, len(costs)))
    if costs:
        assert all(shares)
    assert all(list(share) == sorted(share) for share in shares)
    assert assign(costs, num_workers) == shares


@given(COSTS, st.integers(1, 12))
def test_no_worker_is_fuller_than_the_mean_by_more_than_one_camera(costs, num_workers):
    shares = assign(costs, num_workers)
    mean, dearest = sum(costs) / len(shares), max(costs, default=0)
    assert max(loads(costs, shares), default=0) <= mean + dearest * (1 - 1 / len(shares)) + 1e-9


def test_equal_cameras_are_dealt_in_the_order_of_the_site():
    assert assign([1.0] * 5, 2) == [(0, 2, 4), (1, 3)]
    assert assign([0.0] * 5, 2) == [(0, 2, 4), (1, 3)]
    assert assign([1.0], 8) == [(0,)]
    assert assign([], 8) == [()]


def test_a_dear_camera_is_alone():
    assert assign([0.1, 0.1, 0.6, 0.1, 0.1], 2) == [(2,), (0, 1, 3, 4)]
    assert assign([-1.0, 0.5], 1) == [(0, 1)]


def worker(number: int, *costs: float, overloaded_s: float = 0.0, **changes: object) -> WorkerLoad:
    cameras = {f"{number}-{place}": cost for place, cost in enumerate(costs)}
    plain = WorkerLoad(number, sum(costs), cameras, len(costs), overloaded_s)
    return replace(plain, **changes)  # type: ignore[arg-type]


FULL = worker(0, 0.5, 0.3, 0.2, overloaded_s=30)
ROOM = worker(1, 0.3)


def test_the_camera_that_leaves_both_lowest_moves():
    assert choose_move([FULL, ROOM], {}, 1000, RULES) == Move("0-1", 0, 1)
    assert choose_move([ROOM, FULL], {}, 1000, RULES) == Move("0-1", 0, 1)


def test_the_emptiest_receives():
    found = choose_move([FULL, worker(1, 0.5), worker(2, 0.1), worker(3, 0.3)], {}, 0, RULES)
    assert found == Move("0-0", 0, 2)


@pytest.mark.parametrize(
    "workers",
    [
        [],
        [FULL],
        [replace(FULL, overloaded_s=29), ROOM],  # not for long enough
        [replace(FULL, num_cameras=1, costs={"a": 0.5}), ROOM],  # its only one
        [replace(FULL, costs={}), ROOM],  # nothing is known of what it has
        [FULL, worker(1, 0.7)],  # no room below 85 %
        [FULL, worker(1, 0.3, overloaded_s=1)],  # is overloaded itself
        [worker(0, 0.96, 0.05, overloaded_s=60), ROOM],  # lowers too little
        [FULL, worker(1, 0.3, capacity=0.5)],  # shares its core
    ],
)
def test_nothing_moves_without_a_reason_and_room(workers):
    assert choose_move(workers, {}, 1000, RULES) is None


def test_one_move_a_minute_and_a_camera_stays_ten():
    workers = [FULL, ROOM]
    assert choose_move(workers, {"1-0": 1000.0}, 1059, RULES) is None
    assert choose_move(workers, {"1-0": 1000.0}, 1060, RULES) == Move("0-1", 0, 1)
    found = choose_move(workers, {"0-1": 1000.0}, 1060, RULES)
    assert found is not None
    assert found.camera_id != "0-1"
    assert choose_move(workers, {"0-1": 1000.0}, 1600, RULES) == Move("0-1", 0, 1)


def test_a_worker_that_others_starve_gives_though_it_uses_little():
    starved = worker(0, 0.2, 0.2, overloaded_s=30)
    assert choose_move([starved, worker(1, 0.3)], {}, 0, RULES) == Move("0-0", 0, 1)
    # With all of a core it would use more than the 0.2 that it gets: half of what its worker needs.
    assert choose_move([starved, worker(1, 0.4)], {}, 0, RULES) is None
    almost_nothing = worker(0, 0.02, 0.02, overloaded_s=30)
    assert choose_move([almost_nothing, worker(1, 0.1)], {}, 0, RULES) == Move("0-0", 0, 1)
    assert choose_move([worker(0, 0.0, 0.0, overloaded_s=30), ROOM], {}, 0, RULES) is None


def test_of_several_the_fullest_gives():
    fuller = replace(worker(2, 0.5, 0.3, overloaded_s=30), load=1.4)
    found = choose_move([FULL, ROOM, fuller], {}, 0, RULES)
    assert found is not None
    assert found.giver == 2


@given(
    st.lists(
        st.tuples(st.lists(st.floats(0, 1), min_size=1, max_size=5), st.booleans()),
        min_size=2,
        max_size=5,
    )
)
def test_moves_end_and_never_overload_the_receiver(drawn):
    """Play on until nothing moves: the books fall with each move, so it cannot go in circles."""
    cameras = [
        {f"{number}-{place}": cost for place, cost in enumerate(costs)}
        for number, (costs, _) in enumerate(drawn)
    ]
    moved_at_s: dict[str, float] = {}
    rules = replace(RULES, stay_s=0.0)
    for step in range(100):
        now_s = step * 60.0
        workers = []
        for number, held in enumerate(cameras):
            load = sum(held.values())
            full = is_overloaded(load, 1.0, [], rules)
            workers.append(WorkerLoad(number, load, held, len(held), 60.0 if full else 0.0))
        move = choose_move(workers, moved_at_s, now_s, rules)
        if move is None:
            return
        cost = cameras[move.giver].pop(move.camera_id)
        cameras[move.receiver][move.camera_id] = cost
        assert sum(cameras[move.receiver].values()) <= rules.room + 1e-9
        assert cameras[move.giver]
        moved_at_s[move.camera_id] = now_s
    raise AssertionError("cameras move for ever")


@pytest.mark.parametrize(
    ("load", "degraded", "overloaded"),
    [
        (0.95, [], True),
        (0.94, [False], False),
        (0.7, [False, True], True),
        (0.69, [False, True], False),  # one poor network
        (0.3, [True], False),
        (0.3, [True, True], True),  # the core does other work
        (0.0, [], False),
    ],
)
def test_what_an_overloaded_worker_is(load, degraded, overloaded):
    assert is_overloaded(load, 1.0, degraded, RULES) is overloaded
    assert is_overloaded(load / 2, 0.5, degraded, RULES) is overloaded
