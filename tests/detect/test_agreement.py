"""Agreement of two detectors, worked out by hand; pictures spread over a film."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.detect.agreement import Agreement, agreement_of
from yanji.detect.clip_pictures import spread_pictures
from yanji.detect.detections import Detections

HERE = (100.0, 100.0, 200.0, 200.0)
THERE = (400.0, 100.0, 500.0, 200.0)


def test_nothing_agrees_with_nothing(seen: Callable[..., Detections]) -> None:
    nothing = agreement_of(seen([]), seen([]))
    assert nothing == Agreement()
    assert nothing.figures()["found"] == 1.0


def test_a_sure_box_is_found_by_a_faint_one_of_its_group(seen: Callable[..., Detections]) -> None:
    reference = seen([("car", 0.9, HERE), ("truck", 0.35, THERE)])
    other = seen([("truck", 0.11, (100, 100, 200, 160)), ("motorcycle", 0.9, THERE)])
    assert agreement_of(reference, other) == Agreement(
        sure=2, sure_found=1, other_sure=1, other_sure_found=0
    )


def test_what_is_not_sure_is_not_asked_for(seen: Callable[..., Detections]) -> None:
    both = agreement_of(seen([("car", 0.34, HERE)]), seen([("car", 0.36, THERE)]))
    assert both == Agreement(other_sure=1, other_sure_found=0)
    assert both.figures()["not_invented"] == 0.0


def test_persons_and_sums(seen: Callable[..., Detections]) -> None:
    one = agreement_of(seen([], [HERE, THERE]), seen([], [HERE]))
    assert (one.persons, one.persons_found) == (2, 1)
    total = one + one + Agreement(sure=4, sure_found=3)
    figures = total.figures()
    assert (figures["found"], figures["persons_found"]) == (0.75, 0.5)
    assert (figures["num_boxes"], figures["num_persons"]) == (4, 4)


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Ten pictures, each brighter than the one before by 20."""
    path = tmp_path / "ten.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 10, (64, 48))
    for number in range(10):
        writer.write(np.full((48, 64, 3), 20 * number, np.uint8))
    writer.release()
    return path


@pytest.mark.parametrize(
    ("number", "expected"), [(1, [0]), (2, [0, 9]), (4, [0, 3, 6, 9]), (99, list(range(10)))]
)
def test_pictures_are_spread(film: Path, number: int, expected: list[int]) -> None:
    pictures = list(spread_pictures(film, number))
    assert [round(float(picture.bgr().mean()) / 20) for picture in pictures] == expected


def test_no_film(tmp_path: Path) -> None:
    (tmp_path / "text.mp4").write_text("no film")
    for name in ("text.mp4", "none.mp4"):
        with pytest.raises(UsageError, match=f"{name} cannot be read"):
            list(spread_pictures(tmp_path / name, 3))
