"""Figures of a detector on labelled pictures: `yanji eval detect --images --labels --names`.

Labels are YOLO text files (`class cx cy w h`, relative to the picture), one per picture with the
same stem; a picture without a file has no objects, a file without a picture is an error (it would
be recall that nobody misses). The names file lists the label classes, one per line in order of
their number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from yanji.configs.errors import UsageError
from yanji.detect.average_precision import (
    Matches,
    average_precision,
    match_picture,
    precision_at,
    recall_at,
)
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import FloatArray, IntArray
from yanji.detect.yolo import Detector
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage

SYNONYMS = {
    "motorbike": "motorcycle",
    "motorcyclist": "motorcycle",
    "e-bike": "ebike",
    "electric bicycle": "ebike",
    "bike": "bicycle",
    "lorry": "truck",
    "tuktuk": "tricycle",
}
THRESHOLDS = (0.1, 0.25, 0.5)
OUTSIDE = 0.01
"""By so much of the picture's side a labelled box may reach over its border: labelling programs
round, and draw to the border and a pixel beyond. What lies farther out was drawn for another
picture, or in pixels."""
SUFFIXES = {".jpg", ".jpeg", ".png", ".bmp", ".webp"}


@dataclass(frozen=True, slots=True)
class Labelled:
    """Boxes of one picture, (N, 4) corners in pixels, with a label (and a score) each."""

    boxes_N4: FloatArray
    labels_N: IntArray
    scores_N: FloatArray


Find = Callable[[BgrImage], Labelled]


def read_names(path: Path) -> list[str]:
    """Read the class names, one per line.

    Raises:
        UsageError: no such file, or empty.
    """
    try:
        names = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The names file {path.name} cannot be read: {error}.") from error
    names = [name for name in names if name]
    if not names:
        raise UsageError(f"The names file {path.name} is empty.", hint="One class name per line.")
    return names


def read_labels(path: Path, width: int, height: int, num_classes: int) -> Labelled:
    """Read one YOLO label file; a missing file means no objects.

    Raises:
        UsageError: the file is no text, a line is not five numbers, a class has no name, or a box
            is empty or lies outside the picture (`OUTSIDE`).
    """
    rows: list[list[float]] = []
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = [float(part) for part in line.split()[:5]]
        except ValueError:
            row = []
        if len(row) != 5 or row[0] % 1 != 0 or not 0 <= row[0] < num_classes:
            raise UsageError(
                f"Line {number} of {path.name} is not a YOLO label.",
                hint="class cx cy w h; the class counts the lines of the names file from 0.",
            )
        _, x, y, width_share, height_share = row
        edges = (
            x - width_share / 2,
            y - height_share / 2,
            x + width_share / 2,
            y + height_share / 2,
        )
        # Said as what is right: `nan` fails every comparison.
        if not (
            width_share > 0
            and height_share > 0
            and all(-OUTSIDE <= e <= 1 + OUTSIDE for e in edges)
        ):
            raise UsageError(
                f"The box in line {number} of {path.name} is empty or outside its picture.",
                hint="cx cy w h are shares of the picture's width and height, 0 to 1, not pixels.",
            )
        rows.append(row)
    table = np.array(rows, np.float32).reshape(-1, 5)
    size_4 = np.array([width, height] * 2, np.float32)
    centre, half = table[:, 1:3], table[:, 3:5] / 2
    boxes_N4 = (np.concatenate([centre - half, centre + half], axis=1) * size_4).astype(np.float32)
    return Labelled(boxes_N4, table[:, 0].astype(np.int64), np.ones(len(table), np.float32))


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"The labels {path.name} cannot be read: {error}.") from error


def check_labels(pictures: Sequence[Path], labels: Path) -> None:
    """Refuse a folder of labels that is not that of the pictures.

    Raises:
        UsageError: no folder, or a label file without a picture.
    """
    if not labels.is_dir():
        raise UsageError(f"There is no folder of labels {labels.name}.")
    stems = {path.stem for path in pictures}
    strangers = sorted(
        path.name
        for path in labels.glob("*.txt")
        if path.stem not in stems and "classes" not in path.stem
    )
    if strangers:
        raise UsageError(
            f"{len(strangers)} label file(s) have no picture: {', '.join(strangers[:3])}.",
            hint="A label file has the name of its picture; take away those of other pictures.",
        )


def pictures_of(folder: Path) -> list[Path]:
    """List the pictures of a folder, sorted.

    Raises:
        UsageError: no folder, or no picture in it.
    """
    found = sorted(p for p in folder.glob("*") if p.suffix.lower() in SUFFIXES)
    if not found:
        raise UsageError(f"There are no pictures in {folder.name}.")
    return found


def evaluate_with(
    find: Find,
    images: Path,
    labels: Path,
    num_classes: int,
    views: Mapping[str, tuple[Iterable[int], Iterable[int]]],
) -> dict[str, Matches]:
    """Match a whole folder.

    Args:
        find: answers a picture with boxes, scores, and its own class numbers.
        images: folder of pictures.
        labels: folder of label files.
        num_classes: of the labels.
        views: name -> (label classes, detected classes) that count as one class.
    """
    sets = {name: (frozenset(a), frozenset(b)) for name, (a, b) in views.items()}
    scores: dict[str, list[FloatArray]] = {name: [] for name in sets}
    correct: dict[str, list[np.ndarray]] = {name: [] for name in sets}
    truths = dict.fromkeys(sets, 0)
    pictures = pictures_of(images)
    check_labels(pictures, labels)
    for path in pictures:
        image = cv2.imread(str(path))
        if image is None:
            raise UsageError(f"The picture {path.name} cannot be read.")
        bgr = np.asarray(image, np.uint8)
        height, width = bgr.shape[:2]
        truth = read_labels(labels / f"{path.stem}.txt", width, height, num_classes)
        found = find(bgr)
        for name, (label_set, found_set) in sets.items():
            true_M = np.isin(truth.labels_N, list(label_set))
            mine_N = np.isin(found.labels_N, list(found_set))
            scores[name].append(found.scores_N[mine_N])
            correct[name].append(
                match_picture(
                    found.boxes_N4[mine_N], found.scores_N[mine_N], truth.boxes_N4[true_M]
                )
            )
            truths[name] += int(true_M.sum())
    return {
        name: Matches(np.concatenate(scores[name]), np.concatenate(correct[name]), truths[name])
        for name in sets
    }


def figures_of(
    matches: Matches, thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, float | int | None]:
    """Return AP50 and AP50_95; recall, precision, objects found and boxes given at each threshold;
    and the number of truths.
    """
    ap_T = average_precision(matches)
    known = matches.num_truths > 0
    figures: dict[str, float | int | None] = {
        "AP50": float(ap_T[0]) if known else None,
        "AP50_95": float(ap_T.mean()) if known else None,
    }
    for threshold in thresholds:
        passing_N = matches.scores_N >= threshold
        figures[f"recall_at_{threshold:g}"] = recall_at(matches, threshold)
        figures[f"precision_at_{threshold:g}"] = precision_at(matches, threshold)
        figures[f"num_found_at_{threshold:g}"] = int(matches.correct_NT[passing_N, 0].sum())
        figures[f"num_boxes_at_{threshold:g}"] = int(passing_N.sum())
    figures["num_objects"] = matches.num_truths
    return figures


def evaluate_folder(
    images: Path,
    labels: Path,
    names: Sequence[str],
    detector: Detector,
    thresholds: Sequence[float] = THRESHOLDS,
) -> dict[str, dict[str, float | int | None]]:
    """Compute the figures of `detector` on labelled pictures.

    Names are matched to yanji's classes (`SYNONYMS` helps); other labels (person, cat) count as
    no object. The detector should answer down to 0.001 (`Thresholds(candidate=0.001)`), or AP is
    cut short.

    Returns:
        Per class that has labels, per group, and for `any_vehicle`: see `figures_of`.

    Raises:
        UsageError: no pictures, damaged labels, or no label class that is a vehicle.
    """
    mapped = {number: SYNONYMS.get(name.lower(), name.lower()) for number, name in enumerate(names)}
    vehicles = {number: name for number, name in mapped.items() if name in CLASSES}
    if not vehicles:
        raise UsageError(
            "No class of the names file is a vehicle.", hint=f"Known: {', '.join(CLASSES)}."
        )
    views: dict[str, tuple[list[int], list[int]]] = {
        "any_vehicle": (list(vehicles), list(range(len(CLASSES))))
    }
    for group, members in GROUPS.items():
        labelled = [number for number, name in vehicles.items() if GROUP_OF[name] == group]
        if labelled and len(members) > 1:
            views[group] = (labelled, [CLASSES.index(name) for name in members])
    for name in dict.fromkeys(vehicles.values()):
        same = [number for number, other in vehicles.items() if other == name]
        views.setdefault(name, (same, [CLASSES.index(name)]))

    def find(image: BgrImage) -> Labelled:
        found = detector.detect(ArrayPicture(image))
        return Labelled(found.boxes_N4, found.classes_N, found.scores_N)

    matches = evaluate_with(find, images, labels, len(names), views)
    return {name: figures_of(match, thresholds) for name, match in matches.items()}


def evaluate_raw(
    images: Path, labels: Path, detector: Detector, min_score: float = 0.001
) -> dict[str, float]:
    """Compute the mean AP over all classes the model was trained on, as its publishers do.

    No groups: suppression within a class at IoU 0.7, several classes per anchor, 300 boxes. It
    proves that weights, pre-processing and this evaluation agree with published figures.

    Returns:
        `mAP50` and `mAP50_95`, means over the classes that have labels.
    """
    num_classes = detector.card.num_classes or 0

    def find(image: BgrImage) -> Labelled:
        raw_XA, fit = detector.raw(ArrayPicture(image))
        rows, anchors = np.nonzero(raw_XA[4:] > min_score)
        scores_N = raw_XA[4 + rows, anchors]
        half = raw_XA[2:4, anchors] / 2
        corners = np.concatenate([raw_XA[:2, anchors] - half, raw_XA[:2, anchors] + half]).T
        sizes = np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1)
        kept = np.asarray(
            cv2.dnn.NMSBoxesBatched(
                sizes.tolist(), scores_N.tolist(), rows.tolist(), min_score, 0.7
            ),
            np.int64,
        ).reshape(-1)
        kept = kept[np.argsort(-scores_N[kept], kind="stable")][:300]
        boxes_N4 = fit.boxes_to_picture(corners[kept], image.shape[1], image.shape[0])
        return Labelled(boxes_N4, rows[kept].astype(np.int64), scores_N[kept].copy())

    views = {str(number): ([number], [number]) for number in range(num_classes)}
    matches = evaluate_with(find, images, labels, num_classes, views)
    aps = [average_precision(match) for match in matches.values() if match.num_truths]
    table = np.stack(aps) if aps else np.zeros((1, 10), np.float32)
    return {"mAP50": float(table[:, 0].mean()), "mAP50_95": float(table.mean())}
