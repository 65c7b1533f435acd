"""A film played by the fake camera: its own packets, in a loop, with stamps that only rise."""

from __future__ import annotations

import itertools
import threading
from pathlib import Path

import av
import numpy as np
import pytest

from yanji.configs.errors import NotAVideoError
from yanji.ingest.credentials import Credentials
from yanji.ingest.fake_camera import FakeCamera
from yanji.ingest.fake_camera_process import fake_camera_process
from yanji.ingest.fake_film import Film, film_footage
from yanji.ingest.fake_footage import Scene
from yanji.ingest.fake_script import Script
from yanji.ingest.frame import Frame
from yanji.ingest.rtsp import RtspSource
from yanji.ingest.testcity.demo_data import clip_path

SHOWN = pytest.mark.parametrize("num_b_frames", [0, 2])


def written(path: Path, *, num_frames: int = 12, gop: int = 4, num_b_frames: int = 0) -> Path:
    """A film of `num_frames` at 25 a second, each brighter than the one before by 16."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.thread_count = 1
        stream.options = {"g": str(gop), "bf": str(num_b_frames), "sc_threshold": "0", "qp": "10"}
        for number in range(num_frames):
            image = np.full((48, 64, 3), 30 + 16 * number, np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        out.mux(stream.encode(None))
    return path


def seen(script: Script, num_frames: int) -> tuple[list[Frame], list[int]]:
    """Frames of one connection, and the number that each one's brightness stands for."""
    with FakeCamera(script) as camera, RtspSource("K01", camera.url()).connect() as connection:
        frames, numbers = [], []
        for frame in itertools.islice(connection, num_frames):
            frames.append(frame)
            numbers.append(round((float(frame.picture.bgr().mean()) - 30) / 16))
        assert connection.num_broken == 0
    return frames, numbers


@SHOWN
def test_a_film_loops_in_its_own_order_and_time_only_rises(tmp_path, num_b_frames):
    film = Film(written(tmp_path / "望江门 1.mp4", num_b_frames=num_b_frames))
    frames, numbers = seen(Script(scene=film), 40)
    assert numbers == [number % 12 for number in range(40)]
    steps = [after.stream_s - before.stream_s for before, after in itertools.pairwise(frames[3:])]
    assert steps == pytest.approx([0.04] * len(steps), abs=0.002)
    assert len({frame.run.run_id for frame in frames}) == 1


def test_a_film_begins_where_it_is_told_at_a_key_frame(tmp_path):
    path = written(tmp_path / "film.mp4")
    for from_s, first in ((0.0, 0), (0.1, 4), (0.16, 4), (0.2, 8), (0.4, 0)):
        _, numbers = seen(Script(scene=Film(path, from_s)), 14)
        assert numbers == [(first + number) % 12 for number in range(14)], from_s


def test_the_packets_are_those_of_the_file_as_they_are():
    path = clip_path("K01")
    footage = film_footage(Film(path))
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        sizes = [packet.size for packet in packets]
    assert len(footage.units) == len(sizes)
    assert footage.duration_s == pytest.approx(50.0)
    for unit, size in zip(footage.units, sizes, strict=True):
        # The parameter sets before key frames are what is added.
        added = sum(len(nal) + 4 for nal in unit.nals if nal[0] & 31 in (7, 8))
        assert sum(len(nal) + 4 for nal in unit.nals) - added == size
        assert bool(added) == unit.is_key


def test_another_scene_is_shown_from_the_next_key_frame_and_the_film_after_it():
    film = Film(clip_path("K01"))  # of 50 s, a key frame every 2 s
    script = Script(scene=film)
    with FakeCamera(script) as camera, RtspSource("K01", camera.url()).connect() as connection:
        frames = iter(connection)
        before = [next(frames) for _ in range(5)]
        script.scene = Scene(width=192, height=128, gop=5)
        after = next(frame for frame in frames if frame.picture.width == 192 or frame.stream_s > 4)
        assert after.picture.width == 192
        assert after.stream_s > before[-1].stream_s
        script.scene = film
        back = next(frame for frame in frames if frame.picture.width == 960 or frame.stream_s > 8)
        assert back.picture.width == 960
        assert back.stream_s > after.stream_s


def test_a_process_plays_a_film_and_its_password_is_no_argument(tmp_path):
    film = Film(written(tmp_path / "film.mp4"))
    with fake_camera_process(film, password=("root", "Canary")) as (port, process):
        arguments = Path(f"/proc/{process.pid}/cmdline").read_bytes()
        environment = Path(f"/proc/{process.pid}/environ").read_bytes()
        assert b"Canary" not in arguments + environment
        source = RtspSource("K01", f"rtsp://127.0.0.1:{port}/1", Credentials("root", "Canary"))
        with source.connect() as connection:
            assert next(iter(connection)).picture.width == 64


def test_what_is_no_film_is_told_in_a_sentence(tmp_path, make_clip):
    text = tmp_path / "film.mp4"
    text.write_text("no film")
    mpeg4 = tmp_path / "other.mp4"
    with av.open(str(mpeg4), "w") as out:
        stream = out.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode(None))
    sound = make_clip("sound.mp4", sound=True, picture=False)
    for path in (text, mpeg4, sound, tmp_path / "missing.mp4"):
        with pytest.raises(NotAVideoError) as caught:
            film_footage(Film(path))
        assert path.name in caught.value.message
        assert caught.value.hint


def test_playing_costs_no_thread_that_stays(tmp_path):
    film = Film(written(tmp_path / "film.mp4"))
    threads = threading.active_count()
    seen(Script(scene=film), 3)
    assert threading.active_count() <= threads
