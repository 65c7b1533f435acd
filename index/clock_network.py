"""From offsets between pairs of cameras to one offset for each camera of a site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from yanji.index.clock_pairs import PairOffset


@dataclass(frozen=True, slots=True)
class CameraOffset:
    """How far a camera's clock is ahead of the reference's."""

    ahead_s: float
    sigma_s: float
    """One standard deviation, relative to the reference."""


def solve_offsets(
    pairs: Mapping[tuple[str, str], PairOffset], reference: str
) -> dict[str, CameraOffset]:
    """Weighted least squares over all pairs that hang together with the reference.

    Where pairs form a circle their offsets must add up to zero; if they do so worse than their own
    errors say, all errors are widened by as much.

    Args:
        pairs: clock of the second minus clock of the first camera.
        reference: its clock is the measure of all others.

    Returns:
        One offset per camera that the pairs reach, the reference (0, 0) among them.
    """
    cameras = [reference]
    for camera in cameras:  # grows while it is walked
        for one, two in pairs:
            for here, there in ((one, two), (two, one)):
                if here == camera and there not in cameras:
                    cameras.append(there)
    column = {camera: number for number, camera in enumerate(cameras[1:])}
    used = [(key, pair) for key, pair in pairs.items() if key[0] in cameras]
    found = {reference: CameraOffset(0.0, 0.0)}
    if not used:
        return found
    design_PC = np.zeros((len(used), len(column)))
    for row, ((one, two), _) in enumerate(used):
        if two in column:
            design_PC[row, column[two]] += 1
        if one in column:
            design_PC[row, column[one]] -= 1
    offset_P = np.array([pair.offset_s for _, pair in used])
    weight_P = np.array([pair.sigma_s**-2 for _, pair in used])
    covariance_CC = np.linalg.inv((design_PC.T * weight_P) @ design_PC)
    ahead_C = covariance_CC @ (design_PC.T * weight_P) @ offset_P
    spare = len(used) - len(column)
    if spare > 0:
        misfit = float(weight_P @ (offset_P - design_PC @ ahead_C) ** 2) / spare
        covariance_CC *= max(1.0, misfit)
    for camera, number in column.items():
        sigma_s = float(np.sqrt(covariance_CC[number, number]))
        found[camera] = CameraOffset(float(ahead_C[number]), sigma_s)
    return found
