"""Pictures that stand still or are black: found, recorded, and over with the first that moves."""

from __future__ import annotations

import random
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest

from yanji.ingest.array_picture import ArrayPicture
from yanji.ingest.av_picture import AvPicture
from yanji.ingest.capture import Capture
from yanji.ingest.fake import FakeClock, FakeSource, Play, grey_picture
from yanji.ingest.fake_footage import Scene, footage_of
from yanji.ingest.frame import Frame, Picture
from yanji.ingest.gap import CAUSES, Gap, cause_of
from yanji.ingest.run_cut import RunCut
from yanji.ingest.still import STILL_S, StillWatch, is_black, luma_of

STEP_S = 0.2
NOISE = np.random.default_rng(5).normal(0, 1, (16, 180, 320, 1))


def street(number: int, *, noise: float, shade: int = 90) -> np.ndarray:
    """A picture of one place, with the noise of a sensor."""
    image = np.full((180, 320, 3), shade, np.float32)
    image[80:] += 30
    return np.clip(image + noise * NOISE[number % 16], 0, 255).astype(np.uint8)


def decoded(images: list[np.ndarray], *, gop: int, crf: int) -> list[AvPicture]:
    """Send pictures through an encoder, as a camera does."""
    encoder = av.CodecContext.create("libx264", "w")
    encoder.height, encoder.width = images[0].shape[:2]
    encoder.pix_fmt, encoder.framerate, encoder.time_base = "yuv420p", 5, Fraction(1, 5)
    encoder.options = {"g": str(gop), "bf": "0", "preset": "veryfast", "crf": str(crf)}
    encoder.thread_count = 1
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    pictures = []
    for number, image in enumerate(images):
        frame = av.VideoFrame.from_ndarray(image, "bgr24")
        frame.pts, frame.time_base = number, Fraction(1, 5)
        for packet in encoder.encode(frame):
            pictures += decoder.decode(packet)
    for packet in encoder.encode(None):
        pictures += decoder.decode(packet)
    pictures += decoder.decode(None)
    return [AvPicture(picture) for picture in pictures]


def looks(pictures: list[Picture]) -> list[str]:
    watch = StillWatch()
    return [watch.add(picture, number * STEP_S) for number, picture in enumerate(pictures)]


def found_after_s(seen: list[str], look: str) -> float:
    return seen.index(look) * STEP_S


@pytest.mark.parametrize("crf", [23, 35])
def test_a_frozen_picture_is_told_from_a_quiet_night_by_its_noise(crf):
    num = round(62 / STEP_S)
    frozen = looks(decoded([street(0, noise=1)] * num, gop=10, crf=crf))
    assert STILL_S <= found_after_s(frozen, "still") <= 60
    quiet = looks(decoded([street(n, noise=1.5, shade=45) for n in range(num)], gop=10, crf=23))
    assert set(quiet) == {"moving"}


def test_a_stream_without_key_frames_is_judged_all_the_same():
    frozen = looks(decoded([street(0, noise=1)] * round(62 / STEP_S), gop=9999, crf=23))
    assert STILL_S <= found_after_s(frozen, "still") <= 60


def test_black_is_black_noise_and_all_and_a_dark_street_is_not():
    num = round(50 / STEP_S)
    covered = [ArrayPicture(street(n, noise=3, shade=0)[:80]) for n in range(num)]
    seen = looks(covered)
    assert found_after_s(seen, "black") <= 60
    lamp = street(0, noise=0, shade=0)
    lamp[60:70, 100:110] = 200
    assert not is_black(luma_of(ArrayPicture(lamp)))


def test_one_vehicle_ends_a_false_alarm_with_its_first_frame():
    watch = StillWatch()
    night = street(0, noise=0, shade=20)
    number = 0
    while watch.add(ArrayPicture(night), number * STEP_S) != "still":
        number += 1
    with_car = night.copy()
    with_car[100:124, 40:80] += 30  # 24 pixels high, little brighter than the road
    assert watch.add(ArrayPicture(with_car), (number + 1) * STEP_S) == "moving"


def test_a_burnt_in_clock_does_not_hide_a_frozen_picture():
    pictures = []
    for number in range(round(50 / STEP_S)):
        image = street(0, noise=1)
        image[4:18, 8:120] = 255 * (number % 2)
        pictures.append(ArrayPicture(image))
    assert found_after_s(looks(pictures), "still") <= 60


def test_passing_vehicles_keep_it_moving():
    pictures = []
    for number in range(round(120 / STEP_S)):
        image = street(0, noise=0)  # a rendered street: no noise at all
        if number % 150 < 10:
            image[90:120, 10 + number % 150 * 20 :][:, :60] = 200
        pictures.append(ArrayPicture(image))
    assert set(looks(pictures)) == {"moving"}


@pytest.mark.parametrize("name", ["yuv420p", "yuvj420p", "nv12", "yuv420p10le", "gray", "rgb24"])
def test_brightness_is_read_from_every_format(name):
    image = np.zeros((96, 160, 3), np.uint8)
    image[:, 80:] = 200
    frame = av.VideoFrame.from_ndarray(image, "bgr24").reformat(format=name)
    luma = AvPicture(frame).luma(8)
    assert luma.shape == (12, 20)
    assert luma.dtype == np.uint8
    assert luma[:, :9].max() < 20
    assert luma[:, 11:].min() > 170


