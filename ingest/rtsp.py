"""Live cameras over RTSP, always over TCP.

Three rules hold here, each learnt from a failure that others had (docs/design/ingest.md):

- The URL with the password exists only as an argument of `av.open`. PyAV puts it into exception
  texts and into the container's repr, so both stop here: errors are rebuilt from their type alone
  and raised outside the `except` block, where no `__context__` drags the original along.
- A live stream does not end. End of file, a decoder error, a time-out and silence are one thing:
  `LostError`.
- Arrival times of one run come from the monotonic clock and one anchor, so that a jump of the
  host's clock cannot reorder frames; a jump beyond `CLOCK_STEP_S` ends the run, and the next one
  has a new anchor.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import av
import av.error
import av.logging
from av.container import InputContainer
from av.video.stream import VideoStream

from yanji.configs.errors import (
    CredentialsError,
    LostError,
    NotAVideoError,
    SourceError,
    UnreachableError,
)
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.boot import boot_id
from yanji.ingest.clock import Clock, SystemClock
from yanji.ingest.credentials import Credentials, check_camera_url, safe_url, url_with
from yanji.ingest.frame import Frame, Run, run_id_of
from yanji.ingest.stream_clock import StreamClock

CLOCK_STEP_S = 5.0
"""The host's clock was set when it disagrees with the run's anchor by more."""

OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    # Do not watch 20 frames to estimate a rate that nobody needs: 0.8 s faster to the first frame.
    "fpsprobesize": "0",
    "protocol_whitelist": "rtp,rtsp,rtsps,tcp,tls",
}


@dataclass(frozen=True, slots=True)
class RtspLimits:
    """How long to wait for what, seconds."""

    open_s: float = 5.0
    """For the camera to answer and describe its stream."""
    read_s: float = 4.0
    """For one read; libavformat tries twice, so a frozen camera is noticed after 8 s."""
    silence_s: float = 8.0
    """Between two pictures, when packets arrive but none can be decoded."""


class RtspSource:
    """One camera. `repr` and everything else that can be printed shows no password."""

    def __init__(
        self,
        camera_id: str,
        url: str,
        credentials: Credentials | None = None,
        *,
        limits: RtspLimits | None = None,
        clock: Clock | None = None,
    ) -> None:
        check_camera_url(url)
        self._camera_id = camera_id
        self._url = url
        self._credentials = credentials
        self._limits = limits or RtspLimits()
        self._clock = clock or SystemClock()

    def __repr__(self) -> str:
        return f"RtspSource({self._camera_id!r}, {safe_url(self._url)!r})"

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        return self._camera_id

    def connect(self) -> RtspConnection:
        """Connect and wait for the first picture.

        Raises:
            CredentialsError: the camera refused the user name or password (401, 403).
            UnreachableError: it does not answer, answers wrongly, or sends no picture.
            NotAVideoError: its stream holds no video.
        """
        container = self._open()
        try:
            return RtspConnection(
                container, self._camera_id, safe_url(self._url), self._limits, self._clock
            )
        except LostError as error:
            failure = UnreachableError(
                f"{safe_url(self._url)} answers but sends no picture", hint=error.hint
            )
        raise failure

    def _open(self) -> InputContainer:
        # None is PyAV's default, yet any library in the process may have turned logging on, and
        # libav's log lines carry the URL.
        av.logging.set_level(None)
        began_s = self._clock.monotonic_s()
        try:
            return av.open(
                url_with(self._url, self._credentials),
                mode="r",
                format="rtsp",
                options=dict(OPTIONS),
                timeout=(self._limits.open_s, self._limits.read_s),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            waited_s = self._clock.monotonic_s() - began_s
            timed_out = waited_s >= 0.9 * self._limits.open_s
            failure = _connect_failure(type(error), safe_url(self._url), timed_out)
        raise failure  # out here it has no __context__, which would print the URL


def _connect_failure(kind: type[Exception], shown: str, timed_out: bool) -> SourceError:
    """Choose an error by the *type* of PyAV's: its text holds the URL with the password."""
    if issubclass(kind, (av.error.HTTPUnauthorizedError, av.error.HTTPForbiddenError)):
        return CredentialsError(
            f"{shown} refused the user name or password",
            hint="check username and password of this camera; it is tried again once a minute",
        )
    if issubclass(kind, av.error.HTTPNotFoundError):
        return UnreachableError(f"{shown} has no such stream", hint="check the path in the URL")
    if issubclass(kind, ConnectionRefusedError):
        return UnreachableError(f"{shown} refuses connections", hint="check host and port")
    # An interrupted read can also come out as InvalidDataError, so the time waited counts too.
    if timed_out or issubclass(kind, (av.error.ExitError, TimeoutError)):
        return UnreachableError(f"{shown} does not answer", hint="check power, network and address")
    return UnreachableError(
        f"{shown} cannot be opened ({kind.__name__})", hint="check that it is an RTSP camera"
    )


