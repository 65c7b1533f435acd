"""Keep a process that runs for months at the size it had after minutes."""

from __future__ import annotations

import ctypes

_M_ARENA_MAX = -8
_M_MMAP_THRESHOLD = -3
_M_TRIM_THRESHOLD = -1
"""From glibc's malloc.h."""
_LARGEST_MMAP_THRESHOLD = 32 * 1024 * 1024
"""More is refused by glibc."""


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


def keep_large_blocks() -> None:
    """Keep freed blocks of megabytes for the next of their size; call before the threads start.

    For a process that makes and frees the same ones hundreds of times a second: new pages for the
    input of one picture (3 MB) cost 4 ms, filling them 0.8. Up to 256 MB stay reserved.
    """
    library = _glibc()
    if library is not None:
        library.mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        library.mallopt(_M_TRIM_THRESHOLD, 8 * _LARGEST_MMAP_THRESHOLD)


def give_back() -> None:
    """Return freed memory to the system, after a camera's decoder and tracks are gone."""
    library = _glibc()
    if library is not None:
        library.malloc_trim(0)
