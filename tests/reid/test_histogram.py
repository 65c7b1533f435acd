from __future__ import annotations

import hashlib

import numpy as np
import pytest

from yanji.reid.backends.histogram import HistogramEmbedder

RED, GREEN, BLUE = (20, 20, 220), (20, 220, 20), (220, 20, 20)


def stripes(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.concatenate([np.full((20, 50, 3), colour, np.uint8) for colour in colours])


def test_sha_is_of_name_and_version() -> None:
    assert HistogramEmbedder().weights_sha256 == hashlib.sha256(b"histogram 1").hexdigest()


def test_each_stripe_counts_a_quarter() -> None:
    one = stripes(RED, GREEN, BLUE, RED)
    two = stripes(RED, GREEN, BLUE, BLUE)
    vectors = HistogramEmbedder().embed([one, two])
    # Three stripes are equal; in the fourth only the brightness is (half of the stripe's mass).
    assert vectors[0] @ vectors[1] == pytest.approx(3.5 / 4, abs=1e-3)


def test_the_order_of_colours_counts() -> None:
    vectors = HistogramEmbedder().embed(
        [stripes(RED, RED, BLUE, BLUE), stripes(BLUE, BLUE, RED, RED)]
    )
    assert vectors[0] @ vectors[1] == pytest.approx(0.5, abs=1e-3)


def test_size_does_not_count() -> None:
    crop = stripes(RED, GREEN, BLUE, RED)
    vectors = HistogramEmbedder().embed([crop, np.repeat(np.repeat(crop, 3, 0), 2, 1)])
    assert vectors[0] @ vectors[1] > 0.99
