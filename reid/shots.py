"""Labelled crops as vectors: who is on them, by which camera, seen from where."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from yanji.configs.errors import PictureError, UsageError
from yanji.detect.blur import blur_top
from yanji.detect.classes import CLASSES, GROUP_OF, GROUPS
from yanji.detect.travel import VIEW_DEG
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.crops import read_index
from yanji.reid.embedder import Embedder, Vectors
from yanji.reid.evaluate import read_list

_CHUNK: Final = 64
Texts = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Shots:
    """N crops. Groups and views are texts; a view not known is the empty text."""

    vectors_ND: Vectors
    vehicles_N: Texts
    cameras_N: npt.NDArray[np.int64]
    classes_N: Texts
    groups_N: Texts
    views_N: Texts

    def __len__(self) -> int:
        return len(self.vectors_ND)

    def taken(self, rows: Mask | npt.NDArray[np.int64]) -> Shots:
        """Only these rows."""
        return Shots(
            self.vectors_ND[rows],
            self.vehicles_N[rows],
            self.cameras_N[rows],
            self.classes_N[rows],
            self.groups_N[rows],
            self.views_N[rows],
        )


def halves(shots: Shots) -> tuple[Shots, Shots]:
    """Part by a hash of the vehicle's name: the half that is fitted on, and the other."""
    first_N = np.array([first_half(name) for name in shots.vehicles_N.tolist()], bool)
    return shots.taken(first_N), shots.taken(~first_N)


def first_half(vehicle: str) -> bool:
    """Whether a vehicle is of the half that curves are fitted on."""
    return hashlib.sha256(f"calibration {vehicle}".encode()).digest()[0] < 128


def view_from(angle_deg: float) -> str:
    """View of a rendered crop; the same borders as `yanji.detect.travel.view_of`.

    Args:
        angle_deg: -180..180, 0 from the front, 180 from the rear.
    """
    away = abs(angle_deg)
    return "front" if away < VIEW_DEG else "rear" if away > 180 - VIEW_DEG else "side"


def rendered_shots(folder: Path, embedder: Embedder) -> Shots:
    """Crops of `yanji testcity crops`.

    Raises:
        UsageError: no index, or no crop in it.
        PictureError: a crop is missing or damaged.
    """
    rows = [row for row in read_index(folder) if row.get("record") == "crop"]
    if not rows:
        raise UsageError(f"{folder.name} holds no crops.")
    vectors = _embed((_read(folder / row["path"]) for row in rows), embedder)
    return _shots(
        vectors,
        [row["identity"] for row in rows],
        [int(row["camera"]) for row in rows],
        [row["class"] for row in rows],
        [view_from(float(row["angle_deg"])) for row in rows],
    )


def listed_shots(images: Path, list_file: Path, embedder: Embedder, view: str | None) -> Shots:
    """Real crops of a list as `yanji eval reid` takes it, the top of two-wheelers destroyed as in
    the archive.

    Args:
        images: folder of the crops.
        list_file: names, one a line.
        embedder: the model.
        view: what all of them show; None: not known.

    Raises:
        UsageError: see `yanji.reid.evaluate.read_list`; a class that yanji does not know.
        PictureError: an image is damaged.
    """
    labelled = read_list(images, list_file)
    unknown = sorted({item.vehicle_class for item in labelled} - set(CLASSES))
    if unknown:
        raise UsageError(
            f"{list_file.name} names classes that have no group: {', '.join(unknown)}.",
            hint=f"Known classes: {', '.join(CLASSES)}.",
        )

    def pictures() -> Iterable[BgrImage]:
        for item in labelled:
            image = item.image()
            if item.vehicle_class in GROUPS["two_wheeler"]:
                blur_top(image)
            yield image

    return _shots(
        _embed(pictures(), embedder),
        [item.vehicle for item in labelled],
        [item.camera for item in labelled],
        [item.vehicle_class for item in labelled],
        [view or ""] * len(labelled),
    )


def _shots(
    vectors_ND: Vectors,
    vehicles: Sequence[str],
    cameras: Sequence[int],
    classes: Sequence[str],
    views: Sequence[str],
) -> Shots:
    return Shots(
        vectors_ND,
        np.array(vehicles),
        np.array(cameras, np.int64),
        np.array(classes),
        np.array([GROUP_OF[name] for name in classes]),
        np.array(views),
    )


def _read(path: Path) -> BgrImage:
    try:
        image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None:
        raise PictureError(
            f"{path.name} cannot be read as a picture.", hint="Draw the folder again."
        )
    return image.astype(np.uint8, copy=False)


def _embed(pictures: Iterable[BgrImage], embedder: Embedder) -> Vectors:
    parts, waiting = [], list[BgrImage]()
    for picture in pictures:
        waiting.append(picture)
        if len(waiting) == _CHUNK:
            parts.append(embedder.embed(waiting))
            waiting = []
    if waiting:
        parts.append(embedder.embed(waiting))
    return np.concatenate(parts)
