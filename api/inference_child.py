"""The inference processes as children of the supervisor, one for each device.

They live longer than the workers they serve: started before them, ended after them. One that dies
or hangs is replaced; workers wait for the next one and ask it again, while the frames of their
cameras are dropped, counted and shown as overload. Only what keeps the very first one from starting
(no CUDA, damaged weights) ends the whole command.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from yanji.api.children import STEADY_S, Child, kill, restart_delay_s, spawn, tell
from yanji.api.inference_process import InferenceBeat, InferencePlan, run_inference
from yanji.api.plan import STOP, Failed
from yanji.configs.errors import YanjiError
from yanji.configs.settings import Settings

log = logging.getLogger(__name__)

START_S = 180.0
"""Loading CUDA and the first batch on a cold machine; nothing waits for it but the start."""
HANG_S = 30.0
"""No beat for this long: the device hangs. Much, because a new input size costs seconds once."""
STOP_S = 5.0
"""After all workers have ended."""


@dataclass
class InferenceChild:
    """The place of one inference process: survives the processes that fill it."""

    plan: InferencePlan
    clock: Callable[[], float] = time.monotonic
    target: Callable[..., None] = run_inference
    beat: InferenceBeat | None = None
    failure: Failed | None = None
    """Why it cannot start, when another try cannot help."""
    _child: Child | None = None
    _was_ready: bool = False
    _num_failures: int = 0
    _restart_at_s: float = 0.0

    @property
    def process_id(self) -> int | None:
        """Of the process, while it lives."""
        return self._child.process.pid if self._child is not None else None

    def tend(self) -> None:
        """Start it, hear it, replace it; call a few times a second."""
        now = self.clock()
        if self._child is None:
            if now >= self._restart_at_s and self.failure is None:
                name = f"yanji-inference-{self.plan.number}"
                self._child = spawn(self.target, self.plan, name, now)
            return
        self._hear(self._child, now)
        reason = self._why_replace(self._child, now)
        if reason is not None:
            self._replace(self._child, reason, now)
        elif now - self._child.started_s > STEADY_S:
            self._num_failures = 0

    def stop(self) -> None:
        """End it, kindly at first."""
        if self._child is not None:
            tell(self._child, STOP)
            self._child.process.join(STOP_S)
        self.kill()

    def kill(self) -> None:
        """End it at once."""
        if self._child is not None:
            kill(self._child)
            self._child = None

    def _hear(self, child: Child, now: float) -> None:
        try:
            while child.pipe.poll(0):
                said = child.pipe.recv()
                child.last_beat_s = now
                if isinstance(said, InferenceBeat):
                    self.beat = said
                    self._was_ready = True
                elif isinstance(said, Failed):
                    log.error("inference on %s: %s", self.plan.device, said.message)
                    if not self._was_ready:
                        self.failure = said
        except (EOFError, OSError):
            child.done = True

    def _why_replace(self, child: Child, now: float) -> str | None:
        if child.done or not child.process.is_alive():
            return f"died (exit code {child.process.exitcode})"
        if child.last_beat_s is None:
            return "did not start" if now - child.started_s > START_S else None
        silent_s = now - child.last_beat_s
        return f"hangs (silent for {silent_s:.0f} s)" if silent_s > HANG_S else None

    def _replace(self, child: Child, reason: str, now: float) -> None:
        what = f"the inference process of {self.plan.device} {reason}"
        if self.failure is None and not self._was_ready:
            self.failure = Failed("inference", f"{what[0].upper()}{what[1:]}.", "", fatal=True)
        elif self.failure is None:
            log.error("%s: it is replaced, the workers ask again", what)
        kill(child)
        self._child = None
        self.beat = None
        self._restart_at_s = now + restart_delay_s(self._num_failures)
        self._num_failures += 1


@dataclass
class InferenceChildren:
    """All inference processes of an installation; none where the processor computes."""

    children: list[InferenceChild] = field(default_factory=list)
    clock: Callable[[], float] = time.monotonic

    def start(self, settings: Settings, folder: Path, authkey: bytes) -> None:
        """Start one for each device of the settings and wait until they compute.

        Args:
            settings: the models and `device`.
            folder: private to the installation, with a short path: their sockets lie in it.
            authkey: workers prove with it that they are ours.

        Raises:
            YanjiError: one cannot start.
        """
        for number, device in enumerate(settings.gpus):
            address = str(folder / f"inference-{number}")
            plan = InferencePlan(number, settings, device, address, authkey)
            self.children.append(InferenceChild(plan, self.clock))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        """Tend them until each has said that it computes.

        Raises:
            YanjiError: one cannot start.
        """
        while any(child.beat is None for child in self.children):
            self.tend()
            failure = self.failure
            if failure is not None:
                raise YanjiError(failure.message, hint=failure.hint, code=failure.code)
            time.sleep(0.05)

    def tend(self) -> None:
        """Hear and replace them; call a few times a second."""
        for child in self.children:
            child.tend()

    def address_for(self, worker: int) -> str:
        """Say where a worker's models are; empty: in the worker."""
        if not self.children:
            return ""
        return self.children[worker % len(self.children)].plan.address

    @property
    def failure(self) -> Failed | None:
        """Why one cannot start, when another try cannot help."""
        return next((child.failure for child in self.children if child.failure), None)

    @property
    def process_ids(self) -> dict[str, int]:
        """Process ids by role (`inference-0`), of those that live."""
        ids = ((f"inference-{child.plan.number}", child.process_id) for child in self.children)
        return {role: number for role, number in ids if number is not None}

    @property
    def resident(self) -> dict[str, int]:
        """Resident bytes by role, from the last beats."""
        beats = [child.beat for child in self.children]
        return {f"inference-{beat.number}": beat.resident_bytes for beat in beats if beat}

    def stop(self) -> None:
        """End them when the workers have ended; nobody starts them again."""
        while self.children:
            self.children.pop().stop()

    def kill(self) -> None:
        """End them at once."""
        while self.children:
            self.children.pop().kill()
