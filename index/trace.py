"""Trace one vehicle: from hits to the routes it can have driven, and where it can be next.

Reads top down: level of the scores -> stops -> costs of drives -> best paths -> words.
Design, formulas and measured accuracy: docs/design/trace.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from yanji.index.graph import Basis, RoadGraph
from yanji.index.hit import Hit
from yanji.index.route import Leg, NextCamera, QueryPoint, Route, Trace
from yanji.index.route_after import hiding_gaps, next_cameras
from yanji.index.route_drives import Stop, Weights, drive_between, drive_costs
from yanji.index.route_search import Level, Path, best_paths, level_of
from yanji.index.route_words import BASIS_NOTES, why_driven, why_seen
from yanji.ingest.gap import Gap

__all__ = ["Leg", "NextCamera", "QueryPoint", "Route", "Trace", "Weights", "trace"]

GIVEN_TIME_S = 30.0
"""How far a time given by hand may be off for a sighting of that camera to be the one meant."""
FEW_HITS = 10
"""Below this many hits their middle says little about the background."""


def trace(
    query: QueryPoint | None,
    hits: Sequence[Hit],
    graph: RoadGraph,
    gaps: Sequence[Gap],
    *,
    window_s: float = 3 * 3600.0,
    now_ns: int,
    searched_to_ns: int | None = None,
    max_routes: int = 5,
    max_candidates: int = 200,
    max_next: int = 12,
    weights: Weights | None = None,
) -> Trace:
    """Rank the routes that one vehicle can have driven through the hits.

    `query`: where the vehicle was for certain; every route then passes there, and only hits
    within `window_s` before and after it count. None: the hits alone decide, and `window_s` is
    the longest drive between two of them. `hits` in any order, the more the better: the score
    of a chance hit is estimated from them (aim for all of the window, at least some hundred).
    `searched_to_ns`: up to when the archive knows the cameras (None: up to now).
    The answer depends on the set of hits, not on their order. Raises nothing for empty input:
    no hits and no query give no routes.
    """
    weights = weights or Weights()
    ranked = _rank(query, hits, window_s)
    level = level_of([hit.score for hit in ranked], weights) if ranked else None
    stops = _candidates(ranked, level, weights, max_candidates)
    stops, anchor = _with_query(stops, query)
    costs = drive_costs(stops, graph, gaps, window_s=window_s, now_ns=now_ns, weights=weights)
    paths = best_paths(
        [stop.evidence for stop in stops], costs, anchor=anchor, max_paths=max_routes
    )
    routes = tuple(_route(path, stops, graph, gaps, len(ranked), now_ns) for path in paths)
    basis = _basis(routes, graph)
    return Trace(
        routes=routes,
        next=next_cameras(
            routes[0].legs[-1],
            graph,
            gaps,
            searched_to_ns=now_ns if searched_to_ns is None else searched_to_ns,
            now_ns=now_ns,
            max_next=max_next,
        )
        if routes
        else (),
        gaps=hiding_gaps(routes, query, graph, gaps, window_s=window_s, now_ns=now_ns),
        basis=basis,
        notes=tuple(_notes(basis, level, len(ranked), stops, anchor)),
    )


def _rank(query: QueryPoint | None, hits: Sequence[Hit], window_s: float) -> list[Hit]:
    """Each sighting once, the query's own left out, in the window, best first."""
    best: dict[str, Hit] = {}
    for hit in hits:
        seen = hit.sighting
        known = best.get(seen.sighting_id)
        if (known is not None and known.score >= hit.score) or not math.isfinite(hit.score):
            continue
        if query is not None:
            if seen.sighting_id == query.sighting_id:
                continue
            window_ns = round(window_s * 1e9)
            if seen.last_ns < query.first_ns - window_ns:
                continue
            if seen.first_ns > query.last_ns + window_ns:
                continue
        best[seen.sighting_id] = hit
    return sorted(best.values(), key=lambda hit: (-hit.score, hit.sighting.sighting_id))


