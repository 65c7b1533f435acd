"""Trace one vehicle: from hits to the routes it can have driven, and where it can be next.

Reads top down: level of the scores -> stops -> costs of drives -> best paths -> words.
Design, formulas and measured accuracy: docs/design/trace.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise

from yanji.index.chances import CONFIRMED
from yanji.index.graph import Basis, RoadGraph
from yanji.index.hit import Hit, StoredSighting
from yanji.index.route import Leg, LegFacts, NextCamera, Note, QueryPoint, Route, Trace
from yanji.index.route_after import hiding_gaps, next_cameras
from yanji.index.route_drives import Stop, Weights, drive_between, drive_costs
from yanji.index.route_notes import notes_of
from yanji.index.route_search import Path, best_paths, level_of
from yanji.index.route_stops import candidates, in_window, ranked_hits, with_query
from yanji.index.route_words import facts_of, why_driven, why_seen
from yanji.ingest.gap import Gap

__all__ = [
    "Leg",
    "LegFacts",
    "NextCamera",
    "Note",
    "QueryPoint",
    "Route",
    "Trace",
    "Weights",
    "trace",
]


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
    confirmed: Collection[StoredSighting] = (),
) -> Trace:
    """Rank the routes that one vehicle can have driven through the hits.

    `query`: where the vehicle was for certain; every route then passes there, and only hits
    within `window_s` before and after it count. None: the hits alone decide, and `window_s` is
    the longest drive between two of them. `hits` in any order, the more the better: the score
    of a chance hit is estimated from them (aim for all of the window, at least some hundred).
    `confirmed`: sightings that a person said are the vehicle, whether or not a hit names them;
    every route holds as many of them as one vehicle can have driven through within the window.
    `searched_to_ns`: up to when the archive knows the cameras (None: up to now).
    The answer depends on the set of hits, not on their order. Raises nothing for empty input:
    no hits and no query give no routes.
    """
    weights = weights or Weights()
    ranked = ranked_hits(query, hits, window_s)
    level = level_of([hit.score for hit in ranked], weights) if ranked else None
    known = {seen.sighting_id: seen for seen in confirmed}
    sure = [
        seen
        for sighting_id, seen in known.items()
        if in_window(query, seen, window_s) and (query is None or sighting_id != query.sighting_id)
    ]
    stops = candidates(ranked, level, weights, max_candidates, sure)
    stops, anchor = with_query(stops, query)
    costs = drive_costs(stops, graph, gaps, window_s=window_s, now_ns=now_ns, weights=weights)
    chances = _chances(ranked, sure)
    paths = best_paths(
        [stop.evidence for stop in stops],
        costs,
        anchor=anchor,
        max_paths=max_routes,
        confirmed=frozenset(index for index, stop in enumerate(stops) if stop.confirmed),
    )
    routes = tuple(_route(path, stops, graph, gaps, chances, len(ranked), now_ns) for path in paths)
    basis = _basis(routes, graph)
    held = {leg.sighting_id for leg in routes[0].legs} if routes else set()
    num_apart = len(known.keys() - held)
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
        notes=tuple(notes_of(basis, level, len(ranked), stops, anchor, num_apart)),
    )


def _chances(ranked: Sequence[Hit], sure: Sequence[StoredSighting]) -> dict[str, float]:
    """Probability of each sighting that has one; of the query itself nothing is to be said."""
    known = {
        hit.sighting.sighting_id: hit.probability for hit in ranked if hit.probability is not None
    }
    return {**known, **{seen.sighting_id: CONFIRMED for seen in sure}}


def _route(
    path: Path,
    stops: Sequence[Stop],
    graph: RoadGraph,
    gaps: Sequence[Gap],
    chances: Mapping[str, float],
    num_hits: int,
    now_ns: int,
) -> Route:
    legs: list[Leg] = []
    before: Stop | None = None
    for stop in (stops[index] for index in path.stops):
        why, travel_s, drive, again = why_seen(stop, num_hits), None, None, False
        if before is not None:
            drive = drive_between(before, stop, graph, gaps, now_ns=now_ns)
            if drive is None:
                raise AssertionError("a path takes only drives that the gate lets through")
            why, travel_s = f"{why}; {why_driven(before, stop, drive)}", drive.seconds
            again = before.camera_id == stop.camera_id
        legs.append(
            Leg(
                stop.sighting_id,
                stop.camera_id,
                stop.first_ns,
                stop.last_ns,
                chances.get(stop.sighting_id or ""),
                travel_s,
                stop.score,
                why,
                facts_of(stop, num_hits, drive, again=again),
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
