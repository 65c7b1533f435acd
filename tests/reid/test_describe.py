from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import pytest

from yanji.configs.errors import NothingFoundError, UsageError
from yanji.detect.crops import cut_crop
from yanji.detect.passage import Crop, Passage
from yanji.ingest.frame import BgrImage, Run
from yanji.reid.black import is_black
from yanji.reid.describe import cut_query, describe, mean_vector
from yanji.reid.embedder import Vectors

RUN = Run("r" * 32, "K01", "file", "clip.mp4", 1, "boot", "c" * 64)


@dataclass
class CountingEmbedder:
    """Vector = mean colour of the crop; counts the calls."""

    model_id: str = "counting"
    weights_sha256: str = "5" * 64
    dimension: int = 3
    sizes: list[int] = field(default_factory=list)

    def embed(self, crops: Sequence[BgrImage]) -> Vectors:
        self.sizes.append(len(crops))
        rows = [crop.mean(axis=(0, 1)) for crop in crops]
        vectors = np.array(rows, np.float32).reshape(len(crops), 3)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def crop(colour: tuple[int, int, int], quality: float = 0.5, size: int = 40) -> Crop:
    image = np.full((size, size + 10, 3), colour, np.uint8)
    return Crop(image, (1.0, 2.0, 41.0, 52.0), 7, 3, quality)


def passage(*crops: Crop, changed: bool = True) -> Passage:
    return Passage(
        sighting_id="5" * 32,
        run=RUN,
        state="provisional",
        stationary=True,
        first_wall_ns=10,
        last_wall_ns=20,
        first_stream_s=0.5,
        last_stream_s=2.5,
        first_frame_number=5,
        last_frame_number=25,
        num_observations=9,
        vehicle_class="ebike",
        class_score=0.75,
        last_box_xyxy_px=(0, 0, 9, 9),
        crops=crops,
        crops_changed=changed,
    )


def test_everything_known_is_carried_over() -> None:
    sighting = describe([passage(crop((9, 9, 9), 0.4), crop((9, 9, 9), 0.3))], CountingEmbedder())[
        0
    ]
    assert (sighting.sighting_id, sighting.run, sighting.state) == ("5" * 32, RUN, "provisional")
    assert sighting.stationary
    assert (sighting.first_wall_ns, sighting.last_wall_ns) == (10, 20)
    assert (sighting.first_stream_s, sighting.last_stream_s) == (0.5, 2.5)
    assert (sighting.vehicle_class, sighting.class_score) == ("ebike", 0.75)
    assert (sighting.colour, sighting.plate, sighting.travel) == ("black", None, None)
    assert sighting.colour_score is not None
    assert 0.5 <= sighting.colour_score <= 1
    assert sighting.quality == 0.4


def test_a_message_without_new_crops_says_the_colour_all_the_same() -> None:
    """The last message of a sighting wins: one that left the colour out would take it away."""
    (sighting,) = describe([passage(crop((9, 9, 9)), changed=False)], CountingEmbedder())
    assert sighting.crops is None
    assert sighting.colour == "black"
    (nothing,) = describe([passage(changed=False)], CountingEmbedder())
    assert (nothing.colour, nothing.colour_score) == (None, None)


def test_vector_is_the_unit_mean_fenced_by_its_model() -> None:
    sighting = describe([passage(crop((200, 0, 0)), crop((0, 200, 0)))], CountingEmbedder())[0]
    assert sighting.embeddings is not None
    (embedding,) = sighting.embeddings
    assert (embedding.model_id, embedding.weights_sha256) == ("counting", "5" * 64)
    assert embedding.vector_D.dtype == np.float32
    np.testing.assert_allclose(embedding.vector_D, [0.5**0.5, 0.5**0.5, 0], atol=1e-6)


