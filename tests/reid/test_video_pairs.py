from __future__ import annotations

from pathlib import Path

import numpy as np

from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections
from yanji.reid.evaluate import read_list
from yanji.reid.training.video_pairs import Link, extend_links, write_pair

CAR, BUS = CLASSES.index("car"), CLASSES.index("bus")
IMAGE = np.random.default_rng(0).integers(0, 256, (400, 600, 3), dtype=np.uint8)


def found(*boxes: tuple[float, ...], classes: tuple[int, ...] = ()) -> Detections:
    count = len(boxes)
    return Detections(
        np.array(boxes, np.float32).reshape(count, 4),
        np.full(count, 0.9, np.float32),
        np.array(classes or (CAR,) * count, np.int64),
        np.empty((0, 4), np.float32),
    )


def follow(*frames: Detections, patience: int = 3) -> list[Link]:
    links: list[Link] = []
    for number, detections in enumerate(frames):
        extend_links(links, detections, IMAGE, number, patience)
    return links


def growing(step: int) -> tuple[float, ...]:
    return (100 + 4 * step, 50 + 5 * step, 140 + 8 * step, 90 + 9 * step)


def test_a_vehicle_that_comes_nearer_is_one_pair(tmp_path: Path) -> None:
    (link,) = follow(*(found(growing(step)) for step in range(12)))
    names = write_pair(link, tmp_path, 7)
    assert names == ["car_0007_cam1.jpg", "car_0007_cam2.jpg"]
    (tmp_path / "list.txt").write_text("\n".join(names))
    far, near = (item.image() for item in read_list(tmp_path, tmp_path / "list.txt"))
    assert far.shape[0] < near.shape[0] / 1.6


def test_two_vehicles_are_two_links_and_the_class_is_voted() -> None:
    frames = [
        found(growing(step), (400, 200, 460, 260), classes=(BUS if step == 3 else CAR, BUS))
        for step in range(6)
    ]
    one, two = follow(*frames)
    assert len(one.votes) == len(two.votes) == 6
    assert np.bincount(one.votes).argmax() == CAR


def test_a_vehicle_that_stays_as_large_is_no_pair(tmp_path: Path) -> None:
    (link,) = follow(*(found((100, 100, 160, 150)) for _ in range(10)))
    assert write_pair(link, tmp_path, 1) == []
    assert list(tmp_path.iterdir()) == []


def test_views_at_the_border_or_overlapped_are_not_taken() -> None:
    (cut,) = follow(*(found((0, 100, 60, 150)) for _ in range(5)))
    assert cut.crops == []
    links = follow(*(found((100, 100, 160, 150), (150, 110, 220, 170)) for _ in range(5)))
    assert [link.crops for link in links] == [[], []]


def test_a_lost_vehicle_is_not_continued() -> None:
    nothing = found()
    box = found((100, 100, 160, 150))
    assert len(follow(box, nothing, box)) == 1
    assert len(follow(box, *([nothing] * 5), box)) == 2
