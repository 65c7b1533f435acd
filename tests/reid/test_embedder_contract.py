"""What every embedder must keep, over every one that this installation has."""

from __future__ import annotations

import numpy as np
import pytest

from yanji.configs.errors import ModelError, UsageError
from yanji.detect.card import load_card
from yanji.reid.backends.onnx_embedder import BATCH, OnnxEmbedder, stretch
from yanji.reid.embedder import Embedder
from yanji.reid.registry import DEFAULT_EMBEDDER, list_embedders, open_embedder


@pytest.fixture(scope="module", params=list_embedders())
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return open_embedder(request.param)


def crops_of(count: int, seed: int = 3) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        height, width = rng.integers(20, 240, 2)
        coarse = rng.integers(0, 256, (6, 5, 3), dtype=np.uint8)
        made.append(stretch(coarse, int(height), int(width)))
    return made


def test_default_and_baseline_are_there() -> None:
    assert {DEFAULT_EMBEDDER, "histogram"} <= set(list_embedders())


def test_identity(embedder: Embedder) -> None:
    assert embedder.model_id in list_embedders()
    assert len(embedder.weights_sha256) == 64
    assert int(embedder.weights_sha256, 16) > 0


def test_shape_type_and_length(embedder: Embedder) -> None:
    vectors = embedder.embed(crops_of(3))
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_crops(embedder: Embedder) -> None:
    vectors = embedder.embed([])
    assert vectors.shape == (0, embedder.dimension)
    assert vectors.dtype == np.float32


@pytest.mark.parametrize("shape", [(2, 2, 3), (2, 500, 3), (700, 2, 3)])
def test_smallest_and_longest_crops(embedder: Embedder, shape: tuple[int, ...]) -> None:
    vectors = embedder.embed([np.full(shape, 90, np.uint8)])
    np.testing.assert_allclose(np.linalg.norm(vectors), 1, atol=1e-5)


@pytest.mark.parametrize("value", [0, 255])
def test_flat_crops_have_vectors(embedder: Embedder, value: int) -> None:
    vectors = embedder.embed([np.full((50, 60, 3), value, np.uint8)])
    np.testing.assert_allclose(np.linalg.norm(vectors), 1, atol=1e-5)


@pytest.mark.parametrize(
    "crop",
    [
        np.zeros((1, 1, 3), np.uint8),
        np.zeros((1, 40, 3), np.uint8),
        np.zeros((0, 40, 3), np.uint8),
        np.zeros((40, 40), np.uint8),
        np.zeros((40, 40, 4), np.uint8),
        np.zeros((40, 40, 3), np.float32),
        np.zeros((3, 40, 40), np.uint8),
        np.zeros((3, 40, 3), np.uint8)[:0],
    ],
    ids=["1x1", "one row", "empty", "grey", "four channels", "float", "planes", "no rows"],
)
def test_wrong_crops_are_refused(embedder: Embedder, crop: np.ndarray) -> None:
    with pytest.raises(ValueError, match="crop 1"):
        embedder.embed([*crops_of(1), crop])


def test_channels_that_come_first_are_named(embedder: Embedder) -> None:
    with pytest.raises(ValueError, match=r"crop 0: .* channels come last"):
        embedder.embed([np.zeros((3, 40, 40), np.uint8)])


@pytest.mark.parametrize("count", [2, BATCH - 1, BATCH, BATCH + 1, 2 * BATCH + 3])
def test_batching_changes_nothing(embedder: Embedder, count: int) -> None:
    crops = crops_of(count)
    together = embedder.embed(crops)
    alone = np.concatenate([embedder.embed([crop]) for crop in crops])
    # bf16 sums in another order for another batch; the direction is what counts.
    assert (np.sum(together * alone, axis=1) > 0.999).all()


def test_the_same_crops_give_the_same_vectors(embedder: Embedder) -> None:
    crops = crops_of(BATCH + 2)
    np.testing.assert_array_equal(embedder.embed(crops), embedder.embed(crops))


def test_vectors_outlive_the_next_call(embedder: Embedder) -> None:
    first = embedder.embed(crops_of(2, seed=1))
    kept = first.copy()
    embedder.embed(crops_of(2, seed=2))
    np.testing.assert_array_equal(first, kept)


def test_crops_are_not_changed_and_may_be_views(embedder: Embedder) -> None:
    frame = crops_of(1)[0]
    view = frame[3:-2, 4:-5]
    before = frame.copy()
    np.testing.assert_array_equal(embedder.embed([view]), embedder.embed([view.copy()]))
    np.testing.assert_array_equal(frame, before)


def test_another_vehicle_is_further_away(embedder: Embedder) -> None:
    one, other = crops_of(2)
    brighter = np.clip(one.astype(int) + 8, 0, 255).astype(np.uint8)
    vectors = embedder.embed([one, brighter, other])
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2]


def test_unknown_name_is_usage() -> None:
    with pytest.raises(UsageError, match="no embedder named 'nothing'") as caught:
        open_embedder("nothing")
    assert DEFAULT_EMBEDDER in caught.value.hint


def test_a_detector_is_no_embedder() -> None:
    with pytest.raises(UsageError):
        open_embedder("yolo11n")
    with pytest.raises(ModelError, match="no embedder"):
        OnnxEmbedder(load_card("yolo11n"))
