"""Train a detector on labelled frames: frames -> split -> weights -> thresholds -> card.

Everything is written into a folder of its own inside `out` and renamed at the end, the card last:
a run that fails leaves nothing behind.
"""

from __future__ import annotations

import importlib.metadata
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from yanji.configs.errors import ModelError, UsageError, YanjiError
from yanji.detect.average_precision import Matches
from yanji.detect.card import (
    Card,
    load_card,
    read_card,
    require_new_name,
    standing_in,
    verify_weights,
)
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.detections import FloatArray
from yanji.detect.evaluate import Labelled, evaluate_folder, evaluate_with, pictures_of
from yanji.detect.suppress import iou_matrix
from yanji.detect.training import card_of_run
from yanji.detect.training.branch import Rows, begin, rows_of, shifted
from yanji.detect.training.dataset import Dataset, lay_out
from yanji.detect.training.labelled import LabelledPicture, classes_in
from yanji.detect.training.network import Recipe, Tell, Trained, need_the_extra, train
from yanji.detect.training.split import hold_out
from yanji.detect.training.thresholds import Chosen, choose
from yanji.detect.yolo import Detector, Thresholds
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.frame import BgrImage

START: Final = "yolo11n"
ALL_SCORES: Final = Thresholds(candidate=0.001, faint_two_wheeler=0.001)
SAME_PERSON_IOU: Final = 0.5
LEAST_PERSONS: Final = 0.95
"""Of the persons that the start model blurs; as for its int8 file."""

