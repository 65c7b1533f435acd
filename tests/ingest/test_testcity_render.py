"""The renderer. Where moderngl or EGL is missing, what needs no graphics is tested all the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.ingest.testcity import film as filming
from yanji.ingest.testcity.city import City, build_city, camera_start, glows_at, shown_at
from yanji.ingest.testcity.drawing.gpu import Gpu, RendererError, weld
from yanji.ingest.testcity.drawing.ground import Patch, paint_ground
from yanji.ingest.testcity.drawing.light import DAY, NIGHT, Lens, Sensor
from yanji.ingest.testcity.drawing.renderer import Drawn, Renderer
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.drawing.still import Grounds, paint_grounds
from yanji.ingest.testcity.drawing.views import camera_matrix, pose_matrix, project
from yanji.ingest.testcity.encode import encode
from yanji.ingest.testcity.film import film
from yanji.ingest.testcity.look import Look
from yanji.ingest.testcity.mesh import Material, MeshBuilder
from yanji.ingest.testcity.network import ZEBRA_M
from yanji.ingest.testcity.render import ORDER_FILE, Order, render_city
from yanji.ingest.testcity.truth import camera_file, clip_of, read_camera
from yanji.ingest.testcity.vehicles.kinds import KINDS

SIZE = (320, 180)
LOOK = Look((0.5, 0.02, 0.02), (0.5, 0.5, 0.5), plate="雁A·12345")


@pytest.fixture(scope="module")
def city() -> City:
    return build_city(4, 1, 10, "day")


@pytest.fixture(scope="module")
def gpu() -> Iterator[Gpu]:
    try:
        opened = Gpu()
    except RendererError as error:
        pytest.skip(f"{error.message} {error.hint}")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def grounds(city: City) -> Grounds:
    return paint_grounds(city.network, 4, city.views[0].node)


@pytest.fixture(scope="module")
def renderer(city: City, gpu: Gpu, grounds: Grounds) -> Renderer:
    return Renderer(gpu, city.views[0], city.street, grounds, SIZE)


def _before(city: City, metres: float, kind: str, turn: float = 0.0, aside: float = 0.0) -> Shown:
    """Put a vehicle on the camera's line of sight; turn 0: it faces the camera."""
    view = city.views[0]
    yaw = np.radians(view.yaw_deg)
    x = view.eye_m[0] + metres * np.cos(yaw) - aside * np.sin(yaw)
    y = view.eye_m[1] + metres * np.sin(yaw) + aside * np.cos(yaw)
    return Shown(f"{kind}{metres}", kind, LOOK, float(x), float(y), float(yaw + np.pi + turn))


def test_an_empty_street_is_drawn_and_shows_nobody(renderer: Renderer) -> None:
    drawn = renderer.frame([])
    assert drawn.image.shape == (180, 320, 3)
    assert drawn.image.std() > 15
    assert drawn.seen == ()


def test_two_renders_of_one_moment_are_equal(
    city: City, gpu: Gpu, renderer: Renderer, grounds: Grounds
) -> None:
    other = Renderer(gpu, city.views[0], city.street, grounds, SIZE)
    one, two = (r.frame(shown_at(city, 5.0)) for r in (renderer, other))
    assert one.seen == two.seen
    assert len(one.seen) > 0
    assert np.abs(one.image.astype(int) - two.image).max() <= 1


def test_a_vehicle_is_drawn_where_its_box_is(city: City, renderer: Renderer) -> None:
    empty = renderer.frame([]).image.astype(int)
    drawn = renderer.frame([_before(city, 14.0, "saloon", 1.2)])
    (seen,) = drawn.seen
    assert seen.occlusion < 0.03
    assert np.abs(np.array(seen.full_px) - seen.visible_px).max() <= 2
    changed = np.abs(drawn.image.astype(int) - empty).max(axis=2) > 40
    x1, y1, x2, y2 = (round(edge) for edge in seen.full_px)
    assert changed[y1:y2, x1:x2].mean() > 0.4
    changed[max(y1 - 2, 0) : y2 + 40, max(x1 - 40, 0) : x2 + 40] = False  # its shadow is near
    assert changed.mean() < 0.002


