"""What `yanji testcity inspect` draws and tells, and which regions are shaded anew."""

from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.city import build_city
from yanji.ingest.testcity.drawing.light import DAY, NIGHT, OVERCAST
from yanji.ingest.testcity.drawing.shade_regions import (
    BLOCK_PX,
    Footprint,
    rectangles,
    shaded_regions,
)
from yanji.ingest.testcity.drawing.views import View, camera_matrix
from yanji.ingest.testcity.drawing_cost import VEHICLES, scatter
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.inspection import (
    describe_frame,
    draw_clip,
    draw_frame,
    draw_truth,
    fullest_frame,
)
from yanji.ingest.testcity.truth import (
    CityTruth,
    TrueCamera,
    TrueDrive,
    TrueFrame,
    TrueVehicle,
    clip_of,
)

SIZE = (160, 120)
GOOD = TrueVehicle("E001", (20.0, 30.0, 100.0, 90.0), (20.0, 30.0, 60.0, 90.0), 80.0, 0.3)
SMALL = TrueVehicle("C002", (110.0, 10.0, 130.0, 20.0), (110.0, 10.0, 130.0, 20.0), 0.0, 0.0)


@pytest.fixture
def city(tmp_path: Path) -> CityTruth:
    frames = (TrueFrame(0, (SMALL,)), TrueFrame(1, (SMALL, GOOD)), TrueFrame(2, (GOOD,)))
    camera = TrueCamera("K01", "桥", "J11", (0, 0, 5), 0, 10, 50, "day", 0.0, frames)
    drives = {
        name: TrueDrive(name, kind, vehicle_class, "", (), ())
        for name, kind, vehicle_class in (("E001", "ebike", "ebike"), ("C002", "suv", "car"))
    }
    grey = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    encode(clip_of(tmp_path, "K01"), iter([grey] * 3), 10)
    return CityTruth(1, *SIZE, 10, 3, "2026-01-01T00:00:00+08:00", {"K01": camera}, drives)


def test_boxes_are_drawn_where_the_truth_has_them(city: CityTruth) -> None:
    grey = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    drawn = draw_truth(grey, city.cameras["K01"].frames[1], city)
    assert (grey == 90).all(), "the picture itself is left alone"
    changed = np.abs(drawn.astype(int) - 90).max(axis=2) > 20
    assert changed[30:90, 20].all(), "left edge of both boxes"
    assert changed[40:90, 59].all(), "right edge of the visible box"
    assert changed[40:90, 99].all(), "right edge of the full box"
    assert changed[10:20, 110].all(), "the small one too"
    assert not changed[100:, :].any()


def test_the_fullest_frame_counts_only_who_counts(city: CityTruth) -> None:
    assert fullest_frame(city, "K01") == 1
    empty = replace(city, cameras={"K01": replace(city.cameras["K01"], frames=())})
    assert fullest_frame(empty, "K01") == 0


def test_a_frame_is_described(city: CityTruth) -> None:
    rows = describe_frame(city.cameras["K01"].frames[1], city)
    assert rows == [
        ["E001", "ebike", "oblique", "80", "0.30", "80", "yes"],
        ["C002", "suv", "front", "0", "0.00", "20", "no"],
    ]


def test_a_frame_and_a_whole_clip_can_be_drawn(city: CityTruth, tmp_path: Path) -> None:
    assert draw_frame(tmp_path, city, "K01", 2).shape == (120, 160, 3)
    assert draw_clip(tmp_path, city, "K01", tmp_path / "truth.mp4") == 3
    with av.open(str(tmp_path / "truth.mp4")) as container:
        assert len(list(container.decode(video=0))) == 3


def test_what_is_not_there_is_named(city: CityTruth, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no frame 3"):
        draw_frame(tmp_path, city, "K01", 3)
    clip_of(tmp_path, "K01").write_bytes(b"\0" * 100)
    with pytest.raises(UsageError, match=r"K01.mp4 cannot be read"):
        draw_frame(tmp_path, city, "K01", 0)


def test_rectangles_cover_each_marked_cell_once() -> None:
    random = np.random.default_rng(3)
    for share in (0.0, 0.1, 0.5, 1.0):
        marked = random.random((9, 13)) < share
        covered = np.zeros(marked.shape, int)
        for x, y, width, height in rectangles(marked):
            covered[y : y + height, x : x + width] += 1
        assert (covered == marked).all()


@pytest.fixture(scope="module")
def view() -> View:
    return build_city(4, 1, 1, "day").views[0]


def _ahead(view: View, metres: float, turn: float = 0.0) -> Footprint:
    yaw = np.radians(view.yaw_deg)
    x, y = np.array(view.eye_m[:2]) + metres * np.array([np.cos(yaw), np.sin(yaw)])
    return Footprint(float(x), float(y), float(yaw + turn), 4.5, 1.8, 1.5, lamps=True)


def test_only_what_a_vehicle_reaches_is_shaded(view: View) -> None:
    to_clip = camera_matrix(view, 960, 540)
    near, far = _ahead(view, 13.0), _ahead(view, 40.0)
    regions = shaded_regions([near, far], OVERCAST, to_clip, (960, 540))
    area = sum(r.scissor[2] * r.scissor[3] for r in regions)
    assert 0 < area < 0.5 * 960 * 540
    assert {place for region in regions for place in region.vehicles} == {0, 1}
    middle = to_clip @ [near.x_m, near.y_m, 0.0, 1.0]
    x = (middle[0] / middle[3] * 0.5 + 0.5) * 960
    y = (middle[1] / middle[3] * 0.5 + 0.5) * 540
    (there,) = [
        r for r in regions
        if r.scissor[0] <= x < r.scissor[0] + r.scissor[2]
        and r.scissor[1] <= y < r.scissor[1] + r.scissor[3]
    ]  # fmt: skip
    assert 0 in there.vehicles
    assert all(edge % BLOCK_PX == 0 for region in regions for edge in region.scissor)


def test_shadows_and_beams_reach_further(view: View) -> None:
    to_clip = camera_matrix(view, 960, 540)
    footprint = [_ahead(view, 20.0, 1.5)]
    areas = []
    for light in (OVERCAST, DAY, NIGHT):
        regions = shaded_regions(footprint, light, to_clip, (960, 540))
        areas.append(sum(r.scissor[2] * r.scissor[3] for r in regions))
    plain, shadow, beams = areas
    assert plain < shadow
    assert plain < beams


def test_nobody_shades_nothing(view: View) -> None:
    to_clip = camera_matrix(view, 960, 540)
    assert shaded_regions([], DAY, to_clip, (960, 540)) == []
    assert shaded_regions([_ahead(view, -30.0)], OVERCAST, to_clip, (960, 540)) == []


def test_the_bench_puts_twelve_different_vehicles_on_the_road(view: View) -> None:
    vehicles = scatter(view, 1)
    assert len(vehicles) == VEHICLES
    assert vehicles == scatter(view, 1)
    assert vehicles != scatter(view, 2)
    places = np.array([(v.x_m, v.y_m) for v in vehicles])
    apart = np.linalg.norm(places[:, None] - places[None], axis=2) + 100 * np.eye(VEHICLES)
    assert apart.min() > 6.0
