"""What crops are asked for, and the files in which they and the work on them lie."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from yanji.configs.errors import UsageError, YanjiError
from yanji.ingest.testcity.crop_views import CAMERAS, PICTURE_PX
from yanji.ingest.testcity.share_out import AGAIN

VERSION: Final = 1
"""Raised when the same order would give other pictures."""
INDEX_FILE: Final = "crops.jsonl"
ORDER_FILE: Final = "order.json"
PARTS: Final = "parts"
SCENERY: Final = "scenery"
BLOCK: Final = 10
"""Identities that are drawn at a time: a stop costs at most so many for each process."""
MAX_PLACES: Final = 64


@dataclass(frozen=True, slots=True)
class CropOrder:
    """What is to be drawn."""

    identities: int = 5000
    views: int = 8
    """Crops of each identity, each by another camera."""
    seed: int = 1
    size: int = 256
    """Longer side of the largest crops, pixels."""
    places: int = 4
    """Each with eight virtual cameras: two by day, under clouds, in the evening and at night."""

    @property
    def cameras(self) -> int:
        """Virtual cameras in all."""
        return self.places * CAMERAS

    @property
    def crops(self) -> int:
        """Pictures in all."""
        return self.identities * self.views

    def check(self) -> None:
        """Refuse what cannot be drawn.

        Raises:
            UsageError: a number out of range.
        """
        problems = {
            "--identities must be 1 to 1000000": not 1 <= self.identities <= 1_000_000,
            f"--places must be 1 to {MAX_PLACES}": not 1 <= self.places <= MAX_PLACES,
            f"--views must be 1 to {self.cameras}, each by another camera": not (
                1 <= self.views <= self.cameras
            ),
            "--size must be 48 to 512 pixels": not 48 <= self.size <= 512,
            "--seed must be 0 to 1000000": not 0 <= self.seed <= 1_000_000,
        }
        for problem, found in problems.items():
            if found:
                raise UsageError(f"{problem}.")


def part_file(folder: Path, first: int) -> Path:
    """Return the file with the records of the block that begins with this identity."""
    return folder / PARTS / f"{first:07d}.jsonl"


def scenery_file(folder: Path, camera_id: str) -> Path:
    """Return the file with the still pictures of one virtual camera."""
    return folder / SCENERY / f"{camera_id}.npz"


def claim(order: CropOrder, folder: Path) -> None:
    """Claim a folder for an order, or find the same one begun."""
    asked = {"crops": VERSION, "picture_px": PICTURE_PX, **asdict(order)}
    text = json.dumps(asked, indent=1) + "\n"
    marker = folder / ORDER_FILE
    folder.mkdir(parents=True, exist_ok=True)
    if marker.exists():
        if marker.read_text(encoding="utf-8") != text:
            raise UsageError(
                f"{folder.name} holds other crops (or those of another version).",
                hint=f"Give another --out, or remove {folder.name} first. It was ordered as in "
                f"{ORDER_FILE}.",
            )
        return
    if any(folder.iterdir()):
        raise UsageError(f"{folder.name} is not empty.", hint="Give a new or an empty folder.")
    unfinished = marker.with_name(f"{ORDER_FILE}.tmp")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.replace(marker)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn what the system says about files into an error with a way out."""
    try:
        yield
    except OSError as error:
        raise YanjiError(
            f"{path.name} cannot be written: {error.strerror or error}.",
            hint=f"The crops that are there are whole. {AGAIN}",
            code="system",
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file whole or not at all.

    Raises:
        YanjiError: the disk is full or the folder may not be written.
    """
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with writing(path):
        try:
            unfinished.write_bytes(content)
            unfinished.replace(path)
        except OSError:
            unfinished.unlink(missing_ok=True)
            raise