@pytest.mark.parametrize(
    ("turn", "angle"), [(0.0, 0.0), (np.pi, 180.0), (np.pi / 2, -90.0), (-np.pi / 2, 90.0)]
)
def test_the_angle_says_which_side_is_seen(
    city: City, renderer: Renderer, turn: float, angle: float
) -> None:
    """Turned to its left by a quarter, a vehicle that faced the camera shows its right flank."""
    (seen,) = renderer.frame([_before(city, 14.0, "van", turn)]).seen
    assert abs((seen.angle_deg - angle + 180) % 360 - 180) < 1


def test_what_stands_behind_a_bus_is_hidden(city: City, renderer: Renderer) -> None:
    bus = _before(city, 12.0, "bus", np.pi / 2)
    bike = _before(city, 16.5, "ebike")
    (free,) = renderer.frame([bike]).seen
    assert free.occlusion < 0.05
    seen = {one.identity: one for one in renderer.frame([bike, bus]).seen}
    hidden = seen.get(bike.identity)
    assert hidden is None or hidden.occlusion > 0.9
    assert seen[bus.identity].occlusion < 0.05


def test_half_hidden_is_half(city: City, renderer: Renderer) -> None:
    behind = _before(city, 20.0, "van", np.pi / 2)
    before = _before(city, 12.0, "bus", np.pi / 2, aside=5.3)
    seen = {one.identity: one for one in renderer.frame([behind, before]).seen}
    hidden = seen[behind.identity]
    assert 0.2 < hidden.occlusion < 0.8
    assert seen[before.identity].occlusion < 0.05


def test_nobody_behind_the_camera_or_far_away_is_seen(city: City, renderer: Renderer) -> None:
    assert renderer.frame([_before(city, -8.0, "bus"), _before(city, 300.0, "bus")]).seen == ()


def test_a_vehicle_casts_a_shadow_by_day(city: City, renderer: Renderer) -> None:
    """Some of what lies outside its silhouette gets darker."""
    empty = renderer.frame([]).image.astype(int)
    drawn = renderer.frame([_before(city, 14.0, "van", 1.0)])
    x1, y1, x2, y2 = (round(edge) for edge in drawn.seen[0].visible_px)
    darker = (empty - drawn.image.astype(int)).mean(axis=2) > 12
    darker[y1:y2, x1:x2] = False
    assert darker.sum() > 40


def test_projection_agrees_with_a_hand_made_one(city: City) -> None:
    view = city.views[0]
    ahead = np.array(view.eye_m) + 10.0 * view.gaze
    (pixel,) = project([ahead], camera_matrix(view, 960, 540), 960, 540)
    assert pixel == pytest.approx([480, 270], abs=1e-6)
    half = np.tan(np.radians(view.field_deg / 2)) * 10.0
    right = np.cross(view.gaze, [0, 0, 1])
    edge = ahead + half * right / np.linalg.norm(right)
    assert project([edge], camera_matrix(view, 960, 540), 960, 540)[0][0] == pytest.approx(960)
    assert project([view.eye_m], camera_matrix(view, 960, 540), 960, 540) is None


def test_a_pose_turns_and_leans() -> None:
    forward, top = [1, 0, 0, 1], [0, 0, 1, 1]
    assert pose_matrix(3, 4, np.pi / 2) @ forward == pytest.approx([3, 5, 0, 1])
    assert (pose_matrix(0, 0, 0.0, 0.1) @ top)[1] > 0, "positive leans to the left"


