"""The index of a folder of rendered crops, as far as an evaluation asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np

from yanji.configs.errors import PictureError, UsageError
from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.crops import read_index
from yanji.ingest.testcity.vehicles.colours import BRANDS

MAX_CUT: Final = 0.3
"""Share of the vehicle beyond the border of the picture ..."""
MAX_OCCLUSION: Final = 0.3
"""... and share of the rest hidden by something nearer: beyond, a crop is of another vehicle as
much as of this one, and a camera's best crop of a passage is seldom such."""
MIN_SIDE_PX: Final = 24
"""Shorter side: as `yanji.reid.training.video_pairs` takes for real pairs."""


@dataclass(frozen=True, slots=True)
class RenderedCrop:
    """One picture and what it shows."""

    path: Path
    vehicle: str
    vehicle_class: str
    group: str
    livery: str
    """What is painted on: the colours of a fleet, a pattern, stickers; empty for nothing."""
    light: str
    """day, overcast, evening or night."""
    angle_deg: float
    """-180..180: 0 from the front, 90 its left flank, 180 from the rear."""
    eligible: bool
    """Whether an evaluation uses it: see `MAX_CUT`, `MAX_OCCLUSION`, `MIN_SIDE_PX`."""

    def image(self) -> BgrImage:
        """Read the picture.

        Raises:
            PictureError: the file is missing, damaged or no picture.
        """
        try:
            image = cv2.imread(str(self.path), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
        if image is None:
            raise PictureError(
                f"{self.path.name} is missing or cannot be read as a picture.",
                hint="Draw the folder of crops anew: yanji testcity crops.",
            )
        return image.astype(np.uint8, copy=False)


def read_rendered(folder: Path) -> list[RenderedCrop]:
    """Read all crops of the index, in its order.

    Raises:
        UsageError: no index, a line that cannot be read, no crop in it, one whose file is missing.
    """
    crops: list[RenderedCrop] = []
    try:
        for record in read_index(folder):
            if record["record"] == "crop":
                crops.append(_crop(folder, record))
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(
            f"The index of {folder.name} is damaged after {len(crops)} crops.",
            hint="Draw the folder anew: yanji testcity crops.",
        ) from error
    if not crops:
        raise UsageError(f"The index of {folder.name} names no crop.")
    for crop in crops:
        if not crop.path.is_file():
            raise UsageError(
                f"{crop.path.name} is in the index but not in {folder.name}.",
                hint="Draw the folder anew: yanji testcity crops.",
            )
    return crops


def _crop(folder: Path, record: dict[str, Any]) -> RenderedCrop:
    # Parts of the path only: an index from elsewhere must not lead out of its folder.
    parts = Path(str(record["path"])).parts[-2:]
    return RenderedCrop(
        folder.joinpath(*(part for part in parts if part != "..")),
        str(record["identity"]),
        str(record["class"]),
        str(record["group"]),
        str(record["livery"]),
        str(record["light"]),
        float(record["angle_deg"]),
        float(record["cut"]) <= MAX_CUT
        and float(record["occlusion"]) <= MAX_OCCLUSION
        and min(float(side) for side in record["size_px"]) >= MIN_SIDE_PX,
    )


def livery_parts(crops: Sequence[RenderedCrop]) -> dict[str, frozenset[str]]:
    """Vehicles in the livery of a `fleet`, and those with `no_livery` at all, stickers included."""
    return {
        "fleet": frozenset(crop.vehicle for crop in crops if crop.livery in BRANDS),
        "no_livery": frozenset(crop.vehicle for crop in crops if not crop.livery),
    }
