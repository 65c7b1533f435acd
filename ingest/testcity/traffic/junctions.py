"""Who may enter a junction, and who waits for whom inside it.

A vehicle may pass its stop line when it has been let in: at green, in the order of the lane, when
its road ahead has room. Whoever was let in later waits before the place where the ways cross until
the earlier one has left it. The order is the same for all, so nobody waits in a circle.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np

from yanji.ingest.testcity.network import STOP_M, Network
from yanji.ingest.testcity.traffic.conflicts import Move, rounded_size, zone
from yanji.ingest.testcity.traffic.demand import LANE_M, TAKES, Trip
from yanji.ingest.testcity.traffic.paths import CURVE_M, Crossing, road_length
from yanji.ingest.testcity.traffic.progress import Progress, Wait, Way
from yanji.ingest.testcity.traffic.signals import Signals, green_since, state

_STANDING_M: Final = {"car": 2.0, "left": 1.2, "right": 1.2, "middle": 1.2}
"""Gap behind a standing vehicle."""
_BRAKE_MPS2: Final = 3.0
"""Who can stop so gently before the line stops at amber."""
_HARD_MPS2: Final = 6.0
_ONCOMING_S: Final = 4.0
"""So long after green those who turn left let the oncoming ones start first."""
_ONCOMING_M: Final = 30.0
_CLEARS_M: Final = 3.0
_CLEARS_S: Final = 3.0
_CLEARING_S: Final = 5.0
"""So long after green nobody is let in who would cross one from the other direction, unless that
one is about to leave the place: in so many metres, or seconds at its speed."""
_PATIENCE_S: Final = 20.0
"""After waiting so long for room on the road ahead it goes on into the junction all the same."""


class Junctions:
    """The state of all junctions during one simulation."""

    def __init__(self, network: Network, signals: Signals, trips: Sequence[Trip]) -> None:
        self._signals = signals
        self._progress = [Progress(trip) for trip in trips]
        self._inside: dict[str, list[int]] = {node.name: [] for node in network.junctions}
        self._load_m: dict[tuple[Way, str], float] = defaultdict(float)
        self._room_m: dict[Way, float] = {}
        for road in network.roads:
            for way in ((road.start, road.end), (road.end, road.start)):
                length = road_length(network, *way)
                open_end = network.nodes[way[1]].gate
                self._room_m[way] = 1e9 if open_end else length - STOP_M - CURVE_M - 4.0
        self._moves = [
            [
                Move(c.heading, c.turn, LANE_M[trip.lane],
                     *rounded_size(trip.body.length_m, trip.body.width_m))
                for c in trip.path.crossings
            ]
            for trip in trips
        ]  # fmt: skip
        self._entries = 0

    def enter(self, who: int) -> None:
        """Note a vehicle that appears on its first road."""
        self._load(self._progress[who], 0, 1.0)

    def leave(self, who: int) -> None:
        """Note a vehicle that vanishes or has parked."""
        progress = self._progress[who]
        self._load(progress, progress.past, -1.0)
        for inside in self._inside.values():
            if who in inside:
                inside.remove(who)

    def step(
        self, time_s: float, who: Sequence[int], s_of: Sequence[float], v_of: Sequence[float],
        at_kerb: Sequence[bool],
    ) -> tuple[list[float], list[tuple[int, int]]]:  # fmt: skip
        """Let vehicles in, and tell how far each may go.

        Args:
            time_s: true time.
            who: trips in the city.
            s_of: arc length of their middles.
            v_of: m/s.
            at_kerb: whether each is on its way between lane and kerb.

        Returns:
            arc length that the front of each must not pass (inf: free), and pairs (goes, waits)
            where the second waits in a good place for the first.
        """
        place = dict(zip(who, s_of, strict=True))
        speed = dict(zip(who, v_of, strict=True))
        queues: dict[Way, list[tuple[float, int]]] = defaultdict(list)
        kerb = {i for i, is_so in zip(who, at_kerb, strict=True) if is_so}
        for i in who:
            self._pass(i, place[i])
        for i in who:
            self._send_back(i, time_s, place[i], speed[i])
        for i in who:
            progress = self._progress[i]
            crossing = progress.next
            path = progress.trip.path
            end = crossing.stop_m if crossing else path.length_m + path.rest_m
            queues[progress.way(progress.done)].append((round(end - place[i], 3), i))
        for queue in queues.values():
            queue.sort()
        for way in sorted(queues):
            self._let_in(way, queues, time_s, place, speed, kerb)
        limits: list[float] = []
        pairs: list[tuple[int, int]] = []
        for i in who:
            progress = self._progress[i]
            crossing = progress.next
            limit = crossing.stop_m if crossing else np.inf
            half = progress.trip.body.length_m / 2
            waits = []
            for wait in progress.waits:
                there = place.get(wait.other)
                valid = self._progress[wait.other].entries.get(wait.number) == wait.entry
                if there is None or not valid or there > wait.free_m:
                    continue
                waits.append(wait)
                limit = min(limit, wait.wait_m + half)
                if place[i] < wait.wait_m + 0.3:
                    pairs.append((wait.other, i))
            progress.waits = waits
            limits.append(limit)
        return limits, pairs

    def _pass(self, i: int, s: float) -> None:
        progress = self._progress[i]
        crossings = progress.trip.path.crossings
        if progress.past < progress.done and s > crossings[progress.past].stop_m:
            self._load(progress, progress.past, -1.0)
            progress.past += 1
        if progress.past:
            crossing = crossings[progress.past - 1]
            inside = self._inside[crossing.junction]
            if i in inside and s > crossing.end_m + progress.trip.body.length_m / 2 + 8.0:
                inside.remove(i)

    def _send_back(self, i: int, time_s: float, s: float, v: float) -> None:
        """At amber those who can still stop lose their turn; at red all before the line."""
        progress = self._progress[i]
        if progress.past == progress.done:
            return
        crossing = progress.trip.path.crossings[progress.done - 1]
        light = state(self._signals, crossing.junction, crossing.heading * np.pi / 2, time_s)
        if light == "green":
            return
        before = crossing.stop_m - s - progress.trip.body.length_m / 2
        if before > v * v / (2 * (_BRAKE_MPS2 if light == "amber" else _HARD_MPS2)) + 0.05:
            self._load(progress, progress.done, -1.0)
            progress.done -= 1
            del progress.entries[progress.done]
            progress.waits = [w for w in progress.waits if w.wait_m < crossing.stop_m - 25.0]
            self._inside[crossing.junction].remove(i)

    def _let_in(
        self, way: Way, queues: dict[Way, list[tuple[float, int]]], time_s: float,
        place: dict[int, float], speed: dict[int, float], kerb: set[int],
    ) -> None:  # fmt: skip
        taken: set[str] = set()
        for _, i in queues[way]:
            progress = self._progress[i]
            takes = {"car", "left", "right"} if i in kerb else set(TAKES[progress.trip.lane])
            free = not takes & taken and i not in kerb
            if not (free and self._may_enter(progress, i, queues, time_s, place, speed)):
                taken |= takes
            if len(taken) == 3:
                break

    def _may_enter(
        self, progress: Progress, i: int, queues: dict[Way, list[tuple[float, int]]],
        time_s: float, place: dict[int, float], speed: dict[int, float],
    ) -> bool:  # fmt: skip
        s, v = place[i], speed[i]
        crossing = progress.next
        if crossing is None:
            return False
        before = crossing.stop_m - s - progress.trip.body.length_m / 2
        if before > 8.0 + 1.2 * v + v * v / 3.2:
            return False
        heading = crossing.heading * np.pi / 2
        if state(self._signals, crossing.junction, heading, time_s) != "green":
            return False
        since = green_since(self._signals, crossing.junction, heading, time_s)
        if crossing.turn == 1 and since < _ONCOMING_S and self._oncoming(crossing, queues):
            return False
        conflicts = self._conflicts(progress, i, crossing)
        if since < _CLEARING_S and any(
            (self._moves[wait.other][wait.number].heading - crossing.heading) % 2
            and wait.free_m - place[wait.other] > _CLEARS_M + _CLEARS_S * speed[wait.other]
            for wait in conflicts
        ):
            return False  # the crossing direction is to leave first
        if not self._has_room(progress):
            if progress.blocked_since_s is None:
                progress.blocked_since_s = time_s
            if time_s - progress.blocked_since_s < _PATIENCE_S:
                return False
        progress.blocked_since_s = None
        progress.waits += [w for w in conflicts if s < w.wait_m + 0.5 and place[w.other] < w.free_m]
        self._inside[crossing.junction].append(i)
        self._entries += 1
        progress.entries[progress.done] = self._entries
        progress.done += 1
        self._load(progress, progress.done, 1.0)
        return True

    def _oncoming(
        self, crossing: Crossing, queues: dict[Way, list[tuple[float, int]]]
    ) -> bool:  # fmt: skip
        for (_, end), queue in queues.items():
            if end != crossing.junction:
                continue
            for before, j in queue:
                other = self._progress[j].next
                if other and (other.heading - crossing.heading) % 4 == 2:
                    if before < _ONCOMING_M and other.turn != 1:
                        return True
                else:
                    break
        return False

    def _has_room(self, progress: Progress) -> bool:
        way = progress.way(progress.done + 1)
        size = _size(progress.trip)
        loads = [self._load_m[way, lane] for lane in TAKES[progress.trip.lane]]
        return max(loads) + size <= self._room_m[way]

    def _conflicts(self, progress: Progress, i: int, crossing: Crossing) -> list[Wait]:
        """Whom it would have to wait for inside the junction."""
        own = self._moves[i][progress.done]
        waits = []
        for j in self._inside[crossing.junction]:
            other = self._progress[j]
            number = _last_at(other, crossing.junction)
            theirs = other.trip.path.crossings[number].begin_m
            found = zone(own, self._moves[j][number])
            if found:
                waits.append(
                    Wait(j, number, other.entries[number], theirs + found.free_m,
                         crossing.begin_m + found.wait_m)
                )  # fmt: skip
        return waits

    def _load(self, progress: Progress, number: int, sign: float) -> None:
        for lane in TAKES[progress.trip.lane]:
            self._load_m[progress.way(number), lane] += sign * _size(progress.trip)


def _size(trip: Trip) -> float:
    return trip.body.length_m + _STANDING_M[trip.lane]


def _last_at(progress: Progress, junction: str) -> int:
    """Number of the crossing for which it was let into a junction."""
    for number in range(progress.done - 1, -1, -1):
        if progress.trip.path.crossings[number].junction == junction:
            return number
    raise AssertionError("a vehicle is inside that was never let in")
