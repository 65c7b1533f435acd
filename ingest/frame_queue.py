"""Frames on their way from the capture threads of a worker to its one compute thread."""

from __future__ import annotations

import threading
from collections import deque

from yanji.ingest.frame import Frame


class FrameQueue:
    """The latest few frames of each camera: the oldest of a camera is dropped, never another's.

    Bounded, so that slow analysis shows as dropped frames and not as memory or growing lag.
    Cameras are served in turn. Thread-safe.
    """

    def __init__(self, size_per_camera: int = 2) -> None:
        if size_per_camera < 1:
            raise ValueError("a queue holds at least one frame")
        self._size = size_per_camera
        self._waiting: dict[str, deque[Frame]] = {}
        self._changed = threading.Condition()

    def put(self, frame: Frame) -> bool:
        """Add a frame; True when the camera's oldest frame was dropped to make room."""
        with self._changed:
            frames = self._waiting.setdefault(frame.run.camera_id, deque())
            dropped = len(frames) >= self._size
            if dropped:
                frames.popleft()
            frames.append(frame)
            self._changed.notify()
            return dropped

    def take(self, timeout_s: float) -> Frame | None:
        """Give the oldest frame of the camera whose turn it is; None after `timeout_s`."""
        with self._changed:
            if not self._changed.wait_for(lambda: bool(self._waiting), timeout_s):
                return None
            camera_id = next(iter(self._waiting))
            frames = self._waiting.pop(camera_id)
            frame = frames.popleft()
            if frames:
                self._waiting[camera_id] = frames  # to the end of the line
            return frame

    def num_of(self, camera_id: str) -> int:
        """How many frames of one camera wait."""
        with self._changed:
            return len(self._waiting.get(camera_id, ()))

    def __len__(self) -> int:
        with self._changed:
            return sum(len(frames) for frames in self._waiting.values())
