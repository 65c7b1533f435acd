"""Labelled frames as training reads them: YOLO text files or one COCO JSON file.

Everything is checked here, before anything is trained or written: ultralytics leaves out a
picture that it cannot read and goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.detect.classes import CLASSES
from yanji.detect.detections import FloatArray, IntArray
from yanji.detect.evaluate import (
    OUTSIDE,
    SYNONYMS,
    check_labels,
    pictures_of,
    read_labels,
    read_names,
)

NOT_TRAINED: Final = frozenset({"person", "pedestrian", "rider", "people"})
"""Labels that many data sets have beside vehicles. Persons are never trained: the start model's
own answer about them is kept, heads are blurred by it."""

CameraOf = Callable[[str], str]
"""Name of a picture (with its folder, where it has one) -> camera; raises UsageError."""


@dataclass(frozen=True, slots=True)
class LabelledPicture:
    """One picture and its vehicles."""

    path: Path
    camera: str
    boxes_N4: FloatArray
    """x1, y1, x2, y2 as shares (0..1) of the picture's width and height."""
    classes_N: IntArray
    """Numbers in `yanji.detect.classes.CLASSES`."""


def read_yolo(
    images: Path, labels: Path, names: Path, camera_of: CameraOf, ignore: Collection[str] = ()
) -> tuple[LabelledPicture, ...]:
    """Read a folder of pictures and one of YOLO labels; a picture without a file has no vehicle.

    Raises:
        UsageError: names file and line where it can: no pictures, no label at all, a label file
            without a picture, a class that is no vehicle's, a damaged line, a box outside its
            picture, a picture that cannot be read or has no camera.
    """
    known = _classes_of(_numbered_names(names), ignore)
    pictures = pictures_of(images)
    check_labels(pictures, labels)
    if not any((labels / f"{path.stem}.txt").is_file() for path in pictures):
        raise UsageError(
            f"There is no label file in {labels.name}.",
            hint="One text file for each picture, with its name: frame_1.jpg, frame_1.txt.",
        )
    found = []
    for path in pictures:
        camera = camera_of(path.name)
        read = read_labels(labels / f"{path.stem}.txt", 1, 1, len(known))
        picture_size(path)
        found.append(_picture(path, camera, read.boxes_N4, [known[n] for n in read.labels_N]))
    return _with_vehicles(found, names.name)


def read_coco(
    file: Path,
    images: Path,
    camera_of: CameraOf,
    camera_field: str | None = None,
    ignore: Collection[str] = (),
) -> tuple[LabelledPicture, ...]:
    """Read a COCO file: `images`, `annotations` (`bbox`: x, y, width, height in pixels) and
    `categories`. Annotations marked `iscrowd` are left out.

    Args:
        file: the JSON file.
        images: the folder that its `file_name`s start from.
        camera_of: which camera filmed a `file_name`.
        camera_field: key of the entries of `images` that says it instead.
        ignore: names of categories that are left out.

    Raises:
        UsageError: see `read_yolo`; names the entry by its id.
    """
    document = _json(file)
    try:
        names = {int(row["id"]): str(row["name"]) for row in document["categories"]}
        rows = {int(row["id"]): row for row in document["images"]}
        annotations = [row for row in document["annotations"] if not row.get("iscrowd")]
        _check_coco(file, rows, names, annotations)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"{file.name} is not a COCO file: {error!r}.",
            hint="It needs the lists images, annotations and categories.",
        ) from error
    where = {number: f"{file.name}, category {number}" for number in names}
    known = _classes_of([(where[n], n, name) for n, name in names.items()], ignore)
    if not rows:
        raise UsageError(f"{file.name} names no picture.")
    boxes: dict[int, list[list[float]]] = {number: [] for number in rows}
    classes: dict[int, list[int | None]] = {number: [] for number in rows}
    for row in annotations:
        boxes[row["image_id"]].append(_coco_box(file, row, rows[row["image_id"]]))
        classes[row["image_id"]].append(known[row["category_id"]])
    found = []
    for number, row in rows.items():
        path = images / str(row["file_name"])
        if not path.is_file():
            raise UsageError(
                f"{file.name} names the picture {row['file_name']}, which is not in {images.name}."
            )
        if picture_size(path) != (int(row["width"]), int(row["height"])):
            raise UsageError(f"{row['file_name']} has not the size that {file.name} says.")
        camera = _camera_field(file, row, camera_field, camera_of)
        table_N4 = np.array(boxes[number], np.float32).reshape(-1, 4)
        found.append(_picture(path, camera, table_N4, classes[number]))
    return _with_vehicles(found, file.name)


