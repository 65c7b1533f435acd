"""Where boxes will be: a Kalman filter of constant velocity for all tracks of a camera at once.

The four edges of a box are filtered each by itself, as position and velocity, and all with the same
noise; so they share one covariance of 2 x 2, and a step of all tracks is a dozen operations on
arrays (a matrix of 8 x 8 for each track took 2 ms a frame at eleven vehicles, this 0.1). Time is
counted in nominal frames.

Noise: ByteTrack's as the `trackers` library sets it (measurement 0.1, process 0.01, first
covariance 1); over steps that are not one nominal frame long the process noise is that of discrete
white acceleration (Bar-Shalom, Estimation with Applications to Tracking and Navigation, 6.3.2).
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

MEASURED: Final = 0.1
"""Variance of a measured edge, px²."""
PROCESS: Final = 0.01
"""Variance that a nominal frame adds to position and velocity, px²."""
NOMINAL_S: Final = 0.004
"""A step that differs by less from a nominal frame is one: clocks in ms, and jitter."""


class BoxFilter:
    """Positions and velocities of N boxes. Rows are added, dropped and updated by number."""

    def __init__(self, fps: float) -> None:
        self._fps = fps
        self.boxes_N4: Array = np.empty((0, 4))
        """Where each box is by the filter: x1, y1, x2, y2 in px."""
        self._speeds_N4: Array = np.empty((0, 4))
        self._covariances_N3: Array = np.empty((0, 3))
        """Of position, of position with velocity, of velocity."""

    def add(self, boxes_K4: Array) -> None:
        """Begin rows at the end, at rest."""
        num = len(boxes_K4)
        self.boxes_N4 = np.concatenate([self.boxes_N4, boxes_K4])
        self._speeds_N4 = np.concatenate([self._speeds_N4, np.zeros((num, 4))])
        first_K3 = np.tile([1.0, 0.0, 1.0], (num, 1))
        self._covariances_N3 = np.concatenate([self._covariances_N3, first_K3])

    def keep(self, kept_N: npt.NDArray[np.bool_]) -> None:
        """Drop all rows but these."""
        self.boxes_N4 = self.boxes_N4[kept_N]
        self._speeds_N4 = self._speeds_N4[kept_N]
        self._covariances_N3 = self._covariances_N3[kept_N]

    def predict(self, elapsed_s: float) -> None:
        """Let time go on by `elapsed_s` > 0 seconds."""
        step = elapsed_s * self._fps
        self.boxes_N4 = self.boxes_N4 + step * self._speeds_N4
        place, both, speed = self._covariances_N3.T
        noise = _noise(step, self._fps)
        self._covariances_N3 = np.stack(
            [
                place + 2 * step * both + step**2 * speed + noise[0],
                both + step * speed + noise[1],
                speed + noise[2],
            ],
            axis=1,
        )

    def update(self, rows_K: npt.NDArray[np.int64], boxes_K4: Array) -> None:
        """Correct some rows by what was measured of them."""
        place, both, speed = self._covariances_N3[rows_K].T
        place_gain, speed_gain = place / (place + MEASURED), both / (place + MEASURED)
        wrong_K4 = boxes_K4 - self.boxes_N4[rows_K]
        self.boxes_N4[rows_K] += place_gain[:, None] * wrong_K4
        self._speeds_N4[rows_K] += speed_gain[:, None] * wrong_K4
        rest = 1 - place_gain
        # Joseph's form, which stays positive however the numbers are rounded.
        self._covariances_N3[rows_K] = np.stack(
            [
                rest**2 * place + place_gain**2 * MEASURED,
                rest * (both - speed_gain * place) + place_gain * speed_gain * MEASURED,
                speed_gain**2 * (place + MEASURED) - 2 * speed_gain * both + speed,
            ],
            axis=1,
        )


def _noise(step: float, fps: float) -> tuple[float, float, float]:
    if abs(step - 1) <= NOMINAL_S * fps:
        return PROCESS, 0.0, PROCESS
    return PROCESS * step**4 / 4, PROCESS * step**3 / 2, PROCESS * step**2
