"""The drives between sightings: which are possible, and what each costs a route.

Costs are in units of the best hit's evidence (`yanji.index.route_search`); how the constants
were chosen: docs/design/trace.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yanji.index.graph import RoadGraph, Travel
from yanji.ingest.gap import Gap

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

SAME_CAMERA_S = 0.1
"""Two sightings of one camera that are closer than this are two vehicles (one track each)."""
MOMENT_S = 0.5
"""First and last moment are known to about two analysed frames."""
PACE_GRACE_S = 60.0
"""Seconds by which a drive may differ from the typical one at little cost (one red light)."""
NUM_SIGMAS = 3.0
"""A drive may be this many standard deviations of both clocks too fast."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The constants of a route's score, in units of the best hit's evidence."""

    depth: float = 0.70
    """Threshold below the best score, as a share of the way to the background."""
    background_rank: int = 250
    """The background is the score of the hit of this rank (from 0), of few hits their median:
    more traffic brings more look-alikes and so a higher level, and it does not matter whether
    the caller gives all hits or the best thousand."""
    least_margin: float = 0.08
    """...and at least this much cosine: about one standard deviation of the same vehicle."""
    bridge: float = 0.5
    """Sightings down to this much below the threshold may join where they explain a route."""
    link: float = 0.10
    """Every drive: something else than the vehicle may have been there."""
    off_road: float = 0.20
    """Every drive between places that no listed road joins: its time says less."""
    off_map: float = 0.40
    """Every drive between cameras of unknown place: its time says nothing."""
    pace: float = 0.75
    """Times |ln((seconds + 60) / (typical seconds + 60))|, which counts for at most 1."""
    stop: float = 0.40
    """Slower than without a stop."""
    again: float = 0.45
    """The same camera once more: a torn track, or it turned round; more often a like one follows.
    Two look-alikes a second apart in one lane cannot be told from a torn track by time alone."""
    overlap: float = 0.35
    """Sooner than the fastest drive from camera to camera: possible where views reach far or
    overlap, but two vehicles explain it as well."""
    unseen: float = 0.40
    """Every camera passed without a sighting, unless it was down."""
    most_unseen: int = 4
    """Cameras beyond this number cost nothing more: the road was likely another."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A sighting (or the given place and time) as the search sees it."""

    sighting_id: str | None
    camera_id: str
    first_ns: int
    last_ns: int
    sigma_s: float
    score: float | None
    evidence: float
    rank: int | None
    """1 for the best hit; None for the query itself."""
    given: bool = False
    """Whether the question itself puts the vehicle here."""
    confirmed: bool = False
    """Whether a person said that this is the vehicle."""

    @property
    def key(self) -> tuple[int, int, str]:
        """The order of time; ids decide between equal times so that answers repeat."""
        return (self.first_ns, self.last_ns, self.sighting_id or "")


@dataclass(frozen=True, slots=True)
class Drive:
    """What is known of the way between two consecutive stops of a route."""

    travel: Travel
    seconds: float
    tolerance_s: float
    """How much the clocks, and the moments of first and last sight, can be off."""
    unseen: tuple[str, ...]
    """Cameras passed without a sighting while they worked."""
    down: tuple[str, ...]
    """Cameras passed while they were down."""


def drive_between(
    a: Stop, b: Stop, graph: RoadGraph, gaps: Sequence[Gap], *, now_ns: int
) -> Drive | None:
    """Describe the drive from `a` to `b`; None when no road leads there."""
    travel = graph.travel(a.camera_id, b.camera_id)
    if travel is None:
        return None
    down = tuple(
        camera
        for camera in travel.via
        if any(
            gap.camera_id == camera
            and gap.from_ns <= b.last_ns
            and a.first_ns <= end_of(gap, now_ns)
            for gap in gaps
        )
    )
    unseen = tuple(camera for camera in travel.via if camera not in down)
    tolerance_s = 0.0 if a.camera_id == b.camera_id else tolerance_of(a.sigma_s, b.sigma_s)
    return Drive(travel, (b.first_ns - a.last_ns) / 1e9, tolerance_s, unseen, down)


def tolerance_of(sigma_a_s: float, sigma_b_s: float) -> float:
    """How many seconds too fast a drive between two cameras may seem."""
    return NUM_SIGMAS * float(np.hypot(sigma_a_s, sigma_b_s)) + MOMENT_S


def end_of(gap: Gap, now_ns: int) -> int:
    """The end of a gap; a gap that lasts ends now."""
    return now_ns if gap.to_ns is None else gap.to_ns


