"""Heads are gone, vehicles are whole, the best views are kept."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from yanji.detect.blur import destroy_detail, head_boxes
from yanji.detect.crops import GAIN, MAX_CROPS, CropKeeper, crop_region, cut_crop
from yanji.detect.detections import FloatArray
from yanji.detect.quality import geometry_scores, sharpness
from yanji.ingest.frame import BgrImage, Frame

NOBODY = np.empty((0, 4), np.float32)


def detail(region: BgrImage) -> float:
    """Mean difference of neighbouring pixels."""
    return float(np.abs(np.diff(region.astype(int), axis=1)).mean())


def box(*edges: float) -> FloatArray:
    return np.array(edges, np.float32)


def test_the_head_of_a_passer_by_is_gone_and_the_car_is_untouched(noise: BgrImage) -> None:
    car, person = box(100, 100, 400, 300), box(200, 120, 260, 290)
    crop = cut_crop(noise, car, "car", person[None])
    x1, y1, x2, y2 = crop_region(car, "car", person[None], 640, 480)
    original = noise[y1:y2, x1:x2]
    head = crop[120 - y1 : 155 - y1, 200 - x1 : 260 - x1]
    assert detail(noise) > 60
    assert detail(head) < 6
    changed = (crop != original).any(axis=2)
    hx1, hy1, hx2, hy2 = head_boxes(person[None])[0] - box(x1, y1, x1, y1)
    outside = np.ones(changed.shape, bool)
    outside[int(hy1) : int(np.ceil(hy2)), int(hx1) : int(np.ceil(hx2))] = False
    assert not changed[outside].any()


def test_the_source_picture_is_not_written_to(noise: BgrImage) -> None:
    before = noise.copy()
    cut_crop(noise, box(100, 100, 400, 300), "motorcycle", box(150, 50, 300, 280)[None])
    assert (noise == before).all()


def test_at_most_six_by_six_values_are_left_of_a_head(noise: BgrImage) -> None:
    image = noise.copy()
    destroy_detail(image, box(50, 60, 170, 200))
    region = image[60:200, 50:170]
    few = cv2.resize(region, (6, 6), interpolation=cv2.INTER_AREA)
    rebuilt = cv2.resize(few, (120, 140), interpolation=cv2.INTER_LINEAR)
    assert np.abs(rebuilt.astype(int) - region).mean() < 6
    assert (image[:60] == noise[:60]).all()
    assert (image[:, 170:] == noise[:, 170:]).all()


@pytest.mark.parametrize("size", [1, 2, 3, 5, 6, 7])
def test_tiny_heads_lose_their_detail_too(noise: BgrImage, size: int) -> None:
    image = noise.copy()
    destroy_detail(image, box(10, 10, 10 + size, 10 + size))
    if size > 1:
        assert (
            image[10 : 10 + size, 10 : 10 + size] != noise[10 : 10 + size, 10 : 10 + size]
        ).any()


def test_a_region_outside_changes_nothing(noise: BgrImage) -> None:
    image = noise.copy()
    destroy_detail(image, box(700, 10, 800, 40))
    destroy_detail(image, box(-50, -50, -1, -1))
    assert (image == noise).all()


def test_two_wheeler_without_a_rider_found_is_blurred_where_a_head_would_be(
    noise: BgrImage,
) -> None:
    crop = cut_crop(noise, box(100, 100, 200, 300), "bicycle", NOBODY)
    assert detail(crop[: int(0.2 * len(crop))]) < 6
    assert detail(crop[len(crop) // 3 :]) > 60
    assert detail(cut_crop(noise, box(100, 100, 200, 300), "car", NOBODY)[:40]) > 60


def test_a_passer_by_beside_a_two_wheeler_does_not_spare_its_rider(noise: BgrImage) -> None:
    # The person touches the crop, but does not ride.
    crop = cut_crop(noise, box(100, 100, 200, 300), "ebike", box(190, 90, 260, 300)[None])
    assert detail(crop[:40, :80]) < 6


def test_a_rider_is_inside_the_crop_of_a_two_wheeler_with_the_head_blurred(
    noise: BgrImage,
) -> None:
    bike, rider = box(100, 200, 200, 300), box(110, 100, 190, 280)
    x1, y1, _, y2 = crop_region(bike, "ebike", rider[None], 640, 480)
    assert y1 < 100
    assert y2 > 300
    crop = cut_crop(noise, bike, "ebike", rider[None])
    assert detail(crop[100 - y1 : 140 - y1, 110 - x1 : 190 - x1]) < 6
    # Clothes and vehicle stay.
    assert detail(crop[160 - y1 :]) > 60


def test_head_and_shoulders_only_lose_more_than_a_quarter() -> None:
    tall, short = head_boxes(np.stack([box(0, 0, 40, 100), box(0, 0, 100, 100)]))
    assert tall[3] == pytest.approx(25)
    assert short[3] == pytest.approx(55)


@pytest.mark.parametrize("edges", [(0, 0, 0, 0), (639, 479, 640, 480), (-10, -10, 5, 5)])
def test_degenerate_boxes_still_give_a_crop(noise: BgrImage, edges: tuple[float, ...]) -> None:
    crop = cut_crop(noise, box(*edges), "motorcycle", NOBODY)
    assert crop.shape[0] >= 2
    assert crop.shape[1] >= 2


def test_geometry_prefers_large_whole_and_free() -> None:
    boxes = np.stack(
        [
            box(100, 100, 300, 300),  # large
            box(400, 100, 460, 160),  # small
            box(0, 350, 150, 450),  # cut by the left border
            box(500, 300, 600, 400),  # hidden by the next
            box(520, 310, 630, 430),
        ]
    )
    large, small, cut, hidden, front = geometry_scores(boxes, np.full(5, 0.8, np.float32), 640, 480)
    assert large > small
    assert large > cut
    assert front > 2 * hidden
    scores_5 = np.array([0.8, 0.8, 0.8, 0.8, 0.05], np.float32)
    _, _, _, uncovered, _ = geometry_scores(boxes, scores_5, 640, 480)
    assert uncovered > 2 * hidden, "what is hardly seen hides nothing"
    assert geometry_scores(np.empty((0, 4), np.float32), np.empty(0, np.float32), 9, 9).shape == (
        0,
    )


def test_sharpness_falls_with_blur_and_ignores_size(noise: BgrImage) -> None:
    image = cv2.resize(noise[:60, :60], (240, 240), interpolation=cv2.INTER_NEAREST)
    sharp = np.asarray(image, np.uint8)
    soft = np.asarray(cv2.GaussianBlur(sharp, (0, 0), 8), np.uint8)
    assert 0 <= sharpness(soft) < 0.5 * sharpness(sharp) <= 1
    assert sharpness(np.full((50, 50, 3), 9, np.uint8)) == 0


def test_best_views_are_few_and_spaced(frame_at: Callable[..., Frame]) -> None:
    keeper = CropKeeper()
    for step in range(50):
        frame = frame_at(step * 0.2)
        geometry = 0.3 + 0.01 * step
        if keeper.wants(frame.stream_s, geometry):
            keeper.offer(frame, (100, 100, 300, 300), "car", NOBODY, geometry)
    times = sorted(crop.wall_ns for crop in keeper.crops)
    assert len(times) == MAX_CROPS
    assert all(b - a >= 0.99e9 for a, b in itertools.pairwise(times))
    assert keeper.crops[0].quality == max(crop.quality for crop in keeper.crops)
    # 0.3 -> 0.79 holds four steps of a gain of 1.3; without the gain it would be 50 cuts.
    assert keeper.num_cuts <= 3 * 4 + MAX_CROPS
    assert GAIN > 1


def test_poor_views_are_not_given_out(frame_at: Callable[..., Frame]) -> None:
    keeper = CropKeeper()
    for when, geometry in ((0.0, 0.05), (2.0, 0.9)):
        keeper.offer(frame_at(when), (100, 100, 300, 300), "car", NOBODY, geometry)
    assert len(keeper.crops) == 1


def test_views_that_are_no_better_are_not_wanted(frame_at: Callable[..., Frame]) -> None:
    keeper = CropKeeper()
    keeper.offer(frame_at(0.0), (100, 100, 300, 300), "car", NOBODY, 0.5)
    assert not keeper.wants(0.2, 0.5)
    assert not keeper.wants(0.2, 0.5 * GAIN * 0.99)
    assert keeper.wants(0.2, 0.5 * GAIN * 1.01)
    assert keeper.wants(5.0, 0.01)
