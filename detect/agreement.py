"""How far two precisions of a detector agree on films: no labels needed.

`python -m yanji.detect.agreement --films a.mp4 b.mp4 --precision int8` compares with fp32. A sure
box (score >= 0.35) of one agrees if the other has a box of the same group there, however sure, at
an IoU of at least 0.5. It says what a change of arithmetic does, never how right either is.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from yanji.detect.card import load_card
from yanji.detect.classes import CLASSES, GROUP_OF
from yanji.detect.clip_pictures import spread_pictures
from yanji.detect.detections import Detections, FloatArray
from yanji.detect.suppress import iou_matrix
from yanji.detect.yolo import Detector
from yanji.ingest.frame import Picture

SURE: Final = 0.35
SAME_PLACE: Final = 0.5
NUM_PICTURES: Final = 60
"""Of each film, unless told otherwise."""
_GROUP_OF_C: Final = np.array([sorted(set(GROUP_OF.values())).index(GROUP_OF[c]) for c in CLASSES])


@dataclass(frozen=True, slots=True)
class Agreement:
    """Sure boxes of each side, and how many of them the other side has too."""

    sure: int = 0
    sure_found: int = 0
    other_sure: int = 0
    other_sure_found: int = 0
    persons: int = 0
    persons_found: int = 0
    """At whatever score persons are blurred from."""

    def __add__(self, more: Agreement) -> Agreement:
        return Agreement(
            *(getattr(self, entry.name) + getattr(more, entry.name) for entry in fields(self))
        )

    def figures(self) -> dict[str, float | int]:
        """Return shares 0..1 (1 where there was nothing to find) and the numbers behind them."""
        return {
            "found": self.sure_found / self.sure if self.sure else 1.0,
            "not_invented": self.other_sure_found / self.other_sure if self.other_sure else 1.0,
            "persons_found": self.persons_found / self.persons if self.persons else 1.0,
            "num_boxes": self.sure,
            "num_persons": self.persons,
        }


def agreement_of(reference: Detections, other: Detections) -> Agreement:
    """Compare what two detectors saw in one picture."""
    sure, sure_found = _found(reference, other)
    other_sure, other_sure_found = _found(other, reference)
    return Agreement(
        sure,
        sure_found,
        other_sure,
        other_sure_found,
        len(reference.persons_M4),
        int((_overlap(reference.persons_M4, other.persons_M4) >= SAME_PLACE).any(axis=1).sum()),
    )


def _found(wanted: Detections, given: Detections) -> tuple[int, int]:
    sure_N = wanted.scores_N >= SURE
    same_NM = _GROUP_OF_C[wanted.classes_N][:, None] == _GROUP_OF_C[given.classes_N][None, :]
    there_NM = (_overlap(wanted.boxes_N4, given.boxes_N4) >= SAME_PLACE) & same_NM
    return int(sure_N.sum()), int(there_NM.any(axis=1)[sure_N].sum())


def _overlap(boxes_N4: FloatArray, others_M4: FloatArray) -> FloatArray:
    iou_NM, _ = iou_matrix(boxes_N4, others_M4)
    return iou_NM


def agreement_on(pictures: Iterable[Picture], reference: Detector, other: Detector) -> Agreement:
    """Compare two detectors on pictures; see `agreement_of`."""
    total = Agreement()
    for picture in pictures:
        total += agreement_of(reference.detect(picture), other.detect(picture))
    return total


def main() -> None:
    """Read the arguments, compare film by film, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--films", type=Path, nargs="+", required=True)
    parser.add_argument("--pictures", type=int, default=NUM_PICTURES, help="of each film")
    parser.add_argument("--model", default="yolo11n")
    parser.add_argument("--precision", choices=("bf16", "int8"), default="int8")
    arguments = parser.parse_args()
    card = load_card(arguments.model)
    reference = Detector(card, "auto", "f32")
    other = Detector(card, "auto", arguments.precision)
    total, report = Agreement(), {}
    for film in arguments.films:
        seen = agreement_on(spread_pictures(film, arguments.pictures), reference, other)
        total += seen
        report[film.stem] = seen.figures()
    print(json.dumps({**report, "all": total.figures()}, indent=2))


if __name__ == "__main__":
    main()
