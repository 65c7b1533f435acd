"""YOLO11 (and its kin with the output (1, 4 + classes, anchors)) as detector of vehicles."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

import cv2
import numpy as np

from yanji.configs.errors import ModelError
from yanji.detect.card import Card
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import Detections, FloatArray, IntArray
from yanji.detect.letterbox import LONG_SIDE_PX, Fit, fit_of, letterbox_into, new_buffer
from yanji.detect.runtime import OpenModel, PrecisionName, Runtime, RuntimeName, open_runtime
from yanji.detect.suppress import iou_matrix, suppress_group
from yanji.ingest.frame import BgrImage, Picture

MAX_CANDIDATES = 600
"""Before suppression, best first: bounds the time of one frame (240 parked bikes give 400)."""
OPEN_SHAPES = 3
"""Compiled input shapes kept; 40 MB each in OpenVINO bf16."""
PERSON_NMS_IOU = 0.6
SAME_PLACE_IOU = 0.75
"""Boxes of different groups that overlap more are one vehicle; the better score wins."""
OVERHEAD_SIZE = 0.1
"""A car seen from straight above is a `cell phone` to a COCO model (score 0.9). On a camera nothing
else of that class is this large in relation to the picture's width and height."""
OVERHEAD_SCORE = 0.5


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Which scores count."""

    sure: float = 0.25
    """A box from here on may begin a track (also the default for answers about one picture)."""
    candidate: float = 0.1
    """A box from here on is returned: it may continue a track that exists."""
    faint_two_wheeler: float = 0.03
    """A two-wheeler from here on is returned where `candidate` is higher: with a rider on it, frame
    after frame, it is one (`tracker.py`, `passages.py`)."""
    person: float = 0.1
    """A person from here on is blurred: a needless blur costs less than a face kept."""
    per_class: tuple[tuple[str, float], ...] = ()
    """(class, candidate threshold) where a class needs a higher one."""


@dataclass(slots=True)
class _Shape:
    runtime: Runtime
    buffer_1HW3: BgrImage


class Detector:
    """Finds vehicles in pictures; one per process (not for use by two threads at once)."""

    def __init__(
        self,
        card: Card,
        runtime: RuntimeName = "auto",
        precision: PrecisionName = "auto",
        thresholds: Thresholds | None = None,
        square: bool = False,
        long_side_px: int = LONG_SIDE_PX,
        open_model: OpenModel | None = None,
    ) -> None:
        """Open the model for pictures of the aspect of its card's first size.

        Golden vectors are checked at the card's golden size, whatever `long_side_px` is.

        Args:
            card: a detector.
            runtime: see `yanji.detect.runtime.open_runtime`.
            precision: see there.
            thresholds: which scores count.
            square: pad to a square as the published accuracy figures do.
            long_side_px: of the input, a multiple of 32; twice as long finds vehicles half as
                large and takes four times as long.
            open_model: opens the model in place of `open_runtime`, which is not asked then.

        Raises:
            ModelError: see `yanji.detect.runtime.open_runtime`, or the card is no detector's.
        """
        if card.task != "detect" or card.person_class is None:
            raise ModelError(f"Model {card.name!r} is no detector of vehicles and persons.")
        self.card = card
        self.thresholds = thresholds if thresholds is not None else Thresholds()
        self._runtime_name: RuntimeName = runtime
        self._precision: PrecisionName = precision
        self._open_model = open_model
        self._square = square
        self._long_side_px = long_side_px
        self._shapes: OrderedDict[tuple[int, int], _Shape] = OrderedDict()
        self._groups = _group_rows(card)
        self._candidate_C = {
            group: np.array([self._threshold(name) for _, name in rows], np.float32)
            for group, rows in self._groups.items()
        }
        counted = {*card.class_map, *card.overhead_map, card.person_class}
        self._rows = np.array(sorted(4 + row for row in counted))
        lowest = min(float(least_C.min()) for least_C in self._candidate_C.values())
        self._least = min(lowest, self.thresholds.person, OVERHEAD_SCORE)
        height, width = card.input.sizes[0]
        self.first = self._shape_of(self._fit(width, height)).runtime

    def _threshold(self, name: str) -> float:
        least = self.thresholds.candidate
        if GROUP_OF[name] == "two_wheeler":
            least = min(least, self.thresholds.faint_two_wheeler)
        return max(dict(self.thresholds.per_class).get(name, 0.0), least)

    def _fit(self, width: int, height: int) -> Fit:
        return fit_of(width, height, self._long_side_px, square=self._square)

    def _shape_of(self, fit: Fit) -> _Shape:
        key = (fit.height, fit.width)
        shape = self._shapes.get(key)
        if shape is None:
            runtime = self._open((1, fit.height, fit.width))
            shape = self._shapes[key] = _Shape(runtime, new_buffer(fit, self.card.input.fill))
            if len(self._shapes) > OPEN_SHAPES:
                self._shapes.popitem(last=False)
        self._shapes.move_to_end(key)
        return shape

    def _open(self, input_shape: tuple[int, int, int]) -> Runtime:
        if self._open_model is not None:
            return self._open_model(self.card, input_shape)
        return open_runtime(self.card, self._runtime_name, self._precision, input_shape)

    def raw(self, picture: Picture) -> tuple[FloatArray, Fit]:
        """Run the model only: (4 + classes, anchors) in input pixels, and the fit used.

        The array is valid until the next call.
        """
        fit = self._fit(picture.width, picture.height)
        shape = self._shape_of(fit)
        # Pictures of other aspect may share a shape: their border differs.
        if (fit.top, fit.left) != (0, 0):
            _refill_border(shape.buffer_1HW3, fit, self.card.input.fill)
        letterbox_into(shape.buffer_1HW3, picture, fit)
        return shape.runtime.run(shape.buffer_1HW3)[0], fit

    def detect(self, picture: Picture, overhead: bool = False) -> Detections:
        """Find the vehicles of one picture, and the persons to be blurred.

        Args:
            picture: upright.
            overhead: also read the card's `overhead_map`; for cameras, never for snapshots (a
                snapshot of a telephone holds no vehicle).

        Returns:
            Vehicles with score >= `thresholds.candidate` (two-wheelers: `faint_two_wheeler`), best
            first, one box per vehicle; boxes in pixels of the upright picture.
        """
        raw_XA, fit = self.raw(picture)
        return self.decode(raw_XA, fit, picture.width, picture.height, overhead)

    def decode(
        self, raw_XA: FloatArray, fit: Fit, width: int, height: int, overhead: bool = False
    ) -> Detections:
        """Turn the model's output into detections (see `detect`)."""
        raw_XA = self._relevant(raw_XA)
        boxes: list[FloatArray] = []
        scores: list[FloatArray] = []
        classes: list[IntArray] = []
        for group, rows in self._groups.items():
            scores_CA = raw_XA[[4 + row for row, _ in rows]]
            if overhead:
                self._add_overhead(scores_CA, rows, raw_XA, fit)
            passing_A = (scores_CA >= self._candidate_C[group][:, None]).any(axis=0)
            found = _strongest(np.flatnonzero(passing_A), scores_CA)
            boxes_N4 = _corners(raw_XA[:4, found])
            kept_K, columns_K, scores_K = suppress_group(boxes_N4, scores_CA[:, found].T)
            boxes.append(boxes_N4[kept_K])
            scores.append(scores_K)
            numbers = np.array([CLASSES.index(name) for _, name in rows], np.int64)
            classes.append(numbers[columns_K])
        boxes_N4 = fit.boxes_to_picture(np.concatenate(boxes), width, height)
        scores_N, classes_N = np.concatenate(scores), np.concatenate(classes)
        solid_N = ((boxes_N4[:, 2:] - boxes_N4[:, :2]) >= 2).all(axis=1)
        order = np.flatnonzero(solid_N)[np.argsort(-scores_N[solid_N], kind="stable")]
        iou_NN, _ = iou_matrix(boxes_N4[order], boxes_N4[order])
        # Within a group this is already so; a better one stands before its double.
        doubles_N = np.triu(iou_NN >= SAME_PLACE_IOU, k=1).any(axis=0)
        order = order[~doubles_N]
        return Detections(
            boxes_N4=boxes_N4[order],
            scores_N=scores_N[order].astype(np.float32),
            classes_N=classes_N[order],
            persons_M4=fit.boxes_to_picture(self._persons(raw_XA), width, height),
        )

    def _relevant(self, raw_XA: FloatArray) -> FloatArray:
        """Leave out the anchors (98 in 100) in which no row that counts reaches a threshold.

        Their order stays, and with it every answer.
        """
        passing_A = raw_XA[self._rows].max(axis=0) >= self._least
        few_XA: FloatArray = raw_XA[:, np.flatnonzero(passing_A)]
        return few_XA

    def _add_overhead(
        self, scores_CA: FloatArray, rows: list[tuple[int, str]], raw_XA: FloatArray, fit: Fit
    ) -> None:
        """Raise in place the score of a class where its overhead stand-in is strong and large."""
        names = [name for _, name in rows]
        large_A = (raw_XA[2] >= OVERHEAD_SIZE * fit.inner_width) & (
            raw_XA[3] >= OVERHEAD_SIZE * fit.inner_height
        )
        for row, name in self.card.overhead_map.items():
            if name in names:
                strong_A = raw_XA[4 + row] * (large_A & (raw_XA[4 + row] >= OVERHEAD_SCORE))
                column = names.index(name)
                np.maximum(scores_CA[column], strong_A, out=scores_CA[column])

    def _persons(self, raw_XA: FloatArray) -> FloatArray:
        assert self.card.person_class is not None  # noqa: S101 - checked in __init__
        scores_1A = raw_XA[4 + self.card.person_class][None]
        found = _strongest(np.flatnonzero(scores_1A[0] >= self.thresholds.person), scores_1A)
        if not len(found):
            return np.empty((0, 4), np.float32)
        boxes_N4 = _corners(raw_XA[:4, found])
        xywh_N4 = np.concatenate([boxes_N4[:, :2], boxes_N4[:, 2:] - boxes_N4[:, :2]], axis=1)
        kept = cv2.dnn.NMSBoxes(xywh_N4.tolist(), scores_1A[0, found].tolist(), 0.0, PERSON_NMS_IOU)
        return boxes_N4[np.asarray(kept, np.int64).reshape(-1)]


