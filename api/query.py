"""From a snapshot to the vector that is searched for."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np

from yanji.configs.errors import NothingFoundError, UsageError
from yanji.configs.settings import Settings
from yanji.detect.classes import CLASSES
from yanji.detect.detections import Detections, FloatArray
from yanji.detect.yolo import Detector
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage
from yanji.ingest.snapshot import Snapshot, load_snapshot
from yanji.reid.black import is_black
from yanji.reid.describe import cut_query
from yanji.reid.embedder import Embedder
from yanji.reid.sighting import Embedding

Box = tuple[float, float, float, float]

MIN_SCORE = 0.25
"""Vehicles below this confidence are not offered as the snapshot's subject."""
SAME_BOX_IOU = 0.3
"""A drawn box takes over the class of a detection that overlaps it at least this much."""


@dataclass(frozen=True, slots=True)
class Query:
    """One vehicle of one snapshot."""

    path: Path
    image_sha256: str
    box: Box
    """Pixels of the upright picture."""
    vehicle_class: str | None
    """None where the box was drawn around something that the detector does not see."""
    others: tuple[Box, ...]
    """Further vehicles, largest first."""
    embedding: Embedding
    crop: BgrImage = field(repr=False, compare=False)
    """What was embedded: heads are blurred."""


def read_query(path: Path, box: Box | None, detector: Detector, embedder: Embedder) -> Query:
    """Find the vehicle in a picture file (JPEG, PNG, WebP, HEIC or BMP; rotation is honoured).

    Raises:
        PictureError: the file is no readable picture.
        UsageError, NothingFoundError: see `make_query`.
    """
    return make_query(load_snapshot(path), path, box, detector, embedder)


def make_query(
    snapshot: Snapshot, path: Path, box: Box | None, detector: Detector, embedder: Embedder
) -> Query:
    """Find the vehicle in a snapshot and describe it.

    Args:
        snapshot: the picture, upright.
        path: where it came from; goes into the answer.
        box: x1, y1, x2, y2 in pixels of the upright picture; None takes the largest vehicle.
        detector: finds the vehicles and the heads to blur.
        embedder: the archive's model.

    Raises:
        UsageError: the box reaches outside the picture.
        NothingFoundError: no box was given and no vehicle is in the picture; picture or box is
            black.
    """
    if box is not None:
        check_box(box, snapshot)
    found = confident(detector.detect(ArrayPicture(snapshot.image)))
    return query_of(snapshot, path, box, found, embedder)


def query_of(
    snapshot: Snapshot, path: Path, box: Box | None, found: Detections, embedder: Embedder
) -> Query:
    """Describe one of the vehicles that were found in a snapshot; as `make_query` otherwise.

    Args:
        snapshot: the picture, upright.
        path: where it came from; goes into the answer.
        box: as for `make_query`.
        found: `confident` vehicles of this snapshot.
        embedder: the archive's model.
    """
    if box is not None:
        check_box(box, snapshot)
    order = np.argsort(-_areas(found.boxes_N4), kind="stable")
    vehicle_class: str | None = None
    if box is None:
        if is_black(snapshot.image):
            raise NothingFoundError(
                f"{path.name} is all black: there is nothing to see.",
                hint="Take another picture of the vehicle.",
                code="no_vehicle",
            )
        if not len(order):
            raise NothingFoundError(
                f"There is no vehicle in {path.name}.",
                hint="Draw a box around it: --box X1,Y1,X2,Y2 (pixels).",
                code="no_vehicle",
            )
        subject: int | None = int(order[0])
        box = _as_box(found.boxes_N4[order[0]])
    else:
        subject = _same_vehicle(box, found.boxes_N4)
    if subject is not None:
        vehicle_class = CLASSES[found.classes_N[subject]]
    others = tuple(_as_box(found.boxes_N4[i]) for i in order if i != subject)
    crop = cut_query(snapshot.image, box, vehicle_class or _likely_class(box), found.persons_M4)
    vector = embedder.embed([crop])[0]
    embedding = Embedding(embedder.model_id, embedder.weights_sha256, vector)
    return Query(path, snapshot.sha256, box, vehicle_class, others, embedding, crop)


