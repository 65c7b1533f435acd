from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yanji.configs.errors import UsageError
from yanji.configs.site import Site
from yanji.index.graph import (
    PLACES_KMH,
    CameraPlace,
    Road,
    RoadGraph,
    graph_from_site,
    straight_m,
)

CAMERAS = ["K01", "K02", "K03", "向阳路口", "é", "K06"]

roads_lists = st.lists(
    st.builds(
        Road,
        st.sampled_from(CAMERAS),
        st.sampled_from(CAMERAS),
        st.floats(1, 5000),
        st.floats(5, 30),
        st.floats(30, 90),
        st.booleans(),
    ),
    max_size=12,
)


def road(a: str, b: str, metres: float, *, oneway: bool = False) -> Road:
    return Road(a, b, metres, 15, 60, oneway)


def plain(*roads: Road) -> RoadGraph:
    """No view length and no waits: times are distance over speed."""
    return RoadGraph(roads=roads, view_m=0, wait_s=0)


def test_one_road_takes_distance_over_speed_both_ways() -> None:
    graph = plain(road("K01", "K02", 640))
    for travel in (graph.travel("K01", "K02"), graph.travel("K02", "K01")):
        assert travel is not None
        assert travel.earliest_s == pytest.approx(38.4)
        assert travel.typical_s == pytest.approx(76.8)
        assert travel.latest_s == pytest.approx(153.6)
        assert (travel.distance_m, travel.via, travel.basis) == (640, (), "roads")


def test_view_shortens_the_earliest_drive_and_waits_lengthen_the_latest() -> None:
    travel = RoadGraph(roads=[road("A", "B", 640)], view_m=30, wait_s=60).travel("A", "B")
    assert travel is not None
    assert travel.earliest_s == pytest.approx((640 - 60) / 60 * 3.6)
    assert travel.latest_s == pytest.approx(153.6 + 60)


def test_path_over_unseen_cameras_names_them_in_order() -> None:
    graph = plain(
        road("A", "B", 100), road("B", "C", 100), road("C", "D", 100), road("A", "D", 900)
    )
    travel = graph.travel("A", "D")
    assert travel is not None
    assert travel.via == ("B", "C")
    assert travel.distance_m == 300


def test_a_fast_detour_wins_over_a_short_lane() -> None:
    graph = plain(Road("A", "B", 1000, 5, 10), Road("A", "C", 1000, 50, 100), road("C", "B", 100))
    travel = graph.travel("A", "B")
    assert travel is not None
    assert travel.via == ("C",)


def test_one_way_goes_round_or_not_at_all() -> None:
    ring = [road("A", "B", 100, oneway=True), road("B", "C", 100, oneway=True)]
    assert plain(*ring).travel("B", "A") is None
    back = plain(*ring, road("C", "A", 100, oneway=True)).travel("B", "A")
    assert back is not None
    assert back.via == ("C",)


def test_separate_parts_fall_back_to_places_then_to_time() -> None:
    roads = [road("A", "B", 100), road("C", "D", 100)]
    nowhere = RoadGraph(roads=roads).travel("A", "C")
    assert nowhere is not None
    assert (nowhere.basis, nowhere.earliest_s, nowhere.latest_s) == ("time", 0, math.inf)
    places = [CameraPlace("A", 112.0, 26.0), CameraPlace("C", 112.0, 26.01)]
    placed = RoadGraph(places, roads).travel("A", "C")
    assert placed is not None
    assert placed.basis == "places"
    assert placed.distance_m == pytest.approx(1112, abs=1)


def test_places_give_straight_line_times() -> None:
    graph = RoadGraph([CameraPlace("A", 0, 0), CameraPlace("B", 0.01, 0)], view_m=0, wait_s=0)
    travel = graph.travel("A", "B")
    assert travel is not None
    assert graph.basis == "places"
    line_m = straight_m(CameraPlace("A", 0, 0), CameraPlace("B", 0.01, 0))
    assert line_m is not None
    assert travel.earliest_s == pytest.approx(line_m / (PLACES_KMH[1] / 3.6))
    assert travel.earliest_s < (travel.typical_s or 0) < travel.latest_s


