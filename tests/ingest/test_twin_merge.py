"""Two streams become one run: order, time, size, and what is not combined."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import pytest

from yanji.ingest.fake import grey_picture
from yanji.ingest.frame import Frame, Run
from yanji.ingest.twin_merge import (
    KEPT_WITHOUT_SIZE,
    MOST_HOLD_S,
    MOST_LATE_S,
    SIZE_WAIT_S,
    TwinMerge,
)
from yanji.ingest.twin_picture import TwinPicture

START_NS = 1_800_000_000_000_000_000
SUB, MAIN = (64, 36), (192, 108)


def ns(seconds: float) -> int:
    return START_NS + round(seconds * 1e9)


def run_of(name: str, at_s: float = 0.0) -> Run:
    return Run(name, "K01", "rtsp", "rtsp://camera/", ns(at_s), "boot", None)


def frame_at(
    at_s: float, size: tuple[int, int], run: str = "sub", from_s: float = 0.0, step_s: float = 0.2
) -> Frame:
    return Frame(
        run=run_of(run, from_s),
        number=round((at_s - from_s) / step_s),
        stream_s=at_s - from_s,
        wall_ns=ns(at_s),
        picture=grey_picture(90, *size),
    )


class Merged:
    """A merge with what it handed on."""

    def __init__(self, dropping: bool = False) -> None:
        self.frames: list[Frame] = []
        self._dropping = dropping
        self.merge = TwinMerge(self._take)

    def _take(self, frame: Frame) -> bool:
        self.frames.append(frame)
        return self._dropping

    def sub(self, at_s: float, **wanted: object) -> None:
        self.merge.take_sub(frame_at(at_s, SUB, **wanted))  # type: ignore[arg-type]

    def main(
        self, at_s: float, now_s: float, size: tuple[int, int] = MAIN, ahead_s: float = 0.0
    ) -> None:
        frame = frame_at(at_s, size, run="main", from_s=-3.3, step_s=2.0)
        self.merge.take_main(frame, ns(now_s), ahead_s)

    def times_s(self) -> list[tuple[float, bool]]:
        """Stream times of what was handed on; with each, whether it is of the main stream."""
        return [
            (round(frame.stream_s, 3), not isinstance(frame.picture, TwinPicture))
            for frame in self.frames
        ]


def started() -> Merged:
    """A merge that knows the main stream's size and has handed on a first frame."""
    merged = Merged()
    merged.main(0.0, 0.0)
    merged.sub(0.0)
    return merged


def assert_orderly(frames: list[Frame]) -> None:
    for before, after in itertools.pairwise(frames):
        if before.run.run_id == after.run.run_id:
            assert after.stream_s >= before.stream_s
            assert after.wall_ns >= before.wall_ns
            assert after.number >= before.number
            assert (after.picture.width, after.picture.height) == (
                before.picture.width,
                before.picture.height,
            )


def test_a_main_frame_takes_its_place_in_the_run_of_the_sub_stream() -> None:
    merged = started()
    merged.sub(0.2)
    merged.main(0.3, now_s=0.2)
    merged.sub(0.4)
    merged.sub(0.6)
    assert merged.times_s() == [(0, False), (0.2, False), (0.3, True), (0.4, False), (0.6, False)]
    assert {frame.run for frame in merged.frames} == {run_of("sub")}
    main = merged.frames[2]
    assert (main.number, main.wall_ns) == (1, ns(0.3))
    assert {(f.picture.width, f.picture.height) for f in merged.frames} == {MAIN}
    assert merged.merge.counts.num_main == 1
    assert merged.merge.problem == ""


def test_a_main_frame_stands_for_the_small_one_of_its_moment() -> None:
    merged = started()
    merged.main(0.22, now_s=0.1)  # before the small one of 0.2 came
    for now_s in (0.2, 0.4):
        merged.sub(now_s)
    merged.main(0.63, now_s=0.5)
    for now_s in (0.6, 0.8):
        merged.sub(now_s)
    assert merged.times_s() == [(0, False), (0.22, True), (0.4, False), (0.63, True), (0.8, False)]
    assert_orderly(merged.frames)


