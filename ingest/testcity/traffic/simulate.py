"""The traffic of the test city: who is where at every step, from one seed.

Every vehicle follows its own path and its leader (intelligent driver model), stops at red, waits
inside junctions as `junctions.py` says, and pulls into and out of parking spots when nobody comes.
All states are rounded at each step, so that the last bits of a machine's arithmetic cannot grow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.network import Network
from yanji.ingest.testcity.traffic import ahead, record
from yanji.ingest.testcity.traffic.demand import TAKES, Trip, plan
from yanji.ingest.testcity.traffic.drive import STEP_S, Body, Drive, Planned
from yanji.ingest.testcity.traffic.junctions import Junctions
from yanji.ingest.testcity.traffic.paths import START_M
from yanji.ingest.testcity.traffic.signals import plan_signals

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.intp]

_LIMIT_GAP_M: Final = 0.6
"""Gap that is kept to stop lines and to places where ways cross."""
_HARDEST_MPS2: Final = 7.0
_BRAKE_LIGHT_MPS2: Final = -0.5
_HEADWAY_S: Final = 1.0
_PRIORITY_S: Final = 5.0
"""So long before a planned vehicle nobody else enters its lane at its gate."""


def simulate(
    network: Network,
    seed: int,
    seconds: float,
    bodies: Mapping[str, Body],
    mix: Mapping[str, float],
    *,
    density: float = 1.0,
    vehicles: int | None = None,
    warm_up_s: float = 60.0,
    story: Sequence[Planned] = (),
) -> list[Drive]:
    """Let the city's traffic run.

    Args:
        network: the roads.
        seed: decides everything that is left to chance; the lights are `plan_signals(network,
            seed)`.
        seconds: length of the clips; time 0 is their first frame.
        bodies: measures of every kind that drives.
        mix: share of each kind; need not sum to 1.
        density: 1 is busy, with queues at red lights.
        vehicles: how many drive in all, in place of `density`; cars parked all the time come on
            top of it, and who has left before time 0 is not returned.
        warm_up_s: the empty city fills for so long before time 0.
        story: planned vehicles, on top of all others; `enter_s` from -warm_up_s on.

    Returns:
        All drives that last to time 0 or longer, sorted by identity.

    Raises:
        ValueError: a planned route that is none, or a mix without a known kind.
        KeyError: a planned vehicle of an unknown kind.
    """
    trips, parked = plan(network, seed, seconds, bodies, mix, warm_up_s, density, vehicles, story)
    steps = (-round(warm_up_s / STEP_S), round(seconds / STEP_S))
    drives: list[Drive | None] = [record.drive_of_parked(one, steps) for one in parked]
    if trips:
        drives += _Run(network, seed, trips).drives(steps)
    return record.sorted_drives(drives)


class _Run:
    """The moving vehicles of one simulation; arrays over all trips (N)."""

    def __init__(self, network: Network, seed: int, trips: Sequence[Trip]) -> None:
        self._network, self._trips = network, trips
        self._junctions = Junctions(network, plan_signals(network, seed), trips)
        self._tables = ahead.build_tables(trips)
        count = len(trips)
        self._s, self._v = np.zeros(count), np.zeros(count)
        self._active = np.zeros(count, np.bool_)
        self._pulls_in = np.zeros(count, np.bool_)
        self._waiting = list(range(count))
        self._ignored = np.zeros((count, count), np.bool_)
        self._likes = np.array([trip.speed_mps for trip in trips])
        narrow, long = self._tables.narrow_N, self._tables.length_N > 6.2
        self._pick_up = np.where(narrow, 1.3, np.where(long, 1.1, 1.8))
        self._brake = np.where(narrow, 2.0, np.where(long, 1.8, 2.4))
        self._gap = np.where(narrow, 0.7, 1.5)
        self._in_m = np.array([t.path.pull_in_m or np.inf for t in trips])
        self._out_m = np.array([t.path.pull_out_m or 0.0 for t in trips])
        self._end_m = np.array([t.path.length_m for t in trips])

    def drives(self, steps: tuple[int, int]) -> list[Drive | None]:
        """Run all steps and build the drives of all trips."""
        rows: list[tuple[Ints, Floats, Floats, npt.NDArray[np.bool_]]] = []
        first: dict[int, int] = {}
        for step in range(steps[0], steps[1] + 1):
            self._enter(round(step * STEP_S, 1))
            who = np.flatnonzero(self._active)
            for i in who.tolist():
                first.setdefault(i, step)
            s, v = self._s[who], self._v[who]
            rows.append((who, s, v, self._advance(who, round(step * STEP_S, 1))))
            self._leave(who)
        who_R = np.concatenate([row[0] for row in rows])
        order = np.argsort(who_R, kind="stable")
        s_R, v_R, braking_R = (
            np.concatenate([row[k] for row in rows])[order] for k in (1, 2, 3)
        )  # fmt: skip
        edges = np.searchsorted(who_R[order], np.arange(len(self._trips) + 1))
        drives: list[Drive | None] = []
        for i, trip in enumerate(self._trips):
            part = slice(edges[i], edges[i + 1])
            if i not in first:
                drives.append(record.waiting_in_spot(trip, steps))
                continue
            drives.append(
                record.drive_of(
                    trip, first[i], s_R[part], v_R[part], braking_R[part].astype(np.bool_), steps
                )
            )
        return drives

    def _advance(self, who: Ints, time_s: float) -> npt.NDArray[np.bool_]:
        """Move everyone by one step; return who brakes."""
        if len(who) == 0:
            return np.zeros(0, np.bool_)
        s, v = self._s[who], self._v[who]
        at = ahead.poses(self._tables, who, s)
        self._start_pulling_in(who, at)
        kerb = (s < self._out_m[who]) | (self._pulls_in[who] & (s > self._in_m[who] - 1.0))
        limits, pairs = self._junctions.step(
            time_s, who.tolist(), s.tolist(), v.tolist(), kerb.tolist()
        )
        limit = np.array(limits)
        in_m = np.where(self._pulls_in[who], np.inf, self._in_m[who])
        limit = np.minimum(limit, in_m + self._tables.length_N[who] / 2)
        # Neither looks at the other: the one has the right of way, the other waits clear of it.
        for goes, waits in pairs:
            self._ignored[goes, waits] = self._ignored[waits, goes] = True
        leaders = ahead.find_leaders(self._tables, who, s, v, at, self._ignored)
        for goes, waits in pairs:
            self._ignored[goes, waits] = self._ignored[waits, goes] = False
        pick_up = self._pick_up[who]
        likes = self._likes[who]
        push = pick_up * (1.0 - (v / likes) ** 2 * (v / likes) ** 2)
        front = s + self._tables.length_N[who] / 2
        # A limit at infinity would give inf - inf.
        to_limit = np.minimum(limit, 1e6) - front
        # No headway: nothing before a line ever brakes harder than expected.
        stop = self._follow(who, v, to_limit, np.zeros(len(who)), _LIMIT_GAP_M, 0.0)
        push = np.minimum(push, stop)
        q = leaders.who_Q
        follow = self._follow(who[q], v[q], leaders.gap_Q, leaders.speed_Q, self._gap[who[q]],
                              _HEADWAY_S)  # fmt: skip
        np.minimum.at(push, q, follow)
        room = np.maximum(to_limit, 0.0)
        np.minimum.at(room, q, np.maximum(leaders.gap_Q - 0.1, 0.0) + leaders.speed_Q * STEP_S)
        push = np.maximum(push, -_HARDEST_MPS2)
        faster = v + push * STEP_S
        may = ahead.allowed(self._tables, who, s)
        faster = np.minimum(faster, np.maximum(may, v - 3.0 * STEP_S))
        faster = np.clip(np.minimum(faster, room / STEP_S), 0.0, None)
        # Nobody creeps for ever behind the last centimetres.
        faster[(faster < 0.03) & (push <= 0.05)] = 0.0
        faster = np.round(faster, 4)
        braking = ((faster - v) / STEP_S < _BRAKE_LIGHT_MPS2) | (faster < 0.05)
        self._v[who] = faster
        self._s[who] = np.round(s + faster * STEP_S, 4)
        return np.asarray(braking, np.bool_)

    def _follow(
        self, who: Ints, v: Floats, gap: Floats, leads: Floats, keep: Floats | float, headway: float
    ) -> Floats:
        """Acceleration of the intelligent driver model towards something ahead."""
        a, b = self._pick_up[who], self._brake[who]
        closing = v - leads
        wish = keep + np.maximum(v * headway + v * closing / (2 * np.sqrt(a * b)), 0.0)
        likes = self._likes[who]
        free = 1.0 - (v / likes) ** 2 * (v / likes) ** 2
        model = a * (free - (wish / np.maximum(gap, 0.05)) ** 2)
        # The model brakes too hard for what appears near by; what must be, with a reserve, is
        # enough.
        must = np.maximum(closing, 0.0) ** 2 / (2 * np.maximum(gap - keep / 2, 0.1))
        return np.asarray(np.maximum(model, -(1.2 * must + 1.0)))

    def _enter(self, time_s: float) -> None:
        """Let vehicles appear at gates, and leave parking spots, when there is room."""
        taken: set[tuple[str, str]] = set()
        kept: list[int] = []
        for i in self._waiting:
            trip = self._trips[i]
            soon = trip.enter_s - (_PRIORITY_S if trip.planned else 0.0)
            if trip.path.pull_out_m is None and soon <= time_s and trip.planned:
                taken |= {(trip.route[0], lane) for lane in TAKES[trip.lane]}
        for i in self._waiting:
            trip = self._trips[i]
            entered = False
            if trip.enter_s <= time_s:
                if trip.path.pull_out_m is not None:
                    entered = self._pull_out(i)
                else:
                    places = {(trip.route[0], lane) for lane in TAKES[trip.lane]}
                    if trip.planned or not places & taken:
                        entered = self._appear(i)
                    taken |= places
            if not entered:
                kept.append(i)
        self._waiting = kept

    def _appear(self, i: int) -> bool:
        trip, half = self._trips[i], self._tables.length_N[i] / 2
        gap, leads = np.inf, trip.speed_mps
        for j in np.flatnonzero(self._active).tolist():
            other = self._trips[j]
            same = other.route[0] == trip.route[0] and other.path.pull_out_m is None
            if same and set(TAKES[other.lane]) & set(TAKES[trip.lane]):
                free = self._s[j] - self._tables.length_N[j] / 2 - 2 * half
                if free < gap:
                    gap, leads = free, float(self._v[j])
        if gap < 3.0 + leads * 0.8:
            return False
        self._s[i] = round(half + 0.2, 4)
        self._v[i] = round(min(trip.speed_mps, leads + max(gap - 4.0, 0.0) * 0.3), 4)
        self._active[i] = True
        self._junctions.enter(i)
        return True

    def _on_road(self, i: int, number: int) -> tuple[Ints, Floats, Floats]:
        """Return (who, metres along, metres right of the centre line) on a road of trip i."""
        who = np.flatnonzero(self._active)
        who = who[who != i]
        at = ahead.poses(self._tables, who, self._s[who])
        start = self._network.nodes[self._trips[i].route[number]]
        yaw = self._network.heading(*self._trips[i].route[number : number + 2])
        c, s = round(float(np.cos(yaw))), round(float(np.sin(yaw)))
        dx, dy = at.x_A - start.x_m, at.y_A - start.y_m
        along, right = dx * c + dy * s, dx * s - dy * c
        here = (right > 0.3) & (right < 6.6) & (at.cos_A * c + at.sin_A * s > 0.3)
        return who[here], along[here], right[here]

    def _pull_out(self, i: int) -> bool:
        trip = self._trips[i]
        who, along, _ = self._on_road(i, 0)
        start = self._network.nodes[trip.route[0]]
        yaw = self._network.heading(*trip.route[:2])
        x, y = trip.path.points(np.array([START_M]))[0]
        own = (x - start.x_m) * np.cos(yaw) + (y - start.y_m) * np.sin(yaw)
        length = self._tables.length_N
        front = along + length[who] / 2 - (own - length[i] / 2)
        rear = along - length[who] / 2 - own
        comes = (front > -(4.0 + 4.0 * self._v[who])) & (rear < 6.0)
        stands = (rear >= 6.0) & (rear < 20.0) & (self._v[who] < 4.0)
        if bool((comes | stands).any()):
            return False
        self._s[i], self._v[i] = START_M, 0.0
        self._active[i] = True
        self._junctions.enter(i)
        return True

    def _start_pulling_in(self, who: Ints, at: ahead.Poses) -> None:
        near = self._s[who] + self._tables.length_N[who] / 2 > self._in_m[who] - 6.0
        for i in who[near & ~self._pulls_in[who]].tolist():
            number = len(self._trips[i].route) - 2
            others, along, right = self._on_road(i, number)
            start = self._network.nodes[self._trips[i].route[number]]
            yaw = self._network.heading(*self._trips[i].route[number:])
            c, s = round(float(np.cos(yaw))), round(float(np.sin(yaw)))
            place = int(np.searchsorted(who, i))
            own = (at.x_A[place] - start.x_m) * c + (at.y_A[place] - start.y_m) * s
            bikes = right > 3.3
            v = self._v[others]
            late = (along > own - 4.0 - 3.0 * v) & (along < own + 6.0)
            stands = (along >= own + 6.0) & (along < own + 24.0) & (v < 2.0)
            if not bool((bikes & (late | stands)).any()):
                self._pulls_in[i] = True

    def _leave(self, who: Ints) -> None:
        """Take out those who have left the city or stand in their spot."""
        parks = np.isfinite(self._in_m[who])
        there = np.where(parks, self._s[who] >= self._end_m[who] - 0.15,
                         self._s[who] > self._end_m[who])  # fmt: skip
        for i in who[there].tolist():
            self._active[i] = False
            self._v[i] = 0.0
            self._junctions.leave(i)
