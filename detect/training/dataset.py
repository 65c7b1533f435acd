"""Pictures and labels laid out as ultralytics reads them, all inside the run's own folder."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from yanji.detect.classes import CLASSES
from yanji.detect.training.labelled import LabelledPicture


@dataclass(frozen=True, slots=True)
class Dataset:
    """`images/<part>` and `labels/<part>` for the parts `train` and `held_out`."""

    root: Path
    classes: tuple[str, ...]
    """A label's number counts here."""
    num_train: int
    num_held_out: int

    def images(self, part: str) -> Path:
        """Folder of the pictures of a part."""
        return self.root / "images" / part

    def labels(self, part: str) -> Path:
        """Folder of the labels of a part."""
        return self.root / "labels" / part


def lay_out(
    pictures: Iterable[LabelledPicture],
    held_out: Collection[str],
    classes: Sequence[str],
    root: Path,
) -> Dataset:
    """Link or copy pictures and write their labels.

    Args:
        pictures: all.
        held_out: cameras of the part `held_out`.
        classes: those that are trained; boxes of others (which only held-out cameras show) are
            written behind them, for the figures.
        root: an empty folder.
    """
    numbers = {name: number for number, name in enumerate(classes)}
    counted = {"train": 0, "held_out": 0}
    for part in counted:
        for kind in ("images", "labels"):
            (root / kind / part).mkdir(parents=True)
    for picture in pictures:
        part = "held_out" if picture.camera in held_out else "train"
        stem = f"{counted[part]:06d}"
        counted[part] += 1
        place(picture.path, root / "images" / part / f"{stem}{picture.path.suffix.lower()}")
        lines = []
        for (x1, y1, x2, y2), number in zip(picture.boxes_N4, picture.classes_N, strict=True):
            label = numbers.setdefault(CLASSES[number], len(numbers))
            centre, size = ((x1 + x2) / 2, (y1 + y2) / 2), (x2 - x1, y2 - y1)
            lines.append(f"{label} {centre[0]:.6f} {centre[1]:.6f} {size[0]:.6f} {size[1]:.6f}\n")
        (root / "labels" / part / f"{stem}.txt").write_text("".join(lines), encoding="utf-8")
    return Dataset(root, tuple(numbers), counted["train"], counted["held_out"])


def place(source: Path, target: Path) -> None:
    """Link a picture, or copy it where that cannot be done."""
    try:
        target.symlink_to(source.resolve())
    except OSError:
        shutil.copyfile(source, target)
