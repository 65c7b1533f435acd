"""What stands still before a virtual camera, drawn once and kept in a file for all processes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.gpu import Gpu
from yanji.ingest.testcity.drawing.lighting import set_light
from yanji.ingest.testcity.drawing.still import STILL_SHADOW_PX, Grounds, Still
from yanji.ingest.testcity.drawing.street import Street
from yanji.ingest.testcity.drawing.views import Matrix, View, camera_matrix, inverse
from yanji.ingest.testcity.network import HALF_M

SHADOW_PX: Final = 1024
"""Of the kept shadow map: only vehicles receive from it; the ground's shadows are painted."""
SUPERSAMPLE: Final = 1
"""Crops are blurred and shrunk anyway."""
SPOT_STEP_PX: Final = 8
NEAREST_M: Final = 5.5
FURTHEST_M: Final = 42.0


@dataclass(frozen=True, slots=True)
class Scenery:
    """One virtual camera's surroundings as textures, and where a vehicle can be put."""

    view: View
    size: tuple[int, int]
    """Width and height of the camera's picture, pixels."""
    to_clip: Matrix
    to_world: Matrix
    lit: Any
    dark: Any
    """Without the sun; the same texture as `lit` where none shines."""
    depth: Any
    shadow: Any
    shadow_matrix: Matrix
    lamps_L3: npt.NDArray[np.float64]
    spots_N2: npt.NDArray[np.float32]
    """Places on the road, metres; evenly spread over the camera's picture."""

    def set_light(self, program: Any) -> None:
        """Set all uniforms that describe light and camera, those that the program uses."""
        set_light(program, self.view, self.shadow_matrix, SHADOW_PX)


def draw_scenery(
    gpu: Gpu,
    views: Sequence[View],
    street: Street,
    grounds: Grounds,
    size: tuple[int, int],
    files: Sequence[Path],
) -> None:
    """Draw the surroundings of several cameras of one place; each file whole or not at all."""
    model = gpu.upload(street.mesh, moves=False)
    for view, file in zip(views, files, strict=True):
        still = Still(gpu, view, street, grounds, size, SUPERSAMPLE, model)
        width, height = size
        lit, dark = (
            np.frombuffer(texture.read(), np.float16).reshape(height, width, 4)
            for texture in (still.lit, still.dark)
        )
        depth = np.frombuffer(still.depth.read(alignment=1), np.float32).reshape(height, width)
        every = STILL_SHADOW_PX // SHADOW_PX
        shines = view.light.sun_colour[0] > 0
        shadow = np.ones((1, 1), np.float32)
        if shines:
            fine = np.frombuffer(still.shadow.read(alignment=1), np.float32)
            shadow = fine.reshape(STILL_SHADOW_PX, STILL_SHADOW_PX)[::every, ::every]
        rows: dict[str, Any] = {
            "lit": lit,
            "dark": dark if shines else np.zeros((0,), np.float16),
            "depth": depth,
            # 16 bits: steps of 4 mm over the 260 m that the map reaches
            "shadow": np.rint(shadow * 65535).astype(np.uint16),
            "shadow_matrix": still.shadow_matrix,
            "lamps": still.lamps,
            "spots": _spots(view, still.to_clip, depth),
        }
        unfinished = file.with_name(f"{file.name}.{os.getpid()}.tmp")
        with unfinished.open("wb") as target:
            np.savez(target, allow_pickle=False, **rows)
        unfinished.replace(file)
        for texture in (still.lit, still.dark, still.depth, still.shadow):
            texture.release()


def load_scenery(gpu: Gpu, view: View, size: tuple[int, int], file: Path) -> Scenery:
    """Put the surroundings of one camera on the device."""
    context = gpu.context
    with np.load(file) as rows:
        lit = _picture(context, size, rows["lit"])
        dark = _picture(context, size, rows["dark"]) if rows["dark"].size else lit
        depth = context.depth_texture(size, rows["depth"].tobytes())
        depth.compare_func = ""
        depth.filter = (context.NEAREST, context.NEAREST)
        side = rows["shadow"].shape[0]
        far = rows["shadow"].astype(np.float32) / 65535
        shadow = context.depth_texture((side, side), far.tobytes())
        shadow.compare_func = "<="
        shadow.filter = (context.NEAREST, context.NEAREST)
        shadow.repeat_x = shadow.repeat_y = False
        to_clip = camera_matrix(view, *size)
        return Scenery(
            view, size, to_clip, inverse(to_clip), lit, dark, depth, shadow,
            rows["shadow_matrix"], rows["lamps"], rows["spots"],
        )  # fmt: skip


def on_road(places_N2: npt.NDArray[np.float64], margin_m: float = 0.0) -> bool:
    """Say whether all places lie on the roads of a junction in the origin."""
    return bool((np.abs(places_N2).min(axis=1) < HALF_M - margin_m).all())


def _picture(context: Any, size: tuple[int, int], rows: npt.NDArray[np.float16]) -> Any:
    texture = context.texture(size, 4, rows.tobytes(), dtype="f2")
    texture.build_mipmaps()
    texture.filter = (context.LINEAR_MIPMAP_LINEAR, context.LINEAR)
    texture.repeat_x = texture.repeat_y = False
    return texture


def _spots(
    view: View, to_clip: Matrix, depth_HW: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """Road that the camera sees, as places (N, 2)."""
    height, width = depth_HW.shape
    rows, columns = np.mgrid[0:height:SPOT_STEP_PX, 0:width:SPOT_STEP_PX]
    x, y = (columns + 0.5) / width * 2 - 1, (rows + 0.5) / height * 2 - 1  # row 0 is the lowest
    clip = np.stack([x, y, depth_HW[rows, columns] * 2.0 - 1.0, np.ones_like(x)], axis=-1)
    world = clip.reshape(-1, 4) @ inverse(to_clip).T
    points = world[:, :3] / world[:, 3:]
    away = np.hypot(points[:, 0] - view.eye_m[0], points[:, 1] - view.eye_m[1])
    road = (points[:, 2] < 0.06) & (np.abs(points[:, :2]).min(axis=1) < HALF_M - 0.6)
    return np.asarray(points[road & (away > NEAREST_M) & (away < FURTHEST_M), :2], np.float32)
