"""The off-screen graphics context: programs, meshes on the device, decals. No screen, no GPU.

Only this file imports moderngl, and only when a context is opened.
"""

from __future__ import annotations

import os
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.configs.errors import YanjiError
from yanji.ingest.testcity.drawing import shaders
from yanji.ingest.testcity.drawing.views import Matrix
from yanji.ingest.testcity.look import DECAL_PX, Look
from yanji.ingest.testcity.mesh import Mesh
from yanji.ingest.testcity.vehicles.decals import decal_picture
from yanji.ingest.testcity.vehicles.kinds import mesh_of

MAX_DECALS: Final = 256
"""Decals kept on the device; the least recently used one makes room."""
SYSTEM_LIBRARIES: Final = {
    "libEGL.so.1": "libegl1",
    "libEGL_mesa.so.0": "libegl-mesa0",
    "libGL.so.1": "libgl1",
    "swrast_dri.so": "libgl1-mesa-dri",
}
"""What a renderer without a GPU needs, and the Debian package that brings it."""


class RendererError(YanjiError):
    """The renderer cannot start: moderngl or the system's EGL libraries are missing."""

    code = "renderer"


@dataclass(frozen=True, slots=True)
class Model:
    """One mesh on the device: arrays for each way in which it is drawn."""

    surface: Any
    """Vehicles and other shaded things; None for what stands still."""
    still: Any
    depth: Any
    number: Any


class Gpu:
    """One context. Not for use by two threads; close it."""

    def __init__(self) -> None:
        """Open an off-screen context.

        Raises:
            RendererError: moderngl or a system library is missing; the hint names the package.
        """
        self.context = _open_context()
        program = self.context.program
        self.vehicle = program(shaders.SURFACE_VERTEX, shaders.VEHICLE_FRAGMENT)
        self.still = program(shaders.SURFACE_VERTEX, shaders.STILL_FRAGMENT)
        self.sky = program(shaders.SCREEN_VERTEX, shaders.SKY_FRAGMENT)
        self.shade = program(shaders.SCREEN_VERTEX, shaders.SHADE_FRAGMENT)
        self.depth = program(shaders.POSITION_VERTEX, shaders.DEPTH_FRAGMENT)
        self.number = program(shaders.POSITION_VERTEX, shaders.NUMBER_FRAGMENT)
        self.behind = program(shaders.SCREEN_VERTEX, shaders.BEHIND_FRAGMENT)
        corners = self.context.buffer(np.array([-1, -1, 3, -1, -1, 3], np.float32).tobytes())
        self.sky_screen = self.context.vertex_array(self.sky, [(corners, "2f", "corner")])
        self.shade_screen = self.context.vertex_array(self.shade, [(corners, "2f", "corner")])
        self.behind_screen = self.context.vertex_array(self.behind, [(corners, "2f", "corner")])
        self._vehicles: dict[tuple[str, tuple[str, ...], int], Model] = {}
        self._decals: OrderedDict[tuple[str, Look], Any] = OrderedDict()

    def close(self) -> None:
        """Release the context."""
        self.context.release()

    def upload(self, mesh: Mesh, *, moves: bool) -> Model:
        """Put a mesh on the device, equal corners once: software rendering pays by the corner."""
        corners_V7, index_N = weld(mesh)
        rows = self.context.buffer(corners_V7.tobytes())
        index = self.context.buffer(index_N.tobytes())
        full = [(rows, "3f 3f 1f", "position", "normal", "material")]
        places = [(rows, "3f 16x", "position")]
        array = self.context.vertex_array
        return Model(
            surface=array(self.vehicle, full, index) if moves else None,
            still=None if moves else array(self.still, full, index),
            depth=array(self.depth, places, index),
            number=array(self.number, places, index),
        )

    def vehicle_model(self, kind: str, addons: tuple[str, ...], detail: int) -> Model:
        """Return a vehicle's mesh on the device, uploading it at its first use."""
        key = (kind, addons, detail)
        model = self._vehicles.get(key)
        if model is None:
            model = self._vehicles[key] = self.upload(mesh_of(kind, addons, detail), moves=True)
        return model

    def decal(self, kind: str, look: Look) -> Any:
        """Return the texture with everything painted on an individual."""
        key = (kind, look)
        texture = self._decals.get(key)
        if texture is None:
            picture = np.ascontiguousarray(decal_picture(kind, look))
            texture = self.context.texture((DECAL_PX, DECAL_PX), 4, picture.tobytes())
            texture.build_mipmaps()
            texture.filter = (self.context.LINEAR_MIPMAP_LINEAR, self.context.LINEAR)
            texture.repeat_x = texture.repeat_y = False
            self._decals[key] = texture
            if len(self._decals) > MAX_DECALS:
                self._decals.popitem(last=False)[1].release()
        self._decals.move_to_end(key)
        return texture

    def shadow_map(self, side_px: int, *, smooth: bool = False) -> tuple[Any, Any]:
        """Make a depth texture that can be compared with, and the frame buffer that fills it."""
        texture = self.context.depth_texture((side_px, side_px))
        texture.compare_func = "<="
        taps = self.context.LINEAR if smooth else self.context.NEAREST
        texture.filter = (taps, taps)
        texture.repeat_x = texture.repeat_y = False
        return texture, self.context.framebuffer(depth_attachment=texture)


def weld(mesh: Mesh) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int32]]:
    """Turn loose triangles (N, 7) into different corners (V, 7) and an index (N,)."""
    keys = np.round(mesh, 4)
    _, first, inverse = np.unique(keys, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first)  # corners in the order of their use: neighbours lie together
    place = np.empty(len(order), np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    corners = np.ascontiguousarray(mesh[first[order]], np.float32)
    return corners, np.ascontiguousarray(place[inverse.reshape(-1)])


def write(program: Any, name: str, matrix: Matrix) -> None:
    """Set a matrix uniform, if the program uses it."""
    uniform = program.get(name, None)
    if uniform is not None:
        uniform.write(np.ascontiguousarray(matrix.T, dtype=np.float32).tobytes())


def put(program: Any, **values: Any) -> None:
    """Set uniforms, those that the program uses."""
    for name, value in values.items():
        uniform = program.get(name, None)  # `in` would look at one after the other
        if uniform is not None:
            uniform.value = value


def _open_context() -> Any:
    # One thread: a city is rendered with one process for each core.
    os.environ.setdefault("LP_NUM_THREADS", "1")
    settings: dict[str, Any] = {"standalone": True, "backend": "egl"}
    try:
        import moderngl
    except ImportError as error:
        raise RendererError(
            "The test city needs moderngl.", hint="Install it: pip install 'yanji[testcity]'"
        ) from error
    try:
        context = moderngl.create_context(**settings)
    except Exception as error:  # moderngl raises bare Exception when EGL cannot be loaded
        raise RendererError(
            f"No off-screen OpenGL (EGL) on this system: {_missing()}.",
            hint="Install them, on Debian: apt-get install "
            + " ".join(dict.fromkeys(SYSTEM_LIBRARIES.values())),
        ) from error
    return context


def _missing() -> str:
    """Name the system libraries that cannot be loaded."""
    import ctypes

    absent = []
    for library, package in SYSTEM_LIBRARIES.items():
        if library.endswith("_dri.so"):
            continue  # a driver, found by Mesa itself
        try:
            ctypes.CDLL(library)
        except OSError:
            absent.append(f"{library} (package {package}) is missing")
    return ", ".join(absent) or "EGL is there, but finds no driver (package libgl1-mesa-dri)"
