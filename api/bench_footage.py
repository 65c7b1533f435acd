"""What `yanji bench pipeline` measures on: real traffic as cameras send it, encoded once and kept.

Every stream shows the same seconds: 1080p25 with a key frame every 2 s, in three encodings, and
the same as a camera's sub-stream.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Final, cast

import av
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from yanji.configs.errors import SourceError
from yanji.ingest.content import file_sha256
from yanji.ingest.recording import open_recording
from yanji.ingest.sample import Sampler

RATE_FPS: Final = 25
GOP_S: Final = 2
_VERSION: Final = "1"
"""Part of the name of what is kept: raised when an encoding changes."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one stream is made."""

    codec: str
    width: int
    height: int
    options: Mapping[str, str]


def _h264(width: int, height: int, num_b_frames: int) -> Encoding:
    options = {
        "preset": "veryfast",
        "crf": "23",
        "bf": str(num_b_frames),
        "b_strategy": "0",
        "g": str(GOP_S * RATE_FPS),
        "sc_threshold": "0",
    }
    return Encoding("libx264", width, height, options)


ENCODINGS: Final[Mapping[str, Encoding]] = {
    "h264": _h264(1920, 1080, 0),
    "h264_b": _h264(1920, 1080, 2),
    "h265": Encoding(
        "libx265",
        1920,
        1080,
        {
            "preset": "superfast",
            "crf": "25",
            "x265-params": f"log-level=none:keyint={GOP_S * RATE_FPS}:scenecut=0:bframes=0",
        },
    ),
    "sub_stream": _h264(640, 360, 0),
}
"""The streams of one camera, by name."""


def bench_footage(
    videos: Sequence[Path], seconds: float, *, say: Callable[[str], None] = lambda text: None
) -> dict[str, Path]:
    """Encode the first seconds of some recordings, one after the other and over again, once.

    Args:
        videos: real traffic, any size and rate; what is not 16:9 is cut above and below, or at
            its sides.
        seconds: length of every stream.
        say: told when encoding begins, which takes about as long as the footage.

    Returns:
        A file for each of `ENCODINGS`, kept in a folder of this user's under the temporary one.

    Raises:
        SourceError: a video cannot be read, or this PyAV has no such encoder.
    """
    text = "\0".join([_VERSION, f"{seconds:g}", *(file_sha256(video) for video in videos)])
    name = hashlib.sha256(text.encode()).hexdigest()[:16]
    folder = _kept_folder()
    files = {stream: folder / f"{name}-{stream}.mp4" for stream in ENCODINGS}
    if not all(file.is_file() for file in files.values()):
        say(f"encoding {seconds:g} s of footage as a camera sends it, once, into {folder}")
        _encode(videos, seconds, files)
    return files


def _kept_folder() -> Path:
    """A folder that is ours alone: others may have made one of this name."""
    folder = Path(tempfile.gettempdir()) / f"yanji-bench-{os.getuid()}"
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    about = folder.lstat()
    if not folder.is_dir() or folder.is_symlink() or about.st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="yanji-bench-"))
    return folder


def _encode(videos: Sequence[Path], seconds: float, files: Mapping[str, Path]) -> None:
    parts = {stream: file.with_suffix(f".{os.getpid()}.part") for stream, file in files.items()}
    try:
        with contextlib.ExitStack() as stack:
            writers = {
                stream: stack.enter_context(_Writer(part, ENCODINGS[stream]))
                for stream, part in parts.items()
            }
            for number, frame in enumerate(_frames(videos, round(seconds * RATE_FPS))):
                for writer in writers.values():
                    writer.add(frame, number)
        for stream, part in parts.items():
            part.replace(files[stream])
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


class _Writer:
    """One stream being encoded."""

    def __init__(self, path: Path, encoding: Encoding) -> None:
        self._encoding = encoding
        try:
            self._container: OutputContainer = av.open(str(path), mode="w", format="mp4")
            stream = self._container.add_stream(
                encoding.codec, rate=RATE_FPS, options=dict(encoding.options)
            )
        except (av.error.FFmpegError, ValueError) as error:
            raise SourceError(
                f"This installation cannot encode with {encoding.codec}.",
                hint="Install PyAV from its wheels.",
            ) from error
        self._stream = cast(VideoStream, stream)
        self._stream.width, self._stream.height = encoding.width, encoding.height
        self._stream.pix_fmt = "yuv420p"

    def add(self, frame: VideoFrame, number: int) -> None:
        scaled = frame.reformat(self._encoding.width, self._encoding.height, "yuv420p")
        scaled.pts, scaled.time_base = number, Fraction(1, RATE_FPS)
        self._container.mux(self._stream.encode(scaled))

    def __enter__(self) -> _Writer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._container.mux(self._stream.encode(None))
        self._container.close()


def _frames(videos: Sequence[Path], num: int) -> Iterator[VideoFrame]:
    """Give `num` frames of 1/25 s: each video in turn, and over again where they are short."""
    given = 0
    while given < num:
        before = given
        for video in videos:
            for frame in _steady(video):
                if given == num:
                    return
                yield frame
                given += 1
        if given == before:
            raise SourceError("The footage holds no picture.", hint="Name another recording.")


def _steady(video: Path) -> Iterator[VideoFrame]:
    """Frames of one video at 25 a second, 16:9; of a slower one, frames come twice."""
    sampler = Sampler(RATE_FPS)
    slot = 0
    with open_recording(video, "bench", 0).connect() as connection:
        for frame in connection:
            if not sampler.take(frame.stream_s):
                continue
            picture = _widescreen(VideoFrame.from_ndarray(frame.picture.bgr(), format="bgr24"))
            last = max(slot + 1, round(frame.stream_s * RATE_FPS) + 1)
            for _ in range(min(last - slot, RATE_FPS)):
                yield picture
            slot = last


def _widescreen(frame: VideoFrame) -> VideoFrame:
    """Cut what is not 16:9, the middle stays."""
    width, height = frame.width, frame.height
    wide, high = min(width, height * 16 // 9) // 2 * 2, min(height, width * 9 // 16) // 2 * 2
    if abs(wide - width) <= 2 and abs(high - height) <= 2:
        return frame
    left, top = (width - wide) // 2, (height - high) // 2
    image = frame.to_ndarray(format="bgr24")[top : top + high, left : left + wide]
    return VideoFrame.from_ndarray(image.copy(), format="bgr24")
