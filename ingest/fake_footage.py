"""Footage for the fake camera: encoded on the spot or of a film, and its way into RTP packets."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext

from yanji.ingest.frame import BgrImage

TICKS_PER_S = 90_000
"""The clock of RTP video."""

MAX_PAYLOAD = 1_400
"""Bytes of one RTP packet, below the usual limit of a network."""

Show = Literal["moving", "still", "black"]
Codec = Literal["h264", "hevc"]

START_CODE = re.compile(rb"\x00\x00\x00?\x01")


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fake camera shows, in a loop of `num_frames`."""

    show: Show = "moving"
    codec: Codec = "h264"
    width: int = 160
    height: int = 96
    fps: int = 25
    gop: int = 25
    """Frames from one key frame to the next."""
    num_b_frames: int = 0
    num_frames: int = 50


@dataclass(frozen=True, slots=True)
class Unit:
    """One encoded picture."""

    nals: tuple[bytes, ...]
    due_s: float
    """When it is sent, seconds from the begin of the loop."""
    stamp_s: float
    """When it is to be shown, likewise; differs where there are B-frames."""
    is_key: bool


@dataclass(frozen=True, slots=True)
class Footage:
    """A loop of encoded pictures."""

    codec: Codec
    duration_s: float
    units: tuple[Unit, ...]
    """In the order of sending."""

    def media_lines(self) -> list[str]:
        """Describe it in SDP."""
        name = "H264" if self.codec == "h264" else "H265"
        return [
            "m=video 0 RTP/AVP 96",
            f"a=rtpmap:96 {name}/{TICKS_PER_S}",
            f"a=fmtp:96 {self._parameters()}",
            "a=control:track1",
        ]

    def _parameters(self) -> str:
        def coded(*kinds: int) -> str:
            found = [nal for nal in self.units[0].nals if _kind(self.codec, nal) in kinds]
            return ",".join(base64.b64encode(nal).decode() for nal in found)

        if self.codec == "h264":
            return f"packetization-mode=1;sprop-parameter-sets={coded(7, 8)}"
        return f"sprop-vps={coded(32)};sprop-sps={coded(33)};sprop-pps={coded(34)}"


@lru_cache(maxsize=32)
def footage_of(scene: Scene) -> Footage:
    """Encode `scene`; a fraction of a second for the small sizes that tests use."""
    rate = Fraction(scene.fps)
    encoder = av.CodecContext.create({"h264": "libx264", "hevc": "libx265"}[scene.codec], "w")
    assert isinstance(encoder, VideoCodecContext)  # noqa: S101
    encoder.width, encoder.height, encoder.pix_fmt = scene.width, scene.height, "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.thread_count = 1
    encoder.options = _options(scene)
    packets = []
    for number in range(scene.num_frames):
        frame = av.VideoFrame.from_ndarray(_drawn(scene, number), "bgr24")
        frame.pts, frame.time_base = number, 1 / rate
        packets += encoder.encode(frame)
    packets += encoder.encode(None)
    units = tuple(_unit(packet, place / scene.fps) for place, packet in enumerate(packets))
    return Footage(scene.codec, scene.num_frames / scene.fps, units)


def _options(scene: Scene) -> dict[str, str]:
    options = {"g": str(scene.gop), "bf": str(scene.num_b_frames), "preset": "ultrafast"}
    if scene.codec == "h264":
        # Equal pictures must give equal key frames: no rate control that comes to rest first.
        return options | {"qp": "24", "sc_threshold": "0"}
    pools = f"keyint={scene.gop}:min-keyint={scene.gop}:bframes={scene.num_b_frames}:qp=24"
    return options | {"x265-params": f"log-level=none:pools=none:frame-threads=1:{pools}"}


def _unit(packet: av.Packet[av.VideoStream], due_s: float) -> Unit:
    assert packet.pts is not None  # noqa: S101
    assert packet.time_base is not None  # noqa: S101
    nals = tuple(nal for nal in START_CODE.split(bytes(packet)) if nal)
    return Unit(nals, due_s, float(packet.pts * packet.time_base), packet.is_keyframe)


def _drawn(scene: Scene, number: int) -> BgrImage:
    shape = (scene.height, scene.width, 3)
    if scene.show == "black":
        return np.zeros(shape, np.uint8)
    number = number if scene.show == "moving" else 0
    image = np.full(shape, 40, np.uint8)
    image[: scene.height // 2, : scene.width // 2] = (0, 0, 230)
    left = number * 4 % (scene.width - 16)
    image[scene.height // 2 : -scene.height // 8, left : left + 16] = 255
    # What a sensor adds; the same for every picture of a still scene.
    noise = np.random.default_rng(number).integers(0, 4, shape, np.uint8)
    return np.asarray(image + np.minimum(noise, 255 - image), np.uint8)


def _kind(codec: Codec, nal: bytes) -> int:
    return nal[0] & 31 if codec == "h264" else nal[0] >> 1 & 63


def payloads(codec: Codec, nals: tuple[bytes, ...]) -> Iterator[tuple[bytes, bool]]:
    """Cut a picture into RTP payloads; with each, whether it is the picture's last.

    Large units are cut as RFC 6184 (FU-A) and RFC 7798 (FU) say.
    """
    pieces: list[bytes] = []
    for nal in nals:
        pieces += [nal] if len(nal) <= MAX_PAYLOAD else _fragments(codec, nal)
    for number, piece in enumerate(pieces, 1):
        yield piece, number == len(pieces)


def _fragments(codec: Codec, nal: bytes) -> list[bytes]:
    if codec == "h264":
        indicator, kind, body = bytes([nal[0] & 0xE0 | 28]), nal[0] & 31, nal[1:]
    else:
        indicator, kind, body = bytes([nal[0] & 0x81 | 49 << 1, nal[1]]), nal[0] >> 1 & 63, nal[2:]
    parts = [body[at : at + MAX_PAYLOAD] for at in range(0, len(body), MAX_PAYLOAD)]
    made = []
    for number, part in enumerate(parts):
        first, last = number == 0, number == len(parts) - 1
        made.append(indicator + bytes([first << 7 | last << 6 | kind]) + part)
    return made
