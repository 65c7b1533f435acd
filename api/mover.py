"""Moves a camera from a worker that is overloaded to one that has room.

Orders and books only; what is to be moved is `api/placement.py`'s. A camera is in the plan of
exactly one worker at every moment: it changes plans in one step, when the giver has said that it
let go. Until then a giver that dies is replaced by one that watches the camera again; from then on
the receiver has it, and so has the process that replaces the receiver.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from yanji.api.camera_cost import CameraCosts, CpuRate
from yanji.api.children import tell
from yanji.api.placement import Move, MoveRules, WorkerLoad, choose_move, is_overloaded
from yanji.api.plan import Adopt, Release, Released, WorkerBeat
from yanji.api.worker_slot import WorkerSlot

log = logging.getLogger(__name__)

_LOAD_WINDOW_S = 30.0


@dataclass
class Mover:
    """The books of an installation: loads, overloads, moves."""

    costs: CameraCosts
    rules: MoveRules | None
    """None: cameras stay where they are."""
    num_moves: int = 0
    """Cameras that changed their worker since the start."""
    _loads: dict[int, CpuRate] = field(default_factory=dict)
    _overloaded_since_s: dict[int, float] = field(default_factory=dict)
    _settled_at_s: dict[int, float] = field(default_factory=dict)
    _moved_at_s: dict[str, float] = field(default_factory=dict)
    _under_way: Move | None = None

    def heard(self, slot: WorkerSlot, beat: WorkerBeat, now_s: float) -> None:
        """Take a worker's beat into the books."""
        self.costs.take(beat, now_s)
        load = self._loads.setdefault(beat.number, CpuRate(_LOAD_WINDOW_S))
        load.add(now_s, beat.cpu_s)
        rate = load.rate(self.rules.least_s) if self.rules is not None else None
        if self.rules is None or rate is None:
            return
        degraded = [camera.degraded for camera in beat.cameras if camera.state == "up"]
        # For a while after a move what is known of a worker is how it was before.
        settled = now_s >= self._settled_at_s.get(beat.number, now_s)
        if settled and is_overloaded(rate, slot.capacity, degraded, self.rules):
            self._overloaded_since_s.setdefault(beat.number, now_s)
        else:
            self._overloaded_since_s.pop(beat.number, None)

    def replaced(self, slot: WorkerSlot) -> None:
        """Its process is gone: what it measured and what it was told is void."""
        number = slot.plan.number
        self.costs.begin_anew(plan.camera.id for plan in slot.plan.cameras)
        self._loads.pop(number, None)
        self._overloaded_since_s.pop(number, None)
        if self._under_way is not None and self._under_way.giver == number:
            log.warning("camera %s stays: its worker died", self._under_way.camera_id)
            self._under_way = None

    def tend(self, slots: Sequence[WorkerSlot], now_s: float) -> None:
        """Order a move when one is due."""
        if self.rules is None or self._under_way is not None:
            return
        loads = (self._load_of(slot, now_s, self.rules.least_s) for slot in slots)
        workers = [load for load in loads if load is not None]
        move = choose_move(workers, self._moved_at_s, now_s, self.rules)
        if move is None:
            return
        giver = next(slot for slot in slots if slot.plan.number == move.giver)
        if giver.child is None:
            return
        log.warning(
            "camera %s moves from worker %d to worker %d: %s",
            move.camera_id,
            move.giver,
            move.receiver,
            move.reason,
        )
        self._under_way = move
        self._moved_at_s[move.camera_id] = now_s
        tell(giver.child, Release(move.camera_id))

    def released(
        self, slot: WorkerSlot, said: Released, slots: Sequence[WorkerSlot], now_s: float
    ) -> None:
        """A worker let go of a camera: give it to the one that it is meant for."""
        move, receiver = self._under_way, slot
        if move is not None and (move.camera_id, move.giver) == (
            said.camera_id,
            slot.plan.number,
        ):
            receiver = next((s for s in slots if s.plan.number == move.receiver), slot)
            self._under_way = None
        given = slot.give(said)
        if given is None:
            return
        receiver.take(given)
        self.costs.begin_anew([said.camera_id])
        if receiver is not slot:
            self.num_moves += 1
            for number in (slot.plan.number, receiver.plan.number):
                self._overloaded_since_s.pop(number, None)
                self._settled_at_s[number] = now_s + (self.rules.pause_s if self.rules else 0.0)
        if receiver.child is not None:
            # One that is gone already has it in its plan: the process that replaces it knows.
            tell(receiver.child, Adopt(given.plan))

    def _load_of(self, slot: WorkerSlot, now_s: float, least_s: float) -> WorkerLoad | None:
        number = slot.plan.number
        rate = self._loads[number].rate(least_s) if number in self._loads else None
        if slot.child is None or slot.beat is None or rate is None:
            return None
        measured = self.costs.measured(least_s)
        up = {camera.camera_id for camera in slot.beat.cameras if camera.state == "up"}
        mine = [plan.camera.id for plan in slot.plan.cameras]
        since_s = self._overloaded_since_s.get(number)
        return WorkerLoad(
            number,
            rate,
            {key: measured[key] for key in mine if key in up and key in measured},
            len(mine),
            now_s - since_s if since_s is not None else 0.0,
            slot.capacity,
        )
