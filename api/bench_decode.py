"""`yanji bench decode`: what a frame of a camera costs to decode, by every way of reading it.

All ways read the same seconds on one thread, in turn; the floor is PyAV decoding every frame and
doing nothing else. Beside the cost stands what a way gives for it: how many frames, how far its
pictures are from those of a full decoder, and which vehicles the detector still finds in them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from yanji.api.bench_footage import RATE_FPS, bench_footage
from yanji.api.bench_pictures import Likeness, compare
from yanji.api.bench_rounds import Timer, in_turn, median_and_range, ratios
from yanji.api.bench_ways import (
    Moments,
    by_pyav,
    by_yanji,
    count,
    grab_by_opencv,
    read_by_opencv,
    scale,
)
from yanji.api.pipeline import open_detector
from yanji.api.worker import one_thread_each
from yanji.configs.settings import Settings
from yanji.detect.detections import Detections

FLOOR: Final = "floor"


@dataclass(frozen=True, slots=True)
class Way:
    """One way of reading a stream."""

    stream: str
    """Of `bench_footage.ENCODINGS`."""
    moments: Callable[[Path], Moments]
    spend: Callable[[Moments], int] = count
    beside: str = FLOOR
    """The way that its cost is divided by."""
    like: str | None = None
    """The way whose pictures it should have; None: it gives no pictures of its own."""


def _ways(num_frames: int) -> dict[str, Way]:
    return {
        FLOOR: Way("h264", by_pyav),
        "yanji": Way("h264", by_yanji, like=FLOOR),
        "floor_scaled": Way("h264", by_pyav, spend=scale),
        "yanji_scaled": Way("h264", by_yanji, spend=scale, beside="floor_scaled"),
        "key_frames": Way("h264", partial(by_yanji, decode="key_frames"), like=FLOOR),
        "b_frames": Way("h264_b", by_yanji, like=FLOOR),
        "no_b_frames": Way(
            "h264_b", partial(by_yanji, decode="no_b_frames"), count, "b_frames", "b_frames"
        ),
        "sub_stream": Way("sub_stream", by_yanji, like=FLOOR),
        "h265": Way("h265", by_yanji, like=FLOOR),
        "fast": Way("h264", partial(by_yanji, decode="fast"), like=FLOOR),
        "h265_fast": Way("h265", partial(by_yanji, decode="fast"), count, "h265", "h265"),
        "opencv_grab": Way("h264", grab_by_opencv),
        "opencv_read": Way("h264", partial(read_by_opencv, num_frames=num_frames), like=FLOOR),
    }


def bench_decode(
    videos: Sequence[Path],
    settings: Settings,
    *,
    rounds: int = 5,
    seconds: float = 24.0,
    timer_s: Timer | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> dict[str, object]:
    """Measure all ways on the same footage.

    Args:
        videos: recordings, encoded anew as cameras send them, see `bench_footage`.
        settings: the detector, which looks at the pictures that each way gives.
        rounds: of all ways, in turn, after one that warms up.
        seconds: length of the footage.
        timer_s: CPU seconds of the process where None.
        say: told how far it is.

    Returns:
        `ways`: for each its milliseconds for a frame **that the camera sent** (whether the way
        gives it or not), what that is over `beside`, the frames given, and `likeness`.

    Raises:
        SourceError, ModelError: a file or the model cannot be opened.
    """
    one_thread_each()
    files = bench_footage(videos, seconds, say=say)
    num_frames = count(by_pyav(files["h264"]))
    ways = _ways(num_frames)
    given: dict[str, int] = {}

    def spend(name: str, way: Way) -> None:
        given[name] = way.spend(way.moments(files[way.stream]))

    steps = {name: partial(spend, name, way) for name, way in ways.items()}
    spent_ms = (
        in_turn(steps, rounds, say=say)
        if timer_s is None
        else in_turn(steps, rounds, timer_s=timer_s, say=say)
    )
    per_frame = {name: [one / num_frames for one in values] for name, values in spent_ms.items()}
    detector = open_detector(settings)
    seen: dict[str, Likeness] = {}
    known: dict[str, dict[int, Detections]] = {name: {} for name in ways}
    for name, way in ways.items():
        if way.like is not None:
            say(f"comparing the pictures of {name}")
            full = ways[way.like]
            ours, theirs = way.moments(files[way.stream]), full.moments(files[full.stream])
            seen[name] = compare(ours, theirs, detector, known[way.like])
    return {
        "unit": "CPU ms per frame that the camera sent, one thread",
        "ways": {
            name: _figures(name, way, per_frame, given[name], seen.get(name))
            for name, way in ways.items()
        },
        "facts": {
            "sources": [video.name for video in videos],
            "frames": num_frames,
            "rate_fps": RATE_FPS,
            "rounds": rounds,
            "runtime": detector.first.name,
            "precision": detector.first.precision,
        },
    }


def _figures(
    name: str,
    way: Way,
    per_frame: Mapping[str, Sequence[float]],
    num_given: int,
    seen: Likeness | None,
) -> dict[str, object]:
    median, span = median_and_range(per_frame[name])
    over, over_range = median_and_range(ratios(per_frame[name], per_frame[way.beside]))
    return {
        "stream": way.stream,
        "ms": median,
        "ms_range": span,
        "beside": way.beside,
        "over": over,
        "over_range": over_range,
        "frames": num_given,
        "likeness": {"to": way.like, **seen.figures()} if seen is not None else None,
    }
