"""The renderer: skipped where moderngl or EGL is missing; the rest of the package needs neither."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.ingest.testcity.film import make_clips
from yanji.ingest.testcity.kinds import KINDS, corners_of, mesh_of
from yanji.ingest.testcity.light import expose
from yanji.ingest.testcity.render import Renderer, RendererError
from yanji.ingest.testcity.scene import amodal_box
from yanji.ingest.testcity.traffic import K01, VEHICLES, placed


def _renderer() -> Renderer:
    try:
        return Renderer(K01, 320, 180, samples=0)
    except RendererError as error:
        pytest.skip(f"{error.message}: {error.hint}")


def test_two_renders_of_one_moment_are_equal() -> None:
    pictures = []
    for _ in range(2):
        renderer = _renderer()
        clean = renderer.frame(list(placed(K01, 3.7).values()))
        renderer.close()
        pictures.append(expose(clean, K01.sensor, np.random.default_rng(7)).astype(int))
    assert pictures[0].shape == (180, 320, 3)
    assert pictures[0].std() > 20
    assert np.abs(pictures[0] - pictures[1]).max() <= 1


def test_a_vehicle_is_drawn_inside_its_projected_box() -> None:
    renderer = _renderer()
    scene = placed(K01, 3.7)
    with_target = renderer.frame([scene["E06"]]).astype(int)
    empty = renderer.frame([]).astype(int)
    renderer.close()
    found = amodal_box(corners_of("delivery_ebike"), scene["E06"], K01, 320, 180)
    assert found is not None
    (x1, y1, x2, y2), inside = found
    assert inside == pytest.approx(1.0)
    rows, columns = np.nonzero(np.abs(with_target - empty).max(axis=2) > 60)
    assert rows.min() >= y1 - 2
    assert rows.max() <= y2 + 2
    assert columns.max() <= x2 + 2
    assert len(rows) > 0.2 * (x2 - x1) * (y2 - y1)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_meshes_stand_on_the_ground_and_have_unit_normals(kind: str) -> None:
    mesh = mesh_of(kind)
    assert mesh.dtype == np.float32
    assert mesh.shape[0] % 3 == 0
    assert mesh.shape[1] == 7
    assert abs(mesh[:, 2].min()) < 0.02, "wheels touch the road"
    assert np.abs(np.linalg.norm(mesh[:, 3:6], axis=1) - 1).mean() < 0.02
    assert np.isfinite(mesh).all()


def test_no_two_vehicles_of_one_lane_touch() -> None:
    for tenth in range(0, 250, 5):
        for lane in {vehicle.lane for vehicle in VEHICLES}:
            along = sorted(v.street_m(tenth / 10) for v in VEHICLES if v.lane == lane)
            assert min(np.diff(along)) > 11


def test_an_unknown_camera_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="K99"):
        make_clips(tmp_path, ["K99"])


def test_the_demo_never_loads_the_graphics_library() -> None:
    code = (
        "import sys, yanji.ingest.testcity.demo_data, yanji.ingest.testcity.erase,"
        " yanji.ingest.testcity.film, yanji.ingest.testcity.render;"
        " sys.exit('moderngl' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_missing_graphics_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moderngl", None)
    with pytest.raises(RendererError) as caught:
        Renderer(K01, 320, 180)
    assert "yanji[testcity]" in caught.value.hint