def test_basis_is_time_without_roads_and_with_one_place() -> None:
    assert RoadGraph().basis == "time"
    assert RoadGraph([CameraPlace("A", 1, 1), CameraPlace("B")]).basis == "time"
    assert RoadGraph(roads=[road("A", "B", 1)]).basis == "roads"


def test_a_camera_to_itself_takes_no_time() -> None:
    travel = RoadGraph().travel("A", "A")
    assert travel is not None
    assert (travel.earliest_s, travel.distance_m) == (0, 0)


def test_after_gives_neighbours_and_one_beyond_soonest_first() -> None:
    graph = plain(road("A", "B", 100), road("B", "C", 100), road("C", "D", 100))
    assert [camera for camera, _ in graph.after("A")] == ["B", "C"]
    assert [camera for camera, _ in graph.after("A", max_unseen=0)] == ["B"]
    assert list(RoadGraph().after("A")) == []


@pytest.mark.parametrize(
    "bad",
    [
        Road("A", "B", -1, 15, 60),
        Road("A", "B", math.nan, 15, 60),
        Road("A", "B", math.inf, 15, 60),
        Road("A", "B", 100, 0, 60),
        Road("A", "B", 100, 61, 60),
        Road("A", "B", 100, 15, math.inf),
    ],
)
def test_absurd_roads_are_refused(bad: Road) -> None:
    with pytest.raises(UsageError, match="from A to B"):
        RoadGraph(roads=[bad])


def test_graph_from_site_takes_cameras_and_roads() -> None:
    site = Site.model_validate(
        {
            "cameras": [
                {"id": "K01", "longitude": 112.61, "latitude": 26.89},
                {"id": "K02"},
            ],
            "roads": [
                {"from": "K01", "to": "K02", "distance_m": 640, "speed_kmh": [15, 60]},
                {"from": "K02", "to": "K01", "distance_m": 1, "speed_kmh": [9, 9], "oneway": True},
            ],
        }
    )
    graph = graph_from_site(site)
    there, back = graph.travel("K01", "K02"), graph.travel("K02", "K01")
    assert there is not None
    assert back is not None
    assert (there.distance_m, back.distance_m) == (640, 1)
    assert graph.camera_ids == ("K01", "K02")


def floyd_warshall(roads: list[Road]) -> dict[tuple[str, str], float]:
    """The reference: least seconds at the fastest speed between all pairs."""
    best = {(a, b): 0.0 if a == b else math.inf for a in CAMERAS for b in CAMERAS}
    for r in roads:
        seconds = r.distance_m * 3.6 / r.fastest_kmh
        ends = [(r.from_camera, r.to_camera)]
        ends += [] if r.oneway else [(r.to_camera, r.from_camera)]
        for pair in ends:
            best[pair] = min(best[pair], seconds)
    for k in CAMERAS:
        for a in CAMERAS:
            for b in CAMERAS:
                best[a, b] = min(best[a, b], best[a, k] + best[k, b])
    return best


@given(roads_lists)
@settings(max_examples=150, deadline=None)
def test_earliest_times_equal_floyd_warshall_on_any_graph(roads: list[Road]) -> None:
    graph, best = plain(*roads), floyd_warshall(roads)
    for a in CAMERAS:
        for b in CAMERAS:
            travel = graph.travel(a, b)
            if travel is None:
                assert best[a, b] == math.inf
            elif travel.basis == "roads" and a != b:
                assert travel.earliest_s == pytest.approx(best[a, b])
                assert travel.typical_s is not None
                assert travel.earliest_s <= travel.typical_s + 1e-9 <= travel.latest_s + 2e-9
                assert a not in travel.via
                assert b not in travel.via
                assert len(set(travel.via)) == len(travel.via)
            elif a != b:
                assert best[a, b] == math.inf


@given(roads_lists, st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_roads_changes_nothing(roads: list[Road], random) -> None:  # type: ignore[no-untyped-def]
    shuffled = roads.copy()
    random.shuffle(shuffled)
    one, two = RoadGraph(roads=roads), RoadGraph(roads=shuffled)
    for a in CAMERAS:
        for b in CAMERAS:
            x, y = one.travel(a, b), two.travel(a, b)
            assert (x is None) == (y is None)
            if x is not None and y is not None:
                assert x.earliest_s == pytest.approx(y.earliest_s)
                assert x.basis == y.basis
