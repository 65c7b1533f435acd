"""What stands still before one camera, drawn once: two pictures, with and without the sun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing import shaders
from yanji.ingest.testcity.drawing.gpu import Gpu, Model, put, write
from yanji.ingest.testcity.drawing.ground import Patch, Picture, paint_ground
from yanji.ingest.testcity.drawing.lighting import nearest_lamps, set_light
from yanji.ingest.testcity.drawing.street import Street
from yanji.ingest.testcity.drawing.views import Matrix, View, camera_matrix, inverse, sun_matrix
from yanji.ingest.testcity.network import Network

SUPERSAMPLE: Final = 3
"""The still pictures are drawn so many times finer each way; it is done once for a clip."""
STILL_SHADOW_PX: Final = 4096
STILL_REACH_M: Final = 70.0
NEAR_PATCH_M: Final = 76.0
NEAR_PX_PER_M: Final = 36.0
FAR_PX_PER_M: Final = 7.0


@dataclass(frozen=True, slots=True)
class Grounds:
    """The painted ground: finely round the junction, coarsely everywhere."""

    near: tuple[Patch, Picture]
    far: tuple[Patch, Picture]


def paint_grounds(network: Network, seed: int, node: str) -> Grounds:
    """Paint the ground that one camera sees."""
    at = network.nodes[node]
    near = Patch(at.x_m - NEAR_PATCH_M / 2, at.y_m - NEAR_PATCH_M / 2, NEAR_PATCH_M, NEAR_PX_PER_M)
    xs = [n.x_m for n in network.nodes.values()]
    ys = [n.y_m for n in network.nodes.values()]
    size = min(max(max(xs) - min(xs), max(ys) - min(ys)) + 60.0, 440.0)
    middle = ((max(xs) + min(xs)) / 2, (max(ys) + min(ys)) / 2)
    if size == 440.0:  # a larger city: only what lies round this junction
        middle = (at.x_m, at.y_m)
    far = Patch(middle[0] - size / 2, middle[1] - size / 2, size, FAR_PX_PER_M)
    return Grounds(
        (near, paint_ground(network, near, seed)), (far, paint_ground(network, far, seed))
    )


class Still:
    """The still pictures, depth and shadows of one view; textures for the frames to come."""

    def __init__(
        self, gpu: Gpu, view: View, street: Street, grounds: Grounds, size: tuple[int, int],
        supersample: int = SUPERSAMPLE, model: Model | None = None,
    ) -> None:  # fmt: skip
        """Draw what stands still.

        Args:
            gpu: the context.
            view: the camera.
            street: what stands there.
            grounds: what lies there.
            size: (width, height) of the camera's picture, pixels.
            supersample: the pictures are drawn so many times finer each way.
            model: the street's mesh where it is on the device already.
        """
        self._gpu, self._view, self._size = gpu, view, size
        self._supersample = supersample
        model = model or gpu.upload(street.mesh, moves=False)
        self.to_clip = camera_matrix(view, *size)
        gaze = view.gaze[:2] / np.linalg.norm(view.gaze[:2])
        self.ahead = (
            float(view.eye_m[0] + gaze[0] * 22.0), float(view.eye_m[1] + gaze[1] * 22.0)
        )  # fmt: skip
        self.shadow_matrix = sun_matrix(view.light.sun, self.ahead, STILL_REACH_M, 260.0)
        self.shadow, target = gpu.shadow_map(STILL_SHADOW_PX)
        self.lamps = nearest_lamps(street.lamps_N3, self.ahead)[: shaders.MAX_LAMPS]
        if view.light.sun_colour[0] > 0:
            self._draw_depth(target, model, self.shadow_matrix)
        self.depth = gpu.context.depth_texture(size)
        self.depth.compare_func = ""
        self.depth.filter = (gpu.context.NEAREST, gpu.context.NEAREST)
        self.depth_target = gpu.context.framebuffer(depth_attachment=self.depth)
        self._draw_depth(self.depth_target, model, self.to_clip)
        lit, dark = self._draw_pictures(model, grounds)
        self.lit, self.dark = self._texture(lit), self._texture(dark)

    def set_light(self, program: Any) -> None:
        """Set all uniforms that describe light and camera."""
        set_light(program, self._view, self.shadow_matrix, STILL_SHADOW_PX, self.lamps)

    def _draw_depth(self, target: Any, model: Model, to_clip: Matrix) -> None:
        self._gpu.context.enable(self._gpu.context.DEPTH_TEST)
        target.use()
        target.clear(depth=1.0)
        write(self._gpu.depth, "view_projection", to_clip)
        write(self._gpu.depth, "model", np.eye(4))
        model.depth.render()

    def _draw_pictures(
        self, model: Model, grounds: Grounds
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        gpu, context = self._gpu, self._gpu.context
        width, height = self._size[0] * self._supersample, self._size[1] * self._supersample
        both = [context.texture((width, height), 4, dtype="f2") for _ in range(2)]
        canvas = context.framebuffer(both, context.depth_renderbuffer((width, height)))
        textures = [self._ground(picture) for _, picture in (grounds.near, grounds.far)]
        for place, texture in enumerate(textures):
            texture.use(place)
        self.shadow.use(2)
        program = gpu.still
        put(program, near_ground=0, far_ground=1, still_shadow=2)
        for name, (patch, _) in (("near_patch", grounds.near), ("far_patch", grounds.far)):
            program[name].value = (patch.x_m, patch.y_m, 1 / patch.size_m, 0.0)
        self.set_light(program)
        self.set_light(gpu.sky)
        write(program, "view_projection", self.to_clip)
        write(program, "model", np.eye(4))
        write(gpu.sky, "to_world", inverse(self.to_clip))
        canvas.use()
        canvas.clear(depth=1.0)
        context.enable(context.DEPTH_TEST)
        model.still.render()
        context.depth_func = "<="
        gpu.sky_screen.render()
        context.depth_func = "<"
        pictures = []
        for texture in both:
            raw = np.frombuffer(texture.read(), np.float16).reshape(height, width, 4)
            fine = np.minimum(raw[..., :3].astype(np.float32), 12.0)
            shape = (self._size[1], self._supersample, self._size[0], self._supersample, 3)
            pictures.append(fine.reshape(shape).mean(axis=(1, 3)))
        for resource in (*textures, *both, canvas):
            resource.release()
        return pictures[0], pictures[1]

    def _ground(self, picture: Picture) -> Any:
        side = picture.shape[0]
        texture = self._gpu.context.texture((side, side), 3, picture.tobytes(), alignment=1)
        texture.build_mipmaps()
        texture.filter = (self._gpu.context.LINEAR_MIPMAP_LINEAR, self._gpu.context.LINEAR)
        texture.anisotropy = 16.0
        texture.repeat_x = texture.repeat_y = False
        return texture

    def _texture(self, picture: npt.NDArray[np.float32]) -> Any:
        rows = np.ones((*picture.shape[:2], 4), np.float16)  # four channels are read faster
        rows[..., :3] = picture
        texture = self._gpu.context.texture(self._size, 4, rows.tobytes(), dtype="f2")
        texture.filter = (self._gpu.context.NEAREST, self._gpu.context.NEAREST)
        return texture