def test_the_ground_is_painted_alike_twice_and_has_its_markings(city: City) -> None:
    patch = Patch(-22.0, -22.0, 44.0, 8.0)
    one, two = (paint_ground(city.network, patch, 4) for _ in range(2))
    assert (one == two).all()
    assert (one != paint_ground(city.network, patch, 5)).any()
    zebra = one[round((22.0 + ZEBRA_M[0] + 1.5) * 8), 14 * 8 : 30 * 8].max(axis=1)
    assert (zebra > 140).mean() > 0.25, "white bars ..."
    assert (zebra < 105).mean() > 0.15, "... and asphalt between them"


def test_welding_keeps_every_triangle() -> None:
    b = MeshBuilder()
    b.ellipsoid((0, 0, 0), (1, 2, 3), Material.PAINT)
    mesh = b.build()
    corners, index = weld(mesh)
    assert len(corners) < len(mesh) / 3
    assert np.abs(corners[index] - mesh).max() < 1e-3


def test_grain_depends_on_seed_and_frame_alone() -> None:
    grey = np.full((90, 160, 3), 120, np.uint8)
    lens = Lens(Sensor(noise=3.0), 160, 90, 7)
    again = Lens(Sensor(noise=3.0), 160, 90, 7)
    assert (lens.expose(grey, 4) == again.expose(grey, 4)).all()
    assert (lens.expose(grey, 4) != lens.expose(grey, 5)).any()
    assert (lens.expose(grey, 4) != Lens(Sensor(noise=3.0), 160, 90, 8).expose(grey, 4)).any()
    assert 2.0 < lens.expose(grey, 4).astype(float).std() < 6.0


def test_bloom_spills_light_round_a_lamp() -> None:
    dark = np.zeros((90, 160, 3), np.uint8)
    dark[40:48, 70:80] = 255
    plain, bloomed = (
        Lens(Sensor(noise=0.0, bloom=b), 160, 90, 1).expose(dark, 0)[44, 83].mean() for b in (0, 1)
    )
    assert bloomed > plain + 3


def test_the_city_follows_its_seed(city: City) -> None:
    again = build_city(4, 1, 10, "day")
    assert shown_at(city, 3.3) == shown_at(again, 3.3)
    assert shown_at(city, 3.3) != shown_at(build_city(5, 1, 10, "day"), 3.3)
    assert shown_at(build_city(4, 1, 40, "day"), 3.3) == shown_at(city, 3.3), "longer, same start"
    groups = [KINDS[v.kind].group for v in shown_at(city, 3.3)]
    assert groups.count("two_wheeler") >= 0.25 * len(groups)
    assert len(glows_at(city, city.views[0], 3.0)) == 4
    assert DAY.lamps < NIGHT.lamps


def test_a_cameras_clock_is_off_by_its_offset(city: City) -> None:
    offset = city.views[0].clock_offset_s
    start = camera_start(city.views[0], "2026-11-22T10:18:10+08:00")
    seconds = 10 + offset
    assert start.startswith(f"2026-11-22T10:18:{int(seconds):02d}")
    assert start.endswith("+08:00")


class _FakeRenderer:
    def __init__(self) -> None:
        self.num_frames = 0

    def frame(self, vehicles, glows) -> Drawn:
        self.num_frames += 1
        image = np.full((64, 96, 3), 90, np.uint8)
        image[20:40, (self.num_frames * 3) % 80 :] = 200
        return Drawn(image, ())


def _film(city: City, folder: Path, fake: _FakeRenderer, frames: int = 25) -> list[int]:
    return list(film(city, city.views[0], lambda: fake, folder, frames, 1))


