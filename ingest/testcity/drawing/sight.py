"""Where each vehicle is seen in a frame: visible boxes and occlusion, counted in pixels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.gpu import Gpu, Model, write
from yanji.ingest.testcity.drawing.views import Matrix

TILE_PX: Final = 64
MAX_NUMBERED: Final = 250
DETAILED_PX: Final = 110.0
"""Smaller vehicles are counted by their coarse mesh."""

Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class Seen:
    """One vehicle with at least one visible pixel."""

    identity: str
    full_px: Box
    visible_px: Box
    angle_deg: float
    occlusion: float


def see(
    gpu: Gpu,
    numbers: Any,
    still_depth: Any,
    to_clip: Matrix,
    size: tuple[int, int],
    placed: Sequence[tuple[str, tuple[str, ...], Matrix, Box]],
) -> list[tuple[Box, float] | None]:
    """Find out what of each vehicle is visible.

    Args:
        gpu: the context.
        numbers: frame buffer of one 8-bit channel with depth, of the picture's size.
        still_depth: texture with the depth of what stands still.
        to_clip: city axes -> clip space.
        size: (width, height) of the picture, pixels.
        placed: kind, addons, model matrix and full box of each vehicle, largest first; those
            beyond `MAX_NUMBERED` are taken for hidden.

    Returns:
        For each: the box of its visible pixels and its occlusion (see `TrueVehicle`), or None
        when no pixel shows it.
    """
    context, program = gpu.context, gpu.number
    context.enable(context.DEPTH_TEST)
    numbers.use()
    still_depth.use(0)
    gpu.behind["still_depth"].value = 0
    context.depth_func = "1"  # always
    gpu.behind_screen.render()
    context.depth_func = "<"
    write(program, "view_projection", to_clip)
    counted = placed[:MAX_NUMBERED]
    models = [
        gpu.vehicle_model(kind, addons, 1 if _side(box) > DETAILED_PX else 2)
        for kind, addons, _, box in counted
    ]
    for number, (model, (_, _, matrix, _)) in enumerate(zip(models, counted, strict=True), 1):
        program["number"].value = number / 255
        write(program, "model", matrix)
        model.number.render()
    seen_HW = _read(numbers, size)
    whole = _covered_alone(gpu, numbers, to_clip, size, models, counted)
    found: list[tuple[Box, float] | None] = []
    for number, ((_, _, _, full_px), alone_px) in enumerate(zip(counted, whole, strict=True), 1):
        x1, y1, x2, y2 = _inside(full_px, size)
        mine = seen_HW[y1:y2, x1:x2] == number
        num_px = int(np.count_nonzero(mine))
        if not num_px:
            found.append(None)
            continue
        rows, columns = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
        box = (x1 + columns[0], y1 + rows[0], x1 + columns[-1] + 1, y1 + rows[-1] + 1)
        visible = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
        found.append((visible, float(np.clip(1.0 - num_px / max(alone_px, 1.0), 0.0, 1.0))))
    return found + [None] * (len(placed) - len(counted))


def _covered_alone(
    gpu: Gpu, numbers: Any, to_clip: Matrix, size: tuple[int, int], models: Sequence[Model],
    counted: Sequence[tuple[str, tuple[str, ...], Matrix, Box]],
) -> list[float]:  # fmt: skip
    """Pixels inside the picture that each vehicle would cover if nothing stood before it.

    Every vehicle is drawn alone into a tile that its box just fills; the share of the tile that it
    covers is that of the box.
    """
    context, program = gpu.context, gpu.number
    columns = size[0] // TILE_PX
    per_sheet = columns * (size[1] // TILE_PX)
    context.disable(context.DEPTH_TEST)
    program["number"].value = 1.0
    shares: list[float] = []
    for begin in range(0, len(counted), per_sheet):
        numbers.use()
        numbers.clear(0.0, 0.0, 0.0, 0.0)
        sheet = list(zip(models, counted, strict=True))[begin : begin + per_sheet]
        for tile, (model, (_, _, matrix, full_px)) in enumerate(sheet):
            x1, y1, x2, y2 = _inside(full_px, size)
            # From the box's part of clip space to all of it (y counts upwards there).
            zoom = np.eye(4)
            zoom[0, 0], zoom[1, 1] = size[0] / (x2 - x1), size[1] / (y2 - y1)
            zoom[0, 3] = -zoom[0, 0] * ((x1 + x2) / size[0] - 1)
            zoom[1, 3] = -zoom[1, 1] * (1 - (y1 + y2) / size[1])
            numbers.viewport = (
                tile % columns * TILE_PX,
                tile // columns * TILE_PX,
                TILE_PX,
                TILE_PX,
            )
            write(program, "view_projection", zoom @ to_clip)
            write(program, "model", matrix)
            model.number.render()
        numbers.viewport = (0, 0, *size)
        drawn = _read(numbers, size)[::-1]
        for tile, (_, (_, _, _, full_px)) in enumerate(sheet):
            left, low = tile % columns * TILE_PX, tile // columns * TILE_PX
            share = float((drawn[low : low + TILE_PX, left : left + TILE_PX] > 0).mean())
            x1, y1, x2, y2 = _inside(full_px, size)
            shares.append(share * (x2 - x1) * (y2 - y1))
    context.enable(context.DEPTH_TEST)
    return shares


def _read(numbers: Any, size: tuple[int, int]) -> npt.NDArray[np.uint8]:
    raw = np.frombuffer(numbers.read(components=1, alignment=1), np.uint8)
    return raw.reshape(size[1], size[0])[::-1]


def _side(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _inside(box: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels of a box inside the picture, at least one."""
    x1, y1 = max(math.floor(box[0]), 0), max(math.floor(box[1]), 0)
    x2, y2 = min(math.ceil(box[2]), size[0]), min(math.ceil(box[3]), size[1])
    x1, y1 = min(x1, size[0] - 1), min(y1, size[1] - 1)
    return x1, y1, max(x2, x1 + 1), max(y2, y1 + 1)
