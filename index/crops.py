"""Crops as files named by their content: `crops/ab/abcd….jpg`.

A crop is complete and on the disk before the row that names it is committed; what a crash leaves
without a row is an orphan that `yanji check` finds. Nothing a user chose is part of a path.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from yanji.configs.errors import ArchiveError, DiskFullError
from yanji.reid.sighting import CropFile

CROPS: Final = "crops"
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def crop_path(folder: Path, sha256: str) -> Path:
    """Path of a crop in the archive `folder`.

    Raises:
        ArchiveError: `sha256` is not 64 hex digits (it may come from a request).
    """
    if not _SHA256.fullmatch(sha256):
        raise ArchiveError("a crop is named by 64 hex digits", code="bad_crop_name")
    return folder / CROPS / sha256[:2] / f"{sha256}.jpg"


def store_crops(folder: Path, crops: Iterable[CropFile]) -> list[str]:
    """Write crops that are not there yet; all are on the disk when this returns.

    Each goes to a temporary file, is synced and renamed; the folders are synced once at the end.

    Returns:
        The sha256 of those newly written.

    Raises:
        DiskFullError: no room; those already written stay as orphans, removed by the caller.
        ArchiveError: the folder cannot be written.
    """
    written: list[str] = []
    touched: set[Path] = set()
    waiting = folder / CROPS / "tmp"
    try:
        with os_errors(folder):
            for crop in crops:
                path = crop_path(folder, crop.sha256)
                if path.exists():
                    continue
                if not path.parent.is_dir():
                    path.parent.mkdir(parents=True)
                    touched.add(path.parent.parent)
                waiting.mkdir(exist_ok=True)
                temporary = waiting / crop.sha256
                with temporary.open("wb") as file:
                    file.write(crop.jpeg)
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(path)
                written.append(crop.sha256)
                touched.add(path.parent)
            for parent in touched:
                sync_folder(parent)
    except ArchiveError:
        clear_temporary(folder)
        unlink_crops(folder, written)
        raise
    return written


def unlink_crops(folder: Path, sha256s: Iterable[str]) -> int:
    """Remove crop files; one that is already gone is fine. Returns the bytes freed."""
    freed = 0
    touched: set[Path] = set()
    with os_errors(folder):
        for sha256 in sha256s:
            path = crop_path(folder, sha256)
            with suppress(FileNotFoundError):
                size = path.stat().st_size
                path.unlink()
                freed += size
                touched.add(path.parent)
        for parent in touched:
            sync_folder(parent)
    return freed


def clear_temporary(folder: Path) -> None:
    """Remove what an interrupted write left behind."""
    waiting = folder / CROPS / "tmp"
    with os_errors(folder), suppress(FileNotFoundError):
        for entry in os.scandir(waiting):
            Path(entry.path).unlink()


def stored_files(folder: Path) -> Iterator[tuple[str, Path, float]]:
    """Every file in the crop folders: (sha256 by its name or '', path, time of change in s)."""
    root = folder / CROPS
    if not root.is_dir():
        return
    for directory in sorted(entry for entry in root.iterdir() if entry.is_dir()):
        for entry in sorted(os.scandir(directory), key=lambda item: item.name):
            name = entry.name.removesuffix(".jpg")
            known = _SHA256.fullmatch(name) and directory.name == name[:2]
            known = known and entry.name.endswith(".jpg")
            with suppress(FileNotFoundError):
                yield (name if known else "", Path(entry.path), entry.stat().st_mtime)


def sha256_of_bytes(content: bytes) -> str:
    """sha256 of bytes, 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def sha256_of(path: Path) -> str:
    """sha256 of a file, 64 hex digits."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def sync_folder(path: Path) -> None:
    """Make renames and unlinks in `path` survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def os_errors(folder: Path) -> Iterator[None]:
    """Turn the operating system's errors into the archive's."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise DiskFullError(
                f"the disk of archive {folder} is full",
                hint="free space or shorten retention.days; what is stored stays readable",
            ) from error
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            raise ArchiveError(
                f"archive {folder} cannot be written: {error.strerror}",
                hint="check the owner of the folder, and that the disk is not mounted read-only",
                code="archive_unreadable",
            ) from error
        raise ArchiveError(f"archive {folder} failed: {error.strerror}") from error