def parse_box(text: str) -> Box:
    """Read `X1,Y1,X2,Y2`.

    Raises:
        UsageError: not four finite numbers, or an empty box.
    """
    try:
        edges = tuple(float(part) for part in text.split(","))
    except ValueError:
        edges = ()
    if len(edges) != 4 or not all(math.isfinite(edge) for edge in edges):
        raise UsageError(
            f"{text!r} is not a box.", hint="Four numbers in pixels: --box 120,80,260,190"
        )
    x1, y1, x2, y2 = edges
    if x2 - x1 < 2 or y2 - y1 < 2:
        raise UsageError(
            f"The box {text} is empty ({x2 - x1:g} x {y2 - y1:g} pixels).",
            hint="Left, top, right, bottom: right and bottom must be the larger ones.",
            code="bad_box",
        )
    return x1, y1, x2, y2


def load_models(settings: Settings) -> tuple[Detector, Embedder]:
    """Open detector and embedder as the installation names them."""
    from yanji.api.pipeline import open_detector, open_reid

    return open_detector(settings), open_reid(settings)


def _likely_class(box: Box) -> str:
    """What a drawn box probably holds: upright ones hold riders, whose heads must be blurred."""
    x1, y1, x2, y2 = box
    return "two_wheeler" if y2 - y1 > x2 - x1 else "car"


class Sized(Protocol):
    """A picture as far as boxes are concerned."""

    @property
    def width(self) -> int:
        """Pixels, upright."""
        ...

    @property
    def height(self) -> int:
        """Pixels, upright."""
        ...


def check_box(box: Box, snapshot: Sized) -> None:
    """Refuse a box that is not inside the picture (a pixel of rounding is let through).

    Raises:
        UsageError: it reaches outside.
    """
    x1, y1, x2, y2 = box
    if x1 < -1 or y1 < -1 or x2 > snapshot.width + 1 or y2 > snapshot.height + 1:
        raise UsageError(
            f"The box {x1:g},{y1:g},{x2:g},{y2:g} reaches outside the picture, which has "
            f"{snapshot.width} x {snapshot.height} pixels (upright).",
            hint="Give the box in pixels of the upright picture.",
            code="bad_box",
        )


def confident(found: Detections) -> Detections:
    """Keep the vehicles that a snapshot can be about; all persons stay, for blurring."""
    keep = found.scores_N >= MIN_SCORE
    return Detections(
        found.boxes_N4[keep], found.scores_N[keep], found.classes_N[keep], found.persons_M4
    )


def _areas(boxes_N4: FloatArray) -> FloatArray:
    areas: FloatArray = (boxes_N4[:, 2] - boxes_N4[:, 0]) * (boxes_N4[:, 3] - boxes_N4[:, 1])
    return areas


def _same_vehicle(box: Box, boxes_N4: FloatArray) -> int | None:
    if not len(boxes_N4):
        return None
    x1, y1, x2, y2 = box
    width = np.minimum(boxes_N4[:, 2], x2) - np.maximum(boxes_N4[:, 0], x1)
    height = np.minimum(boxes_N4[:, 3], y2) - np.maximum(boxes_N4[:, 1], y1)
    inter = np.clip(width, 0, None) * np.clip(height, 0, None)
    iou = inter / (_areas(boxes_N4) + (x2 - x1) * (y2 - y1) - inter)
    best = int(iou.argmax())
    return best if iou[best] >= SAME_BOX_IOU else None


def _as_box(edges: FloatArray) -> Box:
    x1, y1, x2, y2 = (round(float(edge), 1) for edge in edges)
    return x1, y1, x2, y2
