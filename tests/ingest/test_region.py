"""A part of a frame is converted with the very pixels that the whole would have there."""

from __future__ import annotations

import random

import numpy as np
import pytest

from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.frame import Picture
from yanji.ingest.recording import open_recording
from yanji.ingest.testcity.demo_data import clips_folder


@pytest.fixture(scope="module")
def frames() -> list[AvPicture]:
    with open_recording(clips_folder() / "K01.mp4", "K01", 0).connect() as connection:
        pictures: list[Picture] = [
            frame.picture for frame, _ in zip(connection, range(3), strict=False)
        ]
    return [picture for picture in pictures if isinstance(picture, AvPicture)]


def fresh(picture: AvPicture) -> AvPicture:
    """The same frame, of which nothing was converted yet."""
    return AvPicture(picture._frame)


def test_any_part_has_the_pixels_of_the_whole(frames: list[AvPicture]) -> None:
    rng = random.Random(3)
    whole = fresh(frames[-1]).bgr()
    for _ in range(300):
        x1, y1 = rng.randrange(0, 958), rng.randrange(0, 538)
        x2, y2 = rng.randint(x1 + 1, 960), rng.randint(y1 + 1, 540)
        part = fresh(frames[-1]).region_bgr(x1, y1, x2, y2)
        assert np.array_equal(part, whole[y1:y2, x1:x2]), (x1, y1, x2, y2)


def test_a_small_part_does_not_convert_the_whole(frames: list[AvPicture]) -> None:
    picture = fresh(frames[0])
    picture.region_bgr(100, 100, 200, 180)
    assert picture._full is None
    picture.region_bgr(0, 0, 900, 500)
    assert picture._full is not None, "most of it: the whole is cheaper"


def test_a_picture_in_memory_gives_a_view() -> None:
    image = np.arange(60 * 40 * 3, dtype=np.uint8).reshape(40, 60, 3)
    part = ArrayPicture(image).region_bgr(3, 5, 11, 9)
    assert np.array_equal(part, image[5:9, 3:11])
    assert np.shares_memory(part, image)
