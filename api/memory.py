"""Keep a process that runs for months at the size it had after minutes."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
"""From glibc's malloc.h."""


def _glibc() -> ctypes.CDLL | None:
    library = ctypes.CDLL(None)
    return library if hasattr(library, "malloc_trim") else None


def share_one_heap() -> None:
    """Let all threads allocate from one heap; call before the threads start.

    glibc gives every thread an arena of its own, and each keeps the size of the largest pictures
    that ever passed through it: with a capture thread per camera that is most of the growth.
    Does nothing where the C library is another.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_ARENA_MAX, 1)


def give_back() -> None:
    """Return freed memory to the system, after a camera's decoder and tracks are gone."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
