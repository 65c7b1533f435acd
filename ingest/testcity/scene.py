"""Where things stand and how a camera sees them: plain geometry, no graphics library.

Street axes: x along the street (the direction of traffic on the near side), y to its left, z up,
metres; the origin is on the centre line where the camera's own piece of street begins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.light import Colour, Light, Sensor
from yanji.ingest.testcity.mesh import Mesh

Matrix = npt.NDArray[np.float64]
"""(4, 4), multiplies column vectors."""

NEAR_M, FAR_M = 1.0, 300.0


@dataclass(frozen=True, slots=True)
class View:
    """A fixed camera above the pavement on the right of the street (y < 0)."""

    camera_id: str
    street_m: float
    """Where along the whole street this camera stands."""
    setback_m: float
    """Distance from the centre line."""
    height_m: float
    bearing_deg: float
    """0: along the traffic on its own side, 90: straight across the street."""
    tilt_deg: float
    """Down from the horizon."""
    field_deg: float
    """Horizontal angle of view."""
    light: Light
    sensor: Sensor
    seed: int
    """Of houses, trees and asphalt."""

    @property
    def eye(self) -> tuple[float, float, float]:
        """The lens, in street axes whose x = 0 is at the camera."""
        return (0.0, -self.setback_m, self.height_m)

    @property
    def gaze(self) -> npt.NDArray[np.float64]:
        """Unit vector of the line of sight."""
        bearing, tilt = np.radians(self.bearing_deg), np.radians(self.tilt_deg)
        flat = np.cos(tilt)
        return np.array([flat * np.cos(bearing), flat * np.sin(bearing), -np.sin(tilt)])


@dataclass(frozen=True, slots=True)
class Look:
    """The colours of one vehicle, linear RGB."""

    paint: Colour
    accent: Colour
    jacket: Colour = (0.05, 0.05, 0.06)
    helmet: Colour = (0.5, 0.5, 0.5)
    dirt: float = 0.2
    """0 clean .. 1 muddy below."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One vehicle in one frame, in the axes of the camera's piece of street."""

    kind: str
    look: Look
    x_m: float
    y_m: float
    oncoming: bool

    @property
    def model_matrix(self) -> Matrix:
        """From the vehicle's axes to the street's."""
        facing = -1.0 if self.oncoming else 1.0
        matrix = np.diag([facing, facing, 1.0, 1.0])
        matrix[:2, 3] = (self.x_m, self.y_m)
        return matrix


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
    scale = 1 / np.tan(np.radians(field_deg) / 2)
    depth = FAR_M - NEAR_M
    matrix = np.zeros((4, 4))
    matrix[0, 0], matrix[1, 1] = scale, scale * aspect
    matrix[2, 2], matrix[2, 3] = -(FAR_M + NEAR_M) / depth, -2 * FAR_M * NEAR_M / depth
    matrix[3, 2] = -1.0
    return matrix


def sun_matrix(view: View, reach_m: float = 32.0) -> Matrix:
    """Build the parallel projection of the shadow map around what the camera sees."""
    sun = np.asarray(view.light.sun, dtype=float)
    sun /= np.linalg.norm(sun)
    flat = view.gaze * [1, 1, 0]
    centre = np.asarray(view.eye) * [1, 1, 0] + flat / np.linalg.norm(flat) * 24.0
    matrix = np.diag([1 / reach_m, 1 / reach_m, -2 / 150.0, 1.0])
    matrix[2, 3] = -1.0
    return np.asarray(matrix @ look_along(centre + sun * 75.0, -sun))


def camera_matrix(view: View, width: int, height: int) -> Matrix:
    """Build street axes -> clip space."""
    return np.asarray(perspective(view.field_deg, width / height) @ look_along(view.eye, view.gaze))


def amodal_box(
    corners_N3: Mesh, placed: Placed, view: View, width: int, height: int
) -> tuple[tuple[float, float, float, float], float] | None:
    """Project a vehicle.

    Args:
        corners_N3: positions of its mesh, in its own axes.
        placed: where it stands.
        view: the camera.
        width: of the picture, pixels.
        height: of the picture, pixels.

    Returns:
        Its box x1, y1, x2, y2 clipped to the picture, pixels, as if nothing stood before it, and
        the share (0..1) of the unclipped box inside the picture; None when it is out of view.
    """
    to_clip = camera_matrix(view, width, height) @ placed.model_matrix
    clip = np.c_[corners_N3.astype(float), np.ones(len(corners_N3))] @ to_clip.T
    if (clip[:, 3] < NEAR_M).any():
        return None
    x = (clip[:, 0] / clip[:, 3] * 0.5 + 0.5) * width
    y = (0.5 - 0.5 * clip[:, 1] / clip[:, 3]) * height
    x1, y1, x2, y2 = x.min(), y.min(), x.max(), y.max()
    left, top, right, bottom = max(x1, 0.0), max(y1, 0.0), min(x2, width), min(y2, height)
    if right <= left or bottom <= top:
        return None
    inside = (right - left) * (bottom - top) / ((x2 - x1) * (y2 - y1))
    return (float(left), float(top), float(right), float(bottom)), float(inside)
