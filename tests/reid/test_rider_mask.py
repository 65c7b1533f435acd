"""The upper half of two-wheelers goes, and nothing of others."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.reid.rider_mask import GREY, mask_rider


@pytest.mark.parametrize("name", ["ebike", "motorcycle", "bicycle", "two_wheeler"])
@pytest.mark.parametrize(("height", "covered"), [(40, 20), (41, 21), (2, 1), (3, 2)])
def test_the_upper_half_of_a_two_wheeler_is_one_grey(name: str, height: int, covered: int) -> None:
    rng = np.random.default_rng(0)
    crop = rng.integers(0, 256, (height, 30, 3)).astype(np.uint8)
    before = crop.copy()
    mask_rider(crop, name)
    assert (crop[:covered] == GREY).all()
    assert np.array_equal(crop[covered:], before[covered:])


@pytest.mark.parametrize("name", ["car", "bus", "tricycle", "tuk_tuk"])
def test_others_stay(name: str) -> None:
    crop = np.full((10, 10, 3), 7, np.uint8)
    mask_rider(crop, name)
    assert (crop == 7).all()
