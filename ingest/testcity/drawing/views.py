"""Where a camera stands and how it projects: plain geometry, no graphics library.

City axes: x east, y north, z up, metres. Matrices are (4, 4) and multiply column vectors.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing.light import Light, Sensor

Matrix = npt.NDArray[np.float64]
Points = npt.NDArray[np.float64]

NEAR_M: Final = 0.8
FAR_M: Final = 400.0


@dataclass(frozen=True, slots=True)
class View:
    """A fixed camera."""

    camera_id: str
    name: str
    node: str
    """The junction it watches."""
    eye_m: tuple[float, float, float]
    yaw_deg: float
    """Direction of the line of sight, counter-clockwise from east."""
    tilt_deg: float
    """Down from the horizon."""
    field_deg: float
    """Horizontal angle of view."""
    light: Light
    sensor: Sensor
    clock_offset_s: float
    seed: int
    """Of the sensor's noise."""

    @property
    def heading_deg(self) -> float:
        """Line of sight, clockwise from north, 0..360."""
        return (90.0 - self.yaw_deg) % 360.0

    @property
    def gaze(self) -> Points:
        """Unit vector of the line of sight."""
        yaw, tilt = math.radians(self.yaw_deg), math.radians(self.tilt_deg)
        return np.array(
            [math.cos(tilt) * math.cos(yaw), math.cos(tilt) * math.sin(yaw), -math.sin(tilt)]
        )


def look_along(eye: npt.ArrayLike, gaze: npt.ArrayLike) -> Matrix:
    """Build a view matrix (camera looks along -z, y up)."""
    forward = np.asarray(gaze, dtype=float) / np.linalg.norm(gaze)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    matrix = np.eye(4)
    matrix[:3, :3] = np.stack([right, np.cross(right, forward), -forward])
    matrix[:3, 3] = -matrix[:3, :3] @ np.asarray(eye, dtype=float)
    return matrix


def perspective(field_deg: float, aspect: float) -> Matrix:
    """Build a projection with the given horizontal field (OpenGL clip space)."""
    scale = 1 / math.tan(math.radians(field_deg) / 2)
    depth = FAR_M - NEAR_M
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1] = scale, scale * aspect
    matrix[2, 2], matrix[2, 3] = -(FAR_M + NEAR_M) / depth, -2 * FAR_M * NEAR_M / depth
    matrix[3, 2] = -1.0
    return matrix


def camera_matrix(view: View, width: int, height: int) -> Matrix:
    """Build city axes -> clip space."""
    return np.asarray(
        perspective(view.field_deg, width / height) @ look_along(view.eye_m, view.gaze)
    )


def inverse(matrix: Matrix) -> Matrix:
    """Invert a matrix."""
    return np.asarray(np.linalg.inv(matrix), np.float64)


def sun_matrix(
    sun: npt.ArrayLike, centre: tuple[float, float], reach_m: float, depth_m: float = 200.0
) -> Matrix:
    """Build the parallel projection of a shadow map: a square of 2 x `reach_m` round a place."""
    direction = np.asarray(sun, dtype=float) / np.linalg.norm(sun)
    matrix = np.diag([1 / reach_m, 1 / reach_m, -2 / depth_m, 1.0])
    matrix[2, 3] = -1.0
    eye = np.array([*centre, 0.0]) + direction * depth_m / 2
    return np.asarray(matrix @ look_along(eye, -direction))


def pose_matrix(x_m: float, y_m: float, yaw: float, roll: float = 0.0) -> Matrix:
    """Build a vehicle's axes -> city axes; `roll` (radians) leans it to its left when positive."""
    c, s = math.cos(yaw), math.sin(yaw)
    matrix = np.eye(4)
    matrix[:2, :2] = [[c, -s], [s, c]]
    matrix[:2, 3] = (x_m, y_m)
    if roll:
        cr, sr = math.cos(roll), math.sin(roll)
        lean = np.eye(4)
        lean[1:3, 1:3] = [[cr, sr], [-sr, cr]]
        matrix = matrix @ lean
    return matrix


def project(points_N3: npt.ArrayLike, to_clip: Matrix, width: int, height: int) -> Points | None:
    """Project points to pixels, (N, 2); None when one of them lies behind the lens."""
    points = np.asarray(points_N3, dtype=float)
    clip = points @ to_clip[:, :3].T + to_clip[:, 3]
    if (clip[:, 3] < NEAR_M).any():
        return None
    x = (clip[:, 0] / clip[:, 3] * 0.5 + 0.5) * width
    y = (0.5 - 0.5 * clip[:, 1] / clip[:, 3]) * height
    return np.stack([x, y], axis=1)
