"""What an embedder is trained on: vehicles, each with the views that are known of it.

Three sources have one form: rendered crops (`yanji testcity crops`: all sides, all lights), lists
of `<class>_<id>_cam<n>.jpg` of real cameras, and pairs that were cut out of clips by following a
vehicle (`yanji.reid.training.video_pairs`, a list too).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from yanji.configs.errors import PictureError, UsageError
from yanji.detect.classes import GROUP_OF
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.crops import read_index
from yanji.reid.evaluate import Labelled, read_list


@dataclass(frozen=True, slots=True)
class View:
    """One picture of a vehicle."""

    path: Path
    rider: bool
    """Of a two-wheeler: a rider's head may be in it."""
    angle_deg: float | None = None
    """0..180 from the front, either side; None: not known (real pictures)."""

    def image(self) -> BgrImage:
        """Read the picture.

        Raises:
            PictureError: damaged, or no picture.
        """
        image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        if image is None or min(image.shape[:2]) < 2:
            raise PictureError(
                f"{self.path.name} cannot be read as a picture.",
                hint="Draw the crops again, or take it out of the list.",
            )
        return image.astype(np.uint8, copy=False)


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle with at least two views."""

    name: str
    """Unique among all sources of a training."""
    kind: str
    """Look-alikes share it: the rendered kind, or the class of a real vehicle."""
    views: tuple[View, ...]


def rendered_vehicles(folder: Path) -> list[Vehicle]:
    """Read a folder that `yanji testcity crops` completed.

    Raises:
        UsageError: no index, a picture of it is missing, or no vehicle has two views.
    """
    views: dict[str, list[View]] = {}
    kinds: dict[str, str] = {}
    for record in read_index(folder):
        if record["record"] != "crop":
            continue
        path = folder / record["path"]
        if not path.is_file():
            raise UsageError(
                f"{record['path']} is in the index of {folder.name}, but not in the folder.",
                hint="Draw the crops again with yanji testcity crops.",
            )
        view = View(path, record["group"] == "two_wheeler", abs(float(record["angle_deg"])))
        views.setdefault(record["identity"], []).append(view)
        kinds[record["identity"]] = record["kind"]
    found = [
        Vehicle(f"{folder.name}/{name}", kinds[name], tuple(seen))
        for name, seen in views.items()
        if len(seen) > 1
    ]
    return _some(found, folder.name)


def listed_vehicles(images_dir: Path, list_file: Path) -> list[Vehicle]:
    """Read a list of real crops; vehicles of one view are left out.

    Raises:
        UsageError: see `yanji.reid.evaluate.read_list`; or no vehicle has two views.
    """
    by_name: dict[str, list[Labelled]] = {}
    for item in read_list(images_dir, list_file):
        by_name.setdefault(item.vehicle, []).append(item)
    found = [
        Vehicle(
            f"{images_dir.name}/{list_file.name}/{name}",
            items[0].vehicle_class,
            tuple(
                View(item.path, GROUP_OF.get(item.vehicle_class) == "two_wheeler")
                for item in sorted(items, key=lambda item: item.camera)
            ),
        )
        for name, items in sorted(by_name.items())
        if len(items) > 1
    ]
    return _some(found, list_file.name)


def unlike(trained: Sequence[Vehicle], judged: Sequence[Vehicle]) -> None:
    """Refuse to judge by pictures that are trained on.

    Raises:
        UsageError: a picture is in both.
    """
    known = {view.path.resolve() for vehicle in trained for view in vehicle.views}
    for vehicle in judged:
        for view in vehicle.views:
            if view.path.resolve() in known:
                raise UsageError(
                    f"{view.path.name} is to be trained on and to be judged by.",
                    hint="A figure on what was trained on means nothing: take it out of one list.",
                )


def split(vehicles: Sequence[Vehicle], share: float) -> tuple[list[Vehicle], list[Vehicle]]:
    """Part vehicles by a hash of their name: to train on, and about `share` (0..1) held out."""
    held = {v.name for v in vehicles if _unit_hash(v.name) < share}
    return [v for v in vehicles if v.name not in held], [v for v in vehicles if v.name in held]


def _unit_hash(name: str) -> float:
    return int(hashlib.sha256(name.encode()).hexdigest()[:8], 16) / 2**32


def _some(found: list[Vehicle], what: str) -> list[Vehicle]:
    if not found:
        raise UsageError(
            f"{what} has no vehicle with two pictures, so there is no pair to learn from.",
            hint="Give crops of at least one vehicle by two cameras or from two sides.",
        )
    return found
