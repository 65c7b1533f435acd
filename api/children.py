"""A child process and the pipe to it."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

RESTART_S = (0.0, 1.0, 2.0, 5.0, 10.0)
"""Before a process that died is started again, by the number of its failures so far."""
STEADY_S = 60.0
"""Alive for so long: earlier failures are forgotten."""
START_S = 60.0
"""A process may take this long to load its models and libraries on a busy machine."""
_CONTEXT = multiprocessing.get_context("spawn")


@dataclass
class Child:
    """One process and the pipe to it."""

    process: SpawnProcess
    pipe: Connection
    started_s: float
    """Monotonic time."""
    last_beat_s: float | None = None
    """When it last said anything; None before its first word."""
    done: bool = False
    """Its end of the pipe is closed."""


def spawn(target: Callable[..., None], plan: object, name: str, now: float) -> Child:
    """Start `target(plan, pipe)`; spawned, because OpenVINO and onnxruntime hold threads."""
    ours, theirs = _CONTEXT.Pipe()
    process = _CONTEXT.Process(target=target, args=(plan, theirs), name=name, daemon=True)
    process.start()
    theirs.close()
    return Child(process, ours, now)


def restart_delay_s(num_failures: int) -> float:
    """How long to wait before the next start."""
    return RESTART_S[min(num_failures, len(RESTART_S) - 1)]


def tell(child: Child, order: object) -> None:
    """Give an order or news; a child that is gone already is marked."""
    try:
        child.pipe.send(order)
    except OSError:
        child.done = True


def kill(child: Child) -> None:
    """End it at once, however it is."""
    if child.process.is_alive():
        child.process.kill()
    child.process.join(5)
    child.pipe.close()