def _candidates(
    ranked: Sequence[Hit], level: Level | None, weights: Weights, max_candidates: int
) -> list[Stop]:
    """The hits worth joining, in order of time."""
    if level is None:
        return []
    stops = []
    for rank, hit in enumerate(ranked[:max_candidates], start=1):
        evidence = level.evidence(hit.score)
        if evidence < -weights.bridge:
            break
        seen = hit.sighting
        stops.append(
            Stop(
                seen.sighting_id,
                seen.camera_id,
                seen.first_ns,
                max(seen.first_ns, seen.last_ns),
                seen.sigma_s,
                hit.score,
                evidence,
                rank,
            )
        )
    return sorted(stops, key=lambda stop: stop.key)


def _with_query(stops: list[Stop], query: QueryPoint | None) -> tuple[list[Stop], int | None]:
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
            likest = min(meant, key=lambda stop: stop.rank or 0)
            anchor = Stop(
                likest.sighting_id,
                likest.camera_id,
                likest.first_ns,
                likest.last_ns,
                likest.sigma_s,
                likest.score,
                likest.evidence,
                likest.rank,
                given=True,
            )
            stops = [stop for stop in stops if stop is not likest]
    stops = sorted([*stops, anchor], key=lambda stop: stop.key)
    return stops, stops.index(anchor)


def _is_meant(stop: Stop, anchor: Stop) -> bool:
    if stop.camera_id != anchor.camera_id or stop.evidence <= 0:
        return False
    off_s = max(stop.first_ns - anchor.last_ns, anchor.first_ns - stop.last_ns) / 1e9
    return off_s <= GIVEN_TIME_S + 3 * max(stop.sigma_s, anchor.sigma_s)


def _route(
    path: Path,
    stops: Sequence[Stop],
    graph: RoadGraph,
    gaps: Sequence[Gap],
    num_hits: int,
    now_ns: int,
) -> Route:
    legs: list[Leg] = []
    before: Stop | None = None
    for stop in (stops[index] for index in path.stops):
        why, travel_s = why_seen(stop, num_hits), None
        if before is not None:
            drive = drive_between(before, stop, graph, gaps, now_ns=now_ns)
            if drive is None:
                raise AssertionError("a path takes only drives that the gate lets through")
            why, travel_s = f"{why}; {why_driven(before, stop, drive)}", drive.seconds
        legs.append(
            Leg(
                stop.sighting_id,
                stop.camera_id,
                stop.first_ns,
                stop.last_ns,
                None,
                travel_s,
                stop.score,
                why,
            )
        )
        before = stop
    return Route(tuple(legs), path.score)


def _basis(routes: Sequence[Route], graph: RoadGraph) -> Basis:
    """The weakest knowledge that a drive of the best route rests on, else the graph's best."""
    kinds = {
        travel.basis
        for a, b in pairwise(routes[0].legs if routes else ())
        if a.camera_id != b.camera_id
        and (travel := graph.travel(a.camera_id, b.camera_id)) is not None
    }
    for kind in ("time", "places", "roads"):
        if kind in kinds:
            return kind
    return graph.basis


def _notes(
    basis: Basis,
    level: Level | None,
    num_hits: int,
    stops: Sequence[Stop],
    anchor: int | None,
) -> Iterator[str]:
    yield BASIS_NOTES[basis]
    if level is None:
        yield "No sighting in the window was given."
        return
    num_alike = sum(stop.evidence > 0 and stop.score is not None for stop in stops)
    yield (
        f"{num_alike} of {num_hits} sightings are alike enough to count for a route (similarity"
        f" above {level.threshold:.2f}; best {level.best:.2f}, middle {level.middle:.2f})."
    )
    chance = level.middle + level.spread * math.sqrt(2 * math.log(max(num_hits, 2)))
    if num_hits < FEW_HITS:
        yield f"Only {num_hits} sightings: too few to tell how alike other vehicles look here."
    elif level.best < chance:
        yield (
            f"Even the best similarity is no higher than the best of {num_hits} other vehicles"
            f" would be by chance ({chance:.2f}): the vehicle may not be among them."
        )
    if anchor is not None and stops[anchor].sighting_id is None:
        yield "No sighting of the camera and time given looks like the query."
