"""The map of a route: where things go, what is written, what is refused."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest
from PIL import Image

from yanji.api.map_drawing import draw
from yanji.api.map_pen import ascii_of, text_width
from yanji.api.map_plan import (
    free_box,
    scale_bar_m,
    sheet_of,
    shifted_right,
    stops_of,
    touches,
)
from yanji.api.map_style import MAP, ROUTE, WIDTH, MapCamera, RouteMap
from yanji.configs.distance import Place, distance_m
from yanji.index.graph import CameraPlace, Road, RoadGraph
from yanji.index.route import Leg, LegFacts, NextCamera, Route, Trace
from yanji.ingest.gap import Gap
from yanji.ingest.testcity.demo_data import snapshot_path

CASE = ("--case", "2026-17", "--reason", "hit and run at the bridge")
NS = 10**9
PLACES = {"K01": Place(112.61, 26.89), "K02": Place(112.62, 26.89), "K03": Place(112.62, 26.90)}


def leg(camera_id: str, at_s: float, travel_s: float | None = None) -> Leg:
    first = round(at_s * NS)
    return Leg("a" * 32, camera_id, first, first + 2 * NS, None, travel_s, 0.8, "why", LegFacts(1))


def town(legs: list[Leg], places=None, labels=None, **changes) -> RouteMap:
    places = PLACES if places is None else places
    graph = RoadGraph(
        [CameraPlace(n, p.longitude, p.latitude) for n, p in places.items() if p],
        [Road("K01", "K02", 1000, 20, 60, False), Road("K02", "K03", 1100, 20, 60, False)],
    )
    routes = (Route(tuple(legs), 1.5),) if legs else ()
    cameras = {n: MapCamera(n, p, 45.0, (labels or {}).get(n, n)) for n, p in places.items()}
    from zoneinfo import ZoneInfo

    shown = RouteMap(
        cameras=cameras,
        roads=(("K01", "K02"), ("K02", "K03")),
        graph=graph,
        trace=Trace(routes, (), (), "roads", ()),
        audit_id="1-abc",
        crops={1: np.full((40, 60, 3), (200, 30, 30), np.uint8)},
        snapshot=np.full((50, 50, 3), (30, 200, 30), np.uint8),
        zone=ZoneInfo("Asia/Shanghai"),
    )
    return dataclasses.replace(shown, **changes)


def has(image: Image.Image, colour, box=None) -> int:
    """How many pixels are of about this colour."""
    part = np.asarray(image.crop(box) if box else image).astype(int)
    return int((np.abs(part - np.array(colour[:3])).max(axis=2) < 12).sum())


def test_the_map_is_true_to_scale_and_north_is_up() -> None:
    sheet = sheet_of(list(PLACES.values()), MAP)
    a, b, c = (sheet.px(place) for place in PLACES.values())
    assert math.dist(a, b) == pytest.approx(
        distance_m(PLACES["K01"], PLACES["K02"]) * sheet.px_per_m, rel=0.002
    )
    assert math.dist(b, c) == pytest.approx(
        distance_m(PLACES["K02"], PLACES["K03"]) * sheet.px_per_m, rel=0.002
    )
    assert a[0] < b[0]
    assert c[1] < b[1]
    assert all(sheet.shows(place) for place in PLACES.values())
    assert not sheet.shows(Place(113.0, 26.89))


def test_a_map_of_one_place_and_one_across_the_date_line() -> None:
    one = sheet_of([PLACES["K01"]], MAP)
    assert one.px(PLACES["K01"]) == ((MAP[0] + MAP[2]) / 2, (MAP[1] + MAP[3]) / 2)
    far = sheet_of([Place(179.99, 0.0), Place(-179.99, 0.0)], MAP)
    assert far.shows(Place(180.0, 0.0))
    assert far.px(Place(-179.99, 0.0))[0] > far.px(Place(179.99, 0.0))[0]


@pytest.mark.parametrize(("px_per_m", "metres"), [(4.0, 20), (1.0, 100), (0.01, 10_000)])
def test_the_scale_bar_is_a_round_number(px_per_m: float, metres: float) -> None:
    assert scale_bar_m(px_per_m, 190) == metres


def test_legs_at_one_camera_in_a_row_are_one_stop() -> None:
    legs = [leg("K01", 0), leg("K01", 4, 1), leg("K02", 60, 50), leg("K01", 200, 130)]
    stops = stops_of(legs)
    assert [(stop.camera_id, stop.numbers) for stop in stops] == [
        ("K01", "1-2"),
        ("K02", "3"),
        ("K01", "4"),
    ]
    assert (stops[0].first_ns, stops[0].last_ns) == (0, 6 * NS)
    assert stops[1].travel_s == 50
    assert stops_of([]) == ()


def test_there_and_back_lie_beside_each_other() -> None:
    there = shifted_right([(0, 0), (100, 0)], 5)
    back = shifted_right([(100, 0), (0, 0)], 5)
    assert there == [(0, 5), (100, 5)], "to the right of who drives east is south"
    assert back == [(100, -5), (0, -5)]


@pytest.mark.parametrize(("at", "count"), [((350, 400), 6), ((20, 100), 2), ((690, 770), 2)])
def test_labels_keep_off_each_other_and_inside_the_map(at, count) -> None:
    inside = (0, 76, 700, 776)
    taken: list[tuple[float, float, float, float]] = []
    for _ in range(count):
        taken.append(free_box(at, (120, 50), 10, inside, taken, []))
    for number, a in enumerate(taken):
        assert a[0] >= inside[0]
        assert a[1] >= inside[1]
        assert a[2] <= inside[2]
        assert a[3] <= inside[3]
        for b in taken[:number]:
            wide = min(a[2], b[2]) - max(a[0], b[0])
            high = min(a[3], b[3]) - max(a[1], b[1])
            assert min(wide, high) < 1, "a pixel is no harm"


def test_lines_outside_of_the_map_are_left_out() -> None:
    assert touches(((-500, 100), (500, 100)), MAP)
    assert not touches(((-500, 100), (-5, 100)), MAP)


def test_the_picture_shows_route_crops_and_snapshot() -> None:
    legs = [leg("K01", 0), leg("K02", 62, 60.0), leg("K03", 130, 66.0)]
    image = draw(town(legs))
    assert image.size[0] == WIDTH
    inside = tuple(round(edge) for edge in MAP)
    without = draw(town([]))
    assert has(image, ROUTE, inside) > has(without, ROUTE, inside) + 3000
    strip = (0, round(MAP[3]), WIDTH, image.size[1])
    assert has(image, (30, 30, 200), strip) > 2000, "the crop, which is BGR"
    assert has(image, (30, 200, 30), strip) > 2000, "the snapshot"


def test_many_legs_make_the_strip_higher_and_a_note_is_below() -> None:
    legs = [leg(f"K0{1 + n % 3}", 60.0 * n, 58.0 if n else None) for n in range(17)]
    assert draw(town(legs)).size[1] > draw(town(legs[:3])).size[1] + 300
    plain, noted = draw(town(legs[:2])), draw(town(legs[:2], note="rendered"))
    assert noted.size[1] > plain.size[1]


def test_odd_towns_are_drawn_all_the_same() -> None:
    gap = Gap("K02", 10 * NS, 20 * NS, "network")
    ahead = NextCamera("K03", 100 * NS, 200 * NS, None, "ahead")
    legs = [leg("K01", 0), leg("K09", 30, 28.0), leg("K03", 90, 58.0)]
    base = town(legs)
    busy = dataclasses.replace(base.trace, gaps=(gap,), next=(ahead,))
    draw(dataclasses.replace(base, trace=busy))
    nowhere = {**PLACES, "K02": None}
    draw(town([leg("K01", 0), leg("K02", 60, 58.0), leg("K03", 130, 66.0)], places=nowhere))
    draw(town([leg("K02", 0)], places=nowhere))
    draw(town([dataclasses.replace(leg("K01", 0), sighting_id=None, score=None)]))
    draw(town([leg("K01", 0)], labels={"K01": "#1"}, snapshot=None, crops={}))
    many = {f"C{n}": Place(112.61 + n * 1e-4, 26.89) for n in range(300)}
    draw(town(legs, places={**PLACES, **many}))


def test_texts_are_ascii() -> None:
    assert ascii_of("K01") == "K01"
    assert ascii_of("北门") == "\\u5317\\u95e8"
    assert text_width("wide", 20) > text_width("i", 20) > 0


@pytest.fixture
def trace(yanji, town_of_two):
    def call(what, *more):
        return yanji("trace", what, "--archive", town_of_two.archive, *CASE, *more)

    return call


@pytest.fixture
def town_of_two(request):
    return request.getfixturevalue("town")


def test_trace_draws_a_map(trace, town_of_two, tmp_path) -> None:
    path = tmp_path / "route.png"
    at = ("--at", "K04", "--time", "2026-11-20 08:00:07.6")
    answer = trace(snapshot_path(), *at, "-c", town_of_two.site, "--map", path, "--json")
    assert answer.status == 0
    assert answer.json["map"] == str(path)
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.size[0] == WIDTH
    assert not list(tmp_path.glob("*.tmp"))
    at = ("--at", "K04", "--time", "2026-11-20T08:00:07.6+08:00")
    told = trace(snapshot_path(), *at, "--map", path)
    assert told.status == 0, "the archive knows the places too"
    assert f"map: {path}" in told.out


def test_without_places_there_is_no_map_and_no_question(yanji, filled, tmp_path) -> None:
    path = tmp_path / "route.png"
    answer = yanji("trace", snapshot_path(), "--archive", filled, *CASE, "--map", path)
    assert answer.status == 2
    assert "No camera has a place" in answer.sentence
    assert not path.exists()
    assert not (filled / "audit.jsonl").exists()


@pytest.mark.parametrize(
    ("name", "words"), [("route.jpg", "must end in .png"), ("none/route.png", "no folder")]
)
def test_a_file_that_cannot_be_is_refused_at_once(yanji, filled, tmp_path, name, words) -> None:
    asked = ("--archive", filled, *CASE, "--map", tmp_path / name)
    answer = yanji("trace", snapshot_path(), *asked)
    assert answer.status == 2
    assert words in answer.sentence


def test_a_map_that_cannot_be_written_is_said(trace, town_of_two, tmp_path) -> None:
    (tmp_path / "route.png.tmp").mkdir()
    answer = trace(snapshot_path(), "-c", town_of_two.site, "--map", tmp_path / "route.png")
    assert answer.status == 1
    assert "map cannot be written" in answer.sentence


def test_ids_that_the_map_cannot_write_are_numbered(yanji, town, tmp_path) -> None:
    text = town.site.read_text(encoding="utf-8").replace("K02", "北门")
    site = tmp_path / "site.yaml"
    site.write_text(text, encoding="utf-8")
    asked = ("--archive", town.archive, *CASE, "-c", site, "--map", tmp_path / "route.png")
    answer = yanji("trace", snapshot_path(), *asked)
    assert answer.status == 0
    assert "#2 on the map is 北门" in answer.out
