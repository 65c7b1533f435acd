"""Which cores a worker runs on.

A worker that stays on its core keeps its caches, and its cameras cannot take the core of others:
what it uses is what its cameras cost, and that it is full can be told (`api/placement.py`).
"""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence

log = logging.getLogger(__name__)


def usable_cores() -> tuple[int, ...]:
    """Cores that this process may use, in order; empty where the platform does not tell."""
    if not hasattr(os, "sched_getaffinity"):
        return ()
    return tuple(sorted(os.sched_getaffinity(0)))


def cores_of(number: int, num_workers: int, cores: Sequence[int]) -> tuple[int, ...]:
    """Deal the cores out: each worker has one, the first workers more where there are more.

    With more workers than cores they share them, in turn. Cores beyond the workers are dealt too:
    one worker on sixteen cores decodes on sixteen.

    Args:
        number: of the worker, from 0.
        num_workers: of the installation, at least 1.
        cores: that may be used; empty: nothing is dealt.
    """
    if not cores:
        return ()
    if num_workers >= len(cores):
        return (cores[number % len(cores)],)
    return tuple(cores[number::num_workers])


def capacity_of(number: int, num_workers: int, num_cores: int) -> float:
    """CPU seconds per second that a worker can count on while its machine does nothing else.

    Args:
        number: of the worker, from 0.
        num_workers: of the installation, at least 1.
        num_cores: that may be used; 0: unknown, one for each worker is assumed.
    """
    if num_cores == 0:
        return 1.0
    if num_workers >= num_cores:
        sharing = len(range(number % num_cores, num_workers, num_cores))
        return 1.0 / sharing
    return float(len(range(number, num_cores, num_workers)))


def pin(cores: Sequence[int]) -> bool:
    """Keep this process on `cores`, and all threads and children that it starts from now on.

    Returns:
        False where it stays as it was: nothing given, no such thing here, or refused.
    """
    if not cores or not hasattr(os, "sched_setaffinity"):
        log.debug("not pinned to a core")
        return False
    try:
        os.sched_setaffinity(0, cores)
    except OSError as refused:
        # The cores of a container may be taken away while it runs.
        log.warning("cannot be pinned to core %s: %s", ", ".join(map(str, cores)), refused)
        return False
    log.debug("pinned to core %s", ", ".join(map(str, cores)))
    return True