def test_crops_are_jpegs_named_by_content() -> None:
    sighting = describe([passage(crop((30, 90, 200), 0.8))], CountingEmbedder())[0]
    assert sighting.crops is not None
    (stored,) = sighting.crops
    assert stored.sha256 == hashlib.sha256(stored.jpeg).hexdigest()
    decoded = cv2.imdecode(np.frombuffer(stored.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded.shape == (stored.height, stored.width, 3) == (40, 50, 3)
    assert np.abs(decoded.astype(int) - (30, 90, 200)).max() <= 4
    assert (stored.box_xyxy_px, stored.wall_ns, stored.quality) == ((1.0, 2.0, 41.0, 52.0), 7, 0.8)


def test_unchanged_crops_are_not_embedded_again() -> None:
    embedder = CountingEmbedder()
    sighting = describe([passage(crop((9, 9, 9), 0.6), changed=False)], embedder)[0]
    assert sighting.crops is None
    assert sighting.embeddings is None
    assert sighting.quality == 0.6
    assert sum(embedder.sizes) == 0


def test_many_passages_are_one_call_and_keep_their_vectors() -> None:
    embedder = CountingEmbedder()
    passages = [
        passage(crop((200, 0, 0))),
        passage(crop((1, 1, 1)), changed=False),
        replace(passage(crop((0, 200, 0)), crop((0, 100, 0))), sighting_id="7" * 32),
    ]
    sightings = describe(passages, embedder)
    assert embedder.sizes == [3]
    assert [sighting.sighting_id for sighting in sightings] == ["5" * 32, "5" * 32, "7" * 32]
    assert sightings[0].embeddings is not None
    assert sightings[1].embeddings is None
    assert sightings[2].embeddings is not None
    np.testing.assert_allclose(sightings[0].embeddings[0].vector_D, [1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(sightings[2].embeddings[0].vector_D, [0, 1, 0], atol=1e-6)


def test_a_sliver_is_left_out() -> None:
    sliver = replace(crop((9, 9, 9)), image=np.zeros((1, 30, 3), np.uint8))
    both, alone = describe(
        [passage(sliver, crop((0, 200, 0))), passage(sliver)], CountingEmbedder()
    )
    assert both.crops is not None
    assert len(both.crops) == 1
    assert alone.crops is None
    assert alone.embeddings is None


def test_no_passages() -> None:
    assert describe([], CountingEmbedder()) == []


def test_mean_of_opposite_vectors_is_the_best_crop() -> None:
    vectors = np.array([[0, 1], [0, -1]], np.float32)
    assert mean_vector(vectors).tolist() == [0, 1]


@pytest.mark.parametrize("count", [1, 3])
def test_mean_has_unit_length(count: int) -> None:
    vectors = np.random.default_rng(1).normal(size=(count, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert np.linalg.norm(mean_vector(vectors)) == pytest.approx(1)


NOBODY = np.empty((0, 4), np.float32)


def test_query_is_cut_as_a_cameras_crop_is() -> None:
    image = np.random.default_rng(2).integers(0, 256, (200, 300, 3), dtype=np.uint8)
    person = np.array([[60, 20, 100, 130]], np.float32)
    box = (50.0, 60.0, 110.0, 150.0)
    expected = cut_crop(image, np.array(box, np.float32), "motorcycle", person)
    found = cut_query(image, box, "motorcycle", person)
    np.testing.assert_array_equal(found, expected)
    # The rider's head, above the box, is in the crop and destroyed.
    assert found.shape[0] > 120
    assert not np.array_equal(found[5:20, 15:40], image[20:35, 62:87])


def test_query_box_is_clipped_to_the_picture() -> None:
    image = np.full((100, 100, 3), 90, np.uint8)
    crop_px = cut_query(image, (-50, 40, 50, 400), "car", NOBODY).shape
    assert crop_px[0] <= 100
    assert crop_px[1] <= 60


@pytest.mark.parametrize(
    "box",
    [
        (10, 10, 10, 10),
        (10, 10, 11, 50),
        (50, 10, 20, 40),
        (100, 0, 150, 50),
        (-40, -40, -1, -1),
        (float("nan"), 0, 50, 50),
        (0, 0, float("inf"), 50),
    ],
)
def test_query_box_without_picture_is_usage(box: tuple[float, float, float, float]) -> None:
    with pytest.raises(UsageError, match="holds no part"):
        cut_query(np.zeros((100, 100, 3), np.uint8), box, "car", NOBODY)


def test_black_crops_are_left_out_and_a_sighting_of_nothing_else_has_no_look() -> None:
    noise = np.random.default_rng(1).integers(0, 5, (40, 50, 3)).astype(np.uint8)
    black = replace(crop((0, 0, 0)), image=noise)
    embedder = CountingEmbedder()
    both, alone = describe([passage(black, crop((0, 200, 0))), passage(black)], embedder)
    assert embedder.sizes == [1]
    assert both.crops is not None
    assert len(both.crops) == 1
    assert both.colour == "green"
    assert alone.crops is None
    assert alone.embeddings is None
    assert alone.colour is None
    assert alone.vehicle_class == "ebike"


def test_a_black_box_is_no_question() -> None:
    image = np.full((90, 120, 3), 120, np.uint8)
    image[20:70, 20:90] = 0
    with pytest.raises(NothingFoundError, match="nothing to see") as caught:
        cut_query(image, (30.0, 30.0, 80.0, 60.0), "car", np.zeros((0, 4), np.float32))
    assert caught.value.code == "no_vehicle"
    assert cut_query(image, (10.0, 10.0, 80.0, 60.0), "car", np.zeros((0, 4), np.float32)).size


def test_dark_vehicles_are_not_black() -> None:
    image = np.full((60, 60, 3), 2, np.uint8)
    image[40:44, 10:20] = 60  # a lamp
    assert not is_black(image)
    image[40:44, 10:20] = 3
    assert is_black(image)
    assert is_black(np.zeros((1, 1, 3), np.uint8))
    assert not is_black(np.full((2, 300, 3), 9, np.uint8))
