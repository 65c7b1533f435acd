"""The page's server as a child process, tended by whoever is in charge.

It belongs to the verb and not to the supervisor, because the demo keeps it when intake has ended.
It may die or hang without anybody else noticing: it is replaced, with the same token and the same
port. Only at the very start a failure (a port in use) is one of the whole command.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from yanji.api.children import START_S, STEADY_S, Child, kill, restart_delay_s, spawn, tell
from yanji.api.plan import STOP, CameraStates, Failed, ServerBeat
from yanji.api.web.server_plan import ServerPlan
from yanji.configs.errors import YanjiError

log = logging.getLogger(__name__)

HANG_S = 30.0
"""No beat for this long: it hangs. Much, because it runs with low priority beside the intake."""
STOP_S = 15.0
"""It lets requests end, and its models open, before it ends itself."""


def run_server(plan: ServerPlan, parent: Connection) -> None:
    """Entry point of the process; only there is the web framework loaded."""
    from yanji.api.web import server

    server.run_server(plan, parent)


@dataclass
class ServerChild:
    """The server's place: survives the processes that fill it."""

    plan: ServerPlan
    on_ready: Callable[[str], None] = lambda url: None
    """Told the address of the page, once, when it answers for the first time."""
    clock: Callable[[], float] = time.monotonic
    hang_s: float = HANG_S
    target: Callable[..., None] = run_server
    beat: ServerBeat | None = None
    failure: Failed | None = None
    """Why it cannot start, when another try cannot help."""
    _child: Child | None = None
    _num_failures: int = 0
    _restart_at_s: float = 0.0
    _may_tell: bool = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def process_id(self) -> int | None:
        """Of the process, while it lives."""
        return self._child.process.pid if self._child is not None else None

    def tend(self, states: Callable[[], CameraStates]) -> None:
        """Start it, hear it, tell it how the cameras are, replace it; call a few times a second.

        Args:
            states: asked for when the server is to be told, about once a second.
        """
        now = self.clock()
        if self._child is None:
            if now >= self._restart_at_s and self.failure is None:
                self._child = spawn(self.target, self.plan, "yanji-server", now)
            return
        self._hear(self._child, now)
        reason = self._why_replace(self._child, now)
        if reason is not None:
            self._replace(self._child, reason, now)
            return
        if now - self._child.started_s > STEADY_S:
            self._num_failures = 0
        if self._may_tell:
            # One message for each beat: one that hangs would fill the pipe and hold us up.
            self._may_tell = False
            tell(self._child, states())

    def wait_until_ready(self) -> None:
        """Start it and wait until the page answers.

        Raises:
            YanjiError: it cannot start.
        """
        until = self.clock() + START_S
        while self.beat is None and self.failure is None and self.clock() < until:
            self.tend(lambda: CameraStates((), None))
            time.sleep(0.05)
        if self.failure is not None:
            raise YanjiError(self.failure.message, hint=self.failure.hint, code=self.failure.code)
        if self.beat is None:
            raise YanjiError(f"The page's server did not start within {START_S:.0f} s.")

    def stop(self) -> None:
        """End it, kindly at first."""
        try:
            if self._child is not None:
                tell(self._child, STOP)
                self._child.process.join(STOP_S)
        finally:
            # Also when who waits is interrupted: an orphan would keep the port.
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
                if isinstance(said, ServerBeat):
                    self._ready(said)
                elif isinstance(said, Failed):
                    log.error("server: %s", said.message)
                    if said.fatal and self.beat is None:
                        self.failure = said
        except (EOFError, OSError):
            child.done = True

    def _ready(self, beat: ServerBeat) -> None:
        first = self.beat is None
        self.beat = beat
        self._may_tell = True
        if first:
            # Whatever free port it took, the next process takes it too: the link stays good.
            self.plan = replace(self.plan, port=urlsplit(beat.url).port or self.plan.port)
            self.on_ready(beat.url)

    def _why_replace(self, child: Child, now: float) -> str | None:
        if child.done or not child.process.is_alive():
            return f"died (exit code {child.process.exitcode})"
        if child.last_beat_s is None:
            return "did not start" if now - child.started_s > START_S else None
        silent_s = now - child.last_beat_s
        return f"hangs (silent for {silent_s:.0f} s)" if silent_s > self.hang_s else None

    def _replace(self, child: Child, reason: str, now: float) -> None:
        if self.beat is None and self.failure is None:
            self.failure = Failed("server", f"The page's server {reason}.", "", fatal=True)
        elif self.failure is None:
            log.error("the server %s: it is replaced", reason)
        kill(child)
        self._child = None
        self._may_tell = False
        self._restart_at_s = now + restart_delay_s(self._num_failures)
        self._num_failures += 1
