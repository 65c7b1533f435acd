"""Ways of reading a recording for `yanji bench decode`; each gives moments: when, and a picture."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import av
import cv2
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from yanji.api.bench_footage import RATE_FPS
from yanji.api.bench_plain import frames_by_opencv
from yanji.configs.errors import SourceError
from yanji.detect.letterbox import fit_of
from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.decode_mode import DecodeMode
from yanji.ingest.frame import Picture
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler

ANALYSE_FPS: Final = 5.0

Moment = tuple[float, Picture | VideoFrame]
"""Seconds since the first frame of the camera, and what was decoded."""
Moments = Iterator[Moment]


def by_pyav(path: Path) -> Moments:
    """Decode every frame, and that is all."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        for number, frame in enumerate(container.decode(stream)):
            yield number / RATE_FPS, frame


def by_yanji(path: Path, decode: DecodeMode = "all") -> Moments:
    """As `yanji index` and `yanji run` read."""
    source = open_recording(path, "bench", 0, content_sha256="0" * 64, decode=decode)
    with source.connect() as connection:
        for frame in connection:
            yield frame.stream_s, frame.picture


def read_by_opencv(path: Path, num_frames: int) -> Moments:
    """`cv2.VideoCapture.read`: every frame decoded and converted to BGR, whole."""
    for number, image in enumerate(frames_by_opencv(path, frozenset(range(num_frames)))):
        yield number / RATE_FPS, ArrayPicture(image)


def grab_by_opencv(path: Path) -> Moments:
    """`cv2.VideoCapture.grab`: decoded and not converted; there is no picture to look at."""
    reader = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    try:
        if not reader.isOpened():
            raise SourceError(
                f"OpenCV cannot open {path}", hint="Name a recording that OpenCV reads."
            )
        nothing = VideoFrame(2, 2, "gray")
        number = 0
        while reader.grab():
            yield number / RATE_FPS, nothing
            number += 1
    finally:
        reader.release()


def count(moments: Moments) -> int:
    """Read to the end and keep nothing."""
    return sum(1 for _ in moments)


def scale(moments: Moments) -> int:
    """As `count`; five frames a second are scaled to the detector's size as well."""
    sampler = Sampler(ANALYSE_FPS)
    reformatter = VideoReformatter()
    num = 0
    for when_s, shown in moments:
        num += 1
        if not sampler.take(when_s):
            continue
        fit = fit_of(shown.width, shown.height)
        if isinstance(shown, VideoFrame):
            reformatter.reformat(
                shown,
                fit.inner_width,
                fit.inner_height,
                "bgr24",
                interpolation=Interpolation.AREA,
                threads=1,
            )
        else:
            shown.scaled_bgr(fit.inner_width, fit.inner_height)
    return num


def picture_of(shown: Picture | VideoFrame) -> Picture:
    """What was decoded, as a picture."""
    return AvPicture(shown) if isinstance(shown, VideoFrame) else shown
