"""Properties of every trace, on any hits, graph, gaps and query."""

from __future__ import annotations

import math
import random
from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.index.graph import CameraPlace, Road, RoadGraph
from yanji.index.hit import Hit, StoredSighting
from yanji.index.route_search import best_paths
from yanji.index.trace import QueryPoint, Trace, trace
from yanji.ingest.gap import Gap

T0 = 1_790_000_000_000_000_000
NOW = T0 + 2 * 3600 * 10**9
CAMERAS = ["K01", "K02", "向阳", "Ñ", "K05", "nowhere"]
WINDOW_S = 1800.0

graphs = st.builds(
    RoadGraph,
    st.lists(
        st.builds(
            CameraPlace, st.sampled_from(CAMERAS), st.floats(112, 112.05), st.floats(26, 26.05)
        ),
        max_size=4,
    ),
    st.lists(
        st.builds(
            Road,
            st.sampled_from(CAMERAS[:5]),
            st.sampled_from(CAMERAS[:5]),
            st.floats(20, 3000),
            st.floats(5, 30),
            st.floats(30, 80),
            st.booleans(),
        ),
        max_size=8,
    ),
)
seconds = st.integers(0, 120).map(lambda tens: tens * 10.0) | st.floats(0, 3000)


@st.composite
def hit_lists(draw: st.DrawFn) -> list[Hit]:
    rows = draw(
        st.lists(
            st.tuples(
                st.sampled_from(CAMERAS),
                seconds,
                st.sampled_from([0.0, 3.0, 40.0]),
                st.sampled_from([0.0, 0.5, 10.0]),
                st.sampled_from([0.5, 0.7, 0.9]) | st.floats(-1, 1),
            ),
            max_size=25,
        )
    )
    hits = []
    for index, (camera, first_s, stay_s, sigma_s, score) in enumerate(rows):
        first_ns = T0 + round(first_s * 1e9)
        last_ns = first_ns + round(stay_s * 1e9)
        seen = StoredSighting(
            f"雁{index}",
            camera,
            "run",
            index,
            first_ns,
            last_ns,
            sigma_s,
            "car",
            1.0,
            None,
            None,
            1.0,
            "closed",
            False,
            (),
        )
        hits.append(Hit(seen, score, None))
    return hits


gap_lists = st.lists(
    st.builds(
        lambda camera, start, length: Gap(
            camera,
            T0 + round(start * 1e9),
            None if length is None else T0 + round((start + length) * 1e9),
            "lost",
        ),
        st.sampled_from(CAMERAS),
        seconds,
        st.none() | st.floats(0, 600),
    ),
    max_size=4,
)
queries = st.none() | st.builds(
    lambda camera, start, sigma: QueryPoint(
        camera, T0 + round(start * 1e9), T0 + round(start * 1e9), sigma
    ),
    st.sampled_from(CAMERAS),
    seconds,
    st.sampled_from([0.0, 2.0]),
)


def ask(query: QueryPoint | None, hits: list[Hit], graph: RoadGraph, gaps: list[Gap]) -> Trace:
    return trace(query, hits, graph, gaps, window_s=WINDOW_S, now_ns=NOW, max_routes=6)


@given(queries, hit_lists(), graphs, gap_lists)
@settings(max_examples=200, deadline=None)
def test_every_route_is_one_that_a_vehicle_can_drive(
    query: QueryPoint | None, hits: list[Hit], graph: RoadGraph, gaps: list[Gap]
) -> None:
    by_id = {hit.sighting.sighting_id: hit for hit in hits}
    answer = ask(query, hits, graph, gaps)
    for route in answer.routes:
        assert route.legs[0].travel_s is None
        ids = [leg.sighting_id for leg in route.legs]
        assert len(set(ids)) == len(ids)
        for a, b in pairwise(route.legs):
            assert a.first_ns < b.first_ns
            gap_s = (b.first_ns - a.last_ns) / 1e9
            assert b.travel_s == gap_s
            assert gap_s <= WINDOW_S
            travel = graph.travel(a.camera_id, b.camera_id)
            assert travel is not None
            if a.camera_id == b.camera_id:
                assert gap_s > 0
                continue
            sigmas = [
                by_id[leg.sighting_id].sighting.sigma_s
                if leg.sighting_id
                else (query.sigma_s if query else 0.0)
                for leg in (a, b)
            ]
            if travel.distance_m is None or travel.distance_m > 2 * graph.view_m:
                assert gap_s >= travel.earliest_s - 3 * math.hypot(*sigmas) - 0.5 - 1e-6
        for leg in route.legs:
            assert leg.why
            if leg.sighting_id is not None:
                seen = by_id[leg.sighting_id]
                assert (leg.camera_id, leg.first_ns, leg.score) == (
                    seen.sighting.camera_id,
                    seen.sighting.first_ns,
                    seen.score,
                )