def test_small_frames_wait_as_long_as_main_frames_come_late() -> None:
    merged = started()
    for now_s in (0.2, 0.4):
        merged.sub(now_s)
    merged.main(0.2, now_s=0.45)  # the first: nobody waited for it
    assert len(merged.frames) == 3
    merged.sub(0.6)
    merged.sub(0.8)
    # It is as late as before: two small frames that were filmed after it have waited.
    merged.main(0.55, now_s=0.82)
    merged.sub(1.0)
    merged.sub(1.2)
    assert merged.times_s() == [
        (0, False),
        (0.2, False),
        (0.4, False),
        (0.4, True),  # right after the last one
        (0.55, True),
        (0.6, False),
        (0.8, False),
    ]
    assert_orderly(merged.frames)


def test_a_frame_that_nobody_samples_still_lets_time_pass() -> None:
    merged = started()
    merged.main(0.1, now_s=0.3)
    merged.sub(0.4)
    assert len(merged.frames) == 2
    merged.merge.pass_time(ns(0.9))  # decoded, and not analysed
    assert merged.times_s()[-1] == (0.4, False)


@pytest.mark.parametrize(("lag_s", "told"), [(2.5, "2.5 s behind"), (-2.5, "2.5 s ahead")])
def test_a_main_stream_with_a_time_of_its_own_is_not_used_and_told(lag_s: float, told: str) -> None:
    merged = started()
    merged.sub(5.0)
    merged.main(5.0 - lag_s, now_s=5.0)
    merged.sub(8.0)
    assert [is_main for _, is_main in merged.times_s()] == [False] * 3
    assert told in merged.merge.problem
    assert merged.merge.counts.num_misplaced == 1
    merged.main(8.1, now_s=8.1)
    merged.sub(9.0)
    assert merged.merge.problem == ""
    assert merged.times_s()[-1] == (8.1, True)


def test_one_that_is_a_second_late_is_waited_for_from_the_second_on() -> None:
    merged = started()
    late_s = MOST_LATE_S + 0.3
    for step in range(1, 40):
        now_s = step * 0.2
        merged.sub(now_s)
        if step % 10 == 0:
            merged.main(now_s - late_s, now_s)
    assert merged.merge.counts.num_misplaced == 1
    assert merged.merge.counts.num_main == 2
    assert_orderly(merged.frames)
    stream_s = [at_s for at_s, is_main in merged.times_s() if is_main]
    assert stream_s == pytest.approx([4.0 - late_s, 6.0 - late_s])


def test_the_camera_s_own_clock_moves_a_main_frame() -> None:
    merged = started()
    merged.sub(0.2)
    merged.main(0.5, now_s=0.2, ahead_s=-0.2)
    merged.sub(0.4)
    merged.sub(0.6)
    assert merged.times_s()[2] == (0.3, True)


def test_frames_wait_for_the_size_but_not_for_long() -> None:
    merged = Merged()
    for step in range(10):
        merged.sub(step * 0.2)
    assert merged.frames == []
    merged.main(1.9, now_s=1.8)
    merged.merge.pass_time(ns(1.84))
    assert len(merged.frames) == KEPT_WITHOUT_SIZE
    assert merged.frames[0].picture.width == MAIN[0]
    merged.sub(2.0)
    assert merged.times_s() == [(1.6, False), (1.8, False), (1.9, True), (2.0, False)]

    alone = Merged()
    for step in range(round(SIZE_WAIT_S / 0.2) + 2):
        alone.sub(step * 0.2)
    # The one that ends the wait, the one before it, and the next.
    assert len(alone.frames) == KEPT_WITHOUT_SIZE + 1
    assert {frame.picture.width for frame in alone.frames} == {SUB[0]}


def test_a_main_stream_that_fails_first_is_not_waited_for_and_begins_a_new_run_later() -> None:
    merged = Merged()
    merged.merge.give_up_main()
    merged.sub(0.0)
    merged.sub(0.2)
    assert [frame.picture.width for frame in merged.frames] == [SUB[0]] * 2
    merged.main(0.3, now_s=0.3)
    merged.sub(0.4)
    merged.main(0.5, now_s=0.5)
    merged.sub(0.6)
    merged.sub(0.8)
    first, second = run_of("sub").run_id, merged.frames[2].run.run_id
    assert second != first
    assert [frame.run.run_id for frame in merged.frames] == [first] * 2 + [second] * 3
    assert merged.times_s()[2:] == [(0.0, False), (0.1, True), (0.2, False)]
    assert merged.frames[2].run.started_ns == ns(0.4)
    assert [frame.wall_ns for frame in merged.frames[2:]] == [ns(0.4), ns(0.5), ns(0.6)]
    assert_orderly(merged.frames)


