"""Where the vehicle can be next, and which outages can hide it."""

from __future__ import annotations

from collections.abc import Sequence

from yanji.index.graph import RoadGraph
from yanji.index.route import Leg, NextCamera, NextState, QueryPoint, Route
from yanji.index.route_drives import end_of
from yanji.ingest.gap import Gap


def next_cameras(
    last: Leg,
    graph: RoadGraph,
    gaps: Sequence[Gap],
    *,
    searched_to_ns: int,
    now_ns: int,
    max_next: int,
) -> tuple[NextCamera, ...]:
    """List the cameras after a route's last leg, windows still to come or hidden first."""
    found = []
    for camera_id, travel in graph.after(last.camera_id):
        earliest_ns = last.last_ns + round(travel.earliest_s * 1e9)
        latest_ns = last.last_ns + round(travel.latest_s * 1e9)
        state: NextState
        if earliest_ns > searched_to_ns:
            state = "ahead"
        elif any(
            gap.camera_id == camera_id
            and gap.from_ns <= latest_ns
            and end_of(gap, now_ns) >= earliest_ns
            for gap in gaps
        ):
            state = "gap"
        else:
            state = "now" if latest_ns > searched_to_ns else "not_seen"
        found.append(NextCamera(camera_id, earliest_ns, latest_ns, None, state))
    found.sort(key=lambda near: (near.state == "not_seen", near.earliest_ns, near.camera_id))
    return tuple(found[:max_next])


def hiding_gaps(
    routes: Sequence[Route],
    query: QueryPoint | None,
    graph: RoadGraph,
    gaps: Sequence[Gap],
    *,
    window_s: float,
    now_ns: int,
) -> tuple[Gap, ...]:
    """List the outages in which the vehicle of a route can have passed that camera.

    Between two legs it must have time to get to the camera and on; before the first and after
    the last leg the window bounds it. Without a route the query counts as one leg, and without
    a query all gaps count.
    """
    chains = [
        [(leg.camera_id, leg.first_ns, leg.last_ns) for leg in route.legs] for route in routes
    ]
    if not chains and query is not None:
        chains = [[(query.camera_id, query.first_ns, query.last_ns)]]
    if not chains:
        return tuple(sorted(gaps, key=_order))
    window_ns = round(window_s * 1e9)
    hiding = [
        gap
        for gap in gaps
        if any(_can_hide(gap, chain, graph, query, window_ns, now_ns) for chain in chains)
    ]
    return tuple(sorted(hiding, key=_order))


def _order(gap: Gap) -> tuple[int, str, int]:
    return (gap.from_ns, gap.camera_id, -1 if gap.to_ns is None else gap.to_ns)


def _can_hide(
    gap: Gap,
    chain: Sequence[tuple[str, int, int]],
    graph: RoadGraph,
    query: QueryPoint | None,
    window_ns: int,
    now_ns: int,
) -> bool:
    """Whether the vehicle can have been at the gap's camera within the gap."""
    first_ns = chain[0][1] - window_ns if query is None else query.first_ns - window_ns
    final_ns = chain[-1][2] + window_ns if query is None else query.last_ns + window_ns
    for index in range(len(chain) + 1):
        from_ns, to_ns = first_ns, min(final_ns, now_ns)
        if index > 0:
            camera_id, _, left_ns = chain[index - 1]
            there = graph.travel(camera_id, gap.camera_id)
            if there is None:
                continue
            from_ns = left_ns + round(there.earliest_s * 1e9)
        if index < len(chain):
            camera_id, came_ns, _ = chain[index]
            onward = graph.travel(gap.camera_id, camera_id)
            if onward is None:
                continue
            to_ns = came_ns - round(onward.earliest_s * 1e9)
        if from_ns <= to_ns and gap.from_ns <= to_ns and end_of(gap, now_ns) >= from_ns:
            return True
    return False
