"""`yanji bench detect`: the detector by runtime, precision and size: its cost, and what it finds.

Speed stands beside accuracy, as a faster precision that finds less is no gain. The measure is
onnxruntime in fp32 at the same size. What is within `TOLERANCE` may be a default.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final, cast

from yanji.api.bench_rounds import in_turn, median_and_range
from yanji.api.worker import one_thread_each
from yanji.configs.errors import ModelError, UsageError
from yanji.configs.settings import Settings
from yanji.detect.agreement import SAME_PLACE, SURE, Agreement, agreement_of
from yanji.detect.card import Card, load_card
from yanji.detect.clip_pictures import spread_pictures
from yanji.detect.detections import Detections
from yanji.detect.evaluate import evaluate_folder, evaluate_raw, pictures_of, read_names
from yanji.detect.runtime import PrecisionName, RuntimeName, available_runtimes
from yanji.detect.yolo import Detector, Thresholds
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.content import check_regular_file

PRECISIONS: Final[tuple[str, ...]] = ("f32", "bf16", "int8")
SIZES: Final[dict[str, bool]] = {"384x640": False, "640x640": True}
"""Name -> whether the picture is padded to a square. Not padded, the long side is 640 and the other
as the picture needs it: 384 for 16:9."""
REFERENCE: Final = ("onnxruntime", "f32")


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a precision may be from fp32 and still be a default (docs/design/detect.md)."""

    agreement: float = 0.97
    """At least, of the sure boxes, both ways: see `yanji.detect.agreement`."""
    persons: float = 0.95
    """At least, of the persons whose heads are blurred."""
    ap_loss: float = 0.01
    """At most, of mAP50-95 over the model's classes (any vehicle where the labels have others)."""
    recall_loss: float = 0.01
    """At most, of any vehicle's recall at a score of 0.25."""


TOLERANCE: Final = Tolerance()


@dataclass(frozen=True, slots=True)
class Labels:
    """Labelled pictures, as for `yanji eval detect`."""

    images: Path
    labels: Path
    names: Path | None = None
    """None: the labels count the classes that the detector was trained on."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One way of computing."""

    runtime: str
    precision: str
    size: str

    @property
    def name(self) -> str:
        """For people and as a key."""
        return f"{self.runtime} {self.precision} {self.size}"


def bench_detect(
    videos: Sequence[Path],
    settings: Settings,
    *,
    labelled: Labels | None = None,
    rounds: int = 5,
    num_pictures: int = 40,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, object]:
    """Measure every runtime and precision that this machine has.

    Args:
        videos: clips that pictures are taken from, spread over each, as many from each.
        settings: the name of the detector.
        labelled: labelled pictures; None: accuracy is agreement only.
        rounds: of all arms, in turn, after one that warms up.
        num_pictures: of all clips together.
        say: told how far it is.

    Returns:
        `arms`: for each its milliseconds from picture to boxes, `agreement` with fp32, `accuracy`
        where there are labels, and whether it is within `tolerance`; `not_here`: what this
        machine does not run, and why.

    Raises:
        UsageError: labels that cannot be used. SourceError: a clip cannot be opened.
        ModelError: not even the reference runs.
    """
    one_thread_each()
    card = load_card(settings.detector, settings.models)
    names = _names(labelled, card)
    pictures = take_pictures(videos, num_pictures)
    opened, missing = _open_all(card)
    steps = {arm.name: partial(_look_at, detector, pictures) for arm, detector in opened.items()}
    spent_ms = in_turn(steps, rounds, say=say)
    found = {arm: _look_at(detector, pictures) for arm, detector in opened.items()}
    accuracy: dict[Arm, dict[str, float | None]] = {}
    if labelled is not None:
        for arm in opened:
            say(f"labelled pictures: {arm.name}")
            accuracy[arm] = _accuracy(card, arm, labelled, names)
    rows = []
    for arm in opened:
        per_picture = [spent / len(pictures) for spent in spent_ms[arm.name]]
        rows.append(_row(arm, per_picture, found, accuracy))
    return {
        "unit": "CPU ms per picture, from picture to boxes, one thread",
        "arms": rows,
        "not_here": missing,
        "tolerance": asdict(TOLERANCE),
        "facts": {
            "detector": card.name,
            "sources": [video.name for video in videos],
            "pictures": len(pictures),
            "labelled": len(pictures_of(labelled.images)) if labelled is not None else 0,
            "rounds": rounds,
            "sure": SURE,
            "same_place_iou": SAME_PLACE,
        },
    }


