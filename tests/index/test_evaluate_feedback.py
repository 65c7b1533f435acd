"""The figures of feedback: a case worked by hand, and lists in which nothing counts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from yanji.index.evaluate_feedback import LOOKED_AT, ROWS, score_feedback
from yanji.index.rerank import refined
from yanji.reid.evaluate import Labelled
from yanji.reid.sighting import Embedding


def labels(*names: str) -> list[Labelled]:
    made = []
    for name in names:
        vehicle, camera = name.rsplit("_cam", 1)
        made.append(Labelled(Path(name), vehicle.rsplit("_", 1)[0], vehicle, int(camera)))
    return made


def unit(*numbers: float) -> np.ndarray:
    vector = np.array(numbers, np.float32)
    return vector / np.linalg.norm(vector)


def test_two_pictures_of_each_vehicle_can_only_be_rejected_among() -> None:
    items = labels(*(f"car_{n}_cam{c}" for n in range(5) for c in (1, 2)))
    vectors = np.random.default_rng(0).standard_normal((10, 4)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    figures = score_feedback(items, vectors)
    assert set(figures) == {f"{row}_{when}" for row in ROWS for when in ("before", "after")}
    assert figures["rejected_before"]["num_queries"] == 10
    assert figures["confirmed_after"]["num_queries"] == 0
    assert figures["both_after"]["num_queries"] == 0


def test_a_case_worked_by_hand() -> None:
    # One vehicle by three cameras, and two strangers that look more like its first picture than
    # its third does.
    items = labels("car_1_cam1", "car_1_cam2", "car_1_cam3", "car_2_cam2", "car_3_cam3")
    vectors = np.stack(
        [unit(1, 0, 0), unit(1, 0.5, 0), unit(0.8, 1, 0), unit(1, 0, 1), unit(1, 0, 1.1)]
    )
    figures = score_feedback(items, vectors)
    # Of the first picture: car_1_cam2 is confirmed; the strangers stand before car_1_cam3, until
    # the query has moved.
    moved = refined(Embedding("", "", vectors[0]), vectors[1:2], np.zeros((0, 3), np.float32))
    assert vectors[0] @ vectors[2] < vectors[0] @ vectors[4]
    assert moved.vector_D @ vectors[2] > moved.vector_D @ vectors[3]
    assert figures["confirmed_before"]["num_queries"] == 3
    assert figures["confirmed_after"]["mAP"] > figures["confirmed_before"]["mAP"]
    assert figures["confirmed_after"]["R1"] == 1


def test_only_what_is_looked_at_is_judged() -> None:
    """The vehicle's pictures lie behind more strangers than a person looks at."""
    items = labels(
        "car_0_cam1",
        "car_0_cam2",
        "car_0_cam3",
        *(f"car_{n}_cam2" for n in range(1, LOOKED_AT + 1)),
    )
    vectors = np.stack(
        [unit(1, 0, 0), unit(0, 1, 0), unit(0, 1, 0.1)]
        + [unit(1, 0, 0.01 * n) for n in range(LOOKED_AT)]
    )
    figures = score_feedback(items, vectors)
    # Only from cam2 and cam3, whose views are alike, is it found among the first ten.
    assert figures["confirmed_before"]["num_queries"] == 2
    assert figures["rejected_before"]["num_queries"] == 2


@pytest.mark.parametrize("row", sorted(ROWS))
def test_figures_lie_between_zero_and_one(row: str) -> None:
    rng = np.random.default_rng(4)
    items = labels(*(f"car_{n}_cam{c}" for n in range(8) for c in range(1, 5)))
    vectors = rng.standard_normal((32, 6)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    for when in ("before", "after"):
        values = score_feedback(items, vectors)[f"{row}_{when}"]
        assert 0 < values["mAP"] <= 1
        assert 0 <= values["R1"] <= values["R5"] <= 1
        assert 0 < values["num_queries"] <= 32
