"""Room on the disk: the low-water mark, the ballast, the lock of the one writer."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from yanji.configs.errors import ArchiveBusyError, ArchiveError, DiskFullError
from yanji.index.crops import os_errors

LOW_WATER_BYTES: Final = 512 * 2**20
"""Intake stops when less than this is free."""
BALLAST_BYTES: Final = 16 * 2**20
"""Kept in reserve: even a deletion needs room in SQLite's log, and the audit must go on."""
LOCK: Final = "writer.lock"
BALLAST: Final = "ballast"

DiskFree = Callable[[Path], int]
"""Bytes free on the disk of a folder; injected in tests."""


def disk_free(folder: Path) -> int:
    """Bytes free for this user on the disk of `folder`."""
    return shutil.disk_usage(folder).free


def require_room(folder: Path, low_water_bytes: int, free: DiskFree) -> None:
    """Stop intake before the disk is full.

    Raises:
        DiskFullError: less than `low_water_bytes` is free.
    """
    left = free(folder)
    if left < low_water_bytes:
        raise DiskFullError(
            f"intake stopped: {left // 2**20} MiB free on the disk of archive {folder}, "
            f"the low-water mark is {low_water_bytes // 2**20} MiB",
            hint="free space or shorten retention.days; intake resumes by itself",
        )


def keep_ballast(folder: Path, low_water_bytes: int, free: DiskFree) -> None:
    """Create the ballast file where there is ample room for it."""
    path = folder / BALLAST
    if path.exists() or free(folder) < low_water_bytes + 2 * BALLAST_BYTES:
        return
    with os_errors(folder):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, BALLAST_BYTES)
        finally:
            os.close(descriptor)


def release_ballast(folder: Path) -> bool:
    """Free the reserve, so that deletions and the audit work on a full disk.

    Returns:
        False when it had been released before.
    """
    path = folder / BALLAST
    existed = path.exists()
    with os_errors(folder):
        path.unlink(missing_ok=True)
    return existed


def make_folder(folder: Path) -> None:
    """Create the archive's folder if it is missing.

    Raises:
        ArchiveError: the path is a file, or the place cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise ArchiveError(f"archive {folder} is a file, not a folder", hint="give a folder")
    with os_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)


def lock_for_writing(folder: Path) -> int:
    """Become the one writer of the archive; the kernel frees the lock when the process ends.

    Returns:
        The open descriptor; closing it gives the lock back.

    Raises:
        ArchiveBusyError: another process writes this archive.
    """
    with os_errors(folder):
        descriptor = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        os.close(descriptor)
        raise ArchiveBusyError(
            f"another process writes archive {folder}",
            hint="stop the other `yanji run` or `yanji index`, or give another --archive",
        ) from error
    return descriptor
