"""Renders the test city with moderngl on EGL: no screen and no GPU are needed.

`python -m yanji.ingest.testcity.render --out DIR` makes the demo's clips anew. Only this module
imports moderngl, and only when a renderer is made; playing the clips does not need it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import click
import numpy as np

from yanji.configs.errors import YanjiError
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity import shaders
from yanji.ingest.testcity.kinds import KINDS, mesh_of
from yanji.ingest.testcity.mesh import Mesh
from yanji.ingest.testcity.scene import Matrix, Placed, View, camera_matrix, sun_matrix
from yanji.ingest.testcity.street import ROAD_HALF_M, street

_SHADOW_PX: Final = 2048
_PACKAGES: Final = "libegl1 libegl-mesa0 libgl1-mesa-dri"


class RendererError(YanjiError):
    """The renderer cannot start: moderngl or the system's EGL libraries are missing."""

    code = "renderer"


class Renderer:
    """Draws one camera's piece of street; make one per view, and close it."""

    def __init__(self, view: View, width: int = 960, height: int = 540, samples: int = 4) -> None:
        """Open an off-screen context.

        Raises:
            RendererError: moderngl or a system library is missing; the hint names the package.
        """
        self._view, self._size = view, (width, height)
        self._context = context = _open_context()
        self._surface = context.program(shaders.VERTEX, shaders.FRAGMENT)
        self._depth = context.program(shaders.DEPTH_VERTEX, shaders.DEPTH_FRAGMENT)
        self._canvas = context.framebuffer(
            [context.renderbuffer(self._size, 3, samples=samples)],
            context.depth_renderbuffer(self._size, samples=samples),
        )
        self._resolved = context.framebuffer([context.renderbuffer(self._size, 3)])
        self._arrays: dict[str, tuple[Any, Any]] = {}
        self._still = self._upload(street(view.seed))
        self._shadows = [self._shadow_map() for _ in range(2)]
        self._set_view()
        self._draw_depth(self._shadows[0][1], [(self._still, np.eye(4))])

    def close(self) -> None:
        """Release the context."""
        self._context.release()

    def frame(self, vehicles: Sequence[Placed]) -> BgrImage:
        """Draw one clean picture: (height, width, 3) uint8 BGR, before lens and sensor."""
        for vehicle in vehicles:
            if vehicle.kind not in self._arrays:
                self._arrays[vehicle.kind] = self._upload(mesh_of(vehicle.kind))
        drawn = [(self._arrays[v.kind], v.model_matrix) for v in vehicles]
        self._draw_depth(self._shadows[1][1], drawn)
        self._shadows[0][0].use(0)
        self._shadows[1][0].use(1)
        self._canvas.use()
        self._canvas.clear(*self._view.light.sky_low, 1.0, depth=1.0)
        self._set_footprints(vehicles)
        for vehicle, (arrays, matrix) in zip(vehicles, drawn, strict=True):
            look = vehicle.look
            for name in ("paint", "accent", "jacket", "helmet", "dirt"):
                self._surface[name].value = getattr(look, name)
            self._write(self._surface, "model", matrix)
            arrays[0].render()
        self._write(self._surface, "model", np.eye(4))
        self._still[0].render()
        self._context.copy_framebuffer(self._resolved, self._canvas)
        raw = self._resolved.read(components=3, alignment=1)
        width, height = self._size
        rgb = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
        return np.ascontiguousarray(rgb[::-1, :, ::-1])

    def _upload(self, mesh: Mesh) -> tuple[Any, Any]:
        """Put a mesh on the device: vertex arrays for colour and for depth."""
        buffer = self._context.buffer(np.ascontiguousarray(mesh).tobytes())
        return (
            self._context.vertex_array(
                self._surface, [(buffer, "3f 3f 1f", "position", "normal", "material")]
            ),
            self._context.vertex_array(self._depth, [(buffer, "3f 16x", "position")]),
        )

    def _shadow_map(self) -> tuple[Any, Any]:
        texture = self._context.depth_texture((_SHADOW_PX, _SHADOW_PX))
        texture.compare_func = "<="
        texture.repeat_x = texture.repeat_y = False
        return texture, self._context.framebuffer(depth_attachment=texture)

    def _set_view(self) -> None:
        view, light, program = self._view, self._view.light, self._surface
        sun = np.asarray(light.sun, dtype=float)
        program["eye"].value = view.eye
        program["sun"].value = tuple((sun / np.linalg.norm(sun)).tolist())
        program["sun_colour"].value = light.sun_colour
        program["sky_high"].value, program["sky_low"].value = light.sky_high, light.sky_low
        program["haze"].value, program["seed"].value = light.haze, float(view.seed)
        program["road_half"].value = ROAD_HALF_M
        program["still_shadow"].value, program["moving_shadow"].value = 0, 1
        self._write(program, "view_projection", camera_matrix(view, *self._size))
        self._write(program, "light_matrix", sun_matrix(view))
        self._write(self._depth, "view_projection", sun_matrix(view))

    def _set_footprints(self, vehicles: Sequence[Placed]) -> None:
        rows = np.zeros((shaders.MAX_FOOTPRINTS, 4), np.float32)
        strengths = np.zeros(shaders.MAX_FOOTPRINTS, np.float32)
        for row, vehicle in enumerate(vehicles[: shaders.MAX_FOOTPRINTS]):
            half = np.abs(mesh_of(vehicle.kind)[:, :2]).max(axis=0)
            narrow = KINDS[vehicle.kind].narrow
            grown = (half[0] - 0.3, 0.08) if narrow else (half[0] - 0.1, half[1] - 0.12)
            rows[row] = (vehicle.x_m, vehicle.y_m, *grown)
            strengths[row] = 0.45 if narrow else 0.80
        self._surface["num_footprints"].value = min(len(vehicles), shaders.MAX_FOOTPRINTS)
        self._surface["footprints"].write(rows.tobytes())
        self._surface["footprint_strength"].write(strengths.tobytes())

    def _draw_depth(self, target: Any, drawn: Sequence[tuple[tuple[Any, Any], Matrix]]) -> None:
        self._context.enable(self._context.DEPTH_TEST)
        target.use()
        target.clear(depth=1.0)
        for arrays, matrix in drawn:
            self._write(self._depth, "model", matrix)
            arrays[1].render()

    @staticmethod
    def _write(program: Any, name: str, matrix: Matrix) -> None:
        program[name].write(np.ascontiguousarray(matrix.T, dtype=np.float32).tobytes())


def _open_context() -> Any:
    os.environ.setdefault("LP_NUM_THREADS", "1")
    try:
        import moderngl
    except ImportError as error:
        raise RendererError(
            "the test city needs moderngl", hint="install it: pip install 'yanji[testcity]'"
        ) from error
    try:
        return moderngl.create_context(standalone=True, backend="egl")
    except Exception as error:  # moderngl raises bare Exception when EGL cannot be loaded
        raise RendererError(
            "no off-screen OpenGL (EGL) on this system",
            hint=f"install the system libraries, for example: apt install {_PACKAGES}",
        ) from error


@click.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the clips.")
@click.option("--camera", "cameras", multiple=True, help="Only this camera (repeatable).")
def main(out: Path, cameras: tuple[str, ...]) -> None:
    """Render the demo's clips, truth and snapshot anew."""
    from yanji.ingest.testcity.film import make_clips

    try:
        make_clips(out, cameras)
    except YanjiError as error:
        raise click.ClickException(f"{error.message}. {error.hint}") from error


if __name__ == "__main__":
    main()