def play(script: list[Play], num_wanted: int = 0) -> tuple[list[Frame], list[Gap], list[str]]:
    clock = FakeClock()
    source = FakeSource("K01", script, clock=clock)
    frames: list[Frame] = []
    gaps: list[Gap] = []
    states: list[str] = []

    def on_gap(gap: Gap) -> None:
        gaps.append(gap)
        states.append(capture.stats().state)

    capture = Capture(
        source,
        analyse_fps=5,
        on_frame=lambda frame: bool(frames.append(frame)),
        on_gap=on_gap,
        clock=clock,
        rng=random.Random(1),
    )
    capture.start()
    assert source.done.wait(20)
    assert capture.stop(5)
    return frames, gaps, states


class Freezing(FakeSource):
    """Moves for 10 s, stands still for 80 s, moves again."""

    def frame(self, run, number, interval_s, *, still=False):
        still = 250 <= number < 2250
        return super().frame(run, number, interval_s, still=still)


def test_a_still_picture_is_a_gap_and_the_camera_is_read_on():
    clock = FakeClock()
    source = Freezing("K01", [Play(2500)], clock=clock)
    frames: list[Frame] = []
    gaps: list[Gap] = []
    stats = []

    def on_gap(gap: Gap) -> None:
        gaps.append(gap)
        stats.append(capture.stats())

    capture = Capture(
        source,
        analyse_fps=5,
        on_frame=lambda frame: bool(frames.append(frame)),
        on_gap=on_gap,
        clock=clock,
    )
    capture.start()
    assert source.done.wait(20)
    assert capture.stop(5)
    opened, closed = gaps[:2]
    began_ns = 1_800_000_000_000_000_000
    assert (opened.cause, opened.to_ns) == ("still", None)
    assert (opened.from_ns - began_ns) / 1e9 == pytest.approx(10, abs=0.3)
    assert closed.from_ns == opened.from_ns
    assert (closed.to_ns - began_ns) / 1e9 == pytest.approx(90, abs=0.3)
    assert [one.state for one in stats[:2]] == ["still", "up"]
    assert "frozen" in stats[0].problem
    assert stats[1].problem == ""
    assert stats[1].num_frames == pytest.approx(2251, abs=6)  # read on meanwhile
    assert stats[0].fps_in == pytest.approx(25, rel=0.1)
    after = [frame for frame in frames if frame.wall_ns >= closed.to_ns]
    before = [frame for frame in frames if frame.wall_ns < closed.to_ns]
    assert {frame.run.run_id for frame in before} == {before[0].run.run_id}
    assert after[0].run.run_id != before[0].run.run_id
    assert (after[0].number, after[0].stream_s) == (0, 0.0)
    assert after[0].run.started_ns == after[0].wall_ns == closed.to_ns
    assert max(frame.wall_ns for frame in before) <= opened.from_ns + 46.1e9
    assert source.num_connects == 1


def test_a_camera_lost_while_still_has_one_gap():
    _, gaps, states = play([Play(1300, still=True), Play(3)])
    assert [(gap.cause, gap.to_ns is None) for gap in gaps[:2]] == [
        ("still", True),
        ("still", False),
    ]
    assert states[:2] == ["still", "up"]
    assert gaps[2].cause == "lost"


def test_the_footage_of_the_fake_camera_is_what_it_says():
    for show, expected in (("still", "still"), ("black", "black"), ("moving", "moving")):
        footage = footage_of(Scene(show=show))
        decoder = av.CodecContext.create("h264", "r")
        pictures: list[Picture] = []
        for unit in footage.units * 26:
            data = b"".join(b"\0\0\0\1" + nal for nal in unit.nals)
            pictures += [AvPicture(one) for one in decoder.decode(av.Packet(data))]
        assert looks(pictures[::5])[-1] == expected


def test_cut_runs_leave_whole_ones_alone():
    source = FakeSource("K01", [], clock=FakeClock())
    frame = source.frame(source.run(0), 7, 0.04)
    cut = RunCut()
    assert not cut.is_due(frame)
    assert cut.apply(frame) is frame
    assert grey_picture(10) is grey_picture(10)


def test_causes():
    assert cause_of("silent") == "silent"
    assert cause_of("something else") == "lost"
    assert len(set(CAUSES)) == len(CAUSES)


class Encoded(FakeSource):
    """Plays pictures that went through an encoder."""

    def __init__(self, pictures: list[AvPicture], clock: FakeClock) -> None:
        super().__init__("K01", [Play(len(pictures))], clock=clock)
        self.pictures = pictures

    def frame(self, run, number, interval_s, *, still=False):
        frame = super().frame(run, number, interval_s)
        return replace(frame, picture=self.pictures[number])


def test_key_frames_are_looked_at_though_none_is_sampled():
    clock = FakeClock()
    pictures = decoded([street(0, noise=1)] * (60 * 25), gop=33, crf=35)
    source = Encoded(pictures, clock)
    gaps: list[Gap] = []
    capture = Capture(
        source, analyse_fps=5, on_frame=lambda frame: False, on_gap=gaps.append, clock=clock
    )
    capture.start()
    assert source.done.wait(30)
    assert capture.stop(5)
    assert gaps[0].cause == "still"
    assert capture.stats().num_analysed == pytest.approx(5 * 49, abs=15)
