"""Figures against an independent, slow reading of their definition, and lists that are wrong."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.configs.errors import PictureError, UsageError
from yanji.reid.backends.histogram import HistogramEmbedder
from yanji.reid.evaluate import Labelled, evaluate_list, precision_and_rank, score_vectors

KEYS = {"mAP", "R1", "R5", "num_queries"}


def labels(*names: str) -> list[Labelled]:
    made = []
    for name in names:
        vehicle, camera = name.rsplit("_cam", 1)
        made.append(Labelled(Path(name), vehicle.rsplit("_", 1)[0], vehicle, int(camera)))
    return made


def slow_figures(items: list[Labelled], vectors: np.ndarray, veri: bool) -> dict[str, float]:
    """The definition, read image by image, without numpy's sorting."""
    precisions, firsts = [], []
    for q, query in enumerate(items):
        gallery = []
        for g, other in enumerate(items):
            same_vehicle = other.vehicle == query.vehicle
            same_camera = other.camera == query.camera
            if (same_vehicle and same_camera) if veri else same_camera:
                continue
            score = float(sum(a * b for a, b in zip(vectors[q], vectors[g], strict=True)))
            gallery.append((-score, same_vehicle and not same_camera))
        gallery.sort()  # False sorts before True: equal scores rank against us
        hits, total, first = 0, 0.0, 0
        for rank, (_, true) in enumerate(gallery, start=1):
            if true:
                hits += 1
                total += hits / rank
                first = first or rank
        if hits:
            precisions.append(total / hits)
            firsts.append(first)
    count = len(precisions)
    return {
        "mAP": sum(precisions) / count,
        "R1": sum(first == 1 for first in firsts) / count,
        "R5": sum(first <= 5 for first in firsts) / count,
        "num_queries": count,
    }


