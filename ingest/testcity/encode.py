"""Writes pictures as clips that the demo's RTSP server can play as they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from yanji.ingest.frame import BgrImage

CRF: Final = 26
BITS_PER_PIXEL: Final = 0.075
"""Upper limit of the stream, as cameras have one: 390 kbit/s at 960x540 and ten pictures a second.
A noisy night would take three times as much."""
KEY_EVERY_S: Final = 2
_X264: Final = {"bf": "0", "sc_threshold": "0", "threads": "1"}
"""No B-frames, because the RTSP server sends packets in the order in which they are shown."""


def encode(
    path: Path, images: Iterable[BgrImage], fps: int, preset: str = "medium", crf: int = CRF
) -> int:
    """Write pictures as H.264 without B-frames, a key frame every 2 s, index in front.

    Args:
        path: the file, written whole or not at all.
        images: (height, width, 3) uint8 BGR, all of one even size; at least one.
        fps: pictures a second.
        preset: x264's: slower is smaller.
        crf: x264's quality; higher is smaller and worse.

    Returns:
        How many pictures were written.
    """
    keys = str(KEY_EVERY_S * fps)
    options = {**_X264, "crf": str(crf), "g": keys, "keyint_min": keys, "preset": preset}
    unfinished = path.with_name(path.name + ".tmp")
    number = 0
    with av.open(str(unfinished), "w", format="mp4", options={"movflags": "faststart"}) as out:
        stream = out.add_stream("libx264", rate=fps, options=options)
        stream.pix_fmt = "yuv420p"
        for image in images:
            if number == 0:
                stream.height, stream.width = image.shape[:2]
                most = round(BITS_PER_PIXEL * image.shape[0] * image.shape[1] * fps)
                stream.options = {**options, "maxrate": str(most), "bufsize": str(2 * most)}
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(frame))
            number += 1
        out.mux(stream.encode(None))
    unfinished.replace(path)
    return number


def join(parts: Sequence[Path], path: Path, fps: int) -> None:
    """Join clips that `encode` wrote with equal settings, without encoding them again.

    The result is written whole or not at all.
    """
    unfinished = path.with_name(path.name + ".tmp")
    with av.open(str(unfinished), "w", format="mp4", options={"movflags": "faststart"}) as out:
        joined = None
        number = 0
        for part in parts:
            with av.open(str(part)) as container:
                stream = container.streams.video[0]
                if joined is None:
                    joined = out.add_stream_from_template(stream)
                for packet in container.demux(stream):
                    if packet.size:
                        packet.stream = joined
                        packet.pts = packet.dts = number
                        packet.duration, packet.time_base = 1, Fraction(1, fps)
                        out.mux(packet)
                        number += 1
    unfinished.replace(path)
