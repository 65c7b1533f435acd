"""What is not decoded costs nothing; what is decoded keeps its time."""

from __future__ import annotations

import itertools
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
import pytest

from yanji.ingest.av_picture import AvPicture
from yanji.ingest.decode_mode import KEY_FRAME_WAIT_S, DecodeMode
from yanji.ingest.fake_camera import FakeCamera, Script
from yanji.ingest.fake_footage import Scene
from yanji.ingest.file import FileSource
from yanji.ingest.recording import open_recording
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.rtsp_connection import RtspLimits
from yanji.ingest.testcity.demo_data import clips_folder

FPS, GOP, NUM = 25, 25, 100


def recording(path: Path, num_b_frames: int) -> Path:
    with av.open(str(path), "w") as container:
        options = {"g": str(GOP), "bf": str(num_b_frames), "b_strategy": "0", "sc_threshold": "0"}
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
        for number in range(NUM):
            frame = av.VideoFrame(160, 96, "yuv420p")
            for plane in frame.planes:
                plane.update(bytes([number * 2 % 256]) * plane.buffer_size)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def times_s(path: Path, mode: DecodeMode) -> list[float]:
    with open_recording(path, "K01", 0, decode=mode).connect() as connection:
        times = [frame.stream_s for frame in connection]
        assert not connection.truncated, "left out is not missing"
        assert connection.num_broken == 0
    return times


def test_key_frames_keep_their_times(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mp4", 0)
    assert times_s(path, "key_frames") == pytest.approx([0, 1, 2, 3])
    assert len(times_s(path, "all")) == NUM


def test_without_b_frames_a_third_is_left_and_a_stream_without_any_is_whole(
    tmp_path: Path,
) -> None:
    with_b = times_s(recording(tmp_path / "b.mp4", 2), "no_b_frames")
    assert NUM / 3 <= len(with_b) < NUM / 2
    assert with_b == sorted(with_b)
    assert with_b[-1] > 3.8
    assert len(times_s(recording(tmp_path / "a.mp4", 0), "no_b_frames")) == NUM


def luma(path: Path, mode: DecodeMode, number: int) -> npt.NDArray[np.int16]:
    with FileSource(path, "K01", 0, decode=mode).connect() as connection:
        frame = next(itertools.islice(connection, number, None))
    assert isinstance(frame.picture, AvPicture)
    return frame.picture.luma(1).astype(np.int16)


def test_fast_gives_all_frames_a_little_coarser() -> None:
    clip = clips_folder() / "K01.mp4"
    with FileSource(clip, "K01", 0, decode="fast").connect() as connection:
        num_fast = sum(1 for _ in itertools.islice(connection, 50))
    assert num_fast == 50
    wrong = luma(clip, "fast", 40) - luma(clip, "all", 40)
    assert np.abs(wrong).max() > 0, "the loop filter was not left out"
    assert np.sqrt((wrong.astype(float) ** 2).mean()) < 5


def test_a_cut_recording_is_still_cut_when_frames_are_left_out(tmp_path: Path) -> None:
    path = recording(tmp_path / "a.mkv", 0)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    with FileSource(path, "K01", 0, decode="key_frames").connect() as connection:
        assert 1 < len(list(connection)) < 4


def test_a_live_camera_gives_its_key_frames_only() -> None:
    with (
        FakeCamera(Script(scene=Scene(gop=10))) as camera,
        RtspSource("K01", camera.url(), decode="key_frames").connect() as connection,
    ):
        frames = list(itertools.islice(connection, 4))
    assert all(isinstance(frame.picture, AvPicture) and frame.picture.is_key for frame in frames)
    steps = [later.stream_s - one.stream_s for one, later in itertools.pairwise(frames)]
    assert steps == pytest.approx([0.4] * 3, abs=0.002)


def test_a_camera_of_key_frames_is_waited_for_longer() -> None:
    def silence_s(mode: DecodeMode, limits: RtspLimits | None = None) -> float:
        source = RtspSource("K01", "rtsp://10.0.0.1/a", decode=mode, limits=limits)
        return source._limits.silence_s

    assert silence_s("all") == silence_s("no_b_frames") == RtspLimits().silence_s
    assert silence_s("key_frames") == KEY_FRAME_WAIT_S
    assert silence_s("key_frames", RtspLimits(silence_s=60)) == 60


@pytest.mark.parametrize("num_b_frames", [0, 2])
def test_a_live_key_frame_does_not_wait_for_the_next_ones(num_b_frames: int) -> None:
    """A decoder of B-frames holds a picture back for two more; here that would be two seconds."""
    scene = Scene(gop=GOP, num_b_frames=num_b_frames)
    with FakeCamera(Script(scene=scene)) as camera:
        source = RtspSource("K01", camera.url(), decode="key_frames")
        with source.connect() as connection:
            frames = list(itertools.islice(connection, 3))
            behind = camera.num_frames - 2 * GOP
    assert behind < GOP / 2, "frames sent since the third key frame"
    assert all(isinstance(f.picture, AvPicture) and f.picture.is_key for f in frames)
    steps_s = [b.stream_s - a.stream_s for a, b in itertools.pairwise(frames)]
    assert steps_s == pytest.approx([1, 1], abs=0.15)
    assert connection.num_broken == 0