@pytest.mark.parametrize("seed", range(6))
def test_figures_equal_the_slow_reading(seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = [
        f"{name}_{vehicle:03d}_cam{camera}"
        for name in ("car", "two_wheeler", "bus")
        for vehicle in range(6)
        for camera in range(1, 4)
        if rng.random() < 0.7
    ]
    items = labels(*names)
    # Small whole numbers: exact in float32, and full of equal scores.
    vectors = rng.integers(-2, 3, (len(items), 3)).astype(np.float32)
    figures = score_vectors(items, vectors)
    assert figures["all"] == pytest.approx(slow_figures(items, vectors, veri=False))
    assert figures["all_veri"] == pytest.approx(slow_figures(items, vectors, veri=True))


def test_a_case_worked_by_hand() -> None:
    # Query car_1_cam1; other cameras: true at ranks 1 and 3 -> (1/1 + 2/3) / 2.
    precision, first = precision_and_rank(
        np.array([0.9, 0.8, 0.7, 0.1], np.float32), np.array([True, False, True, False])
    )
    assert precision == pytest.approx((1 + 2 / 3) / 2)
    assert first == 1


def test_equal_scores_rank_against_us() -> None:
    assert precision_and_rank(np.zeros(4, np.float32), np.array([True, False, False, False])) == (
        pytest.approx(0.25),
        4,
    )


def test_a_constant_embedder_gains_nothing() -> None:
    items = labels(*(f"car_{i}_cam{c}" for i in range(10) for c in (1, 2)))
    figures = score_vectors(items, np.ones((20, 1), np.float32))
    assert figures["all"]["R5"] == 0
    assert figures["all"]["mAP"] == pytest.approx(0.1)


def test_protocols_differ_by_the_own_camera() -> None:
    # car_1 and car_2 look alike on camera 1; camera 2 tells them apart.
    items = labels("car_1_cam1", "car_2_cam1", "car_1_cam2", "car_2_cam2")
    vectors = np.array([[1, 0.1], [1, -0.1], [0.6, 0.8], [0.6, -0.8]], np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    figures = score_vectors(items, vectors)
    assert figures["all"]["R1"] == 1
    assert figures["all_veri"]["R1"] == 0.5


def test_class_entries_search_among_all_classes() -> None:
    items = labels("car_1_cam1", "car_1_cam2", "bus_1_cam1", "bus_1_cam2")
    # The bus of camera 2 looks like the car of camera 1.
    vectors = np.array([[1, 0], [0, 1], [0.8, 0.6], [1, 0]], np.float32)
    figures = score_vectors(items, vectors)
    assert figures["car"]["R1"] == 0
    assert figures["four_wheel"]["num_queries"] == 4
    weighted = (figures["car"]["mAP"] * 2 + figures["bus"]["mAP"] * 2) / 4
    assert figures["all"]["mAP"] == pytest.approx(weighted)


def test_queries_without_an_answer_are_not_counted() -> None:
    items = labels("car_1_cam1", "car_1_cam2", "car_2_cam1", "ebike_7_cam3")
    figures = score_vectors(items, np.eye(4, dtype=np.float32))
    assert figures["all"]["num_queries"] == 2
    assert "ebike" not in figures
    assert "two_wheeler" not in figures


def test_a_class_of_its_own_name_is_scored_without_a_group() -> None:
    items = labels("tuk_tuk_0001_cam1", "tuk_tuk_0001_cam12")
    figures = score_vectors(items, np.ones((2, 1), np.float32))
    assert set(figures) == {"all", "all_veri", "tuk_tuk"}
    assert figures["tuk_tuk"]["num_queries"] == 2


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for vehicle in range(4):
        picture = np.full((24, 30, 3), rng.integers(0, 256, 3), np.uint8)
        for camera in (1, 2):
            name = f"two_wheeler_{vehicle:04d}_cam{camera}.jpg"
            cv2.imwrite(str(tmp_path / name), picture)
    return tmp_path


def write(folder: Path, *names: str) -> Path:
    path = folder / "list.txt"
    path.write_text("\n".join(names))
    return path


def test_a_list_on_disk(folder: Path) -> None:
    names = sorted(path.name for path in folder.glob("*.jpg"))
    # A byte order mark, carriage returns and empty lines are no reason to fail.
    path = folder / "list.txt"
    path.write_bytes(b"\xef\xbb\xbf" + "\r\n\r\n".join(names).encode() + b"\r\n")
    figures = evaluate_list(folder, path, HistogramEmbedder())
    assert set(figures) == {"all", "all_veri", "two_wheeler"}
    assert all(set(entry) == KEYS for entry in figures.values())
    assert figures["all"] == {"mAP": 1.0, "R1": 1.0, "R5": 1.0, "num_queries": 8}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ((), "names no image"),
        (("",), "names no image"),
        (("two_wheeler_0000_cam1.jpg", "two_wheeler_0099_cam1.jpg"), "line 2.*not in"),
        (("Car_1_cam1.jpg",), "line 1.*form"),
        (("car_cam1.jpg",), "form"),
        (("car_1.jpg",), "form"),
        (("car_1_cam1.png",), "form"),
        (("../car_1_cam1.jpg",), "form"),
        (("all_1_cam1.jpg",), "form"),
        (("two_wheeler_0000_cam1.jpg",) * 2, "listed twice"),
        (("two_wheeler_0000_cam1.jpg", "two_wheeler_0001_cam2.jpg"), "two cameras"),
    ],
)
def test_wrong_lists_are_told(folder: Path, names: tuple[str, ...], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        evaluate_list(folder, write(folder, *names), HistogramEmbedder())


def test_missing_list_and_folder_are_told(folder: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        evaluate_list(folder, folder / "none.txt", HistogramEmbedder())
    with pytest.raises(UsageError, match="does not exist"):
        evaluate_list(folder / "none", write(folder, "x"), HistogramEmbedder())


def test_a_damaged_picture_is_named(folder: Path) -> None:
    damaged = folder / "two_wheeler_0002_cam1.jpg"
    damaged.write_bytes(b"no picture")
    names = sorted(path.name for path in folder.glob("*.jpg"))
    with pytest.raises(PictureError, match=damaged.name):
        evaluate_list(folder, write(folder, *names), HistogramEmbedder())


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (40, 1)])
def test_a_picture_too_small_to_be_described_is_named(folder: Path, shape: tuple[int, int]) -> None:
    small = folder / "two_wheeler_0002_cam1.jpg"
    cv2.imwrite(str(small), np.full((*shape, 3), 90, np.uint8))
    names = sorted(path.name for path in folder.glob("*.jpg"))
    with pytest.raises(PictureError, match=f"{small.name} has {shape[1]} x {shape[0]} pixels"):
        evaluate_list(folder, write(folder, *names), HistogramEmbedder())


def test_black_pictures_are_scored_like_any_other(folder: Path) -> None:
    """A list is what somebody chose to measure on: nothing is left out of it without a word."""
    names = sorted(path.name for path in folder.glob("*.jpg"))
    before = evaluate_list(folder, write(folder, *names), HistogramEmbedder())
    cv2.imwrite(str(folder / names[0]), np.zeros((40, 40, 3), np.uint8))
    after = evaluate_list(folder, write(folder, *names), HistogramEmbedder())
    assert after["all"]["num_queries"] == before["all"]["num_queries"]
