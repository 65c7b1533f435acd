"""Tells the shaders what light a camera's place has."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from yanji.ingest.testcity.drawing import shaders
from yanji.ingest.testcity.drawing.gpu import put, write
from yanji.ingest.testcity.drawing.views import Matrix, View


def set_light(
    program: Any,
    view: View,
    shadow_matrix: Matrix,
    shadow_px: int,
    lamps_L3: npt.NDArray[np.float64] | None = None,
) -> None:
    """Set all uniforms that describe light and camera, those that the program uses.

    Args:
        program: of the graphics library.
        view: the camera and its light.
        shadow_matrix: city axes -> the still shadow map.
        shadow_px: side of that map.
        lamps_L3: street lamps, at most `shaders.MAX_LAMPS`; None: they are set per vehicle.
    """
    light = view.light
    sun = np.asarray(light.sun, dtype=float)
    put(
        program,
        eye=view.eye_m,
        sun=tuple((sun / np.linalg.norm(sun)).tolist()),
        sun_colour=light.sun_colour,
        sky_high=light.sky_high,
        sky_low=light.sky_low,
        haze=light.haze,
        exposure=light.exposure,
        lamp_power=light.lamps,
        still_texel=0.7 / shadow_px,
    )
    write(program, "still_matrix", shadow_matrix)
    if lamps_L3 is not None:
        put(program, num_lamps=len(lamps_L3))
        if "lamps" in program:
            rows = np.zeros((shaders.MAX_LAMPS, 3), np.float32)
            rows[: len(lamps_L3)] = lamps_L3
            program["lamps"].write(rows.tobytes())


def nearest_lamps(
    lamps_N3: npt.NDArray[np.float64], place: tuple[float, float]
) -> npt.NDArray[np.float64]:
    """Sort street lamps (N, 3) by their distance from a place, nearest first."""
    away_N = np.hypot(lamps_N3[:, 0] - place[0], lamps_N3[:, 1] - place[1])
    return lamps_N3[np.argsort(away_N, kind="stable")]
