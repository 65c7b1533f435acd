"""Reading labelled frames: what is accepted, and what is refused with its place."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from yanji.configs.errors import UsageError
from yanji.detect.classes import CLASSES
from yanji.detect.training.labelled import classes_in, read_coco, read_yolo
from yanji.detect.training.split import camera_rule

CAMERA = camera_rule(None)
EBIKE, CAR = CLASSES.index("ebike"), CLASSES.index("car")


def picture(path: Path, width: int = 64, height: int = 48) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((height, width, 3), 90, np.uint8))


class Yolo:
    """A small labelled folder that is right, to be broken in one place."""

    def __init__(self, root: Path) -> None:
        self.images, self.labels = root / "images", root / "labels"
        self.names = root / "names.txt"
        self.labels.mkdir(parents=True)
        picture(self.images / "gate_001.jpg")
        picture(self.images / "yard_001.jpg")
        picture(self.images / "yard_002.jpg")
        self.names.write_text("e-bike\n\nperson\nCar\n", encoding="utf-8")
        self.label("gate_001", "0 0.5 0.5 0.2 0.4\n1 0.5 0.5 0.2 0.4\n")
        self.label("yard_001", "2 0.25 0.5 0.5 1.0\n")

    def label(self, stem: str, text: str) -> None:
        (self.labels / f"{stem}.txt").write_text(text, encoding="utf-8")

    def read(self, ignore: tuple[str, ...] = ()) -> Any:
        return read_yolo(self.images, self.labels, self.names, CAMERA, ignore)


@pytest.fixture
def yolo(tmp_path: Path) -> Yolo:
    return Yolo(tmp_path)


def test_yolo_labels_become_shares_and_our_classes(yolo: Yolo) -> None:
    gate, yard, empty = yolo.read()
    assert (gate.camera, yard.camera, empty.camera) == ("gate", "yard", "yard")
    assert gate.classes_N.tolist() == [EBIKE], "persons are never trained"
    np.testing.assert_allclose(gate.boxes_N4, [[0.4, 0.3, 0.6, 0.7]], atol=1e-6)
    np.testing.assert_allclose(yard.boxes_N4, [[0, 0, 0.5, 1]], atol=1e-6)
    assert not len(empty.classes_N), "a picture without a file has no vehicles"
    assert classes_in([gate, yard, empty]) == ("car", "ebike")


def test_a_class_that_is_no_vehicle_is_named_with_its_line(yolo: Yolo) -> None:
    yolo.names.write_text("e-bike\n\nperson\nzeppelin\n", encoding="utf-8")
    with pytest.raises(UsageError, match=r"'zeppelin' \(line 4 of names\.txt\)"):
        yolo.read()
    gate, yard, _ = yolo.read(ignore=("zeppelin",))
    assert len(gate.classes_N) == 1
    assert not len(yard.classes_N)
    with pytest.raises(UsageError, match="balloon"):
        yolo.read(ignore=("balloon",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 0.5 0.5 0.2 0.4\n0 0.99 0.5 0.2 0.4\n", r"line 2 of gate_001\.txt is empty or outside"),
        ("0 32 24 10 10\n", r"line 1 of gate_001\.txt is empty or outside"),
        ("0 0.5 0.5 0 0.4\n", r"line 1 of gate_001\.txt is empty"),
        ("0 nan 0.5 0.1 0.4\n", r"line 1 of gate_001\.txt is empty"),
        ("3 0.5 0.5 0.2 0.4\n", r"Line 1 of gate_001\.txt is not a YOLO label"),
        ("0 0.5 0.5\n", r"Line 1 of gate_001\.txt is not a YOLO label"),
        ("car 0.5 0.5 0.2 0.4\n", r"Line 1 of gate_001\.txt is not a YOLO label"),
    ],
)
def test_wrong_lines_are_refused_with_their_place(yolo: Yolo, text: str, message: str) -> None:
    yolo.label("gate_001", text)
    with pytest.raises(UsageError, match=message):
        yolo.read()


def test_folders_that_do_not_belong_together(yolo: Yolo, tmp_path: Path) -> None:
    yolo.label("gate_002", "0 0.5 0.5 0.2 0.4\n")
    with pytest.raises(UsageError, match=r"have no picture: gate_002\.txt"):
        yolo.read()
    (yolo.labels / "gate_002.txt").unlink()
    for path in yolo.labels.iterdir():
        path.unlink()
    with pytest.raises(UsageError, match="no label file in labels"):
        yolo.read()
    yolo.labels.rmdir()
    with pytest.raises(UsageError, match="no folder of labels labels"):
        yolo.read()
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no pictures in empty"):
        read_yolo(tmp_path / "empty", yolo.labels, yolo.names, CAMERA)


def test_a_damaged_picture_is_refused_and_not_left_out(yolo: Yolo) -> None:
    (yolo.images / "yard_002.jpg").write_bytes(b"no picture")
    with pytest.raises(UsageError, match=r"yard_002\.jpg cannot be read"):
        yolo.read()


def test_labels_without_a_vehicle_are_refused(yolo: Yolo) -> None:
    yolo.label("gate_001", "1 0.5 0.5 0.2 0.4\n")
    yolo.label("yard_001", "")
    with pytest.raises(UsageError, match="No picture has a labelled vehicle"):
        yolo.read()


def test_a_name_without_a_camera_is_refused(yolo: Yolo) -> None:
    picture(yolo.images / "holiday.jpg")
    with pytest.raises(UsageError, match=r"holiday\.jpg does not tell its camera") as caught:
        yolo.read()
    assert "--camera-of" in caught.value.hint


def coco(root: Path, **changes: Any) -> Path:
    """A COCO file that is right but for `changes`, with its pictures."""
    picture(root / "images" / "K01" / "a.jpg")
    picture(root / "images" / "K02" / "a.jpg")
    document = {
        "images": [
            {"id": 7, "file_name": "K01/a.jpg", "width": 64, "height": 48, "site": "gate"},
            {"id": 9, "file_name": "K02/a.jpg", "width": 64, "height": 48, "site": 2},
        ],
        "categories": [{"id": 3, "name": "motorbike"}, {"id": 5, "name": "Person"}],
        "annotations": [
            {"id": 1, "image_id": 7, "category_id": 3, "bbox": [16, 12, 32, 24]},
            {"id": 2, "image_id": 7, "category_id": 5, "bbox": [0, 0, 10, 10]},
            {"id": 3, "image_id": 9, "category_id": 3, "bbox": [0, 0, 9, 9], "iscrowd": 1},
        ],
        **changes,
    }
    file = root / "labels.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return file


def test_coco_boxes_and_cameras(tmp_path: Path) -> None:
    file = coco(tmp_path)
    one, other = read_coco(file, tmp_path / "images", CAMERA)
    assert (one.camera, other.camera) == ("K01", "K02"), "the folder is the camera"
    assert [CLASSES[number] for number in one.classes_N] == ["motorcycle"]
    np.testing.assert_allclose(one.boxes_N4, [[0.25, 0.25, 0.75, 0.75]])
    assert not len(other.classes_N), "crowds are left out"
    one, other = read_coco(file, tmp_path / "images", CAMERA, camera_field="site")
    assert (one.camera, other.camera) == ("gate", "2")
    with pytest.raises(UsageError, match=r"K01/a\.jpg of labels\.json has no field 'mast'"):
        read_coco(file, tmp_path / "images", CAMERA, camera_field="mast")


A_PICTURE = {"id": 7, "file_name": "K01/a.jpg", "width": 64, "height": 48}
A_BOX = {"id": 1, "image_id": 7, "category_id": 3, "bbox": [16, 12, 32, 24]}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"annotations": [{**A_BOX, "bbox": [60, 12, 32, 24]}]}, "annotation 1 .* outside"),
        ({"annotations": [{**A_BOX, "bbox": [6, 12, 0, 24]}]}, "annotation 1 .* is empty"),
        ({"annotations": [{**A_BOX, "bbox": [6, 12]}]}, "annotation 1 .* is not x, y"),
        ({"annotations": [{**A_BOX, "image_id": 8}]}, "Annotation 1 .* the picture 8"),
        ({"annotations": [{**A_BOX, "category_id": 8}]}, "Annotation 1 .* the category 8"),
        ({"annotations": []}, "No picture has a labelled vehicle"),
        ({"images": [{**A_PICTURE, "file_name": "K01/b.jpg"}]}, r"K01/b\.jpg, which is not in"),
        ({"images": [{**A_PICTURE, "file_name": "../a.jpg"}]}, "outside its folder"),
        ({"images": [{**A_PICTURE, "width": 640}]}, "has not the size"),
        ({"images": [A_PICTURE, {**A_PICTURE, "id": 8}]}, "names a picture twice"),
        ({"images": [], "annotations": []}, "names no picture"),
        ({"categories": [{"id": 3, "name": "sofa"}]}, r"'sofa' \(labels.json, category 3\)"),
        ({"categories": None}, "is not a COCO file"),
        ({"images": [{"id": 1}]}, "is not a COCO file"),
    ],
)
def test_wrong_coco_files_are_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    changes.setdefault("images", [A_PICTURE])
    changes.setdefault("annotations", [A_BOX])
    file = coco(tmp_path, **changes)
    with pytest.raises(UsageError, match=message):
        read_coco(file, tmp_path / "images", CAMERA)


def test_what_is_no_json_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "labels.json"
    file.write_text("{", encoding="utf-8")
    with pytest.raises(UsageError, match=r"labels\.json is not JSON"):
        read_coco(file, tmp_path, CAMERA)
    with pytest.raises(UsageError, match=r"none\.json cannot be read"):
        read_coco(tmp_path / "none.json", tmp_path, CAMERA)
