"""Live cameras over RTSP, always over TCP.

Two rules hold here, each learnt from a failure that others had (docs/design/ingest.md):

- libavformat is given no password and no way to the camera but the relay (`yanji.ingest.relay`):
  it would follow redirects, and PyAV puts the URL into exception texts. Errors are rebuilt from
  their type and from what the relay saw, and raised outside the `except` block, where no
  `__context__` drags the original along.
- A live stream does not end. End of file, a decoder error, a time-out and silence are one thing:
  `LostError` (`rtsp_connection.py`).
"""

from __future__ import annotations

from dataclasses import replace

import av
import av.error
import av.logging
from av.container import InputContainer

from yanji.configs.errors import CredentialsError, LostError, SourceError, UnreachableError
from yanji.ingest.address import ANY_CAMERA, CameraRules
from yanji.ingest.camera_line import connect_to_camera
from yanji.ingest.clock import Clock, SystemClock
from yanji.ingest.credentials import Credentials, check_camera_url, safe_url
from yanji.ingest.decode_mode import KEY_FRAME_WAIT_S, DecodeMode
from yanji.ingest.relay import Relay
from yanji.ingest.rtsp_connection import RtspConnection, RtspLimits

OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    # Do not watch 20 frames to estimate a rate that nobody needs: 0.8 s faster to the first frame.
    "fpsprobesize": "0",
    # Without "tls": the relay ends it.
    "protocol_whitelist": "rtp,rtsp,tcp",
}

LEAST_OPEN_S = 0.5
"""A camera that took most of `open_s` to connect still has this long to describe its stream."""


class RtspSource:
    """One camera. `repr` and everything else that can be printed shows no password.

    `tls_sha256` pins the certificate of an rtsps camera; without it the certificate must be one
    that this host trusts. `decode`: which frames are decoded; with `key_frames` a camera must send
    one every `KEY_FRAME_WAIT_S`. `rules`: what this installation allows, asked at every connect.
    """

    def __init__(
        self,
        camera_id: str,
        url: str,
        credentials: Credentials | None = None,
        *,
        tls_sha256: str | None = None,
        limits: RtspLimits | None = None,
        clock: Clock | None = None,
        decode: DecodeMode = "all",
        rules: CameraRules = ANY_CAMERA,
    ) -> None:
        check_camera_url(url)
        self._camera_id = camera_id
        self._url = url
        self._shown = safe_url(url)
        self._credentials = credentials
        self._tls_sha256 = tls_sha256
        limits = limits or RtspLimits()
        if decode == "key_frames":
            limits = replace(limits, silence_s=max(limits.silence_s, KEY_FRAME_WAIT_S))
        self._limits = limits
        self._decode_mode = decode
        self._rules = rules
        self._clock = clock or SystemClock()

    def __repr__(self) -> str:
        return f"RtspSource({self._camera_id!r}, {self._shown!r})"

    @property
    def camera_id(self) -> str:
        """Public id of the camera."""
        return self._camera_id

    def connect(self) -> RtspConnection:
        """Connect and wait for the first picture.

        Raises:
            CredentialsError: the camera refused the user name or password (401, 403).
            UnreachableError: it does not answer, answers wrongly, or sends no picture; its code
                says more: `address`, `certificate`, `redirect`, `no_picture`.
        """
        # None is PyAV's default, yet any library in the process may have turned logging on, and
        # libav's log lines tell of cameras.
        av.logging.set_level(None)
        began_s = self._clock.monotonic_s()
        open_s = self._limits.open_s
        upstream = connect_to_camera(
            self._url, open_s=open_s, tls_sha256=self._tls_sha256, rules=self._rules
        )
        left_s = max(LEAST_OPEN_S, open_s - (self._clock.monotonic_s() - began_s))
        relay = Relay(upstream, self._url, self._credentials, open_s=left_s)
        try:
            return RtspConnection(
                self._open(relay, left_s),
                relay,
                camera_id=self._camera_id,
                shown_url=self._shown,
                limits=self._limits,
                clock=self._clock,
                decode=self._decode_mode,
            )
        except LostError as error:
            failure: SourceError = UnreachableError(
                f"{self._shown} answers but sends no picture",
                hint=error.hint,
                code="redirect" if error.code == "redirect" else "no_picture",
            )
        except SourceError as error:
            failure = error
        relay.close()
        raise failure

    def _open(self, relay: Relay, open_s: float) -> InputContainer:
        began_s = self._clock.monotonic_s()
        try:
            return av.open(
                relay.url,
                mode="r",
                format="rtsp",
                options=dict(OPTIONS),
                timeout=(open_s, self._limits.read_s),
            )
        except (av.error.FFmpegError, OSError, ValueError) as error:
            waited_s = self._clock.monotonic_s() - began_s
            timed_out = waited_s >= 0.9 * open_s or isinstance(
                # An interrupted read can also come out as InvalidDataError.
                error,
                (av.error.ExitError, TimeoutError),
            )
            reason = type(error).__name__
        raise _connect_failure(relay, self._shown, timed_out, reason)


def _connect_failure(relay: Relay, shown: str, timed_out: bool, reason: str) -> SourceError:
    """Choose an error by what the camera said; what PyAV said is only its type's name."""
    if relay.ending == "redirect":
        return UnreachableError(
            f"{shown} sends its readers to another address, which is refused",
            hint="if that is meant, write the new address into the settings",
            code="redirect",
        )
    if relay.status in (401, 403):
        return CredentialsError(
            f"{shown} refused the user name or password",
            hint="check username and password of this camera; it is tried again once a minute",
        )
    if relay.status == 404:
        return UnreachableError(f"{shown} has no such stream", hint="check the path in the URL")
    if relay.ending == "garbage":
        return UnreachableError(
            f"{shown} does not speak RTSP", hint="check that it is an RTSP camera, and its port"
        )
    if timed_out:
        return UnreachableError(f"{shown} does not answer", hint="check power, network and address")
    told = f"status {relay.status}" if relay.status >= 400 else reason
    return UnreachableError(
        f"{shown} cannot be opened ({told})", hint="check that it is an RTSP camera"
    )
