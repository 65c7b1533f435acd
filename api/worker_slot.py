"""A worker's place in an installation: what outlives the processes that fill it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from yanji.api.children import START_S, Child, restart_delay_s
from yanji.api.plan import CameraBeat, WorkerBeat, WorkerPlan

CAPTURE_HANG_S = 20.0
"""The decoder's own limits (5 s, twice) end every call that FFmpeg can end; this is beyond them."""


@dataclass
class WorkerSlot:
    """One worker, whichever process it is now."""

    plan: WorkerPlan
    child: Child | None = None
    beat: WorkerBeat | None = None
    num_failures: int = 0
    restart_at_s: float = 0.0
    sightings_before: dict[str, int] = field(default_factory=dict)

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