def drive_costs(
    stops: Sequence[Stop],
    graph: RoadGraph,
    gaps: Sequence[Gap],
    *,
    window_s: float,
    now_ns: int,
    weights: Weights,
) -> Floats:
    """Cost (N, N) of the drive from stop i to stop j; inf where the gate refuses it.

    `stops` in the order of `Stop.key`. The gate: j begins after i began; between j's first and
    i's last moment lies at least the earliest travel time less the clocks' tolerance, and at
    most the window. Cameras whose views can overlap (nearer than two view lengths) may both
    hold the vehicle at once; the same camera never twice.
    """
    num = len(stops)
    if num == 0:
        return np.zeros((0, 0))
    origin_ns = stops[0].first_ns
    first_s = np.array([stop.first_ns - origin_ns for stop in stops], dtype=np.int64) / 1e9
    last_s = np.array([stop.last_ns - origin_ns for stop in stops], dtype=np.int64) / 1e9
    starts_ns = np.array([stop.first_ns for stop in stops], dtype=np.int64)
    sigma_s = np.array([stop.sigma_s for stop in stops])
    cameras = sorted({stop.camera_id for stop in stops})
    number = {camera: index for index, camera in enumerate(cameras)}
    camera_N = np.array([number[stop.camera_id] for stop in stops])

    seconds = first_s[None, :] - last_s[:, None]
    ordered = (starts_ns[None, :] > starts_ns[:, None]) & (seconds <= window_s)
    same = camera_N[None, :] == camera_N[:, None]
    tolerance = NUM_SIGMAS * np.hypot(sigma_s[:, None], sigma_s[None, :]) + MOMENT_S
    tolerance[same] = 0.0

    pair_NN = camera_N[:, None] * len(cameras) + camera_N[None, :]
    table, passed = _travel_table(cameras, np.unique(pair_NN[ordered]), graph, gaps, weights)
    earliest, latest, typical, num_via, link, fastest = table[:, pair_NN]
    allowed = ordered & (seconds >= earliest - tolerance)
    allowed &= ~same | (seconds >= SAME_CAMERA_S)

    unseen = num_via.copy()
    for camera, pairs in passed.items():
        down = np.zeros((num, num), dtype=bool)
        for gap in gaps:
            if gap.camera_id == camera:
                from_s = (gap.from_ns - origin_ns) / 1e9
                to_s = (end_of(gap, now_ns) - origin_ns) / 1e9
                down |= (last_s >= from_s)[None, :] & (first_s <= to_s)[:, None]
        unseen -= pairs[pair_NN] & down
    costs = link + weights.unseen * np.minimum(unseen, weights.most_unseen)
    costs += weights.again * same
    costs += weights.overlap * (seconds < fastest - tolerance)
    costs += weights.stop * (seconds > latest + tolerance)
    # PACE_GRACE_S on both sides: a red light between near cameras is no evidence.
    pace = (np.maximum(seconds, 0.0) + PACE_GRACE_S) / (typical + PACE_GRACE_S)
    costs += weights.pace * np.where(np.isnan(pace), 0.0, np.minimum(np.abs(np.log(pace)), 1.0))
    return np.where(allowed, costs, np.inf)


def _travel_table(
    cameras: Sequence[str],
    pairs: NDArray[np.int64],
    graph: RoadGraph,
    gaps: Sequence[Gap],
    weights: Weights,
) -> tuple[Floats, dict[str, Bools]]:
    """Look up, per pair of cameras: earliest, latest, typical (nan: unknown), number of cameras
    passed, cost, fastest.

    Pairs are numbered from * len(cameras) + to. Also, per camera with a gap, which pairs pass it.
    """
    count = len(cameras)
    gapped = frozenset(gap.camera_id for gap in gaps)
    passing: dict[str, list[int]] = {}
    rows: list[tuple[float, ...]] = []
    off = {"roads": 0.0, "places": weights.off_road, "time": weights.off_map}
    for pair in pairs.tolist():
        a, b = divmod(pair, count)
        travel = graph.travel(cameras[a], cameras[b])
        if travel is None:
            rows.append((np.inf, np.inf, np.nan, 0.0, 0.0, 0.0))  # no way there
            continue
        earliest_s, length_m = travel.earliest_s, travel.distance_m
        if a != b and length_m is not None and length_m <= 2 * graph.view_m:
            earliest_s = -np.inf  # views that overlap: any order of first and last moments
        typical_s = np.nan if travel.typical_s is None else travel.typical_s
        link = weights.link + off[travel.basis]
        num_via = float(len(travel.via))
        rows.append((earliest_s, travel.latest_s, typical_s, num_via, link, travel.fastest_s))
        if gapped and not gapped.isdisjoint(travel.via):
            for camera in gapped.intersection(travel.via):
                passing.setdefault(camera, []).append(pair)
    table = np.zeros((6, count * count))
    table[0] = np.inf
    if rows:
        table[:, pairs] = np.array(rows).T
    passed = {camera: np.zeros(count * count, dtype=bool) for camera in passing}
    for camera, through in passing.items():
        passed[camera][through] = True
    return table, passed
