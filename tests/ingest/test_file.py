"""Recordings: the same contract for both decoders, then what only PyAV's can do."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from yanji.configs.errors import NotAVideoError, SourceError
from yanji.ingest.content import file_sha256
from yanji.ingest.file import FileSource
from yanji.ingest.frame import run_id_of
from yanji.ingest.opencv_file import OpenCvFileSource
from yanji.ingest.recording import open_recording

START_NS = 1_790_000_000_000_000_000
both = pytest.mark.parametrize("kind", [FileSource, OpenCvFileSource])


@both
def test_frames_are_numbered_timed_and_of_one_run(kind, make_clip):
    path = make_clip(num_frames=30)
    with kind(path, "K01", START_NS).connect() as connection:
        frames = list(connection)
        assert [frame.number for frame in frames] == list(range(30))
        assert [frame.stream_s for frame in frames] == pytest.approx([n / 25 for n in range(30)])
        assert [frame.wall_ns - START_NS for frame in frames] == [n * 40_000_000 for n in range(30)]
        assert {frame.run for frame in frames} == {connection.run}
        assert not connection.truncated
        assert connection.num_broken == 0
        assert connection.duration_s == pytest.approx(1.2)
    run = connection.run
    assert run.run_id == run_id_of(file_sha256(path), "K01", START_NS)
    assert (run.kind, run.source, run.camera_id) == ("file", "clip.mp4", "K01")
    connection.close()


@both
@pytest.mark.parametrize(
    ("turn", "corner"), [(None, (0, 0)), (90, (1, 0)), (180, (1, 1)), (270, (0, 1)), (-90, (0, 1))]
)
def test_pictures_are_upright(kind, make_clip, turn, corner):
    path = make_clip(num_frames=2, rotation_deg=turn)
    with kind(path, "K01", START_NS).connect() as connection:
        picture = next(iter(connection)).picture
    upright = (96, 160) if turn in (90, 270, -90) else (160, 96)
    assert (picture.width, picture.height) == upright
    full, small = picture.bgr(), picture.scaled_bgr(upright[0] // 2, upright[1] // 2)
    for image, scale in ((full, 1), (small, 2)):
        assert image.shape == (upright[1] // scale, upright[0] // scale, 3)
        assert image.dtype == np.uint8
        assert image.flags.c_contiguous
        rows, columns = image.shape[0] // 2, image.shape[1] // 2
        red_row, red_column = corner
        quarter = image[
            red_row * rows + 6 : (red_row + 1) * rows - 6,
            red_column * columns + 6 : (red_column + 1) * columns - 6,
        ]
        blue, _, red = quarter.reshape(-1, 3).mean(axis=0)
        assert red > 180
        assert blue < 60


@both
@pytest.mark.parametrize("name", ["clip.mkv", "clip.avi", "clip.ts", "clip.mov", "路口 東.mp4"])
def test_containers_and_names(kind, make_clip, name):
    with kind(make_clip(name, num_frames=12), "K01", START_NS).connect() as connection:
        frames = list(connection)
        assert len(frames) == 12
        assert frames[-1].stream_s == pytest.approx(11 / 25, abs=0.002)
        assert not connection.truncated


@both
def test_what_is_no_video_says_so(kind, make_clip, tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("nothing to see here\n" * 500)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    only_sound = make_clip("sound.mp4", picture=False, sound=True)
    cut = tmp_path / "cut.mp4"
    cut.write_bytes(make_clip().read_bytes()[:1500])
    for path in (text, empty, only_sound, cut):
        with pytest.raises(NotAVideoError) as caught:
            kind(path, "K01", START_NS).connect()
        assert str(path) in caught.value.message
        assert caught.value.hint


@both
def test_lists_of_files_are_refused(kind, make_clip, tmp_path):
    clip = make_clip("clip.ts", num_frames=50)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2,\n{clip}\n#EXT-X-ENDLIST\n"
    for name, text in (
        ("list.m3u8", playlist),
        ("list.mp4", playlist),
        ("concat.mp4", f"ffconcat version 1.0\nfile '{clip.name}'\n"),
    ):
        path = tmp_path / name
        path.write_text(text)
        with pytest.raises(NotAVideoError):
            kind(path, "K01", START_NS).connect()


@both
def test_unreadable_paths_say_what_is_wrong(kind, tmp_path):
    with pytest.raises(SourceError, match="no file"):
        kind(tmp_path / "none.mp4", "K01", START_NS).connect()
    with pytest.raises(SourceError, match="is a folder"):
        kind(tmp_path, "K01", START_NS).connect()
    with pytest.raises(SourceError, match="not a regular file"):
        kind(Path("/dev/null"), "K01", START_NS).connect()


def test_no_permission(make_clip, monkeypatch):
    path = make_clip()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(SourceError, match="Permission denied") as caught:
        FileSource(path, "K01", START_NS).connect()
    assert not isinstance(caught.value, NotAVideoError)


@both
@pytest.mark.parametrize(
    ("name", "container"), [("clip.mp4", {"movflags": "faststart"}), ("clip.mkv", {})]
)
def test_a_cut_file_gives_what_is_there_and_is_reported(kind, make_clip, name, container):
    path = make_clip(name, num_frames=200, container=container)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with kind(path, "K01", START_NS).connect() as connection:
        frames = list(connection)
        assert 40 < len(frames) < 160
        assert connection.truncated


def test_broken_frames_are_skipped_and_counted(make_clip):
    path = make_clip(num_frames=200, container={"movflags": "faststart"})
    content = bytearray(path.read_bytes())
    noise = random.Random(7)
    for place in (2, 3):
        start = len(content) * place // 5
        content[start : start + 300] = noise.randbytes(300)
    path.write_bytes(content)
    with FileSource(path, "K01", START_NS).connect() as connection:
        frames = list(connection)
        assert connection.num_broken > 0
        assert len(frames) > 120
        assert frames[-1].stream_s == pytest.approx(199 / 25, abs=0.2)
        assert not connection.truncated


def test_uneven_and_jumping_stamps_never_go_back(make_clip):
    pts = [0, 1, 2, 10, 11, 400, 401]
    path = make_clip("holes.mkv", num_frames=7, pts=pts)
    with FileSource(path, "K01", START_NS).connect() as connection:
        assert [frame.stream_s for frame in connection] == pytest.approx([n / 25 for n in pts])


def test_a_raw_stream_without_stamps_counts_by_rate(make_clip):
    with FileSource(make_clip("raw.h264", num_frames=10), "K01", START_NS).connect() as connection:
        times = [frame.stream_s for frame in connection]
    assert times == pytest.approx([n / 25 for n in range(10)])


def test_the_known_content_id_saves_reading(make_clip, monkeypatch):
    path = make_clip()
    sha256 = file_sha256(path)
    monkeypatch.setattr("yanji.ingest.file.file_sha256", lambda _: pytest.fail("was read"))
    source = FileSource(path, "K01", START_NS, content_sha256=sha256)
    with source.connect() as connection:
        assert connection.run.content_sha256 == sha256


def test_the_fallback_is_taken_when_pyav_cannot_be_loaded(make_clip, monkeypatch, caplog):
    path = make_clip()
    assert isinstance(open_recording(path, "K01", START_NS), FileSource)
    real = __import__("importlib").import_module

    def without_pyav(name: str) -> object:
        if name == "yanji.ingest.file":
            raise ImportError("libavcodec is missing")
        return real(name)

    monkeypatch.setattr("yanji.ingest.recording.importlib.import_module", without_pyav)
    source = open_recording(path, "K01", START_NS)
    assert isinstance(source, OpenCvFileSource)
    assert "libavcodec is missing" in caplog.text
    with source.connect() as connection:
        assert len(list(connection)) == 30


def test_both_decoders_agree_on_real_footage(footage):
    path = footage / "uk_motorway_720p.mp4"
    frames = []
    for kind in (FileSource, OpenCvFileSource):
        with kind(path, "K01", START_NS, content_sha256="0" * 64).connect() as connection:
            for frame in connection:
                if frame.number == 20:
                    frames.append(frame)
                    break
    ours, theirs = frames
    assert ours.stream_s == pytest.approx(theirs.stream_s)
    difference = np.abs(ours.picture.bgr().astype(int) - theirs.picture.bgr())
    assert ours.picture.bgr().shape == (720, 1280, 3)
    assert difference.mean() < 3
    small = np.abs(
        ours.picture.scaled_bgr(640, 360).astype(int) - theirs.picture.scaled_bgr(640, 360)
    )
    assert small.mean() < 3
