"""Two recordings of the same seconds, read as one camera."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest

from yanji.configs.errors import SourceError
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.fake import grey_picture
from yanji.ingest.file import FileSource
from yanji.ingest.frame import Frame, Run
from yanji.ingest.sample import Sampler
from yanji.ingest.twin_files import paired_frames
from yanji.ingest.twin_picture import TwinPicture

START_NS = 1_790_000_000_000_000_000


def frames(times_s: list[float], size: tuple[int, int], run: str) -> Iterator[Frame]:
    whole = Run(run, "K01", "file", run, START_NS, "", "00")
    for number, at_s in enumerate(times_s):
        yield Frame(whole, number, at_s, START_NS + round(at_s * 1e9), grey_picture(9, *size))


def paired(
    sub_s: list[float], main_s: list[float], main_size: tuple[int, int] = (192, 108)
) -> list[Frame]:
    return list(
        paired_frames(frames(sub_s, (64, 36), "sub"), frames(main_s, main_size, "main"), Sampler(5))
    )


def told(merged: list[Frame]) -> list[tuple[float, int, bool]]:
    return [(f.stream_s, f.number, not isinstance(f.picture, TwinPicture)) for f in merged]


def test_they_are_merged_in_order_of_time_into_the_small_one_s_run() -> None:
    merged = paired([0.0, 0.1, 0.2, 0.3, 0.4, 0.6], [0.0, 0.25, 0.5, 3.0])
    assert told(merged) == [
        (0.0, 0, False),
        (0.0, 0, True),
        (0.2, 2, False),
        (0.25, 2, True),
        (0.4, 4, False),
        (0.5, 4, True),
        (0.6, 5, False),
        (3.0, 5, True),
    ]
    assert {frame.run.run_id for frame in merged} == {"sub"}
    assert {(f.picture.width, f.picture.height) for f in merged} == {(192, 108)}
    assert [f.wall_ns - START_NS for f in merged] == [round(f.stream_s * 1e9) for f in merged]


def test_a_main_frame_stands_for_the_small_one_of_its_moment() -> None:
    assert told(paired([0.0, 0.2, 0.4, 0.6], [0.23, 0.37])) == [
        (0.0, 0, False),
        (0.23, 0, True),
        (0.37, 0, True),
        (0.6, 3, False),
    ]


def test_without_frames_of_one_of_the_two_the_other_decides() -> None:
    assert told(paired([0.0, 0.1, 0.2], [])) == [(0.0, 0, True), (0.2, 2, True)]
    assert paired([0.0, 0.2], [])[0].picture.width == 64
    assert paired([], [0.0, 1.0]) == []


def test_recordings_that_cannot_be_combined_are_refused() -> None:
    with pytest.raises(SourceError, match="64x36 and 192x144"):
        paired([0.0], [0.0], main_size=(192, 144))
    changing = itertools.chain(
        frames([0.0], (192, 108), "main"), frames([0.3], (256, 144), "other")
    )
    with pytest.raises(SourceError, match="changes its size"):
        list(paired_frames(frames([0.0, 0.2, 0.4], (64, 36), "sub"), changing, Sampler(5)))


def test_neither_is_read_further_ahead_than_needed() -> None:
    num_read = 0

    def counted() -> Iterator[Frame]:
        nonlocal num_read
        for frame in frames([0.0, 2.0, 4.0, 6.0], (192, 108), "main"):
            num_read += 1
            yield frame

    merged = paired_frames(frames([0.0, 1.0, 5.0], (64, 36), "sub"), counted(), Sampler(5))
    for _ in range(3):
        next(merged)
    assert num_read == 2


def test_real_files(make_clip) -> None:
    small = make_clip("small.mp4", size=(160, 96), num_frames=50)
    large = make_clip("large.mp4", size=(320, 192), num_frames=50)  # a key frame in 10
    with (
        FileSource(small, "K01", START_NS).connect() as sub,
        FileSource(large, "K01", START_NS, decode="key_frames").connect() as keys,
    ):
        merged = list(paired_frames(sub, keys, Sampler(5)))
    of_main = [frame for frame in merged if isinstance(frame.picture, AvPicture)]
    assert [frame.stream_s for frame in of_main] == pytest.approx([0, 0.4, 0.8, 1.2, 1.6])
    assert len(merged) == 10 + 5 - 4, "main frames stand for the small ones of their moments"
    assert {frame.run.source for frame in merged} == {"small.mp4"}
