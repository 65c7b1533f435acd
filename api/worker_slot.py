"""A worker's place in an installation: what outlives the processes that fill it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from yanji.api.children import START_S, Child, restart_delay_s
from yanji.api.pinning import capacity_of, cores_of, usable_cores
from yanji.api.placement import assign
from yanji.api.plan import CameraBeat, CameraPlan, Released, WorkerBeat, WorkerPlan
from yanji.configs.settings import Settings
from yanji.configs.site import Camera

CAPTURE_HANG_S = 20.0
"""The decoder's own limits (5 s, twice) end every call that FFmpeg can end; this is beyond them."""


@dataclass(frozen=True, slots=True)
class Given:
    """A camera on its way from one worker to another."""

    plan: CameraPlan
    num_sightings: int
    """That all its worker processes had of it so far."""


@dataclass
class WorkerSlot:
    """One worker, whichever process it is now."""

    plan: WorkerPlan
    child: Child | None = None
    beat: WorkerBeat | None = None
    num_failures: int = 0
    restart_at_s: float = 0.0
    sightings_before: dict[str, int] = field(default_factory=dict)
    capacity: float = 1.0
    """CPU seconds per second that it can count on, see `yanji.api.pinning`."""

    @property
    def camera_beats(self) -> list[CameraBeat]:
        """The newest beat of each of its cameras; `connecting` while no process reports."""
        alive = self.child is not None and self.beat is not None
        known = {beat.camera_id: beat for beat in (self.beat.cameras if self.beat else ())}
        beats: list[CameraBeat] = []
        for camera in self.plan.cameras:
            beat = known.get(camera.camera.id) or no_beat(camera.camera.id)
            if not alive:
                beat = replace(
                    beat, state="connecting", fps_in=0.0, fps_analysed=0.0, degraded=False
                )
            before = self.sightings_before.get(beat.camera_id, 0)
            beats.append(replace(beat, num_sightings=beat.num_sightings + before))
        return beats

    def why_replace(self, now: float, hang_s: float) -> str | None:
        """Why its process must be replaced; None when it need not.

        Args:
            now: monotonic time.
            hang_s: silent for longer, it hangs.
        """
        child = self.child
        if child is None:
            return None
        if not child.process.is_alive() or child.done:
            return f"died (exit code {child.process.exitcode})"
        if child.last_beat_s is None:
            return "did not start" if now - child.started_s > START_S else None
        if now - child.last_beat_s > hang_s:
            return f"hangs (silent for {now - child.last_beat_s:.0f} s)"
        for camera in self.beat.cameras if self.beat is not None else ():
            if camera.capture_silent_s > CAPTURE_HANG_S:
                return f"hangs in the capture of camera {camera.camera_id}"
        return None

    def give(self, said: Released) -> Given | None:
        """Take a camera out of the plan; None if it is not in it."""
        plan = next((p for p in self.plan.cameras if p.camera.id == said.camera_id), None)
        if plan is None:
            return None
        cameras = tuple(each for each in self.plan.cameras if each is not plan)
        self.plan = replace(self.plan, cameras=cameras)
        if self.beat is not None:
            # Should it come back, it begins from nothing.
            told = tuple(c for c in self.beat.cameras if c.camera_id != said.camera_id)
            self.beat = replace(self.beat, cameras=told)
        before = self.sightings_before.pop(said.camera_id, 0)
        down_since_ns = said.last_frame_ns or plan.down_since_ns
        return Given(replace(plan, down_since_ns=down_since_ns), before + said.num_sightings)

    def take(self, given: Given) -> None:
        """Put a camera into the plan, as the last one."""
        self.plan = replace(self.plan, cameras=(*self.plan.cameras, given.plan))
        self.sightings_before[given.plan.camera.id] = given.num_sightings

    def prepare_replacement(self, now: float) -> None:
        """Plan the next process: its cameras are down since the last frame of this one."""
        last = {beat.camera_id: beat for beat in (self.beat.cameras if self.beat else ())}
        cameras = []
        for plan in self.plan.cameras:
            beat = last.get(plan.camera.id)
            since = beat.last_frame_wall_ns if beat is not None else plan.down_since_ns
            cameras.append(replace(plan, down_since_ns=since or plan.down_since_ns))
            if beat is not None:
                before = self.sightings_before.get(beat.camera_id, 0)
                self.sightings_before[beat.camera_id] = before + beat.num_sightings
        self.plan = replace(self.plan, cameras=tuple(cameras))
        self.child = None
        self.beat = None
        self.restart_at_s = now + restart_delay_s(self.num_failures)
        self.num_failures += 1


def no_beat(camera_id: str) -> CameraBeat:
    """What is known of a camera before its worker said anything."""
    return CameraBeat(camera_id, "connecting", 0.0, 0.0, 0.0, 0, 0, 0, 0, None, 0.0)


def deal_out(
    cameras: Sequence[CameraPlan],
    cost_of: Callable[[Camera], float],
    settings: Settings,
    address: str,
    authkey: bytes,
    pictures: Path | None,
) -> list[WorkerSlot]:
    """Give the cameras to workers by what they cost, and the workers their cores.

    Args:
        cameras: of the site, in its order.
        cost_of: CPU seconds per second of a camera.
        settings: how many workers there are, and whether they are kept on cores.
        address: of the writer.
        authkey: of the writer.
        pictures: see `WorkerPlan.pictures`.
    """
    shares = assign([cost_of(plan.camera) for plan in cameras], settings.num_workers)
    usable = usable_cores()
    slots = []
    for number, share in enumerate(shares):
        plan = WorkerPlan(
            number,
            tuple(cameras[place] for place in share),
            settings,
            address,
            authkey,
            pictures,
            cores=cores_of(number, len(shares), usable) if settings.pin_workers else (),
        )
        slots.append(WorkerSlot(plan, capacity=capacity_of(number, len(shares), len(usable))))
    return slots
