"""One camera, kept alive: connect, sample, hand on; record the gap, wait, connect again.

A run that is handed on is shorter than a connection where tracking has to begin anew: when the
picture changes its size, and when it shows something again after it stood still or was black.

`_run` only retries, `_run_once` does the work. A thread of a worker process runs it; what a native
call that hangs needs is a watchdog *outside* the process, which reads `CaptureStats.alive_s`.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

from yanji.configs.errors import CredentialsError, SourceError
from yanji.ingest.backoff import Backoff, BackoffPolicy
from yanji.ingest.clock import Clock, SystemClock
from yanji.ingest.frame import Frame
from yanji.ingest.frame_choice import AnalysePlan, FrameChoice
from yanji.ingest.gap import Gap, cause_of
from yanji.ingest.lag import Lag
from yanji.ingest.rate import Rate
from yanji.ingest.run_cut import RunCut
from yanji.ingest.source import Source
from yanji.ingest.still import Look, StillWatch, is_key

_log = logging.getLogger(__name__)

ALIVE_STEP_S = 1.0
"""A capture that waits shows itself alive this often."""

CaptureState = Literal["connecting", "up", "still", "black", "down", "credentials"]

_PROBLEMS: dict[Look, str] = {
    "still": "the same picture again and again; the camera may be frozen",
    "black": "nothing but black; the lens may be covered",
}


@dataclass(frozen=True, slots=True)
class CaptureStats:
    """How a camera is doing at one moment. `last_frame_s`, `alive_s`: on `Clock.monotonic_s`."""

    camera_id: str
    state: CaptureState
    """`connecting` until the first try has an outcome; then `up`, or `down`, also while it is tried
    again; `credentials` while the camera refuses the password. `still` and `black`: frames come,
    and are read and counted, but show nothing that is worth analysing."""
    fps_in: float
    """Frames per second decoded, moving average over 5 s."""
    fps_analysed: float
    """Frames per second handed on, moving average over 5 s."""
    lag_s: float
    """How far reading has fallen behind the stream, seconds; 0 when the reader keeps up."""
    num_frames: int
    num_analysed: int
    num_dropped: int
    """Handed on, but thrown away by the queue because the analysis was busy."""
    num_reconnects: int
    """Connections after the first that gave a picture."""
    last_frame_s: float | None
    """When the last frame was decoded; None before the first."""
    last_frame_ns: int | None
    """Host wall time of the last frame, ns since 1970 UTC."""
    alive_s: float
    """When the thread last showed that it runs; older than 15 s: a native call hangs
    (connecting blocks for 13 s at most)."""
    problem: str
    """Why it is down, for people; empty while it is up. Without credentials."""
    cpu_s: float = 0.0
    """CPU time of the capture thread so far, seconds: reading, decoding, choosing."""
    camera_ahead_s: float | None = None
    """The camera's own clock minus the host's, delay included; None where it does not tell."""


class Capture:
    """Reads one camera until stopped.

    `on_frame(frame)` gets the sampled frames and answers whether an older one was dropped for it
    (`FrameQueue.put` fits). `on_gap(gap)` gets each outage open, and closed at the first frame
    after it; open once more where a `lost` turns out to have a cause that says more. A picture
    that stands still or is black is an outage, too: no frames are handed on, and the frame that
    shows something again begins a new run. After an open gap no frame of an earlier run follows.
    Both are called in the capture thread and must not block. `open_gap` is an outage that began
    before (a worker that died): it is closed by the first frame. A capture that is stopped while
    down leaves its gap open, as nothing watches the camera from then on.
    """

    def __init__(
        self,
        source: Source,
        *,
        analyse_fps: float,
        analyse_fps_min: float | None = None,
        motion_gate: bool = False,
        on_frame: Callable[[Frame], bool],
        on_gap: Callable[[Gap], None],
        policy: BackoffPolicy | None = None,
        clock: Clock | None = None,
        rng: random.Random | None = None,
        open_gap: Gap | None = None,
    ) -> None:
        self._source = source
        self._on_frame = on_frame
        self._on_gap = on_gap
        self._clock = clock or SystemClock()
        # Jitter spreads load; nothing secret depends on it.
        self._backoff = Backoff(policy or BackoffPolicy(), rng or random.Random())  # noqa: S311
        self._open_gap = open_gap
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        now_s = self._clock.monotonic_s()
        self._state: CaptureState = "connecting"
        self._problem = ""
        self._in = Rate(now_s)
        self._analysed = Rate(now_s)
        self._lag = Lag()
        self._choice = FrameChoice(AnalysePlan(analyse_fps, analyse_fps_min, motion_gate), now_s)
        self._still = StillWatch()
        self._cut = RunCut()
        self._num_frames = self._num_analysed = self._num_dropped = self._num_runs = 0
        self._last_frame_s: float | None = None
        self._last_frame_ns: int | None = None
        self._alive_s = now_s
        self._cpu_s = 0.0
        self._camera_ahead_s: float | None = None
        self._first_try_ns = self._clock.wall_ns()
        self._up_since_s: float | None = None
        self._up_since_ns = 0
        self._accepted = False

    def start(self) -> None:
        """Begin in a thread of its own."""
        name = f"capture-{self._source.camera_id}"
        # Daemon: a native call that hangs must not keep a stopping process alive.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """Ask it to end and wait; False when it hangs in a native call.

        Then it is abandoned: it calls nothing back any more and ends with that call (a frozen
        camera: after 8 s), or with the process.
        """
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def stats(self) -> CaptureStats:
        """Give a consistent snapshot; from any thread."""
        with self._lock:
            now_s = self._clock.monotonic_s()
            return CaptureStats(
                camera_id=self._source.camera_id,
                state=self._state,
                fps_in=self._in.per_s(now_s),
                fps_analysed=self._analysed.per_s(now_s),
                lag_s=self._lag.lag_s if self._state == "up" else 0.0,
                num_frames=self._num_frames,
                num_analysed=self._num_analysed,
                num_dropped=self._num_dropped,
                num_reconnects=max(0, self._num_runs - 1),
                last_frame_s=self._last_frame_s,
                last_frame_ns=self._last_frame_ns,
                alive_s=self._alive_s,
                problem=self._problem,
                cpu_s=self._cpu_s,
                camera_ahead_s=self._camera_ahead_s,
            )

    def _run(self) -> None:
        self._first_try_ns = self._clock.wall_ns()
        while not self._stop.is_set():
            self._up_since_s = None
            began_s = self._clock.monotonic_s()
            with self._lock:
                self._alive_s = began_s
            try:
                self._run_once()
            except SourceError as error:
                failure = error
            else:
                return  # only a stop, or a recording's end, leads here
            if self._stop.is_set():
                return
            self._went_down(failure)
            tried_s = self._clock.monotonic_s() - began_s
            if self._up_since_s is not None:
                self._backoff.lost_after(self._clock.monotonic_s() - self._up_since_s)
                tried_s = 0.0
            refused = isinstance(failure, CredentialsError) or not failure.retryable
            if isinstance(failure, CredentialsError) and self._accepted:
                # Some refuse everybody while they start; a second try locks no account.
                self._accepted = refused = False
            if self._wait(self._backoff.wait_s(refused=refused, tried_s=tried_s)):
                return

    def _run_once(self) -> None:
        """Connect and read until the stream breaks (`SourceError`) or a stop is asked for."""
        self._choice.begin()
        self._still, self._cut = StillWatch(), RunCut()
        with self._source.connect() as connection:
            for frame in connection:
                if self._stop.is_set():
                    return
                # Only live connections hear of it, and not all of these.
                self._count(frame, getattr(connection, "camera_ahead_s", None))
                if frame.number == 0 or self._up_since_s is None:
                    self._came_up(frame)
                sampled = self._choice.sampled(frame.stream_s)
                if sampled or is_key(frame.picture):
                    self._look_at(frame, sampled)

    def _look_at(self, frame: Frame, sampled: bool) -> None:
        """Hand a sampled frame on, if it shows anything. Key frames are only looked at."""
        before = self._still.look
        look = self._still.add(frame.picture, self._clock.monotonic_s())
        if look != "moving":
            if look != before:
                self._went_blind(look, frame)
            return
        if before != "moving":
            self._close_gap(frame)
            self._cut.begin(frame)
        elif not sampled:
            return
        elif self._cut.is_due(frame):
            self._cut.begin(frame)
        elif not self._choice.shows_anything(frame):
            return
        self._hand_on(self._cut.apply(frame))

    def _went_blind(self, look: Look, frame: Frame) -> None:
        problem = _PROBLEMS[look]
        self._note("black" if look == "black" else "still", problem)
        if self._open_gap is None:
            lasted_ns = round((self._clock.monotonic_s() - self._still.since_s) * 1e9)
            from_ns = max(frame.wall_ns - lasted_ns, self._up_since_ns)
            self._open_gap = Gap(self._source.camera_id, from_ns, None, look)
            self._on_gap(self._open_gap)
        _log.warning("camera %s shows %s", self._source.camera_id, problem)

    def _count(self, frame: Frame, camera_ahead_s: float | None) -> None:
        with self._lock:
            now_s = self._clock.monotonic_s()
            if self._up_since_s is None:
                self._num_runs += 1
                self._lag = Lag()
            self._in.add(now_s)
            self._lag.add(now_s, frame.stream_s)
            self._num_frames += 1
            self._last_frame_s = self._alive_s = now_s
            self._last_frame_ns = frame.wall_ns
            self._camera_ahead_s = camera_ahead_s
            # The thread does nothing but this camera.
            self._cpu_s = time.thread_time()

    def _came_up(self, frame: Frame) -> None:
        self._up_since_s = self._clock.monotonic_s()
        self._up_since_ns = frame.wall_ns
        self._accepted = True
        self._close_gap(frame)

    def _close_gap(self, frame: Frame) -> None:
        self._note("up")
        gap, self._open_gap = self._open_gap, None
        if gap is not None:
            # The host's clock may have been set back during the outage.
            self._on_gap(replace(gap, to_ns=max(gap.from_ns, frame.wall_ns)))
            _log.info("camera %s is back", self._source.camera_id)

    def _hand_on(self, frame: Frame) -> None:
        dropped = self._on_frame(frame)
        now_s = self._clock.monotonic_s()
        self._choice.note(now_s, dropped=dropped, lag_s=self._lag.lag_s)
        with self._lock:
            self._analysed.add(self._clock.monotonic_s())
            self._num_analysed += 1
            self._num_dropped += dropped

    def _went_down(self, failure: SourceError) -> None:
        refused = isinstance(failure, CredentialsError)
        self._note("credentials" if refused else "down", failure.message)
        cause = cause_of(failure.code)
        if self._open_gap is not None:
            # The same outage goes on. That a stream broke says little; what keeps it away does.
            if self._open_gap.cause == "lost" and cause != "lost":
                self._open_gap = replace(self._open_gap, cause=cause)
                self._on_gap(self._open_gap)
            return
        from_ns = self._first_try_ns if self._last_frame_ns is None else self._last_frame_ns
        self._open_gap = Gap(self._source.camera_id, from_ns, None, cause)
        self._on_gap(self._open_gap)
        _log.warning("camera %s is down: %s", self._source.camera_id, failure.message)

    def _note(self, state: CaptureState, problem: str | None = None) -> None:
        with self._lock:
            self._state = state
            self._alive_s = self._clock.monotonic_s()
            if state in ("down", "credentials"):
                self._camera_ahead_s = None
            if problem is not None or state == "up":
                self._problem = problem or ""

    def _wait(self, seconds: float) -> bool:
        """Wait in steps, so that a waiting thread shows itself alive; True when stopped."""
        while seconds > 0:
            step_s = min(seconds, ALIVE_STEP_S)
            if self._clock.wait(self._stop, step_s):
                return True
            seconds -= step_s
            with self._lock:
                self._alive_s = self._clock.monotonic_s()
        return self._stop.is_set()
