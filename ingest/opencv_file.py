"""Recordings through OpenCV: the fallback where PyAV cannot be loaded. Slower, same contract.

Every frame is converted to BGR at full resolution as it is read (docs/design/ingest.md), and
damaged frames pass unseen: OpenCV does not tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import cv2
import numpy as np

from yanji.configs.errors import NotAVideoError
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.containers import container_of, looks_cut_mp4
from yanji.ingest.content import (
    CUT_HINT,
    HEAD_BYTES,
    NOT_A_VIDEO_HINT,
    check_regular_file,
    file_sha256,
    recording_run,
)
from yanji.ingest.frame import BgrImage, Frame, Run
from yanji.ingest.stream_clock import StreamClock, usable_rate


class OpenCvFileSource:
    """One recording of one camera; see `yanji.ingest.file.FileSource` for the arguments."""

    def __init__(
        self, path: Path, camera_id: str, started_ns: int, *, content_sha256: str | None = None
    ) -> None:
        self.path = path
        self._camera_id = camera_id
        self._started_ns = started_ns
        self._content_sha256 = content_sha256

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        return self._camera_id

    def connect(self) -> OpenCvFileConnection:
        """Open the file and decode its first frame.

        Raises:
            NotAVideoError: no picture can be decoded.
            SourceError: missing, a folder, unreadable.
        """
        path = self.path
        if check_regular_file(path) == 0:
            raise NotAVideoError(f"{path} is empty", hint="copy the recording again")
        sha256 = self._content_sha256 or file_sha256(path)
        with path.open("rb") as stream:
            head = stream.read(HEAD_BYTES)
        # OpenCV cannot be told which demuxers to refuse, so lists of files are refused by content.
        if container_of(head) is None:
            raise NotAVideoError(f"{path} is not a video", hint=NOT_A_VIDEO_HINT)
        capture = cv2.VideoCapture(
            str(path.absolute()), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1]
        )
        if not capture.isOpened():
            cut = looks_cut_mp4(head)
            raise NotAVideoError(
                f"{path} cannot be opened as a video",
                hint=f"it may hold only sound; or {CUT_HINT}" if cut else NOT_A_VIDEO_HINT,
            )
        run = recording_run(path, self._camera_id, self._started_ns, sha256)
        return OpenCvFileConnection(run, path, capture)


class OpenCvFileConnection:
    """A recording being read by OpenCV; iterating ends with the file."""

    def __init__(self, run: Run, path: Path, capture: cv2.VideoCapture) -> None:
        self._run = run
        self._capture = capture
        self.rate_fps = usable_rate(capture.get(cv2.CAP_PROP_FPS))
        """Average frames per second that the file claims, 1..240."""
        self._clock = StreamClock(self.rate_fps)
        self.num_frames = 0
        """Frames given so far."""
        self.num_broken = 0
        """Always 0: OpenCV does not tell."""
        self.truncated = False
        """Whether the file ended before it said it would; known once iterating has ended."""
        self.last_stream_s = 0.0
        """Stream time of the last frame given, seconds."""
        self._first = self._read()
        if self._first is None:
            self.close()
            raise NotAVideoError(f"{path} holds no picture", hint=NOT_A_VIDEO_HINT)

    @property
    def run(self) -> Run:
        """The run that every frame belongs to."""
        return self._run

    @property
    def duration_s(self) -> float | None:
        """Length that the file claims, seconds; None where it claims none."""
        declared = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return float(declared) / self.rate_fps if declared > 0 else None

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame that decodes, in order; can be iterated once."""
        declared = self._capture.get(cv2.CAP_PROP_FRAME_COUNT)
        picture, self._first = self._first, None
        while picture is not None:
            image, stamp_s = picture
            stream_s = self._clock.stream_s(stamp_s)
            yield Frame(
                run=self._run,
                number=self.num_frames,
                stream_s=stream_s,
                wall_ns=self._run.started_ns + round(stream_s * 1e9),
                picture=ArrayPicture(image),
            )
            self.num_frames += 1
            self.last_stream_s = stream_s
            picture = self._read()
        self.truncated = declared - self.num_frames > max(2.0, self.rate_fps)

    def _read(self) -> tuple[BgrImage, float] | None:
        got, image = self._capture.read()
        if not got:
            return None
        stamp_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
        return np.asarray(image, np.uint8), stamp_s

    def close(self) -> None:
        """Release the decoder and the file; safe to call twice."""
        self._capture.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
