"""A small picture that speaks in pixels of the large one."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from yanji.detect.letterbox import fit_of, letterbox_into, new_buffer
from yanji.detect.quality import geometry_scores
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.twin_picture import TwinPicture, enlarged_by, misfit_of


class Counted(ArrayPicture):
    """Counts how many pixels were asked for."""

    def __init__(self, image: np.ndarray) -> None:
        super().__init__(image)
        self.num_pixels = 0

    def bgr(self) -> np.ndarray:
        self.num_pixels += self.width * self.height
        return super().bgr()

    def region_bgr(self, x1: int, y1: int, x2: int, y2: int) -> np.ndarray:
        assert 0 <= x1 < x2 <= self.width
        assert 0 <= y1 < y2 <= self.height
        self.num_pixels += (x2 - x1) * (y2 - y1)
        return super().region_bgr(x1, y1, x2, y2)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize(
    ("small", "large"),
    [
        ((640, 360), (1920, 1080)),
        ((704, 396), (1920, 1080)),
        ((640, 368), (1920, 1080)),  # a height in whole blocks
        ((352, 198), (1918, 1079)),  # no common step: the whole is enlarged
        ((3, 2), (4, 3)),
    ],
)
def test_a_region_is_that_part_of_the_whole(small: tuple[int, int], large: tuple[int, int]) -> None:
    image = noise(*small)
    whole = TwinPicture(ArrayPicture(image), *large).bgr()
    assert whole.shape == (large[1], large[0], 3)
    random = np.random.default_rng(5)
    corners = [(0, 0, *large), (0, 0, 1, 1), (large[0] - 1, large[1] - 1, *large)]
    for _ in range(60):
        x1, y1 = (int(random.integers(0, edge)) for edge in large)
        x2 = int(random.integers(x1 + 1, min(large[0], x1 + 300) + 1))
        y2 = int(random.integers(y1 + 1, min(large[1], y1 + 300) + 1))
        corners.append((x1, y1, x2, y2))
    for x1, y1, x2, y2 in corners:
        region = TwinPicture(ArrayPicture(image), *large).region_bgr(x1, y1, x2, y2)
        assert region.shape == (y2 - y1, x2 - x1, 3)
        assert np.abs(region.astype(int) - whole[y1:y2, x1:x2]).max() <= 1


def test_a_crop_touches_little_more_than_its_own_pixels() -> None:
    small = Counted(noise(640, 360))
    picture = TwinPicture(small, 1920, 1080)
    assert picture.region_bgr(900, 600, 1092, 792).shape == (192, 192, 3)
    assert small.num_pixels < 1.3 * 64 * 64


def test_what_the_detector_asks_for_is_scaled_from_the_small_pixels() -> None:
    small = Counted(noise(640, 360))
    picture = TwinPicture(small, 1920, 1080)
    assert (picture.width, picture.height) == (1920, 1080)
    fit = fit_of(picture.width, picture.height)
    buffer = new_buffer(fit, 114)
    letterbox_into(buffer, picture, fit)
    inner = buffer[0, fit.top : fit.top + 360, fit.left : fit.left + 640]
    assert np.array_equal(inner, ArrayPicture.bgr(small))
    assert small.num_pixels == 0  # no full picture in between


def test_an_enlarged_view_counts_by_the_pixels_that_the_camera_sent() -> None:
    small = ArrayPicture(noise(640, 360))
    large = ArrayPicture(noise(1920, 1080))
    assert enlarged_by(large) == enlarged_by(TwinPicture(large, 1920, 1080)) == 1.0
    enlarged = enlarged_by(TwinPicture(small, 1920, 1080))
    assert enlarged == 3.0
    box = np.array([[800, 400, 992, 592]], np.float32)
    score = np.array([0.9], np.float32)
    honest = geometry_scores(box, score, 1920, 1080)
    blurred = geometry_scores(box, score, 1920, 1080, enlarged)
    assert blurred[0] == pytest.approx(honest[0] / 3)


def test_streams_of_another_aspect_or_the_wrong_way_round_are_not_combined() -> None:
    assert misfit_of((640, 360), (1920, 1080)) == ""
    assert misfit_of((640, 368), (1920, 1080)) != ""
    assert misfit_of((640, 364), (1920, 1080)) == ""  # 1.1 %
    assert "704x576 and 1920x1080" in misfit_of((704, 576), (1920, 1080))
    assert "not larger" in misfit_of((1920, 1080), (640, 360))
    assert "not larger" in misfit_of((640, 360), (640, 360))
    with pytest.raises(ValueError, match="smaller"):
        TwinPicture(ArrayPicture(noise(64, 36)), 32, 18)


def test_the_enlargement_is_where_the_pixels_are() -> None:
    image = np.zeros((36, 64, 3), np.uint8)
    cv2.rectangle(image, (20, 10), (29, 19), (255, 255, 255), -1)
    part = TwinPicture(ArrayPicture(image), 192, 108).region_bgr(60, 30, 90, 60)
    assert part[2:-2, 2:-2].min() == 255
    around = TwinPicture(ArrayPicture(image), 192, 108).region_bgr(50, 20, 100, 70)
    ys, xs = np.nonzero(around[..., 0] > 127)
    assert (xs.min() + 50, xs.max() + 50, ys.min() + 20, ys.max() + 20) == (60, 89, 30, 59)