def take_pictures(videos: Sequence[Path], num: int) -> list[ArrayPicture]:
    """Take pictures spread over each clip, as many from each.

    Raises:
        SourceError, UsageError: a clip cannot be read.
    """
    for video in videos:
        check_regular_file(video)
    pictures: list[ArrayPicture] = []
    for index, video in enumerate(videos):
        wanted = num * (index + 1) // len(videos) - len(pictures)
        if wanted:
            pictures += spread_pictures(video, wanted)
    return pictures


def _names(labelled: Labels | None, card: Card) -> list[str]:
    """Read what can be wrong before anything is measured."""
    if labelled is None:
        return []
    for folder in (labelled.images, labelled.labels):
        if not folder.is_dir():
            raise UsageError(f"There is no folder {folder}.")
    pictures_of(labelled.images)
    if labelled.names is not None:
        return read_names(labelled.names)
    return [card.class_map.get(row, f"class {row}") for row in range(card.num_classes or 0)]


def _open_all(card: Card) -> tuple[dict[Arm, Detector], dict[str, str]]:
    opened: dict[Arm, Detector] = {}
    missing: dict[str, str] = {}
    runtimes = sorted(available_runtimes(), key=lambda name: name != REFERENCE[0])
    for runtime in runtimes:
        for precision in PRECISIONS:
            for size in SIZES:
                arm = Arm(runtime, precision, size)
                try:
                    detector = _detector(card, arm)
                except ModelError as error:
                    if (runtime, precision) == REFERENCE:
                        raise
                    missing[f"{runtime} {precision}"] = error.message
                    break
                if detector.first.precision == precision:
                    opened[arm] = detector
                else:
                    missing[f"{runtime} {precision}"] = f"computes in {detector.first.precision}"
    return opened, missing


def _detector(card: Card, arm: Arm, thresholds: Thresholds | None = None) -> Detector:
    return Detector(
        card,
        cast(RuntimeName, arm.runtime),
        cast(PrecisionName, arm.precision),
        thresholds,
        square=SIZES[arm.size],
    )


def _look_at(detector: Detector, pictures: Sequence[ArrayPicture]) -> list[Detections]:
    return [detector.detect(picture, overhead=True) for picture in pictures]


def _accuracy(
    card: Card, arm: Arm, labelled: Labels, names: Sequence[str]
) -> dict[str, float | None]:
    """AP is a figure over all scores, so the detector answers down to 0.001."""
    detector = _detector(card, arm, Thresholds(candidate=0.001))
    vehicle = evaluate_folder(labelled.images, labelled.labels, names, detector)["any_vehicle"]
    figures: dict[str, float | None] = {
        "mAP50": None,
        "mAP50_95": None,
        "any_vehicle_AP50": vehicle["AP50"],
        "any_vehicle_AP50_95": vehicle["AP50_95"],
        "any_vehicle_recall_at_0.25": vehicle["recall_at_0.25"],
    }
    # The numbers of other labels do not mean the model's classes.
    if len(names) == card.num_classes:
        figures.update(evaluate_raw(labelled.images, labelled.labels, detector))
    return {name: None if value is None else round(value, 4) for name, value in figures.items()}


def _row(
    arm: Arm,
    per_picture: Sequence[float],
    found: dict[Arm, list[Detections]],
    accuracy: dict[Arm, dict[str, float | None]],
) -> dict[str, object]:
    median, span = median_and_range(per_picture, 2)
    reference = Arm(*REFERENCE, arm.size)
    agreement = Agreement()
    for theirs, ours in zip(found[reference], found[arm], strict=True):
        agreement += agreement_of(theirs, ours)
    figures, true_figures = accuracy.get(arm), accuracy.get(reference)
    return {
        **asdict(arm),
        "ms": median,
        "ms_range": span,
        "agreement": {name: round(value, 4) for name, value in agreement.figures().items()},
        "accuracy": figures,
        "within_tolerance": within(agreement, figures, true_figures),
    }


def within(
    agreement: Agreement,
    figures: dict[str, float | None] | None,
    reference: dict[str, float | None] | None,
) -> bool:
    """Whether an arm may be a default; without labels agreement alone is judged."""
    shares = agreement.figures()
    if min(shares["found"], shares["not_invented"]) < TOLERANCE.agreement:
        return False
    if shares["persons_found"] < TOLERANCE.persons:
        return False
    if figures is None or reference is None:
        return True
    limits = {"any_vehicle_recall_at_0.25": TOLERANCE.recall_loss}
    ap = "mAP50_95" if reference["mAP50_95"] is not None else "any_vehicle_AP50_95"
    limits[ap] = TOLERANCE.ap_loss
    for name, most in limits.items():
        ours, theirs = figures[name], reference[name]
        if ours is not None and theirs is not None and theirs - ours > most:
            return False
    return True
