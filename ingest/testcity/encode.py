"""Writes pictures as a clip that the demo's RTSP server can play as it is."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Final

import av

from yanji.ingest.frame import BgrImage
from yanji.ingest.testcity.traffic import FPS, HEIGHT_PX, WIDTH_PX

_X264: Final = {
    "crf": "26",
    "bf": "0",
    "g": "20",
    "keyint_min": "20",
    "sc_threshold": "0",
    "threads": "1",
}
"""No B-frames, because the RTSP server sends packets in the order in which they are shown."""


def encode(path: Path, images: Iterator[BgrImage], preset: str = "slow") -> None:
    """Write pictures as H.264 without B-frames, a key frame every 2 s, index in front.

    `preset` is x264's: the shipped clips are `slow` (smallest).
    """
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        stream = container.add_stream("libx264", rate=FPS, options={**_X264, "preset": preset})
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for number, image in enumerate(images):
            frame = av.VideoFrame.from_ndarray(image, format="bgr24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
