"""Draws the frames of one camera: the still pictures, and the vehicles with their shadows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.drawing.gpu import Gpu, put, write
from yanji.ingest.testcity.drawing.shade_regions import shaded_regions
from yanji.ingest.testcity.drawing.shown import Glow, Shown
from yanji.ingest.testcity.drawing.sight import Seen, see
from yanji.ingest.testcity.drawing.still import Grounds, Still
from yanji.ingest.testcity.drawing.street import Street
from yanji.ingest.testcity.drawing.uniforms import set_footprints, set_look
from yanji.ingest.testcity.drawing.views import (
    Matrix,
    View,
    inverse,
    project,
    sun_matrix,
)
from yanji.ingest.testcity.mesh import Material, MeshBuilder
from yanji.ingest.testcity.vehicles.kinds import KINDS, outline_of

MOVING_SHADOW_PX: Final = 1024
MOVING_REACH_M: Final = 34.0
FULL_PX: Final = 170.0
"""Vehicles longer than this in the picture are drawn in full detail ..."""
MIDDLE_PX: Final = 64.0
"""... and above this in the middle one."""
NEAREST_M: Final = 1.2
"""Vehicles nearer to the lens than this are not drawn."""

BEHIND: Final = (1.0, 4.0)
"""Polygon offset of the first, depth-only pass."""
_SMOOTH_FROM: Final = 14
_SMOOTH_SHARE: Final = 0.65


@dataclass(frozen=True, slots=True)
class Drawn:
    """One frame."""

    image: BgrImage
    """(height, width, 3), clean: before lens and sensor."""
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class _Placed:
    vehicle: Shown
    matrix: Matrix
    full_px: tuple[float, float, float, float]
    size_px: float
    detail: int


class Renderer:
    """Draws for one view; several may share a `Gpu`."""

    def __init__(
        self,
        gpu: Gpu,
        view: View,
        street: Street,
        grounds: Grounds,
        size: tuple[int, int] = (960, 540),
    ) -> None:
        """Draw what stands still. `size` is (width, height) in pixels."""
        self._gpu, self._view, self._size = gpu, view, size
        context = gpu.context
        self._still = still = Still(gpu, view, street, grounds, size)
        # No multi-sampling: in software it costs four times the drawing. `smooth_edges` and the
        # lens blur do its work.
        self._canvas = context.framebuffer(
            [context.renderbuffer(size, 3)], context.depth_renderbuffer(size)
        )
        self._empty = context.framebuffer(
            [context.renderbuffer(size, 3)], context.depth_renderbuffer(size)
        )
        self._shadow, self._shadow_target = gpu.shadow_map(MOVING_SHADOW_PX, smooth=True)
        self._moving_matrix = sun_matrix(view.light.sun, still.ahead, MOVING_REACH_M)
        self._numbers = context.framebuffer(
            [context.renderbuffer(size, 1)], context.depth_renderbuffer(size)
        )
        self._lamp = gpu.upload(_lamp_mesh(), moves=True)
        self._shadow_target.clear(depth=1.0)
        self._prepare_shade()
        set_footprints(gpu.shade, [], view.light)
        self._shade(self._empty, None)

    def frame(self, vehicles: Sequence[Shown], glows: Sequence[Glow] = ()) -> Drawn:
        """Draw one picture and say where each vehicle is seen in it."""
        placed = [p for v in vehicles if (p := self._place(v)) is not None]
        placed.sort(key=lambda p: -p.size_px)
        self._draw_shadows(vehicles)
        self._draw_still(vehicles)
        self._draw_vehicles(placed, glows)
        image = smooth_edges(self._read())
        seen = see(
            self._gpu,
            self._numbers,
            self._still.depth,
            self._still.to_clip,
            self._size,
            [(p.vehicle.kind, p.vehicle.look.addons, p.matrix, p.full_px) for p in placed],
        )
        named = []
        for p, found in zip(placed, seen, strict=True):
            if found is not None:
                named.append(
                    Seen(p.vehicle.identity, p.full_px, found[0], self._angle(p.vehicle), found[1])
                )
        return Drawn(image, tuple(named))

    def _place(self, vehicle: Shown) -> _Placed | None:
        """Project a vehicle; None when it is out of the picture."""
        width, height = self._size
        away = math.dist((vehicle.x_m, vehicle.y_m), self._view.eye_m[:2])
        if away > 160.0:
            return None
        matrix = vehicle.matrix
        outline = outline_of(vehicle.kind, vehicle.look.addons)
        pixels = project(outline, self._still.to_clip @ matrix, width, height)
        if pixels is None:
            return None
        x1, y1 = (float(edge) for edge in pixels.min(axis=0))
        x2, y2 = (float(edge) for edge in pixels.max(axis=0))
        if x2 <= 0 or y2 <= 0 or x1 >= width or y1 >= height or away < NEAREST_M:
            return None
        size = max(x2 - x1, y2 - y1)
        detail = 0 if size > FULL_PX else 1 if size > MIDDLE_PX else 2
        return _Placed(vehicle, matrix, (x1, y1, x2, y2), size, detail)

    def _angle(self, vehicle: Shown) -> float:
        """From where the camera sees it, degrees, see `TrueVehicle.angle_deg`."""
        to_eye = math.atan2(self._view.eye_m[1] - vehicle.y_m, self._view.eye_m[0] - vehicle.x_m)
        return (math.degrees(to_eye - vehicle.yaw) + 180.0) % 360.0 - 180.0

    def _draw_shadows(self, vehicles: Sequence[Shown]) -> None:
        if not self._view.light.sun_colour[0]:
            return
        context, program = self._gpu.context, self._gpu.depth
        context.enable(context.DEPTH_TEST)
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        write(program, "view_projection", self._moving_matrix)
        for vehicle in vehicles:
            if math.dist((vehicle.x_m, vehicle.y_m), self._still.ahead) > MOVING_REACH_M * 1.4:
                continue
            matrix = vehicle.matrix
            write(program, "model", matrix)
            detail = 1 if KINDS[vehicle.kind].rider else 2
            self._gpu.vehicle_model(vehicle.kind, vehicle.look.addons, detail).depth.render()

    def _draw_still(self, vehicles: Sequence[Shown]) -> None:
        """Fill canvas and its depth with what stands still, shaded by the vehicles."""
        self._gpu.context.copy_framebuffer(self._canvas, self._empty)
        self._prepare_shade()
        footprints = [vehicle.footprint for vehicle in vehicles]
        light, to_clip = self._view.light, self._still.to_clip
        for region in shaded_regions(footprints, light, to_clip, self._size):
            set_footprints(self._gpu.shade, [footprints[place] for place in region.vehicles], light)
            self._shade(self._canvas, region.scissor)

    def _prepare_shade(self) -> None:
        program, still = self._gpu.shade, self._still
        still.set_light(program)
        for place, texture in enumerate((still.lit, still.dark, still.depth, self._shadow)):
            texture.use(place)
        put(program, lit_picture=0, dark_picture=1, still_depth=2, moving_shadow=3)
        put(program, moving_texel=0.7 / MOVING_SHADOW_PX)
        write(program, "to_world", inverse(still.to_clip))
        write(program, "moving_matrix", self._moving_matrix)

    def _shade(self, target: Any, region: tuple[int, int, int, int] | None) -> None:
        """Draw the still pictures into a target, or into a part of it (x, y, width, height)."""
        context = self._gpu.context
        target.use()
        target.scissor = region
        context.enable(context.DEPTH_TEST)
        context.depth_func = "1"  # always: the screen brings the still depth with it
        self._gpu.shade_screen.render()
        context.depth_func = "<"
        target.scissor = None

    def _draw_vehicles(self, placed: Sequence[_Placed], glows: Sequence[Glow]) -> None:
        gpu, program, still = self._gpu, self._gpu.vehicle, self._still
        models = [
            gpu.vehicle_model(p.vehicle.kind, p.vehicle.look.addons, p.detail) for p in placed
        ]
        self._canvas.use()
        # Depth first, a little behind the surfaces: what is hidden is then not shaded.
        write(gpu.depth, "view_projection", still.to_clip)
        gpu.context.polygon_offset = BEHIND
        for p, model in zip(placed, models, strict=True):
            write(gpu.depth, "model", p.matrix)
            model.depth.render()
        gpu.context.polygon_offset = (0.0, 0.0)
        still.set_light(program)
        still.shadow.use(1)
        self._shadow.use(2)
        put(program, decal=0, still_shadow=1, moving_shadow=2)
        put(program, moving_texel=0.7 / MOVING_SHADOW_PX)
        write(program, "moving_matrix", self._moving_matrix)
        write(program, "view_projection", still.to_clip)
        lamps = still.lamps if self._view.light.lamps > 0 else None
        for p, model in zip(placed, models, strict=True):
            set_look(gpu, p.vehicle, lamps)
            write(program, "model", p.matrix)
            model.surface.render()
        for glow in glows:
            put(program, paint=glow.colour)
            matrix = np.eye(4)
            matrix[:3, 3] = glow.place_m
            write(program, "model", matrix)
            self._lamp.surface.render()

    def _read(self) -> BgrImage:
        width, height = self._size
        raw = self._canvas.read(components=3, alignment=1)
        rgb = np.frombuffer(raw, np.uint8).reshape(height, width, 3)
        return np.ascontiguousarray(rgb[::-1, :, ::-1])


def smooth_edges(image: BgrImage) -> BgrImage:
    """Soften steps along slanted edges, (H, W, 3) in and out.

    Pixels that differ much from their neighbourhood's mean give way to it: a cheap stand-in for
    multi-sampling. What stands still was drawn finer and has few such pixels.
    """
    mean = cv2.blur(image, (3, 3))
    rough = cv2.cvtColor(cv2.absdiff(image, mean), cv2.COLOR_BGR2GRAY)
    _, where = cv2.threshold(rough, _SMOOTH_FROM, 255, cv2.THRESH_BINARY)
    softer = cv2.addWeighted(image, 1.0 - _SMOOTH_SHARE, mean, _SMOOTH_SHARE, 0.0)
    return np.asarray(cv2.copyTo(softer, where, image.copy()), np.uint8)


def _lamp_mesh() -> npt.NDArray[np.float32]:
    """A ball that the shader lets glow in the colour `paint`."""
    b = MeshBuilder()
    b.ellipsoid((0.0, 0.0, 0.0), (0.13, 0.13, 0.13), Material.GLOW, 10)
    return b.build()