class RtspConnection:
    """One unbroken run of a camera. Iterating never ends quietly: it raises `LostError`."""

    def __init__(
        self,
        container: InputContainer,
        camera_id: str,
        shown_url: str,
        limits: RtspLimits,
        clock: Clock,
    ) -> None:
        self._container = container
        self._shown_url = shown_url
        self._limits = limits
        self._clock = clock
        self.num_broken = 0
        """Packets and pictures skipped because they could not be decoded whole."""
        self._num_frames = 0
        stream = self._video_stream()
        rate = stream.average_rate
        self._stream_clock = StreamClock(float(rate) if rate else None)
        self._pictures = self._decode(stream)
        try:
            self._first: av.VideoFrame | None = next(self._pictures)
        except LostError:
            self.close()
            raise
        self._anchor_s = clock.monotonic_s()
        self._anchor_ns = clock.wall_ns()
        self._run = Run(
            run_id=run_id_of(secrets.token_hex(16), camera_id, self._anchor_ns),
            camera_id=camera_id,
            kind="rtsp",
            source=shown_url,
            started_ns=self._anchor_ns,
            boot_id=boot_id(),
            content_sha256=None,
        )

    def __repr__(self) -> str:
        return f"RtspConnection({self._shown_url!r})"

    @property
    def run(self) -> Run:
        """The run that every frame belongs to; a new one for each connection."""
        return self._run

    def _video_stream(self) -> VideoStream:
        streams = self._container.streams.video
        if not streams:
            self.close()
            raise NotAVideoError(
                f"{self._shown_url} sends no video", hint="check the path in the URL"
            )
        stream = streams[0]
        stream.codec_context.thread_count = 1
        return stream

    def __iter__(self) -> Iterator[Frame]:
        """Yield every decoded frame in order; can be iterated once.

        Raises:
            LostError: always, in the end.
        """
        if self._first is not None:
            first, self._first = self._first, None
            yield self._frame(first, self._anchor_ns)
        for picture in self._pictures:
            yield self._frame(picture, self._arrival_ns())

    def _arrival_ns(self) -> int:
        elapsed_s = self._clock.monotonic_s() - self._anchor_s
        arrival_ns = self._anchor_ns + round(elapsed_s * 1e9)
        if abs(self._clock.wall_ns() - arrival_ns) > CLOCK_STEP_S * 1e9:
            raise LostError(f"the clock of this host was set while {self._shown_url} was read")
        return arrival_ns

    def _frame(self, picture: av.VideoFrame, wall_ns: int) -> Frame:
        frame = Frame(
            run=self._run,
            number=self._num_frames,
            stream_s=self._stream_clock.stream_s(picture.time),
            wall_ns=wall_ns,
            picture=AvPicture(picture),
        )
        self._num_frames += 1
        return frame

    def _decode(self, stream: VideoStream) -> Iterator[av.VideoFrame]:
        packets = self._container.demux(stream)
        picture_at_s = self._clock.monotonic_s()
        while True:
            try:
                packet = next(packets, None)
                ended = "the stream ended"
            except (av.error.FFmpegError, OSError, ValueError) as error:
                packet = None
                silent = isinstance(error, (av.error.ExitError, TimeoutError))
                ended = "it went silent" if silent else f"the stream broke ({type(error).__name__})"
            if packet is None or not packet.size:  # an empty packet is how PyAV shows the end
                raise LostError(
                    f"lost {self._shown_url}: {ended}", hint="it is connected to again by itself"
                )
            for picture in self._whole_pictures(packet):
                yield picture
                picture_at_s = self._clock.monotonic_s()
            if self._clock.monotonic_s() - picture_at_s > self._limits.silence_s:
                raise LostError(
                    f"lost {self._shown_url}: it sends data but no picture",
                    hint="check the codec settings of this camera",
                )

    def _whole_pictures(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        try:
            pictures = packet.decode()
        except av.error.FFmpegError:
            self.num_broken += 1
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        self.num_broken += len(pictures) - len(whole)
        return whole

    def close(self) -> None:
        """Release the decoder and the socket; safe to call twice."""
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
