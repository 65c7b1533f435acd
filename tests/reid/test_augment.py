from __future__ import annotations

import numpy as np
import pytest

from yanji.reid.training import augment

STEPS = [
    augment.shift_box,
    augment.hide_head,
    augment.shift_colours,
    augment.lose_detail,
    augment.cover,
    lambda image, rng: augment.view(image, rng, rider=True),
]


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("shape", [(8, 8, 3), (30, 48, 3), (300, 90, 3)])
def test_every_step_gives_a_crop_and_leaves_its_input(step, shape) -> None:
    image = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    before = image.copy()
    for seed in range(25):
        made = step(image, np.random.default_rng(seed))
        assert made.dtype == np.uint8
        assert made.ndim == 3
        assert min(made.shape[:2]) >= 2
        np.testing.assert_array_equal(image, before)


def test_the_same_seed_gives_the_same_view() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 40, 3), dtype=np.uint8)
    one, again, other = (
        augment.view(image, np.random.default_rng(seed), rider=True) for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(one, again)
    assert one.shape != other.shape or (one != other).any()


def test_a_hidden_head_is_above_the_vehicle() -> None:
    image = np.random.default_rng(0).integers(0, 256, (100, 80, 3), dtype=np.uint8)
    hidden = augment.hide_head(image, np.random.default_rng(1))
    changed = (hidden != image).any(axis=(1, 2))
    assert changed.any()
    assert not changed[31:].any()


def test_cover_hides_at_most_a_fifth() -> None:
    image = np.zeros((100, 100, 3), np.uint8)
    shares = [
        (augment.cover(image, np.random.default_rng(seed)) > 0).any(axis=2).mean()
        for seed in range(40)
    ]
    assert 0 < max(shares) < 0.22