def _group_rows(card: Card) -> dict[str, list[tuple[int, str]]]:
    """Return, per group, the (model class, yanji class) pairs; groups without any are left out."""
    groups: dict[str, list[tuple[int, str]]] = {}
    for group in GROUPS:
        rows = [(row, name) for row, name in card.class_map.items() if GROUP_OF[name] == group]
        if rows:
            groups[group] = sorted(rows)
    return groups


def _strongest(found: IntArray, scores_CA: FloatArray) -> IntArray:
    if len(found) <= MAX_CANDIDATES:
        return found
    best_F = scores_CA[:, found].max(axis=0)
    return found[np.argpartition(-best_F, MAX_CANDIDATES)[:MAX_CANDIDATES]]


def _corners(xywh_4N: FloatArray) -> FloatArray:
    """Turn centre and size, (4, N), into corners, (N, 4)."""
    half_2N = xywh_4N[2:] / 2
    return np.concatenate([xywh_4N[:2] - half_2N, xywh_4N[:2] + half_2N]).T


def _refill_border(buffer_1HW3: BgrImage, fit: Fit, fill: int) -> None:
    image = buffer_1HW3[0]
    image[: fit.top] = fill
    image[fit.top + fit.inner_height :] = fill
    image[:, : fit.left] = fill
    image[:, fit.left + fit.inner_width :] = fill
