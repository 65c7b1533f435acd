"""The class branch that is trained beside the start model's own, as plain arrays.

YOLO11's head has, on each of its three levels, a branch for boxes and one for classes. The start
model's branches stay as they are: boxes, persons (whose heads are blurred) and what is not trained
are answered by its very weights. A copy of the class branch is trained; its last convolution has
one row for each trained class.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from yanji.detect.card import Card
from yanji.detect.classes import GROUP_OF, GROUPS
from yanji.detect.detections import FloatArray

Arrays = Mapping[str, FloatArray]
"""Weights by the name that both the ONNX file and ultralytics give them."""

HEAD: Final = "model.23"
NUM_LEVELS: Final = 3
BEGIN_FROM: Final[dict[str, tuple[str, ...]]] = {
    "van": ("car", "truck"),
    "ebike": ("motorcycle", "bicycle"),
    "two_wheeler": ("motorcycle", "bicycle"),
    "tricycle": ("motorcycle", "truck"),
}
"""A class that the start model lacks begins as the mean of these."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the rows of the new model's answer mean, in order: kept ones, then trained ones."""

    kept: tuple[int, ...]
    """Rows of the start model: the person first, then its stand-ins and vehicles not trained."""
    trained: tuple[str, ...]
    class_map: dict[int, str]
    overhead_map: dict[int, str]
    person_class: int = 0

    @property
    def num(self) -> int:
        """How many classes the new model answers."""
        return len(self.kept) + len(self.trained)


def rows_of(start: Card, trained: Sequence[str]) -> Rows:
    """Decide which rows the new model has.

    Args:
        start: card of the start model.
        trained: classes with labels. A vehicle class of the start model that has none is kept: it
            goes on to answer as before.
    """
    assert start.person_class is not None  # noqa: S101 - every detector of vehicles has one
    vehicles = {row: name for row, name in sorted(start.class_map.items()) if name not in trained}
    kept = (start.person_class, *sorted(start.overhead_map), *vehicles)
    at = {row: number for number, row in enumerate(kept)}
    class_map = {at[row]: name for row, name in vehicles.items()}
    class_map |= {len(kept) + number: name for number, name in enumerate(trained)}
    overhead_map = {at[row]: name for row, name in start.overhead_map.items()}
    return Rows(kept, tuple(trained), class_map, overhead_map)


def layers(level: int) -> tuple[str, ...]:
    """Name the convolutions of a level's class branch, first to last."""
    names = ("0.0.conv", "0.1.conv", "1.0.conv", "1.1.conv", "2")
    return tuple(f"{HEAD}.cv3.{level}.{name}" for name in names)


def last_layer(level: int) -> str:
    """Name the convolution whose rows are classes."""
    return layers(level)[-1]


def begin(start: Card, weights: Arrays, trained: Sequence[str]) -> dict[str, FloatArray]:
    """Make the branch that training begins with.

    Returns:
        Weights and biases of `layers` of every level: copies, but for the last convolution, which
        has the start model's row of each trained class, or the mean of the rows in `BEGIN_FROM`.
    """
    row_of = {name: row for row, name in start.class_map.items()}
    branch: dict[str, FloatArray] = {}
    for level in range(NUM_LEVELS):
        for layer in layers(level):
            for part in ("weight", "bias"):
                whole = weights[f"{layer}.{part}"]
                if layer == last_layer(level):
                    picked = [_row(whole, row_of, name) for name in trained]
                    branch[f"{layer}.{part}"] = np.stack(picked).astype(np.float32)
                else:
                    branch[f"{layer}.{part}"] = whole.copy()
    return branch


def shifted(branch: Arrays, shifts: Sequence[float]) -> dict[str, FloatArray]:
    """Add to the logits of each trained class, in order; see `yanji.detect.training.thresholds`."""
    moved = dict(branch)
    for level in range(NUM_LEVELS):
        name = f"{last_layer(level)}.bias"
        moved[name] = (branch[name] + np.array(shifts, np.float32)).astype(np.float32)
    return moved


def _row(whole: FloatArray, row_of: Mapping[str, int], name: str) -> FloatArray:
    # A start model that lacks those as well: any vehicle of the group, else any.
    likely = (name,) if name in row_of else BEGIN_FROM.get(name, GROUPS[GROUP_OF[name]])
    rows = [row_of[one] for one in likely if one in row_of] or sorted(row_of.values())
    mean: FloatArray = whole[rows].mean(axis=0)
    return mean
