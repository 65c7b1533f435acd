"""What reading a recording costs beyond bare decoding.

`python -m yanji.ingest.decode_cost FILE` prints it.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

import av

from yanji.ingest.file import FileSource
from yanji.ingest.sample import Sampler

ANALYSE_FPS = 5.0
ANALYSED_PX = (640, 360)


@dataclass(frozen=True, slots=True)
class DecodeCost:
    """Medians over interleaved rounds, CPU milliseconds of one thread per decoded frame."""

    floor_ms: float
    """PyAV decodes every frame, and that is all."""
    frames_ms: float
    """Every frame as a `Frame`, none converted."""
    sampled_ms: float
    """As `frames_ms`, and 5 frames per second scaled to 640 x 360 BGR."""
    sampled_floor_ms: float
    """As `floor_ms`, and the same pictures scaled by one reused swscale context."""
    frames_over_floor: float
    sampled_over_floor: float


def measure_decode(
    path: Path,
    *,
    num_frames: int = 300,
    num_rounds: int = 7,
    timer_s: Callable[[], float] = time.thread_time,
) -> DecodeCost:
    """Time the first `num_frames` frames of a recording in `num_rounds` interleaved rounds.

    Raises:
        NotAVideoError, SourceError: as `FileSource.connect`.
    """
    source = FileSource(path, "bench", 0, content_sha256="0" * 64)
    source.connect().close()
    steps: dict[str, Callable[[], None]] = {
        "floor": lambda: _decode(path, num_frames, scale=False),
        "frames": lambda: _read(source, num_frames, scale=False),
        "sampled_floor": lambda: _decode(path, num_frames, scale=True),
        "sampled": lambda: _read(source, num_frames, scale=True),
    }
    times_ms: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(num_rounds):
        for name, step in steps.items():
            began_s = timer_s()
            step()
            times_ms[name].append((timer_s() - began_s) * 1000 / num_frames)
    median = {name: statistics.median(values) for name, values in times_ms.items()}
    # Neighbours in time are compared, so that what else the machine does weighs on both.
    over = {
        name: statistics.median(
            ours / floor for ours, floor in zip(times_ms[name], times_ms[below], strict=True)
        )
        for name, below in (("frames", "floor"), ("sampled", "sampled_floor"))
    }
    return DecodeCost(
        floor_ms=median["floor"],
        frames_ms=median["frames"],
        sampled_ms=median["sampled"],
        sampled_floor_ms=median["sampled_floor"],
        frames_over_floor=over["frames"],
        sampled_over_floor=over["sampled"],
    )


def _decode(path: Path, num_frames: int, *, scale: bool) -> None:
    width, height = ANALYSED_PX
    reformatter = av.video.reformatter.VideoReformatter()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.codec_context.thread_count = 1
        every = max(1, round(float(stream.average_rate or 25) / ANALYSE_FPS))
        for number, picture in enumerate(islice(container.decode(stream), num_frames)):
            if scale and number % every == 0:
                reformatter.reformat(
                    picture, width, height, "bgr24", interpolation="AREA", threads=1
                )


def _read(source: FileSource, num_frames: int, *, scale: bool) -> None:
    sampler = Sampler(ANALYSE_FPS)
    with source.connect() as connection:
        for frame in islice(connection, num_frames):
            if sampler.take(frame.stream_s) and scale:
                frame.picture.scaled_bgr(*ANALYSED_PX)


def main() -> None:
    """Print the cost of one file as JSON."""
    parser = argparse.ArgumentParser(description=measure_decode.__doc__)
    parser.add_argument("file", type=Path)
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    cost = measure_decode(given.file, num_frames=given.frames, num_rounds=given.rounds)
    print(json.dumps({name: round(value, 3) for name, value in asdict(cost).items()}))


if __name__ == "__main__":
    main()
