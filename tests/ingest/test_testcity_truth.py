"""Truth, passages, site: what is written is what is read, and wrong files are named."""

from dataclasses import replace
from pathlib import Path

import pytest

from yanji.configs.errors import UsageError
from yanji.configs.site import load_site
from yanji.configs.site_check import check_site_file
from yanji.ingest.testcity.cameras import place_cameras, sights_of
from yanji.ingest.testcity.network import ARM_M, HALF_M, build_network, grid_of
from yanji.ingest.testcity.passages import counts, passages_of
from yanji.ingest.testcity.site_of import camera_roads, manifest_text, place_of, write_site
from yanji.ingest.testcity.truth import (
    CityTruth,
    TrueCamera,
    TrueDrive,
    TrueFrame,
    TruePassage,
    TrueSnapshot,
    TrueVehicle,
    camera_file,
    camera_record,
    frame_record,
    read_truth,
    write_city,
    write_records,
)

SEEN = TrueVehicle("E001", (10.0, 20.0, 110.0, 90.0), (10.0, 20.0, 60.0, 90.0), 75.0, 0.25)


def _camera(*frames: TrueFrame) -> TrueCamera:
    return TrueCamera("K01", "向阳路口", "J11", (1, 2, 5), 90.0, 15, 50, "day", -1.5, frames)


def _city(**changes: object) -> CityTruth:
    drive = TrueDrive(
        "E001", "ebike", "ebike", "雁城12345", (("J11", 1.25),), (TruePassage("K01", 0, 9),)
    )
    city = CityTruth(
        seed=3, width=960, height=540, fps=10, num_frames=10, start="2026-11-22T10:18:00+08:00",
        cameras={}, drives={"E001": drive}, snapshot=TrueSnapshot("K01", 4, "E001", (1, 2, 30, 40)),
    )  # fmt: skip
    return replace(city, **changes)


def _write(folder: Path, *frames: TrueFrame) -> None:
    write_city(folder, _city())
    records = [camera_record(_camera()), *(frame_record(frame) for frame in frames)]
    write_records(camera_file(folder, "K01"), records)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    frames = (TrueFrame(0, (SEEN,)), TrueFrame(1, ()))
    _write(tmp_path, *frames)
    assert read_truth(tmp_path) == _city(cameras={"K01": _camera(*frames)})
    assert read_truth(tmp_path, []).cameras == {}


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda p: (p / "city.truth.jsonl").unlink(), "no truth of a test city"),
        (lambda p: (p / "city.truth.jsonl").write_text(""), "lacks its first line"),
        (lambda p: (p / "K01.truth.jsonl").write_text('{"record":"camera"\n'), "Line 1"),
        (lambda p: (p / "K01.truth.jsonl").write_text("7\n"), "Line 1"),
        (lambda p: (p / "K01.truth.jsonl").write_text(""), "K01.truth.jsonl lacks"),
        (
            lambda p: (p / "city.truth.jsonl").write_text('{"record":"city","version":1}\n'),
            "version 1",
        ),
    ],
)
def test_damaged_truth_is_named(tmp_path: Path, damage, message: str) -> None:
    _write(tmp_path, TrueFrame(0, (SEEN,)))
    damage(tmp_path)
    with pytest.raises(UsageError, match=message):
        read_truth(tmp_path)


def test_an_unknown_camera_is_named(tmp_path: Path) -> None:
    _write(tmp_path)
    with pytest.raises(UsageError, match="No camera K09"):
        read_truth(tmp_path, ["K09"])


@pytest.mark.parametrize(
    ("angle", "view"),
    [(0, "front"), (24, "front"), (-26, "oblique"), (90, "oblique"), (-154, "oblique"),
     (156, "rear"), (-180, "rear")],
)  # fmt: skip
def test_views_by_angle(angle: float, view: str) -> None:
    assert replace(SEEN, angle_deg=float(angle)).view == view


@pytest.mark.parametrize(
    ("changes", "good"),
    [
        ({}, True),
        ({"occlusion": 0.51}, False),
        ({"full_px": (10.0, 20.0, 49.0, 50.0)}, False),
        ({"full_px": (-60.0, 20.0, 50.0, 90.0)}, False),
        ({"full_px": (-50.0, 20.0, 50.0, 90.0)}, True),
    ],
)
def test_which_views_count(changes: dict[str, object], good: bool) -> None:
    assert counts(replace(SEEN, **changes), 960, 540) is good


