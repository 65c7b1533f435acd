"""The lock that makes writers of one audit log wait for each other."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from yanji.configs.errors import AuditError

LOCK_FILE = "audit.lock"
PATIENCE_S = 30.0
"""A writer holds the lock for milliseconds; one that was stopped must not hang all others."""
_PAUSE_S = 0.005


@contextmanager
def locked(folder: Path, *, shared: bool = False, patience_s: float = PATIENCE_S) -> Iterator[None]:
    """Hold the lock of the log in `folder`, alone or together with other readers.

    The lock is on the open file: it also holds between threads, and goes with the process.

    Raises:
        OSError: the lock file cannot be opened (`shared`: it does not exist).
        AuditError: another process held it for longer than `patience_s`.
    """
    flags = os.O_RDONLY if shared else os.O_RDWR | os.O_CREAT
    fd = os.open(folder / LOCK_FILE, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o660)
    try:
        kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        deadline = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(fd, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    raise AuditError(
                        f"Another process has held {folder / LOCK_FILE} for {patience_s:.0f} s.",
                        hint="Find the process that is stopped, and try again.",
                    ) from None
                time.sleep(_PAUSE_S)
        yield
    finally:
        os.close(fd)