@given(queries, hit_lists(), graphs, gap_lists)
@settings(max_examples=150, deadline=None)
def test_routes_are_ranked_distinct_and_pass_the_query(
    query: QueryPoint | None, hits: list[Hit], graph: RoadGraph, gaps: list[Gap]
) -> None:
    answer = ask(query, hits, graph, gaps)
    scores = [route.score for route in answer.routes]
    assert all(a >= b - 1e-6 for a, b in pairwise(scores))
    sets = [{(leg.sighting_id, leg.first_ns) for leg in route.legs} for route in answer.routes]
    for i, one in enumerate(sets):
        assert not any(one <= other for other in sets[:i] + sets[i + 1 :])
    if query is None:
        assert bool(answer.routes) == bool(hits)
    else:
        assert answer.routes
        for route in answer.routes:
            assert any(leg.camera_id == query.camera_id for leg in route.legs)
    assert set(answer.gaps) <= set(gaps)
    assert answer.notes
    for near in answer.next:
        assert near.earliest_ns <= near.latest_ns
        assert near.earliest_ns >= answer.routes[0].legs[-1].last_ns


@given(queries, hit_lists(), graphs, gap_lists, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_the_order_of_hits_and_gaps_changes_nothing(
    query: QueryPoint | None, hits: list[Hit], graph: RoadGraph, gaps: list[Gap], seed: int
) -> None:
    order = random.Random(seed)
    shuffled, moved = hits + hits[:2], gaps.copy()  # and a hit given twice counts once
    order.shuffle(shuffled)
    order.shuffle(moved)
    assert ask(query, hits, graph, gaps) == ask(query, shuffled, graph, moved)


@st.composite
def path_problems(draw: st.DrawFn) -> tuple[list[float], np.ndarray, int | None]:
    num = draw(st.integers(1, 7))
    evidence = draw(
        st.lists(st.floats(-0.5, 1).map(lambda x: round(x, 3)), min_size=num, max_size=num)
    )
    costs = np.full((num, num), np.inf)
    for i in range(num):
        for j in range(i + 1, num):
            costs[i, j] = draw(st.just(math.inf) | st.floats(0, 1).map(lambda x: round(x, 3)))
    return evidence, costs, draw(st.none() | st.integers(0, num - 1))


@given(path_problems())
@settings(max_examples=300, deadline=None)
def test_the_best_path_equals_that_of_trying_all(
    problem: tuple[list[float], np.ndarray, int | None],
) -> None:
    evidence, costs, anchor = problem
    num = len(evidence)
    best = -math.inf
    for mask in range(1, 2**num):
        stops = [i for i in range(num) if mask >> i & 1]
        if anchor is not None and anchor not in stops:
            continue
        drive = sum(costs[a, b] for a, b in pairwise(stops))
        best = max(best, sum(evidence[i] for i in stops) - drive)
    found = best_paths(evidence, costs, anchor=anchor, max_paths=3)
    if anchor is None and best <= 0:
        assert found == []
    else:
        assert abs(found[0].score - best) < 1e-9
        for path in found:
            drive = sum(costs[a, b] for a, b in pairwise(path.stops))
            assert abs(sum(evidence[i] for i in path.stops) - drive - path.score) < 1e-9
