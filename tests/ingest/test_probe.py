"""What is measured of a live camera, and what is advised."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from yanji.configs.errors import LostError, UnreachableError
from yanji.ingest.clock import SystemClock
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_footage import Scene
from yanji.ingest.probe import Probe, probe
from yanji.ingest.probe_advice import advice_on
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits

GOOD = Probe(
    codec="h264",
    profile="High",
    width=1920,
    height=1080,
    num_frames=150,
    num_broken=0,
    measured_s=6.0,
    fps=25.0,
    arrived_fps=25.0,
    told_fps=25.0,
    key_interval_s=2.0,
    num_key_frames=3,
    has_b_frames=False,
    is_black=False,
    kbit_per_s=4000.0,
    first_picture_s=0.4,
    spread_s=0.05,
    camera_ahead_s=-0.2,
)


@pytest.fixture
def camera() -> Iterator[FakeCamera]:
    with FakeCamera() as made:
        yield made


def probed(camera: FakeCamera, seconds: float = 2.0) -> Probe:
    source = RtspSource("probe", camera.url(), limits=RtspLimits(open_s=2, read_s=1, silence_s=2))
    return probe(source.connect, seconds, SystemClock())[0]


def codes(found: Probe) -> list[str]:
    return [advice.code for advice in advice_on(found)]


def test_a_stream_is_measured(camera):
    camera.script.scene = Scene(gop=10, fps=20, num_frames=40)
    camera.script.clock_ahead_s = 90.0
    found = probed(camera)
    assert (found.codec, found.width, found.height) == ("h264", 160, 96)
    assert found.fps == pytest.approx(20, rel=0.02)
    assert found.key_interval_s == pytest.approx(0.5, abs=0.02)
    assert found.num_broken == 0
    assert not found.has_b_frames
    assert not found.is_black
    assert found.camera_ahead_s == pytest.approx(90, abs=1.5)
    assert found.first_picture_s > 0
    assert found.kbit_per_s > 1
    assert "clock" in codes(found)


def test_bytes_are_those_of_the_stream(camera):
    scene = camera.script.scene = Scene(gop=10, num_frames=20)
    from yanji.ingest.fake_footage import footage_of

    loop = sum(len(nal) + 4 for unit in footage_of(scene).units for nal in unit.nals)
    found = probed(camera)
    assert found.kbit_per_s == pytest.approx(loop * 8 / 1000 / (20 / 25), rel=0.2)


def test_b_frames_and_another_codec_are_seen(camera):
    camera.script.scene = Scene(num_b_frames=2, gop=25)
    assert probed(camera, 1.0).has_b_frames
    camera.script.scene = Scene(codec="hevc")
    assert probed(camera, 0.5).codec == "hevc"


def test_rare_key_frames_are_seen(camera):
    camera.script.scene = Scene(gop=100, num_frames=100)
    found = probed(camera, 3.0)
    assert found.key_interval_s is None
    assert "key_frames" in codes(found)


def test_black_is_seen(camera):
    camera.script.scene = Scene(show="black")
    found = probed(camera, 0.5)
    assert found.is_black
    assert "black" in codes(found)


def test_what_cannot_be_read_is_an_error_of_the_source(camera):
    camera.script.mode = "redirect"
    camera.script.elsewhere = "rtsp://192.0.2.1/other"
    with pytest.raises(UnreachableError, match="another address"):
        probed(camera)
    camera.script.mode = "play"
    camera.script.ends_after = 20
    with pytest.raises(LostError):
        probed(camera, 5.0)


def test_a_camera_that_is_set_well_gets_no_advice():
    assert advice_on(GOOD) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"num_broken": 3}, "damaged"),
        ({"arrived_fps": 12.0}, "late"),
        ({"fps": 3.0, "arrived_fps": 3.0}, "few_frames"),
        ({"key_interval_s": 4.0}, "key_frames"),
        ({"key_interval_s": None, "num_key_frames": 1}, "key_frames"),
        ({"camera_ahead_s": -30.0}, "clock"),
        ({"spread_s": 0.9}, "uneven"),
        ({"has_b_frames": True}, "b_frames"),
        ({"codec": "hevc"}, "hevc"),
        ({"codec": "mjpeg"}, "codec"),
        ({"width": 3840, "height": 2160}, "large"),
        ({"is_black": True}, "black"),
    ],
)
def test_what_is_not_set_well_is_named(change, code):
    found = advice_on(replace(GOOD, **change))
    assert [advice.code for advice in found] == [code]
    assert found[0].sentence.endswith(".")


@pytest.mark.parametrize(
    "change",
    [
        {"fps": None, "arrived_fps": None, "spread_s": None},
        {"height": 1088},
        {"key_interval_s": None, "num_key_frames": 1, "measured_s": 2.0},
        {"camera_ahead_s": None},
    ],
)
def test_what_is_not_known_is_not_complained_of(change):
    assert advice_on(replace(GOOD, **change)) == []
