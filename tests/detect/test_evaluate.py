"""Average precision against numbers worked out by hand, and the published figure."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.detect.average_precision import (
    Matches,
    average_precision,
    match_picture,
    precision_at,
    recall_at,
)
from yanji.detect.card import Card
from yanji.detect.evaluate import (
    check_labels,
    evaluate_folder,
    evaluate_raw,
    figures_of,
    read_labels,
    read_names,
)
from yanji.detect.yolo import Detector, Thresholds


def matches(correct: list[bool], num_truths: int) -> Matches:
    scores = np.linspace(0.9, 0.1, len(correct)).astype(np.float32)
    return Matches(scores, np.repeat(np.array(correct, bool)[:, None], 10, axis=1), num_truths)


@pytest.mark.parametrize(
    ("correct", "num_truths", "expected"),
    [
        ([True, True], 2, 1.0),
        ([], 2, 0.0),
        ([False, False], 2, 0.0),
        # Recall 0..0.5 (51 points) at precision 1; the rest is never reached.
        ([True, False], 2, 51 / 101),
        # 51 points at 1, 50 points at 2/3.
        ([True, False, True], 2, (51 + 50 * 2 / 3) / 101),
        # Precision is made monotone: 1/2 everywhere.
        ([False, True], 1, 0.5),
    ],
)
def test_average_precision(correct: list[bool], num_truths: int, expected: float) -> None:
    assert average_precision(matches(correct, num_truths)) == pytest.approx([expected] * 10)


def test_without_truths_there_is_no_figure() -> None:
    assert np.isnan(average_precision(matches([False], 0))).all()
    assert recall_at(matches([False], 0), 0.1) is None
    assert precision_at(matches([True], 1), 0.99) is None


def test_recall_and_precision_at_a_threshold() -> None:
    found = matches([True, False, True], 4)
    assert recall_at(found, 0.5) == pytest.approx(0.25)
    assert precision_at(found, 0.5) == pytest.approx(0.5)
    assert recall_at(found, 0.0) == pytest.approx(0.5)


def test_a_truth_is_used_once_and_by_the_best_score() -> None:
    boxes = np.array([[0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]], np.float32)
    truth = np.array([[0, 0, 10, 10]], np.float32)
    correct = match_picture(boxes, np.array([0.5, 0.9, 0.8], np.float32), truth)
    assert correct[:, 0].tolist() == [False, True, False]
    # At IoU 0.95 the better score (IoU 0.9) is wrong, so the other gets the truth.
    assert correct[:, 9].tolist() == [True, False, False]


def test_labels_and_names(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("1 0.5 0.5 0.5 0.25\n\n")
    found = read_labels(tmp_path / "a.txt", 200, 100, 2)
    assert found.boxes_N4.tolist() == [[50, 37.5, 150, 62.5]]
    assert found.labels_N.tolist() == [1]
    assert len(read_labels(tmp_path / "none.txt", 200, 100, 2).boxes_N4) == 0
    for text in ("2 0.5 0.5 0.5 0.5", "car 0 0 1 1", "1 0.5 0.5"):
        (tmp_path / "a.txt").write_text(text)
        with pytest.raises(UsageError, match=r"Line 1 of a\.txt"):
            read_labels(tmp_path / "a.txt", 200, 100, 2)
    (tmp_path / "names").write_text("e-bike\nperson\n")
    assert read_names(tmp_path / "names") == ["e-bike", "person"]
    (tmp_path / "names").write_text("\n")
    with pytest.raises(UsageError, match="empty"):
        read_names(tmp_path / "names")
    with pytest.raises(UsageError, match="cannot be read"):
        read_names(tmp_path / "missing")


@pytest.mark.parametrize(
    ("row", "right"),
    [
        ("0 0.5 0.5 1 1", True),
        ("0 0.75 0.5 0.51 0.2", True),
        ("0 0.75 0.5 0.6 0.2", False),
        ("0 -0.2 0.5 0.1 0.1", False),
        ("0 120 80 40 30", False),
        ("0 0.5 0.5 0 0.1", False),
        ("0 0.5 0.5 0.2 -0.1", False),
        ("0 nan 0.5 0.2 0.1", False),
        ("0 0.5 0.5 inf 0.1", False),
    ],
    ids=["whole", "a pixel over", "over", "outside", "pixels", "flat", "negative", "nan", "inf"],
)
def test_boxes_outside_the_picture_are_refused(row: str, right: bool, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(f"0 0.5 0.5 0.1 0.1\n{row}\n")
    if right:
        assert len(read_labels(tmp_path / "a.txt", 200, 100, 2).boxes_N4) == 2
        return
    with pytest.raises(UsageError, match=r"line 2 of a\.txt .* outside") as told:
        read_labels(tmp_path / "a.txt", 200, 100, 2)
    assert "shares" in told.value.hint


@pytest.mark.parametrize(
    "row", ["1.5 0.5 0.5 0.1 0.1", "nan 0.5 0.5 0.1 0.1", "-1 0.5 0.5 0.1 0.1"]
)
def test_a_class_is_a_line_of_the_names_file(row: str, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(row)
    with pytest.raises(UsageError, match=r"Line 1 of a\.txt"):
        read_labels(tmp_path / "a.txt", 200, 100, 2)


def test_labels_of_other_pictures_are_refused(tmp_path: Path) -> None:
    (tmp_path / "classes.txt").write_text("car")
    (tmp_path / "a.txt").write_text("")
    check_labels([tmp_path / "a.jpg", tmp_path / "b.jpg"], tmp_path)
    (tmp_path / "c.txt").write_text("")
    with pytest.raises(UsageError, match=r"no picture: c\.txt"):
        check_labels([tmp_path / "a.jpg"], tmp_path)
    with pytest.raises(UsageError, match="no folder"):
        check_labels([tmp_path / "a.jpg"], tmp_path / "none")
    (tmp_path / "a.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match=r"a\.txt cannot be read"):
        read_labels(tmp_path / "a.txt", 200, 100, 2)


def test_counts_at_the_thresholds_asked_for() -> None:
    figures = figures_of(matches([True, False, True], 4), (0.4, 0.9))
    assert figures["recall_at_0.4"] == pytest.approx(0.25)
    assert (figures["num_found_at_0.4"], figures["num_boxes_at_0.4"]) == (1, 2)
    assert figures["num_objects"] == 4
    assert "recall_at_0.1" not in figures
    nothing = figures_of(matches([], 0), (0.4,))
    assert nothing["recall_at_0.4"] is None
    assert nothing["num_boxes_at_0.4"] == 0


def test_a_folder(card: Card, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((64, 64, 3), np.uint8))
    (tmp_path / "a.txt").write_text("0 0.5 0.5 0.5 0.5\n1 0.5 0.5 0.1 0.1\n")
    detector = Detector(card)
    figures = evaluate_folder(tmp_path, tmp_path, ["e-bike", "person"], detector)
    assert set(figures) == {"any_vehicle", "two_wheeler", "ebike"}
    assert figures["any_vehicle"]["num_objects"] == 1
    assert figures["any_vehicle"]["AP50"] == 0
    assert figures["any_vehicle"]["recall_at_0.25"] == 0
    with pytest.raises(UsageError, match="is a vehicle"):
        evaluate_folder(tmp_path, tmp_path, ["person"], detector)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(UsageError, match="no pictures"):
        evaluate_folder(empty, tmp_path, ["car"], detector)


def test_figures_of_the_facts_page(card: Card, shared: Path) -> None:
    """mAP50 .601, mAP50-95 .451 with the reference tools, which scale a little differently."""
    folder = shared / "gt" / "coco_val128"
    figures = evaluate_raw(folder / "images", folder / "labels", Detector(card, square=True))
    assert figures["mAP50"] == pytest.approx(0.601, abs=0.015)
    assert figures["mAP50_95"] == pytest.approx(0.451, abs=0.010)


def test_ebikes_in_lifts(card: Card, shared: Path) -> None:
    folder = shared / "gt" / "elevator_ebike"
    detector = Detector(card, thresholds=Thresholds(candidate=0.001), square=True)
    figures = evaluate_folder(folder / "images", folder / "labels", ["e-bike", "person"], detector)
    found = figures["two_wheeler"]["recall_at_0.1"]
    assert found is not None
    assert found > 0.5
