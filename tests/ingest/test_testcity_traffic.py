"""The traffic of the test city obeys lights and bodies, and is the same for the same seed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from yanji.ingest.testcity.network import STOP_M, Network, build_network
from yanji.ingest.testcity.traffic.drive import STEP_S, Body, Drive, Planned
from yanji.ingest.testcity.traffic.paths import Spot, build_path
from yanji.ingest.testcity.traffic.signals import plan_signals, state
from yanji.ingest.testcity.traffic.simulate import simulate

SEED = 5
SECONDS = 60.0
BODIES = {
    "saloon": Body(4.68, 2.14, 9.0, "four_wheel", "car"),
    "van": Body(5.23, 2.32, 8.5, "four_wheel", "van"),
    "bus": Body(10.7, 2.65, 7.5, "four_wheel", "bus"),
    "ebike": Body(1.9, 0.9, 6.0, "two_wheeler", "ebike"),
    "bicycle": Body(1.75, 0.7, 4.0, "two_wheeler", "bicycle"),
    "motorcycle": Body(2.1, 0.9, 9.0, "two_wheeler", "motorcycle"),
    "tricycle": Body(2.9, 1.1, 5.0, "three_wheeler", "tricycle"),
}
MIX = {"saloon": 0.4, "van": 0.1, "bus": 0.05, "ebike": 0.3, "bicycle": 0.06, "motorcycle": 0.05,
       "tricycle": 0.04}  # fmt: skip
OVERLAP_M = 0.05
"""How far two bodies may reach into one another before it counts."""


@pytest.fixture(scope="module")
def network() -> Network:
    return build_network(SEED, 4)


@pytest.fixture(scope="module")
def drives(network: Network) -> list[Drive]:
    return simulate(network, SEED, SECONDS, BODIES, MIX)


@pytest.fixture(scope="module")
def moving(drives: list[Drive]) -> list[Drive]:
    return [drive for drive in drives if not drive.parked]


def _digest(drives: list[Drive]) -> str:
    digest = hashlib.sha256()
    for drive in drives:
        digest.update(repr((drive.identity, drive.kind, drive.look_seed, drive.route)).encode())
        for array in (drive.poses_T3, drive.speeds_T, drive.braking_T, drive.rolls_T):
            digest.update(array.tobytes())
    return digest.hexdigest()


def _turned(drive: Drive) -> float:
    """Largest change of yaw to either side, with sign."""
    yaw = drive.poses_T3[:, 2] - drive.poses_T3[0, 2]
    return float(yaw[np.argmax(np.abs(yaw))])


def test_same_seed_same_traffic_other_seed_other_traffic(network: Network) -> None:
    first, again, other = (
        simulate(network, seed, 5.0, BODIES, MIX, warm_up_s=20.0) for seed in (1, 1, 2)
    )
    assert _digest(first) == _digest(again)
    assert _digest(first) != _digest(other)


def test_hash_seed_of_the_process_changes_nothing() -> None:
    program = (
        "import runpy, sys; test = runpy.run_path(sys.argv[1]);"
        "net = test['build_network'](3, 1);"
        "d = test['simulate'](net, 3, 5.0, test['BODIES'], test['MIX'], warm_up_s=30.0);"
        "print(len(d), test['_digest'](d))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program, __file__], check=True, capture_output=True, text=True,
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
        ).stdout
        for hash_seed in ("1", "77")
    }  # fmt: skip
    assert len(printed) == 1
    assert int(printed.pop().split()[0]) > 5


def test_bodies_never_overlap(drives: list[Drive]) -> None:
    pairs = 0
    for time_s in np.arange(0.0, SECONDS, 0.4):
        here = [(d, p) for d in drives if (p := d.pose_at(float(time_s))) is not None]
        at = np.array([(p.x_m, p.y_m, np.cos(p.yaw), np.sin(p.yaw)) for _, p in here])
        half = np.array([(BODIES[d.kind].length_m, BODIES[d.kind].width_m) for d, _ in here]) / 2
        away = np.hypot(*(at[:, None, :2] - at[None, :, :2]).transpose(2, 0, 1))
        i, j = np.nonzero(np.triu(away < 14.0, 1))
        into_m = np.minimum(
            _into(at[i], half[i], at[j], half[j]), _into(at[j], half[j], at[i], half[i])
        )
        worst = int(np.argmax(into_m))
        names = here[i[worst]][0].identity, here[j[worst]][0].identity
        assert into_m[worst] < OVERLAP_M, (time_s, names)
        pairs += len(i)
    assert pairs > 5000, "a test of an empty city says nothing"


def _into(
    a_Q4: np.ndarray, half_a_Q2: np.ndarray, b_Q4: np.ndarray, half_b_Q2: np.ndarray
) -> np.ndarray:
    """How far rectangles reach into one another along the axes of the first; negative: apart."""
    dx, dy = (b_Q4[:, :2] - a_Q4[:, :2]).T
    (ac, as_), (bc, bs) = a_Q4[:, 2:].T, b_Q4[:, 2:].T
    cos, sin = np.abs(ac * bc + as_ * bs), np.abs(ac * bs - as_ * bc)
    (al, aw), (bl, bw) = half_a_Q2.T, half_b_Q2.T
    along = al + bl * cos + bw * sin - np.abs(dx * ac + dy * as_)
    across = aw + bl * sin + bw * cos - np.abs(dy * ac - dx * as_)
    return np.minimum(along, across)


def test_nobody_passes_a_stop_line_on_red(network: Network, moving: list[Drive]) -> None:
    signals = plan_signals(network, SEED)
    passed = 0
    for drive in moving:
        yaw = drive.poses_T3[:, 2]
        half = BODIES[drive.kind].length_m / 2
        front = drive.poses_T3[:, :2] + half * np.stack([np.cos(yaw), np.sin(yaw)], axis=1)
        for junction, middle_s in drive.route:
            node = network.nodes[junction]
            step = int((middle_s - drive.first_s) / STEP_S)
            outside = np.abs(front[: step + 1] - (node.x_m, node.y_m)).max(axis=1) > STOP_M
            if not outside.any():
                continue
            step = int(np.flatnonzero(outside)[-1])
            time_s = drive.first_s + step * STEP_S
            assert state(signals, junction, float(yaw[step]), time_s) != "red", drive.identity
            passed += 1
    assert passed > 50


def test_lights_never_show_both_directions_green(network: Network) -> None:
    signals = plan_signals(network, SEED)
    for junction in signals:
        seen = set()
        for time_s in np.arange(-40.0, 40.0, 0.1):
            lights = (state(signals, junction, 0.0, float(time_s)),
                      state(signals, junction, np.pi / 2, float(time_s)))  # fmt: skip
            assert lights[0] == state(signals, junction, np.pi, float(time_s))
            assert "red" in lights
            seen |= set(lights)
        assert seen == {"red", "amber", "green"}


def test_shares_names_and_numbers(drives: list[Drive]) -> None:
    assert len({drive.identity for drive in drives}) == len(drives)
    two_wheelers = [drive for drive in drives if BODIES[drive.kind].leans]
    assert len(two_wheelers) >= 0.30 * len(drives)
    letters = {(drive.identity[0], BODIES[drive.kind].vehicle_class) for drive in drives}
    assert {("C", "bus"), ("C", "car"), ("E", "ebike"), ("B", "bicycle"), ("M", "motorcycle"),
            ("T", "tricycle")} <= letters  # fmt: skip
    assert len(drives) > 60


def test_everything_that_a_city_shows_occurs(network: Network, moving: list[Drive]) -> None:
    assert {BODIES[d.kind].group for d in moving if _turned(d) > 1.5} >= {
        "four_wheel", "two_wheeler",
    }  # fmt: skip
    assert {BODIES[d.kind].group for d in moving if _turned(d) < -1.5} >= {
        "four_wheel", "two_wheeler",
    }  # fmt: skip
    stands = [d for d in moving if len(d.speeds_T) > 50 and not d.speeds_T[-30:].any()]
    assert any(d.speeds_T[:50].any() and not d.braking_T[-1] for d in stands), "parks"
    assert any(not d.speeds_T[:50].any() and not d.braking_T[0] and d.speeds_T[-1] > 2
               for d in moving), "pulls out"  # fmt: skip
    waits = Counter(
        time_s for time_s in range(0, int(SECONDS), 5) for d in moving
        if (p := d.pose_at(float(time_s))) and p.braking and p.speed_mps < 0.1
    )  # fmt: skip
    assert max(waits.values()) >= 6, "queues"
    through = Counter(junction for d in moving for junction, _ in d.route)
    assert set(through) == {node.name for node in network.junctions}
    assert min(through.values()) >= 10
    assert max(float(np.abs(d.rolls_T).max()) for d in moving) > 0.05
    assert not any(d.rolls_T.any() for d in moving if not BODIES[d.kind].leans)


def test_motion_is_smooth(moving: list[Drive]) -> None:
    for drive in moving:
        if len(drive.poses_T3) < 2:
            continue
        moved = np.hypot(*np.diff(drive.poses_T3[:, :2], axis=0).T) / STEP_S
        np.testing.assert_allclose(moved, drive.speeds_T[1:], atol=0.25)
        assert np.abs(np.diff(drive.poses_T3[:, 2])).max() < 0.1
        assert np.abs(np.diff(drive.speeds_T)).max() <= 0.75, "at most 7 m/s2, and rounding"


def test_nobody_is_stuck(moving: list[Drive]) -> None:
    for drive in moving:
        stands = (drive.speeds_T < 0.05) & drive.braking_T
        edges = np.flatnonzero(np.diff(np.concatenate([[False], stands, [False]])))
        longest = max((edges[1::2] - edges[::2]).tolist(), default=0)
        assert longest * STEP_S < 60.0, drive.identity


def test_pose_between_steps_and_outside(moving: list[Drive]) -> None:
    drive = next(d for d in moving if len(d.speeds_T) > 100 and d.speeds_T[50] > 3)
    first = drive.pose_at(drive.first_s)
    assert first is not None
    assert (first.x_m, first.y_m, first.yaw) == tuple(drive.poses_T3[0])
    middle = drive.pose_at(drive.first_s + 50.5 * STEP_S)
    assert middle is not None
    np.testing.assert_allclose(
        (middle.x_m, middle.y_m, middle.yaw), drive.poses_T3[50:52].mean(axis=0)
    )
    assert middle.speed_mps == pytest.approx(drive.speeds_T[50:52].mean())
    assert drive.pose_at(drive.last_s) is not None
    assert drive.pose_at(drive.first_s - 0.01) is None
    assert drive.pose_at(drive.last_s + 0.01) is None


def test_planned_vehicles_drive_their_route_in_order(network: Network) -> None:
    route = ("W1", "J11", "J21", "J22", "N2")
    story = [
        Planned(name, "ebike", 7 + n, route, -20.0 + 4.0 * n)
        for n, name in enumerate(("E001", "E902", "E903"))
    ]
    drives = simulate(network, SEED, 90.0, BODIES, MIX, density=0.5, story=story)
    found = {drive.identity: drive for drive in drives}
    assert len(found) == len(drives), "others take no name of the story"
    for planned in story:
        drive = found[planned.identity]
        assert (drive.kind, drive.look_seed) == ("ebike", planned.look_seed)
        assert tuple(node for node, _ in drive.route) == route[1:-1]
        assert planned.enter_s <= drive.first_s <= planned.enter_s + 3.0
        passing = [time_s for _, time_s in drive.route]
        assert passing == sorted(passing)


@pytest.mark.parametrize("route", [("W1", "J11"), ("W1", "J11", "W1"), ("W1", "J22", "N2")])
def test_a_planned_route_that_is_none_is_refused(network: Network, route: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"rout|road"):
        simulate(
            network, SEED, 1.0, BODIES, MIX, vehicles=0, story=[Planned("X", "ebike", 1, route, 0)]
        )


@pytest.mark.parametrize("vehicles", [0, 1])
def test_smallest_city(vehicles: int) -> None:
    found = simulate(build_network(1, 1), 1, 30.0, BODIES, MIX, vehicles=vehicles, warm_up_s=10.0)
    assert len(found) == vehicles
    if found:
        assert found[0].speeds_T.max() > 3


def test_mix_of_unknown_kinds_is_refused(network: Network) -> None:
    with pytest.raises(ValueError, match="mix"):
        simulate(network, 1, 1.0, BODIES, {"tank": 1.0})


def test_path_joins_its_pieces_smoothly(network: Network) -> None:
    path = build_path(
        network, ("J11", "J21", "J22", "J12"), 2.0,
        leaves=Spot("J11", "J21", 42.0), parks=Spot("J22", "J12", 45.0),
    )  # fmt: skip
    assert [crossing.turn for crossing in path.crossings] == [1, 1]
    s = np.arange(0.0, path.length_m, 0.1)
    step = np.diff(path.points(s), axis=0)
    np.testing.assert_allclose(np.hypot(*step.T), 0.1, atol=1e-3)
    yaw = np.unwrap(np.arctan2(step[:, 1], step[:, 0]))
    assert np.abs(np.diff(yaw)).max() < 0.011, "no kink: the smallest radius is over 9 m"
    assert yaw[-1] == pytest.approx(np.pi, abs=0.02)
