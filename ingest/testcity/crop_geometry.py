"""Where vehicles stand on the ground and lie in a virtual camera's picture."""

from __future__ import annotations

import math
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.scenery import Scenery
from yanji.ingest.testcity.drawing.shown import Shown
from yanji.ingest.testcity.drawing.views import pose_matrix, project
from yanji.ingest.testcity.mesh import Material
from yanji.ingest.testcity.vehicles.kinds import KINDS, mesh_of

Box = tuple[float, float, float, float]

_RIDER: Final = (Material.SKIN, Material.JACKET, Material.TROUSERS, Material.HELMET)


def inside(box_px: Box, size: tuple[int, int]) -> float:
    """Share (0..1) of a box inside a picture of this width and height."""
    x1, y1, x2, y2 = box_px
    across = min(x2, size[0]) - max(x1, 0.0)
    down = min(y2, size[1]) - max(y1, 0.0)
    return max(across, 0.0) * max(down, 0.0) / max((x2 - x1) * (y2 - y1), 1e-9)


def box_of(vehicle: Shown, scenery: Scenery) -> Box | None:
    """Project a vehicle's full box into the camera's picture; None when it reaches the lens."""
    matrix = pose_matrix(vehicle.x_m, vehicle.y_m, vehicle.yaw, vehicle.roll)
    return _box(_points(vehicle.kind, vehicle.look.addons), scenery, matrix)


def rider_box(vehicle: Shown, scenery: Scenery) -> Box | None:
    """Project the box of a vehicle's rider; None when there is none."""
    points = _rider_points(vehicle.kind)
    if not len(points):
        return None
    matrix = pose_matrix(vehicle.x_m, vehicle.y_m, vehicle.yaw, vehicle.roll)
    return _box(points, scenery, matrix)


def heading_deg(vehicle: Shown, scenery: Scenery) -> float:
    """Direction of travel in the picture, counter-clockwise from the right, degrees."""
    ahead = [(0.0, 0.0, 0.5), (0.3, 0.0, 0.5)]
    pose = pose_matrix(vehicle.x_m, vehicle.y_m, vehicle.yaw)
    pixels = project(ahead, scenery.to_clip @ pose, *scenery.size)
    if pixels is None:
        return 0.0
    across, down = pixels[1] - pixels[0]
    return math.degrees(math.atan2(-down, across))


def _box(
    points_N3: npt.NDArray[np.float32], scenery: Scenery, pose: npt.NDArray[np.float64]
) -> Box | None:
    pixels = project(points_N3, scenery.to_clip @ pose, *scenery.size)
    if pixels is None:
        return None
    (x1, y1), (x2, y2) = pixels.min(axis=0), pixels.max(axis=0)
    return (float(x1), float(y1), float(x2), float(y2))


@cache
def _points(kind: str, addons: tuple[str, ...]) -> npt.NDArray[np.float32]:
    """All different corners (N, 3) of a kind's mesh: quicker made than its outline."""
    return np.unique(mesh_of(kind, addons)[:, :3], axis=0)


@cache
def _rider_points(kind: str) -> npt.NDArray[np.float32]:
    if not KINDS[kind].rider:
        return np.empty((0, 3), np.float32)
    mesh = mesh_of(kind, (), 1)
    return np.unique(mesh[np.isin(mesh[:, 6], _RIDER), :3], axis=0)


def corners_of(vehicle: Shown, grow_m: float) -> npt.NDArray[np.float64]:
    """The four corners (4, 2) of the ground that a vehicle covers."""
    kind = KINDS[vehicle.kind]
    half = np.array([kind.length_m / 2 + grow_m, kind.width_m / 2 + grow_m])
    forward = np.array([math.cos(vehicle.yaw), math.sin(vehicle.yaw)])
    aside = np.array([-forward[1], forward[0]])
    signs = np.array([(1, 1), (1, -1), (-1, -1), (-1, 1)]) * half
    return np.asarray([vehicle.x_m, vehicle.y_m] + signs @ np.stack([forward, aside]))


def touch(a: Shown, b: Shown) -> bool:
    """Whether two rectangles on the ground overlap: no edge's direction separates them."""
    first, second = corners_of(a, 0.15), corners_of(b, 0.15)
    for yaw in (a.yaw, a.yaw + math.pi / 2, b.yaw, b.yaw + math.pi / 2):
        axis = np.array([math.cos(yaw), math.sin(yaw)])
        p, q = first @ axis, second @ axis
        if p.max() < q.min() or q.max() < p.min():
            return False
    return True
