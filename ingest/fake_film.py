"""A film for the fake camera: the packets of a file as they are, nothing encoded anew."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import av
import av.error
from av.container import InputContainer
from av.video.stream import VideoStream

from yanji.configs.errors import NotAVideoError
from yanji.ingest.fake_footage import START_CODE, Codec, Footage, Unit

_FILTERS: dict[str, tuple[Codec, str]] = {
    "h264": ("h264", "h264_mp4toannexb"),
    "hevc": ("hevc", "hevc_mp4toannexb"),
}
"""What a stream is called, and what puts its parameter sets before every key frame."""


@dataclass(frozen=True, slots=True)
class Film:
    """A file of H.264 or H.265, played in a loop at its own speed."""

    path: Path
    from_s: float = 0.0
    """Where it begins: at the first key frame from there on, in seconds of the film. What lies
    before is shown at the end of the loop, so that one file makes several cameras."""


@lru_cache(maxsize=32)
def film_footage(film: Film) -> Footage:
    """Read the packets of `film`; all of them stay in memory.

    Raises:
        NotAVideoError: it cannot be read, holds neither H.264 nor H.265, or does not begin with a
            key frame.
    """
    try:
        with av.open(str(film.path)) as container:
            footage = _read(container, film.path)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise NotAVideoError(
            f"{film.path} cannot be played as a camera ({type(error).__name__})",
            hint="give a file of H.264 or H.265",
        ) from None
    return _turned(footage, film.from_s)


def _read(container: InputContainer, path: Path) -> Footage:
    stream = container.streams.video[0] if container.streams.video else None
    if stream is None or stream.codec_context.name not in _FILTERS:
        raise NotAVideoError(
            f"{path} holds no H.264 or H.265", hint="a fake camera encodes nothing anew"
        )
    codec, name = _FILTERS[stream.codec_context.name]
    units = tuple(_units(container, stream, name))
    if not units or not units[0].is_key:
        raise NotAVideoError(f"{path} does not begin with a key frame", hint="cut it at one")
    fps = float(stream.average_rate or 25)
    return Footage(codec, units[-1].due_s + 1 / fps, units)


def _units(container: InputContainer, stream: VideoStream, name: str) -> Iterator[Unit]:
    annexb = av.BitStreamFilterContext(name, stream)
    first: tuple[int, int] | None = None
    for packet in container.demux(stream):
        for one in annexb.filter(packet if packet.size else None):
            if one.dts is None or one.pts is None or one.time_base is None:
                continue
            first = first or (one.dts, one.pts)
            yield Unit(
                nals=tuple(nal for nal in START_CODE.split(bytes(one)) if nal),
                due_s=float((one.dts - first[0]) * one.time_base),
                stamp_s=float((one.pts - first[1]) * one.time_base),
                is_key=one.is_keyframe,
            )


def _turned(footage: Footage, from_s: float) -> Footage:
    """The same loop, begun at the first key frame from `from_s` on (from its start if none is)."""
    units = footage.units
    keys = (place for place, unit in enumerate(units) if unit.is_key and unit.due_s >= from_s)
    begin = next(keys, 0)
    start_s = units[begin].due_s
    moved = [
        Unit(
            unit.nals,
            unit.due_s - start_s + (footage.duration_s if place < begin else 0.0),
            unit.stamp_s - start_s + (footage.duration_s if place < begin else 0.0),
            unit.is_key,
        )
        for place, unit in enumerate(units)
    ]
    return Footage(footage.codec, footage.duration_s, tuple(moved[begin:] + moved[:begin]))
