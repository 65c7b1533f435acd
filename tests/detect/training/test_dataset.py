"""What ultralytics is given to read."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from yanji.detect.classes import CLASSES
from yanji.detect.evaluate import read_labels
from yanji.detect.training import dataset, rendered
from yanji.detect.training.labelled import LabelledPicture
from yanji.ingest.testcity.truth import TrueVehicle


def labelled(path: Path, camera: str, *classes: str) -> LabelledPicture:
    cv2.imwrite(str(path), np.full((48, 64, 3), 90, np.uint8))
    boxes_N4 = np.array([[0.1, 0.2, 0.5, 0.8]] * len(classes), np.float32).reshape(-1, 4)
    numbers = np.array([CLASSES.index(name) for name in classes], np.int64)
    return LabelledPicture(path, camera, boxes_N4, numbers)


def test_pictures_are_laid_out_by_side_with_labels_of_the_trained_classes(tmp_path: Path) -> None:
    pictures = [
        labelled(tmp_path / "a.jpg", "K01", "ebike", "car"),
        labelled(tmp_path / "b.PNG", "K02", "tricycle", "car"),
        labelled(tmp_path / "c.jpg", "K01"),
    ]
    data = dataset.lay_out(pictures, {"K02"}, ("car", "ebike"), tmp_path / "data")
    assert (data.num_train, data.num_held_out) == (2, 1)
    assert data.classes == ("car", "ebike", "tricycle"), "for the figures: not trained"
    assert sorted(path.name for path in data.images("train").iterdir()) == [
        "000000.jpg",
        "000001.jpg",
    ]
    assert (data.images("held_out") / "000000.png").read_bytes() == pictures[1].path.read_bytes()
    read = read_labels(data.labels("train") / "000000.txt", 1, 1, 3)
    assert read.labels_N.tolist() == [1, 0]
    np.testing.assert_allclose(read.boxes_N4[0], [0.1, 0.2, 0.5, 0.8], atol=1e-5)
    assert (data.labels("train") / "000001.txt").read_text(encoding="utf-8") == ""


def test_pictures_are_copied_where_links_cannot_be_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError

    monkeypatch.setattr(Path, "symlink_to", refuse)
    (tmp_path / "a.jpg").write_bytes(b"picture")
    dataset.place(tmp_path / "a.jpg", tmp_path / "b.jpg")
    assert not (tmp_path / "b.jpg").is_symlink()
    assert (tmp_path / "b.jpg").read_bytes() == b"picture"


def seen(visible: tuple[float, float, float, float], occlusion: float = 0.0) -> TrueVehicle:
    return TrueVehicle("v1", (0.0, 0.0, 100.0, 100.0), visible, 0.0, occlusion)


def test_rendered_vehicles_are_labelled_by_the_pixels_that_show() -> None:
    good, far, hidden = seen((10, 20, 60, 80)), seen((10, 20, 23, 33)), seen((0, 0, 60, 60), 0.9)
    found = list(rendered.labelled_of((good, far, hidden), 200, 100))
    assert [vehicle for _, vehicle in found] == [good]
    np.testing.assert_allclose(found[0][0], [0.05, 0.2, 0.3, 0.8])