def test_a_stopped_film_goes_on_where_it_stopped(
    city: City, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake = _FakeRenderer()
    draw = filming.draw

    def stops(*given):
        if fake.num_frames >= 13:
            raise KeyboardInterrupt
        return draw(*given)

    monkeypatch.setattr(filming, "draw", stops)
    with pytest.raises(KeyboardInterrupt):
        _film(city, tmp_path, fake)
    assert not clip_of(tmp_path, "K01").exists()
    monkeypatch.undo()
    second = _FakeRenderer()
    assert sum(_film(city, tmp_path, second)) == 25
    assert second.num_frames == 15, "the ten frames of the finished part are kept"
    with av.open(str(clip_of(tmp_path, "K01"))) as container:
        pictures = [f.pts for f in container.decode(video=0)]
        assert len(pictures) == 25
        assert np.diff(pictures).min() > 0
    camera = read_camera(camera_file(tmp_path, "K01"))
    assert [frame.number for frame in camera.frames] == list(range(25))
    assert not list((tmp_path / "parts").iterdir())
    third = _FakeRenderer()
    assert _film(city, tmp_path, third) == [25]
    assert third.num_frames == 0


def test_a_clip_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    def images():
        yield np.zeros((64, 96, 3), np.uint8)
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        encode(tmp_path / "a.mp4", images(), 10)
    assert not (tmp_path / "a.mp4").exists()


@pytest.mark.parametrize(
    "order",
    [
        Order(0, 5, 1), Order(82, 5, 1), Order(1, 0, 1), Order(1, 0.01, 1), Order(1, 5, -1),
        Order(1, 5, 1, width=961), Order(1, 5, 1, height=20), Order(1, 5, 1, fps=0),
        Order(1, float("nan"), 1), Order(1, 5, 1, light="dusk"),
    ],
)  # fmt: skip
def test_impossible_orders_are_refused_before_anything_is_written(
    order: Order, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        render_city(order, tmp_path / "out", 1, lambda done, total: None)
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("x")
    with pytest.raises(UsageError, match="not empty"):
        render_city(Order(1, 1, 1), tmp_path, 1, lambda done, total: None)
    (tmp_path / ORDER_FILE).write_text("{}")
    with pytest.raises(UsageError, match="another city"):
        render_city(Order(1, 1, 1), tmp_path, 1, lambda done, total: None)
    assert {path.name for path in tmp_path.iterdir()} == {"precious", ORDER_FILE}


def test_a_small_city_from_the_command_line(gpu: Gpu, yanji_program, tmp_path: Path) -> None:
    out = tmp_path / "城"
    command = ["testcity", "render", "--out", str(out), "--cameras", "1", "--seconds", "0.5",
               "--seed", "4", "--size", "128x96", "--fps", "4", "--json"]  # fmt: skip
    first = yanji_program(*command)
    assert first.returncode == 0, first.stderr
    assert json.loads(first.stdout)["frames"] == 2
    assert "never accuracy" in json.loads(first.stdout)["note"]
    assert "2 of 2 frames" in first.stderr
    names = {path.name for path in out.iterdir()}
    assert {"K01.mp4", "K01.truth.jsonl", "city.truth.jsonl", "site.yaml", "manifest.csv"} <= names
    before = (out / "K01.mp4").stat().st_mtime_ns
    assert yanji_program(*command).returncode == 0
    assert (out / "K01.mp4").stat().st_mtime_ns == before, "nothing is done twice"


@pytest.fixture(scope="module")
def yanji_program():
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "yanji.api.cli", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return run


def test_nothing_but_drawing_loads_the_graphics_library() -> None:
    code = (
        "import sys, yanji.ingest.testcity.truth, yanji.ingest.testcity.render,"
        " yanji.ingest.testcity.city; sys.exit('moderngl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_graphics_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(RendererError) as caught:
        Gpu()
    assert "yanji[testcity]" in caught.value.hint


def test_missing_system_libraries_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class _Broken:
        @staticmethod
        def create_context(**_settings: object) -> None:
            raise RuntimeError("libEGL.so not found")

    def missing(name: str) -> None:
        raise OSError(name)

    monkeypatch.setitem(sys.modules, "moderngl", _Broken())
    monkeypatch.setattr("ctypes.CDLL", missing)
    with pytest.raises(
        RendererError, match=r"libEGL.so.1 \(package libegl1\) is missing"
    ) as caught:
        Gpu()
    assert "apt-get install libegl1 libegl-mesa0" in caught.value.hint