def picture_size(path: Path) -> tuple[int, int]:
    """Decode a picture; returns width and height in pixels.

    Raises:
        UsageError: it cannot be read.
    """
    image = cv2.imread(str(path))
    if image is None:
        raise UsageError(f"The picture {path.name} cannot be read.")
    return image.shape[1], image.shape[0]


def classes_in(pictures: Iterable[LabelledPicture]) -> tuple[str, ...]:
    """Name the classes that have a box, in the order of `CLASSES`."""
    found = {int(number) for one in pictures for number in one.classes_N}
    return tuple(CLASSES[number] for number in sorted(found))


def _numbered_names(path: Path) -> list[tuple[str, int, str]]:
    """Read a names file: where each name stands, its class number, the name."""
    wanted = read_names(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    at = [number for number, line in enumerate(lines, start=1) if line.strip()]
    return [
        (f"line {line} of {path.name}", number, name)
        for number, (line, name) in enumerate(zip(at, wanted, strict=True))
    ]


def _classes_of(
    names: Sequence[tuple[str, int, str]], ignore: Collection[str]
) -> dict[int, int | None]:
    """Map label numbers to `CLASSES`; None: boxes of it are left out.

    Raises:
        UsageError: a name that is neither a vehicle's nor left out; `ignore` names none of them.
    """
    strangers = set(ignore) - {name for _, _, name in names}
    if strangers:
        raise UsageError(f"--ignore names {min(strangers)!r}, which is no class of the labels.")
    known: dict[int, int | None] = {}
    for where, number, name in names:
        plain = SYNONYMS.get(name.lower(), name.lower())
        if name in ignore or plain in NOT_TRAINED:
            known[number] = None
        elif plain in CLASSES:
            known[number] = CLASSES.index(plain)
        else:
            raise UsageError(
                f"The class {name!r} ({where}) is no vehicle that yanji knows.",
                hint=f"Known: {', '.join(CLASSES)}. --ignore {name!r} leaves its boxes out.",
            )
    return known


def _picture(
    path: Path, camera: str, boxes_N4: FloatArray, classes: Sequence[int | None]
) -> LabelledPicture:
    kept = np.array([number is not None for number in classes], bool)
    numbers = [number for number in classes if number is not None]
    return LabelledPicture(path, camera, boxes_N4[kept].clip(0, 1), np.array(numbers, np.int64))


def _with_vehicles(found: list[LabelledPicture], name: str) -> tuple[LabelledPicture, ...]:
    if not any(len(one.classes_N) for one in found):
        raise UsageError(f"No picture has a labelled vehicle ({name}).")
    return tuple(found)


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.name} cannot be read: {error}.") from error
    except ValueError as error:
        raise UsageError(f"{file.name} is not JSON: {error}.") from error


def _check_coco(
    file: Path, rows: dict[int, Any], names: dict[int, str], annotations: list[Any]
) -> None:
    for row in rows.values():
        relative = Path(str(row["file_name"]))
        if relative.is_absolute() or ".." in relative.parts:
            raise UsageError(f"{file.name} names a picture outside its folder: {relative}.")
        if not (int(row["width"]) > 0 and int(row["height"]) > 0):
            raise UsageError(f"{file.name} gives {row['file_name']} no size.")
    stems = [str(row["file_name"]) for row in rows.values()]
    if len(set(stems)) < len(stems):
        raise UsageError(f"{file.name} names a picture twice.")
    for row in annotations:
        if row["image_id"] not in rows:
            raise UsageError(
                f"Annotation {row['id']} of {file.name} belongs to the picture {row['image_id']}, "
                "which the file does not name."
            )
        if row["category_id"] not in names:
            raise UsageError(
                f"Annotation {row['id']} of {file.name} has the category {row['category_id']}, "
                "which the file does not name."
            )


def _coco_box(file: Path, row: Any, picture: Any) -> list[float]:
    try:
        x, y, width, height = (float(edge) for edge in row["bbox"])
    except (KeyError, TypeError, ValueError):
        raise UsageError(
            f"The box of annotation {row['id']} of {file.name} is not x, y, width, height."
        ) from None
    across, down = float(picture["width"]), float(picture["height"])
    edges = [x / across, y / down, (x + width) / across, (y + height) / down]
    # Said as what is right: `nan` fails every comparison.
    if not (width > 0 and height > 0 and all(-OUTSIDE <= e <= 1 + OUTSIDE for e in edges)):
        raise UsageError(
            f"The box of annotation {row['id']} of {file.name} is empty or outside its picture "
            f"{picture['file_name']}."
        )
    return edges


def _camera_field(file: Path, row: Any, field: str | None, camera_of: CameraOf) -> str:
    if field is None:
        return camera_of(str(row["file_name"]))
    if not isinstance(row.get(field), str | int):
        raise UsageError(f"The picture {row['file_name']} of {file.name} has no field {field!r}.")
    return str(row[field])
