"""Two recordings of one camera, small and large, read as a camera with a `detect_url` is."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace

from yanji.configs.errors import SourceError
from yanji.ingest.frame import Frame
from yanji.ingest.sample import Sampler
from yanji.ingest.twin_merge import SAME_S
from yanji.ingest.twin_picture import TwinPicture, misfit_of


def paired_frames(
    sub: Iterable[Frame], main_keys: Iterable[Frame], sampler: Sampler
) -> Iterator[Frame]:
    """Merge two recordings of the same seconds into the frames of one run, in order of time.

    Every sampled frame of the sub-stream comes in pixels of the main one, and every frame of
    `main_keys` too; of two at one time (`SAME_S`) the main one stands for both, except at the
    beginning. Neither recording is read further ahead than the merging needs.

    Args:
        sub: all frames of the small recording; the run and the frame numbers are theirs.
        main_keys: the key frames of the large one (`FileSource(..., decode="key_frames")`), begun
            at the same moment. A main frame has the number of the frame of `sub` before it.
        sampler: chooses among the frames of `sub`; a fresh one.

    Raises:
        SourceError: the sizes of the two cannot be combined, or change.
    """
    large = iter(main_keys)
    first = next(large, None)
    sampled = (frame for frame in sub if sampler.take(frame.stream_s))
    if first is None:
        yield from sampled
        return
    size = (first.picture.width, first.picture.height)
    waiting = itertools.chain([first], large)
    main = next(waiting, None)
    last: Frame | None = None
    shown_s = -SAME_S
    for frame in sampled:
        while last is not None and main is not None and main.stream_s < frame.stream_s + SAME_S:
            yield _joined(main, last, size)
            shown_s = main.stream_s
            main = next(waiting, None)
        misfit = misfit_of((frame.picture.width, frame.picture.height), size)
        if misfit:
            raise SourceError(misfit, hint="take two recordings of one camera and time")
        if last is not None and abs(frame.stream_s - shown_s) < SAME_S:
            continue
        last = frame
        yield replace(frame, picture=TwinPicture(frame.picture, *size))
    while last is not None and main is not None:
        yield _joined(main, last, size)
        main = next(waiting, None)


def _joined(main: Frame, last: Frame, size: tuple[int, int]) -> Frame:
    """Give a frame of the main recording a place in the run of the frame before it."""
    if (main.picture.width, main.picture.height) != size:
        raise SourceError(
            "the main recording changes its size", hint="cut it where its size changes"
        )
    stream_s = max(main.stream_s, last.stream_s)
    wall_ns = last.run.started_ns + round(stream_s * 1e9)
    return replace(main, run=last.run, number=last.number, stream_s=stream_s, wall_ns=wall_ns)
