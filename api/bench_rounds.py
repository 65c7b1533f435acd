"""Ways of doing one thing, timed in turn on one thread, so that what else the machine does weighs
on all of them alike."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence

Timer = Callable[[], float]
"""Seconds that grow with the work done."""


def in_turn(
    steps: Mapping[str, Callable[[], object]],
    rounds: int,
    *,
    warm_up: bool = True,
    timer_s: Timer = time.process_time,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, list[float]]:
    """Time every step once a round.

    Args:
        steps: by name; run in their order.
        rounds: at least 1.
        warm_up: one round more before them, which is not kept.
        timer_s: of the whole process by default: libraries compute in threads of their own.
        say: told which round begins.

    Returns:
        CPU milliseconds of each step, one a round.
    """
    spent_ms: dict[str, list[float]] = {name: [] for name in steps}
    for number in range(-1 if warm_up else 0, rounds):
        say("a round to warm up" if number < 0 else f"round {number + 1} of {rounds}")
        for name, step in steps.items():
            began_s = timer_s()
            step()
            took_ms = (timer_s() - began_s) * 1e3
            if number >= 0:
                spent_ms[name].append(took_ms)
    return spent_ms


def median_and_range(values: Sequence[float], digits: int = 3) -> tuple[float, list[float]]:
    """The median, and the lowest and the highest."""
    middle = statistics.median(values)
    return round(middle, digits), [round(min(values), digits), round(max(values), digits)]


def ratios(ours: Sequence[float], beside: Sequence[float]) -> list[float]:
    """Divide round by round: neighbours in time are compared."""
    return [one / max(other, 1e-9) for one, other in zip(ours, beside, strict=True)]
