"""Which rows a trained model has, and what they begin as."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.detect.card import Card
from yanji.detect.detections import FloatArray
from yanji.detect.training.branch import NUM_LEVELS, begin, last_layer, layers, rows_of, shifted


@pytest.fixture
def weights() -> dict[str, FloatArray]:
    """Rows of the last convolution hold their own number; the others hold noise."""
    random = np.random.default_rng(3)
    made: dict[str, FloatArray] = {}
    for level in range(NUM_LEVELS):
        for layer in layers(level):
            shape = (80, 4, 1, 1)
            made[f"{layer}.weight"] = random.random(shape, np.float32)
            made[f"{layer}.bias"] = random.random(80, np.float32)
        row_80 = np.arange(80, dtype=np.float32)
        made[f"{last_layer(level)}.weight"] = np.broadcast_to(
            row_80[:, None, None, None], (80, 4, 1, 1)
        ).copy()
        made[f"{last_layer(level)}.bias"] = row_80.copy()
    return made


def test_persons_and_what_has_no_labels_are_kept(card: Card) -> None:
    rows = rows_of(card, ("car", "ebike", "tricycle"))
    assert rows.kept == (0, 67, 1, 3, 5, 7)
    assert rows.person_class == 0
    assert rows.overhead_map == {1: "car"}
    assert rows.class_map == {
        2: "bicycle",
        3: "motorcycle",
        4: "bus",
        5: "truck",
        6: "car",
        7: "ebike",
        8: "tricycle",
    }
    assert rows.num == 9


def test_new_classes_begin_as_the_mean_of_their_kin(
    card: Card, weights: dict[str, FloatArray]
) -> None:
    branch = begin(card, weights, ("car", "van", "ebike", "tricycle", "two_wheeler"))
    for level in range(NUM_LEVELS):
        bias = branch[f"{last_layer(level)}.bias"]
        # COCO: 1 bicycle, 2 car, 3 motorcycle, 7 truck
        assert bias.tolist() == [2, 4.5, 2, 5, 2]
        assert branch[f"{last_layer(level)}.weight"].shape == (5, 4, 1, 1)
        first = f"{layers(level)[0]}.weight"
        np.testing.assert_array_equal(branch[first], weights[first])
        assert branch[first] is not weights[first]


def test_a_shift_moves_the_bias_of_its_class_only(
    card: Card, weights: dict[str, FloatArray]
) -> None:
    branch = begin(card, weights, ("car", "bus"))
    moved = shifted(branch, (0.0, -1.5))
    for level in range(NUM_LEVELS):
        assert moved[f"{last_layer(level)}.bias"].tolist() == [2, 3.5]
    same = [name for name in branch if not name.endswith(".2.bias")]
    assert all(moved[name] is branch[name] for name in same)
    assert branch[f"{last_layer(0)}.bias"].tolist() == [2, 5]
