"""One camera by two of its streams: detection on the small one, crops from the large one.

The sub-stream is read whole and decides everything: state, gaps, runs, which frames are analysed.
Of the main stream only key frames are decoded, by a second capture with a back-off of its own; each
becomes one more analysed frame of the sub-stream's run (`twin_merge.py`). The detector sees it as
well, so its boxes and its crops come from one picture, however well the two clocks agree. A main
stream that is down costs sharp crops and nothing else.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from yanji.ingest.backoff import BackoffPolicy
from yanji.ingest.capture import Capture, CaptureStats
from yanji.ingest.clock import Clock, SystemClock
from yanji.ingest.frame import Frame, Run
from yanji.ingest.gap import Gap
from yanji.ingest.rate import Rate
from yanji.ingest.source import Connection, Source
from yanji.ingest.twin_merge import TwinMerge

MAIN_FPS: Final = 1.0
"""Main frames analysed per second at most: some cameras send nothing but key frames."""
CLOCKS_AGREE_S: Final = 2.0
"""Sender reports that place a main frame further from where its arrival does are not believed."""

_OF_INTEREST: Final = ("down", "credentials")
"""States of the main stream that are told; while it is still or black, so is the sub-stream, or
soon will be."""


class TwinCapture:
    """Reads one camera until stopped; to its owner it is a `yanji.ingest.capture.Capture`.

    What `Capture` says of `on_frame` and `on_gap` holds, but that each may be called in either of
    the two threads (never in both at once). All pictures of a run are of one size: the main
    stream's, or the sub-stream's while the main stream never sent a picture or cannot be combined
    with it; where that changes a new run begins.
    """

    def __init__(
        self,
        sub: Source,
        main: Source,
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
        """Prepare; see `Capture` for what is not named here.

        Args:
            sub: the sub-stream.
            main: the main stream, of which only key frames are decoded.
        """
        self._on_frame = on_frame
        self._on_gap = on_gap
        self._clock = clock or SystemClock()
        # Of the thread that hands something on; whoever is told may ask for the stats.
        self._lock = threading.RLock()
        self._is_stopped = False
        self._merge = TwinMerge(self._hand_on)
        self._analysed = Rate(self._clock.monotonic_s())
        self._num_told = 0
        """Dropped frames of which the sub-stream's capture knows."""
        self._newest_sub_ns = 0
        self._sub_source = _Listened(sub, self._note_time)
        self._main_source = _Listened(main, None)
        self._sub = Capture(
            self._sub_source,
            analyse_fps=analyse_fps,
            analyse_fps_min=analyse_fps_min,
            motion_gate=motion_gate,
            on_frame=self._take_sub,
            on_gap=self._take_gap,
            policy=policy,
            clock=clock,
            rng=rng,
            open_gap=open_gap,
        )
        self._main = Capture(
            self._main_source,
            analyse_fps=MAIN_FPS,
            on_frame=self._take_main,
            on_gap=self._note_main_gap,
            policy=policy,
            clock=clock,
            rng=rng,
        )

    def start(self) -> None:
        """Begin in two threads."""
        self._sub.start()
        self._main.start()

    def stop(self, timeout_s: float = 1.0) -> bool:
        """Ask both threads to end and wait; False when one hangs, see `Capture.stop`."""
        with self._lock:
            self._is_stopped = True
        self._main.stop(0)
        stopped = self._sub.stop(timeout_s)
        return self._main.stop(timeout_s) and stopped

    def stats(self) -> CaptureStats:
        """Give a snapshot; from any thread.

        Everything is the sub-stream's, but: frames analysed, dropped and CPU time are of both;
        `alive_s` is that of the thread which was silent for longer; and while the camera is up,
        `problem` says why crops come from the sub-stream, where they do.
        """
        sub, main = self._sub.stats(), self._main.stats()
        with self._lock:
            counts = self._merge.counts
            fps = self._analysed.per_s(self._clock.monotonic_s())
            reason = self._merge.problem
        if main.state in _OF_INTEREST:
            reason = main.problem
        problem = sub.problem
        if sub.state == "up" and reason:
            problem = f"crops come from the sub-stream: {reason}"
        return replace(
            sub,
            fps_analysed=fps,
            num_analysed=counts.num_frames,
            num_dropped=counts.num_dropped,
            alive_s=min(sub.alive_s, main.alive_s),
            problem=problem,
            cpu_s=sub.cpu_s + main.cpu_s,
        )

    def _note_time(self, frame: Frame) -> None:
        with self._lock:
            self._newest_sub_ns = frame.wall_ns
            self._merge.pass_time(frame.wall_ns)

    def _take_sub(self, frame: Frame) -> bool:
        with self._lock:
            self._merge.take_sub(frame)
            num_dropped = self._merge.counts.num_dropped
            told, self._num_told = self._num_told, num_dropped
            return num_dropped > told

    def _take_main(self, frame: Frame) -> bool:
        with self._lock:
            self._merge.take_main(frame, self._newest_sub_ns, self._ahead_s())
        return False

    def _ahead_s(self) -> float:
        """Seconds to add to a main frame's time; by the camera's own clock where both tell it."""
        of_sub, of_main = self._sub_source.camera_ahead_s, self._main_source.camera_ahead_s
        if of_sub is None or of_main is None or abs(of_main - of_sub) > CLOCKS_AGREE_S:
            return 0.0
        return of_main - of_sub

    def _take_gap(self, gap: Gap) -> None:
        with self._lock:
            if gap.to_ns is None:
                self._merge.end_run()
            self._on_gap(gap)

    def _note_main_gap(self, gap: Gap) -> None:
        if gap.to_ns is None:
            with self._lock:
                self._merge.give_up_main()

    def _hand_on(self, frame: Frame) -> bool:
        if self._is_stopped:
            return False
        self._analysed.add(self._clock.monotonic_s())
        return self._on_frame(frame)


class _Listened:
    """A source that shows every frame to `listen` before it is given, and the camera's clock."""

    def __init__(self, source: Source, listen: Callable[[Frame], None] | None) -> None:
        self._source = source
        self._listen = listen
        self._connection: Connection | None = None

    @property
    def camera_id(self) -> str:
        return self._source.camera_id

    @property
    def camera_ahead_s(self) -> float | None:
        """Of the last connection; None where it does not tell."""
        ahead_s: float | None = getattr(self._connection, "camera_ahead_s", None)
        return ahead_s

    def connect(self) -> Connection:
        self._connection = self._source.connect()
        return _ListenedConnection(self._connection, self._listen)


class _ListenedConnection:
    def __init__(self, connection: Connection, listen: Callable[[Frame], None] | None) -> None:
        self._connection = connection
        self._listen = listen

    @property
    def run(self) -> Run:
        return self._connection.run

    @property
    def camera_ahead_s(self) -> float | None:
        ahead_s: float | None = getattr(self._connection, "camera_ahead_s", None)
        return ahead_s

    def __iter__(self) -> Iterator[Frame]:
        for frame in self._connection:
            if self._listen is not None:
                self._listen(frame)
            yield frame

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
