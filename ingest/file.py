"""Recordings: one file becomes one run of frames, decoded by PyAV on one thread."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from yanji.configs.errors import NotAVideoError, SourceError
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.containers import DEMUXER_OPTIONS, looks_cut_mp4
from yanji.ingest.content import (
    CUT_HINT,
    HEAD_BYTES,
    NOT_A_VIDEO_HINT,
    check_regular_file,
    file_sha256,
    recording_run,
)
from yanji.ingest.decode_mode import DecodeMode, decode_only, gives_all
from yanji.ingest.frame import Frame, Run
from yanji.ingest.stream_clock import StreamClock, usable_rate

_TRUNCATED_S = 1.0
"""A file that ends this much before its own stated length is called truncated."""


class FileSource:
    """One recording of one camera.

    `started_ns` is the host wall time of its first frame, ns since 1970 UTC. `content_sha256`
    saves reading the file twice where the caller has it already. `decode`: which of its frames
    exist for all that follows.
    """

    def __init__(
        self,
        path: Path,
        camera_id: str,
        started_ns: int,
        *,
        content_sha256: str | None = None,
        decode: DecodeMode = "all",
    ) -> None:
        self.path = path
        self._camera_id = camera_id
        self._started_ns = started_ns
        self._content_sha256 = content_sha256
        self._decode_mode: DecodeMode = decode

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        return self._camera_id

    def connect(self) -> FileConnection:
        """Open the file and decode its first frame.

        Raises:
            NotAVideoError: no picture can be decoded (text, zero bytes, audio only, no index).
            SourceError: missing, a folder, unreadable.
        """
        if check_regular_file(self.path) == 0:
            raise NotAVideoError(f"{self.path} is empty", hint="copy the recording again")
        sha256 = self._content_sha256 or file_sha256(self.path)
        run = recording_run(self.path, self._camera_id, self._started_ns, sha256)
        return FileConnection(run, self.path, _open(self.path), decode=self._decode_mode)


class FileConnection:
    """A recording being read; iterating ends with the file.

    After the end, `truncated` and `num_broken` tell whether everything was there: what came
    before a cut is good and stays; whoever indexes reports the file as partly failed.
    """

    def __init__(
        self, run: Run, path: Path, container: InputContainer, *, decode: DecodeMode = "all"
    ) -> None:
        self._run = run
        self._container = container
        self._stream = _video_stream(container, path)
        self._stream.codec_context.thread_count = 1
        decode_only(self._stream, decode)
        self._all = gives_all(decode)
        rate = self._stream.average_rate
        self.rate_fps = usable_rate(float(rate) if rate else None)
        """Average frames per second that the file claims, 1..240."""
        self._clock = StreamClock(self.rate_fps)
        self.num_frames = 0
        """Frames given so far."""
        self.num_broken = 0
        """Packets and pictures skipped because they could not be decoded whole."""
        self.truncated = False
        """Whether the file ended before it said it would; known once iterating has ended."""
        self.last_stream_s = 0.0
        """Stream time of the last frame given, seconds."""
        self._pictures = self._decode()
        self._first: av.VideoFrame | None = next(self._pictures, None)
        if self._first is None:
            self.close()
            raise NotAVideoError(f"{path} holds no picture", hint=NOT_A_VIDEO_HINT)

    @property
    def run(self) -> Run:
        """The run that every frame belongs to."""
        return self._run

    @property
    def duration_s(self) -> float | None:
        """Length that the file claims, seconds; None where it claims none. For progress."""
        return _length_s(self._container, self._stream)

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame that decodes, in order; can be iterated once."""
        if self._first is not None:
            first, self._first = self._first, None
            yield self._frame(first)
        for picture in self._pictures:
            yield self._frame(picture)
        self.truncated = self.truncated or self._ended_early()

    def _frame(self, picture: av.VideoFrame) -> Frame:
        stream_s = self._clock.stream_s(picture.time)
        frame = Frame(
            run=self._run,
            number=self.num_frames,
            stream_s=stream_s,
            wall_ns=self._run.started_ns + round(stream_s * 1e9),
            picture=AvPicture(picture),
        )
        self.num_frames += 1
        self.last_stream_s = stream_s
        return frame

    def _decode(self) -> Generator[av.VideoFrame, None, None]:
        packets = self._container.demux(self._stream)
        last_corrupt = False
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                break
            except (av.error.FFmpegError, OSError):
                # The container itself breaks off: nothing after this point can be found.
                self.truncated = True
                break
            if packet.size:
                last_corrupt = packet.is_corrupt
            try:
                pictures = packet.decode()
            except av.error.FFmpegError:
                self.num_broken += 1
                continue
            for picture in pictures:
                if picture.is_corrupt:
                    self.num_broken += 1
                else:
                    yield picture
        # libavformat marks the packet that the end of the file cuts in two.
        self.truncated = self.truncated or last_corrupt

    def _ended_early(self) -> bool:
        if not self._all:
            return False  # what was left out and what is missing look alike
        declared = self._stream.frames
        if declared:
            given = self.num_frames + self.num_broken
            return declared - given > max(2.0, _TRUNCATED_S * self.rate_fps)
        duration_s = self.duration_s
        if duration_s is None or self._container.format.name in ("mpegts", "mpeg"):
            return False  # these carry no length: libavformat estimates it from what is there
        return duration_s - self.last_stream_s > _TRUNCATED_S + 2 / self.rate_fps

    def close(self) -> None:
        """Release the decoder and the file; safe to call twice."""
        self._pictures.close()
        self._container.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def read_facts(path: Path) -> tuple[dict[str, str], float | None]:
    """Read what a file says of itself: its metadata, and its length in seconds where it says one.

    Raises:
        NotAVideoError, SourceError: see `FileSource.connect`; no picture is decoded.
    """
    check_regular_file(path)
    container = _open(path)
    try:
        stream = _video_stream(container, path)
        return {**stream.metadata, **container.metadata}, _length_s(container, stream)
    finally:
        container.close()


def _length_s(container: InputContainer, stream: VideoStream) -> float | None:
    if stream.duration and stream.time_base:
        return float(stream.duration * stream.time_base)
    duration = container.duration
    return duration / 1e6 if duration and duration > 0 else None


def _open(path: Path) -> InputContainer:
    try:
        # Absolute, so that no name can be read as a protocol ("concat:", "rtsp:").
        return av.open(str(path.absolute()), mode="r", options=dict(DEMUXER_OPTIONS))
    except PermissionError:
        raise SourceError(f"not allowed to read {path}", hint="check the permissions") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        with path.open("rb") as stream:
            cut = looks_cut_mp4(stream.read(HEAD_BYTES))
        if cut:
            raise NotAVideoError(f"{path} is cut off or damaged", hint=CUT_HINT) from error
        raise NotAVideoError(f"{path} is not a video", hint=NOT_A_VIDEO_HINT) from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    for stream in container.streams.video:
        # Cover art in an audio file is a "video" stream of one picture.
        if not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    has_audio = bool(container.streams.audio)
    container.close()
    what = "only sound" if has_audio else "no video"
    raise NotAVideoError(f"{path} holds {what}", hint=NOT_A_VIDEO_HINT)