Read = Callable[[Path], Sequence[LabelledPicture]]
"""Reads and checks the labelled frames; may write pictures into the folder it is given."""


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for."""

    name: str
    out: Path
    source: str
    """Where the frames are from, in words; stands in the card."""
    hold_out: tuple[str, ...] = ()
    """Cameras; empty: see `yanji.detect.training.split.hold_out`."""
    precision: float = 0.8
    recipe: Recipe = field(default_factory=Recipe)
    limits: tuple[str, ...] = ()
    """That the data bring with them."""
    licence: str = "unknown"
    """Of the labelled frames; stands in the card."""


def train_detector(order: Order, read: Read, say: Tell) -> Card:
    """Train, choose thresholds, write `<name>.onnx`, `-golden.npz`, `.md` and `.json` into `out`.

    Raises:
        UsageError: the extra is missing, the name is taken, or the labelled frames are wrong.
        YanjiError: training failed.
    """
    need_the_extra()
    _check_order(order)
    work = order.out / f".{order.name}.unfinished"
    existed = order.out.exists()
    shutil.rmtree(work, ignore_errors=True)
    try:
        return _train(order, read, work, say)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if not existed and order.out.is_dir() and not any(order.out.iterdir()):
            order.out.rmdir()


def _check_order(order: Order) -> None:
    require_new_name(order.name, order.out)
    if not 0 < order.precision <= 1:
        raise UsageError("The precision must be above 0 and at most 1.")


def _train(order: Order, read: Read, work: Path, say: Tell) -> Card:
    from yanji.detect.training.graph import weights_of

    pictures = read(work / "frames")
    held_out = hold_out([one.camera for one in pictures], order.hold_out)
    trained = classes_in(one for one in pictures if one.camera not in held_out)
    if not trained:
        raise UsageError("The cameras to train on show no labelled vehicle.")
    start = load_card(START)
    rows, weights_file = rows_of(start, trained), verify_weights(start)
    data = lay_out(pictures, held_out, trained, work / "data")
    others = ", ".join(sorted(held_out))
    say(f"{data.num_train} frames to train on, {data.num_held_out} of {others} held out")
    say(f"classes: {', '.join(trained)}")
    weights = weights_of(weights_file)
    begun = begin(start, weights, trained)
    result = train(weights, begun, rows, data, order.recipe, work, say)
    say("choosing thresholds on the held-out cameras")
    return conclude(order, result, rows, data, _facts(order, pictures, held_out, data), work)


def conclude(
    order: Order,
    result: Trained,
    rows: Rows,
    data: Dataset,
    facts: Mapping[str, Any],
    work: Path,
) -> Card:
    """Choose thresholds for trained weights, measure them, and write the model.

    Args:
        order: what was asked for.
        result: of training.
        rows: what the new model answers.
        data: laid out; only its part `held_out` is looked at.
        facts: about the data, for the card.
        work: a folder that is thrown away.

    Raises:
        YanjiError: see `refuse_lost_persons`.
    """
    from yanji.detect.training.graph import with_branch

    start = load_card(START)

    def written(step: str, values: Mapping[str, FloatArray]) -> _Unfinished:
        # Each in a folder of its own: runtimes keep what they opened by its path.
        made = _Unfinished(order, work / step, start, rows)
        made.folder.mkdir(parents=True)
        model = with_branch(verify_weights(start), values, rows, result.start)
        made.weights.write_bytes(model.SerializeToString())
        card_of_run.write_golden(made.card(), made.weights, made.golden)
        return made

    opened = _open(written("trained", result.branch).card())
    chosen = choose_thresholds(opened, data, rows.trained, order.precision)
    shifts = [chosen[GROUP_OF[name]].shift for name in rows.trained]
    model = written("shifted", shifted(result.branch, shifts))
    opened, before = _open(model.card()), _open(start)
    persons = same_persons(before, opened, data.images("held_out"))
    refuse_lost_persons(persons)
    told = card_of_run.Told(
        data=facts,
        licence=order.licence,
        recipe=asdict(order.recipe),
        versions=_versions(),
        thresholds=chosen,
        precision=order.precision,
        before=_figures(before, data),
        after=_figures(opened, data),
        persons=persons,
        limits=order.limits,
    )
    return model.finish(told)


@dataclass(frozen=True, slots=True)
class _Unfinished:
    """The files of a model before they are where they belong."""

    order: Order
    folder: Path
    start: Card
    rows: Rows

    @property
    def weights(self) -> Path:
        return self.folder / f"{self.order.name}.onnx"

    @property
    def golden(self) -> Path:
        return self.folder / f"{self.order.name}-golden.npz"

    def card(self) -> Card:
        """Make a card without figures, good enough to open the model."""
        return self._read(self._document(None))

    def finish(self, told: card_of_run.Told) -> Card:
        """Write the card and move everything to its place, the card last."""
        name, out = self.order.name, self.order.out
        document = self._document(told)
        self._read(document)
        card_of_run.write_card(document, self.folder / name)
        for end in (".onnx", "-golden.npz", ".md", ".json"):
            (self.folder / f"{name}{end}").replace(out / f"{name}{end}")
        return load_card(name, out)

    def _document(self, told: card_of_run.Told | None) -> dict[str, Any]:
        return card_of_run.card_document(self.order.name, self.weights, self.start, self.rows, told)

    def _read(self, document: Mapping[str, Any]) -> Card:
        return standing_in(read_card(json.dumps(document), self.order.name), self.folder)


def choose_thresholds(
    detector: Detector, data: Dataset, trained: Sequence[str], precision: float
) -> dict[str, Chosen]:
    """Choose a threshold for every group with a trained class, on the held-out pictures.

    A box is right when it lies (IoU 0.5) on a vehicle of the group.
    """
    views = {}
    for group in dict.fromkeys(GROUP_OF[name] for name in trained):
        members = GROUPS[group]
        same = [number for number, name in enumerate(data.classes) if name in members]
        views[group] = (same, [CLASSES.index(name) for name in members])
    matches: dict[str, Matches] = evaluate_with(
        _find(detector), data.images("held_out"), data.labels("held_out"), len(data.classes), views
    )
    return {group: choose(match, precision) for group, match in matches.items()}


def same_persons(start: Detector, trained: Detector, images: Path) -> dict[str, Any]:
    """Count the persons that the start model blurs and the trained one does too.

    Returns:
        `num_start`, `num_trained`, `found`: the share of the start model's at IoU 0.5, None
        without any.
    """
    num_start = num_trained = num_found = 0
    for path in pictures_of(images):
        image = _image(path)
        mine = start.detect(ArrayPicture(image)).persons_M4
        other = trained.detect(ArrayPicture(image)).persons_M4
        overlap, _ = iou_matrix(mine, other)
        num_start += len(mine)
        num_trained += len(other)
        num_found += int((overlap.max(axis=1, initial=0.0) >= SAME_PERSON_IOU).sum())
    found = num_found / num_start if num_start else None
    return {"num_start": num_start, "num_trained": num_trained, "found": found}


def refuse_lost_persons(persons: Mapping[str, Any]) -> None:
    """Refuse a model that leaves heads unblurred.

    Raises:
        YanjiError: it finds fewer than `LEAST_PERSONS` of the persons.
    """
    if persons["found"] is not None and persons["found"] < LEAST_PERSONS:
        raise YanjiError(
            f"The trained model finds {persons['found']:.3f} of the {persons['num_start']} persons "
            f"whose heads {START} blurs on the held-out cameras; {LEAST_PERSONS:g} is asked for.",
            hint="Train the classes only (--train classes), or with a lower learning rate.",
        )


def _open(card: Card) -> Detector:
    """Open in fp32: figures are those of the weights and not of a precision."""
    return Detector(card, "auto", "f32", ALL_SCORES)


def _find(detector: Detector) -> Callable[[BgrImage], Labelled]:
    def find(image: BgrImage) -> Labelled:
        found = detector.detect(ArrayPicture(image))
        return Labelled(found.boxes_N4, found.classes_N, found.scores_N)

    return find


def _figures(detector: Detector, data: Dataset) -> dict[str, Any]:
    return dict(
        evaluate_folder(data.images("held_out"), data.labels("held_out"), data.classes, detector)
    )


def _image(path: Path) -> BgrImage:
    image = cv2.imread(str(path))
    if image is None:
        raise UsageError(f"The picture {path.name} cannot be read.")
    return np.asarray(image, np.uint8)


def _facts(
    order: Order, pictures: Sequence[LabelledPicture], held_out: frozenset[str], data: Dataset
) -> dict[str, Any]:
    train = [one for one in pictures if one.camera not in held_out]
    other = [one for one in pictures if one.camera in held_out]
    return {
        "source": order.source,
        "cameras": sorted({one.camera for one in train}),
        "cameras_held_out": sorted(held_out),
        "num_train": data.num_train,
        "num_held_out": data.num_held_out,
        "boxes_train": _boxes(train),
        "boxes_held_out": _boxes(other),
    }


def _boxes(pictures: Sequence[LabelledPicture]) -> dict[str, int]:
    counted = Counter(int(number) for one in pictures for number in one.classes_N)
    return {CLASSES[number]: counted[number] for number in sorted(counted)}


def _versions() -> dict[str, str]:
    names = ("yanji", "ultralytics", "torch", "onnx", "onnxruntime", "numpy", "opencv-python")
    found = {}
    for name in names:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError as error:
            raise ModelError(f"The package {name} is not installed.") from error
    return found
