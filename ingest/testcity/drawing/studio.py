"""Draws single crops: a small part of a virtual camera's picture, twice as fine, shrunk."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.crop_geometry import box_of
from yanji.ingest.testcity.crop_plans import Plan
from yanji.ingest.testcity.drawing.gpu import Gpu, Model, put, write
from yanji.ingest.testcity.drawing.renderer import smooth_edges
from yanji.ingest.testcity.drawing.scenery import Scenery
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.drawing.uniforms import set_footprints, set_look
from yanji.ingest.testcity.drawing.views import Matrix, pose_matrix, sun_matrix
from yanji.ingest.testcity.mesh import Material, MeshBuilder
from yanji.ingest.testcity.vehicles.kinds import KINDS

FINER: Final = 2.0
"""Drawn so many times finer each way, then averaged: smooth edges without multi-sampling ..."""
FINE_PX: Final = 256
"""... but no finer than to this longer side: software pays by the pixel ..."""
ROUGH: Final = 1.5
"""... and what is drawn less fine than this has its edges smoothed instead."""
SHADOW_PX: Final = 512
COUNT_PX: Final = 64
"""Side of the picture in which visible pixels are counted."""
FULL_DETAIL_PX: Final = 100.0
_LAMPS: Final = 3
_BEHIND: Final = (1.0, 4.0)
"""Polygon offset (by slope, in smallest steps of depth) of the depth that is drawn first."""

_Window = tuple[tuple[int, int, int, int], tuple[int, int]]
"""Viewport that makes the camera's whole picture cover more than the canvas; width and height of
the part of the canvas that is used."""


class Studio:
    """Draws crops of up to a size; one context, any number of cameras."""

    def __init__(self, gpu: Gpu, size: int) -> None:
        """`size` is the longer side of the largest crop, pixels."""
        self._gpu = gpu
        context, side = gpu.context, max(size, FINE_PX) + 1
        self._canvas = context.framebuffer(
            [context.renderbuffer((side, side), 3)], context.depth_renderbuffer((side, side))
        )
        count = (2 * COUNT_PX, COUNT_PX)
        self._numbers = context.framebuffer(
            [context.renderbuffer(count, 1)], context.depth_renderbuffer(count)
        )
        self._shadow, self._shadow_target = gpu.shadow_map(SHADOW_PX)
        self._post = gpu.upload(_post_mesh(), moves=True)

    def occlusion(self, plan: Plan, scenery: Scenery) -> float:
        """Share (0..1) of the vehicle inside the picture that something nearer hides."""
        gpu, context, program = self._gpu, self._gpu.context, self._gpu.number
        x1, y1, x2, y2 = plan.full_px
        width, height = scenery.size
        box = (max(x1, 0.0), max(y1, 0.0), min(x2, float(width)), min(y2, float(height)))
        window, _ = _window(box, scenery.size, (COUNT_PX, COUNT_PX))
        context.enable(context.DEPTH_TEST)
        self._numbers.use()
        self._numbers.clear(depth=1.0)
        model = self._model(plan.target, 1)
        matrix = plan.target.matrix
        write(program, "view_projection", scenery.to_clip)
        for tile in (0, 1):
            left = tile * COUNT_PX
            self._numbers.viewport = (left + window[0], *window[1:])
            self._numbers.scissor = (left, 0, COUNT_PX, COUNT_PX)
            if tile == 1:
                scenery.depth.use(0)
                gpu.behind["still_depth"].value = 0
                context.depth_func = "1"  # always
                gpu.behind_screen.render()
                context.depth_func = "<"
                program["number"].value = 0.0
                for other in plan.others:
                    write(program, "model", other.matrix)
                    self._model(other, 1).number.render()
                if plan.post_m is not None:
                    write(program, "model", pose_matrix(*plan.post_m, 0.0))
                    self._post.number.render()
            program["number"].value = 1.0
            write(program, "model", matrix)
            model.number.render()
        self._numbers.scissor = None
        self._numbers.viewport = (0, 0, 2 * COUNT_PX, COUNT_PX)
        raw = np.frombuffer(self._numbers.read(components=1, alignment=1), np.uint8)
        drawn = raw.reshape(COUNT_PX, 2, COUNT_PX) > 0
        alone, seen = (int(np.count_nonzero(drawn[:, tile])) for tile in (0, 1))
        return float(np.clip(1.0 - seen / max(alone, 1), 0.0, 1.0))

    def draw(self, plan: Plan, scenery: Scenery) -> BgrImage:
        """Draw one crop, clean: (height, width, 3), before lens and sensor."""
        context, (width, height) = self._gpu.context, plan.size_px
        region = (*(float(edge) for edge in plan.region_px),)
        finer = min(FINER, max(FINE_PX / max(width, height), 1.0))
        fine = (math.ceil(width * finer), math.ceil(height * finer))
        window, used = _window(region, scenery.size, fine)
        shown = (plan.target, *plan.others)
        to_shadow = self._draw_shadows(shown, plan.target, scenery)
        context.enable(context.DEPTH_TEST)
        self._canvas.viewport = window
        self._canvas.scissor = (0, 0, *used)
        self._canvas.use()
        self._draw_still(shown, scenery, to_shadow)
        detail = 0 if max(width, height) > FULL_DETAIL_PX else 1
        self._draw_vehicles(plan, scenery, to_shadow, detail)
        self._canvas.scissor = None
        raw = self._canvas.read(viewport=(0, 0, *used), components=3, alignment=1)
        rgb = np.frombuffer(raw, np.uint8).reshape(used[1], used[0], 3)
        if finer < ROUGH:
            rgb = smooth_edges(rgb)
        small = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(small[::-1, :, ::-1], np.uint8)

    def _draw_shadows(self, shown: Sequence[Shown], target: Shown, scenery: Scenery) -> Matrix:
        """Fill the shadow map round the vehicle; returns city axes -> map."""
        reach = KINDS[target.kind].length_m / 2 + 6.0
        to_shadow = sun_matrix(scenery.view.light.sun, (target.x_m, target.y_m), reach, 80.0)
        if not scenery.view.light.sun_colour[0]:
            return to_shadow
        context, program = self._gpu.context, self._gpu.depth
        context.enable(context.DEPTH_TEST)
        self._shadow_target.use()
        self._shadow_target.clear(depth=1.0)
        write(program, "view_projection", to_shadow)
        for vehicle in shown:
            write(program, "model", vehicle.matrix)
            detail = 1 if KINDS[vehicle.kind].rider else 2
            self._model(vehicle, detail).depth.render()
        return to_shadow

    def _draw_still(self, shown: Sequence[Shown], scenery: Scenery, to_shadow: Matrix) -> None:
        program, context = self._gpu.shade, self._gpu.context
        scenery.set_light(program)
        for place, texture in enumerate((scenery.lit, scenery.dark, scenery.depth, self._shadow)):
            texture.use(place)
        put(program, lit_picture=0, dark_picture=1, still_depth=2, moving_shadow=3)
        put(program, moving_texel=0.7 / SHADOW_PX)
        write(program, "to_world", scenery.to_world)
        write(program, "moving_matrix", to_shadow)
        set_footprints(program, [vehicle.footprint for vehicle in shown], scenery.view.light)
        context.depth_func = "1"  # always: the screen brings the still depth with it
        self._gpu.shade_screen.render()
        context.depth_func = "<"

    def _draw_vehicles(self, plan: Plan, scenery: Scenery, to_shadow: Matrix, detail: int) -> None:
        gpu, context, program = self._gpu, self._gpu.context, self._gpu.vehicle
        models = [
            (vehicle, vehicle.matrix, self._model(vehicle, 1 if number else detail))
            for number, vehicle in enumerate((plan.target, *plan.others))
            if _overlap(box_of(vehicle, scenery), plan.region_px)
        ]
        # Depth first, a little behind the surfaces: what is hidden is then not shaded.
        write(gpu.depth, "view_projection", scenery.to_clip)
        context.polygon_offset = _BEHIND
        for _, matrix, model in models:
            write(gpu.depth, "model", matrix)
            model.depth.render()
        context.polygon_offset = (0.0, 0.0)
        scenery.set_light(program)
        scenery.shadow.use(1)
        self._shadow.use(2)
        put(program, decal=0, still_shadow=1, moving_shadow=2)
        put(program, moving_texel=0.7 / SHADOW_PX)
        write(program, "moving_matrix", to_shadow)
        write(program, "view_projection", scenery.to_clip)
        lamps = scenery.lamps_L3 if scenery.view.light.lamps > 0 else None
        for vehicle, matrix, model in models:
            set_look(gpu, vehicle, lamps)
            write(program, "model", matrix)
            model.surface.render()
        if plan.post_m is not None:
            put(program, wear=0.0, dirt=0.3)
            write(program, "model", pose_matrix(*plan.post_m, 0.0))
            self._post.surface.render()

    def _model(self, vehicle: Shown, detail: int) -> Model:
        return self._gpu.vehicle_model(vehicle.kind, vehicle.look.addons, detail)


def _window(
    region_px: tuple[float, ...], size: tuple[int, int], canvas_px: tuple[int, int]
) -> _Window:
    """Viewport in which a region of the camera's picture just fills a canvas of this size."""
    x1, y1, x2, y2 = region_px
    across, down = canvas_px[0] / (x2 - x1), canvas_px[1] / (y2 - y1)
    left, low = round(x1 * across), round((size[1] - y2) * down)
    return (-left, -low, round(size[0] * across), round(size[1] * down)), canvas_px


def _overlap(a: tuple[float, float, float, float] | None, b: tuple[int, int, int, int]) -> bool:
    return a is not None and a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _post_mesh() -> npt.NDArray[np.float32]:
    b = MeshBuilder()
    b.capsule((0.0, 0.0, 0.0), (0.0, 0.0, 7.5), 0.07, 0.06, Material.PLASTIC, 10)
    return b.build()
