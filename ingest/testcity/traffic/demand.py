"""Who drives in the test city, when, in which lane and from where to where."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from yanji.ingest.testcity.network import CAR_LANE_M, PARKING_M, STOP_M, Network
from yanji.ingest.testcity.traffic.drive import STEP_S, Body, Planned
from yanji.ingest.testcity.traffic.paths import Path, Spot, Wander, build_path, quarter, road_length

Lane = Literal["car", "left", "right", "middle"]
LANE_M: Final[dict[Lane, float]] = {"car": CAR_LANE_M, "left": 4.3, "right": 5.55, "middle": 5.0}
"""Two two-wheelers ride side by side in the bike lane; a tricycle takes all of it."""
TAKES: Final[dict[Lane, tuple[str, ...]]] = {
    "car": ("car",), "left": ("left",), "right": ("right",), "middle": ("left", "right"),
}  # fmt: skip
"""What a vehicle in a lane occupies."""

PER_GATE_MINUTE: Final = 8.5
"""Vehicles that enter at each gate in a minute, at density 1."""
_SPOT_M: Final = 6.6
_LONGEST_PARKED_M: Final = 5.5
_TURNS: Final = {"four_wheel": (0.5, 0.25, 0.25), "other": (0.55, 0.18, 0.27)}
"""Shares of straight on, left, right."""


@dataclass(frozen=True, slots=True, eq=False)
class Trip:
    """One vehicle that is to drive."""

    identity: str
    kind: str
    look_seed: int
    body: Body
    lane: Lane
    route: tuple[str, ...]
    path: Path
    enter_s: float
    """When it wants to appear at its gate or to leave its spot."""
    speed_mps: float
    """What this one likes to drive."""
    planned: bool = False


@dataclass(frozen=True, slots=True)
class Parked:
    """One vehicle that stands at the kerb all the time."""

    identity: str
    kind: str
    look_seed: int
    x_m: float
    y_m: float
    yaw: float


def plan(
    network: Network,
    seed: int,
    seconds: float,
    bodies: Mapping[str, Body],
    mix: Mapping[str, float],
    warm_up_s: float,
    density: float,
    vehicles: int | None,
    story: Sequence[Planned],
) -> tuple[list[Trip], list[Parked]]:
    """Decide all trips before anything moves; see `simulate` for the arguments."""
    random = np.random.default_rng((seed, 2, 2))
    gates = [node.name for node in network.nodes.values() if node.gate]
    total_s = seconds + warm_up_s
    count = vehicles
    if count is None:
        count = round(PER_GATE_MINUTE * density * len(gates) * total_s / 60.0)
    names = _names({planned.identity for planned in story})
    trips = [_planned(network, planned, bodies, seed, n) for n, planned in enumerate(story)]
    kinds, chosen = _kinds(random, bodies, mix, count)
    spots, movers = _spots(network, random)
    parked: list[Parked] = []
    for number in range(count):
        kind = chosen[number]
        if number % len(gates) == 0:
            gates = [gates[i] for i in random.permutation(len(gates))]
        # Spread evenly in time: a small city must not be empty by chance.
        enter_s = -warm_up_s + (number + float(random.uniform(0.2, 0.8))) / count * total_s
        body = bodies[kind]
        parks = body.group == "four_wheel" and body.length_m <= _LONGEST_PARKED_M
        spot = movers.pop() if parks and movers and number % 4 == 1 else None
        leaves = spot is not None and bool(random.random() < 0.5)
        route = _route(network, random, gates[number % len(gates)], body, spot, leaves)
        identity = next(names)(body)
        look_seed = int(random.integers(1 << 31))
        trips.append(
            _trip(network, random, identity, kind, look_seed, body, route, enter_s,
                  spot if leaves else None, None if leaves else spot)
        )  # fmt: skip
    cars = [k for k in kinds if bodies[k].group == "four_wheel"
            and bodies[k].length_m <= _LONGEST_PARKED_M]  # fmt: skip
    narrow = sum(bodies[t.kind].leans for t in trips)
    # Parked cars count as vehicles too, and still a third of all are to be two-wheelers.
    room = min(len(spots), len(trips) // 5, int(narrow / 0.34) - len(trips))
    for spot in spots[: max(room, 0) if cars else 0]:
        weights = np.array([mix[k] for k in cars])
        kind = cars[int(random.choice(len(cars), p=weights / weights.sum()))]
        identity = next(names)(bodies[kind])
        parked.append(_park(network, random, identity, kind, spot))
    return sorted(trips, key=lambda trip: (trip.enter_s, trip.identity)), parked


def _kinds(
    random: np.random.Generator, bodies: Mapping[str, Body], mix: Mapping[str, float], count: int
) -> tuple[list[str], list[str]]:
    """Return (all kinds, the kind of each vehicle): even a small city has every share right."""
    kinds = sorted(kind for kind, share in mix.items() if share > 0)
    if not kinds or any(kind not in bodies for kind in kinds):
        raise ValueError("the mix names no kind, or one without a body")
    # Like kinds side by side: then the shares of the groups are right as well.
    kinds.sort(key=lambda kind: (bodies[kind].group, kind))
    total = math.fsum(mix.values())
    ends = np.cumsum([mix[kind] / total for kind in kinds])
    places = (random.permutation(count) + float(random.random())) / max(count, 1)
    found = np.minimum(np.searchsorted(ends, places), len(kinds) - 1)
    return kinds, [kinds[int(place)] for place in found]


class _Namer:
    def __init__(self, number: int, taken: set[str]) -> None:
        self._number, self._taken = number, taken

    def __call__(self, body: Body) -> str:
        name = f"{body.letter}{self._number:03d}"
        # The story's names stay the story's.
        return f"{body.letter}{self._number + 5000}" if name in self._taken else name


def _names(taken: set[str]) -> Iterator[_Namer]:
    number = 0
    while True:
        number += 1
        yield _Namer(number, taken)


def _planned(
    network: Network, planned: Planned, bodies: Mapping[str, Body], seed: int, number: int
) -> Trip:
    nodes = [network.nodes.get(name) for name in planned.route]
    if len(nodes) < 3 or not (nodes[0] and nodes[0].gate and nodes[-1] and nodes[-1].gate):
        raise ValueError(f"the route of {planned.identity} must lead from gate to gate")
    random = np.random.default_rng((seed, 2, 3, number))
    return _trip(
        network, random, planned.identity, planned.kind, planned.look_seed, bodies[planned.kind],
        planned.route, planned.enter_s, None, None, planned=True,
    )  # fmt: skip


def _trip(
    network: Network, random: np.random.Generator, identity: str, kind: str, look_seed: int,
    body: Body, route: tuple[str, ...], enter_s: float, leaves: Spot | None, parks: Spot | None,
    planned: bool = False,
) -> Trip:  # fmt: skip
    lane: Lane = "car"
    wander = None
    speed_mps = body.speed_mps * float(random.uniform(0.92, 1.08))
    if body.group == "three_wheeler":
        lane = "middle"
    elif body.leans:
        # The slow ones keep to the kerb, so that the fast ones can pass.
        left = body.speed_mps >= 5.0 and (planned or random.random() < 0.8)
        lane = "left" if left else "right"
        wander = Wander(
            round(float(random.uniform(0.05, 0.13)), 3),
            round(float(random.uniform(18.0, 40.0)), 1),
            round(float(random.uniform(0.0, 6.28)), 2),
        )
    path = build_path(network, route, LANE_M[lane], leaves, parks, wander)
    enter_s = round(round(enter_s / STEP_S) * STEP_S, 6)
    return Trip(
        identity, kind, look_seed, body, lane, route, path, enter_s, round(speed_mps, 3), planned
    )  # fmt: skip


def _route(
    network: Network, random: np.random.Generator, gate: str, body: Body,
    spot: Spot | None, leaves: bool,
) -> tuple[str, ...]:  # fmt: skip
    if spot is None:
        return _walk(network, random, [gate, network.neighbours(gate)[0]], body)
    if leaves:
        return _walk(network, random, [spot.start, spot.end], body)
    # Backwards from the spot to some gate.
    return _walk(network, random, [spot.end, spot.start], body)[::-1]


def _walk(
    network: Network, random: np.random.Generator, route: list[str], body: Body
) -> tuple[str, ...]:
    """Go on from the last of the nodes, turning by chance, until a gate."""
    shares = _TURNS["four_wheel" if body.group == "four_wheel" else "other"]
    while not network.nodes[route[-1]].gate:
        heading = quarter(network, route[-2], route[-1])
        ways: dict[int, str] = {}
        for node in network.neighbours(route[-1]):
            ways[(quarter(network, route[-1], node) - heading) % 4] = node
        chosen = {turn: shares[(0, 1, 3).index(turn)] for turn in (0, 1, 3) if turn in ways}
        out = {t: share for t, share in chosen.items() if network.nodes[ways[t]].gate}
        if len(route) > 7 and out:
            chosen = out  # nobody drives in circles for ever
        turns = list(chosen)
        weights = np.array(list(chosen.values()))
        route.append(ways[turns[int(random.choice(len(turns), p=weights / weights.sum()))]])
    return tuple(route)


def _spots(network: Network, random: np.random.Generator) -> tuple[list[Spot], list[Spot]]:
    """Return (spots for cars that stay, spots that cars pull into or out of), both shuffled.

    A spot of the second sort has two free ones before and behind it.
    """
    stay: list[Spot] = []
    move: list[Spot] = []
    for road in network.roads:
        for start, end in ((road.start, road.end), (road.end, road.start)):
            first = STOP_M + 7.0 if not network.nodes[start].gate else 8.0
            last = road_length(network, start, end) - 8.0
            last -= STOP_M if not network.nodes[end].gate else 0.0
            spots = [
                Spot(start, end, round(first + n * _SPOT_M, 2))
                for n in range(max(int((last - first) / _SPOT_M) + 1, 0))
            ]
            if len(spots) >= 5 and random.random() < 0.5:
                middle = len(spots) // 2
                move.append(spots[middle])
                del spots[middle - 2 : middle + 3]
            stay += [spot for spot in spots if random.random() < 0.6]
    return (
        [stay[i] for i in random.permutation(len(stay))],
        [move[i] for i in random.permutation(len(move))],
    )


def _park(
    network: Network, random: np.random.Generator, identity: str, kind: str, spot: Spot
) -> Parked:
    yaw = network.heading(spot.start, spot.end)
    node = network.nodes[spot.start]
    along = spot.along_m + float(random.uniform(-0.25, 0.25))
    right = PARKING_M + float(random.uniform(-0.03, 0.08))
    return Parked(
        identity,
        kind,
        int(random.integers(1 << 31)),
        round(node.x_m + along * math.cos(yaw) + right * math.sin(yaw), 3),
        round(node.y_m + along * math.sin(yaw) - right * math.cos(yaw), 3),
        round(yaw + float(random.uniform(-0.03, 0.03)), 4),
    )
