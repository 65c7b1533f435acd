"""One unbroken run of a live camera: packets become pictures, pictures frames with their time.

Times of one run come from the stream, the monotonic clock and one anchor (docs/design/time.md), so
that neither a burst nor a jump of the host's clock can reorder frames; a jump beyond `CLOCK_STEP_S`
ends the run, and the next one has a new anchor.
"""

from __future__ import annotations

import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from yanji.configs.errors import LostError, UnreachableError
from yanji.ingest.anchor import Anchor
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.boot import boot_id
from yanji.ingest.burst import Burst
from yanji.ingest.clock import Clock
from yanji.ingest.decode_mode import DecodeMode, decode_only, gives_all
from yanji.ingest.frame import Frame, Run, run_id_of
from yanji.ingest.relay import Relay
from yanji.ingest.sender_report import SenderReports
from yanji.ingest.stream_clock import StreamClock

_log = logging.getLogger(__name__)

CLOCK_STEP_S = 0.5
"""The host's clock was set when it disagrees with the run's anchor by more. What time services
correct by slewing (up to 0.4 s) slews the monotonic clock as well and is never seen here."""


@dataclass(frozen=True, slots=True)
class RtspLimits:
    """How long to wait for what, seconds."""

    open_s: float = 5.0
    """For the camera to be looked up, connected to, to answer and to describe its stream."""
    read_s: float = 4.0
    """For one read; libavformat tries twice, so a frozen camera is noticed after 8 s."""
    silence_s: float = 8.0
    """Between two pictures, when packets arrive but none can be decoded."""