def test_a_new_size_of_the_main_stream_begins_a_new_run() -> None:
    merged = started()
    merged.sub(0.2)
    merged.main(0.3, now_s=0.3, size=(256, 144))
    merged.sub(0.4)
    merged.main(0.5, now_s=0.5, size=(256, 144))
    merged.sub(0.6)
    merged.sub(0.8)
    assert [frame.picture.width for frame in merged.frames] == [192, 192, 256, 256, 256]
    assert len({frame.run.run_id for frame in merged.frames}) == 2
    assert_orderly(merged.frames)


@pytest.mark.parametrize("size", [(192, 144), (64, 36), (32, 18)])
def test_streams_that_do_not_fit_are_not_combined(size: tuple[int, int]) -> None:
    merged = Merged()
    merged.main(0.0, 0.0, size=size)
    merged.sub(0.0)
    merged.main(0.1, 0.1, size=size)
    merged.sub(0.2)
    assert [frame.picture for frame in merged.frames] == [grey_picture(90, *SUB)] * 2
    assert f"64x36 and {size[0]}x{size[1]}" in merged.merge.problem
    # Somebody corrects the camera.
    merged.main(0.3, 0.3)
    merged.sub(0.4)
    assert merged.merge.problem == ""
    assert merged.frames[-1].picture.width == MAIN[0]
    assert merged.frames[-1].run != merged.frames[0].run


def test_nothing_follows_the_end_of_a_run_but_the_next_run() -> None:
    merged = started()
    merged.main(0.1, now_s=0.4)
    merged.sub(0.4)
    assert len(merged.frames) == 1
    merged.merge.end_run()
    assert len(merged.frames) == 3  # what waited came before the end
    merged.main(5.0, now_s=0.4)
    merged.merge.pass_time(ns(9.0))
    assert len(merged.frames) == 3
    merged.sub(9.0, run="second", from_s=9.0)
    merged.main(9.1, now_s=9.1)
    merged.merge.pass_time(ns(11))
    assert [frame.run.run_id for frame in merged.frames[3:]] == ["second", "second"]
    assert merged.times_s()[3:] == [(0.0, False), (0.1, True)]


def test_a_main_frame_from_before_a_run_is_placed_at_its_begin() -> None:
    merged = started()
    merged.merge.end_run()
    merged.sub(9.0, run="second", from_s=9.0)
    merged.main(8.8, now_s=9.0)
    merged.merge.pass_time(ns(11))
    assert merged.times_s()[1:] == [(0.0, False), (0.0, True)]
    assert merged.frames[-1].wall_ns == ns(9.0)


def test_dropped_frames_are_counted() -> None:
    merged = Merged(dropping=True)
    merged.main(0.0, 0.0)
    for step in range(3):
        merged.sub(step * 0.2)
    assert merged.merge.counts.num_frames == merged.merge.counts.num_dropped == 3


@pytest.mark.parametrize("seed", range(8))
def test_whatever_arrives_time_does_not_fall_within_a_run(seed: int) -> None:
    rng = random.Random(seed)
    merged = Merged()
    now_s, begin_s, name = 0.0, 0.0, "r0"
    for step in range(600):
        now_s += rng.choice([0.04, 0.2, 0.2, 1.0])
        event = rng.random()
        if event < 0.02:
            merged.merge.end_run()
            begin_s, name = now_s, f"r{step}"
        elif event < 0.3:
            size = MAIN if rng.random() < 0.95 else (256, 144)
            merged.main(now_s - rng.uniform(-3, 3), now_s, size)
        elif event < 0.9:
            merged.sub(now_s, run=name, from_s=begin_s)
        else:
            merged.merge.pass_time(ns(now_s))
    merged.merge.end_run()
    assert merged.merge.counts.num_main > 20
    assert_orderly(merged.frames)
    # No run comes back once another began, and nothing waits longer than it may.
    order = [frame.run.run_id for frame in merged.frames]
    assert len(set(order)) == sum(a != b for a, b in zip([None, *order], order, strict=False))
    assert MOST_HOLD_S + MOST_LATE_S < 2.0


def test_a_frame_is_not_changed_but_for_its_place() -> None:
    merged = started()
    shown = frame_at(0.2, SUB)
    merged.merge.take_sub(shown)
    merged.merge.end_run()
    (_, handed) = merged.frames
    assert isinstance(handed.picture, TwinPicture)
    assert handed.picture.small is shown.picture
    assert replace(handed, picture=shown.picture) == shown
