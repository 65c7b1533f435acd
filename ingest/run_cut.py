"""A run that ends and a new one that begins, within one connection to a camera."""

from __future__ import annotations

import secrets
from dataclasses import replace

from yanji.ingest.frame import Frame, Run, run_id_of


class RunCut:
    """Gives the frames of a connection as runs that tracking can take. One per connection.

    A track is boxes in pixels of one picture size, and is followed from frame to frame: where the
    size changes, or nothing was handed on for long, a new run begins. Its frames count from 0 and
    its stream time from its first frame, like those of a connection.
    """

    def __init__(self) -> None:
        self._size: tuple[int, int] | None = None
        self._run: Run | None = None
        self._number = 0
        self._stream_s = 0.0

    def is_due(self, frame: Frame) -> bool:
        """Whether `frame` has another size than the frames before it."""
        size = (frame.picture.width, frame.picture.height)
        before, self._size = self._size, size
        return before is not None and before != size

    def begin(self, frame: Frame) -> None:
        """Begin a new run with `frame`, at its wall time."""
        run = frame.run
        self._size = (frame.picture.width, frame.picture.height)
        self._run = replace(
            run,
            run_id=run_id_of(secrets.token_hex(16), run.camera_id, frame.wall_ns),
            started_ns=frame.wall_ns,
        )
        self._number, self._stream_s = frame.number, frame.stream_s

    def apply(self, frame: Frame) -> Frame:
        """Give `frame` as one of the run that was begun last; as it is before the first cut."""
        if self._run is None:
            return frame
        return replace(
            frame,
            run=self._run,
            number=frame.number - self._number,
            stream_s=frame.stream_s - self._stream_s,
        )
