"""The stops among which routes are sought: ranked hits, confirmed sightings and the query."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from yanji.index.hit import Hit, StoredSighting
from yanji.index.route import QueryPoint
from yanji.index.route_drives import Stop, Weights
from yanji.index.route_search import Level

GIVEN_TIME_S = 30.0
"""How far a time given by hand may be off for a sighting of that camera to be the one meant."""


def ranked_hits(query: QueryPoint | None, hits: Sequence[Hit], window_s: float) -> list[Hit]:
    """Each sighting once, the query's own left out, in the window, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        seen = hit.sighting
        known = best.get(seen.sighting_id)
        if (known is not None and known.score >= hit.score) or not math.isfinite(hit.score):
            continue
        if query is not None and seen.sighting_id == query.sighting_id:
            continue
        if not in_window(query, seen, window_s):
            continue
        best[seen.sighting_id] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.sighting.sighting_id))


def in_window(query: QueryPoint | None, seen: StoredSighting, window_s: float) -> bool:
    """Whether a sighting lies within the window around the query; always without one."""
    if query is None:
        return True
    window_ns = round(window_s * 1e9)
    return seen.last_ns >= query.first_ns - window_ns and seen.first_ns <= query.last_ns + window_ns


def candidates(
    ranked: Sequence[Hit],
    level: Level | None,
    weights: Weights,
    max_candidates: int,
    confirmed: Sequence[StoredSighting],
) -> list[Stop]:
    """The hits worth joining, and all confirmed sightings, in order of time.

    A confirmed sighting counts as much as the best hit, however alike it looks.
    """
    sure = {seen.sighting_id: seen for seen in confirmed}
    stops = []
    for rank, hit in enumerate(ranked, start=1):
        seen, evidence = hit.sighting, level.evidence(hit.score) if level is not None else 0.0
        if seen.sighting_id in sure:
            del sure[seen.sighting_id]
            stops.append(_stop(seen, hit.score, max(evidence, 1.0), rank, confirmed=True))
        elif rank <= max_candidates and evidence >= -weights.bridge:
            stops.append(_stop(seen, hit.score, evidence, rank, confirmed=False))
    stops += [_stop(seen, None, 1.0, None, confirmed=True) for seen in sure.values()]
    return sorted(stops, key=lambda stop: stop.key)


def _stop(
    seen: StoredSighting, score: float | None, evidence: float, rank: int | None, *, confirmed: bool
) -> Stop:
    return Stop(
        seen.sighting_id,
        seen.camera_id,
        seen.first_ns,
        max(seen.first_ns, seen.last_ns),
        seen.sigma_s,
        score,
        evidence,
        rank,
        confirmed=confirmed,
    )


def with_query(stops: list[Stop], query: QueryPoint | None) -> tuple[list[Stop], int | None]:
    """Add the query to the stops; give its index.

    A place and time given by hand means a sighting: the likest one of that camera at that time
    takes its place, so that the vehicle is not counted twice.
    """
    if query is None:
        return stops, None
    anchor = Stop(
        query.sighting_id,
        query.camera_id,
        query.first_ns,
        max(query.first_ns, query.last_ns),
        query.sigma_s,
        None,
        0.0,
        None,
        given=True,
    )
    if query.sighting_id is None:
        meant = [stop for stop in stops if _is_meant(stop, anchor)]
        if meant:
            likest = min(meant, key=lambda stop: (not stop.confirmed, stop.rank or math.inf))
            anchor = replace(likest, given=True)
            stops = [stop for stop in stops if stop is not likest]
    stops = sorted([*stops, anchor], key=lambda stop: stop.key)
    return stops, stops.index(anchor)


def _is_meant(stop: Stop, anchor: Stop) -> bool:
    if stop.camera_id != anchor.camera_id or stop.evidence <= 0:
        return False
    off_s = max(stop.first_ns - anchor.last_ns, anchor.first_ns - stop.last_ns) / 1e9
    return off_s <= GIVEN_TIME_S + 3 * max(stop.sigma_s, anchor.sigma_s)