def _frames(numbers: range | list[int]) -> list[TrueFrame]:
    return [TrueFrame(number, (SEEN,)) for number in numbers]


def test_a_passage_goes_on_over_a_short_pause_and_ends_at_a_long_one() -> None:
    frames = _frames([*range(10), *range(35, 45), *range(80, 100)])
    assert passages_of("K01", frames, 960, 540, 10) == {
        "E001": [TruePassage("K01", 0, 44), TruePassage("K01", 80, 99)]
    }


def test_a_glimpse_is_no_passage_and_nothing_gives_nothing() -> None:
    assert passages_of("K01", _frames([5, 6, 7]), 960, 540, 10) == {}
    assert passages_of("K01", [], 960, 540, 10) == {}


@pytest.mark.parametrize("num", [1, 2, 3, 4, 8, 12])
def test_the_grid_holds_enough_junctions_that_all_have_four_roads(num: int) -> None:
    network = build_network(5, num)
    assert len(network.junctions) >= num
    columns, rows = grid_of(num)
    assert columns >= rows
    for node in network.junctions:
        assert len(network.neighbours(node.name)) == 4
    for road in network.roads:
        gate = network.nodes[road.end].gate
        assert road.length_m == ARM_M if gate else 77 < road.length_m < 105


def test_a_city_without_junctions_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        build_network(1, 0)


def test_cameras_follow_the_seed_and_differ() -> None:
    network = build_network(5, 8)
    views = place_cameras(network, 5, 8)
    assert views == place_cameras(network, 5, 8)
    assert views != place_cameras(network, 6, 8)
    assert {view.light.name for view in views} == {"day", "overcast", "evening", "night"}
    assert len({view.field_deg for view in views}) == len({v.eye_m[2] for v in views}) == 8
    for view in views:
        node = network.nodes[view.node]
        off_road = max(abs(view.eye_m[0] - node.x_m), abs(view.eye_m[1] - node.y_m))
        assert off_road > HALF_M, "no camera stands on the asphalt of its junction"
    assert len(sights_of(views)) == 3 * len(views)


def test_lights_are_taken_in_turn_and_unknown_ones_named() -> None:
    network = build_network(5, 3)
    lights = [view.light.name for view in place_cameras(network, 5, 3, "night,day")]
    assert lights == ["night", "day", "night"]
    with pytest.raises(UsageError, match="`fog`"):
        place_cameras(network, 5, 1, "fog")
    with pytest.raises(UsageError, match="9 cameras"):
        place_cameras(network, 5, 9)


def test_the_site_file_is_accepted_and_its_roads_are_true(tmp_path: Path) -> None:
    network = build_network(5, 4)
    views = tuple(place_cameras(network, 5, 4))
    write_site(tmp_path, network, views)
    assert check_site_file(tmp_path / "site.yaml") == []
    site = load_site(tmp_path / "site.yaml")
    assert [camera.clock_offset_s for camera in site.cameras] == [v.clock_offset_s for v in views]
    assert len(site.roads) == 4
    for road in site.roads:
        a, b = (next(v for v in views if v.camera_id == c).node
                for c in (road.from_camera, road.to_camera))  # fmt: skip
        true = next(r for r in network.roads if {r.start, r.end} == {a, b})
        assert road.distance_m == round(true.length_m)


def test_roads_go_through_junctions_without_a_camera() -> None:
    network = build_network(5, 4)
    views = tuple(place_cameras(network, 5, 4))
    pair = (views[0], views[3])
    (road,) = camera_roads(network, pair)
    assert road[:2] == ("K01", "K04")
    assert road[2] > 150


def test_the_manifest_gives_each_clip_its_own_clock() -> None:
    views = tuple(place_cameras(build_network(5, 2), 5, 2))
    text = manifest_text(views, {"K01": "2026-01-01T00:00:01+08:00", "K02": "x"})
    assert text.splitlines() == [
        "camera_id,path,start", "K01,K01.mp4,2026-01-01T00:00:01+08:00", "K02,K02.mp4,x",
    ]  # fmt: skip


def test_a_hundred_metres_east_and_north() -> None:
    longitude, latitude = place_of(100.0, 100.0)
    assert longitude == pytest.approx(112.61 + 0.001007, abs=2e-6)
    assert latitude == pytest.approx(26.89 + 0.000898, abs=2e-6)
