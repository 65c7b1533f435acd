"""Sources and a clock for tests and rehearsals: scripted frames and faults on simulated time."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from types import TracebackType
from typing import Self

import numpy as np

from yanji.configs.errors import LostError, SourceError
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.clock import Clock
from yanji.ingest.frame import Frame, Picture, Run, run_id_of

AFTER_SCRIPT_S = 0.05


class FakeClock:
    """A clock that moves only when told to, or when someone waits on it. Thread-safe."""

    def __init__(self, *, wall_ns: int = 1_800_000_000_000_000_000) -> None:
        self._lock = threading.Lock()
        self._steady_ns = 0
        self._wall_base_ns = wall_ns

    def wall_ns(self) -> int:
        """See `Clock.wall_ns`."""
        with self._lock:
            return self._wall_base_ns + self._steady_ns

    def monotonic_s(self) -> float:
        """See `Clock.monotonic_s`."""
        with self._lock:
            return self._steady_ns / 1e9

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Let `seconds` pass at once; see `Clock.wait`."""
        if not stop.is_set():
            self.advance(seconds)
        return stop.is_set()

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        with self._lock:
            self._steady_ns += round(max(0.0, seconds) * 1e9)

    def set_wall(self, jump_s: float) -> None:
        """Jump the wall clock by `jump_s`, as a person or NTP does; steady time goes on."""
        with self._lock:
            self._wall_base_ns += round(jump_s * 1e9)


@dataclass(frozen=True, slots=True)
class Play:
    """One connection: `num_frames` frames `interval_s` apart, then `ending`."""

    num_frames: int
    interval_s: float = 0.04
    ending: SourceError | None = None
    """Raised after the last frame; None is a plain `LostError`."""
    still: bool = False
    """All frames show one picture."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """One connection that fails with `error` after `after_s`."""

    error: SourceError
    after_s: float = 0.0


@cache
def grey_picture(shade: int = 127, width: int = 64, height: int = 36) -> ArrayPicture:
    """Make a plain picture of one shade, 0..255."""
    return ArrayPicture(np.full((height, width, 3), shade, np.uint8))


class FakeSource:
    """Plays one step of `script` for each connect; further ones set `done` and are lost.

    With a `FakeClock` the frames take no real time. Without `picture` each frame has another
    shade than those before it, so that no camera looks frozen.
    """

    def __init__(
        self,
        camera_id: str,
        script: Sequence[Play | Refuse],
        *,
        clock: Clock,
        picture: Picture | None = None,
    ) -> None:
        self._camera_id = camera_id
        self._script = list(script)
        self._clock = clock
        self._picture = picture
        self._unset = threading.Event()
        self.done = threading.Event()
        """Set when a connect comes after the last step of the script."""
        self.num_connects = 0
        """Steps of the script played."""
        self.num_open = 0
        """Connections that are open now; 0 when none leaked."""

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        return self._camera_id

    def connect(self) -> FakeConnection:
        """Play the next step."""
        if self.num_connects >= len(self._script):
            self.done.set()
            # In real time: a loop on a fake clock would otherwise spin until it is stopped.
            self._unset.wait(AFTER_SCRIPT_S)
            raise LostError("the script is over")
        step = self._script[self.num_connects]
        self.num_connects += 1
        if isinstance(step, Refuse):
            self.pass_time(step.after_s)
            raise step.error
        self.num_open += 1
        return FakeConnection(self, step, self._clock.wall_ns())

    def pass_time(self, seconds: float) -> None:
        """Let the script's time pass."""
        self._clock.wait(self._unset, seconds)

    def run(self, started_ns: int) -> Run:
        """Make the run of the connection that is open now."""
        return Run(
            run_id=run_id_of(str(self.num_connects), self._camera_id, started_ns),
            camera_id=self._camera_id,
            kind="rtsp",
            source="rtsp://fake/",
            started_ns=started_ns,
            boot_id="fake",
            content_sha256=None,
        )

    def frame(self, run: Run, number: int, interval_s: float, *, still: bool = False) -> Frame:
        """Make one frame that arrives now."""
        shade = 127 if still else 96 + 7 * number % 64
        return Frame(
            run=run,
            number=number,
            stream_s=number * interval_s,
            wall_ns=self._clock.wall_ns(),
            picture=self._picture or grey_picture(shade),
        )


class FakeConnection:
    """One scripted run."""

    def __init__(self, source: FakeSource, play: Play, started_ns: int) -> None:
        self._source = source
        self._play = play
        self._run = source.run(started_ns)
        self._open = True

    @property
    def run(self) -> Run:
        """The run that every frame belongs to."""
        return self._run

    def __iter__(self) -> Iterator[Frame]:
        """Yield the scripted frames, then raise."""
        for number in range(self._play.num_frames):
            if number:
                self._source.pass_time(self._play.interval_s)
            yield self._source.frame(
                self._run, number, self._play.interval_s, still=self._play.still
            )
        raise self._play.ending or LostError("the fake stream ended")

    def close(self) -> None:
        """Count the connection as closed; safe to call twice."""
        if self._open:
            self._open = False
            self._source.num_open -= 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
