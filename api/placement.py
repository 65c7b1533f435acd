"""Which worker watches which camera: dealt out by cost at the start, moved when one is overloaded.

Pure: whoever measures and whoever gives the orders stand elsewhere (`api/camera_cost.py`,
`api/mover.py`). Costs and loads are CPU seconds per second, so 1.0 is one core.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MoveRules:
    """When a camera is moved. A move costs seconds of its stream, so there must be a reason."""

    overloaded_s: float = 30.0
    """A worker must be overloaded for so long: starts and crowds pass."""
    full: float = 0.95
    """Share of its capacity at which a worker is overloaded whatever its cameras say."""
    busy: float = 0.7
    """Share from which a degraded camera is the worker's fault and not the network's."""
    room: float = 0.85
    """Share that the receiving worker may reach."""
    margin: float = 0.1
    """The larger of both shares must fall by so much."""
    pause_s: float = 60.0
    """Between two moves, of whatever cameras: what a move brought must be measured first."""
    stay_s: float = 600.0
    """A camera that was moved stays for so long."""
    least_s: float = 20.0
    """What was measured for less time is not known."""


@dataclass(frozen=True, slots=True)
class WorkerLoad:
    """What is known of one worker at one moment."""

    number: int
    load: float
    """CPU seconds per second of the whole process."""
    costs: Mapping[str, float]
    """Camera id -> cost, of its cameras that are up and measured: others are not moved."""
    num_cameras: int
    """All that it has, whatever is known of them."""
    overloaded_s: float = 0.0
    """Since when it has been overloaded without a break, seconds; 0: it is not."""
    capacity: float = 1.0


@dataclass(frozen=True, slots=True)
class Move:
    """An order to move a camera."""

    camera_id: str
    giver: int
    """Number of the worker that has it."""
    receiver: int
    reason: str = field(compare=False, default="")


def assign(costs: Sequence[float], num_workers: int) -> list[tuple[int, ...]]:
    """Deal cameras out so that the fullest worker is not much fuller than it must be.

    Longest processing time first (Graham 1969): the dearest camera goes to the emptiest worker; the
    fullest is at most 4/3 of the best possible. Stable: ties go by place, both of cameras and of
    workers.

    Args:
        costs: of each camera; negative ones count as 0.
        num_workers: at least 1; fewer are used where there are fewer cameras.

    Returns:
        For each worker the places of its cameras in `costs`, ascending; none is empty unless there
        are no cameras.
    """
    number = max(1, min(num_workers, len(costs)))
    shares: list[list[int]] = [[] for _ in range(number)]
    # Cameras that cost nothing are dealt in turn: the second key is how many a worker has.
    emptiest = [(0.0, 0, worker) for worker in range(number)]
    for place in sorted(range(len(costs)), key=lambda place: (-costs[place], place)):
        load, held, worker = heapq.heappop(emptiest)
        shares[worker].append(place)
        heapq.heappush(emptiest, (load + max(0.0, costs[place]), held + 1, worker))
    return [tuple(sorted(share)) for share in shares]


def is_overloaded(
    load: float,
    capacity: float,
    degraded: Sequence[bool],
    rules: MoveRules,
) -> bool:
    """Whether a worker has more to do than it can.

    Full by its CPU time; or busy, and a camera is degraded; or all of several cameras are: then its
    core does other people's work, and it gets little of it. One degraded camera on an idle worker
    has a poor network, which no move mends.

    Args:
        load: CPU seconds per second.
        capacity: the same, that it can count on.
        degraded: for each camera that is up, whether it is.
        rules: the limits.
    """
    if load >= rules.full * capacity:
        return True
    if load >= rules.busy * capacity:
        return any(degraded)
    return len(degraded) >= 2 and all(degraded)


def choose_move(
    workers: Sequence[WorkerLoad],
    moved_at_s: Mapping[str, float],
    now_s: float,
    rules: MoveRules,
) -> Move | None:
    """Choose the one camera whose move helps most; None when nothing is to be moved now.

    Args:
        workers: all that live and were measured.
        moved_at_s: camera id -> when it was moved last.
        now_s: on the clock of `moved_at_s`.
        rules: the limits.
    """
    if any(now_s - at_s < rules.pause_s for at_s in moved_at_s.values()):
        return None
    best: tuple[float, float, int, str, int] | None = None
    for giver in workers:
        if giver.overloaded_s < rules.overloaded_s or giver.num_cameras < 2:
            continue
        # A worker that cannot keep up is full, however little CPU time others leave it; what its
        # cameras were measured to cost is then what they got, and they need more in that ratio.
        used = giver.load / giver.capacity
        full = max(used, 1.0)
        scale = full / used if used > 0 else 1.0
        for camera_id, measured in giver.costs.items():
            cost = measured * scale
            moved = moved_at_s.get(camera_id)
            if moved is not None and now_s - moved < rules.stay_s:
                continue
            for receiver in workers:
                if receiver.number == giver.number or receiver.overloaded_s > 0:
                    continue
                left = full - cost / giver.capacity
                reached = (receiver.load + cost) / receiver.capacity
                if reached > rules.room or full - max(left, reached) < rules.margin:
                    continue
                # The fullest giver first; of its cameras the one that leaves both lowest.
                rank = (-full, max(left, reached), giver.number, camera_id, receiver.number)
                best = rank if best is None else min(best, rank)
    if best is None:
        return None
    lowered, giver_number, camera_id, receiver_number = best[1:]
    reason = f"worker {giver_number} is overloaded; the fuller of both comes to {lowered:.0%}"
    return Move(camera_id, giver_number, receiver_number, reason)