class RtspConnection:
    """One unbroken run of a camera. Iterating never ends quietly: it raises `LostError`."""

    def __init__(
        self,
        container: InputContainer,
        relay: Relay,
        *,
        camera_id: str,
        shown_url: str,
        limits: RtspLimits,
        clock: Clock,
        decode: DecodeMode = "all",
    ) -> None:
        self._container = container
        self._relay = relay
        self._shown_url = shown_url
        self._limits = limits
        self._clock = clock
        self.num_broken = 0
        """Packets and pictures skipped because they could not be decoded whole."""
        self.num_bytes = 0
        """Compressed video read so far, bytes."""
        self._num_frames = 0
        stream = self._video_stream()
        decode_only(stream, decode)
        self._is_whole = gives_all(decode)
        self._keys_only = decode == "key_frames"
        self._codec = stream.codec_context
        rate = stream.average_rate
        self.told_fps = float(rate) if rate else None
        """Frames per second that the stream itself speaks of; many cameras tell none, or a lie."""
        self._stream_clock = StreamClock(self.told_fps)
        self._reports = SenderReports()
        self._packets = Burst(self._container.demux(stream), clock)
        self._pictures = self._decode()
        try:
            first = next(self._pictures)
        except LostError:
            self.close()
            raise
        self._first: av.VideoFrame | None = first
        self._first_s = clock.monotonic_s()
        age_s = self._packets.age_s(self._first_s, first.time)
        started_ns = clock.wall_ns() - round(age_s * 1e9)
        self._anchor = Anchor(started_ns, self._first_s - age_s)
        self._run = Run(
            run_id=run_id_of(secrets.token_hex(16), camera_id, started_ns),
            camera_id=camera_id,
            kind="rtsp",
            source=shown_url,
            started_ns=started_ns,
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
            raise UnreachableError(
                f"{self._shown_url} sends no video",
                hint="check the path in the URL",
                code="no_picture",
            )
        stream = streams[0]
        stream.codec_context.thread_count = 1
        return stream

    def __iter__(self) -> Iterator[Frame]:
        """Yield every decoded frame in order; can be iterated once.

        Raises:
            LostError: always, in the end. Its code says more: `silent`, `no_picture`, `clock`,
                `redirect`.
        """
        if self._first is not None:
            first, self._first = self._first, None
            yield self._frame(first, self._first_s)
        for picture in self._pictures:
            yield self._frame(picture, self._arrival_s())

    @property
    def codec(self) -> str:
        """Name of the codec: `h264`, `hevc`, ..."""
        return self._codec.name

    @property
    def profile(self) -> str | None:
        """The codec's profile, such as `High`; None where it is not known."""
        return self._codec.profile

    @property
    def camera_ahead_s(self) -> float | None:
        """The camera's own clock minus the host's, see `SenderReports.camera_ahead_s`."""
        return self._reports.camera_ahead_s

    def _arrival_s(self) -> float:
        arrival_s = self._clock.monotonic_s()
        step_s = self._anchor.host_step_s(self._clock)
        if abs(step_s) > CLOCK_STEP_S:
            raise LostError(
                f"the clock of this host was set by {step_s:+.1f} s "
                f"while {self._shown_url} was read",
                code="clock",
            )
        return arrival_s

    def _frame(self, picture: av.VideoFrame, arrival_s: float) -> Frame:
        stamp_s = picture.time
        if stamp_s is None and self._num_frames == 0 and not self._is_whole:
            stamp_s = self._packets.first_stamp_s()
        stream_s = self._stream_clock.stream_s(stamp_s, arrival_s)
        stamped = stamp_s is not None or self._num_frames == 0  # the first is 0 by definition
        wall_ns = self._anchor.wall_ns(arrival_s, stream_s, stamped=stamped)
        if self._reports.seen(stamp_s, wall_ns) and self._reports.num_reports == 1:
            self._tell_camera_clock()
        frame = Frame(
            run=self._run,
            number=self._num_frames,
            stream_s=stream_s,
            wall_ns=wall_ns,
            picture=AvPicture(picture),
        )
        self._num_frames += 1
        return frame

    def _tell_camera_clock(self) -> None:
        ahead_s = self._reports.camera_ahead_s
        shown = "tells no time of day" if ahead_s is None else f"is {ahead_s:+.2f} s off ours"
        _log.info("camera %s: its own clock %s", self._run.camera_id, shown)

    def _decode(self) -> Iterator[av.VideoFrame]:
        picture_at_s = self._clock.monotonic_s()
        while True:
            try:
                packet = next(self._packets, None)
                silent = False
                ended = "the stream ended"
            except (av.error.FFmpegError, OSError, ValueError) as error:
                packet = None
                silent = isinstance(error, (av.error.ExitError, TimeoutError))
                ended = "it went silent" if silent else f"the stream broke ({type(error).__name__})"
            if packet is None or not packet.size:  # an empty packet is how PyAV shows the end
                raise self._lost(ended, silent)
            self._reports.read(packet)
            self.num_bytes += packet.size
            for picture in self._whole_pictures(packet):
                yield picture
                picture_at_s = self._clock.monotonic_s()
            if self._clock.monotonic_s() - picture_at_s > self._limits.silence_s:
                raise LostError(
                    f"lost {self._shown_url}: it sends data but no picture",
                    hint="check the codec settings of this camera",
                    code="no_picture",
                )

    def _lost(self, ended: str, silent: bool) -> LostError:
        if self._relay.ending == "redirect":
            return LostError(
                f"lost {self._shown_url}: it sends its readers to another address",
                hint="if that is meant, write the new address into the settings",
                code="redirect",
            )
        return LostError(
            f"lost {self._shown_url}: {ended}",
            hint="it is connected to again by itself",
            code="silent" if silent else "lost",
        )

    def _whole_pictures(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        try:
            pictures = packet.decode()
            if self._keys_only and packet.is_keyframe:
                pictures += self._drained(packet)
        except av.error.FFmpegError:
            self.num_broken += 1
            return []
        whole = [picture for picture in pictures if not picture.is_corrupt]
        self.num_broken += len(pictures) - len(whole)
        return whole

    def _drained(self, packet: av.Packet[VideoStream]) -> list[av.VideoFrame]:
        """Take a key frame out at once: a decoder of B-frames gives it after two more of them.

        Where nothing else is decoded that is two key-frame intervals, and nothing can overtake it.
        """
        pictures = self._codec.decode(None)
        self._codec.flush_buffers()
        for picture in pictures:
            if picture.time_base is None:
                picture.time_base = packet.time_base
        return pictures

    def close(self) -> None:
        """Release the decoder and the sockets; safe to call twice."""
        self._container.close()  # says goodbye, and waits for no answer
        self._relay.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
